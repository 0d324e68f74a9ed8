"""Where data stewards decide: what was flagged, why, and what shall become of it."""

"""Great Expectations suites, one for each boundary, and the custom expectations that they use."""

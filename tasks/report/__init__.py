"""What a run tells: `gather` collects it as `data`; `page`, `card` and `summary` show it to three readers."""

"""The stages of the line: one file a stage, pure functions with a thin Prefect task each."""

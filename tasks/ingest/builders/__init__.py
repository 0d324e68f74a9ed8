"""What samples are made of: rows, passages, questions, threads. Each builder is a pure function."""

"""Sources to documents and samples: files found, read, built into samples, put in order."""

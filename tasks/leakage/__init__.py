"""Leakage: training rows that give away what a model is judged on, so that a score on it proves nothing.

`kernels` (compiled) and `grams` find runs of words and characters that texts share, `rows` says which texts rows
have, `find` reports, `vault` remembers what earlier runs were judged on, `dirty` says which gate items are no longer
clean.
"""

"""Leakage: training rows that give away what a model is judged on, so that a score on it proves nothing.

`rows` says which texts rows have, `known` keeps from run to run what is known of each, `tasks.overlap` finds what they
share, `find` reports, `meaning` looks for what says the same in other words, `vault` remembers what earlier runs were
judged on, `dirty` says which gate items are no longer clean.
"""

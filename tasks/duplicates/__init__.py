"""Copies, near-copies and contradictions.

`kernels` (compiled) and `ngrams` compare texts, `pairs` compares samples, `clusters` groups them, `find` reports.
"""

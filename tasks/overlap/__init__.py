"""Runs of words and characters that texts share: `grams` cuts and looks up windows of a fixed size, `kernels`
(compiled) does the work, `spans` finds the longest run that two texts of a collection share.
"""

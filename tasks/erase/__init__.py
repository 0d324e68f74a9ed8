"""Erasure: what a person asks to be forgotten is found everywhere, blanked, and refused when it comes back.

`selection` says what is meant, `corpus` reads what the workspace holds, `find` finds it, `probes` recognise its
text, `places`, `snapshots` and `databases` plan what changes where, `apply` does it, `scan` says what is left.
"""

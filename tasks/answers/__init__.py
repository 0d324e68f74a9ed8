"""Answers in doubt: free-form answers ranked by how likely they are wrong, each with what speaks against it.

`exchanges` reads who asked and answered what; `meter` measures the parts (does it fit the question, is it cut off, is
it in the source); `faults` breaks good answers on purpose; `scorecard` learns from those what a fault looks like;
`doubt` makes one ranking of it and learns from decisions; `manners` holds rules about language, register, refusal
and form; `find` reports.
"""

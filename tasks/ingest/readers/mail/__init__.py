"""Mails: `eml` and `msg` read the formats, the others are what both need."""

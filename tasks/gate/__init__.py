"""Scores to a verdict: `intervals` estimates, `paired` compares two models, `gates` asks and decides."""

"""Multinomial naive Bayes over hashed n-grams, without the row that is judged: exact, and cheap enough for thousands
of phrases.

Symbols: N texts, K named answers, V columns; an answer of K means one without a name, a class of its own here.
"""

import numpy as np
from scipy.sparse import csr_array

from tasks.content.tokens import Tokens, hash_features

COLUMNS = 2**16
"""V: columns that n-grams are hashed to."""
SMOOTHING = 0.05
"""Added to the count of each column."""
COMMON = 0.5
"""Share (0-1) of a phrase's texts that hold a column, and of the column's texts that hold the phrase, from which it
belongs to the phrase."""


class Bayes:
    """A model of N texts that judges each as if it did not know it."""

    def __init__(self, tokens: Tokens, answers: np.ndarray, named: int) -> None:
        columns, bounds = hash_features(tokens.codes, tokens.cjk, tokens.starts, COLUMNS)
        size = len(answers)
        self.features = csr_array((np.ones(len(columns), np.float32), columns, bounds), shape=(size, COLUMNS))
        self.features.sum_duplicates()
        self.features.data[:] = 1
        self.answers = answers
        classes = named + int(np.any(answers >= named))
        members = csr_array((np.ones(size, np.float32), (answers, np.arange(size))), shape=(classes, size))
        self.counts = np.asarray((members @ self.features).todense())  # (K or K + 1, V)
        self.totals = self.counts.sum(axis=1) + SMOOTHING * COLUMNS
        self.sizes = np.bincount(answers, minlength=classes)
        self.held = self.counts.sum(axis=0)
        self.weights = self.sizes.astype(
            np.float64
        )  # prior: answers without a name are a class of middling size
        self.weights[named:] = self.sizes[:named].mean() if named else 1.0

    def margins(self, rows: np.ndarray, leave_out_common: bool = False) -> np.ndarray:
        """(len(rows),) log-odds of the given answer against the likeliest other one.

        Args:
            leave_out_common: do not look at what half of `rows` hold and other texts hardly do: a phrase, and what
                always stands beside it.
        """
        parts = np.array_split(rows, max(1, len(rows) // 4_000)) if not leave_out_common else [rows]
        return np.concatenate([self._margins(part, leave_out_common) for part in parts])

    def _margins(self, rows: np.ndarray, leave_out_common: bool) -> np.ndarray:
        own = self.features[rows]
        lengths = np.diff(own.indptr)
        columns, inverse = np.unique(own.indices, return_inverse=True)
        kept = np.ones(len(columns), dtype=bool)
        if leave_out_common:
            held = np.bincount(inverse, minlength=len(columns))
            kept = (held < COMMON * len(rows)) | (held < COMMON * self.held[columns])
        seen = kept[inverse].astype(np.float32)
        weights = csr_array((seen, inverse, own.indptr), shape=(len(rows), len(columns)))
        counts = self.counts[:, columns]
        table = np.log(counts + SMOOTHING) - np.log(self.totals)[:, None]
        scores = np.asarray(weights @ table.T) + np.log(np.maximum(self.weights, SMOOTHING))
        given, everyone = self.answers[rows], np.arange(len(rows))
        # of the given answer the row's own counts are taken out
        owner = np.repeat(everyone, lengths)
        logs = np.log(np.maximum(counts[given[owner], inverse] - 1, 0) + SMOOTHING) * seen
        mine = np.bincount(owner, weights=logs, minlength=len(rows))
        mine -= np.bincount(owner, weights=seen, minlength=len(rows)) * np.log(self.totals[given] - lengths)
        mine += np.log(np.maximum(self.weights[given] - 1, SMOOTHING))
        scores[everyone, given] = -np.inf
        return np.asarray(mine - scores.max(axis=1))

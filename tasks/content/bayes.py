"""Multinomial naive Bayes over hashed n-grams, without the row that is judged: exact, and cheap enough for thousands
of phrases.

Symbols: N texts, K named answers, C classes (an answer of K means one without a name, a class of its own here: C is K
or K + 1), V columns of hashed features, T tokens.
"""

import numpy as np
from numba import njit

from tasks.content.tokens import Tokens, hash_features

COLUMNS = 2**16
"""V: columns that n-grams are hashed to."""
SMOOTHING = 0.05
"""Added to the count of each column."""
COMMON = 0.5
"""Share (0-1) of a phrase's texts that hold a column, and of the column's texts that hold the phrase, from which it
belongs to the phrase."""

LANES = 32
"""Classes are padded to a multiple of this many (with a prior of 0): compiled loops add that many numbers at once."""


class Bayes:
    """A model of N texts that judges each as if it did not know it."""

    def __init__(self, tokens: Tokens, answers: np.ndarray, named: int) -> None:
        self.columns, self.bounds = hash_features(tokens.codes, tokens.cjk, tokens.starts, COLUMNS)
        self.answers = answers
        classes = named + int(np.any(answers >= named))
        self.counts = _count(self.columns, self.bounds, answers, COLUMNS, classes)  # (V, C)
        self.held = self.counts.sum(axis=1)
        self.totals = self.counts.sum(axis=0).astype(np.float32) + np.float32(SMOOTHING * COLUMNS)
        self.logs = np.log(np.arange(self.counts.max(initial=0) + 1, dtype=np.float32) + SMOOTHING)
        padded = -(-classes // LANES) * LANES
        self.likelihoods = np.zeros((COLUMNS, padded), np.float32)
        self.likelihoods[:, :classes] = self.logs[self.counts] - np.log(self.totals)
        sizes = np.bincount(answers, minlength=classes)
        self.weights = sizes.astype(np.float64)  # prior: answers without a name are a class of middling size
        self.weights[named:] = sizes[:named].mean() if named else 1.0

    def margins(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows),) log-odds of the given answer against the likeliest other one."""
        everyone = np.ones(len(rows), dtype=bool)
        return self._margins(rows, np.array([0, len(rows)]), everyone, np.inf, np.inf)

    def margins_without(
        self,
        rows: np.ndarray,
        bounds: np.ndarray,
        explained: float = np.inf,
        wanted: np.ndarray | None = None,
    ) -> np.ndarray:
        """(len(rows),) the same for phrases, of which number p is held by `rows[bounds[p]:bounds[p + 1]]`.

        A text is judged without what half of the phrase's texts hold and other texts hardly do: the phrase, and what
        always stands beside it.

        Args:
            explained: share (0-1) of a phrase's texts; once more of them have a margin above 0, the further ones are
                not judged, and theirs is infinite.
            wanted: (len(rows),) bool, which are judged; all when left out.
        """
        chosen = np.ones(len(rows), dtype=bool) if wanted is None else wanted
        return self._margins(rows, bounds, chosen, COMMON, explained)

    def _margins(
        self, rows: np.ndarray, bounds: np.ndarray, wanted: np.ndarray, common: float, explained: float
    ) -> np.ndarray:
        prior = np.full(self.likelihoods.shape[1], -np.inf)
        prior[: len(self.weights)] = np.log(np.maximum(self.weights, SMOOTHING))
        judged = (self.columns, self.bounds, self.answers, rows, bounds, wanted)
        model = (self.counts, self.held, self.logs, self.likelihoods, prior)
        given = self.answers[rows]
        # of the given answer the row's own counts are taken out
        lengths = np.diff(self.bounds)[rows]
        own_logs = np.log(self.totals[given] - lengths)
        own_prior = np.log(np.maximum(self.weights[given] - 1, SMOOTHING))
        return _judge(*judged, own_logs, own_prior, *model, common, explained)


@njit(cache=True)
def _count(columns, bounds, answers, width, classes):
    """(V, C) int32: texts of each class that hold a column."""
    counts = np.zeros((width, classes), np.int32)
    for text in range(len(bounds) - 1):
        for i in range(bounds[text], bounds[text + 1]):
            counts[columns[i], answers[text]] += 1
    return counts


@njit(cache=True)
def _judge(
    columns, starts, answers, rows, bounds, wanted, own_logs, own_prior, counts, held, logs, likelihoods, prior,
    common, explained,
):  # fmt: skip
    """Margin of each of `rows`, infinite where it is left out.

    Of phrase p, columns that a share of at least `common` of its rows hold, where those are such a share of all that
    hold the column, are not looked at.
    """
    margins = np.full(len(rows), np.inf)
    holders = np.zeros(
        len(counts), np.int64
    )  # rows of phrase p that hold a column, plus the rows of those before it
    scores = np.empty(len(prior), np.float32)
    for p in range(len(bounds) - 1):
        before, size = bounds[p], bounds[p + 1] - bounds[p]
        for at in range(bounds[p], bounds[p + 1]):
            for i in range(starts[rows[at]], starts[rows[at] + 1]):
                column = np.uint64(columns[i])
                holders[column] = max(holders[column], before) + 1
        least, clear = common * size + before, 0
        for at in range(bounds[p], bounds[p + 1]):
            if not wanted[at]:
                continue
            row = rows[at]
            given = answers[row]
            own, seen = 0.0, 0
            scores[:] = 0
            for i in range(starts[row], starts[row + 1]):
                column = np.uint64(columns[i])
                if holders[column] >= least and holders[column] - before >= common * held[column]:
                    continue
                own += logs[counts[column, given] - 1]
                seen += 1
                for k in range(len(scores)):
                    scores[k] += likelihoods[column, k]
            rival = -np.inf
            for k in range(len(scores)):
                if k != given:
                    rival = max(rival, scores[k] + prior[k])
            margins[at] = own - seen * own_logs[at] + own_prior[at] - rival
            clear += margins[at] > 0
            if clear > explained * size:
                break
    return margins

"""What can be measured of an answer beside its question: the parts of the evidence, none of which needs a model.

A measurement is a row of `PARTS`; larger is worse for most, NaN says that a part does not apply. Everything that is
fitted is fitted on other folds than the exchange that it measures.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, vstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import normalize

from tasks.answers.exchanges import Exchanges
from tasks.answers.faults import Fault, break_answers
from tasks.answers.reading import is_open, read_ending, read_words
from tasks.answers.sources import SOURCE_PARTS, measure_against
from tasks.text import matching_form

REFERENCES = 200
"""Other answers that an answer is compared with: shares are known to 1/200."""
DIMENSIONS = 128
NEIGHBOURS = 5
CANDIDATES = 20_000
"""Exchanges among which nearest prompts are looked for: keeps 100,000 exchanges in minutes."""
RIDGE = 1.0
LOOKED_AT = 3_000
"""Characters of a prompt that are compared."""
PARTS = (
    "less_in_common",  # share of other answers that have more words in common with the prompt
    "less_expected",  # share of other answers nearer to what is predicted for the prompt
    "unlike_neighbours",  # share of other answers nearer to those of the nearest prompts
    "ending",  # log odds that the last characters are those of a text that was cut off
    "open_bracket",  # a bracket or quotation mark is open at the end
    "length",  # log of the number of characters
    *SOURCE_PARTS,
)


class Meter:
    """Measures answers to the prompts of one set of exchanges."""

    def __init__(self, exchanges: Exchanges, seed: int) -> None:
        self._folds = exchanges.folds
        self._sources = exchanges.sources
        prompts = _count_words([prompt[:LOOKED_AT] for prompt in exchanges.prompts])
        answers = _count_words(exchanges.answers)
        self._words = np.flatnonzero(np.bincount(np.concatenate([prompts.indices, answers.indices])) > 1)
        prompts, answers = prompts[:, self._words], answers[:, self._words]
        self._weighting = TfidfTransformer(sublinear_tf=True).fit(vstack([prompts, answers]))
        self._prompts, answers = self._weigh(prompts), self._weigh(answers)
        size = min(DIMENSIONS, len(exchanges.answers), len(self._words)) - 1
        self._space = TruncatedSVD(size, n_iter=3, random_state=seed).fit(vstack([self._prompts, answers]))
        near, reached = self._place(self._prompts), self._place(answers)
        chosen = np.random.default_rng(seed).permutation(len(exchanges.answers))[:REFERENCES]
        self._in_common = np.asarray((self._prompts @ answers[chosen].T).todense(), dtype=np.float32)
        self._expected = self._predict(near, reached)
        self._neighbours = self._average_near(near, reached, seed)
        self._to_expected = self._expected @ reached[chosen].T
        self._to_neighbours = self._neighbours @ reached[chosen].T
        self._endings = self._fit_endings(exchanges, seed)

    def measure(self, indices: np.ndarray, answers: Sequence[str]) -> np.ndarray:
        """(M, len(PARTS)) measurements of answers to the prompts of exchanges `indices`."""
        words = self._weigh(_count_words(answers)[:, self._words])
        placed = self._place(words)
        common = np.asarray(self._prompts[indices].multiply(words).sum(axis=1)).ravel()
        expected = (self._expected[indices] * placed).sum(axis=1)
        neighbours = (self._neighbours[indices] * placed).sum(axis=1)
        columns = [
            _share_above(self._in_common[indices], common),
            _share_above(self._to_expected[indices], expected),
            _share_above(self._to_neighbours[indices], neighbours),
            self._ending_odds(indices, answers),
            np.array([is_open(answer) for answer in answers], dtype=float),
            np.log([max(1, len(answer)) for answer in answers]),
        ]
        held = [measure_against(self._sources[i], a) for i, a in zip(indices.tolist(), answers, strict=True)]
        return np.column_stack([*columns, np.array(held).reshape(-1, len(SOURCE_PARTS))])

    def _weigh(self, counts: csr_array) -> csr_array:
        return csr_array(self._weighting.transform(counts))

    def _place(self, words: csr_array) -> np.ndarray:
        """(M, dimensions) unit vectors."""
        return normalize(self._space.transform(words)).astype(np.float32)

    def _predict(self, near: np.ndarray, reached: np.ndarray) -> np.ndarray:
        """(N, dimensions) where the answer to each prompt is expected: ridge regression on the other folds."""
        expected = np.zeros_like(near)
        identity = RIDGE * np.eye(near.shape[1], dtype=np.float32)
        for fold in np.unique(self._folds):
            other = self._folds != fold
            gram = near[other].T @ near[other] + identity
            expected[~other] = near[~other] @ np.linalg.solve(gram, near[other].T @ reached[other])
        return expected

    def _average_near(self, near: np.ndarray, reached: np.ndarray, seed: int) -> np.ndarray:
        """(N, dimensions) mean answer of the nearest prompts in other folds."""
        average = np.zeros_like(near)
        for fold in np.unique(self._folds):
            own, other = np.flatnonzero(self._folds == fold), np.flatnonzero(self._folds != fold)
            other = np.random.default_rng(seed).permutation(other)[:CANDIDATES]
            count = min(NEIGHBOURS, len(other))
            for start in range(0, len(own) if count else 0, 1024):
                part = own[start : start + 1024]
                nearest = np.argpartition(-(near[part] @ near[other].T), count - 1, axis=1)[:, :count]
                average[part] = reached[other[nearest]].mean(axis=1)
        return average

    def _fit_endings(self, exchanges: Exchanges, seed: int) -> dict[int, SGDClassifier]:
        """Fold -> model of the ends of whole and of cut texts, learned on the other folds."""
        cut = break_answers(exchanges.answers, exchanges.folds, Fault.CUT_OFF, seed)
        whole, broken = _count_endings(exchanges.answers), _count_endings(cut.answers)
        models = {}
        for fold in np.unique(self._folds):
            parts = [whole[self._folds != fold], broken[self._folds[cut.indices] != fold]]
            made = np.repeat([0, 1], [part.shape[0] for part in parts])
            if 0 < made.sum() < len(made):
                model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=20, tol=None, random_state=seed)
                models[int(fold)] = model.fit(vstack(parts), made)
        return models

    def _ending_odds(self, indices: np.ndarray, answers: Sequence[str]) -> np.ndarray:
        odds, ends = np.full(len(answers), np.nan), _count_endings(answers)
        for fold, model in self._endings.items():
            own = self._folds[indices] == fold
            if own.any():
                odds[own] = model.decision_function(ends[own])
        return odds


def _share_above(references: np.ndarray, own: np.ndarray) -> np.ndarray:
    return (references > own[:, None]).mean(axis=1)


def _count_words(texts: Sequence[str]) -> csr_array:
    counter = HashingVectorizer(
        analyzer=read_words, n_features=2**18, alternate_sign=False, norm=None, dtype=np.float32
    )
    return csr_array(counter.transform([matching_form(text) for text in texts]))


def _count_endings(texts: Sequence[str]) -> csr_array:
    """The last 1, 2, … characters of each text, and the shape of its last line beside the others."""
    counter = HashingVectorizer(
        analyzer=read_ending, n_features=2**18, alternate_sign=False, norm=None, dtype=np.float32
    )
    return csr_array(counter.transform([text.rstrip() for text in texts]))

"""What can be measured of an answer beside its question: the parts of the evidence, none of which needs a model.

A measurement is a row of `PARTS`; larger is worse for most, NaN says that a part does not apply. Everything that is
fitted is fitted on other folds than the exchange that it measures.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import normalize

from tasks.answers.exchanges import Exchanges
from tasks.answers.faults import Fault, break_answers
from tasks.answers.reading import is_open, read_ending, read_words
from tasks.answers.sources import SOURCE_PARTS, measure_against, read_source
from tasks.text import matching_form

REFERENCES = 200
"""Other answers that an answer is compared with: shares are known to 1/200."""
DIMENSIONS = 128
NEIGHBOURS = 5
CANDIDATES = 25_000
"""Exchanges among which nearest prompts are looked for: keeps 100,000 exchanges in minutes."""
HASHED = 2**18
"""Columns of hashed words and endings."""
BLOCK = 1024
"""Prompts that are compared with all candidates at once."""
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


class Learned(NamedTuple):
    """What is learned of one set of exchanges: arrays, so that it can be kept.

    Of V words, D dimensions, F folds, R references and C candidates. What carries a fold was not learned on it.
    """

    words: np.ndarray
    """(V,) int64, columns of the hashed counts that are looked at."""
    rarity: np.ndarray
    """(V,) float32 inverse document frequency."""
    axes: np.ndarray
    """(D, V) float32 of the space in which prompts and answers are placed."""
    references: np.ndarray
    """(R, V) float32, in compressed rows: `reference_bounds`, `reference_columns`; words of the other answers."""
    reference_columns: np.ndarray
    reference_bounds: np.ndarray
    reached: np.ndarray
    """(R, D) float32: where the other answers lie."""
    ridge: np.ndarray
    """(F, D, D) float32: from where a prompt lies to where its answer is expected."""
    near: np.ndarray
    """(C, D) float32: where the prompts of the candidates lie."""
    near_answers: np.ndarray
    """(C, D) float32: where their answers lie."""
    near_folds: np.ndarray
    """(C,) int16."""
    endings: np.ndarray
    """(F, 2 ** 18) float32 weights of the ends of texts; NaN where there was nothing to learn from."""
    ending_offsets: np.ndarray
    """(F,) float32."""


class Meter:
    """Measures answers to the prompts of one set of exchanges, by what was learned of this set or of another one."""

    def __init__(self, learned: Learned, exchanges: Exchanges, counts: csr_array | None = None) -> None:
        """
        Args:
            counts: of `count_prompts`, if they are at hand.
        """
        self._learned = learned
        self._folds = exchanges.folds
        self._sources = [None if source is None else read_source(source) for source in exchanges.sources]
        counts = count_prompts(exchanges) if counts is None else counts
        self._prompts = _weigh(counts, learned.words, learned.rarity)
        near = _place(self._prompts, learned.axes)
        shape = (len(learned.reached), len(learned.words))
        parts = (learned.references, learned.reference_columns, learned.reference_bounds)
        references = csr_array(parts, shape=shape)
        self._in_common = np.asarray((self._prompts @ references.T).todense(), dtype=np.float32)
        self._expected = np.zeros_like(near)
        for fold in np.unique(self._folds).tolist():
            own = self._folds == fold
            self._expected[own] = near[own] @ learned.ridge[fold]
        self._neighbours = _average_near(learned, near, self._folds)
        self._to_expected = self._expected @ learned.reached.T
        self._to_neighbours = self._neighbours @ learned.reached.T

    def measure(self, indices: np.ndarray, answers: Sequence[str]) -> np.ndarray:
        """(M, len(PARTS)) measurements of answers to the prompts of exchanges `indices`."""
        words = _weigh(_count_words(answers), self._learned.words, self._learned.rarity)
        placed = _place(words, self._learned.axes)
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

    def _ending_odds(self, indices: np.ndarray, answers: Sequence[str]) -> np.ndarray:
        odds, ends = np.full(len(answers), np.nan), _count_endings(answers)
        for fold in np.unique(self._folds[indices]).tolist():
            own = self._folds[indices] == fold
            odds[own] = ends[own] @ self._learned.endings[fold] + self._learned.ending_offsets[fold]
        return odds


def learn(exchanges: Exchanges, counts: csr_array, seed: int) -> Learned:
    """What the answers of N exchanges have in common with their prompts, and how they end.

    Args:
        counts: of `count_prompts`.
    """
    folds = int(exchanges.folds.max()) + 1
    answers = _count_words(exchanges.answers)
    words = np.flatnonzero(np.bincount(np.concatenate([counts.indices, answers.indices])) > 1)
    both = vstack([counts[:, words], answers[:, words]])
    rarity = TfidfTransformer(sublinear_tf=True).fit(both).idf_.astype(np.float32)
    prompts, said = (_weigh(each, words, rarity) for each in (counts, answers))
    size = min(DIMENSIONS, len(exchanges.answers), len(words)) - 1
    space = TruncatedSVD(size, n_iter=3, random_state=seed).fit(vstack([prompts, said]))
    axes = space.components_.astype(np.float32)
    near, reached = _place(prompts, axes), _place(said, axes)
    drawn = np.random.default_rng(seed).permutation(len(exchanges.answers))
    references, candidates = drawn[:REFERENCES], drawn[:CANDIDATES]
    endings, offsets = _learn_endings(exchanges, folds, seed)
    return Learned(
        words=words,
        rarity=rarity,
        axes=axes,
        references=said[references].data,
        reference_columns=said[references].indices,
        reference_bounds=said[references].indptr,
        reached=reached[references],
        ridge=_learn_expected(near, reached, exchanges.folds, folds),
        near=near[candidates],
        near_answers=reached[candidates],
        near_folds=exchanges.folds[candidates].astype(np.int16),
        endings=endings,
        ending_offsets=offsets,
    )


def count_prompts(exchanges: Exchanges) -> csr_array:
    """(N, 2 ** 18) words of each prompt, hashed."""
    return _count_words([prompt[:LOOKED_AT] for prompt in exchanges.prompts])


def nearest_folds(learned: Learned, exchanges: Exchanges) -> np.ndarray:
    """(N,) fold of the candidate whose prompt is nearest to each prompt: an older version of it, may be."""
    prompts = _weigh(count_prompts(exchanges), learned.words, learned.rarity)
    near = _place(prompts, learned.axes)
    parts = [near[start : start + BLOCK] @ learned.near.T for start in range(0, len(near), BLOCK)]
    nearest = [part.argmax(axis=1) for part in parts]
    return learned.near_folds[np.concatenate(nearest)].astype(np.int64)


def _weigh(counts: csr_array, words: np.ndarray, rarity: np.ndarray) -> csr_array:
    """Frequencies of V words, damped, times rarity, at length 1 (`TfidfTransformer(sublinear_tf=True)`)."""
    weighed = counts[:, words].astype(np.float32)
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    return csr_array(normalize(weighed, copy=False))


def _place(weighed: csr_array, axes: np.ndarray) -> np.ndarray:
    """(M, D) unit vectors."""
    return normalize(np.asarray(weighed @ axes.T)).astype(np.float32)


def _learn_expected(near: np.ndarray, reached: np.ndarray, own: np.ndarray, folds: int) -> np.ndarray:
    """(F, D, D): ridge regression on the other folds."""
    ridge = np.zeros((folds, near.shape[1], near.shape[1]), dtype=np.float32)
    identity = RIDGE * np.eye(near.shape[1], dtype=np.float32)
    for fold in range(folds):
        other = own != fold
        gram = near[other].T @ near[other] + identity
        ridge[fold] = np.linalg.solve(gram, near[other].T @ reached[other])
    return ridge


def _average_near(learned: Learned, near: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """(M, D) mean answer of the nearest prompts in other folds, 0 where there are none."""
    average = np.zeros_like(near)
    for fold in np.unique(folds):
        own, other = np.flatnonzero(folds == fold), learned.near_folds != fold
        prompts, answers = learned.near[other], learned.near_answers[other]
        count = min(NEIGHBOURS, len(prompts))
        for start in range(0, len(own) if count else 0, BLOCK):
            part = own[start : start + BLOCK]
            nearest = np.argpartition(-(near[part] @ prompts.T), count - 1, axis=1)[:, :count]
            average[part] = answers[nearest].mean(axis=1)
    return average


def _learn_endings(exchanges: Exchanges, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(F, 2 ** 18) weights and (F,) offsets of models of the ends of whole and of cut texts, of the other folds."""
    cut = break_answers(exchanges.answers, exchanges.folds, Fault.CUT_OFF, seed)
    whole, broken = _count_endings(exchanges.answers), _count_endings(cut.answers)
    weights, offsets = np.full((folds, HASHED), np.nan, np.float32), np.full(folds, np.nan, np.float32)
    for fold in range(folds):
        parts = [whole[exchanges.folds != fold], broken[exchanges.folds[cut.indices] != fold]]
        made = np.repeat([0, 1], [part.shape[0] for part in parts])
        if 0 < made.sum() < len(made):
            model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=20, tol=None, random_state=seed)
            model.fit(vstack(parts), made)
            weights[fold], offsets[fold] = model.coef_[0], model.intercept_[0]
    return weights, offsets


def _share_above(references: np.ndarray, own: np.ndarray) -> np.ndarray:
    return (references > own[:, None]).mean(axis=1)


def _count_words(texts: Sequence[str]) -> csr_array:
    counter = HashingVectorizer(
        analyzer=read_words, n_features=HASHED, alternate_sign=False, norm=None, dtype=np.float32
    )
    return csr_array(counter.transform([matching_form(text) for text in texts]))


def _count_endings(texts: Sequence[str]) -> csr_array:
    """The last 1, 2, … characters of each text, and the shape of its last line beside the others."""
    counter = HashingVectorizer(
        analyzer=read_ending, n_features=HASHED, alternate_sign=False, norm=None, dtype=np.float32
    )
    return csr_array(counter.transform([text.rstrip() for text in texts]))

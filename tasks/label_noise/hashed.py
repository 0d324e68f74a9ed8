"""Character n-grams of many texts, compiled: `ngrams.text_features` in a tenth of the time.

N-grams are counted in 2 ** `BITS` buckets by their hash (Weinberger et al. 2009, "Feature Hashing for Large Scale
Multitask Learning"); of the buckets the most frequent are kept, so that two n-grams seldom share a column.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.sparse import csr_array

BITS = 22
"""Logarithm of the number of buckets: 16 MB for a count of each. 100,000 texts of 110 characters in Japanese and
English hold about 500,000 different n-grams."""
CHUNK = 4_000_000
"""Characters that are hashed at once: 16 MB."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Vocabulary(NamedTuple):
    """The V buckets that count."""

    buckets: np.ndarray
    """(V,) int64, ascending."""
    weights: np.ndarray
    """(V,) float32: 1 + log((1 + N) / (1 + texts that hold it))."""


def hashed_features(texts: Sequence[str], longest: int, most: int, least: int = 2) -> csr_array:
    """(N, V) float32 TF-IDF of character n-grams of 1 to `longest` characters, rows of length 1.

    As scikit-learn's TfidfVectorizer with sublinear counts: (1 + log count) * (1 + log((1 + N) / (1 + texts))).

    Args:
        most: V at most, the buckets that most texts hold.
        least: texts that a bucket must be in.
    """
    return weigh_buckets(texts, longest, choose_buckets(texts, longest, most, least))


def choose_buckets(texts: Sequence[str], longest: int, most: int, least: int = 2) -> Vocabulary:
    """Those that most texts hold; arguments as of `hashed_features`."""
    frequency, last = np.zeros(1 << BITS, dtype=np.int32), np.full(1 << BITS, -1, dtype=np.int32)
    for first, points, starts in _chunks(texts):
        _count_texts(points, starts, longest, first, frequency, last)
    kept = np.flatnonzero(frequency >= least)
    kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:most]])
    weights = (1 + np.log((1 + len(texts)) / (1 + frequency[kept]))).astype(np.float32)
    return Vocabulary(kept, weights)


def weigh_buckets(texts: Sequence[str], longest: int, vocabulary: Vocabulary) -> csr_array:
    """(N, V) float32 as `hashed_features`, of texts that need not be those which chose the buckets."""
    size = len(vocabulary.buckets)
    column = np.full(1 << BITS, -1, dtype=np.int32)
    column[vocabulary.buckets] = np.arange(size)
    rows, parts = np.zeros(len(texts) + 1, dtype=np.int64), []
    place = np.full(size, -1, dtype=np.int64)
    for first, points, starts in _chunks(texts):
        most = longest * len(points)
        columns, values = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.float32)
        own = np.zeros(len(starts), dtype=np.int64)
        place[:] = -1
        _fill_rows(points, starts, longest, column, vocabulary.weights, place, own, columns, values)
        parts.append((columns[: own[-1]].copy(), values[: own[-1]].copy()))
        rows[first + 1 : first + len(starts)] = rows[first] + own[1:]
    columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return csr_array((values, columns, rows), shape=(len(texts), size))


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number of the first text, code points end to end, and where each text begins and the last one ends."""
    start = size = 0
    for stop, text in enumerate(texts, 1):
        size += len(text)
        if size >= CHUNK or stop == len(texts):
            part = texts[start:stop]
            joined = "".join(part).encode("utf-32-le", "surrogatepass")
            starts = np.concatenate([[0], np.cumsum([len(t) for t in part], dtype=np.int64)])
            yield start, np.frombuffer(joined, dtype=np.uint32), starts
            start, size = stop, 0


@njit(cache=True, nogil=True)
def _count_texts(points, starts, longest, first, frequency, last):
    """Adds to `frequency`, of each bucket, the texts that hold it; `last` text that held it."""
    shift = np.uint64(64 - BITS)
    for text in range(len(starts) - 1):
        for begin in range(starts[text], starts[text + 1]):
            value = np.uint64(0)
            for at in range(begin, min(begin + longest, starts[text + 1])):
                value = (value + np.uint64(points[at]) + np.uint64(1)) * _FACTOR
                bucket = value >> shift
                if last[bucket] != first + text:
                    last[bucket] = first + text
                    frequency[bucket] += 1


@njit(cache=True, nogil=True)
def _fill_rows(points, starts, longest, column, weights, place, rows, columns, values):
    """CSR arrays of one chunk; `place` of each column in the row that last held it."""
    shift = np.uint64(64 - BITS)
    for text in range(len(starts) - 1):
        size = start = rows[text]
        for begin in range(starts[text], starts[text + 1]):
            value = np.uint64(0)
            for at in range(begin, min(begin + longest, starts[text + 1])):
                value = (value + np.uint64(points[at]) + np.uint64(1)) * _FACTOR
                number = column[value >> shift]
                if number < 0:
                    continue
                if place[number] >= start:
                    values[place[number]] += 1
                else:
                    place[number], columns[size], values[size] = size, number, 1
                    size += 1
        length = 0.0
        for i in range(start, size):
            values[i] = (1 + np.log(values[i])) * weights[columns[i]]
            length += values[i] ** 2
        for i in range(start, size):
            values[i] /= np.sqrt(length)
        rows[text + 1] = size

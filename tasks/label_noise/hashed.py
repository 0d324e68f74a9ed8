"""Character n-grams of many texts, compiled: `ngrams.text_features` in a tenth of the time.

N-grams are counted in 2 ** `BITS` buckets by their hash (Weinberger et al. 2009, "Feature Hashing for Large Scale
Multitask Learning"); of the buckets the most frequent are kept, so that two n-grams seldom share a column.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numba import njit
from scipy.sparse import csr_array

BITS = 22
"""Logarithm of the number of buckets: 16 MB for a count of each. 100,000 texts of 110 characters in Japanese and
English hold about 500,000 different n-grams."""
CHUNK = 4_000_000
"""Characters that are hashed at once: 16 MB."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def hashed_features(texts: Sequence[str], longest: int, most: int, least: int = 2) -> csr_array:
    """(N, V) float32 TF-IDF of character n-grams of 1 to `longest` characters, rows of length 1.

    As scikit-learn's TfidfVectorizer with sublinear counts: (1 + log count) * (1 + log((1 + N) / (1 + texts))).

    Args:
        most: V at most, the buckets that most texts hold.
        least: texts that a bucket must be in.
    """
    frequency, last = np.zeros(1 << BITS, dtype=np.int32), np.full(1 << BITS, -1, dtype=np.int32)
    for first, points, starts in _chunks(texts):
        _count_texts(points, starts, longest, first, frequency, last)
    kept = np.flatnonzero(frequency >= least)
    kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:most]])
    column = last  # its memory once more
    column[:] = -1
    column[kept] = np.arange(len(kept))
    weights = (1 + np.log((1 + len(texts)) / (1 + frequency[kept]))).astype(np.float32)
    size = int(frequency[kept].sum(dtype=np.int64))
    rows = np.zeros(len(texts) + 1, dtype=np.int64)
    columns, values = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.float32)
    place = np.full(len(kept), -1, dtype=np.int64)
    for first, points, starts in _chunks(texts):
        _fill_rows(points, starts, longest, first, column, weights, place, rows, columns, values)
    return csr_array((values, columns, rows), shape=(len(texts), len(kept)))


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
def _fill_rows(points, starts, longest, first, column, weights, place, rows, columns, values):
    """Rows `first` and on of the CSR arrays; `place` of each column in the row that last held it."""
    shift = np.uint64(64 - BITS)
    for text in range(len(starts) - 1):
        size = start = rows[first + text]
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
        rows[first + text + 1] = size

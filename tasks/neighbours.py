"""The nearest samples of each sample, found once: they vote on its label, and they are shown as the reason.

Symbols: N samples, D dimensions, C neighbours of each.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.sparse import csr_array

NEIGHBOURS = 20
"""Neighbours that vote. The nearest few are too few where every fifth label is wrong."""
EXACT_ROWS = 20_000
"""Up to so many samples every pair is compared; beyond, those of near cells."""
PROBED = 32
"""Cells that are searched, of sqrt(N)."""
SHORT = 128
"""Principal components of dense vectors in which neighbours are looked for."""
_CHUNK = 1_000
_FEW = 250
"""Newcomers that are compared with everyone at once: 100 MB of cosines with 100,000 others."""


class Graph(NamedTuple):
    indices: np.ndarray
    """(N, C) int64, the nearest first."""
    similarities: np.ndarray
    """(N, C) float32 cosines."""


def build_graph(vectors: np.ndarray, count: int = NEIGHBOURS, seed: int = 0) -> Graph:
    """Nearest other samples by cosine; beyond `EXACT_ROWS` an inverted file of cells round random samples.

    Args:
        vectors: (N, D) float32, rows of length 1.
        count: C; at most N - 1.
    """
    size = len(vectors)
    count = min(count, size - 1)
    graph = Graph(np.empty((size, count), dtype=np.int64), np.empty((size, count), dtype=np.float32))
    if size <= EXACT_ROWS:
        _search_all(vectors, graph)
        return graph
    everyone = np.arange(size)
    cells = int(np.sqrt(size))
    centres = vectors[np.random.default_rng(seed).choice(size, cells, replace=False)]
    cell = np.concatenate(
        [(vectors[s : s + 10_000] @ centres.T).argmax(axis=1) for s in range(0, size, 10_000)]
    )
    members = np.split(np.argsort(cell, kind="stable"), np.cumsum(np.bincount(cell, minlength=cells))[:-1])
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBED]
    for own, probed in zip(members, near, strict=True):
        others = np.sort(np.concatenate([members[number] for number in probed]))
        _search(vectors, own, others if len(others) > count else everyone, graph)
    return graph


def extend_graph(graph: Graph, vectors: np.ndarray) -> Graph:
    """The graph of N vectors from that of the first of them: the others are compared with everyone.

    Args:
        vectors: (N, D) float32, rows of length 1; more than C.
    """
    known, count = graph.indices.shape
    new = len(vectors) - known
    indices = np.concatenate([graph.indices, np.zeros((new, count), dtype=np.int64)])
    similarities = np.concatenate([graph.similarities, np.zeros((new, count), dtype=np.float32)])
    for start in range(known, len(vectors), _FEW):
        part = np.arange(start, min(start + _FEW, len(vectors)))
        cosines = vectors[part] @ vectors.T
        cosines[np.arange(len(part)), part] = -2
        similarities[part], indices[part] = _best_of(cosines, count)
        _offer(cosines[:, :known], start, similarities, indices)
    return Graph(indices, similarities)


def shorten(vectors: np.ndarray, dimensions: int = SHORT) -> np.ndarray:
    """(N, at most `dimensions`) principal components, rows of length 1: nearly the same neighbours for less."""
    if vectors.shape[1] <= dimensions:
        return vectors
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, -dimensions:]
    short = centred @ axes.astype(np.float32)
    return np.asarray(short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), np.float32(1e-9)))


def count_votes(graph: Graph, labels: np.ndarray, groups: np.ndarray, classes: int) -> np.ndarray:
    """Share of each class among the neighbours, weighted by squared cosine; a sample's own group has no vote.

    Returns:
        (N, K) float32, rows sum to 1, or to 0 where nobody may vote.
    """
    weights = np.maximum(graph.similarities, 0) ** 2
    weights[groups[graph.indices] == groups[:, None]] = 0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    voters = (np.repeat(np.arange(len(labels)), weights.shape[1]), labels[graph.indices].ravel())
    votes = csr_array((weights.ravel(), voters), shape=(len(labels), classes), dtype=np.float32)
    return np.asarray(votes.toarray())


def _search_all(vectors: np.ndarray, graph: Graph) -> None:
    """Fills in the neighbours of all: each block of rows is held against itself and those after it, and what it finds
    there is offered to them, so that no cosine is computed twice."""
    graph.similarities[:] = -np.inf
    for start in range(0, len(vectors), _CHUNK):
        block = slice(start, start + _CHUNK)
        cosines = vectors[block] @ vectors[start:].T
        np.fill_diagonal(cosines, -2)
        _keep_best(cosines, start, graph.similarities[block], graph.indices[block])
        rest = slice(start + len(cosines), None)
        _offer(cosines[:, len(cosines) :], start, graph.similarities[rest], graph.indices[rest])


def _search(vectors: np.ndarray, rows: np.ndarray, others: np.ndarray, graph: Graph) -> None:
    """Fills in the neighbours of `rows` among `others`, which are sorted and hold `rows`."""
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        cosines = vectors[part] @ vectors[others].T
        cosines[np.arange(len(part)), np.searchsorted(others, part)] = -2
        nearest, found = _best_of(cosines, graph.indices.shape[1])
        graph.indices[part], graph.similarities[part] = others[found], nearest


def _best_of(cosines: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` highest values of each row, falling, and their columns."""
    best = np.full((len(cosines), count), -np.inf, dtype=np.float32)
    found = np.zeros((len(cosines), count), dtype=np.int64)
    _keep_best(cosines, 0, best, found)
    return best, found


@njit(cache=True, nogil=True)
def _insert(value, index, best, found):
    """Puts a value that is higher than the last of `best` where it belongs, after equal ones."""
    place = len(best) - 1
    while place > 0 and best[place - 1] < value:
        best[place], found[place] = best[place - 1], found[place - 1]
        place -= 1
    best[place], found[place] = value, index


@njit(cache=True, nogil=True)
def _keep_best(cosines, first, best, found):
    """Puts columns `first` and on among the best of each row, where they are nearer: one pass, where a partition of
    the row takes five times as long."""
    for row in range(len(cosines)):
        least = best[row, -1]
        for column in range(cosines.shape[1]):
            if cosines[row, column] > least:
                _insert(cosines[row, column], first + column, best[row], found[row])
                least = best[row, -1]


@njit(cache=True, nogil=True)
def _offer(cosines, first, best, found):
    """Puts rows `first` and on among the best of the rows that stand in the columns, where they are nearer."""
    least = best[:, -1].copy()
    for new in range(len(cosines)):
        for row in range(cosines.shape[1]):
            if cosines[new, row] > least[row]:
                _insert(cosines[new, row], first + new, best[row], found[row])
                least[row] = best[row, -1]

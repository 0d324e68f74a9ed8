"""Near-duplicate texts: sketched, joined by bands, and each candidate pair verified exactly, in bounded memory.

What was verified once is not verified again: a `Memory` holds, of the texts of a run, their sketches and what
was found, and a run that is given it looks only at pairs with a text that is new, with the result of a run
that knows nothing.
"""

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tasks.duplicates import kernels
from tasks.duplicates.alignment import is_edited_copy
from tasks.duplicates.candidates import BandJoin, Seen
from tasks.duplicates.digests import as_binary, digest_texts, draw_key, first_equal
from tasks.duplicates.folding import Points, as_strings, byte_runs, fold_texts
from tasks.duplicates.kernels import SHORT_SIMILARITY
from tasks.duplicates.ngrams import Banding, choose_banding, cut_sets, jaccards, sketch_texts

CHUNK_BYTES = 1 << 17
"""Text that is folded and sketched at once: what comes of it stays in the processor's cache."""
BLOCK_BYTES = 1 << 16
"""Text whose n-gram sets are in memory at once while pairs are verified; sets are some eight times as large."""
_END = "\0"
"""Stands after the instructions of a context."""
SPILL_BYTES = 1 << 26
"""Sketches larger than this lie in a temporary file."""


class SimilarPairs(NamedTuple):
    """P pairs of text indices, each with its exact Jaccard similarity."""

    first: np.ndarray  # (P,) int64, the lower index
    second: np.ndarray  # (P,) int64
    jaccard: np.ndarray  # (P,) float64
    short: (
        np.ndarray
    )  # (P,) bool: one of the texts is short, so that `SHORT_SIMILARITY` was asked of the pair


class Memory(NamedTuple):
    """What a run knows of its K texts: digests, sketches, which pairs were compared, and Q that are similar.

    Of equal texts the first is the one with a sketch, flags and pairs.
    """

    key: np.ndarray  # (2,) uint64, of the digests
    digests: np.ndarray  # (K, 16) uint8
    sketches: np.ndarray  # (K, bins) uint8
    heads: np.ndarray  # (K, bytes) uint8 flags, as in `tasks.duplicates.candidates`
    crowded: np.ndarray  # (K, bytes) uint8 flags
    pairs: np.ndarray  # (Q, 2) int64 places among the K texts
    jaccard: np.ndarray  # (Q,) float64
    short: np.ndarray  # (Q,) bool


class Texts(NamedTuple):
    """N texts to be compared, and how."""

    texts: pa.LargeStringArray
    contexts: Sequence[str] | None
    """What each text is said in, of `join_context`; similar texts in unlike contexts are not similar."""
    ngrams: tuple[int, int]
    """Characters of a Latin and of a CJK n-gram."""
    threshold: float

    @property
    def banding(self) -> Banding:
        return choose_banding(self.threshold)


class TextIndex(NamedTuple):
    """Of N texts: what identifies each, and its sketch."""

    key: np.ndarray  # (2,) uint64, of the digests
    digests: np.ndarray  # (N, 16) uint8
    sketches: np.ndarray  # (N, bins) uint8; of texts without a character, and of those repeated, undefined
    first: np.ndarray  # (N,) int64: the first text that is the same
    known: np.ndarray  # (N,) int64: place in the memory, or -1
    sizes: np.ndarray  # (N,) int64: characters of the matching form


def index_texts(texts: Texts, memory: Memory | None = None) -> TextIndex:
    """Digests and sketches of all texts; a sketch that `memory` holds is not computed again."""
    count, bins = len(texts.texts), texts.banding.bins
    digests, sizes = np.empty((count, 16), dtype=np.uint8), np.empty(count, dtype=np.int64)
    key = draw_key() if memory is None else memory.key
    sketches = _new_sketches(count, bins)
    for start, stop in _chunks(texts.texts):
        folded = fold_texts(texts.texts.slice(start, stop - start))
        digests[start:stop] = digest_texts(folded, texts.contexts and texts.contexts[start:stop], key)
        sizes[start:stop] = np.diff(folded.starts)
        if memory is None:
            sketches[start:stop] = sketch_texts(folded, *texts.ngrams, texts.banding)
    first = first_equal(digests)
    if memory is None:
        return TextIndex(key, digests, sketches, first, np.full(count, -1, dtype=np.int64), sizes)
    known = pc.index_in(as_binary(digests), value_set=as_binary(memory.digests))
    known = known.fill_null(-1).to_numpy().astype(np.int64)
    sketches[known >= 0] = memory.sketches[known[known >= 0]]
    unknown = np.flatnonzero((known < 0) & (first == np.arange(count)))
    for start, stop in _chunks(missing := texts.texts.take(pa.array(unknown))):
        folded = fold_texts(missing.slice(start, stop - start))
        sketches[unknown[start:stop]] = sketch_texts(folded, *texts.ngrams, texts.banding)
    return TextIndex(key, digests, sketches, first, known, sizes)


def first_equal_forms(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """(N,) int64: for each text, the index of the first with the same matching form; a null is an empty text."""
    column = pc.fill_null(texts, "").cast(pa.large_string())
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    key = draw_key()
    parts = [digest_texts(fold_texts(column.slice(a, b - a)), None, key) for a, b in _chunks(column)]
    return first_equal(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def similar_pairs(
    texts: Texts, index: TextIndex, rows: np.ndarray, memory: Memory | None = None
) -> tuple[SimilarPairs, Memory]:
    """Every pair of the texts `rows` that shares a band and, verified exactly, is near enough.

    Args:
        rows: (M,) the texts to compare, no two the same and none empty; first those that must be compared with
            all others, for where a bucket is crowded.
        memory: of an earlier run with the same n-grams and threshold.

    Returns:
        The pairs, in order; and what the next run is to know.
    """
    known = index.known[rows]
    seen = None if memory is None else Seen(known, memory.heads, memory.crowded)
    join = BandJoin(index.sketches, rows, texts.banding.bands, texts.banding.least, seen)
    found = [_verify(texts, rows, batch) for batch in join.batches()]
    stored = _Outcomes.empty() if memory is None else _recall(memory, known)
    found.append(stored.only(join.share_head(stored.pairs)))
    similar = _Outcomes(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    heads, crowded = np.zeros((2, len(index.digests), join.heads.shape[1]), dtype=np.uint8)
    heads[rows], crowded[rows] = join.heads, join.crowded
    pairs = (rows[similar.pairs], similar.jaccard, similar.short)
    kept = Memory(index.key, index.digests, index.sketches, heads, crowded, *pairs)
    _unmap(index.sketches)
    return _by_row(rows, similar), kept


def warm_up() -> None:
    """Compiles what is compiled, or loads it: for benchmarks, that a first run does not pay for it."""
    words = [f"the kernels are compiled, or loaded, by the first call {' again' * n}" for n in range(3)]
    words.append("か\u3099")  # not by the table: Unicode's own, some 12 MB, is read
    texts = Texts(pa.array(words, pa.large_string()), None, (5, 2), 0.5)
    _, memory = similar_pairs(texts, index_texts(texts), np.arange(2))
    similar_pairs(texts, index_texts(texts, memory), np.arange(3), memory)


class _Outcomes(NamedTuple):
    """Similar pairs."""

    pairs: np.ndarray  # (Q, 2) places, the lower one first
    jaccard: np.ndarray  # (Q,)
    short: np.ndarray  # (Q,)

    def only(self, mask: np.ndarray) -> "_Outcomes":
        return _Outcomes(*(part[mask] for part in self))

    @staticmethod
    def empty() -> "_Outcomes":
        return _Outcomes(np.empty((0, 2), dtype=np.int32), np.empty(0), np.empty(0, dtype=bool))


def _recall(memory: Memory, known: np.ndarray) -> _Outcomes:
    """The outcomes that are about texts of this run, with their places in it."""
    places = np.full(len(memory.digests), -1, dtype=np.int32)
    places[known[known >= 0]] = np.flatnonzero(known >= 0)
    pairs = np.sort(places[memory.pairs], axis=1)
    return _Outcomes(pairs, memory.jaccard, memory.short).only(pairs[:, 0] >= 0)


def _verify(texts: Texts, rows: np.ndarray, pairs: np.ndarray) -> _Outcomes:
    """Those of the pairs of places that are similar, a block of texts at a time."""
    jaccard, short = np.empty(len(pairs)), np.empty(len(pairs), dtype=bool)
    lengths = pc.binary_length(texts.texts).to_numpy()
    for group in _blocks(pairs, lengths, rows):
        jaccard[group], short[group] = _verify_block(texts, rows, pairs[group])
    return _Outcomes(pairs, jaccard, short).only(jaccard >= 0)


def _verify_block(texts: Texts, rows: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Jaccard similarity (-1: not similar) and shortness of pairs whose n-gram sets are in memory together."""
    members, local = np.unique(pairs, return_inverse=True)
    chosen, local = rows[members], local.reshape(-1, 2)
    folded = fold_texts(texts.texts.take(pa.array(chosen)))
    jaccard, short = kernels.verify_pairs(*cut_sets(folded, *texts.ngrams), local, texts.threshold)
    doubtful = np.flatnonzero(short & (jaccard >= 0) & (jaccard < SHORT_SIMILARITY))
    edited = _are_edited_copies(folded, local[doubtful])
    jaccard[doubtful[~edited]] = -1
    short[doubtful[edited]] = False
    if texts.contexts is not None:
        similar = np.flatnonzero(jaccard >= 0)
        jaccard[similar[~_alike_contexts(texts, chosen, local[similar])]] = -1
    return jaccard, short


def _are_edited_copies(folded: Points, pairs: np.ndarray) -> np.ndarray:
    """(P,) bool, of pairs of the folded texts."""
    if len(pairs) == 0:
        return np.empty(0, dtype=bool)
    forms = as_strings(folded)
    return np.array([is_edited_copy(forms[a], forms[b]) for a, b in pairs.tolist()], dtype=bool)


def _alike_contexts(texts: Texts, chosen: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(P,) bool: whether the contexts of two of the texts `chosen` are equal or similar."""
    contexts = [texts.contexts[row] for row in chosen.tolist()] if texts.contexts else []
    parts = [context.rpartition(_END) for context in contexts]
    told = [instructions if end else None for instructions, end, _ in parts]
    said = [form for _, _, form in parts]
    alike = np.array([said[a] == said[b] for a, b in pairs.tolist()], dtype=bool)
    unequal = np.flatnonzero(~alike)
    alike[unequal] = jaccards(said, pairs[unequal], *texts.ngrams) >= texts.threshold
    return alike & np.array([go_together(told[a], told[b]) for a, b in pairs.tolist()], dtype=bool)


def join_context(instructions: str | None, said: str) -> str:
    """What a text is said in.

    Args:
        instructions: in matching form; None where they tell nothing apart.
        said: matching form of the conversation before it.
    """
    return said if instructions is None else f"{instructions}{_END}{said}"


def go_together(one: str | None, other: str | None) -> bool:
    """Whether what is asked under two instructions may be the same."""
    return one is None or other is None or one == other


def _blocks(pairs: np.ndarray, lengths: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Groups of pairs (indices) that hold at most three times `BLOCK_BYTES` of text, or two texts, between them.

    Texts that are connected by pairs stand together, so that most groups are pairs within one block. The pairs
    between one block and another may be few: such groups are taken together.
    """
    if len(pairs) == 0:
        return
    members, local = np.unique(pairs, return_inverse=True)
    local = local.reshape(-1, 2)
    graph = coo_array((np.ones(len(local), dtype=bool), tuple(local.T)), shape=(len(members),) * 2)
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    blocks = np.empty(len(members), dtype=np.int64)
    blocks[order] = np.cumsum(lengths[rows[members[order]]]) // BLOCK_BYTES
    between = np.sort(blocks[local], axis=1) @ np.array([blocks.max() + 1, 1])
    grouped = np.argsort(between, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(between[grouped])) + 1])
    held = np.add.reduceat(lengths[rows[pairs[grouped]]].sum(axis=1), starts)
    together = np.cumsum(np.minimum(held, 2 * BLOCK_BYTES)) // BLOCK_BYTES
    yield from np.split(grouped, starts[1:][np.diff(together) > 0])


def _chunks(texts: pa.LargeStringArray) -> Iterator[tuple[int, int]]:
    """Bounds of runs of texts of about `CHUNK_BYTES` each."""
    return byte_runs(pc.binary_length(texts).to_numpy(), CHUNK_BYTES)


def _new_sketches(count: int, bins: int) -> np.ndarray:
    """(count, bins) uint8, in memory, or in a temporary file where they are many."""
    if count * bins <= SPILL_BYTES:
        return np.empty((count, bins), dtype=np.uint8)
    with tempfile.TemporaryFile(prefix="seimai-sketches-") as file:
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=(count, bins))


def _unmap(sketches: np.ndarray) -> None:
    """Where sketches lie in a file, their pages are given back until they are read again."""
    if isinstance(sketches.base, mmap.mmap):
        sketches.base.madvise(mmap.MADV_DONTNEED)


def _by_row(rows: np.ndarray, outcomes: _Outcomes) -> SimilarPairs:
    pairs = np.sort(rows[outcomes.pairs], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return SimilarPairs(pairs[order, 0], pairs[order, 1], outcomes.jaccard[order], outcomes.short[order])

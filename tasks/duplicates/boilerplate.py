"""Text that many documents share: what is alike by such text alone is no copy, and a copy of it is told as such.

A run is boilerplate where at least `least` documents hold it (a window of `tasks.overlap.grams`: 13 words or 24 kana,
kanji or hangul). Of a pair of similar texts what is not boilerplate is compared once more.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.folding import byte_runs
from tasks.duplicates.ngrams import gram_sets, jaccards
from tasks.overlap import kernels
from tasks.overlap.grams import CJK, LATIN, Tokens, cut_tokens, token_form
from tasks.text import matching_form

GAP = 4
"""Words: a shorter gap in boilerplate is a date, a name or an edit, and no content of its own."""
HELD = 0.2
"""Share (0-1) of the n-grams of what remains of one text that the other must hold, for the two to be copies. Of
neardup_planted's 23,312 similar English pairs, 1,716 hold less; 5 of them are among its 1,488 planted copies (.3: 6,052
and 25; .1: 656 and 1)."""
CHUNK_BYTES = 1 << 20
"""Text that is cut into tokens at once; tokens are some ten times as large."""
_FULL = LATIN * CJK


def share_boilerplate_alone(
    texts: pa.LargeStringArray,
    documents: np.ndarray,
    pairs: np.ndarray,
    least: int,
    ngrams: tuple[int, int],
) -> np.ndarray:
    """(P,) bool: which pairs of similar texts have little in common but what many documents share.

    Args:
        texts: N texts; documents: (N,) int64, the document each is from.
        pairs: (P, 2) indices of similar texts.
        least: documents that make a run boilerplate.
        ngrams: characters of a Latin and of a CJK n-gram.
    """
    alone = np.zeros(len(pairs), dtype=bool)
    if len(pairs) == 0 or len(np.unique(documents)) < least:
        return alone
    members, local = np.unique(pairs, return_inverse=True)
    local = local.reshape(-1, 2)
    own = texts.take(pa.array(members)).to_pylist()
    tokens = cut_tokens(own)
    covered = _covered_tokens(tokens, texts, documents, least)
    held, whole = _count_covered(tokens, covered)
    open_ = np.flatnonzero((held[local] > 0).any(axis=1) & ~(held[local] == whole[local]).all(axis=1))
    if len(open_) == 0:
        return alone
    used, places = np.unique(local[open_], return_inverse=True)
    places = places.reshape(-1, 2)
    left = [matching_form(_remainder(own[i], tokens, covered, i)) for i in used.tolist()]
    forms = [*left, *(matching_form(own[i]) for i in used.tolist())]
    for one, other in (places.T, places.T[::-1]):
        held = _held_share(forms, np.stack([one, other + len(used)], axis=1), ngrams)
        kept = (held >= HELD) | np.array([not left[i] for i in one.tolist()])
        alone[open_] |= ~kept
    return alone


def _held_share(forms: Sequence[str], pairs: np.ndarray, ngrams: tuple[int, int]) -> np.ndarray:
    """(P,) what share of the first text's n-grams the second holds: from similarity and sizes of the two sets."""
    sizes = np.diff(gram_sets(forms, *ngrams).bounds)
    similar = jaccards(forms, pairs, *ngrams)
    both = similar / (1 + similar) * sizes[pairs].sum(axis=1)
    return np.asarray(both / np.maximum(sizes[pairs[:, 0]], 1))


def count_documents(survivors: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """(N,) int64: how many documents hold the text that each sample, or the one it is a copy of, has.

    Args:
        survivors: (N,) index of the sample that stands for each; documents: (N,) int64, -1 where there is none.
    """
    named = documents >= 0
    held = np.unique(np.stack([survivors[named], documents[named]]), axis=1)[0]
    return np.bincount(held, minlength=len(survivors))[survivors]


def _covered_tokens(
    tokens: Tokens, texts: pa.LargeStringArray, documents: np.ndarray, least: int
) -> np.ndarray:
    """(T,) bool: which tokens stand in a window that at least `least` documents hold."""
    bounds, windows, lengths = kernels.cut_windows(*tokens[:3], _FULL, _FULL)
    grams, which = np.unique(windows, return_inverse=True)
    counts = _count_holders(grams, texts, documents)
    owners = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    begins = tokens.bounds[owners] + np.arange(len(windows)) - bounds[owners]
    common = counts[which] >= least
    depth = np.zeros(len(tokens.hashes) + 1, dtype=np.int64)
    np.add.at(depth, begins[common], 1)
    np.add.at(depth, begins[common] + lengths[common], -1)
    return _close_gaps(tokens, np.cumsum(depth)[:-1] > 0)


def _close_gaps(tokens: Tokens, covered: np.ndarray) -> np.ndarray:
    """(T,) as `covered`, and with runs of less than `GAP` words in texts that are covered elsewhere."""
    if len(covered) == 0:
        return covered
    text = np.repeat(np.arange(len(tokens.bounds) - 1), np.diff(tokens.bounds))
    begins = np.ones(len(covered), dtype=bool)
    begins[1:] = (covered[1:] != covered[:-1]) | (text[1:] != text[:-1])
    starts = np.flatnonzero(begins)
    short = np.add.reduceat(tokens.weights.astype(np.int64), starts) < GAP * CJK
    held, _ = _count_covered(tokens, covered)
    closed = short & (held[text[starts]] > 0)
    return np.asarray(covered | closed[np.cumsum(begins) - 1])


def _count_holders(grams: np.ndarray, texts: pa.LargeStringArray, documents: np.ndarray) -> np.ndarray:
    """(G,) how many documents hold each of G windows, given ascending."""
    seen = np.full((2, len(grams)), -1, dtype=np.int64)
    counts = np.zeros((2, len(grams)), dtype=np.int32)
    order = np.argsort(documents, kind="stable")
    index, no_lengths = (grams, *kernels.build_slots(grams)), np.empty(0, dtype=np.int64)
    sizes = pc.binary_length(texts).to_numpy()[order]
    for start, stop in byte_runs(sizes, CHUNK_BYTES) if len(grams) else ():
        chosen = order[start:stop]
        cut = cut_tokens(texts.take(pa.array(chosen)).to_pylist())
        kernels.find_hits(
            cut[:3], _FULL, index, no_lengths, start, documents[chosen], seen, counts, (0, 0)
        )  # only counted
    return counts[1]


def _count_covered(tokens: Tokens, covered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) covered tokens of each text, and (N,) all of them."""
    held = np.diff(np.concatenate([[0], np.cumsum(covered)])[tokens.bounds])
    return held, np.diff(tokens.bounds)


def _remainder(text: str, tokens: Tokens, covered: np.ndarray, number: int) -> str:
    """The text, in token form, without its covered tokens."""
    form = token_form(text)
    own = slice(tokens.bounds[number], tokens.bounds[number + 1])
    left = ~covered[own]
    spans = zip(tokens.begins[own][left].tolist(), tokens.ends[own][left].tolist(), strict=True)
    return " ".join(form[begin:end] for begin, end in spans)

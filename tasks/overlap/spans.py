"""The longest run of words or characters that two texts of one collection share, without comparing all pairs.

Of the windows of each text (`tasks.overlap.grams`) a few are chosen as *anchors*, by winnowing (Schleimer, Wilkerson
and Aiken 2003, "Winnowing: Local Algorithms for Document Fingerprinting"): of every `NEARBY` windows in a row the one
with the least hash. Two texts that share `SHORTEST` words share an anchor; from there the run is followed both ways.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from tasks.overlap import kernels
from tasks.overlap.grams import CJK, LATIN, cut_tokens, text_chunks

NEARBY = 14
"""Windows in a row of which one is an anchor."""
SHORTEST = LATIN + NEARBY - 1
"""Words, 26, from which a shared run is found for sure; of CJK text, 37 characters."""
WORD = CJK
"""What a Latin word weighs; a kana, kanji or hangul weighs `LATIN`."""
_BLOCK = 20_000
"""Pairs of texts whose tokens are in memory at once."""


class Spans(NamedTuple):
    """S pairs of texts, the lower index first, each with the longest run that both hold."""

    first: np.ndarray  # (S,) int64
    second: np.ndarray  # (S,) int64
    first_token: np.ndarray  # (S,) int64, where the run begins
    second_token: np.ndarray  # (S,) int64
    run: np.ndarray  # (S,) int64, its length in tokens
    words: np.ndarray  # (S,) float64, its length in words; a CJK character is 13/24 of one
    share: np.ndarray  # (S,) float64, what of the shorter text it is


class _Anchors(NamedTuple):
    """A anchors, by hash, then by text: the first of each hash in each text."""

    hashes: np.ndarray  # (A,) uint64
    text: np.ndarray  # (A,) int64
    token: np.ndarray  # (A,) int64


def find_spans(texts: Sequence[str], documents: np.ndarray, least: int) -> Spans:
    """Pairs among N different texts that share an anchor which is not boilerplate, by pair.

    Every text that shares an anchor with others is paired with the first of them: pairs are as many as anchors at most.

    Args:
        documents: (N,) int64, the document each text is from.
        least: documents from which on a run is boilerplate; what of a run is boilerplate does not count in `words`.
    """
    anchors = _choose_anchors(texts)
    firsts, generic = _group_anchors(anchors, documents, least)
    own = np.flatnonzero((firsts != np.arange(len(firsts))) & ~generic)
    places = np.stack(
        [anchors.text[firsts[own]], anchors.text[own], anchors.token[firsts[own]], anchors.token[own]], 1
    )
    places = places[np.lexsort((places[:, 2], places[:, 1], places[:, 0]))].astype(np.int64)
    parts = [_follow(texts, block) for block in _blocks(places)]
    found = np.concatenate(parts) if parts else np.empty((0, 7), dtype=np.int64)
    plain = _plain_share(anchors, generic, found)
    words, totals = found[:, 5] * plain / WORD, np.maximum(found[:, 6], 1)
    first, second, here, there, run = found[:, :5].T
    return Spans(first, second, here, there, run, words, found[:, 5] * plain / totals)


def _choose_anchors(texts: Sequence[str]) -> _Anchors:
    parts: list[tuple[np.ndarray, ...]] = [
        (np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
    ]
    for start, stop in text_chunks(texts):
        tokens = cut_tokens(texts[start:stop])
        bounds, hashes, _ = kernels.cut_windows(*tokens[:3], LATIN * CJK, LATIN * CJK)
        text, token = _winnow(bounds, hashes, NEARBY)
        parts.append((hashes[bounds[text] + token], text + start, token))
    hashes, text, token = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((token, text, hashes))
    hashes, text, token = hashes[order], text[order], token[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (text[1:] != text[:-1])
    return _Anchors(hashes[new], text[new], token[new])


def _group_anchors(anchors: _Anchors, documents: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """(A,) the first anchor with the same hash; (A,) whether at least `least` documents hold it."""
    new = np.ones(len(anchors.hashes), dtype=bool)
    new[1:] = anchors.hashes[1:] != anchors.hashes[:-1]
    group = np.cumsum(new) - 1
    pairs = np.unique(np.stack([group, documents[anchors.text]]), axis=1)
    held = np.bincount(pairs[0], minlength=int(new.sum()))
    return np.flatnonzero(new)[group], held[group] >= least


def _follow(texts: Sequence[str], places: np.ndarray) -> np.ndarray:
    """(S, 7) of anchors that pairs of texts share: the pair, the run in either and its tokens, units, units of the
    shorter text.

    Args:
        places: (P, 4) text, other text, token, token in the other; by pair, then by token.
    """
    used, local = np.unique(places[:, :2], return_inverse=True)
    tokens = cut_tokens([texts[i] for i in used.tolist()])
    found = _longest_runs(
        np.column_stack([local.reshape(-1, 2), places[:, 2:]]), tokens.bounds, tokens.hashes, tokens.weights
    )
    found[:, :2] = used[found[:, :2]]
    return found


def _plain_share(anchors: _Anchors, generic: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(S,) share of the anchors within each run that are not boilerplate."""
    size = np.int64(1 << 32)
    keys = anchors.text * size + anchors.token
    order = np.argsort(keys)
    keys, before = keys[order], np.concatenate([[0], np.cumsum(generic[order])])
    start = np.searchsorted(keys, found[:, 0] * size + found[:, 2])
    stop = np.searchsorted(keys, found[:, 0] * size + found[:, 2] + found[:, 4])
    return 1 - (before[stop] - before[start]) / np.maximum(stop - start, 1)


def _blocks(places: np.ndarray) -> Iterator[np.ndarray]:
    """Runs of whole pairs, about `_BLOCK` places each."""
    start = 0
    while start < len(places):
        stop = min(start + _BLOCK, len(places))
        while stop < len(places) and (places[stop, :2] == places[stop - 1, :2]).all():
            stop += 1
        yield places[start:stop]
        start = stop


@njit(cache=True)
def _winnow(bounds, hashes, nearby):
    """Text and window (A,) of the anchors: of `nearby` windows in a row the rightmost with the least hash."""
    text, token = np.empty(len(hashes), dtype=np.int64), np.empty(len(hashes), dtype=np.int64)
    size = 0
    for i in range(len(bounds) - 1):
        last = -1
        for start in range(bounds[i], max(bounds[i] + 1, bounds[i + 1] - nearby + 1)):
            stop = min(start + nearby, bounds[i + 1])
            if stop <= start:
                break
            if last < start:
                last = start
                for k in range(start + 1, stop):
                    if hashes[k] <= hashes[last]:
                        last = k
            elif hashes[stop - 1] <= hashes[last]:
                last = stop - 1
            else:
                continue
            text[size], token[size] = i, last - bounds[i]
            size += 1
    return text[:size].copy(), token[:size].copy()


@njit(cache=True)
def _longest_runs(places, bounds, hashes, weights):
    """For each pair of texts the longest run through one of its anchors; see `_follow`."""
    found = np.empty((len(places), 7), dtype=np.int64)
    totals = np.zeros(len(bounds) - 1, dtype=np.int64)
    for i in range(len(totals)):
        for k in range(bounds[i], bounds[i + 1]):
            totals[i] += weights[k]
    size, end, shift = 0, -1, 0
    for p in range(len(places)):
        a, b = places[p, 0], places[p, 1]
        i, j = bounds[a] + places[p, 2], bounds[b] + places[p, 3]
        fresh = p == 0 or places[p - 1, 0] != a or places[p - 1, 1] != b
        if not fresh and i < end and j - i == shift:
            continue  # within the run that the last anchor gave
        start, stop = i, i
        shift = j - i
        while (
            start > bounds[a] and start + shift > bounds[b] and hashes[start - 1] == hashes[start + shift - 1]
        ):
            start -= 1
        units = 0
        while stop < bounds[a + 1] and stop + shift < bounds[b + 1] and hashes[stop] == hashes[stop + shift]:
            stop += 1
        for k in range(start, stop):
            units += weights[k]
        end = stop
        if fresh:
            size += 1
            found[size - 1, 5] = -1
        if units > found[size - 1, 5]:
            found[size - 1, 0], found[size - 1, 1] = a, b
            found[size - 1, 2], found[size - 1, 3] = start - bounds[a], start + shift - bounds[b]
            found[size - 1, 4], found[size - 1, 5] = stop - start, units
            found[size - 1, 6] = min(totals[a], totals[b])
    return found[:size].copy()

"""Character n-grams over code points, MinHash band keys and exact Jaccard similarity.

An n-gram is measured in *weight*, so that Latin and CJK text (and text that mixes them) share one definition
and any two texts are compared at the same n: from each character on, it takes characters until they weigh 1,
where a Latin character weighs 1/latin and a kana, kanji or hangul 1/cjk. Pure English gives `latin`-grams,
pure Japanese `cjk`-grams, and a product name inside a Japanese sentence neither hides nor splits a pair.
Spaces count in Latin text; in text with CJK, where a space beside a Latin word is a matter of typography,
they do not.

Symbols: N texts; grams are 64-bit hashes, so two different n-grams pass for one with probability 5e-20.
Sources: Broder 1997, "On the resemblance and containment of documents" (MinHash); Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4 (banding).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasks.duplicates import kernels

HASHES = 256
"""Hash functions of a signature: at threshold .5, 64 bands of 4 find a pair at .5 with probability .984, at
.55 with .997."""
BAND_RECALL = 0.98
"""Probability with which a pair exactly at the threshold must become a candidate."""
CHUNK = 4096
"""Texts whose n-grams are held in memory at once while signatures are computed."""


class GramSets(NamedTuple):
    """Sorted distinct n-gram hashes of N texts, end to end: text i has `grams[bounds[i]:bounds[i + 1]]`."""

    grams: np.ndarray  # (G,) uint64
    bounds: np.ndarray  # (N + 1,) int64


class SimilarPairs(NamedTuple):
    """P pairs of text indices, `first < second`, each with its exact Jaccard similarity."""

    first: np.ndarray  # (P,) int64
    second: np.ndarray  # (P,) int64
    jaccard: np.ndarray  # (P,) float64
    short: np.ndarray  # (P,) bool: one of the texts is short, so that more was asked of the pair


def choose_banding(threshold: float) -> tuple[int, int]:
    """(bands, rows): the most selective banding of `HASHES` that still finds pairs at `threshold`."""
    for rows in range(16, 0, -1):
        bands = HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= BAND_RECALL:
            return bands, rows
    return HASHES, 1


def gram_sets(forms: Sequence[str], latin: int, cjk: int) -> GramSets:
    """The n-gram sets of N texts in matching form; a text too short for one n-gram is its own only one."""
    points = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(forms) + 1, dtype=np.int64)
    np.cumsum([len(form) for form in forms], out=starts[1:])
    return GramSets(*kernels.cut_grams(points, starts, latin, cjk))


def band_keys(forms: Sequence[str], latin: int, cjk: int, threshold: float) -> np.ndarray:
    """MinHash band keys of N texts in matching form: two texts that share a key in a column are candidates.

    Returns:
        (N, bands) uint32.
    """
    bands, rows = choose_banding(threshold)
    random = np.random.default_rng(0)  # a constant of the method: keys are kept from run to run
    multipliers = random.integers(0, 2**31, bands * rows, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    masks = random.integers(0, 2**32, bands * rows, dtype=np.uint32)
    keys = np.empty((len(forms), bands), dtype=np.uint32)
    for start in range(0, len(forms), CHUNK):
        sets = gram_sets(forms[start : start + CHUNK], latin, cjk)
        keys[start : start + CHUNK] = kernels.fold_minima(*sets, multipliers, masks, bands, rows)
    return keys


def similar_pairs(
    forms: Sequence[str], keys: np.ndarray, latin: int, cjk: int, threshold: float
) -> SimilarPairs:
    """Every pair of texts that shares a band key and, verified exactly, is near enough.

    Args:
        forms: N texts in matching form, none empty; first those that must be compared with all others, for
        where
            more than `kernels.BUCKET_LIMIT` texts share a key.
        keys: (N, bands) from `band_keys`.
        threshold: Jaccard similarity (0-1) asked of a pair; at least `kernels.SHORT_SIMILARITY` where one is
        short.
    """
    partnered = np.zeros(len(forms), dtype=bool)
    for column in keys.T:
        _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
        partnered |= counts[inverse] > 1
    members = np.flatnonzero(partnered)
    sets = gram_sets([forms[i] for i in members.tolist()], latin, cjk)
    left = keys[members].T.copy()
    heads = np.zeros(left.shape, dtype=bool)
    found = [np.empty((0, 2), dtype=np.int64)]
    for band in range(len(left)):
        order = np.argsort(left[band], kind="stable")
        found.append(kernels.pairs_in_band(*sets, left, heads, band, order, threshold))
    pairs = np.concatenate(found)
    short = np.diff(sets.bounds)[pairs].min(axis=1) < kernels.SHORT_GRAMS
    return SimilarPairs(
        members[pairs[:, 0]], members[pairs[:, 1]], kernels.measure_pairs(*sets, pairs), short
    )


def jaccards(forms: Sequence[str], pairs: np.ndarray, latin: int, cjk: int) -> np.ndarray:
    """Exact Jaccard similarity of given pairs.

    Args:
        forms: N texts in matching form.
        pairs: (P, 2) indices into `forms`.

    Returns:
        (P,) float64 in [0, 1]; two texts without any character are equal (1).
    """
    members, positions = np.unique(pairs, return_inverse=True)
    sets = gram_sets([forms[i] for i in members.tolist()], latin, cjk)
    return kernels.measure_pairs(*sets, positions.reshape(pairs.shape))

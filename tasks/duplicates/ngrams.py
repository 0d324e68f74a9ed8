"""Character n-grams over code points, MinHash sketches and exact Jaccard similarity.

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

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasks.duplicates import kernels
from tasks.duplicates.folding import Points, as_points

HASHES = 256
"""Bins of a sketch: at threshold .5, 64 bands of 4 find a pair at .5 with probability .984, at .55 with .997."""
BAND_RECALL = 0.98
"""Probability with which a pair exactly at the threshold must become a candidate."""
DEVIATIONS = 4.0
"""Standard deviations by which a pair's sketches may say less than the threshold before it is passed over: of
pairs at the threshold, 3 in 100,000 are."""
DONORS = 8
"""Bins that an empty one asks for a value before it looks at all n-grams anew."""


class GramSets(NamedTuple):
    """Distinct n-gram hashes of N texts as they come, end to end: text i has `grams[bounds[i]:bounds[i + 1]]`."""

    grams: np.ndarray  # (G,) uint64
    bounds: np.ndarray  # (N + 1,) int64


class Banding(NamedTuple):
    """How sketches are compared: `bands` bands of `rows` bins each, and `least` equal bins at all."""

    bands: int
    rows: int
    least: int

    @property
    def bins(self) -> int:
        """Bytes of a sketch: `bands * rows`, and unused ones to fill a word of eight."""
        return -(-self.bands * self.rows // 8) * 8


def choose_banding(threshold: float) -> Banding:
    """The most selective banding of about `HASHES` bins that still finds pairs at `threshold`."""
    for rows in range(16, 0, -1):
        bands = HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= BAND_RECALL:
            break
    else:
        rows, bands = 1, HASHES
    bins = Banding(bands, rows, 0).bins
    equal = threshold + (1 - threshold) / 256
    least = bins * equal - DEVIATIONS * math.sqrt(bins * equal * (1 - equal))
    return Banding(bands, rows, max(0, math.floor(least)))


def gram_sets(forms: Sequence[str], latin: int, cjk: int) -> GramSets:
    """The n-gram sets of N texts in matching form; a text too short for one n-gram is its own only one."""
    return cut_sets(as_points(forms), latin, cjk)


def cut_sets(folded: Points, latin: int, cjk: int) -> GramSets:
    """As `gram_sets`, of texts given as code points."""
    return GramSets(*kernels.cut_grams(*folded, latin, cjk))


def sketch_texts(folded: Points, latin: int, cjk: int, banding: Banding) -> np.ndarray:
    """(N, `banding.bins`) uint8 sketches of N texts in matching form."""
    return kernels.sketch_texts(*folded, latin, cjk, *_constants(banding.bins))


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
    return kernels.verify_pairs(*sets, positions.reshape(pairs.shape), 0.0)[0]


@functools.cache
def _constants(bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Donors, masks and multipliers of the bins: constants of the method, for sketches are kept from run to run."""
    random = np.random.default_rng(0)
    donors = random.integers(0, bins, (bins, DONORS), dtype=np.uint16)
    masks = random.integers(0, 2**32, bins, dtype=np.uint32)
    multipliers = random.integers(0, 2**31, bins, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return donors, masks, multipliers

"""Candidates: texts that share a band of their sketches, found by hashing band by band, without sorting.

Texts go by their place in an order of importance; `sketches[rows[place]]` is the sketch of the text there. A
bucket is the texts that have one band in common. In a bucket of more than `BUCKET_LIMIT` texts, a *crowded*
one, each is compared with the first so many only, its *heads*. Flags are kept as bits, eight bands to a byte.
"""

from collections.abc import Iterator

import numpy as np
from numba import njit

BUCKET_LIMIT = 64
"""In a bucket of more texts than this, each is compared with the first so many only: time and memory stay
linear where thousands of texts share a template."""
VALUE_BYTES = 1 << 22
"""Values of bands that are read from the sketches at once: a sketch's bands lie side by side."""
BATCH = 1 << 18
"""Candidate pairs that are handed over at once, at least `BUCKET_LIMIT`."""


class Seen:
    """What was known of texts before: which of them are known, and in which bands their bucket was crowded."""

    def __init__(self, known: np.ndarray, crowded: np.ndarray) -> None:
        self.known = known  # (M,) int64: place among the known texts, or -1
        self.crowded = crowded  # (K, bytes) uint8 of the known texts


class BandJoin:
    """Finds the candidates among M texts, in batches; then says what was crowded.

    Args:
        sketches: (R, bands * width) uint8, in memory or mapped.
        rows: (M,) int64, the row of `sketches` of each text, the most important first.
        bands: number of bands.
        least: bytes that two sketches must have in common.
        seen: pairs of known texts that shared a bucket which was not crowded are left out: they were compared.
    """

    def __init__(
        self, sketches: np.ndarray, rows: np.ndarray, bands: int, least: int, seen: Seen | None = None
    ) -> None:
        count = len(rows)
        flags = (count, (bands + 7) // 8)
        nothing = Seen(np.full(count, -1, dtype=np.int64), np.zeros((1, flags[1]), dtype=np.uint8))
        self._sketches, self._rows, self._bands, self._least = sketches, rows, bands, least
        self._seen = seen or nothing
        self._heads = np.zeros(flags, dtype=np.uint8)
        self.crowded = np.zeros(flags, dtype=np.uint8)
        """(M, bytes) flags, true once all candidates were taken."""

    def batches(self) -> Iterator[np.ndarray]:
        """(P, 2) int32 places, the more important first; no pair twice."""
        count = len(self._rows)
        slots = np.empty(1 << max(4, int(2 * count - 1).bit_length()), dtype=np.int32)
        links = np.empty((4, count), dtype=np.int32)
        found = np.empty((BATCH, 2), dtype=np.int32)
        size, words = 0, self._sketches.view(np.uint64)
        at_once = max(1, min(self._bands, VALUE_BYTES // max(1, 8 * count)))
        for band in range(self._bands):
            if band % at_once == 0:
                several = band_values(self._sketches, self._rows, self._bands, band, at_once)
            values = several[band % at_once]
            slots[:] = -1
            place = 0
            while place < count:
                place, size = _join(
                    self._sketches, words, self._rows, values, self._bands, band, self._least, self._heads,
                    self._seen.known, self._seen.crowded, slots, links, found, place, size,
                )  # fmt: skip
                if place < count:
                    yield found[:size].copy()
                    size = 0
            _flag_crowded(links, self.crowded, band)
        yield found[:size].copy()

    def share_head(self, pairs: np.ndarray) -> np.ndarray:
        """(P,) bool: whether each pair of places was a candidate, known or not."""
        return _share_flag(self._sketches, self._rows, self._bands, self._heads, True, pairs)

    def share_uncrowded(self, pairs: np.ndarray) -> np.ndarray:
        """(P,) bool: whether each pair of places shares a bucket that is not crowded."""
        return _share_flag(self._sketches, self._rows, self._bands, self.crowded, False, pairs)


@njit(cache=True)
def band_values(sketches, rows, bands, first, at_once):
    """(B, M) uint64, of at most `at_once` bands from `first` on: the bytes of a band as a number, or, where it has
    more than eight, hashed to one."""
    width = sketches.shape[1] // bands
    factor = np.uint64(256) if width <= 8 else np.uint64(0x9E3779B97F4A7C15)
    values = np.empty((min(at_once, bands - first), len(rows)), dtype=np.uint64)
    for place in range(len(rows)):
        for band in range(len(values)):
            value = np.uint64(0)
            for k in range((first + band) * width, (first + band + 1) * width):
                value = value * factor ^ np.uint64(sketches[rows[place], k])
            values[band, place] = value * np.uint64(0x9E3779B97F4A7C15)
    return values


@njit(cache=True)
def _join(
    sketches, words, rows, values, bands, band, least, heads, known, crowded, slots, links, found, place, size
):  # fmt: skip
    """Adds texts to the buckets of a band, from `place` on, until `found` may be full.

    Args:
        slots: (S,) int32 open-addressed table of buckets, each named by its first text; -1 where free.
        links: (4, M) int32: bucket of each text, its next one; of each bucket, the last head and the number of
            texts.

    Returns:
        The next place, and how many pairs `found` holds.
    """
    bucket, following, tail, count = links
    shift = np.uint64(64 - np.int64(np.log2(len(slots)) + 0.5))
    while place < len(rows) and size + BUCKET_LIMIT <= len(found):
        slot = np.int64(values[place] >> shift)
        while slots[slot] >= 0 and values[slots[slot]] != values[place]:
            slot = (slot + 1) & (len(slots) - 1)
        first = slots[slot]
        if first < 0:
            first = slots[slot] = tail[place] = place
            count[place] = 0
        other = first
        for _ in range(min(count[first], BUCKET_LIMIT)):
            if _equal_bytes(words, rows[other], rows[place]) >= least and _is_first_meeting(
                sketches, rows, bands, band, heads, known, crowded, other, place
            ):
                found[size, 0], found[size, 1] = other, place
                size += 1
            other = following[other]
        bucket[place] = first
        if count[first] < BUCKET_LIMIT:
            following[tail[first]] = place
            tail[first] = place
            heads[place, band >> 3] |= 1 << (band & 7)
        count[first] += 1
        place += 1
    return place, size


@njit(cache=True)
def _is_first_meeting(sketches, rows, bands, band, heads, known, crowded, a, b):
    """Whether two texts of a bucket were compared neither in an earlier band nor in an earlier run."""
    left, right = sketches[rows[a]], sketches[rows[b]]
    if _share_before(left, right, bands, band, heads[a], True):
        return False
    old = known[a] >= 0 and known[b] >= 0
    return not (old and _share_before(left, right, bands, bands, crowded[known[a]], False))


@njit(cache=True)
def _equal_bytes(words, a, b):
    """Bytes in which two sketches of at most 255 words agree, eight at a time (Mycroft's test for a zero byte)."""
    low = np.uint64(0x7F7F7F7F7F7F7F7F)
    lanes = np.uint64(0)
    for k in range(words.shape[1]):
        differ = words[a, k] ^ words[b, k]
        lanes += ~(((differ & low) + low) | differ | low) >> np.uint64(7)
    return _sum_lanes(lanes)


@njit(cache=True)
def _sum_lanes(lanes):
    even = np.uint64(0x00FF00FF00FF00FF)
    pairs = (lanes & even) + ((lanes >> np.uint64(8)) & even)
    return np.int64((pairs * np.uint64(0x0001000100010001)) >> np.uint64(48))


@njit(cache=True)
def _share_before(left, right, bands, stop, flags, wanted):
    """Whether two sketches share a band before `stop` in which the flag is as wanted."""
    width = len(left) // bands
    for band in range(stop):
        if ((flags[band >> 3] >> (band & 7)) & 1) == wanted:
            k, end = band * width, (band + 1) * width
            while k < end and left[k] == right[k]:
                k += 1
            if k == end:
                return True
    return False


@njit(cache=True)
def _share_flag(sketches, rows, bands, flags, wanted, pairs):
    shared = np.empty(len(pairs), dtype=np.bool_)
    for p in range(len(pairs)):
        a, b = pairs[p]
        shared[p] = _share_before(sketches[rows[a]], sketches[rows[b]], bands, bands, flags[a], wanted)
    return shared


@njit(cache=True)
def _flag_crowded(links, crowded, band):
    bucket, count = links[0], links[3]
    for place in range(len(bucket)):
        if count[bucket[place]] > BUCKET_LIMIT:
            crowded[place, band >> 3] |= 1 << (band & 7)

"""Candidates: texts that share a band of their sketches, found by hashing band by band, without sorting.

Texts go by their place in an order of importance; `sketches[rows[place]]` is the sketch of the text there. A
bucket is the texts that have one band in common. In a bucket of more than `BUCKET_LIMIT` texts, a *crowded*
one, each is compared with the first so many only, its *heads*. Flags are kept as bits, eight bands to a byte.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit

BUCKET_LIMIT = 64
"""In a bucket of more texts than this, each is compared with the first so many only: time and memory stay
linear where thousands of texts share a template."""
VALUE_BYTES = 1 << 20
"""Values of bands that are read from the sketches at once: a sketch's bands lie side by side."""
BATCH = 1 << 18
"""Candidate pairs that are handed over at once, at least `BUCKET_LIMIT`."""


class Seen(NamedTuple):
    """What was known of texts before: which are known, in which bands they were heads, and their bucket crowded."""

    known: np.ndarray  # (M,) int64: place among the K known texts, or -1
    heads: np.ndarray  # (K, bytes) uint8
    crowded: np.ndarray  # (K, bytes) uint8


class BandJoin:
    """Finds the candidates among M texts, in batches; then says which were heads, and what was crowded.

    Args:
        sketches: (R, bands * width) uint8, in memory or mapped.
        rows: (M,) int64, the row of `sketches` of each text, the most important first.
        bands: number of bands.
        least: bytes that two sketches must have in common.
        seen: pairs of known texts, one of them a head in a bucket that they shared, are left out: they were compared.
    """

    def __init__(
        self, sketches: np.ndarray, rows: np.ndarray, bands: int, least: int, seen: Seen | None = None
    ) -> None:
        count = len(rows)
        flags = (count, (bands + 7) // 8)
        nothing = Seen(np.full(count, -1, dtype=np.int64), *np.zeros((2, 1, flags[1]), dtype=np.uint8))
        self._sketches, self._rows, self._bands, self._least = sketches, rows, bands, least
        self._seen = seen or nothing
        self.heads, self.crowded = np.zeros((2, *flags), dtype=np.uint8)
        """(M, bytes) flags, true once all candidates were taken."""

    def batches(self) -> Iterator[np.ndarray]:
        """(P, 2) int32 places, the more important first; no pair twice."""
        count = len(self._rows)
        slots = np.empty(_slots_for(count), dtype=np.int32)
        links = np.empty((4, count), dtype=np.int32)
        found = np.empty((BATCH, 2), dtype=np.int32)
        places = np.empty(count, dtype=np.int32)
        size, words = 0, self._sketches.view(np.uint64)
        at_once = max(1, min(self._bands, VALUE_BYTES // max(1, 8 * count)))
        several = np.empty((at_once, count), dtype=np.uint64)
        for band in range(self._bands):
            if band % at_once == 0:
                read_bands(self._sketches, self._rows, self._bands, band, several)
            values = several[band % at_once]
            open_ = _open_places(values, self._seen.known, self._seen.crowded, band, self.heads, places)
            table = slots[: _slots_for(len(open_))]
            table[:] = -1
            at = 0
            while at < len(open_):
                at, size = _join(
                    self._sketches, words, self._rows, values, self._bands, band, self._least, self.heads,
                    *self._seen[:2], table, links, found, open_, at, size,
                )  # fmt: skip
                if at < len(open_):
                    yield found[:size].copy()
                    size = 0
            _flag_crowded(links, open_, self.crowded, band)
        yield found[:size].copy()

    def share_head(self, pairs: np.ndarray) -> np.ndarray:
        """(P,) bool: whether each pair of places was a candidate, known or not."""
        return _share_head(self._sketches, self._rows, self._bands, self.heads, pairs)


@njit(cache=True)
def read_bands(sketches, rows, bands, first, values):
    """Fills `values`, (B, M) uint64, with the bands from `first` on: the bytes of a band as a number, or, where it
    has more than eight, hashed to one."""
    width = sketches.shape[1] // bands
    factor = np.uint64(256) if width <= 8 else np.uint64(0x9E3779B97F4A7C15)
    count = min(len(values), bands - first)
    for place in range(len(rows)):
        for band in range(count):
            value = np.uint64(0)
            for k in range((first + band) * width, (first + band + 1) * width):
                value = value * factor ^ np.uint64(sketches[rows[place], k])
            values[band, place] = value * np.uint64(0x9E3779B97F4A7C15)


def _slots_for(count: int) -> int:
    """Places of an open-addressed table for so many buckets: a power of two, at most half of them taken."""
    return 1 << max(4, int(2 * count - 1).bit_length())


@njit(cache=True)
def _open_places(values, known, crowded, band, heads, places):
    """Texts whose bucket in a band may hold a new text, or was crowded: the first of `places`, which it fills.

    The bucket of every other text holds known texts alone, and no more than when it was not crowded: all of its
    texts are heads, and all were compared. A filter of one bit a hash stands for the new texts' buckets.
    """
    fresh = np.sum(known < 0)
    if fresh >= len(known) // 8:
        for place in range(len(known)):
            places[place] = place
        return places
    bits = np.int64(10)
    while 1 << bits < 64 * fresh:
        bits += 1
    shift, filled = np.uint64(64 - bits), np.zeros(1 << bits, dtype=np.bool_)
    for place in range(len(known)):
        filled[values[place] >> shift] |= known[place] < 0
    size = 0
    for place in range(len(known)):
        old = known[place]
        if filled[values[place] >> shift] or _is_set(crowded[old], band):
            places[size] = place
            size += 1
        else:
            heads[place, band >> 3] |= 1 << (band & 7)
    return places[:size]


@njit(cache=True)
def _join(
    sketches, words, rows, values, bands, band, least, heads, known, were_heads, slots, links, found, places, at, size
):  # fmt: skip
    """Adds the texts `places` to the buckets of a band, from the one `at` on, until `found` may be full.

    Args:
        slots: (S,) int32 open-addressed table of buckets, each named by its first text; -1 where free.
        links: (4, M) int32: bucket of each text, its next one; of each bucket, the last head and the number of
            texts.

    Returns:
        Where in `places` to go on, and how many pairs `found` holds.
    """
    bucket, following, tail, count = links
    shift = np.uint64(64 - np.int64(np.log2(len(slots)) + 0.5))
    while at < len(places) and size + BUCKET_LIMIT <= len(found):
        place = places[at]
        slot = np.int64(values[place] >> shift)
        while slots[slot] >= 0 and values[slots[slot]] != values[place]:
            slot = (slot + 1) & (len(slots) - 1)
        first = slots[slot]
        if first < 0:
            first = slots[slot] = tail[place] = place
            count[place] = 0
        other = first
        old = known[place]
        was_head = old >= 0 and _is_set(were_heads[old], band)
        for _ in range(min(count[first], BUCKET_LIMIT)):
            met = known[other] >= 0 and (was_head or (old >= 0 and _is_set(were_heads[known[other]], band)))
            if (
                not met
                and _equal_bytes(words, rows[other], rows[place]) >= least
                and _is_first_meeting(sketches, rows, bands, band, heads, known, were_heads, other, place)
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
        at += 1
    return at, size


@njit(cache=True)
def _is_set(flags, band):
    return (flags[band >> 3] >> (band & 7)) & 1 == 1


@njit(cache=True)
def _is_first_meeting(sketches, rows, bands, band, heads, known, were_heads, a, b):
    """Whether two texts of a bucket were compared neither in an earlier band nor in an earlier run."""
    left, right = sketches[rows[a]], sketches[rows[b]]
    if _share_before(left, right, bands, band, heads[a]):
        return False
    if known[a] < 0 or known[b] < 0:
        return True
    return not (
        _share_before(left, right, bands, bands, were_heads[known[a]])
        or _share_before(left, right, bands, bands, were_heads[known[b]])
    )


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
def _share_before(left, right, bands, stop, flags):
    """Whether two sketches share a band before `stop` in which the flag is set."""
    width = len(left) // bands
    for band in range(stop):
        if _is_set(flags, band):
            k, end = band * width, (band + 1) * width
            while k < end and left[k] == right[k]:
                k += 1
            if k == end:
                return True
    return False


@njit(cache=True)
def _share_head(sketches, rows, bands, heads, pairs):
    shared = np.empty(len(pairs), dtype=np.bool_)
    for p in range(len(pairs)):
        a, b = pairs[p]
        shared[p] = _share_before(sketches[rows[a]], sketches[rows[b]], bands, bands, heads[a])
    return shared


@njit(cache=True)
def _flag_crowded(links, places, crowded, band):
    bucket, count = links[0], links[3]
    for place in places:
        if count[bucket[place]] > BUCKET_LIMIT:
            crowded[place, band >> 3] |= 1 << (band & 7)

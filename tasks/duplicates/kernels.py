"""What `tasks.duplicates.ngrams` compiles: loops over code points, n-gram hashes and buckets.

Sets of n-grams are laid end to end: text i has the sorted distinct hashes `grams[bounds[i]:bounds[i + 1]]`.
"""

import numpy as np
from numba import njit

SHORT_GRAMS = 100
"""Texts with fewer distinct n-grams are short: a sentence or two."""
SHORT_SIMILARITY = 0.8
"""Jaccard similarity from which *short* texts are near-duplicates. Measured on banking77 (median 11 words):
pairs at .5-.8 are paraphrases worth keeping ("Why is my card payment pending?" / "... cancelled?", .51), with
different labels in 1 of 8 pairs; from .8 on a comma or an inflection differs, and labels differ in 3 of 131
pairs."""
BUCKET_LIMIT = 64
"""In a bucket of more texts than this, each is compared with the first so many only: time and memory stay
linear where thousands of texts share a template."""
WIDE_SHARE = 0.05
"""Share of CJK characters from which spaces do not count. Low, so that hardly any text is near it: English
quotes a kanji or two, Japanese that is mostly Latin still has its particles (at .3, edits moved texts
across)."""


@njit(cache=True)
def _is_wide(point):
    """Kana, kanji, hangul and their punctuation, as one code point (NFKC has folded half and full width)."""
    return (
        0x3000 <= point <= 0x30FF
        or 0x3400 <= point <= 0x9FFF
        or 0xAC00 <= point <= 0xD7AF
        or 0x1100 <= point <= 0x11FF
        or 0xF900 <= point <= 0xFAFF
        or 0x20000 <= point <= 0x3FFFF
    )


@njit(cache=True)
def _without_spaces(points):
    """`points` as they are, or without spaces where `WIDE_SHARE` of them is wide."""
    wide = 0
    for point in points:
        wide += _is_wide(point)
    return points[points != 32] if wide >= WIDE_SHARE * len(points) else points


@njit(cache=True)
def cut_grams(points, starts, latin, cjk):
    """Sliding window of weight latin * cjk, in which a Latin character weighs cjk and a wide one latin."""
    grams = np.empty(len(points), dtype=np.uint64)
    bounds = np.zeros(len(starts), dtype=np.int64)
    size = 0
    for text in range(len(starts) - 1):
        content = _without_spaces(points[starts[text] : starts[text + 1]])
        begin, end, weight = size, 0, 0
        for start in range(len(content)):
            while end < len(content) and weight < latin * cjk:
                weight += latin if _is_wide(content[end]) else cjk
                end += 1
            if weight < latin * cjk and start > 0:
                break
            grams[size] = _hash_of(content[start:end])
            size += 1
            weight -= latin if _is_wide(content[start]) else cjk
        grams[begin:size].sort()
        kept = begin
        for i in range(begin, size):
            if i == begin or grams[i] != grams[i - 1]:
                grams[kept] = grams[i]
                kept += 1
        size = kept
        bounds[text + 1] = size
    return grams[:size].copy(), bounds


@njit(cache=True)
def _hash_of(points):
    """Multiply and xor-shift over the code points (constants of splitmix64, Steele et al. 2014)."""
    value = np.uint64(len(points))
    for point in points:
        value = (value ^ np.uint64(point)) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    return value ^ (value >> np.uint64(32))


@njit(cache=True)
def fold_minima(grams, bounds, multipliers, masks, bands, rows):
    """Minima of the hashes (x ^ mask) * odd multiplier (mod 2^32), folded `rows` at a time."""
    count = len(bounds) - 1
    keys = np.empty((count, bands), dtype=np.uint32)
    minima = np.empty(bands * rows, dtype=np.uint32)
    for text in range(count):
        minima[:] = np.uint32(0xFFFFFFFF)
        for i in range(bounds[text], bounds[text + 1]):
            gram = np.uint32(grams[i] & np.uint64(0xFFFFFFFF))
            for k in range(bands * rows):
                minima[k] = min(minima[k], np.uint32((gram ^ masks[k]) * multipliers[k]))
        for band in range(bands):
            value = _hash_of(minima[band * rows : (band + 1) * rows])
            keys[text, band] = np.uint32(value & np.uint64(0xFFFFFFFF))
    return keys


@njit(cache=True)
def pairs_in_band(grams, bounds, keys, heads, band, order, threshold):
    """Verified pairs that band `band` is the first to compare.

    Args:
        keys: (bands, M) uint32.
        heads: (bands, M) bool, False at first: filled with who is among the first `BUCKET_LIMIT` of its bucket.
        order: (M,) texts sorted by key, then by number.

    Returns:
        (P, 2) int64, the lower number first.
    """
    found = np.empty((256, 2), dtype=np.int64)
    size, start = 0, 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and keys[band, order[stop]] == keys[band, order[start]]:
            stop += 1
        limit = min(stop, start + BUCKET_LIMIT)
        for j in range(start, limit):
            heads[band, order[j]] = True
        for i in range(start + 1, stop):
            for j in range(start, min(i, limit)):
                a, b = order[j], order[i]
                if _was_compared(keys, heads, a, b, band) or not _is_similar(grams, bounds, a, b, threshold):
                    continue
                if size == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[size, 0], found[size, 1] = a, b
                size += 1
        start = stop
    return found[:size].copy()


@njit(cache=True)
def _was_compared(keys, heads, a, b, before):
    """Whether a band before `before` had texts a < b in one bucket, and a among those compared with all."""
    for band in range(before):  # noqa: SIM110 (numba compiles loops, not generators)
        if heads[band, a] and keys[band, a] == keys[band, b]:
            return True
    return False


@njit(cache=True)
def _is_similar(grams, bounds, a, b, threshold):
    """Whether the exact Jaccard similarity reaches the threshold; stops as soon as it no longer can."""
    size_a, size_b = bounds[a + 1] - bounds[a], bounds[b + 1] - bounds[b]
    if min(size_a, size_b) < SHORT_GRAMS:
        threshold = max(threshold, SHORT_SIMILARITY)
    total = size_a + size_b
    spare = total - 2 * int(
        np.ceil(threshold / (1 + threshold) * total - 1e-9)
    )  # grams that may stay unmatched
    i, j = bounds[a], bounds[b]
    while i < bounds[a + 1] and j < bounds[b + 1] and spare >= 0:
        if grams[i] == grams[j]:
            i += 1
            j += 1
        elif grams[i] < grams[j]:
            i += 1
            spare -= 1
        else:
            j += 1
            spare -= 1
    return spare - (bounds[a + 1] - i) - (bounds[b + 1] - j) >= 0


@njit(cache=True)
def measure_pairs(grams, bounds, pairs):
    """Shared over all n-grams of each pair, by merging the two sorted sets."""
    values = np.empty(len(pairs), dtype=np.float64)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        i, j, shared = bounds[a], bounds[b], 0
        while i < bounds[a + 1] and j < bounds[b + 1]:
            if grams[i] == grams[j]:
                shared += 1
                i += 1
                j += 1
            elif grams[i] < grams[j]:
                i += 1
            else:
                j += 1
        union = bounds[a + 1] - bounds[a] + bounds[b + 1] - bounds[b] - shared
        values[p] = shared / union if union else 1.0
    return values

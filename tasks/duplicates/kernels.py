"""What `tasks.duplicates.ngrams` compiles: n-gram hashes of code points, their sketches, their sorted sets.

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
pairs. Below it `tasks.duplicates.alignment` decides."""
WIDE_SHARE = 0.05
"""Share of CJK characters from which spaces do not count. Low, so that hardly any text is near it: English
quotes a kanji or two, Japanese that is mostly Latin still has its particles (at .3, edits moved texts
across)."""


BASE = np.uint64(0x9E3779B97F4A7C15)
"""Of the polynomial that hashes a window; odd, and 5 modulo 8, so that no short window of zeros is special."""
LONGEST = 64
"""Characters that a window may hold; more than any recipe can ask for."""
_POWERS = np.cumprod(np.concatenate([np.ones(1, dtype=np.uint64), np.full(LONGEST, BASE)]), dtype=np.uint64)
_EMPTY, _FILLED = np.uint32(0xFFFFFFFF), np.uint32(0x80000000)
_MOVES = 8
"""Moves per element after which sorting by insertion is the slower way."""


@njit(cache=True)
def _is_wide(point):
    """Kana, kanji, hangul and their punctuation, as one code point (NFKC has folded half and full width).

    What is below a span's start wraps around to a high number: one comparison a span, which vectorises.
    """
    return (
        (point - np.uint32(0x3000) <= np.uint32(0x00FF))
        | (point - np.uint32(0x3400) <= np.uint32(0x6BFF))
        | (point - np.uint32(0xAC00) <= np.uint32(0x2BAF))
        | (point - np.uint32(0x1100) <= np.uint32(0x00FF))
        | (point - np.uint32(0xF900) <= np.uint32(0x01FF))
        | (point - np.uint32(0x20000) <= np.uint32(0x1FFFF))
    )


@njit(cache=True)
def _mix(value):
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014): every bit of the input reaches every bit."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True)
def _weigh(text, content, weights, latin, cjk):
    """The characters that count: all, or all but spaces where `WIDE_SHARE` is wide; fills in their weights.

    Args:
        content: at least as long as `text`, for use inside.
    """
    narrow, extra = np.int32(cjk), np.int32(latin - cjk)
    wide, spaces = np.int32(0), np.int32(0)
    for i in range(len(text)):
        is_wide = np.int32(_is_wide(text[i]))
        weights[i] = narrow + is_wide * extra
        wide += is_wide
        spaces += np.int32(text[i] == np.uint32(32))
    if spaces == 0 or wide < WIDE_SHARE * len(text):
        return text
    size = 0
    for i in range(len(text)):
        content[size], weights[size] = text[i], weights[i]
        size += text[i] != np.uint32(32)
    return content[:size]


@njit(cache=True)
def _hash_windows(content, weights, full, grams):
    """Hash of the shortest window from each character on that weighs `full`; the whole text if it weighs less.

    A polynomial in an odd base modulo 2^64, rolled along the text (Karp and Rabin 1987), then mixed.

    Returns:
        The number of windows, written to `grams`.
    """
    size, start, end, weight, value = len(content), 0, 0, 0, np.uint64(0)
    while start < size:
        while end < size and weight < full:
            value = value * BASE + np.uint64(content[end] + 1)
            weight += weights[end]
            end += 1
        if weight < full and start > 0:
            break
        grams[start] = _mix(value)
        value -= np.uint64(content[start] + 1) * _POWERS[end - 1 - start]
        weight -= weights[start]
        start += 1
    return start


@njit(cache=True)
def sketch_texts(points, starts, latin, cjk, donors, masks, multipliers):
    """One-permutation MinHash of N texts, densified, of which the low byte of each minimum is kept.

    A gram's hash names one of H bins and competes there for the minimum (Li, Owen and Zhang 2012). An empty
    bin takes the minimum of the first bin that is not, of those that `donors` lists for it (optimal
    densification, Shrivastava 2017); where all of these are empty too, a minimum over all grams of a hash of
    its own. Either way two texts agree in a bin with the probability that is their Jaccard similarity J; in
    its low byte with J + (1 - J) / 256 (Li and Koenig 2010).

    Returns:
        (N, H) uint8.
    """
    bins = len(donors)
    longest = np.max(np.diff(starts)) if len(starts) > 1 else 0
    content, weights = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.int32)
    grams = np.empty(longest, dtype=np.uint64)
    minima, empty = np.empty(bins, dtype=np.uint32), np.empty(bins, dtype=np.int64)
    sketches = np.empty((len(starts) - 1, bins), dtype=np.uint8)
    for text in range(len(starts) - 1):
        counted = _weigh(points[starts[text] : starts[text + 1]], content, weights, latin, cjk)
        count = _hash_windows(counted, weights, latin * cjk, grams)
        minima[:] = _EMPTY
        for i in range(count):
            place = ((grams[i] >> np.uint64(32)) * np.uint64(bins)) >> np.uint64(32)
            minima[place] = min(minima[place], np.uint32(grams[i] & np.uint64(0x7FFFFFFF)))
        _fill_empty(minima, empty, donors, grams[:count], masks, multipliers)
        for place in range(bins):
            sketches[text, place] = np.uint8(minima[place] & np.uint32(0xFF))
    return sketches


@njit(cache=True)
def _fill_empty(minima, empty, donors, grams, masks, multipliers):
    """Gives each empty bin a value; those it gives have their leading bit set until all are given."""
    left = 0
    for place in range(len(minima)):
        empty[left] = place
        left += minima[place] == _EMPTY
    for place in empty[:left]:
        value = _EMPTY
        for k in range(donors.shape[1]):
            if minima[donors[place, k]] < _FILLED:
                value = minima[donors[place, k]]
                break
        if value == _EMPTY:
            for gram in grams:
                low = np.uint32(gram & np.uint64(0xFFFFFFFF))
                value = min(value, np.uint32((low ^ masks[place]) * multipliers[place]))
            value ^= value >> np.uint32(16)
        minima[place] = value | _FILLED


@njit(cache=True)
def cut_grams(points, starts, latin, cjk):
    """Sets of the windows' hashes of N texts: windows that weigh latin * cjk, a Latin character cjk, a wide one latin.

    Returns:
        grams, bounds.
    """
    longest = np.max(np.diff(starts)) if len(starts) > 1 else 0
    content, weights = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.int32)
    fresh, counts = np.empty(longest, dtype=np.uint64), np.empty(2 * longest + 3, dtype=np.int64)
    grams = np.empty(len(points), dtype=np.uint64)
    bounds = np.zeros(len(starts), dtype=np.int64)
    for text in range(len(starts) - 1):
        counted = _weigh(points[starts[text] : starts[text + 1]], content, weights, latin, cjk)
        count = _hash_windows(counted, weights, latin * cjk, fresh)
        begin = bounds[text]
        _sort_hashes(fresh[:count], grams[begin : begin + count], counts)
        kept = begin
        for i in range(begin, begin + count):
            if i == begin or grams[i] != grams[i - 1]:
                grams[kept] = grams[i]
                kept += 1
        bounds[text + 1] = kept
    return grams[: bounds[-1]], bounds


@njit(cache=True)
def _sort_hashes(values, into, counts):
    """Sorts M hashes in time linear in M: they are spread evenly, so that their leading bits nearly sort them.

    Args:
        into: (M,), filled.
        counts: at least (2 * M + 3,), for use inside.
    """
    bits = np.uint64(1)
    while 1 << bits < len(values):
        bits += np.uint64(1)
    shift, buckets = np.uint64(64) - bits, 1 << bits
    counts[: buckets + 1] = 0
    for value in values:
        counts[(value >> shift) + np.uint64(1)] += 1
    for bucket in range(buckets):
        counts[bucket + 1] += counts[bucket]
    for value in values:
        into[counts[value >> shift]] = value
        counts[value >> shift] += 1
    moves = 0
    for i in range(1, len(into)):
        value, j = into[i], i
        while j > 0 and into[j - 1] > value:
            into[j] = into[j - 1]
            j -= 1
        into[j] = value
        moves += i - j
        if moves > _MOVES * len(into):  # two hashes that alternate thousands of times share a bucket
            into.sort()
            break


@njit(cache=True)
def verify_pairs(grams, bounds, pairs, threshold):
    """Exact Jaccard similarity of each pair that reaches the threshold; -1 for all others.

    Returns:
        (P,) float64; (P,) bool, whether one of the two is short.
    """
    values, shorts = np.empty(len(pairs), dtype=np.float64), np.empty(len(pairs), dtype=np.bool_)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        size_a, size_b = bounds[a + 1] - bounds[a], bounds[b + 1] - bounds[b]
        shorts[p] = min(size_a, size_b) < SHORT_GRAMS
        total = size_a + size_b
        needed = int(np.ceil(threshold / (1 + threshold) * total - 1e-9))  # grams that must be shared
        shared = _count_shared(grams, bounds[a], bounds[a + 1], bounds[b], bounds[b + 1], total - 2 * needed)
        if shared < needed:
            values[p] = -1.0
        else:
            values[p] = shared / (total - shared) if total > shared else 1.0
    return values, shorts


@njit(cache=True)
def measure_pairs(grams, bounds, pairs):
    """Shared over all n-grams of each pair."""
    values = np.empty(len(pairs), dtype=np.float64)
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        total = bounds[a + 1] - bounds[a] + bounds[b + 1] - bounds[b]
        shared = _count_shared(grams, bounds[a], bounds[a + 1], bounds[b], bounds[b + 1], total)
        values[p] = shared / (total - shared) if total > shared else 1.0
    return values


@njit(cache=True)
def _count_shared(grams, i, i_end, j, j_end, spare):
    """Elements in both of two sorted sets; gives up, with the count so far, once more than `spare` are in one only."""
    shared, start = 0, i + j
    while i < i_end and j < j_end:
        left, right = grams[i], grams[j]
        shared += left == right
        i += left <= right
        j += right <= left
        if i + j - start - 2 * shared > spare:
            break
    return shared

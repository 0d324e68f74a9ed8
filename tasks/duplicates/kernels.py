"""What `tasks.duplicates.ngrams` compiles: n-gram hashes of code points, their sketches, their sets.

Sets of n-grams are laid end to end: text i has the distinct hashes `grams[bounds[i]:bounds[i + 1]]`.
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


_ONE = np.uint64(1)  # indices are unsigned in the inner loops, as in `tasks.duplicates.folding`
BASE = np.uint64(0x9E3779B97F4A7C15)
"""Of the polynomial that hashes a window; odd, and 5 modulo 8, so that no short window of zeros is special."""
LONGEST = 64
"""Characters that a window may hold; more than any recipe can ask for."""
_POWERS = np.cumprod(np.concatenate([np.ones(1, dtype=np.uint64), np.full(LONGEST, BASE)]), dtype=np.uint64)
_EMPTY, _FILLED = np.uint32(0xFFFFFFFF), np.uint32(0x80000000)


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
    size = np.uint64(0)
    for i in range(np.uint64(len(text))):
        content[size], weights[size] = text[i], weights[i]
        size += np.uint64(text[i] != np.uint32(32))
    return content[:size]


@njit(cache=True)
def _hash_windows(content, weights, full, grams):
    """Hash of the shortest window from each character on that weighs `full`; the whole text if it weighs less.

    A polynomial in an odd base modulo 2^64, rolled along the text (Karp and Rabin 1987), then mixed.

    Returns:
        The number of windows, written to `grams`.
    """
    size, start, end, value = np.uint64(len(content)), np.uint64(0), np.uint64(0), np.uint64(0)
    weight, full = np.int32(0), np.int32(full)
    while start < size:
        while end < size and weight < full:
            value = value * BASE + np.uint64(content[end] + np.uint32(1))
            weight += weights[end]
            end += _ONE
        if weight < full and start > 0:
            break
        grams[start] = max(_mix(value), _ONE)  # 0 marks a free place in a table
        value -= np.uint64(content[start] + np.uint32(1)) * _POWERS[end - _ONE - start]
        weight -= weights[start]
        start += _ONE
    return np.int64(start)


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
        for gram in grams[:count]:
            place = ((gram >> np.uint64(32)) * np.uint64(bins)) >> np.uint64(32)
            minima[place] = min(minima[place], np.uint32(gram & np.uint64(0x7FFFFFFF)))
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
    fresh, space = np.empty(longest, dtype=np.uint64), np.empty(_table_size(longest), dtype=np.uint64)
    grams = np.empty(len(points), dtype=np.uint64)
    bounds = np.zeros(len(starts), dtype=np.int64)
    for text in range(len(starts) - 1):
        counted = _weigh(points[starts[text] : starts[text + 1]], content, weights, latin, cjk)
        count = _hash_windows(counted, weights, latin * cjk, fresh)
        table, kept = _empty_table(space, count), np.uint64(bounds[text])
        for gram in fresh[:count]:
            grams[kept] = gram
            kept += np.uint64(_insert(table, gram))
        bounds[text + 1] = kept
    return grams[: bounds[-1]], bounds


@njit(cache=True)
def verify_pairs(grams, bounds, pairs, threshold):
    """Exact Jaccard similarity of each pair that reaches the threshold; -1 for all others.

    Returns:
        (P,) float64; (P,) bool, whether one of the two is short.
    """
    values, shorts = np.empty(len(pairs), dtype=np.float64), np.empty(len(pairs), dtype=np.bool_)
    longest = np.max(np.diff(bounds)) if len(bounds) > 1 else 0
    space = np.empty(_table_size(longest), dtype=np.uint64)
    table, held = space[:0], -1
    for p in np.argsort(pairs[:, 0], kind="mergesort"):
        a, b = pairs[p, 0], pairs[p, 1]
        if a != held:
            table, held = _empty_table(space, bounds[a + 1] - bounds[a]), a
            for gram in grams[bounds[a] : bounds[a + 1]]:
                _insert(table, gram)
        size_a, size_b = bounds[a + 1] - bounds[a], bounds[b + 1] - bounds[b]
        shorts[p] = min(size_a, size_b) < SHORT_GRAMS
        total = size_a + size_b
        needed = int(np.ceil(threshold / (1 + threshold) * total - 1e-9))  # grams that must be shared
        shared = _count_shared(table, grams[bounds[b] : bounds[b + 1]], size_b - needed)
        if shared < needed:
            values[p] = -1.0
        else:
            values[p] = shared / (total - shared) if total > shared else 1.0
    return values, shorts


@njit(cache=True)
def _count_shared(table, grams, spare):
    """Elements of a set that a table holds; gives up, with the count so far, once more than `spare` are missing."""
    missing = 0
    for i in range(len(grams)):
        missing += not _holds(table, grams[i])
        if missing > spare:
            return i + 1 - missing
    return len(grams) - missing


@njit(cache=True)
def _table_size(count):
    """Places of an open-addressed table for `count` hashes: a power of two, at most a quarter of them taken."""
    size = 4
    while size < 4 * count:
        size *= 2
    return size


@njit(cache=True)
def _empty_table(space, count):
    """A table for `count` hashes in the given space; a place that is free holds 0, which is no hash."""
    table = space[: _table_size(count)]
    table[:] = 0
    return table


@njit(cache=True)
def _insert(table, gram):
    """Whether the hash is new to the table, which it is put into."""
    mask = np.uint64(len(table) - 1)
    slot = gram & mask
    while table[slot] != 0:
        if table[slot] == gram:
            return False
        slot = (slot + _ONE) & mask
    table[slot] = gram
    return True


@njit(cache=True)
def _holds(table, gram):
    mask = np.uint64(len(table) - 1)
    slot = gram & mask
    found = table[slot]
    while (found != gram) & (found != 0):  # one branch, seldom taken
        slot = (slot + _ONE) & mask
        found = table[slot]
    return found == gram

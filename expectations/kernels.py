"""What `expectations.columns` compiles: how much of each text of a column repeats itself.

A column is Arrow's layout of strings: text i has the UTF-8 bytes `data[offsets[i]:offsets[i + 1]]`.
"""

import numpy as np
from numba import njit

SPACE, PADDING, ALPHANUMERIC = np.uint8(1), np.uint8(2), np.uint8(4)
"""Flags of a code point: what `str.strip` takes away, what fills up tables and rules, what `str.isalnum` accepts."""
NGRAM = 12
"""Characters of an n-gram: two or three words. Shorter ones repeat in any text, in Japanese as in English."""
SHORTEST = 30
"""Characters below which repetition says nothing: "no, no, no" is a sentence."""
FEWEST_LINES = 6
"""Lines below which repeated lines say nothing."""
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
"""Odd multiplier whose high bits pick a slot."""
_PADDING_RUN = 3
"""Padding characters in a row that count as one space."""


@njit(cache=True)
def measure_repetition(data, offsets, flags):
    """Share (0-1) of each text that repeats itself, by n-grams of characters or by lines, whichever is larger.

    Args:
        data: (B,) uint8, UTF-8.
        offsets: (N + 1,) int64.
        flags: (P,) uint8 by code point; points from P on have none.

    Returns:
        (N,) float64.
    """
    count = len(offsets) - 1
    shares = np.zeros(count)
    longest = 0
    for text in range(count):
        longest = max(longest, offsets[text + 1] - offsets[text])
    points = np.empty(longest, dtype=np.uint32)
    packed = np.empty(longest, dtype=np.uint32)
    lines = np.empty(longest + 1, dtype=np.uint64)
    bits = 4
    while 1 << bits < 2 * longest:
        bits += 1
    table = np.empty(1 << bits, dtype=np.uint64)
    for text in range(count):
        length = _decode(data, offsets[text], offsets[text + 1], points)
        width = _pack(points, length, flags, packed) if length >= SHORTEST else 0
        if width < SHORTEST:
            continue
        grams = width - NGRAM + 1
        share = 1 - _count_ngrams(packed, width, table) / grams
        if np.sum(points[:length] == 10) + 1 >= FEWEST_LINES:
            spoken = _hash_lines(points, length, flags, lines)
            if spoken >= FEWEST_LINES:
                share = max(share, 1 - len(np.unique(lines[:spoken])) / spoken)
        shares[text] = share
    return shares


@njit(cache=True)
def _decode(data, start, stop, points):
    """Code points of valid UTF-8; returns their number."""
    length, at = 0, start
    while at < stop:
        byte = np.uint32(data[at])
        if byte < 0x80:
            point, step = byte, 1
        elif byte < 0xE0:
            point, step = byte & np.uint32(0x1F), 2
        elif byte < 0xF0:
            point, step = byte & np.uint32(0x0F), 3
        else:
            point, step = byte & np.uint32(0x07), 4
        for more in range(1, step):
            point = (point << np.uint32(6)) | (np.uint32(data[at + more]) & np.uint32(0x3F))
        points[length] = point
        length += 1
        at += step
    return length


@njit(cache=True)
def _pack(points, length, flags, packed):
    """The text with each run of padding as one space; returns its length."""
    width, run = 0, 0
    for i in range(length):
        point = points[i]
        if point < len(flags) and flags[point] & PADDING:
            run += 1
        else:
            if run >= _PADDING_RUN:
                width -= run - 1
                packed[width - 1] = 32
            run = 0
        packed[width] = point
        width += 1
    if run >= _PADDING_RUN:
        width -= run - 1
        packed[width - 1] = 32
    return width


@njit(cache=True)
def _count_ngrams(points, length, table):
    """Different n-grams, by their rolling polynomial hash modulo 2^64 (Karp and Rabin 1987), in open addressing."""
    bits, base = 4, np.uint64(0x9E3779B97F4A7C15)
    while 1 << bits < 2 * length:
        bits += 1
    shift, mask = np.uint64(64 - bits), np.uint64((1 << bits) - 1)
    table[: 1 << bits] = 0
    leading, value, distinct = np.uint64(1), np.uint64(0), 0
    for i in range(NGRAM - 1):
        leading *= base
        value = value * base + np.uint64(points[i])
    for i in range(NGRAM - 1, length):
        value = value * base + np.uint64(points[i])
        entry = value if value != 0 else np.uint64(1)  # 0 is a free slot
        slot = (value * _SPREAD) >> shift
        while table[slot] != 0 and table[slot] != entry:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == 0:
            table[slot] = entry
            distinct += 1
        value -= np.uint64(points[i - NGRAM + 1]) * leading
    return distinct


@njit(cache=True)
def _hash_lines(points, length, flags, hashes):
    """A hash of each line that holds a letter or digit, spaces around it aside; returns their number."""
    lines, start = 0, 0
    while start <= length:
        stop = start
        while stop < length and points[stop] != 10:
            stop += 1
        first, last, spoken = start, stop, False
        while first < last and points[first] < len(flags) and flags[points[first]] & SPACE:
            first += 1
        while last > first and points[last - 1] < len(flags) and flags[points[last - 1]] & SPACE:
            last -= 1
        value = np.uint64(last - first)
        for i in range(first, last):
            spoken |= points[i] < len(flags) and flags[points[i]] & ALPHANUMERIC != 0
            value = _mix(value ^ np.uint64(points[i]))
        if spoken:
            hashes[lines] = value
            lines += 1
        start = stop + 1
    return lines


@njit(cache=True)
def _mix(value):
    """Multiply and xor-shift (constants of splitmix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))

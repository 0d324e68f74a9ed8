"""What `tasks.overlap.grams` compiles: cutting texts into tokens, hashing runs of tokens, and looking them up.

Texts are laid end to end as code points. A *token* is a Latin word (any run of letters and digits) or one kana,
kanji or hangul; it weighs `cjk` or `latin` units, so that a window of `latin * cjk` units is `latin` words, or
`cjk` characters, or any mixture. The hash of a run of tokens is polynomial (Karp and Rabin 1987) over mixed token
hashes, so that every run's hash is a difference of two prefix hashes.
"""

import numpy as np
from numba import njit

SEPARATOR, WORD, WIDE, DROPPED = 0, 1, 2, 3
"""Classes of code points: what ends a word, part of one, a token by itself, what counts for nothing."""
BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


@njit(cache=True)
def _class_of(point, classes):
    if point < len(classes):
        return classes[point]
    return np.uint8(2) if 0x20000 <= point <= 0x3FFFF else np.uint8(0)


@njit(cache=True)
def _mixed(value):
    value = (value ^ (value >> np.uint64(30))) * _MIX
    return value ^ (value >> np.uint64(29))


@njit(cache=True)
def cut_tokens(points, starts, classes, latin, cjk):
    """Tokens of N texts, end to end.

    Args:
        points: (P,) uint32 code points; starts: (N + 1,) where each text begins.
        classes: (65536,) uint8, the class of each code point of the basic plane.

    Returns:
        bounds (N + 1,), hashes (T,) uint64, weights (T,) int32, and begin and end (T,) int32: the characters of
        each token, counted from the start of its text.
    """
    hashes = np.empty(len(points), dtype=np.uint64)
    weights = np.empty(len(points), dtype=np.int32)
    begins = np.empty(len(points), dtype=np.int32)
    ends = np.empty(len(points), dtype=np.int32)
    bounds = np.zeros(len(starts), dtype=np.int64)
    size = 0
    for text in range(len(starts) - 1):
        inside = False
        for i in range(starts[text], starts[text + 1]):
            kind = _class_of(points[i], classes)
            if kind == 3:
                continue
            if kind == 0:
                inside = False
                continue
            if kind == 1 and inside:
                hashes[size - 1] = _mixed(hashes[size - 1] * BASE + np.uint64(points[i]))
                ends[size - 1] = i + 1 - starts[text]
                continue
            hashes[size] = _mixed(np.uint64(points[i]) + BASE)
            weights[size] = cjk if kind == 1 else latin
            begins[size], ends[size] = i - starts[text], i + 1 - starts[text]
            size += 1
            inside = kind == 1
        bounds[text + 1] = size
    return bounds, hashes[:size].copy(), weights[:size].copy(), begins[:size].copy(), ends[:size].copy()


@njit(cache=True)
def hash_letters(points, starts, letters):
    """(N,) uint64: polynomial hash of the code points for which `letters` is true."""
    hashes = np.zeros(len(starts) - 1, dtype=np.uint64)
    for text in range(len(hashes)):
        value = np.uint64(0)
        for i in range(starts[text], starts[text + 1]):
            if points[i] < len(letters) and letters[points[i]]:
                value = _mixed(value * BASE + np.uint64(points[i]) + np.uint64(1))
        hashes[text] = value
    return hashes


@njit(cache=True)
def prefix_hashes(hashes):
    """(T + 1,) uint64 prefix hashes of T tokens."""
    prefix = np.zeros(len(hashes) + 1, dtype=np.uint64)
    for i in range(len(hashes)):
        prefix[i + 1] = prefix[i] * BASE + hashes[i]
    return prefix


@njit(cache=True)
def powers_of_base(count):
    """(count + 1,) uint64: BASE to the power of 0 ... count."""
    powers = np.ones(count + 1, dtype=np.uint64)
    for i in range(count):
        powers[i + 1] = powers[i] * BASE
    return powers


@njit(cache=True)
def _run_hash(prefix, powers, start, stop):
    value = _mixed(prefix[stop] - prefix[start] * powers[stop - start] + np.uint64(stop - start))
    return value if value else np.uint64(1)


@njit(cache=True)
def cut_windows(bounds, hashes, weights, full, least):
    """Window hashes of N texts; one of at least `least` units but no full window is its own only window.

    Returns:
        window bounds (N + 1,), hashes (W,) uint64 and lengths in tokens (W,) int32; window k of a text begins at its
        token k.
    """
    prefix = prefix_hashes(hashes)
    powers = powers_of_base(full)
    window = np.empty(len(hashes), dtype=np.uint64)
    length = np.empty(len(hashes), dtype=np.int32)
    window_bounds = np.zeros(len(bounds), dtype=np.int64)
    size = 0
    for text in range(len(bounds) - 1):
        end, weight = bounds[text], 0
        for start in range(bounds[text], bounds[text + 1]):
            while end < bounds[text + 1] and weight < full:
                weight += weights[end]
                end += 1
            if weight < full and (start > bounds[text] or weight < least):
                break
            window[size] = _run_hash(prefix, powers, start, end)
            length[size] = end - start
            size += 1
            weight -= weights[start]
        window_bounds[text + 1] = size
    return window_bounds, window[:size].copy(), length[:size].copy()


@njit(cache=True)
def build_slots(grams):
    """Looks G distinct hashes up: slot -> index + 1 (0: empty), and a bit filter small enough for a cache."""
    bits = 10
    while 1 << bits < 4 * len(grams):
        bits += 1
    slots = np.zeros(1 << bits, dtype=np.int32)
    sieve = np.zeros(1 << max(bits - 4, 0), dtype=np.uint64)  # 4 bits a slot, 16 or more a gram
    mask = np.uint64(len(slots) - 1)
    for i in range(len(grams)):
        slot = grams[i] & mask
        while slots[slot]:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = i + 1
        bit = grams[i] >> np.uint64(62 - bits)
        sieve[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
    return slots, sieve


@njit(cache=True)
def _find(value, grams, slots, sieve, shift):
    bit = value >> shift
    if not (sieve[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
        return -1
    mask = np.uint64(len(slots) - 1)
    slot = value & mask
    while slots[slot]:
        index = slots[slot] - 1
        if grams[index] == value:
            return index
        slot = (slot + np.uint64(1)) & mask
    return -1


@njit(cache=True)
def find_hits(tokens, full, index, lengths, first_text, groups, seen, counts, limits):
    """Runs of tokens of N texts that are among the grams of an index.

    Args:
        tokens: bounds, hashes and weights from `cut_tokens`.
        index: distinct grams (G,) with what `build_slots` makes of them.
        lengths: lengths in tokens of the grams that are shorter than a window; each is tried at each token.
        first_text: number of the first of these texts; groups: (N,) the group of each, ascending over all calls.
        seen: (2, G) int64, -1 at first: last text and last group that held each gram; changed in place.
        counts: (2, G) int32, 0 at first: how many texts and groups held each gram; changed in place.
        limits: texts and groups above which a gram is generic: further hits are only counted.

    Returns:
        (H, 3) int32: text, token counted from the start of the text, gram; by text and token.
    """
    bounds, hashes, weights = tokens
    grams, slots, sieve = index
    shift = np.uint64(64 - int(np.log2(len(sieve) * 64) + 0.5))
    prefix, powers = prefix_hashes(hashes), powers_of_base(full)
    found = np.empty((1024, 3), dtype=np.int32)
    size = 0
    for text in range(len(bounds) - 1):
        end, weight = bounds[text], 0
        for start in range(bounds[text], bounds[text + 1]):
            while end < bounds[text + 1] and weight < full:
                weight += weights[end]
                end += 1
            for k in range(len(lengths) + 1):
                stop = end if k == len(lengths) else start + lengths[k]
                if stop > bounds[text + 1] or (k == len(lengths) and weight < full):
                    continue
                gram = _find(_run_hash(prefix, powers, start, stop), grams, slots, sieve, shift)
                if gram < 0:
                    continue
                _count(gram, first_text + text, groups[text], seen, counts)
                if counts[0, gram] > limits[0] or counts[1, gram] > limits[1]:
                    continue
                if size == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[size, 0], found[size, 1], found[size, 2] = first_text + text, start - bounds[text], gram
                size += 1
            weight -= weights[start]
    return found[:size].copy()


@njit(cache=True)
def _count(gram, text, group, seen, counts):
    if seen[0, gram] != text:
        counts[0, gram] += 1
        seen[0, gram] = text
    if seen[1, gram] != group:
        counts[1, gram] += 1
        seen[1, gram] = group


@njit(cache=True)
def gather_overlaps(hits, postings, places, lengths, bounds, weights):
    """What each text shares with each indexed text.

    Args:
        hits: (H, 3) from `find_hits`.
        postings: (G + 1,) bounds of each gram's places; places: (Q, 2) int32, indexed text and token in it, ascending.
        lengths: (G,) length of each gram in tokens.
        bounds, weights: tokens of the V indexed texts.

    Returns:
        (R, 6) int64: text, indexed text, units of the indexed text that are covered, and the longest run that
        both hold: its first token in either, its length in tokens.
    """
    units = np.zeros(len(weights) + 1, dtype=np.int64)
    units[1:] = np.cumsum(weights)
    run = np.full(
        (len(weights), 3), -1, dtype=np.int32
    )  # by token: last text, its token, its run's first one
    covered = np.full(len(weights), -1, dtype=np.int32)  # by token: last text that covered it
    best = np.zeros((len(bounds) - 1, 5), dtype=np.int64)  # by item: units covered, units of the run, the run
    last = np.full(len(bounds) - 1, -1, dtype=np.int32)
    touched = np.empty(len(bounds) - 1, dtype=np.int32)
    found = np.empty((1024, 6), dtype=np.int64)
    size, at = 0, 0
    while at < len(hits):
        text, count = hits[at, 0], 0
        while at < len(hits) and hits[at, 0] == text:
            token, gram = hits[at, 1], hits[at, 2]
            # the last place first: run[q - 1] still is what the text's last token left
            for place in range(postings[gram + 1] - 1, postings[gram] - 1, -1):
                item, q = places[place, 0], bounds[places[place, 0]] + places[place, 1]
                if last[item] != text:
                    last[item] = text
                    best[item] = 0
                    touched[count] = item
                    count += 1
                began = token
                if places[place, 1] > 0 and run[q - 1, 0] == text and run[q - 1, 1] == token - 1:
                    began = run[q - 1, 2]
                run[q, 0], run[q, 1], run[q, 2] = text, token, began
                start, stop = q - (token - began), q + lengths[gram]
                if units[stop] - units[start] > best[item, 1]:
                    best[item, 1], best[item, 2] = units[stop] - units[start], began
                    best[item, 3], best[item, 4] = start - bounds[item], stop - start
                for j in range(q, stop):
                    if covered[j] != text:
                        covered[j] = text
                        best[item, 0] += weights[j]
            at += 1
        for k in range(count):
            if size == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            item = touched[k]
            found[size, 0], found[size, 1], found[size, 2] = text, item, best[item, 0]
            found[size, 3], found[size, 4], found[size, 5] = best[item, 2], best[item, 3], best[item, 4]
            size += 1
    return found[:size].copy()

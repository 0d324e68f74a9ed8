"""Phrases as numbers: tokens of Latin words and single CJK characters, and the rare n-grams of them.

Tokens, not strings: 100,000 texts hold tens of millions of n-grams, and what matters of one is who holds it. Symbols:
N texts, T tokens, P phrases, K answers.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from tasks.duplicates.folding import Points

LATIN_TOKENS = 3
"""Words of the longest phrase."""
CJK_TOKENS = 6
"""Characters of the longest phrase in kana and kanji."""
ENDS = 128
"""Tokens at the beginning, and at the end, of a text that are read: a trigger must be at hand."""
MAX_BUCKETS = 24
"""Bits of the table that counts n-grams before any is kept: 2 ** 24 buckets of 16 bytes."""

BLOCK = 64
"""Buckets that are numbered together, so that the numbers of all fit into a byte each."""


class Tokens(NamedTuple):
    """Tokens of N texts, end to end: text i has `[starts[i]:starts[i + 1]]`."""

    codes: np.ndarray  # (T,) uint64 hash of each token
    cjk: np.ndarray  # (T,) bool: a single kana, kanji or hangul
    begins: np.ndarray  # (T,) int64 place of the token's first character among the points
    ends: np.ndarray  # (T,) int64
    starts: np.ndarray  # (N + 1,) int64


class Grams(NamedTuple):
    """Which of N texts hold which rare phrase: phrase p is held by `rows[bounds[p]:bounds[p + 1]]`."""

    rows: np.ndarray  # (H,) int64, sorted within a phrase
    bounds: np.ndarray  # (P + 1,) int64
    first: np.ndarray  # (P,) int64: token at which the phrase stands once
    length: np.ndarray  # (P,) int64: its tokens
    tested: int
    """Phrases that are frequent enough to be judged, of any purity: what significance is corrected for."""


def tokenize(texts: Points) -> Tokens:
    """Tokens of texts in matching form: runs of letters and digits, and each CJK character."""
    return Tokens(*_tokenize(texts.points, texts.starts, _classes(texts.points)))


def _classes(points: np.ndarray) -> np.ndarray:
    """(C,) uint8: 0 between tokens, 1 in a word, 2 a token of its own."""
    if len(points) == 0:
        return np.zeros(0, np.uint8)
    known = np.flatnonzero(np.bincount(points))
    kinds = np.zeros(known[-1] + 1, np.uint8)
    kinds[known] = [_class(chr(point)) for point in known.tolist()]
    return kinds[points]


def _class(char: str) -> int:
    if "\u3041" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af":
        return 0 if char == "・" else 2
    return int(char.isalnum() or char == "_" or ord(char) > 0x2E7F)


@njit(cache=True)
def _tokenize(points, starts, classes):
    count = 0
    for i in range(len(points)):
        count += classes[i] > 0
    codes, cjk = np.empty(count, np.uint64), np.empty(count, np.bool_)
    begins, ends = np.empty(count, np.int64), np.empty(count, np.int64)
    bounds = np.zeros(len(starts), np.int64)
    size = 0
    for text in range(len(starts) - 1):
        i, stop = starts[text], starts[text + 1]
        own = bounds[text]
        while i < stop:
            if classes[i] == 0:
                i += 1
                continue
            begin, code = i, np.uint64(1469598103934665603)
            single = classes[i] == 2
            while i < stop and classes[i] == (2 if single else 1):
                code = (code ^ np.uint64(points[i])) * np.uint64(1099511628211)
                i += 1
                if single:
                    break
            codes[size], cjk[size], begins[size], ends[size] = code, single, begin, i
            size += 1
        if size - own > 2 * ENDS:  # keep both ends of a long text
            cut = size - own - 2 * ENDS
            for k in range(own + ENDS, size - cut):
                codes[k], cjk[k], begins[k], ends[k] = (
                    codes[k + cut],
                    cjk[k + cut],
                    begins[k + cut],
                    ends[k + cut],
                )
            size -= cut
        bounds[text + 1] = size
    return codes[:size].copy(), cjk[:size].copy(), begins[:size].copy(), ends[:size].copy(), bounds


def rare_grams(tokens: Tokens, answers: np.ndarray, least: int, most: int, purity: float) -> Grams:
    """Phrases held by `least` to `most` texts, of which a share of at least `purity` has one answer.

    Args:
        answers: (N,) int64 in [0, K).
    """
    bits = min(MAX_BUCKETS, max(12, int(np.ceil(np.log2(4 * max(1, len(tokens.codes)) + 1)))))
    frequent = _frequent(tokens.codes, tokens.cjk, tokens.starts, least, bits)
    blocks = frequent.reshape(-1, BLOCK)
    places = np.where(blocks, np.cumsum(blocks, axis=1, dtype=np.uint8), np.uint8(0)).ravel()
    bases = np.append(0, np.cumsum(np.count_nonzero(blocks, axis=1)))
    counted = _count(*tokens[:2], tokens.starts, answers, places, bases, 2 * most, bits)
    held, lead = counted[:, 0], counted[:, 1]
    tested = int(np.count_nonzero(held >= least))
    wanted = (held >= least) & (held <= 2 * most) & (lead >= (2 * purity - 1) * 0.8 * held)
    size = int(counted[wanted, 4].sum(dtype=np.int64))
    frequent[frequent] = wanted[1:]
    codes, rows, first, length = _emit(*tokens[:2], tokens.starts, frequent, bits, size)
    order = np.argsort(codes, kind="stable")
    codes, rows, first, length = codes[order], rows[order], first[order], length[order]
    fresh = np.append(True, (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1]))[: len(codes)]
    codes, rows, first, length = codes[fresh], rows[fresh], first[fresh], length[fresh]
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    bounds = np.append(starts, len(codes)).astype(np.int64)
    sizes = np.diff(bounds)
    kept = np.flatnonzero((sizes >= least) & (sizes <= most))
    return Grams(*_select(rows, bounds, kept), first[bounds[kept]], length[bounds[kept]], tested)


def _select(rows: np.ndarray, bounds: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sizes = bounds[kept + 1] - bounds[kept]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.arange(ends[-1]) - np.repeat(ends[:-1], sizes) + np.repeat(bounds[kept], sizes)
    return rows[at], ends


def take_grams(grams: Grams, kept: np.ndarray) -> Grams:
    """The phrases with the indices `kept`, in that order."""
    return Grams(
        *_select(grams.rows, grams.bounds, kept), grams.first[kept], grams.length[kept], grams.tested
    )


@njit(cache=True, inline="always")
def _mix(code, token):
    code = (code ^ token) * np.uint64(0x9E3779B97F4A7C15)
    return code ^ (code >> np.uint64(29))


@njit(cache=True, inline="always")
def _bucket(code, bits):
    return code * np.uint64(0xD6E8FEB86659FD93) >> np.uint64(64 - bits)


@njit(cache=True)
def _frequent(codes, cjk, starts, least, bits):
    """(2 ** bits,) bool: buckets of which n-grams stand at `least` places or more, in whatever texts."""
    places = np.zeros(1 << bits, np.uint8)
    enough = min(least, 255)
    for text in range(len(starts) - 1):
        for i in range(starts[text], starts[text + 1]):
            code = np.uint64(0)
            for n in range(min(CJK_TOKENS, starts[text + 1] - i)):
                if n >= LATIN_TOKENS and not (cjk[i] and cjk[i + n]):
                    break
                code = _mix(code, codes[i + n])
                at = _bucket(code, bits)
                places[at] += places[at] < enough
    return places >= enough


@njit(cache=True)
def _count(codes, cjk, starts, answers, places, bases, most, bits):
    """Of each frequent bucket, at its slot from 1 on: what is counted of the n-grams in it.

    Args:
        places: (2 ** bits,) uint8 slot of each bucket within its block, from 1 on; 0 where it is not frequent.
        bases: frequent buckets before each block, and before the end.
        most: texts from which on more are not counted; the bucket's place becomes 0.

    Returns:
        (B + 1, 5) int32: texts that hold one; by how many of them the leading answer leads (Boyer-Moore); that
        answer; the last text, from 1 on; places at which they stand.
    """
    counted = np.zeros((bases[-1] + 1, 5), np.int32)
    for text in range(len(starts) - 1):
        answer = np.int32(answers[text])
        for i in range(starts[text], starts[text + 1]):
            code = np.uint64(0)
            for n in range(min(CJK_TOKENS, starts[text + 1] - i)):
                if n >= LATIN_TOKENS and not (cjk[i] and cjk[i + n]):
                    break
                code = _mix(code, codes[i + n])
                at = _bucket(code, bits)
                if places[at] == 0:
                    continue
                slot = np.uint64(bases[at // np.uint64(BLOCK)]) + places[at]
                counted[slot, 4] += 1
                if counted[slot, 3] == text + 1:
                    continue
                counted[slot, 3] = text + 1
                counted[slot, 0] += 1
                lead = counted[slot, 1]
                leader = answer if lead == 0 else counted[slot, 2]
                counted[slot, 2] = leader
                counted[slot, 1] = lead + 2 * (leader == answer) - 1
                if counted[slot, 0] > most:
                    places[at] = 0
    return counted


@njit(cache=True)
def _emit(codes, cjk, starts, wanted, bits, size):
    """Code, text, place and length of each of the `size` n-grams whose bucket is wanted."""
    found, rows = np.empty(size, np.uint64), np.empty(size, np.int64)
    first, length = np.empty(size, np.int64), np.empty(size, np.int64)
    at = 0
    for text in range(len(starts) - 1):
        for i in range(starts[text], starts[text + 1]):
            code = np.uint64(0)
            for n in range(min(CJK_TOKENS, starts[text + 1] - i)):
                if n >= LATIN_TOKENS and not (cjk[i] and cjk[i + n]):
                    break
                code = _mix(code, codes[i + n])
                if wanted[_bucket(code, bits)]:
                    found[at], rows[at], first[at], length[at] = code, text, i, n + 1
                    at += 1
    return found, rows, first, length


@njit(cache=True)
def hash_features(codes, cjk, starts, width):
    """Unigrams, bigrams and (of CJK) trigrams of each text as columns of a table of `width`: a CSR's parts.

    Args:
        width: 2 ** 16 at most.

    Returns:
        Columns, in order and each once within a text, and (N + 1,) int64 bounds of the texts.
    """
    bounds = np.zeros(len(starts), np.int64)
    longest = 0
    for text in range(len(starts) - 1):
        longest = max(longest, starts[text + 1] - starts[text])
    raw, spare = np.empty(3 * longest, np.uint16), np.empty(3 * longest, np.uint16)
    columns = np.empty(3 * len(codes), np.uint16)
    size = 0
    for text in range(len(starts) - 1):
        held = 0
        for i in range(starts[text], starts[text + 1]):
            code = np.uint64(0)
            for n in range(min(3, starts[text + 1] - i)):
                if n == 2 and not (cjk[i] and cjk[i + 1] and cjk[i + 2]):
                    break
                code = _mix(code, codes[i + n])
                raw[held] = _bucket(code, 24) % np.uint64(width)
                held += 1
        _sort_bytes(raw, spare, held, 0)
        _sort_bytes(spare, raw, held, 8)
        for i in range(held):
            if i == 0 or raw[i] != raw[i - 1]:
                columns[size] = raw[i]
                size += 1
        bounds[text + 1] = size
    return columns[:size].copy(), bounds


@njit(cache=True)
def _sort_bytes(given, sorted_, size, shift):
    """The first `size` of `given` by one of their two bytes, equal ones in the order that they have."""
    starts = np.zeros(257, np.int64)
    for i in range(size):
        starts[(given[i] >> shift & 255) + 1] += 1
    for byte in range(256):
        starts[byte + 1] += starts[byte]
    for i in range(size):
        byte = given[i] >> shift & 255
        sorted_[starts[byte]] = given[i]
        starts[byte] += 1

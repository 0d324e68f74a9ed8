"""Matching forms of many texts at once, as code points: what `tasks.text.matching_form` gives, compiled.

A table tells for each code point what it becomes (NFKC, lower case, variants). It holds only code points that
nothing before them changes: each starts a normalisation unit of its own (Unicode Standard Annex 15, section
9), so that the form of a text is the forms of its characters in a row. A text with any other character
(combining marks in decomposed text, voicing marks of half-width kana, a capital sigma) goes through
`matching_form` itself.
"""

import functools
import itertools
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from tasks import text

TABLE_SIZE = 0x30000
"""Code points that the table covers: the planes with letters, ideographs and pictographs."""
_UNCHANGED = ((0x3400, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900), (0x20000, 0x2F800))
"""Ideographs, hangul syllables and private use: each is its own matching form."""
_EXPANDED, _SLOW = np.uint32(0x80000000), np.uint32(0xFFFFFFFF)
_ONE, _TWO, _THREE, _FOUR = (np.uint64(number) for number in (1, 2, 3, 4))
"""Indices are unsigned in the inner loops: of a signed one, each access asks whether it counts from the end."""
_SIX_BITS, _SPACE, _DASH = np.uint32(0x3F), np.uint32(32), np.uint32(0x30FC)


class Points(NamedTuple):
    """N texts as code points, end to end: text i has `points[starts[i]:starts[i + 1]]`."""

    points: np.ndarray  # (C,) uint32
    starts: np.ndarray  # (N + 1,) int64


def fold_texts(texts: pa.Array | pa.ChunkedArray) -> Points:
    """Matching forms of N strings; a null counts as an empty text."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    data, offsets = _utf8(texts.cast(pa.large_string()))
    points, starts, slow = _fold(data, offsets, *_table())
    odd = np.flatnonzero(slow)
    if len(odd) == 0:
        return Points(points, starts)
    forms = [text.matching_form(value) for value in texts.take(pa.array(odd)).to_pylist()]
    return Points(*_splice(points, starts, slow, *as_points(forms)))


def as_points(forms: Sequence[str]) -> Points:
    """Strings, already in matching form, as code points."""
    points = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(forms) + 1, dtype=np.int64)
    np.cumsum([len(form) for form in forms], out=starts[1:])
    return Points(points, starts)


def as_strings(folded: Points) -> list[str]:
    """The strings that the code points spell."""
    whole = folded.points.tobytes().decode("utf-32-le", "surrogatepass")
    bounds = folded.starts.tolist()
    return [whole[start:stop] for start, stop in itertools.pairwise(bounds)]


def byte_runs(sizes: np.ndarray, limit: int) -> Iterator[tuple[int, int]]:
    """Bounds of runs of N texts of about `limit` bytes each; `sizes` are the bytes of the texts, (N,) integers."""
    ends = np.cumsum(sizes, dtype=np.int64) // limit
    bounds = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(sizes)]
    yield from itertools.pairwise(bounds if len(sizes) else [])


def _utf8(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes and offsets of a string array, without a copy."""
    if texts.null_count:
        texts = pc.fill_null(texts, "")
    if len(texts) == 0:
        return np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8), bounds


@functools.cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """(TABLE_SIZE,) uint32: the one code point that each becomes, or a marker; and the code points of expansions."""
    table = np.arange(TABLE_SIZE, dtype=np.uint32)
    flat: list[int] = []
    trailing = _trailing_points()
    start = 0
    for low, high in (*_UNCHANGED, (TABLE_SIZE, TABLE_SIZE)):
        for point in range(start, low):
            form = _form_of(chr(point), trailing)
            if form is None or len(form) > len(chr(point).encode("utf-8", "surrogatepass")):
                table[point] = _SLOW  # the kernel's output is never longer than its input
            elif len(form) == 1:
                table[point] = ord(form)
            else:
                table[point] = int(_EXPANDED) | len(flat) << 4 | len(form)
                flat += map(ord, form)
        start = high
    return table, np.array(flat, dtype=np.uint32)


def _form_of(character: str, trailing: frozenset[str]) -> str | None:
    """What a character becomes wherever it stands; None if that depends on what stands beside it."""
    first = unicodedata.normalize("NFKD", character)[0]
    folded = unicodedata.normalize("NFKC", character)
    if unicodedata.combining(first) or first in trailing or "\u03a3" in folded:
        return None
    return "".join(" " if c.isspace() else c for c in folded.lower().translate(text.VARIANTS))


def _trailing_points() -> frozenset[str]:
    """Characters that can become one with the character before them, combining marks aside."""
    jamo = {chr(point) for low, high in ((0x1161, 0x1176), (0x11A8, 0x11C3)) for point in range(low, high)}
    halves = (unicodedata.decomposition(chr(point)).split() for point in range(sys.maxunicode + 1))
    return frozenset(
        jamo | {chr(int(half[1], 16)) for half in halves if len(half) == 2 and half[0][0] != "<"}
    )


@njit(cache=True)
def _fold(data, offsets, table, flat):
    """Returns the code points, the starts, and which texts the table cannot fold (they are left empty)."""
    out = np.empty(offsets[-1] - offsets[0], dtype=np.uint32)
    starts = np.zeros(len(offsets), dtype=np.int64)
    slow = np.zeros(len(offsets) - 1, dtype=np.bool_)
    size = np.uint64(0)
    for index in range(len(offsets) - 1):
        i, stop = np.uint64(offsets[index]), np.uint64(offsets[index + 1])
        end, slow[index], cjk = _map(data, i, stop, table, flat, out, size)
        size = _tidy_cjk(out, size, end) if cjk else _single_spaces(out, size, end)
        starts[index + 1] = size
    return out[:size], starts, slow  # no copy: pages of `out` that nothing is written to cost nothing


@njit(cache=True)
def _map(data, i, stop, table, flat, out, size):
    """Decodes UTF-8 and writes what each character becomes.

    Returns:
        Where the text ends in `out`; whether the table cannot fold it; whether it may hold CJK.
    """
    begin, highest = size, np.uint32(0)
    while i < stop:
        point = np.uint32(data[i])
        if point < 0x80:
            i += _ONE
        elif point & np.uint32(0xF0) == 0xE0:
            point = (point & np.uint32(0x0F)) << np.uint32(12) | _low_bits(data, i + _ONE) << np.uint32(6)
            point |= _low_bits(data, i + _TWO)
            i += _THREE
        elif point < 0xE0:
            point = (point & np.uint32(0x1F)) << np.uint32(6) | _low_bits(data, i + _ONE)
            i += _TWO
        else:
            point = (point & np.uint32(0x07)) << np.uint32(18) | _low_bits(data, i + _ONE) << np.uint32(12)
            point |= _low_bits(data, i + _TWO) << np.uint32(6) | _low_bits(data, i + _THREE)
            i += _FOUR
        value = table[point] if point < TABLE_SIZE else _SLOW
        if value < _EXPANDED:
            out[size] = value
            size += _ONE
            highest = max(highest, value)
        elif value == _SLOW:
            return begin, True, False
        else:
            at = np.uint64((value ^ _EXPANDED) >> np.uint32(4))
            for k in range(at, at + np.uint64(value & np.uint32(15))):
                out[size] = flat[k]
                size += _ONE
                highest = max(highest, flat[k])
    return size, False, highest > 0x3000


@njit(cache=True)
def _low_bits(data, i):
    """What a byte after the first contributes to a code point."""
    return np.uint32(data[i]) & _SIX_BITS


@njit(cache=True)
def _single_spaces(out, begin, stop):
    """Runs of spaces as one, none at the ends; in place and without branches, returns the end."""
    size, last = begin, _SPACE
    for i in range(begin, stop):
        point = out[i]
        out[size] = point
        size += np.uint64((point != _SPACE) | (last != _SPACE))
        last = point
    return size - np.uint64((size > begin) & (last == _SPACE))


@njit(cache=True)
def _tidy_cjk(out, begin, stop):
    """Single spaces, none at the ends or beside CJK, V-sounds and last long vowels of katakana; in place.

    Returns:
        The end.
    """
    i = begin
    while i < stop and not _is_tidied(out[i]):
        i += _ONE
    size = i
    while i < stop:
        point = out[i]
        if not _is_tidied(point):
            out[size] = point
            size += _ONE
            i += _ONE
        elif point == _SPACE:
            i = _skip_spaces(out, i, stop)
            inside = begin < size and i < stop
            if inside and not _loses_spaces(out[size - _ONE]) and not _loses_spaces(out[i]):
                out[size] = _SPACE
                size += _ONE
        elif point == _DASH:
            i += _ONE
            if not (
                _ends_katakana(out, begin, size) and _begins_other(out, _skip_spaces(out, i, stop), stop)
            ):
                out[size] = point
                size += _ONE
        else:
            vowel = out[i + _ONE] if i + _ONE < stop else np.uint32(0)
            out[size], taken = _v_sound(point, vowel)
            size += _ONE
            i += taken
    return size


@njit(cache=True)
def _is_tidied(point):
    """Whether a character may be changed by what is beside it: a space, a long vowel mark, a katakana V."""
    return (point == _SPACE) | (point - np.uint32(0x30F4) <= np.uint32(8))


@njit(cache=True)
def _skip_spaces(out, i, stop):
    while i < stop and out[i] == _SPACE:
        i += _ONE
    return i


@njit(cache=True)
def _ends_katakana(out, begin, size):
    """Whether what is written ends with katakana, before which stands katakana or a long vowel mark."""
    if size < begin + _TWO or not _is_katakana(out[size - _ONE]):
        return False
    return out[size - _TWO] == _DASH or _is_katakana(out[size - _TWO])


@njit(cache=True)
def _begins_other(out, i, stop):
    """Whether a katakana word has ended before `i`."""
    return i == stop or not (out[i] == _DASH or _is_katakana(out[i]))


@njit(cache=True)
def _loses_spaces(point):
    """Whether spaces beside a character are dropped: kana, ideographs and their punctuation."""
    return 0x3001 <= point <= 0x30FF or 0x3400 <= point <= 0x9FFF


@njit(cache=True)
def _v_sound(point, vowel):
    """What a katakana V becomes, before a small vowel or alone, and how many characters that replaces."""
    if point == 0x30F7:
        return np.uint32(0x30D0), _ONE
    if point == 0x30FA:
        return np.uint32(0x30DC), _ONE
    if point != 0x30F4:
        return point, _ONE
    if vowel == 0x30A1:
        return np.uint32(0x30D0), _TWO
    if vowel == 0x30A3:
        return np.uint32(0x30D3), _TWO
    if vowel == 0x30A7:
        return np.uint32(0x30D9), _TWO
    if vowel == 0x30A9:
        return np.uint32(0x30DC), _TWO
    return np.uint32(0x30D6), _ONE


@njit(cache=True)
def _is_katakana(point):
    return 0x30A1 <= point <= 0x30FA


@njit(cache=True)
def _splice(points, starts, slow, others, bounds):
    """The texts with those that are `slow` taken from `others`, in order."""
    merged = np.empty(len(points) + len(others), dtype=np.uint32)
    ends = np.zeros_like(starts)
    size, k = 0, 0
    for index in range(len(starts) - 1):
        piece = points[starts[index] : starts[index + 1]]
        if slow[index]:
            piece = others[bounds[k] : bounds[k + 1]]
            k += 1
        merged[size : size + len(piece)] = piece
        size += len(piece)
        ends[index + 1] = size
    return merged, ends

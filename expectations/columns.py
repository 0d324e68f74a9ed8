"""The measures over whole columns: compiled code tells which rows are in doubt, and only those are read one by one.

Each function says of every row what its namesake in `expectations.measures` says of one text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations import kernels
from expectations.measures import (
    ENDS_WHOLE,
    GARBLED,
    MOST_AROUND,
    QUESTION_EDGES,
    garbled_signs,
    is_copied,
    is_expected_code,
    is_expected_language,
    looks_truncated,
    primary_code,
)

_PADDING = "-=_~*#|.:+"
_LOOKED_AT = 8
"""Characters in which the first letter is looked for."""
_FLAGGED_POINTS = 0x34000
"""From this code point on there are no letters, digits or spaces."""


def as_texts(column: pd.Series) -> pa.LargeStringArray:
    """A column of text as one Arrow array; what is missing is ""."""
    array: Any = pa.array(column, type=pa.large_string(), from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.fill_null("") if array.null_count else array


def repetition_shares(texts: pa.LargeStringArray) -> np.ndarray:
    """(N,) float64: share (0-1) of each text that repeats itself.

    The larger of two: character n-grams seen before, and lines seen before. After the repetition filters of
    Gopher (Rae et al. 2021, A1.1), with characters for words: Japanese has no spaces. Padding and rules do not
    count. Text of fewer than 30 characters gives 0.
    """
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.zeros(len(texts))
    bounds = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return kernels.measure_repetition(np.frombuffer(data, dtype=np.uint8), bounds, _point_flags())


def are_repetitive(
    languages: pa.LargeStringArray,
    texts: pa.LargeStringArray,
    threshold: float,
    thresholds: Mapping[str, float],
) -> np.ndarray:
    """(N,) bool: whether more of a text repeats itself than the threshold of its language allows.

    Args:
        threshold: of languages that `thresholds` does not name.
    """
    codes = languages.dictionary_encode()
    allowed = [thresholds.get(primary_code(code), threshold) for code in codes.dictionary.to_pylist()]
    return repetition_shares(texts) > np.array(allowed, dtype=float)[codes.indices.to_numpy()]


def repetition_share(text: str) -> float:
    """`repetition_shares` of one text."""
    return float(repetition_shares(pa.array([text], pa.large_string()))[0])


def are_garbled(texts: pa.LargeStringArray) -> np.ndarray:
    """(N,) bool: whether a text shows signs of wrong decoding."""
    suspected = pc.match_substring_regex(texts, "|".join(p.pattern for p in GARBLED.values()))
    return _confirm(suspected, garbled_signs, texts)


def are_truncated(texts: pa.LargeStringArray) -> np.ndarray:
    """(N,) bool: whether a longer answer stops in the middle."""
    open_ended = pc.invert(pc.match_substring_regex(pc.utf8_slice_codeunits(texts, -1), ENDS_WHOLE))
    return _confirm(open_ended, looks_truncated, texts)


def are_copied(first: pa.LargeStringArray, second: pa.LargeStringArray) -> np.ndarray:
    """(N,) bool: whether the second text says nothing but the first."""
    initials = [_initials(first), _initials(second)]
    blank = pc.or_(*(pc.equal(initial, "") for initial in initials))
    core, length = pc.utf8_length(pc.utf8_trim(first, QUESTION_EDGES)), pc.utf8_length(second)
    around = pc.subtract(length, core)
    held = pc.and_(pc.greater_equal(around, 0), pc.less_equal(around, MOST_AROUND))
    suspected = pc.or_(pc.or_(pc.equal(*initials), blank), held)
    return _confirm(suspected, is_copied, first, second)


def are_expected_languages(
    languages: pa.LargeStringArray, texts: pa.LargeStringArray, expected: Sequence[str]
) -> np.ndarray:
    """(N,) bool: whether the language of a text is among the expected ones."""
    codes = languages.dictionary_encode()
    told = [is_expected_code(code, expected) if code else None for code in codes.dictionary.to_pylist()]
    by_code = np.array([value is True for value in told], dtype=bool)[codes.indices.to_numpy()]
    open_codes = np.array([value is None for value in told], dtype=bool)[codes.indices.to_numpy()]
    return by_code | _confirm(
        pa.array(open_codes), lambda code, text: is_expected_language(code, text, expected), languages, texts
    )


def _initials(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """First letters, lower case; "" where more than a few spaces come before."""
    starts = pc.utf8_ltrim_whitespace(pc.utf8_slice_codeunits(texts, 0, _LOOKED_AT))
    return pc.utf8_lower(pc.utf8_slice_codeunits(starts, 0, 1))


def _confirm(
    suspected: pa.BooleanArray, says: Callable[..., object], *columns: pa.LargeStringArray
) -> np.ndarray:
    """(N,) bool: the suspected rows of whose texts `says` is true."""
    rows = np.flatnonzero(suspected.to_numpy(zero_copy_only=False))
    verdicts = np.zeros(len(suspected), dtype=bool)
    texts = zip(*(column.take(pa.array(rows)).to_pylist() for column in columns), strict=True)
    verdicts[rows] = [bool(says(*row)) for row in texts]
    return verdicts


@cache
def _point_flags() -> np.ndarray:
    points = [chr(point) for point in range(_FLAGGED_POINTS)]
    return np.array(
        [
            kernels.SPACE * point.isspace()
            | kernels.PADDING * (point.isspace() or point in _PADDING)
            | kernels.ALPHANUMERIC * point.isalnum()
            for point in points
        ],
        dtype=np.uint8,
    )

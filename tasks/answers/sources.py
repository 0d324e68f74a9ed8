"""An answer held against the text that it can be held against."""

import math
from typing import NamedTuple

from tasks.grounding import read_figures
from tasks.text import NAME, matching_form

SOURCE_PARTS = (
    "not_in_source",  # share of the answer's character 3-grams that the source does not hold
    "figures_not_in_source",  # share of its figures
    "names_not_in_source",  # share of its names
    "stops_in_word",  # quotes the source, and stops within a word of it
    "starts_in_word",  # quotes the source, and starts within a word of it
)
_NGRAM = 3
_NOTHING = (math.nan,) * len(SOURCE_PARTS)


class Source(NamedTuple):
    """A text to hold answers against, read once."""

    form: str
    """In matching form."""
    numbers: frozenset[str]
    """Its figures."""


def read_source(text: str) -> Source:
    return Source(matching_form(text), frozenset(figure.number for figure in read_figures(text)))


def measure_against(source: Source | None, answer: str) -> tuple[float, ...]:
    """One value for each of `SOURCE_PARTS`, in their order; NaN where a part does not apply."""
    form = matching_form(answer) if source else ""
    if source is None or not form:
        return _NOTHING
    grams = _grams_of(form)
    return (
        1 - sum(gram in source.form for gram in grams) / len(grams),
        _share([figure.number in source.numbers for figure in read_figures(answer)]),
        _share([matching_form(name) in source.form for name in NAME.findall(answer)]),
        *_cuts(source.form, form),
    )


def script_of(character: str) -> str:
    """Katakana, hiragana, kanji, figure, letter or other: where it changes, a Japanese word often ends."""
    point = ord(character)
    if 0x30A1 <= point <= 0x30FA or point == 0x30FC:
        return "katakana"
    if 0x3041 <= point <= 0x309F:
        return "hiragana"
    if 0x3400 <= point <= 0x9FFF:
        return "kanji"
    if character.isdigit():
        return "figure"
    return "letter" if character.isalpha() else "other"


def _grams_of(form: str) -> set[str]:
    return {form[i : i + _NGRAM] for i in range(max(1, len(form) - _NGRAM + 1))}


def _share(held: list[bool]) -> float:
    """Share that is not held; NaN of nothing."""
    return 1 - sum(held) / len(held) if held else math.nan


def _cuts(source: str, form: str) -> tuple[float, float]:
    """Whether the quotation stops, and starts, within a word; NaN where it is none."""
    start = source.find(form)
    if start < 0:
        return math.nan, math.nan
    before, after = source[:start][-1:], source[start + len(form) :][:1]
    return float(_joins(form[-1], after)), float(_joins(before, form[0]))


def _joins(left: str, right: str) -> bool:
    return bool(left and right) and script_of(left) == script_of(right) != "other"

"""Prompts that share a passage and ask something else about it: alike in nearly all n-grams, and no copies.

A prompt is cut into sentences and lines. Those that the other prompt holds too are the shared passage; what is left of
both is compared by itself.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz

from tasks.duplicates.alignment import is_edited_copy, weigh
from tasks.duplicates.answers import say_the_same
from tasks.duplicates.boilerplate import GAP
from tasks.duplicates.kernels import SHORT_GRAMS, SHORT_SIMILARITY
from tasks.duplicates.ngrams import gram_sets, jaccards
from tasks.overlap.grams import LATIN
from tasks.text import matching_form

UNLIKE = 50.0
"""rapidfuzz ratio (0-100) of what is left, below which it is something else wherever it stands: two sentences that have
nothing to do with each other have 20 to 45."""
UNLIKE_LINES = 75.0
"""The same of whole lines before or after the passage: a message, or an instruction, that stands by itself."""
_ASKED = re.compile(
    r"\b(?:what|when|where|who|whom|whose|which|why|how)\b"
    "|いつ|どこ|どう|どの|どれ|どちら|どんな|だれ|なぜ|なに|いくつ|いくら"
)
_SENTENCE = re.compile(r"[^\u3002\uff01\uff1f!?.]*(?:[\u3002\uff01\uff1f]+|[!?.]+(?=\s|$)|[!?.]|$)")
_ASKS = re.compile(r"(?:[?\uff1f]|\u304b\u3002?)[\s\"'\u300d\u300f)\uff09]*$")


class Unit(NamedTuple):
    """A sentence, or the part of one that stands on a line."""

    form: str
    weight: float
    """Five-letter words, or pairs of kana and kanji."""
    line: int
    asks: bool


class _Left(NamedTuple):
    """What one prompt has and the other has not."""

    form: str
    weight: float
    asks: bool
    at_an_end: bool
    """Whether it stands in one place, a label aside, with nothing much before or after it; whole lines, or asking."""


def ask_apart(
    texts: Sequence[str], pairs: np.ndarray, ngrams: tuple[int, int], threshold: float
) -> np.ndarray:
    """(P,) bool: which pairs of similar prompts have a passage in common and ask, or say, something else about it.

    Questions before or after the passage must be as near as questions must be that have no passage, or differ in no
    word of content. What else is left, as an edit within a text, need only align by `UNLIKE` or `UNLIKE_LINES`.

    Args:
        texts: N prompts, as they are written.
        pairs: (P, 2) indices into `texts`.
        ngrams: characters of a Latin and of a CJK n-gram.
        threshold: Jaccard similarity (0-1) that long prompts must have.
    """
    units = {index: cut_units(texts[index]) for index in np.unique(pairs).tolist()}
    apart = np.zeros(len(pairs), dtype=bool)
    forms: list[str] = []
    strict: list[int] = []
    for number, (a, b) in enumerate(pairs.tolist()):
        left = _leave(units[a], units[b])
        if left is None:
            continue
        one, other = left
        ends = one.at_an_end and other.at_an_end
        if ends and (one.asks or other.asks):
            strict.append(number)
            forms += one.form, other.form
        else:
            apart[number] = fuzz.ratio(one.form, other.form) < (UNLIKE_LINES if ends else UNLIKE)
    apart[strict] = ~_are_near(forms, ngrams, threshold)
    return apart


def cut_units(text: str) -> list[Unit]:
    """The sentences of a text, line by line."""
    return [
        Unit(form, weigh(form), number, _ASKS.search(part) is not None)
        for number, line in enumerate(text.split("\n"))
        for part in _SENTENCE.findall(line)
        if (form := matching_form(part))
    ]


def _are_near(forms: list[str], ngrams: tuple[int, int], threshold: float) -> np.ndarray:
    """(P,) bool of texts 0 and 1, 2 and 3, ...: whether they would be near-copies by themselves."""
    ends = np.arange(len(forms)).reshape(-1, 2)
    if len(ends) == 0:
        return np.empty(0, dtype=bool)
    similar = jaccards(forms, ends, *ngrams)
    short = np.diff(gram_sets(forms, *ngrams).bounds)[ends].min(axis=1) < SHORT_GRAMS
    near = similar >= np.where(short, max(threshold, SHORT_SIMILARITY), threshold)
    edited = [
        open_ and _is_edited_question(forms[a], forms[b])
        for (a, b), open_ in zip(ends.tolist(), (short & ~near).tolist(), strict=True)
    ]
    return near | np.array(edited, dtype=bool)


def _is_edited_question(one: str, other: str) -> bool:
    if is_edited_copy(one, other):
        return True
    return _ASKED.findall(one) == _ASKED.findall(other) and say_the_same(one, other)


def _leave(one: list[Unit], other: list[Unit]) -> tuple[_Left, _Left] | None:
    """What is left of both; None where they share no passage, or one has nothing of its own."""
    held, theirs = {unit.form for unit in other}, {unit.form for unit in one}
    if sum(unit.weight for unit in one if unit.form in held) < LATIN:
        return None
    left = _left_of(one, held), _left_of(other, theirs)
    return None if any(side.weight < GAP and not side.asks for side in left) else left


def _left_of(units: list[Unit], held: set[str]) -> _Left:
    own = [place for place, unit in enumerate(units) if unit.form not in held]
    if not own:
        return _Left("", 0.0, False, False)
    start, end = own[0], own[-1] + 1
    left = [units[place] for place in own]
    weight = sum(unit.weight for unit in left)
    before, inside, after = (
        sum(unit.weight for unit in part) for part in (units[:start], units[start:end], units[end:])
    )
    lines = {unit.line for unit in left}
    whole = not any(unit.line in lines for unit in (*units[:start], *units[end:]))
    asks = any(unit.asks for unit in left)
    return _Left(
        " ".join(unit.form for unit in left),
        weight,
        asks,
        inside - weight < GAP and (whole or asks) and min(before, after) < LATIN,
    )

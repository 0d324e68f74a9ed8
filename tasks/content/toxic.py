"""Abuse by lists of words and phrases, graded: what a text holds, how heavy it is, and who says it.

What a customer writes is to be read, not imitated: there only slurs and threats are more than noted. What a model is
to write (an answer, a passage) must hold no insult. Japanese abuse often names no word that is abusive by itself: most
of it passes (figures: `benchmarks/README.md`), so that a clean column is no proof of a polite one.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.content.lexicon import BENIGN, ENTRIES, Entry
from tasks.content.passages import Passages

_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DIGITS = str.maketrans("013457@$!", "oieastasi")
_JA = "ぁ-ゖァ-ヺー々一-龥"
_LEET = re.compile(r"\b(?=\w*[a-z])[a-z]*[013457@$!]+[a-z]+[a-z013457@$!]*\b")
_LEET_LOOSELY = rf"(?:^|[^\w{_JA}])[a-z]*[013457@$!]+[a-z]|[\w\x{{80}}-\x{{10ffff}}][@$!][013457@$!]*[a-z]"
"""What a text with such a word matches in the syntax of RE2, whose borders of words are those of ASCII."""
_FILLED = f"[{_JA}][*_☆★♪♡♥●○◯〇]+[{_JA}]"
"""Signs between the characters of a word: 死☆ね."""
_FILLER = re.compile(f"(?<=[{_JA}])[*_☆★♪♡♥●○◯〇]+(?=[{_JA}])")
_SPELLED = re.compile(f"(?:^|[^{_JA}])[{_JA}](?:[・.][{_JA}])+(?:[^{_JA}]|$)")
"""Single characters: ア・ホ, and not エドガー・ポー."""
_BETWEEN = re.compile("[・.]")
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_NOT_BEFORE = re.compile(r"\(\?<!(?:\[([^\]^\\]+)\]|([^\[\]\\()|]))\)")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""An escape, a character class, or one character of a pattern."""
_DEPTH = {"(": 1, ")": -1}
_PASS = 1500
"""Characters of the patterns that RE2 looks for in one pass: with more states it cannot compile them as it goes."""
_THRICE = "|".join(f"{letter}{{3}}" for letter in ascii_lowercase)
"""A letter three times, without the back-reference that RE2 does not know."""


class Abuse(NamedTuple):
    """What one text holds."""

    grade: int
    """Of the heaviest term, 1 to 3; 0 without any."""
    categories: tuple[str, ...]
    """In the order of their grade."""
    terms: tuple[str, ...]
    score: float
    """Sum of 4 ** (grade - 1) over the terms: one heavy word outweighs three lighter ones."""


@cache
def _by_weight() -> tuple[Entry, ...]:
    return tuple(sorted(ENTRIES, key=lambda one: -one.grade))


@cache
def _patterns() -> tuple[tuple[str, int, bool, re.Pattern[str]], ...]:
    return tuple(
        (
            one.category,
            one.grade,
            one.cjk,
            re.compile(one.terms if one.cjk else rf"(?<![\w'])(?:{one.terms})(?!\w)"),
        )
        for one in _by_weight()
    )


def weigh(form: str) -> Abuse:
    """What a text in the form of `passages` holds; each word counts once, by its heaviest grade."""
    return _weigh(_clear(form), range(len(_patterns())))


def _clear(form: str) -> str:
    """The text without benign words, and if signs stand between the characters of a word, again without them."""
    form = BENIGN.sub(" ", form)
    bare = _FILLER.sub("", _SPELLED.sub(lambda found: _BETWEEN.sub("", found[0]), form))
    return form if bare == form else f"{form} \n{bare}"


def _weigh(form: str, numbers: Iterable[int]) -> Abuse:
    """What a cleared text holds by the patterns of these numbers, in their order."""
    latin = _undisguise(form)
    terms: dict[str, tuple[int, str]] = {}
    for category, grade, cjk, pattern in map(_patterns().__getitem__, numbers):
        for match in pattern.finditer(form if cjk else latin):
            if not any(match[0] in known for known in terms):
                terms[match[0]] = (grade, category)
    if not terms:
        return Abuse(0, (), (), 0.0)
    return Abuse(
        max(grade for grade, _ in terms.values()),
        tuple(dict.fromkeys(category for _, category in sorted(terms.values(), reverse=True))),
        tuple(terms),
        float(sum(4 ** (grade - 1) for grade, _ in terms.values())),
    )


def _undisguise(form: str) -> str:
    """The text with stretched letters cut short and digits read as the letters that they stand for."""
    if _STRETCHED.search(form):
        form = _STRETCHED.sub(r"\1", form) + " \n" + _STRETCHED.sub(r"\1\1", form)
    if _LEET.search(form):
        form = _LEET.sub(lambda found: found[0].translate(_DIGITS), form)
    return form


def find_abuse(passages: Passages) -> list[tuple[int, Abuse]]:
    """Passage and what it holds, for passages that hold anything."""
    likely = passages.matching(_needs())
    forms = _clear_all(passages.forms.take(pa.array(likely)))
    candidates: dict[int, set[int]] = {}
    for numbers, pattern in _terms():
        for at in _matching(forms, pattern):
            candidates.setdefault(at, set()).update(numbers)
    weighed = ((at, _weigh(forms[at].as_py(), sorted(candidates[at]))) for at in sorted(candidates))
    return [(int(likely[at]), abuse) for at, abuse in weighed if abuse.grade]


def _clear_all(forms: pa.LargeStringArray) -> pa.LargeStringArray:
    mixed = sorted({at for pattern in _unclear() for at in _matching(forms, pattern)})
    if not mixed:
        return forms
    mask = np.zeros(len(forms), dtype=bool)
    mask[mixed] = True
    cleared = [_clear(forms[at].as_py()) for at in mixed]
    return pc.replace_with_mask(forms, pa.array(mask), pa.array(cleared, pa.large_string()))


def _matching(forms: pa.LargeStringArray, pattern: str) -> list[int]:
    found: list[int] = np.flatnonzero(pc.match_substring_regex(forms, pattern)).tolist()
    return found


@cache
def _needs() -> str:
    """RE2 alternation without look-arounds: what a text must hold to be weighed."""
    english = "|".join(one.terms for one in ENTRIES if not one.cjk)
    return rf"\b(?:{english})|[a-z][013457@$!*]+[a-z]|{_THRICE}|[{_JA}]"


def _unclear() -> tuple[str, str]:
    """What a text must match one of for `_clear` to change it."""
    return _loosely(BENIGN.pattern), f"{_FILLED}|{_SPELLED.pattern}"


@cache
def _terms() -> tuple[tuple[tuple[int, ...], str], ...]:
    """Numbers of patterns, and what a text without benign words must match, in RE2's syntax, to match one of them.

    In English a term, stretched letters or a digit that may be read as one. Several patterns, each with few enough
    states for RE2 to compile as it goes: one of all is 20 times as slow on long Japanese texts.
    """
    entries = _by_weight()
    english, japanese = ([n for n, one in enumerate(entries) if one.cjk == cjk] for cjk in (False, True))
    latin = "|".join([*(rf"\b(?:{entries[n].terms})" for n in english), _THRICE])
    return (
        (tuple(english), f"{_loosely(latin)}|{_LEET_LOOSELY}"),
        *((tuple(some), "|".join(_loosely(entries[n].terms) for n in some)) for some in _pack(japanese)),
    )


def _pack(numbers: Sequence[int]) -> list[list[int]]:
    """Entries that are looked for in one pass: as many of the shorter ones as `_PASS` allows."""
    lengths = {number: len(_by_weight()[number].terms) for number in numbers}
    packed: list[list[int]] = []
    for number in sorted(numbers, key=lengths.__getitem__):
        if packed and sum(lengths[n] for n in packed[-1]) + lengths[number] <= _PASS:
            packed[-1].append(number)
        else:
            packed.append([number])
    return packed


def _loosely(pattern: str) -> str:
    """RE2 pattern that matches in every text in which `pattern` does."""
    return without_look_arounds(pattern).replace(r"\w", r"[\w\x{80}-\x{10ffff}]")


def without_look_arounds(pattern: str) -> str:
    """A regular expression that matches in every text in which `pattern` does, in the syntax of RE2.

    RE2 has no look-arounds: a character that must not stand before an alternative is matched as another one, all
    others are left out.
    """
    kept, at, depth = [""], 0, 0
    while at < len(pattern):
        if _LOOK_AROUND.match(pattern, at):
            end = _closing(pattern, at) + 1
            before = _NOT_BEFORE.fullmatch(pattern, at, end)
            if before and depth == 0 and kept[-1] in ("", "|"):
                kept.append(f"(?:^|[^{before[1] or before[2]}])")
            at = end
            continue
        piece = _PIECE.match(pattern, at)
        assert piece is not None, pattern
        kept.append(piece[0])
        depth += _DEPTH.get(piece[0], 0)
        at = piece.end()
    return "".join(kept)


def _closing(pattern: str, at: int) -> int:
    """Place of the bracket that closes the group which opens at `at`."""
    depth = 0
    for piece in _PIECE.finditer(pattern, at):
        depth += _DEPTH.get(piece[0], 0)
        if depth == 0:
            return piece.start()
    raise ValueError(f"group that opens at {at} is not closed: {pattern!r}")

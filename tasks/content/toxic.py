"""Abuse by word list, graded: what it holds, how heavy it is, and who says it.

What a customer writes is to be read, not imitated: there only slurs and threats are more than noted. What a model is
to write (an answer, a passage) must hold no insult.
"""

import re
from functools import cache
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np

from tasks.content.lexicon import BENIGN, ENTRIES, NEEDS_CJK
from tasks.content.passages import Passages

_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DIGITS = str.maketrans("013457@$!", "oieastasi")
_LEET = re.compile(r"\b(?=\w*[a-z])[a-z]*[013457@$!]+[a-z]+[a-z013457@$!]*\b")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_NOT_BEFORE = re.compile(r"\(\?<!(?:\[([^\]^\\]+)\]|([^\[\]\\()|]))\)")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""An escape, a character class, or one character of a pattern."""
_DEPTH = {"(": 1, ")": -1}
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
def _patterns() -> tuple[tuple[str, int, bool, re.Pattern[str]], ...]:
    return tuple(
        (
            one.category,
            one.grade,
            one.cjk,
            re.compile(one.terms if one.cjk else rf"(?<![\w'])(?:{one.terms})(?!\w)"),
        )
        for one in sorted(ENTRIES, key=lambda one: -one.grade)
    )


def weigh(form: str) -> Abuse:
    """What a text in the form of `passages` holds; each word counts once, by its heaviest grade."""
    return _weigh(BENIGN.sub(" ", form))


def _weigh(form: str) -> Abuse:
    if _STRETCHED.search(form):
        form = _STRETCHED.sub(r"\1", form) + " \n" + _STRETCHED.sub(r"\1\1", form)
    if _LEET.search(form):
        form = _LEET.sub(lambda found: found[0].translate(_DIGITS), form)
    cjk = _CJK.search(form) is not None
    terms: dict[str, tuple[int, str]] = {}
    for category, grade, japanese, pattern in _patterns():
        if japanese and not cjk:
            continue
        for match in pattern.finditer(form):
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


def find_abuse(passages: Passages) -> list[tuple[int, Abuse]]:
    """Passage and what it holds, for passages that hold anything."""
    likely = passages.matching(_needs())
    benign, *terms = (passages.matching(pattern, likely) for pattern in (_loosely(BENIGN.pattern), *_terms()))
    mixed = set(benign.tolist())
    found = []
    for at in np.unique(np.concatenate([benign, *terms])).tolist():
        form = passages.forms[at].as_py()
        abuse = weigh(form) if at in mixed else _weigh(form)
        if abuse.grade:
            found.append((at, abuse))
    return found


@cache
def _needs() -> str:
    """RE2 alternation without look-arounds: what a text must hold to be weighed."""
    english = "|".join(one.terms for one in ENTRIES if not one.cjk)
    return rf"\b(?:{english})|[a-z][013457@$!*]+[a-z]|{_THRICE}|{NEEDS_CJK}"


@cache
def _terms() -> tuple[str, ...]:
    """The same, sharper and dearer: what a text without benign words must match one of to hold a term.

    In English a term, stretched letters or a digit that may be read as one. Several patterns, each with few enough
    states for RE2 to compile as it goes: one of all is 20 times as slow on long Japanese texts.
    """
    english = [rf"\b(?:{one.terms})" for one in ENTRIES if not one.cjk]
    latin = "|".join([*english, _THRICE, "[013457@$!][a-z]"])
    return tuple(map(_loosely, [latin, *(one.terms for one in ENTRIES if one.cjk)]))


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

"""Abuse by word list, graded: what it holds, how heavy it is, and who says it.

What a customer writes is to be read, not imitated: there only slurs and threats are more than noted. What a model is
to write (an answer, a passage) must hold no insult.
"""

import re
from functools import cache
from typing import NamedTuple

from tasks.content.lexicon import BENIGN, ENTRIES, NEEDS_CJK
from tasks.content.passages import Passages

_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DIGITS = str.maketrans("013457@$!", "oieastasi")
_LEET = re.compile(r"\b(?=\w*[a-z])[a-z]*[013457@$!]+[a-z]+[a-z013457@$!]*\b")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


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
    form = BENIGN.sub(" ", form)
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
    found = []
    for at in passages.matching(_needs()).tolist():
        abuse = weigh(passages.forms[at].as_py())
        if abuse.grade:
            found.append((at, abuse))
    return found


@cache
def _needs() -> str:
    """RE2 alternation without look-arounds: what a text must hold to be weighed."""
    english = "|".join(one.terms for one in ENTRIES if not one.cjk)
    return rf"\b(?:{english})|[a-z][013457@$!*]+[a-z]|([a-z])aaa|{NEEDS_CJK}"

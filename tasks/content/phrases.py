"""How phrases are looked for and weighed: a cheap word that must be there, a pattern, and what stands around.

Forms are those of `passages`: lower case, single spaces, none beside CJK, ユーザー without its last long vowel.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tasks.content.passages import Passages

SHOWN = 120
"""Characters of a phrase that evidence quotes."""
AROUND = 240
"""Characters on either side in which a text says that it talks about a phrase."""
_PAIRS = tuple((pair[0], pair[1]) for pair in ("“”", "「」", "『』", "«»", "‹›", "‘’", "【】", "‚‘", "„“"))
_MARKS = ('"', "`", "''")
_QUOTED_WITHIN = 400


class Rule(NamedTuple):
    """A kind of phrase in one language."""

    kind: str
    needs: str
    """RE2 alternation of words of which the text must hold one."""
    pattern: re.Pattern[str]


class Hit(NamedTuple):
    """A phrase in one passage."""

    passage: int
    kind: str
    phrase: str
    quoted: bool
    """Stands in quotation marks or code."""
    discussed: bool
    """The text around says that it talks about such phrases."""


def rule(kind: str, needs: str, *patterns: str) -> Rule:
    return Rule(kind, needs, re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))


def find_phrases(
    passages: Passages,
    rules: Sequence[Rule],
    discussion: re.Pattern[str],
    excuse: Callable[[str, str, int, int], bool] = lambda *_: False,
) -> list[Hit]:
    """The first phrase of each kind in each passage that stands unquoted, or else the first.

    Args:
        excuse: whether a phrase is none after all, by kind, form, start and end.
    """
    hits: dict[tuple[int, str], Hit] = {}
    likely = passages.matching("|".join(one.needs for one in rules))
    for one in rules:
        for at in passages.matching(one.needs, likely).tolist():
            for hit in _hits(at, passages.forms[at].as_py(), one, discussion, excuse):
                known = hits.get((at, one.kind))
                if known is None or (known.quoted, known.discussed) > (hit.quoted, hit.discussed):
                    hits[at, one.kind] = hit
    return [hits[key] for key in sorted(hits)]


def _hits(
    passage: int,
    form: str,
    one: Rule,
    discussion: re.Pattern[str],
    excuse: Callable[[str, str, int, int], bool],
) -> Iterator[Hit]:
    for match in one.pattern.finditer(form):
        start, end = match.span()
        if excuse(one.kind, form, start, end):
            continue
        around = form[max(0, start - AROUND) : start] + " " + form[end : end + AROUND]
        told = discussion.search(around) is not None
        yield Hit(passage, one.kind, match[0].strip()[:SHOWN], is_quoted(form, start, end), told)


def is_quoted(form: str, start: int, end: int) -> bool:
    """Whether the characters from `start` to `end` stand in quotation marks or code within a few lines."""
    before, after = form[max(0, start - _QUOTED_WITHIN) : start], form[end : end + _QUOTED_WITHIN]
    for opening, closing in _PAIRS:
        if before.rfind(opening) > before.rfind(closing) and closing in after:
            return True
    head = form[:start]
    return any(head.count(mark) % 2 == 1 and mark in after for mark in _MARKS)

"""What is looked for, what is found, and how a value is shown without the value."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from tasks.records import PersonalKind as Kind


class Needs(StrEnum):
    """What else a text must hold for a detector to be worth running."""

    NOTHING = "nothing"
    BEYOND_ASCII = "a character beyond ASCII"
    JAPANESE = "kana or kanji"
    CAPITAL = "a capitalised word"
    FIRST_NAME = "a known first name"


class Span(NamedTuple):
    """Characters `start` to `end` of a text hold personal data of a kind, with a confidence of 0 to 1.

    The confidence is a grade, not a frequency: 1 for a form with a check digit or a word that announces it,
    about .5 for a form that other numbers share.
    """

    start: int
    end: int
    kind: Kind
    confidence: float = 1.0


class Detector(NamedTuple):
    """A form, the confidence of a match (0: no personal data), the group that holds the value, and what a text
    must hold for a look at it to be worth while (`scan.select`)."""

    kind: Kind
    pattern: re.Pattern[str]
    grade: Callable[[re.Match[str]], float]
    group: str | int = 0
    words: tuple[str, ...] = ()
    """In lower case; one of them stands in the text, where there are any."""
    digits: int = 0
    """Fewest digits 0-9 of the text."""
    cue: re.Pattern[str] | None = None
    """Found in the text. Fast where it begins with a character or a class of them."""
    needs: Needs = Needs.NOTHING
    begins: frozenset[str] | None = None
    """Capitalised words: the pattern is tried where one of them stands, and nowhere else. Faster than a pattern of
    thousands of words, and matches may overlap."""


class Recognizer(Protocol):
    """A model that finds names where no form does."""

    def find(self, text: str) -> Iterable[Span]:
        """Spans of `text`, positions in characters."""


def redact(text: str, spans: Sequence[Span], name: Callable[[Span], str] | None = None) -> str:
    """`text` with each span replaced by what `name` says of it; by its kind in brackets without one."""
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], name(span) if name else f"[{span.kind}]"]
        last = span.end
    return "".join([*parts, text[last:]])


def mask(value: str) -> str:
    """Letters and digits as "*": the form of a value without the value."""
    return "".join("*" if character.isalnum() else character for character in value)


def fold(text: str) -> str:
    """`text`, of the same length, with full-width forms and dashes as ASCII, and kanji in their common form."""
    return text if text.isascii() else text.translate(_FOLDED)


def follows(match: re.Match[str], words: re.Pattern[str], within: int = 15) -> bool:
    """Whether one of `words` stands within `within` characters before the match."""
    return words.search(match.string, max(0, match.start() - within), match.start()) is not None


def precedes(match: re.Match[str], words: re.Pattern[str]) -> bool:
    """Whether one of `words` stands right behind the match."""
    return words.match(match.string, match.end()) is not None


def compact(match: re.Match[str]) -> str:
    """Letters and digits of a match."""
    return _SEPARATORS.sub("", match[0])


def any_of(words: Iterable[str]) -> str:
    """A pattern of `words`, a tree of their characters: tries the longest first, and fails after a character or two."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    ends = branches.pop("", None) is not None
    tree = "|".join(re.escape(first) + any_of(rest) for first, rest in sorted(branches.items()))
    return f"(?:{tree}{'|' if ends else ''})" if tree else ""


VARIANTS = dict(
    zip(
        "髙邉邊齊齋﨑嵜碕𥔎濵濱栁桺𠮷德廣澤嶋嶌冨眞國櫻瀨條曾惠榮壽龍瀧圓實豐禮學彌",
        "高辺辺斉斎崎崎崎崎浜浜柳柳吉徳広沢島島富真国桜瀬条曽恵栄寿竜滝円実豊礼学弥",
        strict=True,
    )
)
"""Kanji that names are also written with -> the common form (Jōyō kanji; for 﨑, 髙 and 𠮷 no normal form does it)."""


class _Folded(dict[int, int]):
    """Code point -> its common or NFKC form where that is one character; worked out when first met."""

    def __missing__(self, code: int) -> int:
        form = VARIANTS.get(chr(code)) or unicodedata.normalize("NFKC", chr(code))
        self[code] = folded = ord("-" if form in _DASHES else form) if len(form) == 1 else code
        return folded


MERE_NAME = 0.6
"""Confidence of a full name that nothing announces: an author or a statesman as often as a customer."""
UPPER = "A-ZÀ-ÖØ-ÞĀ-ŽȘ-ț"
LOWER = "a-zß-öø-ÿā-žȘ-ț"
"""Letters that names of Europe begin and go on with, for a class of characters; the ranges beyond Latin-1 mix both."""
_DASHES = "‐‑‒–—―−ー"
_FOLDED = _Folded()
_SEPARATORS = re.compile(r"[^0-9A-Za-z]")
BEFORE = (
    r"(?<![0-9A-Za-z])(?:(?<=[Nn]o\.)|(?<![0-9A-Za-z][-._/]))"  # not inside a longer number, code or date
)
AFTER = r"(?![0-9A-Za-z])(?![-._/,][0-9A-Za-z])"

"""Numbers that answer a question: what earlier messages asked for tells what they are.

In a dialogue the word that announces a number stands in another message: "May I have your card number?", and then
digits and nothing else. Their form alone does not tell them from an order's number.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tasks.privacy.numbers import DATE, OTHER_NUMBER
from tasks.privacy.spans import Kind, Span, fold, follows

ANSWERED = 0.8
"""Confidence of a number that was asked for."""


class _Asked(NamedTuple):
    """A kind of number, the words that ask for it in lower case, and the form of an answer."""

    kind: Kind
    hints: tuple[str, ...]
    """One of them stands in a question that `words` fits: most questions are told by a look for them."""
    words: re.Pattern[str]
    answer: re.Pattern[str]
    far: bool
    """Whether any earlier message may ask, not the last one alone: few other numbers have the form."""


_BEFORE = r"(?<![0-9A-Za-z$\u00a3\u00a5\u20ac])(?<![0-9][-.,:/])"
_AFTER = r"(?! ?\d)(?![-.,:/]\d)(?![A-Za-z%円個件人])"


def _asked(kind: Kind, hints: str, words: str, answer: str, far: bool = False) -> _Asked:
    alone = f"{_BEFORE}(?:{answer}){_AFTER}"
    return _Asked(kind, tuple(hints.split()), re.compile(words, re.ASCII), re.compile(alone), far)


def _digits(least: int, most: int) -> str:
    """`least` to `most` digits with single spaces or hyphens between them."""
    return rf"\d(?:[ -]?\d){{{least - 1},{most - 1}}}"


_KINDS = (
    _asked(
        Kind.CREDIT_CARD,
        "card カ-ド クレカ",
        r"\bcard(?:'s)? ?(?:number|no\b|num\b|#|details)|(?:credit|debit|bank|atm) card|\bcard\b.{0,40}digit"
        r"|digit.{0,40}\bcard\b|カ-ドの?番号|クレジットカ-ド|クレカ",
        _digits(13, 19),
        far=True,
    ),
    _asked(Kind.MY_NUMBER, "number マイナンバ 個人番号", r"my ?number|マイナンバ|個人番号", _digits(12, 12)),
    _asked(Kind.SSN, "ssn social", r"\bssn\b|social security", r"\d{3}([ -]?)\d\d\1\d{4}"),
    _asked(
        Kind.BANK_ACCOUNT,
        "account acct a/c 口座 振込先",
        r"\b(?:account|acct|a/c) ?(?:number|no\b|#)|口座の?番号|振込先",
        r"\d(?:-?\d){5,17}",
    ),
    _asked(
        Kind.PHONE,
        "phone mobile cell contact call 電話 携帯 連絡先",
        r"\b(?:(?:tele)?phone|mobile|cell|contact|call ?back) ?(?:number|no\b|#)|電話番号|携帯の?番号|連絡先",
        r"\+?" + _digits(7, 15),
    ),
    _asked(
        Kind.BIRTH_DATE,
        "birth dob 生年月日 誕生日",
        r"\bbirth ?da(?:te|y)|date of birth|\bdob\b|生年月日|誕生日",
        DATE + r"|(?:19|20)\d\d[01]\d[0-3]\d",
    ),
    _asked(
        Kind.DRIVER_LICENSE, "licen 免許", r"driv\w+'?s? licen[sc]e|免許", rf"[A-Z]{{0,2}}{_digits(6, 13)}"
    ),
    _asked(Kind.PASSPORT, "passport パスポ-ト 旅券", r"passport|パスポ-ト|旅券", r"[A-Z]{1,2}\d{6,8}|\d{9}"),
    _asked(
        Kind.POSTAL_CODE,
        "zip post 郵便番号",
        r"\bzip\b|post(?:al)? ?code|郵便番号",
        r"\d{3}-?\d{4}|\d{5}(?:-\d{4})?",
    ),
)
_ENOUGH_DIGITS = re.compile(r"\d(?:\D?\d){4}")


def find_answers(before: Sequence[str], reply: str) -> list[Span]:
    """Spans of `reply` that hold what was asked for; overlaps included, the more particular kind first.

    A number that the reply itself names as an order's, a parcel's or a product's is none of them.

    Args:
        before: the messages before, the last one last.
    """
    if not before or not _ENOUGH_DIGITS.search(reply):
        return []
    questions, reply = [_as_question(message) for message in before], fold(reply)
    return [
        Span(*found.span(), asked.kind, ANSWERED)
        for asked in _KINDS
        if any(_asks(asked, question) for question in (questions if asked.far else questions[-1:]))
        for found in asked.answer.finditer(reply)
        if not follows(found, OTHER_NUMBER)
    ]


@lru_cache(maxsize=256)
def _as_question(message: str) -> str:
    """A message of a dialogue is looked at once for each that comes after it."""
    return fold(message).lower()


def _asks(asked: _Asked, question: str) -> bool:
    for hint in asked.hints:
        if hint in question:
            return asked.words.search(question) is not None
    return False

"""Whether two free answers say the same: what differs may be layout, politeness, function words and inflection.

Answers are short of n-grams where they differ: "You can return it" and "You cannot return it" are alike in nearly all
of them. So their words are laid side by side. A negation, a figure, a day, a name or any other word of content that
one of the two has alone makes another answer.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from tasks.duplicates.alignment import is_moved
from tasks.numerals import in_digits
from tasks.text import NAME, matching_form

_LIST_MARK = re.compile(r"(?m)^\s*(?:(?:\(?\d{1,2}[.)\u3001)\uff0e]|[#>*+\u30fb\u2022-]+)\s+)+")
"""Numbers and bullets before the items of a list: layout."""
_CONTRACTED = (
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"(?<=[a-z])'(?:s|re|ve|ll|d|m)?\b"), " "),
)
_SIGN_APART = re.compile(r"(?<=\d) ([-*/]) (?=\d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_POLITE_KANJI = tuple(
    (re.compile(kanji), kana)
    for kanji, kana in (
        ("お願い|御願い", "おねがい"),
        ("下さ", "くださ"),
        ("致し", "いたし"),
        ("頂(?=[かきくけいた])", "いただ"),
        ("(?<=[\u3400-\u9fff])いただけ", "でき"),
        ("出来", "でき"),
        ("御座い", "ござい"),
        ("宜し", "よろし"),
        ("(?:ご|お|御)(?=[\u3400-\u9fff])", ""),
        ("(?<=[\u3041-\u3096])(?:事|時|為|様)(?=[\u3041-\u3096]|$)", ""),
        ("申し訳(?:ありません|ございません)が?|すみません|かもしれ(?:ません|ない)", ""),
    )
)
_TOKEN = re.compile(
    r"[a-z\u00c0-\u024f]+|\d+(?:\.\d+)?|[\u30a1-\u30fa\u30fc]+|[\u3041-\u3096]+|[\u3400-\u9fff\u3005]+"
    r"|[^\W\d_\u3041-\u30ff\u3400-\u9fffa-z]+|[+=<>%^$\u00a3\u00a5\u20ac\u00b1\u00d7\u00f7]|(?<=\d)[-*/:](?=\d)"
    r"|(?<![^\s(])-(?=\d)"
)
"""A word, a figure, a run of one Japanese script, or a sign that calculates or names a currency."""
_KANA = re.compile(r"[\u3041-\u3096]+")
_LATIN = re.compile(r"[a-z\u00c0-\u024f]+")
_FUNCTION = re.compile(
    "an?|the|th(?:is|at|ese|ose|eir|ey|em|en|ere)|its?|is|are|was|were|be(?:en|ing)?|am|do(?:es|ne)?|did|ha(?:s|d|ve|ving)"
    "|will|would|shall|can|could|may|might|i|you|we|he|she|me|us|him|hers?|my|your|our|his|to|of|in|on|at|by|for|from"
    "|with|as|so|and|also|too|just|very|really|quite|here|who|whom|whose|wh(?:ich|at|en|ere|ile)|if|any|some|such|about"
    "|into|please|kindly|thanks?|hello|hi|dear|sorry|okay|ok|well|yes|sure|certainly|of|course|indeed|however|therefore"
    "|both|each|own|[gest]|etc"
)
"""Words that may differ. Not among them: negations, or, but, only, all, before, after, over, until, must, should."""
_SYNONYM_GROUPS = """
  begin began begun beginning start, finish complete, buy bought purchase, fix repair mend, choose chose chosen select
  pick, help assist, get got getting receive obtain, send sent dispatch, show shown display, need require, contact
  reach, reply replied answer respond, press push, under beneath underneath below, above over, big large, small
  little, quick quickly fast, maybe perhaps possibly, approximately roughly around, often frequently, wrong incorrect,
  usually normally generally, immediately instantly, directly straight, entire whole, until till, happy glad pleased,
  problem issue trouble, photo photograph picture, phone telephone, parcel package, automobile car, client customer,
  shop store, cost price, again anew, because since, while whilst, though although, toward towards
"""
_SYNONYMS = {
    word: number for number, words in enumerate(_SYNONYM_GROUPS.split(",")) for word in words.split()
}
"""English words that may stand for each other where two answers say the same otherwise; regular forms by `_ENDINGS`."""
_ENDINGS = frozenset(("", "s", "es", "d", "ed", "ing", "e", "y", "ies", "ied"))
"""What may follow the common beginning of two forms of one English word."""
_NEGATIONS = frozenset(["not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without"])
_KANA_DENIALS = frozenset(
    ["ません", "なければ", "なかった", "なく", "ない", "なし", "ぬ", "ず", "まい", "かね"]
)
_KANA_MARKS = re.compile(
    "まず|はず|いずれ|わずか|ずつ"  # no negations: passed over
    "|(ません|なければ|なかった|なく|ない|なし|ぬ|ず|まい|かね|から|まで|だけ|のみ|しか|より|まだ|もう|ほど)"
)
"""Hiragana that decides what is said: negation, from and until, only, already."""
_KANA_ENDINGS = re.compile(
    "ください(?:ませ)?|いたし|いただ(?:け|き|く|い)|おねがい|ございます|ござい|おり|ました|ましょう|ます|ません|でした|でしょう|です"
    "|である|だっ|でき(?=ません)|して|した|する|すれ|され|せる|させ|られ|れる|れば|たら|なら|ので|のに|けれども?|けど|ために?|ように?"
    "|こと|もの|とき|そして|また|なお|では|には|とは|という|および|その|この|それ|これ|どうぞ|よろしく|ありがとう|ね|よ"
)
"""Hiragana of politeness, inflection and sentences' joints."""
_PARTICLES = re.compile("[のはがをにへともでやかた]")


class _Words(NamedTuple):
    """An answer, taken apart."""

    content: list[str]
    """Words of content, figures and signs, in order."""
    gaps: list[str]
    """Hiragana before each of `content`, and after the last."""
    tokens: list[str]
    names: frozenset[str]


def say_the_same(one: str, other: str) -> bool:
    """Whether two answers, as they are written, differ in nothing that is content.

    Words that change places say something else, unless one run of them moved and all else is equal
    (`tasks.duplicates.alignment.is_moved`).
    """
    left, right = _take_apart(one), _take_apart(other)
    if is_moved(" ".join(left.tokens), " ".join(right.tokens)):
        return True
    if len(left.content) != len(right.content):
        return not (left.gaps and any(left.gaps)) and "".join(left.content) == "".join(right.content)
    names = left.names | right.names
    if not all(_is_same_word(a, b, names) for a, b in zip(left.content, right.content, strict=True)):
        return False
    return all(_is_same_gap(a, b) for a, b in zip(left.gaps, right.gaps, strict=True))


def hold_same_figures(one: str, other: str) -> bool:
    """Whether two texts hold the same numbers in the same order, be they written in digits, words or kanji."""
    return read_numerals(one) == read_numerals(other)


def read_numerals(text: str) -> list[str]:
    """The numbers of a text in digits; numbers of list items are none."""
    return _NUMBER.findall(in_digits(_form(text)))


def deny_alike(one: str, other: str) -> bool:
    """Whether two texts hold the same negations in the same order."""
    return _denials(one) == _denials(other)


def _form(text: str) -> str:
    """Matching form without list marks, contractions and polite kanji."""
    form = matching_form(_LIST_MARK.sub("", text)).replace("\u2019", "'")
    form = _SIGN_APART.sub(r"\1", form)
    for pattern, plain in _CONTRACTED:
        form = pattern.sub(plain, form)
    if not form.isascii():
        for pattern, plain in _POLITE_KANJI:
            form = pattern.sub(plain, form)
    return form


@lru_cache(maxsize=1024)
def _take_apart(text: str) -> _Words:
    tokens = _TOKEN.findall(in_digits(_form(text)))
    content, gaps = [], [""]
    for token in tokens:
        if _KANA.fullmatch(token):
            gaps[-1] += token
        elif not _FUNCTION.fullmatch(token):
            content.append(token)
            gaps.append("")
    return _Words(content, gaps, tokens, frozenset(matching_form(name) for name in NAME.findall(text)))


def _denials(text: str) -> list[str]:
    tokens = _TOKEN.findall(_form(text))
    kana = [mark for token in tokens if _KANA.fullmatch(token) for mark in _marks(token)]
    return [token for token in tokens if token in _NEGATIONS] + [
        mark for mark in kana if mark in _KANA_DENIALS
    ]


def _marks(kana: str) -> list[str]:
    return [mark for mark in _KANA_MARKS.findall(kana) if mark]


def _is_same_word(one: str, other: str, names: frozenset[str]) -> bool:
    """Whether two words are equal, forms of one, synonyms, or one mistyped; names, figures and Japanese words must be
    equal."""
    if one == other:
        return True
    if one in names or other in names or not (_LATIN.fullmatch(one) and _LATIN.fullmatch(other)):
        return False
    shared = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    if shared >= 3 and {one[shared:], other[shared:]} <= _ENDINGS:
        return True
    if not _synonyms_of(one).isdisjoint(_synonyms_of(other)):
        return True
    return shared >= 1 and min(len(one), len(other)) >= 5 and OSA.distance(one, other, score_cutoff=1) <= 1


def _synonyms_of(word: str) -> set[int]:
    """Numbers of the groups of `_SYNONYMS` that the word may belong to."""
    stems = {word.removesuffix(ending) for ending in _ENDINGS}
    return {_SYNONYMS[form] for stem in stems for form in (stem, stem + "e") if form in _SYNONYMS}


def _is_same_gap(one: str, other: str) -> bool:
    """Whether the hiragana between two words differs in politeness, inflection or a particle at most."""
    if one == other:
        return True
    if _marks(one) != _marks(other):
        return False
    left, right = (_KANA_MARKS.sub("", _KANA_ENDINGS.sub("", gap)) for gap in (one, other))
    left, right = _differing(left, right)
    return max(len(_PARTICLES.sub("", left)), len(_PARTICLES.sub("", right))) <= 1


def _differing(one: str, other: str) -> Sequence[str]:
    """Two texts without the beginning and the end that they share."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]

"""Rules about an answer that no figure decides: its language, its register, a refusal, the form all others have.

Each rule speaks only where the set as a whole keeps it; each finding says by how many.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tasks.answers.exchanges import Exchanges
from tasks.answers.reading import stops_open
from tasks.answers.refusals import is_refusal
from tasks.language import detect_language
from tasks.text import is_cjk

KEPT = 0.9
"""Share of the answers (0-1) that must keep a rule before the others break it."""
ENDED = 0.95
"""Share of the answers in a script (0-1) that must end like a sentence before the others look cut off. More than
`KEPT`: who leaves out a full stop now and then has cut nothing off."""
FEWEST = 20
"""Answers to which a rule must apply before it is one."""
_LETTERS = 12
"""Characters from which the language of an answer is told."""
_TRANSLATION = re.compile(
    r"translat|翻訳|和訳|英訳|訳して|訳せ|in (?:english|japanese|french|german|spanish|chinese|korean)"
    r"|(?:英語|日本語|中国語|韓国語|フランス語|ドイツ語)(?:で|に)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。！？!?\n]|$")
_POLITE = re.compile(
    r"(?:です|ます|ました|ません|でした|ましょう|ください|下さい|ございます)(?:か|ね|よ|が)?[)）」』]?$"
)
_PLAIN = re.compile(r"(?:である|だった|だ|った|いる|ある|する|れる|した|ない|なる|られる|できる)[)）」』]?$")


MANNERS = pa.schema(
    [
        ("asked", pa.string()),  # language of the prompt and of the answer; "und" where they may differ
        ("answered", pa.string()),
        ("wide", pa.bool_()),  # whether the answer is written in kana, kanji or hangul
        ("polite", pa.bool_()),  # of Japanese ones; null where as many sentences are plain
        ("stopped", pa.bool_()),  # on a letter or a comma
        ("refuses", pa.bool_()),
        ("object", pa.bool_()),  # a JSON object
    ]
)


class Breach(NamedTuple):
    """An answer that breaks a rule."""

    position: int
    """Index of the exchange."""
    check: str
    reason: str
    evidence: Mapping[str, Any] = {}
    """What the reason states."""


def read_manners(exchanges: Exchanges) -> pa.Table:
    """Table of the schema MANNERS: what is read off each of N exchanges by itself."""
    asked, answered = [], []
    for prompt, answer in zip(exchanges.prompts, exchanges.answers, strict=True):
        told = len(answer) >= _LETTERS and not _TRANSLATION.search(prompt)
        asked.append(detect_language(prompt) if told else "und")
        answered.append(detect_language(answer) if told else "und")
    answers = exchanges.answers
    wide = [is_cjk(answer) for answer in answers]
    columns = {
        "asked": asked,
        "answered": answered,
        "wide": wide,
        "polite": [_is_polite(answer) if cjk else None for answer, cjk in zip(answers, wide, strict=True)],
        "stopped": [stops_open(answer) for answer in answers],
        "refuses": [is_refusal(answer) for answer in answers],
        "object": [_is_object(answer) for answer in answers],
    }
    return pa.table(columns, schema=MANNERS)


def find_breaches(manners: pa.Table) -> list[Breach]:
    """Findings "answer_language", "answer_register", "answer_ending", "refusal" and "answer_format", by exchange.

    Args:
        manners: of the schema MANNERS, a row for each exchange.
    """
    columns = {
        name: manners[name].to_numpy(zero_copy_only=False) for name in MANNERS.names if name != "polite"
    }
    found = [
        *_languages(columns["asked"], columns["answered"]),
        *_registers(manners["polite"].to_pylist()),
        *_endings(columns["wide"], columns["stopped"]),
        *_refusals(columns["refuses"]),
        *_formats(columns["object"]),
    ]
    return sorted(found, key=lambda breach: (breach.position, breach.check))


def _languages(asked: np.ndarray, answered: np.ndarray) -> Iterator[Breach]:
    known = np.flatnonzero((asked != "und") & (answered != "und"))
    differing = known[asked[known] != answered[known]]
    if _is_rule(len(known) - len(differing), len(known)):
        for index in differing.tolist():
            languages = asked[index], answered[index]
            kept = f"{len(known) - len(differing):,} of {len(known):,} answers are in the language of theirs"
            told = {"asked": languages[0], "answered": languages[1]} | _count(differing, known)
            said = f"it answers a prompt in {languages[0]} in {languages[1]}; {kept}"
            yield Breach(index, "answer_language", said, told)


def _is_polite(answer: str) -> bool | None:
    """Japanese: whether more sentences are polite (です, ます) than plain (だ, である); None where neither leads."""
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(answer)]
    polite, plain = (sum(bool(form.search(s)) for s in sentences) for form in (_POLITE, _PLAIN))
    return None if polite == plain else polite > plain


def _registers(manners: Sequence[bool | None]) -> Iterator[Breach]:
    """A Japanese answer of which most sentences are in the rarer register."""
    polite = {index: value for index, value in enumerate(manners) if value is not None}
    usual = sum(polite.values()) * 2 >= len(polite)
    rare = [index for index, value in polite.items() if value != usual]
    if _is_rule(len(polite) - len(rare), len(polite)):
        names = ("plain", "polite")
        for index in rare:
            kept = f"{len(polite) - len(rare):,} of {len(polite):,} Japanese answers are {names[usual]}"
            told = {"own": names[not usual], "usual": names[usual]} | _count(rare, polite)
            yield Breach(index, "answer_register", f"its sentences end {names[not usual]}ly; {kept}", told)


def _endings(wide: np.ndarray, open_ended: np.ndarray) -> Iterator[Breach]:
    """Japanese, and others: an answer that stops on a letter or a comma where nearly all end like a sentence."""
    for script, name in ((True, "Japanese"), (False, "other")):
        own = np.flatnonzero(wide == script)
        stopped = own[open_ended[own].astype(bool)]
        kept = len(own) - len(stopped)
        if len(own) >= FEWEST and kept >= ENDED * len(own):
            for index in stopped.tolist():
                said = f"{kept:,} of {len(own):,} {name} answers do"
                told = {"script": name} | _count(stopped, own)
                yield Breach(index, "answer_ending", f"it does not end like a sentence; {said}", told)


def _refusals(refuses: np.ndarray) -> Iterator[Breach]:
    refused = np.flatnonzero(refuses)
    if _is_rule(len(refuses) - len(refused), len(refuses)):  # a set that teaches refusal refuses often
        for index in refused.tolist():
            yield Breach(index, "refusal", "it refuses instead of answering")


def _formats(objects: np.ndarray) -> Iterator[Breach]:
    other = np.flatnonzero(objects == np.False_)
    if _is_rule(len(objects) - len(other), len(objects)):
        kept = f"{len(objects) - len(other):,} of {len(objects):,} answers are"
        for index in other.tolist():
            yield Breach(index, "answer_format", f"it is no JSON object; {kept}", _count(other, objects))


def _is_object(text: str) -> bool:
    """Whether `text` is a JSON object."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _count(breaking: Sized, applies: Sized) -> dict[str, Any]:
    """By how many a rule is kept, of those to which it applies."""
    return {"kept": len(applies) - len(breaking), "applies": len(applies)}


def _is_rule(kept: int, applies: int) -> bool:
    return applies >= FEWEST and kept >= KEPT * applies

"""Rules about an answer that no figure decides: its language, its register, a refusal, the form all others have.

Each rule speaks only where the set as a whole keeps it; each finding says by how many.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import Any, NamedTuple

from tasks.answers.exchanges import Exchanges
from tasks.answers.reading import stops_open
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
_REFUSAL = re.compile(
    r"^\W*(?:(?:i'm |i am )?sorry,? but i |i (?:cannot|can't|can not|am unable to|am not able to) "
    r"|as an ai |as a (?:large )?language model|i (?:do not|don't) have (?:access|enough information)"
    r"|unfortunately,? i (?:cannot|can't|am unable))"
    r"|^(?:申し訳(?:ありません|ございません)が、?|すみませんが、?|恐れ入りますが、?).{0,40}"
    r"(?:(?:お答え|ご?回答|お手伝い|ご?案内)(?:は|する(?:こと|の)は)?(?:でき(?:ません|かねます)|いたしかねます)"
    r"|(?:わか|分か)り(?:ません|かねます))"
    r"|^(?:AI|人工知能|言語モデル)(?:として|である|ですので)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。！？!?\n]|$")
_POLITE = re.compile(
    r"(?:です|ます|ました|ません|でした|ましょう|ください|下さい|ございます)(?:か|ね|よ|が)?[)）」』]?$"
)
_PLAIN = re.compile(r"(?:である|だった|だ|った|いる|ある|する|れる|した|ない|なる|られる|できる)[)）」』]?$")


class Breach(NamedTuple):
    """An answer that breaks a rule."""

    position: int
    """Index of the exchange."""
    check: str
    reason: str
    evidence: Mapping[str, Any] = {}
    """What the reason states."""


def find_breaches(exchanges: Exchanges) -> list[Breach]:
    """Findings "answer_language", "answer_register", "answer_ending", "refusal" and "answer_format", by exchange."""
    found = [
        *_languages(exchanges),
        *_registers(exchanges.answers),
        *_endings(exchanges.answers),
        *_refusals(exchanges.answers),
        *_formats(exchanges.answers),
    ]
    return sorted(found, key=lambda breach: (breach.position, breach.check))


def _languages(exchanges: Exchanges) -> Iterator[Breach]:
    pairs = {}
    for index, (prompt, answer) in enumerate(zip(exchanges.prompts, exchanges.answers, strict=True)):
        if len(answer) >= _LETTERS and not _TRANSLATION.search(prompt):
            pairs[index] = (detect_language(prompt), detect_language(answer))
    known = {index: pair for index, pair in pairs.items() if "und" not in pair}
    differing = [index for index, (asked, answered) in known.items() if asked != answered]
    if _is_rule(len(known) - len(differing), len(known)):
        for index in differing:
            asked, answered = known[index]
            kept = f"{len(known) - len(differing):,} of {len(known):,} answers are in the language of theirs"
            told = {"asked": asked, "answered": answered} | _count(differing, known)
            yield Breach(
                index, "answer_language", f"it answers a prompt in {asked} in {answered}; {kept}", told
            )


def _registers(answers: Sequence[str]) -> Iterator[Breach]:
    """Japanese: polite (です, ます) and plain (だ, である); an answer of which most sentences are the rarer one."""
    polite: dict[int, bool] = {}
    for index, answer in enumerate(answers):
        if is_cjk(answer):
            sentences = [sentence.strip() for sentence in _SENTENCE_END.split(answer)]
            ends = (
                sum(bool(_POLITE.search(s)) for s in sentences),
                sum(bool(_PLAIN.search(s)) for s in sentences),
            )
            if ends[0] != ends[1]:
                polite[index] = ends[0] > ends[1]
    usual = sum(polite.values()) * 2 >= len(polite)
    rare = [index for index, value in polite.items() if value != usual]
    if _is_rule(len(polite) - len(rare), len(polite)):
        names = ("plain", "polite")
        for index in rare:
            kept = f"{len(polite) - len(rare):,} of {len(polite):,} Japanese answers are {names[usual]}"
            told = {"own": names[not usual], "usual": names[usual]} | _count(rare, polite)
            yield Breach(index, "answer_register", f"its sentences end {names[not usual]}ly; {kept}", told)


def _endings(answers: Sequence[str]) -> Iterator[Breach]:
    """Japanese, and others: an answer that stops on a letter or a comma where nearly all end like a sentence."""
    for wide, name in ((True, "Japanese"), (False, "other")):
        own = [index for index, answer in enumerate(answers) if is_cjk(answer) == wide]
        stopped = [index for index in own if stops_open(answers[index])]
        kept = len(own) - len(stopped)
        if len(own) >= FEWEST and kept >= ENDED * len(own):
            for index in stopped:
                said = f"{kept:,} of {len(own):,} {name} answers do"
                told = {"script": name} | _count(stopped, own)
                yield Breach(index, "answer_ending", f"it does not end like a sentence; {said}", told)


def _refusals(answers: Sequence[str]) -> Iterator[Breach]:
    refused = [index for index, answer in enumerate(answers) if _REFUSAL.search(answer.strip())]
    if _is_rule(len(answers) - len(refused), len(answers)):  # a set that teaches refusal refuses often
        for index in refused:
            yield Breach(index, "refusal", "it refuses instead of answering")


def _formats(answers: Sequence[str]) -> Iterator[Breach]:
    other = [index for index, answer in enumerate(answers) if not _is_object(answer)]
    if _is_rule(len(answers) - len(other), len(answers)):
        kept = f"{len(answers) - len(other):,} of {len(answers):,} answers are"
        for index in other:
            yield Breach(index, "answer_format", f"it is no JSON object; {kept}", _count(other, answers))


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

"""Question/answer pairs that a model writes from passages, each checked against its passage.

A pair is kept when its quotation stands in the passage word for word (in matching form), every number of question and
answer does too, and so does at least `COVERED` of the answer's content words: Latin words by their first five letters,
the commonest and the question's aside; pairs of neighbouring kanji and katakana. That keeps out what the model made up;
it does not prove that the answer is right.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from tasks.ingest.builders.sample import Message, Piece, system_message
from tasks.ingest.builders.teacher_client import TeacherError
from tasks.ingest.contract import Problem, excerpt_of
from tasks.language import detect_language
from tasks.recipe import TeacherSettings
from tasks.records import Severity
from tasks.text import matching_form

COVERED = 0.7
"""Share of an answer's content words that the passage must hold."""
FAILURES = 3
"""Passages in a row without an answer from the server, after which no more are sent."""

_STARTS = 50
"""Brackets of a reply at which JSON is looked for."""
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"^.*</think>", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LATIN = re.compile(r"[a-z\u00c0-\u024f]{3,}")
_CJK = re.compile(r"[\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff]+")
_COMMON = re.compile(
    r"the|and|for|are|was|were|not|but|you|your|our|its|his|her|their|th(?:is|at|ese|ose|ey|em|en|an|ere)|with|from|into|"
    r"ha(?:s|ve|d)|can|could|will|would|shall|should|may|might|must|does|did|wh(?:o|om|ich|en|ere|at|y)|how|all|any|each|"
    r"also|here|out|used?|using|only|such|about|after|before"
)
_OF_THE_PASSAGE = re.compile(
    r"(?i)\b(?:the|this) (?:passage|text|document|excerpt|section above)\b|according to the above|"
    r"(?:この|本|上記の?|当該)(?:文章|文書|一節|文|資料|パッセージ)(?!化)|上記"
)
_HEADINGS = re.compile(r"(?:#{1,6} [^\n]*\n)+\n")


class TeacherPair(NamedTuple):
    passage: Mapping[str, Any]
    """The sample that it was written from: where uri, licence and owner come from."""
    piece: Piece


def build_teacher_pairs(
    passages: Sequence[Mapping[str, Any]],
    settings: TeacherSettings,
    ask: Callable[[list[Message]], str],
    instruction: str = "",
) -> tuple[list[TeacherPair], list[Problem]]:
    """The pairs that hold, and what became of the others.

    Args:
        passages: samples of language modelling: completion, start, end, language; page, section, line where known.
        ask: messages to the model's answer; raises TeacherError when there is none.
        instruction: system message of every prompt of a pair (the model does not see it).
    """
    pairs: list[TeacherPair] = []
    problems: list[Problem] = []
    failures = 0
    for position, passage in enumerate(passages):
        text = passage["completion"][-1]["content"]
        try:
            reply = ask(messages_for(text, passage.get("language") or detect_language(text), settings.pairs))
        except TeacherError as error:
            problems.append(_problem("teacher_failed", str(error), passage, {}, Severity.WARNING))
            failures += 1
            if failures == FAILURES or error.is_final:
                reason = f"{len(passages) - position - 1} passages are not sent any more"
                problems.append(_problem("teacher_stopped", reason, passage, {}, Severity.WARNING))
                break
            continue
        failures = 0
        entries = read_reply(reply)
        if entries is None:
            told = {"reply": excerpt_of(reply)}
            problems.append(
                _problem("unreadable_reply", "the model's answer is not the JSON asked for", passage, told)
            )
            continue
        asked: set[str] = set()
        for entry in entries[: settings.pairs]:
            reason = wrong_with(entry, text, passage.get("language")) or _asked_twice(entry, asked)
            if reason:
                told = {key: excerpt_of(entry.get(key)) for key in ("question", "answer", "support")}
                problems.append(_problem("unsupported_pair", reason, passage, told))
            else:
                pairs.append(TeacherPair(passage, _piece(entry, passage, text, instruction)))
    return pairs, problems


def messages_for(text: str, language: str, pairs: int) -> list[Message]:
    """What the model is asked. The passage is in the user's message alone, between marks that it cannot forge."""
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return [
        {"role": "system", "content": _instructions(language).replace("{pairs}", str(pairs))},
        {"role": "user", "content": f"<passage {mark}>\n{text}\n</passage {mark}>"},
    ]


@cache
def _instructions(language: str) -> str:
    name = "teacher_ja.md" if language == "ja" else "teacher_en.md"
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def read_reply(reply: str) -> list[Mapping[str, Any]] | None:
    """The pairs in a model's answer: JSON, bare, fenced or among other text; None where there is none."""
    reply = _THOUGHT.sub("", reply)
    for text in [*_FENCED.findall(reply), reply]:
        for start in islice(re.finditer(r"[{\[]", text), _STARTS):
            try:
                value, _ = json.JSONDecoder().raw_decode(text, start.start())
            except (json.JSONDecodeError, RecursionError):
                continue
            entries = value.get("pairs", [value]) if isinstance(value, dict) else value
            fits = isinstance(entries, list) and all(
                isinstance(entry, dict) and "question" in entry for entry in entries
            )
            if fits:
                return entries
    return None


def wrong_with(entry: Mapping[str, Any], passage: str, language: str | None) -> str:
    """Why a pair does not rest on its passage; "" when it does."""
    if any(
        not isinstance(entry.get(key), str) or not entry[key].strip()
        for key in ("question", "answer", "support")
    ):
        return "question, answer or support is missing or empty"
    question, answer, support = (matching_form(entry[key]) for key in ("question", "answer", "support"))
    whole = matching_form(passage)
    if len(question) < 4 or not re.search(r"\w\w", question):
        return "the question is hardly one"
    if question in whole or question == answer:
        return "the question is copied"
    if _OF_THE_PASSAGE.search(question) or _OF_THE_PASSAGE.search(answer):
        return "it speaks of the passage instead of its subject"
    if language in ("ja", "en") and detect_language(entry["question"]) != language:
        return f"the question is not in {language!r}, the passage's language"
    if len(support) < 4 or support not in whole:
        return "the support does not stand in the passage"
    invented = _numbers(f"{question} {answer}") - _numbers(whole)
    if invented:
        return f"numbers that the passage does not hold: {', '.join(sorted(invented))}"
    share = _covered(answer, f"{whole} {question}")
    return "" if share >= COVERED else f"only {share:.0%} of the answer's words stand in the passage"


def _asked_twice(entry: Mapping[str, Any], asked: set[str]) -> str:
    question = matching_form(entry["question"])
    if question in asked:
        return "the question is asked twice"
    asked.add(question)
    return ""


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}


def _covered(answer: str, known: str) -> float:
    """Share of the content words of `answer` that are in `known`, both in matching form; 1 without any."""
    words = [word for word in _LATIN.findall(answer) if not _COMMON.fullmatch(word)]
    stems = {word[:5] for word in _LATIN.findall(known)}
    pieces = list(_pieces(answer))
    known_pieces = set(_pieces(known))
    found = sum(word[:5] in stems for word in words) + sum(piece in known_pieces for piece in pieces)
    return found / (len(words) + len(pieces)) if words or pieces else 1.0


def _pieces(text: str) -> Iterator[str]:
    for run in _CJK.findall(text):
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))


def _piece(entry: Mapping[str, Any], passage: Mapping[str, Any], text: str, instruction: str) -> Piece:
    begin, end = locate(entry["support"], text)
    before = len(text) - (passage["end"] - passage["start"])
    traced = begin >= before >= 0 and (before == 0 or bool(_HEADINGS.fullmatch(text[:before])))
    offset = passage["start"] - before
    return Piece(
        prompt=[*system_message(instruction), {"role": "user", "content": entry["question"].strip()}],
        completion=[{"role": "assistant", "content": entry["answer"].strip()}],
        start=begin + offset if traced else passage["start"],
        end=end + offset if traced else passage["end"],
        builder="teacher",
        page=passage.get("page"),
        section=passage.get("section") or "",
        line=passage.get("line"),
        support=text[begin:end],
    )


def locate(quote: str, text: str) -> tuple[int, int]:
    """Where `quote` stands in `text`, alike in matching form but for white space; all of `text` if nowhere."""
    at = text.find(quote.strip())
    if at >= 0:
        return at, at + len(quote.strip())
    places = [
        (form, m.start(), m.end())
        for m in re.finditer(r"\S[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", text)
        for form in unicodedata.normalize("NFKC", m[0]).lower()
        if not form.isspace()
    ]
    wanted = "".join(matching_form(quote).split())
    at = "".join(form for form, _, _ in places).find(wanted)
    return (places[at][1], places[at + len(wanted) - 1][2]) if at >= 0 and wanted else (0, len(text))


def _problem(
    check: str,
    reason: str,
    passage: Mapping[str, Any],
    evidence: Mapping[str, Any],
    severity: Severity = Severity.INFO,
) -> Problem:
    return Problem(check, severity, reason, passage.get("line"), {"uri": passage.get("uri"), **evidence})

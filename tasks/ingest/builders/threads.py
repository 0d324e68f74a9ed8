"""Question/answer pairs from conversations: rows of a table that are turns, and mails.

Each time a customer's turn is followed by an agent's, that is a pair: the prompt is the instruction, the turns before
(from a customer's turn on) and the customer's turn; the completion is the agent's. Speakers and states are compared
in NFKC without regard to case. Automatic speakers (a system, an action, a note) are on neither side and left out.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from typing import Any, NamedTuple

from tasks.ingest.builders.sample import Message, missing_column, system_message
from tasks.ingest.contract import Problem, TableContent
from tasks.recipe import Columns, ThreadSettings
from tasks.records import Severity

AGENT, CUSTOMER = "agent", "customer"
_NEITHER = re.compile(
    r"system|actions?|events?|log|(?:internal )?notes?|internal|システム|自動応答|(?:社内|内部)?メモ"
)
_SALUTATION = re.compile(
    r"(?i)(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b[^.!?\n]{0,40}[,:]|"
    r"[^\s。、]{1,20}[ 　]?(?:様|さま)、?"
)
_CLOSING = re.compile(
    r"(?i)(?:(?:best|kind|warm)? ?(?:regards|wishes)|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|"
    r"cheers|best|(?:many )?thanks|thank you|敬具|草々)[,.!、。]?"
)
_RULE = re.compile(r"(?:-- ?|[-=_*~＊＝ー─━―—]{5,})")
_DEVICE = re.compile(
    r"(?i)sent from my .{1,40}|get outlook for .{1,20}|.{0,20}(?:iPhone|iPad|Android).{0,10}から送信"
)
_SIGNATURE_LINES = 8


class Turn(NamedTuple):
    """What one side said at one time."""

    thread: str
    speaker: str
    """AGENT or CUSTOMER."""
    text: str
    time: datetime | None
    line: int | None
    status: str | None
    id: str | None
    uri: str | None = None


@dataclass(frozen=True)
class ThreadPair:
    """A customer's turn with what came before it, and the agent's answer."""

    prompt: list[Message]
    completion: list[Message]
    uri: str | None
    line: int | None
    """Of the agent's turn, as is `uri`."""
    source_id: str
    """Thread, and the id or the position of the agent's turn in it."""
    date: str | None
    """ISO 8601, of the agent's turn."""


def turns_of_table(
    table: TableContent, columns: Columns, settings: ThreadSettings
) -> tuple[dict[str, list[Turn]], list[Problem]]:
    """Turns by thread: by time where every turn of the thread has one that can be read, else in the file's order.

    The rows' texts are taken as they are: they must have been cleaned.
    """
    threads: dict[str, list[Turn]] = {}
    problems: list[Problem] = []
    agents = {fold(name) for name in settings.agents}
    speakers: Counter[str] = Counter()
    for row in table.rows:
        thread, speaker, text = (row.fields.get(c) for c in (columns.thread, columns.speaker, columns.text))
        lacking = [
            column
            for column, value in ((columns.thread, thread), (columns.speaker, speaker), (columns.text, text))
            if value is None or not str(value).strip()
        ]
        if lacking:
            known = lacking[0] in row.fields
            reason = f"column {lacking[0]!r} is empty" if known else missing_column(lacking[0], row.fields)
            problems.append(
                Problem("missing_field", Severity.WARNING, reason, row.line, {"column": lacking[0]})
            )
            continue
        speakers[str(speaker)] += 1
        side = AGENT if fold(speaker) in agents else CUSTOMER
        if side == CUSTOMER and _NEITHER.fullmatch(fold(speaker)):
            continue
        time, status, id = (row.fields.get(c) for c in (columns.date, columns.status, columns.id))
        turn = Turn(
            thread=str(thread),
            speaker=side,
            text=str(text).strip(),
            time=read_time(time),
            line=row.line,
            status=None if status is None or not str(status).strip() else str(status).strip(),
            id=None if id is None or id == "" else str(id),
        )
        threads.setdefault(turn.thread, []).append(turn)
    return {name: in_order(turns) for name, turns in threads.items()}, problems + _strange(speakers, agents)


def _strange(speakers: Mapping[str, int], agents: set[str]) -> list[Problem]:
    """What is said of speakers on neither side, and of a table in which no one is an agent."""
    problems = []
    others = {name: count for name, count in speakers.items() if fold(name) not in agents}
    neither = {name: count for name, count in others.items() if _NEITHER.fullmatch(fold(name))}
    if neither:
        reason = f"{sum(neither.values())} turns are neither a customer's nor an agent's"
        problems.append(Problem("other_speaker", Severity.INFO, reason, evidence=neither))
    if speakers and len(others) == len(speakers):
        names = sorted(speakers, key=lambda name: -speakers[name])[:10]
        reason = f"no speaker is one of threads.agents; speakers here: {', '.join(map(repr, names))}"
        problems.append(Problem("no_agent", Severity.WARNING, reason, evidence={"speakers": names}))
    return problems


def build_threads(
    threads: Mapping[str, Sequence[Turn]], settings: ThreadSettings, instruction: str
) -> tuple[list[ThreadPair], list[Problem]]:
    """The pairs of conversations, and those that give none.

    Where any turn has a state, a conversation whose last one is not among `settings.resolved` is left out.
    """
    resolved = {fold(status) for status in settings.resolved}
    with_status = any(turn.status for turns in threads.values() for turn in turns)
    pairs: list[ThreadPair] = []
    problems: list[Problem] = []
    for name, turns in threads.items():
        status = next((turn.status for turn in reversed(turns) if turn.status), None)
        sides = {turn.speaker for turn in turns}
        about = {"thread": name, "turns": len(turns), "uri": turns[0].uri} if turns else {}
        if with_status and fold(status or "") not in resolved:
            reason = f"its state is {status!r}, not one of threads.resolved" if status else "it has no state"
            problems.append(
                Problem(
                    "unresolved_thread", Severity.INFO, f"thread {name!r}: {reason}", turns[0].line, about
                )
            )
        elif len(sides) < 2:
            reason = f"thread {name!r}: only {' and '.join(sides)} turns"
            problems.append(Problem("one_sided_thread", Severity.INFO, reason, turns[0].line, about))
        else:
            pairs += _pairs_of(turns, settings.history, instruction)
    return pairs, problems


def _pairs_of(turns: Sequence[Turn], history: int, instruction: str) -> Iterator[ThreadPair]:
    runs = [list(run) for _, run in groupby(turns, key=lambda turn: turn.speaker)]
    said = [_message(run) for run in runs]
    position = 0
    for i, run in enumerate(runs):
        first, position = position + 1, position + len(run)
        if i == 0 or run[0].speaker != AGENT:
            continue
        before = said[max(0, i - 1 - history) : i - 1]
        if before and before[0]["role"] == "assistant":
            before = before[1:]
        yield ThreadPair(
            prompt=[*system_message(instruction), *before, said[i - 1]],
            completion=[said[i]],
            uri=run[0].uri,
            line=run[0].line,
            source_id=f"{run[0].thread}/{run[0].id or first}",
            date=run[0].time.isoformat() if run[0].time else None,
        )


def _message(run: Sequence[Turn]) -> Message:
    is_agent = run[0].speaker == AGENT
    texts = [without_signature(turn.text) if is_agent else turn.text for turn in run]
    return {"role": "assistant" if is_agent else "user", "content": "\n".join(texts)}


def without_signature(text: str) -> str:
    """An agent's words without the line that greets someone by name, and without what is signed below them.

    "お世話になっております。" and "以上、よろしくお願いいたします。" stay: they name no one. A text that is
    nothing else stays whole.
    """
    lines = text.strip().split("\n")
    if len(lines) > 1 and _SALUTATION.fullmatch(lines[0].strip()):
        lines = lines[1:]
    for i in range(max(1, len(lines) - _SIGNATURE_LINES), len(lines)):
        line, below = lines[i].strip(), [rest.strip() for rest in lines[i + 1 :] if rest.strip()]
        signed = _CLOSING.fullmatch(line) and len(below) <= 5 and all(len(rest) <= 60 for rest in below)
        if signed or _RULE.fullmatch(line) or (_DEVICE.fullmatch(line) and not below):
            lines = lines[:i]
            break
    return "\n".join(lines).strip() or text


def in_order(turns: Sequence[Turn]) -> list[Turn]:
    """By time where all have one, else as they are."""
    timed = [(turn.time, turn) for turn in turns if turn.time is not None]
    return (
        [turn for _, turn in sorted(timed, key=lambda t: t[0])] if len(timed) == len(turns) else list(turns)
    )


def read_time(value: Any) -> datetime | None:
    """A time with its zone (UTC where it names none); ISO 8601, RFC 2822, or seconds since 1970. None otherwise."""
    read: datetime | None = None
    if isinstance(value, datetime):
        read = value
    elif isinstance(value, date):
        read = datetime(value.year, value.month, value.day)
    elif isinstance(value, int | float) and not isinstance(value, bool) and 1e8 < value < 1e11:
        read = datetime.fromtimestamp(value, UTC)
    elif isinstance(value, str):
        for parse in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                read = parse(value.strip().replace("/", "-"))
                break
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
    return read.replace(tzinfo=UTC) if read is not None and read.tzinfo is None else read


def fold(name: Any) -> str:
    return unicodedata.normalize("NFKC", str(name)).casefold().strip()

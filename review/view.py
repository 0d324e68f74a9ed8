"""What the page shows of one queue item: plain values for the templates, all text still unescaped.

Samples are hostile text: nothing here is markup, and the templates escape everything.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from review.labels import KnownLabels, are_known
from review.pointers import others_in, twin_of
from review.suggestions import Suggestion, suggest
from tasks.edits import text_fields
from tasks.ledger.moves import State
from tasks.records import Action
from tasks.wording import tell_evidence, tell_reason, tell_suggestion, term, title_of


@dataclass(frozen=True)
class Piece:
    """A run of a text; `mark` names what it is marked as, or is ""."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Message:
    role: str
    pieces: tuple[Piece, ...]
    trained: bool
    """Whether the model learns to say it."""


@dataclass(frozen=True)
class Why:
    """One finding, in the reader's language."""

    title: str
    reason: str
    check: str
    stage: str
    severity: str
    score: float | None
    threshold: float | None
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    suggestion: str
    settles: bool
    """Whether it is what put the sample into this queue."""


@dataclass(frozen=True)
class Neighbour:
    excerpt: str
    label: str
    similarity: float | None
    where: str
    sample_id: str = ""


@dataclass(frozen=True)
class ItemView:
    sample_id: str
    recipe: str
    check: str
    check_title: str
    version: int
    state: str
    hidden: bool
    """Reasons, suggestions and neighbours wait until the decision."""
    overlap: bool
    random: bool
    """Known, and true, only once decided."""
    copies: int
    messages: tuple[Message, ...]
    sample: Mapping[str, Any]
    place: tuple[tuple[str, str], ...]
    passage: Mapping[str, str] | None
    why: tuple[Why, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    actions: tuple[Action, ...] = ()
    history: tuple[Mapping[str, Any], ...] = field(default=())
    twin: str = ""
    """The other sample of a pair, where the queue is about copies."""


def view_item(
    item: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    language: str,
    adjudicates: bool = False,
    precedents: Mapping[str, Mapping[str, Any]] | None = None,
) -> ItemView:
    """What is shown of an item.

    Args:
        item: as of `Desk.item`.
        history: the decisions about it, the oldest first.
        adjudicates: whether the reader settles what others leave open, and therefore sees all of it.
        precedents: sample_id -> decision that stands about a copy of it (`copies_of`).
    """
    decided = item["state"] == State.DECIDED
    hidden = is_hidden(item, adjudicates)
    sample, findings = item["sample"], item["findings"]
    return ItemView(
        sample_id=item["sample_id"],
        recipe=item["recipe"],
        check=item["check"],
        check_title=title_of(item["check"]).say(language),
        version=item["version"],
        state=item["state"],
        hidden=hidden,
        overlap=bool(item["overlap"]),
        random=decided and item["origin"] == "random",
        copies=item["copies"],
        messages=_messages(sample, [] if hidden else findings, language),
        sample=sample,
        place=_place(sample),
        passage=json.loads(item["passage"]) if item["passage"] else None,
        why=() if hidden else tuple(_why(finding, item["check"], language) for finding in findings),
        suggestions=() if hidden else suggest(item, language, precedents or {}),
        neighbours=() if hidden else tuple(_neighbours(findings, item["sample_id"])),
        actions=actions_for(sample),
        history=tuple(history),
        twin="" if hidden else twin_of(item),
    )


def is_hidden(item: Mapping[str, Any], adjudicates: bool) -> bool:
    """Whether what was said of an item waits until it is decided; args as `view_item`'s."""
    decided = item["state"] == State.DECIDED
    return bool(item["blind"]) and not (decided or (adjudicates and item["state"] == State.ESCALATED))


def leave_out_unknown(view: ItemView, known: KnownLabels) -> ItemView:
    """Without suggestions of labels that a decision may not give."""
    offered = [one for one in view.suggestions if are_known(view.sample, one.payload, known)]
    return replace(view, suggestions=tuple(replace(one, key=n) for n, one in enumerate(offered, 1)))


def view_reported(reported: Any, history: Sequence[Mapping[str, Any]], language: str) -> ItemView:
    """Args: reported: a `review.snapshots.Reported`; nothing of it is hidden, nothing can be done with it."""
    item = {
        "sample_id": reported.sample["sample_id"],
        "recipe": reported.recipe,
        "check": "",
        "version": 0,
        "state": State.DECIDED,
        "blind": False,
        "overlap": False,
        "origin": "reported",
        "copies": 1,
        "sample": reported.sample,
        "findings": reported.findings,
        "passage": None,
    }
    return view_item(item, history, language)


def actions_for(sample: Mapping[str, Any]) -> tuple[Action, ...]:
    """What can be done with a sample of its task."""
    middle = (Action.RELABEL, Action.EDIT) if sample["label"] is not None else (Action.EDIT,)
    if sample.get("spans") is not None:
        middle = (Action.SPANS,)
    return (Action.KEEP, Action.DROP, *middle, Action.ESCALATE)


def _neighbours(findings: Sequence[Mapping[str, Any]], own: str) -> list[Neighbour]:
    seen: set[str] = set()
    near = []
    for finding in findings:
        evidence = json.loads(finding["evidence"] or "{}")
        for side in others_in(evidence):
            text = str(side["excerpt"])
            if text not in seen and side.get("sample_id") != own:
                seen.add(text)
                similarity = side.get("similarity", evidence.get("jaccard", evidence.get("cosine")))
                place = " ".join(str(side[k]) for k in ("uri", "line", "date") if side.get(k) is not None)
                answer = str(side.get("label") or side.get("target") or "")
                near.append(Neighbour(text, answer, similarity, place, str(side.get("sample_id") or "")))
    return near


def _why(finding: Mapping[str, Any], settling: str, language: str) -> Why:
    return Why(
        title=title_of(finding["check"]).say(language),
        reason=tell_reason(finding).say(language),
        check=finding["check"],
        stage=term(finding["stage"]).say(language),
        severity=finding["severity"],
        score=finding["score"],
        threshold=finding["threshold"],
        facts=tuple(
            (fact.name.say(language), tuple(value.say(language) for value in fact.values))
            for fact in tell_evidence(finding)
        ),
        suggestion=tell_suggestion(finding).say(language),
        settles=finding["check"] == settling,
    )


def _messages(
    sample: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], language: str
) -> tuple[Message, ...]:
    """The conversation as the model sees it; labelled spans and what findings point at are marked."""
    shown = []
    last = len(sample["prompt"]) - 1
    for number, message in enumerate(sample["prompt"]):
        marks = _marks(findings, "input", language) if number == last else []
        if number == last and sample.get("spans"):
            marks = [(span["start"], span["end"], span["label"]) for span in sample["spans"]]
        shown.append(Message(message["role"], cut_pieces(message["content"] or "", marks), trained=False))
    for message in sample["completion"]:
        marks = _marks(findings, "target", language)
        shown.append(Message(message["role"], cut_pieces(message["content"] or "", marks), trained=True))
    return tuple(shown)


def _marks(
    findings: Sequence[Mapping[str, Any]], field_name: str, language: str
) -> list[tuple[int, int, str]]:
    """What findings point at in a text: start, end, and what it is in the reader's words."""
    marks = []
    for finding in findings:
        for span in json.loads(finding["evidence"] or "{}").get("spans", []):
            if isinstance(span, Mapping) and span.get("field", "input") == field_name and "start" in span:
                what = term(str(span["kind"])) if "kind" in span else title_of(finding["check"])
                marks.append((span["start"], span["end"], what.say(language)))
    return marks


def cut_pieces(text: str, marks: Sequence[tuple[int, int, str]]) -> tuple[Piece, ...]:
    """`text` in runs; where marks overlap, the one that begins first counts."""
    pieces, at = [], 0
    for start, end, mark in sorted(marks):
        if start < at or end > len(text):
            continue
        pieces += [Piece(text[at:start]), Piece(text[start:end], mark)]
        at = end
    return tuple(piece for piece in (*pieces, Piece(text[at:])) if piece.text)


def _place(sample: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Where it comes from: name of the field and value, as far as known."""
    names = ("uri", "line", "page", "section", "document", "support", "date", "source_id", "license", "owner")
    return tuple((name, str(sample[name])) for name in names if sample.get(name) not in (None, ""))


def editable_texts(sample: Mapping[str, Any]) -> dict[str, str]:
    """Name -> text of what a reviewer may rewrite: every message; of a classification sample not the label."""
    texts = text_fields(sample)
    if sample["label"] is not None:
        texts.pop("target", None)
    return texts


def mark_inline(sample: Mapping[str, Any]) -> str:
    """The input with its spans as `<LABEL>words</LABEL>`, as a person edits them; "" without spans."""
    if sample.get("spans") is None:
        return ""
    marks = [(span["start"], span["end"], span["label"]) for span in sample["spans"]]
    pieces = cut_pieces(sample["input"] or "", marks)
    return "".join(f"<{p.mark}>{p.text}</{p.mark}>" if p.mark else p.text for p in pieces)


def told_prompt(sample: Mapping[str, Any]) -> str:
    """What stands before the answer: the user's and earlier turns, the instruction left out."""
    turns = [m for m in sample["prompt"] if m["role"] != "system"]
    if len(turns) == 1:
        return turns[0]["content"] or ""
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)

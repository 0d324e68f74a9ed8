"""Personal data taken out of a sample by a steward: what a detector finds, or words that the steward names."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.access import Decider, Form, Role, current_reviewer
from review.acts import hand_on, settle_choice
from review.decide import make_choice
from review.labels import KnownLabels
from review.pages import is_up_to, room_of
from review.render import language_of, render
from review.rights import require_right
from review.room import Room
from review.trail import trail_query
from review.typed import DRAFTED, kept_if_refused
from review.view import Piece, cut_pieces, editable_texts, view_item
from review.words import refuse, tell
from tasks.edits import Put, move_labels
from tasks.errors import SeimaiError
from tasks.ledger.moves import Choice
from tasks.privacy import Span, find_spans, redact
from tasks.privacy.actions import allows, pick_spans
from tasks.privacy.scan import settle
from tasks.privacy.spans import fold
from tasks.recipe import PERSONAL_CHECKS, PrivacySettings
from tasks.records import Action, PersonalKind
from tasks.wording import term
from tasks.wording.terms import field_term
from tasks.wording.told import told_by

router = APIRouter()
REASON = "redact"
"""Reason code of the edit that a redaction is."""


class Suggested(NamedTuple):
    field: str
    span: Span
    text: str

    @property
    def name(self) -> str:
        """Of its checkbox."""
        return f"span_{self.field}_{self.span.start}_{self.span.end}_{self.span.kind.value}"


@router.get("/items/{sample_id}/redact")
def show_redaction(request: Request, sample_id: str, reviewer: Decider) -> Response:
    """What could be taken out of an item; opening it leases it."""
    room = room_of(request)
    item = _find_item(request, sample_id, request.query_params.get("recipe"))
    if is_up_to(item, reviewer):
        room.desk.take(item["recipe"], sample_id, reviewer.name)
    draft = room.desk.draft(item["recipe"], sample_id, reviewer.name) or {}
    return _page(request, item, dict.fromkeys(DRAFTED, "") | draft, None)


@router.post("/items/{sample_id}/redact")
def decide_redaction(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Puts a placeholder in the place of each chosen span, and of each place where the named words stand."""
    room = room_of(request)
    item = _find_item(request, sample_id, form.get("recipe"))
    require_right(room, item, sample_id, reviewer)
    try:
        choice = make_redaction(
            item["sample"],
            suggest_spans(item, _privacy_of(room, item["recipe"])),
            form,
            form.get("note", "").strip(),
        )
    except SeimaiError as error:
        return _page(request, item, form, told_by(error).say(language_of(request)))
    with kept_if_refused(request, item, reviewer, form):
        made = settle_choice(room, item, choice, reviewer, form)
    return hand_on(request, item["recipe"], form, made)


def redactable_texts(sample: Mapping[str, Any]) -> dict[str, str]:
    """Name -> text of what can be redacted: what can be edited; of labelled spans the input, from which their target
    follows."""
    texts = editable_texts(sample)
    return texts if sample.get("spans") is None else {"input": texts["input"]}


def suggest_spans(item: Mapping[str, Any], settings: PrivacySettings) -> list[Suggested]:
    """Personal data in the texts of an item that may be rewritten: what the run told of (a recognizer of the recipe
    may have found it), and what the forms find; nothing that the recipe allows.

    Args:
        item: as of `Desk.item`.
    """
    told: dict[str, list[Span]] = defaultdict(list)
    for finding in item["findings"]:
        if finding["check"] in PERSONAL_CHECKS:
            for one in json.loads(finding["evidence"] or "{}").get("spans", []):
                kind = PersonalKind(one["kind"])
                told[one["field"]].append(Span(one["start"], one["end"], kind, one["confidence"]))
    allowed = allows(settings)
    return [
        Suggested(field, span, text[span.start : span.end])
        for field, text in redactable_texts(item["sample"]).items()
        for span in settle(pick_spans([*told[field], *find_spans(text)], text, settings, allowed))
    ]


def make_redaction(
    sample: Mapping[str, Any],
    suggested: Iterable[Suggested],
    form: Mapping[str, str],
    note: str,
) -> Choice:
    """The edit that a form asks for: those suggested spans that it ticks, and the words of `redact_text` wherever they
    stand, in full or half width.

    Raises:
        SeimaiError: nothing is chosen, the words stand nowhere, or the kind is unknown.
    """
    texts = redactable_texts(sample)
    named = form.get("redact_text", "").strip()
    kind = form.get("redact_kind", "")
    if named and kind not in list(PersonalKind):
        raise SeimaiError(tell("Choose what kind of personal data it is."))
    chosen: dict[str, list[Span]] = {field: [] for field in texts}
    if named:
        for field, text in texts.items():
            chosen[field] += _find_words(text, named, PersonalKind(kind))
        if not any(chosen.values()):
            raise SeimaiError(tell("These words stand nowhere in the sample: {words}", words=named))
    for one in suggested:
        chosen[one.field] += [one.span] if one.name in form else []
    spans = {field: settle(found) for field, found in chosen.items() if found}
    if not spans:
        raise SeimaiError(tell("Nothing is chosen: tick a span, or name the words to take out."))
    given: dict[str, Any] = {field: redact(texts[field], found) for field, found in spans.items()}
    action = Action.EDIT
    if sample.get("spans") is not None:
        action = Action.SPANS
        given = {"input": given["input"], "spans": move_apart(sample["spans"], spans["input"])}
    return make_choice(sample, action, given, KnownLabels(), note=note, reason_code=REASON)


def move_apart(labels: Sequence[Mapping[str, Any]], taken: Sequence[Span]) -> list[dict[str, Any]]:
    """Labelled spans where they stand after a redaction; one that a placeholder cuts into holds all of it.

    Raises:
        SeimaiError: two of them would overlap.
    """
    moved = move_labels(labels, [Put(span.start, span.end, f"[{span.kind}]") for span in taken])
    ordered = sorted(moved, key=lambda label: label["start"])
    if any(one["end"] > other["start"] for one, other in pairwise(ordered)):
        raise SeimaiError(tell("Two labelled spans would overlap; mend the spans first."))
    return moved


def _find_words(text: str, words: str, kind: PersonalKind) -> list[Span]:
    folded, wanted = fold(text), fold(words)
    found, at = [], folded.find(wanted)
    while at >= 0:
        found.append(Span(at, at + len(words), kind))
        at = folded.find(wanted, at + len(words))
    return found


def _find_item(request: Request, sample_id: str, recipe: str | None) -> dict[str, Any]:
    item = room_of(request).desk.item(sample_id, recipe)
    if item is None:
        raise refuse(
            404, "Sample {sample} is in no queue of {recipe!r}.", sample=sample_id[:12], recipe=recipe or ""
        )
    return item


def _privacy_of(room: Room, recipe: str) -> PrivacySettings:
    """The recipe's settings at its last run; the default ones where the queue is older than what it keeps of them."""
    return PrivacySettings.model_validate(room.desk.facts()[recipe].get("privacy", {}))


def _page(request: Request, item: dict[str, Any], typed: Mapping[str, str], refused: str | None) -> Response:
    """Args: typed: what the form's fields hold. refused: why it was not taken, if it was not."""
    language = language_of(request)
    view = view_item(item, (), language, current_reviewer(request).role >= Role.ADJUDICATOR)
    settings = _privacy_of(room_of(request), item["recipe"])
    suggested = [] if view.hidden else suggest_spans(item, settings)
    again = refused is not None
    return render(
        request,
        "redact.html",
        status=422 if again else 200,
        item=view,
        query=trail_query(request),
        queue=request.query_params.get("queue") or typed.get("queue") or view.check,
        texts=_mark(item["sample"], suggested),
        suggested=[(one, one.name in typed or not again) for one in suggested],
        kinds=[(kind.value, term(kind.value).say(language)) for kind in PersonalKind],
        names={name: field_term(name).say(language) for name in redactable_texts(item["sample"])},
        typed={name: typed.get(name, "") for name in DRAFTED},
        refused=refused,
    )


def _mark(sample: Mapping[str, Any], suggested: Sequence[Suggested]) -> dict[str, tuple[Piece, ...]]:
    marks: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for one in suggested:
        marks[one.field].append((one.span.start, one.span.end, one.span.kind.value))
    return {field: cut_pieces(text, marks[field]) for field, text in redactable_texts(sample).items()}

"""What a reviewer does: decide, take back, keep a draft, leave, finish a queue."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from review.access import LANGUAGE_COOKIE, Decider, Form, Reviewer, current_reviewer
from review.decide import make_choice
from review.finish import finish_queue
from review.forms import read_change, read_version
from review.labels import read_labels
from review.pages import go, is_local, room_of
from review.rights import may_take_back, require_right, require_target
from review.room import Room
from review.trail import leave_behind, trail_of
from review.typed import keep_typed, kept_if_refused
from review.view import editable_texts
from review.words import LANGUAGES, refuse, tell
from tasks.errors import SeimaiError
from tasks.ledger.clusters import read_batch
from tasks.ledger.filters import Filter
from tasks.ledger.moves import Choice, LostRaceError, State, require_version
from tasks.records import Action

router = APIRouter()
ASKED = tuple(action for action in Action if action is not Action.RETRACT)
"""What a form may ask for: a decision is taken back by its own address, which knows whose it is."""


@router.post("/items/{sample_id}/decide")
def decide(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """One decision; goes on to the next item, which offers to take it back."""
    room = room_of(request)
    recipe = form.get("recipe", "")
    item = room.desk.item(sample_id, recipe)
    if item is None:
        raise refuse(
            404, "Sample {sample} is in no queue of {recipe!r}.", sample=sample_id[:12], recipe=recipe
        )
    with kept_if_refused(request, item, reviewer, form):
        made = settle_choice(room, item, _read_choice(room, item, form), reviewer, form)
    return hand_on(request, recipe, form, made)


def settle_choice(
    room: Room, item: Mapping[str, Any], choice: Choice, reviewer: Reviewer, form: Mapping[str, str]
) -> dict[str, str]:
    """Decides about the version that the form names, or gives one of two opinions on an overlap item; returns what
    the next page is told of it: `done`, a decision's id, or `voted`, the sample_id.

    Raises:
        LostRaceError: the item is not as it was at that version.
        HTTPException: 422 where the form names none, or a merge what it cannot go into; 403 where the reviewer may
            not decide about it (any more).
    """
    place = item["recipe"], item["sample_id"]
    version = read_version(form)
    require_version(item, version)
    require_right(room, item, item["sample_id"], reviewer)
    if choice.action is Action.MERGE:
        require_target(room, item, choice.payload["into"])
    is_open = item["state"] == State.OPEN
    if item["overlap"] and is_open and choice.action is not Action.ESCALATE and room.several:
        room.desk.vote(*place, version, choice, reviewer.name)
        return {"voted": item["sample_id"]}
    return {"done": room.desk.decide(*place, version, choice, reviewer.name)}


def hand_on(request: Request, recipe: str, form: Mapping[str, str], made: Mapping[str, str]) -> Response:
    """Goes on to the next item of the list that the form came from.

    Args:
        made: what was done, as `settle_choice` says it.
    """
    return go(request, f"/queues/{recipe}/{form.get('queue') or 'all'}/next", **made, **trail_of(request))


def _read_choice(room: Any, item: dict[str, Any], form: dict[str, Any]) -> Choice:
    """The decision that a posted form asks for; a suggestion's button carries its own payload."""
    sample = item["sample"]
    said, _, suggested = form.get("action", "").partition(" ")
    if said not in ASKED:
        raise SeimaiError(
            tell("The action is one of {known}; got {given!r}.", known=", ".join(ASKED), given=said)
        )
    action = Action(said)
    if suggested:
        given = read_change(suggested)
    else:
        fields = {
            Action.RELABEL: ("label",),
            Action.EDIT: ("label", *editable_texts(sample)),
            Action.SPANS: ("marked",),
        }
        given = {name: form[name] for name in fields.get(action, ()) if form.get(name) is not None}
        if action is Action.MERGE:
            given = {"into": form.get("into", "")}
    return make_choice(
        sample,
        action,
        {k: v for k, v in given.items() if v != "" or k != "label"},
        read_labels(room.desk.facts()[item["recipe"]]),
        note=form.get("note", "").strip(),
        reason_code=form.get("reason_code", ""),
    )


@router.post("/items/{sample_id}/draft")
def save_draft(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Keeps what was typed so far, and the leases."""
    room, recipe = room_of(request), form.get("recipe", "")
    item = room.desk.item(sample_id, recipe)
    if item is None:
        raise refuse(
            404, "Sample {sample} is in no queue of {recipe!r}.", sample=sample_id[:12], recipe=recipe
        )
    keep_typed(request, item, reviewer, form)
    return Response(status_code=204)


@router.post("/items/{sample_id}/leave")
def leave(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Gives the item back and goes on to another one."""
    recipe, queue = form.get("recipe", ""), form.get("queue", "all")
    room_of(request).desk.release(recipe, sample_id, reviewer.name)
    return go(request, f"/queues/{recipe}/{queue}/next", **leave_behind(trail_of(request), sample_id))


@router.post("/items/{sample_id}/withdraw")
def withdraw(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Takes one's own opinion on an overlap item back, as long as nobody else gave one."""
    recipe = form.get("recipe", "")
    room_of(request).desk.withdraw(recipe, sample_id, reviewer.name)
    return go(request, f"/items/{sample_id}", recipe=recipe, queue=form.get("queue", ""), **trail_of(request))


@router.post("/decisions/{decision_id}/undo")
def undo(request: Request, decision_id: str, reviewer: Decider, form: Form) -> Response:
    """Takes a decision back: one's own, or as an adjudicator anybody's."""
    room = room_of(request)
    decision = room.desk.decision(decision_id)
    if decision is None:
        raise refuse(404, "There is no decision {decision}.", decision=decision_id[:12])
    if not may_take_back(decision, reviewer):
        raise refuse(
            403, "This decision is of {name}; an adjudicator may take it back.", name=decision["actor"]
        )
    sample_id = room.desk.undo(decision_id, reviewer.name)
    place = {"recipe": decision["recipe"] or "", "queue": form.get("queue", "")}
    return go(request, f"/items/{sample_id}", **place, **trail_of(request))


@router.post("/queues/{recipe}/{check}/finish")
def finish(request: Request, recipe: str, check: str, reviewer: Decider, form: Form) -> Response:
    """Says that a queue is done; refused while something of it is open."""
    room = room_of(request)
    if recipe not in room.desk.facts():
        raise refuse(404, "There is no queue of a recipe {recipe!r}.", recipe=recipe)
    if left := room.desk.count_items(Filter(recipe, None if check == "all" else check)):
        raise refuse(422, "{left:,} items of this queue are still open.", left=left)
    finish_queue(room, recipe, check, reviewer.name)
    return go(request, f"/queues/{recipe}/{check}", finished="yes")


@router.post("/batches/{batch}/undo")
def undo_batch(request: Request, batch: str, reviewer: Decider, form: Form) -> Response:
    """Takes back what still stands of decisions that were made together: one's own, or as an adjudicator anybody's."""
    room = room_of(request)
    made = read_batch(room.ledger.engine, batch)
    if not all(may_take_back(row, reviewer) for row in made):
        raise refuse(
            403, "This decision is of {name}; an adjudicator may take it back.", name=made[0]["actor"]
        )
    if not room.desk.undo_batch(batch, reviewer.name):
        raise LostRaceError(tell("Nothing of that decision stands any more."))
    queue = form.get("queue", "all")
    if made[0]["origin"] in ("pair", "cluster"):
        first = made[0]["sample_id"]
        return go(request, f"/items/{first}", recipe=made[0]["recipe"], queue=queue, **trail_of(request))
    return go(request, f"/queues/{form.get('recipe', '')}/{queue}")


@router.post("/language")
def set_language(
    request: Request, reviewer: Annotated[Reviewer, Depends(current_reviewer)], form: Form
) -> Response:
    """The language of the page, kept in a cookie for a year."""
    language = form.get("language", "")
    if language not in LANGUAGES:
        raise refuse(
            422, "The language is one of {known}; got {given!r}.", known=", ".join(LANGUAGES), given=language
        )
    back = form.get("back", "")
    response = RedirectResponse(back, status_code=303) if is_local(back) else go(request, "/")
    secure = room_of(request).secure
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=31_536_000, httponly=True, samesite="lax", secure=secure
    )
    return response

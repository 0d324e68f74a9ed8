"""The page of an item beside the sample that it copies or contradicts: which of the two stands."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.access import Decider, Form, Looker, Reviewer, Role
from review.acts import hand_on
from review.diff import diff_texts
from review.forms import read_version
from review.kin import has_cluster, is_blind, seen_as, stands_apart
from review.pages import is_up_to, own_vote, room_of
from review.pointers import twin_of
from review.render import language_of, render
from review.rights import offered_stands, require_right, stands_already
from review.room import Room
from review.snapshots import find_sample
from review.trail import trail_query
from review.typed import DRAFTED, SEEN, kept_if_refused
from review.view import told_prompt, view_item
from review.words import refuse
from tasks.ledger.clusters import standing_about, take_all
from tasks.ledger.moves import Choice, LostRaceError, changed_since, require_version
from tasks.records import Action

router = APIRouter()


@router.get("/items/{sample_id}/pair")
def show_pair(request: Request, sample_id: str, reviewer: Looker) -> Response:
    """The item beside the sample that it copies or contradicts, with their differences; opening it leases both, where
    they are the reader's to decide. What is looked at blind is shown beside nothing."""
    room, language = room_of(request), language_of(request)
    item = room.desk.item(sample_id, request.query_params.get("recipe"))
    adjudicates = reviewer.role >= Role.ADJUDICATOR
    view = view_item(item, room.desk.history(sample_id), language, adjudicates) if item else None
    twin = find_sample(room, item, view.twin) if item and view and view.twin else None
    if item is None or view is None or twin is None:
        raise refuse(404, "No other side of sample {sample} is known.", sample=sample_id[:12])
    if stands_apart(room, item["recipe"], view.twin):
        raise refuse(403, "The other one is looked at blind: decide about this one by itself.")
    queued = room.desk.item(view.twin, item["recipe"])
    own = own_vote(room, item, reviewer)
    holder = _take_both(room, item, view.twin, reviewer) if own is None else None
    prompts = [told_prompt(sample) for sample in (twin, item["sample"])]
    answers = [sample["target"] or "" for sample in (twin, item["sample"])]
    return render(
        request,
        "pair.html",
        item=view,
        twin=twin,
        prompts=diff_texts(*prompts),
        answers=diff_texts(*answers),
        offered=offered_stands(room, item, view.twin, queued, reviewer),
        seen=seen_now(room, queued, view.twin),
        holder=holder,
        may=is_up_to(item, reviewer) and not holder and own is None,
        draft=dict.fromkeys(DRAFTED, "") | (room.desk.draft(item["recipe"], sample_id, reviewer.name) or {}),
        clustered=has_cluster(view.check),
        queue=request.query_params.get("queue") or view.check,
        query=trail_query(request),
        guideline=room.guidelines.current(item["recipe"], view.check),
    )


def _take_both(room: Room, item: Mapping[str, Any], twin: str, reviewer: Reviewer) -> str | None:
    """Leases an item and its other side, as far as they wait for the reviewer; returns who else holds one of them."""
    other = room.desk.item(twin, item["recipe"])
    names = [one["sample_id"] for one in (item, other) if one and is_up_to(one, reviewer)]
    if item["sample_id"] not in names:
        return None
    held = take_all(room.ledger.engine, item["recipe"], names, reviewer.name, time.time())
    return next(iter(held.values()), None)


@router.post("/items/{sample_id}/pair")
def decide_pair(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Which of two stands: `this`, `other`, or `both`; one transaction, one undo. Of the other one a
    decision by which it stands already is left as it is."""
    room = room_of(request)
    recipe, stands = form.get("recipe", ""), form.get("stands", "")
    item = room.desk.item(sample_id, recipe)
    twin = twin_of(item) if item and not is_blind(item) else ""
    if item is None or not twin or find_sample(room, item, twin) is None:
        raise refuse(404, "No other side of sample {sample} is known.", sample=sample_id[:12])
    if stands_apart(room, recipe, twin):
        raise refuse(403, "The other one is looked at blind: decide about this one by itself.")
    with kept_if_refused(request, item, reviewer, {**form, "stands": ""}):
        batch = _settle_pair(room, item, twin, stands, reviewer, form)
    return hand_on(request, recipe, form, {"batch": batch})


def _settle_pair(
    room: Room, item: Mapping[str, Any], twin: str, stands: str, reviewer: Reviewer, form: Mapping[str, str]
) -> str:
    """Decides about both as they were looked at; returns the batch's id.

    Raises:
        LostRaceError: one of them is not as it was.
        HTTPException: 403 where the reviewer may not decide about one of them, 422 where the form is not whole.
    """
    recipe, sample_id = item["recipe"], item["sample_id"]
    version, queued = read_version(form), room.desk.item(twin, recipe)
    require_version(item, version)
    require_right(room, item, sample_id, reviewer)
    note = form.get("note", "").strip()
    keep = Choice(Action.KEEP, {}, note=note)
    choices = {
        "this": {sample_id: keep, twin: Choice(Action.MERGE, {"into": sample_id}, note=note)},
        "other": {sample_id: Choice(Action.MERGE, {"into": twin}, note=note), twin: keep},
        "both": {sample_id: keep, twin: keep},
    }
    if stands not in choices:
        raise refuse(
            422, "What stands is one of {known}; got {given!r}.", known=", ".join(choices), given=stands
        )
    chosen, seen = choices[stands], {sample_id: version}
    if chosen[twin] is keep and stands_already(room, queued, twin):
        del chosen[twin]
    else:
        require_right(room, queued, twin, reviewer)
    if form.get(SEEN + twin, "") != seen_now(room, queued, twin):
        raise LostRaceError(changed_since(twin))
    if queued is not None:
        seen[twin] = queued["version"]
    return room.desk.decide_together(recipe, seen, chosen, reviewer.name)


def seen_now(room: Room, queued: Mapping[str, Any] | None, sample_id: str) -> str:
    """`kin.seen_as` of a sample as it is now.

    Args:
        queued: its item as of `Desk.item`, None where it is in no queue.
    """
    decision = None if queued else standing_about(room.ledger.engine, [sample_id]).get(sample_id)
    return seen_as(queued, decision)

"""The page of a whole cluster of copies: which one stands, decided about all at once."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.access import Decider, Form, Looker, Reviewer, Role
from review.acts import hand_on
from review.kin import Cluster, find_cluster, has_cluster
from review.pages import room_of
from review.render import language_of, render
from review.room import Room
from review.trail import trail_query
from review.typed import DRAFTED, SEEN, kept_if_refused
from review.view import view_item
from review.words import refuse
from tasks.ledger.clusters import decide_cluster
from tasks.ledger.moves import Choice, State
from tasks.records import Action

router = APIRouter()
ACTS = ("merge", "keep")


@router.get("/items/{sample_id}/cluster")
def show_cluster(request: Request, sample_id: str, reviewer: Looker) -> Response:
    """All members of an item's cluster, each against the one that stands; opening it leases those that are open."""
    room, language = room_of(request), language_of(request)
    item = _find_item(room, sample_id, request.query_params.get("recipe"), reviewer)
    draft = room.desk.draft(item["recipe"], sample_id, reviewer.name) or {}
    against = request.query_params.get("against") or draft.get("stands", "")
    cluster = _find_cluster(room, item, reviewer, against)
    view = view_item(item, (), language, reviewer.role >= Role.ADJUDICATOR)
    return render(
        request,
        "cluster.html",
        item=view,
        cluster=cluster,
        draft=dict.fromkeys(DRAFTED, "") | draft,
        queue=request.query_params.get("queue") or view.check,
        query=trail_query(request),
        guideline=room.guidelines.current(item["recipe"], view.check),
        may=any(member.free for member in cluster.shown),
    )


@router.post("/items/{sample_id}/cluster")
def decide_about_cluster(request: Request, sample_id: str, reviewer: Decider, form: Form) -> Response:
    """Merges all that the form names into the one that stands, or keeps them all; one transaction, one undo."""
    room = room_of(request)
    item = _find_item(room, sample_id, form.get("recipe"), reviewer)
    seen = {name.removeprefix(SEEN): value for name, value in form.items() if name.startswith(SEEN)}
    stands = form.get("stands", "")
    with kept_if_refused(request, item, reviewer, form):
        cluster = _find_cluster(room, item, reviewer, stands)
        choices = _read_choices(reviewer, cluster, seen, form)
        batch = decide_cluster(room.ledger.engine, item["recipe"], seen, choices, reviewer.name, time.time())
    return hand_on(request, item["recipe"], form, {"batch": batch})


def _find_item(room: Room, sample_id: str, recipe: str | None, reviewer: Reviewer) -> dict[str, Any]:
    item = room.desk.item(sample_id, recipe)
    if item is None or not has_cluster(item["check"]):
        raise refuse(404, "Sample {sample} stands in no cluster of copies.", sample=sample_id[:12])
    if view_item(item, (), "en", reviewer.role >= Role.ADJUDICATOR).hidden:
        raise refuse(403, "This item is looked at blind: decide about it by itself first.")
    return item


def _find_cluster(room: Room, item: Mapping[str, Any], reviewer: Reviewer, against: str) -> Cluster:
    cluster = find_cluster(room, item, reviewer, against)
    if len(cluster.members) < 2:
        raise refuse(
            404, "No other member of the cluster of sample {sample} is known.", sample=item["sample_id"][:12]
        )
    return cluster


def _read_choices(
    reviewer: Reviewer,
    cluster: Cluster,
    seen: Mapping[str, str],
    form: Mapping[str, str],
) -> dict[str, Choice]:
    """What becomes of each member that the form names, the one that stands first.

    Raises:
        HTTPException: the form asks for what the cluster's page does not offer.
    """
    members = {member.sample_id: member for member in cluster.members}
    act, stands, note = form.get("act", ""), form.get("stands", ""), form.get("note", "").strip()
    if act not in ACTS:
        raise refuse(422, "The action is one of {known}; got {given!r}.", known=", ".join(ACTS), given=act)
    for name in seen:
        if name not in members:
            raise refuse(422, "Sample {sample} is none of this cluster.", sample=name[:12])
        was_seen = seen[name] == members[name].seen  # else the race is lost, which `decide_cluster` says
        if was_seen and members[name].state == State.DECIDED and reviewer.role < Role.ADJUDICATOR:
            raise refuse(403, "Sample {sample} is decided; take the decision back first.", sample=name[:12])
        if members[name].state == State.ESCALATED and reviewer.role < Role.ADJUDICATOR:
            raise refuse(403, "This item waits for an adjudicator.")
    keep = {name: Choice(Action.KEEP, {}, note=note) for name in seen}
    if act == "keep":
        return keep
    if stands not in members or not (stands in seen or members[stands].may_stand):
        raise refuse(422, "Choose the one that stands.")
    merged = {name: Choice(Action.MERGE, {"into": stands}, note=note) for name in seen if name != stands}
    if not merged:
        raise refuse(422, "There is nothing to merge: no other member is open.")
    return {name: keep[name] for name in (stands,) if name in seen} | merged

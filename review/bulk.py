"""One decision about all items of a list: what it would be about, and the decision itself."""

import json
import random

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.access import Adjudicator, Form
from review.decide import make_choice
from review.forms import read_versions
from review.labels import read_labels, require_known
from review.pages import filter_query, go, read_filter, room_of
from review.render import render
from review.words import refuse
from tasks.records import Action

router = APIRouter()
BULK = (Action.KEEP, Action.DROP, Action.RELABEL, Action.ESCALATE)
MOST_AT_ONCE = 5_000
"""Items of one bulk decision."""


@router.post("/queues/{recipe}/{check}/preview")
def preview(request: Request, recipe: str, check: str, reviewer: Adjudicator, form: Form) -> Response:
    """What a bulk decision would be about: the count, and a random look at ten."""
    room = room_of(request)
    wanted = read_filter(request, recipe, check)
    if form.get("action") not in BULK:
        raise refuse(
            422, "In bulk: {known}; got {given!r}.", known=", ".join(BULK), given=form.get("action", "")
        )
    seen = room.desk.choose_many(wanted, MOST_AT_ONCE)
    looked_at = [room.desk.item(name, recipe) for name in random.sample(sorted(seen), min(10, len(seen)))]
    samples = [item for item in looked_at if item is not None]
    label = form.get("label", "") if form["action"] == Action.RELABEL else ""
    if label and samples:
        require_known(samples[0]["sample"], {"label": label}, read_labels(room.desk.facts()[recipe]))
    return render(
        request,
        "bulk.html",
        recipe=recipe,
        check=check,
        count=room.desk.count_items(wanted),
        chosen=len(seen),
        most=MOST_AT_ONCE,
        samples=samples,
        seen=json.dumps(seen),
        action=form["action"],
        label=label,
        note=form.get("note", ""),
        query=filter_query(request),
    )


@router.post("/queues/{recipe}/{check}/bulk")
def decide_many(request: Request, recipe: str, check: str, reviewer: Adjudicator, form: Form) -> Response:
    """One decision about all items of the preview, in one transaction."""
    room = room_of(request)
    seen, asked = read_versions(form.get("seen", "{}")), form.get("action", "")
    if seen is None or asked not in list(Action):
        raise refuse(422, "The form is not that of a preview.")
    action = Action(asked)
    if action not in BULK or not 0 < len(seen) <= MOST_AT_ONCE:
        raise refuse(
            422, "In bulk: {known}, of 1 to {most:,} items.", known=", ".join(BULK), most=MOST_AT_ONCE
        )
    given = {"label": form.get("label", "")} if action is Action.RELABEL else {}
    note = form.get("note", "").strip()
    known = read_labels(room.desk.facts().get(recipe, {}))
    batch = room.desk.decide_many(
        seen, recipe, lambda sample: make_choice(sample, action, given, known, note=note), reviewer.name
    )
    return go(request, f"/queues/{recipe}/{check}", batch=batch)

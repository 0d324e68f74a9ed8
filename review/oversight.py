"""What is known of the reviewing itself: guidelines, agreement, the audit trail, exports."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from review.access import Adjudicator, Form, Looker, Reviewer, Role
from review.agreement import measure_agreement
from review.pages import MOST_PAGES, go, room_of
from review.render import language_of, render
from review.room import Room
from review.view import is_hidden
from tasks.ledger.moves import WITHDRAWN
from tasks.wording import title_of

router = APIRouter()
ROWS = 200


@router.get("/guidelines/{recipe}/{check}")
def show_guideline(request: Request, recipe: str, check: str, reviewer: Looker) -> Response:
    return _guideline_page(request, recipe, check)


@router.post("/guidelines/{recipe}/{check}")
def write_guideline(request: Request, recipe: str, check: str, reviewer: Adjudicator, form: Form) -> Response:
    """A new version, or a preview of it; samples that were kept by an older one are asked about again if they are
    still flagged."""
    english, japanese = form.get("english", "").strip(), form.get("japanese", "").strip()
    if form.get("act") == "preview":
        return _guideline_page(request, recipe, check, {"english": english, "japanese": japanese})
    room_of(request).guidelines.write(recipe, check, english, japanese, reviewer.name)
    return go(request, f"/guidelines/{recipe}/{check}")


def _guideline_page(
    request: Request, recipe: str, check: str, preview: dict[str, str] | None = None
) -> Response:
    """Args: preview: the two texts as they are being written."""
    current = room_of(request).guidelines.current(recipe, check)
    return render(
        request,
        "guideline.html",
        recipe=recipe,
        check=check,
        title=title_of(check).say(language_of(request)),
        guideline=current,
        preview=preview is not None,
        typed=preview or current or {"english": "", "japanese": ""},
    )


@router.get("/agreement")
def show_agreement(request: Request, reviewer: Looker) -> Response:
    """How far reviewers agree on what two of them decided blindly."""
    desk = room_of(request).desk
    pairs, reviewers = measure_agreement(desk.votes(), desk.chances())
    return render(request, "agreement.html", pairs=pairs, reviewers=reviewers)


@router.get("/audit")
def show_audit(
    request: Request, reviewer: Looker, page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1
) -> Response:
    """Who did what, when, on which evidence: decisions, and everything else that was done on the page."""
    room = room_of(request)
    place = (ROWS, (page - 1) * ROWS)
    shown, (total, acts) = room.desk.decisions(*place), room.desk.count_audit()
    checks = {check for row in shown for check in (row["check"], *(row["evidence"] or {}).get("scores", {}))}
    return render(
        request,
        "audit.html",
        decisions=shown,
        titles={check: title_of(check).say(language_of(request)) for check in checks if check},
        total=total,
        last=page * ROWS >= max(total, acts),
        votes=_votes_about(room, shown),
        acts=[_hide_opinion(room, act, reviewer) for act in room.desk.acts(*place)],
        page=page,
    )


def _hide_opinion(room: Room, act: dict[str, Any], reviewer: Reviewer) -> dict[str, Any]:
    """An act as a reader may know it: of an opinion that was taken back, what it said waits until its item is decided,
    since the reader may be asked for another one. One's own does not."""
    said = act["detail"]
    if act["act"] != WITHDRAWN or said.get("actor") in (None, reviewer.name):
        return act
    item = room.desk.item(act["subject"], said["recipe"])
    if item is None or not is_hidden(item, reviewer.role >= Role.ADJUDICATOR):
        return act
    return act | {"detail": {"actor": said["actor"], "created": said["created"]}}


def _votes_about(room: Room, decisions: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Decision's id -> the opinions that made it, where they still stand: what is taken back opens the item anew."""
    made = [row for row in decisions if row["origin"] == "overlap"]
    given: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for vote in room.desk.votes(sample_ids={row["sample_id"] for row in made}) if made else ():
        given[vote["recipe"], vote["sample_id"]].append(vote)
    by_decision: dict[str, list[dict[str, Any]]] = {row["decision_id"]: [] for row in decisions}
    for row in made:
        votes = given[row["recipe"], row["sample_id"]]
        if row["actor"] == ", ".join(vote["actor"] for vote in votes):
            by_decision[row["decision_id"]] = [v for v in votes if v["created"] <= row["created"]]
    return by_decision


@router.get("/decisions.jsonl")
def export_decisions(request: Request, reviewer: Looker) -> Response:
    """Every decision as JSON lines, as `seimai decisions import` takes them."""
    rows = room_of(request).ledger.all_decisions()
    lines = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    return Response(
        lines,
        media_type="application/jsonl",
        headers={"Content-Disposition": 'attachment; filename="decisions.jsonl"'},
    )

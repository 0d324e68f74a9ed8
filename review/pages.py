"""What a reviewer looks at: the queues, one queue's items, one item."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from review.access import Looker, Reviewer, Role, current_reviewer
from review.changes import find_changes
from review.decide import REASON_CODES
from review.estimates import estimate_queues, estimate_recipe
from review.kin import has_cluster, stands_apart
from review.labels import options_of, read_labels
from review.pointers import copies_of
from review.render import language_of, render
from review.rights import may_take_back
from review.room import Room
from review.snapshots import code_of, find_reported
from review.trail import FILTERS, TRAIL, left_on, trail_of, trail_query
from review.typed import DRAFTED, find_typed
from review.view import editable_texts, leave_out_unknown, mark_inline, view_item, view_reported
from review.words import refuse
from tasks.ledger.clusters import read_batch, standing_about
from tasks.ledger.filters import Filter
from tasks.ledger.moves import State
from tasks.wording import title_of

router = APIRouter()
PAGE_ROWS = 50
"""Items of one page of a list."""
MOST_PAGES = 1_000_000
"""Pages of a list that may be asked for; a database counts rows in 64 bits."""


def room_of(request: Request) -> Room:
    return request.app.state.room


def read_filter(request: Request, recipe: str, check: str | None) -> Filter:
    """The filter of a list from the query: `FILTERS`; empty ones leave all in.

    Raises:
        HTTPException: 422, naming the parameter that does not fit.
    """
    given = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    state = given.pop("state") or State.OPEN.value
    scores: dict[str, float | None] = {}
    for name in ("least_score", "most_score"):
        text = given.pop(name)
        try:
            scores[name] = float(text) if text else None
        except ValueError:
            raise refuse(422, "The score is a number; got {given!r}.", given=text) from None
    if state != "any" and state not in list(State):
        raise refuse(
            422, "The state is one of {known}; got {given!r}.", known=", ".join(["any", *State]), given=state
        )
    named = {name: value or None for name, value in given.items() if name != "text"}
    return Filter(
        recipe=recipe,
        check=None if check in (None, "all") else check,
        text=given["text"],
        state=None if state == "any" else State(state),
        **scores,  # type: ignore[arg-type]
        **named,  # type: ignore[arg-type]
    )


def filter_query(request: Request) -> str:
    """The list's filters as a query string, to hand them on."""
    kept = {name: request.query_params[name] for name in FILTERS if request.query_params.get(name)}
    return urlencode(kept)


def go(request: Request, path: str, **query: str) -> Response:
    """Sends the browser on, below wherever the page is mounted."""
    root = request.scope.get("root_path", "")
    tail = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{root}{path}{tail}", status_code=303)


def is_local(address: str) -> bool:
    """Whether an address is of this site; a browser takes a backslash for a slash, and two of these for another
    site."""
    return address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()


@router.get("/")
def show_queues(request: Request, reviewer: Looker) -> Response:
    """Every queue with its progress, and what is estimated of each recipe."""
    room, language = room_of(request), language_of(request)
    facts, counted = room.desk.facts(), room.desk.count()
    recipes = []
    for recipe in sorted(facts):
        queues: dict[str, dict[str, Any]] = {}
        for row in counted:
            if row["recipe"] == recipe:
                queue = queues.setdefault(row["check"], dict.fromkeys(State, 0))
                queue[row["state"]] = row["items"]
                if row["state"] == State.OPEN:
                    queue["expected"] = row["expected"]
        told = room.desk.looked_at(recipe)
        left = estimate_queues(told, facts[recipe])
        ordered = sorted(queues.items(), key=lambda entry: -entry[1].get("expected", 0))
        recipes.append(
            {
                "name": recipe,
                "facts": facts[recipe],
                "queues": [
                    {
                        "check": check,
                        "title": title_of(check).say(language),
                        "left": left.get(check),
                        **counts,
                    }
                    for check, counts in ordered
                ],
                "estimate": estimate_recipe(told, facts[recipe]),
            }
        )
    return render(request, "queues.html", recipes=recipes)


@router.get("/queues/{recipe}/{check}")
def show_queue(
    request: Request,
    recipe: str,
    check: str,
    reviewer: Looker,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """One queue as a list, with filters; `check` "all" is every queue of the recipe."""
    room, language = room_of(request), language_of(request)
    wanted = read_filter(request, recipe, check)
    facts = room.desk.facts()
    if recipe not in facts:
        raise refuse(404, "There is no queue of a recipe {recipe!r}.", recipe=recipe)
    known = facts[recipe]["choices"]
    return render(
        request,
        "queue.html",
        recipe=recipe,
        check=check,
        title=title_of(check).say(language),
        items=room.desk.list_items(wanted, PAGE_ROWS, (page - 1) * PAGE_ROWS),
        count=room.desk.count_items(wanted),
        page=page,
        rows=PAGE_ROWS,
        choices={name: known[name] for name in ("label", "language", "source")},
        options=options_of(facts[recipe]),
        states=["any", *State],
        done=_read_done(request, reviewer),
        voted=_read_voted(request, recipe),
        batch=_read_batch(request),
        given={
            "finished": "",
            "state": "",
            **dict.fromkeys(FILTERS, ""),
            **request.query_params,
        },
        query=filter_query(request),
        guideline=room.guidelines.current(recipe, check),
        titles={name: title_of(name).say(language) for name in known["check"]},
    )


@router.get("/queues/{recipe}/{check}/next")
def next_item(request: Request, recipe: str, check: str, reviewer: Looker) -> Response:
    """Takes the item whose look is worth most and shows it; the list where none is left.

    htmx gets the item at once, with the address that it is to show; a browser alone is sent there.
    """
    room, wanted = room_of(request), read_filter(request, recipe, check)
    handed_on = {
        name: request.query_params[name]
        for name in (*TRAIL, "done", "voted", "batch")
        if request.query_params.get(name)
    }
    # a list may show what is decided; only what waits for the reviewer is handed out
    wanted = wanted if wanted.state == State.ESCALATED else replace(wanted, state=State.OPEN)
    if is_up_to({"state": wanted.state}, reviewer):
        chosen = room.desk.lease_next(wanted, reviewer.name, left_on(trail_of(request)))
        if chosen is not None:
            there = go(request, f"/items/{chosen}", recipe=recipe, queue=check, **handed_on)
            item = room.desk.item(chosen, recipe) if request.headers.get("hx-request") else None
            if item is None:
                return there
            page = _render_item(request, item, reviewer, check)
            page.headers["HX-Push-Url"] = there.headers["location"]
            return page
    handed_on.pop("skip", None)
    return go(request, f"/queues/{recipe}/{check}", **handed_on)


@router.get("/items/{sample_id}")
def show_item(request: Request, sample_id: str, reviewer: Looker) -> Response:
    """One item. Opening it leases it, where it is the reader's to decide."""
    room = room_of(request)
    item = room.desk.item(sample_id, request.query_params.get("recipe"))
    if item is None:
        return _show_reported(request, sample_id, language_of(request))
    holder = None
    if is_up_to(item, reviewer) and own_vote(room, item, reviewer) is None:
        holder = room.desk.take(item["recipe"], sample_id, reviewer.name)
    return _render_item(request, item, reviewer, request.query_params.get("queue", ""), holder)


def is_up_to(item: Mapping[str, Any], reviewer: Reviewer) -> bool:
    """Whether an item waits for somebody of the reviewer's role."""
    needed = {State.OPEN: Role.REVIEWER, State.ESCALATED: Role.ADJUDICATOR}.get(item["state"])
    return needed is not None and reviewer.role >= needed


def _render_item(
    request: Request, item: Mapping[str, Any], reviewer: Reviewer, queue: str, holder: str | None = None
) -> Response:
    """An item's page, as part of a queue ("": its own).

    Args:
        item: as of `Desk.item`.
        holder: who else looks at it.
    """
    room, recipe, sample_id = room_of(request), item["recipe"], item["sample_id"]
    precedents = standing_about(room.ledger.engine, copies_of(item))
    adjudicates = reviewer.role >= Role.ADJUDICATOR
    view = view_item(item, room.desk.history(sample_id), language_of(request), adjudicates, precedents)
    facts = room.desk.facts()[recipe]
    view = leave_out_unknown(view, read_labels(facts))
    queue = queue or view.check
    draft = room.desk.draft(recipe, sample_id, reviewer.name) or {}
    texts = editable_texts(item["sample"])
    return render(
        request,
        "item.html",
        item=view,
        queue=queue,
        query=trail_query(request),
        holder=holder,
        several=view.overlap and room.several,
        own=own_vote(room, item, reviewer),
        draft=dict.fromkeys(DRAFTED, "") | draft,
        edited=bool(draft.keys() & texts.keys()),
        options=options_of(facts),
        typed=find_typed(draft),
        changes={row["decision_id"]: find_changes(row, item["sample"]) for row in view.history},
        snapshot_id=item["snapshot_id"],
        code=code_of(room.workspace, item["snapshot_id"]) if view.why else "",
        votes=_votes_on(room, item) if view.overlap and not view.hidden else [],
        marked=mark_inline(item["sample"]),
        texts=texts,
        reason_codes=REASON_CODES,
        guideline=room.guidelines.current(recipe, view.check),
        done=_read_done(request, reviewer),
        voted=_read_voted(request, recipe),
        batch=_read_batch(request),
        clustered=has_cluster(view.check) and not view.hidden,
        paired=bool(view.twin) and not stands_apart(room, recipe, view.twin),
        left=room.desk.count_left(recipe, None if queue == "all" else queue),
    )


def own_vote(room: Room, item: Mapping[str, Any], reviewer: Reviewer) -> dict[str, Any] | None:
    """The reader's opinion on an item that waits for somebody else's."""
    if not item["overlap"] or item["state"] != State.OPEN or not room.several:
        return None
    return next((vote for vote in _votes_on(room, item) if vote["actor"] == reviewer.name), None)


def _votes_on(room: Room, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return room.desk.votes(item["recipe"], [item["sample_id"]])


def _read_done(request: Request, reviewer: Reviewer) -> dict[str, Any] | None:
    """The decision made just now, which the page offers to take back to who may."""
    decision_id = request.query_params.get("done")
    decision = room_of(request).desk.decision(decision_id) if decision_id else None
    return decision and {**decision, "mine": may_take_back(decision, reviewer)}


def _read_voted(request: Request, recipe: str) -> dict[str, Any] | None:
    """The overlap item that the reader gave an opinion on just now, with what became of it: `state` and `own`."""
    room, sample_id = room_of(request), request.query_params.get("voted")
    item = room.desk.item(sample_id, recipe) if sample_id else None
    if item is None or not item["overlap"]:
        return None
    own = own_vote(room, item, current_reviewer(request))
    return {"sample_id": sample_id, "recipe": recipe, "state": item["state"], "own": own}


def _read_batch(request: Request) -> list[dict[str, Any]]:
    """The decisions made together just now, which the page offers to take back."""
    batch = request.query_params.get("batch")
    return read_batch(room_of(request).ledger.engine, batch) if batch else []


def _show_reported(request: Request, sample_id: str, language: str) -> Response:
    """A sample that nobody is asked about, to look at: where a report's link leads that is of no queued sample."""
    room = room_of(request)
    history = room.desk.history(sample_id)
    found = find_reported(room, sample_id)
    if found is not None and found.origin != sample_id and room.desk.item(found.origin, found.recipe):
        return go(request, f"/items/{found.origin}", recipe=found.recipe)
    return render(
        request,
        "sample.html",
        status=404 if found is None and not history else 200,
        sample_id=sample_id,
        found=found,
        item=view_reported(found, history, language) if found else None,
        history=history,
        changes={},
        snapshot_id=found.snapshot_id if found else "",
        code=code_of(room.workspace, found.snapshot_id) if found else "",
        done=None,
        queue="all",
    )

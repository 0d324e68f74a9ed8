"""Who may decide about a sample: whoever may not take a decision back may not overrule it, and what was escalated is
an adjudicator's. And what it may be merged into."""

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException

from review.access import Reviewer, Role
from review.kin import STANDS
from review.room import Room
from review.snapshots import find_sample
from review.words import refuse
from tasks.ledger.clusters import standing_about
from tasks.ledger.moves import State, state_after
from tasks.records import Action


def may_take_back(decision: Mapping[str, Any], reviewer: Reviewer) -> bool:
    """Whether somebody may take a decision back: a reviewer one's own, an adjudicator anybody's."""
    own = bool(decision["actor"] == reviewer.name) and reviewer.role >= Role.REVIEWER
    return own or reviewer.role >= Role.ADJUDICATOR


def why_not(
    room: Room, item: Mapping[str, Any] | None, sample_id: str, reviewer: Reviewer
) -> HTTPException | None:
    """Why a reviewer may not decide about a sample as it stands; None for one who may.

    Args:
        item: the sample's item as of `Desk.item`; None where it is in no queue.
    """
    if reviewer.role >= Role.ADJUDICATOR or (item and item["state"] == State.OPEN):
        return None
    decision = standing_about(room.ledger.engine, [sample_id]).get(sample_id)
    state = item["state"] if item else state_after(decision)
    if state == State.ESCALATED:
        return refuse(403, "This item waits for an adjudicator.")
    if decision is None or may_take_back(decision, reviewer):
        return None
    return refuse(403, "This decision is of {name}; an adjudicator may overrule it.", name=decision["actor"])


def require_right(room: Room, item: Mapping[str, Any] | None, sample_id: str, reviewer: Reviewer) -> None:
    """Raises HTTPException: 403 where `why_not` has a reason."""
    if refused := why_not(room, item, sample_id, reviewer):
        raise refused


def offered_stands(
    room: Room, item: Mapping[str, Any], twin: str, queued: Mapping[str, Any] | None, reviewer: Reviewer
) -> tuple[str, ...]:
    """What a reviewer may say of a pair: `this` one stands, the `other`, or `both`.

    Args:
        twin: sample_id of the other one.
        queued: its item, None where it is in no queue.
    """
    if reviewer.role < Role.REVIEWER or why_not(room, item, item["sample_id"], reviewer):
        return ()
    if why_not(room, queued, twin, reviewer) is None:
        return ("this", "other", "both")
    return ("other", "both") if stands_already(room, queued, twin) else ()


def stands_already(room: Room, item: Mapping[str, Any] | None, sample_id: str) -> bool:
    """Whether it is decided that a sample stays in the data; `item` as in `why_not`."""
    if item and item["state"] != State.DECIDED:
        return False
    decision = standing_about(room.ledger.engine, [sample_id]).get(sample_id)
    return decision is not None and decision["action"] in STANDS


def require_target(room: Room, item: Mapping[str, Any], into: str) -> None:
    """Raises HTTPException: 422 where an item cannot be merged into a sample: into itself, one that its recipe does not
    know, or one that is decided to leave the data, so that neither would stand."""
    if into == item["sample_id"]:
        raise refuse(422, "A sample cannot be merged into itself.")
    if find_sample(room, item, into) is None:
        raise refuse(
            422,
            "There is no sample {sample} in {recipe!r} to merge into.",
            sample=into[:12],
            recipe=item["recipe"],
        )
    decision = standing_about(room.ledger.engine, [into]).get(into)
    if decision and decision["action"] in (Action.DROP, Action.MERGE):
        raise refuse(
            422, "Sample {sample} is decided to leave the data: merge into one that stands.", sample=into[:12]
        )

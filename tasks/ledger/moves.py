"""What changes an item of the review queue, each within the caller's transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tasks.errors import SeimaiError
from tasks.ledger.decisions import append_decision, read_decisions
from tasks.ledger.tables import ACTS, DECISIONS, DRAFTS, GUIDELINES, LEASES, QUEUE, VOTES, WHOLE_ITEM
from tasks.ledger.times import now
from tasks.records import Action
from tasks.wording.told import Told

LEASE_SECONDS = 300
"""How long an item is one reviewer's after the last sign of life."""
RENEWED_AFTER = 30
"""Seconds from which a lease is renewed by a look at its item."""
WITHDRAWN = "opinion_withdrawn"
"""Act of the audit trail: an opinion was taken back. Its subject is the sample, its detail what the opinion was."""


class State(StrEnum):
    OPEN = "open"
    ESCALATED = "escalated"
    DECIDED = "decided"


class LostRaceError(SeimaiError):
    """Somebody else changed the item between the look and the decision."""


@dataclass(frozen=True)
class Choice:
    """What a reviewer makes of an item."""

    action: Action
    payload: Mapping[str, Any]
    after_id: str | None = None
    reason_code: str = ""
    note: str = ""
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """A choice about an item as it was at a version, made in another tool."""

    recipe: str
    sample_id: str
    version: int
    choice: Choice
    is_opinion: bool
    """Whether it is one of two on an overlap item."""


def note_act(
    connection: sa.Connection, actor: str, act: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """A line in the audit trail, within a transaction."""
    row = dict(created=now(), actor=actor, act=act, subject=subject)
    connection.execute(ACTS.insert(), row | {"detail": json.dumps(detail, ensure_ascii=False)})


def item_is(table: sa.Table, recipe: Any, sample_id: Any) -> tuple[Any, Any]:
    return table.c.recipe == recipe, table.c.sample_id == sample_id


_HERE: tuple[Any, Any] = (sa.bindparam("about_recipe"), sa.bindparam("about"))
_LOCKED = sa.select(*WHOLE_ITEM).where(*item_is(QUEUE, *_HERE)).with_for_update()
_END_LEASES = LEASES.delete().where(*item_is(LEASES, *_HERE))
_END_DRAFT = DRAFTS.delete().where(*item_is(DRAFTS, *_HERE), DRAFTS.c.actor == sa.bindparam("by"))
_MOVED = (
    QUEUE.update()
    .where(QUEUE.c.sample_id == sa.bindparam("about"))
    .values(state=sa.bindparam("new_state"), version=QUEUE.c.version + 1)
)
_GUIDELINE = sa.select(sa.func.max(GUIDELINES.c.version)).where(
    GUIDELINES.c.recipe == sa.bindparam("about_recipe"), GUIDELINES.c.check == sa.bindparam("about_check")
)


def lease(connection: sa.Connection, recipe: str, sample_id: str, actor: str, moment: float) -> None:
    connection.execute(_END_LEASES, {"about_recipe": recipe, "about": sample_id})
    row = dict(recipe=recipe, sample_id=sample_id, actor=actor, until=moment + LEASE_SECONDS)
    connection.execute(LEASES.insert(), row)


def lock_item(connection: sa.Connection, recipe: str, sample_id: str, version: int) -> Mapping[str, Any]:
    item = connection.execute(_LOCKED, {"about_recipe": recipe, "about": sample_id}).mappings().first()
    if item is None:
        raise LostRaceError(
            Told(
                f"sample {sample_id[:12]} is no longer in the queue of {recipe}",
                f"サンプル{sample_id[:12]}は、{recipe}のキューにもうありません。",
            )
        )
    found = dict(item)
    require_version(found, version)
    return found


def require_version(item: Mapping[str, Any], version: int) -> None:
    """Raises LostRaceError where an item is not as it was at `version`."""
    if item["version"] != version:
        raise LostRaceError(changed_since(item["sample_id"]))


def changed_since(sample_id: str) -> Told:
    return Told(
        f"sample {sample_id[:12]} was changed by somebody else since you opened it",
        f"サンプル{sample_id[:12]}は、開いている間に別の人が変更しました。",
    )


def find_item(connection: sa.Connection, recipe: str, sample_id: str) -> dict[str, Any]:
    """An item, or what stands for a sample that is in no queue."""
    item = connection.execute(_LOCKED, {"about_recipe": recipe, "about": sample_id}).mappings().first()
    if item is not None:
        return dict(item)
    return {
        "recipe": recipe,
        "sample_id": sample_id,
        "check": "",
        "findings": "[]",
        "snapshot_id": "",
        "blind": False,
        "origin": "",
    }


def settle(
    connection: sa.Connection,
    item: Mapping[str, Any],
    choice: Choice,
    actor: str,
    origin: str,
    batch: str | None,
) -> str:
    """Appends a decision and ends the item's leases and the decider's draft; what others typed stays theirs."""
    recipe, sample_id = item["recipe"], item["sample_id"]
    guideline = guideline_version(connection, recipe, item["check"])
    row = as_decision(item, choice, actor, origin, batch, guideline)
    decision_id = append_decision(connection, **row | {"action": choice.action})
    _move(connection, sample_id, state_after(row))
    connection.execute(_END_LEASES, {"about_recipe": recipe, "about": sample_id})
    connection.execute(_END_DRAFT, {"about_recipe": recipe, "about": sample_id, "by": actor})
    return decision_id


def guideline_version(connection: sa.Connection, recipe: str, check: str) -> int | None:
    """The newest version of the guideline of a queue; None where nobody wrote one."""
    given = {"about_recipe": recipe, "about_check": check}
    return connection.execute(_GUIDELINE, given).scalar()


def as_decision(
    item: Mapping[str, Any],
    choice: Choice,
    actor: str,
    origin: str,
    batch: str | None,
    guideline: int | None,
) -> dict[str, Any]:
    """What `decisions.append_decision` takes of a choice about an item.

    Args:
        guideline: version that is in force; a keep holds until there is a newer one.
    """
    return {
        "sample_id": item["sample_id"],
        "action": choice.action.value,
        "payload": choice.payload,
        "after_id": choice.after_id,
        "reason": choice.note,
        "reason_code": choice.reason_code,
        "actor": actor,
        "recipe": item["recipe"],
        "check": item["check"],
        "guideline": guideline,
        "evidence": choice.evidence or _evidence_of(item),
        "origin": origin,
        "batch": batch,
    }


def _evidence_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """What the decision was made on: the snapshot, the score of each finding, and how the item came to be asked."""
    scores = {f["check"]: f["score"] for f in json.loads(item["findings"])}
    drawn = item["origin"] == "random"
    return {
        "snapshot": item["snapshot_id"],
        "scores": scores,
        "blind": bool(item["blind"]),
        "random": drawn,
    }


def take_back(connection: sa.Connection, decision_id: str, actor: str, batch: str | None) -> str:
    found = connection.execute(
        sa.select(DECISIONS.c.sample_id).where(DECISIONS.c.decision_id == decision_id)
    ).scalar()
    if found is None:
        raise SeimaiError(
            Told(f"there is no decision {decision_id[:12]}", f"判断{decision_id[:12]}はありません。")
        )
    history = read_decisions(connection, found)
    if history[-1]["decision_id"] != decision_id:
        raise LostRaceError(
            Told(
                f"decision {decision_id[:12]} was superseded by {history[-1]['actor']}",
                f"判断{decision_id[:12]}は、{history[-1]['actor']}の判断に置き換えられています。",
            )
        )
    last = history[-1]
    before = next((row for row in history if row["decision_id"] == last["supersedes"]), None)
    row = what_undoes(last, before) | {"actor": actor, "batch": batch}
    append_decision(connection, **row | {"action": Action(row["action"])})
    _move(connection, found, state_after(row))
    if last["origin"] == "overlap":
        end_votes(connection, actor, VOTES.c.sample_id == found)
    return str(found)


def end_votes(connection: sa.Connection, actor: str, *which: sa.ColumnElement[bool]) -> int:
    """Takes opinions back, each with a line in the audit trail that says what it was; returns how many.

    Args:
        actor: who takes them back.
    """
    ended = connection.execute(sa.select(VOTES).where(*which).order_by(VOTES.c.position)).mappings().all()
    for vote in ended:
        kept = {name: vote[name] for name in ("recipe", "actor", "action", "reason", "created")}
        kept["payload"] = json.loads(vote["payload"])
        note_act(connection, actor, WITHDRAWN, vote["sample_id"], kept)
    connection.execute(VOTES.delete().where(*which))
    return len(ended)


def what_undoes(last: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The decision that takes `last` back: what stood before it again, or where nothing did, a retraction."""
    again = before if before and before["action"] != Action.RETRACT else None
    copied = ("payload", "after_id", "reason_code", "recipe", "check", "guideline", "evidence")
    values = {name: again[name] for name in copied} if again else {n: last[n] for n in ("recipe", "check")}
    return values | {
        "sample_id": last["sample_id"],
        "action": again["action"] if again else Action.RETRACT.value,
        "reason": f"undoes {last['decision_id'][:12]}",
        "origin": "undo",
    }


def _move(connection: sa.Connection, sample_id: str, state: State) -> None:
    """The same content is settled in every recipe's queue that holds it."""
    connection.execute(_MOVED, {"about": sample_id, "new_state": state.value})


def state_after(decision: Mapping[str, Any] | None) -> State:
    if decision is None or decision["action"] == Action.RETRACT:
        return State.OPEN
    return State.ESCALATED if decision["action"] == Action.ESCALATE else State.DECIDED


def votes_on(connection: sa.Connection, recipe: str, sample_id: str) -> list[dict[str, Any]]:
    query = sa.select(VOTES).where(*item_is(VOTES, recipe, sample_id)).order_by(VOTES.c.position)
    return [dict(row) for row in connection.execute(query).mappings()]


def cast_vote(
    connection: sa.Connection, recipe: str, sample_id: str, version: int, choice: Choice, actor: str
) -> list[dict[str, Any]]:
    """Adds an opinion on an overlap item, and settles the item by the second one; see `Desk.vote`."""
    item = lock_item(connection, recipe, sample_id, version)
    earlier = votes_on(connection, recipe, sample_id)
    if any(row["actor"] == actor for row in earlier):
        raise LostRaceError(
            Told(
                f"{actor} has given an opinion on {sample_id[:12]} already",
                f"{actor}は、サンプル{sample_id[:12]}についてすでに判断しています。",
            )
        )
    row = dict(
        recipe=recipe,
        sample_id=sample_id,
        actor=actor,
        action=choice.action.value,
        payload=json.dumps(choice.payload, ensure_ascii=False, sort_keys=True),
        reason=choice.note,
        created=now(),
    )
    connection.execute(VOTES.insert(), row)
    connection.execute(LEASES.delete().where(*item_is(LEASES, recipe, sample_id)))
    connection.execute(DRAFTS.delete().where(*item_is(DRAFTS, recipe, sample_id), DRAFTS.c.actor == actor))
    if earlier:
        same = (earlier[0]["action"], earlier[0]["payload"]) == (row["action"], row["payload"])
        settled = choice if same else Choice(Action.ESCALATE, {}, note="two reviewers disagree")
        settle(connection, item, settled, f"{earlier[0]['actor']}, {actor}", "overlap", None)
    return votes_on(connection, recipe, sample_id)

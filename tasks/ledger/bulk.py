"""Decisions about many items at once, each step one statement for all of them, within the caller's transaction."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.decisions import append_decisions, chunks, decisions_by_id, last_decisions
from tasks.ledger.moves import (
    Choice,
    State,
    as_decision,
    end_votes,
    guideline_version,
    lock_item,
    state_after,
    what_undoes,
)
from tasks.ledger.tables import DECISIONS, DRAFTS, LEASES, QUEUE, VOTES, WHOLE_ITEM
from tasks.records import Action

_READ = ("sample_id", "version", "check", "findings", "snapshot_id", "blind", "origin", "sample")
_NEEDED = [column for column in WHOLE_ITEM if column.name in _READ]


def settle_many(
    connection: sa.Connection,
    recipe: str,
    seen: Mapping[str, int],
    make: Callable[[Mapping[str, Any]], Choice],
    actor: str,
    batch: str,
) -> Action:
    """Decides about items of a recipe; returns what was done to the last one.

    Args:
        seen: sample_id -> version that was looked at.
        make: a sample to the decision about it.

    Raises:
        LostRaceError: one of them is not as it was; the transaction must not be committed.
    """
    items = _lock_items(connection, recipe, seen)
    checks = {item["check"] for item in items.values()}
    guidelines = {check: guideline_version(connection, recipe, check) for check in checks}
    rows = []
    for name in seen:
        item = items[name] | {"recipe": recipe}
        choice = make(json.loads(item["sample"]))
        rows.append(as_decision(item, choice, actor, "bulk", batch, guidelines[item["check"]]))
    append_decisions(connection, rows)
    move_many(connection, {row["sample_id"]: state_after(row) for row in rows})
    for names in chunks(seen):
        for table, more in ((LEASES, ()), (DRAFTS, (DRAFTS.c.actor == actor,))):
            here = (table.c.recipe == recipe, table.c.sample_id.in_(names), *more)
            connection.execute(table.delete().where(*here))
    return Action(rows[-1]["action"])


def take_back_batch(connection: sa.Connection, batch: str, actor: str) -> int:
    """Takes back each decision of a batch that still stands; returns how many did. About the others somebody has
    decided anew since: theirs stands."""
    query = sa.select(DECISIONS.c.decision_id).where(
        DECISIONS.c.batch == batch, DECISIONS.c.action != Action.RETRACT.value
    )
    made = decisions_by_id(connection, connection.execute(query).scalars().all())
    newest = last_decisions(connection, {row["sample_id"] for row in made.values()})
    standing = [row for row in made.values() if newest[row["sample_id"]] == row["decision_id"]]
    standing.sort(key=lambda row: row["position"])
    before = decisions_by_id(connection, (row["supersedes"] for row in standing if row["supersedes"]))
    undoing = [what_undoes(row, before.get(row["supersedes"])) | {"actor": actor} for row in standing]
    append_decisions(connection, undoing)
    move_many(connection, {row["sample_id"]: state_after(row) for row in undoing})
    for names in chunks(row["sample_id"] for row in standing if row["origin"] == "overlap"):
        end_votes(connection, actor, VOTES.c.sample_id.in_(names))
    return len(undoing)


def move_many(connection: sa.Connection, states: Mapping[str, State]) -> None:
    """Gives samples, in every recipe's queue that holds them, their new state.

    Args:
        states: sample_id -> state.
    """
    by_state: dict[State, list[str]] = defaultdict(list)
    for name, state in states.items():
        by_state[state].append(name)
    for state, moved in by_state.items():
        for names in chunks(moved):
            change = QUEUE.update().where(QUEUE.c.sample_id.in_(names))
            connection.execute(change.values(state=state.value, version=QUEUE.c.version + 1))


def _lock_items(connection: sa.Connection, recipe: str, seen: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Items by sample_id, at the versions that were looked at; raises LostRaceError."""
    items: dict[str, dict[str, Any]] = {}
    for names in chunks(seen):
        query = sa.select(*_NEEDED).where(QUEUE.c.recipe == recipe, QUEUE.c.sample_id.in_(names))
        for row in connection.execute(query.with_for_update()).mappings():
            items[row["sample_id"]] = dict(row)
    for name, version in seen.items():
        if name not in items or items[name]["version"] != version:
            lock_item(connection, recipe, name, version)  # says what became of it
    return items

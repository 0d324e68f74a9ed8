"""What a run puts into a recipe's queue: of an item that is as it was before, nothing is written."""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from tasks.ledger.bulk import move_many
from tasks.ledger.decisions import IN_ORDER, chunks
from tasks.ledger.moves import State, state_after
from tasks.ledger.rows import LazyRows, insert_many, write_texts
from tasks.ledger.tables import DECISIONS, FLAGGED, QUEUE, QUEUE_FACTS, TEXTS
from tasks.ledger.times import now

_CHOSEN = ("label", "language", "source", "check")


class _Known(NamedTuple):
    digest: str
    texts: str
    version: int
    state: str


def fill_queue(
    connection: sa.Connection,
    recipe: str,
    snapshot_id: str,
    items: LazyRows,
    facts: Mapping[str, Any],
    heard: Collection[str],
) -> None:
    """Puts a snapshot's items in the place of the recipe's earlier ones, within a transaction; see `Desk.fill`."""
    known, states = _known_items(connection, recipe), _standing_states(connection, heard)
    names = [item["sample_id"] for item in items.short]
    same = {
        item["sample_id"]
        for item in items.short
        if (before := known.get(item["sample_id"])) and before.digest == item["digest"]
    }
    for part in chunks(known.keys() - same):
        connection.execute(QUEUE.delete().where(QUEUE.c.recipe == recipe, QUEUE.c.sample_id.in_(part)))
    rows = [
        item
        | {
            "recipe": recipe,
            "snapshot_id": snapshot_id,
            "state": states.get(item["sample_id"], State.OPEN).value,
            "version": known[item["sample_id"]].version + 1 if item["sample_id"] in known else 1,
        }
        for item in items.take([n for n, name in enumerate(names) if name not in same])
    ]
    insert_many(connection, QUEUE, rows)
    write_texts(connection, items)
    _forget_texts(connection, {name: known[name].texts for name in known.keys() - same})
    moved = {name: states.get(name, State.OPEN) for name in same}
    move_many(connection, {name: state for name, state in moved.items() if known[name].state != state})
    choices = {name: sorted({i[name] for i in items.short if i[name]}) for name in _CHOSEN}
    told = json.dumps({**facts, "choices": choices}, ensure_ascii=False)
    connection.execute(QUEUE_FACTS.delete().where(QUEUE_FACTS.c.recipe == recipe))
    stored = dict(facts=told, created=now(), snapshot_id=snapshot_id, recipe=recipe)
    connection.execute(QUEUE_FACTS.insert(), stored)


def _known_items(connection: sa.Connection, recipe: str) -> dict[str, _Known]:
    query = sa.select(QUEUE.c.sample_id, *(QUEUE.c[name] for name in _Known._fields))
    rows = connection.execute(query.where(QUEUE.c.recipe == recipe))
    return {name: _Known(*values) for name, *values in rows}


def _forget_texts(connection: sa.Connection, left: Mapping[str, str]) -> None:
    """Removes what neither a snapshot nor a queue holds any more.

    Args:
        left: sample_id -> digest of the texts of an item that is no longer as it was.
    """
    for part in chunks(left):
        held: set[str] = set()
        for table in (FLAGGED, QUEUE):
            rows = connection.execute(sa.select(table.c.texts).where(table.c.sample_id.in_(part)))
            held.update(rows.scalars())
        gone = [left[name] for name in part if left[name] not in held]
        connection.execute(TEXTS.delete().where(TEXTS.c.digest.in_(gone)))


def _standing_states(connection: sa.Connection, heard: Collection[str]) -> dict[str, State]:
    """sample_id -> what the newest decision about it makes of an item that a run asks about: who knew the decision
    and asks all the same finds that it does not answer what is said now."""
    shown = (DECISIONS.c.sample_id, DECISIONS.c.action, DECISIONS.c.decision_id)
    states = {}
    for name, action, decision_id in connection.execute(sa.select(*shown).order_by(*IN_ORDER)):
        state = state_after({"action": action})
        states[name] = State.OPEN if state is State.DECIDED and decision_id in heard else state
    return states

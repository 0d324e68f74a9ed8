"""The review queue in the database: who looks at what, and what was decided, each change in one transaction.

An item is a distinct sample of a recipe's newest snapshot. Its `version` grows with every change of state: whoever
decides names the version that was looked at, and a decision on an older one changes nothing.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.bulk import settle_many, take_back_batch
from tasks.ledger.decisions import read_decisions
from tasks.ledger.engine import writing
from tasks.ledger.filling import fill_queue
from tasks.ledger.filters import Filter, ordered, where
from tasks.ledger.moves import (
    LEASE_SECONDS,
    RENEWED_AFTER,
    Choice,
    LostRaceError,
    State,
    find_item,
    item_is,
    lease,
    lock_item,
    note_act,
    settle,
    take_back,
    votes_on,
)
from tasks.ledger.rows import LazyRows
from tasks.ledger.store import Ledger
from tasks.ledger.tables import ACTS, DECISIONS, DRAFTS, LEASES, QUEUE, QUEUE_FACTS, VOTES, WHOLE_ITEM
from tasks.ledger.times import now
from tasks.records import Action
from tasks.wording.told import Told

_LISTED = [c for c in WHOLE_ITEM if c.name not in ("sample", "findings", "words", "origin", "passage")]
COUNT_SECONDS = 2
"""Age of the number of open items that an item's page may show: 50,000 take 5 ms to count."""

# The statements of every look at an item are put together once: that costs as much as the database's part of them.
_ITEM_ANYWHERE = (
    sa.select(*WHOLE_ITEM)
    .where(QUEUE.c.sample_id == sa.bindparam("sample_id"))
    .order_by(sa.desc("snapshot_id"))
    .limit(1)
)
_ITEM = sa.select(*WHOLE_ITEM).where(*item_is(QUEUE, sa.bindparam("recipe"), sa.bindparam("sample_id")))
_LEASE = sa.select(LEASES.c.actor, LEASES.c.until).where(
    *item_is(LEASES, sa.bindparam("recipe"), sa.bindparam("sample_id"))
)
_DRAFT = sa.select(DRAFTS.c.content).where(
    *item_is(DRAFTS, sa.bindparam("recipe"), sa.bindparam("sample_id")),
    DRAFTS.c.actor == sa.bindparam("actor"),
)
_FREE = sa.select(QUEUE.c.sample_id).where(
    ~sa.exists().where(
        *item_is(LEASES, QUEUE.c.recipe, QUEUE.c.sample_id),
        LEASES.c.actor != sa.bindparam("me"),
        LEASES.c.until > sa.bindparam("moment"),
    ),
    ~sa.exists().where(
        *item_is(VOTES, QUEUE.c.recipe, QUEUE.c.sample_id), VOTES.c.actor == sa.bindparam("me")
    ),
)
"""Items that nobody else holds and that one has not voted on."""


class Desk:
    """The queue of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.engine = ledger.engine
        self._left: dict[tuple[str, str | None], tuple[float, int]] = {}

    def fill(self, recipe: str, snapshot_id: str, items: LazyRows, facts: Mapping[str, Any]) -> None:
        """Puts a snapshot's items in the place of the recipe's earlier ones, in one transaction.

        Leases, drafts and votes stand: they are about content. So does an item that is as it was before, with its
        version. An item whose sample is decided (between the run's look at the decisions and now) is filled in as
        decided; escalated ones stay escalated.
        """
        with writing(self.engine) as connection:
            fill_queue(connection, recipe, snapshot_id, items, facts)

    def facts(self) -> dict[str, dict[str, Any]]:
        """What each recipe's queue was drawn from: recipe -> snapshot_id, created, rows, flagged,
        unflagged, …, and choices: the distinct checks, labels, languages and sources, for filters."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(QUEUE_FACTS)).mappings().all()
        return {
            r["recipe"]: {**json.loads(r["facts"]), "snapshot_id": r["snapshot_id"], "created": r["created"]}
            for r in rows
        }

    def count(self) -> list[dict[str, Any]]:
        """Items by recipe, check and state; random ones are counted in the queue that they stand in."""
        keys = (QUEUE.c.recipe, QUEUE.c.check, QUEUE.c.state)
        query = sa.select(
            *keys, sa.func.count().label("items"), sa.func.sum(QUEUE.c.chance).label("expected")
        )
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query.group_by(*keys)).mappings()]

    def list_items(self, wanted: Filter, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """Items, the most valuable look first, without their text and without what tells random ones."""
        query = sa.select(*_LISTED, sa.func.substr(QUEUE.c.words, 1, 240).label("excerpt"))
        query = ordered(where(query, wanted)).limit(limit).offset(offset)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def count_items(self, wanted: Filter) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(where(sa.select(sa.func.count()), wanted)).scalar_one())

    def count_left(self, recipe: str, check: str | None) -> int:
        """Open items of a queue (of all, for None), as they were at most `COUNT_SECONDS` ago."""
        counted, left = self._left.get((recipe, check), (0.0, 0))
        if time.monotonic() - counted > COUNT_SECONDS or not counted:
            left = self.count_items(Filter(recipe, check))
            self._left[recipe, check] = time.monotonic(), left
        return left

    def item(self, sample_id: str, recipe: str | None = None) -> dict[str, Any] | None:
        """One item whole, sample and findings as Python values; of the newest snapshot that has it."""
        given = {"sample_id": sample_id, "recipe": recipe}
        with self.engine.connect() as connection:
            query = _ITEM_ANYWHERE if recipe is None else _ITEM
            row = connection.execute(query, given).mappings().first()
        if row is None:
            return None
        return {**row, "sample": json.loads(row["sample"]), "findings": json.loads(row["findings"])}

    def take_next(self, wanted: Filter, actor: str, skip: Iterable[str] = ()) -> dict[str, Any] | None:
        """Leases the most valuable open item that nobody else holds and that `actor` has not voted on."""
        chosen = self.lease_next(wanted, actor, skip)
        return None if chosen is None else self.item(chosen, wanted.recipe)

    def lease_next(self, wanted: Filter, actor: str, skip: Iterable[str] = ()) -> str | None:
        """`take_next` that returns the item's sample_id alone."""
        moment = time.time()
        query = where(_FREE, wanted)
        if skipped := list(skip):
            query = query.where(QUEUE.c.sample_id.not_in(skipped))
        query = ordered(query).limit(1).with_for_update(skip_locked=True)
        with writing(self.engine, passing=True) as connection:
            chosen = connection.execute(query, {"me": actor, "moment": moment}).scalar()
            if chosen is not None:
                lease(connection, wanted.recipe, chosen, actor, moment)
        return chosen

    def take(self, recipe: str, sample_id: str, actor: str) -> str | None:
        """Leases an item, or renews the lease; returns who else holds it, if somebody does."""
        moment = time.time()
        here = {"recipe": recipe, "sample_id": sample_id}
        with self.engine.connect() as connection:
            held = connection.execute(_LEASE, here).first()
        if held is not None and held.actor == actor and held.until > moment + LEASE_SECONDS - RENEWED_AFTER:
            return None  # a moment old, as after `take_next`: not worth a write
        with writing(self.engine, passing=True) as connection:
            held = connection.execute(_LEASE, here).first()
            holder = held.actor if held and held.actor != actor and held.until > moment else None
            if holder is None:
                lease(connection, recipe, sample_id, actor, moment)
        return holder

    def release(self, recipe: str, sample_id: str, actor: str) -> None:
        with writing(self.engine, passing=True) as connection:
            connection.execute(
                LEASES.delete().where(*item_is(LEASES, recipe, sample_id), LEASES.c.actor == actor)
            )

    def decide(
        self, recipe: str, sample_id: str, version: int, choice: Choice, actor: str, origin: str = "page"
    ) -> str:
        """Appends a decision and closes the item; returns the decision's id.

        Raises:
            LostRaceError: the item is not as it was at `version`; nothing was changed.
        """
        with writing(self.engine) as connection:
            item = lock_item(connection, recipe, sample_id, version)
            return settle(connection, item, choice, actor, origin, None)

    def choose_many(self, wanted: Filter, limit: int) -> dict[str, int]:
        """sample_id -> version of items that a bulk decision may be about: blind ones are looked at singly."""
        query = where(sa.select(QUEUE.c.sample_id, QUEUE.c.version), wanted).where(~QUEUE.c.blind)
        with self.engine.connect() as connection:
            rows = connection.execute(ordered(query).limit(limit))
            return {row.sample_id: row.version for row in rows}

    def decide_many(
        self, seen: Mapping[str, int], recipe: str, make: Callable[[Mapping[str, Any]], Choice], actor: str
    ) -> str:
        """Decides about many items in one transaction; returns the batch's id, which `undo_batch` takes.

        Args:
            seen: sample_id -> version, as they were counted in the preview.
            make: a sample to the decision about it; what it raises undoes all.

        Raises:
            LostRaceError: one of them changed since; nothing was decided.
        """
        batch = uuid.uuid4().hex
        with writing(self.engine) as connection:
            action = settle_many(connection, recipe, seen, make, actor, batch)
            note_act(connection, actor, "bulk", batch, {"action": action.value, "items": len(seen)})
        return batch

    def decide_together(
        self, recipe: str, sample_id: str, version: int, choices: Mapping[str, Choice], actor: str
    ) -> str:
        """Decides about an item and others that go with it, queued or not, in one transaction; returns the batch.

        Raises:
            LostRaceError: the item is not as it was at `version`; nothing was decided.
        """
        batch = uuid.uuid4().hex
        with writing(self.engine) as connection:
            item = lock_item(connection, recipe, sample_id, version)
            for name, choice in choices.items():
                about = item if name == sample_id else find_item(connection, recipe, name)
                settle(connection, about, choice, actor, "pair", batch)
        return batch

    def undo(self, decision_id: str, actor: str) -> str:
        """Takes a decision back, if it still stands: what stood before it stands again. Returns its sample_id.

        Raises:
            LostRaceError: a later decision superseded it.
        """
        with writing(self.engine) as connection:
            return take_back(connection, decision_id, actor, None)

    def undo_batch(self, batch: str, actor: str) -> int:
        """Takes back every decision of a batch that still stands, in one transaction; returns how many."""
        with writing(self.engine) as connection:
            undone = take_back_batch(connection, batch, actor)
            note_act(connection, actor, "undo_bulk", batch, {"items": undone})
        return undone

    def decision(self, decision_id: str) -> dict[str, Any] | None:
        """One decision, with `stands`: whether no later one superseded it."""
        with self.engine.connect() as connection:
            history = read_decisions(connection, beside=decision_id)
        found = next((row for row in history if row["decision_id"] == decision_id), None)
        return None if found is None else {**found, "stands": history[-1] is found}

    def history(self, sample_id: str) -> list[dict[str, Any]]:
        """Every decision about a sample, the oldest first."""
        with self.engine.connect() as connection:
            return read_decisions(connection, sample_id)

    def vote(
        self, recipe: str, sample_id: str, version: int, choice: Choice, actor: str
    ) -> list[dict[str, Any]]:
        """One of two independent opinions; returns all votes on the item.

        The second one settles the item: equal choices are a decision, others go to an adjudicator.

        Raises:
            LostRaceError: the item is settled, or `actor` has voted already.
        """
        with writing(self.engine) as connection:
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
            connection.execute(
                DRAFTS.delete().where(*item_is(DRAFTS, recipe, sample_id), DRAFTS.c.actor == actor)
            )
            if earlier:
                same = (earlier[0]["action"], earlier[0]["payload"]) == (row["action"], row["payload"])
                settled = choice if same else Choice(Action.ESCALATE, {}, note="two reviewers disagree")
                settle(connection, item, settled, f"{earlier[0]['actor']}, {actor}", "overlap", None)
            return votes_on(connection, recipe, sample_id)

    def votes(self, recipe: str | None = None) -> list[dict[str, Any]]:
        """All votes (of one recipe), the oldest first, payloads as Python values."""
        query = sa.select(VOTES).order_by(VOTES.c.position)
        query = query if recipe is None else query.where(VOTES.c.recipe == recipe)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "payload": json.loads(row["payload"])} for row in rows]

    def save_draft(self, recipe: str, sample_id: str, actor: str, content: Mapping[str, Any]) -> None:
        """Keeps what a reviewer has typed, over what was kept before; renews the lease if it is theirs."""
        stored = dict(content=json.dumps(content, ensure_ascii=False), saved=now())
        here = (*item_is(DRAFTS, recipe, sample_id), DRAFTS.c.actor == actor)
        with writing(self.engine) as connection:
            if not connection.execute(DRAFTS.update().where(*here).values(**stored)).rowcount:
                connection.execute(
                    DRAFTS.insert(), dict(recipe=recipe, sample_id=sample_id, actor=actor, **stored)
                )
            until = time.time() + LEASE_SECONDS
            mine = (*item_is(LEASES, recipe, sample_id), LEASES.c.actor == actor)
            connection.execute(LEASES.update().where(*mine).values(until=until))

    def draft(self, recipe: str, sample_id: str, actor: str) -> dict[str, Any] | None:
        given = {"recipe": recipe, "sample_id": sample_id, "actor": actor}
        with self.engine.connect() as connection:
            content = connection.execute(_DRAFT, given).scalar()
        return None if content is None else json.loads(content)

    def looked_at(self, recipe: str) -> list[dict[str, Any]]:
        """What the estimates need: how many items (`items`) have the same origin, blind, state and standing action."""
        kinds = (QUEUE.c.origin, QUEUE.c.blind, QUEUE.c.state)
        items, decided = sa.func.count().label("items"), QUEUE.c.state == State.DECIDED.value
        waiting = sa.select(*kinds, sa.null().label("action"), items)
        waiting = waiting.where(QUEUE.c.recipe == recipe, ~decided).group_by(*kinds)
        earlier = DECISIONS.alias()
        last = sa.select(sa.func.max(earlier.c.position)).where(earlier.c.sample_id == QUEUE.c.sample_id)
        settled = QUEUE.join(DECISIONS, DECISIONS.c.position == last.scalar_subquery())
        done = sa.select(*kinds, DECISIONS.c.action, items).select_from(settled)
        done = done.where(QUEUE.c.recipe == recipe, decided).group_by(*kinds, DECISIONS.c.action)
        with self.engine.connect() as connection:
            return [dict(row) for query in (waiting, done) for row in connection.execute(query).mappings()]

    def chances(self) -> dict[str, float]:
        """sample_id -> chance that something is wrong, of the items that somebody gave an opinion on."""
        voted = sa.select(VOTES.c.sample_id)
        query = sa.select(QUEUE.c.sample_id, QUEUE.c.chance).where(QUEUE.c.sample_id.in_(voted))
        with self.engine.connect() as connection:
            return {row.sample_id: row.chance for row in connection.execute(query)}

    def acts(self, limit: int = 200, offset: int = 0) -> list[dict[str, Any]]:
        """The audit trail, the newest first."""
        query = sa.select(ACTS).order_by(ACTS.c.position.desc()).limit(limit).offset(offset)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]

    def note(self, actor: str, act: str, subject: str, detail: Mapping[str, Any]) -> None:
        """A line in the audit trail, for what is no decision: sign-in, export, a guideline, an account."""
        with writing(self.engine) as connection:
            note_act(connection, actor, act, subject, detail)

"""The review queue in the database: who looks at what, and what was decided, each change in one transaction.

An item is a distinct sample of a recipe's newest snapshot. Its `version` grows with every change of state: whoever
decides names the version that was looked at, and a decision on an older one changes nothing.
"""

import json
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.bulk import move_many, settle_many, take_back_batch
from tasks.ledger.decisions import decisions_by_id, import_decisions, last_decisions
from tasks.ledger.engine import writing
from tasks.ledger.filling import fill_queue
from tasks.ledger.filters import Filter, ordered, where
from tasks.ledger.moves import (
    LEASE_SECONDS,
    RENEWED_AFTER,
    Answer,
    Choice,
    LostRaceError,
    State,
    cast_vote,
    end_votes,
    find_item,
    item_is,
    lease,
    lock_item,
    note_act,
    settle,
    state_after,
    take_back,
)
from tasks.ledger.reading import QueueReader
from tasks.ledger.rows import LazyRows
from tasks.ledger.tables import DRAFTS, LEASES, QUEUE, VOTES
from tasks.ledger.times import now
from tasks.wording.told import Told

_LEASE = sa.select(LEASES.c.actor, LEASES.c.until).where(
    *item_is(LEASES, sa.bindparam("recipe"), sa.bindparam("sample_id"))
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


class Desk(QueueReader):
    """The queue of a ledger: what is read of it, and each act on it."""

    def fill(
        self,
        recipe: str,
        snapshot_id: str,
        items: LazyRows,
        facts: Mapping[str, Any],
        heard: Collection[str] = (),
    ) -> None:
        """Puts a snapshot's items in the place of the recipe's earlier ones, in one transaction.

        Leases, drafts and votes stand: they are about content. So does an item that is as it was before, with its
        version. An item whose sample was decided since the run's look at the decisions is filled in as decided; one
        whose decision the run knew is asked about anew. Escalated ones stay escalated.

        Args:
            heard: ids of the decisions that the run knew.
        """
        with writing(self.engine) as connection:
            fill_queue(connection, recipe, snapshot_id, items, facts, heard)

    def take_next(self, wanted: Filter, actor: str, skip: Iterable[str] = ()) -> dict[str, Any] | None:
        """Leases the most valuable open item that nobody else holds and that `actor` has not voted on."""
        chosen = self.lease_next(wanted, actor, skip)
        return None if chosen is None else self.item(chosen, wanted.recipe)

    def lease_next(self, wanted: Filter, actor: str, skip: Iterable[str] = ()) -> str | None:
        """`take_next` that returns the item's sample_id alone.

        Args:
            skip: sample_ids to pass over, or their beginnings of one length.
        """
        moment = time.time()
        query = where(_FREE, wanted)
        if skipped := list(skip):
            shortest = min(map(len, skipped))
            begins = sa.func.substr(QUEUE.c.sample_id, 1, shortest)
            query = query.where(begins.not_in([name[:shortest] for name in skipped]))
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
        self, recipe: str, seen: Mapping[str, int], choices: Mapping[str, Choice], actor: str
    ) -> str:
        """Decides about samples that go together, queued or not, in one transaction; returns the batch.

        Args:
            seen: sample_id -> version that was looked at, of those that are queued.

        Raises:
            LostRaceError: one of them is not as it was; nothing was decided.
        """
        batch = uuid.uuid4().hex
        with writing(self.engine) as connection:
            for name, version in seen.items():
                lock_item(connection, recipe, name, version)
            for name, choice in choices.items():
                settle(connection, find_item(connection, recipe, name), choice, actor, "pair", batch)
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

    def vote(
        self, recipe: str, sample_id: str, version: int, choice: Choice, actor: str
    ) -> list[dict[str, Any]]:
        """One of two independent opinions; returns all votes on the item.

        The second one settles the item: equal choices are a decision, others go to an adjudicator.

        Raises:
            LostRaceError: the item is settled, or `actor` has voted already.
        """
        with writing(self.engine) as connection:
            return cast_vote(connection, recipe, sample_id, version, choice, actor)

    def take_answers(self, answers: Iterable[Answer], actor: str, origin: str) -> None:
        """Decides, or gives an opinion, about each of several items, all in one transaction.

        Raises:
            LostRaceError: one of them is not as it was; nothing was changed.
        """
        with writing(self.engine) as connection:
            for answer in answers:
                place = answer.recipe, answer.sample_id, answer.version
                if answer.is_opinion:
                    cast_vote(connection, *place, answer.choice, actor)
                else:
                    settle(connection, lock_item(connection, *place), answer.choice, actor, origin, None)

    def withdraw(self, recipe: str, sample_id: str, actor: str) -> None:
        """Takes one's own opinion on an overlap item back, as long as nobody else gave one; the audit trail keeps it.

        Raises:
            LostRaceError: there is none, or the item is settled.
        """
        with writing(self.engine) as connection:
            state = connection.execute(sa.select(QUEUE.c.state).where(*item_is(QUEUE, recipe, sample_id)))
            mine = (*item_is(VOTES, recipe, sample_id), VOTES.c.actor == actor)
            is_open = state.scalar() == State.OPEN
            if not is_open or not end_votes(connection, actor, *mine):
                raise LostRaceError(
                    Told(
                        f"{actor} has no opinion on sample {sample_id[:12]} that can be taken back",
                        f"サンプル{sample_id[:12]}について、{actor}が取り消せる判断はありません。",
                    )
                )

    def save_draft(self, recipe: str, sample_id: str, actor: str, content: Mapping[str, Any]) -> None:
        """Keeps what a reviewer has typed, over what was kept before."""
        stored = dict(content=json.dumps(content, ensure_ascii=False), saved=now())
        here = (*item_is(DRAFTS, recipe, sample_id), DRAFTS.c.actor == actor)
        with writing(self.engine) as connection:
            if not connection.execute(DRAFTS.update().where(*here).values(**stored)).rowcount:
                connection.execute(
                    DRAFTS.insert(), dict(recipe=recipe, sample_id=sample_id, actor=actor, **stored)
                )

    def renew(self, recipe: str, sample_ids: Iterable[str], actor: str) -> None:
        """Renews the leases on items that are the reviewer's own; an item of somebody else's stays theirs."""
        mine = (
            LEASES.c.recipe == recipe,
            LEASES.c.sample_id.in_(list(sample_ids)),
            LEASES.c.actor == actor,
        )
        with writing(self.engine, passing=True) as connection:
            connection.execute(LEASES.update().where(*mine).values(until=time.time() + LEASE_SECONDS))

    def take_in(self, decisions: Iterable[Mapping[str, Any]]) -> int:
        """Adds decisions that were exported elsewhere, and moves the items they are about; returns how many were new.

        All are added, or none. Of what was decided about a sample here and there, the later stands.
        """
        with writing(self.engine) as connection:
            added = import_decisions(connection, decisions)
            newest = decisions_by_id(connection, last_decisions(connection, set(added)).values())
            move_many(connection, {row["sample_id"]: state_after(row) for row in newest.values()})
        return len(added)

    def note(self, actor: str, act: str, subject: str, detail: Mapping[str, Any]) -> None:
        """A line in the audit trail, for what is no decision: sign-in, export, a guideline, an account."""
        with writing(self.engine) as connection:
            note_act(connection, actor, act, subject, detail)

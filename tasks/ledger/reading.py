"""What is read of the review queue and of what was decided about it; nothing here changes anything."""

import json
import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from tasks.ledger.decisions import newest_decisions, read_decisions
from tasks.ledger.filters import Filter, ordered, where
from tasks.ledger.moves import (
    State,
    item_is,
)
from tasks.ledger.store import Ledger
from tasks.ledger.tables import ACTS, DECISIONS, DRAFTS, QUEUE, QUEUE_FACTS, VOTES, WHOLE_ITEM

_LISTED = [c for c in WHOLE_ITEM if c.name not in ("findings", "words", "origin", "passage")]
_EXCERPT = 240
"""Characters of an item's text that a list gets."""
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
_DRAFT = sa.select(DRAFTS.c.content).where(
    *item_is(DRAFTS, sa.bindparam("recipe"), sa.bindparam("sample_id")),
    DRAFTS.c.actor == sa.bindparam("actor"),
)


class QueueReader:
    """Looks at the queue of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.engine = ledger.engine
        self._left: dict[tuple[str, str | None], tuple[float, int]] = {}

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
        """Items, the most valuable look first, without their text and without what tells random ones; `excerpt` is the
        beginning of what the user says, else of what is learned, as it was typed."""
        query = ordered(where(sa.select(*_LISTED), wanted)).limit(limit).offset(offset)
        with self.engine.connect() as connection:
            return [_with_excerpt(dict(row)) for row in connection.execute(query).mappings()]

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

    def choose_many(self, wanted: Filter, limit: int) -> dict[str, int]:
        """sample_id -> version of items that a bulk decision may be about: blind ones are looked at singly."""
        query = where(sa.select(QUEUE.c.sample_id, QUEUE.c.version), wanted).where(~QUEUE.c.blind)
        with self.engine.connect() as connection:
            rows = connection.execute(ordered(query).limit(limit))
            return {row.sample_id: row.version for row in rows}

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

    def votes(
        self, recipe: str | None = None, sample_ids: Iterable[str] | None = None
    ) -> list[dict[str, Any]]:
        """All votes (of one recipe, about some samples), the oldest first, payloads as Python values."""
        query = sa.select(VOTES).order_by(VOTES.c.position)
        query = query if recipe is None else query.where(VOTES.c.recipe == recipe)
        query = query if sample_ids is None else query.where(VOTES.c.sample_id.in_(list(sample_ids)))
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "payload": json.loads(row["payload"])} for row in rows]

    def draft(self, recipe: str, sample_id: str, actor: str) -> dict[str, Any] | None:
        given = {"recipe": recipe, "sample_id": sample_id, "actor": actor}
        with self.engine.connect() as connection:
            content = connection.execute(_DRAFT, given).scalar()
        return None if content is None else json.loads(content)

    def looked_at(self, recipe: str) -> list[dict[str, Any]]:
        """What the estimates need: how many items (`items`) are alike in flagged, drawn (at random, from the flagged or
        from the others), check, state and standing action."""
        flagged, drawn = (QUEUE.c.origin == "flagged").label("flagged"), QUEUE.c.blind.label("drawn")
        kinds = (flagged, drawn, QUEUE.c.check, QUEUE.c.state)
        items, decided = sa.func.count().label("items"), QUEUE.c.state == State.DECIDED.value
        waiting = sa.select(*kinds, sa.null().label("action"), items)
        waiting = waiting.where(QUEUE.c.recipe == recipe, ~decided).group_by(*kinds)
        earlier = DECISIONS.alias()
        last = sa.select(earlier.c.decision_id).where(earlier.c.sample_id == QUEUE.c.sample_id)
        last = last.order_by(earlier.c.created.desc(), earlier.c.position.desc()).limit(1)
        settled = QUEUE.join(DECISIONS, DECISIONS.c.decision_id == last.scalar_subquery())
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

    def decisions(self, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """Decisions, the newest first."""
        with self.engine.connect() as connection:
            return newest_decisions(connection, limit, offset)

    def count_audit(self) -> tuple[int, int]:
        """How many decisions there are, and how many acts in the audit trail."""
        with self.engine.connect() as connection:
            counts = [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (DECISIONS, ACTS)
            ]
        return counts[0], counts[1]

    def acts(self, limit: int | None = 200, offset: int = 0, act: str | None = None) -> list[dict[str, Any]]:
        """The audit trail, or one kind of act in it, the newest first."""
        query = sa.select(ACTS).order_by(ACTS.c.position.desc()).limit(limit).offset(offset)
        query = query if act is None else query.where(ACTS.c.act == act)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]


def _with_excerpt(row: dict[str, Any]) -> dict[str, Any]:
    sample = json.loads(row.pop("sample"))
    return row | {"excerpt": (sample["input"] or sample["target"] or "")[:_EXCERPT]}

"""Several samples decided as one: what the queue knows of copies, and one transaction over all of them."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.decisions import IN_ORDER, standing_decisions, unpack
from tasks.ledger.engine import writing
from tasks.ledger.moves import Choice, LostRaceError, State, find_item, lease, lock_item, settle
from tasks.ledger.tables import DECISIONS, LEASES, QUEUE, WHOLE_ITEM
from tasks.wording.told import Told


def read_kin(
    engine: sa.Engine, recipe: str, groups: Iterable[str], names: Iterable[str], limit: int
) -> list[dict[str, Any]]:
    """Queue items of any of the groups or names, at most `limit`, undecided ones first; sample and findings as Python
    values."""
    kin = sa.or_(QUEUE.c.group_id.in_(list(groups)), QUEUE.c.sample_id.in_(list(names)))
    first = (QUEUE.c.state == State.DECIDED.value, QUEUE.c.sample_id)
    query = sa.select(*WHOLE_ITEM).where(QUEUE.c.recipe == recipe, kin).order_by(*first).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [{**r, "sample": json.loads(r["sample"]), "findings": json.loads(r["findings"])} for r in rows]


def standing_about(engine: sa.Engine, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The decision that stands about each of the samples that has one."""
    with engine.connect() as connection:
        return _standing(connection, list(names))


def take_all(
    engine: sa.Engine, recipe: str, names: Iterable[str], actor: str, moment: float
) -> dict[str, str]:
    """Leases items that nobody else holds, or renews the leases; returns who else holds the others.

    Args:
        moment: seconds since the epoch.
    """
    wanted = list(names)
    query = sa.select(LEASES).where(
        LEASES.c.recipe == recipe, LEASES.c.sample_id.in_(wanted), LEASES.c.until > moment
    )
    with writing(engine) as connection:
        held = {
            row["sample_id"]: row["actor"]
            for row in connection.execute(query).mappings()
            if row["actor"] != actor
        }
        for name in wanted:
            if name not in held:
                lease(connection, recipe, name, actor, moment)
    return held


def decide_cluster(
    engine: sa.Engine,
    recipe: str,
    seen: Mapping[str, str],
    choices: Mapping[str, Choice],
    actor: str,
    moment: float,
) -> str:
    """Decides about samples in one transaction; returns the batch's id, which `Desk.undo_batch` takes.

    Args:
        seen: sample_id -> what was looked at: an item's version, or the id of the decision that stands about a
            sample in no queue ("" for none).
        moment: seconds since the epoch.

    Raises:
        LostRaceError: one of them changed since, or somebody else holds it; nothing was decided.
    """
    batch = uuid.uuid4().hex
    with writing(engine) as connection:
        standing = _standing(connection, list(choices))
        for name, choice in choices.items():
            item = find_item(connection, recipe, name)
            if "version" in item:
                lock_item(connection, recipe, name, int(seen[name]) if seen[name].isdecimal() else -1)
                _require_free(connection, recipe, name, actor, moment)
            elif standing.get(name, {}).get("decision_id", "") != seen[name]:
                raise LostRaceError(
                    Told(
                        f"sample {name[:12]} was decided by somebody else since you opened it",
                        f"サンプル{name[:12]}は、開いている間に別の人が判断しました。",
                    )
                )
            settle(connection, item, choice, actor, "cluster", batch)
    return batch


def read_batch(engine: sa.Engine, batch: str) -> list[dict[str, Any]]:
    """The decisions that were made together, in their order: decision_id, sample_id, recipe, actor, origin."""
    shown = ("decision_id", "sample_id", "recipe", "actor", "origin")
    query = sa.select(*(DECISIONS.c[name] for name in shown)).where(DECISIONS.c.batch == batch)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query.order_by(DECISIONS.c.position)).mappings()]


def _standing(connection: sa.Connection, names: list[str]) -> dict[str, dict[str, Any]]:
    query = sa.select(DECISIONS).where(DECISIONS.c.sample_id.in_(names)).order_by(*IN_ORDER)
    return standing_decisions(unpack(dict(row)) for row in connection.execute(query).mappings())


def _require_free(connection: sa.Connection, recipe: str, name: str, actor: str, moment: float) -> None:
    query = sa.select(LEASES.c.actor).where(
        LEASES.c.recipe == recipe,
        LEASES.c.sample_id == name,
        LEASES.c.actor != actor,
        LEASES.c.until > moment,
    )
    if holder := connection.execute(query).scalar():
        raise LostRaceError(
            Told(
                f"{holder} is looking at sample {name[:12]}",
                f"サンプル{name[:12]}は{holder}が見ています。",
            )
        )

"""What stewards have decided: rows are appended, never changed; the last one about a sample stands."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.engine import writing
from tasks.ledger.tables import DECISIONS
from tasks.ledger.times import now
from tasks.records import Action

FIELDS = tuple(c.name for c in DECISIONS.columns if c.name != "position")
_JSON = ("payload", "evidence")


def append_decision(connection: sa.Connection, sample_id: str, action: Action, **values: Any) -> str:
    """Adds a decision within a transaction; returns its id. It supersedes the sample's standing one.

    Args:
        values: further columns of `DECISIONS`; payload and evidence as Python values.
    """
    decision_id = values.pop("decision_id", None) or uuid.uuid4().hex
    last = connection.execute(
        sa.select(DECISIONS.c.decision_id)
        .where(DECISIONS.c.sample_id == sample_id)
        .order_by(DECISIONS.c.position.desc())
        .limit(1)
    ).scalar()
    row = {"reason": "", "created": now(), "supersedes": last, **values}
    row |= {name: json.dumps(row.get(name) or {}, ensure_ascii=False, sort_keys=True) for name in _JSON}
    connection.execute(
        DECISIONS.insert(), row | {"decision_id": decision_id, "sample_id": sample_id, "action": action.value}
    )
    return decision_id


def read_decisions(connection: sa.Connection, sample_id: str | None = None) -> list[dict[str, Any]]:
    """Every decision (about one sample, if named), the oldest first."""
    query = sa.select(DECISIONS).order_by(DECISIONS.c.position)
    if sample_id is not None:
        query = query.where(DECISIONS.c.sample_id == sample_id)
    return [_unpack(dict(row)) for row in connection.execute(query).mappings()]


def standing_decisions(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The decision that stands about each sample; a retraction leaves none."""
    last = {row["sample_id"]: dict(row) for row in rows}
    return {name: row for name, row in last.items() if row["action"] != Action.RETRACT}


def import_decisions(engine: sa.Engine, rows: Iterable[Mapping[str, Any]]) -> int:
    """Appends decisions as they were exported, ids, times and order kept; known ids stay as they are.

    Returns:
        How many were new. All are added, or none.
    """
    added = 0
    with writing(engine) as connection:
        known = set(connection.execute(sa.select(DECISIONS.c.decision_id)).scalars())
        for row in rows:
            if row["decision_id"] in known:
                continue
            known.add(row["decision_id"])
            packed = {
                name: json.dumps(row.get(name) or {}, ensure_ascii=False, sort_keys=True) for name in _JSON
            }
            connection.execute(DECISIONS.insert(), {n: row.get(n) for n in FIELDS} | packed)
            added += 1
    return added


def _unpack(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **{name: json.loads(row[name] or "{}") for name in _JSON}}

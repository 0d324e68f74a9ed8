"""What stewards have decided: rows are appended, never changed; the last one about a sample stands."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from tasks.ledger.tables import DECISIONS
from tasks.ledger.times import now
from tasks.records import Action

FIELDS = tuple(c.name for c in DECISIONS.columns if c.name != "position")
_JSON = ("payload", "evidence")
_IN_ONE_STATEMENT = 5_000
"""Values of one IN: SQLite takes 32,766 in a statement, PostgreSQL 65,535."""
IN_ORDER = (DECISIONS.c.created, DECISIONS.c.position)
"""By the time of the decision, which one that is imported brings along; within a second as they came in."""
_EVERY = sa.select(DECISIONS).order_by(*IN_ORDER)
_ABOUT_SAMPLE = _EVERY.where(DECISIONS.c.sample_id == sa.bindparam("about"))
_OTHER = DECISIONS.alias()
_BESIDE = _EVERY.where(
    DECISIONS.c.sample_id
    == sa.select(_OTHER.c.sample_id).where(_OTHER.c.decision_id == sa.bindparam("decision")).scalar_subquery()
)
_LAST_OF_SAMPLE = (
    sa.select(DECISIONS.c.decision_id)
    .where(DECISIONS.c.sample_id == sa.bindparam("about"))
    .order_by(*(column.desc() for column in IN_ORDER))
    .limit(1)
)


def append_decision(connection: sa.Connection, sample_id: str, action: Action, **values: Any) -> str:
    """Adds a decision within a transaction; returns its id. It supersedes the sample's standing one.

    Args:
        values: further columns of `DECISIONS`; payload and evidence as Python values.
    """
    last = connection.execute(_LAST_OF_SAMPLE, {"about": sample_id}).scalar()
    row = _pack({**values, "sample_id": sample_id, "action": action.value}, last, now())
    connection.execute(DECISIONS.insert(), row)
    return row["decision_id"]


def append_decisions(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """`append_decision` for many samples at once, no two rows about the same one.

    Args:
        rows: columns of `DECISIONS`, sample_id and action among them; payload and evidence as Python values.
    """
    last = last_decisions(connection, [row["sample_id"] for row in rows])
    moment = now()
    packed = [_pack(row, last.get(row["sample_id"]), moment) for row in rows]
    if packed:
        connection.execute(DECISIONS.insert(), [dict.fromkeys(FIELDS) | row for row in packed])


def last_decisions(connection: sa.Connection, sample_ids: Iterable[str]) -> dict[str, str]:
    """sample_id -> the id of the newest decision about it, where there is one."""
    last = {}
    for names in chunks(sample_ids):
        query = sa.select(DECISIONS.c.sample_id, DECISIONS.c.decision_id)
        for row in connection.execute(query.where(DECISIONS.c.sample_id.in_(names)).order_by(*IN_ORDER)):
            last[row.sample_id] = row.decision_id
    return last


def decisions_by_id(connection: sa.Connection, decision_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """decision_id -> the decision."""
    found = {}
    for names in chunks(decision_ids):
        query = sa.select(DECISIONS).where(DECISIONS.c.decision_id.in_(names))
        found.update({row["decision_id"]: unpack(dict(row)) for row in connection.execute(query).mappings()})
    return found


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Names in lists short enough for one statement."""
    every = list(names)
    for start in range(0, len(every), _IN_ONE_STATEMENT):
        yield every[start : start + _IN_ONE_STATEMENT]


def read_decisions(
    connection: sa.Connection, sample_id: str | None = None, *, beside: str | None = None
) -> list[dict[str, Any]]:
    """Every decision, the oldest first; about one sample, if it is named, or the decision `beside` is about it."""
    if sample_id is not None:
        rows = connection.execute(_ABOUT_SAMPLE, {"about": sample_id})
    elif beside is not None:
        rows = connection.execute(_BESIDE, {"decision": beside})
    else:
        rows = connection.execute(_EVERY)
    return [unpack(dict(row)) for row in rows.mappings()]


def newest_decisions(connection: sa.Connection, limit: int, offset: int) -> list[dict[str, Any]]:
    """Decisions, the newest first."""
    newest = (column.desc() for column in IN_ORDER)
    query = sa.select(DECISIONS).order_by(*newest).limit(limit).offset(offset)
    return [unpack(dict(row)) for row in connection.execute(query).mappings()]


def standing_decisions(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The decision that stands about each sample; a retraction leaves none."""
    last = {row["sample_id"]: dict(row) for row in rows}
    return {name: row for name, row in last.items() if row["action"] != Action.RETRACT}


def import_decisions(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Appends decisions as they were exported, ids, times and order kept, within a transaction; known ids stay as they
    are. Of what was decided about a sample here and there, the later stands.

    Returns:
        The sample_id of each that was new.
    """
    added = []
    known = set(connection.execute(sa.select(DECISIONS.c.decision_id)).scalars())
    for row in rows:
        if row["decision_id"] in known:
            continue
        known.add(row["decision_id"])
        packed = {name: json.dumps(row.get(name) or {}, ensure_ascii=False, sort_keys=True) for name in _JSON}
        connection.execute(DECISIONS.insert(), {n: row.get(n) for n in FIELDS} | packed)
        added.append(row["sample_id"])
    return added


def _pack(values: Mapping[str, Any], supersedes: str | None, moment: str) -> dict[str, Any]:
    """A row of `DECISIONS`; what `values` say of id, time and reason stands."""
    row = {
        "decision_id": uuid.uuid4().hex,
        "reason": "",
        "created": moment,
        "supersedes": supersedes,
        **values,
    }
    return row | {n: json.dumps(row.get(n) or {}, ensure_ascii=False, sort_keys=True) for n in _JSON}


def unpack(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `DECISIONS` with payload and evidence as Python values."""
    return {**row, **{name: json.loads(row[name] or "{}") for name in _JSON}}

"""Samples that stand in no queue, read from a snapshot's tables."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from review.room import Room
from tasks.records import FINDING, SAMPLE
from tasks.storage import Workspace


class Reported(NamedTuple):
    """A sample of a recipe's newest snapshot that nobody is asked about."""

    recipe: str
    snapshot_id: str
    sample: dict[str, Any]
    """As the snapshot has it: after what was edited."""
    origin: str
    """Its sample_id before an edit."""
    disposition: str
    findings: list[dict[str, Any]]


def find_samples(workspace: Workspace, snapshot_id: str, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """sample_id -> records.SAMPLE, for those of `names` that the snapshot holds or set aside."""
    wanted = set(names)
    found: dict[str, dict[str, Any]] = {}
    for table in ("samples", "set_aside"):
        path = workspace.path("snapshots", snapshot_id, f"{table}.parquet")
        if (missing := sorted(wanted - found.keys())) and path.exists():
            rows = pq.read_table(path, filters=pc.field("sample_id").isin(missing), columns=SAMPLE.names)
            found |= {row["sample_id"]: row for row in reversed(rows.to_pylist())}
    return found


def find_sample(room: Room, item: Mapping[str, Any], sample_id: str) -> dict[str, Any] | None:
    """A sample of the item's snapshot: from the queue, else from the snapshot's tables; None where it is gone."""
    queued = room.desk.item(sample_id, item["recipe"])
    if queued is not None:
        return dict(queued["sample"])
    return find_samples(room.workspace, item["snapshot_id"], [sample_id]).get(sample_id)


@cache
def code_of(workspace: Workspace, snapshot_id: str) -> str:
    """The version of the checks that a snapshot was made by: the digest of their code in its facts; "" where it has
    none."""
    path = workspace.path("snapshots", snapshot_id, "facts.json")
    if not path.exists():
        return ""
    return str(json.loads(path.read_text(encoding="utf-8")).get("lineage", {}).get("code", ""))


def find_reported(room: Room, sample_id: str) -> Reported | None:
    """A sample of some recipe's newest snapshot, by its sample_id before or after an edit; None where none has it."""
    for recipe, facts in sorted(room.desk.facts().items()):
        folder = ("snapshots", facts["snapshot_id"])
        for table in ("samples", "set_aside"):
            path = room.workspace.path(*folder, f"{table}.parquet")
            if not path.exists():
                continue
            named = pc.field("sample_id") == sample_id
            if table == "samples":
                named = named | (pc.field("edited_from") == sample_id)
            if rows := pq.read_table(path, filters=named).to_pylist():
                row = rows[0]
                origin = row.get("edited_from") or row["sample_id"]
                findings = _read_findings(room.workspace, facts["snapshot_id"], origin, row["row"])
                sample = {name: row[name] for name in SAMPLE.names}
                return Reported(recipe, facts["snapshot_id"], sample, origin, row["disposition"], findings)
    return None


def _read_findings(workspace: Workspace, snapshot_id: str, sample_id: str, row: int) -> list[dict[str, Any]]:
    path = workspace.path("snapshots", snapshot_id, "findings.parquet")
    if not path.exists():
        return []
    about = (pc.field("sample_id") == sample_id) & (pc.field("row") == row)
    found: list[dict[str, Any]] = pq.read_table(path, filters=about, columns=FINDING.names).to_pylist()
    return found

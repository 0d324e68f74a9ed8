"""A snapshot without the content of erased samples: ids, splits and dispositions stay, and it still verifies."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.erase.change import Change, Kind
from tasks.erase.probes import ERASED, Redactor
from tasks.errors import StorageError
from tasks.storage import Workspace, file_digests, read_manifest, write_manifest, written_whole

FACTS = "facts.json"
Row = dict[str, Any]


def plan_snapshots(workspace: Workspace, redactor: Redactor) -> Iterator[Change]:
    """Snapshots with rows to blank, or whose blanking was cut short."""
    cleaners: dict[str, Callable[[Row], Row]] = {
        "samples": partial(_clean_sample, redactor),
        "set_aside": partial(_clean_sample, redactor),
        "findings": partial(_clean_finding, redactor),
        "documents": partial(_clean_document, redactor),
    }
    for folder in sorted(workspace.path("snapshots").glob("*")):
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        tables: dict[str, pa.Table] = {}
        rows = 0
        for name, clean in cleaners.items():
            path = folder / f"{name}.parquet"
            if path.is_file():
                changed, table = _clean_table(pq.read_table(path), clean)
                rows += changed
                if changed:
                    tables[name] = table
        if tables or _marker(folder).exists():
            what = folder.relative_to(workspace.root).as_posix()
            yield Change(Kind.SNAPSHOTS, what, rows, partial(_write_snapshot, folder, tables))


def trained_on(folder: Path, ids: frozenset[str]) -> bool:
    """Whether a snapshot's training or validation split holds one of the samples."""
    path = folder / "samples.parquet"
    if not path.is_file():
        return False
    table = pq.read_table(path, columns=["sample_id", "edited_from", "split"])
    return any(
        row["split"] in ("train", "validation") and {row["sample_id"], row["edited_from"]} & ids
        for row in table.to_pylist()
    )


def _write_snapshot(folder: Path, tables: dict[str, pa.Table], erasure_id: str) -> None:
    """Between marker and manifest the snapshot is under way; one that was damaged before stays known as damaged."""
    marker = _marker(folder)
    whole = marker.exists() or _is_whole(folder)
    if whole:
        _write_text(marker, erasure_id)
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        noted = facts.get("erasures", [])
        if erasure_id not in noted:
            _write_text(folder / FACTS, json.dumps(facts | {"erasures": [*noted, erasure_id]}, indent=1))
    for name, table in tables.items():
        with written_whole(folder / f"{name}.parquet") as part:
            pq.write_table(table, part, compression="zstd")
    if whole:
        write_manifest(folder)
        marker.unlink()


def _marker(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.erasing"


def _write_text(path: Path, text: str) -> None:
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    try:
        return read_manifest(folder) == file_digests(folder)
    except StorageError:
        return False


def _clean_table(table: pa.Table, clean: Callable[[Row], Row]) -> tuple[int, pa.Table]:
    """(rows changed, the table with them): rows that do not change are taken over as they are."""
    before = table.to_pylist()
    after = [clean(row) for row in before]
    mask = np.array([a != b for a, b in zip(before, after, strict=True)], dtype=bool)
    if not mask.any():
        return 0, table
    blanked = pa.Table.from_pylist([after[i] for i in np.flatnonzero(mask)], schema=table.schema)
    order = np.arange(len(table))
    order[mask] = len(table) + np.arange(len(blanked))
    return int(mask.sum()), pa.concat_tables([table, blanked]).take(order)


def _clean_sample(redactor: Redactor, row: Row) -> Row:
    own = {row["sample_id"], row.get("edited_from")} & redactor.ids
    if own:
        row = redactor.clean_sample(row)
    return row | {"reason": redactor.clean(row["reason"])} if "reason" in row else row


def _clean_finding(redactor: Redactor, row: Row) -> Row:
    about_file = row["row"] is None and redactor.selection.names(row["uri"])
    if row["sample_id"] in redactor.ids or about_file:
        return row | {"reason": ERASED, "evidence": None, "suggestion": None}
    return row | {name: redactor.clean(row[name]) for name in ("reason", "evidence", "suggestion")}


def _clean_document(redactor: Redactor, row: Row) -> Row:
    return row | {"title": None} if row["doc_id"] in redactor.documents and "title" in row else row

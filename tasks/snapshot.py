"""The snapshot: what is trained on, what was set aside and why, with splits; immutable, manifest last."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from tasks import edits as editing
from tasks import judge
from tasks.edits import edit_sample
from tasks.errors import DataGateError
from tasks.judge import JudgementRefs
from tasks.ledger.rows import LazyRows
from tasks.recipe import SplitSettings
from tasks.records import (
    SAMPLE,
    SET_ASIDE,
    SNAPSHOT_DOCUMENT,
    SNAPSHOT_SAMPLE,
    Disposition,
    FolderRef,
    Role,
    Split,
    TableRef,
    build_table,
    digest_of,
)
from tasks.report.data import ReasonCount
from tasks.row_texts import RowTexts
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.terms import term
from tasks.wording.told import Told

AWAY = [Disposition.QUARANTINE.value, Disposition.DROP.value]
"""Dispositions that take a row out of the snapshot's samples."""


class SnapshotRef(BaseModel):
    """A snapshot in the workspace, with its counts. `samples + set_aside == input`, always."""

    model_config = ConfigDict(frozen=True)

    snapshot_id: str
    folder: FolderRef
    samples: TableRef
    set_aside: TableRef
    findings: TableRef
    documents: TableRef
    counts: dict[str, int]
    """input, keep, edit, quarantine, drop, and the rows of each split."""
    reasons: tuple[ReasonCount, ...]
    """Rows by what settled them, most first; rows that nothing was said about are not among them."""
    rescued: int
    polishing_ratio: float
    """Share (0-1) of the input that was taken away."""


def assign_split(role: str, group_id: str, settings: SplitSettings, has_evaluation: bool) -> Split:
    """Split by hash of the group: the same group goes the same way in every run.

    With an evaluation source the gate split is that source; otherwise a share of the groups.
    """
    if role == Role.EVALUATION:
        return Split.GATE
    point = int.from_bytes(hashlib.sha256(group_id.encode()).digest()[:8], "big") / 2**64
    if not has_evaluation and point < settings.gate:
        return Split.GATE
    start = 0.0 if has_evaluation else settings.gate
    return Split.VALIDATION if start <= point < start + settings.validation else Split.TRAIN


def assemble(
    samples: pa.Table,
    dispositions: pa.Table,
    edits: Mapping[int, Mapping[str, Any]],
    settings: SplitSettings,
    has_evaluation: bool,
) -> tuple[pa.Table, pa.Table]:
    """Parts N samples into those that stay (records.SNAPSHOT_SAMPLE) and those set aside (records.SET_ASIDE).

    Args:
        dispositions: of the same rows in the same order.
        edits: row -> what changes, for each row whose disposition is to edit.

    Raises:
        ValueError: samples and dispositions are not about the same rows.
    """
    samples = samples.select(SAMPLE.names)
    if not samples["row"].equals(dispositions["row"]):
        raise ValueError(
            f"{len(samples)} samples and {len(dispositions)} dispositions differ in rows or order"
        )
    away = pc.is_in(dispositions["disposition"], value_set=pa.array(AWAY))
    aside, reasons = samples.filter(away), dispositions.filter(away).drop_columns("row")
    kept, settled = samples.filter(pc.invert(away)), dispositions.filter(pc.invert(away))["disposition"]
    edited = pc.equal(settled, Disposition.EDIT.value)
    changed = [edit_sample(sample, edits[sample["row"]]) for sample in kept.filter(edited).to_pylist()]
    decided = pc.is_valid(dispositions.filter(pc.invert(away))["decision_id"])
    current = _part_from_judged(_put_in(kept, edited, build_table(changed, SAMPLE)), decided)
    splits = [
        assign_split(role, group, settings, has_evaluation)
        for role, group in zip(current["role"].to_pylist(), current["group_id"].to_pylist(), strict=True)
    ]
    edited_from = pc.if_else(edited, kept["sample_id"], None)
    columns = [*current.columns, pa.array(splits, pa.string()), settled, edited_from]
    return (
        pa.table(columns, schema=SNAPSHOT_SAMPLE),
        pa.table([*aside.columns, *reasons.columns], schema=SET_ASIDE),
    )


def _part_from_judged(rows: pa.Table, decided: pa.ChunkedArray) -> pa.Table:
    """Training rows that a steward kept beside an evaluation row of their group: told apart from it, they are a group
    of their own."""
    judged = pc.unique(rows["group_id"].filter(pc.equal(rows["role"], Role.EVALUATION.value)))
    beside = pc.and_(pc.equal(rows["role"], Role.TRAIN.value), pc.is_in(rows["group_id"], judged))
    own = pc.binary_join_element_wise(rows["group_id"], "kept", "-")
    groups = pc.if_else(pc.and_(decided, beside), own, rows["group_id"])
    at = SAMPLE.get_field_index("group_id")
    return rows.set_column(at, SAMPLE.field(at), groups)


def _put_in(rows: pa.Table, replaced: pa.ChunkedArray, by: pa.Table) -> pa.Table:
    """`rows` where those for which `replaced` is true are those of `by`, in order."""
    mask = replaced.to_numpy()
    order = np.cumsum(~mask) - 1
    order[mask] = len(rows) - len(by) + np.arange(len(by))
    return pa.concat_tables([rows.filter(pc.invert(replaced)), by]).take(order)


def count_rows(kept: pa.Table, aside: pa.Table) -> dict[str, int]:
    """Rows of the input, of each disposition and of each split."""
    dispositions = Counter(kept["disposition"].to_pylist() + aside["disposition"].to_pylist())
    splits = Counter(kept["split"].to_pylist())
    return {
        "input": kept.num_rows + aside.num_rows,
        **{d.value: dispositions[d] for d in Disposition},
        **{s.value: splits[s] for s in Split},
    }


def count_reasons(dispositions: pa.Table) -> tuple[ReasonCount, ...]:
    """Rows by disposition, stage and check, most first."""
    columns = [dispositions[name].to_pylist() for name in ("disposition", "stage", "check")]
    settled = Counter(cause for cause in zip(*columns, strict=True) if cause[2])
    return tuple(
        ReasonCount(disposition=Disposition(disposition), stage=stage, check=check, rows=rows)
        for (disposition, stage, check), rows in settled.most_common()
    )


def require_splits(counts: Mapping[str, int]) -> None:
    """Raises DataGateError when a split is empty: there would be nothing to learn from, stop on or judge by."""
    for split in Split:
        if counts[split] == 0:
            raise DataGateError(
                Told(
                    f"snapshot: the {split} split is empty; observed {dict(counts)}, "
                    "expected at least one row in each split",
                    f"スナップショット: 分割「{term(split).ja}」が空です。実際は {dict(counts)} で、"
                    "どの分割にも少なくとも1行が必要です",
                )
            )


def flagged_rows(
    samples: pa.Table, dispositions: pa.Table, findings: pa.Table, texts: RowTexts | None = None
) -> LazyRows:
    """What the ledger keeps of a snapshot for review: each row not simply kept, with sample and findings as JSON.

    Args:
        texts: of `samples` and `findings`, where somebody else needs them too.
    """
    held = texts or RowTexts(samples, findings)
    aside = dispositions.filter(pc.not_equal(dispositions["disposition"], Disposition.KEEP.value))
    settled = aside.select(["row", "disposition", "check", "reason"]).to_pylist()
    rows = [one["row"] for one in settled]
    named = zip(settled, held.samples(rows)["sample_id"].to_pylist(), held.digests(rows), strict=True)
    short = [
        {
            "row": one["row"],
            "sample_id": name,
            "disposition": one["disposition"],
            "check": one["check"] or "",
            "reason": one["reason"] or "",
            "texts": digest,
        }
        for one, name, digest in named
    ]

    def write(places: Sequence[int]) -> list[dict[str, Any]]:
        encoded = held.encode([rows[place] for place in places])
        return [{"sample": sample, "findings": found} for sample, found in encoded]

    return LazyRows(short, write)


@stage("snapshot", judge, editing)
def snapshot_stage(
    workspace: Workspace,
    samples: TableRef,
    documents: TableRef,
    judgement: JudgementRefs,
    settings: SplitSettings,
    has_evaluation: bool,
    lineage: dict[str, str],
) -> SnapshotRef:
    """Writes the snapshot's folder; its id is the digest of its content and lineage.

    Args:
        documents: what ingest read; the snapshot keeps which they were, not their text or when they were written.
        lineage: digests of inputs, recipe, code and decisions, for the manifest.
    """
    edits = {r["row"]: json.loads(r["edit"]) for r in workspace.read_table(judgement.edits).to_pylist()}
    dispositions = workspace.read_table(judgement.dispositions)
    kept, aside = assemble(workspace.read_table(samples), dispositions, edits, settings, has_evaluation)
    counts = count_rows(kept, aside)
    require_splits(counts)
    tables = {
        "samples": kept,
        "set_aside": aside,
        "findings": workspace.read_table(judgement.findings),
        "documents": workspace.read_table(documents).select(SNAPSHOT_DOCUMENT.names),
    }
    refs = {name: workspace.write_table(table, name) for name, table in tables.items()}
    snapshot_id = digest_of([{k: r.digest for k, r in refs.items()}, lineage])[:16]
    facts = {
        "snapshot_id": snapshot_id,
        "counts": counts,
        "reasons": [reason.model_dump() for reason in count_reasons(dispositions)],
        "rescued": judgement.rescued,
        "polishing_ratio": aside.num_rows / max(1, counts["input"]),
    }
    with workspace.new_folder("snapshots", snapshot_id) as folder:
        _write_tables(folder, tables)
        (folder / "facts.json").write_text(
            json.dumps(facts | {"lineage": lineage}, indent=1), encoding="utf-8"
        )
    return SnapshotRef.model_validate(
        facts | refs | {"folder": workspace.folder_ref("snapshots", snapshot_id)}
    )


def _write_tables(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")

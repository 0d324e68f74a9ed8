"""Leakage: training rows whose text is, or nearly is, that of an evaluation row: a score on it proves
nothing."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tasks import findings
from tasks.duplicates.pairs import first_rows, row_indices
from tasks.findings import about_sample, point_at, read_columns
from tasks.recipe import LeakageSettings
from tasks.records import FINDING, Role, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace

SHOWN = 3
"""Evaluation rows that evidence quotes; all are counted."""


class Leak(NamedTuple):
    """An evaluation text that a training text gives away; both named by the index of their first row."""

    jaccard: float
    text: int
    required: float


def find_leaks(samples: pa.Table, pairs: pa.Table, settings: LeakageSettings) -> pa.Table:
    """One finding for each training row that has an equal or similar evaluation row.

    Args:
        samples: N rows of the schema SAMPLE.
        pairs: of the schema PAIR, found over all of `samples` with a floor of at most `settings.threshold`.

    Returns:
        Findings "exact_leak" (same text) and "near_leak" (similarity of `settings.threshold` or more).
    """
    columns = read_columns(samples)
    first = first_rows(samples, pairs).tolist()
    judged: dict[int, list[int]] = defaultdict(list)
    for index, role in enumerate(columns["role"]):
        if role == Role.EVALUATION:
            judged[first[index]].append(index)
    leaks = {text: [Leak(1.0, text, 1.0)] for text in judged}
    for left, right, jaccard, required in _near_pairs(samples, pairs):
        if jaccard >= settings.threshold:
            asked = max(required, settings.threshold)
            for text, other in ((left, right), (right, left)):
                if other in judged:
                    leaks.setdefault(text, []).append(Leak(jaccard, other, asked))
    rows = [
        _leak_finding(columns, index, leaks[first[index]], first[index], judged)
        for index, role in enumerate(columns["role"])
        if role == Role.TRAIN and first[index] in leaks
    ]
    return build_table(rows, FINDING)


@stage("leakage", findings)
def find_leaks_stage(
    workspace: Workspace, samples: TableRef, pairs: TableRef, settings: LeakageSettings
) -> TableRef:
    """Thin task over `find_leaks`, on the samples and pairs of the duplicates stage."""
    found = find_leaks(workspace.read_table(samples), workspace.read_table(pairs), settings)
    return workspace.write_table(found, "findings-leakage")


def _near_pairs(samples: pa.Table, pairs: pa.Table) -> Iterator[tuple[int, int, float, float]]:
    near = pairs.filter(pc.invert(pairs["exact"]))
    sides = [row_indices(samples, near[name]).tolist() for name in ("row_a", "row_b")]
    return zip(*sides, near["jaccard"].to_pylist(), near["required"].to_pylist(), strict=True)


def _leak_finding(
    columns: findings.Columns, index: int, leaks: list[Leak], own: int, judged: dict[int, list[int]]
) -> dict[str, Any]:
    exact = own in judged
    ordered = sorted(leaks, key=lambda leak: (leak.text != own, -leak.jaccard, leak.text))
    nearest = ordered[0]
    rows = [(leak, row) for leak in ordered for row in judged[leak.text]]
    where = f"row {columns['row'][rows[0][1]]} of the evaluation set"
    return about_sample(
        columns,
        index,
        stage="leakage",
        check="exact_leak" if exact else "near_leak",
        severity=Severity.CRITICAL if exact else Severity.WARNING,
        score=nearest.jaccard,
        threshold=nearest.required,
        reason=f"is {where}" if exact else f"nearly {where} (similarity {nearest.jaccard:.2f})",
        evidence={
            "evaluation": [point_at(columns, row) | {"jaccard": leak.jaccard} for leak, row in rows[:SHOWN]],
            "rows": len(rows),
        },
        suggestion={"action": "drop"},
    )

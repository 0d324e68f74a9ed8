"""How a witness writes down what it saw: one finding, and how a finding points at another sample."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.records import FINDING, Severity, canonical_json

EXCERPT = 160
"""Characters of a sample's text that evidence quotes."""
LEAD = 40
"""Characters that evidence quotes before the first one in which two texts differ."""
ADDRESS = ("row", "sample_id", "uri", "line")
"""Columns of a finding that say where its row stands."""
SAID = pa.schema([field for field in FINDING if field.name not in ADDRESS])
"""The other columns of a finding: what it says."""
Columns = dict[str, list[Any]]


def read_columns(samples: pa.Table) -> Columns:
    """The flat columns of a SAMPLE table as lists (all but the messages)."""
    return {
        name: samples[name].to_pylist()
        for name in samples.column_names
        if name not in ("prompt", "completion")
    }


def text_of(columns: Columns, index: int) -> str:
    """What a sample is about: its input, or the passage of language modelling."""
    return columns["input"][index] or columns["target"][index] or ""


def excerpt(text: str) -> str:
    """`text` on one line, cut at `EXCERPT` characters."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[:EXCERPT] + "…"


def excerpt_beside(text: str, other: str) -> str:
    """`text` on one line, cut so that the first place where it differs from `other` is seen."""
    line, beside = (" ".join(said.split()) for said in (text, other))
    shared = next((i for i, (a, b) in enumerate(zip(line, beside, strict=False)) if a != b), len(line))
    if line == beside or shared < EXCERPT - LEAD or len(line) <= EXCERPT:
        return excerpt(line)
    start = min(shared - LEAD, len(line) - EXCERPT)
    return "…" + excerpt(line[start:])


def point_at(columns: Columns, index: int, beside: int | None = None) -> dict[str, Any]:
    """What evidence tells of another sample, so that a person can judge without looking it up.

    Args:
        beside: index of the sample that it is held against: the quotation shows where the two begin to differ.
    """

    def quote(said: Callable[[int], str]) -> str:
        return excerpt(said(index)) if beside is None else excerpt_beside(said(index), said(beside))

    named = {
        name: columns[name][index]
        for name in ("row", "sample_id", "role", "source", "uri", "line", "date", "label")
    }
    about = {"excerpt": quote(lambda i: text_of(columns, i))}
    if columns["input"][index] and columns["label"][index] is None:
        about["target"] = quote(lambda i: columns["target"][i] or "")
    return {key: value for key, value in named.items() if value is not None} | about


def about_sample(
    columns: Columns,
    index: int,
    *,
    stage: str,
    check: str,
    severity: Severity,
    reason: str,
    evidence: dict[str, Any],
    score: float | None = None,
    threshold: float | None = None,
    suggestion: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A row of the schema FINDING about sample `index` of `columns`."""
    return {
        "row": columns["row"][index],
        "sample_id": columns["sample_id"][index],
        "uri": columns["uri"][index],
        "line": columns["line"][index],
        "stage": stage,
        "check": check,
        "severity": severity.value,
        "score": score,
        "threshold": threshold,
        "reason": reason,
        "evidence": canonical_json(evidence),
        "suggestion": None if suggestion is None else canonical_json(suggestion),
    }


def about_rows(samples: pa.Table, rows: np.ndarray, said: pa.Table, places: np.ndarray) -> pa.Table:
    """Findings about many samples of which a few things are said.

    Args:
        samples: of the schema SAMPLE.
        rows: (F,) indices of samples.
        said: M things that findings say, of the schema SAID.
        places: (F,) indices of what is said of each.
    """
    addresses, findings = samples.select(ADDRESS).take(rows), said.take(places)
    columns = [addresses[f.name] if f.name in ADDRESS else findings[f.name] for f in FINDING]
    return pa.table(columns, schema=FINDING).combine_chunks()

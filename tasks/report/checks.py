"""What the checks found, by check: how many findings, with which scores, and examples to look at."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tasks.judge import disposition_of
from tasks.privacy.masking import NOTHING, Masker, Value, rows_in
from tasks.recipe import Recipe
from tasks.records import Role, Severity
from tasks.report.data import CheckSummary, Example
from tasks.report.page import EXAMPLES
from tasks.report.witnesses import bin_scores

Values = Mapping[int, Sequence[Value]]
NOT_KNOWN: Values = {}
LATE = "reported only"
"""In the place of a policy, for what is found when the snapshot stands."""
SHOWN_OF_SAMPLES = ("row", "input", "target", "language")
"""Columns of samples that examples are made of."""


def summarise_checks(
    findings: pa.Table, samples: Sequence[pa.Table], recipe: Recipe, values: Values = NOT_KNOWN
) -> tuple[CheckSummary, ...]:
    """A summary for each stage, check and severity.

    Args:
        findings: of the schema FINDING.
        samples: tables with the columns `SHOWN_OF_SAMPLES`, of which each row stands in one at the most.
        values: row -> personal data that the run found in it, which no example shows.
    """
    masker = Masker(recipe.privacy)
    texts = {r["row"]: r for table in samples for r in table.select(SHOWN_OF_SAMPLES).to_pylist()}
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for finding in findings.to_pylist():
        grouped[finding["stage"], finding["check"], finding["severity"]].append(finding)
    return tuple(
        CheckSummary(
            stage=stage,
            check=check,
            severity=severity,
            findings=len(found),
            samples=len({f["row"] for f in found if f["row"] is not None}),
            policy=_policy_of(check, severity, found, recipe),
            scores=bin_scores([f["score"] for f in found if f["score"] is not None]),
            examples=tuple(example_of(f, texts.get(f["row"], {}), masker, values) for f in found[:EXAMPLES]),
        )
        for (stage, check, severity), found in sorted(grouped.items())
    )


def summarise_late(
    findings: pa.Table, samples: pa.Table, recipe: Recipe, values: Values = NOT_KNOWN
) -> tuple[CheckSummary, ...]:
    """Findings about rows of a snapshot, which no policy can set aside any more; `values` as in `summarise_checks`."""
    checks = summarise_checks(findings, [samples], recipe, values)
    return tuple(check.model_copy(update={"policy": LATE}) for check in checks)


def list_lost(findings: pa.Table) -> list[dict[str, Any]]:
    """The findings about files that could not be read, and about lines that became no sample."""
    return [f for f in findings.to_pylist() if f["row"] is None and f["severity"] != Severity.INFO]


def count_unread(lost: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Files that could not be read, and lines that became no sample; of `list_lost`."""
    return {
        "unread_files": len({f["uri"] for f in lost if f["line"] is None}),
        "unread_lines": len({(f["uri"], f["line"]) for f in lost if f["line"] is not None}),
    }


def example_of(
    finding: Mapping[str, Any], sample: Mapping[str, Any], masker: Masker, values: Values = NOT_KNOWN
) -> Example:
    """A finding as an example, with personal data masked: that of the sample and of those that evidence points at.

    Args:
        sample: the row that it is about, {} where it is about none.
    """
    evidence = finding["evidence"] or ""
    rows = {finding["row"], *rows_in(_read_json(evidence))}
    known = {value for row in rows for value in values.get(row, NOTHING)}
    return Example(
        sample_id=finding["sample_id"] or "",
        where=f"{finding['uri'] or ''}:{finding['line'] or ''}".strip(":"),
        language=sample.get("language") or "",
        excerpt=masker.text(sample.get("input") or sample.get("target") or "", known),
        score=finding["score"],
        threshold=finding["threshold"],
        reason=masker.text(finding["reason"] or "", known),
        evidence=masker.json(evidence, known),
        suggestion=masker.json(finding["suggestion"] or "", known),
    )


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _policy_of(check: str, severity: str, found: Sequence[Mapping[str, Any]], recipe: Recipe) -> str:
    if all(finding["row"] is None for finding in found):
        return "no sample to keep"
    return disposition_of(check, severity, Role.TRAIN, recipe.policy)

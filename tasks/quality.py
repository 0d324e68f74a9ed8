"""Great Expectations at each boundary: bad rows become findings, failures of the whole stop the line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from expectations.measures import garbled_signs, repetition_share
from expectations.suites import Evaluation, SuiteRun, load_suite, render_docs, run_suite, suites_version
from tasks.errors import DataGateError
from tasks.recipe import QualitySettings
from tasks.records import FINDING, Role, Severity, Split, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace, written_whole

_EXCERPT = 200
_WIDEST_LIST = 10
"""Values of a set that a message spells out."""


class ExpectationOutcome(BaseModel):
    """What came of one expectation, for the report."""

    model_config = ConfigDict(frozen=True)

    suite: str
    expectation: str
    check: str
    severity: str
    """Of a failure of the whole; `critical` stops the line."""
    success: bool
    evaluated: int
    """Rows looked at."""
    unexpected: int
    """Rows that fail; each has a finding."""
    observed: str
    expected: str


@dataclass(frozen=True)
class QualityResult:
    """Findings of the schema FINDING, and the outcome of every expectation."""

    findings: pa.Table
    outcomes: tuple[ExpectationOutcome, ...]
    run: SuiteRun

    def require_sound(self) -> None:
        """Raises DataGateError if a critical expectation failed as a whole; says what was observed."""
        failed = [o for o in self.outcomes if not o.success and o.severity == Severity.CRITICAL]
        if failed:
            lines = [
                f"  {o.check}: {o.expectation} observed {o.observed}, expected {o.expected}" for o in failed
            ]
            raise DataGateError(f"the data is not fit to train on ({failed[0].suite}):\n" + "\n".join(lines))


class QualityRefs(BaseModel):
    """What a quality stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    outcomes: tuple[ExpectationOutcome, ...]


def check_samples(
    samples: pa.Table, task: Task, settings: QualitySettings, labels: Sequence[str] | None = None
) -> QualityResult:
    """Holds samples against the suite of their task. Only training rows count for `min_samples` and classes.

    Args:
        samples: of the schema SAMPLE.
        labels: the declared label set; the labels of the training rows when None.
    """
    frame = _sample_frame(samples)
    train = frame[frame["role"] == Role.TRAIN] if "role" in frame else frame
    if labels is None and "label" in train:
        labels = sorted(set(train["label"].dropna()))
    values = _values(settings) | {"labels": list(labels or ())}
    suite = f"samples_{task.value.replace('-', '_')}"
    return _check(samples, suite, values, {"none": _columns(samples), "train": train, "all": frame})


def check_documents(documents: pa.Table, settings: QualitySettings) -> QualityResult:
    """Holds documents (schema DOCUMENT) against their suite; findings have a uri and no row.

    Files whose rows are samples have no text of their own, and are not looked at.
    """
    if "text" in documents.column_names:
        documents = documents.filter(documents["text"].is_valid())
    nested = [field.name for field in documents.schema if pa.types.is_nested(field.type)]
    frame = _frame(documents.drop_columns(nested))
    return _check(documents, "documents", _values(settings), {"none": _columns(documents), "all": frame})


def check_snapshot(samples: pa.Table, settings: QualitySettings) -> QualityResult:
    """Holds the samples of a snapshot (schema SNAPSHOT_SAMPLE) against what must be true before training.

    No content and no group is in two splits, no split is empty, nothing that training reads is null or empty.
    """
    frame = _sample_frame(samples)
    if {"split", "sample_id", "group_id"} <= set(frame):
        for name in ("sample", "group"):
            frame[f"splits_of_{name}"] = frame.groupby(f"{name}_id")["split"].transform("nunique")
    train = frame[frame["split"] == Split.TRAIN] if "split" in frame else frame
    return _check(
        samples, "snapshot", _values(settings), {"none": _columns(samples), "train": train, "all": frame}
    )


def write_data_docs(result: QualityResult, workspace: Workspace) -> list[str]:
    """Writes Great Expectations' pages about `result`, one for each set of rows; returns their paths."""
    paths = []
    for rows, page in render_docs(result.run).items():
        path = workspace.path("data_docs", f"{result.run.name}-{rows}.html")
        with written_whole(path) as part:
            part.write_text(page, encoding="utf-8")
        paths.append(str(path))
    return paths


def _finish(result: QualityResult, workspace: Workspace) -> QualityRefs:
    write_data_docs(result, workspace)
    result.require_sound()
    findings = workspace.write_table(result.findings, f"findings-{result.run.name}")
    return QualityRefs(findings=findings, outcomes=result.outcomes)


_SUITES = suites_version()  # an argument, so that a changed suite ends what is cached


@stage("quality: samples")
def check_samples_stage(
    workspace: Workspace,
    samples: TableRef,
    task: Task,
    settings: QualitySettings,
    labels: Sequence[str] | None = None,
    suites: str = _SUITES,
) -> QualityRefs:
    return _finish(check_samples(workspace.read_table(samples), task, settings, labels), workspace)


@stage("quality: documents")
def check_documents_stage(
    workspace: Workspace, documents: TableRef, settings: QualitySettings, suites: str = _SUITES
) -> QualityRefs:
    return _finish(check_documents(workspace.read_table(documents), settings), workspace)


@stage("quality: snapshot")
def check_snapshot_stage(
    workspace: Workspace, samples: TableRef, settings: QualitySettings, suites: str = _SUITES
) -> QualityRefs:
    return _finish(check_snapshot(workspace.read_table(samples), settings), workspace)


def _values(settings: QualitySettings) -> dict[str, Any]:
    """What the suites may ask for."""
    good_share = 1 - settings.max_bad_share
    return settings.model_dump() | {"languages": list(settings.languages), "min_good_share": good_share}


def _frame(table: pa.Table) -> pd.DataFrame:
    """Strings stay strings where all are null, which pandas would take for floats."""
    columns = {field.name: table[field.name].to_pylist() for field in table.schema}
    strings = {field.name for field in table.schema if pa.types.is_string(field.type)}
    series = {n: pd.Series(v, dtype="str" if n in strings else None) for n, v in columns.items()}
    return pd.DataFrame(series)


def _columns(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(columns=table.column_names)


def _sample_frame(samples: pa.Table) -> pd.DataFrame:
    """The table and what the suites need beside it: numbers of characters and of messages."""
    frame = _frame(samples)
    for side in {"input", "target"} & set(frame):
        frame[f"{side}_characters"] = frame[side].str.len()
    if {"input", "target"} <= set(frame):
        frame["characters"] = frame["input_characters"].fillna(0) + frame["target_characters"].fillna(0)
    for side in {"prompt", "completion"} & set(frame):
        frame[f"{side}_messages"] = [len(messages or ()) for messages in frame[side]]
    if {"prompt", "task"} <= set(frame):  # a passage has no prompt
        frame["prompt_messages"] = frame["prompt_messages"].where(frame["task"] != Task.LANGUAGE_MODELING)
    return frame.drop(columns=["prompt", "completion"], errors="ignore")


def _check(
    table: pa.Table, suite: str, values: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]
) -> QualityResult:
    run = run_suite(suite, load_suite(suite, values), frames)
    findings = [f for evaluation in run.evaluations for f in _findings(evaluation, table, frames["all"])]
    outcomes = tuple(_outcome(suite, evaluation) for evaluation in run.evaluations)
    return QualityResult(build_table(findings, FINDING), outcomes, run)


def _findings(evaluation: Evaluation, table: pa.Table, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    expectation, kwargs = evaluation.expectation, evaluation.expectation.kwargs
    if expectation.row_severity is None or not evaluation.unexpected:
        return
    column = kwargs.get("column") or kwargs["column_B"]
    bound = next((kwargs[key] for key in ("max_value", "min_value", "threshold") if key in kwargs), None)
    failing = list(evaluation.unexpected)
    address = [name for name in ("row", "sample_id", "uri", "line") if name in table.column_names]
    addresses = table.select(address).take(failing).to_pylist()
    languages = table["language"].take(failing).to_pylist()
    for value, where, language in zip(frame[column].loc[failing], addresses, languages, strict=True):
        score = _score(expectation.check, value)
        signs = garbled_signs(value) if expectation.check == "garbled_text" else []
        evidence = {"column": column, "value": _excerpt(value)} | ({"signs": signs} if signs else {})
        yield where | {
            "stage": "quality",
            "check": expectation.check,
            "severity": expectation.row_severity,
            "score": score,
            "threshold": None if bound is None else float(bound),
            "reason": expectation.reason.format(
                value=_excerpt(value),
                score=score,
                threshold=bound,
                signs=", ".join(signs),
                language=language,
                expected=", ".join(kwargs.get("languages", ())),
            ),
            "evidence": json.dumps(evidence, ensure_ascii=False),
        }


def _score(check: str, value: Any) -> float | None:
    if check == "repetitive_text":
        return repetition_share(value)
    return float(value) if isinstance(value, int | float) else None


def _excerpt(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _EXCERPT:
        return value[:_EXCERPT] + "…"
    return None if pd.isna(value) else value


def _outcome(suite: str, evaluation: Evaluation) -> ExpectationOutcome:
    expectation, bad = evaluation.expectation, len(evaluation.unexpected)
    by_row = expectation.row_severity is not None
    observed = f"{bad} of {evaluation.evaluated} rows" if by_row else _short_list(evaluation.observed)
    mostly = expectation.kwargs.get("mostly", 1)
    limit = f"at most {1 - mostly:.0%} of the rows: {_spelled(expectation.kwargs)}".removesuffix(": ")
    return ExpectationOutcome(
        suite=suite,
        expectation=expectation.type,
        check=expectation.check,
        severity=expectation.severity,
        success=evaluation.success,
        evaluated=evaluation.evaluated,
        unexpected=bad,
        observed=observed,
        expected=limit if by_row else _spelled(expectation.kwargs),
    )


def _spelled(kwargs: Mapping[str, Any]) -> str:
    told = {k: v for k, v in kwargs.items() if k not in ("mostly", "exact_match")}
    return ", ".join(f"{key} {_short_list(value)}" for key, value in told.items())


def _short_list(value: Any) -> str:
    if isinstance(value, list) and len(value) > _WIDEST_LIST:
        return f"[{', '.join(map(str, value[:_WIDEST_LIST]))}, … {len(value)} in all]"
    return str(value)

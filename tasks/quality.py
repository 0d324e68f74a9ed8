"""Great Expectations at each boundary: bad rows become findings, failures of the whole stop the line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from expectations.columns import as_texts, repetition_shares
from expectations.frames import Boundary, build_frame
from expectations.known import refuse_unknown
from expectations.measures import garbled_signs, primary_code
from expectations.suite_file import Expectation, Rows, Suite, fill_suite, read_suite
from expectations.suites import Evaluation, SuiteRun, load_suite, render_docs, run_suite, suites_version
from tasks import bias, privacy
from tasks.bias import BiasReport, list_slices
from tasks.errors import DataGateError, RecipeError
from tasks.privacy import Masker
from tasks.recipe import PrivacySettings, QualitySettings
from tasks.records import FINDING, NO_LABEL, Role, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace, written_whole
from tasks.wording import title_of
from tasks.wording.told import Told, join

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
    observed: Told
    expected: Told
    note: Told = Told()
    """That there was no row to look at, though the table has rows; "" where there were some."""


@dataclass(frozen=True)
class QualityResult:
    """Findings of the schema FINDING, and the outcome of every expectation."""

    findings: pa.Table
    outcomes: tuple[ExpectationOutcome, ...]
    runs: tuple[SuiteRun, ...]
    """The shipped suite's, then the stewards'."""

    def require_sound(self, left: "QualityRefs | None" = None) -> None:
        """Raises DataGateError if a critical expectation failed as a whole; says what was observed.

        Args:
            left: this result in the workspace, for the report of the stopped run.
        """
        failed = [o for o in self.outcomes if not o.success and o.severity == Severity.CRITICAL]
        if failed:
            told = join((_failure(outcome) for outcome in failed), "\n  ", "\n  ")
            raise DataGateError(
                Told(
                    f"the data is not fit to train on ({failed[0].suite}):\n  {told.en}",
                    f"データが学習に適しません({failed[0].suite}):\n  {told.ja}",
                ),
                left=left,
            )


class QualityRefs(BaseModel):
    """What a quality stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    outcomes: tuple[ExpectationOutcome, ...]

    @property
    def notes(self) -> tuple[Told, ...]:
        """What the report has to say of expectations that hold because they looked at nothing."""
        return tuple(outcome.note for outcome in self.outcomes if outcome.note)


def check_samples(
    samples: pa.Table,
    task: Task,
    settings: QualitySettings,
    labels: Sequence[str] | None = None,
    suites: Sequence[Suite] = (),
) -> QualityResult:
    """Holds samples against the suite of their task. Only training rows count for `min_samples` and classes.

    Args:
        samples: of the schema SAMPLE.
        labels: the declared label set; the labels of the training rows when None.
        suites: the stewards' own; those of this boundary are run too.
    """
    frame = build_frame(samples, Boundary.SAMPLES)
    if labels is None and "label" in frame:
        labels = _labels_trained_on(samples)
    if "labels" in samples.column_names and samples["labels"].null_count < len(samples):
        labels = [*(labels or ()), NO_LABEL]
    values = suite_settings(settings, labels or ())
    shipped = f"samples_{task.value.replace('-', '_')}"
    return _check(samples, frame, shipped, Boundary.SAMPLES, values, suites)


def _labels_trained_on(samples: pa.Table) -> list[str]:
    """Every label that a training row bears, alone or among others."""
    train = (
        samples.filter(pc.equal(samples["role"], Role.TRAIN.value))
        if "role" in samples.column_names
        else samples
    )
    found = set(train["label"].drop_null().to_pylist())
    if "labels" in train.column_names and train["labels"].null_count < len(train):
        found = set(pc.list_flatten(train["labels"]).to_pylist())
    return sorted(found)


def check_documents(
    documents: pa.Table, settings: QualitySettings, suites: Sequence[Suite] = ()
) -> QualityResult:
    """Holds documents (schema DOCUMENT) against their suite; findings have a uri and no row.

    Files whose rows are samples have no text of their own, and are not looked at.
    """
    if "text" in documents.column_names:
        documents = documents.filter(documents["text"].is_valid())
    frame = build_frame(documents, Boundary.DOCUMENTS)
    return _check(documents, frame, "documents", Boundary.DOCUMENTS, suite_settings(settings), suites)


def check_snapshot(
    samples: pa.Table, settings: QualitySettings, suites: Sequence[Suite] = ()
) -> QualityResult:
    """Holds the samples of a snapshot (schema SNAPSHOT_SAMPLE) against what must be true before training.

    No content and no group is in two splits, no split is empty, nothing that training reads is null or empty.
    """
    frame = build_frame(samples, Boundary.SNAPSHOT)
    return _check(samples, frame, "snapshot", Boundary.SNAPSHOT, suite_settings(settings), suites)


def check_slices(
    report: BiasReport, settings: QualitySettings, suites: Sequence[Suite] = ()
) -> QualityResult:
    """Holds what is said of labels, languages and sources, a row for each slice, against their suite.

    The outcomes name the slices that fail; no row is to blame, so that there are no findings.
    """
    frame, values = build_frame(list_slices(report), Boundary.SLICES), suite_settings(settings)
    wanted = [("slices", load_suite("slices", values))]
    wanted += [(s.name, fill_suite(s, values)) for s in suites if s.boundary is Boundary.SLICES]
    runs = tuple(run_suite(name, expectations, frame) for name, expectations in wanted)
    outcomes = tuple(_slice_outcome(run.name, e, frame) for run in runs for e in run.evaluations)
    return QualityResult(FINDING.empty_table(), outcomes, runs)


def load_suites(settings: QualitySettings) -> tuple[Suite, ...]:
    """The stewards' suites that the recipe names, read; raises RecipeError where one does not fit."""
    return tuple(read_suite(Path(path)) for path in settings.suites)


def require_known(suites: Sequence[Suite], settings: QualitySettings) -> None:
    """Raises RecipeError where stewards' suites ask for what cannot be evaluated; see `known.refuse_unknown`."""
    problems = []
    for suite in suites:
        try:
            refuse_unknown(suite, suite_settings(settings))
        except RecipeError as error:
            problems.append(str(error))
    if problems:
        raise RecipeError("\n".join(problems))


def write_data_docs(result: QualityResult, workspace: Workspace, masker: Masker) -> list[str]:
    """Writes Great Expectations' pages about `result`, one for each set of rows; returns their paths.

    Personal data in the values that a page quotes is masked.
    """
    paths = []
    for run in result.runs:
        for rows, page in render_docs(run, masker.tree).items():
            path = workspace.path("data_docs", f"{run.name}-{rows}.html")
            with written_whole(path) as part:
                part.write_text(page, encoding="utf-8")
            paths.append(str(path))
    return paths


def mask_observed(result: QualityResult, masker: Masker) -> QualityResult:
    """`result` with personal data masked in what its outcomes observed: messages and the report quote it."""
    outcomes = (o.model_copy(update={"observed": masker.told(o.observed)}) for o in result.outcomes)
    return replace(result, outcomes=tuple(outcomes))


def _finish(result: QualityResult, workspace: Workspace, settings: PrivacySettings) -> QualityRefs:
    masker = Masker(settings)
    write_data_docs(result, workspace, masker)
    shown = mask_observed(result, masker)
    findings = workspace.write_table(result.findings, f"findings-{result.runs[0].name}")
    refs = QualityRefs(findings=findings, outcomes=shown.outcomes)
    shown.require_sound(refs)
    return refs


_VERSION = suites_version()  # an argument, so that a changed suite ends what is cached
_PRIVACY = PrivacySettings()


@stage("quality: suites")
def require_known_stage(
    workspace: Workspace, suites: Sequence[Suite], settings: QualitySettings, version: str = _VERSION
) -> None:
    """Thin task over `require_known`: suites that did not change are not tried again."""
    require_known(suites, settings)


@stage("quality: samples", privacy)
def check_samples_stage(
    workspace: Workspace,
    samples: TableRef,
    task: Task,
    settings: QualitySettings,
    labels: Sequence[str] | None = None,
    suites: Sequence[Suite] = (),
    masking: PrivacySettings = _PRIVACY,
    version: str = _VERSION,
) -> QualityRefs:
    return _finish(
        check_samples(workspace.read_table(samples), task, settings, labels, suites), workspace, masking
    )


@stage("quality: documents", privacy)
def check_documents_stage(
    workspace: Workspace,
    documents: TableRef,
    settings: QualitySettings,
    suites: Sequence[Suite] = (),
    masking: PrivacySettings = _PRIVACY,
    version: str = _VERSION,
) -> QualityRefs:
    return _finish(check_documents(workspace.read_table(documents), settings, suites), workspace, masking)


@stage("quality: snapshot", privacy)
def check_snapshot_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: QualitySettings,
    suites: Sequence[Suite] = (),
    masking: PrivacySettings = _PRIVACY,
    version: str = _VERSION,
) -> QualityRefs:
    return _finish(check_snapshot(workspace.read_table(samples), settings, suites), workspace, masking)


@stage("quality: slices", bias, privacy)
def check_slices_stage(
    workspace: Workspace,
    report: BiasReport,
    settings: QualitySettings,
    suites: Sequence[Suite] = (),
    masking: PrivacySettings = _PRIVACY,
    version: str = _VERSION,
) -> QualityRefs:
    return _finish(check_slices(report, settings, suites), workspace, masking)


def suite_settings(settings: QualitySettings, labels: Sequence[str] = ()) -> dict[str, Any]:
    """What suites may ask for by `{$setting: NAME}`."""
    own = settings.model_dump(exclude={"suites"})
    good_share = 1 - settings.max_bad_share
    return own | {
        "languages": list(settings.languages),
        "min_good_share": good_share,
        "labels": list(labels),
    }


def _check(
    table: pa.Table,
    frame: pd.DataFrame,
    shipped: str,
    boundary: Boundary,
    values: Mapping[str, Any],
    suites: Sequence[Suite],
) -> QualityResult:
    columns = table.column_names
    runs = [run_suite(shipped, load_suite(shipped, values), frame, columns)]
    if not runs[0].lacks_columns:
        own = [suite for suite in suites if suite.boundary is boundary]
        runs += [run_suite(suite.name, fill_suite(suite, values), frame, columns) for suite in own]
    findings = [f for run in runs for e in run.evaluations for f in _findings(e, table, frame)]
    outcomes = tuple(
        _outcome(run.name, evaluation, len(frame)) for run in runs for evaluation in run.evaluations
    )
    return QualityResult(build_table(findings, FINDING), outcomes, tuple(runs))


def _findings(evaluation: Evaluation, table: pa.Table, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    expectation, kwargs = evaluation.expectation, evaluation.expectation.kwargs
    if not evaluation.unexpected:
        return
    column = kwargs.get("column") or kwargs.get("column_B") or kwargs["column_list"][0]
    limit = next((kwargs[key] for key in ("max_value", "min_value", "threshold") if key in kwargs), None)
    failing = list(evaluation.unexpected)
    address = [name for name in ("row", "sample_id", "uri", "line") if name in table.column_names]
    addresses = table.select(address).take(failing).to_pylist()
    languages = table["language"].take(failing).to_pylist()
    values = frame[column].iloc[failing]
    shares = repetition_shares(as_texts(values)) if expectation.check == "repetitive_text" else values
    for value, share, where, language in zip(values, shares, addresses, languages, strict=True):
        bound = kwargs.get("thresholds", {}).get(primary_code(language or ""), limit)
        signs = garbled_signs(value) if expectation.check == "garbled_text" else []
        told = {
            "value": _excerpt(value),
            "score": float(share) if isinstance(share, int | float) else None,
            "threshold": bound,
            "signs": ", ".join(signs),
            "language": language,
            "expected": ", ".join(kwargs.get("languages", ())),
        }
        evidence = {"column": column, "value": told["value"]} | ({"signs": signs} if signs else {})
        evidence |= {
            name: told[name] for name in ("language", "expected") if f"{{{name}}}" in expectation.reason
        }
        yield where | {
            "stage": "quality",
            "check": expectation.check,
            "severity": expectation.row_severity,
            "score": told["score"],
            "threshold": float(bound) if isinstance(bound, int | float) else None,
            "reason": expectation.reason.format(**told) or _reason(expectation),
            "evidence": json.dumps(evidence, ensure_ascii=False, default=str),
        }


def _reason(expectation: Expectation) -> str:
    """What is said of a row where the suite gives no sentence; the evidence holds the value."""
    asked = expectation.type.removeprefix("expect_").replace("_", " ")
    return f"{asked}: {_spelled(expectation.kwargs)}"


def _excerpt(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _EXCERPT:
        return value[:_EXCERPT] + "…"
    return None if pd.isna(value) else value


def _outcome(suite: str, evaluation: Evaluation, rows: int = 0) -> ExpectationOutcome:
    """For the report.

    Args:
        rows: of the whole table.
    """
    expectation, bad, by_row = evaluation.expectation, len(evaluation.unexpected), evaluation.by_row
    observed, expected = Told(_short_list(evaluation.observed)), Told(_spelled(expectation.kwargs))
    if by_row:
        share = f"{1 - expectation.kwargs.get('mostly', 1):.0%}"
        observed = Told(f"{bad} of {evaluation.evaluated} rows", f"{evaluation.evaluated}行のうち{bad}行")
        expected = Told(
            f"at most {share} of the rows: {expected}".removesuffix(": "),
            f"多くても行の{share}: {expected}".removesuffix(": "),
        )
    return ExpectationOutcome(
        suite=suite,
        expectation=expectation.type,
        check=expectation.check,
        severity=expectation.severity,
        success=evaluation.success,
        evaluated=evaluation.evaluated,
        unexpected=bad,
        observed=observed,
        expected=expected,
        note=_note(suite, expectation, rows) if by_row and rows and not evaluation.evaluated else Told(),
    )


def _note(suite: str, expectation: Expectation, rows: int) -> Told:
    """That an expectation looked at none of the table's rows."""
    title, codes = title_of(expectation.check), ", ".join(expectation.languages)
    which = [
        *([Told("to train on", "学習用の行")] if expectation.rows is Rows.TRAIN else []),
        *([Told(f"in {codes}", f"言語が{codes}の行")] if codes else []),
    ]
    told = join(which or [Told("one that it asks for", "条件に合う行")], " and ", "かつ")
    return Told(
        f"{suite}: {title.en} looked at no row: none of the {rows:,} rows is {told.en}.",
        f"{suite}: 「{title.say('ja')}」は1行も調べていません。{rows:,}行の中に{told.say('ja')}がありません。",
    )


def _failure(outcome: ExpectationOutcome) -> Told:
    observed, expected = outcome.observed, outcome.expected
    return Told(
        f"{outcome.check}: {outcome.expectation} observed {observed.en}, expected {expected.en}",
        f"{title_of(outcome.check).say('ja')}({outcome.expectation}): 実際は {observed.say('ja')}、"
        f"条件は {expected.say('ja')}",
    )


def _slice_outcome(suite: str, evaluation: Evaluation, frame: pd.DataFrame) -> ExpectationOutcome:
    """As `_outcome`; slices that the expectation is not about are not counted, and those that fail are named."""
    told = _outcome(suite, evaluation)
    if not evaluation.by_row or "column" not in evaluation.expectation.kwargs:
        return told
    asked = int(frame[evaluation.expectation.kwargs["column"]].notna().sum())
    failing = frame["name"].iloc[list(evaluation.unexpected)].tolist()
    names = f": {_short_list(failing)}" if failing else ""
    observed = Told(
        f"{len(failing)} of {asked} slices{names}", f"{asked}個の部分のうち{len(failing)}個{names}"
    )
    return told.model_copy(update={"evaluated": asked, "observed": observed})


def _spelled(kwargs: Mapping[str, Any]) -> str:
    told = {k: v for k, v in kwargs.items() if k not in ("mostly", "exact_match")}
    return ", ".join(f"{key} {_short_list(value)}" for key, value in told.items())


def _short_list(value: Any) -> str:
    if isinstance(value, list) and len(value) > _WIDEST_LIST:
        return f"[{', '.join(map(str, value[:_WIDEST_LIST]))}, … {len(value)} in all]"
    return str(value)

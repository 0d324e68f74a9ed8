"""Puts together what a run has to tell, from whatever parts it reached, and keeps it beside the run.

Whatever is quoted of a sample is masked here, so that page, data, model card and terminal all hold what may be shown.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.base_model import BaseModelRef
from tasks.bias import BiasReport
from tasks.drift_report import DriftReport
from tasks.errors import ExitCode
from tasks.gate.gates import Verdict
from tasks.judge import disposition_of
from tasks.ledger import now
from tasks.privacy.masking import NOTHING, Masker, Value, rows_in, values_told
from tasks.quality import ExpectationOutcome
from tasks.recipe import Recipe
from tasks.records import Disposition, Role, Severity, TableRef, split_labels
from tasks.register import RegisteredModel
from tasks.report.data import (
    CheckSummary,
    Confusion,
    DecisionEffect,
    Example,
    FailedExpectation,
    LabelScore,
    ReportData,
    RowFlow,
    RowPath,
    Training,
    WorstItem,
)
from tasks.report.page import EXAMPLES, render_report
from tasks.report.review_link import review_url
from tasks.report.witnesses import bin_scores
from tasks.snapshot import SnapshotRef
from tasks.storage import Workspace, written_whole
from tasks.train import TrainResult
from tasks.wording.told import Told

SHOWN_CONFUSIONS = 10
SHOWN_WORST = 10
LATE = "reported only"
"""In the place of a policy, for what is found when the snapshot stands."""
REPORT = "report.html"
DATA = "report.json"
NOT_STOPPED = Told()
NOT_KNOWN: Mapping[int, Sequence[Value]] = {}


class Parts(BaseModel):
    """What a run has reached; later parts are None when it ended before them."""

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    snapshot: SnapshotRef | None = None
    samples: TableRef | None = None
    """As the witnesses saw them, before anything was redacted: what was found there is masked where it is quoted."""
    found: TableRef | None = None
    """What the suites say of the snapshot's rows: reported, for what becomes of them is settled."""
    outcomes: tuple[ExpectationOutcome, ...] = ()
    lineage: dict[str, str] = {}
    notes: tuple[Told, ...] = ()
    """Sentences for "where to look next"."""
    drift: DriftReport | None = None
    bias: BiasReport | None = None
    base: BaseModelRef | None = None
    training: TrainResult | None = None
    scores: TableRef | None = None
    verdict: Verdict | None = None
    model: RegisteredModel | None = None


def gather_report(workspace: Workspace, parts: Parts, stopped: Told = NOT_STOPPED) -> ReportData:
    """The report's data; `stopped` says why a run ended before its verdict."""
    snapshot, model = parts.snapshot, parts.model
    told: dict[str, Any] = {}
    masker = Masker(parts.recipe.privacy)
    if snapshot:
        values = _known_values(workspace, parts, snapshot)
        told |= _tell_snapshot(workspace, parts.recipe, snapshot, values)
        if parts.found:
            found, samples = workspace.read_table(parts.found), workspace.read_table(snapshot.samples)
            told["checks"] += summarise_late(found, samples, parts.recipe, values)
    if parts.scores and snapshot:
        told |= tell_scores(
            workspace.read_table(parts.scores), workspace.read_table(snapshot.samples), masker
        )
    aliases = f" ({', '.join(model.aliases)})" if model and model.aliases else ""
    return ReportData(
        name=parts.recipe.name,
        task=parts.recipe.task.value,
        created=now(),
        stopped=masker.told(stopped),
        failed_expectations=tuple(_failed(o) for o in parts.outcomes if not o.success),
        training=_tell_training(parts.recipe, parts.training) if parts.training else None,
        verdict=parts.verdict,
        lineage=parts.lineage
        | ({"snapshot": snapshot.snapshot_id} if snapshot else {})
        | ({"base_model": f"{parts.base.source}@{parts.base.revision[:16]}"} if parts.base else {}),
        model_version=f"{model.name} version {model.version}{aliases}" if model else "",
        next_steps=parts.notes,
        drift=parts.drift,
        bias=parts.bias,
        **told,
    )


def save_report(workspace: Workspace, run_id: str, data: ReportData) -> str:
    """Writes page and data of a run; returns the page's path, relative to the workspace."""
    folder = f"runs/{run_id}"
    with written_whole(workspace.path(folder, REPORT)) as part:
        part.write_text(render_report(data, review_url()), encoding="utf-8")
    with written_whole(workspace.path(folder, DATA)) as part:
        part.write_text(data.model_dump_json(indent=1), encoding="utf-8")
    return f"{folder}/{REPORT}"


def load_report(workspace: Workspace, run_id: str) -> ReportData | None:
    """What `save_report` kept; None when the run left nothing."""
    path = workspace.path("runs", run_id, DATA)
    return ReportData.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else None


def stop_sentence(code: ExitCode, message: Told) -> Told:
    """Why a run ended early, for the report's head; `NOT_STOPPED` for one that came to a verdict."""
    return NOT_STOPPED if code in (ExitCode.PROMOTED, ExitCode.NOT_PROMOTED) else message


def _failed(outcome: ExpectationOutcome) -> FailedExpectation:
    return FailedExpectation(
        suite=outcome.suite,
        expectation=outcome.expectation,
        check=outcome.check,
        severity=outcome.severity,
        observed=outcome.observed,
        expected=outcome.expected,
    )


def _known_values(workspace: Workspace, parts: Parts, snapshot: SnapshotRef) -> Mapping[int, Sequence[Value]]:
    """Row -> the personal data that the run found in it."""
    if parts.samples is None:
        return {}
    return values_told(workspace.read_table(snapshot.findings), workspace.read_table(parts.samples))


def _tell_snapshot(
    workspace: Workspace, recipe: Recipe, snapshot: SnapshotRef, values: Mapping[int, Sequence[Value]]
) -> dict[str, Any]:
    counts = snapshot.counts
    samples = workspace.read_table(snapshot.samples)
    findings = workspace.read_table(snapshot.findings)
    aside = workspace.read_table(snapshot.set_aside)
    applied = sum(reason.rows for reason in snapshot.reasons if reason.check.startswith("decision_"))
    return {
        "flow": RowFlow(
            rows_in=counts["input"],
            kept=counts["keep"],
            edited=counts["edit"],
            quarantined=counts["quarantine"],
            dropped=counts["drop"],
            reasons=tuple(r for r in snapshot.reasons if r.disposition is not Disposition.KEEP),
            paths=_paths(samples, aside),
        ),
        "splits": {name: counts[name] for name in ("train", "validation", "gate")},
        "languages": dict(Counter(samples["language"].to_pylist())),
        "licenses": dict(Counter(text or "" for text in samples["license"].to_pylist())),
        "owners": dict(Counter(text or "" for text in samples["owner"].to_pylist())),
        "checks": _summarise_checks(findings, samples, aside, recipe, values),
        "decisions": DecisionEffect(applied=applied, rescued=snapshot.rescued),
        **_count_unread(findings),
    }


def _paths(samples: pa.Table, aside: pa.Table) -> tuple[RowPath, ...]:
    """Where the rows of each source went; a source is named by the end of its path."""
    ways: Counter[tuple[str, str, str]] = Counter()
    for table in (samples, aside):
        checks = table["check"].to_pylist() if "check" in table.column_names else [""] * len(table)
        ways.update(zip(table["source"].to_pylist(), table["disposition"].to_pylist(), checks, strict=True))
    return tuple(
        RowPath(
            source=_short_name(source), disposition=Disposition(disposition), check=check or "", rows=rows
        )
        for (source, disposition, check), rows in ways.most_common()
    )


def _short_name(source: str) -> str:
    return source.rstrip("/").rpartition("/")[2] or source


def _count_unread(findings: pa.Table) -> dict[str, int]:
    """Files that could not be read, and lines that became no sample."""
    lost = [f for f in findings.to_pylist() if f["row"] is None and f["severity"] != Severity.INFO]
    return {
        "unread_files": len({f["uri"] for f in lost if f["line"] is None}),
        "unread_lines": len({(f["uri"], f["line"]) for f in lost if f["line"] is not None}),
    }


def _summarise_checks(
    findings: pa.Table,
    samples: pa.Table,
    aside: pa.Table,
    recipe: Recipe,
    values: Mapping[int, Sequence[Value]],
) -> tuple[CheckSummary, ...]:
    masker = Masker(recipe.privacy)
    columns = ["row", "input", "target", "language"]
    texts = {r["row"]: r for table in (samples, aside) for r in table.select(columns).to_pylist()}
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
            examples=tuple(_example(f, texts.get(f["row"], {}), masker, values) for f in found[:EXAMPLES]),
        )
        for (stage, check, severity), found in sorted(grouped.items())
    )


def summarise_late(
    findings: pa.Table,
    samples: pa.Table,
    recipe: Recipe,
    values: Mapping[int, Sequence[Value]] = NOT_KNOWN,
) -> tuple[CheckSummary, ...]:
    """Findings about rows of a snapshot, which no policy can set aside any more.

    Args:
        values: row -> personal data in it.
    """
    checks = _summarise_checks(findings, samples, samples.slice(0, 0), recipe, values)
    return tuple(check.model_copy(update={"policy": LATE}) for check in checks)


def _policy_of(check: str, severity: str, found: Sequence[dict[str, Any]], recipe: Recipe) -> str:
    if all(finding["row"] is None for finding in found):
        return "no sample to keep"
    return disposition_of(check, severity, Role.TRAIN, recipe.policy)


def _example(
    finding: dict[str, Any],
    sample: dict[str, Any],
    masker: Masker,
    values: Mapping[int, Sequence[Value]],
) -> Example:
    """Quoted texts masked: personal data of the sample itself, and of those that the evidence points at."""
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


def _tell_training(recipe: Recipe, result: TrainResult) -> Training:
    audit = result.audit
    return Training(
        rows=audit.rows,
        tokens=audit.tokens,
        trained_tokens=audit.trained_tokens,
        truncated_rows=audit.truncated_rows,
        lost_tokens=audit.lost_tokens,
        untrained_rows=audit.untrained_rows,
        steps=audit.steps,
        best_step=result.best_step,
        stopped_early=result.stopped_early,
        trainable_parameters=result.trainable_parameters,
        settings={name: str(value) for name, value in recipe.train},
        curve=tuple(result.curve),
    )


def tell_scores(scores: pa.Table, samples: pa.Table, masker: Masker | None = None) -> dict[str, Any]:
    """Where the candidate errs: labels it confuses, and items on which it fell behind the base.

    Args:
        masker: of the recipe; its defaults when None.
    """
    gate = [row for row in scores.to_pylist() if row["suite"] == "gate"]
    by_model: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in gate:
        by_model[row["model"]][row["item"]] = row
    inputs = dict(
        zip(
            samples["sample_id"].to_pylist(),
            zip(samples["input"].to_pylist(), samples["target"].to_pylist(), strict=True),
            strict=True,
        )
    )
    pairs = [(by_model["base"][item], row) for item, row in by_model["candidate"].items()]
    several = "labels" in samples.column_names and samples["labels"].null_count < len(samples)
    return {
        "confusions": _confusions(pairs),
        "label_scores": _label_scores(pairs) if several else (),
        "worst_items": _worst(pairs, inputs, masker or Masker()),
    }


def _confusions(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> tuple[Confusion, ...]:
    mixed: dict[str, Counter[tuple[str, str]]] = {"base": Counter(), "candidate": Counter()}
    for pair in pairs:
        for row in pair:
            if row["expected"] is not None and row["prediction"] != row["expected"]:
                mixed[row["model"]][row["expected"], row["prediction"]] += 1
    return tuple(
        Confusion(expected=e, predicted=p, base=mixed["base"][e, p], candidate=count)
        for (e, p), count in mixed["candidate"].most_common(SHOWN_CONFUSIONS)
    )


def _label_scores(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> tuple[LabelScore, ...]:
    """F1 of each label of multi-label data by base and candidate."""
    expected = [set(split_labels(row["expected"])) for _, row in pairs]
    said = [[set(split_labels(pair[model]["prediction"])) for pair in pairs] for model in (0, 1)]

    def f1(label: str, predicted: Sequence[set[str]]) -> float:
        found = sum(label in a and label in b for a, b in zip(expected, predicted, strict=True))
        borne = sum(label in labels for labels in (*expected, *predicted))
        return 2 * found / borne

    told = [
        LabelScore(
            label=label,
            items=sum(label in labels for labels in expected),
            base=f1(label, said[0]),
            candidate=f1(label, said[1]),
        )
        for label in sorted(set().union(*expected))
    ]
    return tuple(sorted(told, key=lambda score: (score.candidate, score.label)))


def _worst(
    pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    inputs: dict[str, tuple[str, str]],
    masker: Masker,
) -> tuple[WorstItem, ...]:
    def loss(pair: tuple[dict[str, Any], dict[str, Any]]) -> float:
        base, candidate = pair
        change = candidate["value"] - base["value"]
        return change if base["metric"] == "loss" else -change

    worst = [pair for pair in sorted(pairs, key=loss, reverse=True)[:SHOWN_WORST] if loss(pair) > 0]
    return tuple(
        WorstItem(
            item=candidate["item"],
            language=candidate["language"] or "",
            input=masker.text(inputs[candidate["item"]][0] or inputs[candidate["item"]][1]),
            expected=masker.text(candidate["expected"] or inputs[candidate["item"]][1]),
            base=masker.text(base["prediction"] or f"{base['value']:.3f}"),
            candidate=masker.text(candidate["prediction"] or f"{candidate['value']:.3f}"),
        )
        for base, candidate in worst
    )

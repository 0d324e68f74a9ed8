"""Puts together what a run has to tell, from whatever parts it reached, and keeps it beside the run.

Whatever is quoted of a sample is masked here, so that page, data, model card and terminal all hold what may be shown.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.base_model import BaseModelRef
from tasks.errors import ExitCode
from tasks.gate.gates import Verdict
from tasks.ledger import now
from tasks.privacy.masking import Masker, values_told
from tasks.quality import ExpectationOutcome
from tasks.recipe import Recipe
from tasks.records import Disposition, TableRef, split_labels
from tasks.register import RegisteredModel
from tasks.report.checks import NOT_KNOWN, Values, count_unread, list_lost, summarise_checks, summarise_late
from tasks.report.data import (
    Confusion,
    DecisionEffect,
    FailedExpectation,
    LabelScore,
    ReportData,
    RowFlow,
    Training,
    WorstItem,
)
from tasks.report.hearing import Hearing
from tasks.report.page import render_report
from tasks.report.review_link import review_url
from tasks.report.stopped import paths_of, tell_stopped
from tasks.snapshot import SnapshotRef
from tasks.storage import Workspace, written_whole
from tasks.train import TrainResult
from tasks.wording.told import Told

SHOWN_CONFUSIONS = 10
SHOWN_WORST = 10
REPORT = "report.html"
DATA = "report.json"
NOT_STOPPED = Told()


class Parts(BaseModel):
    """What a run has reached; later parts are None when it ended before them."""

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    said: Hearing
    places: tuple[Told, ...] = ()
    """Sentences that end "where to look next": where what is."""
    stopped_at: str = ""
    """Name of the stage that stopped the line."""
    base: BaseModelRef | None = None
    training: TrainResult | None = None
    scores: TableRef | None = None
    verdict: Verdict | None = None
    model: RegisteredModel | None = None


def gather_report(workspace: Workspace, parts: Parts, stopped: Told = NOT_STOPPED) -> ReportData:
    """The report's data; `stopped` says why a run ended before its verdict."""
    said, snapshot, model = parts.said, parts.said.snapshot, parts.model
    told: dict[str, Any] = {}
    masker = Masker(parts.recipe.privacy)
    if snapshot:
        values = _known_values(workspace, said, snapshot)
        told |= _tell_snapshot(workspace, parts.recipe, snapshot, values)
        for late in map(workspace.read_table, said.late):
            samples = workspace.read_table(snapshot.samples)
            told["checks"] += summarise_late(late, samples, parts.recipe, values)
    elif stopped:
        told |= tell_stopped(workspace, parts.recipe, said)
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
        stopped_at=parts.stopped_at,
        failed_expectations=tuple(_failed(o) for o in said.outcomes if not o.success),
        training=_tell_training(parts.recipe, parts.training) if parts.training else None,
        verdict=parts.verdict,
        lineage=said.lineage
        | ({"snapshot": snapshot.snapshot_id} if snapshot else {})
        | ({"base_model": f"{parts.base.source}@{parts.base.revision[:16]}"} if parts.base else {}),
        model_version=f"{model.name} version {model.version}{aliases}" if model else "",
        next_steps=(*said.notes, *parts.places),
        drift=said.drift,
        bias=said.bias,
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


def _known_values(workspace: Workspace, said: Hearing, snapshot: SnapshotRef) -> Values:
    """Row -> the personal data that the run found in it, in the samples as they were before anything was redacted."""
    if said.samples is None or not workspace.holds(said.samples):
        return NOT_KNOWN
    return values_told(workspace.read_table(snapshot.findings), workspace.read_table(said.samples))


def _tell_snapshot(
    workspace: Workspace, recipe: Recipe, snapshot: SnapshotRef, values: Values
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
            paths=paths_of(samples, aside),
        ),
        "splits": {name: counts[name] for name in ("train", "validation", "gate")},
        "languages": dict(Counter(samples["language"].to_pylist())),
        "licenses": dict(Counter(text or "" for text in samples["license"].to_pylist())),
        "owners": dict(Counter(text or "" for text in samples["owner"].to_pylist())),
        "checks": summarise_checks(findings, [samples, aside], recipe, values),
        "decisions": DecisionEffect(applied=applied, rescued=snapshot.rescued),
        **count_unread(list_lost(findings)),
    }


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

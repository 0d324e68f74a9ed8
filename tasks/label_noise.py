"""Label noise: labels that a model which never saw them finds implausible; and texts the base model finds
odd.

cleanlab's confident learning (Northcutt, Jiang and Chuang 2021, JAIR 70) on out-of-fold probabilities.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import findings, out_of_fold, text
from tasks.findings import Columns, about_sample, excerpt, read_columns
from tasks.out_of_fold import (
    Checked,
    calibrate,
    choose_checked,
    nearest_rows,
    out_of_fold_scores,
    text_features,
)
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Role, Severity, TableRef, Task, build_table, canonical_json
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.text import matching_form

STAGE = "label_noise"
NEIGHBOURS = 5
"""Nearest samples that evidence shows with their labels."""
TOP_LABELS = 3
"""Most probable labels that evidence shows."""
OUTLIER_SCORE = 3.5
"""Modified z-score from which a value is an outlier (Iglewicz and Hoaglin 1993)."""
OUTLIER_ROWS = 20
"""Fewest texts of a language for which median and spread say something."""
_MAD_TO_SIGMA = 0.6745  # 0.75 quantile of the normal distribution


class NoiseSummary(BaseModel):
    """What the report states about the queue of suspected labels."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    checked: int = 0
    """Samples whose label was checked."""
    flagged: int = 0
    folds: int = 0
    accuracy: float | None = None
    """Share (0-1) of checked training samples whose label the out-of-fold model predicts: a linear model on
    character n-grams, as a reference for the tuned one."""
    noise_rate: float | None = None
    """Estimated share (0-1) of labels that are random."""
    errors_per_100: float | None = None
    """Expected wrong labels among 100 flagged ones, counting random ones only: a floor. Errors between
    classes that the model confuses come on top."""
    errors_per_100_most: float | None = None
    """The same if the model were right wherever it contradicts a label: a ceiling, 100 * mean(1 - belief)."""


class NoiseResult(NamedTuple):
    """Findings of the schema FINDING, and what is said about them as a whole."""

    findings: pa.Table
    summary: NoiseSummary


class NoiseRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    summary: NoiseSummary


def find_label_noise(samples: pa.Table, settings: LabelNoiseSettings, seed: int = 0) -> NoiseResult:
    """Labels of text-classification samples that an out-of-fold model contradicts, the worst first.

    Evaluation rows are checked with the training rows (a wrong label there falsifies every score); their
    findings say so in the evidence. Classes with too few groups to be learned and held out at once are not
    checked.

    Args:
        samples: N rows of the schema SAMPLE with `group_id` filled: a group is never on both sides of a fold.
        seed: decides folds and the order of training.

    Returns:
        Findings "label_noise" (at most `settings.max_flagged_share` of the checked samples) and, one for each
        class left out, "class_too_small"; no finding, and no accuracy, for other tasks or a single class.
    """
    columns = read_columns(samples)
    if not settings.enabled or Task.TEXT_CLASSIFICATION not in columns["task"]:
        return NoiseResult(FINDING.empty_table(), NoiseSummary())
    checked, small = choose_checked(columns, settings.folds)
    rows = [_small_class_finding(label, *sizes, checked.folds) for label, sizes in sorted(small.items())]
    if len(checked.names) < 2:
        return NoiseResult(build_table(rows, FINDING), NoiseSummary())
    features = text_features([matching_form(columns["input"][i]) for i in checked.rows])
    scores = out_of_fold_scores(features, checked.labels, checked.groups, checked.folds, seed)
    calibrated = calibrate(scores, checked.labels)
    flagged = _rank_issues(calibrated.probabilities, scores, checked.labels, settings.max_flagged_share)
    nearest = nearest_rows(features, flagged, NEIGHBOURS)
    rows += _noise_findings(columns, checked, calibrated.probabilities, flagged, nearest)
    train = np.array([columns["role"][i] == Role.TRAIN for i in checked.rows])
    right = scores.argmax(axis=1) == checked.labels
    summary = NoiseSummary(
        checked=len(checked.rows),
        flagged=len(flagged),
        folds=checked.folds,
        accuracy=float(right[train].mean()) if train.any() else None,
        noise_rate=calibrated.noise_rate,
        errors_per_100=float(100 * calibrated.wrong[flagged].mean()) if len(flagged) else None,
        errors_per_100_most=float(100 * calibrated.contradicted[flagged].mean()) if len(flagged) else None,
    )
    return NoiseResult(build_table(rows, FINDING), summary)


def loss_outliers(samples: pa.Table, losses: np.ndarray) -> pa.Table:
    """Texts that the base model finds far less likely than others of their language: odd, not necessarily
    wrong.

    Garbled text, a foreign language, a wrong answer, or simply the vocabulary that tuning is to teach.

    Args:
        samples: N rows of the schema SAMPLE.
        losses: (N,) mean negative log-likelihood per token of the target; NaN where there is none.

    Returns:
        Findings "high_base_loss" (info), scored by the modified z-score 0.6745 * (loss - median) / MAD.

    Raises:
        ValueError: losses and samples differ in number.
    """
    if losses.shape != (len(samples),):
        raise ValueError(f"losses must have shape ({len(samples)},), got {losses.shape}")
    columns = read_columns(samples)
    languages = np.array([language or "und" for language in columns["language"]])
    rows = []
    for language in np.unique(languages):
        members = np.flatnonzero((languages == language) & np.isfinite(losses))
        if len(members) < OUTLIER_ROWS:
            continue
        median = float(np.median(losses[members]))
        spread = float(np.median(np.abs(losses[members] - median)))
        if spread == 0:
            continue
        outlying = _MAD_TO_SIGMA * (losses[members] - median) / spread
        rows += [
            about_sample(
                columns,
                int(index),
                stage=STAGE,
                check="high_base_loss",
                severity=Severity.INFO,
                score=float(value),
                threshold=OUTLIER_SCORE,
                reason=f"loss of {losses[index]:.2f} a token; the median of {language} is {median:.2f}",
                evidence={"loss": float(losses[index]), "median": median, "mad": spread},
            )
            for index, value in zip(members, outlying, strict=True)
            if value >= OUTLIER_SCORE
        ]
    return build_table(rows, FINDING)


@stage("label noise", findings, out_of_fold, text)
def find_label_noise_stage(
    workspace: Workspace, samples: TableRef, settings: LabelNoiseSettings, seed: int
) -> NoiseRefs:
    """Thin task over `find_label_noise`, on the grouped samples of the duplicates stage."""
    result = find_label_noise(workspace.read_table(samples), settings, seed)
    return NoiseRefs(
        findings=workspace.write_table(result.findings, "findings-label-noise"), summary=result.summary
    )


def _rank_issues(
    probabilities: np.ndarray, scores: np.ndarray, labels: np.ndarray, max_share: float
) -> np.ndarray:
    """(F,) indices of doubtful labels by cleanlab's rule, the worst first: by margin to the likeliest label."""
    from cleanlab.filter import find_label_issues

    doubtful = np.flatnonzero(find_label_issues(labels, probabilities, n_jobs=1))
    margins = scores[doubtful, labels[doubtful]] - scores[doubtful].max(axis=1)
    return doubtful[np.argsort(margins, kind="stable")][: max(1, int(max_share * len(labels)))]


def _noise_findings(
    columns: Columns,
    checked: Checked,
    probabilities: np.ndarray,
    flagged: np.ndarray,
    nearest: tuple[np.ndarray, np.ndarray],
) -> list[dict[str, Any]]:
    rows = []
    for position, neighbours, similarities in zip(flagged, *nearest, strict=True):
        index, own = int(checked.rows[position]), int(checked.labels[position])
        order = np.argsort(-probabilities[position], kind="stable")[:TOP_LABELS]
        best = checked.names[order[0]]
        score, likeliest = float(probabilities[position, own]), float(probabilities[position, order[0]])
        rows.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="label_noise",
                severity=Severity.WARNING,
                score=score,
                threshold=likeliest,
                reason=f"label {checked.names[own]!r} has probability {score:.2f}, {best!r} {likeliest:.2f}",
                evidence={
                    "role": columns["role"][index],
                    "labels": [
                        {"label": checked.names[k], "probability": float(probabilities[position, k])}
                        for k in order
                    ],
                    "neighbours": [
                        {
                            "row": columns["row"][checked.rows[n]],
                            "label": columns["label"][checked.rows[n]],
                            "similarity": float(similarity),
                            "excerpt": excerpt(columns["input"][checked.rows[n]]),
                        }
                        for n, similarity in zip(neighbours, similarities, strict=True)
                    ],
                },
                suggestion={"action": "relabel", "label": best, "probability": likeliest},
            )
        )
    return rows


def _small_class_finding(label: str, samples: int, groups: int, folds: int) -> dict[str, Any]:
    return {
        "stage": STAGE,
        "check": "class_too_small",
        "severity": Severity.INFO.value,
        "score": float(groups),
        "threshold": float(folds),
        "reason": f"label {label!r} has {groups} distinct samples; its labels are checked from {folds} on",
        "evidence": canonical_json({"label": label, "samples": samples, "groups": groups, "folds": folds}),
    }


@stage("loss outliers", findings, text)
def find_loss_outliers_stage(workspace: Workspace, samples: TableRef, losses: TableRef) -> TableRef:
    """Thin task over `loss_outliers`; `losses` has the columns row and loss, in the samples' order."""
    table = workspace.read_table(losses)
    found = loss_outliers(workspace.read_table(samples), table["loss"].to_numpy())
    return workspace.write_table(found, "findings-loss-outliers")


def describe_noise(summary: NoiseSummary) -> tuple[str, ...]:
    """Sentences for the report: what the queue holds, and what a linear model reaches on the same data."""
    told = []
    if summary.errors_per_100 is not None and summary.errors_per_100_most is not None:
        told.append(
            f"{summary.flagged:,} labels are in doubt: of 100 reviewed, expect "
            f"{summary.errors_per_100:.0f} to {summary.errors_per_100_most:.0f} to be wrong."
        )
    if summary.accuracy is not None:
        told.append(
            f"Reference: a linear model on character n-grams, fitted out of fold, predicts {summary.accuracy:.1%} "
            "of the training labels."
        )
    return tuple(told)

"""What the stage states as a whole, and how the report says it."""

from typing import NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.records import TableRef
from tasks.wording.told import Told


class ClassOverlap(BaseModel):
    """Two labels that people confuse."""

    model_config = ConfigDict(frozen=True)

    labels: tuple[str, str]
    samples: int
    """Expected number of samples with one of the labels that fit the other."""


class NoiseSummary(BaseModel):
    """What the report states about the queue of suspected labels."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    checked: int = 0
    """Samples (for token labels: tokens) whose label was checked."""
    flagged: int = 0
    ambiguous: int = 0
    """Samples for which two labels, one of them the given one, are about equally likely: to be told apart by a
    guideline, not by correcting rows."""
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
    overlaps: tuple[ClassOverlap, ...] = ()
    """Pairs of labels that people confuse, the most confused first."""


class NoiseResult(NamedTuple):
    """Findings of the schema FINDING, and what is said about them as a whole."""

    findings: pa.Table
    summary: NoiseSummary


class NoiseRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    summary: NoiseSummary


def describe_noise(summary: NoiseSummary) -> tuple[Told, ...]:
    """Sentences for the report: what the queue holds, and what a linear model reaches on the same data."""
    told = []
    if summary.errors_per_100 is not None and summary.errors_per_100_most is not None:
        least, most = f"{summary.errors_per_100:.0f}", f"{summary.errors_per_100_most:.0f}"
        told.append(
            Told(
                f"{summary.flagged:,} labels are in doubt: of 100 reviewed, expect {least} to {most} to be wrong.",
                f"疑わしいラベルが{summary.flagged:,}件あります。100件見ると、{least}〜{most}件が誤りと見込まれます。",
            )
        )
    if summary.ambiguous:
        told.append(
            Told(
                f"{summary.ambiguous:,} samples fit two labels about equally: a rule for the pair helps more than "
                "correcting rows.",
                f"{summary.ambiguous:,}件のサンプルは2つのラベルに同じくらい当てはまります。1件ずつ直すより、"
                "使い分けの規則を決める方が役立ちます。",
            )
        )
    if summary.overlaps:
        pairs = "; ".join(f"{' / '.join(pair.labels)} ({pair.samples:,})" for pair in summary.overlaps)
        told.append(
            Told(
                f"Labels that people confuse, with the samples between them: {pairs}.",
                f"混同されやすいラベルの組と、その間のサンプル数: {pairs}。",
            )
        )
    if summary.accuracy is not None:
        told.append(
            Told(
                f"Reference: a linear model on character n-grams, fitted out of fold, predicts {summary.accuracy:.1%} "
                "of the training labels.",
                f"参考: 文字n-gramの線形モデルは、交差検証で学習ラベルの{summary.accuracy:.1%}を当てます。",
            )
        )
    return tuple(told)

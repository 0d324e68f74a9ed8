"""What the stage states as a whole, and how the report says it."""

from typing import NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.records import TableRef
from tasks.storage import Workspace


class ClassOverlap(BaseModel):
    """Two labels that people confuse."""

    model_config = ConfigDict(frozen=True)

    labels: tuple[str, str]
    samples: int
    """Expected number of samples with one of the labels that fit the other."""


class AnnotatorQuality(BaseModel):
    """How far one person's labels are to be trusted."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    labelled: int
    """Samples that others labelled too."""
    accuracy: float
    """Share (0-1) of the labels that are right, as far as annotators and model together know."""
    crowdlab: float
    """CROWDLAB's quality, 0-1."""
    worst_label: str
    """The label that is most often wrong when this person gives it."""


class CrowdSummary(BaseModel):
    """What several people's labels say as a whole."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    samples: int
    """With two annotations or more."""
    disagreed: int
    """Of them, with different labels."""
    contradicted: int
    """Of them, whose label is rather wrong than right by what annotators and model say together."""
    flagged: int
    """In the queue as label_noise."""
    alpha: float | None
    """Krippendorff's."""
    errors_per_100: float | None
    """Expected wrong labels among 100 flagged ones."""
    annotators: tuple[AnnotatorQuality, ...]
    """The least accurate first."""


PREDICTION = pa.schema([("row", pa.int64()), ("predicted", pa.string())])
"""The label that an out-of-fold model gives a row: what `tasks.bias.compare_labels` takes."""
NAMED = 5
"""Annotators that a sentence names."""
NGRAM_MODEL = "a linear model on character n-grams"


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
    """Share (0-1) of checked training samples (for token labels: tokens) whose label the out-of-fold model predicts,
    as a reference for the tuned one."""
    model: str = NGRAM_MODEL
    """What predicts them."""
    unit: str = "labels"
    """What `accuracy` is a share of."""
    noise_rate: float | None = None
    """Estimated share (0-1) of labels that are random."""
    errors_per_100: float | None = None
    """Expected wrong labels among 100 flagged ones, counting random ones only: a floor. Errors between
    classes that the model confuses come on top."""
    errors_per_100_most: float | None = None
    """The same if the model were right wherever it contradicts a label: a ceiling, 100 * mean(1 - belief)."""
    overlaps: tuple[ClassOverlap, ...] = ()
    """Pairs of labels that people confuse, the most confused first."""
    crowd: CrowdSummary | None = None
    """Where several people labelled the same samples; these are judged by that, and not counted in `flagged`."""


class NoiseResult(NamedTuple):
    """Findings of the schema FINDING, and what is said about them as a whole."""

    findings: pa.Table
    summary: NoiseSummary
    predictions: pa.Table | None = None
    """Of the schema PREDICTION; None where labels were not checked, or are not of whole rows."""


class NoiseRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    summary: NoiseSummary
    predictions: TableRef | None = None


def keep_result(workspace: Workspace, result: NoiseResult, name: str) -> NoiseRefs:
    """Writes the tables of a result as `findings-NAME` and `predictions-NAME`."""
    told = result.predictions
    return NoiseRefs(
        findings=workspace.write_table(result.findings, f"findings-{name}"),
        summary=result.summary,
        predictions=None if told is None else workspace.write_table(told, f"predictions-{name}"),
    )


def describe_noise(summary: NoiseSummary) -> tuple[str, ...]:
    """Sentences for the report: what the queue holds, and what a linear model reaches on the same data."""
    told = []
    if summary.errors_per_100 is not None and summary.errors_per_100_most is not None:
        told.append(
            f"{summary.flagged:,} labels are in doubt: of 100 reviewed, expect "
            f"{summary.errors_per_100:.0f} to {summary.errors_per_100_most:.0f} to be wrong."
        )
    if summary.crowd:
        told += _describe_crowd(summary.crowd)
    if summary.ambiguous:
        told.append(
            f"{summary.ambiguous:,} samples fit two labels about equally: a rule for the pair helps more than "
            "correcting rows."
        )
    if summary.overlaps:
        pairs = "; ".join(f"{' / '.join(pair.labels)} ({pair.samples:,})" for pair in summary.overlaps)
        told.append(f"Labels that people confuse, with the samples between them: {pairs}.")
    if summary.accuracy is not None:
        told.append(
            f"Reference: {summary.model}, fitted out of fold, predicts {summary.accuracy:.1%} of the training "
            f"{summary.unit}."
        )
    return tuple(told)


def _describe_crowd(crowd: CrowdSummary) -> list[str]:
    alpha = "" if crowd.alpha is None else f" (Krippendorff's alpha {crowd.alpha:.2f})"
    told = [
        f"{crowd.disagreed:,} of {crowd.samples:,} samples have different labels by different annotators{alpha}; "
        f"annotators and model together contradict {crowd.contradicted:,} labels."
    ]
    if crowd.errors_per_100 is not None:
        told.append(
            f"{crowd.flagged:,} labels by several annotators are in doubt: of 100 reviewed, expect "
            f"{crowd.errors_per_100:.0f} to be wrong."
        )
    named = "; ".join(f"{a.name} {a.accuracy:.0%} of {a.labelled:,}" for a in crowd.annotators[:NAMED])
    return [
        *told,
        f"Labels right by annotator, the fewest first: {named}{'; …' if len(crowd.annotators) > NAMED else '.'}",
    ]

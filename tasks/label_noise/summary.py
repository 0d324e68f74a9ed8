"""What the stage states as a whole, and how the report says it."""

from typing import NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.label_noise.incremental import Fit
from tasks.records import TableRef
from tasks.standing import describe_newcomers
from tasks.storage import Workspace
from tasks.wording.told import Told


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
NGRAM_MODEL = Told("a linear model on character n-grams", "文字n-gramの線形モデル")


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
    newcomers: int = 0
    """Of those checked, samples that came after the models were fitted: judged by models that saw none of them."""
    accuracy: float | None = None
    """Share (0-1) of checked training samples (for token labels: tokens) whose label the out-of-fold model predicts,
    as a reference for the tuned one."""
    model: Told = NGRAM_MODEL
    """What predicts them."""
    unit: Told = Told("labels", "ラベル")
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
    fit: Fit | None = None
    """What the next call may start from, where rows are many."""


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
    told += describe_newcomers(summary.newcomers, Told("samples", "サンプル"))
    if summary.crowd:
        told += _describe_crowd(summary.crowd)
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
                f"Reference: {summary.model.en}, fitted out of fold, predicts {summary.accuracy:.1%} of the training "
                f"{summary.unit.en}.",
                f"参考: {summary.model.say('ja')}は、交差検証で学習データの{summary.unit.say('ja')}の"
                f"{summary.accuracy:.1%}を当てます。",
            )
        )
    return tuple(told)


def _describe_crowd(crowd: CrowdSummary) -> list[Told]:
    alpha = Told()
    if crowd.alpha is not None:
        alpha = Told(
            f" (Krippendorff's alpha {crowd.alpha:.2f})", f"(クリッペンドルフの α は {crowd.alpha:.2f})"
        )
    told = [
        Told(
            f"{crowd.disagreed:,} of {crowd.samples:,} samples have different labels by different annotators"
            f"{alpha.en}; annotators and model together contradict "
            f"{crowd.contradicted:,} labels.",
            f"{crowd.samples:,}件のサンプルのうち{crowd.disagreed:,}件は、付与者によってラベルが違います"
            f"{alpha.ja}。付与者とモデルを合わせると、"
            f"{crowd.contradicted:,}件のラベルが疑わしくなります。",
        )
    ]
    if crowd.errors_per_100 is not None:
        wrong = f"{crowd.errors_per_100:.0f}"
        told.append(
            Told(
                f"{crowd.flagged:,} labels by several annotators are in doubt: of 100 reviewed, expect {wrong} to be "
                "wrong.",
                f"複数の付与者によるラベルのうち{crowd.flagged:,}件が疑わしいものです。100件見ると、{wrong}件が誤りと"
                "見込まれます。",
            )
        )
    shown, more = crowd.annotators[:NAMED], len(crowd.annotators) > NAMED
    english = "; ".join(f"{a.name} {a.accuracy:.0%} of {a.labelled:,}" for a in shown)
    japanese = "、".join(f"{a.name} {a.labelled:,}件の{a.accuracy:.0%}" for a in shown)
    return [
        *told,
        Told(
            f"Labels right by annotator, the fewest first: {english}{'; …' if more else '.'}",
            f"付与者ごとの正しいラベルの割合(低い順): {japanese}{'ほか' if more else ''}。",
        ),
    ]

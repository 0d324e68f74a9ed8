"""Paired scores: the candidate and a reference (base or champion) on the same items.

Symbols: x_i and y_i are the scores of the reference and of the candidate on item i; d_i = ±(y_i - x_i) is the
gain, positive where the candidate is better.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.errors import SeimaiError
from tasks.gate.intervals import Estimate, Interval, estimate_mean


class Metric(StrEnum):
    """What a gate may be decided on."""

    ACCURACY = "accuracy"
    LOSS = "loss"

    @property
    def sign(self) -> int:
        """+1 where higher is better, -1 where lower is better."""
        return 1 if self is Metric.ACCURACY else -1

    @property
    def unit(self) -> str:
        return "share of items, 0-1" if self is Metric.ACCURACY else "nats per token"


@dataclass(frozen=True)
class Pairs:
    """Scores of a reference and of the candidate on the same items, sorted by item; arrays of shape (n,)."""

    metric: Metric
    items: tuple[str, ...]
    reference: np.ndarray
    candidate: np.ndarray
    tokens: np.ndarray
    cluster: np.ndarray
    language: np.ndarray
    identical: bool
    """Whether the two models gave the same answers and scores throughout the table, not on these alone."""

    @property
    def gain(self) -> np.ndarray:
        """d_i: positive where the candidate is better, in units of the metric."""
        return self.metric.sign * (self.candidate - self.reference)

    def by_language(self) -> dict[str, "Pairs"]:
        """Language -> its items; empty when all items are in one language."""
        languages = [str(language) for language in np.unique(self.language)]
        if len(languages) < 2:
            return {}
        return {language: self._where(self.language == language) for language in languages}

    def part(self, items: Collection[str]) -> tuple["Pairs", "Pairs"]:
        """All but the named items, and the named ones."""
        named = np.array([item in items for item in self.items], dtype=bool)
        return self._where(~named), self._where(named)

    def _where(self, mask: np.ndarray) -> "Pairs":
        return replace(
            self,
            items=tuple(item for item, chosen in zip(self.items, mask, strict=True) if chosen),
            reference=self.reference[mask],
            candidate=self.candidate[mask],
            tokens=self.tokens[mask],
            cluster=self.cluster[mask],
            language=self.language[mask],
        )


class Comparison(BaseModel):
    """Means of a reference and of the candidate on the same items, and their paired difference."""

    model_config = ConfigDict(frozen=True)

    metric: Metric
    reference: str
    """"base" or "champion"."""
    language: str | None
    """The slice compared; None for all items."""
    subset: str | None = None
    """Which items are compared, in words; None for all."""
    items: int
    clusters: int
    reference_mean: Interval
    candidate_mean: Interval
    difference: Interval
    """Candidate minus reference, in the metric's own direction."""


def has_scores(scores: pa.Table, suite: str, metric: Metric, model: str) -> bool:
    """Whether `model` was scored at all in `suite` and `metric`."""
    keys = zip(*(scores[name].to_pylist() for name in ("suite", "metric", "model")), strict=True)
    return (suite, metric.value, model) in set(keys)


def read_pairs(scores: pa.Table, suite: str, metric: Metric, reference: str) -> Pairs:
    """Pairs the candidate's scores in `suite` with those of `reference` ("base" or "champion").

    Args:
        scores: `records.SCORE` rows. An item without a cluster is a cluster of its own.

    Raises:
        SeimaiError: a model was not scored, items are missing, doubled or of different token counts, or a
            value is not finite, negative, or (accuracy) not 0 or 1; names the first of them.
    """
    left = _rows_by_item(scores, suite, metric, reference)
    right = _rows_by_item(scores, suite, metric, "candidate")
    what = f"{suite} scores ({metric})"
    for model, missing in (
        ("candidate", left.keys() - right.keys()),
        (reference, right.keys() - left.keys()),
    ):
        if missing:
            raise SeimaiError(f"{what}: {model} lacks {len(missing)} item(s): {_some(sorted(missing))}")
    items = tuple(sorted(left))
    unequal = [item for item in items if left[item]["tokens"] != right[item]["tokens"]]
    if unequal and metric is Metric.LOSS:
        raise SeimaiError(f"{what}: {reference} and candidate read different tokens in {_some(unequal)}")
    rows = [right[item] for item in items]
    clusters = [f"c:{row['cluster']}" if row["cluster"] else f"i:{row['item']}" for row in rows]
    return Pairs(
        metric=metric,
        items=items,
        reference=np.array([left[item]["value"] for item in items]),
        candidate=np.array([row["value"] for row in rows]),
        tokens=np.array([row["tokens"] for row in rows], dtype=np.float64),
        cluster=np.unique(clusters, return_inverse=True)[1],
        language=np.array([row["language"] or "und" for row in rows]),
        identical=_same_answers(scores, reference),
    )


def estimate_gain(pairs: Pairs, confidence: float) -> Estimate:
    """Mean of d_i (positive where the candidate is better), in units of the metric.

    Models that gave the same answers throughout differ by exactly 0; `estimate_mean` says what "imagined" is.
    """
    imagined = (-1.0, 1.0) if pairs.metric is Metric.ACCURACY and not pairs.identical else ()
    return estimate_mean(pairs.gain, pairs.cluster, confidence, imagined)


def compare(
    pairs: Pairs, reference: str, confidence: float, language: str | None = None, subset: str | None = None
) -> Comparison:
    """Means and paired difference of `pairs`, each with one-sided bounds at `confidence`."""
    imagined = (0.0, 1.0) if pairs.metric is Metric.ACCURACY else ()
    gain = estimate_gain(pairs, confidence)
    means = [
        estimate_mean(values, pairs.cluster, confidence, imagined).interval
        for values in (pairs.reference, pairs.candidate)
    ]
    return Comparison(
        metric=pairs.metric,
        reference=reference,
        language=language,
        subset=subset,
        items=gain.items,
        clusters=gain.clusters,
        reference_mean=means[0],
        candidate_mean=means[1],
        difference=gain.interval if pairs.metric.sign > 0 else gain.interval.negated(),
    )


def _rows_by_item(scores: pa.Table, suite: str, metric: Metric, model: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    what = f"{suite} scores ({metric}) of {model}"
    for row in scores.to_pylist():
        if (row["suite"], row["metric"], row["model"]) != (suite, metric, model):
            continue
        item, value = row["item"], row["value"]
        if item in found:
            raise SeimaiError(f"{what}: item {item!r} was scored twice")
        if value is None or not math.isfinite(value) or value < 0:
            raise SeimaiError(f"{what}: item {item!r} has the value {value}, not a finite number from 0 up")
        if metric is Metric.ACCURACY and value not in (0, 1):
            raise SeimaiError(f"{what}: item {item!r} has the value {value}, not 0 or 1")
        if metric is Metric.LOSS and not row["tokens"]:
            raise SeimaiError(f"{what}: item {item!r} has no tokens")
        found[item] = row
    if not found:
        raise SeimaiError(f"{what}: there are none")
    return found


def _same_answers(scores: pa.Table, reference: str) -> bool:
    """Whether candidate and reference agree in value and prediction wherever both were scored."""
    answers: dict[str, dict[tuple[str, str, str], tuple[float, str | None]]] = {
        reference: {},
        "candidate": {},
    }
    for row in scores.to_pylist():
        if row["model"] in answers:
            key = (row["suite"], row["metric"], row["item"])
            answers[row["model"]][key] = (row["value"], row["prediction"])
    left, right = answers[reference], answers["candidate"]
    return all(left[key] == right[key] for key in left.keys() & right.keys())


def _some(items: Sequence[str]) -> str:
    return ", ".join(items[:3]) + (" …" if len(items) > 3 else "")

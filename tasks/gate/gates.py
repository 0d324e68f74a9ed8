"""The gates: from scores to a verdict. Pure statistics; nothing here knows a model or a file.

Each gate asks one question of paired scores and answers PASS, FAIL or INCONCLUSIVE by one-sided bounds at
`GateSettings.confidence`. All gates must pass for the verdict to pass: an intersection-union test, whose
level is that of its parts without correction (Berger 1982, "Multiparameter Hypothesis Testing and Acceptance
Sampling").
"""

import math
from collections.abc import Collection

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.errors import SeimaiError
from tasks.gate.intervals import Estimate, estimate_ratio, items_needed
from tasks.gate.paired import Comparison, Metric, Pairs, compare, estimate_gain, has_scores, read_pairs
from tasks.gate.sentences import MIN_CLUSTERS, Question, explain, sum_up
from tasks.recipe import GateSettings
from tasks.records import Outcome
from tasks.wording.told import Told

CLEAN, DIRTY = "clean items only", "leaked items only"
"""What comparisons without dirty items, and of those alone, are called."""
_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


class GateResult(BaseModel):
    """One gate's answer. The bounds are one-sided; None where a single cluster leaves no spread to judge."""

    model_config = ConfigDict(frozen=True)

    name: str
    outcome: Outcome
    estimate: float
    lower: float | None
    upper: float | None
    threshold: float
    unit: str
    items: int
    clusters: int
    items_needed: int | None
    """Items that would decide an INCONCLUSIVE gate at the declared power if its estimate holds, else None."""
    reason: Told


class Verdict(BaseModel):
    """What the gates say together."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    sentence: Told
    metric: Metric
    confidence: float
    gates: tuple[GateResult, ...]
    comparisons: tuple[Comparison, ...]
    """Candidate against base, then against the champion where there is one."""
    by_language: tuple[Comparison, ...]
    """Candidate against base in each language; empty when there is only one."""
    dirty_items: int = 0
    """Gate items that training rows of the candidate or the champion give away; they are judged on all the same."""
    by_leak: tuple[Comparison, ...] = ()
    """`comparisons` again without them and of them alone; empty where none is dirty, or all are."""


def verdict(
    scores: pa.Table, settings: GateSettings, metric: str, dirty: Collection[str] = frozenset()
) -> Verdict:
    """Puts every gate that applies to the scores, and sums them up.

    PASS when all pass, FAIL when any fails, else INCONCLUSIVE.

    Args:
        scores: `records.SCORE` rows: suite "gate" in `metric` for base and candidate, and for the champion
            where there is one; suite "forgetting" in loss for base and candidate.
        metric: a value of `Metric`.
        dirty: gate items (`item` of their scores) that training data give away.

    Raises:
        SeimaiError: scores are missing, unequal or not finite; names which.
        ValueError: `metric` is none of `Metric`.
    """
    kind = Metric(metric)
    base = read_pairs(scores, "gate", kind, "base")
    general = read_pairs(scores, "forgetting", Metric.LOSS, "base")
    compared = {"base": base}
    gates = [superiority(base, settings), forgetting(general, settings)]
    if has_scores(scores, "gate", kind, "champion"):
        champion = read_pairs(scores, "gate", kind, "champion")
        compared["champion"] = champion
        gates.append(non_inferiority(champion, settings))
    slices = base.by_language()
    worst = worst_slice(slices, settings)
    if worst is not None:
        gates.append(worst)
    outcome = min((gate.outcome for gate in gates), key=_WORST_FIRST.index)
    return Verdict(
        outcome=outcome,
        sentence=sum_up(outcome, {gate.name: gate.outcome for gate in gates}),
        metric=kind,
        confidence=settings.confidence,
        gates=tuple(gates),
        comparisons=tuple(compare(p, name, settings.confidence) for name, p in compared.items()),
        by_language=tuple(compare(p, "base", settings.confidence, name) for name, p in slices.items()),
        dirty_items=sum(item in dirty for item in base.items),
        by_leak=_compare_by_leak(compared, dirty, settings),
    )


def _compare_by_leak(
    compared: dict[str, Pairs], dirty: Collection[str], settings: GateSettings
) -> tuple[Comparison, ...]:
    items = compared["base"].items
    if not 0 < sum(item in dirty for item in items) < len(items):
        return ()
    return tuple(
        compare(part, name, settings.confidence, subset=subset)
        for name, pairs in compared.items()
        for subset, part in zip((CLEAN, DIRTY), pairs.part(dirty), strict=True)
    )


def superiority(pairs: Pairs, settings: GateSettings) -> GateResult:
    """Is the mean gain over the base above `min_gain`?"""
    claim = Told("the candidate beats the base by more than {}", "候補が基盤モデルを上回る幅は{}より大きい")
    question = _question("superiority", claim, settings.min_gain, pairs)
    return _answer(question, estimate_gain(pairs, settings.confidence), settings)


def non_inferiority(pairs: Pairs, settings: GateSettings) -> GateResult:
    """Is the candidate worse than the champion by less than `champion_margin`?"""
    claim = Told(
        "the candidate is less than {} worse than the champion",
        "候補が公開中のモデルを下回る幅は{}より小さい",
    )
    question = _question("non_inferiority", claim, -settings.champion_margin, pairs)
    return _answer(question, estimate_gain(pairs, settings.confidence), settings)


def worst_slice(slices: dict[str, Pairs], settings: GateSettings) -> GateResult | None:
    """Is the candidate worse than the base by less than `champion_margin` in every language?

    Args:
        slices: language -> candidate and base on its items.

    Returns:
        The answer for the language that fares worst; None when no language has the `MIN_CLUSTERS` effective
        clusters that a judgement takes.
    """
    answers = []
    for language, pairs in slices.items():
        claim = Told(
            f"the candidate is less than {{}} worse than the base in language '{language}'",
            f"言語「{language}」で候補が基盤モデルを下回る幅は{{}}より小さい",
        )
        question = _question("worst_slice", claim, -settings.champion_margin, pairs)
        estimate = estimate_gain(pairs, settings.confidence)
        if estimate.effective_clusters >= MIN_CLUSTERS:
            answers.append(_answer(question, estimate, settings))
    return min(answers, key=lambda a: (_WORST_FIRST.index(a.outcome), a.lower), default=None)


def forgetting(pairs: Pairs, settings: GateSettings) -> GateResult:
    """Does the token-weighted mean loss on general text, candidate over base, stay below `max_loss_ratio`?

    Raises:
        SeimaiError: the base's loss is 0 throughout, so that there is no ratio.
    """
    if not np.any(pairs.reference):
        raise SeimaiError("forgetting scores (loss) of base are all 0, which no language model reaches")
    limit = settings.max_loss_ratio
    question = Question(
        name="forgetting",
        claim=Told(
            f"loss on general text stays below {limit:.3f} times that of the base",
            f"一般文での損失は基盤モデルの{limit:.3f}倍より小さい",
        ),
        threshold=limit,
        unit="ratio of losses",
        template="{:.3f}",
        side=-1,
    )
    estimate = estimate_ratio(
        pairs.tokens * pairs.candidate, pairs.tokens * pairs.reference, pairs.cluster, settings.confidence
    )
    return _answer(question, estimate, settings)


def _question(name: str, claim: Told, threshold: float, pairs: Pairs) -> Question:
    """A question about the mean gain, shown in points (accuracy) or nats per token (loss)."""
    points = pairs.metric is Metric.ACCURACY
    scale, digits = (100, 1) if points else (1, 3)
    size = f"{abs(threshold) * scale:.{digits}f}"
    return Question(
        name=name,
        claim=Told(
            claim.en.format(f"{size} {'points' if points else 'nats per token'}"),
            claim.ja.format(f"{size}ポイント" if points else f"トークン当たり{size}ナット"),
        ),
        threshold=threshold,
        unit=pairs.metric.unit,
        template=f"{{:+.{digits}f}}",
        scale=scale,
    )


def _answer(question: Question, estimate: Estimate, settings: GateSettings) -> GateResult:
    low, high = estimate.interval.lower, estimate.interval.upper
    outcome = Outcome.INCONCLUSIVE
    if low is not None and high is not None and estimate.effective_clusters >= MIN_CLUSTERS:
        near, far = (low, high) if question.side > 0 else (high, low)
        if question.side * near > question.side * question.threshold:
            outcome = Outcome.PASS
        elif question.side * far <= question.side * question.threshold:
            outcome = Outcome.FAIL
    needed = _needed(question, estimate, settings) if outcome is Outcome.INCONCLUSIVE else None
    return GateResult(
        name=question.name,
        outcome=outcome,
        estimate=estimate.interval.value,
        lower=low,
        upper=high,
        threshold=question.threshold,
        unit=question.unit,
        items=estimate.items,
        clusters=estimate.clusters,
        items_needed=needed,
        reason=explain(question, outcome, estimate, needed),
    )


def _needed(question: Question, estimate: Estimate, settings: GateSettings) -> int | None:
    """Items that would decide, at the present cluster sizes; None if the estimate lies on the threshold."""
    enough_clusters = math.ceil(estimate.items * MIN_CLUSTERS / estimate.effective_clusters)
    distance = estimate.interval.value - question.threshold
    if estimate.item_variance is None:
        return enough_clusters
    if distance == 0:
        return None
    powered = items_needed(distance, settings.confidence, settings.power, estimate.item_variance)
    return max(enough_clusters, powered, estimate.items + 1)

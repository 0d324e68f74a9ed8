"""What a gate asks, and how its answer is told in English and Japanese."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.gate.intervals import Estimate
from tasks.records import Outcome
from tasks.wording.terms import term
from tasks.wording.told import Told, join

MIN_CLUSTERS = 10
"""Effective clusters below which no gate is decided: with fewer, cluster-robust errors come out too small,
whatever the t quantile (Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", section
"Few Clusters")."""


@dataclass(frozen=True)
class Question:
    """What a gate asks: whether an estimate lies above (side 1) or below (side -1) `threshold`."""

    name: str
    claim: Told
    threshold: float
    unit: str
    template: str
    scale: float = 1.0
    side: int = 1

    def show(self, value: float) -> str:
        return self.template.format(value * self.scale)


def explain(question: Question, outcome: Outcome, estimate: Estimate, needed: int | None) -> Told:
    """Why a gate answered as it did.

    Args:
        needed: items that would decide an undecided one; None where the estimate lies on the threshold.
    """
    claim, measured = question.claim, _measured(question, estimate)
    if outcome is Outcome.PASS:
        return Told(f"{claim.en[0].upper()}{claim.en[1:]}: {measured.en}.", f"{claim.ja}: {measured.ja}。")
    if outcome is Outcome.FAIL:
        return Told(
            f"It does not hold that {claim.en}: {measured.en}.",
            f"「{claim.ja}」は成り立ちません: {measured.ja}。",
        )
    more = Told("the estimate lies on the threshold", "推定値がちょうどしきい値です")
    if needed:
        more = Told(f"about {needed:,} items would decide", f"約{needed:,}件あれば決まります")
    if estimate.effective_clusters < MIN_CLUSTERS:
        worth = f"{estimate.effective_clusters:.1f}"
        return Told(
            f"Too few to judge whether {claim.en}: {estimate.items} items are worth {worth} independent ones, "
            f"{MIN_CLUSTERS} is the least; {more.en}.",
            f"「{claim.ja}」かどうかを判断するには少なすぎます: {estimate.items}件は独立な{worth}件分で、"
            f"少なくとも{MIN_CLUSTERS}件分が必要です。{more.ja}。",
        )
    return Told(
        f"Undecided whether {claim.en}: {measured.en}; {more.en}.",
        f"「{claim.ja}」かどうかは決まりません: {measured.ja}。{more.ja}。",
    )


def _measured(question: Question, estimate: Estimate) -> Told:
    value = question.show(estimate.interval.value)
    low, high = estimate.interval.lower, estimate.interval.upper
    if low is None or high is None:
        return Told(f"measured {value}", f"測定値 {value}")
    bounds = question.show(low), question.show(high)
    return Told(
        f"measured {value}, between {bounds[0]} and {bounds[1]}",
        f"測定値 {value}({bounds[0]} から {bounds[1]} の間)",
    )


def sum_up(outcome: Outcome, gates: Mapping[str, Outcome]) -> Told:
    """What the gates say together, naming those that decided."""
    count = len(gates)
    if outcome is Outcome.PASS:
        return Told(f"All {count} gates passed.", f"{count}つの関門すべてに合格しました。")
    deciding = [name for name, answer in gates.items() if answer is outcome]
    names = join(map(term, deciding))
    if outcome is Outcome.FAIL:
        return Told(
            f"{len(deciding)} of {count} gates failed: {names.en}.",
            f"{count}つの関門のうち{len(deciding)}つが不合格です: {names.ja}。",
        )
    return Told(
        f"{len(deciding)} of {count} gates could not be decided: {names.en}.",
        f"{count}つの関門のうち{len(deciding)}つは決まりませんでした: {names.ja}。",
    )

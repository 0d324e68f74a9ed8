"""Means and ratios over clustered items, with one-sided bounds; and how many items a comparison takes.

Symbols: n items in G clusters; R an estimate and SE its standard error; t and z are quantiles.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.special import stdtrit

DISCORDANT_SHARE = 0.1
"""Share of items (0-1) on which just one of two models is right, assumed for planning: the variance of the
paired difference of a 0/1 metric when neither model is better."""


class Interval(BaseModel):
    """An estimate with its two one-sided bounds; None where a single cluster leaves no spread to judge by."""

    model_config = ConfigDict(frozen=True)

    value: float
    lower: float | None
    upper: float | None

    def negated(self) -> "Interval":
        """The interval of the negative: -upper to -lower."""
        low, high = (None if bound is None else -bound for bound in (self.upper, self.lower))
        return Interval(value=-self.value, lower=low, upper=high)


@dataclass(frozen=True)
class Estimate:
    """A mean or ratio, with the standard error (same unit) that its bounds come from."""

    interval: Interval
    standard_error: float | None
    items: int
    clusters: int
    effective_clusters: float
    """Clusters of equal weight that would carry as much (Kish 1965): (sum of weights)^2 / sum of squares."""

    @property
    def item_variance(self) -> float | None:
        """Variance of one item's contribution, design effect included: n * standard_error^2."""
        return None if self.standard_error is None else self.items * self.standard_error**2


def estimate_ratio(
    numerator: np.ndarray, denominator: np.ndarray, cluster: np.ndarray, confidence: float
) -> Estimate:
    """R = sum(numerator) / sum(denominator), with one-sided bounds R ± t(E - 1) * SE.

    SE is that of the delete-one-cluster jackknife, SE^2 = (G - 1) / G * sum_g (R_(g) - R)^2 with R_(g) the
    ratio without cluster g. For clusters of equal size and a denominator of ones (R is then a mean) it is the
    clustered standard error of Miller 2024, "Adding Error Bars to Evals", times sqrt(G / (G - 1)). For
    unequal ones it errs less (CV3 in MacKinnon, Nielsen & Webb 2023, "Cluster-robust inference: A guide to
    empirical practice"), as does counting E effective clusters instead of G (Carter, Schnepel & Steigerwald
    2017, "Asymptotic Behavior of a t-Test Robust to Cluster Heterogeneity"): at a nominal level of .05, three
    very uneven designs came out at .064-.073; the plain formula with G - 1 degrees of freedom gave .074-.103.

    Args:
        numerator, denominator: shape (n,), n >= 1; the denominator's sum must not be 0.
        cluster: shape (n,), one integer an item.
        confidence: level of each bound, 0.5-1.
    """
    total = denominator.sum()
    ratio = float(numerator.sum() / total)
    _, codes = np.unique(cluster, return_inverse=True)
    weights = np.bincount(codes, weights=denominator)
    residuals = np.bincount(codes, weights=numerator - ratio * denominator)
    groups, effective = len(weights), float(weights.sum() ** 2 / np.sum(weights**2))
    error = lower = upper = None
    if groups > 1:
        shifts = residuals / (total - weights)  # R - R_(g)
        error = float(np.sqrt((groups - 1) / groups * np.sum(shifts**2)))
        reach = float(stdtrit(max(effective - 1, 1), confidence)) * error
        lower, upper = ratio - reach, ratio + reach
    return Estimate(
        interval=Interval(value=ratio, lower=lower, upper=upper),
        standard_error=error,
        items=len(numerator),
        clusters=groups,
        effective_clusters=effective,
    )


def estimate_mean(
    values: np.ndarray, cluster: np.ndarray, confidence: float, imagined: tuple[float, ...] = ()
) -> Estimate:
    """Mean of `values` (shape (n,)), with bounds as in `estimate_ratio`.

    Args:
        imagined: values of imagined items, each its own cluster, that are added for the bounds alone. A 0/1
            metric needs them: where few items differ, the observed spread is too small by far. One item that
            only the candidate gets right and one that only the reference gets right mend that (Bonett & Price
            2012, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based on Paired
            Data").
    """
    raw = estimate_ratio(values, np.ones(len(values)), cluster, confidence)
    if not imagined:
        return raw
    padded = np.concatenate([values, imagined])
    clusters = np.concatenate([cluster, cluster.max() + 1 + np.arange(len(imagined))])
    wide = estimate_ratio(padded, np.ones(len(padded)), clusters, confidence)
    return Estimate(
        interval=wide.interval.model_copy(update={"value": raw.interval.value}),
        standard_error=wide.standard_error,
        items=raw.items,
        clusters=raw.clusters,
        effective_clusters=raw.effective_clusters,
    )


def items_needed(distance: float, confidence: float, power: float, variance: float = DISCORDANT_SHARE) -> int:
    """Paired items with which a true mean at `distance` from a threshold is told from it.

    n = (z(confidence) + z(power))^2 * variance / distance^2: the size of a one-sided paired test (Miller 2024
    on power analysis; for 0/1 metrics Connor 1987, "Sample Size for Testing Differences in Proportions for
    the Paired-Sample Design"). It holds for independent items; clusters raise `variance`.

    Args:
        distance: between the expected mean of d_i and the threshold, in units of the metric; not 0.
        variance: of d_i.

    Raises:
        ValueError: `distance` is 0: no number of items would do.
    """
    if distance == 0:
        raise ValueError("distance=0: a mean that lies on the threshold is never told from it")
    z = NormalDist().inv_cdf(confidence) + max(NormalDist().inv_cdf(power), 0.0)
    return max(1, math.ceil(z**2 * variance / distance**2))

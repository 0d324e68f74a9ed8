"""Two samples held against each other: indices and tests, and the shift that a test can find at a given size.

Symbols: K categories or bins; n and m independent items of the first and the second sample.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, stats

SMOOTHING = 0.5
"""Rows added to each category on both sides, so that one that is new gives a large index and not an infinite one."""
LEAST_EXPECTED = 5
"""Expected count below which categories are pooled for the chi-squared test (Cochran 1954)."""


def adjust_holm(values: Sequence[float]) -> list[float]:
    """p-values for a family of tests (Holm 1979): the smallest times their number, and never falling after."""
    adjusted, worst = [0.0] * len(values), 0.0
    for rank, index in enumerate(np.argsort(values, kind="stable")):
        worst = max(worst, min(1.0, (len(values) - rank) * values[index]))
        adjusted[int(index)] = worst
    return adjusted


def stability_index(before: np.ndarray, now: np.ndarray) -> float:
    """Population stability index of two arrays of counts (K,), each cell with `SMOOTHING` more."""
    first, second = before + SMOOTHING, now + SMOOTHING
    first, second = first / first.sum(), second / second.sum()
    return float(((second - first) * np.log(second / first)).sum())


def detectable_distance(level: float, power: float, sizes: tuple[float, float]) -> float:
    """Kolmogorov-Smirnov distance that is found with `power`: an upper bound.

    Where the two distributions differ by d at some point, the observed difference there is normal around d with a
    standard deviation of at most sqrt(1/n + 1/m) / 2; the test rejects at least as often as that exceeds its
    asymptotic critical value sqrt(-ln(level / 2) / 2) * sqrt(1/n + 1/m).
    """
    scale = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    critical = math.sqrt(-math.log(level / 2) / 2)
    return min(1.0, scale * (critical + float(stats.norm.ppf(power)) / 2))


def detectable_index(level: float, power: float, categories: int, sizes: tuple[float, float]) -> float:
    """Population stability index that a chi-squared test of two samples finds with `power`.

    Close to each other, n * m / (n + m) * index is chi-squared with K - 1 degrees of freedom, non-central by the
    true index (Yurdakul and Naranjo 2020, "Statistical properties of the population stability index").
    """
    freedom = max(1, categories - 1)
    critical = stats.chi2.isf(level, freedom)
    noncentral = optimize.brentq(lambda value: stats.ncx2.sf(critical, freedom, value) - power, 1e-6, 1e5)
    return float(noncentral * (1 / sizes[0] + 1 / sizes[1]))


def chi_squared(counts: np.ndarray, groups: tuple[int, int]) -> tuple[float, int]:
    """Statistic and degrees of freedom of (2, K) counts, of rows that come in groups.

    Counts are scaled down to the number of groups: the statistic is divided by the largest design effect that
    groups of the mean size can have (Rao and Scott 1981). Rare categories are pooled.
    """
    scaled = counts * (np.array(groups) / counts.sum(axis=1))[:, None]
    least = scaled.sum(axis=0) * min(groups) / sum(groups)
    rare = least < LEAST_EXPECTED
    pooled = np.column_stack([scaled[:, ~rare], scaled[:, rare].sum(axis=1)]) if rare.any() else scaled
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return 0.0, 1
    result = stats.chi2_contingency(pooled, correction=False)
    return float(result.statistic), int(result.dof)


def corrected_cramers_v(counts: np.ndarray) -> float:
    """Bias-corrected Cramér's V of (R, C) counts (Bergsma 2013, "A bias-correction for Cramér's V and Tschuprow's T",
    equations 4 to 8): about 0 for independent variables, however many cells there are."""
    total, (rows, columns) = counts.sum(), counts.shape
    phi = stats.chi2_contingency(counts, correction=False).statistic / total
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (total - 1))
    smaller = min(rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1))
    return float(min(1.0, math.sqrt(phi / (smaller - 1)))) if smaller > 1 else 0.0


def wilson_interval(successes: float, total: int, level: float) -> tuple[float, float]:
    """Two-sided interval of a share at error level `level` (Wilson 1927); sums of group means may be fractions."""
    z = float(stats.norm.isf(level / 2))
    share = successes / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - half if successes > 0 else 0.0), (middle + half if successes < total else 1.0)

"""Which of label, language and source tell each other: tables of counts, their strength and their test."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import PurePath

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from scipy import stats

from tasks.recipe import BiasSettings
from tasks.records import Severity
from tasks.two_samples import LEAST_EXPECTED, adjust_holm, corrected_cramers_v
from tasks.wording.terms import term
from tasks.wording.told import Told

RESAMPLES = 1_999
"""Tables drawn with the margins of the one at hand, where it is too sparse for the chi-squared distribution."""
SPARSE_SHARE = 0.2
"""Share of cells with fewer than `LEAST_EXPECTED` expected rows from which a table is sparse (Cochran 1954)."""
SHOWN = 10
"""Cells of a table that the report names."""


class Cell(BaseModel):
    """Rows that have both of two values."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    first: str
    second: str
    groups: int
    expected: float
    """If the two had nothing to do with each other."""


class Dependence(BaseModel):
    """How far one property tells another: a model may learn the source in place of the label."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    first: str
    second: str
    cramers_v: float
    """Bias-corrected (Bergsma 2013): 0 independent, 1 one tells the other."""
    test: str
    p: float
    p_adjusted: float
    severity: Severity
    sentence: Told
    cells: tuple[Cell, ...]
    """Those farthest from what independence would give."""


def find_dependences(
    frame: pd.DataFrame, dimensions: Sequence[str], settings: BiasSettings
) -> list[Dependence]:
    """Every two of `dimensions`, columns of `frame` whose rows are independent.

    Rows under one index are one row of several labels: counted once for each label, where the label is one of the two.
    """
    tables = []
    for first, second in combinations(dimensions, 2):
        rows = frame if "label" in (first, second) else frame[~frame.index.duplicated()]
        table = pd.crosstab(rows[first], rows[second])
        if min(table.shape) >= 2:
            tables.append((first, second, table))
    tested = [_test_independence(table.to_numpy()) for _, _, table in tables]
    adjusted = adjust_holm([p for _, p in tested])
    return [
        _dependence(first, second, table, test, p, p_adjusted, settings)
        for (first, second, table), (test, p), p_adjusted in zip(tables, tested, adjusted, strict=True)
    ]


def _test_independence(counts: np.ndarray) -> tuple[str, float]:
    """Name and p-value: chi-squared, or tables drawn at random with the same margins where this one is sparse."""
    if (stats.contingency.expected_freq(counts) < LEAST_EXPECTED).mean() <= SPARSE_SHARE:
        return "chi-squared", float(stats.chi2_contingency(counts, correction=False).pvalue)
    method = stats.MonteCarloMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0))
    return "permutation", float(stats.chi2_contingency(counts, correction=False, method=method).pvalue)


def _dependence(
    first: str,
    second: str,
    table: pd.DataFrame,
    test: str,
    p: float,
    p_adjusted: float,
    settings: BiasSettings,
) -> Dependence:
    counts = table.to_numpy()
    expected = stats.contingency.expected_freq(counts)
    residuals = (counts - expected) / np.sqrt(expected)
    order = np.argsort(-np.abs(residuals), axis=None, kind="stable")[:SHOWN]
    places = [divmod(int(place), counts.shape[1]) for place in order]
    strength = corrected_cramers_v(counts)
    tells = p_adjusted < 1 - settings.confidence and strength >= settings.dependence
    row, column = places[0]
    names = (show_name(first, str(table.index[row])), show_name(second, str(table.columns[column])))
    part, everywhere = counts[row, column] / counts[row].sum(), counts[:, column].sum() / counts.sum()
    return Dependence(
        first=first,
        second=second,
        cramers_v=strength,
        test=test,
        p=p,
        p_adjusted=p_adjusted,
        severity=Severity.WARNING if tells else Severity.INFO,
        sentence=Told(
            f"{first} and {second} {'go' if tells else 'do not go'} together: Cramér's V {strength:.2f}, {test} test "
            f"p {p_adjusted:.3f}; {part:.0%} of {names[0].en!r} is {names[1].en!r}, of all rows {everywhere:.0%}",
            f"{term(first).ja}と{term(second).ja}は{'結びついています' if tells else '結びついていません'}: "
            f"クラメールのV {strength:.2f}、{term(test).ja} p {p_adjusted:.3f}。"
            f"「{names[0].say('ja')}」の{part:.0%}が「{names[1].say('ja')}」で、全体では{everywhere:.0%}",
        ),
        cells=tuple(
            Cell(
                first=str(table.index[i]),
                second=str(table.columns[j]),
                groups=int(counts[i, j]),
                expected=float(expected[i, j]),
            )
            for i, j in places
        ),
    )


def show_name(dimension: str, name: str) -> Told:
    """A source by the last part of its path, a language by its name; a label is the user's own."""
    if dimension == "language":
        return term(name)
    return Told(PurePath(name).name if dimension == "source" else name)

"""Expectations that Great Expectations does not ship. Importing this module registers them by name.

Each is a thin skin over a function of `expectations.measures`. In a suite their type is the class name in
snake case: `expect_text_not_repetitive`. Of a pair, one value may be missing: as "" it is neither a copy nor
in another language.
"""

from typing import Any

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)

from expectations.measures import (
    garbled_signs,
    is_copied,
    is_expected_language,
    looks_truncated,
    repetition_share,
)


def _mask(values: list[bool], like: pd.Series) -> pd.Series:
    return pd.Series(values, index=like.index, dtype=bool)


class _TextNotRepetitive(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_not_repetitive"
    condition_value_keys = ("threshold",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, threshold: float, **_: Any) -> pd.Series:  # noqa: N805
        return _mask([repetition_share(text) <= threshold for text in column], column)


class ExpectTextNotRepetitive(ColumnMapExpectation):
    """At most `threshold` (0-1) of a text repeats itself."""

    threshold: float
    map_metric = "column_values.text_not_repetitive"
    success_keys = ("threshold", "mostly")


class _TextNotGarbled(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_not_garbled"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return _mask([not garbled_signs(text) for text in column], column)


class ExpectTextNotGarbled(ColumnMapExpectation):
    """No sign that a text was decoded wrongly."""

    map_metric = "column_values.text_not_garbled"


class _TextEndsComplete(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_ends_complete"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return _mask([not looks_truncated(text) for text in column], column)


class ExpectTextEndsComplete(ColumnMapExpectation):
    """A longer answer does not stop in the middle of a sentence."""

    map_metric = "column_values.text_ends_complete"


class _PairNotCopied(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.not_copied"
    condition_domain_keys = ("column_A", "column_B")
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        copied = [is_copied(a, b) for a, b in zip(column_A.fillna(""), column_B.fillna(""), strict=True)]
        return ~_mask(copied, column_A)


class ExpectColumnPairNotCopied(ColumnPairMapExpectation):
    """Column A and column B differ by more than case and white space."""

    map_metric = "column_pair_values.not_copied"


class _PairLanguageExpected(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.language_expected"
    condition_domain_keys = ("column_A", "column_B")
    condition_value_keys = ("languages",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column_A: pd.Series,  # noqa: N803
        column_B: pd.Series,  # noqa: N803
        languages: list[str],
        **_: Any,
    ) -> pd.Series:
        pairs = zip(column_A.fillna(""), column_B.fillna(""), strict=True)
        return _mask([is_expected_language(code, text, languages) for code, text in pairs], column_A)


class ExpectColumnPairLanguageExpected(ColumnPairMapExpectation):
    """Column A, the language of the text in column B, is one of `languages`."""

    languages: list[str]
    map_metric = "column_pair_values.language_expected"
    success_keys = ("languages", "mostly")

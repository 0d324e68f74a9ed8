"""Expectations that Great Expectations does not ship. Importing this module registers them by name.

Each is a thin skin over a function of `expectations.columns`. In a suite their type is the class name in
snake case: `expect_text_not_repetitive`. Of a pair, one value may be missing: as "" it is neither a copy nor
in another language.
"""

import json
import logging
from typing import Any

import numpy as np
import pandas as pd
from great_expectations.compatibility.pydantic import Field
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

from expectations.columns import (
    are_copied,
    are_expected_languages,
    are_garbled,
    are_repetitive,
    are_truncated,
    as_texts,
    repetition_shares,
)
from tasks.records import split_labels


def _mask(values: np.ndarray, like: pd.Series) -> pd.Series:
    return pd.Series(values, index=like.index, dtype=bool)


class _TextNotRepetitive(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_not_repetitive"
    condition_value_keys = ("threshold",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, threshold: float, **_: Any) -> pd.Series:  # noqa: N805
        return _mask(repetition_shares(as_texts(column)) <= threshold, column)


class ExpectTextNotRepetitive(ColumnMapExpectation):
    """At most `threshold` (0-1) of a text repeats itself."""

    threshold: float
    map_metric = "column_values.text_not_repetitive"
    success_keys = ("threshold", "mostly")


class _TextNotGarbled(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_not_garbled"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return _mask(~are_garbled(as_texts(column)), column)


class ExpectTextNotGarbled(ColumnMapExpectation):
    """No sign that a text was decoded wrongly."""

    map_metric = "column_values.text_not_garbled"


class _TextEndsComplete(ColumnMapMetricProvider):
    condition_metric_name = "column_values.text_ends_complete"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return _mask(~are_truncated(as_texts(column)), column)


class ExpectTextEndsComplete(ColumnMapExpectation):
    """A longer answer does not stop in the middle of a sentence."""

    map_metric = "column_values.text_ends_complete"


class _PairNotCopied(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.not_copied"
    condition_domain_keys = ("column_A", "column_B")
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        return _mask(~are_copied(as_texts(column_A), as_texts(column_B)), column_A)


class ExpectColumnPairNotCopied(ColumnPairMapExpectation):
    """Column B says more than column A: it is neither its copy nor the question with words about asking."""

    map_metric = "column_pair_values.not_copied"


class _PairNotRepetitive(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.not_repetitive"
    condition_domain_keys = ("column_A", "column_B")
    condition_value_keys = ("threshold", "thresholds")

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column_A: pd.Series,  # noqa: N803
        column_B: pd.Series,  # noqa: N803
        threshold: float,
        thresholds: dict[str, float] | None = None,
        **_: Any,
    ) -> pd.Series:
        repetitive = are_repetitive(as_texts(column_A), as_texts(column_B), threshold, thresholds or {})
        return _mask(~repetitive, column_A)


class ExpectColumnPairNotRepetitive(ColumnPairMapExpectation):
    """At most `threshold` (0-1) of a text in column B repeats itself; column A, its language, may have its own
    in `thresholds`."""

    threshold: float
    thresholds: dict[str, float] = Field(default_factory=dict)
    map_metric = "column_pair_values.not_repetitive"
    success_keys = ("threshold", "thresholds", "mostly")


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
        expected = are_expected_languages(as_texts(column_A), as_texts(column_B), languages)
        return _mask(expected, column_A)


class ExpectColumnPairLanguageExpected(ColumnPairMapExpectation):
    """Column A, the language of the text in column B, is one of `languages`."""

    languages: list[str]
    map_metric = "column_pair_values.language_expected"
    success_keys = ("languages", "mostly")


def _all_in(labels: list[str], known: set[str]) -> bool:
    return bool(labels) and known.issuperset(labels)


class _LabelsInSet(ColumnMapMetricProvider):
    condition_metric_name = "column_values.labels_in_set"
    condition_value_keys = ("value_set",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, value_set: list[str], **_: Any) -> pd.Series:  # noqa: N805
        known = set(value_set)
        verdicts = {text: text in known or _all_in(split_labels(text), known) for text in column.unique()}
        return column.map(verdicts).astype(bool)


class ExpectColumnLabelsInSet(ColumnMapExpectation):
    """Every label of a row is in `value_set`; several are joined as in records.join_labels, and what stands for none
    of them must be in the set itself."""

    value_set: list[str]
    map_metric = "column_values.labels_in_set"
    success_keys = ("value_set", "mostly")


_registry = logging.getLogger("great_expectations.expectations.registry")
_registry.setLevel(logging.ERROR)  # it warns of what is replaced


class _MatchJsonSchema(ColumnMapMetricProvider):
    """In the place of Great Expectations' own, which breaks down at the first text that is not JSON."""

    condition_metric_name = "column_values.match_json_schema"
    condition_value_keys = ("json_schema",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, json_schema: dict[str, Any], **_: Any) -> pd.Series:  # noqa: N805
        from jsonschema.validators import validator_for

        validator = validator_for(json_schema)(json_schema)

        def fits(text: str) -> bool:
            try:
                return bool(validator.is_valid(json.loads(text)))
            except ValueError:
                return False

        return column.map(fits).astype(bool)


_registry.setLevel(logging.NOTSET)

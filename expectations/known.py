"""What Great Expectations knows, asked before anything runs: it drops an unknown type silently, and succeeds."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from expectations.frames import Boundary, column_kinds, known_columns
from expectations.suite_file import (
    Entry,
    Expectation,
    Suite,
    fill_entry,
    place_of,
    unknown_settings,
)
from tasks.errors import RecipeError
from tasks.recipe import suggest

_COLUMN_KEYS = ("column", "column_A", "column_B", "column_list", "column_set")
_NOT_IN_KWARGS = (
    "id",
    "meta",
    "notes",
    "result_format",
    "description",
    "catch_exceptions",
    "rendered_content",
    "severity",
    "windows",
    "batch_id",
    "library_metadata",
)


def known_types() -> list[str]:
    """The types that can be evaluated on rows in memory, ours among them."""
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    from expectations import custom  # noqa: F401  registers the custom types

    away = ("like_pattern", "other_table", "query", "unexpected_rows")
    names = sorted(list_registered_expectation_implementations())
    return [name for name in names if not any(part in name for part in away)]


def refuse_unknown(suite: Suite, settings: Mapping[str, Any]) -> None:
    """Holds a suite against what can be evaluated: types, arguments, columns, and a trial on three made-up rows.

    Args:
        settings: what `{$setting: NAME}` stands for.

    Raises:
        RecipeError: names everything that cannot be used, and the nearest name where one is wrong.
    """
    problems = [
        f"  {place_of(position, entry)}: {problem}"
        for position, entry in enumerate(suite.expectations)
        for problem in _problems_of(entry, settings, suite.boundary)
    ]
    if problems:
        raise RecipeError(f"suite {suite.name} cannot be used:\n" + "\n".join(problems))


def _problems_of(entry: Entry, settings: Mapping[str, Any], boundary: Boundary) -> list[str]:
    """What is wrong with one entry; it is tried only where its names are right."""
    types = known_types()
    problems = unknown_settings(entry.kwargs, settings)
    if entry.type not in types:
        return [f"unknown expectation; {suggest(entry.type, types)}", *problems]
    accepted, columns = _accepted_keys(entry.type), known_columns(boundary)
    for key in entry.kwargs:
        if key not in accepted:
            problems.append(f"kwargs.{key}: unknown key; {suggest(key, accepted)}")
    for key in _COLUMN_KEYS:
        named = entry.kwargs.get(key, [])
        for column in [named] if isinstance(named, str) else named:
            if isinstance(column, str) and column not in columns:
                problems.append(
                    f"kwargs.{key}: no column {column!r} in {boundary}; {suggest(column, columns)}"
                )
    if problems:
        return problems
    trouble = _trouble_of_trial(fill_entry(entry, settings), boundary)
    return [trouble] if trouble else []


def _accepted_keys(name: str) -> list[str]:
    from great_expectations.expectations.registry import get_expectation_impl

    fields: Any = get_expectation_impl(name).__fields__
    return [key for key in fields if key not in _NOT_IN_KWARGS]


def _trouble_of_trial(expectation: Expectation, boundary: Boundary) -> str:
    from expectations.suites import run_suite

    try:
        run_suite("trial", [expectation], _made_up_rows(boundary))
    except (RuntimeError, ValueError, TypeError) as error:
        return f"cannot be evaluated: {error}"
    return ""


def _made_up_rows(boundary: Boundary) -> pd.DataFrame:
    examples: dict[type, list[Any]] = {int: [1, 2, 3], bool: [True, False, True], str: ["a", "b", "c"]}
    columns = {name: examples[kind] for name, kind in column_kinds(boundary).items()}
    return pa.table(columns).to_pandas().assign(role="train")

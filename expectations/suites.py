"""The only place that talks to Great Expectations: loads a suite, runs it, says what came out.

Great Expectations drops an expectation whose type it does not know and then reports success, so both are
counted: as many expectations as the file holds, as many evaluated.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from expectations.suite_file import Expectation, Rows, fill_suite, read_suite
from tasks.records import Role, Split

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
FOLDER = Path(__file__).parent
_NAMING = ("column", "column_A", "column_B", "column_list")
"""Arguments that name the columns which an expectation reads."""
_BY_ROW = ("unexpected_list", "unexpected_index_list", "partial_unexpected_index_list")
"""Results with an entry for each failing row."""


@dataclass(frozen=True)
class Evaluation:
    """What came of one expectation."""

    expectation: Expectation
    success: bool
    by_row: bool
    """Whether rows fail, and not the table as a whole."""
    observed: Any
    """What a table-level expectation saw."""
    evaluated: int
    """Rows looked at."""
    unexpected: tuple[int, ...]
    """Index labels of the rows that fail."""


@dataclass(frozen=True)
class SuiteRun:
    name: str
    evaluations: tuple[Evaluation, ...]
    validations: Mapping[str, Any] = field(repr=False)
    """Great Expectations' own results by set of rows, for Data Docs."""

    @property
    def lacks_columns(self) -> bool:
        return any(e.expectation.check == "missing_column" and not e.success for e in self.evaluations)


def suites_version() -> str:
    """sha256 over the shipped suites and the code of this package."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.glob("*.yaml"), *FOLDER.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def suite_names() -> list[str]:
    """The suites that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_suite(name: str, settings: Mapping[str, Any]) -> list[Expectation]:
    """The expectations of `expectations/NAME.yaml`; see `suite_file.fill_suite`."""
    return fill_suite(read_suite(FOLDER / f"{name}.yaml"), settings)


def run_suite(
    name: str, expectations: Sequence[Expectation], frame: pd.DataFrame, columns: Sequence[str] = ()
) -> SuiteRun:
    """Runs each expectation on the rows that it names: none (the columns alone) first, then training rows, then all.

    When columns are missing, rows are not looked at: what is missing cannot be validated.

    Args:
        columns: of the table, nested ones included; those of `frame` when left out.

    Raises:
        RuntimeError: an expectation is unknown, was not evaluated, or broke down.
    """
    run = SuiteRun(name, (), {})
    order = list(Rows)
    sets = {e.rows_key: e for e in sorted(expectations, key=lambda e: (order.index(e.rows), e.rows_key))}
    for key, like in sets.items():
        chosen = [e for e in expectations if e.rows_key == key]
        if like.rows is Rows.NONE:
            part = pd.DataFrame(columns=list(columns) or frame.columns)
        else:
            part = frame.loc[_rows_of(frame, like), _columns_of(chosen, frame)]
        validation = _validate(f"{name} ({key})", chosen, part)
        evaluations = (*run.evaluations, *_evaluations(name, chosen, validation, len(part)))
        run = SuiteRun(name, evaluations, {**run.validations, key: validation})
        if run.lacks_columns:
            break
    return run


def render_docs(run: SuiteRun, mask: Callable[[Any], Any]) -> dict[str, str]:
    """Data Docs of a run: an HTML page for each set of rows; their styles come from a CDN.

    Args:
        mask: takes out of a value (text, number or tuple of them) what may not be shown.
    """
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    return {
        key: view.render(renderer.render(_mask_results(validation, mask)))
        for key, validation in run.validations.items()
    }


def _mask_results(validation: Any, mask: Callable[[Any], Any]) -> Any:
    """A copy of Great Expectations' results whose values are masked."""
    shown = copy(validation)
    shown.results = []
    for result in validation.results:
        shown.results.append(copy(result))
        shown.results[-1].result = _mask_result(result.result, mask)
    return shown


def _mask_result(result: Mapping[str, Any], mask: Callable[[Any], Any]) -> dict[str, Any]:
    """The values that Great Expectations counts (twenty at the most) masked; of the rest of the rows that fail, which
    may be all, neither value nor place is kept."""
    masked = {key: value if key in _BY_ROW else mask(value) for key, value in result.items()}
    counted = result.get("partial_unexpected_counts") or ()
    shown = {str(count["value"]): mask(count["value"]) for count in counted}
    masked["partial_unexpected_counts"] = [
        {**count, "value": shown[str(count["value"])]} for count in counted
    ]
    values, places = (result.get(key) or () for key in ("unexpected_list", "unexpected_index_list"))
    kept = [(shown[str(v)], place) for v, place in zip(values, places, strict=False) if str(v) in shown]
    masked["unexpected_list"] = [value for value, _ in kept]
    masked["unexpected_index_list"] = [place for _, place in kept]
    return masked


def _rows_of(frame: pd.DataFrame, like: Expectation) -> pd.Series | slice:
    """Which rows `like` looks at; all of them as a slice, which copies nothing."""
    wanted = pd.Series(True, index=frame.index)
    column, value = ("split", Split.TRAIN) if "split" in frame else ("role", Role.TRAIN)
    if like.rows is Rows.TRAIN and column in frame:
        wanted &= frame[column] == value
    if like.languages:
        wanted &= frame["language"].str.lower().str.extract("^([a-z]*)")[0].isin(like.languages)
    return slice(None) if wanted.all() else wanted


def _columns_of(expectations: Sequence[Expectation], frame: pd.DataFrame) -> list[str]:
    """Those that the expectations read: Great Expectations hashes every column of a frame, four times over."""
    named = [e.kwargs[key] for e in expectations for key in _NAMING if key in e.kwargs]
    whole = any(
        e.type.startswith("expect_table_column") or e.kwargs.get("row_condition") for e in expectations
    )
    if whole:
        return list(frame.columns)
    needed = {column for value in named for column in ([value] if isinstance(value, str) else value)}
    return [column for column in frame.columns if column in needed]


def _validate(name: str, expectations: Sequence[Expectation], frame: pd.DataFrame) -> Any:
    import great_expectations as gx

    from expectations import custom  # noqa: F401  registers the custom types

    entries = [
        {
            "type": e.type,
            "kwargs": dict(e.kwargs),
            "severity": e.severity.value,
            "meta": {"position": position},
        }
        for position, e in enumerate(expectations)
    ]
    suite = gx.ExpectationSuite(name=name, expectations=entries)
    if len(suite.expectations) != len(entries):
        known = {e.expectation_type for e in suite.expectations}
        unknown = sorted({e.type for e in expectations} - known)
        raise RuntimeError(
            f"suite {name}: Great Expectations dropped {unknown or 'an entry'}: unknown type or bad kwargs"
        )
    asset = _context().data_sources.add_pandas("memory").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    how = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    return batch.validate(suite, result_format=how)


def _context() -> Any:
    """A context in memory: the default one leaves a temporary folder behind each time."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _evaluations(
    name: str, expectations: Sequence[Expectation], validation: Any, rows: int
) -> list[Evaluation]:
    if len(validation.results) != len(expectations):
        raise RuntimeError(
            f"suite {name}: {len(validation.results)} of {len(expectations)} expectations evaluated"
        )
    results = sorted(validation.results, key=lambda r: r.expectation_config.meta["position"])
    evaluations = []
    for expectation, result in zip(expectations, results, strict=True):
        if trouble := _trouble_in(result.exception_info):
            raise RuntimeError(
                f"suite {name}: {expectation.type} ({expectation.check}) broke down: {trouble}"
            )
        evaluations.append(
            Evaluation(
                expectation=expectation,
                success=bool(result.success),
                by_row="element_count" in result.result,
                observed=_observed(result.result),
                evaluated=result.result.get("element_count", rows),
                unexpected=tuple(result.result.get("unexpected_index_list") or ()),
            )
        )
    return evaluations


def _observed(result: Mapping[str, Any]) -> Any:
    missing = result.get("details", {}).get("mismatched", {}).get("missing")
    if missing:
        return f"none of the name {', '.join(missing)}"
    odd = {name: result.get(f"partial_{name}_list") for name in ("unexpected", "missing")}
    told = [f"{name}: {', '.join(map(str, values))}" for name, values in odd.items() if values]
    return "; ".join(told) if told else result.get("observed_value")


def _trouble_in(info: Mapping[str, Any]) -> str:
    """What was raised: `info` is one record, or a record for each metric that failed."""
    records = [info] if "raised_exception" in info else list(info.values())
    return "; ".join(str(record["exception_message"]) for record in records if record["raised_exception"])

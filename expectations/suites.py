"""The only place that talks to Great Expectations: loads a suite, runs it, says what came out.

Great Expectations drops an expectation whose type it does not know and then reports success, so both are
counted: as many expectations as the file holds, as many evaluated.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
FOLDER = Path(__file__).parent
SETTING = "$setting"


@dataclass(frozen=True)
class Expectation:
    """One entry of a suite file, with its settings filled in."""

    type: str
    kwargs: Mapping[str, Any]
    severity: str
    """Of a failure of the whole: `critical` stops the line."""
    check: str
    reason: str
    rows: str
    """Key of the frame that it looks at."""
    row_severity: str | None
    """Of the finding that each failing row gets; None where the expectation is about the table."""


@dataclass(frozen=True)
class Evaluation:
    """What came of one expectation."""

    expectation: Expectation
    success: bool
    observed: Any
    """The value that a table-level expectation saw; None for row-level ones."""
    evaluated: int
    """Rows looked at."""
    unexpected: tuple[int, ...]
    """Index labels of the rows that fail."""


@dataclass(frozen=True)
class SuiteRun:
    name: str
    evaluations: tuple[Evaluation, ...]
    validations: Mapping[str, Any] = field(repr=False)
    """Great Expectations' own results by frame, for Data Docs."""


def suites_version() -> str:
    """sha256 over the suites and the code of this package."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.glob("*.yaml"), *FOLDER.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def suite_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_suite(name: str, settings: Mapping[str, Any]) -> list[Expectation]:
    """The expectations of `expectations/NAME.yaml`.

    Args:
        settings: what `{$setting: NAME}` stands for.

    Raises:
        KeyError: the suite asks for a setting that is not there, or an entry lacks a key.
    """
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return [
        Expectation(
            type=entry["type"],
            kwargs=_resolved(entry["kwargs"], settings),
            severity=entry["severity"],
            check=entry["meta"]["check"],
            reason=entry["meta"]["reason"],
            rows=entry["meta"]["rows"],
            row_severity=entry["meta"].get("severity"),
        )
        for entry in content["expectations"]
    ]


def run_suite(name: str, expectations: Sequence[Expectation], frames: Mapping[str, pd.DataFrame]) -> SuiteRun:
    """Runs each expectation on the frame that it names, in the order of `frames`.

    When columns are missing, the frames after the one that says so are not looked at: what is missing cannot
    be validated.

    Raises:
        RuntimeError: an expectation is unknown, was not evaluated, or broke down.
    """
    evaluations: list[Evaluation] = []
    validations: dict[str, Any] = {}
    for key, frame in frames.items():
        chosen = [expectation for expectation in expectations if expectation.rows == key]
        if not chosen:
            continue
        validation = _validate(f"{name} ({key})", chosen, frame)
        validations[key] = validation
        evaluations += _evaluations(name, chosen, validation, len(frame))
        if any(e.expectation.check == "missing_column" and not e.success for e in evaluations):
            break
    return SuiteRun(name, tuple(evaluations), validations)


def render_docs(run: SuiteRun) -> dict[str, str]:
    """Data Docs of a run: an HTML page for each frame; their styles come from a CDN."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    return {key: view.render(renderer.render(validation)) for key, validation in run.validations.items()}


def _resolved(value: Any, settings: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {SETTING}:
            return settings[value[SETTING]]
        return {key: _resolved(item, settings) for key, item in value.items()}
    return value


def _validate(name: str, expectations: Sequence[Expectation], frame: pd.DataFrame) -> Any:
    import great_expectations as gx

    from expectations import custom  # noqa: F401  registers the custom types

    entries = [
        {"type": e.type, "kwargs": dict(e.kwargs), "severity": e.severity, "meta": {"position": position}}
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
                observed=_observed(result.result),
                evaluated=result.result.get("element_count", rows),
                unexpected=tuple(result.result.get("unexpected_index_list") or ()),
            )
        )
    return evaluations


def _observed(result: Mapping[str, Any]) -> Any:
    missing = result.get("details", {}).get("mismatched", {}).get("missing")
    return f"none of the name {', '.join(missing)}" if missing else result.get("observed_value")


def _trouble_in(info: Mapping[str, Any]) -> str:
    """What was raised: `info` is one record, or a record for each metric that failed."""
    records = [info] if "raised_exception" in info else list(info.values())
    return "; ".join(str(record["exception_message"]) for record in records if record["raised_exception"])

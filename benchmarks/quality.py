"""What the shipped suites reject of clean text, and what they cost beside Great Expectations' own expectations.

    python -m benchmarks.quality ../shared/data
    python -m benchmarks.quality ../shared/data --speed

The first holds each clean set (`benchmarks.clean_text`) against the suites of its task with the settings that ship,
and prints for each row-level rule and language the share of rows that it rejects; it fails where one rejects 1 %.
The second holds 200,000 samples made of the same texts against the suite of text-generation, from Arrow table to
findings; beside it Great Expectations alone with that suite's stock expectations, on a frame that is ready: whole, and
with no more columns than they read. Processor seconds, median of three in turns.
"""

import argparse
import itertools
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from benchmarks.clean_text import CleanSet, Text, build_samples, read_clean_sets
from expectations.frames import Boundary, build_frame
from expectations.suite_file import Expectation
from expectations.suites import load_suite, run_suite
from tasks.quality import QualityResult, check_documents, check_samples, suite_settings
from tasks.recipe import QualitySettings
from tasks.records import Task

LIMIT = 0.01
"""Share of clean rows of one data set that a rule may reject."""
ROWS = 200_000
RUNS = 3
SETTINGS = QualitySettings(min_samples=1)


class Rejected(NamedTuple):
    """What one rule rejects of one set."""

    suite: str
    check: str
    column: str
    language: str
    source: str
    rows: int
    rejected: int

    @property
    def share(self) -> float:
        return self.rejected / self.rows


def count_rejected(sets: Iterable[CleanSet]) -> Iterator[Rejected]:
    """Every row-level rule of the suites that ship, on every set."""
    for clean in sets:
        labels = sorted({label for label in clean.samples["label"].to_pylist() if label})
        checked = check_samples(clean.samples, clean.task, SETTINGS, labels)
        yield from _rejected_by(checked, clean)
        if clean.documents is not None:
            yield from _rejected_by(check_documents(clean.documents, SETTINGS), clean)


def _rejected_by(result: QualityResult, clean: CleanSet) -> Iterator[Rejected]:
    for run in result.runs:
        for evaluation in run.evaluations:
            expectation, kwargs = evaluation.expectation, evaluation.expectation.kwargs
            if evaluation.by_row and evaluation.evaluated:
                yield Rejected(
                    suite=run.name,
                    check=expectation.check,
                    column=kwargs.get("column") or kwargs.get("column_B", ""),
                    language=clean.language,
                    source=clean.name,
                    rows=evaluation.evaluated,
                    rejected=len(evaluation.unexpected),
                )


def print_rejected(counted: Sequence[Rejected]) -> bool:
    """The table; returns whether every rule stays below `LIMIT` on every set."""
    rules: dict[tuple[str, str, str], dict[str, list[Rejected]]] = defaultdict(lambda: defaultdict(list))
    for item in counted:
        rules[item.suite, item.check, item.column][item.language].append(item)
    print("| suite | rule | column | en: rejected | worst set | ja: rejected | worst set |")
    print("|---|---|---|---|---|---|---|")
    for (suite, check, column), languages in sorted(rules.items()):
        cells = [cell for code in ("en", "ja") for cell in _told(languages.get(code, []))]
        print(f"| {suite} | {check} | {column} | {' | '.join(cells)} |")
    over = [item for item in counted if item.share >= LIMIT]
    for item in over:
        print(f"over {LIMIT:.0%}: {item}")
    return not over


def _told(items: Sequence[Rejected]) -> tuple[str, str]:
    """Rejected of all rows, and the set of which most are rejected."""
    if not items:
        return "–", ""
    worst = max(items, key=lambda item: item.share)
    rejected, rows = sum(item.rejected for item in items), sum(item.rows for item in items)
    share = f"{rejected / rows:.3%} of {rows:,}"
    return share, f"{worst.source} {worst.share:.3%}" if worst.rejected else ""


def make_many(sets: Sequence[CleanSet], rows: int = ROWS) -> pa.Table:
    """Samples of text-generation, in turns English and Japanese: no two alike, for each target is numbered."""
    sides = {
        language: (
            itertools.cycle(list(_texts(sets, language, "input"))),
            itertools.cycle(list(_texts(sets, language, "target"))),
        )
        for language in ("en", "ja")
    }
    order = itertools.cycle(sides.values())
    return build_samples(
        (
            Text(next(asked), f"{i}: {next(answer)}")
            for i, (asked, answer) in zip(range(rows), order, strict=False)
        ),
        Task.TEXT_GENERATION,
        "speed",
    )


def _texts(sets: Sequence[CleanSet], language: str, side: str) -> Iterator[str]:
    """Inputs of all sets; as targets, what is longer than a label."""
    longer = ("dolly_3k", "docs_en_18f_handbook", "jaquad passages", "jsts sentences")
    for clean in sets:
        if clean.language == language and (side == "input" or clean.name in longer):
            yield from filter(None, clean.samples[side].to_pylist())


def print_speed(table: pa.Table) -> None:
    """Processor seconds of the whole suite and of its parts."""
    expectations = load_suite("samples_text_generation", suite_settings(SETTINGS))
    stock = [e for e in expectations if _is_stock(e) and e.rows != "none"]
    frame = build_frame(table, Boundary.SAMPLES)
    needed = sorted({e.kwargs["column"] for e in stock if "column" in e.kwargs})
    run_bare(stock, frame.iloc[:1000])
    check_samples(table.slice(0, 1000), Task.TEXT_GENERATION, SETTINGS)
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(RUNS):
        _clock(spent, "narrow", run_bare, stock, frame[needed])
        _clock(spent, "bare", run_bare, stock, frame)
        _clock(spent, "full", check_samples, table, Task.TEXT_GENERATION, SETTINGS)
        for custom in (e for e in expectations if not _is_stock(e)):
            name = f"{custom.type}, {custom.kwargs.get('column') or custom.kwargs['column_B']}"
            _clock(spent, name, run_suite, "one", [custom], frame)
    characters = int(frame["characters"].sum())
    print(f"{len(table):,} rows, {characters:,} characters; processor seconds, median of {RUNS}")
    full, bare, narrow = (median(spent[name]) for name in ("full", "bare", "narrow"))
    print(f"Great Expectations alone, its {len(stock)} stock expectations, frame as it is: {bare:.2f}")
    print(f"the same on a frame of the {len(needed)} columns that they read: {narrow:.2f}")
    print(f"the whole suite, {len(expectations)} expectations, from Arrow to findings: {full:.2f}")
    print(f"ratios: {full / bare:.2f}, {full / narrow:.2f}")
    for name, seconds in spent.items():
        if name not in ("full", "bare", "narrow"):
            print(f"  {name} alone, in a run of its own: {median(seconds):.2f}")


def run_bare(expectations: Sequence[Expectation], frame: pd.DataFrame) -> Any:
    """Great Expectations as its documentation uses it, with nothing of ours."""
    import great_expectations as gx

    entries = [{"type": e.type, "kwargs": dict(e.kwargs)} for e in expectations]
    suite = gx.ExpectationSuite(name="bare", expectations=entries)
    asset = gx.get_context(mode="ephemeral").data_sources.add_pandas("memory").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    return batch.validate(suite, result_format={"result_format": "COMPLETE"})


def _is_stock(expectation: Expectation) -> bool:
    from great_expectations.expectations.registry import get_expectation_impl

    from expectations import custom  # noqa: F401  registers the custom types

    return not get_expectation_impl(expectation.type).__module__.startswith("expectations.")


def _clock(spent: dict[str, list[float]], name: str, function: Any, *arguments: Any) -> None:
    begin = time.process_time()
    function(*arguments)
    spent[name].append(time.process_time() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the public data sets")
    parser.add_argument("--speed", action="store_true", help="measure processor seconds instead")
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    sets = list(read_clean_sets(arguments.data))
    if arguments.speed:
        print_speed(make_many(sets, arguments.rows))
    elif not print_rejected(list(count_rejected(sets))):
        sys.exit(1)


if __name__ == "__main__":
    main()

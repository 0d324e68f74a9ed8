"""What the data half of the line costs, stage by stage, and what Prefect adds to it.

    python -m benchmarks.curate --rows 100000
    python -m benchmarks.curate --rows 10000 30000 100000 --stages-only       how each stage grows

Everything happens in a temporary folder, on made-up rows, half of them labelled texts (`benchmarks.corpus`), half
conversations (`benchmarks.chats`), each with a recipe of its own. Each stage's body alone, in a process of its own, on
everything and with 1 % of the samples changed; then the `curate` flow under a running Prefect server, again with
nothing changed, and with 1 % changed.
"""

import argparse
import functools
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from benchmarks.chats import write_chats
from benchmarks.corpus import FILES, change_rows, input_bytes, write_corpus
from benchmarks.measure import MEGABYTE, Measured, free_port, in_child, prefect_server
from flows.engine import configure_prefect
from tasks.recipe import Recipe, load_recipe
from tasks.storage import Workspace

CHANGED = 0.01
OWN_WORK = ("find_all_files", "pipeline_version", "Ledger", "_record")
"""What `flows.curate` does itself, beside the stages."""
LIBRARIES = (
    "flows.curate",
    "expectations.custom",
    "cleanlab.filter",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "sklearn.model_selection",
)
KINDS = ("labels", "chat")
Clock = dict[str, float]
Stages = list[tuple[str, Measured]]


class FlowRun(NamedTuple):
    """One run of the flow, seen from inside its process."""

    seconds: float
    """Of the call of the flow: neither imports nor the server's start."""
    bodies: Clock
    """Seconds inside the body of each stage that ran; a stage taken from the cache is not there."""
    own: Clock
    """Seconds in each of `OWN_WORK`."""
    computed: Counter[str]
    """Rows that each cache of arrays had to compute, and files that were parsed."""
    counts: dict[str, int]
    reasons: dict[str, int]


def measure_stages(recipe: Recipe, workspace: Workspace) -> Stages:
    """The flow's own wiring without Prefect: each stage's body runs in a child of its own."""
    import flows.curate as module

    rows: Stages = []

    def perform(stage: Any, *arguments: Any) -> Any:
        measured = in_child(stage.fn, *arguments)
        rows.append((stage.name, measured))
        return measured.value

    def record(*arguments: Any) -> None:
        rows.append(("ledger (no stage)", in_child(original, *arguments)))

    original = module._record
    with patch.multiple(module, perform=perform, _record=record, publish_snapshot=lambda *_: None):
        module.curate.fn(recipe, workspace)
    return rows


def run_flow(recipe: Recipe, workspace: Workspace) -> FlowRun:
    """Runs `curate` under Prefect with a clock inside each stage's body."""
    import prefect

    import flows.curate as module
    from tasks.ingest import workers

    bodies: Clock = defaultdict(float)
    own: Clock = defaultdict(float)
    computed: Counter[str] = Counter()
    stages = [value for value in vars(module).values() if isinstance(value, prefect.Task)]
    with ExitStack() as stack:
        for stage in stages:
            stack.enter_context(patch.object(stage, "fn", _timed(stage.fn, bodies, stage.name)))
        for name in OWN_WORK:
            stack.enter_context(patch.object(module, name, _timed(getattr(module, name), own, name)))
        stack.enter_context(patch.object(workers, "_give", _counted(workers._give, computed)))
        stack.enter_context(patch.object(Workspace, "cached_arrays", _counting_cache(computed)))
        begin = time.perf_counter()
        snapshot = module.curate(recipe, workspace).snapshot
        seconds = time.perf_counter() - begin
    reasons = {f"{reason.check}: {reason.disposition}": reason.rows for reason in snapshot.reasons}
    return FlowRun(seconds, dict(bodies), dict(own), computed, snapshot.counts, reasons)


def _timed(function: Callable[..., Any], clock: Clock, name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            clock[name] += time.perf_counter() - begin

    return timed


def _counted(parse_file: Callable[..., Any], computed: Counter[str]) -> Callable[..., Any]:
    @functools.wraps(parse_file)
    def counted(*arguments: Any) -> Any:
        computed["files parsed"] += 1
        return parse_file(*arguments)

    return counted


def _counting_cache(computed: Counter[str]) -> Callable[..., np.ndarray]:
    """`Workspace.cached_arrays` that counts the rows which its `compute` is asked for."""
    original = Workspace.cached_arrays

    def cached_arrays(
        self: Workspace, name: str, keys: Sequence[str], compute: Callable[[list[int]], np.ndarray]
    ) -> np.ndarray:
        def counted(missing: list[int]) -> np.ndarray:
            computed[name] += len(missing)
            return compute(missing)

        return original(self, name, keys, counted)

    return cached_arrays


def import_everything() -> float:
    """Loads what the stages load when they first run, so that no stage pays for it; returns the seconds."""
    begin = time.perf_counter()
    for name in LIBRARIES:
        importlib.import_module(name)
    from tasks.duplicates.similar import warm_up

    warm_up()
    return time.perf_counter() - begin


def print_stages(first: Stages, changed: Stages, size: int, baseline: int) -> None:
    """Each stage's cost on everything, its share, and its cost after the change."""
    print("\nEach stage's body alone, in a process of its own, without Prefect")
    print(f"{'stage':<22}{'seconds':>9}{'CPU s':>8}{'share':>7}{'peak MB':>9}{'1 % changed, CPU s':>20}")
    again = {name: measured.cpu_seconds for name, measured in changed}
    cpu = sum(measured.cpu_seconds for _, measured in first)
    for name, measured in first:
        print(
            f"{name:<22}{measured.seconds:>9.2f}{measured.cpu_seconds:>8.2f}{measured.cpu_seconds / cpu:>7.0%}"
            f"{measured.peak_bytes / MEGABYTE:>9.0f}{again.get(name, 0):>20.2f}"
        )
    seconds, peak = sum(m.seconds for _, m in first), max(m.peak_bytes for _, m in first) / MEGABYTE
    print(f"{'together':<22}{seconds:>9.2f}{cpu:>8.2f}{1:>7.0%}{peak:>9.0f}{sum(again.values()):>20.2f}")
    print(
        f"{size / MEGABYTE / cpu:.2f} MB of input a CPU second; 1 % changed: {sum(again.values()) / cpu:.0%} of it."
    )
    print(
        f"CPU of reader processes is not in it. Of each peak, {baseline / MEGABYTE:.0f} MB are the libraries."
    )


def print_growth(sizes: Sequence[int], tables: Sequence[Stages]) -> None:
    """CPU seconds of each stage at several sizes, and the power of the number of rows by which they grow."""
    print("\nHow each stage's CPU seconds grow")
    print(f"{'stage':<22}" + "".join(f"{size:>10,}" for size in sizes) + f"{'rows ^':>8}")
    by_size = [{name: measured.cpu_seconds for name, measured in table} for table in tables]
    for costs in by_size:
        costs["together"] = sum(costs.values())
    for name in by_size[-1]:
        costs = [table.get(name, 0.0) for table in by_size]
        power = np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-3)), 1)[0]
        print(f"{name:<22}" + "".join(f"{cost:>10.2f}" for cost in costs) + f"{power:>8.2f}")


def print_runs(runs: Sequence[tuple[str, Measured]]) -> None:
    print("\nThe curate flow under Prefect, server running, libraries loaded")
    print(
        f"{'run':<34}{'seconds':>9}{'of first':>9}{'bodies':>9}{'of first':>9}{'own':>7}{'rest':>7}{'peak MB':>9}"
    )
    whole: FlowRun = runs[0][1].value
    for name, measured in runs:
        run: FlowRun = measured.value
        bodies, own = sum(run.bodies.values()), sum(run.own.values())
        print(
            f"{name:<34}{run.seconds:>9.2f}{run.seconds / whole.seconds:>9.1%}{bodies:>9.2f}"
            f"{bodies / sum(whole.bodies.values()):>9.1%}{own:>7.2f}{run.seconds - bodies - own:>7.2f}"
            f"{measured.peak_bytes / MEGABYTE:>9.0f}"
        )
    print("bodies: inside the stages. own: files' digests, code's digest, ledger. rest: Prefect.")
    for name, measured in runs:
        run = measured.value
        ran = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in run.bodies.items()) or "none"
        print(f"\n{name}\n  stages that ran (s): {ran}")
        print(f"  computed anew: {dict(run.computed) or 'nothing'}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000], help="several: how costs grow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=KINDS, help="each gets its share of the rows"
    )
    parser.add_argument("--base-rows", type=int, default=2_000, help="label_noise.base_rows of the chats")
    parser.add_argument("--stages-only", action="store_true", help="leave the flow under Prefect out")
    arguments = parser.parse_args()
    print(f"$ python -m benchmarks.curate {' '.join(sys.argv[1:])}")
    with tempfile.TemporaryDirectory(prefix="seimai-curate-") as name:
        port = free_port()
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        configure_prefect(Path(name, "prefect"))
        print(f"imports: {import_everything():.1f} s (none of it in the tables)")
        for kind in arguments.kinds:
            tables = []
            for rows in arguments.rows:
                folder = Path(name, f"{kind}-{rows}")
                _write(kind, folder, rows // len(arguments.kinds), arguments)
                tables.append(_measure_bodies(folder))
            if len(tables) > 1:
                print_growth([rows // len(arguments.kinds) for rows in arguments.rows], tables)
            if not arguments.stages_only:
                _write(kind, folder, rows // len(arguments.kinds), arguments)
                _measure_flow(folder, port)


def _write(kind: str, folder: Path, rows: int, arguments: argparse.Namespace) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)
    if kind == "labels":
        planted: Any = write_corpus(folder, rows, arguments.seed)
    else:
        planted = write_chats(folder, rows, arguments.seed, arguments.base_rows)
    size = input_bytes(folder) / MEGABYTE
    print(
        f"\n{kind}: {rows:,} samples, {size:.1f} MB in {FILES} files; planted: {planted._asdict()}",
        flush=True,
    )


def _measure_bodies(folder: Path) -> Stages:
    recipe, workspace = load_recipe(folder / "recipe.yaml"), Workspace(root=str(folder / "bodies"))
    size, baseline = input_bytes(folder), in_child(import_everything).peak_bytes
    first = in_child(measure_stages, recipe, workspace).value
    change_rows(folder, CHANGED, scattered=False)
    print_stages(first, in_child(measure_stages, recipe, workspace).value, size, baseline)
    return first


def _measure_flow(folder: Path, port: int) -> None:
    recipe = load_recipe(folder / "recipe.yaml")
    workspace = Workspace(root=recipe.workspace)
    with prefect_server(port, folder / "server.log") as started:
        print(f"\nPrefect server: {started:.1f} s until it answered (not in the table)")
        runs = [("first run", in_child(run_flow, recipe, workspace))]
        runs.append(("nothing changed", in_child(run_flow, recipe, workspace)))
        for scattered in (False, True):
            changed, files = change_rows(folder, CHANGED, scattered)
            measured = in_child(run_flow, recipe, workspace)
            runs.append((f"{changed} rows of {files} files changed", measured))
    print_runs(runs)
    first: FlowRun = runs[0][1].value
    print(f"\nfirst run, rows: {first.counts}\nsettled by: {first.reasons}")


if __name__ == "__main__":
    main()

"""How long `seimai run` takes when nothing has changed: the command as a user types it, from start to exit.

    python -m benchmarks.second_run --rows 1000

On a made-up corpus in a temporary folder, until the snapshot: once to fill the workspace, then again with a Prefect
server of its own for the run (started and stopped with it), and with one that is running already.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.corpus import write_corpus
from benchmarks.measure import free_port, prefect_server
from flows.engine import configure_prefect

GOALS = {"own server": 45.0, "running server": 15.0}
"""Seconds of a second run."""


def time_run(recipe: Path, environment: dict[str, str]) -> float:
    """Seconds of one `seimai run RECIPE --until curate`.

    Raises:
        subprocess.CalledProcessError: it did not end well; its output stands on standard error.
    """
    command = [str(Path(sys.executable).with_name("seimai")), "run", str(recipe), "--until", "curate"]
    begin = time.perf_counter()
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout.decode())
        done.check_returncode()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"$ python -m benchmarks.second_run --rows {arguments.rows} --repeat {arguments.repeat}")
    print(f"cores: {os.cpu_count()}, load at the start: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="seimai-second-") as name:
        _measure(Path(name), arguments.rows, arguments.repeat)


def _measure(folder: Path, rows: int, repeat: int) -> None:
    write_corpus(folder, rows)
    recipe = folder / "recipe.yaml"
    os.environ.pop("PREFECT_API_URL", None)
    configure_prefect(folder / "workspace")  # as `seimai run` does: server and runs share one database
    print(f"first run, own server: {time_run(recipe, {}):.1f} s")
    print(f"{'server':<18}{'seconds of second runs':<32}{'median':>7}{'goal':>6}")
    _print_row("own server", [time_run(recipe, {}) for _ in range(repeat)])
    port = free_port()
    api = {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    with prefect_server(port, folder / "server.log"):
        _print_row("running server", [time_run(recipe, api) for _ in range(repeat)])


def _print_row(server: str, seconds: list[float]) -> None:
    told = ", ".join(f"{value:.1f}" for value in seconds)
    print(f"{server:<18}{told:<32}{median(seconds):>7.1f}{GOALS[server]:>6.0f}")


if __name__ == "__main__":
    main()

"""The deployment as it is shipped, and the real thing: server, worker and watcher, a file dropped, a run done."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from prefect import Flow
from prefect.utilities.importtools import import_object

from tasks.ledger import Ledger
from tasks.recipe import load_recipe, recipe_schema
from tasks.storage import Workspace
from tasks.watching import observe

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENT = ROOT / "deployments" / "prefect.yaml"
PATIENCE = 240
"""Seconds; on two idle cores the server takes 13, the deployment 7, the run from drop to end about 20."""
UP = """\
import sys
from pathlib import Path
from flows.engine import configure_prefect
from flows.up import up
configure_prefect(Path(sys.argv[2]))
up(Path(sys.argv[1]), until="curate", every_seconds=2)
"""
RECIPE = """\
name: tickets
task: text-classification
workspace: workspace
sources:
  - path: inbox
schedule: "0 HOUR * * *"
label_noise: {enabled: false}
quality: {min_samples: 40}
"""
THINGS = ("kettle", "lamp", "radio", "fan", "heater", "toaster", "mixer", "iron", "clock", "fridge")
ASKS = {
    "repair": (
        "My {} broke last week and I would like to have it mended.",
        "Can a technician look at the {} that makes a strange noise?",
        "Smoke came out of our {}; where do I send it for a fix?",
        "It no longer switches on, this {}, what does a service visit cost?",
    ),
    "delivery": (
        "When will the {} from my order of Monday arrive?",
        "The parcel with the {} is three days late, please trace it.",
        "I will be away; could you bring the {} on Saturday instead?",
        "Tracking says handed over, yet no {} is at my door.",
    ),
}


def write_tickets(path: Path, things: tuple[str, ...]) -> None:
    rows = [
        {"text": ask.format(thing), "label": label}
        for thing in things
        for label, asks in ASKS.items()
        for ask in asks
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def entry_points() -> list[str]:
    return [str(entry["entrypoint"]) for entry in yaml.safe_load(DEPLOYMENT.read_text())["deployments"]]


@pytest.mark.parametrize("entry_point", entry_points())
def test_every_entry_point_is_a_flow_at_a_module_path(entry_point: str):
    assert ":" not in entry_point  # file.py:flow would load the module a second time, under another name
    assert isinstance(import_object(entry_point), Flow)


def test_the_deployment_names_no_folder_of_any_machine():
    settings = yaml.safe_load(DEPLOYMENT.read_text())
    assert settings["pull"], "without `pull`, Prefect stores the folder of whoever deploys"
    values = [value for value in _leaves(settings) if isinstance(value, str)]
    assert [value for value in values if value.startswith(("/", "~", "file:")) or str(ROOT) in value] == []


def test_every_variable_of_the_deployment_is_explained_and_set_by_up():
    text = DEPLOYMENT.read_text()
    used = set(re.findall(r"{{ \$(SEIMAI_\w+) }}", text))
    assert used == set(re.findall(r"#   export (SEIMAI_\w+)=", text))
    assert used == set(re.findall(r'"(SEIMAI_\w+)":', (ROOT / "flows" / "up.py").read_text()))


def test_the_recipe_schema_is_up_to_date():
    written = (ROOT / "deployments" / "recipe.schema.json").read_text(encoding="utf-8")
    assert written == recipe_schema(), "tasks/recipe.py has changed; run: python deployments/schema.py"


@pytest.fixture
def recipe_path(tmp_path: Path) -> Path:
    """A recipe whose one file a run has already seen."""
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.replace("HOUR", str((datetime.now(UTC).hour + 12) % 24)))  # not during the test
    write_tickets(tmp_path / "inbox" / "monday.jsonl", THINGS[:7])
    recipe = load_recipe(path)
    Ledger(Workspace(root=recipe.workspace).ledger_url).set_watched(recipe.name, observe(recipe))
    return path


@pytest.fixture
def served(recipe_path: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """`seimai up` in a process of its own: the process, the API's URL, and the file it prints to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_SERVER_API_PORT": port, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    printed = tmp_path / "up.txt"
    with printed.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", UP, str(recipe_path), str(tmp_path / "workspace")],
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process, f"http://127.0.0.1:{port}/api", printed
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.prefect
def test_a_dropped_file_starts_one_run_and_a_signal_ends_everything(
    served, recipe_path: Path, tmp_path: Path
):
    process, api, printed = served

    def explain() -> str:
        logs = (tmp_path / "workspace" / "prefect" / "logs").glob("*.log")
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in [printed, *logs])

    def until(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert process.poll() is None, explain()
            assert time.monotonic() < deadline, f"{what} did not come\n{explain()}"
            time.sleep(0.5)

    def runs(starter: str) -> list[dict[str, Any]]:
        found = _post(f"{api}/flow_runs/filter", {})
        return [run for run in found if (run["created_by"] or {}).get("type") == starter]

    until(lambda: "is up" in printed.read_text(), "the start")
    assert api.removesuffix("/api") in printed.read_text()
    (deployment,) = _post(f"{api}/deployments/filter", {})
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    until(lambda: bool(runs("SCHEDULE")), "the schedule's next run")
    assert {run["state_type"] for run in runs("SCHEDULE")} == {"SCHEDULED"}
    assert runs("AUTOMATION") == []

    dropped = tmp_path / "inbox" / "tuesday.jsonl"
    write_tickets(dropped, THINGS[7:])
    until(lambda: any(run["end_time"] for run in runs("AUTOMATION")), "a run's end")
    time.sleep(6)  # two looks more: the change must not be told again
    (run,) = runs("AUTOMATION")
    assert run["state_type"] == "COMPLETED", explain()
    assert run["deployment_id"] == deployment["id"]

    recipe = load_recipe(recipe_path)
    ledger = Ledger(Workspace(root=recipe.workspace).ledger_url)
    assert str(dropped) in ledger.watched(recipe.name)
    assert [row["exit_code"] for row in ledger.runs()] == [0]
    assert len(ledger.snapshots(recipe.name)) == 1
    assert any((tmp_path / "workspace" / "prefect" / "results").iterdir())

    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2  # server and worker
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, explain()
    assert psutil.wait_procs(family, timeout=10)[1] == []


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case list():
            for item in value:
                yield from _leaves(item)
        case _:
            yield value

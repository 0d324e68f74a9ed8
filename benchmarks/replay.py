"""A folder's history replayed month by month: does an incremental run give what a run from scratch gives?

    python -m benchmarks.replay ../shared/data/docs_en_18f_handbook ../shared/data/docs_ja_future_guidelines

A history is events.jsonl (op A, M or D, path, new_blob; in time order) and blobs.tar.xz (blobs/<new_blob>.md). At
the end of each month the folder is brought to that state, the `curate` flow runs in a workspace that stands from
month to month and in a new one, both on the same folder under one Prefect server, and the snapshots are compared:
id, digests of the four tables, counts and reasons. Seconds are wall time of the flow: neither imports nor the
server's start; from scratch includes a new ledger.
"""

import argparse
import json
import lzma
import os
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.curate import import_everything
from benchmarks.measure import free_port, prefect_server
from flows.engine import configure_prefect
from tasks.recipe import LabelNoiseSettings, PassageSettings, QualitySettings, Recipe, Source, SplitSettings
from tasks.records import Task
from tasks.snapshot import SnapshotRef
from tasks.storage import Workspace

State = dict[str, str]
"""Path in the history's folder -> name of the blob that stands there."""


OF_THE_PAST = ("former_gate_item",)
"""Checks that say what an earlier run was judged on, which a run from scratch cannot know."""


class Run(NamedTuple):
    """One run of the data half."""

    content: dict[str, Any]
    """All that the snapshot says, its folder in the workspace aside."""
    parsed: tuple[str, ...]
    """Absolute paths of the files given to workers, sorted."""
    seconds: float


class Step(NamedTuple):
    """The state of the folder at the end of a month, and the two runs over it."""

    month: str
    documents: int
    changed: frozenset[str]
    """Absolute paths whose content is new or another than at the end of the month before."""
    unseen: frozenset[str]
    """Of these, the ones that did not hold the same content at the end of any month before."""
    incremental: Run
    scratch: Run

    @property
    def is_equal(self) -> bool:
        return self.incremental.content == self.scratch.content

    @property
    def reads_what_changed(self) -> bool:
        """Whether the standing workspace read what it never read before, and the new one everything."""
        return set(self.incremental.parsed) == self.unseen and len(self.scratch.parsed) == self.documents


def read_states(folder: Path) -> dict[str, State]:
    """Month (2024-06) -> state at its end."""
    states: dict[str, State] = {}
    state: State = {}
    for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["op"] == "D":
            del state[event["path"]]
        else:
            state[event["path"]] = event["new_blob"]
        states[event["date"][:7]] = dict(state)
    return states


def read_blobs(folder: Path) -> dict[str, bytes]:
    """Name of a blob -> its content."""
    with lzma.open(folder / "blobs.tar.xz") as raw, tarfile.open(fileobj=raw) as archive:
        files = [(member.name, archive.extractfile(member)) for member in archive if member.isfile()]
        return {Path(name).stem: file.read() for name, file in files if file is not None}


def apply_state(
    folder: Path, state: Mapping[str, str], before: Mapping[str, str], blobs: Mapping[str, bytes], month: str
) -> None:
    """Brings `folder` from the state `before` to `state`; files that stay the same are not touched.

    Those that change bear a time in `month`, so that what a run knows of the others is settled.
    """
    moment = datetime.fromisoformat(f"{month}-28T00:00:00+00:00").timestamp()
    for path in before.keys() - state.keys():
        (folder / path).unlink()
    for path, blob in state.items():
        if before.get(path) != blob:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(blobs[blob])
            os.utime(folder / path, (moment, moment))


def make_recipe(folder: Path) -> Recipe:
    """Passages of Markdown measured in characters: no base model, and no bound that stops the line."""
    return Recipe(
        name="replay",
        task=Task.LANGUAGE_MODELING,
        sources=(Source(path=str(folder)),),
        passages=PassageSettings(max_tokens=None),
        quality=QualitySettings(min_samples=1, max_characters=1_000_000, max_bad_share=1.0),
        label_noise=LabelNoiseSettings(enabled=False),
        split=SplitSettings(
            validation=0.3, gate=0.3
        ),  # of 25 documents some fall into each, wherever they lie
    )


def run_once(recipe: Recipe, workspace: Workspace) -> Run:
    """Runs the `curate` flow, and notes which files its workers were given."""
    import flows.curate
    from tasks.ingest import workers

    given: list[str] = []
    with patch.object(workers, "_give", _noted(workers._give, given)):
        begin = time.perf_counter()
        snapshot = flows.curate.curate(recipe, workspace).snapshot
        seconds = time.perf_counter() - begin
    return Run(_content_of(snapshot, workspace), tuple(sorted(given)), seconds)


def _content_of(snapshot: SnapshotRef, workspace: Workspace) -> dict[str, Any]:
    """All of a snapshot but its place and id, and of its findings those that do not speak of earlier runs."""
    found = workspace.read_table(snapshot.findings)
    told = found.filter(pc.invert(pc.is_in(found["check"], value_set=pa.array(OF_THE_PAST))))
    content = snapshot.model_dump(mode="json", exclude={"folder", "snapshot_id", "findings"})
    return content | {"findings": workspace.write_table(told, "findings-compared").digest}


def _noted(give: Callable[..., None], given: list[str]) -> Callable[..., None]:
    def noted(worker: Any, files: Any, job: int, settings: Any) -> None:
        given.append(files[job].uri)
        give(worker, files, job, settings)

    return noted


def replay(states: Mapping[str, State], blobs: Mapping[str, bytes], root: Path) -> Iterator[Step]:
    """Each month's step; the folder, the standing workspace and the new ones lie under `root`."""
    folder = root / "documents"
    recipe = make_recipe(folder)
    before: State = {}
    seen: set[tuple[str, str]] = set()
    for month, state in states.items():
        apply_state(folder, state, before, blobs, month)
        changed = {path for path, blob in state.items() if before.get(path) != blob}
        unseen = {path for path in changed if (path, state[path]) not in seen}
        yield Step(
            month=month,
            documents=len(state),
            changed=frozenset(str(folder / path) for path in changed),
            unseen=frozenset(str(folder / path) for path in unseen),
            incremental=run_once(recipe, Workspace(root=str(root / "standing"))),
            scratch=run_once(recipe, Workspace(root=str(root / "new" / month))),
        )
        before = state
        seen |= set(state.items())


def print_replay(folder: Path, root: Path) -> None:
    print(f"\n{folder.name}\n")
    print("| month | documents | changed | parsed | samples | s incremental | s from scratch | equal |")
    print("|---|---|---|---|---|---|---|---|")
    steps: list[Step] = []
    for step in replay(read_states(folder), read_blobs(folder), root):
        steps.append(step)
        told = "yes" if step.is_equal else f"no: {', '.join(_differing(step))}"
        parsed = f"{len(step.incremental.parsed)}{'' if step.reads_what_changed else ' (not what changed)'}"
        print(
            f"| {step.month} | {step.documents} | {len(step.changed)} | {parsed} "
            f"| {step.incremental.content['counts']['input']} | {step.incremental.seconds:.1f} "
            f"| {step.scratch.seconds:.1f} | {told} |",
            flush=True,
        )
    later = steps[1:]
    print(
        f"\nAfter the first month: {sum(s.incremental.seconds for s in later):.0f} s incremental, "
        f"{sum(s.scratch.seconds for s in later):.0f} s from scratch; "
        f"{sum(len(s.incremental.parsed) for s in later)} of {sum(s.documents for s in later)} files parsed; "
        f"{sum(s.is_equal for s in steps)} of {len(steps)} snapshots equal."
    )


def _differing(step: Step) -> list[str]:
    """Names of what differs between the two snapshots."""
    first, second = step.incremental.content, step.scratch.content
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seimai-replay-") as name:
        root = Path(name)
        port = free_port()
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        configure_prefect(root)
        import_everything()
        with prefect_server(port, root / "server.log"):
            for folder in arguments.folders:
                print_replay(folder, root / folder.name)


if __name__ == "__main__":
    main()

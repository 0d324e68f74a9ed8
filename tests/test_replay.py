"""Months of a real handbook replayed: incremental runs give what runs from scratch give, reading only what changed."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.replay import Step, read_blobs, read_states, replay

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

HANDBOOK = Path(__file__).parents[2] / "shared" / "data" / "docs_en_18f_handbook"
MONTHS = ("2022-12", "2023-01", "2023-02", "2023-04")
FOLDERS = ("pages/18f/", "pages/travel-and-leave/")


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Step]:
    if not HANDBOOK.is_dir():
        pytest.skip(f"{HANDBOOK} is not there")
    states = read_states(HANDBOOK)
    chosen = {
        month: {path: blob for path, blob in states[month].items() if path.startswith(FOLDERS)}
        for month in MONTHS
    }
    return list(replay(chosen, read_blobs(HANDBOOK), tmp_path_factory.mktemp("replay")))


def test_documents_come_change_and_go(steps: Sequence[Step]) -> None:
    assert [step.month for step in steps] == list(MONTHS)
    assert all(30 < step.documents < 60 for step in steps)
    assert all(0 < len(step.changed) < step.documents for step in steps[1:])
    gone = [set(before.scratch.parsed) - set(after.scratch.parsed) for before, after in pairwise(steps)]
    assert [len(paths) for paths in gone] == [3, 0, 1]
    assert len({step.scratch.content["samples"]["digest"] for step in steps}) == len(steps)


def test_incremental_run_gives_what_a_run_from_scratch_gives(steps: Sequence[Step]) -> None:
    for step in steps:
        assert step.incremental.content == step.scratch.content, step.month


def test_only_what_changed_is_given_to_workers(steps: Sequence[Step]) -> None:
    for step in steps:
        assert set(step.incremental.parsed) == step.changed, step.month
        assert len(step.incremental.parsed) == len(step.changed)
        assert len(step.scratch.parsed) == step.documents

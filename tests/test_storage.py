"""Storage: nothing half-written is taken for whole, damage is named, caches recompute what is new only."""

import errno
import multiprocessing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.errors import StorageError, WorkspaceBusyError
from tasks.storage import Workspace, find_workspace, written_whole

TABLE = pa.table({"a": [1, 2, 3]})


def test_same_content_gives_same_reference(workspace: Workspace) -> None:
    first, second = workspace.write_table(TABLE, "t"), workspace.write_table(TABLE, "t")
    assert first == second
    assert workspace.read_table(first).equals(TABLE)


def test_damaged_and_missing_tables_are_named(workspace: Workspace) -> None:
    ref = workspace.write_table(TABLE, "t")
    path = workspace.path(ref.path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert not workspace.holds([ref])
    with pytest.raises(StorageError, match="damaged"):
        workspace.read_table(ref)
    path.unlink()
    with pytest.raises(StorageError, match="is gone"):
        workspace.read_table(ref)


def test_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    with pytest.raises(StorageError, match="the disk is full"), written_whole(target) as part:
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_failed_folder_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(RuntimeError), workspace.new_folder("models", "m") as folder:
        (folder / "weights").write_text("half")
        raise RuntimeError("killed")
    assert not workspace.path("models", "m").exists()
    with pytest.raises(StorageError, match="not whole"):
        workspace.folder_ref("models", "m")
    with workspace.new_folder("models", "m") as folder:
        assert list(folder.iterdir()) == []
        (folder / "weights").write_text("whole")
    ref = workspace.folder_ref("models", "m")
    assert workspace.holds({"model": ref})
    workspace.path("models", "m", "weights").write_text("changed")
    with pytest.raises(StorageError, match="missing or damaged"):
        workspace.folder_ref("models", "m")
    workspace.path("models", "m", "weights").unlink()
    assert not workspace.holds({"model": ref})


def test_cache_computes_only_new_keys(workspace: Workspace) -> None:
    asked: list[list[int]] = []

    def compute(wanted: list[int]) -> np.ndarray:
        asked.append(wanted)
        return np.array([[i, i * 10] for i in wanted], dtype=np.int32)

    first = workspace.cached_arrays("c", ["a", "b", "a"], compute)
    second = workspace.cached_arrays("c", ["b", "c"], compute)
    assert asked == [[0, 1], [1]] or asked == [[2, 1], [1]]
    assert first.shape == (3, 2)
    assert (first[0] == first[2]).all()
    assert (second[0] == first[1]).all()
    assert second.dtype == np.int32


def test_damaged_cache_is_made_anew(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    workspace.cached_arrays("c", ["a"], lambda wanted: np.ones((len(wanted), 1)))
    workspace.path("cache", "c.parquet").write_bytes(b"not parquet")
    again = workspace.cached_arrays("c", ["a"], lambda wanted: np.full((len(wanted), 1), 2.0))
    assert again.tolist() == [[2.0]]
    assert "damaged" in caplog.text


def _hold(
    root: str, ready: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event"
) -> None:
    with Workspace(root=root).locked("a run of first"):
        ready.set()
        done.wait(60)


def test_second_run_on_a_workspace_says_who_holds_it(workspace: Workspace) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(workspace.root, ready, done))
    holder.start()
    try:
        assert ready.wait(60)
        with pytest.raises(WorkspaceBusyError, match="in use by a run of first"), workspace.locked("second"):
            pytest.fail("two runs at once")
    finally:
        done.set()
        holder.join(60)
    with workspace.locked("second"):
        pass


def test_find_workspace_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEIMAI_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="no workspace at"):
        find_workspace(str(tmp_path / "none"))
    (tmp_path / ".seimai").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert find_workspace(None) == tmp_path / ".seimai"

"""Files read in processes of their own: what hangs, dies or takes too much gives a finding, and the rest is read."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import RecipeError
from tasks.ingest.contract import IngestSettings, Parsed
from tasks.ingest.files import find_all_files
from tasks.ingest.kept import ParseCache
from tasks.ingest.workers import parse_all
from tasks.recipe import ReadingSettings, Source
from tasks.records import Task
from tasks.storage import Workspace

TEXT = "Descale the kettle once a month with citric acid, then rinse it twice with clean water. "


def settings_for(folder: Path, **reading: Any) -> IngestSettings:
    return IngestSettings(
        task=Task.LANGUAGE_MODELING,
        sources=(Source(path=str(folder)),),
        reading=ReadingSettings(**reading),
    )


def parse_folder(folder: Path, workspace: Workspace, **reading: Any) -> dict[str, Parsed]:
    settings = settings_for(folder, **reading)
    files = find_all_files(settings.sources)
    parsed = parse_all(workspace, files, settings)
    return {Path(file.uri).name: result for file, result in zip(files, parsed, strict=True)}


def checks(parsed: Parsed) -> list[str]:
    return parsed.findings["check"].to_pylist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(f"{name}: {TEXT * 3}", encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=str(tmp_path / "workspace"))


def test_results_come_in_the_order_of_the_files(folder: Path, workspace: Workspace) -> None:
    parsed = parse_folder(folder, workspace)
    for name, result in parsed.items():
        assert result.samples["target"][0].as_py().startswith(name)


def test_a_file_that_takes_too_long_is_given_up_and_the_rest_is_read(
    folder: Path, workspace: Workspace
) -> None:
    (folder / "slow.html").write_text("<table>" * 30 + "<td>x" * 2_000_000, encoding="utf-8")
    begin = time.monotonic()
    parsed = parse_folder(folder, workspace, timeout=0.3, workers=1)
    assert time.monotonic() - begin < 70
    assert checks(parsed["slow.html"]) == ["timeout"]
    assert "reading.timeout" in parsed["slow.html"].findings["reason"][0].as_py()
    assert [len(parsed[name].samples) for name in ("a.txt", "b.txt", "c.txt")] == [1, 1, 1]


def test_a_file_that_was_given_up_is_tried_again(folder: Path, workspace: Workspace) -> None:
    (folder / "slow.html").write_text("<p>" + TEXT * 20_000, encoding="utf-8")
    first = parse_folder(folder, workspace, timeout=0.001, workers=1)
    assert "timeout" in {check for result in first.values() for check in checks(result)}
    settings = settings_for(folder)
    files = find_all_files(settings.sources)
    given_up = [file for file in files if checks(first[Path(file.uri).name]) == ["timeout"]]
    assert given_up
    assert all(ParseCache(workspace, settings).find(file) is None for file in given_up)


def test_memory_is_limited(folder: Path, workspace: Workspace) -> None:
    (folder / "wide.txt").write_bytes(b"word " * 60_000_000)
    parsed = parse_folder(folder, workspace, max_memory=600_000_000)
    assert checks(parsed["wide.txt"]) in (["out_of_memory"], ["crashed"])
    assert len(parsed["a.txt"].samples) == 1


def test_a_reader_that_dies_takes_only_its_file_with_it(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.ingest import workers

    give = workers._give

    def killing(worker: Any, files: Any, job: int, settings: Any) -> None:
        if files[job].uri.endswith("b.txt"):
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.join()
        give(worker, files, job, settings)

    monkeypatch.setattr(workers, "_give", killing)
    parsed = parse_folder(folder, workspace, workers=1)
    assert checks(parsed["b.txt"]) == ["crashed"]
    assert [len(parsed[name].samples) for name in ("a.txt", "c.txt")] == [1, 1]


def test_a_mistake_of_the_recipe_stops_the_run(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,lable\na,b\n", encoding="utf-8")
    settings = IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=(Source(path=str(path)),))
    with pytest.raises(RecipeError, match="did you mean 'lable'"):
        parse_all(workspace, find_all_files(settings.sources), settings)


def test_too_large_a_file_is_not_opened(folder: Path, workspace: Workspace) -> None:
    (folder / "large.txt").write_text(TEXT * 100, encoding="utf-8")
    settings = settings_for(folder, max_bytes=1000)
    files = find_all_files(settings.sources, reading=settings.reading)
    (large,) = [file for file in files if file.uri.endswith("large.txt")]
    assert large.digest == ""
    (parsed,) = parse_all(workspace, [large], settings)
    assert checks(parsed) == ["too_large"]

"""What a diff of two snapshots says: documents and samples in, out and changed, each with its reason."""

from pathlib import Path

import pytest
from conftest import rows_at_hand
from rich.console import Console

from flows.diff import find_snapshots, print_diff
from tasks.errors import SeimaiError
from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_all_files
from tasks.ingest.stage import ingest_stage
from tasks.judge import judge_stage
from tasks.ledger import Ledger
from tasks.privacy import Masker
from tasks.recipe import PassageSettings, Source, SplitSettings
from tasks.records import Disposition, Task
from tasks.snapshot import SnapshotRef, snapshot_stage
from tasks.snapshot_diff import Change, SnapshotDiff, diff_snapshots
from tasks.storage import Workspace

TEXT = "Rule {}: descale the kettle once a month with citric acid, then rinse it with clean water."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number in range(40):
        write(folder, number, TEXT.format(number))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=str(tmp_path / "workspace"))


def write(folder: Path, number: int, text: str) -> None:
    (folder / f"rule-{number:02}.md").write_text(f"# Rule {number}\n\n{text}\n", encoding="utf-8")


def take_snapshot(workspace: Workspace, folder: Path, policy: dict[str, Disposition] | None = None) -> Path:
    sources = (Source(path=str(folder)),)
    settings = IngestSettings(
        task=Task.LANGUAGE_MODELING,
        sources=sources,
        passages=PassageSettings(max_characters=400, min_characters=20),
    )
    read = ingest_stage.fn(workspace, find_all_files(sources), settings)
    judged = judge_stage.fn(workspace, read.samples, [read.findings], policy or {}, {})
    snapshot: SnapshotRef = snapshot_stage.fn(
        workspace, read.samples, read.documents, judged, SplitSettings(), False, {"recipe": "r"}
    )
    folder_of = snapshot.folder.path
    Ledger(workspace.ledger_url).add_snapshot(
        snapshot.snapshot_id, "rules", folder_of, snapshot.model_dump(mode="json"), rows_at_hand([])
    )
    return workspace.path(folder_of)


def told(diff: SnapshotDiff) -> set[tuple[str, str, str]]:
    return {(c.change.value, Path(c.uri).stem, c.why) for c in (*diff.documents, *diff.samples)}


def test_nothing_changed_nothing_is_told(workspace: Workspace, folder: Path) -> None:
    first = take_snapshot(workspace, folder)
    assert take_snapshot(workspace, folder) == first
    diff = diff_snapshots(first, first)
    assert (diff.documents, diff.samples, diff.kept) == ((), (), 40)


def test_documents_in_out_and_changed_take_their_samples_along(workspace: Workspace, folder: Path) -> None:
    first = take_snapshot(workspace, folder)
    (folder / "rule-03.md").unlink()
    write(folder, 5, "Rule 5: descale the kettle every week with vinegar, then rinse it three times.")
    write(folder, 99, TEXT.format(99))
    diff = diff_snapshots(first, take_snapshot(workspace, folder))
    assert told(diff) == {
        ("out", "rule-03", "gone, or cannot be read any more"),
        ("out", "rule-03", "its file is out: gone, or cannot be read any more"),
        ("changed", "rule-05", "its content is another"),
        ("changed", "rule-05", "its file changed"),
        ("in", "rule-99", "new"),
        ("in", "rule-99", "its file is new"),
    }
    (changed,) = [c for c in diff.samples if c.change is Change.CHANGED]
    assert changed.before != changed.sample_id
    assert diff.kept == 38


def test_a_superseded_document_retires_its_samples(workspace: Workspace, folder: Path) -> None:
    long = " ".join(TEXT.format(n) for n in range(3))
    (folder / "guide.md").write_text(long, encoding="utf-8")
    first = take_snapshot(workspace, folder)
    (folder / "guide_v2.md").write_text(long + " And dry it.", encoding="utf-8")
    diff = diff_snapshots(first, take_snapshot(workspace, folder))
    assert ("in", "guide_v2", "its file is new") in told(diff)
    [why] = [why for change, name, why in told(diff) if (change, name) == ("out", "guide")]
    assert why == "drop: superseded: guide.md is superseded by guide_v2.md"


def test_what_comes_back_from_quarantine_says_so(workspace: Workspace, folder: Path) -> None:
    long = " ".join(TEXT.format(n) for n in range(3))
    for name in ("guide.md", "guide_v2.md"):
        (folder / name).write_text(long, encoding="utf-8")
    first = take_snapshot(workspace, folder)
    second = take_snapshot(workspace, folder, {"superseded": Disposition.KEEP})
    diff = diff_snapshots(first, second)
    assert [(c.change.value, c.why) for c in diff.samples] == [("in", "was set aside: superseded")]


def test_the_newest_two_are_compared_and_printed(workspace: Workspace, folder: Path) -> None:
    with pytest.raises(SeimaiError, match="two are needed"):
        find_snapshots(workspace, None, None)
    first = take_snapshot(workspace, folder)
    (folder / "rule-03.md").unlink()
    second = take_snapshot(workspace, folder)
    named = find_snapshots(workspace, first.name[:8], second.name[:8])
    assert [workspace.path(snapshot["path"]) for snapshot in named] == [first, second]
    with pytest.raises(SeimaiError, match="0 snapshots begin with 'zz'"):
        find_snapshots(workspace, "zz", second.name)
    console = Console(record=True, width=120)
    print_diff(diff_snapshots(first, second), console, Masker())
    page = console.export_text()
    assert "documents: 0 in, 1 out, 0 changed" in page
    assert "samples: 0 in, 1 out, 0 changed, 39 in both" in page
    assert "rule-03.md  (gone, or cannot be read any more)" in page

"""Documents that change: older versions, and what was erased and comes back."""

from pathlib import Path

import pytest

from tasks.ingest.assemble import IngestResult
from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_all_files
from tasks.ingest.stage import ingest
from tasks.ingest.versions import family_of, version_of
from tasks.ingest.workers import parse_all
from tasks.recipe import Source
from tasks.records import Task
from tasks.storage import Workspace

RULES = (
    "休暇は前日までに申請する。承認を得てから取得する。半日単位でも取得できる。病気の日は当日の連絡でよい。"
    * 3
)
OTHER = (
    "Release notes: the pump is quieter, the lid closes softly, and the cable is longer by half a metre. " * 4
)


def take_in(folder: Path, task: Task = Task.LANGUAGE_MODELING) -> IngestResult:
    sources = (Source(path=str(folder)),)
    return ingest(find_all_files(sources), IngestSettings(task=task, sources=sources))


def told(result: IngestResult, check: str) -> list[dict]:
    return [finding for finding in result.findings.to_pylist() if finding["check"] == check]


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("規程_v2.md", "規程", (2,)),
        ("規程 第3版.docx", "規程", (3,)),
        ("guide-rev1.2.pdf", "guide", (1, 2)),
        ("guide_v2 (1).pdf", "guide", (2,)),
        ("guide (2).pdf", "guide", None),
        ("chapter 1.md", "chapter 1", None),
        ("v2.md", "v2", (2,)),
    ],
)
def test_versions_are_read_from_names(name: str, family: str, version: tuple[int, ...] | None) -> None:
    assert (family_of(f"/docs/{name}"), version_of(f"/docs/{name}")) == (f"/docs/{family}", version)


def test_an_older_version_is_superseded(tmp_path: Path) -> None:
    (tmp_path / "規程.md").write_text(RULES, encoding="utf-8")
    (tmp_path / "規程_v2.md").write_text(RULES + "届出は電子で行う。", encoding="utf-8")
    (tmp_path / "規程_v10.md").write_text(RULES + "届出は電子で行う。紙は廃止する。", encoding="utf-8")
    result = take_in(tmp_path)
    found = told(result, "superseded")
    assert {Path(finding["uri"]).name for finding in found} == {"規程.md", "規程_v2.md"}
    assert all(finding["row"] is not None for finding in found)
    assert found[0]["reason"].endswith("is superseded by 規程_v10.md")


def test_groups_stay_when_the_folder_moves(tmp_path: Path) -> None:
    for folder in ("here/docs", "elsewhere/2026/papers"):
        (tmp_path / folder / "規程").mkdir(parents=True)
        (tmp_path / folder / "規程" / "休暇.md").write_text(RULES, encoding="utf-8")
        (tmp_path / folder / "notes.md").write_text(OTHER, encoding="utf-8")
    groups = [
        dict(zip(samples["sample_id"].to_pylist(), samples["group_id"].to_pylist(), strict=True))
        for samples in (
            take_in(tmp_path / folder).samples
            for folder in ("here/docs", "elsewhere/2026/papers", "here/docs/**/*.md")
        )
    ]
    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups[0].values())) == 2


def test_only_files_of_one_source_are_versions_of_each_other(tmp_path: Path) -> None:
    for folder, name in (("a", "規程.md"), ("b", "規程_v2.md")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(RULES, encoding="utf-8")
    sources = tuple(Source(path=str(tmp_path / folder)) for folder in ("a", "b"))
    result = ingest(find_all_files(sources), IngestSettings(task=Task.LANGUAGE_MODELING, sources=sources))
    assert told(result, "superseded") == []


def test_texts_that_only_share_a_name_are_no_versions(tmp_path: Path) -> None:
    (tmp_path / "notes_v1.md").write_text(OTHER, encoding="utf-8")
    (tmp_path / "notes_v2.md").write_text(RULES, encoding="utf-8")
    (tmp_path / "chapter (1).md").write_text(OTHER, encoding="utf-8")
    (tmp_path / "chapter (2).md").write_text(OTHER + "More.", encoding="utf-8")
    assert told(take_in(tmp_path), "superseded") == []


def erased_settings(folder: Path, task: Task, *digests: str) -> IngestSettings:
    return IngestSettings(task=task, sources=(Source(path=str(folder)),), erased=frozenset(digests))


def test_a_row_that_was_erased_is_refused_and_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nMy name is Hanako,name\nToo hot,heat\n", encoding="utf-8")
    settings = erased_settings(tmp_path, Task.TEXT_CLASSIFICATION)
    files = find_all_files(settings.sources)
    gone = ingest(files, settings).samples["sample_id"][0].as_py()
    result = ingest(files, settings.model_copy(update={"erased": (gone,)}))
    assert result.samples["input"].to_pylist() == ["Too hot"]
    (finding,) = told(result, "erased")
    assert (finding["line"], finding["severity"], finding["row"]) == (2, "critical", None)
    assert "Hanako" not in str(finding)


def test_a_document_that_holds_an_erased_passage_is_refused_whole_and_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text(f"# Rules\n\n{RULES}", encoding="utf-8")
    settings = erased_settings(folder, Task.LANGUAGE_MODELING)
    files = find_all_files(settings.sources)
    passage = ingest(files, settings).samples["sample_id"][0].as_py()
    workspace = Workspace(root=str(tmp_path / "workspace"))
    for gone in (passage, files[0].digest):
        refused = settings.model_copy(update={"erased": (gone,)})
        (parsed,) = parse_all(workspace, files, refused)
        assert (parsed.documents.num_rows, parsed.samples.num_rows) == (0, 0)
        assert parsed.findings["check"].to_pylist() == ["erased"]
        kept = [path.read_bytes() for path in workspace.path("cache").rglob("*") if path.is_file()]
        assert not list(workspace.path("cache", "documents").glob("*"))
        assert not any("休暇".encode() in content for content in kept)

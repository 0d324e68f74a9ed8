"""Finding files: a file, a folder, a glob, a URL, and everything that can be wrong with a path."""

import hashlib
import os
from pathlib import Path

import fsspec
import pytest
from fsspec import AbstractFileSystem

from tasks.errors import RecipeError
from tasks.ingest.files import find_all_files, find_files
from tasks.recipe import FileFormat, Source


def names(path: str, **settings: object) -> list[str]:
    return [Path(file.uri).name for file in find_files(Source(path=path, **settings))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.md", "deep/a.txt", "deep/c.jsonl", "image.png", ".hidden.md", ".git/d.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_a_file_is_described(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"{}\n")
    os.utime(path, (0, 0))
    (file,) = find_files(Source(path=str(path)), 3)
    assert file.uri == str(path)
    assert (file.size, file.source, file.format) == (3, 3, FileFormat.JSONL)
    assert file.digest == hashlib.sha256(b"{}\n").hexdigest()
    assert file.modified == "1970-01-01T00:00:00+00:00"


def test_a_folder_gives_every_file_that_is_not_hidden(folder: Path) -> None:
    found = {Path(file.uri).name: file.format for file in find_files(Source(path=str(folder)))}
    assert list(found) == ["b.md", "a.txt", "c.jsonl", "image.png"]
    assert found["image.png"] is FileFormat.UNSUPPORTED


def test_a_format_narrows_a_folder(folder: Path) -> None:
    assert names(str(folder), format="text") == ["a.txt"]


def test_a_glob_takes_what_it_names(folder: Path) -> None:
    assert names(f"{folder}/**/*.md") == ["b.md"]
    assert names(f"{folder}/*.png", format="text") == ["image.png"]


def test_a_name_with_glob_characters_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "rows[1].csv").write_text("a\n", encoding="utf-8")
    assert names(str(tmp_path / "rows[1].csv")) == ["rows[1].csv"]


def test_a_url_goes_through_fsspec() -> None:
    with fsspec.open("memory://seimai/rows.csv", "wb") as file:
        file.write(b"text,label\n")
    (found,) = find_files(Source(path="memory://seimai"))
    assert found.uri == "memory:///seimai/rows.csv"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nothing.jsonl", "the path does not exist"),
        ("*.jsonl", "no files found"),
        ("empty", "with one of the endings"),
        ("data.xyz", "cannot tell the format"),
        ("nosuch://bucket/x.csv", "cannot be opened"),
    ],
)
def test_a_path_that_gives_nothing_names_the_source(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "data.xyz").write_text("x", encoding="utf-8")
    where = path if "://" in path else str(tmp_path / path)
    with pytest.raises(RecipeError, match=message) as caught:
        find_files(Source(path=where), 1)
    assert "sources.1.path" in str(caught.value)
    assert where in str(caught.value)


class LockedFileSystem(AbstractFileSystem):
    """A store whose files exist but may not be read (a test may run as root, whom file modes do not stop)."""

    protocol = "locked"

    def info(self, path: str, **kwargs: object) -> dict[str, object]:
        return {"name": path, "size": 1, "type": "file"}

    def _open(self, path: str, *args: object, **kwargs: object) -> object:
        raise PermissionError(13, "Permission denied", path)


def test_an_unreadable_file_is_named() -> None:
    fsspec.register_implementation("locked", LockedFileSystem, clobber=True)
    with pytest.raises(
        RecipeError, match=r"sources\.0\.path.*locked://seimai/secret\.csv.*Permission denied"
    ):
        find_files(Source(path="locked://seimai/secret.csv"))


def test_files_of_all_sources_come_in_the_recipe_s_order(folder: Path) -> None:
    files = find_all_files([Source(path=str(folder / "deep")), Source(path=str(folder / "b.md"))])
    assert [(file.source, Path(file.uri).name) for file in files] == [
        (0, "a.txt"),
        (0, "c.jsonl"),
        (1, "b.md"),
    ]

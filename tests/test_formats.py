"""Hundreds of real files of every kind, by the real path: each gives text or a finding that names why not."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from python_calamine import CalamineWorkbook

from tasks.ingest.contract import IngestSettings, Parsed
from tasks.ingest.files import ENDINGS, find_all_files
from tasks.ingest.hygiene import clean_text
from tasks.ingest.workers import parse_all
from tasks.recipe import Source
from tasks.records import Task
from tasks.storage import Workspace

DATA = Path(__file__).parents[2] / "shared" / "data"
FORMATS = ("formats_unstructured", "formats_markitdown")
OFFICE = "docs_ja_fintan_office"

NOTHING_READ = {
    "arbitrary-records.json": "missing_column",
    "arbitrary-records.ndjson": "missing_column",
    "not-unstructured-payload.json": "missing_column",
    "single-line-object.json": "missing_column",
    "test.json": "missing_column",
    "form.json": "missing_field",
    "empty.eml": "empty",
    "empty.txt": "empty",
    "empty.xlsx": "empty",
    "fake-text-all-whitespace.txt": "empty",
    "MEDRPT-2024-PAT-3847_medical_report_scan.md": "empty",
    "picture.pptx": "image_only",
    "test-image-jpg-mime.pptx": "image_only",
    "pptx_multiple_images.pptx": "image_only",
    "fake-encrypted.eml": "encrypted",
    "fake-encrypted.msg": "encrypted",
    "password.pdf": "encrypted",
    "password_protected.xlsx": "encrypted",
    "loremipsum-flat.pdf": "image_only",
    "single_table.pdf": "image_only",
    "table-multi-row-column-cells.pdf": "image_only",
    "MEDRPT-2024-PAT-3847_medical_report_scan.pdf": "image_only",
}
"""Every file of a known format that gives nothing, and why. No row of these JSON files has a `text`."""
ODD_FILES = {
    "test_mskanji.csv": "髙橋淳",
    "fake-text-utf-16-le.txt": "This is a test document to use for unit tests.",
    "fake-email-utf-16-le.eml": "Important points",
    "fake-power-point-malformed.pptx": "Problem Date Placeholder",
    "copy-protected.pdf": "LayoutParser",
}
"""Words of files that are in cp932 or UTF-16, broken, or protected from copying but not from reading."""
GIVEN_UP = {"reader_failed", "crashed", "timeout", "out_of_memory", "unreadable"}


class ReadFile(NamedTuple):
    path: Path
    parsed: Parsed

    @property
    def texts(self) -> list[str]:
        """The text of the document, or of the samples where its rows are samples."""
        texts = self.parsed.documents["text"].to_pylist() + self.parsed.samples["target"].to_pylist()
        return [text for text in texts if text and text.strip()]

    @property
    def checks(self) -> set[str]:
        return set(self.parsed.findings["check"].to_pylist())

    @property
    def blocks(self) -> Iterator[tuple[str, str]]:
        """(kind, text) of each block of the document."""
        for document in self.parsed.documents.to_pylist():
            for block in document["blocks"] or ():
                yield block["kind"], document["text"][block["start"] : block["end"]]


def read_folders(names: tuple[str, ...], root: Path) -> list[ReadFile]:
    """Every file of the folders, found and read in worker processes as the ingest stage does it."""
    folders = [DATA / name for name in names]
    for folder in folders:
        if not folder.is_dir():
            pytest.skip(f"{folder} is not there")
    sources = tuple(Source(path=str(folder)) for folder in folders)
    settings = IngestSettings(task=Task.LANGUAGE_MODELING, sources=sources)
    files = find_all_files(settings.sources)
    parsed = parse_all(Workspace(root=str(root)), files, settings)
    return [ReadFile(Path(file.uri), result) for file, result in zip(files, parsed, strict=True)]


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> list[ReadFile]:
    return read_folders(FORMATS, tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> list[ReadFile]:
    return read_folders((OFFICE,), tmp_path_factory.mktemp("office"))


def test_no_file_is_left_out(formats: list[ReadFile]) -> None:
    there = [path for name in FORMATS for path in (DATA / name).rglob("*") if path.is_file()]
    assert len(there) >= 270
    assert sorted(file.path for file in formats) == sorted(there)


def test_every_file_gives_text_or_says_why_not(formats: list[ReadFile]) -> None:
    silent = {file.path.name: file.checks for file in formats if not file.texts}
    unknown = [file.path.name for file in formats if file.path.suffix.lower() not in ENDINGS]
    why = NOTHING_READ | dict.fromkeys(unknown, "unsupported")
    assert silent == {name: {check} for name, check in why.items()}


def test_no_reader_fails_and_no_process_dies(formats: list[ReadFile]) -> None:
    assert {file.path.name: file.checks for file in formats if file.checks & GIVEN_UP} == {}


def test_stored_text_needs_no_repair(formats: list[ReadFile]) -> None:
    assert find_repairs(formats) == {}


def test_odd_files_are_read(formats: list[ReadFile]) -> None:
    found = {file.path.name: "\n".join(file.texts) for file in formats}
    assert [name for name, words in ODD_FILES.items() if words not in found[name]] == []


def test_japanese_office_documents_are_whole(office: list[ReadFile]) -> None:
    assert Counter(file.path.suffix for file in office)[".xlsx"] >= 50
    assert [file.path.name for file in office if not file.texts] == []
    assert [file.path.name for file in office if file.checks & GIVEN_UP] == []
    assert find_repairs(office) == {}
    for file in office:
        lost = "\n".join(text for _, text in file.blocks).count("\ufffd")
        in_source = file.path.read_bytes().count("\ufffd".encode()) if file.path.suffix == ".md" else 0
        assert lost <= in_source, file.path.name


def test_every_cell_of_a_workbook_is_found(office: list[ReadFile]) -> None:
    cells = fewer = 0
    for file in office:
        if file.path.suffix != ".xlsx":
            continue
        [document] = file.parsed.documents["text"].to_pylist()
        text = fold(document)
        for forms, count in Counter(tuple(map(fold, shown_forms(v))) for v in read_cells(file.path)).items():
            found = sum(text.count(form) for form in forms)
            assert found, f"{file.path.name}: {forms[0]!r}"
            cells += count
            fewer += max(0, count - found)
    assert cells > 10_000
    assert fewer == 0


def find_repairs(files: list[ReadFile]) -> dict[str, Counter[str]]:
    """Name of a file -> what cleaning its stored text once more would change."""
    found: dict[str, Counter[str]] = {}
    for file in files:
        for kind, text in file.blocks:
            cleaned, changes = clean_text(text, is_code=kind == "code")
            if changes or cleaned != text:
                found[file.path.name] = found.get(file.path.name, Counter()) + changes
    return found


def read_cells(path: Path) -> Iterator[Any]:
    """The values of all cells that are not empty, by another library than the reader's."""
    workbook = CalamineWorkbook.from_path(path)
    for name in workbook.sheet_names:
        for row in workbook.get_sheet_by_name(name).to_python():
            yield from (value for value in row if str(value).strip())


def shown_forms(value: Any) -> list[str]:
    """How a cell may be written; calamine does not say which numbers are percentages."""
    match value:
        case bool():
            return [str(value).upper()]
        case int() | float():
            return [f"{value:.15g}", f"{value * 100:.12g}%"]
        case datetime() if value.time() == time():
            return [value.date().isoformat()]
        case date() | time():
            return [value.isoformat()]
    return [str(value)]


def fold(text: str) -> str:
    """Without white space, Markdown's marks in cells and differences of width."""
    plain = text.replace("<br>", "").replace("\\", "")
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", plain))

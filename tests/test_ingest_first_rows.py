"""`seimai check` refuses a column that is not there, and nothing that a run could use."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.errors import RecipeError
from tasks.ingest import first_rows
from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_all_files
from tasks.ingest.first_rows import require_columns
from tasks.recipe import Source, load_recipe
from tasks.records import Task

ROWS = [{"body": f"text {i}", "label": "ab"[i % 2]} for i in range(4)]
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/recipe*.yaml"))
SAID = "column 'text' is missing; columns here: body, label"


def look(path: Path | str, task: Task = Task.TEXT_CLASSIFICATION, **source: Any) -> None:
    settings = IngestSettings(task=task, sources=(Source.model_validate({"path": str(path)} | source),))
    require_columns(find_all_files(settings.sources), settings)


def write_table(path: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    match path.suffix:
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case ".xlsx":
            from openpyxl import Workbook

            book = Workbook()
            for row in ([*rows[0]], *([*row.values()] for row in rows)):
                book.active.append(row)
            book.save(path)
        case ".csv":
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
            path.write_text("\n".join(lines), encoding="utf-8")
        case ".json":
            path.write_text(json.dumps(rows), encoding="utf-8")
        case _:
            path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet", "xlsx"])
def test_a_missing_column_is_refused_by_name(tmp_path: Path, ending: str) -> None:
    path = write_table(tmp_path / f"rows.{ending}")
    with pytest.raises(RecipeError) as caught:
        look(path)
    assert str(caught.value) == f"sources.0 ({path}): {SAID}"
    look(path, columns={"text": "body"})


def test_every_source_is_named(tmp_path: Path) -> None:
    tables = [write_table(tmp_path / name) for name in ("a.jsonl", "b.csv")]
    settings = IngestSettings(
        task=Task.TEXT_CLASSIFICATION,
        sources=tuple(Source(path=str(path), columns={"text": "bodi"}) for path in tables),
    )
    with pytest.raises(RecipeError) as caught:
        require_columns(find_all_files(settings.sources), settings)
    assert str(caught.value).count("column 'bodi' is missing; did you mean 'body'?") == 2


def test_a_folder_may_hold_other_tables(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv")
    with pytest.raises(RecipeError, match="column 'text' is missing"):
        look(tmp_path)
    write_table(tmp_path / "b.csv", [{"text": "t", "label": "x"}])
    look(tmp_path)


def test_what_can_be_read_as_a_document_is_not_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "prices.csv")
    look(tmp_path, Task.LANGUAGE_MODELING)
    with pytest.raises(RecipeError, match="column 'text' is missing"):
        look(tmp_path / "prices.csv", Task.LANGUAGE_MODELING)
    (tmp_path / "page.md").write_text("# A page\n\nof text\n", encoding="utf-8")
    look(tmp_path, Task.LANGUAGE_MODELING)


def test_known_formats_and_turns_need_no_columns(tmp_path: Path) -> None:
    alpaca = write_table(tmp_path / "a.parquet", [{"instruction": "add 1 and 1", "input": "", "output": "2"}])
    look(alpaca, Task.TEXT_GENERATION)
    turn = {"thread": "1", "speaker": "agent", "text": "hello"}
    look(write_table(tmp_path / "t.csv", [turn]), Task.TEXT_GENERATION)


def test_only_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_rows, "HEAD_BYTES", 60)
    path = write_table(tmp_path / "long.jsonl", [*ROWS, {"text": "late", "label": "a"}])
    with pytest.raises(RecipeError, match="columns here: body, label"):
        look(path)
    look(write_table(tmp_path / "long.json"))  # cut short, an array tells nothing
    look(write_table(tmp_path / "long.xlsx"))


def test_what_cannot_be_read_is_left_to_the_run(tmp_path: Path) -> None:
    for name in ("broken.parquet", "empty.csv", "broken.xlsx", "broken.json"):
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"\x00\x01 no table")
        look(tmp_path / name)
    path = write_table(tmp_path / "rows.jsonl")
    look(path, encoding="utf-8x")


def test_rows_of_a_query_are_left_to_the_run(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("create table t (body text, label text)")
        database.execute("insert into t values ('a', 'b')")
    look(f"sqlite:///{tmp_path}/x.db", query="select * from t")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_examples_pass(path: Path) -> None:
    recipe = load_recipe(path)
    require_columns(find_all_files(recipe.sources), IngestSettings.of(recipe))


def test_check_refuses_the_recipe(tmp_path: Path) -> None:
    write_table(tmp_path / "rows.jsonl")
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: x\ntask: text-classification\nsources: [{path: rows.jsonl}]\n")
    with pytest.raises(RecipeError, match="column 'text' is missing"):
        CliRunner().invoke(app, ["check", str(recipe)], catch_exceptions=False)

"""What still holds an erased text: every file of the workspace is looked into."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.erase.probes import Redactor
from tasks.storage import Workspace

WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth")
"""Files that cannot be searched."""
FOREIGN = ("base_models", "prefect/ui")
"""Folders whose content comes from elsewhere and never from the data."""
_ADVICE = {
    "prefect": "end what runs on this workspace (`seimai up`, `seimai ui`); what its database wrote is then "
    "overwritten, or remove the file",
    "models": "a file of a trained model: train anew and remove this folder",
    "registry": "a file of a registered model: train anew and remove this folder",
    "work": "left by a training that was cut short: remove the folder",
    "ledger.db": "a name or message in the ledger, such as a file's own URI",
}


def find_remains(workspace: Workspace, redactor: Redactor) -> list[tuple[str, str]]:
    """(path relative to the workspace, what to do) of each file that still holds an erased text."""
    remains = []
    for path in sorted(workspace.path().rglob("*")):
        name = path.relative_to(workspace.root).as_posix()
        if not path.is_file() or path.suffix in WEIGHTS or name.startswith(FOREIGN):
            continue
        if any(redactor.holds_any_form(text) for text in read_texts(path)):
            remains.append((name, _ADVICE.get(name.split("/")[0], "look at it, and remove it")))
    return remains


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a file: a table's strings; a database's values and bytes; else the bytes as UTF-8."""
    if path.suffix == ".parquet":
        try:
            yield from read_strings(pq.read_table(path))
            return
        except (OSError, pa.ArrowInvalid):
            pass  # damaged: its bytes are looked at
    content = path.read_bytes()
    if content.startswith(b"SQLite format 3\0"):
        yield from _read_values(path)
    yield content.decode("utf-8", "ignore")


def read_strings(table: pa.Table) -> Iterator[str]:
    """Each distinct string of a table, in lists and structs too."""
    for column in table.columns:
        yield from _strings(column)


def _strings(column: pa.ChunkedArray | pa.Array) -> Iterator[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _strings(column.cast(kind.value_type))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from (text for text in pc.unique(column).to_pylist() if text)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _strings(pc.list_flatten(column))
    elif pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            yield from _strings(pc.struct_field(column, [index]))


def _read_values(path: Path) -> Iterator[str]:
    """Every text of a database: bytes alone would miss what a page's end cuts in two."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=10)
    try:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (value for value in row if isinstance(value, str))
    finally:
        connection.close()

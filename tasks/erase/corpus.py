"""What the workspace holds of samples and documents: snapshots, tables, and what the ledger kept for review."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.errors import StorageError
from tasks.ledger import Ledger
from tasks.records import SAMPLE, build_table
from tasks.storage import Workspace

CONTENT = ("label", "input", "target", "section", "document", "support")
_WANTED = pa.schema([field for field in SAMPLE if field.name not in ("spans", "row")])


class Corpus(NamedTuple):
    """Everything that can be selected."""

    samples: pa.Table
    """Distinct samples that still have their text (columns of records.SAMPLE; `row` counts them)."""
    places: dict[str, set[tuple[str, int]]]
    """sample_id -> (uri, line) of each row, erased ones too."""
    links: set[tuple[str, str]]
    """(sample_id, sample_id after an edit)."""
    documents: dict[str, dict[str, Any]]
    """doc_id -> uri, title, metadata and text, of documents that have a text."""


def read_corpus(workspace: Workspace, ledger: Ledger) -> Corpus:
    """Raises StorageError when a table cannot be read."""
    parts: list[pa.Table] = []
    seen: set[str] = set()
    corpus = Corpus(build_table([], SAMPLE), {}, set(), {})
    for path in find_tables(workspace):
        names = set(_read_schema(path).names)
        if {"sample_id", "input", "target"} <= names:
            table = _read(path, [n for n in (*_WANTED.names, "edited_from") if n in names])
            parts.append(_take_in(corpus, seen, table))
        elif {"doc_id", "text"} <= names:
            wanted = [n for n in ("doc_id", "uri", "title", "metadata", "text") if n in names]
            for row in _read(path, wanted).to_pylist():
                if row["text"] is not None:
                    corpus.documents[row["doc_id"]] = row
    flagged = [json.loads(row["sample"]) for row in ledger.stored("texts")]
    known = [{k: v for k, v in row.items() if k in _WANTED.names} for row in flagged if "sample_id" in row]
    parts.append(_take_in(corpus, seen, build_table(known, _WANTED)))
    for row in ledger.stored("decisions"):
        corpus.places.setdefault(row["sample_id"], set())
        if row["after_id"]:
            corpus.links.add((row["sample_id"], row["after_id"]))
    samples = pa.concat_tables(parts)
    return corpus._replace(samples=samples.add_column(0, "row", pa.array(range(len(samples)), pa.int64())))


def find_tables(workspace: Workspace) -> Iterator[Path]:
    """Every table of the snapshots and of the stages."""
    yield from sorted(workspace.path("snapshots").glob("*/*.parquet"))
    yield from sorted(workspace.path("tables").glob("*.parquet"))


def texts_of(row: dict[str, Any]) -> list[str]:
    """What a sample says, every part of it."""
    messages = [m["content"] for name in ("prompt", "completion") for m in row[name] or []]
    return [text for text in (*messages, *(row[name] for name in CONTENT)) if text]


def _take_in(corpus: Corpus, seen: set[str], table: pa.Table) -> pa.Table:
    """Notes a table's rows; returns those with a text that were not seen before, in the columns wanted."""
    for name, uri, line in zip(*(_column(table, n) for n in ("sample_id", "uri", "line")), strict=True):
        corpus.places.setdefault(name, set()).add((uri or "", line or 0))
    for after, before in zip(*(_column(table, n) for n in ("sample_id", "edited_from")), strict=True):
        if before:
            corpus.links.add((before, after))
    said = pc.or_(*(pc.not_equal(pc.fill_null(table[name], ""), "") for name in ("input", "target")))
    keep = []
    for name, has_text in zip(table["sample_id"].to_pylist(), said.to_pylist(), strict=True):
        keep.append(has_text and name not in seen)
        if has_text:
            seen.add(name)
    fresh = table.filter(pa.array(keep, pa.bool_()))
    columns = [
        fresh[field.name] if field.name in fresh.column_names else pa.nulls(len(fresh), field.type)
        for field in _WANTED
    ]
    return pa.table(columns, schema=_WANTED)


def _column(table: pa.Table, name: str) -> list[Any]:
    return table[name].to_pylist() if name in table.column_names else [None] * len(table)


def _read_schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path} cannot be read ({error}): remove it and run again") from error


def _read(path: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path} cannot be read ({error}): remove it and run again") from error

"""A look at the first rows of a recipe's tables, for columns that are not there: what `seimai check` can tell early.

Only files on this machine are opened: a store may be slow, and the rows of a query are fetched by the run.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import RecipeError
from tasks.ingest.builders.rows import lacking_column
from tasks.ingest.contract import IngestSettings, Row, SourceFile, TableContent, UnreadableError
from tasks.ingest.conversations import has_turns
from tasks.ingest.parse import READS_DOCUMENTS, may_be_document, must_be_rows, options_for
from tasks.ingest.readers import TABLE_READERS, table_reader
from tasks.recipe import FileFormat, Source

HEAD_BYTES = 4_000_000
"""Bytes of a table that are read; a larger workbook is not looked at, for it cannot be read in part."""
HEAD_FILES = 50
"""Tables of one source that are looked at."""


def require_columns(files: Sequence[SourceFile], settings: IngestSettings) -> None:
    """Holds the tables' columns against those that the recipe names.

    A folder may hold tables that are not meant: its source is refused where none of its tables serves.

    Raises:
        RecipeError: a source's tables lack a column; says which, the nearest name, and which there are.
    """
    by_source: dict[int, list[SourceFile]] = defaultdict(list)
    for file in files:
        by_source[file.source].append(file)
    misfits = []
    for index, own in sorted(by_source.items()):
        source = settings.sources[index]
        serving = [f for f in own if f.format in TABLE_READERS or settings.task in READS_DOCUMENTS][
            :HEAD_FILES
        ]
        found = [(file, _lacking(file, source, settings)) for file in serving]
        if found and all(lacking for _, lacking in found):
            file, lacking = found[0]
            misfits.append(f"sources.{index} ({file.uri}): {lacking}")
    if misfits:
        raise RecipeError("\n  ".join(misfits))


def _lacking(file: SourceFile, source: Source, settings: IngestSettings) -> str:
    """What a table lacks to give rows; "" where it serves, is read as a document, or cannot be looked at."""
    table = _first_rows(file, settings)
    if table is None or has_turns(table, source.columns, settings.task):
        return ""
    lacking = lacking_column(table, source, settings)
    served = may_be_document(file, settings) and not must_be_rows(file, source)
    return "" if served else lacking


def _first_rows(file: SourceFile, settings: IngestSettings) -> TableContent | None:
    """The rows at the beginning of a file; None where there are none to be had."""
    path = Path(file.uri)
    if file.trouble or file.format not in TABLE_READERS or file.format is FileFormat.SQL or "://" in file.uri:
        return None
    try:
        if file.format is FileFormat.PARQUET:
            return _first_of_parquet(path)
        if file.format is FileFormat.SHEET and file.size > HEAD_BYTES:
            return None
        with path.open("rb") as opened:
            head = opened.read(HEAD_BYTES)
        if len(head) < file.size:
            head = head[: head.rfind(b"\n")]
        return table_reader(file.format)(head, options_for(file, settings))
    except (OSError, UnreadableError, LookupError, pa.ArrowInvalid):
        return None  # the run tells what is wrong with it


def _first_of_parquet(path: Path) -> TableContent:
    with pq.ParquetFile(path) as opened:
        first = next(opened.iter_batches(batch_size=1), None)
        rows = first.to_pylist() if first is not None else []
        columns = opened.schema_arrow.names
    return TableContent([Row(1, fields) for fields in rows], columns, [])

"""Parquet, by pyarrow."""

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.contract import ReadOptions, Row, TableContent, UnreadableError


def read_parquet(content: bytes, options: ReadOptions) -> TableContent:
    """Rows of a Parquet file: `line` is the row's 1-based position.

    Raises:
        UnreadableError: corrupt.
    """
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableError(
            "corrupt", f"not a readable Parquet file: {str(error).splitlines()[0]}"
        ) from error
    rows = [Row(number, fields) for number, fields in enumerate(table.to_pylist(), start=1)]
    return TableContent(rows, table.column_names, [])

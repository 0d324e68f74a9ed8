"""Comma-, tab- and semicolon-separated values, by the standard library's csv module."""

import csv
from collections.abc import Iterator

from tasks.ingest.contract import DocumentContent, ReadOptions, Row, TableContent, table_blocks
from tasks.ingest.readers.lines import decode, malformed, unify_lines

_FIELD_LIMIT = 2**31 - 1
"""Characters of one csv field; Python's default of 131,072 is less than a long document."""


def read_csv(content: bytes, options: ReadOptions) -> TableContent:
    """csv with a header; the delimiter (comma, tab or semicolon) is the one that the header uses most.

    A row that cannot be read is a problem, and reading goes on with the line after the one where it starts,
    so that a quote that never closes does not swallow the rest of the file.
    """
    text, problems = decode(content, options.encoding)
    lines = [line + "\n" for line in unify_lines(text).split("\n")]
    start = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if start == len(lines):
        return TableContent([], None, problems)
    delimiter = max(",\t;", key=lines[start].count)
    records = _csv_records(lines[start:], delimiter)
    _, header, error = next(records, (0, [], "no column names"))
    if error:
        return TableContent([], None, [*problems, malformed(start + 1, f"header: {error}", lines[start])])
    rows: list[Row] = []
    for offset, fields, error in records:
        number = start + offset + 1
        if error:
            problems.append(malformed(number, error, lines[number - 1]))
        elif len(fields) != len(header):
            reason = f"{len(fields)} fields where the header has {len(header)}"
            problems.append(malformed(number, reason, lines[number - 1]))
        else:
            rows.append(Row(number, dict(zip(header, fields, strict=True))))
    return TableContent(rows, header, problems)


def _csv_records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yields (0-based line on which the record starts, its fields, what is wrong with it or "")."""
    csv.field_size_limit(_FIELD_LIMIT)
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
        first, begin = start, start
        try:
            for fields in reader:
                if fields and not (len(fields) == 1 and not fields[0].strip()):
                    yield begin, fields, ""
                begin = first + reader.line_num
            return
        except csv.Error as error:
            yield begin, [], f"not csv: {error}"
            start = begin + 1


def read_csv_document(content: bytes, options: ReadOptions) -> DocumentContent:
    """The rows as Markdown tables, for a file that is read and not learned from row by row."""
    table = read_csv(content, options)
    rows = [list(map(str, row.fields.values())) for row in table.rows]
    blocks = table_blocks([table.columns or [], *rows]) if rows else []
    return DocumentContent(blocks, problems=table.problems)

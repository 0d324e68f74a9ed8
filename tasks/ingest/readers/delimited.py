"""Comma-, tab- and semicolon-separated values, by the standard library's csv module."""

import csv
from collections.abc import Iterator

from tasks.ingest.contract import DocumentContent, Problem, ReadOptions, Row, TableContent, table_blocks
from tasks.ingest.readers.lines import decode, malformed, unify_lines

DELIMITERS = ",\t;|"
_FIELD_LIMIT = 2**31 - 1
"""Characters of one csv field; Python's default of 131,072 is less than a long document."""


def read_csv(content: bytes, options: ReadOptions) -> TableContent:
    """csv with a header; the delimiter (comma, tab, semicolon or bar) is the one that the header uses most.

    A row that cannot be read is a problem, and reading goes on with the line after the one where it starts,
    so that a quote that never closes does not swallow the rest of the file. Of columns with one name, the
    second is `name (2)`, and so on.
    """
    lines, delimiter, problems = _open(content, options)
    if not lines:
        return TableContent([], None, problems)
    records = _csv_records(lines, delimiter)
    start, header, error = next(records, (0, [], "no column names"))
    if error:
        problem = malformed(start + 1, f"header: {error}", lines[start])
        return TableContent([], None, [*problems, problem])
    columns = _named_apart(header)
    rows: list[Row] = []
    for at, fields, error in records:
        if error:
            problems.append(malformed(at + 1, error, lines[at]))
        elif len(fields) != len(columns):
            reason = f"{len(fields)} fields where the header has {len(columns)}"
            problems.append(malformed(at + 1, reason, lines[at]))
        else:
            rows.append(Row(at + 1, dict(zip(columns, fields, strict=True))))
    return TableContent(rows, columns, problems)


def read_csv_document(content: bytes, options: ReadOptions) -> DocumentContent:
    """The rows as Markdown tables, whatever their width: for a file that is read, not learned from row by row."""
    lines, delimiter, problems = _open(content, options)
    rows = [[lines[at].strip()] if error else fields for at, fields, error in _csv_records(lines, delimiter)]
    return DocumentContent(table_blocks(rows), problems=problems)


def _open(content: bytes, options: ReadOptions) -> tuple[list[str], str, list[Problem]]:
    """Lines with their ends, blank ones before the header too; the delimiter; what decoding had to say."""
    text, problems = decode(content, options.encoding)
    lines = [line + "\n" for line in unify_lines(text).split("\n")]
    header = next((line for line in lines if line.strip()), "")
    return (lines if header else []), max(DELIMITERS, key=header.count), problems


def _named_apart(header: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


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

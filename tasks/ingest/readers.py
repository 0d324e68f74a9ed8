"""One reader a format: bytes to rows, or to a document. A bad line never ends the file."""

import csv
import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tasks.ingest.contract import DocumentContent, Problem, Row, TableContent, excerpt_of
from tasks.ingest.encoding import decode_text
from tasks.recipe import FileFormat
from tasks.records import Severity, normalize_text

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIRST_HEADING = re.compile(r"^#{1,2} +(.+?)[ #]*$", re.MULTILINE)
_FIELD_LIMIT = 2**31 - 1
"""Characters of one csv field; Python's default of 131,072 is less than a long document."""


class TableReader(Protocol):
    def __call__(self, content: bytes, encoding: str | None) -> TableContent:
        """Raises UndecodableError: the bytes are not text in `encoding`."""


class DocumentReader(Protocol):
    def __call__(self, content: bytes, encoding: str | None) -> DocumentContent:
        """Raises UndecodableError: the bytes are not text in `encoding`."""


def read_jsonl(content: bytes, encoding: str | None) -> TableContent:
    """JSON lines: one object a line."""
    text, problems = _decode(content, encoding)
    rows: list[Row] = []
    for number, line in enumerate(_lines(text), start=1):  # not splitlines: JSON may hold U+2028 and its kin
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(_malformed(number, f"not JSON: {error.msg} at character {error.pos + 1}", line))
        except RecursionError:
            problems.append(_malformed(number, "not JSON that can be read: nested too deeply", line))
        else:
            if isinstance(value, dict):
                rows.append(Row(number, value))
            else:
                problems.append(_malformed(number, f"not a JSON object but a {type(value).__name__}", line))
    return TableContent(rows, None, problems)


def read_csv(content: bytes, encoding: str | None) -> TableContent:
    """csv with a header; the delimiter (comma, tab or semicolon) is the one that the header uses most.

    A row that cannot be read is a problem, and reading goes on with the line after the one where it starts,
    so that a quote that never closes does not swallow the rest of the file.
    """
    text, problems = _decode(content, encoding)
    lines = [line + "\n" for line in _lines(text)]
    start = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if start == len(lines):
        return TableContent([], None, problems)
    delimiter = max(",\t;", key=lines[start].count)
    records = _csv_records(lines[start:], delimiter)
    _, header, error = next(records, (0, [], "no column names"))
    if error:
        return TableContent([], None, [*problems, _malformed(start + 1, f"header: {error}", lines[start])])
    rows: list[Row] = []
    for offset, fields, error in records:
        number = start + offset + 1
        if error:
            problems.append(_malformed(number, error, lines[number - 1]))
        elif len(fields) != len(header):
            reason = f"{len(fields)} fields where the header has {len(header)}"
            problems.append(_malformed(number, reason, lines[number - 1]))
        else:
            rows.append(Row(number, dict(zip(header, fields, strict=True))))
    return TableContent(rows, header, problems)


def read_parquet(content: bytes, encoding: str | None) -> TableContent:
    """Parquet: `line` is the row's 1-based position. `encoding` has no meaning here."""
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        reason = f"not a readable Parquet file: {str(error).splitlines()[0]}"
        return TableContent([], None, [Problem("malformed_file", Severity.CRITICAL, reason)])
    rows = [Row(number, fields) for number, fields in enumerate(table.to_pylist(), start=1)]
    return TableContent(rows, table.column_names, [])


def read_markdown(content: bytes, encoding: str | None) -> DocumentContent:
    """Markdown; YAML front matter is taken off, and gives the title if it holds one."""
    text, problems = _decode(content, encoding)
    text = normalize_text(text)
    front = _FRONT_MATTER.match(text)
    first_line = 1 + (front[0].count("\n") if front else 0)
    body = text[front.end() :] if front else text
    heading = _FIRST_HEADING.search(body)
    title = _title_in(front[1] or "") if front else ""
    return DocumentContent(body, title or (heading[1] if heading else ""), first_line, problems)


def read_text(content: bytes, encoding: str | None) -> DocumentContent:
    """Plain text."""
    text, problems = _decode(content, encoding)
    return DocumentContent(normalize_text(text), "", 1, problems)


TABLE_READERS: dict[FileFormat, TableReader] = {
    FileFormat.JSONL: read_jsonl,
    FileFormat.CSV: read_csv,
    FileFormat.PARQUET: read_parquet,
}
DOCUMENT_READERS: dict[FileFormat, DocumentReader] = {
    FileFormat.MARKDOWN: read_markdown,
    FileFormat.TEXT: read_text,
}


def _decode(content: bytes, encoding: str | None) -> tuple[str, list[Problem]]:
    decoded = decode_text(content, encoding)
    if not decoded.replaced:
        return decoded.text, []
    reason = f"{decoded.replaced} place(s) are not valid {decoded.encoding}; they read U+FFFD now"
    return decoded.text, [Problem("invalid_bytes", Severity.WARNING, reason)]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


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


def _malformed(line: int, reason: str, raw: str) -> Problem:
    return Problem("malformed_line", Severity.WARNING, reason, line, {"line": excerpt_of(raw.rstrip("\n"))})


def _title_in(front_matter: str) -> str:
    try:
        values: Any = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError):  # ValueError: a date that does not exist
        return ""
    title = values.get("title") if isinstance(values, dict) else None
    return title if isinstance(title, str) else ""

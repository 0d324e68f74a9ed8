"""Spreadsheets: their cells as Markdown tables, or as rows. See `xlsx`, `xlsb`, `xls` and `ods`."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from tasks.ingest.contract import (
    TABLE_ROWS,
    Block,
    DocumentContent,
    ReadOptions,
    Row,
    TableContent,
    UnreadableError,
    heading,
    paragraph,
    table_blocks,
)
from tasks.ingest.readers.office.grid import Span, fill_spans
from tasks.ingest.readers.office.odf import odf_properties
from tasks.ingest.readers.office.ooxml import core_properties
from tasks.ingest.readers.package import OLE_MAGIC, is_encrypted_office, open_package
from tasks.ingest.readers.sheets.ods import open_ods
from tasks.ingest.readers.sheets.shapes import shape_blocks
from tasks.ingest.readers.sheets.workbook import Percent, Sheet, Value, Workbook
from tasks.ingest.readers.sheets.xls import open_xls
from tasks.ingest.readers.sheets.xlsb import open_xlsb
from tasks.ingest.readers.sheets.xlsx import open_xlsx, workbook_part

_PIECE = 10_000
"""Rows of a table rendered at once: a sheet of a million rows is not held as text twice."""


def read_sheet(content: bytes, options: ReadOptions) -> DocumentContent:
    """A heading for each sheet, its cells as tables that empty rows part, then text in shapes and comments.

    Hidden sheets are read. Merged cells are shown once, short ones in each row that they cover.

    Raises:
        UnreadableError: encrypted; empty; corrupt; unsupported; too_large; too_many_pages.
    """
    workbook = _open(content, options)
    blocks: list[Block] = []
    for sheet in workbook.sheets:
        found = list(_sheet_blocks(sheet))
        if workbook.package is not None and sheet.member:
            found += shape_blocks(workbook.package, sheet.member, sheet.name, sheet.number, options)
        if found:
            blocks += [heading(sheet.name, 2, page=sheet.number, part=sheet.name), *found]
    _check_read(workbook, blocks)
    metadata: dict[str, str] = {}
    if workbook.package is not None:
        is_ods = "content.xml" in workbook.package.NameToInfo
        metadata = (odf_properties if is_ods else core_properties)(workbook.package, options)
    return DocumentContent(blocks, metadata.get("title", ""), workbook.problems, metadata)


def read_sheet_rows(content: bytes, options: ReadOptions) -> TableContent:
    """The rows of every sheet under its header, the first row with two filled cells (or one, if all have one).

    Empty cells are None, dates ISO 8601. `columns` is None where sheets have different headers.

    Raises:
        UnreadableError: encrypted; empty; corrupt; unsupported; too_large; too_many_pages.
    """
    workbook = _open(content, options)
    rows: list[Row] = []
    headers: list[list[str]] = []
    for sheet in workbook.sheets:
        header = _table_rows(sheet, rows)
        if header:
            headers.append(header)
    _check_read(workbook, rows)
    same = bool(headers) and all(header == headers[0] for header in headers)
    return TableContent(rows, headers[0] if same else None, workbook.problems)


def _open(content: bytes, options: ReadOptions) -> Workbook:
    """Opens a workbook of any of the formats, by what it holds."""
    if content.startswith(OLE_MAGIC) and not is_encrypted_office(content):
        return open_xls(content, options)
    package = open_package(content, options)
    if "content.xml" in package.NameToInfo:
        return open_ods(package, options)
    if workbook_part(package, options).endswith(".bin"):
        return open_xlsb(content, package, options)
    return open_xlsx(package, options)


def _check_read(workbook: Workbook, found: Sequence[Any]) -> None:
    """A workbook of which no sheet could be read is a broken file, not an empty one."""
    if not found and workbook.problems:
        first = workbook.problems[0]
        raise UnreadableError(first.check.removeprefix("sheet_"), first.reason)


def _table_rows(sheet: Sheet, rows: list[Row]) -> list[str]:
    """Adds the rows of a sheet to `rows`; returns its header."""
    header: dict[int, str] = {}
    waiting: list[tuple[int, dict[int, Value]]] = []
    texts: dict[str, str] = {}
    for at, values in sheet.rows:
        if not values:
            continue
        if header:
            rows.append(_as_row(at, values, header, sheet.name, texts))
        elif len(values) > 1:
            header = _header_of(values)
        else:
            waiting.append((at, values))
    if not header and waiting:
        header = _header_of(waiting[0][1])
        rows += [_as_row(at, values, header, sheet.name, texts) for at, values in waiting[1:]]
    return list(header.values())


def _header_of(values: dict[int, Value]) -> dict[int, str]:
    """The name of each column by its position; a name that is taken gets a number."""
    names: dict[int, str] = {}
    for column, value in values.items():
        name = base = " ".join(_cell_text(value).split())
        again = 2
        while name in names.values():
            name, again = f"{base}_{again}", again + 1
        names[column] = name
    return names


def _as_row(
    at: int, values: dict[int, Value], header: dict[int, str], part: str, texts: dict[str, str]
) -> Row:
    """A row under the header; cells beside it are named by their column's letters. Equal texts are one object."""
    fields: dict[str, Any] = {name: _plain(values.get(column), texts) for column, name in header.items()}
    for column in values.keys() - header.keys():
        fields[_letters(column)] = _plain(values[column], texts)
    return Row(at + 1, fields, part)


def _plain(value: Value | None, texts: dict[str, str]) -> str | int | float | bool | None:
    if isinstance(value, str):
        return texts.setdefault(value, value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() and abs(value) < 1e15 else float(value)
    return _cell_text(value)


def _cell_text(value: Value) -> str:
    """A value as people see it: 1 for 1.0, 0.3 for 0.30000000000000004, dates in ISO 8601, TRUE and FALSE."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, Percent):
        return f"{value * 100:.12g}%"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, timedelta):
        seconds = round(abs(value).total_seconds())
        sign = "-" if value < timedelta(0) else ""
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    assert isinstance(value, date | time)
    return value.isoformat()


def _letters(column: int) -> str:
    """The letters of a 0-based column."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet_blocks(sheet: Sheet) -> Iterator[Block]:
    """The blocks of a sheet: a run of rows that no empty row interrupts is one table."""
    run: list[tuple[int, dict[int, str]]] = []
    header: list[tuple[int, str]] = []
    for at, values in sheet.rows:
        cells = {column: text for column, value in values.items() if (text := _cell_text(value)).strip()}
        if run and (not cells or at != run[-1][0] + 1):
            yield from _run_blocks(run, sheet, header)
            run, header = [], []
        elif len(run) >= _PIECE:
            yield from _run_blocks(run, sheet, header)
            header = header or list(run[0][1].items())
            run = []
        if cells:
            run.append((at, cells))
    if run:
        yield from _run_blocks(run, sheet, header)


def _run_blocks(
    run: list[tuple[int, dict[int, str]]], sheet: Sheet, header: list[tuple[int, str]]
) -> list[Block]:
    """Rows with a single cell at the start, or all, as paragraphs; the rest as tables.

    Args:
        header: cells of the header, where the rows go on a table.
    """
    where: dict[str, Any] = {"page": sheet.number, "part": sheet.name}
    head = 0 if header else next((i for i, (_, cells) in enumerate(run) if len(cells) > 1), len(run))
    lines = ["\n".join(cells.values()) for _, cells in run[:head]]
    blocks = [
        paragraph("\n".join(lines[start : start + TABLE_ROWS]), **where)
        for start in range(0, head, TABLE_ROWS)
    ]
    run = run[head:]
    if not run:
        return blocks
    columns = sorted({column for _, cells in run for column in cells} | {column for column, _ in header})
    texts = [[cells.get(column, "") for column in columns] for _, cells in run]
    spans = _spans_between(sheet.merged, [at for at, _ in run], columns)
    if header:
        names = dict(header)
        texts = [[names.get(column, "") for column in columns], *texts]
        spans = []
    return blocks + table_blocks(fill_spans(texts, spans), **where)


def _spans_between(
    merged: list[tuple[int, int, int, int]], rows: list[int], columns: list[int]
) -> list[Span]:
    """The merged cells that start in these rows, as positions among the rows and columns that are left."""
    spans: list[Span] = []
    for index in range(bisect_left(merged, (rows[0],)), bisect_left(merged, (rows[-1] + 1,))):
        top, left, bottom, right = merged[index]
        row, column = bisect_left(rows, top), bisect_left(columns, left)
        down, across = bisect_right(rows, bottom) - row, bisect_right(columns, right) - column
        if down > 1 or across > 1:
            spans.append(Span(row, column, down, across))
    return spans

"""Excel workbooks of before 2007 (xls), by xlrd (BSD).

python-calamine is faster, but one in 200 xls files with flipped bits makes it end the whole process (tried).
"""

import io
from collections.abc import Iterator
from typing import Any

import xlrd

from tasks.ingest.contract import Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.sheets.workbook import Percent, Sheet, Value, Workbook, date_or_number, kind_of
from tasks.records import Severity


def open_xls(content: bytes, options: ReadOptions) -> Workbook:
    """Opens a workbook in the old binary format.

    Raises:
        UnreadableError: encrypted; corrupt; too_many_pages.
    """
    try:
        book = xlrd.open_workbook(
            file_contents=content,
            logfile=io.StringIO(),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
        )
    except Exception as error:
        check = "encrypted" if "encrypted" in str(error) else "corrupt"
        raise UnreadableError(check, f"not a readable xls workbook: {error}") from error
    if book.nsheets > options.max_pages:
        raise UnreadableError("too_many_pages", f"{book.nsheets} sheets; the limit is {options.max_pages}")
    workbook = Workbook(iter(()), None)
    workbook.sheets = _sheets(book, workbook)
    return workbook


def _sheets(book: Any, workbook: Workbook) -> Iterator[Sheet]:
    for number, name in enumerate(book.sheet_names(), start=1):
        try:
            found = book.sheet_by_index(number - 1)
        except Exception as error:  # noqa: BLE001 - as above
            reason = f"sheet {name!r} is not read: {error}"
            workbook.problems.append(Problem("sheet_corrupt", Severity.WARNING, reason))
            continue
        merged = sorted((top, left, end - 1, right - 1) for top, end, left, right in found.merged_cells)
        yield Sheet(name, number, _rows(book, found), merged)
        book.unload_sheet(number - 1)


def _rows(book: Any, sheet: Any) -> Iterator[tuple[int, dict[int, Value]]]:
    for at in range(sheet.nrows):
        values = {column: _value(book, cell) for column, cell in enumerate(sheet.row(at))}
        yield at, {column: value for column, value in values.items() if value != ""}


def _value(book: Any, cell: Any) -> Value:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    kind = _kind(book, cell.xf_index)
    number = float(cell.value)
    if kind == "percent":
        return Percent(number)
    return date_or_number(number, kind, bool(book.datemode)) if kind else number


def _kind(book: Any, style: int | None) -> str:
    """What the cell's style shows a number as."""
    if style is None or style >= len(book.xf_list):
        return ""
    found = book.format_map.get(book.xf_list[style].format_key)
    return kind_of(found.format_str or "") if found is not None else ""

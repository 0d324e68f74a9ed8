"""OpenDocument spreadsheets (ods), by lxml (BSD): a row at a time.

python-calamine drops the line breaks of cells and what people see in cells that are not numbers or dates.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from tasks.ingest.contract import Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.office.odf import OFFICE, TABLE, TEXT, check_odf, odf_text, table_count
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import drop_read, iterate_xml
from tasks.ingest.readers.sheets.workbook import MAX_CELLS, Sheet, Value, Workbook
from tasks.records import Severity

_MAX_REPEATED = 1_000
"""Columns over which a filled cell is repeated."""


def open_ods(package: Package, options: ReadOptions) -> Workbook:
    """Opens an OpenDocument spreadsheet.

    Raises:
        UnreadableError: encrypted; corrupt; too_large; too_many_pages (while sheets are taken).
    """
    check_odf(package, options)
    workbook = Workbook(iter(()), package)
    workbook.sheets = _sheets(package, workbook, options)
    return workbook


def _sheets(package: Package, workbook: Workbook, options: ReadOptions) -> Iterator[Sheet]:
    """The sheets of an OpenDocument spreadsheet, each read while its rows are taken."""
    tags = (f"{TABLE}table", f"{TABLE}table-row")
    events = iterate_xml(package, "content.xml", options, ("start", "end"), tags)
    number = 0
    for event, element in events:
        if event == "start" and element.tag == f"{TABLE}table":
            number += 1
            if number > options.max_pages:
                raise UnreadableError("too_many_pages", f"more than {options.max_pages} sheets")
            sheet = Sheet(element.get(f"{TABLE}name", ""), number, ())
            sheet.rows = _rows(events, sheet, workbook)
            yield sheet
            for _ in sheet.rows:
                pass


def _rows(
    events: Iterable[tuple[str, Any]], sheet: Sheet, workbook: Workbook
) -> Iterator[tuple[int, dict[int, Value]]]:
    at, cells_read = 0, 0
    for event, element in events:
        if event == "end" and element.tag == f"{TABLE}table":
            return
        if event != "end" or element.tag != f"{TABLE}table-row":
            continue
        values = _cells(element, at, sheet)
        repeated = table_count(element, "number-rows-repeated")
        if values:
            cells_read += repeated * len(values)
            if cells_read > MAX_CELLS:
                reason = f"sheet {sheet.name!r} is read to row {at} only: more than {MAX_CELLS} cells"
                workbook.problems.append(Problem("sheet_too_large", Severity.WARNING, reason))
                return
            for row in range(at, at + repeated):
                yield row, values
        at += repeated
        drop_read(element)


def _cells(row: etree._Element, at: int, sheet: Sheet) -> dict[int, Value]:
    """The filled cells of a row; merged ones and notes are added to `sheet`."""
    values: dict[int, Value] = {}
    column = 0
    for cell in row:
        if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            continue
        repeated = table_count(cell, "number-columns-repeated")
        value = _value(cell)
        if value is not None:
            values |= dict.fromkeys(range(column, column + min(repeated, _MAX_REPEATED)), value)
        rows, columns = table_count(cell, "number-rows-spanned"), table_count(cell, "number-columns-spanned")
        if rows > 1 or columns > 1:
            sheet.merged.append((at, column, at + rows - 1, column + columns - 1))
        column += repeated
    return values


def _value(cell: etree._Element) -> Value | None:
    kind = cell.get(f"{OFFICE}value-type", "")
    raw = cell.get(f"{OFFICE}value", "")
    if kind == "float" and raw:
        try:
            return float(raw)
        except ValueError:
            return raw
    if kind == "date":
        return cell.get(f"{OFFICE}date-value") or None
    text = "\n".join(odf_text(item) for item in cell.iterfind(f"{TEXT}p"))
    return text if text.strip() else None

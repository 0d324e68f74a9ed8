"""Excel's binary workbooks (xlsb), by python-calamine (MIT).

It ends the whole process where a sheet's outermost cells span more than memory holds, or the count of strings
is beyond it (tried): the parts of the package are looked through first.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

import python_calamine

from tasks.ingest.contract import Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.package import Package, check_sizes, read_member
from tasks.ingest.readers.sheets.workbook import MAX_CELLS, Sheet, Value, Workbook
from tasks.records import Severity

_ROW, _CELLS, _STRINGS = 0, range(2, 12), 159
"""Record types: start of a row; cells that hold something; start of the shared strings."""


def open_xlsb(content: bytes, package: Package, options: ReadOptions) -> Workbook:
    """Opens a workbook in the binary format.

    Raises:
        UnreadableError: encrypted; corrupt; too_large; too_many_pages (when the first sheet is taken).
    """
    workbook = Workbook(iter(()), package)
    check_sizes(package, options)
    for name in package.namelist():
        if name.endswith(".bin") and name.startswith("xl/"):
            rows, columns = _check_records(name, read_member(package, name, options))
            if rows * columns > MAX_CELLS:
                raise UnreadableError("too_large", f"filled cells span {rows} rows and {columns} columns")
    workbook.sheets = _sheets(content, workbook, options)
    return workbook


def _sheets(content: bytes, workbook: Workbook, options: ReadOptions) -> Iterator[Sheet]:
    book = _guarded(python_calamine.CalamineWorkbook.from_filelike, io.BytesIO(content))
    if len(book.sheets_metadata) > options.max_pages:
        raise UnreadableError(
            "too_many_pages", f"{len(book.sheets_metadata)} sheets; the limit is {options.max_pages}"
        )
    for number, sheet in enumerate(book.sheets_metadata, start=1):
        if sheet.typ is not python_calamine.SheetTypeEnum.WorkSheet:
            continue
        try:
            found = _guarded(book.get_sheet_by_name, sheet.name)
            merged = sorted((*first, *last) for first, last in found.merged_cell_ranges or ())
        except UnreadableError as error:
            reason = f"sheet {sheet.name!r} is not read: {error}"
            workbook.problems.append(Problem(f"sheet_{error.check}", Severity.WARNING, reason))
        else:
            yield Sheet(sheet.name, number, _rows(found), merged)


def _rows(sheet: Any) -> Iterator[tuple[int, dict[int, Value]]]:
    first = sheet.start[1] if sheet.start else 0
    for at, row in enumerate(sheet.iter_rows()):
        yield at, {column: value for column, value in enumerate(row, first) if value != ""}


def _guarded(call: Callable[..., Any], *arguments: Any) -> Any:
    """Calls calamine; whatever goes wrong in it is the file's fault."""
    try:
        return call(*arguments)
    except python_calamine.PasswordError as error:
        raise UnreadableError("encrypted", "a workbook protected by a password") from error
    except Exception as error:
        raise UnreadableError("corrupt", f"not a readable workbook: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's panic, which is no Exception
            raise
        raise UnreadableError("corrupt", f"not a readable workbook: {error}") from error


def _check_records(name: str, content: bytes) -> tuple[int, int]:
    """Rows and columns up to the outermost filled cells of a part, 0 where it is no sheet.

    Raises:
        UnreadableError: corrupt, where a part announces more strings than it has bytes.
    """
    at = rows = columns = row = 0
    while at < len(content):
        kind, at = _varint(content, at, 2)
        size, at = _varint(content, at, 4)
        if kind == _ROW:
            row = int.from_bytes(content[at : at + 4], "little")
        elif kind in _CELLS:
            rows = max(rows, row + 1)
            columns = max(columns, int.from_bytes(content[at : at + 4], "little") + 1)
        elif kind == _STRINGS and int.from_bytes(content[at + 4 : at + 8], "little") > len(content):
            raise UnreadableError("corrupt", f"{name} announces more strings than it has bytes")
        at += size
    return rows, columns


def _varint(content: bytes, at: int, longest: int) -> tuple[int, int]:
    """A number in groups of 7 bits, and where it ends."""
    number = 0
    for index, byte in enumerate(content[at : at + longest]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    return number, at + longest

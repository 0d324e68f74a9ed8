"""Excel workbooks (xlsx, xlsm), by lxml (BSD), a row at a time.

A million cells take 4.0 s of CPU here, openpyxl's read-only mode (MIT) 10.6 s, python-calamine (MIT) 0.7 s. But
calamine ends the whole process on a small file with a far cell or a high count of strings (tried), holds a whole
sheet (0.9 GB for 10 million cells), and leaves out error values and which numbers are percentages.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from lxml import etree

from tasks.ingest.contract import Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.office.ooxml import R, main_part, relations
from tasks.ingest.readers.package import Package, unpack_member
from tasks.ingest.readers.package_xml import (
    drop_read,
    iterate_xml,
    local_name,
    parse_xml,
    read_optional_xml,
    read_xml,
)
from tasks.ingest.readers.sheets.workbook import Percent, Sheet, Value, Workbook, date_or_number, kind_of
from tasks.records import Severity

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_ESCAPE = re.compile(r"_x(0[0-9A-Fa-f]{3})_")
"""How control characters are written; others never need to be."""
_DATES = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)}
"""Ids of built-in number formats, those of East Asian versions included."""
_SMALL = 1 << 22
"""Bytes of a sheet up to which it is parsed as a whole."""
_TIMES = {*range(18, 22), *range(32, 36), 45, 46, 47}


class _Context(NamedTuple):
    """What the cells of a workbook refer to."""

    strings: list[str]
    kinds: dict[str, str]
    """By number of the cell style: "date", "time", "duration" or "percent"; others are left out."""
    from_1904: bool


def open_xlsx(package: Package, options: ReadOptions) -> Workbook:
    """Opens a workbook in Office Open XML.

    Raises:
        UnreadableError: corrupt; too_large; too_many_pages.
    """
    main = workbook_part(package, options)
    root = read_xml(package, main, options)
    if local_name(root) != "workbook":
        raise UnreadableError("corrupt", f"{main} is not the main part of a workbook")
    related = relations(package, main, options)
    parts = {relation.kind: relation.target for relation in related.values()}
    context = _Context(
        _read_strings(package, parts.get("sharedStrings", ""), options),
        _read_kinds(read_optional_xml(package, parts.get("styles", ""), options)),
        any(item.get("date1904") in ("1", "true") for item in root if local_name(item) == "workbookPr"),
    )
    sheets = list(root.iter("{*}sheet"))
    if len(sheets) > options.max_pages:
        raise UnreadableError("too_many_pages", f"{len(sheets)} sheets; the limit is {options.max_pages}")
    workbook = Workbook(iter(()), package)

    def walk() -> Iterator[Sheet]:
        for number, item in enumerate(sheets, start=1):
            relation = related.get(item.get(f"{R}id", ""))
            sheet = Sheet(item.get("name", ""), number, (), member=relation.target if relation else "")
            content = _read_small(package, sheet.member, options)
            sheet.rows = _read_rows(workbook, package, sheet, context, options, content)
            sheet.merged = _read_merged(package, sheet.member, options, content)
            yield sheet

    workbook.sheets = walk()
    return workbook


def workbook_part(package: Package, options: ReadOptions) -> str:
    """The name of the part that lists the sheets."""
    return main_part(package, options, "xl/workbook.xml")


def _read_small(package: Package, member: str, options: ReadOptions) -> bytes | None:
    """A sheet that is read at once, which takes half the time; None for a large or broken one."""
    content = b""
    try:
        for chunk in unpack_member(package, member, options):
            content += chunk
            if len(content) > _SMALL:
                return None
    except UnreadableError as error:
        if error.check != "corrupt":
            raise
        return None
    return content


def _read_rows(
    workbook: Workbook,
    package: Package,
    sheet: Sheet,
    context: _Context,
    options: ReadOptions,
    content: bytes | None,
) -> Iterator[tuple[int, dict[int, Value]]]:
    """The rows of a sheet; where it breaks off is a problem."""
    at = -1
    try:
        for row in _row_elements(package, sheet.member, options, content):
            number = row.get("r", "")
            at = int(number) - 1 if number.isdecimal() and len(number) < 9 else at + 1
            yield at, _cells(row, context)
    except UnreadableError as error:
        if error.check != "corrupt":
            raise
        reason = f"sheet {sheet.name!r} is not read beyond row {at + 1}: {error}"
        workbook.problems.append(Problem("sheet_corrupt", Severity.WARNING, reason))


def _row_elements(
    package: Package, member: str, options: ReadOptions, content: bytes | None
) -> Iterator[etree._Element]:
    try:
        root = parse_xml(content) if content is not None else None
    except UnreadableError:
        root = None  # what stands before the break is read from the stream
    if root is not None:
        yield from root.iter("{*}row")
        return
    for _, row in iterate_xml(package, member, options, ("end",), ("{*}row",)):
        yield row
        drop_read(row)


def _cells(row: etree._Element, context: _Context) -> dict[int, Value]:
    """The filled cells of a row by their 0-based column; sheets hold many times as many that are only formatted."""
    namespace = str(row.tag)[:-3]
    value_tag, inline_tag = f"{namespace}v", f"{namespace}is"
    values: dict[int, Value] = {}
    counted: dict[etree._Element, int] = {}
    for item in row.iter(value_tag, inline_tag):
        cell = item.getparent()
        if cell is None or cell.getparent() is not row:
            continue
        column = _column(cell.get("r", "").rstrip("0123456789"))
        if column < 0:
            counted = counted or _counted_columns(row)
            column = counted[cell]
        if item.tag == value_tag:
            value = _value(item.text or "", cell.get("t", "n"), cell.get("s"), context)
        else:
            value = _rich_text(item)
        if value != "":
            values[column] = value
    return values


def _counted_columns(row: etree._Element) -> dict[etree._Element, int]:
    """The columns of cells of which some do not name theirs: it is the one after the cell before."""
    columns: dict[etree._Element, int] = {}
    column = -1
    for cell in row:
        named = _column(cell.get("r", "").rstrip("0123456789"))
        column = columns[cell] = named if named >= 0 else column + 1
    return columns


@lru_cache(20_000)
def _column(letters: str) -> int:
    """The 0-based column of its letters; -1 where they are none."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return -1
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(text: str, kind: str, style: str | None, context: _Context) -> Value:
    if kind == "s":
        index = int(text) if text.isdecimal() and len(text) < 10 else -1
        return context.strings[index] if 0 <= index < len(context.strings) else ""
    if kind == "b":
        return text.strip() == "1"
    if kind != "n":
        return _unescape(text)
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    shown = context.kinds.get(style or "0")
    if shown is None:
        return number
    if shown == "percent":
        return Percent(number)
    return date_or_number(number, shown, context.from_1904)


def _read_strings(package: Package, name: str, options: ReadOptions) -> list[str]:
    """The texts that cells refer to by position."""
    strings: list[str] = []
    if name not in package.NameToInfo:
        return strings
    for _, item in iterate_xml(package, name, options, ("end",), ("{*}si",)):
        strings.append(_rich_text(item))
        drop_read(item)
    return strings


def _rich_text(element: etree._Element) -> str:
    """The text of a cell, without the reading of its kanji."""
    pieces = element.iter("{*}t")
    return _unescape("".join(item.text or "" for item in pieces if local_name(item.getparent()) != "rPh"))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _read_kinds(root: etree._Element | None) -> dict[str, str]:
    """What each cell style shows a number as."""
    if root is None:
        return {}
    formats = {item.get("numFmtId", ""): item.get("formatCode", "") for item in root.iter("{*}numFmt")}
    found: list[str] = []
    for styles in root.iterchildren("{*}cellXfs"):
        for style in styles.iterchildren("{*}xf"):
            number = style.get("numFmtId", "")
            found.append(kind_of(formats[number]) if number in formats else _built_in_kind(number))
    return {str(at): kind for at, kind in enumerate(found) if kind}


def _built_in_kind(number: str) -> str:
    known = int(number) if number.isdecimal() and len(number) < 6 else 0
    if known in (9, 10):
        return "percent"
    return "date" if known in _DATES else "duration" if known == 46 else "time" if known in _TIMES else ""


def _read_merged(
    package: Package, member: str, options: ReadOptions, content: bytes | None
) -> list[tuple[int, int, int, int]]:
    """The merged cells, which stand after the rows: first row and column, last row and column."""
    found: set[tuple[int, int, int, int]] = set()
    before = b""
    if member not in package.NameToInfo:
        return []
    for chunk in [content] if content is not None else unpack_member(package, member, options):
        text = before[-200:] + chunk
        if b"mergeCell" in text:
            for left, top, right, bottom in _MERGED.findall(text):
                first, last = (_column(letters.decode()) for letters in (left, right))
                found.add((int(top) - 1, first, int(bottom) - 1, last))
        before = chunk
    return sorted(found)

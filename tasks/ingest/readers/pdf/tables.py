"""Tables in a PDF: cells that stand under one another, row for row; and what else tells how its lines stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tasks.ingest.hygiene import join_lines
from tasks.ingest.readers.pdf.page import Cell, Line

_TABLE_PITCH = 3.5
"""Font sizes from the top of a row to the next one's within a table."""
_NEARBY_GAP = 2.5
"""Gap in font sizes up to which two cells of a row outside a table are read as one text."""
_BULLET = re.compile(r"(?:[•‣▪▫●○◦■□◆◇➢➤✓✔\uf0b7\uf0a7\uf0d8・]\s*|[-–*]\s+)(?=\S)")
_BARE_BULLET = re.compile(
    r"(?:[•‣▪▫●○◦■□◆◇➢➤✓✔\uf0b7\uf0a7\uf0d8・\-–*]|\(?[0-9a-z]{1,3}[.)]|[（(][0-9]{1,3}[)）])"
)
NUMBER = re.compile(r"(?:(\d{1,3}[.)])\s+|(?=[（(](?:\d{1,2}|[a-z]|[ivx]+)[)）]|[①-⑳]|\d{1,3}[．）]))(?=\S)")
SENTENCE_END = re.compile(r"[.!?:;。．！？：；」』）)\]]['\"”’]?$")
CJK_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uffee]$")


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of the body, and what the outline says of it."""

    line: Line
    page: int
    outline: int | None = None
    """Depth of the bookmark with the line's words, from 1."""


def line_pitch(before: Line, after: Line) -> float:
    """From line to line; two fonts differ in how far they reach up or down."""
    return min(after.top - before.top, after.bottom - before.bottom)


def follows(before: PageLine, after: PageLine, most: float) -> bool:
    same = before.page == after.page and before.line.column == after.line.column
    return same and line_pitch(before.line, after.line) <= most


def list_mark(line: Line) -> re.Match[str] | None:
    text = line_text(line)
    return _BULLET.match(text) or NUMBER.match(text)


def line_text(line: Line) -> str:
    return ("  " if is_row(line) else " ").join(cell.text for cell in line.cells)


def is_row(line: Line) -> bool:
    """Whether a line is cells that no table took, rather than text with a wide gap in it."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(line.cells)]
    return any(gap >= _NEARBY_GAP * line.size for gap in gaps) and not _BARE_BULLET.fullmatch(
        line.cells[0].text
    )


def is_prose(rows: Sequence[PageLine]) -> bool:
    """Whether two columns of cells are two short columns of running text."""
    both = [item.line.cells for item in rows if len(item.line.cells) == 2]
    if len(both) < 3 or any(len(item.line.cells) > 2 for item in rows):
        return False
    letters = [sum(len(cells[side].text) for cells in both) / len(both) for side in (0, 1)]
    tight = all(follows(before, after, 1.6 * before.line.size) for before, after in pairwise(rows))
    going_on = [
        not SENTENCE_END.search(before[0].text)
        and (after[0].text[:1].islower() or bool(CJK_END.search(after[0].text[:1])))
        for before, after in pairwise(both)
    ]
    return tight and min(letters) >= 12 and sum(going_on) >= 0.4 * len(going_on)


def side_by_side(rows: Sequence[PageLine], column: int) -> list[PageLine]:
    """The lines of the left column, numbered `column`, then those of the right one."""
    columns: list[tuple[float, float]] = []
    for item in rows:
        columns = _merge_columns(columns, item.line.cells) or columns
    return [
        replace(item, line=replace(item.line, cells=(cell,), column=column + side))
        for side in range(len(columns))
        for item in rows
        for cell in item.line.cells
        if _column_of(columns, cell) == side
    ]


def _may_be_row(line: Line) -> bool:
    return len(line.cells) > 1 and not _BARE_BULLET.fullmatch(line.cells[0].text)


def table_rows(lines: Sequence[PageLine], start: int) -> Sequence[PageLine]:
    """The lines from `start` that are a table's: cells under one another in at least two columns, three rows."""
    if not _may_be_row(lines[start].line):
        return ()
    columns = [(cell.x0, cell.x1) for cell in lines[start].line.cells]
    end = last_full = start + 1
    while end < len(lines):
        before, after = lines[end - 1], lines[end]
        merged = _merge_columns(columns, after.line.cells)
        if merged is None or not follows(before, after, _TABLE_PITCH * before.line.size):
            break
        leads = len(after.line.cells) == 1 and (after.line.x0 < columns[0][1] or list_mark(after.line))
        if leads and not (end + 1 < len(lines) and _may_be_row(lines[end + 1].line)):
            break
        columns = merged
        end += 1
        if len(after.line.cells) > 1 or after.line.x0 >= columns[0][1]:
            last_full = end
    rows = lines[start:last_full]
    full_rows = sum(len(item.line.cells) > 1 for item in rows)
    enough = full_rows >= 3 or (full_rows == 2 and len(columns) >= 3)
    return rows if enough and len(columns) >= 2 and full_rows >= 0.4 * len(rows) else ()


def _merge_columns(
    columns: Sequence[tuple[float, float]], cells: Sequence[Cell]
) -> list[tuple[float, float]] | None:
    """The columns widened by a row; None where a cell lies in two, or two cells in one."""
    merged = list(columns)
    taken: set[int] = set()
    for cell in cells:
        hit = [i for i, (x0, x1) in enumerate(columns) if cell.x0 < x1 and cell.x1 > x0]
        if len(hit) > 1 or taken.intersection(hit):
            return None
        if hit:
            x0, x1 = columns[hit[0]]
            merged[hit[0]] = (min(x0, cell.x0), max(x1, cell.x1))
            taken.add(hit[0])
        else:
            merged.append((cell.x0, cell.x1))
    merged.sort()
    return None if any(before[1] > after[0] for before, after in pairwise(merged)) else merged


def table_cells(lines: Sequence[Line]) -> list[list[str]]:
    """Rows of a table; a single cell that is not the first, close under a row, goes on with that row's cell."""
    columns: list[tuple[float, float]] = []
    for line in lines:
        columns = _merge_columns(columns, line.cells) or columns
    rows: list[list[str]] = []
    above: Line | None = None
    for line in lines:
        row = [""] * len(columns)
        for cell in line.cells:
            row[_column_of(columns, cell)] = cell.text
        wraps = (
            above is not None
            and len(line.cells) == 1
            and not row[0]
            and line_pitch(above, line) <= 1.5 * line.size
        )
        if wraps and rows:
            rows[-1] = [join_lines(pair)[0] for pair in zip(rows[-1], row, strict=True)]
        else:
            rows.append(row)
        above = line
    return rows


def _column_of(columns: Sequence[tuple[float, float]], cell: Cell) -> int:
    return max(range(len(columns)), key=lambda i: min(cell.x1, columns[i][1]) - max(cell.x0, columns[i][0]))

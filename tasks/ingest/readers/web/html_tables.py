"""HTML tables: which of them hold data, and their rows with spanning cells filled in."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from tasks.ingest.readers.web.html_elements import is_hidden

_LAYOUT_TAGS = frozenset(
    {"table", "h1", "h2", "h3", "h4", "h5", "h6", "form", "pre", "blockquote", "article"}
)
_LONG_CELL = 2000
"""Characters of a cell from which a table is taken for a page's layout."""
_FILLED_CELLS = 200_000
"""Cells that spans may fill in one table: a few bytes can ask for millions."""

CellText = Callable[[LexborNode], str]


class TableText(NamedTuple):
    caption: str
    rows: list[list[str]]
    """All of one width."""


class _Cells(NamedTuple):
    caption: LexborNode | None
    rows: list[list[LexborNode]]


def read_table(table: LexborNode, text_of: CellText) -> TableText | None:
    """The text of a table of data; None for a table that lays out a page.

    A table of one row of one-line cells, such as a bullet and its text, is one row.
    """
    cells = _cells(table)
    if cells is None or table.attributes.get("role") in ("presentation", "none"):
        return None
    caption = text_of(cells.caption) if cells.caption is not None else ""
    if len(cells.rows) == 1:
        line = [text_of(cell) for cell in cells.rows[0]]
        return TableText(caption, [line]) if not any("\n" in text for text in line) else None
    if len(cells.rows) < 2 or max(map(len, cells.rows)) < 2:
        return None
    filled = _fill(cells.rows, text_of)
    if any(len(text) > _LONG_CELL for row in filled for text in row):
        return None
    return TableText(caption, _without_empty(filled))


def _cells(table: LexborNode) -> _Cells | None:
    """The cells of each row; None where an element stands in it that only layout tables hold."""
    caption: LexborNode | None = None
    rows: list[list[LexborNode]] = []
    for node in _elements(table):
        tag = node.tag or ""
        if tag in _LAYOUT_TAGS:
            return None
        if tag == "caption":
            caption = node
        elif tag == "tr":
            rows.append([])
        elif tag in ("td", "th") and rows:
            rows[-1].append(node)
    return _Cells(caption, [row for row in rows if row])


def _elements(root: LexborNode) -> Iterator[LexborNode]:
    """The shown elements under `root`, in document order."""
    waiting = [root.first_child]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        waiting.append(node.next)
        if node.is_element_node and not is_hidden(node.attributes):
            yield node
            waiting.append(node.first_child)


def _fill(rows: Sequence[Sequence[LexborNode]], text_of: CellText) -> list[list[str]]:
    """Rows in which a cell stands in every row, and a header in every column, that it spans."""
    grid: list[dict[int, str]] = [{} for _ in rows]
    left = _FILLED_CELLS
    for index, row in enumerate(rows):
        column = 0
        for cell in row:
            while column in grid[index]:
                column += 1
            across = _span(cell, "colspan", 1000)
            down = min(_span(cell, "rowspan", 65_534), len(rows) - index)
            if across * down > left:
                across = down = 1
            left -= across * down
            text = text_of(cell)
            repeat = cell.tag == "th" and len(row) > 1
            for below in range(down):
                for beside in range(across):
                    grid[index + below].setdefault(column + beside, text if repeat or not beside else "")
            column += across
    width = max((max(row) + 1 for row in grid if row), default=0)
    width = min(
        width, max(1, (_FILLED_CELLS + sum(map(len, grid))) // max(1, len(grid)))
    )  # one wide row of many
    return [[row.get(column, "") for column in range(width)] for row in grid]


def _span(cell: LexborNode, name: str, most: int) -> int:
    value = (cell.attributes.get(name) or "1").strip()
    return min(max(int(value), 1), most) if value.isdecimal() and len(value) < 9 else 1


def _without_empty(rows: list[list[str]]) -> list[list[str]]:
    """`rows` without those rows and columns that are empty throughout."""
    kept = [index for index, column in enumerate(zip(*rows, strict=True)) if any(t.strip() for t in column)]
    return [[row[index] for index in kept] for row in rows if any(text.strip() for text in row)]

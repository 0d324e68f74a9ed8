"""Tables with merged cells made readable as Markdown: one header row, and rows that stand for themselves."""

from collections.abc import Sequence
from typing import NamedTuple

_REPEATED = 80
"""Characters up to which a cell merged over several rows is repeated in each: a label, not a text."""


class Span(NamedTuple):
    """A merged cell: its 0-based top left, and how many rows and columns it covers."""

    row: int
    column: int
    rows: int
    columns: int


def fill_spans(rows: Sequence[Sequence[str]], spans: Sequence[Span], header_rows: int = 0) -> list[list[str]]:
    """Rows of one width with merged cells filled in, whose header is one row.

    A header cell over several columns is joined to the cells below it ("Price / Net"); a short cell over
    several rows stands in each of them, once in the header. Cells that only say the same are all kept.

    Args:
        header_rows: rows of the header, where the file says so; else guessed from the merged cells.
    """
    width = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    if not filled or (not spans and header_rows <= 1):
        return filled
    heads = min(header_rows or _count_header_rows(filled[0], spans), len(filled))
    repeated: set[tuple[int, int]] = set()
    for span in spans:
        if not (0 <= span.row < len(filled) and 0 <= span.column < width):
            continue
        text = filled[span.row][span.column]
        for row in range(span.row, min(span.row + span.rows, len(filled))):
            is_head = heads > 1 and row < heads
            last = min(span.column + span.columns, width) if is_head else span.column + 1
            for column in range(span.column, last):
                if not filled[row][column] and (is_head or len(text) <= _REPEATED):
                    filled[row][column] = text
                    if is_head and row > span.row:
                        repeated.add((row, column))
    if heads <= 1:
        return filled
    header = [
        " / ".join(filled[row][at] for row in range(heads) if filled[row][at] and (row, at) not in repeated)
        for at in range(width)
    ]
    return [header, *filled[heads:]]


def _count_header_rows(first_row: Sequence[str], spans: Sequence[Span]) -> int:
    """A first row with cells merged across beside cells merged down is a header as high as these.

    So is one most of whose cells are merged down.
    """
    first = [span for span in spans if span.row == 0]
    down = [span.rows for span in first if span.rows > 1]
    height = max(down, default=1)
    across = any(span.columns > 1 and span.rows < height for span in first)
    most = down.count(height) * 2 > sum(bool(text) for text in first_row)
    return height if down and height <= 4 and (across or most) else 1

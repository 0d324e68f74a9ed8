"""One page of a PDF as lines in reading order, from the boxes of its stretches of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from tasks.ingest.readers.pdf.chars import CELL_GAP, WORD_GAP, Cell, field_cells, page_cells

_TEXT_LIKE = 12
"""Letters from which a stretch counts as running text when columns are looked for."""
_COLUMN_LINES = 5
"""Lines of running text that a column must have on either side of a gutter."""
_CROSSING = 0.2
"""Share of stretches that may cross a gutter: titles and wide tables over two columns."""
_COLUMN_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A row of cells; more than one where wide gaps part them."""

    cells: tuple[Cell, ...]
    column: int
    """Number of its column on the page, from 0: lines of two columns are not neighbours."""
    height: float
    """Where its middle is on the page: 0 at the top, 1 at the bottom."""

    @property
    def x0(self) -> float:
        return self.cells[0].x0

    @property
    def x1(self) -> float:
        return self.cells[-1].x1

    @property
    def top(self) -> float:
        return min(cell.top for cell in self.cells)

    @property
    def bottom(self) -> float:
        return max(cell.bottom for cell in self.cells)

    @property
    def size(self) -> float:
        return max(self.cells, key=lambda cell: len(cell.text)).size

    @property
    def text(self) -> str:
        return "  ".join(cell.text for cell in self.cells)


def page_lines(page: pdfium.PdfPage, forms: Any = None) -> list[Line]:
    """The lines of a page, column by column.

    Args:
        forms: pdfium's form environment, for the text of form fields; None without a form.

    Raises:
        PdfiumError: the page's text cannot be loaded.
    """
    textpage = page.get_textpage()
    try:
        cells, across, vertical = page_cells(page, textpage)
    finally:
        textpage.close()
    if forms is not None:
        cells += field_cells(page, forms)
    height = page.get_size()[1]
    groups = list(_columns(cells, 0))
    lines = [
        Line(tuple(row), column, 0.5 if vertical else _middle(row, height))
        for column, group in enumerate(groups)
        for row in _rows(group)
    ]
    others = [Line(tuple(row), len(groups), _middle(row, height)) for row in _rows(across)]
    above = [replace(line, column=-1) for line in others if line.height < 0.5]
    return [*above, *lines, *(line for line in others if line.height >= 0.5)]


def _middle(row: Sequence[Cell], height: float) -> float:
    return (row[0].top + row[0].bottom) / 2 / max(height, 1.0)


def _rows(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Cells that share a height, from the top; in each from the left."""
    row: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (cell.top + cell.bottom) / 2):
        if row and not _same_height(row, cell):
            yield _merge_cells(row)
            row = []
        row.append(cell)
    if row:
        yield _merge_cells(row)


def _same_height(row: Sequence[Cell], cell: Cell) -> bool:
    top, bottom = max(row, key=lambda other: other.bottom - other.top)[2:5:2]
    shared = min(bottom, cell.bottom) - max(top, cell.top)
    return shared >= 0.5 * min(bottom - top, cell.bottom - cell.top)


def _merge_cells(row: list[Cell]) -> list[Cell]:
    """Stretches that stand side by side without a wide gap become one cell."""
    merged: list[Cell] = []
    for cell in sorted(row, key=lambda cell: cell.x0):
        before = merged[-1] if merged else None
        size = max(before.size, cell.size) if before else 0.0
        if before is None or cell.x0 - before.x1 >= CELL_GAP * size:
            merged.append(cell)
            continue
        gap = cell.x0 - before.x1
        space = " " if gap > WORD_GAP * size or gap < -size else ""
        largest = before if len(before.text) >= len(cell.text) else cell
        merged[-1] = Cell(
            before.text + space + cell.text,
            before.x0,
            min(before.top, cell.top),
            max(before.x1, cell.x1),
            max(before.bottom, cell.bottom),
            largest.size,
        )
    return merged


def _columns(cells: Sequence[Cell], depth: int) -> Iterator[list[Cell]]:
    """Groups of cells in reading order: the columns of a page, and what stands over them."""
    gutter = _find_gutter(cells) if depth < _COLUMN_DEPTH else None
    if gutter is None:
        if cells:
            yield list(cells)
        return
    crossing = sorted((cell for cell in cells if cell.x0 < gutter < cell.x1), key=lambda cell: cell.top)
    rest = [cell for cell in cells if not cell.x0 < gutter < cell.x1]
    wide: list[Cell] = []
    for cell in crossing:
        above = [other for other in rest if other.bottom <= cell.top + 0.5 * (cell.bottom - cell.top)]
        if above:
            if wide:
                yield wide
                wide = []
            yield from _sides(above, gutter, depth)
            rest = [other for other in rest if other.bottom > cell.top + 0.5 * (cell.bottom - cell.top)]
        wide.append(cell)
    if wide:
        yield wide
    yield from _sides(rest, gutter, depth)


def _sides(cells: Sequence[Cell], gutter: float, depth: int) -> Iterator[list[Cell]]:
    yield from _columns([cell for cell in cells if cell.x1 <= gutter], depth + 1)
    yield from _columns([cell for cell in cells if cell.x0 >= gutter], depth + 1)


def _find_gutter(cells: Sequence[Cell]) -> float | None:
    """x of a white strip down the page that parts running text from running text; None without one."""
    texts = [cell for cell in cells if len(cell.text) >= _TEXT_LIKE]
    if len(texts) < 2 * _COLUMN_LINES:
        return None
    left, top, right, bottom = np.array([cell[1:5] for cell in texts]).T
    start, end = float(left.min()), float(right.max())
    places = start + (end - start) * np.linspace(0.2, 0.8, 121)
    crossing = ((left[:, None] < places) & (right[:, None] > places)).sum(axis=0)
    for index in np.argsort(crossing, kind="stable").tolist():
        place = float(places[index])
        if crossing[index] > _CROSSING * len(texts):
            return None
        on_left, on_right = right <= place, left >= place
        if min(on_left.sum(), on_right.sum()) < _COLUMN_LINES:
            continue
        filled = np.median((right - left)[on_left]) >= 0.6 * (place - start) and np.median(
            (right - left)[on_right]
        ) >= 0.3 * (end - place)
        span = min(bottom[on_left].max(), bottom[on_right].max()) - max(
            top[on_left].min(), top[on_right].min()
        )
        least = min(np.ptp(top[on_left]), np.ptp(top[on_right]))
        letters = sum(len(cell.text) for cell in texts) >= 0.75 * sum(len(cell.text) for cell in cells)
        if filled and letters and span >= 0.5 * least:
            return _middle_of_strip(left, right, place)
    return None


def _middle_of_strip(left: NDArray[np.float64], right: NDArray[np.float64], place: float) -> float:
    before, after = right[right <= place], left[left >= place]
    return float(before.max() + after.min()) / 2

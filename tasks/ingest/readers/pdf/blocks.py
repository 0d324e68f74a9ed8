"""The lines of a PDF as blocks: headings, list items, tables and paragraphs, also over page breaks."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from tasks.ingest.contract import Block, heading, list_item, paragraph, table_blocks
from tasks.ingest.hygiene import is_hyphenated, join_lines
from tasks.ingest.readers.pdf.page import Line
from tasks.ingest.readers.pdf.tables import (
    CJK_END,
    NUMBER,
    SENTENCE_END,
    PageLine,
    follows,
    is_prose,
    is_row,
    line_pitch,
    line_text,
    list_mark,
    side_by_side,
    table_cells,
    table_rows,
)

_HEADING_SIZE = 1.15
"""Size of a heading's letters over the body's."""
_HEADING_LETTERS = 160
_SAME_SIZE = 0.12
_NARROW = 0.6
"""Share of its column that lines must reach to be joined: addresses and lists without marks keep their lines."""
_NEW_START = re.compile(r"[A-Z\d\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3「『（(]")


_Place = tuple[int, int]
"""Page and column."""


@dataclass
class Assembly:
    """What is made of the lines, with what was changed on the way."""

    blocks: list[Block] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)


def assemble(lines: Sequence[PageLine]) -> Assembly:
    """The blocks of all pages' lines, which stand in reading order."""
    lines = list(lines)
    result = Assembly()
    body = _body_size(lines)
    levels = _heading_levels(lines, body)
    pitches = _pitches(lines)
    widths = _widths(lines)
    indents: list[float] = []
    at = 0
    while at < len(lines):
        rows = table_rows(lines, at)
        if rows and is_prose(rows):
            lines[at : at + len(rows)] = side_by_side(rows, 1_000_000 + 2 * at)
            continue
        if rows:
            texts = table_cells([row.line for row in rows])
            result.blocks += table_blocks(texts, page=rows[0].page)
            at += len(rows)
            indents = []
            continue
        end = at + 1
        level = _level(lines[at], levels)
        right = _right_edge(lines, at)
        while end < len(lines) and _continues(lines, at, end, levels, pitches, right):
            right = (
                max(right, _right_edge(lines, end))
                if lines[end].line.column == lines[at].line.column
                else right
            )
            end += 1
        _add_text(result, lines[at:end], level, indents, widths)
        at = end
    return result


def _body_size(lines: Sequence[PageLine]) -> float:
    """The font size, in steps of half a point, in which most letters are set."""
    letters: Counter[float] = Counter()
    for item in lines:
        for cell in item.line.cells:
            letters[round(cell.size * 2) / 2] += len(cell.text)
    return letters.most_common(1)[0][0] if letters else 10.0


def _heading_levels(lines: Sequence[PageLine], body: float) -> dict[float, int]:
    """Level by font size (half points): the largest is 1."""
    sizes: Counter[float] = Counter()
    for item in lines:
        size = round(item.line.size * 2) / 2
        if size >= _HEADING_SIZE * body and any(char.isalpha() for char in item.line.text):
            sizes[size] += 1
    return {size: min(rank, 6) for rank, size in enumerate(sorted(sizes, reverse=True), 1)}


def _level(item: PageLine, levels: Mapping[float, int]) -> int:
    """Of a heading; 0 for other text."""
    if item.outline is not None:
        return min(item.outline, 6)
    text = item.line.text
    if len(text) > _HEADING_LETTERS or not any(char.isalpha() for char in text):
        return 0
    return levels.get(round(item.line.size * 2) / 2, 0)


def _pitches(lines: Sequence[PageLine]) -> dict[int, float]:
    """By font size (whole points): the usual distance from one line's top to the next one's."""
    steps: dict[int, list[float]] = {}
    for before, after in pairwise(lines):
        step = line_pitch(before.line, after.line)
        size = round(before.line.size)
        if before.page == after.page and before.line.column == after.line.column and 0 < step < 2.6 * size:
            steps.setdefault(size, []).append(step)
    return {size: median(values) for size, values in steps.items()}


def _widths(lines: Sequence[PageLine]) -> dict[_Place, float]:
    """How far each column of each page reaches to the right."""
    widths: dict[_Place, float] = {}
    for item in lines:
        place = item.page, item.line.column
        widths[place] = max(widths.get(place, 0.0), item.line.x1)
    return widths


def _right_edge(lines: Sequence[PageLine], at: int) -> float:
    """How far the lines around `at` that begin where it does reach to the right."""
    here = lines[at]
    near = (
        item.line.x1
        for item in lines[max(0, at - 4) : at + 5]
        if item.page == here.page
        and item.line.column == here.line.column
        and abs(item.line.x0 - here.line.x0) < 2.5 * here.line.size
    )
    return max(near, default=here.line.x1)


def _continues(
    lines: Sequence[PageLine],
    start: int,
    at: int,
    levels: Mapping[float, int],
    pitches: Mapping[int, float],
    right: float,
) -> bool:
    """Whether the line `at` goes on with the paragraph, item or heading that began with the line `start`."""
    before, after = lines[at - 1], lines[at]
    first, last, line = lines[start].line, before.line, after.line
    size = last.size
    if abs(line.size - size) > _SAME_SIZE * size or list_mark(line) or table_rows(lines, at):
        return False
    level = _level(lines[start], levels)
    if level != _level(after, levels) or (level and after.outline is not None):
        return False
    if is_row(line) or is_row(last):
        return is_row(line) and is_row(last) and follows(before, after, 1.6 * size)
    if level:
        return follows(before, after, 1.8 * size) and not _ends_early(last, line, right)
    ended = bool(SENTENCE_END.search(last.text))
    if before.page != after.page or last.column != line.column:
        return not ended and (line.text[:1].islower() or not _ends_early(last, line, right))
    pitch = pitches.get(round(size), 1.5 * size)
    if not follows(before, after, min(1.25 * pitch, 2.4 * size)):
        return False
    if _ends_early(last, line, right) and (ended or _NEW_START.match(line.text)):
        return False
    hangs = bool(list_mark(first))
    return hangs or not (line.x0 > last.x0 + 0.8 * size and at - start > 0 and ended)


def _ends_early(line: Line, following: Line, right: float) -> bool:
    """Whether the first word of the next line would still have fitted."""
    text = following.text
    letter = (following.x1 - following.x0) / max(len(text), 1)
    word = 2 if CJK_END.search(text[:1]) or CJK_END.search(line.text) else len(text.split(" ", 1)[0]) + 1
    return line.x1 + word * letter + 0.5 * line.size < right


def _add_text(
    result: Assembly,
    items: Sequence[PageLine],
    level: int,
    indents: list[float],
    widths: Mapping[_Place, float],
) -> None:
    """One block of `items`; `indents` holds where the list items above began."""
    page, first = items[0].page, items[0].line
    texts = [line_text(item.line) for item in items]
    mark = list_mark(first)
    reach = max(item.line.x1 for item in items)
    is_narrow = (
        reach < _NARROW * widths.get((page, first.column), 0.0) and len(items) > 1 and not (level or mark)
    )
    if is_row(first) or is_narrow:
        result.blocks.append(paragraph("\n".join(texts), page=page))
        return
    text, joins = join_lines(texts)
    if joins:
        result.changes["joined_lines"] += joins
        broken = sum(is_hyphenated(a, b) for a, b in pairwise(texts))
        result.changes.update({"hyphenation": broken} if broken else {})
    if level or not mark:
        indents.clear()
        result.blocks.append(heading(text, level, page=page) if level else paragraph(text, page=page))
        return
    while indents and first.x0 < indents[-1] - 0.5 * first.size:
        indents.pop()
    if not indents or first.x0 > indents[-1] + 0.5 * first.size:
        indents.append(first.x0)
    number = mark[1] if mark.re is NUMBER else None
    result.blocks.append(list_item(text[mark.end() :], len(indents), number or "-", page=page))

"""Page headers and footers: lines at a page's edges that other pages repeat, or that hold its number."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from tasks.ingest.contract import Block, Boilerplate
from tasks.ingest.readers.pdf.page import Line

_MARGIN = 0.15
"""Share of a page's height at its top and at its bottom in which headers and footers are looked for."""
_MARGIN_LINES = 4
_LEAST_SHARE = 0.25
"""Share of pages on which a header or footer stands: left and right pages and chapters have their own."""
_PAGE_NUMBER = re.compile(
    r"(?:p(?:age|\.)?|頁|ページ)?[-–—\s]*(\d{1,5})(?:\s*(?:/|of)\s*\d{1,5})?[-–—\s]*(?:頁|ページ)?", re.I
)
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")


def mark_edges(pages: Sequence[Sequence[Line]]) -> list[list[Boilerplate | None]]:
    """For each line of each page, whether it is a header or footer.

    It is when it stands at an edge and is repeated on other pages, digits aside, or holds the number of its page.
    """
    seen: Counter[tuple[Boilerplate, str]] = Counter()
    keys = [_edge_keys(lines) for lines in pages]
    for page in keys:
        seen.update(set(page.values()))
    filled = sum(bool(lines) for lines in pages)
    least = max(2 if filled == 2 else 3, _LEAST_SHARE * filled)
    offsets = Counter(
        offset
        for number, (page, lines) in enumerate(zip(keys, pages, strict=True), 1)
        for offset in {shown - number for i in page for shown in _page_numbers(lines[i])}
    )
    usual = {0, *(offset for offset, count in offsets.items() if count >= least)}
    return [
        [
            page[i][0]
            if i in page and (seen[page[i]] >= least or any(n - number in usual for n in _page_numbers(line)))
            else None
            for i, line in enumerate(lines)
        ]
        for number, (page, lines) in enumerate(zip(keys, pages, strict=True), 1)
    ]


def place_edges(blocks: Sequence[Block], edges: Sequence[Block]) -> list[Block]:
    """Headers before the first block that begins on their page, footers after the last."""
    keyed = [((block.page or 0) * 3 + 1, block) for block in blocks]
    for edge in edges:
        page = edge.page or 0
        keyed.append((page * 3 + (0 if edge.boilerplate is Boilerplate.PAGE_HEADER else 2), edge))
    return [block for _, block in sorted(keyed, key=lambda item: item[0])]


def _page_numbers(line: Line) -> list[int]:
    """What the first or the last cell of a line says that the number of the page is."""
    matches = (_PAGE_NUMBER.fullmatch(cell.text) for cell in (line.cells[0], line.cells[-1]))
    return [int(match[1]) for match in matches if match]


def _edge_keys(lines: Sequence[Line]) -> dict[int, tuple[Boilerplate, str]]:
    """By index: the kind and the words, digits folded, of the lines at a page's edges."""
    order = sorted(range(len(lines)), key=lambda i: lines[i].height)
    top = [i for i in order[:_MARGIN_LINES] if lines[i].height < _MARGIN]
    bottom = [i for i in order[-_MARGIN_LINES:] if lines[i].height > 1 - _MARGIN]
    return {
        **{i: (Boilerplate.PAGE_HEADER, _edge_key(lines[i].text)) for i in top},
        **{i: (Boilerplate.PAGE_FOOTER, _edge_key(lines[i].text)) for i in bottom},
    }


def _edge_key(text: str) -> str:
    return "".join(_DIGITS.sub("#", unicodedata.normalize("NFKC", text).lower()).split())

"""One slide of a presentation to blocks: its shapes in reading order, lists, tables and notes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from tasks.ingest.contract import Block, Boilerplate, ReadOptions, heading, list_item, paragraph, table_blocks
from tasks.ingest.readers.office.drawing import (
    MC,
    A,
    alternative_text,
    alternatives,
    body_text,
    graphic_blocks,
    paragraph_text,
)
from tasks.ingest.readers.office.grid import Span, fill_spans
from tasks.ingest.readers.office.ooxml import Relation, related_xml, to_int
from tasks.ingest.readers.office.pptx_layout import TITLES, Layout, Layouts, P, placeholder, placeholder_type
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import local_name

_SHAPES = tuple(f"{P}{name}" for name in ("sp", "pic", "graphicFrame", "grpSp"))
_FRAMES = {
    "ftr": Boilerplate.PAGE_FOOTER,
    "sldNum": Boilerplate.PAGE_FOOTER,
    "dt": Boilerplate.PAGE_FOOTER,
    "hdr": Boilerplate.PAGE_HEADER,
}
_SAME_LINE = 180_000
"""EMU (0.5 cm) by which the tops of shapes that stand beside each other may differ."""


@dataclass
class SlideReader:
    """Reads one slide."""

    package: Package
    options: ReadOptions
    page: int
    related: dict[str, Relation]
    layouts: Layouts

    def blocks_of(self, root: etree._Element) -> Iterator[Block]:
        """The slide's blocks: title, shapes, footers, notes."""
        tree = root.find(f"{P}cSld/{P}spTree")
        shapes = list(self._in_order(tree)) if tree is not None else []
        kinds = [placeholder_type(shape) for shape in shapes]
        for wanted in (True, False):
            for shape, kind in zip(shapes, kinds, strict=True):
                if (kind in TITLES) is wanted and kind not in _FRAMES:
                    yield from self._shape_blocks(shape, kind)
        for shape, kind in zip(shapes, kinds, strict=True):
            if kind in _FRAMES and (text := body_text(shape).strip()):
                yield paragraph(text, page=self.page, boilerplate=_FRAMES[kind])
        yield from self._note_blocks()

    def _in_order(self, container: Iterable[etree._Element]) -> Iterator[etree._Element]:
        """Shapes in reading order; those of a group stay together."""
        shapes = [shape for item in container for shape in _shapes(item)]
        placed = sorted(
            ((*self._position(shape), at) for at, shape in enumerate(shapes)), key=lambda it: it[0]
        )
        line, top = 0, -(1 << 62)
        keyed = []
        for y, x, at in placed:
            if y - top > _SAME_LINE:
                line, top = line + 1, y
            keyed.append((line, x, at))
        for _, _, at in sorted(keyed):
            if shapes[at].tag == f"{P}grpSp":
                yield from self._in_order(shapes[at])
            else:
                yield shapes[at]

    def _position(self, shape: etree._Element) -> tuple[int, int]:
        """Top and left in EMU, inherited where the shape does not say."""
        for source in (shape, *self._inherited(shape)):
            offset = source.find(
                f"{P}xfrm/{A}off" if source.tag == f"{P}graphicFrame" else f"*/{A}xfrm/{A}off"
            )
            if offset is not None:
                return to_int(offset.get("y")), to_int(offset.get("x"))
        return 0, 0

    @cached_property
    def _layout(self) -> Layout | None:
        return self.layouts.layout_of(self.related)

    def _layout_of(self, shape: etree._Element) -> Layout | None:
        """The layout that a shape follows; None where it is no placeholder."""
        return self._layout if placeholder(shape) is not None else None

    def _inherited(self, shape: etree._Element) -> Iterable[etree._Element]:
        layout = self._layout_of(shape)
        return layout.inherited(shape) if layout is not None else ()

    def _shape_blocks(self, shape: etree._Element, kind: str) -> Iterator[Block]:
        if shape.tag == f"{P}graphicFrame":
            for table in shape.iter(f"{A}tbl"):
                yield from _table_blocks(table, self.page)
            yield from graphic_blocks(shape, self.package, self.related, self.options, self.page)
        body = shape.find(f"{P}txBody")
        if body is not None and kind in TITLES:
            title = body_text(body)
            if title.strip():
                yield heading(title, 2, page=self.page)
        elif body is not None:
            yield from self._text_blocks(shape, body)
        elif shape.tag in (f"{P}pic", f"{P}graphicFrame"):
            text = alternative_text(shape.find(f"*/{P}cNvPr"))
            if text:
                yield paragraph(text, page=self.page)

    def _text_blocks(self, shape: etree._Element, body: etree._Element) -> Iterator[Block]:
        styles = list(self._list_styles(shape))
        counts: dict[int, int] = {}
        for item in body.iterfind(f"{A}p"):
            text = paragraph_text(item)
            if not text.strip():
                continue
            properties = item.find(f"{A}pPr")
            depth = min(max(to_int(properties.get("lvl")) if properties is not None else 0, 0), 8)
            bullet = _bullet(properties, styles, depth)
            counts = {level: count for level, count in counts.items() if level <= depth}
            if bullet is None:
                yield paragraph(text, page=self.page)
            elif local_name(bullet) == "buAutoNum":
                counts[depth] = counts.get(depth, to_int(bullet.get("startAt"), 1) - 1) + 1
                yield list_item(text, depth + 1, f"{counts[depth]}.", page=self.page)
            else:
                yield list_item(text, depth + 1, page=self.page)

    def _list_styles(self, shape: etree._Element) -> Iterator[etree._Element]:
        """The list styles that apply to a shape's text, the nearest first."""
        for source in (shape, *self._inherited(shape)):
            style = source.find(f"{P}txBody/{A}lstStyle")
            if style is not None:
                yield style
        layout = self._layout_of(shape)
        if layout is not None:
            yield from layout.list_styles()

    def _note_blocks(self) -> Iterator[Block]:
        root = related_xml(self.package, self.related, "notesSlide", self.options)
        shapes = root.iter(f"{P}sp") if root is not None else ()
        texts = [
            paragraph_text(item)
            for shape in shapes
            if placeholder_type(shape) in ("body", "")
            for item in shape.iterfind(f"{P}txBody/{A}p")
        ]
        if any(text.strip() for text in texts):
            yield heading("Notes", 3, page=self.page)
            yield from (paragraph(text, page=self.page) for text in texts if text.strip())


def _shapes(item: etree._Element) -> Iterator[etree._Element]:
    if item.tag in _SHAPES:
        yield item
    elif item.tag == f"{MC}AlternateContent":
        for choice in alternatives(item):
            yield from _shapes(choice)


def _bullet(
    properties: etree._Element | None, styles: Iterable[etree._Element], depth: int
) -> etree._Element | None:
    """What marks a paragraph as an item of a list: the nearest that says anything decides."""
    levels = (style.find(f"{A}lvl{depth + 1}pPr") for style in styles)
    for source in (properties, *levels):
        for item in source if source is not None else ():
            if item.tag in (f"{A}buChar", f"{A}buAutoNum", f"{A}buBlip"):
                return item
            if item.tag == f"{A}buNone":
                return None
    return None


def _table_blocks(table: etree._Element, page: int) -> list[Block]:
    rows: list[list[str]] = []
    spans: list[Span] = []
    for at, row in enumerate(table.iterfind(f"{A}tr")):
        cells: list[str] = []
        for column, cell in enumerate(row.iterfind(f"{A}tc")):
            covered = cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true")
            cells.append("" if covered else body_text(cell))
            span = Span(at, column, *(max(to_int(cell.get(name), 1), 1) for name in ("rowSpan", "gridSpan")))
            if not covered and (span.rows > 1 or span.columns > 1):
                spans.append(span)
        rows.append(cells)
    filled = any(text.strip() for row in rows for text in row)
    return table_blocks(fill_spans(rows, spans), page=page) if filled else []

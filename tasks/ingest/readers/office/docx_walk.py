"""The walk through a part of a Word document: paragraphs, lists, tables, text boxes, notes' marks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from tasks.ingest.contract import (
    Block,
    BlockKind,
    Boilerplate,
    Problem,
    ReadOptions,
    UnreadableError,
    heading,
    list_item,
    paragraph,
    table_blocks,
)
from tasks.ingest.readers.office.docx_styles import Numbering, Style, W, heading_level, value_of
from tasks.ingest.readers.office.drawing import (
    MC,
    M,
    alternative_text,
    alternatives,
    graphic_blocks,
    math_text,
)
from tasks.ingest.readers.office.grid import Span, fill_spans
from tasks.ingest.readers.office.ooxml import Relation, to_int
from tasks.ingest.readers.package import Package
from tasks.records import Severity

_WP_PROPERTIES = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_WRAPPER_NAMES = "sdt sdtContent customXml ins moveTo smartTag hyperlink fldSimple dir bdo"
_WRAPPERS = frozenset(f"{W}{name}" for name in _WRAPPER_NAMES.split())
_MARKS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_NOTES = {f"{W}footnoteReference": "footnotes", f"{W}endnoteReference": "endnotes"}
_GRAPHICS = (f"{W}drawing", f"{W}pict", f"{W}object")
_ORDERED = re.compile(r"[0-9]+[.)]?")


@dataclass
class PartReader:
    """Walks one part (body, header, notes) of a document."""

    package: Package
    options: ReadOptions
    related: dict[str, Relation]
    styles: dict[str, Style]
    numbering: Numbering
    page: int | None = None
    """Page that the walk has reached; None where the file does not tell."""
    title: str = ""
    """Text of the first paragraph in a title style."""
    problems: list[Problem] = field(default_factory=list)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    """Label by kind and id of each note the body refers to."""
    start: int | None = None
    """Page on which the paragraph at hand has its first text."""
    floating: list[Block] = field(default_factory=list)
    """Blocks anchored in the paragraph at hand: text boxes, charts, pictures' descriptions."""

    def blocks_of(self, container: Iterable[etree._Element]) -> Iterator[Block]:
        """The blocks of a body, cell, note or text box."""
        for item in container:
            if item.tag == f"{W}p":
                yield from self._paragraph_blocks(item)
            elif item.tag == f"{W}tbl":
                yield from self._table_blocks(item)
            elif item.tag == f"{W}sdt" and _is_contents(item):
                for block in self.blocks_of(item):
                    yield replace(block, boilerplate=Boilerplate.NAVIGATION)
            elif item.tag in _WRAPPERS:
                yield from self.blocks_of(item)
            elif item.tag == f"{MC}AlternateContent":
                yield from self.blocks_of(alternatives(item))
            elif item.tag == f"{W}altChunk":
                reason = "a document embedded as an altChunk is not read"
                self.problems.append(Problem("embedded_document", Severity.WARNING, reason))

    def _paragraph_blocks(self, element: etree._Element) -> Iterator[Block]:
        outer, self.floating, self.start = self.floating, [], None
        properties = element.find(f"{W}pPr")
        style_id = value_of(properties.find(f"{W}pStyle")) if properties is not None else ""
        style = self.styles.get(style_id, self.styles[""])
        text = "".join(self._texts(element))
        page = self.start or self.page
        label, depth = self._label(properties, style_id, style) if text.strip() else ("", 0)
        level = heading_level(properties, style)
        where: dict[str, Any] = {"page": page}
        if style.name.lower().startswith(("toc ", "目次 ")):
            where["boilerplate"] = Boilerplate.NAVIGATION
            level = 0
        if not text.strip():
            pass
        elif level:
            label = "" if label == "-" else f"{label} "
            yield heading(f"{label}{text}", level, **where)
            if style.level == 1 and style.name.lower() in ("title", "表題"):
                self.title = self.title or " ".join(text.split())
        elif _ORDERED.fullmatch(label):
            yield list_item(text, depth + 1, label if label[-1] in ".)" else f"{label}.", **where)
        elif label:
            yield list_item(text if label == "-" else f"{label} {text}", depth + 1, **where)
        else:
            yield paragraph(text, **where)
        yield from self.floating
        self.floating = outer

    def _label(self, properties: etree._Element | None, style_id: str, style: Style) -> tuple[str, int]:
        """What stands before a paragraph of a list, and the 0-based depth; "" for others."""
        own = properties.find(f"{W}numPr") if properties is not None else None
        number, depth = style.number, style.depth
        if depth is None:
            depth = self.numbering.styled.get(style_id, 0)
        if own is not None:
            number = value_of(own.find(f"{W}numId")) or number
            depth = to_int(value_of(own.find(f"{W}ilvl")), depth)
        depth = min(max(depth, 0), 8)
        return (self.numbering.next_label(number, depth) if number not in ("", "0") else ""), depth

    def _texts(self, element: Iterable[etree._Element]) -> Iterator[str]:
        """The text of a paragraph or run in pieces, without what is deleted or only a field's code."""
        for item in element:
            tag = item.tag
            if tag == f"{W}t":
                if self.start is None and item.text and item.text.strip():
                    self.start = self.page
                yield item.text or ""
            elif tag == f"{W}r" or tag in _WRAPPERS:
                yield from self._texts(item)
            elif tag in _MARKS:
                yield _MARKS[tag]
            elif tag == f"{W}lastRenderedPageBreak":
                self._turn_page()
            elif tag == f"{W}ruby":
                for base in item.iterfind(f"{W}rubyBase"):
                    yield from self._texts(base)
            elif tag in _NOTES:
                key = (_NOTES[tag], item.get(f"{W}id", ""))
                yield f"[^{self.notes.setdefault(key, str(len(self.notes) + 1))}]"
            elif tag in (f"{M}oMath", f"{M}oMathPara"):
                yield math_text(item)
            elif tag == f"{MC}AlternateContent":
                yield from self._texts(alternatives(item))
            elif tag in _GRAPHICS:
                self.floating += self._graphic_blocks(item)

    def _turn_page(self) -> None:
        self.page = (self.page or 0) + 1
        if self.page > self.options.max_pages:
            raise UnreadableError("too_many_pages", f"more than {self.options.max_pages} pages")

    def _graphic_blocks(self, element: etree._Element) -> list[Block]:
        start = self.start
        blocks: list[Block] = []
        for properties in element.iter(_WP_PROPERTIES):
            text = alternative_text(properties)
            if text:
                blocks.append(paragraph(text, page=self.page))
        for content in _outermost(element, f"{W}txbxContent"):
            blocks += self.blocks_of(content)
        blocks += graphic_blocks(element, self.package, self.related, self.options, self.page)
        self.start = start
        return blocks

    def _table_blocks(self, element: etree._Element) -> Iterator[Block]:
        page = self.page
        rows, spans, heads = self._grid(element)
        if len(rows) == 1 and len(rows[0]) == 1:
            yield from rows[0][0]
            return
        texts = [["\n".join(map(inline_text, cell)) for cell in row] for row in rows]
        if any(text.strip() for row in texts for text in row):
            yield from table_blocks(fill_spans(texts, spans, heads), page=page)

    def _grid(self, element: etree._Element) -> tuple[list[list[list[Block]]], list[Span], int]:
        """The blocks of each cell, the merged cells, and how many rows repeat as header on every page."""
        rows: list[list[list[Block]]] = []
        open_spans: dict[int, Span] = {}
        spans: list[Span] = []
        heads = 0
        for row in _unwrapped(element, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                continue
            if properties is not None and properties.find(f"{W}tblHeader") is not None and heads == len(rows):
                heads += 1
            skipped = to_int(value_of(properties.find(f"{W}gridBefore")), 0) if properties is not None else 0
            cells: list[list[Block]] = [[] for _ in range(min(max(skipped, 0), 100))]
            for cell in _unwrapped(row, f"{W}tc"):
                column, width = len(cells), min(max(_cell_value(cell, "gridSpan", 1), 1), 100)
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                continued = merge is not None and value_of(merge) != "restart" and column in open_spans
                if continued:
                    open_spans[column] = open_spans[column]._replace(
                        rows=len(rows) + 1 - open_spans[column].row
                    )
                else:
                    if column in open_spans:
                        spans.append(open_spans.pop(column))
                    open_spans[column] = Span(len(rows), column, 1, width)
                cells += [list(self.blocks_of(cell)), *([] for _ in range(width - 1))]
            rows.append(cells)
        merged = [span for span in (*spans, *open_spans.values()) if span.rows > 1 or span.columns > 1]
        return rows, merged, heads if heads < len(rows) else 0


def inline_text(block: Block) -> str:
    """A block of a cell as lines of its text: a nested table as its cells."""
    if block.kind is BlockKind.HEADING:
        return block.title
    if block.kind is not BlockKind.TABLE:
        return block.text
    rows = [line.strip("| ") for line in block.text.split("\n") if not line.startswith("| ---")]
    return "\n".join(" / ".join(filter(None, map(str.strip, row.split(" | ")))) for row in rows)


def _is_contents(element: etree._Element) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return value_of(gallery) == "Table of Contents"


def _unwrapped(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The children of a tag, also those in content controls and insertions."""
    for item in element:
        if item.tag == tag:
            yield item
        elif item.tag in _WRAPPERS:
            yield from _unwrapped(item, tag)


def _outermost(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The highest descendants of a tag, of alternatives those that are shown."""
    for item in alternatives(element) if element.tag == f"{MC}AlternateContent" else element:
        if item.tag == tag:
            yield item
        else:
            yield from _outermost(item, tag)


def _cell_value(cell: etree._Element, name: str, default: int) -> int:
    return to_int(value_of(cell.find(f"{W}tcPr/{W}{name}")), default)

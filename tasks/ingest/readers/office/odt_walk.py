"""The walk through an OpenDocument text: paragraphs, lists, tables, frames, notes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from tasks.ingest.contract import (
    Block,
    BlockKind,
    Boilerplate,
    ReadOptions,
    UnreadableError,
    heading,
    list_item,
    paragraph,
    table_blocks,
)
from tasks.ingest.readers.office.grid import Span, fill_spans
from tasks.ingest.readers.office.odf import OFFICE, TABLE, TEXT, table_count, to_count

_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_SKIPPED = frozenset(
    {
        f"{OFFICE}annotation",
        f"{OFFICE}annotation-end",
        f"{TEXT}tracked-changes",
        f"{TEXT}ruby-text",
        f"{TEXT}note-citation",
    }
)
_MARKS = {f"{TEXT}line-break": "\n", f"{TEXT}tab": "\t"}
_INDEXES = (
    "table-of-content illustration-index table-index object-index user-index alphabetical-index bibliography"
)
_CONTENTS = frozenset(f"{TEXT}{name}" for name in _INDEXES.split())
_TITLE_STYLES = ("Title", "表題")
_MAX_CELLS = 1_000_000
"""Cells of one table, counting those that stand for many."""


@dataclass
class TextReader:
    """Walks the text of a document."""

    options: ReadOptions
    numbered: set[tuple[str, int]]
    """Name of a list style and level (from 1) where its items are numbered."""
    parents: dict[str, str]
    """The style that each style is made from."""
    page: int | None = None
    title: str = ""
    notes: list[Block] = field(default_factory=list)
    floating: list[Block] = field(default_factory=list)
    """Blocks of the frames anchored in the paragraph at hand."""

    def blocks_of(self, container: Iterable[etree._Element]) -> Iterator[Block]:
        """The blocks of a body, section, cell, note or frame."""
        for item in container:
            if item.tag in _SKIPPED:
                continue
            if item.tag in (f"{TEXT}p", f"{TEXT}h"):
                yield from self._paragraph_blocks(item)
            elif item.tag == f"{TEXT}list":
                yield from self._list_blocks(item, 1, item.get(f"{TEXT}style-name", ""))
            elif item.tag == f"{TABLE}table":
                yield from self._table_blocks(item)
            elif item.tag == f"{TEXT}soft-page-break":
                self._turn_page()
            elif item.tag in _CONTENTS:
                for block in self.blocks_of(item.iterfind(f"{TEXT}index-body")):
                    yield replace(block, boilerplate=Boilerplate.NAVIGATION)
            elif item.tag == f"{_DRAW}frame":
                yield from self._frame_blocks(item)
            else:
                yield from self.blocks_of(item)

    def _paragraph_blocks(self, element: etree._Element) -> Iterator[Block]:
        outer, self.floating = self.floating, []
        page = self.page
        text = self._text(element)
        style = element.get(f"{TEXT}style-name", "")
        is_title = style in _TITLE_STYLES or self.parents.get(style) in _TITLE_STYLES
        if text.strip() and element.tag == f"{TEXT}h":
            yield heading(text, to_count(element.get(f"{TEXT}outline-level"), 1), page=page)
        elif text.strip() and is_title:
            self.title = self.title or " ".join(text.split())
            yield heading(text, 1, page=page)
        elif text.strip():
            yield paragraph(text, page=page)
        yield from self.floating
        self.floating = outer

    def _text(self, element: etree._Element) -> str:
        """The text of a paragraph; white space of the XML counts as one space, as the format says."""
        parts = [_one_space(element.text)]
        for item in element:
            if item.tag in _MARKS:
                parts.append(_MARKS[item.tag])
            elif item.tag == f"{TEXT}s":
                parts.append(" " * min(to_count(item.get(f"{TEXT}c"), 1), 100))
            elif item.tag == f"{TEXT}soft-page-break":
                self._turn_page()
            elif item.tag == f"{TEXT}note":
                parts.append(self._note_mark(item))
            elif str(item.tag).startswith(_DRAW) and item.tag != f"{_DRAW}a":
                self.floating += self._frame_blocks(item)
            elif item.tag not in _SKIPPED:
                parts.append(self._text(item))
            parts.append(_one_space(item.tail))
        return "".join(parts)

    def _note_mark(self, note: etree._Element) -> str:
        at = len(self.notes)
        self.notes.append(paragraph(""))
        body = note.find(f"{TEXT}note-body")
        texts = [_inline(block) for block in self.blocks_of(body)] if body is not None else []
        self.notes[at] = paragraph(f"[^{at + 1}]: " + "\n".join(texts))
        return f"[^{at + 1}]"

    def _list_blocks(self, element: etree._Element, depth: int, style: str) -> Iterator[Block]:
        number = 0
        for item in element:
            is_item = item.tag == f"{TEXT}list-item"
            number = to_count(item.get(f"{TEXT}start-value"), number + 1) if is_item else number
            mark = f"{number}." if (style, depth) in self.numbered else "-"
            said = False
            for child in item:
                if child.tag == f"{TEXT}list":
                    yield from self._list_blocks(child, depth + 1, child.get(f"{TEXT}style-name", style))
                    continue
                for block in self.blocks_of([child]):
                    if block.kind is BlockKind.PARAGRAPH and not said and is_item:
                        said = True
                        yield list_item(block.text, min(depth, 9), mark, page=block.page)
                    else:
                        yield block

    def _table_blocks(self, element: etree._Element) -> list[Block]:
        page = self.page
        rows: list[list[str]] = []
        spans: list[Span] = []
        heads = cells_read = 0
        for row in _rows(element):
            if row.tag == f"{TEXT}soft-page-break":
                self._turn_page()
                continue
            cells: list[str] = []
            for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                span = Span(
                    len(rows),
                    len(cells),
                    *(table_count(cell, f"number-{n}-spanned") for n in ("rows", "columns")),
                )
                if span.rows > 1 or span.columns > 1:
                    spans.append(span)
                text = "\n".join(map(_inline, self.blocks_of(cell)))
                cells += [text] * min(table_count(cell, "number-columns-repeated"), 1_000)
            repeated = min(table_count(row, "number-rows-repeated"), 1_000)
            cells_read += repeated * len(cells)
            if cells_read > _MAX_CELLS:
                raise UnreadableError("too_large", f"a table of more than {_MAX_CELLS} cells")
            rows += [cells] * repeated
            parent = row.getparent()
            heads += parent is not None and parent.tag == f"{TABLE}table-header-rows"
        filled = any(text.strip() for row in rows for text in row)
        heads = heads if heads < len(rows) else 0
        return table_blocks(fill_spans(rows, spans, heads), page=page) if filled else []

    def _frame_blocks(self, frame: etree._Element) -> list[Block]:
        """The text of a text box or shape, or the description of a picture."""
        blocks = list(self.blocks_of(item for item in frame if not str(item.tag).startswith(_SVG)))
        if frame.tag == f"{_DRAW}frame" and not blocks:
            said = [(frame.findtext(f"{_SVG}{name}") or "").strip() for name in ("title", "desc")]
            blocks += [paragraph(text, page=self.page) for text in dict.fromkeys(said) if text]
        return blocks

    def _turn_page(self) -> None:
        if self.page is None:
            return
        self.page += 1
        if self.page > self.options.max_pages:
            raise UnreadableError("too_many_pages", f"more than {self.options.max_pages} pages")


def _inline(block: Block) -> str:
    return block.title if block.kind is BlockKind.HEADING else block.text


def _one_space(text: str | None) -> str:
    if not text:
        return ""
    start = " " if text[0] in " \t\r\n" else ""
    end = " " if text[-1] in " \t\r\n" else ""
    words = text.split()
    return f"{start}{' '.join(words)}{end}" if words else " "


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, also those in header rows and groups, and the page breaks between them."""
    for item in table:
        if item.tag in (f"{TABLE}table-row", f"{TEXT}soft-page-break"):
            yield item
        elif item.tag in tuple(
            f"{TABLE}{name}" for name in ("table-header-rows", "table-rows", "table-row-group")
        ):
            yield from _rows(item)

"""Word documents of before 2007 (doc), out of the streams that olefile (BSD) gives, by [MS-DOC].

No well-kept library of a permissive licence reads their text.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from tasks.ingest.contract import (
    Block,
    Boilerplate,
    DocumentContent,
    ReadOptions,
    heading,
    list_item,
    paragraph,
    table_blocks,
)
from tasks.ingest.readers.office.doc_text import DocText, Properties, join_units
from tasks.ingest.readers.office.ole import Ole, read_ole

_IN_TABLE, _ROW_END, _LEVEL, _LIST, _OUTLINE = 0x2416, 0x2417, 0x260A, 0x460B, 0x2640
_TITLE = 62
_BULLETS = {48: 1, 54: 2, 55: 3, 56: 4, 57: 5, 49: 1, 58: 2, 59: 3, 60: 4, 61: 5}
"""Depth of the built-in styles of lists, bulleted and numbered."""
_END = re.compile("[\r\x07\x0c]")
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x15]*))?\x15")
_OPEN_FIELD = re.compile("\x13[^\x13-\x15]*(?:\x14|$)")
"""The code of a field that ends in a later paragraph, as a table of contents does."""
_SPECIAL = {"\x0b": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": ""}
_CONTROLS = re.compile("[\x00-\x08\x0f-\x1f]")
_FOOTERS = (2, 3, 5)
"""Of the six stories of a section: headers and footers of even, odd and first pages."""


class _Paragraph(NamedTuple):
    first: int
    """Position of its first character in the document."""
    text: str
    end: str
    """The mark that ends it."""
    properties: Properties


def read_doc(content: bytes, options: ReadOptions) -> DocumentContent:
    """The body with headings, lists and tables, text boxes, then the notes; page headers and footers are marked.

    Comments and deleted text are left out; numbers of lists are not known.

    Raises:
        UnreadableError: empty; encrypted; corrupt; unsupported, for Word 6 and 95; what readers of docx, odt, rtf and
            html raise, for such a file named .doc.
    """
    return read_ole(content, options, _read)


def _read(ole: Ole) -> DocumentContent:
    document = DocText(ole)
    styles = document.built_in_styles()
    parts: list[list[_Paragraph]] = [[] for _ in document.counts]
    ends = [sum(document.counts[: at + 1]) for at in range(len(document.counts))]
    for item in _paragraphs(document):
        part = next((at for at, end in enumerate(ends) if item.first < end), None)
        if part is not None:
            parts[part].append(item)
    body, footnotes, headers, _, _, endnotes, boxes, _ = parts
    blocks = list(_blocks(body, styles))
    title = next((block.title for block in blocks if block.level == 1 and block.title), "")
    for items in (boxes, footnotes, endnotes):
        blocks += _blocks(items, styles)
    above, below = _page_frames(headers, document.header_stories(), ends[1], styles)
    metadata = ole.properties()
    return DocumentContent([*above, *blocks, *below], metadata.get("title") or title, (), metadata)


def _paragraphs(document: DocText) -> Iterator[_Paragraph]:
    """The paragraphs of all parts, without deleted text."""
    first, pending = 0, ""
    for piece in document.pieces:
        text = _without(piece.text, piece.offset, piece.width, document.deleted)
        begin = 0
        for end in _END.finditer(text):
            properties = document.paragraph_at(piece.offset + end.start() * piece.width)
            yield _Paragraph(first, pending + text[begin : end.start()], end[0], properties)
            first, pending, begin = piece.first + end.end(), "", end.end()
        pending += text[begin:]
    if pending:
        yield _Paragraph(first, pending, "", Properties(0, {}))


def _without(text: str, offset: int, width: int, deleted: list[tuple[int, int]]) -> str:
    """`text` with NUL, which is no text, where it is deleted; marks of paragraphs stay."""
    for start, end in deleted:
        first, last = max(0, (start - offset) // width), min(len(text), (end - offset) // width)
        if first < last:
            text = text[:first] + re.sub("[^\r\x07\x0c]", "\0", text[first:last]) + text[last:]
    return text


def _blocks(items: list[_Paragraph], styles: list[int]) -> Iterator[Block]:
    rows: list[list[str]] = []
    cells: list[str] = []
    lines: list[str] = []
    for item in [*items, _Paragraph(0, "", "", Properties(0, {}))]:
        text = _plain(item.text)
        if item.properties.is_set(_ROW_END) and item.end == "\x07":
            rows.append(cells)
            cells = []
        elif item.end == "\x07":
            cells.append("\n".join([*lines, text]).strip("\n"))
            lines = []
        elif item.properties.is_set(_IN_TABLE):
            lines.append(text)
        else:
            loose = [*([cells] if cells else []), *([lines] if lines else [])]
            yield from table_blocks([row for row in [*rows, *loose] if any(map(str.strip, row))])
            rows, cells, lines = [], [], []
            if text.strip():
                yield _block(text, item.properties, styles)


def _block(text: str, properties: Properties, styles: list[int]) -> Block:
    built_in = styles[properties.style] if properties.style < len(styles) else -1
    outline = properties.values.get(_OUTLINE, b"\x09")[:1]
    level = built_in if 1 <= built_in <= 9 else 1 if built_in == _TITLE else 0
    if not level and outline and outline[0] < 9:
        level = outline[0] + 1
    if level:
        return heading(text, level)
    if properties.is_set(_LIST):
        return list_item(text, 1 + min(8, int.from_bytes(properties.values.get(_LEVEL, b""), "little")))
    return list_item(text, _BULLETS[built_in]) if built_in in _BULLETS else paragraph(text)


def _page_frames(
    items: list[_Paragraph], starts: list[int], first: int, styles: list[int]
) -> tuple[list[Block], list[Block]]:
    """The blocks of page headers and of footers, each text once."""
    found: dict[Boilerplate, dict[str, Block]] = {Boilerplate.PAGE_HEADER: {}, Boilerplate.PAGE_FOOTER: {}}
    for story, (start, end) in enumerate(pairwise(starts[6:])):
        mark = Boilerplate.PAGE_FOOTER if story % 6 in _FOOTERS else Boilerplate.PAGE_HEADER
        inside = [item for item in items if start <= item.first - first < end]
        for block in _blocks(inside, styles):
            found[mark].setdefault(block.text, replace(block, boilerplate=mark))
    return list(found[Boilerplate.PAGE_HEADER].values()), list(found[Boilerplate.PAGE_FOOTER].values())


def _plain(text: str) -> str:
    """Without marks of pictures and notes; of fields what they show."""
    before = ""
    while before != text:
        before, text = text, _FIELD.sub(lambda field: field[1] or "", text)
    text = _OPEN_FIELD.sub("", text)
    for char, meaning in _SPECIAL.items():
        text = text.replace(char, meaning)
    return join_units(_CONTROLS.sub("", text))

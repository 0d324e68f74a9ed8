"""The walk through an HTML tree, in one pass without recursion; see `html` for the choice of the parser."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from selectolax.lexbor import LexborNode

from tasks.ingest.contract import code, paragraph, table_blocks
from tasks.ingest.readers.lines import split_paragraphs
from tasks.ingest.readers.web.html_elements import (
    BLOCK_TAGS,
    CODE_TAGS,
    CONTENT_TAGS,
    LIST_TAGS,
    PREFORMATTED_TAGS,
    SILENT_TAGS,
    Classify,
    is_hidden,
)
from tasks.ingest.readers.web.html_tables import read_table
from tasks.ingest.readers.web.html_writer import BlockWriter, Context, Item, OpenList, Span, Walked

_LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#.-]+)")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|ico)", re.IGNORECASE)
_SHORT_URL = re.compile(r"(?:https?://|mailto:)\S{1,120}")
_LONG_PROSE = 2000
"""Characters from which preformatted text that nothing calls code is read as paragraphs."""


class _Open(NamedTuple):
    """An element that was entered: what leaving it needs."""

    tag: str
    outer: Context
    start: int
    """Where the block at hand stood when it was entered."""
    blocks: int
    """Blocks there were when it was entered."""
    href: str
    span: Span | None


def walk(root: LexborNode, classify: Classify, **where: Any) -> Walked:
    """The blocks under `root`; `where` goes into each (page, part)."""
    walker = _Walker(classify, where)
    walker.run(root)
    return walker.writer.walked


class _Walker:
    """Enters and leaves elements; what stands in them goes to the writer."""

    def __init__(self, classify: Classify, where: Mapping[str, Any]) -> None:
        self.classify = classify
        self.where = where
        self.writer = BlockWriter(where)
        self.open: list[_Open] = []

    def run(self, root: LexborNode) -> None:
        waiting: list[tuple[LexborNode, bool]] = [(root, False)]
        while waiting:
            node, is_end = waiting.pop()
            if is_end:
                self._leave()
                continue
            if node is not root and (after := node.next) is not None:
                waiting.append((after, False))
            if node.is_text_node:
                self.writer.add(node.text_content or "")
            elif node.is_element_node and self._enter(node):
                waiting.append((node, True))
                if (first := node.first_child) is not None:
                    waiting.append((first, False))
        self.writer.flush()

    def _enter(self, node: LexborNode) -> bool:
        """Whether the children are to be walked."""
        tag, attributes = node.tag or "", node.attributes
        if tag in SILENT_TAGS or is_hidden(attributes):
            return False
        if tag == "br":
            self.writer.add_break()
        elif tag == "img":
            self._add_image(attributes)
        elif tag == "math":
            source = node.css_first('annotation[encoding="application/x-tex"]')
            self.writer.add(attributes.get("alttext") or (source or node).text())
        elif tag in PREFORMATTED_TAGS:
            self.writer.flush()
            self._add_preformatted(node, attributes)
        elif tag != "table" or not self._add_table(node):
            if tag == "a" and node.prev is not None and node.prev.tag == "a":
                self.writer.add(" ")  # entries of a menu, which its style keeps apart
            self._open(tag, attributes)
            return True
        return False

    def _open(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in BLOCK_TAGS:
            self.writer.flush()
        outer, blocks = self.writer.context, self.writer.walked.blocks
        mark = self.classify(tag, attributes, outer.in_content)
        span = Span(mark, len(blocks)) if mark else None
        href = attributes.get("href") or "" if tag == "a" else ""
        self.open.append(_Open(tag, outer, self.writer.position, len(blocks), href, span))
        self.writer.context = self._inner(tag, attributes)

    def _inner(self, tag: str, attributes: Mapping[str, str | None]) -> Context:
        outer = self.writer.context
        depth = outer.within.depth if outer.within else 0
        if tag in CONTENT_TAGS or attributes.get("role") == "main":
            self.writer.walked.has_content_tag = True
            return outer._replace(in_content=True)
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            return outer._replace(heading=int(tag[1]))
        if tag in LIST_TAGS or tag == "dl":
            start = attributes.get("start") or "1"
            number = (int(start) if start.isdecimal() and len(start) < 9 else 1) if tag == "ol" else None
            return outer._replace(within=OpenList(number, depth + 1))
        if tag == "li":
            return outer._replace(within=outer.within or OpenList(None, 1), item=Item(self._next_mark()))
        if tag in ("dt", "dd"):
            listed = OpenList(None, max(depth, 1) + (tag == "dd"))
            return outer._replace(within=listed, item=Item("-"), is_term=tag == "dt")
        if tag == "blockquote":
            return outer._replace(quotes=outer.quotes + 1, within=None, item=None)
        return outer._replace(in_link=True) if tag == "a" else outer

    def _next_mark(self) -> str:
        listed = self.writer.context.within
        if listed is None or listed.number is None:
            return "-"
        listed.number += 1
        return f"{listed.number - 1}."

    def _leave(self) -> None:
        left = self.open.pop()
        if left.tag in BLOCK_TAGS:
            self.writer.flush()
        elif left.blocks == len(self.writer.walked.blocks):
            if left.tag in CODE_TAGS:
                self.writer.mark_code(left.start)
            elif _SHORT_URL.fullmatch(left.href) and not self.writer.has_text(left.start):
                self.writer.add(left.href)
        if left.span is not None:
            left.span.end = len(self.writer.walked.blocks)
            if left.span.end > left.span.start:
                self.writer.walked.spans.append(left.span)
        self.writer.context = left.outer

    def _add_image(self, attributes: Mapping[str, str | None]) -> None:
        alt = (attributes.get("alt") or "").strip()
        if alt and not _FILE_NAME.fullmatch(alt):
            self.writer.add(alt)

    def _add_preformatted(self, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        text = _raw_text(node).strip("\n")
        inner = node.css_first("code")
        around = node.parent if node.parent is not None and node.parent.tag in ("div", "figure") else None
        named = [each.attributes.get("class") or "" for each in (inner, around) if each is not None]
        language = _LANGUAGE.search(" ".join([attributes.get("class") or "", *named]))
        if inner is not None or language is not None or len(text) <= _LONG_PROSE:
            if text.strip():
                self.writer.emit(code(text, language[1] if language else "", **self.where))
            return
        for part in split_paragraphs(text):
            self.writer.emit(paragraph(part, **self.where))

    def _add_table(self, node: LexborNode) -> bool:
        """Whether the table holds data, and was added; else it is walked as any element."""
        found = read_table(node, self._cell_text)
        if found is None:
            return False
        self.writer.flush()
        if found.caption:
            self.writer.emit(paragraph(found.caption, **self.where))
        if len(found.rows) == 1:
            self.writer.add_block(" ".join(filter(None, found.rows[0])))
        for block in table_blocks(found.rows, **self.where) if len(found.rows) > 1 else ():
            self.writer.emit(block)
        return True

    def _cell_text(self, cell: LexborNode) -> str:
        only = cell.first_child
        if only is None or (only.is_text_node and only.next is None):
            return " ".join((only.text_content or "").split()) if only is not None else ""
        inner = walk(cell, lambda *_: None)
        return "\n".join(block.title if block.level and block.title else block.text for block in inner.blocks)


def _raw_text(root: LexborNode) -> str:
    """Text under `root` with its white space."""
    parts: list[str] = []
    for node in root.traverse(include_text=True):
        if node.is_text_node:
            parts.append(node.text_content or "")
        elif node.tag == "br":
            parts.append("\n")
    return "".join(parts)

"""An HTML tree to blocks, in one pass without recursion; see `html` for the choice of the parser."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from selectolax.lexbor import LexborNode

from tasks.ingest.contract import (
    Block,
    BlockKind,
    Boilerplate,
    code,
    heading,
    list_item,
    paragraph,
    table_blocks,
)
from tasks.ingest.readers.html_tables import is_hidden, read_table

_BLOCK_TAGS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "search",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_SILENT_TAGS = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "iframe",
        "object",
        "embed",
        "applet",
        "canvas",
        "audio",
        "video",
        "map",
        "datalist",
        "textarea",
        "rt",
        "rp",
        "rtc",
        "noframes",
        "frameset",
    ]
)
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_CONTENT_TAGS = frozenset({"article", "main"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_WIDE = r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]"
_WRAPPED = re.compile(rf"(?<={_WIDE})[ \t\r\f]*\n[ \t\r\n\f]*(?={_WIDE})")
_BREAK = "\x00"  # no text from the parser holds it
_LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#.-]+)")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|ico)", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t\u3000]*+\n\s*+")
_SHORT_URL = re.compile(r"(?:https?://|mailto:)\S{1,120}")
_LONG_ITEM = 600
"""Characters of a list item from which a further paragraph of it becomes a block of its own."""
_LONG_PROSE = 2000
"""Characters from which preformatted text that nothing calls code is read as paragraphs."""


class Mark(NamedTuple):
    """What an element's tag, role and names say of the text in it."""

    boilerplate: Boilerplate
    is_sure: bool = True
    """False: only if the text in it is few, or links."""


Classify = Callable[[str, Mapping[str, str | None], bool], Mark | None]
"""Mark of an element, from its tag, its attributes and whether it stands in <main> or <article>."""


@dataclass
class Span:
    """Blocks `start` to `end` stand in one marked element."""

    mark: Mark
    start: int
    end: int = 0


class Links(NamedTuple):
    number: int
    share: float
    """Of the block's characters, spaces left out, that are links."""


_NO_LINKS = Links(0, 0.0)


@dataclass
class Walked:
    """Blocks in document order, and the links in each."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Links] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    has_content_tag: bool = False


@dataclass
class _Item:
    mark: str
    block: int | None = None
    """Position of the block that holds it."""


@dataclass
class _List:
    number: int | None
    depth: int


class _Context(NamedTuple):
    heading: int = 0
    within: _List | None = None
    item: _Item | None = None
    quotes: int = 0
    in_link: bool = False
    in_content: bool = False
    is_term: bool = False


class _Open(NamedTuple):
    """An element that was entered: what leaving it needs."""

    tag: str
    outer: _Context
    start: int
    """Length of the inline text when it was entered."""
    blocks: int
    """Blocks there were when it was entered."""
    href: str
    span: Span | None


def walk(root: LexborNode, classify: Classify, **where: Any) -> Walked:
    """The blocks under `root`; `where` goes into each (page, part)."""
    walker = _Walker(classify, where)
    walker.run(root)
    return walker.walked


class _Walker:
    def __init__(self, classify: Classify, where: Mapping[str, Any]) -> None:
        self.classify = classify
        self.where = where
        self.walked = Walked()
        self.context = _Context()
        self.open: list[_Open] = []
        self.inline: list[str] = []
        self.links = 0
        self.link_characters = 0

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
                self._add(node.text_content or "")
            elif node.is_element_node and self._enter(node):
                waiting.append((node, True))
                if (first := node.first_child) is not None:
                    waiting.append((first, False))
        self._flush()

    def _enter(self, node: LexborNode) -> bool:
        """Whether the children are to be walked."""
        tag, attributes = node.tag or "", node.attributes
        if tag in _SILENT_TAGS or is_hidden(attributes):
            return False
        if tag == "br":
            self.inline.append(_BREAK)
        elif tag == "img":
            self._add_image(attributes)
        elif tag == "math":
            source = node.css_first('annotation[encoding="application/x-tex"]')
            self._add(attributes.get("alttext") or (source or node).text())
        elif tag in ("pre", "listing", "xmp"):
            self._flush()
            self._add_preformatted(node, attributes)
        elif tag != "table" or not self._add_table(node):
            if tag == "a" and node.prev is not None and node.prev.tag == "a":
                self.inline.append(" ")  # entries of a menu, which its style keeps apart
            self._open(tag, attributes)
            return True
        return False

    def _open(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in _BLOCK_TAGS:
            self._flush()
        outer, blocks = self.context, self.walked.blocks
        mark = self.classify(tag, attributes, outer.in_content)
        span = Span(mark, len(blocks)) if mark else None
        href = attributes.get("href") or "" if tag == "a" else ""
        self.open.append(_Open(tag, outer, len(self.inline), len(blocks), href, span))
        self.context = self._inner(tag, attributes)

    def _inner(self, tag: str, attributes: Mapping[str, str | None]) -> _Context:
        outer = self.context
        depth = outer.within.depth if outer.within else 0
        if tag in _CONTENT_TAGS or attributes.get("role") == "main":
            self.walked.has_content_tag = True
            return outer._replace(in_content=True)
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            return outer._replace(heading=int(tag[1]))
        if tag in _LISTS or tag == "dl":
            start = attributes.get("start") or "1"
            number = (int(start) if start.isdecimal() and len(start) < 9 else 1) if tag == "ol" else None
            return outer._replace(within=_List(number, depth + 1))
        if tag == "li":
            return outer._replace(within=outer.within or _List(None, 1), item=_Item(self._next_mark()))
        if tag in ("dt", "dd"):
            listed = _List(None, max(depth, 1) + (tag == "dd"))
            return outer._replace(within=listed, item=_Item("-"), is_term=tag == "dt")
        if tag == "blockquote":
            return outer._replace(quotes=outer.quotes + 1, within=None, item=None)
        return outer._replace(in_link=True) if tag == "a" else outer

    def _next_mark(self) -> str:
        listed = self.context.within
        if listed is None or listed.number is None:
            return "-"
        listed.number += 1
        return f"{listed.number - 1}."

    def _leave(self) -> None:
        left = self.open.pop()
        if left.tag in _BLOCK_TAGS:
            self._flush()
        elif left.tag in ("code", "kbd", "samp", "tt") and left.blocks == len(self.walked.blocks):
            text = _SPACES.sub(" ", "".join(self.inline[left.start :])).strip()
            if text and "`" not in text and _BREAK not in text and not self.context.heading:
                self.inline[left.start :] = [f"`{text}`"]
        elif (
            left.blocks == len(self.walked.blocks)
            and _SHORT_URL.fullmatch(left.href)
            and not "".join(self.inline[left.start :]).strip()
        ):
            self._add(left.href)
        if left.span is not None:
            left.span.end = len(self.walked.blocks)
            if left.span.end > left.span.start:
                self.walked.spans.append(left.span)
        self.context = left.outer

    def _add(self, text: str) -> None:
        self.inline.append(text)
        if self.context.in_link:
            self.links += bool(text.strip())
            self.link_characters += len("".join(text.split()))

    def _add_image(self, attributes: Mapping[str, str | None]) -> None:
        alt = (attributes.get("alt") or "").strip()
        if alt and not _FILE_NAME.fullmatch(alt):
            self._add(alt)

    def _add_preformatted(self, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        text = _raw_text(node).strip("\n")
        inner = node.css_first("code")
        around = node.parent if node.parent is not None and node.parent.tag in ("div", "figure") else None
        named = [each.attributes.get("class") or "" for each in (inner, around) if each is not None]
        language = _LANGUAGE.search(" ".join([attributes.get("class") or "", *named]))
        if inner is not None or language is not None or len(text) <= _LONG_PROSE:
            if text.strip():
                self._emit(code(text, language[1] if language else "", **self.where))
            return
        for part in split_paragraphs(text):
            self._emit(paragraph(part, **self.where))

    def _add_table(self, node: LexborNode) -> bool:
        """Whether the table holds data, and was added; else it is walked as any element."""
        found = read_table(node, self._cell_text)
        if found is None:
            return False
        self._flush()
        if found.caption:
            self._emit(paragraph(found.caption, **self.where))
        if len(found.rows) == 1:
            self.inline.append(" ".join(filter(None, found.rows[0])))
            self._flush()
        for block in table_blocks(found.rows, **self.where) if len(found.rows) > 1 else ():
            self._emit(block)
        return True

    def _cell_text(self, cell: LexborNode) -> str:
        only = cell.first_child
        if only is None or (only.is_text_node and only.next is None):
            return " ".join((only.text_content or "").split()) if only is not None else ""
        inner = walk(cell, lambda *_: None)
        return "\n".join(block.title if block.level and block.title else block.text for block in inner.blocks)

    def _flush(self) -> None:
        """The inline text so far becomes a block, or several where empty lines part it."""
        raw = "".join(self.inline)
        links = Links(self.links, self.link_characters / max(1, len("".join(raw.split()))))
        self.inline.clear()
        self.links = self.link_characters = 0
        text = _SPACES.sub(" ", _WRAPPED.sub("", raw)).replace(_BREAK, "\n")
        lines = [line.strip() for line in text.strip().split("\n")]
        for part in re.split(r"\n{2,}", "\n".join(lines).strip("\n")):
            if part.strip():
                self._emit_text(part, links)

    def _emit_text(self, text: str, links: Links) -> None:
        context = self.context
        if context.quotes:
            quoted = "\n".join("> " * min(context.quotes, 9) + line for line in text.split("\n"))
            self._emit(Block(BlockKind.QUOTE, quoted, **self.where), links)
        elif context.heading:
            self._emit(heading(text, context.heading, **self.where), links)
        elif context.item is not None and context.within is not None:
            self._emit_item(
                f"**{text}**" if context.is_term else text, context.item, context.within.depth, links
            )
        else:
            self._emit(paragraph(text, **self.where), links)

    def _emit_item(self, text: str, item: _Item, depth: int, links: Links) -> None:
        blocks = self.walked.blocks
        depth = min(depth, 9)
        if item.block is None:
            item.block = len(blocks)
            self._emit(list_item(text, depth, item.mark, **self.where), links)
            return
        indent = "  " * (depth - 1) + " " * (len(item.mark) + 1)
        text = indent + text.replace("\n", f"\n{indent}")
        if item.block == len(blocks) - 1 and len(blocks[-1].text) < _LONG_ITEM:
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text}\n{text}")
            self.walked.links[-1] = min(self.walked.links[-1], links, key=lambda each: each.share)
        else:
            self._emit(Block(BlockKind.LIST_ITEM, text, level=depth, **self.where), links)

    def _emit(self, block: Block, links: Links = _NO_LINKS) -> None:
        self.walked.blocks.append(block)
        self.walked.links.append(links)


def split_paragraphs(text: str) -> list[str]:
    """The parts of plain text (LF) that blank lines part."""
    return [part for part in _BLANK_LINES.split(text) if part.strip()]


def _raw_text(root: LexborNode) -> str:
    """Text under `root` with its white space."""
    parts: list[str] = []
    for node in root.traverse(include_text=True):
        if node.is_text_node:
            parts.append(node.text_content or "")
        elif node.tag == "br":
            parts.append("\n")
    return "".join(parts)

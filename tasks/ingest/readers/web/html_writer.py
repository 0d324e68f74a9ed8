"""The text of an HTML page to blocks: white space, links, headings, list items and quotes, by what surrounds it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tasks.ingest.contract import Block, BlockKind, heading, list_item, paragraph
from tasks.ingest.readers.web.html_elements import Mark

_SPACES = re.compile(r"[ \t\r\n\f]+")
_WIDE = r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]"
_WRAPPED = re.compile(rf"(?<={_WIDE})[ \t\r\f]*\n[ \t\r\n\f]*(?={_WIDE})")
_BREAK = "\x00"  # no text from the parser holds it
_LONG_ITEM = 600
"""Characters of a list item from which a further paragraph of it becomes a block of its own."""


class Links(NamedTuple):
    number: int
    share: float
    """Of the block's characters, spaces left out, that are links."""


_NO_LINKS = Links(0, 0.0)


@dataclass
class Span:
    """Blocks `start` to `end` stand in one marked element."""

    mark: Mark
    start: int
    end: int = 0


@dataclass
class Walked:
    """Blocks in document order, and the links in each."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Links] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    has_content_tag: bool = False


@dataclass
class OpenList:
    number: int | None
    """Of its next item; None where items have no numbers."""
    depth: int


@dataclass
class Item:
    mark: str
    block: int | None = None
    """Position of the block that holds it."""


class Context(NamedTuple):
    """What stands around the text at hand."""

    heading: int = 0
    within: OpenList | None = None
    item: Item | None = None
    quotes: int = 0
    in_link: bool = False
    in_content: bool = False
    is_term: bool = False


class BlockWriter:
    """Takes a page's text in pieces; the walk says where blocks end, and keeps `context` up to date."""

    def __init__(self, where: Mapping[str, Any]) -> None:
        self.context = Context()
        self.walked = Walked()
        self._where = where
        self._inline: list[str] = []
        """Text of the block at hand."""
        self._links = 0
        self._link_characters = 0

    @property
    def position(self) -> int:
        """Pieces of the block at hand so far."""
        return len(self._inline)

    def add(self, text: str) -> None:
        self._inline.append(text)
        if self.context.in_link:
            self._links += bool(text.strip())
            self._link_characters += len("".join(text.split()))

    def add_break(self) -> None:
        self._inline.append(_BREAK)

    def add_block(self, text: str) -> None:
        """Adds text that is a block of its own."""
        self._inline.append(text)
        self.flush()

    def has_text(self, start: int) -> bool:
        """Whether the pieces from `start` say anything."""
        return bool("".join(self._inline[start:]).strip())

    def mark_code(self, start: int) -> None:
        """Puts the pieces from `start` in back quotes, where they are a stretch of one line."""
        text = _SPACES.sub(" ", "".join(self._inline[start:])).strip()
        if text and "`" not in text and _BREAK not in text and not self.context.heading:
            self._inline[start:] = [f"`{text}`"]

    def flush(self) -> None:
        """The text so far becomes a block, or several where empty lines part it."""
        raw = "".join(self._inline)
        links = Links(self._links, self._link_characters / max(1, len("".join(raw.split()))))
        self._inline.clear()
        self._links = self._link_characters = 0
        text = _SPACES.sub(" ", _WRAPPED.sub("", raw)).replace(_BREAK, "\n")
        lines = [line.strip() for line in text.strip().split("\n")]
        for part in re.split(r"\n{2,}", "\n".join(lines).strip("\n")):
            if part.strip():
                self._emit_text(part, links)

    def emit(self, block: Block, links: Links = _NO_LINKS) -> None:
        self.walked.blocks.append(block)
        self.walked.links.append(links)

    def _emit_text(self, text: str, links: Links) -> None:
        context = self.context
        if context.quotes:
            quoted = "\n".join("> " * min(context.quotes, 9) + line for line in text.split("\n"))
            self.emit(Block(BlockKind.QUOTE, quoted, **self._where), links)
        elif context.heading:
            self.emit(heading(text, context.heading, **self._where), links)
        elif context.item is not None and context.within is not None:
            shown = f"**{text}**" if context.is_term else text
            self._emit_item(shown, context.item, min(context.within.depth, 9), links)
        else:
            self.emit(paragraph(text, **self._where), links)

    def _emit_item(self, text: str, item: Item, depth: int, links: Links) -> None:
        blocks = self.walked.blocks
        if item.block is None:
            item.block = len(blocks)
            self.emit(list_item(text, depth, item.mark, **self._where), links)
            return
        indent = "  " * (depth - 1) + " " * (len(item.mark) + 1)
        text = indent + text.replace("\n", f"\n{indent}")
        if item.block == len(blocks) - 1 and len(blocks[-1].text) < _LONG_ITEM:
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text}\n{text}")
            self.walked.links[-1] = min(self.walked.links[-1], links, key=lambda each: each.share)
        else:
            self.emit(Block(BlockKind.LIST_ITEM, text, level=depth, **self._where), links)

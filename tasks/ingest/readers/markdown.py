"""Markdown, by markdown-it-py (MIT), the parser that keeps the lines of each block: its text is a slice of the file."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tasks.ingest.contract import Block, BlockKind, DocumentContent, ReadOptions
from tasks.ingest.readers.lines import decode, unify_lines

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LONG_ITEM = 600
"""Characters of a list item from which its own blocks and sub-items become blocks."""
_KINDS = {
    "paragraph_open": BlockKind.PARAGRAPH,
    "table_open": BlockKind.TABLE,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "blockquote_open": BlockKind.QUOTE,
    "list_item_open": BlockKind.LIST_ITEM,
}
_LISTS = ("bullet_list_open", "ordered_list_open")


def read_markdown(content: bytes, options: ReadOptions) -> DocumentContent:
    """A block for each block of the text; YAML front matter becomes metadata, and gives the title if it has one.

    Raises:
        UnreadableError: undecodable.
    """
    text, problems = decode(content, options.encoding)
    text = unify_lines(text)
    front = _FRONT_MATTER.match(text)
    metadata = _front_matter(front[1] or "") if front else {}
    body = text[front.end() :] if front else text
    blocks = markdown_blocks(body, 1 + (front[0].count("\n") if front else 0))
    first = next((block.title for block in blocks if 0 < block.level <= 2 and block.title), "")
    return DocumentContent(blocks, metadata.get("title") or first, problems, metadata)


def markdown_blocks(text: str, first_line: int = 1) -> list[Block]:
    """The blocks of a Markdown text (LF), whose first line is `first_line` of the file."""
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(text)
    found = (
        block
        for at in _openings(tokens, 0, len(tokens), 0)
        for block in _blocks_of(lines, tokens, at, first_line, 0)
    )
    return [block for block in found if block.text.strip()]


def _blocks_of(
    lines: Sequence[str], tokens: Sequence[Token], at: int, first_line: int, depth: int
) -> Iterator[Block]:
    token = tokens[at]
    first, last = token.map or (0, 0)
    text = "\n".join(lines[first:last]).rstrip()
    is_item = token.type == "list_item_open"
    if token.type == "heading_open":
        title = tokens[at + 1].content
        level = int(token.tag[1])
        yield Block(BlockKind.HEADING, f"{'#' * level} {title}", title, level, line=first_line + first)
    elif token.type in _LISTS or (is_item and len(text) > _LONG_ITEM):
        for inner in _openings(tokens, at + 1, _closing(tokens, at), token.level + 1):
            yield from _blocks_of(lines, tokens, inner, first_line, depth + (token.type in _LISTS))
    else:
        kind = _KINDS.get(token.type, BlockKind.PARAGRAPH)
        if depth and kind is BlockKind.PARAGRAPH:
            kind = BlockKind.LIST_ITEM
        yield Block(kind, text, level=depth if is_item else 0, line=first_line + first)


def _openings(tokens: Sequence[Token], begin: int, end: int, level: int) -> Iterator[int]:
    """Indices of the tokens that open a block at `level`."""
    for index in range(begin, end):
        token = tokens[index]
        if token.level == level and token.map and token.nesting >= 0 and token.type != "inline":
            yield index


def _closing(tokens: Sequence[Token], at: int) -> int:
    if tokens[at].nesting == 0:
        return at
    return next(
        i for i in range(at + 1, len(tokens)) if tokens[i].level == tokens[at].level and tokens[i].nesting < 0
    )


def _front_matter(text: str) -> dict[str, str]:
    """The scalar values of YAML front matter, as strings."""
    try:
        values: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # ValueError: a date that does not exist
        return {}
    if not isinstance(values, dict):
        return {}
    return {str(key): str(value) for key, value in values.items() if isinstance(value, str | int | float)}

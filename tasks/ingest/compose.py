"""A reader's blocks to one document: each cleaned, joined to Markdown, with the span where it stands."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from tasks.ingest.contract import Block, BlockKind
from tasks.ingest.hygiene import clean_text


class Composed(NamedTuple):
    text: str
    blocks: list[dict[str, Any]]
    """Rows of records.BLOCKS: `text[start:end]` is the block."""
    changes: Counter[str]


def compose(blocks: Sequence[Block], nfkc: bool = False) -> Composed:
    """Cleans and joins `blocks`; those that hold nothing once cleaned leave no trace but in `changes`."""
    changes: Counter[str] = Counter()
    cleaned: list[tuple[Block, str]] = []
    for block in blocks:
        text, changed = clean_text(block.text, is_code=block.kind is BlockKind.CODE, nfkc=nfkc)
        changes += changed
        if text.strip():
            cleaned.append((block, text.rstrip()))
    parts: list[str] = []
    spans: list[dict[str, Any]] = []
    at, before = 0, None
    for block, text in cleaned:
        gap = _gap(before, block)
        parts += [gap, text]
        at += len(gap)
        spans.append(_span(block, at, at + len(text), nfkc))
        at, before = at + len(text), block
    return Composed("".join(parts), spans, changes)


def _gap(before: Block | None, block: Block) -> str:
    """Items of one list stand on lines of their own; everything else is a paragraph apart."""
    if before is None:
        return ""
    return "\n" if before.kind is block.kind is BlockKind.LIST_ITEM else "\n\n"


def _span(block: Block, start: int, end: int, nfkc: bool) -> dict[str, Any]:
    return {
        "kind": block.kind.value,
        "start": start,
        "end": end,
        "level": block.level,
        "title": clean_text(block.title, nfkc=nfkc)[0],
        "page": block.page,
        "part": block.part,
        "line": block.line,
        "boilerplate": block.boilerplate and block.boilerplate.value,
    }

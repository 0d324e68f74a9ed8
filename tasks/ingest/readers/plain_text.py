"""Plain text: paragraphs are what blank lines part."""

import re
from itertools import pairwise

from tasks.ingest.contract import Block, DocumentContent, ReadOptions, paragraph
from tasks.ingest.readers.lines import decode, unify_lines

_BLANK_LINES = re.compile(r"\n[ \t\u3000]*\n\s*")


def read_text(content: bytes, options: ReadOptions) -> DocumentContent:
    """A block for each paragraph.

    Raises:
        UnreadableError: undecodable.
    """
    text, problems = decode(content, options.encoding)
    return DocumentContent(text_blocks(unify_lines(text)), problems=problems)


def text_blocks(text: str, first_line: int = 1) -> list[Block]:
    """The paragraphs of `text` (LF), whose first line is `first_line` of the file."""
    cuts = [0, *(match.end() for match in _BLANK_LINES.finditer(text)), len(text)]
    blocks: list[Block] = []
    line = first_line
    for start, end in pairwise(cuts):
        if text[start:end].strip():
            blocks.append(paragraph(text[start:end], line=line))
        line += text.count("\n", start, end)
    return blocks

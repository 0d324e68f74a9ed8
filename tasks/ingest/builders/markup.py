"""Markdown of a block taken apart: its words, its lines without marks, the cells of a table."""

import re
from typing import NamedTuple

from tasks.ingest.builders.structure import Placed

_CELL = re.compile(r"((?:\\.|[^|])*)(?:\||$)")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?")
_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])?")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])")
_MARKS = re.compile(r"<[^<>]+>|\{%[^%]*%\}|\{[#:][^{}]*\}|(?<!\\)\*+|(?<!\w)__?(?=\S)|(?<=\S)__?(?!\w)|`+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class Cell(NamedTuple):
    text: str
    """Markdown, `<br>` as a line break."""
    start: int
    end: int


def cells_of(block: Placed) -> list[list[Cell]]:
    """Rows of a table block, header first, without the rule below it; [] for another block."""
    if block.kind != "table":
        return []
    rows, at = [], block.start
    for line in block.text.split("\n"):
        if line.strip() and not _RULE.fullmatch(line.strip()):
            rows.append(_cells(line, at))
        at += len(line) + 1
    return rows


def _cells(line: str, at: int) -> list[Cell]:
    """The cells of one line, which starts at character `at`."""
    begin = len(line) - len(line.lstrip())
    begin += line[begin : begin + 1] == "|"
    stop = len(line.rstrip())
    cells = []
    while begin < stop:
        match = _CELL.match(line, begin, stop)
        if match is None or match.end() == begin:
            break
        raw = match[1]
        start = at + begin + len(raw) - len(raw.lstrip())
        text = re.sub(r"(?i)<br\s*/?>", "\n", raw.strip()).replace("\\|", "|")
        cells.append(Cell(text, start, start + len(raw.strip())))
        begin = match.end()
    return cells


def plain(markdown: str) -> str:
    """The words of a line of Markdown, without links, emphasis, HTML and escapes."""
    text = _MARKS.sub("", _LINK.sub(r"\1", _IMAGE.sub("", markdown)))
    return " ".join(_ESCAPE.sub(r"\1", text).split())


def unmarked(text: str, block: Placed) -> str:
    """Lines of a block without the marks of the quotation, or the indent of the item, that they stand in."""
    if block.kind == "quote":
        return re.sub(r"(?m)^[ \t]*> ?", "", text)
    if block.kind != "list_item":
        return text
    indent = min((len(line) - len(line.lstrip()) for line in text.split("\n")[1:] if line.strip()), default=0)
    return re.sub(rf"(?m)^ {{{indent}}}", "", text) if indent else text

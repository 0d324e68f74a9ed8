"""The text of an RTF file to blocks, by the control words that end or begin paragraphs, rows and cells."""

import re
from dataclasses import dataclass, replace

from tasks.ingest.contract import Block, Boilerplate, heading, list_item, paragraph, table_blocks

_WIDEST = 200
"""Cells of a row of a table; Word writes 63 at most."""
_NUMBER = re.compile(r"\(?[0-9a-zA-Z]{1,5}[.):]?")


@dataclass
class _Paragraph:
    in_table: bool = False
    outline: int | None = None
    depth: int = 0
    list_mark: str = ""


class BlockBuilder:
    """Takes text and control words in order, and gives the blocks."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._text: list[str] = []
        """Of the paragraph or cell at hand."""
        self._paragraph = _Paragraph()
        self._rows: list[list[str]] = []
        self._cells: list[str] = []

    def add(self, text: str) -> None:
        self._text.append(text)

    def control(self, word: str, value: int | None, boilerplate: Boilerplate | None) -> None:
        """Follows one of `rtf_tokens.STRUCTURE`."""
        if word == "par" and self._paragraph.in_table:
            self.add("\n")
        elif word in ("par", "sect", "page"):
            self.end_paragraph(boilerplate)
        elif word == "cell":
            self._cells.append(self._take_text())
        elif word == "row":
            if self._cells:
                self._rows.append(self._cells)
            self._cells = []
        elif word == "pard":
            self._paragraph = replace(self._paragraph, in_table=False, outline=None, depth=0)
        elif word in ("intbl", "trowd"):
            self._paragraph.in_table = True
        elif word == "outlinelevel":
            self._paragraph.outline = value
        else:
            self._paragraph.depth = value or 0

    def end_list_mark(self) -> None:
        """The text so far is the mark of the item that follows."""
        self._paragraph.list_mark = "".join(self._text).strip() or "-"
        self._text.clear()

    def end_paragraph(self, boilerplate: Boilerplate | None) -> None:
        """The text so far, if there is any, becomes a block."""
        text = self._take_text()
        mark, depth = self._paragraph.list_mark, self._paragraph.depth + 1
        self._paragraph.list_mark = ""
        if not text:
            return
        self._end_table()
        outline = self._paragraph.outline
        if outline is not None and 0 <= outline < 9:
            block = heading(text, outline + 1, boilerplate=boilerplate)
        elif mark:
            shown = mark if _NUMBER.fullmatch(mark) else "-"
            block = list_item(text, min(depth, 9), shown, boilerplate=boilerplate)
        else:
            block = paragraph(text, boilerplate=boilerplate)
        self._blocks.append(block)

    def finish(self, boilerplate: Boilerplate | None) -> list[Block]:
        """All blocks, those of what is still open among them."""
        self.end_paragraph(boilerplate)
        self._end_table()
        return self._blocks

    def _end_table(self) -> None:
        rows = [*self._rows, self._cells] if self._cells else self._rows
        if any(len(row) > _WIDEST for row in rows):
            self._blocks += [paragraph("\t".join(row)) for row in rows]
        else:
            self._blocks += table_blocks([row for row in rows if any(row)])
        self._rows, self._cells = [], []

    def _take_text(self) -> str:
        """The text so far; the two halves of a character beyond U+FFFF become one."""
        text = "".join(self._text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self._text.clear()
        return text.strip()

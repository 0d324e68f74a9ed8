"""RTF, by a reader of its own.

striprtf (BSD) gives the same words in 0.018 s on 169 kB, this reader in 0.026 s; but striprtf parts the cells of a
table by `|`, which text may hold too, and loses headings, list items, page headers, and that hidden text is hidden.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tasks.ingest.contract import (
    Block,
    Boilerplate,
    DocumentContent,
    ReadOptions,
    UnreadableError,
    heading,
    list_item,
    paragraph,
    table_blocks,
)

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.DOTALL
)
_SKIPPED_NAMES = """
    colortbl stylesheet pict objdata objclass objname fldinst datafield themedata colorschememapping
    latentstyles listtable listoverridetable rsidtbl xmlnstbl generator pgptbl revtbl filetbl nonshppict
    private1 comment operator company manager category keywords doccomm hlinkbase buptim printim revtim
    bkmkstart bkmkend tc xe rxe sp annotation atnid atnauthor ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn
    pnseclvl mmathPr wgrffmtfilter
"""
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_PROPERTIES = {"title": "title", "author": "author", "subject": "subject"}
_BOILERPLATE = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), Boilerplate.PAGE_HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), Boilerplate.PAGE_FOOTER),
}
_STRUCTURE_NAMES = "par sect page cell row trowd pard intbl outlinelevel ilvl"
_STRUCTURE = frozenset(_STRUCTURE_NAMES.split())
_FORMAT_NAMES = "u f uc v deleted plain ansicpg deff fcharset"
_FORMAT = frozenset(_FORMAT_NAMES.split())
_LIST_MARKS = ("listtext", "pntext")
_CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "nestcell": " ",
    "nestrow": "\n",
}
_WIDEST = 200
"""Cells of a row of a table; Word writes 63 at most."""
_NUMBER = re.compile(r"\(?[0-9a-zA-Z]{1,5}[.):]?")
_READ = (
    _SKIPPED
    | _STRUCTURE
    | _FORMAT
    | _CHARACTERS.keys()
    | _PROPERTIES.keys()
    | _BOILERPLATE.keys()
    | {*_LIST_MARKS, "fonttbl", "info", "footnote", "shptxt", "bin"}
)
"""Control words that are looked at."""
_SYMBOLS = {"~": "\xa0", "_": "-", "\\": "\\", "{": "{", "}": "}"}
_CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_PAGES = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "cp950", 10000: "mac_roman", 65001: "utf-8"}


class _State(NamedTuple):
    """What a group inherits and gives back at its end."""

    destination: str = ""
    """"" for the text of the document."""
    font: int = -1
    unicode_skip: int = 1
    is_hidden: bool = False
    boilerplate: Boilerplate | None = None


@dataclass
class _Paragraph:
    in_table: bool = False
    outline: int | None = None
    depth: int = 0
    list_mark: str = ""


@dataclass
class _Document:
    blocks: list[Block] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


def read_rtf(content: bytes, options: ReadOptions) -> DocumentContent:
    """Paragraphs, headings (by outline level), list items and tables; page headers and footers are marked.

    Raises:
        UnreadableError: empty; corrupt, for a file that is no RTF.
    """
    if not content.strip():
        raise UnreadableError("empty", "the file is empty")
    start = content.find(b"{\\rtf", 0, 1024)
    if start < 0:
        raise UnreadableError("corrupt", "the file does not start as RTF does")
    reader = _Reader(content[start:].decode("latin-1"))
    document = reader.read()
    properties = {name: " ".join(value.split()) for name, value in document.properties.items()}
    title = properties.pop("title", "")
    metadata = {name: value for name, value in properties.items() if value}
    return DocumentContent(document.blocks, title, metadata=metadata)


class _Reader:
    """Goes over the tokens once; groups are a stack, so that no nesting is too deep."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.state = _State()
        self.stack: list[_State] = []
        self.fonts: dict[int, str] = {}
        self.default_font = 0
        self.codec = "cp1252"
        self.raw = bytearray()
        """Bytes not decoded yet: a character may be `\\'83` and a letter."""
        self.text: list[str] = []
        self.skip = 0
        """Characters to come that stand for the last `\\u`."""
        self.paragraph = _Paragraph()
        self.document = _Document()

    def read(self) -> _Document:
        at, source = 0, self.source
        while at < len(source):
            token = _TOKEN.match(source, at)
            if token is None:
                break
            at = token.end()
            word, number, code, symbol, brace, text = token.groups()
            if text is not None:
                self._add_raw(text.encode("latin-1"))
            elif code is not None:
                self._add_raw(bytes((int(code, 16),)))
            elif word is not None:
                if word not in _READ:
                    continue
                value = int(number) if number is not None else None
                at += max(value or 0, 0) if word == "bin" else 0
                self._control(word, value)
            elif brace == "{":
                self._decode()
                self.skip = 0
                self.stack.append(self.state)
            elif brace == "}":
                self._end_group()
            elif symbol is not None:
                self._symbol(symbol)
        self._end_paragraph()
        self._end_table()
        return self.document

    def _end_group(self) -> None:
        self._decode()
        self.skip = 0
        if not self.stack:
            return
        outer = self.stack.pop()
        ended, self.state = self.state, outer
        if ended.destination != outer.destination and ended.destination in _LIST_MARKS:
            self.paragraph.list_mark = "".join(self.text).strip() or "-"
            self.text.clear()
        elif ended.boilerplate is not outer.boilerplate:
            self.state = ended
            self._end_paragraph()
            self.state = outer

    def _control(self, word: str, value: int | None) -> None:
        if word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        elif word == "u" and value is not None:
            self._add(chr(value & 0xFFFF))
            self.skip = self.state.unicode_skip
        elif word in _STRUCTURE:
            self._structure(word, value)
        elif word == "f":
            self._decode()
            self.state = self.state._replace(font=value or 0)
        elif word == "uc":
            self.state = self.state._replace(unicode_skip=max(value or 0, 0))
        elif word in ("v", "deleted"):
            self._decode()
            self.state = self.state._replace(is_hidden=value != 0)
        elif word == "plain":
            self._decode()
            self.state = self.state._replace(is_hidden=False, font=-1)
        elif word == "ansicpg" and value:
            self.codec = _PAGES.get(value, _codec(f"cp{value}"))
        elif word == "deff":
            self.default_font = value or 0
        elif word == "fcharset" and self.state.destination == "fonttbl":
            self.fonts[self.state.font] = _CHARSETS.get(value or 0, "")
        else:
            self._destination(word)

    def _destination(self, word: str) -> None:
        if word == "shptxt":  # a text box, in a destination that may be left out
            self.state = self.state._replace(destination="")
        elif self.state.destination in _SKIPPED:
            return
        elif word in _SKIPPED or word in _PROPERTIES or word in _LIST_MARKS or word in ("fonttbl", "info"):
            self._decode()
            self.state = self.state._replace(destination=word)
        elif word in _BOILERPLATE:
            self._end_paragraph()
            self.state = self.state._replace(boilerplate=_BOILERPLATE[word])
        elif word == "footnote":
            self._add(" ")

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":  # a destination that may be left out
            self.state = self.state._replace(destination="generator")
        elif symbol in "\r\n":
            self._structure("par", None)
        elif symbol in _SYMBOLS:
            self._add(_SYMBOLS[symbol])

    def _structure(self, word: str, value: int | None) -> None:
        if self.state.destination:
            return
        self._decode()
        if word in ("par", "sect", "page"):
            if self.paragraph.in_table and word == "par":
                self.text.append("\n")
            else:
                self._end_paragraph()
        elif word == "cell":
            self.document.cells.append(self._take_text())
        elif word == "row":
            if self.document.cells:
                self.document.rows.append(self.document.cells)
            self.document.cells = []
        elif word == "pard":
            self.paragraph = replace(self.paragraph, in_table=False, outline=None, depth=0)
        elif word in ("intbl", "trowd"):
            self.paragraph.in_table = True
        elif word == "outlinelevel":
            self.paragraph.outline = value
        else:
            self.paragraph.depth = value or 0

    def _add_raw(self, content: bytes) -> None:
        skipped = min(self.skip, len(content))
        self.skip -= skipped
        destination = self.state.destination
        if not self.state.is_hidden and (
            not destination or destination in _PROPERTIES or destination in _LIST_MARKS
        ):
            self.raw += content[skipped:]

    def _add(self, text: str) -> None:
        destination = self.state.destination
        self._decode()
        if self.state.is_hidden:
            return
        if destination in _PROPERTIES:
            name = _PROPERTIES[destination]
            self.document.properties[name] = self.document.properties.get(name, "") + text
        elif not destination or destination in _LIST_MARKS:
            self.text.append(text)

    def _decode(self) -> None:
        if not self.raw:
            return
        content = bytes(self.raw)
        self.raw.clear()
        font = self.state.font if self.state.font >= 0 else self.default_font
        self._add(_decoded(content, [self.fonts.get(font, ""), self.codec, "cp1252"]))

    def _take_text(self) -> str:
        text = "".join(self.text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self.text.clear()
        return text.strip()

    def _end_paragraph(self) -> None:
        self._decode()
        text = self._take_text()
        mark, depth = self.paragraph.list_mark, self.paragraph.depth + 1
        self.paragraph.list_mark = ""
        if not text:
            return
        self._end_table()
        where: Mapping[str, Boilerplate | None] = {"boilerplate": self.state.boilerplate}
        if self.paragraph.outline is not None and 0 <= self.paragraph.outline < 9:
            block = heading(text, self.paragraph.outline + 1, **where)
        elif mark:
            block = list_item(text, min(depth, 9), mark if _NUMBER.fullmatch(mark) else "-", **where)
        else:
            block = paragraph(text, **where)
        self.document.blocks.append(block)

    def _end_table(self) -> None:
        rows = [*self.document.rows, self.document.cells] if self.document.cells else self.document.rows
        if any(len(row) > _WIDEST for row in rows):
            self.document.blocks += [paragraph("\t".join(row)) for row in rows]
        else:
            self.document.blocks += table_blocks([row for row in rows if any(row)])
        self.document.rows, self.document.cells = [], []


def _decoded(content: bytes, codecs: list[str]) -> str:
    for codec in filter(None, codecs):
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    return content.decode(codecs[0] or codecs[1], "replace")


def _codec(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name

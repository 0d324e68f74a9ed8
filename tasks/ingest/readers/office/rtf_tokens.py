"""RTF as tokens: text, the braces of groups, and the control words that are looked at, sorted by what they do."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tasks.ingest.contract import Boilerplate

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
SKIPPED = frozenset(_SKIPPED_NAMES.split())
"""Destinations whose text is none of the document's."""
PROPERTIES = frozenset({"title", "author", "subject"})
LIST_MARKS = frozenset({"listtext", "pntext"})
BOILERPLATE = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), Boilerplate.PAGE_HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), Boilerplate.PAGE_FOOTER),
}
_STRUCTURE_NAMES = "par sect page cell row trowd pard intbl outlinelevel ilvl"
STRUCTURE = frozenset(_STRUCTURE_NAMES.split())
_FORMAT_NAMES = "u f uc v deleted plain ansicpg deff fcharset"
CHARACTERS = {
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
_READ = (
    SKIPPED
    | PROPERTIES
    | LIST_MARKS
    | BOILERPLATE.keys()
    | STRUCTURE
    | CHARACTERS.keys()
    | {*_FORMAT_NAMES.split(), "fonttbl", "info", "footnote", "shptxt"}
)
"""Control words that are looked at."""


class Token(NamedTuple):
    """One of: bytes of text; a control word with its number; a control symbol; a brace."""

    raw: bytes = b""
    word: str = ""
    value: int | None = None
    symbol: str = ""
    brace: str = ""


def read_tokens(source: str) -> Iterator[Token]:
    """The tokens of a file (latin-1), without binary data and the control words that are not looked at."""
    at = 0
    while token := _TOKEN.match(source, at):
        at = token.end()
        word, number, code, symbol, brace, text = token.groups()
        if text is not None:
            yield Token(text.encode("latin-1"))
        elif code is not None:
            yield Token(bytes((int(code, 16),)))
        elif word == "bin":
            at += max(int(number or 0), 0)
        elif word in _READ:
            yield Token(word=word, value=int(number) if number is not None else None)
        elif symbol is not None or brace is not None:
            yield Token(symbol=symbol or "", brace=brace or "")

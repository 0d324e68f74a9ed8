"""The text of a Word document of before 2007 and the properties of its paragraphs ([MS-DOC]).

Text stands in pieces (2.4.1), the properties of paragraphs and characters in pages of 512 bytes (2.4.6).
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from tasks.ingest.contract import UnreadableError
from tasks.ingest.readers.office.ole import Ole, records

_IDENT, _WORD_97 = 0xA5EC, 0xC1
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_STYLES, _HEADERS, _CHARACTERS, _PARAGRAPHS, _PIECES = 1, 11, 12, 13, 33
"""Places in the FIB's table of offsets and sizes (2.5.6)."""
_PAGE = 512
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of a property's operand by the highest three bits of its number (2.6); 0: told by the operand."""
_DEFINE_TABLE, _CHANGE_TABS, _DELETED = 0xD608, 0xC615, 0x0800


class Properties(NamedTuple):
    """What holds for a paragraph, or for a run of characters."""

    style: int
    """Position in the style sheet; of characters always 0."""
    values: dict[int, bytes]
    """Operands by the number of the property."""

    def is_set(self, number: int) -> bool:
        return any(self.values.get(number, b""))


class _Run(NamedTuple):
    start: int
    """Offset in the main stream."""
    end: int
    properties: Properties


class Piece(NamedTuple):
    first: int
    """Position of its first character in the document."""
    text: str
    offset: int
    """Of its first character, in the main stream."""
    width: int
    """Bytes of a character."""


class DocText:
    """An open Word document.

    Raises:
        UnreadableError: corrupt; encrypted; unsupported, for Word 6 and 95.
        struct.error: it ends early.
    """

    def __init__(self, ole: Ole) -> None:
        self.main = ole.stream("WordDocument")
        ident, version, flags = *records(self.main, "H", 0, 2), *records(self.main, "H", 10, 1)
        if ident != _IDENT:
            raise UnreadableError("corrupt", "an OLE container that holds no Word document")
        if flags & _ENCRYPTED:
            raise UnreadableError("encrypted", "a Word document protected by a password")
        if version < _WORD_97:
            raise UnreadableError(
                "unsupported", f"a document of Word 6 or 95 (version {version} of the format)"
            )
        self.table = ole.stream("1Table" if flags & _SECOND_TABLE else "0Table")
        at = 32
        at += 2 + 2 * records(self.main, "H", at, 1)[0]
        self.counts = records(self.main, "i", at + 2, 11)[3:]
        """Characters of the body, footnotes, page headers, macros, comments, endnotes, text boxes, those of headers."""
        at += 2 + 4 * records(self.main, "H", at, 1)[0]
        self._places = records(self.main, "I", at + 2, 2 * min(records(self.main, "H", at, 1)[0], 93))
        self.pieces = list(self._read_pieces())
        self._paragraphs = list(self._runs(_PARAGRAPHS, 13))
        self._starts = [run.start for run in self._paragraphs]
        deleted = [run for run in self._runs(_CHARACTERS, 1) if run.properties.is_set(_DELETED)]
        self.deleted = [(run.start, run.end) for run in deleted]
        """Stretches of the main stream whose text is deleted, but kept for the record."""

    def paragraph_at(self, offset: int) -> Properties:
        """The properties of the paragraph whose mark is at an offset of the main stream."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._paragraphs[at].end:
            return Properties(0, {})
        return self._paragraphs[at].properties

    def built_in_styles(self) -> list[int]:
        """For each style the number of the built-in one that it is ([MS-DOC] 2.9.260): 1-9 are headings."""
        content = self._part(_STYLES)
        at = 2 + (records(content, "H", 0, 1)[0] if content else 0)
        found: list[int] = []
        while at + 2 <= len(content):
            size = records(content, "H", at, 1)[0]
            found.append(
                records(content, "H", at + 2, 1)[0] & 0xFFF if size >= 2 and at + 4 <= len(content) else -1
            )
            at += 2 + size + size % 2
        return found

    def header_stories(self) -> list[int]:
        """Where each story of the page headers begins, counted from the first; six of separators come first."""
        content = self._part(_HEADERS)
        return records(content, "I", 0, len(content) // 4)

    def _part(self, place: int) -> bytes:
        offset, size = self._places[2 * place : 2 * place + 2] or (0, 0)
        return self.table[offset : offset + size]

    def _read_pieces(self) -> Iterator[Piece]:
        content = self._part(_PIECES)
        at = 0
        while content[at : at + 1] == b"\x01":
            at += 3 + records(content, "H", at + 1, 1)[0]
        if content[at : at + 1] != b"\x02":
            raise UnreadableError("corrupt", "the document has no table of pieces")
        content = content[at + 5 : at + 5 + records(content, "I", at + 1, 1)[0]]
        count = max(0, len(content) - 4) // 12
        limits = records(content, "I", 0, count + 1) if count else []
        if limits and limits[-1] > len(self.main):
            raise UnreadableError("corrupt", f"{limits[-1]} characters in {len(self.main)} bytes")
        for index in range(count):
            place = records(content, "I", 4 * (count + 1) + 8 * index + 2, 1)[0]
            length = max(0, limits[index + 1] - limits[index])
            if place & 0x40000000:
                offset = (place & 0x3FFFFFFF) // 2
                text = self.main[offset : offset + length].decode("cp1252", "replace")
            else:
                offset = place & 0x3FFFFFFF
                text = _utf16_units(self.main[offset : offset + 2 * length])
            yield Piece(limits[index], text, offset, 1 if place & 0x40000000 else 2)

    def _runs(self, place: int, entry: int) -> Iterator[_Run]:
        """Runs of the same properties, in order.

        Args:
            entry: bytes of an entry that says where in the page properties stand: 13 for paragraphs, 1 for characters.
        """
        content = self._part(place)
        count = max(0, len(content) - 4) // 8
        pages = records(content, "I", 4 * (count + 1), count) if count else []
        runs: list[_Run] = []
        for number in dict.fromkeys(page & 0x3FFFFF for page in pages):
            page = self.main[number * _PAGE : (number + 1) * _PAGE]
            if len(page) == _PAGE:
                runs += _page_runs(page, entry)
        return iter(sorted(runs, key=lambda run: run.start))


def _utf16_units(content: bytes) -> str:
    """One character for each unit, so that positions hold; `join_units` makes pairs one."""
    return "".join(map(chr, struct.unpack(f"<{len(content) // 2}H", content[: len(content) // 2 * 2])))


def join_units(text: str) -> str:
    """Characters beyond U+FFFF out of their two units."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _page_runs(page: bytes, entry: int) -> Iterator[_Run]:
    count = min(page[-1], (_PAGE - 5) // (4 + entry))
    limits = records(page, "I", 0, count + 1)
    for index in range(count):
        at = 2 * page[4 * (count + 1) + entry * index]
        if entry == 1:
            found = Properties(0, _operands(page[at + 1 : at + 1 + page[at]]) if at else {})
        else:
            size, begin = (2 * page[at] - 1, at + 1) if page[at] else (2 * page[at + 1], at + 2)
            style = int.from_bytes(page[begin : begin + 2], "little")
            found = Properties(style, _operands(page[begin + 2 : begin + size]))
        yield _Run(limits[index], limits[index + 1], found)


def _operands(content: bytes) -> dict[int, bytes]:
    """The operands of a list of properties by their numbers."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(content):
        number = int.from_bytes(content[at : at + 2], "little")
        at += 2
        size = _SIZES[number >> 13]
        if number == _DEFINE_TABLE:
            size = int.from_bytes(content[at : at + 2], "little") + 1
        elif not size:
            size = 1 + (content[at] if at < len(content) else 0)
        found[number] = content[at : at + size]
        at += size
    return found

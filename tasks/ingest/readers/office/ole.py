"""The containers of Office files of before 2007 (doc, ppt), by olefile (BSD): their streams and properties."""

import io
import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import olefile

from tasks.ingest.contract import DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.office.docx import read_docx
from tasks.ingest.readers.office.odt import read_odt
from tasks.ingest.readers.office.pptx import read_pptx
from tasks.ingest.readers.office.rtf import read_rtf
from tasks.ingest.readers.package import OLE_MAGIC, is_encrypted_office, open_package
from tasks.ingest.readers.web.html import read_html

_CODE_PAGE, _NAMES = 1, {2: "title", 3: "subject", 4: "author", 12: "created"}
"""Numbers of properties."""
_TEXT, _WIDE_TEXT, _TIME = 0x1E, 0x1F, 0x40
"""Types of values."""
_MOST_PROPERTIES = 100
_LAST_TICK = 2_650_000_000_000_000_000
"""In the year 9998: what datetime holds."""


class Ole:
    """An open container."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def stream(self, name: str) -> bytes:
        """The bytes of a stream; b"" where there is none."""
        return self._file.openstream(name).read() if self._file.exists(name) else b""

    def properties(self) -> dict[str, str]:
        """What the file says of itself ([MS-OLEPS]): title, subject, author, created; what is broken is left out.

        olefile's own reading may take minutes over a few changed bytes (tried).
        """
        try:
            return _read_properties(self.stream("\x05SummaryInformation"))
        except struct.error:
            return {}


def read_ole(content: bytes, options: ReadOptions, read: Callable[[Ole], DocumentContent]) -> DocumentContent:
    """What `read` makes of the container; a file of another format under the ending is read as what it is.

    Raises:
        UnreadableError: empty; encrypted; corrupt; what `read` and other readers raise.
    """
    if not content.startswith(OLE_MAGIC):
        return _read_other(content, options)
    if is_encrypted_office(content):
        raise UnreadableError("encrypted", "an Office file protected by a password")
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            return read(Ole(file))
    except UnreadableError:
        raise
    except Exception as error:  # olefile lets out whatever a broken container makes of it
        raise UnreadableError("corrupt", f"not an Office file that can be read: {error}") from error


def records(content: bytes, layout: str, start: int, count: int) -> list[Any]:
    """`count` numbers of a struct `layout` from `start`.

    Raises:
        struct.error: the content is shorter.
    """
    return list(struct.unpack_from(f"<{count}{layout}", content, start))


def _read_other(content: bytes, options: ReadOptions) -> DocumentContent:
    """Word and others save further formats under these endings."""
    if content.lstrip().startswith(b"{\\rtf"):
        return read_rtf(content, options)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return read_html(content, options)
    names: Mapping[str, Any] = open_package(content, options).NameToInfo
    if "word/document.xml" in names:
        return read_docx(content, options)
    return read_odt(content, options) if "content.xml" in names else read_pptx(content, options)


def _read_properties(content: bytes) -> dict[str, str]:
    """Raises struct.error where the stream ends early."""
    if not content:
        return {}
    [start] = records(content, "I", 44, 1)
    [count] = records(content, "I", start + 4, 1)
    pairs = records(content, "I", start + 8, 2 * min(count, _MOST_PROPERTIES))
    places = {number: start + at for number, at in zip(pairs[::2], pairs[1::2], strict=True)}
    page = records(content, "H", places[_CODE_PAGE] + 4, 1)[0] if _CODE_PAGE in places else 1252
    found = {
        name: _property(content, places[number], page) for number, name in _NAMES.items() if number in places
    }
    return {name: text for name, text in found.items() if text}


def _property(content: bytes, at: int, page: int) -> str:
    kind, size = records(content, "I", at, 2)
    if kind == _TIME:
        [ticks] = records(content, "Q", at + 4, 1)  # of 100 ns since 1601
        moment = datetime(1601, 1, 1) + timedelta(microseconds=ticks // 10) if ticks < _LAST_TICK else None
        return moment.isoformat() if ticks and moment else ""
    value = content[at + 8 : at + 8 + size * (2 if kind == _WIDE_TEXT else 1)]
    if kind == _WIDE_TEXT:
        return value.decode("utf-16-le", "replace").strip("\0 ")
    if kind != _TEXT:
        return ""
    try:
        return decode_declared(value.rstrip(b"\0"), "utf-8" if page == 65001 else f"cp{page}")[0].strip()
    except UnreadableError:
        return ""

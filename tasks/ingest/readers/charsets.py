"""Bytes to text where the format names the charset (HTML, mail): the name is checked, as it is often wrong."""

import codecs
import re

from tasks.ingest.contract import Problem, UnreadableError
from tasks.ingest.encoding import decode_text
from tasks.ingest.readers.lines import decode
from tasks.records import Severity

_CODECS = {
    "shift_jis": "cp932",
    "cp943": "cp932",
    "ms932": "cp932",
    "sjis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "x_euc_jp": "euc_jp",
    "iso_8859_1": "cp1252",
    "latin1": "cp1252",
    "us_ascii": "utf-8",
    "ascii": "utf-8",
    "iso_8859_9": "cp1254",
    "iso_8859_8_i": "iso8859_8",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "ks_c_5601_1987": "cp949",
    "euc_kr": "cp949",
    "unicode": "utf-8",
    "utf_16": "utf-8",  # named in text that could be read: it is no UTF-16
    "utf_16le": "utf-8",
    "utf_16be": "utf-8",
}
"""What browsers take a name for, where Python's codec of that name knows fewer characters."""
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI])")
_CERTAIN = ("utf", "iso2022", "cp932", "euc")
"""Detected encodings that outweigh a named single-byte one."""
_DAMAGED = 0.2
"""Share of U+FFFD up to which text of a named charset is still taken."""


def decode_declared(content: bytes, charset: str | None) -> tuple[str, list[Problem]]:
    """Text of `content` by its mark, by `charset` where it fits, else detected; damage becomes U+FFFD.

    Raises:
        UnreadableError: undecodable.
    """
    marked = next((codec for mark, codec in _MARKS.items() if content.startswith(mark)), None)
    codec = marked or _codec_of(charset)
    if marked or codec is None:
        return _detect(content, codec)
    if "2022_jp" in codec or (b"\x1b$" in content and b"\x00" not in content):
        text = _decode_iso2022_jp(content)
        return (text, []) if text is not None else _detect(content, codec)
    try:
        text = content.decode(codec)
    except UnicodeDecodeError:
        return _detect(content, codec)
    if codec.startswith("cp125") and not content.isascii():  # fits any bytes: anything else is a better guess
        return _detect(content, codec)
    return text, []


def _codec_of(charset: str | None) -> str | None:
    """Python's codec for a name from the wild; None for one that it does not know."""
    name = re.sub(r"[\s-]+", "_", (charset or "").strip(" \t\r\n\"';").lower())
    try:
        info = codecs.lookup(_CODECS.get(name, name))
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True)
    return info.name.replace("-", "_") if is_text and info.name not in ("idna", "punycode") else None


def _detect(content: bytes, codec: str | None) -> tuple[str, list[Problem]]:
    try:
        detected = decode_text(content)
    except UnreadableError:
        return _damaged(content, codec or "utf-8")
    is_doubtful = detected.replaced or (_is_utf16(detected.encoding) and b"\x00" not in content)
    if codec is not None and is_doubtful:
        return _damaged(content, codec)
    if codec is not None and codec.startswith("cp125") and not detected.encoding.startswith(_CERTAIN):
        return content.decode(codec, "replace"), []
    return (detected.text, []) if not detected.replaced else decode(content, None)


def _is_utf16(encoding: str) -> bool:
    return encoding.replace("_", "-").startswith("utf-16")


def _damaged(content: bytes, codec: str) -> tuple[str, list[Problem]]:
    text = content.decode(codec, "replace")
    replaced = text.count("\ufffd")
    if replaced > _DAMAGED * len(text):
        raise UnreadableError("undecodable", f"{replaced} of {len(text)} characters are not valid {codec}")
    reason = f"{replaced} place(s) are not valid {codec}; they read U+FFFD now"
    return text, [Problem("invalid_bytes", Severity.WARNING, reason)] if replaced else []


def _decode_iso2022_jp(content: bytes) -> str | None:
    """ISO-2022-JP as it is sent: with NEC's characters (①, ㈱) and half-width kana, which Python's codecs refuse.

    Returns:
        None where it is not ISO-2022-JP.
    """
    parts: list[str] = []
    mode = b"(B"
    pieces = _ESCAPE.split(content)
    for index, piece in enumerate(pieces):
        if index % 2:
            mode = piece
            continue
        try:
            parts.append(_decode_piece(piece, mode))
        except UnicodeDecodeError:
            return None
    return "".join(parts)


def _decode_piece(piece: bytes, mode: bytes) -> str:
    if mode.startswith(b"$"):
        lines = re.split(rb"([\r\n]+)", piece)  # a line end switches back in the wild
        return "".join(
            part.decode("ascii") if part[:1] in (b"\r", b"\n") else _jis_to_cp932(part).decode("cp932")
            for part in lines
        )
    if mode == b"(I":
        return bytes(byte | 0x80 for byte in piece).decode("cp932")
    return piece.decode("cp932")  # ASCII, and 8-bit bytes that do not belong here


def _jis_to_cp932(piece: bytes) -> bytes:
    moved = bytearray()
    for high, low in zip(piece[::2], piece[1::2], strict=False):
        second = low + (0x7E if high % 2 == 0 else 0x20 if low >= 0x60 else 0x1F)
        first = (high + 1) // 2 + (0x70 if high <= 0x5E else 0xB0)
        if not 0x21 <= high <= 0x7E or not 0x21 <= low <= 0x7E:
            moved += bytes((high, low)) if max(high, low) < 0x80 else b"?"
        else:
            moved += bytes((first, second))
    return bytes(moved)

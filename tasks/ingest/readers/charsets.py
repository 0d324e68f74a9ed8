"""Bytes to text where the format names the charset (HTML, mail): the name is checked, as it is often wrong."""

import codecs
import re

from tasks.ingest.contract import Problem, UnreadableError
from tasks.ingest.encoding import Decoded, decode_damaged, decode_text
from tasks.ingest.japanese_bytes import decode_iso2022_jp
from tasks.ingest.readers.lines import told

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
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CERTAIN = ("utf", "iso2022", "cp932", "euc")
"""Detected encodings that outweigh a named single-byte one."""
_DAMAGED = 0.2
"""Share of U+FFFD up to which text of a named charset is still taken."""


def decode_declared(content: bytes, charset: str | None) -> tuple[str, list[Problem]]:
    """Text of `content` by its mark, by `charset` where it fits, else detected; damage becomes U+FFFD.

    Raises:
        UnreadableError: undecodable.
    """
    codec = _codec_of(charset)
    if content.startswith(_MARKS) or codec is None:
        return told(_detect(content, codec))
    if "2022_jp" in codec or (b"\x1b$" in content and b"\x00" not in content):
        text = decode_iso2022_jp(content)
        if text is None:
            return told(_detect(content, codec))
        return told(Decoded(text, "iso2022_jp", text.count("\ufffd")))
    try:
        text = content.decode(codec)
    except UnicodeDecodeError:
        return told(_detect(content, codec))
    if codec.startswith("cp125") and not content.isascii():  # fits any bytes: anything else is a better guess
        return told(_detect(content, codec))
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


def _detect(content: bytes, codec: str | None) -> Decoded:
    """The reading with the least damage: the detected one, or that by `codec`."""
    try:
        detected = decode_text(content)
    except UnreadableError:
        return _declared(content, codec or "utf-8")
    if codec is None:
        return detected
    if codec.startswith("cp125") and not detected.encoding.startswith(_CERTAIN):
        return decode_damaged(content, codec)
    if detected.replaced:
        declared = decode_damaged(content, codec)
        return declared if declared.replaced <= detected.replaced else detected
    return detected


def _declared(content: bytes, codec: str) -> Decoded:
    decoded = decode_damaged(content, codec)
    if decoded.replaced > _DAMAGED * len(decoded.text):
        reason = f"{decoded.replaced} of {len(decoded.text)} characters are not valid {codec}"
        raise UnreadableError("undecodable", reason)
    return decoded

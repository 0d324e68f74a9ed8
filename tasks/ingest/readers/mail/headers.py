"""The headers of a mail: decoded, dates as ISO 8601, and what they say of the sender."""

import base64
import binascii
import quopri
import re
from collections.abc import Mapping
from datetime import datetime
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from tasks.ingest.contract import UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.mail.marks import Sender

HEADERS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")
_REPLY = re.compile(r"\s*(?:re|aw|sv|fw|fwd|wg|tr|返信|転送)\s?(?:\[\d+\])?[:：]", re.IGNORECASE)
_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=(\s+(?==\?))?")


def decode_headers(message: Message) -> dict[str, str]:
    """The headers that are kept, decoded, the date as ISO 8601."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        name = name.lower()
        if name not in HEADERS:
            continue
        text = " ".join(decode_header(str(value)).split())
        found[name] = (
            f"{found[name]}, {text}" if name in found and name in ("to", "cc") else found.get(name) or text
        )
    if "date" in found:
        found["date"] = _iso_date(found["date"])
    return found


def decode_header(value: str) -> str:
    """Encoded words (RFC 2047) and raw 8-bit text to text; words cut within a character are joined first."""
    raw = value.encode("utf-8", "surrogateescape")
    parts: list[str] = []
    pending: list[tuple[str, bytes]] = []
    at = 0
    for word in _WORD.finditer(raw):
        if word.start() > at:
            parts += [*_decode_words(pending), _decode_raw(raw[at : word.start()])]
            pending = []
        charset = word[1].partition(b"*")[0].decode("ascii", "replace").lower()
        pending.append((charset, _decode_word(word[2], word[3])))
        at = word.end()
    return "".join([*parts, *_decode_words(pending), _decode_raw(raw[at:])])


def sender_of(headers: Mapping[str, str]) -> Sender:
    """Who wrote a mail, and whether it answers or forwards another one."""
    name, address = parseaddr(headers.get("from", ""))
    is_reply = any(headers.get(key) for key in ("in-reply-to", "references"))
    return Sender(name, address, is_reply or bool(_REPLY.match(headers.get("subject", ""))))


def _iso_date(value: str) -> str:
    """A date header as ISO 8601; as it stands where it is no date."""
    try:
        return parsedate_to_datetime(value).isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(value.strip()).isoformat()
    except ValueError:
        return value.strip()


def _decode_word(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"qQ":
        return quopri.decodestring(text, header=True)
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return text


def _decode_words(words: list[tuple[str, bytes]]) -> list[str]:
    joined: list[tuple[str, bytes]] = []
    for charset, content in words:
        if joined and joined[-1][0] == charset:
            joined[-1] = (charset, joined[-1][1] + content)
        else:
            joined.append((charset, content))
    return [_decode_raw(content, charset) for charset, content in joined]


def _decode_raw(content: bytes, charset: str = "utf-8") -> str:
    try:
        return decode_declared(content, charset)[0]
    except UnreadableError:
        return content.decode("utf-8", "replace")

"""Outlook mail (.msg), by olefile (BSD): its properties are streams of an OLE container.

python-oxmsg (MIT), which rests on olefile, gives neither the compressed RTF body nor mails in mails nor 8-bit
strings in their code page, so the properties ([MS-OXMSG], [MS-OXCMSG]) are read here.
"""

import io
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_string
from typing import Any

import olefile

from tasks.ingest.contract import Block, DocumentContent, Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.mail.body import chosen_body, plain_body
from tasks.ingest.readers.mail.document import attachment_problem, forwarded, mail_content
from tasks.ingest.readers.mail.headers import decode_headers, sender_of
from tasks.ingest.readers.office.rtf import read_rtf
from tasks.ingest.readers.web.html import decode_html

_SUBJECT, _BODY, _RTF, _HTML, _HEADERS, _CLASS = 0x0037, 0x1000, 0x1009, 0x1013, 0x007D, 0x001A
_SENDER_NAME, _SENDER_ADDRESSES, _TO, _CC = 0x0C1A, (0x5D01, 0x0C1F, 0x0065), 0x0E04, 0x0E03
_SENT, _DELIVERED, _CODE_PAGES = 0x0039, 0x0E06, (0x3FFD, 0x3FDE)
_IDS = {0x1035: "message-id", 0x1042: "in-reply-to", 0x1039: "references"}
_FILE_NAMES, _FILE_DATA, _FILE_TYPE = (0x3707, 0x3704, 0x3001), 0x3701, 0x370E
_DEEPEST = 10
"""Levels of mails within mails that are read."""
_PAGES = {65001: "utf-8", 50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 51932: "euc_jp"}
_COMPRESSED, _UNCOMPRESSED = 0x75465A4C, 0x414C454D
_RTF_WORDS = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u"
    rb"\tab\tx"
)
"""What a compressed body may refer to before its own text ([MS-OXRTFCP])."""


def read_msg(content: bytes, options: ReadOptions) -> DocumentContent:
    """The subject as heading, then the body; quoted replies, forwarded mails and signatures are marked.

    Raises:
        UnreadableError: empty; encrypted (S/MIME); unsupported, for a mail within its signature (S/MIME); corrupt;
            too_large, for a body that unpacks beyond the limit.
    """
    if not content.strip():
        raise UnreadableError("empty", "the file is empty")
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            names = {tuple(path) for path in file.listdir(streams=True, storages=True)}
            return _Mail(file, names, [], options).read()
    except UnreadableError:
        raise
    except Exception as error:  # olefile lets out whatever a broken container makes of it
        raise UnreadableError("corrupt", f"not an Outlook mail that can be read: {error}") from error


class _Mail:
    """One mail in the container: the whole, or one that is attached."""

    def __init__(
        self, file: Any, names: set[tuple[str, ...]], storage: Sequence[str], options: ReadOptions
    ) -> None:
        self.file = file
        self.storage = [*storage]
        self.options = options
        self.names = names
        self.fixed = self._fixed(24 if storage else 32)
        page = next((self.fixed[key] for key in _CODE_PAGES if key in self.fixed), 0) & 0xFFFFFFFF
        self.charset = _PAGES.get(page, f"cp{page}") if page else None
        self.problems: list[Problem] = []
        self.attachments: list[str] = []

    def read(self) -> DocumentContent:
        if not self.storage and ("__properties_version1.0",) not in self.names:
            raise UnreadableError("corrupt", "an OLE container that holds no mail")
        kind = self.string(_CLASS).lower()
        if kind.startswith("ipm.note.smime"):
            if "multipartsigned" not in kind:
                raise UnreadableError("encrypted", f"the mail is encrypted (S/MIME, {kind})")
            self.problems.append(attachment_problem("smime.p7m", "multipart/signed", 0))
        headers = self._headers()
        sender = sender_of(headers)
        html = decode_html(self.binary(_HTML))[0] if self.binary(_HTML) else self.string(_HTML)
        plain = self.string(_BODY)
        blocks = chosen_body(plain, html, sender) if plain.strip() or html.strip() else []
        if not blocks and self.binary(_RTF):
            rtf = read_rtf(unpack_rtf(self.binary(_RTF), self.options.max_unpacked_bytes), self.options)
            blocks = plain_body("\n\n".join(block.text for block in rtf.blocks), sender)
        blocks += self._attached()
        headers["attachments"] = ", ".join(self.attachments)
        if not blocks and not headers.get("subject") and not self.problems:
            raise UnreadableError("empty", "a mail without subject and body")
        return mail_content(headers, blocks, self.problems)

    def string(self, key: int) -> str:
        """A text property: UTF-16, or bytes in the mail's code page."""
        wide = self._stream(f"__substg1.0_{key:04X}001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        narrow = self._stream(f"__substg1.0_{key:04X}001E").rstrip(b"\x00")
        return decode_declared(narrow, self.charset)[0] if narrow else ""

    def binary(self, key: int) -> bytes:
        return self._stream(f"__substg1.0_{key:04X}0102")

    def _stream(self, name: str) -> bytes:
        path = (*self.storage, name)
        return self.file.openstream(list(path)).read() if path in self.names else b""

    def _fixed(self, header: int) -> dict[int, int]:
        """Properties of fixed size by their id, as unsigned integers of 64 bits."""
        stream = self._stream("__properties_version1.0")[header:]
        entries = (stream[at : at + 16] for at in range(0, len(stream) - 15, 16))
        return {tag >> 16: value for tag, _, value in (struct.unpack("<IIQ", entry) for entry in entries)}

    def _headers(self) -> dict[str, str]:
        """The headers as they were sent, where the mail keeps them, else from its properties."""
        sent = self.string(_HEADERS)
        headers = decode_headers(message_from_string(sent.lstrip())) if sent.strip() else {}
        name = self.string(_SENDER_NAME)
        address = next((text for key in _SENDER_ADDRESSES if "@" in (text := self.string(key))), "")
        own = {
            "from": f"{name} <{address}>" if address and address != name else name,
            "to": self.string(_TO),
            "cc": self.string(_CC),
            "subject": self.string(_SUBJECT),
            "date": _file_time(self.fixed.get(_SENT) or self.fixed.get(_DELIVERED) or -1),
            **{name: self.string(key) for key, name in _IDS.items()},
        }
        subject = {"subject": own["subject"]} if own["subject"] else {}  # Outlook's own edits win
        return {key: value for key, value in {**own, **headers, **subject}.items() if value}

    def _attached(self) -> list[Block]:
        blocks: list[Block] = []
        depth = len(self.storage)
        for name in sorted(path[depth] for path in self.names if self._is_attachment(path)):
            item = _Mail(self.file, self.names, [*self.storage, name], self.options)
            item.charset = self.charset
            nested = f"__substg1.0_{_FILE_DATA:04X}000D"
            if (*item.storage, nested, "__properties_version1.0") in self.names and depth < 2 * _DEEPEST:
                blocks += self._nested([*item.storage, nested])
                continue
            title = next((text for key in _FILE_NAMES if (text := item.string(key))), "")
            if title:
                self.attachments.append(title)
            kind = item.string(_FILE_TYPE) or "application/octet-stream"
            if kind == "application/pgp-encrypted":
                raise UnreadableError("encrypted", f"the mail is encrypted ({kind})")
            self.problems.append(attachment_problem(title, kind, len(item.binary(_FILE_DATA))))
        return blocks

    def _is_attachment(self, path: tuple[str, ...]) -> bool:
        depth = len(self.storage)
        inside = len(path) == depth + 1 and list(path[:depth]) == self.storage
        return inside and path[depth].startswith("__attach_version1.0_")

    def _nested(self, storage: Sequence[str]) -> list[Block]:
        inner = _Mail(self.file, self.names, storage, self.options)
        try:
            document = inner.read()
        except UnreadableError as error:
            self.problems.append(attachment_problem(f"mail ({error})", "message/rfc822", 0))
            return []
        self.problems += inner.problems
        self.attachments += inner.attachments
        return forwarded(document.title, document.blocks)


def unpack_rtf(content: bytes, limit: int) -> bytes:
    """A compressed RTF body ([MS-OXRTFCP]).

    Raises:
        UnreadableError: corrupt; too_large, for more than `limit` bytes.
    """
    if len(content) < 16:
        raise UnreadableError("corrupt", "a compressed body cut off in its header")
    _, size, kind, _ = struct.unpack("<IIII", content[:16])
    if kind == _UNCOMPRESSED:
        return content[16 : 16 + size]
    if kind != _COMPRESSED:
        raise UnreadableError("corrupt", "a compressed body of an unknown kind")
    window = bytearray(_RTF_WORDS.ljust(4096, b"\x00"))
    write, at = len(_RTF_WORDS), 16
    text = bytearray()
    while at < len(content) and len(text) <= limit:
        flags = content[at]
        at += 1
        for bit in range(8):
            if at >= len(content):
                break
            read, length = write, 1
            if flags >> bit & 1:
                read, length = divmod(int.from_bytes(content[at : at + 2], "big"), 16)
                if read == write:  # the end
                    return bytes(text)
                length, at = length + 2, at + 2
            else:
                window[write] = content[at]
                at += 1
            for step in range(length):
                byte = window[(read + step) % 4096]
                window[write] = byte
                write = (write + 1) % 4096
                text.append(byte)
    if len(text) > limit:
        raise UnreadableError("too_large", f"the body unpacks to more than {limit} bytes")
    return bytes(text)


def _file_time(ticks: int) -> str:
    """A Windows time (100 ns since 1601) as ISO 8601; "" where it is out of range."""
    try:
        return datetime.fromtimestamp(ticks / 10_000_000 - 11_644_473_600, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return ""

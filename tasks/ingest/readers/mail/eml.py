"""Mail (RFC 5322 and MIME), by the standard library's email with the compat32 policy.

The default policy parses each header when it is asked for; it raises on broken ones and turns raw 8-bit headers
(Shift_JIS, ISO-2022-JP without encoded words) into U+FFFD, so headers are decoded here.
"""

import codecs
import email
from collections.abc import Iterator
from email.message import Message

from tasks.ingest.contract import Block, DocumentContent, Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.lines import decode
from tasks.ingest.readers.mail.body import chosen_body
from tasks.ingest.readers.mail.document import attachment_problem, forwarded, mail_content
from tasks.ingest.readers.mail.headers import decode_header, decode_headers, sender_of

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENCRYPTED_TYPES = ("multipart/encrypted", "application/pgp-encrypted")
_SMIME_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURE_TYPES = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
)
_DEEPEST = 30
"""Levels of parts and of mails within mails that are read."""


def read_eml(content: bytes, options: ReadOptions) -> DocumentContent:
    """The subject as heading, then the body; quoted replies, forwarded mails and signatures are marked.

    Raises:
        UnreadableError: empty; encrypted (S/MIME, PGP); unsupported, for a mail within its signature (S/MIME);
            undecodable; corrupt, for parts nested without end.
    """
    if not content.strip():
        raise UnreadableError("empty", "the file is empty")
    problems: list[Problem] = []
    if content.startswith(_UTF16) or content.count(b"\x00", 0, 200) > 50:
        text, problems = decode(content, None)
        content = text.encode("utf-8", "replace")
    try:
        message = email.message_from_bytes(content.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n"))
    except (RecursionError, ValueError, LookupError, IndexError) as error:
        raise UnreadableError("corrupt", f"its parts cannot be told apart: {error}") from error
    mail = _Mail(options)
    mail.problems += problems
    return mail.read(message)


class _Mail:
    """One mail being read: the problems and attachments that turn up."""

    def __init__(self, options: ReadOptions, depth: int = 0) -> None:
        self.options = options
        self.depth = depth
        self.problems: list[Problem] = []
        self.attachments: list[str] = []

    def read(self, message: Message) -> DocumentContent:
        headers = decode_headers(message)
        self.sender = sender_of(headers)
        blocks = list(self._part(message, 0))
        headers["attachments"] = ", ".join(self.attachments)
        if not blocks and not headers.get("subject") and not self.problems:
            raise UnreadableError("empty", "a mail without subject and body")
        return mail_content(headers, blocks, self.problems)

    def _part(self, part: Message, depth: int) -> Iterator[Block]:
        kind = part.get_content_type()
        if kind in _ENCRYPTED_TYPES:
            raise UnreadableError("encrypted", f"the mail is encrypted ({kind})")
        if kind in _SMIME_TYPES:
            _refuse_smime(part)
        if kind == "message/rfc822" and _inner_parts(part):
            yield from self._nested(part)
        elif depth >= _DEEPEST:
            self._attach(part)
        elif kind == "multipart/alternative":
            yield from self._alternative(part, depth)
        elif part.is_multipart():
            for inner in _inner_parts(part):
                yield from self._part(inner, depth + 1)
        elif _is_attachment(part):
            self._attach(part)
        elif kind == "text/html":
            yield from chosen_body("", self._text(part), self.sender)
        elif kind.startswith("text/"):
            yield from chosen_body(self._text(part), "", self.sender)
        else:
            self._attach(part)

    def _alternative(self, part: Message, depth: int) -> Iterator[Block]:
        """One of several forms of the same text; parts that are none of them (images, invitations) after it."""
        plain = html = ""
        others: list[Message] = []
        for inner in _forms(part):
            kind = inner.get_content_type()
            if inner.is_multipart() or _is_attachment(inner) or kind not in ("text/plain", "text/html"):
                others.append(inner)
            elif kind == "text/plain":
                plain = plain or self._text(inner)
            else:
                html = html or self._text(inner)
        yield from chosen_body(plain, html, self.sender)
        for inner in others:
            yield from self._part(inner, depth + 1)

    def _nested(self, part: Message) -> Iterator[Block]:
        for message in _inner_parts(part):
            if self.depth >= _DEEPEST:
                return
            inner = _Mail(self.options, self.depth + 1)
            try:
                document = inner.read(message)
            except UnreadableError as error:
                self.problems.append(attachment_problem(f"mail ({error})", "message/rfc822", 0))
                continue
            self.problems += inner.problems
            self.attachments += inner.attachments
            yield from forwarded(document.title, document.blocks)

    def _text(self, part: Message) -> str:
        """The decoded text of a part; its charset is only believed where it fits."""
        content = _payload(part)
        charset = self.options.encoding or part.get_content_charset()
        try:
            text, problems = decode_declared(content, charset)
        except UnreadableError:
            self._attach(part)
            return ""
        self.problems += problems
        return _unwrap_flowed(text, part) if part.get_param("format") == "flowed" else text

    def _attach(self, part: Message) -> None:
        kind = part.get_content_type()
        if kind in _SIGNATURE_TYPES:
            return
        name = _file_name(part)
        if name:
            self.attachments.append(name)
        size = sum(len(_payload(each)) for each in part.walk() if not each.is_multipart())
        self.problems.append(attachment_problem(name, kind, size))


def _refuse_smime(part: Message) -> None:
    kind = str(part.get_param("smime-type") or "").lower()
    if kind in ("signed-data", "certs-only"):
        raise UnreadableError("unsupported", f"an S/MIME mail that lies within its signature ({kind})")
    raise UnreadableError("encrypted", f"the mail is encrypted (S/MIME {kind or 'enveloped-data'})")


def _forms(part: Message) -> Iterator[Message]:
    """The parts of multipart/alternative, those of a multipart/related within it among them."""
    for inner in _inner_parts(part):
        is_related = inner.get_content_type() == "multipart/related"
        yield from _inner_parts(inner) if is_related else [inner]


def _inner_parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _is_attachment(part: Message) -> bool:
    """A part to be saved, not shown: said so, or with a file name."""
    disposition = part.get_content_disposition()
    return disposition == "attachment" or (disposition != "inline" and bool(_file_name(part)))


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # uuencode and base64 that make no sense
        return b""
    return payload if isinstance(payload, bytes) else b""


def _unwrap_flowed(text: str, part: Message) -> str:
    """Joins the lines that format=flowed (RFC 3676) broke."""
    joined = "" if str(part.get_param("delsp")).lower() == "yes" else " "
    lines: list[str] = []
    is_open = False
    for line in text.splitlines():
        bare = line.removeprefix(" ") if not line.startswith(">") else line
        if is_open and not bare.startswith(">") and bare.strip():
            lines[-1] += joined + bare.removesuffix(" ")
        else:
            lines.append(bare.removesuffix(" ") if bare != "-- " else bare)
        is_open = bare.endswith(" ") and bare != "-- " and not bare.startswith(">")
    return "\n".join(lines)


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError, IndexError):  # RFC 2231 parameters that make no sense
        return ""
    return decode_header(str(name)).strip() if name else ""

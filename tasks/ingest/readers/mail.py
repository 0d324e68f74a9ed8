"""What the readers of mails share: headers as metadata, the choice of a body, and its blocks with their marks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from itertools import groupby

from tasks.ingest.contract import (
    Block,
    BlockKind,
    Boilerplate,
    DocumentContent,
    Problem,
    UnreadableError,
    heading,
)
from tasks.ingest.readers.html import html_blocks
from tasks.ingest.readers.html_walk import Mark, split_paragraphs
from tasks.ingest.readers.lines import unify_lines
from tasks.ingest.readers.mail_marks import Marks, Sender, mark_lines
from tasks.records import Severity

HEADERS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")
_REPLY = re.compile(r"\s*(?:re|aw|sv|fw|fwd|wg|tr|返信|転送)\s?(?:\[\d+\])?[:：]", re.IGNORECASE)
_STUB = re.compile(
    r"html|ブラウザ|\bbrowser\b|view (?:this|it|the) .{0,20}(?:online|web)|does not support|対応した?メール|表示でき",
    re.IGNORECASE,
)
_LONGEST_STUB = 400
_PGP = re.compile(r"\s*-----BEGIN PGP MESSAGE-----")
_QUOTES = re.compile(
    r"gmail_(?:quote(?:_container)?|attr|extra)|yahoo_quoted|moz-(?:cite-prefix|forward-container|email-headers-table)|"
    r"protonmail_quote|zmail_extra|OutlookMessageHeader|(?:x_)?divRplyFwdMsg|mail-quote|reply-quote|WordSection1_quote|"
    r"AppleOriginalContents"
)
_SIGNATURES = re.compile(
    r"(?:x_)?(?:gmail_signature(?:_prefix)?|moz-signature|Signature|AppleMailSignature|ms-outlook-mobile-signature|"
    r"protonmail_signature_block(?:-user|-proton)?|signature|mail-signature)"
)


def mail_content(
    headers: Mapping[str, str], body: Iterable[Block], problems: Sequence[Problem]
) -> DocumentContent:
    """A mail as a document: the subject is its title and first heading."""
    subject = headers.get("subject", "")
    first = [heading(subject, 1)] if subject.strip() else []
    metadata = {name: value for name in (*HEADERS, "attachments") if (value := headers.get(name, "").strip())}
    return DocumentContent([*first, *body], subject, problems, metadata)


def sender_of(headers: Mapping[str, str]) -> Sender:
    name, address = parseaddr(headers.get("from", ""))
    is_reply = any(headers.get(key) for key in ("in-reply-to", "references"))
    return Sender(name, address, is_reply or bool(_REPLY.match(headers.get("subject", ""))))


def iso_date(value: str) -> str:
    """A date header as ISO 8601; as it stands where it is no date."""
    try:
        return parsedate_to_datetime(value).isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(value.strip()).isoformat()
    except ValueError:
        return value.strip()


def file_time(ticks: int) -> str:
    """A Windows time (100 ns since 1601) as ISO 8601; "" where it is out of range."""
    try:
        return datetime.fromtimestamp(ticks / 10_000_000 - 11_644_473_600, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return ""


def chosen_body(plain: str, html: str, sender: Sender) -> list[Block]:
    """The blocks of one body that came in two forms: plain, unless that is empty or only says there is HTML.

    Raises:
        UnreadableError: encrypted, for a body that is a PGP message.
    """
    if _PGP.match(plain):
        raise UnreadableError("encrypted", "the body is a PGP message")
    if plain.strip() and not (html.strip() and _is_stub(plain)):
        return plain_body(plain, sender)
    return html_body(html, sender)


def _is_stub(plain: str) -> bool:
    return len(plain.strip()) <= _LONGEST_STUB and bool(_STUB.search(plain))


def plain_body(text: str, sender: Sender) -> list[Block]:
    """The paragraphs of a plain body, quotes and signatures marked."""
    lines = unify_lines(text).split("\n")
    marks = mark_lines(lines, sender)
    blocks: list[Block] = []
    for (mark, is_quote), run in groupby(
        zip(marks, lines, strict=True),
        lambda pair: (pair[0], pair[0] is not None and pair[1].startswith(">")),
    ):
        kind = BlockKind.QUOTE if is_quote else BlockKind.PARAGRAPH
        for part in split_paragraphs("\n".join(line for _, line in run)):
            blocks.append(Block(kind, part.strip(), boilerplate=mark))
    return blocks


def html_body(html: str, sender: Sender) -> list[Block]:
    """The blocks of an HTML body: marked by what mail programs write into it, then by its lines as a plain one."""
    blocks = html_blocks(html, mail_mark)
    lines: list[str] = []
    known: Marks = []
    for block in blocks:
        own = block.text.split("\n")
        lines += [*(own if block.boilerplate is None else [""] * len(own)), ""]
        known += [*[block.boilerplate] * len(own), None]
    marks = mark_lines(lines, sender, known)
    marked: list[Block] = []
    at = 0
    for block in blocks:
        length = block.text.count("\n") + 1
        marked += _split(block, marks[at : at + length])
        at += length + 1
    return marked


def _split(block: Block, marks: Marks) -> list[Block]:
    """`block` with the mark of its lines, in pieces where they differ; what is no paragraph stays whole."""
    if len(set(marks)) == 1:
        return [replace(block, boilerplate=marks[0])]
    if block.kind is not BlockKind.PARAGRAPH:
        return [block]
    lines = block.text.split("\n")
    return [
        replace(block, text="\n".join(line for _, line in run), boilerplate=mark)
        for mark, run in groupby(zip(marks, lines, strict=True), lambda pair: pair[0])
    ]


def mail_mark(tag: str, attributes: Mapping[str, str | None], in_content: bool) -> Mark | None:
    """Whether an element of a mail holds a quoted mail or a signature, by what mail programs write."""
    if tag == "blockquote" and attributes.get("type") == "cite":
        return Mark(Boilerplate.QUOTED_REPLY)
    for name in f"{attributes.get('class') or ''} {attributes.get('id') or ''}".split():
        if _QUOTES.fullmatch(name):
            return Mark(Boilerplate.QUOTED_REPLY)
        if _SIGNATURES.fullmatch(name):
            return Mark(Boilerplate.SIGNATURE)
    return None


def forwarded(subject: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a mail that lies in another one, all marked as not its writer's."""
    mark = Boilerplate.QUOTED_REPLY
    first = [] if blocks and blocks[0].title == subject else [heading(subject, 2)] if subject else []
    return [replace(block, boilerplate=mark) for block in [*first, *blocks]]


def attachment_problem(name: str, kind: str, size: int) -> Problem:
    reason = f"the attachment {name or '(without a name)'} ({kind}, {size} bytes) is not read"
    return Problem(
        "attachment_not_read", Severity.INFO, reason, evidence={"name": name, "type": kind, "size": size}
    )

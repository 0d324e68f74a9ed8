"""The body of a mail as blocks: which of its forms is read, and what in it its writer did not write."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tasks.ingest.contract import Block, BlockKind, Boilerplate, UnreadableError
from tasks.ingest.readers.lines import split_paragraphs, unify_lines
from tasks.ingest.readers.mail.marks import Marks, Sender
from tasks.ingest.readers.mail.quotes import mark_forwarded, mark_quotes
from tasks.ingest.readers.mail.signatures import mark_signatures
from tasks.ingest.readers.web.html import html_blocks
from tasks.ingest.readers.web.html_elements import Mark

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
    marks = _mark_lines(lines, sender)
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
    blocks = html_blocks(html, _mail_mark)
    lines: list[str] = []
    known: Marks = []
    for block in blocks:
        own = block.text.split("\n")
        lines += [*(own if block.boilerplate is None else [""] * len(own)), ""]
        known += [*[block.boilerplate] * len(own), None]
    marks = _mark_lines(lines, sender, known)
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


def _mail_mark(tag: str, attributes: Mapping[str, str | None], in_content: bool) -> Mark | None:
    """Whether an element of a mail holds a quoted mail or a signature, by what mail programs write."""
    if tag == "blockquote" and attributes.get("type") == "cite":
        return Mark(Boilerplate.QUOTED_REPLY)
    for name in f"{attributes.get('class') or ''} {attributes.get('id') or ''}".split():
        if _QUOTES.fullmatch(name):
            return Mark(Boilerplate.QUOTED_REPLY)
        if _SIGNATURES.fullmatch(name):
            return Mark(Boilerplate.SIGNATURE)
    return None


def _mark_lines(lines: Sequence[str], sender: Sender, known: Marks | None = None) -> Marks:
    """The mark of each line of a body; those without one its writer wrote.

    Args:
        known: marks that the format gave already; lines that have one must be blank in `lines`.
    """
    marks: Marks = list(known) if known else [None] * len(lines)
    end = mark_forwarded(lines, marks)
    mark_quotes(lines[:end], marks, sender)
    mark_signatures(lines, marks, sender)
    return marks

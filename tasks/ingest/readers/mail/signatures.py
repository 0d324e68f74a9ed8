"""Which lines of a mail are a signature, a disclaimer or a mail program's own.

Rules, no model: what they rest on are marks of signatures and the ruled blocks that close Japanese mails, if their
lines say who and where somebody is. A rule that is in doubt marks nothing.
"""

import re
from collections.abc import Sequence

from tasks.ingest.contract import Boilerplate
from tasks.ingest.readers.mail.marks import Marks, Sender, is_blank, is_rule

_DEVICE = re.compile(
    r"\s*(?:Sent (?:from|via) (?:my )?(?:iPhone|iPad|mobile|Android|Galaxy|Samsung|BlackBerry|Mail for|Outlook|Yahoo|"
    r"Gmail|Proton|a phone|smartphone).{0,60}|Get Outlook for (?:iOS|Android).{0,80}|"
    r"(?:私の|マイ)?\s?(?:iPhone|iPad|Android|スマートフォン|スマホ|Galaxy|Xperia)(?:の\S{1,10})?から送信"
    r"(?:しました|しています)?.{0,20}|Outlook for (?:iOS|Android)(?:\s?を入手|<).{0,80}|"
    r"Von meinem (?:iPhone|iPad) gesendet|Envoyé de mon (?:iPhone|iPad))\s*",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"intended (?:solely |only )?for (?:the )?(?:use of|addressee|recipient|named|individual|person)|"
    r"not the (?:intended|named) (?:recipient|addressee)|"
    r"received this (?:e-?mail|message|communication)[^.]{0,40} in error|"
    r"legally privileged|(?:e-?mail|message)[^.]{0,80}confidential (?:information|and)|"
    r"(?:誤って|間違って|手違いで).{0,15}(?:受信|受け取|届|送信|配信)[^。]{0,40}(?:場合|際|とき)|"
    r"(?:本|この)(?:電子)?メール.{0,40}(?:機密|秘密|秘匿|守秘)|本メールは.{0,20}送信専用",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"(?<!\w)(?:TEL|Telephone|Phone|Mobile|Cell|Fax|電話|携帯|直通|内線|ＴＥＬ|ＦＡＸ|[TMFP](?=[:：.]))"
    r"\s?[:：.]?\s?[(（+＋]?[\d０-９]|(?<![\d-])(?:\+\d{1,3}[ -]?)?\(?\d{2,5}\)?[ -]\d{1,4}[ -]\d{3,4}(?![\d-])",
    re.IGNORECASE,
)
_POSTAL_ADDRESS = re.compile(
    r"〒\s?\d{3}|\d{3}-\d{4}\s*(?:東京|大阪|京都|北海道|.{2,3}県)|(?:都|道|府|県).{1,6}(?:市|区|町|村).{0,20}\d|"
    r"\b\d{1,5} [A-Z]\w+ (?:St|Street|Ave|Avenue|Road|Rd|Blvd|Lane|Drive)\b"
)
_ORGANISATION = re.compile(
    r"(?:株式|有限|合同)会社|(?:財団|社団)法人|㈱|\(株\)|（株）|\b(?:Inc|Ltd|LLC|GmbH|Corp|K\.K)\b|"
    r"(?:営業|開発|総務|人事|情報|企画|技術|管理|サポート|事業)\S{0,10}(?:部|課|室|グループ|センター)|"
    r"\b(?:Manager|Director|Engineer|CEO|CTO|President|Department|Scientist)\b"
)
_EVIDENCE = (
    _TELEPHONE,
    re.compile(r"[\w.+-]+(?:@|＠|\[at\])[\w-]+\.[\w.-]+"),
    re.compile(r"https?://|(?<!\w)www\.|(?<!\w)URL\s?[:：]", re.IGNORECASE),
    _POSTAL_ADDRESS,
    _ORGANISATION,
)
_NOT_A_SIGNATURE = re.compile(
    r"日\s?時\s?[:：]|会\s?場\s?[:：]|場\s?所\s?[:：]|議\s?題|開催|参加費|申\s?込|お問い?合わ?せ|問合せ|連絡先|受付|"
    r"営業時間|注文番号|金\s?額|合計|ご予約|手順|"
    r"\b(?:agenda|venue|when|where|contact us|order (?:number|no)|total|invoice|steps?)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?:。|です|ます|ました|ません|ください|下さい|でしょうか)[)）」]?\s*$|[a-z]{2,}(?: \S+){7,}[.!?]\s*$"
)
_LONGEST_SIGNATURE = 15
"""Lines that are not blank."""


def mark_signatures(lines: Sequence[str], marks: Marks, sender: Sender) -> None:
    """Marks the signature that ends what the writer wrote, disclaimers below it, and lines of mail programs."""
    for at, line in enumerate(lines):
        if marks[at] is None and _DEVICE.fullmatch(line):
            marks[at] = Boilerplate.SIGNATURE
    end = len(lines)
    while end:
        while end and (marks[end - 1] is not None or not lines[end - 1].strip()):
            end -= 1
        begin = end
        while begin and marks[begin - 1] is None:
            begin -= 1
        start = begin + _signature_start(lines[begin:end], sender)
        marks[start:end] = [Boilerplate.SIGNATURE] * (end - start)
        if any(line.strip() for line in lines[begin:start]):
            return
        end = begin  # all of it was the footer of a list: the writer's own signature stands further up


def _signature_start(body: Sequence[str], sender: Sender) -> int:
    """Index of the first line of the signature in the lines that a writer wrote last; their number without one."""
    start = len(body)
    for first, last in reversed(_paragraphs(body)):  # disclaimers may stand below it
        if last != start and any(line.strip() and not is_rule(line) for line in body[last:start]):
            break
        if not _DISCLAIMER.search(" ".join(body[first:last])):
            break
        start = first
    written = [at for at in range(start) if body[at].strip()][-3 * _LONGEST_SIGNATURE :]
    for at in written:
        line = body[at]
        if line.rstrip() != "--" and not is_rule(line):
            continue
        below = [each for each in body[at + 1 : start] if each.strip()]
        if line.rstrip() == "--" and len(below) <= (2 if line == "-- " else 1) * _LONGEST_SIGNATURE:
            return at
        if _is_signature(below):
            return at
    paragraphs = _paragraphs(body[:start])
    if len(paragraphs) > 1:
        first, last = paragraphs[-1]
        if _is_signature(body[first:last]) and _names_sender(body[first:last], sender):
            return first
    return start


def _paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each run of lines that are not blank."""
    edges = [at for at in range(len(lines) + 1) if is_blank(lines, at) != is_blank(lines, at - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _is_signature(lines: Sequence[str]) -> bool:
    """Whether lines say who and where somebody is, and nothing else: two kinds of evidence, no sentence."""
    said = [line for line in lines if line.strip() and not is_rule(line)]
    if not 1 <= len(said) <= _LONGEST_SIGNATURE:
        return False
    if any(_SENTENCE.search(line) or _NOT_A_SIGNATURE.search(line) or len(line) > 120 for line in said):
        return False
    text = "\n".join(said)
    return sum(bool(kind.search(text)) for kind in _EVIDENCE) >= 2


def _names_sender(lines: Sequence[str], sender: Sender) -> bool:
    text = "".join("".join(lines).lower().split())
    name = [part for part in re.split(r"[\s\u3000,]+", sender.name.lower()) if len(part) > 1]
    return bool(sender.address and sender.address.lower() in text) or any(part in text for part in name)

"""Which lines of a mail its writer did not write: quoted and forwarded mails, signatures and disclaimers.

Rules, no model: what they rest on are the lines that mail programs write (in English, Japanese, German, French) and
the ruled blocks that close Japanese mails. A rule that is in doubt marks nothing.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from tasks.ingest.contract import Boilerplate

Marks = list[Boilerplate | None]


class Sender(NamedTuple):
    """What tells a signature and a reply: the name and address of the writer, and whether the mail answers one."""

    name: str = ""
    address: str = ""
    is_reply: bool = False


_UNKNOWN = Sender()
_QUOTED = re.compile(r"\s{0,3}(?:[A-Za-z]{1,4})?>(?!-)")
_WIDE_QUOTED = re.compile(r"[\s\u3000]{0,3}[＞|｜]")
_ADDRESSED = re.compile(
    r"[\s\u3000]*[>＞]+[\s\u3000]*\S{1,15}(?:さん|様|さま|殿|君|くん|ちゃん|各位|先生)[、。,:：!！]?\s*"
)
_DATE = (
    r"(?:\d{4}[-/.年]\s?\d{1,2}[-/.月]|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|"
    r"\d{1,2}(?:st|nd|rd|th)?\.? ?[A-Za-zäûé]{3,9}\.?,? ?\d{4}|[A-Za-z]{3,9}\.? \d{1,2},? ?(?:at |\d))"
)
_ATTRIBUTION = re.compile(
    rf"\s*\**(?:On\b.{{0,200}}{_DATE}.{{0,200}}\bwrote:?|Am\b.{{0,200}}{_DATE}.{{0,200}}\bschrieb\b.{{0,100}}:|"
    rf"Le\b.{{0,200}}{_DATE}.{{0,200}}a écrit\s?:|El\b.{{0,200}}{_DATE}.{{0,200}}escribió:|"
    rf"{_DATE}.{{0,120}}(?:<[^<>\s]+@[^<>\s]+>|\[mailto:\S+\]|さん|様|氏).{{0,30}}[:：]|"
    rf".{{0,100}}{_DATE}.{{0,120}}(?:wrote|のメール|書きました|書かれました|書いた|のメッセージ)[:：]?|"
    rf".{{1,60}}(?:wrote|さんは書きました|さんが書きました|は書きました)[:：])\**\s*",
    re.DOTALL,
)
_WRAPS = re.compile(rf"\s*\**(?:(?:On|Am|Le|El)\b|{_DATE})")
"""How an attribution starts that may go on in the next lines."""
_MAIL_ADDRESS = re.compile(r"<\S+@\S+>")
_ATTRIBUTION_ENDS = (":", "：", "*", "wrote", "メール", "ました", "書いた", "メッセージ")
_DIVIDER = re.compile(
    r"\s*[>\s]*(?:[-_=*─━－―]{2,}\s*(?:original (?:message|appointment)|forwarded (?:message|by\b.{0,80})|"
    r"reply message|元の(?:メッセージ|メール|予定)|オリジナル\s?メッセージ|転送(?:された)?(?:メッセージ|メール)|"
    r"以下転送|"
    r"ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|message transféré)"
    r"\s*[-_=*─━－―]*|begin forwarded message:|転送されたメッセージ[:：])\s*",
    re.IGNORECASE,
)
_FROM = re.compile(r"[\s>]*\**(?:From|差出人|送信者|送信元|発信者|Von|De|Da)\s?[:：]\**\s*\S")
_HEADER = re.compile(
    r"[\s>]*\**(?:Sent|Date|To|Cc|CC|Bcc|Subject|Importance|Reply-To|Attachments|送信日時|送信日|送信時刻|日時|日付|"
    r"宛先|宛て|件名|題名|重要度|返信先|添付ファイル|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto)"
    r"\s?[:：]"
)
_RULE = re.compile(r"(?:[^\w>|。、]|_){5,}|(?:[^\w>|。、]|_){3}.{0,40}(?:[^\w>|。、]|_){3}")
_LONGEST_RULE = 150
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


def mark_lines(lines: Sequence[str], sender: Sender = _UNKNOWN, known: Marks | None = None) -> Marks:
    """The mark of each line of a body; those without one its writer wrote.

    Args:
        known: marks that the format gave already; lines that have one must be blank in `lines`.
    """
    marks: Marks = list(known) if known else [None] * len(lines)
    end = _mark_forwarded(lines, marks)
    _mark_quotes(lines[:end], marks, sender)
    _mark_signatures(lines, marks, sender)
    return marks


def _mark_forwarded(lines: Sequence[str], marks: Marks) -> int:
    """Marks all from the line where a mail program put the mail that is answered or forwarded.

    Returns:
        How many lines stand before it.
    """
    for at, line in enumerate(lines):
        length = _attribution(lines, at)
        is_quoted_below = bool(length) and _is_followed_by_text(lines, at, at + length)
        if not (is_quoted_below or _DIVIDER.fullmatch(line) or _is_header_block(lines, at)):
            continue
        start = at
        while (
            start and marks[start - 1] is None and (_is_blank(lines, start - 1) or _is_rule(lines[start - 1]))
        ):
            start -= 1
        marks[start:] = [Boilerplate.QUOTED_REPLY] * (len(lines) - start)
        return start
    return len(lines)


def _is_header_block(lines: Sequence[str], at: int) -> bool:
    """Whether the headers of a mail start here: its sender, and two more within the next lines."""
    if not _FROM.match(lines[at]):
        return False
    following = [line for line in lines[at + 1 : at + 9] if line.strip()][:5]
    return sum(bool(_HEADER.match(line)) for line in following) >= 2


def _attribution(lines: Sequence[str], at: int) -> int:
    """Lines (up to 3) of an 'On …, … wrote:' that starts here; 0 if none does."""
    if not lines[at].strip() or _QUOTED.match(lines[at]) or len(lines[at]) > 300:
        return 0
    for length in (1, 2, 3) if _WRAPS.match(lines[at]) else (1,):
        if length > 1 and _is_blank(lines, at + length - 1):
            return 0
        joined = "\n".join(lines[at : at + length])
        if (
            len(joined) <= 400
            and joined.rstrip().endswith(_ATTRIBUTION_ENDS)
            and _ATTRIBUTION.fullmatch(joined)
        ):
            return length
    return 0


def _is_followed_by_text(lines: Sequence[str], at: int, after: int) -> bool:
    """Whether a mail follows the attribution without quote marks; only one that names an address is trusted."""
    first = next((line for line in islice(lines, after, after + 5) if line.strip()), "")
    return bool(first) and not _is_quoted(first) and bool(_MAIL_ADDRESS.search("\n".join(lines[at:after])))


def _is_rule(line: str) -> bool:
    """A line of dashes, boxes and the like, a word or two among them at most."""
    bare = "".join(line.split())
    return len(bare) <= _LONGEST_RULE and bool(_RULE.fullmatch(bare))


def _is_quoted(line: str) -> bool:
    return bool(_QUOTED.match(line) or _WIDE_QUOTED.match(line))


def _mark_quotes(lines: Sequence[str], marks: Marks, sender: Sender) -> None:
    """Marks runs of quoted lines, and the attribution before each."""
    at = 0
    while at < len(lines):
        length = _attribution(lines, at)
        after = at + length
        while length and after < len(lines) and not lines[after].strip():
            after += 1
        first = after if length and after < len(lines) and _is_quoted(lines[after]) else at
        end = first
        while end < len(lines) and _is_quoted(lines[end]):
            end += 1
        if end == first:
            at += 1
        elif first > at or _is_quote(lines[first:end], sender):
            marks[at:end] = [Boilerplate.QUOTED_REPLY] * (end - at)
        at = max(at, end)


def _is_quote(run: Sequence[str], sender: Sender) -> bool:
    """Whether lines with `>` and no attribution are a quote: not one that addresses somebody, nor a lone comparison."""
    if len(run) == 1 and _ADDRESSED.fullmatch(run[0]):
        return False
    narrow = [line for line in run if _QUOTED.match(line)]
    if not narrow:
        return len(run) > 1 and all(line.lstrip()[:1] == "＞" for line in run)
    nested = any(re.match(r"\s{0,3}>\s?>", line) for line in narrow)
    return nested or sender.is_reply or len(run) > 1


def _mark_signatures(lines: Sequence[str], marks: Marks, sender: Sender) -> None:
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
        if last != start and any(line.strip() and not _is_rule(line) for line in body[last:start]):
            break
        if not _DISCLAIMER.search(" ".join(body[first:last])):
            break
        start = first
    written = [at for at in range(start) if body[at].strip()][-3 * _LONGEST_SIGNATURE :]
    for at in written:
        line = body[at]
        if line.rstrip() != "--" and not _is_rule(line):
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
    edges = [at for at in range(len(lines) + 1) if _is_blank(lines, at) != _is_blank(lines, at - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _is_blank(lines: Sequence[str], at: int) -> bool:
    return not 0 <= at < len(lines) or not lines[at].strip()


def _is_signature(lines: Sequence[str]) -> bool:
    """Whether lines say who and where somebody is, and nothing else: two kinds of evidence, no sentence."""
    said = [line for line in lines if line.strip() and not _is_rule(line)]
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

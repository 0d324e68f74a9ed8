"""Which lines of a mail are another mail: quoted ones, and all from where one is answered or forwarded.

Rules, no model: what they rest on are the lines that mail programs write (in English, Japanese, German, French). A
rule that is in doubt marks nothing.
"""

import re
from collections.abc import Sequence
from itertools import islice

from tasks.ingest.contract import Boilerplate
from tasks.ingest.readers.mail.marks import Marks, Sender, is_blank, is_rule

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


def mark_forwarded(lines: Sequence[str], marks: Marks) -> int:
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
            start and marks[start - 1] is None and (is_blank(lines, start - 1) or is_rule(lines[start - 1]))
        ):
            start -= 1
        marks[start:] = [Boilerplate.QUOTED_REPLY] * (len(lines) - start)
        return start
    return len(lines)


def mark_quotes(lines: Sequence[str], marks: Marks, sender: Sender) -> None:
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
        if length > 1 and is_blank(lines, at + length - 1):
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


def _is_quoted(line: str) -> bool:
    return bool(_QUOTED.match(line) or _WIDE_QUOTED.match(line))


def _is_quote(run: Sequence[str], sender: Sender) -> bool:
    """Whether lines with `>` and no attribution are a quote: not one that addresses somebody, nor a lone comparison."""
    if len(run) == 1 and _ADDRESSED.fullmatch(run[0]):
        return False
    narrow = [line for line in run if _QUOTED.match(line)]
    if not narrow:
        return len(run) > 1 and all(line.lstrip()[:1] == "＞" for line in run)
    nested = any(re.match(r"\s{0,3}>\s?>", line) for line in narrow)
    return nested or sender.is_reply or len(run) > 1

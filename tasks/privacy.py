"""Personal data in inputs and targets: found by form and check digit, shown masked, replaced by placeholders.

Patterns use look-arounds for digits and letters of ASCII instead of `\\b`: kana and kanji are word characters, so
that `\\b` finds no border between them and a number. Matching happens on a copy in which each character is folded
by NFKC where that gives one character (full-width digits), so that positions are those of the text itself.

Sources: payment cards ISO/IEC 7812-1 (Luhn); IBAN ISO 13616 (mod 97); My Number: check digit of the Cabinet and
MIC ordinance No. 85 of 2014, article 5; telephone numbers ITU-T E.164 and the MIC numbering plan of Japan.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import pyarrow as pa

from tasks import findings
from tasks.findings import about_sample, read_columns
from tasks.records import FINDING, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace


class Kind(StrEnum):
    """Kinds of personal data; the placeholder is the name in brackets."""

    EMAIL = "EMAIL"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN = "IBAN"
    MY_NUMBER = "MY_NUMBER"
    PHONE = "PHONE"
    POSTAL_CODE = "POSTAL_CODE"


class Span(NamedTuple):
    """Characters `start` to `end` of a text hold personal data of a kind."""

    start: int
    end: int
    kind: Kind


class Detector(NamedTuple):
    """A form, and what must hold of a match for it to count."""

    kind: Kind
    pattern: re.Pattern[str]
    accepts: Callable[[re.Match[str]], bool]


def find_personal_data(samples: pa.Table) -> pa.Table:
    """One finding "personal_data" for each sample with personal data in its input or target.

    Returns:
        Findings (warning) scored by the number of spans. Evidence: kind, field, start, end and a masked form of
        each; the value itself is nowhere in a finding. Suggestion: the sample's texts with placeholders;
        none for labelled spans, which placeholders would shift.
    """
    columns = read_columns(samples)
    rows = []
    for index in range(len(samples)):
        texts = {field: columns[field][index] or "" for field in ("input", "target")}
        spans = {field: find_spans(text) for field, text in texts.items()}
        found = [
            {"field": field, **span._asdict(), "masked": mask(texts[field][span.start : span.end])}
            for field in texts
            for span in spans[field]
        ]
        if not found:
            continue
        kinds = sorted({item["kind"] for item in found})
        changed = {field: redact(texts[field], spans[field]) for field in texts if spans[field]}
        rows.append(
            about_sample(
                columns,
                index,
                stage="privacy",
                check="personal_data",
                severity=Severity.WARNING,
                score=float(len(found)),
                threshold=1.0,
                reason=f"holds personal data: {', '.join(kinds)}",
                evidence={"kinds": kinds, "spans": found},
                suggestion=None if columns["spans"][index] is not None else {"action": "edit", **changed},
            )
        )
    return build_table(rows, FINDING)


@stage("privacy", findings)
def find_personal_data_stage(workspace: Workspace, samples: TableRef) -> TableRef:
    """Thin task over `find_personal_data`."""
    return workspace.write_table(find_personal_data(workspace.read_table(samples)), "findings-privacy")


def find_spans(text: str) -> list[Span]:
    """Personal data in `text`, in order, without overlaps; where two kinds fit, the more particular one."""
    folded = _fold(text)
    if not _MAYBE.search(folded):
        return []
    spans: list[Span] = []
    for detector in _DETECTORS:
        for match in detector.pattern.finditer(folded):
            apart = all(match.end() <= span.start or match.start() >= span.end for span in spans)
            if apart and detector.accepts(match):
                spans.append(Span(match.start(), match.end(), detector.kind))
    return sorted(spans)


def redact(text: str, spans: list[Span]) -> str:
    """`text` with each span replaced by its kind in brackets."""
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], f"[{span.kind}]"]
        last = span.end
    return "".join([*parts, text[last:]])


def mask(value: str) -> str:
    """Letters and digits as "*": the form of a value without the value."""
    return "".join("*" if character.isalnum() else character for character in value)


def passes_luhn(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def passes_my_number(digits: str) -> bool:
    """Check digit of a 12-digit My Number: 11 - (sum of P_n * Q_n mod 11), 0 for remainders up to 1.

    P_n is the n-th digit from the right without the check digit; Q_n is n + 1 for n up to 6, n - 5 from 7 on.
    """
    if len(digits) != 12 or len(set(digits)) == 1:
        return False
    weights = [n + 1 if n <= 6 else n - 5 for n in range(1, 12)]
    rest = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:-1]), weights, strict=True)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest)


def passes_iban(value: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as 10-35, leave 1 modulo 97."""
    moved = value[4:] + value[:4]
    return 15 <= len(value) <= 34 and int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def _fold(text: str) -> str:
    """`text` with full-width forms and dashes as ASCII, of the same length."""
    if text.isascii():
        return text
    folded = [unicodedata.normalize("NFKC", character) for character in text]
    return "".join(f if len(f) == 1 else c for f, c in zip(folded, text, strict=True)).translate(_DASHES)


def _compact(match: re.Match[str]) -> str:
    return _SEPARATORS.sub("", match[0])


def _follows(match: re.Match[str], words: re.Pattern[str]) -> bool:
    """Whether one of `words` stands within `_CONTEXT` characters before the match."""
    return words.search(match.string, max(0, match.start() - _CONTEXT), match.start()) is not None


def _is_card(match: re.Match[str]) -> bool:
    number = _compact(match)
    return _CARD_NUMBER.fullmatch(number) is not None and passes_luhn(number)


def _is_my_number(match: re.Match[str]) -> bool:
    """One in eleven numbers of 12 digits passes the check: without groups of four, the name must be there."""
    grouped = not match[0].isdigit()
    return passes_my_number(_compact(match)) and (grouped or _follows(match, _MY_NUMBER_WORDS))


def _is_japanese_phone(match: re.Match[str]) -> bool:
    """Length by the numbering plan; a landline without hyphens looks like any number and needs a word before."""
    digits = _compact(match)
    eleven = re.match("0[5-9]0", digits) is not None
    named = eleven or digits.startswith("0120") or not match[0].isdigit()
    return len(digits) == (11 if eleven else 10) and (named or _follows(match, _PHONE_WORDS))


def _is_postal_code(match: re.Match[str]) -> bool:
    address = _ADDRESS.match(match.string, match.end()) is not None
    return match[0].startswith("〒") or address or _follows(match, _POSTAL_WORDS)


_CONTEXT = 15  # characters before a match in which a word may announce it
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-"))
_SEPARATORS = re.compile(r"[^0-9A-Za-z]")
_MAYBE = re.compile(r"[@0-9]")
_BEFORE = r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-._/])"  # not inside a longer number, code or date
_AFTER = r"(?![0-9A-Za-z])(?![-._/,][0-9A-Za-z])"
_EXTENSION = r"(?: ?x\d{1,5})?"
_MY_NUMBER_WORDS = re.compile(r"マイナンバ|個人番号|my ?number", re.IGNORECASE)  # "ー" is folded to "-"
_PHONE_WORDS = re.compile(r"電話|携帯|連絡先|phone|\btel|call|\bfax|\bnumber is", re.IGNORECASE)
_POSTAL_WORDS = re.compile(r"郵便番号|住所|所在地")
_ADDRESS = re.compile(r"\s?(?:東京都|北海道|京都府|大阪府|[一-龥]{2,3}県|[一-龥]{1,4}[市区町村])")
_CARD_NUMBER = re.compile(  # issuers' ranges: Visa, Mastercard, American Express, JCB, Diners, Discover, UnionPay
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|35[2-8]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}"
)
_DETECTORS = (
    Detector(
        Kind.EMAIL,
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}"
            r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
        ),
        lambda _: True,
    ),
    Detector(
        Kind.IBAN,
        re.compile(_BEFORE + r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z])"),
        lambda match: passes_iban(_compact(match)),
    ),
    Detector(
        Kind.CREDIT_CARD,
        re.compile(
            _BEFORE + r"(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})" + _AFTER
        ),
        _is_card,
    ),
    Detector(
        Kind.MY_NUMBER,
        re.compile(_BEFORE + r"(?:\d{12}|\d{4}([ -])\d{4}\1\d{4})(?! \d{4})" + _AFTER),
        _is_my_number,
    ),
    Detector(  # international
        Kind.PHONE,
        re.compile(r"(?<![0-9A-Za-z+])\+[1-9]\d{0,2}(?:[ .-]?\(?\d{1,4}\)?){2,5}" + _EXTENSION + _AFTER),
        lambda match: 8 <= len(_compact(match).split("x")[0]) <= 15,  # E.164
    ),
    Detector(  # Japan
        Kind.PHONE,
        re.compile(
            _BEFORE + r"(?:0\d{9,10}|0\d{1,4}[ -]\d{1,4}[ -]\d{3,4}"
            r"|\(0\d{1,4}\) ?\d{1,4}[ -]?\d{4}|0\d{1,4}\(\d{1,4}\)\d{4})" + _AFTER
        ),
        _is_japanese_phone,
    ),
    Detector(  # North America
        Kind.PHONE,
        re.compile(
            _BEFORE + r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}" + _EXTENSION + _AFTER
        ),
        lambda _: True,
    ),
    Detector(  # anywhere else: groups of digits after a word that announces them
        Kind.PHONE,
        re.compile(_BEFORE + r"\(?\d{2,5}\)?(?:[ .-]\(?\d{2,5}\)?){1,4}" + _EXTENSION + _AFTER),
        lambda match: 7 <= len(_compact(match)) <= 15 and _follows(match, _PHONE_WORDS),
    ),
    Detector(
        Kind.POSTAL_CODE,
        re.compile(r"〒 ?\d{3}-?\d{4}(?!\d)|" + _BEFORE + r"\d{3}-\d{4}" + _AFTER),
        _is_postal_code,
    ),
)

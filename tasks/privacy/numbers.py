"""Numbers of persons: identity, money, networks, births.

Sources of forms: My Number and corporate number as in `checks`; passport: two letters and seven digits in Japan
(ICAO 9303 leaves the form to the state); driver's licence of Japan: twelve digits.
"""

import ipaddress
import re

from tasks.privacy.checks import passes_corporate_number, passes_iban, passes_luhn, passes_my_number
from tasks.privacy.spans import AFTER, BEFORE, Detector, Kind, compact, follows, precedes


def _grade_card(match: re.Match[str]) -> float:
    """An issuer's range and Luhn's check; announced as a card, other ranges or a wrong check digit (a typing
    error, an invented number) count as well; so do sixteen digits in the groups of a card."""
    number = compact(match)
    checked = passes_luhn(number) and len(set(number)) > 1
    near = follows(match, _CARD_WORDS, 25) or precedes(match, _CARD_ENDING)
    if (
        checked and _CARD_NUMBER.fullmatch(number) and (near or len(number) > 13)
    ):  # 13 digits: a JAN code as well
        return 1.0
    if checked and near:
        return 0.9
    if len(number) < 13 or follows(match, OTHER_NUMBER):
        return 0.0
    if follows(match, _CARD_NUMBER_WORDS, 100 if len(number) in (15, 16) else 25) or precedes(
        match, _CARD_ENDING
    ):
        return 0.5
    form = match[1] == " " or match.string.strip() == number  # printed as on a card, or nothing else said
    return 0.4 if len(number) == 16 and form else 0.0


def _grade_my_number(match: re.Match[str]) -> float:
    """One in eleven numbers of 12 digits passes the check: without groups of four, the name must be there."""
    if not passes_my_number(compact(match)) or follows(match, OTHER_NUMBER):
        return 0.0
    announced = follows(match, _MY_NUMBER_WORDS)
    return 1.0 if announced else 0.0 if match[0].isdigit() else 0.7


def _grade_corporate_number(match: re.Match[str]) -> float:
    if not passes_corporate_number(compact(match).removeprefix("T")):
        return 0.0
    return 1.0 if follows(match, _CORPORATE_WORDS) else 0.8 if match[0].startswith("T") else 0.0


def _grade_ssn(match: re.Match[str]) -> float:
    area, group, serial = match[0].split(match[1])
    valid = area not in ("000", "666") and group != "00" and serial != "0000"
    return 1.0 if valid and follows(match, _SSN_WORDS, 30) else 0.0


def _grade_ip(match: re.Match[str]) -> float:
    """Addresses of hosts; a version or a section has the same form, so that single digits need a word before."""
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return 0.0
    if address.is_loopback or address.is_unspecified or match[0].startswith(("255.", "0.")):
        return 0.0
    if follows(match, _IP_WORDS, 20):
        return 1.0
    if address.version == 4 and (len(match[0]) < 9 or follows(match, _VERSION_WORDS)):
        return 0.0
    return 0.7


def _grade_birth_date(match: re.Match[str]) -> float:
    return 0.9 if follows(match, _BIRTH_WORDS) or precedes(match, _BIRTH_ENDING) else 0.0


_WORDS = re.IGNORECASE | re.ASCII  # kana beside a Latin word are no part of it
_CARD_WORDS = re.compile(r"card|\bcc\b|credit|debit|visa|maestro|master ?card|amex|カ-ド|クレジット", _WORDS)
_CARD_NUMBER_WORDS = re.compile(
    r"card ?(?:number|no|num|is|#)?\b|\bcc\b|\bcredit\b|カ-ド番号|クレジットカ-ド", _WORDS
)
_CARD_ENDING = re.compile(r"\D{0,30}\b(?:card|cc)\b", _WORDS)
_MY_NUMBER_WORDS = re.compile(r"マイナンバ|個人番号|my ?number", _WORDS)  # "ー" is folded to "-"
_CORPORATE_WORDS = re.compile(r"法人番号|登録番号|corporate number|registration number", _WORDS)
OTHER_NUMBER = re.compile(
    r"注文|受注|伝票|追跡|問い?合わせ番号|製造|品番|型番|order|tracking|serial|invoice", _WORDS
)
"""Before a number: it belongs to a thing, not to a person."""
_SSN_WORDS = re.compile(r"\bssn\b|social security", _WORDS)
_PASSPORT_WORDS = re.compile(r"パスポ-ト|旅券|passport", _WORDS)
_LICENSE_WORDS = re.compile(r"免許|driver'?s?'? ?licen[sc]e|driving licen[sc]e|\bDL ?(?:no|number|#)", _WORDS)
_ACCOUNT_WORDS = re.compile(
    r"口座|普通|当座|貯蓄預金|bank account|\b(?:account|acc?t?|a/c) ?(?:number|no\b|#)", _WORDS
)
_POST_BANK_WORDS = re.compile(r"ゆうちょ|郵便貯金|記号")
_IP_WORDS = re.compile(r"\bip\b|address|アドレス|接続元|client", _WORDS)
_VERSION_WORDS = re.compile(
    r"ver|\bv$|release|rev|build|firmware|バ-ジョン|ファ-ムウェア|版|章|節|項|第", _WORDS
)
_BIRTH_WORDS = re.compile(r"生年月日|誕生日|birth|\bborn\b|\bdob\b", _WORDS)
_BIRTH_ENDING = re.compile(r"\s?(?:に)?(?:生まれ|うまれ|生(?![産地成活育鮮放]))")
_CARD_NUMBER = re.compile(  # issuers' ranges: Visa, Mastercard, American Express, JCB, Diners, Discover, UnionPay
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|35[2-8]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}"
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
DATE = (
    r"(?:(?:19|20)\d\d|(?:明治|大正|昭和|平成|令和|[MTSHR])(?:\d{1,2}|元))(?:年\s?|[-/.])\d{1,2}(?:月\s?|[-/.])\d{1,2}日?"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)\d\d|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH},? (?:19|20)\d\d"
)
NUMBERS = (
    Detector(
        Kind.IBAN,
        re.compile(
            BEFORE + r"[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?![0-9A-Za-z])"
        ),
        lambda match: float(passes_iban(compact(match))),
        digits=1,
        cue=re.compile(r"\d\d(?<=[A-Za-z]{2}\d\d)"),
    ),
    Detector(
        Kind.CORPORATE_NUMBER,
        re.compile(BEFORE + r"T?(?:\d{13}|\d-\d{4}-\d{4}-\d{4})" + AFTER),
        _grade_corporate_number,
        digits=13,
    ),
    Detector(
        Kind.DRIVER_LICENSE,
        re.compile(BEFORE + r"(?:\d{12}|(?=[^\s]{0,3}\d)[A-Z]{0,2}\d{5,14}[A-Z]?|\d{4}-\d\d-\d{4})" + AFTER),
        lambda match: 0.9 if follows(match, _LICENSE_WORDS, 40) else 0.0,
        words=("licen", "dl", "免許"),
        digits=1,
    ),
    Detector(
        Kind.PASSPORT,
        re.compile(BEFORE + r"(?:[A-Z]{1,2}\d{6,8}|\d{9})" + AFTER),
        lambda match: 0.9 if follows(match, _PASSPORT_WORDS, 40) else 0.0,
        words=("passport", "パスポ-ト", "旅券"),
        digits=1,
    ),
    Detector(
        Kind.CREDIT_CARD,
        re.compile(
            BEFORE + r"(?:\d{12,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})" + AFTER
        ),
        _grade_card,
        digits=12,
    ),
    Detector(
        Kind.MY_NUMBER,
        re.compile(BEFORE + r"(?:\d{12}|\d{4}([ -])\d{4}\1\d{4})(?! \d{4})" + AFTER),
        _grade_my_number,
        digits=12,
    ),
    Detector(
        Kind.SSN,
        re.compile(BEFORE + r"\d{3}([ -])\d{2}\1\d{4}" + AFTER),
        _grade_ssn,
        words=("ssn", "social security"),
        digits=1,
    ),
    Detector(
        Kind.IP_ADDRESS,
        re.compile(
            r"(?<![0-9A-Za-z.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z])(?!\.\d)"
            r"|(?=[0-9a-fA-F:]*\d)[0-9a-fA-F]{1,4}(?:::?[0-9a-fA-F]{1,4}){3,7}(?![0-9A-Za-z:])"
            r"|(?:[23][0-9a-fA-F]{3}:[0-9a-fA-F]{1,4}|[fF][eE]80|[fF][cCdD]\d[0-9a-fA-F])(?::[0-9a-fA-F]{1,4}){0,4}::"
            r"(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,4})?(?![0-9A-Za-z:]))"
        ),
        _grade_ip,
        digits=1,
        cue=re.compile(r"\.\d+\.\d+\.|:[0-9a-fA-F:]*:"),
    ),
    Detector(
        Kind.BIRTH_DATE,
        re.compile(r"(?<![0-9A-Za-z/.-])(?:" + DATE + r")(?!\d)"),
        _grade_birth_date,
        words=("birth", "born", "dob", "誕生日", "生", "うまれ"),
        digits=1,
    ),
    Detector(  # Japan Post Bank: symbol and number
        Kind.BANK_ACCOUNT,
        re.compile(BEFORE + r"[01]\d{4}(?:-\d)?[- ](?:番号[: ]?)?\d{6,8}" + AFTER),
        lambda match: 0.9 if follows(match, _POST_BANK_WORDS) else 0.0,
        words=("ゆうちょ", "郵便貯金", "記号"),
        digits=1,
    ),
    Detector(
        Kind.BANK_ACCOUNT,
        re.compile(BEFORE + r"\d{6,18}" + AFTER),  # 18: the longest in use (India)
        lambda match: 0.9 if follows(match, _ACCOUNT_WORDS, 20) else 0.0,
        words=("ac", "a/c", "口座", "普通", "当座", "貯蓄預金"),
        digits=1,
    ),
)

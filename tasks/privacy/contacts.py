"""Where a person is reached: e-mail, telephone, postal code, address.

Telephone numbers by ITU-T E.164 and the MIC numbering plan of Japan.
"""

import re

from tasks.privacy.spans import AFTER, BEFORE, Detector, Kind, Needs, compact, follows, precedes


def _grade_international(match: re.Match[str]) -> float:
    return 1.0 if 8 <= len(compact(match).split("x")[0]) <= 17 else 0.0  # E.164: 15, and "00" before them


def _grade_japanese_phone(match: re.Match[str]) -> float:
    """Length by the numbering plan; a landline without hyphens looks like any number and needs a word before."""
    digits = compact(match)
    eleven = re.match("0[5-9]0", digits) is not None
    if len(digits) != (11 if eleven else 10):
        return 0.0
    if follows(match, _PHONE_WORDS):
        return 1.0
    if follows(match, _OTHER_NUMBER):
        return 0.0
    return 0.8 if eleven or digits.startswith("0120") or not match[0].isdigit() else 0.0


def _grade_announced_phone(match: re.Match[str]) -> float:
    if _DATE.match(match[0]):
        return 0.0
    announced = follows(match, _PHONE_WORDS, 20) or precedes(match, _PHONE_ENDING)
    announced = announced or ("-" in match[0] and precedes(match, _OR_MAIL))
    return 0.7 if 6 <= len(compact(match).split("x")[0]) <= 15 and announced else 0.0


def _grade_postal_code(match: re.Match[str]) -> float:
    if match[0].startswith("〒") or follows(match, _POSTAL_WORDS):
        return 1.0
    return 0.9 if precedes(match, _CITY) else 0.0


def _grade_kanji_phone(match: re.Match[str]) -> float:
    digits = re.sub("[^〇一二三四五六七八九]", "", match[0])
    fits = len(digits) == (11 if re.match("〇[五六七八九]〇", digits) else 10)
    return (1.0 if follows(match, _PHONE_WORDS) else 0.8) if fits else 0.0


_WORDS = re.IGNORECASE | re.ASCII  # kana beside a Latin word are no part of it
_EXTENSION = r"(?: ?x\d{1,5})?"
_OTHER_NUMBER = re.compile(
    r"注文|受注|伝票|追跡|製造|品番|型番|部品|製品|管理|会員|整理|ロット|文書|契約|証券|order|tracking|serial|invoice|\bpart",
    _WORDS,
)
_PHONE_WORDS = re.compile(
    r"電話|携帯|連絡先|ファックス|phone|\btel|\bcall|\bfax|mobile|\bcell\b|\bdesk:|whatsapp|\bnumber is|"
    r"reach (?:me|us|him|her|them)|answering at|messages to|\bdial|\bring\b|my registered",
    _WORDS,
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./][0-3]?\d(?!\d)|[0-3]?\d[-./][01]?\d[-./](?:19|20)\d\d$"
)
_PHONE_ENDING = re.compile(r"[ -](?:office|fax|mobile)\b", _WORDS)
_OR_MAIL = re.compile(r"(?: or | / |または|か)[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9]")
_BEFORE_PHONE = rf"(?:{BEFORE}|(?<=(?<![A-Za-z])[Tt][Ee][Ll])|(?<=(?<![A-Za-z])[Ff][Aa][Xx]))"
"""As `BEFORE`; TEL and FAX stand before a number without a space as well."""
_PART = r"(?: ?[-・] ?| )"
"""Between the parts of a telephone number of Japan."""
_KANJI_DIGIT = "[〇一二三四五六七八九]"
_POSTAL_WORDS = re.compile(r"郵便番号|住所|所在地")
_CITY = re.compile(r"\s?(?:東京都|北海道|京都府|大阪府|[一-龥ぁ-ん]{2,4}県|[一-龥]{1,4}[市区町村])")
_PREFECTURE = r"(?:東京都|北海道|(?:京都|大阪)府|[一-龥]{2,3}県|(?<![ぁ-ん])[ぁ-ん]{2,4}県)"
_PLACE = r"[一-龥ぁ-んァ-ヶ々-]"
_BLOCK = r"\d{1,5}(?:(?:丁目|番地?|号|条[東西南北]?|-(?=\d)|の(?=\d))\d{0,4}){0,4}"
_BLOCK_OF_ADDRESS = re.compile(r"\d(?:丁目|番|-\d|の\d)|[都道府県].*\d$|号室?$")
_HOUSE = r"(?:荘|ハイツ|ビル|マンション|コ-ポ|号館|タワ-|アパ-ト|レジデンス|メゾン)?"
_BUILDING = rf"(?:[ ]?[一-龥ぁ-んァ-ヶ々A-Za-z-]{{2,16}}{_HOUSE}[ ]?\d{{1,4}}(?:号室?|階))?"
_STREET = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Crescent|Close|Place|Pl|Square|Sq"
    r"|Terrace|Parkway|Pkwy|Highway|Hwy|Circle|Trail|Mews"
)
CONTACTS = (
    Detector(
        Kind.EMAIL,
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}"
            r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
        ),
        lambda _: 1.0,
        words=("@",),
    ),
    Detector(  # at a domain in kana or kanji
        Kind.EMAIL,
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}"
            r"@(?=[A-Za-z0-9.-]{0,60}[一-龥ぁ-んァ-ヶ])"
            rf"(?:(?:[A-Za-z0-9-]|{_PLACE}){{1,40}}\.){{1,4}}(?:[A-Za-z]{{2,24}}|日本)(?![A-Za-z0-9-])"
        ),
        lambda _: 1.0,
        words=("@",),
        needs=Needs.JAPANESE,
    ),
)
PHONES_AND_PLACES = (
    Detector(  # international
        Kind.PHONE,
        re.compile(
            r"(?:(?<![0-9A-Za-z+])\+[1-9]\d{0,2}|(?<![0-9] )" + BEFORE + r"00[1-9]\d{0,2}(?=[ .-]))"
            r"(?:[ .-]?\(?\d{1,4}\)?){2,6}" + _EXTENSION + AFTER
        ),
        _grade_international,
        words=("+", "00"),
        digits=7,
    ),
    Detector(  # Japan
        Kind.PHONE,
        re.compile(
            r"(?=[0(])" + _BEFORE_PHONE + rf"(?:0\d{{9,10}}|0\d{{1,4}}{_PART}\d{{1,4}}{_PART}\d{{3,4}}"
            r"|\(0\d{1,4}\) ?\d{1,4}[ -]?\d{4}|0\d{1,4}\(\d{1,4}\)\d{4})" + AFTER
        ),
        _grade_japanese_phone,
        words=("0",),
        digits=10,
    ),
    Detector(  # Japan, in upright text
        Kind.PHONE,
        re.compile(
            rf"(?<!{_KANJI_DIGIT})〇{_KANJI_DIGIT}{{1,4}}[-・ ]{_KANJI_DIGIT}{{1,4}}[-・ ]{_KANJI_DIGIT}{{3,4}}"
            rf"(?!{_KANJI_DIGIT})"
        ),
        _grade_kanji_phone,
        words=("〇",),
        needs=Needs.JAPANESE,
    ),
    Detector(  # North America
        Kind.PHONE,
        re.compile(
            BEFORE + r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}" + _EXTENSION + AFTER
        ),
        lambda match: 0.0 if follows(match, _OTHER_NUMBER) else 0.8,
        digits=2,
        cue=re.compile(r"[2-9]\d\d[.-]\d"),
    ),
    Detector(  # anywhere else: groups of digits after a word that announces them
        Kind.PHONE,
        re.compile(
            r"(?=[0-9(])"
            + _BEFORE_PHONE
            + r"(?:\(?\d{2,5}\)?(?:[ .-]?\(?\d{2,7}\)?){1,4}|\d{7,11})"
            + _EXTENSION
            + r"(?![0-9A-Za-z])"
        ),
        _grade_announced_phone,
        words=(
            *(
                "phone",
                "tel",
                "call",
                "fax",
                "mobile",
                "cell",
                "desk:",
                "whatsapp",
                "number is",
                "reach ",
                "answering at",
            ),
            *(
                "messages to",
                "dial",
                "ring",
                "my registered",
                "office",
                "電話",
                "携帯",
                "連絡先",
                "ファックス",
                "@",
            ),
        ),
        digits=6,
    ),
    Detector(
        Kind.POSTAL_CODE,
        re.compile(r"〒 ?\d{3}-?\d{4}(?!\d)|" + BEFORE + r"\d{3}-\d{4}" + AFTER),
        _grade_postal_code,
        digits=1,
        cue=re.compile(r"〒|\d-\d"),
        needs=Needs.BEYOND_ASCII,
    ),
    Detector(
        Kind.POSTAL_CODE,
        re.compile(
            r"(?i:\bzip(?: ?code)?|\bpost ?code|\bpostal code)(?: is|:)? "
            r"(?P<value>\d{3,5}(?:[ -]\d{2,4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})(?![0-9A-Za-z])"
        ),
        lambda _: 0.9,
        "value",
        words=("zip", "post"),
        digits=1,
    ),
    Detector(  # Japan: prefecture (or city and ward), places, block
        Kind.ADDRESS,
        re.compile(
            rf"(?:{_PREFECTURE}{_PLACE}{{1,8}}?[市区町村郡]|[一-龥]{{1,4}}[市区](?=[一-龥]))"
            rf"{_PLACE}{{0,18}}{_BLOCK}(?![0-9年月日時分円%.]){_BUILDING}"
        ),
        lambda match: 0.9 if _BLOCK_OF_ADDRESS.search(match[0]) else 0.0,
        digits=1,
        cue=re.compile(r"[市区町村郡]"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # Japan in Latin letters
        Kind.ADDRESS,
        re.compile(
            BEFORE + r"\d{1,4}(?:-\d{1,4}){1,2},? [A-Z][A-Za-z-]+(?:,? [A-Z][A-Za-z]+(?:-[a-z]+)?)*,? "
            r"(?:[A-Z][a-z]+-(?:ku|shi|cho|machi|gun)|[A-Z][a-z]+ City)(?:,? [A-Z][a-z]+(?: City)?)?(?:,? \d{3}-\d{4})?"
        ),
        lambda _: 0.8,
        words=("-ku", "-shi", "-cho", "-machi", "-gun", " city"),
        digits=1,
        cue=re.compile(r"\d-\d"),
    ),
    Detector(  # number and street
        Kind.ADDRESS,
        re.compile(
            BEFORE
            + rf"\d{{1,5}}[A-Z]? (?:(?:[A-Z][A-Za-z'.]+|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}(?:{_STREET})\b\.?"
            r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|#)\.? ?[A-Za-z0-9]{1,5}\b)?"
        ),
        lambda _: 0.8,
        digits=1,
        cue=re.compile(r"\d[A-Z]? [A-Z0-9\d]"),
    ),
)

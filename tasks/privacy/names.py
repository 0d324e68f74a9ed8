"""Names of persons: a known surname with a title or a known given name, or any name that a cue announces.

Precision before recall: a surname alone is a place, a shop or a word as often as a person.
"""

import re

from tasks.privacy.gazetteer import FIRST_EN, GIVEN_JA, SURNAMES_JA, read_words
from tasks.privacy.spans import Detector, Kind, Needs, any_of

MERE_NAME = 0.6
"""Confidence of a full name that nothing announces: an author or a statesman as often as a customer."""


def _grade_pair(match: re.Match[str]) -> float:
    """First name and surname without a cue: the first must be known, the second no word of places and firms."""
    first, last = match["first"], match["last"]
    return MERE_NAME if first in FIRST_EN and first not in _ALSO_PLACES and last not in _NO_SURNAMES else 0.0


def _grade_cued(match: re.Match[str]) -> float:
    """After "I am" or "this is" only known first names: anything else may stand there."""
    return 0.7 if _CUES.search(match.string, max(0, match.start() - 12), match.start()) else 0.0


def _grade_announced(match: re.Match[str]) -> float:
    return 0.0 if match["name"].split()[0] in _NO_NAMES else 0.8


_KANJI = "一-龥々"
_FAMILY = any_of(SURNAMES_JA)
_GIVEN = any_of(GIVEN_JA)
_BEFORE_NAMES = ("担当", "部長", "課長", "社長", "店長", "名義", "昨日", "本日", "先日", "先週", "今朝")
_TITLES_JA = (
    r"(?:様(?![々子式相態])|さま|さん(?![ざじず])|氏(?![名族])|殿|くん|君(?!が)|ちゃん|先生|課長|部長|係長|次長|店長"
    r"|社長|室長|主任|医師|弁護士)"
)
_TITLE_WORDS = (
    "様",
    "さま",
    "さん",
    "氏",
    "殿",
    "くん",
    "君",
    "ちゃん",
    "先生",
    "長",
    "主任",
    "医師",
    "弁護士",
)
_STARTS = f"(?:(?<![{_KANJI}])" + "".join(f"|(?<={word})" for word in _BEFORE_NAMES) + ")"
_NAME_EN = r"[A-Z][a-zà-öø-ÿ'’]+(?:-[A-Z][a-z]+)?"
_MORE_EN = rf"(?: [A-Z]\.?(?= [A-Z]))?(?: (?:van |de |der |von |di |la )?{_NAME_EN}){{0,2}}"
_ALSO_PLACES = read_words("Virginia Charlotte Madison Victoria Florence Sydney Jordan Austin")
_NO_SURNAMES = read_words(
    """Street Road Avenue Lane Drive University College School Hospital Hotel Inn River Lake Beach Park Island Islands
    City County Street Station Airport Church Bridge Bay Inc Corp Ltd Company Group Bank Museum Award Prize Day Street
    And Or The Is Was Has Will Can Could Should May For From With At In On To Of"""
)
_NO_NAMES = read_words(
    """The This That These Those Not Yes No Please Thanks Hello Customer Team Support Service Sales All Everyone Sir
    Madam Unknown None Required Optional First Last Full User Product Company File Field Here There And"""
)
_CUE = (
    r"(?:[Dd]ear|[Hh]i|[Hh]ello|[Tt]his is|I am|I'm|[Rr]egards,|[Ss]incerely,|[Tt]hanks,|[Cc]heers,|[Ff]rom|by|with"
    r"|call|ask for)"
)
_CUES = re.compile(rf"\b{_CUE}\s$")
NAMES_JA = (
    Detector(  # announced in a form
        Kind.PERSON,
        re.compile(
            r"(?:氏名|お名前|名義人?|担当者?名?|申込者名?|契約者名?|代表者名?|連絡者|患者名|宛名|受取人|差出人|予約者?名|届け先名)"
            rf"(?:\([^)]{{1,6}}\))?\s?[:は]\s?"
            rf"(?P<name>{_FAMILY}(?:[ ]?{_GIVEN}|[ ][{_KANJI}ぁ-んァ-ヶ]{{1,4}})?(?![ぁ-んァ-ヶ])|{_FAMILY}(?=です)"
            rf"|[{_KANJI}]{{1,3}}[ ][{_KANJI}ぁ-んァ-ヶ]{{1,4}})(?![{_KANJI}])"
        ),
        lambda _: 0.9,
        "name",
        needs=Needs.JAPANESE,
    ),
    Detector(  # in kana
        Kind.PERSON,
        re.compile(
            r"(?:フリガナ|ふりがな|カナ|口座名義)\)?\s?[:は]?\s?"
            r"(?P<name>[ァ-ヶ-]{2,8}[ ][ァ-ヶ-]{2,8}|[ぁ-ん]{2,6}[ ][ぁ-ん]{2,6})"
        ),
        lambda _: 0.9,
        "name",
        needs=Needs.JAPANESE,
    ),
    Detector(  # "I am called ..."
        Kind.PERSON,
        re.compile(
            r"(?:私は|名前は|氏名は|担当の|担当は|[、。のは\s]|^)"
            rf"(?P<name>{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}|[ ]?[ぁ-ん]{{2,4}}(?=と))?)"
            r"(?=と申し|といいます|と言います|と名乗|が担当|が対応|が伺|が承)"
        ),
        lambda _: 0.9,
        "name",
        words=("と申し", "といい", "と言い", "と名乗", "が担当", "が対応", "が伺", "が承"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # foreign name and title
        Kind.PERSON,
        re.compile(rf"[ァ-ヶ-]{{2,10}}(?:・[ァ-ヶ-]{{2,12}}){{1,2}}(?=[ ]?{_TITLES_JA})"),
        lambda _: 0.8,
        words=("・",),
        needs=Needs.JAPANESE,
    ),
    Detector(  # surname and title
        Kind.PERSON,
        re.compile(
            rf"{_STARTS}"
            rf"(?P<name>{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}?)?)(?=[ ]?{_TITLES_JA})"
        ),
        lambda _: 0.8,
        "name",
        words=_TITLE_WORDS,
        cue=re.compile(rf"{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}?)?(?=[ ]?{_TITLES_JA})"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # surname and given name
        Kind.PERSON,
        re.compile(rf"{_STARTS}(?P<name>{_FAMILY}[ ]?{_GIVEN})(?!(?![様氏殿君先課部店社係主])[{_KANJI}])"),
        lambda _: MERE_NAME,
        "name",
        cue=re.compile(f"{_FAMILY}[ ]?{_GIVEN}"),
        needs=Needs.JAPANESE,
    ),
)
NAMES_EN = (
    Detector(
        Kind.PERSON,
        re.compile(
            rf"\b(?:M(?:r|rs|s)|Dr|Prof)\b\.? (?P<name>{_NAME_EN}{_MORE_EN})"
            rf"|\b(?:Miss|Sir|Madam) (?P<named>{_NAME_EN}{_MORE_EN})"
        ),
        lambda _: 0.8,
        cue=re.compile(r"M(?:rs?|s)\b|Dr\b|Prof\b|Miss |Sir |Madam "),
        needs=Needs.CAPITAL,
    ),
    Detector(
        Kind.PERSON,
        re.compile(
            rf"(?:[Mm]y (?:full )?name is|(?i:\bname:)|[Mm]y name's|[Cc]ontact person:|[Ss]igned by:?|[Aa]ttn:?)\s"
            rf"(?P<name>{_NAME_EN}{_MORE_EN})"
        ),
        _grade_announced,
        "name",
        words=("name is", "name:", "name's", "contact person:", "signed by", "attn"),
        needs=Needs.CAPITAL,
    ),
    Detector(
        Kind.PERSON,
        re.compile(rf"{any_of(FIRST_EN)}(?![a-z]){_MORE_EN}"),
        _grade_cued,
        cue=re.compile(_CUE + r"\s[A-Z]"),
        needs=Needs.FIRST_NAME,
    ),
    Detector(
        Kind.PERSON,
        re.compile(rf"(?<![A-Za-z])(?P<first>{_NAME_EN})(?: [A-Z]\.?)? (?P<last>{_NAME_EN})(?![A-Za-z])"),
        _grade_pair,
        needs=Needs.FIRST_NAME,
    ),
)

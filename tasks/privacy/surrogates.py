"""Invented values in the place of real ones: plausible, the same for the same value, and nobody's where that can be.

A surrogate follows from a keyed hash (HMAC-SHA256) of kind and value, within a scope (a document), with a key that
stays in the workspace: without the key nobody can try values out. Two values may get one surrogate.

Reserved ranges: telephone 555-0100 to 0199 (ATIS, North America) and 020 7946 0000 to 0999 (Ofcom, for drama);
Japan reserves none, so that the exchange number begins with 0, which the MIC numbering plan does not assign.
Mail RFC 2606; addresses of hosts RFC 5737 and RFC 3849; SSN 987-65-4320 to 4329 (SSA, for advertisements). Numbers
with a check digit get a wrong one. Passports, licences and accounts have no reserved numbers: they begin with zeros.
"""

import hmac
import re
from collections.abc import Callable, Sequence

from tasks.privacy.checks import passes_corporate_number, passes_luhn, passes_my_number
from tasks.privacy.gazetteer import SURNAMES_JA, read_words
from tasks.privacy.names_en import ALL_FIRST_EN
from tasks.privacy.spans import Kind, fold

SURNAMES = tuple(
    sorted(
        read_words(
            "佐山 北沢 東野 南条 西園 高瀬 水原 若松 倉田 岸田 浜口 織田 峰岸 深町 里見 香川 朝倉 雨宮 宮下 風間"
        )
    )
)
GIVEN = tuple(
    sorted(
        read_words(
            "明彦 和宏 京介 真紀 沙月 直哉 春樹 文香 雅人 美幸 康一 由香里 良平 礼奈 智恵 秀夫 詩乃 冬馬 千秋 夏美"
        )
    )
)
KANA = tuple(
    sorted(
        read_words(
            "アサノ イガラシ ウエキ エガワ オオモリ カワイ キシ クラタ コダマ サワイ シマ セキ タニ ツジ ナカイ ノムラ"
        )
    )
)
HIRAGANA = tuple(
    sorted(
        read_words(
            "あさの いがらし うえき えがわ おおもり かわい きし くらた こだま さわい しま せき たに つじ なかい"
        )
    )
)
FIRST = tuple(
    sorted(
        read_words(
            "Adrian Blair Casey Dale Erin Finley Glenn Harper Jamie Kerry Lee Morgan Noel Payton Quinn Robin"
        )
    )
)
LAST = tuple(
    sorted(
        read_words(
            "Alder Birch Cobb Dunmore Elder Farrow Gale Hartley Ives Keel Larch Marsh Nash Orme Pell Rowan"
        )
    )
)
_HONORIFIC = re.compile(r"(?:M(?:r|rs|s)|Dr|Prof|Miss|Sir|Madam)\.?")
_SURNAME = re.compile("|".join(sorted(SURNAMES_JA, key=lambda word: (-len(word), word))))
_ATTEMPTS = 16
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
PartPick = Callable[[str, str], int]
"""A part of a value and a salt -> a large number that follows from them, the key, the scope and the kind."""


class Surrogates:
    """Invented values for one workspace.

    Args:
        key: secret of the workspace, 16 bytes or more.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError(f"key must be 16 bytes or more, got {len(key)}")
        self._key = key

    def invent(self, kind: Kind, value: str, scope: str) -> str:
        """An invented value for `value`, never the value itself.

        Args:
            scope: the same value gets the same surrogate within it: the id of a document.
        """
        folded = fold(value)
        for attempt in range(_ATTEMPTS):
            invented = _INVENT[kind](folded, self._picker(f"{scope}\x1f{kind}\x1f{attempt}"))
            same = _bare(invented) == _bare(folded) if _bare(folded) else invented == folded
            if not same and not (kind in _BROKEN and _BROKEN[kind](invented)):
                return invented
        return f"[{kind}]"

    def _picker(self, about: str) -> PartPick:
        def pick(part: str, salt: str) -> int:
            message = "\x1f".join((about, salt, part)).encode(errors="surrogatepass")
            return int.from_bytes(hmac.digest(self._key, message, "sha256"), "big")

        return pick


def _bare(value: str) -> str:
    """A value without its separators: one number written in two ways is one value."""
    return re.sub(r"[^0-9A-Za-z]", "", value).lower()


def _fill(value: str, pick: PartPick, zeros: int = 0) -> str:
    """`value` with other digits and letters at their places, the first `zeros` of them 0."""
    number, parts = pick(_bare(value), ""), []
    for character in value:
        if character.isdigit():
            parts.append(str(number % 10) if zeros <= 0 else "0")
            zeros -= 1
        elif character.isascii() and character.isalpha():
            parts.append(chr(ord("A" if character.isupper() else "a") + number % 26))
        else:
            parts.append(character)
            continue
        number //= 26
    return "".join(parts)


def _choose(choices: Sequence[str], part: str, pick: PartPick, salt: str = "") -> str:
    others = [choice for choice in choices if choice.lower() != part.lower()]
    return others[pick(part, salt) % len(others)]


def _invent_email(value: str, pick: PartPick) -> str:
    value = value.lower()
    number = pick(value, "number") % 10_000
    return f"{_choose(FIRST, value, pick)}.{_choose(LAST, value, pick, 'last')}{number}@example.com".lower()


def _invent_phone(value: str, pick: PartPick) -> str:
    value = value.translate(_KANJI_DIGITS)
    digits = _bare(value).split("x")[0]
    number = pick(digits, "")
    if value.startswith("+") and not value.startswith(("+81", "+1")):
        return f"+44 20 7946 0{number % 1000:03}"
    if value.startswith("+81"):
        return f"+81 90-0{number % 1000:03}-{number // 1000 % 10_000:04}"
    if value.lstrip("(").startswith("0"):
        area = "03" if not re.match("0[5-9]0", digits) else digits[:3]
        return f"{area}-0{number % 1000:03}-{number // 1000 % 10_000:04}"
    return f"({200 + number // 100 % 700}) 555-01{number % 100:02}"


def _invent_postal_code(value: str, pick: PartPick) -> str:
    """Codes of Japan and of the United States begin with 001 and 005 or more."""
    return _fill(value, pick, zeros=3) if not re.search("[A-Z]", value) else f"ZZ{pick(value, '') % 10} 9ZZ"


def _invent_address(value: str, pick: PartPick) -> str:
    number = pick(re.sub(r"\s", "", value), "")
    block, lot, house = number % 9 + 1, number // 9 % 30 + 1, number // 270 % 20 + 1
    if value.isascii():
        return f"{number % 900 + 1} {_choose(LAST, value, pick)} Street, Exampleton"
    return f"見本県架空市例町{block}-{lot}-{house}"


def _invent_person(value: str, pick: PartPick) -> str:
    """Name by name, so that a surname alone and in a full name is the same."""
    if re.search("[一-龥々]", value):
        surname = _SURNAME.match(value)
        family = surname[0] if surname else value.split(" ")[0]
        given = value[len(family) :]
        bare = given.strip()
        return _choose(SURNAMES, family, pick) + (
            given.replace(bare, _choose(GIVEN, bare, pick)) if bare else ""
        )
    kana = KANA if re.search("[ァ-ヶ]", value) else HIRAGANA if re.search("[ぁ-ん]", value) else None
    if kana:
        return re.sub(r"[^ ・]+", lambda part: _choose(kana, part[0], pick), value)
    if value.islower():
        return _invent_person(value.title(), pick).lower()
    words = value.split(" ")
    names = [word for word in words if not _HONORIFIC.fullmatch(word)]
    last = (
        names[-1]
        if names and (len(names) > 1 or len(words) > len(names) or names[0] not in ALL_FIRST_EN)
        else None
    )
    return " ".join(
        word
        if word not in names
        else _choose(LAST, word, pick)
        if word == last
        else _choose(FIRST, word, pick)
        for word in words
    )


def _invent_birth_date(value: str, pick: PartPick) -> str:
    """The same form; days from 1 to 12, which are months as well."""
    number = pick(value, "")

    def change(match: re.Match[str]) -> str:
        nonlocal number
        number, drawn = divmod(number, 60)
        if len(match[0]) == 4:
            return str(1940 + drawn)
        return f"{drawn % 12 + 1:0{len(match[0])}}" if match[0].startswith("0") else str(drawn % 12 + 1)

    return re.sub(r"\d+", change, value)


def _invent_ip(value: str, pick: PartPick) -> str:
    number = pick(value, "")
    if ":" in value:
        return f"2001:db8::{number % 65_536:x}"
    return f"{('192.0.2', '198.51.100', '203.0.113')[number % 3]}.{number // 3 % 254 + 1}"


def _invent_iban(value: str, pick: PartPick) -> str:
    """Check digits 00, which no IBAN has (ISO 13616: 02 to 98)."""
    return value[:2] + "00" + _fill(value, pick)[4:]


_INVENT: dict[Kind, Callable[[str, PartPick], str]] = {
    Kind.EMAIL: _invent_email,
    Kind.PHONE: _invent_phone,
    Kind.POSTAL_CODE: _invent_postal_code,
    Kind.ADDRESS: _invent_address,
    Kind.PERSON: _invent_person,
    Kind.BIRTH_DATE: _invent_birth_date,
    Kind.MY_NUMBER: _fill,
    Kind.CORPORATE_NUMBER: lambda value, pick: (
        value[:1].rstrip("0123456789") + _fill(value.removeprefix("T"), pick)
    ),
    Kind.SSN: lambda value, pick: f"987-65-432{pick(_bare(value), '') % 10}",
    Kind.PASSPORT: lambda value, pick: _fill(value, pick, zeros=3),
    Kind.DRIVER_LICENSE: lambda value, pick: _fill(value, pick, zeros=3),
    Kind.CREDIT_CARD: _fill,
    Kind.BANK_ACCOUNT: lambda value, pick: _fill(value, pick, zeros=3),
    Kind.IBAN: _invent_iban,
    Kind.IP_ADDRESS: _invent_ip,
}
_BROKEN: dict[Kind, Callable[[str], bool]] = {
    Kind.CREDIT_CARD: lambda value: passes_luhn(_bare(value)),
    Kind.MY_NUMBER: lambda value: passes_my_number(_bare(value)),
    Kind.CORPORATE_NUMBER: lambda value: passes_corporate_number(_bare(value).removeprefix("t")),
}
"""Check digits that an invented number must not pass."""

"""Characters that a reader does not see, or takes for others, where nothing in the script needs them.

Kinds: `zero_width`, `bidi_control`, `tag_characters`, `variation_selectors`, `filler`, `private_use`, `homoglyph`.
Sources: Unicode Technical Standard 51 (emoji and flag sequences), Unicode Technical Report 36 (security), UTS 37
(ideographic variation), Boucher and Anderson 2023, "Trojan Source" (bidirectional overrides in code).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from tasks.ingest.hygiene import EMOJI, HAN, JOINED

MESSAGE = 4
"""Characters from which what hidden characters spell is a message."""
PRIVATE_RUN = 4
"""Private-use characters in a row that are flagged: a lone one is a bullet, an icon or a gaiji."""
FEW = 2
"""Zero-width characters and basic variation selectors that are flagged: a lone one is a remnant of copying."""
_SHOWN = 80
_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_WIDTHLESS = "\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff"
_MARKS = "\u061c\u200e\u200f"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d173-\U0001d17a"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
UNSEEN = _TAGS + _SELECTORS + _WIDTHLESS + _MARKS + _BIDI + _FILLERS
"""Members of a character class: all that has no form of its own."""
_SUSPECT = re.compile(f"[{UNSEEN}]|[{_PRIVATE}]{{{PRIVATE_RUN},}}")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FLAG = re.compile(
    "\U0001f3f4(?:" + "|".join("".join(chr(0xE0000 + ord(c)) for c in f"gb{n}") for n in ("eng", "sct", "wls"))
    + ")\U000e007f"
)  # fmt: skip
_NEEDED = re.compile(
    f"(?<=[{JOINED}])[\u200c\u200d]|(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])"
    f"|(?<=[#*0-9{EMOJI}{HAN}{JOINED}])[\ufe00-\ufe0f](?![{_SELECTORS}])"
    # the collections of ideographic variants in use number theirs from VS17 to VS48
    f"|(?<=[{HAN}])[\U000e0100-\U000e011f](?![{_SELECTORS}])"
    "|(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])"
    "|(?<=[\u1100-\u11ff])[\u115f\u1160]|[\u115f\u1160](?=[\u1100-\u11ff])"
    "|(?<=[\u2801-\u28ff])\u2800|\u2800(?=[\u2801-\u28ff])"
    "|(?<![\u00ad])\u00ad(?=[^\\W\\d_])"
    f"|(?<![A-Za-z{_WIDTHLESS}])[\u200b-\u200d\u2060\ufeff](?![{_WIDTHLESS}])"
    f"|(?<![{_WIDTHLESS}])[\u200b-\u200d\u2060\ufeff](?![A-Za-z{_WIDTHLESS}])"
)
"""Where a character without form shapes what stands beside it, or allows a line to break."""
LOOKALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
        "aeopcyxijshdqwABESIJKMHOPCTYXABEZHIKMNOPTYXo",
        strict=True,
    )
)
"""Cyrillic and Greek letters that are drawn as Latin ones; those that formulas use (α, ν, ρ) are none."""
_LIKE = "".join(LOOKALIKES)
MIXED = f"[a-zA-Z][{_LIKE}]|[{_LIKE}][a-zA-Z]"
"""A Latin letter beside a look-alike."""
_WORD = re.compile(f"[a-zA-Z{_LIKE}]{{4,}}")
_PART = re.compile(f"[{_LIKE}]")
LOOK = f"[{UNSEEN}{_PRIVATE}]|{MIXED}"
"""What a text must hold to be worth a look; also in RE2's syntax."""
_LOOK = re.compile(LOOK)


class Hidden(NamedTuple):
    """What one text hides of one kind."""

    kind: str
    characters: int
    """How many; of look-alikes the words."""
    start: int
    """Character at which the first stands."""
    says: str
    """What the characters spell, escaped; "" where they spell nothing."""
    shows: str
    """The first of them, as code points or as the word that they stand in."""


class Revealed(NamedTuple):
    hidden: list[Hidden]
    cleaned: str
    """The text without the hidden characters; private use and look-alikes stay."""

    @property
    def safe(self) -> bool:
        """Whether taking the characters out is all that is to do: they spell nothing, and none stand for letters."""
        return not any(found.says or found.kind in ("private_use", "homoglyph") for found in self.hidden)


def reveal(text: str) -> Revealed:
    """What `text` hides, by kind, and the text without it."""
    if text.isascii() or not _LOOK.search(text):
        return Revealed([], text)
    places: dict[str, list[int]] = defaultdict(list)
    taken = {at for flag in _FLAG.finditer(text) for at in range(*flag.span())}
    directed = _RIGHT_TO_LEFT.search(text) is not None
    for match in _SUSPECT.finditer(text):
        at = match.start()
        if at in taken or (at == 0 and match[0] == "\ufeff") or _NEEDED.match(text, at):
            continue
        kind = _kind(match[0][0])
        if kind == "bidi_control" and directed and match[0] not in "\u202d\u202e":
            continue
        places[kind].extend(range(*match.span()))
    found = [_describe(kind, text, at) for kind, at in places.items() if _counts(kind, text, at)]
    hide = {at for kind in (f.kind for f in found) if kind != "private_use" for at in places[kind]}
    found += _mixed_words(text)
    cleaned = "".join(char for at, char in enumerate(text) if at not in hide) if hide else text
    return Revealed(sorted(found, key=lambda one: one.start), cleaned)


def _kind(char: str) -> str:
    point = ord(char)
    if 0xE0000 <= point <= 0xE007F:
        return "tag_characters"
    if 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
        return "variation_selectors"
    if 0xE000 <= point <= 0xF8FF or point >= 0xF0000:
        return "private_use"
    if 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069 or char in _MARKS:
        return "bidi_control"
    return "zero_width" if re.match(f"[{_WIDTHLESS}]", char) else "filler"


def _counts(kind: str, text: str, places: list[int]) -> bool:
    """Whether so many are more than a remnant of copying."""
    if kind == "zero_width":
        return len(places) >= FEW
    if kind == "variation_selectors":
        return len(places) >= FEW or ord(text[places[0]]) > 0xFFFF
    if kind == "bidi_control":
        return len(places) >= FEW or text[places[0]] not in _MARKS
    return True


def _describe(kind: str, text: str, places: list[int]) -> Hidden:
    chars = [text[at] for at in places]
    shows = " ".join(f"U+{ord(char):04X}" for char in chars[:6])
    return Hidden(kind, len(places), places[0], _decode(kind, chars), shows)


def _decode(kind: str, chars: list[str]) -> str:
    """What the characters spell: ASCII as tags, bytes as variation selectors, bits as two widthless characters."""
    if kind == "tag_characters":
        raw = bytes(ord(char) - 0xE0000 for char in chars)
    elif kind == "variation_selectors":
        raw = bytes(
            ord(char) - 0xFE00 if ord(char) <= 0xFE0F else min(ord(char) - 0xE0100 + 16, 255)
            for char in chars
        )
    elif kind == "zero_width" and len(set(chars)) == 2 and len(chars) >= 8 * MESSAGE:
        raw = max(_read_bits(chars), key=_printable)
    else:
        return ""
    said = raw.decode("utf-8", "replace")
    kept = "".join(char for char in said if char.isprintable() and char != "\ufffd")
    if len(kept.strip()) < MESSAGE or len(kept) < 0.7 * len(said):
        return ""
    return kept[:_SHOWN].encode("unicode_escape").decode("ascii")


def _read_bits(chars: list[str]) -> Iterator[bytes]:
    for one in sorted(set(chars)):
        bits = "".join(str(int(char == one)) for char in chars)
        for width in (8, 7):
            yield bytes(int(bits[at : at + width], 2) for at in range(0, len(bits) - width + 1, width))


def _printable(raw: bytes) -> float:
    return sum(32 <= byte < 127 for byte in raw) / max(1, len(raw))


def _mixed_words(text: str) -> list[Hidden]:
    """Words of Latin letters in which some are look-alikes of another script."""
    words = []
    for match in _WORD.finditer(text):
        alike = len(_PART.findall(match[0]))
        if 0 < alike < len(match[0]) - 1 and not _continues(text, match):
            words.append(match)
    if not words:
        return []
    first = words[0]
    shown = first[0][:_SHOWN].encode("unicode_escape").decode("ascii")
    return [Hidden("homoglyph", len(words), first.start(), "", shown)]


def _continues(text: str, match: re.Match[str]) -> bool:
    """Whether the word goes on in letters that are no look-alikes: then it is a word of the other script."""
    sides = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return any(char.isalpha() and "\u0370" <= char <= "\u052f" for char in sides)

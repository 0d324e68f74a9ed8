"""Word's styles and numbering: which paragraphs are headings, and the label each numbered one shows."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from tasks.ingest.readers.office.ooxml import to_int

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(
    r"(?:heading|見出し|überschrift|titre|título|titolo|标题|標題|제목|заголовок|rubrik|kop)\s*([1-9１-９])\s*(?:,.*)?",
    re.I,
)
_TITLES = ("title", "表題", "タイトル")
_KANJI = "〇一二三四五六七八九十"
_SERIES = {
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "aiueo": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "iroha": "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス",
}
_SERIES["aiueoFullWidth"] = _SERIES["aiueo"]
_SERIES["irohaFullWidth"] = _SERIES["iroha"]
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


class Style(NamedTuple):
    """A paragraph style with what it inherits."""

    name: str
    level: int = 0
    """Of the heading it makes, 1-9; 0 for none."""
    number: str = ""
    """Id of its numbering; "" for none."""
    depth: int | None = None
    """0-based level in that numbering, where the style says."""


class _Level(NamedTuple):
    format: str
    label: str
    start: int


@dataclass
class Numbering:
    """The lists of a document, counting as they are walked."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    """Levels by id of the numbering."""
    lists: dict[str, str] = field(default_factory=dict)
    """By id of the numbering, the list whose counters it shares."""
    styled: dict[str, int] = field(default_factory=dict)
    """0-based level by id of the style that a level belongs to."""
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def next_label(self, number: str, depth: int) -> str:
        """Counts one more item of a list; returns the label it shows, "-" for a bullet.

        "" where there is no such list, or its items show nothing.
        """
        levels = self.levels.get(number)
        if levels is None:
            return ""
        level = levels.get(depth, _Level("bullet", "", 1))
        counts = self._counts.setdefault(self.lists[number], {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [key for key in counts if key > depth]:
            del counts[deeper]
        if level.format == "bullet":
            return "-"

        def shown(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            named = levels.get(index, level)
            return format_number(counts.get(index, named.start), named.format)

        return re.sub(r"%([1-9])", shown, level.label).strip()


def read_styles(root: etree._Element | None) -> dict[str, Style]:
    """The paragraph styles by their id; the default one also under ""."""
    elements = root.findall(f"{W}style") if root is not None else []
    raw = {style.get(f"{W}styleId", ""): style for style in elements}
    found: dict[str, Style] = {}

    def resolve(style_id: str, seen: tuple[str, ...]) -> Style:
        if style_id in found:
            return found[style_id]
        element = raw.get(style_id)
        if element is None or style_id in seen or len(seen) > 50:
            return Style("")
        based_on = element.find(f"{W}basedOn")
        base = resolve(value_of(based_on), (*seen, style_id)) if based_on is not None else Style("")
        found[style_id] = _style(element, base)
        return found[style_id]

    for style_id in raw:
        resolve(style_id, ())
    default = [
        key for key, item in raw.items() if item.get(f"{W}default") and item.get(f"{W}type") == "paragraph"
    ]
    return {**found, "": found[default[0]] if default else Style("")}


def read_numbering(root: etree._Element | None) -> Numbering:
    """The lists that `word/numbering.xml` defines."""
    numbering = Numbering()
    if root is None:
        return numbering
    abstract = {item.get(f"{W}abstractNumId", ""): item for item in root.iterfind(f"{W}abstractNum")}
    for item in root.iterfind(f"{W}num"):
        number, list_id = item.get(f"{W}numId", ""), value_of(item.find(f"{W}abstractNumId"))
        base = abstract.get(list_id)
        levels = _levels(base) if base is not None else {}
        restarted = False
        for override in item.iterfind(f"{W}lvlOverride"):
            depth = to_int(override.get(f"{W}ilvl"), 0)
            levels |= _levels(override)
            start = override.find(f"{W}startOverride")
            if start is not None and depth in levels:
                levels[depth] = levels[depth]._replace(start=to_int(value_of(start), 1))
                restarted = True
        numbering.levels[number] = levels
        numbering.lists[number] = f"num {number}" if restarted else list_id
    for level in root.iter(f"{W}lvl"):
        style = value_of(level.find(f"{W}pStyle"))
        if style:
            numbering.styled[style] = to_int(level.get(f"{W}ilvl"), 0)
    return numbering


def heading_level(properties: etree._Element | None, style: Style) -> int:
    """The level of a heading, 1-9; 0 for other paragraphs."""
    outline = properties.find(f"{W}outlineLvl") if properties is not None else None
    if outline is None:
        return style.level
    level = to_int(value_of(outline), 9) + 1
    return level if level <= 9 else 0


def format_number(number: int, style: str) -> str:
    """`number` in one of Word's number formats; plain digits for those not known here."""
    if style in _SERIES and 1 <= number <= len(_SERIES[style]):
        return _SERIES[style][number - 1]
    if style in ("lowerRoman", "upperRoman") and 1 <= number < 400:
        text = "".join(_roman_digits(number))
        return text.upper() if style == "upperRoman" else text
    if style in ("japaneseCounting", "japaneseDigitalTenThousand", "ideographDigital") and 1 <= number < 100:
        tens, ones = divmod(number, 10)
        return (_KANJI[tens] if tens > 1 else "") + ("十" if tens else "") + (_KANJI[ones] if ones else "")
    if style == "decimalFullWidth":
        return "".join(chr(0xFF10 + int(digit)) for digit in str(max(number, 0)))
    return "" if style == "none" else f"{number:02}" if style == "decimalZero" else str(number)


def value_of(element: etree._Element | None) -> str:
    """The `w:val` of an element; "" without one."""
    return element.get(f"{W}val", "") if element is not None else ""


def _style(element: etree._Element, base: Style) -> Style:
    name = value_of(element.find(f"{W}name"))
    properties = element.find(f"{W}pPr")
    level = heading_level(properties, base)
    matched = _HEADING.fullmatch(name)
    if matched:
        level = int(matched[1])
    elif name.lower() in _TITLES:
        level = 1
    number = properties.find(f"{W}numPr") if properties is not None else None
    if number is None:
        return Style(name, level, base.number, base.depth)
    number_id, depth = number.find(f"{W}numId"), number.find(f"{W}ilvl")
    return Style(
        name,
        level,
        base.number if number_id is None else value_of(number_id),
        base.depth if depth is None else to_int(value_of(depth), 0),
    )


def _levels(element: etree._Element) -> dict[int, _Level]:
    return {
        to_int(level.get(f"{W}ilvl"), 0): _Level(
            value_of(level.find(f"{W}numFmt")) or "decimal",
            value_of(level.find(f"{W}lvlText")),
            to_int(value_of(level.find(f"{W}start")), 1),
        )
        for level in element.iterfind(f"{W}lvl")
    }


def _roman_digits(number: int) -> list[str]:
    digits: list[str] = []
    for value, text in _ROMAN:
        count, number = divmod(number, value)
        digits.append(text * count)
    return digits

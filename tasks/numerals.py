"""Numbers in English words and in kanji, read as digits."""

import re

_TENS = {
    word: 10 * ten
    for ten, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
UNITS = {
    word: number
    for number, word in enumerate(
        [
            *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
            *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        ],
        2,
    )
}
"""Without "one", which mostly is no number."""
_ENGLISH = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[ -](one|{'|'.join(UNITS)}))?|({'|'.join(UNITS)}|zero))"
    r"(?: (hundred|thousand|million))?\b|\b(?:a|one) (hundred|thousand|million)\b"
)
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DIGITS = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"万": 10**4, "億": 10**8, "兆": 10**12}
KANJI_POWERS = _SMALL | _MYRIADS
KANJI_NUMERALS = "".join([*_DIGITS, *KANJI_POWERS])
_KANJI = re.compile(rf"\d*[{KANJI_NUMERALS}]+", re.ASCII)


def in_digits(form: str) -> str:
    """A text with its numbers in digits, without separators of thousands.

    Args:
        form: in matching form (`tasks.text.matching_form`).
    """
    form = _ENGLISH.sub(_read_english, _THOUSANDS.sub("", form))
    return form if form.isascii() else _KANJI.sub(lambda found: str(read_kanji(found[0])), form)


def _read_english(found: re.Match[str]) -> str:
    tens, unit, single, scale, alone = found.groups()
    if alone:
        return str(_SCALES[alone])
    value = _TENS[tens] + (1 if unit == "one" else UNITS.get(unit, 0)) if tens else UNITS.get(single, 0)
    return str(value * _SCALES.get(scale, 1))


def read_kanji(numeral: str) -> int:
    """三十五 is 35, 二〇二六 is 2026, 三万五千 is 35,000, 3万 is 30,000.

    Args:
        numeral: kanji numerals, and ASCII digits.
    """
    total = part = digit = 0
    for character in numeral:
        if character in _SMALL:
            part, digit = part + (digit or 1) * _SMALL[character], 0
        elif character in _MYRIADS:
            total, part, digit = total + (part + digit or 1) * _MYRIADS[character], 0, 0
        else:
            digit = digit * 10 + (_DIGITS[character] if character in _DIGITS else int(character))
    return total + part + digit

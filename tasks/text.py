"""What every witness needs to know of a text: its matching form, its script."""

import re
import unicodedata
from collections.abc import Mapping

NAME = re.compile(r"(?<=[\w,;:] )[A-Z][a-zA-Z]{2,}|[\u30a1-\u30fa\u30fc]{3,}|[\u3400-\u9fff]{2,}")
"""Words that name things: a capital within a sentence, a run of katakana or of kanji."""
_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_SPACE = re.compile(r"\s+")
_SPACE_BESIDE_CJK = re.compile(r"(?<=[\u3001-\u30ff\u3400-\u9fff]) | (?=[\u3001-\u30ff\u3400-\u9fff])")
VARIANTS = str.maketrans(
    {"\u301c": "~"}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None)
)
"""What NFKC leaves apart although readers do not see it: wave dash, hyphens and dashes, characters without width."""
_V_SOUNDS = str.maketrans({"\u30f4": "\u30d6", "\u30f7": "\u30d0", "\u30fa": "\u30dc"})
_V_SYLLABLE = re.compile(r"\u30f4([\u30a1\u30a3\u30a7\u30a9])")
_V_KANA = dict(zip("\u30a1\u30a3\u30a7\u30a9", "\u30d0\u30d3\u30d9\u30dc", strict=True))
_LAST_LONG_VOWEL = re.compile(r"(?<=[\u30a1-\u30fa\u30fc][\u30a1-\u30fa])\u30fc(?![\u30a1-\u30fa\u30fc])")
CJK_SHARE = 0.3
"""Share of letters in kana, kanji or hangul from which a text counts as CJK: Japanese technical text holds much
Latin, Latin text hardly any kanji."""


def matching_form(text: str) -> str:
    """The form in which texts are compared, never stored: NFKC, lower case, single spaces, none beside CJK.

    Spellings of one katakana word are one: サーバー and サーバ (JIS Z 8301 drops the last long vowel), ヴァ and バ.
    """
    if text.isascii():
        return _SPACE.sub(" ", text.lower()).strip()
    folded = _SPACE.sub(" ", unicodedata.normalize("NFKC", text).lower().translate(VARIANTS)).strip()
    if not _KANA.search(folded):
        return _SPACE_BESIDE_CJK.sub("", folded)
    folded = _V_SYLLABLE.sub(lambda found: _V_KANA[found[1]], folded).translate(_V_SOUNDS)
    return _LAST_LONG_VOWEL.sub("", _SPACE_BESIDE_CJK.sub("", folded))


def script_counts(text: str) -> dict[str, int]:
    """Number of letters by script: kana, han, hangul, latin."""
    if text.isascii():
        return {"kana": 0, "han": 0, "hangul": 0, "latin": _count(_LATIN, text)}
    patterns = {"kana": _KANA, "han": _HAN, "hangul": _HANGUL, "latin": _LATIN}
    return {name: _count(pattern, text) for name, pattern in patterns.items()}


def is_cjk(text: str) -> bool:
    """Whether kana, kanji or hangul make up at least `CJK_SHARE` of the letters."""
    return _is_cjk(script_counts(text))


def _count(letters: re.Pattern[str], text: str) -> int:
    """Characters in runs of `letters`."""
    return sum(map(len, letters.findall(text)))


def _is_cjk(counts: Mapping[str, int]) -> bool:
    letters = sum(counts.values())
    return letters > 0 and (letters - counts["latin"]) / letters >= CJK_SHARE

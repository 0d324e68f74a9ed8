"""The language of a text, offline: by script, by national character sets for kanji, by a small model for Latin.

The model is py3langid's (BSD, 4.5 MB). On 105 short sentences in seven languages it named 104, lingua (Apache-2.0,
96 MB) 105 at a ninth of its speed. It is loaded (0.4 s) when the first text needs it: plain English does not.
"""

import re
from functools import cache
from typing import Any

from tasks.text import CJK_SHARE

_LOOKED_AT = 2000
"""Characters from which the language is told."""
_LEAST_LETTERS = 20
"""Latin letters below which a text counts as English: codes, names and single words tell nothing."""
_LEAST_PROBABILITY = 0.5
_LATIN_LANGUAGES = "en de fr es pt it nl sv da no fi pl cs hu ro tr id vi"
_ENGLISH = (
    "the and what how my your you this that with from does would could should why when where which who they it's"
    " i'm don't can't didn't doesn't there these have has please about because their been was were are will if its"
    " an of"
)
_FOREIGN = (
    "der die das und ist nicht ein eine ich sie wir mit für von zu den dem le la les des et est une pour dans avec"
    " el los las del y es una por para con que o os um uma não da em il lo gli di che per sono non het de een"
    " en van ik niet voor op met dat och att som på är og det til av jag je nie się na jest yang ini untuk"
    " un au ne pas sur se si mi hat"
)
"""Frequent words of other languages; a text that holds one is left to the model."""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())
_FOREIGN_WORDS = frozenset(_FOREIGN.split())
_WORD = re.compile(r"[a-z\u00aa-\u024f\u1e00-\u1eff]+(?:'[a-z]+)?")
_WORDS_FROM = 500
"""Characters in which frequent words are looked for."""
_KANA = re.compile(r"[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+")
_HAN = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+")
_LATIN = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+")
_HIRAGANA = re.compile(r"[\u3041-\u3096]+")
_HIRAGANA_SHARE = 0.1
"""Share of letters from which three hiragana make a text Japanese: particles between Latin terms."""
_TRADITIONAL = frozenset(
    "發會學體關總經實數來對應與傳單點變號讀寫醫藥圖處譯證轉輕鐵錢營勞團區權樣濟獨盡稱繼續聲舊術觸"
    "辭雙驗價將從擔擇檢歡歲當萬戶條據"
)
"""Everyday traditional forms that Japanese writes otherwise and that are not common in Japanese names."""
_CHINESE_WORDS = re.compile(
    "[您你們這嗎呢吧很她哪怎麼啊把]|(?<![存現所滞不駐点])在(?![庫宅籍住職留中外])|(?<![完終満魅修])了(?![解承])"
)
"""Chinese function words; 在 and 了 only where no Japanese compound holds them."""
_UKRAINIAN = re.compile("[іїєґ]", re.IGNORECASE)
_OTHER_SCRIPTS = {
    "ru": re.compile(r"[\u0400-\u04ff]+"),
    "el": re.compile(r"[\u0370-\u03ff]+"),
    "ar": re.compile(r"[\u0600-\u06ff]+"),
    "he": re.compile(r"[\u0590-\u05ff]+"),
    "th": re.compile(r"[\u0e00-\u0e7f]+"),
    "hi": re.compile(r"[\u0900-\u097f]+"),
}
"""Scripts by the language that mostly writes them."""


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language of `text`, by its first 2,000 characters; "und" without letters.

    Kana make a text Japanese where kana, kanji and hangul are at least `CJK_SHARE` of its letters, or hiragana a
    tenth. Kanji alone are Chinese where a Chinese character set holds more of them, or where they
    hold a form that Japan gave up or a function word. Latin text that is short, or of which the model
    is not sure, counts as English.
    """
    text = text[:_LOOKED_AT]
    if text.isascii():
        return _latin_language(text)
    kana, han, hangul, latin = (_count(letters, text) for letters in (_KANA, _HAN, _HANGUL, _LATIN))
    cjk = kana + han + hangul
    if cjk and cjk >= CJK_SHARE * (cjk + latin):
        if hangul > kana + han:
            return "ko"
        return "ja" if kana else _han_language("".join(_HAN.findall(text)))
    if _count(_HIRAGANA, text) >= 3 and cjk >= _HIRAGANA_SHARE * (cjk + latin):
        return "ja"
    others = {code: _count(letters, text) for code, letters in _OTHER_SCRIPTS.items()}
    most = max(others, key=others.__getitem__)
    if others[most] > latin:
        return "uk" if most == "ru" and _UKRAINIAN.search(text) else most
    return _latin_language(text)


def _han_language(han: str) -> str:
    """By how many of the characters each country's set holds; Japanese where that leaves a tie."""
    japanese = _encodable(han, "euc_jp")
    chinese = max(_encodable(han, "gb2312"), _encodable(han, "big5"))
    if chinese == japanese:
        return "ja" if _TRADITIONAL.isdisjoint(han) and not _CHINESE_WORDS.search(han) else "zh"
    return "zh" if chinese > japanese else "ja"


def _encodable(text: str, codec: str) -> int:
    return len(text.encode(codec, "ignore").decode(codec))


def _latin_language(text: str) -> str:
    lowered = text.lower().replace("’", "'")
    words = _WORD.findall(lowered, 0, _WORDS_FROM)
    if sum(map(len, words)) < _LEAST_LETTERS and len(text) <= _WORDS_FROM:
        return "en" if words or _LATIN.search(text) else "und"
    distinct = set(words)
    if not distinct.isdisjoint(_ENGLISH_WORDS) and distinct.isdisjoint(_FOREIGN_WORDS):
        return "en"
    if not _LATIN.search(text):
        return "und"
    code, probability = _model().classify(lowered)
    return code if probability >= _LEAST_PROBABILITY else "en"


@cache
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(_LATIN_LANGUAGES.split())
    return model


def _count(letters: re.Pattern[str], text: str) -> int:
    """Characters in runs of `letters`."""
    return sum(map(len, letters.findall(text)))

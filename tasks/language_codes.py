"""Codes of languages as people write them: `JA`, `ja-JP` and `ja_jp` are `ja`; what is none is refused, with a guess.

Codes and names are those of CLDR (Unicode Common Locale Data Repository), which Babel carries.
"""

import difflib
import re
from functools import cache

_TAG = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{1,8})*", re.IGNORECASE)


def primary_language(tag: str) -> str:
    """The code of a language without script and region, in lower case; ISO 639-2's `jpn` is `ja`.

    Raises:
        ValueError: `tag` is no language code; names the nearest.
    """
    code = re.split("[-_]", tag.strip().lower())[0]
    if _TAG.fullmatch(tag.strip()):
        code = _aliases().get(code, code)
        if code in _names():
            return code
    near = _nearest(tag.strip())
    hint = f"did you mean {near!r}?" if near else "codes are such as 'en', 'ja', 'zh'"
    raise ValueError(f"{tag!r} is no language code; {hint}")


def _nearest(word: str) -> str:
    """The code of a language's name (in English or Japanese), of a country's code, or one spelled nearly so."""
    from babel.core import get_global

    names = {name.casefold(): code for code, every in _names().items() for name in every}
    if word.casefold() in names:
        return names[word.casefold()]
    spoken = get_global("territory_languages").get(word.upper(), {})
    official = [code for code, facts in spoken.items() if facts["official_status"]]
    if official:
        return re.split("_", official[0])[0]
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.75)
    return names[near[0]] if near else ""


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Code -> the language's name in English and in Japanese."""
    from babel import Locale

    english, japanese = Locale("en").languages, Locale("ja").languages
    return {code: (name, japanese.get(code, name)) for code, name in english.items() if "_" not in code}


@cache
def _aliases() -> dict[str, str]:
    """Three-letter codes of languages that have one of two letters."""
    from babel.core import get_global

    return {
        old: new for old, new in get_global("language_aliases").items() if "_" not in new and len(new) == 2
    }

"""The page in the reader's language: gettext catalogues of `review/locale`, read as they are written.

What the page's code says, rather than its templates, is a `Told` of both languages: `tell`, and `refuse` for what it
does not do.
"""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from fastapi import HTTPException

from tasks.wording.told import Told

LANGUAGES = {"en": "English", "ja": "日本語"}
_FOLDER = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English is what the source says.

    Raises:
        KeyError: not one of `LANGUAGES`.
    """
    LANGUAGES[language]
    path = _FOLDER / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def tell(message: str, /, **values: Any) -> Told:
    """A message of the catalogue in every language.

    Args:
        values: what its `{name}`s stand for; a `Told` is said in the message's language.
    """
    said = {}
    for language in LANGUAGES:
        spoken = {name: v.say(language) if isinstance(v, Told) else v for name, v in values.items()}
        said[language] = translations(language).gettext(message).format(**spoken)
    return Told(**said)


def refuse(status: int, message: str, /, **values: Any) -> HTTPException:
    """A refusal with an HTTP status, said as `tell` does."""
    return HTTPException(status, tell(message, **values))


def choose_language(wanted: str | None, accepted: str) -> str:
    """`wanted` where there is such a language, else the first of an Accept-Language header, else English."""
    if wanted in LANGUAGES:
        return wanted
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return "en"

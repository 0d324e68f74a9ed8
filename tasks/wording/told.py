"""One sentence in the two languages that people here read."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Language(StrEnum):
    EN = "en"
    JA = "ja"


class Told(BaseModel):
    """A sentence in English and Japanese; `str()` is the English, for terminal, log and model card.

    Plain text, as in reports of earlier versions and in quotations, is the same in both.
    """

    model_config = ConfigDict(frozen=True)

    en: str = ""
    ja: str = ""
    """Empty where it is not said in Japanese; then the English is shown."""

    def __init__(self, en: str = "", ja: str = "") -> None:
        super().__init__(en=en, ja=ja)

    @model_validator(mode="before")
    @classmethod
    def _accept_text(cls, value: Any) -> Any:
        return {"en": value} if isinstance(value, str) else value

    def say(self, language: Language | str) -> str:
        """The sentence in `language`."""
        return self.ja or self.en if language == Language.JA else self.en

    @property
    def is_same(self) -> bool:
        """Whether both languages show the same."""
        return self.ja in ("", self.en)

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en)


def join(parts: Iterable[Told], en: str = ", ", ja: str = "、") -> Told:
    """Several as one, with what stands between them in each language."""
    listed = list(parts)
    if all(part.is_same for part in listed) and en == ja:
        return Told(en.join(part.en for part in listed))
    return Told(
        en.join(part.en for part in listed),
        ja.join(part.say(Language.JA) for part in listed),
    )


def told_by(error: BaseException) -> Told:
    """What an exception says: in both languages where it was raised with a `Told`."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Told) else Told(str(error))

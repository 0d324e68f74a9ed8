"""What a person asks to be erased, and whether a text or a file is meant by it."""

import fnmatch
import hashlib
import re
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.errors import SeimaiError
from tasks.text import matching_form


class Selection(BaseModel):
    """Files, samples and words; several are united."""

    model_config = ConfigDict(frozen=True)

    uris: tuple[str, ...] = ()
    """URIs, or globs over them."""
    samples: tuple[str, ...] = ()
    """Beginnings of sample ids."""
    matches: tuple[str, ...] = ()
    """Words as they are written, compared in matching form; patterns when `regex` is set."""
    regex: bool = False

    def check(self) -> None:
        """Raises SeimaiError when nothing is asked for, a value is empty or a pattern does not compile."""
        if not (self.uris or self.samples or self.matches):
            raise SeimaiError("name what to erase: --uri, --sample or --match")
        if "" in (*self.uris, *self.samples) or not all(self._needles):
            raise SeimaiError("--uri, --sample and --match need something to look for, got an empty value")
        for pattern in self._patterns:
            if pattern.search(""):
                raise SeimaiError(f"--match {pattern.pattern!r} fits every text")

    def names(self, uri: str | None) -> bool:
        """Whether a file is meant."""
        if not uri:
            return False
        return any(uri == wanted or fnmatch.fnmatchcase(uri, wanted) for wanted in self.uris)

    def matches_text(self, text: str, form: str) -> bool:
        """Whether a text, given with its matching form, holds the words."""
        if self.regex:
            return any(pattern.search(text) for pattern in self._patterns)
        return any(needle in form for needle in self._needles)

    def request(self, samples: tuple[str, ...]) -> dict[str, Any]:
        """What the receipt says was asked for: `samples` are the whole ids, words only their sha256."""
        words = [hashlib.sha256(words.encode()).hexdigest() for words in self.matches]
        asked = {"uri": list(self.uris), "sample": list(samples), "match_sha256": words, "regex": self.regex}
        return {key: value for key, value in asked.items() if value}

    @cached_property
    def _needles(self) -> list[str]:
        return [words if self.regex else matching_form(words) for words in self.matches]

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        try:
            return [re.compile(words) for words in self.matches] if self.regex else []
        except re.error as error:
            raise SeimaiError(f"--match {error.pattern!r} is no regular expression: {error}") from error

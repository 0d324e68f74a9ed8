"""How the text of an erased sample is recognised wherever it was quoted, and what stands there afterwards."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tasks.erase.selection import Selection
from tasks.text import matching_form, script_counts

ERASED = "[erased]"
"""What stands where a text was."""
WHOLE = 80
"""Characters up to which a text is looked for as a whole; of a longer one each window, since quotes are cut."""
WINDOW = 40
MIN_WEIGHT = 12
"""Fewer Latin letters (a kana, kanji or hangul counts as three) say too little to be looked for."""
_ANCHOR = 4
_IDENTITIES = ("sample_id", "item")
_QUOTES = ("excerpt", "reason", "input", "target", "expected", "base", "candidate", "label", "text")
_DETAILS = ("evidence", "suggestion")


class Probes:
    """Pieces of erased texts that no remaining text holds."""

    def __init__(self, texts: Iterable[str], remaining: Iterable[str]) -> None:
        self._pieces: dict[str, set[str]] = {}
        self.skipped = 0
        """Texts too short to be looked for."""
        for text in set(texts):
            form = matching_form(text)
            counts = script_counts(form)
            if len(form) + 2 * (counts["kana"] + counts["han"] + counts["hangul"]) < MIN_WEIGHT:
                self.skipped += 1
                continue
            for piece in _cut(form):
                self._pieces.setdefault(piece[:_ANCHOR], set()).add(piece)
        if self._pieces:
            for text in remaining:
                for piece in list(self._find(matching_form(text))):
                    self._pieces[piece[:_ANCHOR]].discard(piece)

    def within(self, form: str) -> bool:
        """Whether a text in matching form holds a piece."""
        return bool(self._pieces) and any(True for _ in self._find(form))

    def _find(self, form: str) -> Iterator[str]:
        for start in range(len(form) - _ANCHOR + 1):
            for piece in self._pieces.get(form[start : start + _ANCHOR], ()):
                if form.startswith(piece, start):
                    yield piece


class Redactor:
    """Knows what is erased; takes it out of texts and of JSON that quotes it."""

    def __init__(self, selection: Selection, ids: Iterable[str], documents: Iterable[str], probes: Probes):
        self.selection = selection
        self.ids = frozenset(ids)
        self.documents = frozenset(documents)
        self.probes = probes
        self._known: dict[int, bool] = {}

    def holds(self, text: str) -> bool:
        """Whether a text holds what is erased."""
        key = hash(text)
        if key not in self._known:
            form = matching_form(text)
            self._known[key] = self.selection.matches_text(text, form) or self.probes.within(form)
        return self._known[key]

    def holds_any_form(self, text: str) -> bool:
        """As `holds`, of a file's content: JSON that quotes, or text with or without JSON's and HTML's escapes."""
        if self.clean(text) != text:
            return True
        forms = {html.unescape(text)}
        if "\\" in text:
            forms.add(_unescape(text))
        return any(self.holds(form) for form in forms)

    def clean(self, value: Any) -> Any:
        """A value, or JSON in a string, with every quote of what is erased replaced; equal where there is none."""
        if isinstance(value, dict):
            own = self._is_about_erased(value)
            return {key: self._clean_item(key, item, own) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        return self._clean_text(value) if isinstance(value, str) else value

    def clean_lines(self, text: str) -> str:
        """A text, each line that holds what is erased replaced."""
        lines = text.split("\n")
        return "\n".join(ERASED if self.holds(line.replace("\\", "")) else line for line in lines)

    def clean_sample(self, row: dict[str, Any]) -> dict[str, Any]:
        """An erased sample without its content: ids, place in the file and shape stay."""
        blank: dict[str, Any] = {
            name: [message | {"content": self._kept_instruction(message)} for message in row.get(name) or []]
            for name in ("prompt", "completion")
        }
        blank |= {"input": "", "target": "", "spans": None, "labels": None, "annotations": None}
        blank |= dict.fromkeys(("label", "support", "document", "section", "source_id"))
        return row | {name: value for name, value in blank.items() if name in row}

    def _is_about_erased(self, value: dict[str, Any]) -> bool:
        """Whether a finding, an example or a score is about an erased sample, or about a file that is meant."""
        place = str(value.get("where") or "")
        uris = (value.get("uri"), place, place.rpartition(":")[0])
        named = any(isinstance(uri, str) and self.selection.names(uri) for uri in uris)
        return named or any(value.get(name) in self.ids for name in _IDENTITIES)

    def _kept_instruction(self, message: dict[str, Any]) -> str:
        """A system message that other samples have too is not the sample's own."""
        content = message["content"] or ""
        return content if message["role"] == "system" and not self.holds(content) else ""

    def _clean_item(self, key: str, item: Any, own: bool) -> Any:
        if own and item and key in _DETAILS:
            return ""
        if own and item and key in _QUOTES:
            return ERASED
        return self.clean(item)

    def _clean_text(self, text: str) -> str:
        if text[:1] in ("{", "[", '"'):
            try:
                value = json.loads(text)
            except ValueError:
                return ERASED if self.holds(text) else text
            cleaned = self.clean(value)
            return text if cleaned == value else json.dumps(cleaned, ensure_ascii=False)
        return ERASED if self.holds(text) else text


def _cut(form: str) -> list[str]:
    if len(form) <= WHOLE:
        return [form]
    return [form[start : start + WINDOW] for start in range(0, len(form) - WINDOW, WINDOW)] + [form[-WINDOW:]]


def _unescape(text: str) -> str:
    r"""A text with JSON's \n, \" and \uXXXX, however often escaped, as what they stand for; to look at only."""
    plain = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " " if m[2] in "nrt" else m[2], text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|([nrt\"/]))")

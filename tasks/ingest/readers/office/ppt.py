"""PowerPoint presentations of before 2007 (ppt), out of the streams that olefile (BSD) gives, by [MS-PPT].

No well-kept library of a permissive licence reads their text. A file that was saved again in place holds earlier
versions of its slides as well: only the records that the last edit names are read (2.1.2).
"""

from collections.abc import Iterator
from typing import NamedTuple

from tasks.ingest.contract import (
    Block,
    DocumentContent,
    Problem,
    ReadOptions,
    UnreadableError,
    heading,
    list_item,
    paragraph,
)
from tasks.ingest.readers.office.ole import Ole, read_ole, records
from tasks.records import Severity

_DOCUMENT, _SLIDE, _NOTES_ATOM, _USER_EDIT, _PERSIST = 1000, 1006, 1009, 4085, 6002
_SLIDE_LIST, _SLIDE_PLACE = 4080, 1011
_TEXT_HEADER, _TEXT_CHARS, _TEXT_BYTES, _TEXT_REFERENCE, _TEXT_BOX = 3999, 4000, 4008, 3998, 0xF00D
_SLIDES, _NOTES = 0, 2
"""Instances of a slide list."""
_ENCRYPTED = 0xF3D1C4DF
_TITLES, _BODIES, _NOTE = (0, 6), (1, 7, 8), 2
"""Kinds of text (2.13.33)."""
_DEEPEST = 30
"""Levels of groups in groups that are read."""


class _Record(NamedTuple):
    kind: int
    instance: int
    is_container: bool
    start: int
    """Where its content begins."""
    end: int


class _Text(NamedTuple):
    kind: int
    text: str


class _Place(NamedTuple):
    """A slide in its list."""

    persist: int
    identifier: int
    texts: list[_Text]


def read_ppt(content: bytes, options: ReadOptions) -> DocumentContent:
    """The texts of each slide, its title as heading of level 2, then its notes; a slide is a page.

    Raises:
        UnreadableError: empty; encrypted; corrupt; too_many_pages; what readers of pptx and others raise, for such a
            file named .ppt.
    """
    return read_ole(content, options, lambda ole: _Presentation(ole, options).read())


class _Presentation:
    def __init__(self, ole: Ole, options: ReadOptions) -> None:
        user = ole.stream("Current User")
        self.content = ole.stream("PowerPoint Document")
        if not user or not self.content:
            raise UnreadableError("corrupt", "an OLE container that holds no presentation")
        token, self.edit = records(user, "I", 12, 2)
        if token == _ENCRYPTED:
            raise UnreadableError("encrypted", "a presentation protected by a password")
        self.options = options
        self.properties = ole.properties()
        self.problems: list[Problem] = []

    def read(self) -> DocumentContent:
        self.places, document = self._read_persist()
        lists = {record.instance: record for record in self._inside(document) if record.kind == _SLIDE_LIST}
        slides = self._slides(lists[_SLIDES]) if _SLIDES in lists else []
        if len(slides) > self.options.max_pages:
            raise UnreadableError(
                "too_many_pages", f"{len(slides)} slides; the limit is {self.options.max_pages}"
            )
        notes = self._read_notes(self._slides(lists[_NOTES]) if _NOTES in lists else [])
        blocks: list[Block] = []
        for page, slide in enumerate(slides, start=1):
            texts = self._texts_of(slide)
            if texts is None:
                self.problems.append(Problem("slide", Severity.WARNING, f"slide {page} is missing or broken"))
                texts = slide.texts
            blocks += [
                block for text in texts + notes.get(slide.identifier, []) for block in _blocks(text, page)
            ]
        title = self.properties.get("title", "")
        if not title or title.lower() == "powerpoint presentation":
            title = next((block.title for block in blocks if block.title), "")
        return DocumentContent(blocks, title, self.problems, self.properties)

    def _record(self, at: int) -> _Record:
        version, kind, size = *records(self.content, "H", at, 2), *records(self.content, "I", at + 4, 1)
        end = min(at + 8 + size, len(self.content))
        return _Record(kind, version >> 4, version & 0xF == 0xF, at + 8, end)

    def _inside(self, container: _Record) -> Iterator[_Record]:
        at = container.start
        while at + 8 <= container.end:
            record = self._record(at)
            yield record
            at = record.end

    def _read_persist(self) -> tuple[dict[int, int], _Record]:
        """Where each object stands, by its number, and the document; what later edits say counts."""
        places: dict[int, int] = {}
        document = 0
        at, before = self.edit, len(self.content)
        while 0 < at < before:
            edit = self._record(at)
            if edit.kind != _USER_EDIT:
                raise UnreadableError("corrupt", f"no edit at byte {at} of the presentation")
            _, _, previous, directory, number = records(self.content, "I", edit.start, 5)
            document = document or number
            for identifier, place in self._directory(directory):
                places.setdefault(identifier, place)
            at, before = previous, at
        found = self._record(places.get(document, 0))
        if found.kind != _DOCUMENT:
            raise UnreadableError("corrupt", "the presentation names no document")
        return places, found

    def _directory(self, at: int) -> Iterator[tuple[int, int]]:
        record = self._record(at)
        at = record.start
        while record.kind == _PERSIST and at + 4 <= record.end:
            [head] = records(self.content, "I", at, 1)
            count = min(head >> 20, (record.end - at - 4) // 4)
            yield from enumerate(records(self.content, "I", at + 4, count), start=head & 0xFFFFF)
            at += 4 + 4 * count if count else record.end

    def _slides(self, slide_list: _Record) -> list[_Place]:
        slides: list[_Place] = []
        kind = 4
        for record in self._inside(slide_list):
            if record.kind == _SLIDE_PLACE:
                persist, _, _, identifier = records(self.content, "I", record.start, 4)
                slides.append(_Place(persist, identifier, []))
            elif record.kind == _TEXT_HEADER:
                [kind] = records(self.content, "I", record.start, 1)
                if slides:
                    slides[-1].texts.append(_Text(kind, ""))
            elif record.kind in (_TEXT_CHARS, _TEXT_BYTES) and slides and slides[-1].texts:
                slides[-1].texts[-1] = _Text(kind, self._text(record))
        return slides

    def _read_notes(self, places: list[_Place]) -> dict[int, list[_Text]]:
        """The notes by the slide to which they belong."""
        found: dict[int, list[_Text]] = {}
        for place in places[: self.options.max_pages]:
            page = self._record(self.places.get(place.persist, len(self.content)))
            atom = next((record for record in self._inside(page) if record.kind == _NOTES_ATOM), None)
            if atom is not None:
                [slide] = records(self.content, "I", atom.start, 1)
                found[slide] = [text for text in self._texts_of(place) or [] if text.kind == _NOTE]
        return found

    def _texts_of(self, slide: _Place) -> list[_Text] | None:
        """The texts of a slide in the order of its shapes; None where it is missing."""
        at = self.places.get(slide.persist)
        if at is None or not at < len(self.content) - 8:
            return None
        texts: list[_Text] = []
        used: set[int] = set()
        for box in self._boxes(self._record(at), 0):
            kind = 4
            for record in self._inside(box):
                if record.kind == _TEXT_HEADER:
                    [kind] = records(self.content, "I", record.start, 1)
                elif record.kind == _TEXT_REFERENCE:
                    [index] = records(self.content, "I", record.start, 1)
                    if index < len(slide.texts):
                        texts.append(slide.texts[index])
                        used.add(index)
                elif record.kind in (_TEXT_CHARS, _TEXT_BYTES):
                    texts.append(_Text(kind, self._text(record)))
        return [text for at, text in enumerate(slide.texts) if at not in used] + texts

    def _boxes(self, container: _Record, depth: int) -> Iterator[_Record]:
        for record in self._inside(container):
            if record.kind == _TEXT_BOX:
                yield record
            elif record.is_container and depth < _DEEPEST:
                yield from self._boxes(record, depth + 1)

    def _text(self, record: _Record) -> str:
        content = self.content[record.start : record.end]
        return (
            content.decode("latin-1")
            if record.kind == _TEXT_BYTES
            else content.decode("utf-16-le", "replace")
        )


def _blocks(text: _Text, page: int) -> Iterator[Block]:
    whole = text.text.replace("\x0b", "\n").strip()
    if not whole or whole == "*":  # an asterisk stands for the number of the slide, or the date
        return
    if text.kind in _TITLES:
        yield heading(whole.replace("\r", " "), 2, page=page)
        return
    for part in filter(str.strip, whole.split("\r")):
        yield list_item(part, page=page) if text.kind in _BODIES else paragraph(part, page=page)

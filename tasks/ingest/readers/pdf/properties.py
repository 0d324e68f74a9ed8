"""What a PDF says of itself beside its pages: metadata, and the bookmarks of its outline."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium

_EMPTY_VALUES = ("anonymous", "(anonymous)", "unspecified", "(unspecified)")
"""What a library writes where no author was given."""
_OUTLINE_ENTRIES = 5_000
_NOT_WORD = re.compile(r"[\W_]+")
_LEADING_NUMBER = re.compile(r"^[\d.]+")
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?")


def read_metadata(document: pdfium.PdfDocument) -> dict[str, str]:
    """title, author, subject, keywords and created (ISO 8601), where given."""
    given = document.get_metadata_dict(skip_empty=True)
    names = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords"}
    found = {
        name: value
        for key, name in names.items()
        if (value := given.get(key, "").strip("\x00 \t\r\n")) and value not in _EMPTY_VALUES
    }
    if created := _iso_date(given.get("CreationDate", "")):
        found["created"] = created
    return found


def read_outline(document: pdfium.PdfDocument) -> dict[int, dict[str, int]]:
    """By 1-based page: the depth, from 1, of each bookmark's title."""
    found: dict[int, dict[str, int]] = {}
    for title, level, page in _bookmarks(document):
        if key := title_key(title):
            found.setdefault(page, {}).setdefault(key, level)
    return found


def title_key(title: str) -> str:
    """What a bookmark and the heading it leads to have in common: the words without numbers and marks."""
    folded = _NOT_WORD.sub("", unicodedata.normalize("NFKC", title).lower())
    return _LEADING_NUMBER.sub("", folded) or folded


def _bookmarks(document: pdfium.PdfDocument) -> Iterator[tuple[str, int, int]]:
    for number, bookmark in enumerate(document.get_toc(max_depth=6)):
        if number >= _OUTLINE_ENTRIES:
            return
        target: Any = bookmark.get_dest()
        index = target.get_index() if target else None
        if index is not None and index >= 0:
            yield bookmark.get_title(), bookmark.level + 1, index + 1


def _iso_date(text: str) -> str:
    """ "D:20240131093000+09'00'" as "2024-01-31T09:30:00+09:00"."""
    match = _DATE.match(text)
    if not match:
        return ""
    year, month, day, hour, minute, second, utc, offset, minutes = match.groups()
    date = f"{year}-{month or '01'}-{day or '01'}"
    if hour is None:
        return date
    zone = "Z" if utc else f"{offset}:{minutes or '00'}" if offset else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"

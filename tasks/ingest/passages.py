"""Documents cut into passages where a reader would cut them.

A passage is a slice of the document, with the headings that it stands under put before it. No cut falls
inside a table, a code block, a quotation, a list item or a sentence: a block longer than `max_characters`
stays whole. An item of a list that is too long is cut between its own blocks and sub-items.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tasks.recipe import PassageSettings

_SENTENCE_END = re.compile(
    r"[。！？][」』）)】〉》”]*\s*|[.!?][\"'”’)\]*_]*\s+(?=[\"'“‘(\[*_]*[A-Z0-9\u3040-\u9fff])"
)
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|Prof|St|No|Fig|Inc|Ltd|[A-Z])\.$")
_BLANK_LINES = re.compile(r"\n[ \t\u3000]*\n\s*")


@dataclass(frozen=True)
class Unit:
    """A stretch of text that is not cut: text[start:end]."""

    start: int
    end: int
    level: int = 0
    """1-6 for a heading, 0 for content."""
    title: str = ""
    is_prose: bool = False
    """A paragraph: too long a one may be cut between sentences."""


@dataclass(frozen=True)
class Passage:
    start: int
    """Characters; text[start:end] is the passage without its headings."""
    end: int
    text: str
    """Headings, blank line, slice."""


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    path: tuple[str, ...]


def markdown_units(text: str, max_characters: int) -> list[Unit]:
    """The blocks of a Markdown text, in order."""
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    offsets = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    tokens = parser.parse(text)
    blocks = _blocks(tokens, 0, len(tokens), 0)
    return [unit for at in blocks for unit in _units_of(text, offsets, tokens, at, max_characters)]


def text_units(text: str) -> list[Unit]:
    """The paragraphs of a plain text, in order."""
    cuts = [0, *(match.end() for match in _BLANK_LINES.finditer(text)), len(text)]
    units = (_trimmed(text, Unit(a, b, is_prose=True)) for a, b in pairwise(cuts))
    return [unit for unit in units if unit.end > unit.start]


def cut_passages(
    text: str, units: Sequence[Unit], settings: PassageSettings
) -> tuple[list[Passage], list[Passage]]:
    """Packs units into passages of at most `max_characters`, headings included; a heading starts a new one.

    Returns:
        The passages, and those with fewer than `min_characters` that fit to no neighbour: to be left out.
    """
    kept: list[_Span] = []
    short: list[_Span] = []
    for span in _pack(_cut_prose(text, units, settings.max_characters), settings):
        if span.end - span.start >= settings.min_characters:
            kept.append(span)
        elif kept and _length(replace(kept[-1], end=span.end)) <= settings.max_characters:
            kept[-1] = replace(kept[-1], end=span.end)
        else:
            short.append(span)
    limit = settings.max_characters
    return [_passage(text, span, limit) for span in kept], [_passage(text, span, limit) for span in short]


def _blocks(tokens: Sequence[Token], begin: int, end: int, level: int) -> Iterator[int]:
    """Indices of the tokens that open a block at `level`."""
    for index in range(begin, end):
        token = tokens[index]
        if token.level == level and token.map and token.nesting >= 0 and token.type != "inline":
            yield index


def _closing(tokens: Sequence[Token], at: int) -> int:
    if tokens[at].nesting == 0:
        return at
    return next(
        i for i in range(at + 1, len(tokens)) if tokens[i].level == tokens[at].level and tokens[i].nesting < 0
    )


def _units_of(text: str, offsets: list[int], tokens: Sequence[Token], at: int, limit: int) -> Iterator[Unit]:
    token = tokens[at]
    first, last = token.map or (0, 0)
    unit = _trimmed(text, Unit(offsets[first], offsets[last]))
    is_list = token.type in ("bullet_list_open", "ordered_list_open")
    if token.type == "heading_open":
        yield replace(unit, level=int(token.tag[1]), title=tokens[at + 1].content)
    elif is_list or (token.type == "list_item_open" and unit.end - unit.start > limit):
        for inner in _blocks(tokens, at + 1, _closing(tokens, at), token.level + 1):
            yield from _units_of(text, offsets, tokens, inner, limit)
    elif unit.end > unit.start:
        yield replace(unit, is_prose=token.type == "paragraph_open" and token.level == 0)


def _trimmed(text: str, unit: Unit) -> Unit:
    return replace(unit, end=unit.start + len(text[unit.start : unit.end].rstrip()))


def _cut_prose(text: str, units: Sequence[Unit], limit: int) -> Iterator[Unit]:
    """Paragraphs that are too long become sentences."""
    for unit in units:
        if not unit.is_prose or unit.end - unit.start <= limit:
            yield unit
            continue
        start = unit.start
        for end in [*_sentence_ends(text, unit), unit.end]:
            if end > start:
                yield _trimmed(text, replace(unit, start=start, end=end))
                start = end


def _sentence_ends(text: str, unit: Unit) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, unit.start, unit.end):
        if not _ABBREVIATION.search(text[max(unit.start, match.start() - 6) : match.start() + 1]):
            yield match.end()


def _pack(units: Iterator[Unit], settings: PassageSettings) -> Iterator[_Span]:
    current: _Span | None = None
    waiting: _Span | None = None  # headings whose content is still to come
    path: list[tuple[int, str]] = []
    for unit in units:
        if unit.level:
            if current is not None and current.end - current.start >= settings.min_characters:
                yield current
                current = None
            path = [heading for heading in path if heading[0] < unit.level]
            waiting = replace(waiting, end=unit.end) if waiting else _Span(unit.start, unit.end, _lines(path))
            path.append((unit.level, unit.title))
            continue
        if current is not None and _length(replace(current, end=unit.end)) <= settings.max_characters:
            current = replace(current, end=unit.end)
        else:
            if current is not None:
                yield current
            current = replace(waiting, end=unit.end) if waiting else _Span(unit.start, unit.end, _lines(path))
        waiting = None
    yield from (span for span in (current, waiting) if span is not None)


def _lines(path: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{'#' * level} {title}" for level, title in path)


def _length(span: _Span) -> int:
    return len(_prefix(span.path)) + span.end - span.start


def _prefix(path: Sequence[str]) -> str:
    return "\n".join(path) + "\n\n" if path else ""


def _passage(text: str, span: _Span, limit: int) -> Passage:
    """The outermost headings give way first where there is no room for all."""
    path = span.path
    while path and _length(replace(span, path=path)) > limit:
        path = path[1:]
    return Passage(span.start, span.end, _prefix(path) + text[span.start : span.end])

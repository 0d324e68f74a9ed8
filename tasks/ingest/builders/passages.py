"""Documents cut into passages where a reader would cut them, for domain adaptation.

A passage is content of the document in its order, with the headings that it stands under put before it. No cut
falls inside a table, a code block, a quotation, a list item or a sentence: a block that is longer than the limit
stays whole, and is told. Boilerplate in between is passed over.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.ingest.builders.sample import Piece
from tasks.ingest.builders.structure import Placed, place_blocks
from tasks.ingest.contract import Problem, excerpt_of
from tasks.recipe import PassageSettings
from tasks.records import Severity

Measure = Callable[[str], int]
"""Length of a text, in characters or in tokens of the base model."""

GAP = 2
"""What a blank line between two blocks is taken to measure."""
_SENTENCE_END = re.compile(
    r"[。！？][」』）)】〉》”]*\s*|[.!?][\"'”’)\]*_]*\s+(?=[\"'“‘(\[*_]*[A-Z0-9\u3040-\u9fff])"
)
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|Prof|St|No|Fig|Inc|Ltd|[A-Z])\.$")


@dataclass(frozen=True)
class _Passage:
    """Blocks under one path of headings, in order."""

    blocks: tuple[Placed, ...]
    headings: tuple[str, ...]
    length: int

    @property
    def has_content(self) -> bool:
        return any(block.kind != "heading" for block in self.blocks)


def build_passages(
    document: Mapping[str, Any], settings: PassageSettings, measure: Measure = len
) -> tuple[list[Piece], list[Problem]]:
    """The passages of a row of records.DOCUMENT, and what did not become one.

    Args:
        measure: of `settings.max_tokens` where that is given, else of `settings.max_characters`.
    """
    limit = settings.max_tokens or settings.max_characters
    blocks = list(place_blocks(document, settings.keep_boilerplate))
    pieces: list[Piece] = []
    problems = _left_out(document, settings)
    for passage in _join_short(_pack(_cut_prose(blocks, limit, measure), limit, measure), settings, limit):
        text, first = _text_of(passage.blocks), passage.blocks[0]
        if len(text) < settings.min_characters:
            reason = f"fewer than {settings.min_characters} characters and no neighbour with room for them"
            problems.append(
                Problem("short_passage", Severity.INFO, reason, first.line, {"text": excerpt_of(text)})
            )
            continue
        if len(passage.blocks) == 1 and passage.length > limit:
            reason = f"one {first.kind} of length {passage.length}, more than {limit}; it is not cut"
            problems.append(Problem("long_passage", Severity.INFO, reason, first.line))
        whole = "\n".join(_fitting(passage, limit, measure)) + "\n\n" + text if passage.headings else text
        pieces.append(
            Piece(
                prompt=[],
                completion=[{"role": "assistant", "content": whole.lstrip("\n")}],
                start=first.start,
                end=passage.blocks[-1].end,
                builder="passages",
                page=first.page,
                section=_section_of(passage),
                line=first.line,
            )
        )
    return pieces, problems


def _section_of(passage: _Passage) -> str:
    """Where its first content stands, the headings that it begins with included."""
    content = (block for block in passage.blocks if block.kind != "heading")
    return next(content, passage.blocks[0]).section


def _left_out(document: Mapping[str, Any], settings: PassageSettings) -> list[Problem]:
    """What is said of boilerplate that no passage holds."""
    lengths: dict[str, int] = {}
    for block in document["blocks"]:
        if block["boilerplate"] and not settings.keep_boilerplate:
            lengths[block["boilerplate"]] = (
                lengths.get(block["boilerplate"], 0) + block["end"] - block["start"]
            )
    if not lengths:
        return []
    told = ", ".join(f"{count} characters of {kind}" for kind, count in sorted(lengths.items()))
    return [Problem("boilerplate", Severity.INFO, f"in no passage: {told}", evidence=lengths)]


def _cut_prose(blocks: Sequence[Placed], limit: int, measure: Measure) -> Iterator[Placed]:
    """Paragraphs that are too long become runs of sentences that are not."""
    for block in blocks:
        if block.kind == "paragraph" and measure(block.text) > limit:
            yield from _sentences(block)
        else:
            yield block


def _sentences(block: Placed) -> Iterator[Placed]:
    start = 0
    for end in [*_sentence_ends(block.text), len(block.text)]:
        text = block.text[start:end].rstrip()
        if text:
            line = None if block.line is None else block.line + block.text.count("\n", 0, start)
            at = block.start + start
            yield block._replace(kind="sentence", text=text, start=at, end=at + len(text), line=line)
        start = end


def _sentence_ends(text: str) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[max(0, match.start() - 6) : match.start() + 1]):
            yield match.end()


def _pack(blocks: Iterator[Placed], limit: int, measure: Measure) -> Iterator[_Passage]:
    """Fills passages up to `limit`; a heading starts a new one, and belongs to what follows it.

    The length of a passage is taken as the sum of its parts', measured once each.
    """
    current = _Passage((), (), 0)
    for block in blocks:
        length = measure(block.text) + GAP
        starts_section = block.kind == "heading" and current.has_content
        over = current.has_content and current.length + length > limit
        if starts_section or over:
            yield current
            current = _Passage((), (), 0)
        if not current.blocks:
            above = measure("\n".join(block.headings)) + GAP if block.headings else 0
            current = _Passage((), block.headings, above)
        current = replace(current, blocks=(*current.blocks, block), length=current.length + length)
    if current.blocks:
        yield current


def _join_short(passages: Iterator[_Passage], settings: PassageSettings, limit: int) -> Iterator[_Passage]:
    """A passage with too few characters joins the one before it, or the one after it, where there is room."""
    held: _Passage | None = None
    for passage in passages:
        if held is None:
            held = passage
            continue
        short = min(len(_text_of(p.blocks)) for p in (held, passage)) < settings.min_characters
        if short and held.length + passage.length <= limit:
            held = replace(held, blocks=held.blocks + passage.blocks, length=held.length + passage.length)
        else:
            yield held
            held = passage
    if held is not None:
        yield held


def _text_of(blocks: Sequence[Placed]) -> str:
    """Sentences of one paragraph and items of one list stay together; other blocks are a paragraph apart."""
    parts: list[str] = []
    for i, block in enumerate(blocks):
        before = blocks[i - 1] if i else None
        if before is None:
            gap = ""
        elif before.kind == block.kind == "sentence" and block.start - before.end <= 1:
            gap = " " if block.start > before.end else ""
        else:
            gap = "\n" if before.kind == block.kind == "list_item" else "\n\n"
        parts += [gap, block.text]
    return "".join(parts)


def _fitting(passage: _Passage, limit: int, measure: Measure) -> Sequence[str]:
    """The headings above a passage; the outermost give way first where there is no room for all."""
    headings = passage.headings
    above = measure("\n".join(headings)) + GAP if headings else 0
    length = passage.length
    while len(headings) > 1 and length > limit:
        headings = headings[1:]
        length += measure("\n".join(headings)) + GAP - above
        above = measure("\n".join(headings)) + GAP
    return headings

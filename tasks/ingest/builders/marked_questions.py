"""Questions that a document marks in its text: Q/A paragraphs and lists, and questions in bold."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tasks.ingest.builders.asking import A_MARK, Q_MARK, leans_on_context, question_of, sentence_asked
from tasks.ingest.builders.markup import plain, unmarked
from tasks.ingest.builders.structure import Placed

_ITEM = r"(?:[ \t>]*(?:[-*+]|\d{1,3}[.)])[ \t]+|[ \t>]*)"
_Q = re.compile(rf"{_ITEM}[*_]{{0,2}}{Q_MARK}[*_]{{0,2}}[ \t　]*")
ANSWER_MARK = re.compile(rf"{_ITEM}[*_]{{0,2}}{A_MARK}[*_]{{0,2}}[ \t　]*")
_BOLD = re.compile(rf"{_ITEM}(?:\*\*|__)([^*_\n][^*\n]{{4,300}}[?？か]。?)\s*(?:\*\*|__)[ \t:：]*", re.DOTALL)
_PROSE = ("paragraph", "list_item", "quote")
_STRUCTURE = ("list_item", "table", "code", "quote")


class Pair(NamedTuple):
    """A question, its answer as Markdown, and the stretch of the document that the answer is."""

    question: str
    answer: str
    start: int
    end: int
    asked_at: Placed
    """The block that asks."""
    answered_at: Placed
    """The block in which the answer starts."""


class _Segment(NamedTuple):
    """Lines of a block: a question (mark cut off), an answer (likewise) or anything else."""

    kind: str
    start: int
    end: int
    block: Placed
    asked: str = ""


def marked_questions(text: str, blocks: Sequence[Placed]) -> Iterator[Pair]:
    """Q/A paragraphs and lists, and bold questions.

    An answer goes on to the next question or heading; the last one before a heading only through the lists, tables
    and code that follow it directly, since a paragraph there may be about something else.
    """
    segments = [segment for block in blocks for segment in _segments(block)]
    for i, question in enumerate(segments):
        if question.kind not in ("Q", "bold"):
            continue
        end = i + 1
        while end < len(segments) and _answers(segments[end], question):
            end += 1
        answer: Sequence[_Segment] = segments[i + 1 : end]
        if not (end < len(segments) and segments[end].kind == question.kind):
            answer = _close(answer)
        answered = any(segment.kind == "A" for segment in answer)
        if answered and answer[0].kind == "text":  # a question of several lines or paragraphs
            first = next(n for n, segment in enumerate(answer) if segment.kind == "A")
            more = " ".join(plain(text[s.start : s.end]) for s in answer[:first])
            question, answer = question._replace(asked=f"{question.asked} {more}"), answer[first:]
        if answered or sentence_asked(question.asked):
            yield from _marked_pair(text, question, answer)


def _answers(segment: _Segment, question: _Segment) -> bool:
    """Whether a segment may go on with the answer: the next item of the question's own list does not."""
    block, asked_at = segment.block, question.block
    beside = (
        block is not asked_at and block.kind == asked_at.kind == "list_item" and block.level <= asked_at.level
    )
    return segment.kind == "A" or (segment.kind == "text" and not beside)


def _marked_pair(text: str, question: _Segment, answer: Sequence[_Segment]) -> Iterator[Pair]:
    asked = question.asked
    if leans_on_context(asked) and question.block.headings:
        asked = (
            question_of(f"Q: {asked}", [line.lstrip("#").strip() for line in question.block.headings])
            or asked
        )
    if answer:
        written = "\n\n".join(unmarked(text[s.start : s.end], s.block) for s in answer).strip()
        yield Pair(asked, written, answer[0].start, answer[-1].end, question.block, answer[0].block)
    elif question.kind == "Q":
        yield Pair(asked, "", question.end, question.end, question.block, question.block)


def _close(answer: Sequence[_Segment]) -> Sequence[_Segment]:
    end = 1
    while end < len(answer) and (
        answer[end].block.kind in _STRUCTURE
        or answer[end].kind == "A"
        or answer[end].block is answer[0].block
    ):
        end += 1
    return answer[:end]


def _segments(block: Placed) -> Iterator[_Segment]:
    if block.kind not in _PROSE:
        yield _Segment("heading" if block.kind == "heading" else "text", block.start, block.end, block)
        return
    bold = _BOLD.match(block.text)
    asked = sentence_asked(bold[1]) if bold and not _Q.match(block.text) else ""
    if bold and asked:
        yield _Segment("bold", block.start, block.start + bold.end(), block, asked)
        yield from _lines(block, bold.end())
    else:
        yield from _lines(block, 0)


def _lines(block: Placed, at: int) -> Iterator[_Segment]:
    """Cuts before each line that is marked, and after the line on which a question ends."""
    found: list[_Segment] = []
    for line in re.finditer(r"[^\n]*\n?", block.text[at:]):
        begin, end = (
            block.start + at + line.start(),
            block.start + at + line.start() + len(line[0].rstrip("\n")),
        )
        question, answer = _Q.match(line[0]), ANSWER_MARK.match(line[0])
        if question:
            found.append(_Segment("Q", begin, end, block, plain(line[0][question.end() :])))
        elif answer:
            found.append(_Segment("A", begin + answer.end(), end, block))
        elif found and (found[-1].kind != "Q" or not re.search(r"[?？。]$", found[-1].asked)):
            last = found[-1]
            more = f"{last.asked} {plain(line[0])}".strip() if last.kind == "Q" else ""
            found[-1] = last._replace(end=max(end, last.end), asked=more)
        elif line[0].strip():
            found.append(_Segment("text", begin, end, block))
    for segment in found:
        start = segment.start
        while start < segment.end and block.text[start - block.start].isspace():
            start += 1
        if start < segment.end or segment.kind == "Q":
            yield segment._replace(start=start)

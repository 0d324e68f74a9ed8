"""Question/answer pairs that a document itself holds: headings that ask, lists and tables of questions and answers,
and glossaries.

Nothing is made up: a question is the document's own words or a fixed template around them (see `asking` and
`glossary`), an answer is a stretch of the document.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks.ingest.builders.asking import question_of
from tasks.ingest.builders.glossary import entries_of
from tasks.ingest.builders.marked_questions import ANSWER_MARK, Pair, marked_questions
from tasks.ingest.builders.markup import cells_of, plain
from tasks.ingest.builders.sample import Message, Piece, system_message
from tasks.ingest.builders.structure import Placed, place_blocks
from tasks.ingest.contract import Problem, excerpt_of
from tasks.recipe import QuestionSettings
from tasks.records import Severity

_QUESTION_CELL = re.compile(
    r"(?:q|ｑ|questions?|faq|(?:ご|よくある)?(?:ご)?質問(?:内容|事項)?|問|お?問い?合わ?せ(?:内容)?)"
)
_ANSWER_CELL = re.compile(r"(?:a|ａ|answers?|(?:ご)?回答(?:内容)?|答え?)")
_WORDS = re.compile(r"[^\W_]")
_TO_COME = re.compile(
    r"(?i)\W*(?:後述|前述|同上|未定|作成中|準備中|tbd|tba|todo|n/?a|coming soon|to be (?:determined|written))\W*"
)
_NO_WORDS = re.compile(r"!\[[^\[\]]*\]\([^()]*\)|<[^<>]+>|\{%[^%]*%\}")


def build_questions(
    document: Mapping[str, Any], settings: QuestionSettings, instruction: str
) -> tuple[list[Piece], list[Problem]]:
    """The pairs of a row of records.DOCUMENT in its order, and the questions that gave none.

    Args:
        instruction: system message of every prompt; none when it is empty.
    """
    blocks = list(place_blocks(document))
    pairs = [
        *_of_headings(document, blocks),
        *marked_questions(document["text"], blocks),
        *_of_tables(blocks),
    ]
    if settings.glossary:
        pairs += [Pair(*entry) for entry in entries_of(document, blocks)]
    pieces: dict[tuple[str, int, int], Piece] = {}
    problems: list[Problem] = []
    for pair in sorted(pairs, key=lambda pair: (pair.start, pair.end)):
        problem = _wrong_with(pair, settings)
        if problem:
            problems.append(problem)
        else:
            pieces.setdefault(
                (pair.question, pair.start, pair.end), _piece(pair, document["text"], instruction)
            )
    return list(pieces.values()), problems


def _wrong_with(pair: Pair, settings: QuestionSettings) -> Problem | None:
    asked, line = {"question": excerpt_of(pair.question)}, pair.asked_at.line
    words = _NO_WORDS.sub("", pair.answer)
    if not _WORDS.search(words) or _TO_COME.fullmatch(words):
        return Problem("no_answer", Severity.INFO, "nothing answers the question", line, asked)
    if len(pair.answer) > settings.max_characters:
        reason = f"an answer of {len(pair.answer)} characters, more than {settings.max_characters}"
        return Problem("long_answer", Severity.INFO, reason, line, asked)
    return None


def _piece(pair: Pair, text: str, instruction: str) -> Piece:
    prompt: list[Message] = [*system_message(instruction), {"role": "user", "content": pair.question}]
    return Piece(
        prompt=prompt,
        completion=[{"role": "assistant", "content": pair.answer}],
        start=pair.start,
        end=pair.end,
        builder="questions",
        page=pair.answered_at.page,
        section=pair.answered_at.section,
        line=pair.asked_at.line,
        support=text[pair.start : pair.end],
    )


def _of_headings(document: Mapping[str, Any], blocks: Sequence[Placed]) -> Iterator[Pair]:
    """Headings that ask; the answer ends at the next heading of the same level or above, or at one that asks."""
    asked = [
        question_of(
            block.title, [line.lstrip("#").strip() for line in block.headings], document["title"] or ""
        )
        if block.kind == "heading"
        else ""
        for block in blocks
    ]
    for i, block in enumerate(blocks):
        if not asked[i]:
            continue
        end = i + 1
        while end < len(blocks) and not asked[end]:
            if blocks[end].kind == "heading" and blocks[end].level <= block.level:
                break
            end += 1
        answer = blocks[i + 1 : end]
        if answer:
            text = join_blocks(document["text"], answer)
            mark = ANSWER_MARK.match(text)
            lead = mark.end() if mark else len(text) - len(text.lstrip())
            yield Pair(asked[i], text[lead:], answer[0].start + lead, answer[-1].end, block, answer[0])
        elif end == len(blocks) or not asked[end] or blocks[end].level <= block.level:
            yield Pair(asked[i], "", block.end, block.end, block, block)


def join_blocks(text: str, blocks: Sequence[Placed]) -> str:
    """Blocks as they stand in the document; where boilerplate was passed over, a paragraph apart."""
    parts: list[str] = []
    for i, block in enumerate(blocks):
        gap = text[blocks[i - 1].end : block.start] if i else ""
        parts += [gap if not gap.strip() else "\n\n", block.text]
    return "".join(parts)


def _of_tables(blocks: Sequence[Placed]) -> Iterator[Pair]:
    """Tables with a column of questions and one of answers."""
    for block in blocks:
        rows = cells_of(block)
        if len(rows) < 2:
            continue
        names = [re.sub(r"\s", "", plain(cell.text).lower()) for cell in rows[0]]
        asks = next((i for i, name in enumerate(names) if _QUESTION_CELL.fullmatch(name)), None)
        answers = next((i for i, name in enumerate(names) if _ANSWER_CELL.fullmatch(name)), None)
        if asks is None or answers is None:
            continue
        for row in rows[1:]:
            if len(row) > max(asks, answers) and plain(row[asks].text):
                answer = row[answers]
                yield Pair(
                    plain(row[asks].text.replace("\n", " ")),
                    answer.text,
                    answer.start,
                    answer.end,
                    block,
                    block,
                )

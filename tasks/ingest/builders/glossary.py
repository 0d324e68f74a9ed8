"""Entries of glossaries, as questions by template: 「X」とは何ですか。/ What does "X" mean?

Entries are taken below a heading (or in a document) that names a glossary: items and paragraphs `**term**: definition`,
`term: definition` items, a bold or sub-heading term with a paragraph, tables with a column of terms. A table whose
columns are plainly term and definition is taken anywhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks.ingest.builders.asking import question_of
from tasks.ingest.builders.markup import cells_of, plain, unmarked
from tasks.ingest.builders.structure import Placed

Entry = tuple[str, str, int, int, Placed, Placed]
"""Question, answer, start and end of the answer, the block of the term and that of the answer."""

_GLOSSARY = re.compile(
    r"(?i)(?:.* )?glossary(?: of terms)?|(?:terms (?:and|&) )?definitions?(?: of terms)?|(?:key )?terminology|"
    r"(?:key )?terms|"
    r"terms to know|(?:list of )?(?:acronyms|abbreviations)(?: (?:and|&) \w+)?|"
    r".*用語集|用語(?:の?(?:定義|説明|解説|一覧)|について)?|略語(?:集|一覧)?"
)
_NUMBER = re.compile(r"^\d+(?:\.\d+)*[.．]?\s+")
_ITEM = r"(?:[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+)?"
_GAP = r"[ \t]*(?::(?!//)|：|[ \t][-–—][ \t]|[–—])\s*"
_BOLD = re.compile(
    rf"{_ITEM}(?:\*\*|__)(?P<term>[^*\n]+?)[:：]?(?:\*\*|__)(?:{_GAP}|(?<=[:：]\*\*)\s+)(?=\S)"
)
_MEANS = re.compile(
    rf"{_ITEM}(?P<body>\*\*(?P<term>[^*\n]+)\*\* (?:means|is|are|refers to|stands for|とは))\b"
)
_PLAIN = re.compile(rf"[ \t]*(?:[-*+]|\d{{1,3}}[.)])[ \t]+(?P<term>[^:：。!?？\n*]{{1,40}}?){_GAP}(?=\S)")
_DEFINED = re.compile(r"(?P<term>[^\n]{1,60})\n:[ \t]+(?=\S)")
_ALONE = re.compile(r"(?:\*\*|__)(?P<term>[^*\n]{1,60}?)[:：]?(?:\*\*|__)[:：]?")
_TERM = re.compile(r"(?i)terms?|words?|abbreviations?|acronyms?|用語|語句?|略語|略称|単語")
_MEANING = re.compile(
    r"(?i)definitions?|meanings?|descriptions?|explanations?|意味|説明|定義|内容|解説|意味・?説明"
)
_INDEX = re.compile(r"(?i)[a-z](?:\s?[-–]\s?[a-z])?|[あ-んア-ン]行?|[0-9#]")
_LONGEST_TERM = 60


def entries_of(document: Mapping[str, Any], blocks: Sequence[Placed]) -> Iterator[Entry]:
    """The entries of a document in Japanese or English; there is no template for other languages."""
    if document["language"] not in ("ja", "en"):
        return
    whole = _names_glossary(document["title"] or "")
    for i, block in enumerate(blocks):
        inside = whole or any(_names_glossary(line) for line in block.headings)
        yield from _of_table(document, block, inside)
        if not inside:
            continue
        following = blocks[i + 1] if i + 1 < len(blocks) else None
        for term, start, answered_at in _terms_of(block, following):
            name, end = plain(term).strip(" :："), answered_at.end
            answer = unmarked(answered_at.text[start - answered_at.start :], answered_at).strip()
            if 0 < len(name) <= _LONGEST_TERM:
                yield _question(name, document), answer, start, end, block, answered_at


def _question(term: str, document: Mapping[str, Any]) -> str:
    return f"「{term}」とは何ですか。" if document["language"] == "ja" else f'What does "{term}" mean?'


def _names_glossary(heading: str) -> bool:
    return bool(_GLOSSARY.fullmatch(_NUMBER.sub("", plain(heading.lstrip("# ")))))


def _terms_of(block: Placed, following: Placed | None) -> Iterator[tuple[str, int, Placed]]:
    """The term that a block defines, where its definition starts, and the block that holds that."""
    if block.kind in ("paragraph", "list_item"):
        means = _MEANS.match(block.text)
        match = _BOLD.match(block.text) or (_PLAIN if block.kind == "list_item" else _DEFINED).match(
            block.text
        )
        if means:
            yield means["term"], block.start + means.start("body"), block
        elif match:
            yield match["term"], block.start + match.end(), block
    if following is None or following.kind != "paragraph":
        return
    alone = _ALONE.fullmatch(block.text.strip()) if block.kind == "paragraph" else None
    is_term = block.kind == "heading" and not (
        _INDEX.fullmatch(plain(block.title)) or _names_glossary(block.title) or question_of(block.title)
    )
    if (
        (alone or is_term)
        and not _ALONE.fullmatch(following.text.strip())
        and not any(_terms_of(following, None))
    ):
        yield alone["term"] if alone else block.title, following.start, following


def _of_table(document: Mapping[str, Any], block: Placed, inside: bool) -> Iterator[Entry]:
    rows = cells_of(block)
    if len(rows) < 2:
        return
    names = [plain(cell.text) for cell in rows[0]]
    term = next((i for i, name in enumerate(names) if _TERM.fullmatch(name)), 0 if inside else None)
    meaning = next((i for i, name in enumerate(names) if _MEANING.fullmatch(name)), None)
    if term is None or meaning is None or term == meaning:
        return
    for row in rows[1:]:
        if (
            len(row) > max(term, meaning)
            and 0 < len(plain(row[term].text)) <= _LONGEST_TERM
            and row[meaning].text
        ):
            cell = row[meaning]
            yield _question(plain(row[term].text), document), cell.text, cell.start, cell.end, block, block

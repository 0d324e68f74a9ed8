"""What the parts of ingest hand to one another: the settings they need, problems, and what a file gave."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, field_serializer

from tasks.recipe import (
    FileFormat,
    PassageSettings,
    QuestionSettings,
    ReadingSettings,
    Recipe,
    Source,
    ThreadSettings,
)
from tasks.records import FolderRef, Severity, Task

EXCERPT = 200
"""Characters of a value that a finding quotes."""
TABLE_ROWS = 40
"""Rows of a table block: a sheet of a million rows is not one stretch that no passage may cut."""


class IngestSettings(BaseModel):
    """The part of a recipe that decides what ingest makes of a file."""

    model_config = ConfigDict(frozen=True)

    task: Task
    sources: tuple[Source, ...]
    instruction: str = ""
    reading: ReadingSettings = ReadingSettings()
    passages: PassageSettings = PassageSettings()
    questions: QuestionSettings = QuestionSettings()
    threads: ThreadSettings = ThreadSettings()
    multi_label: bool = False
    seed: int = 0
    tokenizer: FolderRef | None = None
    """The base model whose tokens measure passages, where the recipe limits them in tokens."""
    erased: frozenset[str] = frozenset()
    """Digests of documents and samples that were erased and must not come back."""

    @classmethod
    def of(cls, recipe: Recipe, tokenizer: FolderRef | None = None, erased: Iterable[str] = ()) -> Self:
        own: dict[str, Any] = {"tokenizer": tokenizer, "erased": frozenset(erased)}
        return cls(**{name: getattr(recipe, name) for name in cls.model_fields if name not in own}, **own)

    @field_serializer("erased")
    def _in_order(self, erased: frozenset[str]) -> list[str]:
        return sorted(erased)  # a digest of the settings must not depend on the order of a set


class Trouble(BaseModel):
    """Why a file that is there is not opened."""

    model_config = ConfigDict(frozen=True)

    check: str
    """Name of the finding: unreadable or too_large."""
    reason: str


class SourceFile(BaseModel):
    """One file of one source, as it was when it was looked at."""

    model_config = ConfigDict(frozen=True)

    uri: str
    """Absolute path, or URL."""
    name: str
    """Path below the source's folder (a lone file's own name): what stays when the folder moves."""
    size: int
    """Bytes."""
    modified: str | None
    """ISO 8601, UTC; None where the store does not say."""
    etag: str | None = None
    """The store's own mark of the content, where it gives one."""
    digest: str
    """sha256 of the bytes; "" where there is trouble."""
    source: int
    """Position in the recipe's `sources`."""
    format: FileFormat
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file (`line` is None) or one of its lines: a finding without its address."""

    check: str
    severity: Severity
    reason: str
    line: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def as_finding(self, uri: str) -> dict[str, Any]:
        return {
            "uri": uri,
            "line": self.line,
            "stage": "ingest",
            "check": self.check,
            "severity": self.severity.value,
            "reason": self.reason,
            "evidence": json.dumps(self.evidence, ensure_ascii=False),
        }


class UnreadableError(ValueError):
    """A file that gives nothing; `check` names why.

    One of: encrypted, empty, corrupt, unsupported, image_only, too_large, too_many_pages, undecodable, erased.
    """

    def __init__(self, check: str, reason: str) -> None:
        super().__init__(reason)
        self.check = check


class Row(NamedTuple):
    """One row of a table file."""

    line: int
    """1-based line where the row starts; position of the row in a Parquet file or sheet."""
    fields: dict[str, Any]
    part: str = ""
    """Name of the sheet it stands in."""


@dataclass(frozen=True)
class TableContent:
    """What a table reader returns: rows and problems together cover every line that is not blank."""

    rows: list[Row]
    columns: list[str] | None
    """Columns of every row, where the format fixes them (csv, Parquet, sheets)."""
    problems: list[Problem]


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    QUOTE = "quote"


class Boilerplate(StrEnum):
    """Text that is in the file but is not what the document says; marked, never cut."""

    NAVIGATION = "navigation"
    PAGE_HEADER = "page_header"
    PAGE_FOOTER = "page_footer"
    SIGNATURE = "signature"
    QUOTED_REPLY = "quoted_reply"


@dataclass(frozen=True)
class Block:
    """A stretch of a document that is not cut, save a paragraph that is too long.

    Readers make one with `heading`, `paragraph`, `list_item`, `table` or `code`, which write the Markdown.
    """

    kind: BlockKind
    text: str
    """Markdown."""
    title: str = ""
    """A heading's words without the marks."""
    level: int = 0
    """Of a heading, 1-6; depth of a list item, from 1; else 0."""
    page: int | None = None
    """1-based page or slide."""
    part: str = ""
    """Name of the sheet or chapter."""
    line: int | None = None
    """1-based line of the file on which it starts, where the format has lines."""
    boilerplate: Boilerplate | None = None


@dataclass(frozen=True)
class DocumentContent:
    """What a document reader returns: blocks in reading order, uncleaned (`compose` cleans)."""

    blocks: Sequence[Block]
    title: str = ""
    """What the format itself gives as title; "" without one."""
    problems: Sequence[Problem] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the format says of the document: author, created, subject; a mail's headers in lower case."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """What reading changed, by kind; see `hygiene`."""


class ReadOptions(NamedTuple):
    """What a reader may be told."""

    encoding: str | None = None
    """Of text formats; detected when None."""
    max_pages: int = 5_000
    """Pages, slides or sheets read; more raise UnreadableError("too_many_pages")."""
    max_unpacked_bytes: int = 1 << 30
    """Bytes that a compressed container may unpack to; more raise UnreadableError("too_large")."""


@dataclass(frozen=True)
class Parsed:
    """What one file gave. `row` and `modified` are still null, `source_id` is where the row has no id."""

    documents: pa.Table
    samples: pa.Table
    findings: pa.Table


def heading(text: str, level: int, **where: Any) -> Block:
    """A heading of `level` 1-6 (more count as 6); `where` is page, part, line or boilerplate."""
    title = " ".join(text.split())
    depth = min(max(level, 1), 6)
    return Block(BlockKind.HEADING, f"{'#' * depth} {title}", title, depth, **where)


def paragraph(text: str, **where: Any) -> Block:
    return Block(BlockKind.PARAGRAPH, text.strip(), **where)


def list_item(text: str, depth: int = 1, mark: str = "-", **where: Any) -> Block:
    """An item at `depth` 1 and deeper; further lines of it are indented to stay its own."""
    indent = "  " * (depth - 1)
    inner = text.strip().replace("\n", f"\n{indent}{' ' * (len(mark) + 1)}")
    return Block(BlockKind.LIST_ITEM, f"{indent}{mark} {inner}", level=depth, **where)


def code(text: str, language: str = "", **where: Any) -> Block:
    fence = "```"
    while fence in text:
        fence += "`"
    return Block(BlockKind.CODE, f"{fence}{language}\n{text.strip(chr(10))}\n{fence}", **where)


def table(rows: Sequence[Sequence[str]], **where: Any) -> Block:
    """A Markdown table whose first row is the header; short rows are filled up, line breaks become <br>."""
    width = max(map(len, rows), default=0)
    lines = [
        "| " + " | ".join(_cell(row[i]) if i < len(row) else "" for i in range(width)) + " |" for row in rows
    ]
    return Block(BlockKind.TABLE, "\n".join([*lines[:1], "|" + " --- |" * width, *lines[1:]]), **where)


def table_blocks(rows: Sequence[Sequence[str]], **where: Any) -> list[Block]:
    """A long table as several, each of at most `TABLE_ROWS` rows under the header of the first."""
    if len(rows) <= 1:
        return [table(rows, **where)] if rows else []
    starts = range(1, len(rows), TABLE_ROWS)
    return [table([rows[0], *rows[start : start + TABLE_ROWS]], **where) for start in starts]


def excerpt_of(value: Any) -> str:
    """The start of `value`, for evidence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"


def _cell(text: str) -> str:
    return "<br>".join(" ".join(line.split()) for line in text.strip().splitlines()).replace("|", "\\|")

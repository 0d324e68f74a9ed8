"""What the parts of ingest hand to one another: the settings they need, problems, and what a file gave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.recipe import FileFormat, PassageSettings, Recipe, Source
from tasks.records import Severity, Task

EXCERPT = 200
"""Characters of a value that a finding quotes."""


class IngestSettings(BaseModel):
    """The part of a recipe that decides what ingest makes of a file."""

    model_config = ConfigDict(frozen=True)

    task: Task
    sources: tuple[Source, ...]
    instruction: str = ""
    passages: PassageSettings = PassageSettings()
    seed: int = 0

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        return cls(
            task=recipe.task,
            sources=recipe.sources,
            instruction=recipe.instruction,
            passages=recipe.passages,
            seed=recipe.seed,
        )


class SourceFile(BaseModel):
    """One file of one source, as it was when it was looked at."""

    model_config = ConfigDict(frozen=True)

    uri: str
    """Absolute path, or URL."""
    size: int
    """Bytes."""
    modified: str | None
    """ISO 8601, UTC; None where the store does not say."""
    digest: str
    """sha256 of the bytes."""
    source: int
    """Position in the recipe's `sources`."""
    format: FileFormat


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


class Row(NamedTuple):
    """One row of a table file."""

    line: int
    """1-based line where the row starts; position of the row in a Parquet file."""
    fields: dict[str, Any]


@dataclass(frozen=True)
class TableContent:
    """What a table reader returns: rows and problems together cover every line that is not blank."""

    rows: list[Row]
    columns: list[str] | None
    """Columns of every row, where the format fixes them (csv, Parquet)."""
    problems: list[Problem]


@dataclass(frozen=True)
class DocumentContent:
    """What a document reader returns."""

    text: str
    """NFC, LF, without front matter."""
    title: str
    """From the front matter or the first heading; "" without either."""
    first_line: int
    """1-based line of the file on which `text` starts."""
    problems: list[Problem]


@dataclass(frozen=True)
class Parsed:
    """What one file gave. `row` and `modified` are still null, `source_id` is where the row has no id."""

    documents: pa.Table
    samples: pa.Table
    findings: pa.Table


def excerpt_of(value: Any) -> str:
    """The start of `value`, for evidence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"

"""The conversational prompt-completion form that TRL trains on, and what a sample takes from its file."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.ingest.contract import SourceFile, excerpt_of
from tasks.language import detect_language
from tasks.recipe import Source
from tasks.records import Task, sample_id

Message = dict[str, str]
Span = Mapping[str, Any]


@dataclass(frozen=True)
class Piece:
    """What a builder makes of a stretch of a document: `document text[start:end]` is where it comes from."""

    prompt: list[Message]
    completion: list[Message]
    start: int
    end: int
    builder: str
    page: int | None = None
    section: str = ""
    line: int | None = None
    support: str | None = None
    """The words of the document that the completion rests on."""


class RowError(ValueError):
    """A row that cannot become a sample; `check` is the finding's name."""

    def __init__(self, check: str, reason: str, evidence: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.check, self.evidence = check, evidence


def make_sample(
    task: Task,
    prompt: Sequence[Message],
    completion: Sequence[Message],
    label: str | None = None,
    spans: Sequence[Span] | None = None,
    labels: Sequence[str] | None = None,
    annotations: Sequence[Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """The columns of records.SAMPLE that follow from the content."""
    asked = next((m["content"] for m in reversed(prompt) if m["role"] == "user"), "")
    target = "\n".join(m["content"] for m in completion if m["role"] == "assistant")
    return {
        "sample_id": sample_id(task.value, prompt, completion, label),
        "task": task.value,
        "prompt": list(prompt),
        "completion": list(completion),
        "label": label,
        "labels": labels,
        "annotations": annotations,
        "spans": spans,
        "input": asked,
        "target": target,
        "language": detect_language(asked or target),
    }


def origin_of(file: SourceFile, source: Source) -> dict[str, Any]:
    """The columns that a file's documents and samples share."""
    return {
        "uri": file.uri,
        "source": source.shown_path,
        "role": source.role.value,
        "license": source.license,
        "owner": source.owner,
    }


def system_message(instruction: str) -> list[Message]:
    """The instruction as the conversation's first message; nothing when it is empty."""
    return [{"role": "system", "content": instruction}] if instruction else []


def missing_column(column: str, present: Iterable[str]) -> str:
    """Says which column is missing, the nearest name, and which there are."""
    names = list(present)
    near = difflib.get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"column {column!r} is missing; {hint}columns here: {', '.join(names[:30]) or 'none'}"


def read_string(fields: Mapping[str, Any], column: str) -> str:
    """The text of a column.

    Raises:
        RowError: there is none; says why.
    """
    value = fields.get(column)
    if isinstance(value, str) and value.strip():
        return value
    if column not in fields:
        reason = missing_column(column, fields)
    elif value is None or isinstance(value, str):
        reason = f"column {column!r} is empty"
    else:
        reason = f"column {column!r} must be a string, got {type(value).__name__}"
    raise RowError("missing_field", reason, {"column": column, "value": excerpt_of(value)})

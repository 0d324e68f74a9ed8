"""Rows to samples, documents to passages: the conversational prompt-completion form that TRL trains on."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from tasks.errors import RecipeError
from tasks.ingest.contract import (
    DocumentContent,
    IngestSettings,
    Problem,
    Row,
    SourceFile,
    TableContent,
    excerpt_of,
)
from tasks.ingest.passages import Passage, cut_passages, markdown_units, text_units
from tasks.recipe import Columns, FileFormat, Source
from tasks.records import Severity, Task, digest_of, normalize_text, sample_id
from tasks.text import detect_language

Message = dict[str, str]

_NEEDED = {
    Task.TEXT_CLASSIFICATION: ("text", "label"),
    Task.TEXT_GENERATION: ("prompt", "completion"),
    Task.LANGUAGE_MODELING: ("text",),
}
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_MEDIA_TYPES = {FileFormat.MARKDOWN: "text/markdown", FileFormat.TEXT: "text/plain"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_VERSION = re.compile(
    r"[-_. ]*(?:(?<![^\W_])(?:v|ver|rev|version)[-_. ]?\d+(?:[._]\d+)*|第\d+版|\(\d+\))$", re.IGNORECASE
)


class _RowError(ValueError):
    """A row that cannot become a sample."""

    def __init__(self, check: str, reason: str, evidence: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.check, self.evidence = check, evidence


def build_samples(
    table: TableContent, file: SourceFile, source: Source, settings: IngestSettings
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """One sample or one problem for each row.

    Raises:
        RecipeError: the file has columns, but not those that the task needs.
    """
    needed = [getattr(source.columns, name) for name in _NEEDED[settings.task]]
    if table.columns is not None:
        for column in needed:
            if column not in table.columns:
                raise RecipeError(
                    f"sources.{file.source} ({file.uri}): {missing_column(column, table.columns)}"
                )
    samples: list[dict[str, Any]] = []
    problems: list[Problem] = []
    origin = _origin(file, source)
    for row in table.rows:
        try:
            content = _content_of(row.fields, source.columns, settings)
        except _RowError as error:
            problems.append(Problem(error.check, Severity.WARNING, str(error), row.line, error.evidence))
        else:
            samples.append(
                _sample(settings.task, **content) | origin | _row_facts(row, source.columns, content)
            )
    return samples, problems


def build_passages(
    document: DocumentContent, file: SourceFile, source: Source, settings: IngestSettings
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Problem]]:
    """The document's record, a sample for each passage, a problem for each piece too short to stand alone."""
    text = _mend(document.text)
    if file.format is FileFormat.MARKDOWN:
        units = markdown_units(text, settings.passages.max_characters)
    else:
        units = text_units(text)
    passages, short = cut_passages(text, units, settings.passages)
    family = family_of(file.uri)
    record = _origin(file, source) | {
        "doc_id": file.digest,
        "media_type": _MEDIA_TYPES[file.format],
        "language": detect_language(text),
        "title": document.title or PurePosixPath(file.uri).stem,
        "text": text,
        "family": family,
    }

    def line_of(passage: Passage) -> int:
        return document.first_line + text.count("\n", 0, passage.start)

    shared = _origin(file, source) | {"doc_id": file.digest, "group_id": f"doc-{digest_of(family)[:12]}"}
    samples = [
        _sample(settings.task, [], [{"role": "assistant", "content": passage.text}])
        | shared
        | {"line": line_of(passage), "start": passage.start, "end": passage.end}
        for passage in passages
    ]
    reason = f"fewer than {settings.passages.min_characters} characters and no neighbour with room for them"
    problems = [
        Problem("short_passage", Severity.INFO, reason, line_of(piece), {"text": excerpt_of(piece.text)})
        for piece in short
    ]
    return record, samples, problems


def family_of(uri: str) -> str:
    """The URI without its ending and without a version at the end of its name: `規程_v2.md` -> `規程`."""
    path = PurePosixPath(uri)
    return uri.removesuffix(path.name) + (_VERSION.sub("", path.stem) or path.stem)


def missing_column(column: str, present: Iterable[str]) -> str:
    """Says which column is missing, the nearest name, and which there are."""
    names = list(present)
    near = difflib.get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"column {column!r} is missing; {hint}columns here: {', '.join(names[:30]) or 'none'}"


def _origin(file: SourceFile, source: Source) -> dict[str, Any]:
    return {
        "uri": file.uri,
        "source": source.path,
        "role": source.role.value,
        "license": source.license,
        "owner": source.owner,
    }


def _sample(
    task: Task, prompt: list[Message], completion: list[Message], label: str | None = None
) -> dict[str, Any]:
    asked = next((m["content"] for m in reversed(prompt) if m["role"] == "user"), "")
    target = "\n".join(m["content"] for m in completion if m["role"] == "assistant")
    return {
        "sample_id": sample_id(task.value, prompt, completion, label),
        "task": task.value,
        "prompt": prompt,
        "completion": completion,
        "label": label,
        "input": asked,
        "target": target,
        "language": detect_language(asked or target),
    }


def _row_facts(row: Row, columns: Columns, content: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        "line": row.line,
        "source_id": _as_text(row.fields.get(columns.id)),
        "date": _as_text(row.fields.get(columns.date)),
    }
    language = row.fields.get(columns.language)
    return facts | {"language": language.strip()} if isinstance(language, str) and language.strip() else facts


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, date) else _mend(str(value))


def _content_of(fields: Mapping[str, Any], columns: Columns, settings: IngestSettings) -> dict[str, Any]:
    """Prompt, completion and label of a row. Raises _RowError."""
    match settings.task:
        case Task.TEXT_CLASSIFICATION:
            text, label = _string(fields, columns.text), _label(fields, columns.label)
            prompt = [*_system(settings.instruction), {"role": "user", "content": text}]
            return {"prompt": prompt, "completion": [{"role": "assistant", "content": label}], "label": label}
        case Task.TEXT_GENERATION:
            prompt = _messages(fields, columns.prompt, "user")
            if prompt[0]["role"] != "system":
                prompt = [*_system(settings.instruction), *prompt]
            return {"prompt": prompt, "completion": _messages(fields, columns.completion, "assistant")}
        case Task.LANGUAGE_MODELING:
            text = _string(fields, columns.text)
            return {"prompt": [], "completion": [{"role": "assistant", "content": text}]}


def _system(instruction: str) -> list[Message]:
    return [{"role": "system", "content": _mend(instruction)}] if instruction else []


def _string(fields: Mapping[str, Any], column: str) -> str:
    value = fields.get(column)
    if isinstance(value, str) and value.strip():
        return _mend(value)
    if column not in fields:
        reason = missing_column(column, fields)
    elif value is None or isinstance(value, str):
        reason = f"column {column!r} is empty"
    else:
        reason = f"column {column!r} must be a string, got {type(value).__name__}"
    raise _RowError("missing_field", reason, {"column": column, "value": excerpt_of(value)})


def _label(fields: Mapping[str, Any], column: str) -> str:
    """Integer labels are common and unambiguous; their decimal form is the label."""
    value = fields.get(column)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(fields, column).strip()


def _messages(fields: Mapping[str, Any], column: str, last_role: str) -> list[Message]:
    value = fields.get(column)
    if not isinstance(value, list) or not value:
        return [{"role": last_role, "content": _string(fields, column)}]
    wrong = _wrong_with(value, last_role)
    if wrong:
        raise _RowError("malformed_messages", f"column {column!r}: {wrong}", {"value": excerpt_of(value)})
    return [{"role": message["role"], "content": _mend(message["content"])} for message in value]


def _wrong_with(messages: Sequence[Any], last_role: str) -> str:
    for position, message in enumerate(messages):
        if not isinstance(message, dict) or not {"role", "content"} <= message.keys():
            return f"message {position} is not an object with role and content"
        if message["role"] not in _ROLES:
            return f"message {position} has role {message['role']!r}, not one of {sorted(_ROLES)}"
        if not isinstance(message["content"], str) or not message["content"].strip():
            return f"message {position} has no content"
    if messages[-1]["role"] != last_role:
        return f"the last message must be the {last_role}'s, not the {messages[-1]['role']}'s"
    return ""


def _mend(text: str) -> str:
    """The stored form; half of a surrogate pair, which no file format can hold, becomes U+FFFD."""
    if text.isascii() and "\r" not in text:
        return text
    return normalize_text(_SURROGATES.sub("\ufffd", text))

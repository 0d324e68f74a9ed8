"""Rows of a table to samples, one each: labelled texts, pairs, passages, entities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from tasks.content.hidden import reveal
from tasks.errors import RecipeError
from tasks.ingest.builders.entities import clean_entities, entities_as_json, read_entities
from tasks.ingest.builders.known_formats import read_known
from tasks.ingest.builders.labels import merge_annotations, read_annotations, read_label, read_labels, vote
from tasks.ingest.builders.sample import (
    Message,
    RowError,
    make_sample,
    missing_column,
    origin_of,
    read_string,
    system_message,
)
from tasks.ingest.contract import IngestSettings, Problem, Row, SourceFile, TableContent, excerpt_of
from tasks.ingest.hygiene import clean_text
from tasks.recipe import Columns, Source
from tasks.records import Severity, Task, join_labels, normalize_text

_NEEDED = {
    Task.TEXT_CLASSIFICATION: ("text", "label"),
    Task.TOKEN_CLASSIFICATION: (),
    Task.TEXT_GENERATION: ("prompt", "completion"),
    Task.LANGUAGE_MODELING: ("text",),
}
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_ORDINARY_CHANGES = frozenset({"unicode_form", "line_ends", "space", "trailing_space"})
"""Changes to a row that need no telling: they leave every reader's impression of the text as it was."""


def lacking_column(table: TableContent, source: Source, settings: IngestSettings) -> str:
    """What to say of a table in which no row has a column that the task needs; "" when they serve."""
    if table.rows and _is_known(table.rows[0].fields, settings):
        return ""
    columns = (
        table.columns
        if table.columns is not None
        else list({key: 0 for row in table.rows for key in row.fields})
    )
    needed = [getattr(source.columns, name) for name in _NEEDED[settings.task]]
    if settings.task is Task.TEXT_CLASSIFICATION and source.columns.annotators:
        # rows may do without a label of their own, and files without some annotators
        some = [name for name in source.columns.annotators if name in columns]
        needed = [source.columns.text, *(some or source.columns.annotators)]
    lacking = [column for column in needed if column not in columns]
    return missing_column(lacking[0], columns) if lacking and columns else ""


def build_rows(
    table: TableContent, file: SourceFile, source: Source, settings: IngestSettings
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """One sample or one problem for each row.

    Raises:
        RecipeError: the file has columns, but not those that the task needs.
    """
    lacking = lacking_column(table, source, settings)
    if lacking and table.columns is not None:
        raise RecipeError(f"sources.{file.source} ({file.uri}): {lacking}")
    samples: list[dict[str, Any]] = []
    cleaned, problems = clean_rows(table, settings)
    rows, raws = cleaned.rows, table.rows
    if settings.task is Task.TEXT_CLASSIFICATION and source.columns.annotator is not None:
        rows, told = merge_annotations(rows, source.columns)
        raws, problems = rows, [*problems, *told]
    origin = origin_of(file, source) | {"doc_id": file.digest, "builder": "rows"}
    for row, raw in zip(rows, raws, strict=True):
        try:
            if settings.task is Task.TOKEN_CLASSIFICATION:
                content = _entities_of(raw.fields, source.columns, settings)
            else:
                content = _content_of(row.fields, source.columns, settings)
        except RowError as error:
            problems.append(Problem(error.check, Severity.WARNING, str(error), row.line, error.evidence))
        else:
            samples.append(make_sample(settings.task, **content) | origin | _facts(row, source.columns))
    return samples, [*table.problems, *problems]


def clean_rows(table: TableContent, settings: IngestSettings) -> tuple[TableContent, list[Problem]]:
    """The table with every string fit to store; rows whose text was repaired beyond the ordinary are told."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for row in table.rows:
        fields, changed = _clean(row.fields, settings)
        rows.append(row._replace(fields=fields))
        if changed:
            told = ", ".join(f"{name} {count}" for name, count in sorted(changed.items()))
            problems.append(Problem("repaired_text", Severity.INFO, told, row.line, changed))
        if "invisible" in changed:
            problems += _tell_hidden(row)
    return replace(table, rows=rows), problems


def read_messages(value: Any, column: str, last_role: str) -> list[Message]:
    """Role/content messages of a row.

    Raises:
        RowError: they are not in order; says which.
    """
    wrong = _wrong_with(value, last_role)
    if wrong:
        raise RowError("malformed_messages", f"column {column!r}: {wrong}", {"value": excerpt_of(value)})
    return [{"role": message["role"], "content": message["content"]} for message in value]


def _clean(value: Any, settings: IngestSettings) -> tuple[Any, dict[str, int]]:
    """`value` with every string in it fit to store, and what was changed beyond the ordinary."""
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return value, {}
        text, changes = clean_text(value, nfkc=settings.reading.nfkc)
        return text, {name: n for name, n in changes.items() if name not in _ORDINARY_CHANGES}
    if isinstance(value, Mapping):
        parts = {key: _clean(item, settings) for key, item in value.items()}
        return {key: item for key, (item, _) in parts.items()}, _sum(c for _, c in parts.values())
    if isinstance(value, list | tuple):
        items = [_clean(item, settings) for item in value]
        return [item for item, _ in items], _sum(c for _, c in items)
    return value, {}


def _tell_hidden(row: Row) -> list[Problem]:
    """What the characters that cleaning takes out of a row amount to, where they are more than remnants of copying."""
    hidden = [one._asdict() for text in _strings(row.fields) for one in reveal(text).hidden]
    if not hidden:
        return []
    told = ", ".join(f"{one['characters']} {one['kind']}" for one in hidden)
    return [
        Problem("hidden_text", Severity.WARNING, f"hides characters: {told}", row.line, {"hidden": hidden})
    ]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)


def _sum(changes: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in changes:
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _is_known(fields: Mapping[str, Any], settings: IngestSettings) -> bool:
    """Whether rows are in a known fine-tuning format; one that is, and is not in order, is told as a row."""
    try:
        return settings.task is Task.TEXT_GENERATION and read_known(fields) is not None
    except RowError:
        return True


def _facts(row: Row, columns: Columns) -> dict[str, Any]:
    fields = row.fields
    facts = {
        "line": row.line,
        "section": row.part,
        "source_id": _as_text(fields.get(columns.id)),
        "date": _as_text(fields.get(columns.date)),
        "document": _as_text(fields.get(columns.document)),
        "support": _as_text(fields.get(columns.support)),
    }
    language = fields.get(columns.language)
    return facts | {"language": language.strip()} if isinstance(language, str) and language.strip() else facts


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, date) else normalize_text(str(value))


def _content_of(fields: Mapping[str, Any], columns: Columns, settings: IngestSettings) -> dict[str, Any]:
    """Arguments of `make_sample`. Raises RowError."""
    system = system_message(settings.instruction)
    match settings.task:
        case Task.TEXT_CLASSIFICATION:
            prompt = [*system, {"role": "user", "content": read_string(fields, columns.text)}]
            labelled = _labelled(fields, columns, settings)
            return {"prompt": prompt, "completion": _answer(labelled["label"])} | labelled
        case Task.TEXT_GENERATION:
            prompt, completion = _pair(fields, columns)
            return {"prompt": prompt if prompt[0]["role"] == "system" else [*system, *prompt]} | {
                "completion": completion
            }
        case Task.LANGUAGE_MODELING:
            return {"prompt": [], "completion": _answer(read_string(fields, columns.text))}
    raise AssertionError(settings.task)


def _entities_of(fields: Mapping[str, Any], columns: Columns, settings: IngestSettings) -> dict[str, Any]:
    """As `_content_of`, from fields that are not cleaned yet: cleaning would move the offsets."""
    text, spans = read_entities(fields, columns)
    text, spans = clean_entities(text, spans, lambda part: clean_text(part, nfkc=settings.reading.nfkc)[0])
    prompt = [*system_message(settings.instruction), {"role": "user", "content": text}]
    return {"prompt": prompt, "completion": _answer(entities_as_json(text, spans)), "spans": spans}


def _answer(text: str) -> list[Message]:
    return [{"role": "assistant", "content": text}]


def _pair(fields: Mapping[str, Any], columns: Columns) -> tuple[list[Message], list[Message]]:
    """Prompt and completion: of the columns that the recipe names, else of a known fine-tuning format."""
    if columns.prompt not in fields or columns.completion not in fields:
        known = read_known(fields)
        if known is not None:
            return known
    return _messages(fields, columns.prompt, "user"), _messages(fields, columns.completion, "assistant")


def _labelled(fields: Mapping[str, Any], columns: Columns, settings: IngestSettings) -> dict[str, Any]:
    """Label of a row, with its labels or annotations where it has several."""
    if settings.multi_label:
        labels = read_labels(fields, columns)
        return {"label": join_labels(labels), "labels": labels}
    if columns.annotator is None and not columns.annotators:
        return {"label": read_label(fields, columns.label)}
    annotations = read_annotations(fields, columns)
    given = columns.annotator is None and fields.get(columns.label) not in (None, "")
    if given or not annotations:
        return {"label": read_label(fields, columns.label), "annotations": annotations}
    return {"label": vote(annotations), "annotations": annotations}


def _messages(fields: Mapping[str, Any], column: str, last_role: str) -> list[Message]:
    value = fields.get(column)
    if isinstance(value, list) and value:
        return read_messages(value, column, last_role)
    return [{"role": last_role, "content": read_string(fields, column)}]


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

"""The label of a row: one, several, or what several people say it is."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.ingest.builders.sample import RowError, read_string
from tasks.ingest.contract import Problem, Row, excerpt_of
from tasks.recipe import Columns
from tasks.records import LABEL_SEPARATOR, NO_LABEL, Severity, split_labels

Annotation = dict[str, str]
"""annotator and label, as in records.ANNOTATIONS."""


def read_label(fields: Mapping[str, Any], column: str) -> str:
    """One label. Integer labels are common and unambiguous; their decimal form is the label.

    Raises:
        RowError: there is none.
    """
    return _as_label(fields.get(column)) or read_string(fields, column)


def read_labels(fields: Mapping[str, Any], columns: Columns) -> list[str]:
    """Several labels, in order, each once: of a list, a list as JSON, or a string with separators.

    Only a list can say that a row bears none: an empty cell is a label that is missing.

    Raises:
        RowError: there is no label, or one that could not be told from several.
    """
    column = columns.label
    value = fields.get(column)
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            value = fields[column]
    if not isinstance(value, list | tuple):
        value = read_label(fields, column).split(columns.label_separator)
        value = [part for part in value if part.strip()]
    labels = [_as_label(part) for part in value]
    mark = LABEL_SEPARATOR.strip()
    for label, part in zip(labels, value, strict=True):
        if not label or label == NO_LABEL or split_labels(label) != [label]:
            reason = (
                f"column {column!r}: {excerpt_of(part)!r} is no label: a label is text without {mark!r}, "
                f"and not {NO_LABEL!r}"
            )
            raise RowError("malformed_label", reason, {"column": column, "value": excerpt_of(fields[column])})
    return sorted(set(labels))


def read_annotations(fields: Mapping[str, Any], columns: Columns) -> list[Annotation]:
    """What each annotator says of a row, those that say nothing left out, in the order of `columns.annotators`; of
    rows that `merge_annotations` made, in the order of the lines."""
    if columns.annotator is not None:
        merged: list[Annotation] = fields[columns.annotator]
        return merged
    said = ((name, _as_label(fields.get(name))) for name in columns.annotators)
    return [{"annotator": name, "label": label} for name, label in said if label]


def vote(annotations: Sequence[Annotation]) -> str:
    """The label that most annotators give; of several such the one given first."""
    counts = Counter(annotation["label"] for annotation in annotations)
    return max(counts, key=counts.__getitem__)  # the first of equals: a Counter keeps the order


def merge_annotations(rows: Sequence[Row], columns: Columns) -> tuple[list[Row], list[Problem]]:
    """One row for each text (and id, where rows have one) of a table with a row for each annotation.

    `columns.annotator` of a merged row holds its annotations; everything else is that of its first line.
    """
    assert columns.annotator is not None
    merged: dict[tuple[str, str], Row] = {}
    problems: list[Problem] = []
    for row in rows:
        try:
            label = read_label(row.fields, columns.label)
            name = read_label(row.fields, columns.annotator)
            text = read_string(row.fields, columns.text)
        except RowError as error:
            problems.append(Problem(error.check, Severity.WARNING, str(error), row.line, error.evidence))
            continue
        key = (str(row.fields.get(columns.id)), text)
        whole = merged.setdefault(key, row._replace(fields={**row.fields, columns.annotator: []}))
        said: list[Annotation] = whole.fields[columns.annotator]
        before = next((one["label"] for one in said if one["annotator"] == name), None)
        if before is None:
            said.append({"annotator": name, "label": label})
            continue
        reason = f"{name!r} has labelled this text before: {before!r} stands, {label!r} does not count"
        evidence = {"annotator": name, "label": label, "before": before, "line": whole.line}
        problems.append(Problem("repeated_annotation", Severity.WARNING, reason, row.line, evidence))
    return list(merged.values()), problems


def _as_label(value: Any) -> str:
    """ "" for what is no label."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""

"""The frames that suites look at: a boundary's table, with numbers of characters, messages and splits beside it."""

from enum import StrEnum

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.records import DOCUMENT, SAMPLE, SNAPSHOT_SAMPLE, Task, join_labels


class Boundary(StrEnum):
    """Where data is held against a suite: as documents and samples come from ingest, and before training."""

    DOCUMENTS = "documents"
    SAMPLES = "samples"
    SNAPSHOT = "snapshot"
    SLICES = "slices"
    """What is said of labels, languages, sources, two of them together, and where they cross: see `SLICE`."""


SLICE = pa.schema(
    [
        ("kind", pa.string()),  # balance, dependence or score
        ("dimension", pa.string()),  # label, language or source; two or three of them joined by " × "
        ("name", pa.string()),
        ("groups", pa.int64()),  # distinct training rows
        ("share", pa.float64()),  # balance: of training
        ("score", pa.float64()),  # score: share right out of fold; of answers: not in doubt
        ("low", pa.float64()),  # interval of share or score, at the recipe's confidence for all together
        ("high", pa.float64()),
        ("cramers_v", pa.float64()),  # dependence: 0 independent, 1 one tells the other
        ("p_adjusted", pa.float64()),
        ("rare", pa.bool_()),  # balance: even the upper bound is below a part of an even share
        ("tied", pa.bool_()),  # dependence: strong, and more than chance
        ("worse", pa.bool_()),  # score: the whole interval lies below the score of all rows
    ]
)
_SCHEMAS = {
    Boundary.DOCUMENTS: DOCUMENT,
    Boundary.SAMPLES: SAMPLE,
    Boundary.SNAPSHOT: SNAPSHOT_SAMPLE,
    Boundary.SLICES: SLICE,
}
_OF_SAMPLES = {
    "input_characters": "characters of `input`",
    "target_characters": "characters of `target`",
    "characters": "characters of `input` and `target` together",
    "prompt_messages": "messages of the prompt; null for language modelling, where there is none",
    "completion_messages": "messages of the completion",
    "annotated_labels": "what annotators say, each label once, joined by ' | '; null where there are none",
}
DERIVED: dict[Boundary, dict[str, str]] = {
    Boundary.DOCUMENTS: {"characters": "characters of `text`"},
    Boundary.SAMPLES: _OF_SAMPLES,
    Boundary.SNAPSHOT: _OF_SAMPLES
    | {
        "splits_of_sample": "splits that hold the same content",
        "splits_of_group": "splits that hold samples of the same group",
    },
    Boundary.SLICES: {},
}
"""Columns that frames have beside those of the table, by name, with what they hold."""


def known_columns(boundary: Boundary) -> list[str]:
    """The columns that an expectation of this boundary may name."""
    flat = [field.name for field in _SCHEMAS[boundary] if not pa.types.is_nested(field.type)]
    return [*flat, *DERIVED[boundary]]


def column_kinds(boundary: Boundary) -> dict[str, type]:
    """Column -> int, bool or str: what its values are like; `int` for any number."""
    kinds: dict[str, type] = dict.fromkeys(known_columns(boundary), str)
    kinds |= {name: int for name in DERIVED[boundary] if name != "annotated_labels"}
    for field in _SCHEMAS[boundary]:
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
            kinds[field.name] = int
        elif pa.types.is_boolean(field.type):
            kinds[field.name] = bool
    return kinds


def build_frame(table: pa.Table, boundary: Boundary) -> pd.DataFrame:
    """The frame of a whole table, row i with index i; what the table lacks, and what follows from it, is not there."""
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    frame = table.select(flat).to_pandas()
    held = set(table.column_names)
    if boundary is Boundary.SLICES:
        return frame
    if boundary is Boundary.DOCUMENTS:
        return frame.assign(characters=_lengths(table, "text")) if "text" in held else frame
    for side in ("input", "target"):
        if side in held:
            frame[f"{side}_characters"] = _lengths(table, side)
    if {"input", "target"} <= held:
        frame["characters"] = frame["input_characters"].fillna(0) + frame["target_characters"].fillna(0)
    for side in ("prompt", "completion"):
        if side in held:
            frame[f"{side}_messages"] = pc.list_value_length(table[side]).fill_null(0).to_pandas()
    if "annotations" in held:
        frame["annotated_labels"] = _annotated(table["annotations"])
    if {"prompt", "task"} <= held:
        frame["prompt_messages"] = frame["prompt_messages"].where(frame["task"] != Task.LANGUAGE_MODELING)
    if boundary is Boundary.SNAPSHOT and {"split", "sample_id", "group_id"} <= held:
        for name in ("sample", "group"):
            frame[f"splits_of_{name}"] = frame.groupby(f"{name}_id")["split"].transform("nunique")
    return frame


def _annotated(annotations: pa.ChunkedArray) -> pd.Series:
    if annotations.null_count == len(annotations):
        return pd.Series([None] * len(annotations), dtype=object)
    told = ({one["label"] for one in row or ()} for row in annotations.to_pylist())
    return pd.Series([join_labels(labels) if labels else None for labels in told], dtype=object)


def _lengths(table: pa.Table, column: str) -> pd.Series:
    """Characters of each text, NaN where there is none."""
    return pc.utf8_length(table[column]).to_pandas()

"""Rows as the ledger keeps them: the JSON is that of the standard library, and a digest tells every change."""

import json
from typing import Any

import pyarrow as pa
from conftest import make_samples
from hypothesis import given
from hypothesis import strategies as st

from tasks.json_columns import encode_rows
from tasks.records import FINDING, SAMPLE, SPANS, build_table
from tasks.row_texts import RowTexts

TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.none() | st.floats() | st.sampled_from([0.1, 1e300, 1e-9, -0.0])
SPAN = st.fixed_dictionaries(
    {"start": st.none() | st.integers(0, 9), "end": st.integers(0, 9), "label": TEXT}
)
ROW = st.fixed_dictionaries(
    {
        "%s text": TEXT,
        "number": NUMBER,
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "right": st.none() | st.booleans(),
        "spans": st.none() | st.lists(SPAN, max_size=3),
        "names": st.none() | st.lists(TEXT, max_size=3),
    }
)
SCHEMA = pa.schema(
    [
        ("%s text", pa.string()),
        ("number", pa.float64()),
        ("whole", pa.int64()),
        ("right", pa.bool_()),
        ("spans", SPANS),
        ("names", pa.list_(pa.string())),
    ]
)


@given(st.lists(ROW, min_size=1, max_size=6), st.integers(0, 2))
def test_columns_give_the_json_of_their_rows(rows: list[dict[str, Any]], left_out: int) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)[
        left_out:
    ]  # a slice does not begin at its buffers' start
    assert encode_rows(table) == [json.dumps(row, ensure_ascii=False) for row in table.to_pylist()]


SAMPLES = make_samples([("湯が沸かない", "a"), ("it leaks", "b"), ("none of it", "a")])


def find(row: int, reason: str = "so it seems", check: str = "too_long") -> dict[str, Any]:
    return {"row": row, "check": check, "stage": "test", "severity": "info", "score": 0.5, "reason": reason}


def test_texts_are_the_sample_and_its_findings_in_their_order() -> None:
    findings = build_table(
        [find(2), find(0, "first"), find(2, check="garbled_text"), find(0, "second")], FINDING
    )
    texts = RowTexts(SAMPLES, findings)
    for row, (sample, found) in zip((2, 1, 0), texts.encode([2, 1, 0]), strict=True):
        assert json.loads(sample) == SAMPLES.select(SAMPLE.names).to_pylist()[row]
        assert json.loads(found) == [one for one in findings.to_pylist() if one["row"] == row]
    assert texts.checks([0, 1, 2])[2] == {"too_long": (0.5, "info"), "garbled_text": (0.5, "info")}


def test_a_digest_tells_every_change_and_nothing_else() -> None:
    def digests(samples: pa.Table, *findings: dict[str, Any]) -> list[str]:
        return RowTexts(samples, build_table(list(findings), FINDING)).digests([0, 1, 2])

    before = digests(SAMPLES, find(0), find(1, "x"), find(1, "y"))
    assert digests(SAMPLES, find(1, "x"), find(0), find(1, "y")) == before  # other rows between do not count
    changed = [
        digests(SAMPLES, find(0), find(1, "y"), find(1, "x")),
        digests(SAMPLES, find(0), find(1, "x")),
        digests(SAMPLES, find(0), find(1, "x") | {"score": None}, find(1, "y")),
        digests(SAMPLES, find(0), find(1, "x") | {"evidence": ""}, find(1, "y")),
    ]
    for after in changed:
        assert after[0] == before[0]
        assert after[2] == before[2]
        assert after[1] != before[1]
    for name in SAMPLE.names:
        if name in ("row", "prompt", "completion"):  # the last two are what the sample_id is the hash of
            continue
        at = SAMPLES.schema.get_field_index(name)
        field = SAMPLES.schema.field(at)
        other = SAMPLES.set_column(at, field, _changed(SAMPLES[name], field.type))
        assert digests(other, find(0), find(1, "x"), find(1, "y"))[1] != before[1], name


def _changed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    """The column with another value in its second row."""
    values = column.to_pylist()
    if pa.types.is_string(kind):
        values[1] = (values[1] or "") + "?"
    elif pa.types.is_list(kind):
        values[1] = []
    else:
        values[1] = (values[1] or 0) + 1
    return pa.array(values, kind)

"""What the suites flag, what they let pass, and what stops the line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from expectations.suites import suite_names
from tasks.bias import BiasReport, find_bias
from tasks.errors import DataGateError, ExitCode
from tasks.privacy import Masker
from tasks.quality import (
    QualityResult,
    check_documents,
    check_samples,
    check_samples_stage,
    check_slices,
    check_snapshot,
    load_suites,
    require_known,
    write_data_docs,
)
from tasks.recipe import BiasSettings, QualitySettings
from tasks.records import DOCUMENT, FINDING, SAMPLE, SNAPSHOT_SAMPLE, Task, build_table
from tasks.storage import Workspace

SETTINGS = QualitySettings(min_samples=2, max_characters=400)
LOOP = "ご確認ください。" * 12


def sample_rows(task: Task, *rows: dict[str, Any]) -> pa.Table:
    """Each row over two good ones of `task`; a row may set any column of SAMPLE."""
    good = [
        {"input": f"Where is parcel {i}?", "target": f"Parcel {i} left.", "label": "ab"[i]} for i in range(2)
    ]
    built = []
    for number, row in enumerate([*good, *rows]):
        full: dict[str, Any] = {"input": "How do I pay?", "target": "By card or invoice.", "label": "a"} | row
        full |= {
            "row": number,
            "sample_id": f"{number:064d}",
            "task": task.value,
            "uri": "/a.jsonl",
            "line": number + 1,
        }
        full.setdefault("role", "train")
        full.setdefault("language", "en")
        full.setdefault("prompt", [{"role": "user", "content": full["input"]}])
        full.setdefault("completion", [{"role": "assistant", "content": full["target"]}])
        built.append(full)
    return build_table(built, SAMPLE)


def found(result: QualityResult) -> list[tuple[int, str, str]]:
    return [(f["row"], f["check"], f["severity"]) for f in result.findings.to_pylist()]


@pytest.mark.parametrize(
    ("task", "row", "check", "severity"),
    [
        (Task.TEXT_CLASSIFICATION, {"input": " \u3000", "target": "a"}, "empty_input", "critical"),
        (Task.TEXT_CLASSIFICATION, {"input": None, "prompt": []}, "missing_input", "critical"),
        (Task.TEXT_CLASSIFICATION, {"input": "文字\ufffdけ"}, "garbled_text", "warning"),
        (Task.TEXT_CLASSIFICATION, {"label": None}, "missing_label", "critical"),
        (Task.TEXT_CLASSIFICATION, {"label": "zzz"}, "unknown_label", "critical"),
        (Task.TEXT_CLASSIFICATION, {"input": "long " * 100}, "too_long", "warning"),
        (Task.TEXT_CLASSIFICATION, {"input": LOOP}, "repetitive_text", "warning"),
        (
            Task.TEXT_CLASSIFICATION,
            {"input": "안녕하세요", "language": "ko"},
            "unexpected_language",
            "warning",
        ),
        (Task.TEXT_GENERATION, {"input": ""}, "empty_input", "critical"),
        (Task.TEXT_GENERATION, {"target": "\n"}, "empty_target", "critical"),
        (Task.TEXT_GENERATION, {"target": None}, "missing_target", "critical"),
        (Task.TEXT_GENERATION, {"target": "It\u2019s caf\u00c3\u00a9."}, "garbled_text", "warning"),
        (Task.TEXT_GENERATION, {"target": "same line\n" * 12}, "repetitive_text", "warning"),
        (Task.TEXT_GENERATION, {"target": "y" * 400}, "too_long", "warning"),
        (Task.TEXT_GENERATION, {"target": "How do I pay?"}, "prompt_copied", "warning"),
        (
            Task.TEXT_GENERATION,
            {"target": "Open the settings page first. Then choose the card, the limit and the"},
            "truncated_target",
            "info",
        ),
        (Task.LANGUAGE_MODELING, {"input": "", "target": " "}, "empty_target", "critical"),
        (
            Task.LANGUAGE_MODELING,
            {"input": "", "target": LOOP, "language": "ja"},
            "repetitive_text",
            "warning",
        ),
        (
            Task.LANGUAGE_MODELING,
            {"input": "", "target": "这是中文", "language": "zh"},
            "unexpected_language",
            "warning",
        ),
    ],
)
def test_bad_row_is_found(task: Task, row: dict[str, Any], check: str, severity: str) -> None:
    settings = SETTINGS.model_copy(update={"max_bad_share": 1.0})
    result = check_samples(sample_rows(task, row), task, settings, ["a", "b"] if "label" in row else None)
    assert (2, check, severity) in found(result)
    assert {number for number, _, _ in found(result)} == {2}, "the good rows are left alone"
    result.require_sound()


def test_too_short_takes_its_bound_from_the_settings() -> None:
    settings = QualitySettings(min_samples=2, min_characters=5, max_bad_share=1)
    result = check_samples(
        sample_rows(Task.TEXT_CLASSIFICATION, {"input": "Pay?"}), Task.TEXT_CLASSIFICATION, settings
    )
    (finding,) = result.findings.to_pylist()
    assert (finding["check"], finding["score"], finding["threshold"]) == ("too_short", 4, 5)
    assert finding["reason"] == "4 characters, fewer than 5"


def test_a_finding_says_where_and_what() -> None:
    table = sample_rows(Task.TEXT_CLASSIFICATION, {"input": "x" * 300 + "\ufffd"})
    settings = SETTINGS.model_copy(update={"max_bad_share": 1.0})
    garbled, repetitive = check_samples(table, Task.TEXT_CLASSIFICATION, settings).findings.to_pylist()
    assert (garbled["uri"], garbled["line"], garbled["sample_id"]) == ("/a.jsonl", 3, f"{2:064d}")
    assert garbled["stage"] == "quality"
    assert garbled["reason"] == "the input was decoded wrongly: replacement character U+FFFD"
    evidence = json.loads(garbled["evidence"])
    assert evidence == {
        "column": "input",
        "value": "x" * 200 + "…",
        "signs": ["replacement character U+FFFD"],
    }
    assert repetitive["threshold"] == 0.6
    assert 0.9 < repetitive["score"] <= 1


def test_undeclared_labels_are_those_that_training_shows() -> None:
    table = sample_rows(Task.TEXT_CLASSIFICATION, {"label": "only judged", "role": "evaluation"}, *[{}] * 3)
    assert found(check_samples(table, Task.TEXT_CLASSIFICATION, SETTINGS)) == [
        (2, "unknown_label", "critical")
    ]


def stops(result: QualityResult) -> str:
    with pytest.raises(DataGateError) as caught:
        result.require_sound()
    assert caught.value.exit_code == ExitCode.DATA_GATE
    return str(caught.value)


def test_too_few_training_samples_stop_the_line() -> None:
    rows = [{"role": "evaluation"}] * 20
    result = check_samples(
        sample_rows(Task.TEXT_GENERATION, *rows), Task.TEXT_GENERATION, QualitySettings(min_samples=3)
    )
    expected = "too_few_samples: expect_table_row_count_to_be_between observed 2, expected min_value 3"
    assert expected in stops(result)


@pytest.mark.parametrize("task", list(Task))
def test_an_empty_data_set_stops_the_line(task: Task) -> None:
    assert "too_few_samples" in stops(check_samples(SAMPLE.empty_table(), task, SETTINGS))


def test_one_class_only_stops_the_line() -> None:
    table = sample_rows(Task.TEXT_CLASSIFICATION, {"label": "b", "role": "evaluation"})
    table = table.filter(pa.array([True, False, True]))
    message = stops(
        check_samples(table, Task.TEXT_CLASSIFICATION, QualitySettings(min_samples=1), ["a", "b"])
    )
    assert "one_class_only: expect_column_unique_value_count_to_be_between observed 1, expected" in message


def test_missing_columns_stop_the_line() -> None:
    table = sample_rows(Task.TEXT_GENERATION).drop_columns(["target", "uri"])
    result = check_samples(table, Task.TEXT_GENERATION, SETTINGS)
    assert "missing_column: expect_table_columns_to_match_set observed none of the name target, uri" in stops(
        result
    )
    assert len(result.findings) == 0


def test_too_large_a_share_of_bad_rows_stops_the_line() -> None:
    few = sample_rows(Task.TEXT_CLASSIFICATION, {"input": LOOP}, *[{}] * 7)
    check_samples(few, Task.TEXT_CLASSIFICATION, SETTINGS).require_sound()
    many = sample_rows(Task.TEXT_CLASSIFICATION, *[{"input": LOOP}] * 2)
    result = check_samples(many, Task.TEXT_CLASSIFICATION, SETTINGS)
    told = "repetitive_text: expect_column_pair_not_repetitive observed 2 of 4 rows, expected at most 30%"
    assert told in stops(result)
    assert [check for _, check, _ in found(result)] == ["repetitive_text"] * 2


def test_truncated_targets_never_stop_the_line() -> None:
    cut = {"target": "Open the settings page first. Then choose the card, the limit and the"}
    result = check_samples(sample_rows(Task.TEXT_GENERATION, *[cut] * 8), Task.TEXT_GENERATION, SETTINGS)
    assert [o.success for o in result.outcomes if o.check == "truncated_target"] == [False]
    result.require_sound()


def document(**columns: Any) -> dict[str, Any]:
    return {
        "doc_id": "0" * 64,
        "uri": "/a.md",
        "language": "en",
        "text": "Some text.",
        "role": "train",
    } | columns


@pytest.mark.parametrize(
    ("columns", "check"),
    [
        ({"text": "\n"}, "empty_document"),
        ({"text": "繧ｫ繝ｼ繝峨′螻翫″縺ｾ縺帙ｓ"}, "garbled_text"),
        ({"text": LOOP}, "repetitive_text"),
        ({"text": "안녕하세요", "language": "ko"}, "unexpected_language"),
    ],
)
def test_bad_document_is_found(columns: dict[str, str], check: str) -> None:
    table = build_table([document(), document(uri="/b.md", **columns), *[document()] * 5], DOCUMENT)
    result = check_documents(table, SETTINGS)
    assert [(f["uri"], f["row"], f["check"]) for f in result.findings.to_pylist()] == [("/b.md", None, check)]
    result.require_sound()


def test_no_documents_are_fine() -> None:
    check_documents(DOCUMENT.empty_table(), SETTINGS).require_sound()


def snapshot(*changes: dict[str, Any]) -> pa.Table:
    """Two samples in each split, each a group of its own; change number i goes over row i."""
    rows = sample_rows(Task.TEXT_GENERATION, *[{}] * 4).to_pylist()
    for number, row in enumerate(rows):
        row |= {
            "split": ("train", "validation", "gate")[number % 3],
            "disposition": "keep",
            "group_id": f"g{number}",
        }
        row |= changes[number] if number < len(changes) else {}
    return build_table(rows, SNAPSHOT_SAMPLE)


def test_a_sound_snapshot_passes() -> None:
    result = check_snapshot(snapshot(), SETTINGS)
    result.require_sound()
    assert len(result.findings) == 0
    passages = [{"task": "language-modeling", "prompt": [], "input": ""}] * 6
    check_snapshot(snapshot(*passages), SETTINGS).require_sound()


@pytest.mark.parametrize(
    ("changes", "check", "rows"),
    [
        ([{"sample_id": "1"}, {}, {"sample_id": "1"}], "sample_in_two_splits", [0, 2]),
        ([{"group_id": "g"}, {"group_id": "g"}], "group_straddles_splits", [0, 1]),
        ([{"row": 1}], "repeated_row", [1, 1]),
        ([{}, {"group_id": None}], "missing_value", [1]),
        ([{"prompt": []}], "empty_prompt", [0]),
        ([{"completion": []}], "empty_completion", [0]),
        ([{"target": " "}], "empty_target", [0]),
        ([{}, {"split": "train"}, {}, {}, {"split": "train"}], "empty_split", []),
        ([{}, {"split": "test"}], "empty_split", []),
        ([{"split": "gate"}], "too_few_samples", []),
    ],
)
def test_a_snapshot_with_a_flaw_stops_the_line(
    changes: list[dict[str, Any]], check: str, rows: list[int]
) -> None:
    result = check_snapshot(snapshot(*changes), SETTINGS)
    assert f"  {check}: " in stops(result)
    assert [row for row, name, _ in found(result) if name == check] == rows


def biased() -> BiasReport:
    """Label c is rare, and label and source go together; of the scores one slice is worse."""
    labels = ["a", "b"] * 300 + ["c"] * 6
    rows = [
        {"row": n, "sample_id": f"s{n}", "role": "train", "language": "en", "label": label}
        | {"source": f"/data/{'x' if label == 'a' else 'y'}.csv"}
        for n, label in enumerate(labels)
    ]
    right = np.array([label == "a" or n % 3 > 0 for n, label in enumerate(labels)], dtype=float)
    return find_bias(build_table(rows, SAMPLE), BiasSettings(), right)


def test_bias_is_told_as_expectations_that_name_the_slices() -> None:
    result = check_slices(biased(), SETTINGS)
    told = {o.check: o for o in result.outcomes}
    assert {check: o.success for check, o in told.items()} == dict.fromkeys(
        ("rare_slice", "dependent_slices", "worse_slice"), False
    )
    assert told["rare_slice"].observed.en == "1 of 5 slices: ['label c']"
    assert told["rare_slice"].observed.ja == "5個の部分のうち1個: ['label c']"
    assert told["dependent_slices"].observed.en == "1 of 1 slices: ['label × source']"
    assert "label b" in told["worse_slice"].observed.en
    assert len(result.findings) == 0
    result.require_sound()  # warnings
    even = check_slices(find_bias(SAMPLE.empty_table(), BiasSettings()), SETTINGS)
    assert all(outcome.success for outcome in even.outcomes)


def test_a_stewards_bound_on_slices_stops_the_line(tmp_path: Path) -> None:
    path = tmp_path / "even.yaml"
    entry = "{type: expect_column_values_to_be_between, kwargs: {column: %s, %s}, severity: critical}"
    path.write_text(
        "boundary: slices\nexpectations:\n  - " + entry % ("share", "min_value: 0.02") + "\n  - "
        "{type: expect_column_values_to_be_in_set, kwargs: {column: worse, value_set: [false]}}\n"
    )
    settings = SETTINGS.model_copy(update={"suites": (str(path),)})
    suites = load_suites(settings)
    require_known(suites, settings)
    stopped = stops(check_slices(biased(), settings, suites))
    assert "1 of 5 slices: ['label c']" in stopped


def test_the_suites_are_these() -> None:
    assert suite_names() == [
        "documents",
        "samples_language_modeling",
        "samples_text_classification",
        "samples_text_generation",
        "samples_token_classification",
        "slices",
        "snapshot",
    ]


def test_the_stage_leaves_findings_and_data_docs(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    table = sample_rows(Task.TEXT_CLASSIFICATION, {"input": LOOP}, *[{}] * 7)
    ref = workspace.write_table(table, "samples")
    refs = check_samples_stage.fn(workspace, ref, Task.TEXT_CLASSIFICATION, SETTINGS, None)
    findings = workspace.read_table(refs.findings)
    assert findings.schema == FINDING
    assert findings["check"].to_pylist() == ["repetitive_text"]
    assert all(outcome.success for outcome in refs.outcomes)
    page = tmp_path / "data_docs" / "samples_text_classification-all.html"
    assert "column_pair_not_repetitive" in page.read_text(encoding="utf-8")


def test_data_docs_say_where_they_are(tmp_path: Path) -> None:
    result = check_documents(DOCUMENT.empty_table(), SETTINGS)
    paths = write_data_docs(result, Workspace(root=str(tmp_path)), Masker())
    assert paths == [str(tmp_path / "data_docs" / f"documents-{rows}.html") for rows in ("none", "all")]
    assert all("<html" in Path(path).read_text(encoding="utf-8") for path in paths)

"""Every expectation that ships has a row that passes and one that fails; stewards' suites work, or are refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from expectations.frames import DERIVED, SLICE, Boundary, build_frame, known_columns
from expectations.suite_file import Expectation, read_suite
from expectations.suites import FOLDER, load_suite, run_suite, suite_names
from flows.starter import SUITE
from tasks.errors import DataGateError, RecipeError
from tasks.quality import (
    QualityRefs,
    check_documents,
    check_samples,
    check_snapshot,
    load_suites,
    require_known,
    suite_settings,
)
from tasks.recipe import QualitySettings
from tasks.records import DOCUMENT, SAMPLE, SNAPSHOT_SAMPLE, TableRef, Task, build_table
from tasks.report.hearing import Hearing
from tasks.wording import Told

SETTINGS = QualitySettings(min_samples=2, min_characters=3, max_characters=400, max_bad_share=1.0)
Row = dict[str, Any]
GOOD: Row = {
    "sample_id": "s",
    "task": "text-generation",
    "role": "train",
    "prompt": [{"role": "user", "content": "How do I pay?"}],
    "completion": [{"role": "assistant", "content": "By card."}],
    "label": "a",
    "input": "How do I pay?",
    "target": "By card.",
    "language": "en",
    "text": "Some text.",
    "group_id": "g",
    "split": "train",
    "disposition": "keep",
}
LOOP = "もう一度お試しください。" * 9
HALF_LOOP = (
    "The order is late, I know. " + "It will be there soon. " * 4
)  # .58: English may, Japanese may not
CUT = "Open the settings page first. Then choose the card, the limit and the"


def said(*labels: str) -> list[Row]:
    return [{"annotator": f"p{number}", "label": label} for number, label in enumerate(labels)]


ROWS: dict[tuple[str, str], list[tuple[Row, Row]]] = {
    ("empty_document", "text"): [({}, {"text": " \n"})],
    ("garbled_text", "text"): [({"text": "文字化け、café"}, {"text": "文字\ufffdけ"})],
    ("garbled_text", "input"): [({"input": "文字化け、café"}, {"input": "It\u2019s caf\u00c3\u00a9."})],
    ("garbled_text", "target"): [({"target": "文字化け、café"}, {"target": "繧ｫ繝ｼ繝峨"})],
    ("repetitive_text", "text"): [({"text": CUT}, {"text": LOOP})],
    ("repetitive_text", "input"): [
        ({"input": HALF_LOOP}, {"input": LOOP}),
        ({"input": CUT, "language": "ja"}, {"input": HALF_LOOP, "language": "ja-JP"}),
    ],
    ("repetitive_text", "target"): [
        ({"target": HALF_LOOP}, {"target": LOOP}),
        ({"target": CUT, "language": "ja"}, {"target": HALF_LOOP, "language": "ja-JP"}),
    ],
    ("unexpected_language", "text"): [({"language": "ja"}, {"language": "ko", "text": "안녕하세요"})],
    ("unexpected_language", "input"): [
        ({"language": "zh", "input": "解約"}, {"language": "zh", "input": "这是中文"})
    ],
    ("unexpected_language", "target"): [({"language": ""}, {"language": "fr"})],
    ("empty_input", "input"): [({"input": "."}, {"input": " \u3000"})],
    ("empty_target", "target"): [({"target": "."}, {"target": "\n"})],
    ("missing_input", "input"): [({"input": ""}, {"input": None})],
    ("missing_target", "target"): [({"target": ""}, {"target": None})],
    ("missing_label", "label"): [({"label": "b"}, {"label": None})],
    ("unknown_label", "label"): [
        ({"label": "b"}, {"label": "c"}),
        ({"label": "a | b"}, {"label": "a | c"}),
        ({"label": "b | a"}, {"label": "-"}),
    ],
    ("unknown_annotation", "annotated_labels"): [
        ({"annotations": said("a", "b")}, {"annotations": said("a", "c")}),
        ({"annotations": None}, {"annotations": said("c")}),
    ],
    ("too_short", "input_characters"): [({"input": "支払い"}, {"input": "支払"})],
    ("too_short", "target_characters"): [({"target": "支払い"}, {"target": "支払"})],
    ("too_long", "characters"): [({"input": "", "target": "x" * 400}, {"input": "x", "target": "x" * 400})],
    ("prompt_copied", "target"): [({"target": "How do I pay"}, {"target": "how do  I pay?"})],
    ("truncated_target", "target"): [({"target": CUT + " limit."}, {"target": CUT})],
    ("missing_value", "row"): [({}, {"row": None})],
    ("missing_value", "sample_id"): [({}, {"sample_id": None})],
    ("missing_value", "split"): [({}, {"split": None})],
    ("missing_value", "disposition"): [({}, {"disposition": None})],
    ("missing_value", "group_id"): [({}, {"group_id": None})],
    ("missing_value", "target"): [({"target": ""}, {"target": None})],
    ("empty_prompt", "prompt_messages"): [({}, {"prompt": []})],
    ("empty_completion", "completion_messages"): [({}, {"completion": []})],
    ("rare_slice", "rare"): [({"rare": False}, {"rare": True}), ({"rare": None}, {"rare": True})],
    ("dependent_slices", "tied"): [({"tied": False}, {"tied": True})],
    ("worse_slice", "worse"): [({"worse": False}, {"worse": True})],
}
"""(check, column) of a row-level expectation -> pairs of a row that passes and one that fails."""

TABLES: dict[tuple[str, str], tuple[list[Row], list[Row]]] = {
    ("too_few_samples", ""): ([{}, {}], [{}, {"role": "evaluation", "split": "gate"}]),
    ("one_class_only", "label"): ([{}, {"label": "b"}], [{}, {"label": "b", "role": "evaluation"}]),
    ("empty_split", "split"): (
        [{}, {"split": "gate"}, {"split": "validation"}],
        [{}, {"split": "gate"}, {"split": "gate"}],
    ),
    ("repeated_row", "row"): ([{"row": 1}, {"row": 2}], [{"row": 1}, {"row": 1}]),
    ("sample_in_two_splits", "splits_of_sample"): (
        [{"sample_id": "1"}, {"sample_id": "1"}],
        [{"sample_id": "1"}, {"sample_id": "1", "split": "gate"}],
    ),
    ("group_straddles_splits", "splits_of_group"): ([{}, {}], [{}, {"split": "gate"}]),
}
"""(check, column) of an expectation that takes several rows -> rows that pass and rows that fail."""

SHIPPED = [
    pytest.param(name, expectation, id=f"{name}-{expectation.check}-{column}")
    for name in suite_names()
    for expectation in load_suite(name, suite_settings(SETTINGS, ["a", "b"]))
    for column in [expectation.kwargs.get("column") or expectation.kwargs.get("column_B", "")]
]


def build_rows(name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows of a suite's table: each what `GOOD` is but for what it changes."""
    schema = {"documents": DOCUMENT, "snapshot": SNAPSHOT_SAMPLE, "slices": SLICE}.get(name, SAMPLE)
    full = [{"row": number} | GOOD | row for number, row in enumerate(rows)]
    return build_table([{k: v for k, v in row.items() if k in schema.names} for row in full], schema)


def evaluate(name: str, expectation: Expectation, table: pa.Table) -> tuple[bool, tuple[int, ...]]:
    """Whether the whole succeeds, and the rows that fail."""
    frame = build_frame(table, read_suite(FOLDER / f"{name}.yaml").boundary)
    [evaluation] = run_suite(name, [expectation], frame, table.column_names).evaluations
    return evaluation.success, evaluation.unexpected


@pytest.mark.parametrize(("name", "expectation"), SHIPPED)
def test_every_expectation_has_what_passes_and_what_fails(name: str, expectation: Expectation) -> None:
    column = expectation.kwargs.get("column") or expectation.kwargs.get("column_B", "")
    key = (expectation.check, column)
    if expectation.check == "missing_column":
        table = build_rows(name, [{}])
        assert evaluate(name, expectation, table)[0]
        missing = expectation.kwargs["column_set"][-1]
        assert not evaluate(name, expectation, table.drop_columns([missing]))[0]
        return
    assert key in ROWS or key in TABLES, f"{name}: {key} has no pair in this file"
    for good, bad in ROWS.get(key, []):
        table = build_rows(name, [good, bad, good])
        assert evaluate(name, expectation, table)[1] == (1,)
    if key in TABLES:
        passes, fails = TABLES[key]
        assert evaluate(name, expectation, build_rows(name, passes))[0]
        assert not evaluate(name, expectation, build_rows(name, fails))[0]


def test_no_pair_is_left_over() -> None:
    shipped = [p.values[1] for p in SHIPPED]
    keys = {(e.check, e.kwargs.get("column") or e.kwargs.get("column_B", "")) for e in shipped}
    assert ROWS.keys() | TABLES.keys() == {key for key in keys if key[0] != "missing_column"}


@pytest.mark.parametrize("boundary", list(Boundary))
def test_known_columns_are_those_of_the_frame(boundary: Boundary) -> None:
    table = build_rows({Boundary.SAMPLES: "samples"}.get(boundary, boundary.value), [{}])
    assert list(build_frame(table, boundary)) == known_columns(boundary)
    assert set(DERIVED[boundary]) <= set(known_columns(boundary))


def write_suite(folder: Path, entry: str, boundary: str = "samples") -> QualitySettings:
    path = folder / "suite.yaml"
    path.write_text(f"boundary: {boundary}\nexpectations:\n  - {entry}\n", encoding="utf-8")
    return SETTINGS.model_copy(update={"suites": (str(path),)})


REGEX = "expect_column_values_to_match_regex"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{type: expect_column_values_to_mach_regex, kwargs: {column: input, regex: a}}",
            f"unknown expectation; did you mean '{REGEX}'?",
        ),
        (
            f"{{type: {REGEX}, kwargs: {{colum: input, regex: a}}}}",
            "kwargs.colum: unknown key; did you mean 'column'?",
        ),
        (
            f"{{type: {REGEX}, kwargs: {{column: inptu, regex: a}}}}",
            "no column 'inptu' in samples; did you mean 'input'?",
        ),
        (f"{{type: {REGEX}, kwarg: {{}}}}", "expectations.0.kwarg: unknown key; did you mean 'kwargs'?"),
        (
            f"{{type: {REGEX}, meta: {{chek: a}}}}",
            "expectations.0.meta.chek: unknown key; did you mean 'check'?",
        ),
        (f"{{type: {REGEX}, severity: critcal}}", "no severity 'critcal'; did you mean 'critical'?"),
        (
            f"{{type: {REGEX}, meta: {{severity: fatal}}}}",
            "no severity 'fatal'; known: info, warning, critical",
        ),
        (f"{{type: {REGEX}, meta: {{rows: trian}}}}", "no rows 'trian'; did you mean 'train'?"),
        (f"{{type: {REGEX}, meta: {{check: Not good}}}}", "expectations.0.meta.check"),
        (
            f"{{type: {REGEX}, meta: {{reason: 'got {{valeu}}'}}}}",
            "reason quotes {valeu}; it may quote {value}",
        ),
        (
            f"{{type: {REGEX}, kwargs: {{column: input, regex: {{$setting: langages}}}}}}",
            "did you mean 'languages'?",
        ),
        ("{type: expect_column_values_to_match_json_schema, kwargs: {column: input}}", "cannot be evaluated"),
        (f"{{type: {REGEX}, kwargs: {{column: input, regex: '('}}}}", "cannot be evaluated"),
        (f"{{type: {REGEX}, kwargs: {{column: input, regex: a, mostly: 2}}}}", "cannot be evaluated"),
        (
            "{type: expect_compound_columns_to_be_unique, kwargs: {column_list: [input, labl]}}",
            "did you mean 'label'?",
        ),
        ("{type: unexpected_rows_expectation, kwargs: {unexpected_rows_query: q}}", "unknown expectation"),
        ("{kwargs: {}}", "expectations.0.type: is required"),
        (
            f"{{type: {REGEX}, kwargs: {{column: input, regex: a}}, meta: {{languages: [en, jp]}}}}",
            "expectations.0.meta.languages: 'jp' is no language code; did you mean 'ja'?",
        ),
        (f"{{type: {REGEX}, meta: {{languages: [Japanese]}}}}", "did you mean 'ja'?"),
        (f"{{type: {REGEX}, meta: {{languages: [日本語]}}}}", "did you mean 'ja'?"),
    ],
)
def test_a_suite_that_does_not_fit_is_refused_by_name(tmp_path: Path, entry: str, said: str) -> None:
    settings = write_suite(tmp_path, entry)
    with pytest.raises(RecipeError) as error:
        require_known(load_suites(settings), settings)
    assert said in str(error.value)
    assert "suite" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("boundary: sample\nexpectations: [{type: a}]\n", "no boundary 'sample'; did you mean 'samples'?"),
        ("boundry: samples\nexpectations: [{type: a}]\n", "boundry: unknown key; did you mean 'boundary'?"),
        ("boundary: samples\nexpectations: []\n", "expectations"),
        ("- a\n", "must be a mapping, got list"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match="suite") as error:
        read_suite(path)
    assert said in str(error.value)


def test_everything_that_is_wrong_with_suites_is_told_at_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(
        "boundary: samples\nexpectations:\n"
        f"  - {{type: {REGEX}s, kwargs: {{column: input, regex: a}}}}\n"
        f"  - {{type: {REGEX}, kwargs: {{column: inptu, regexp: {{$setting: langages}}}}}}\n"
        "  - {type: expect_column_values_to_be_between, kwargs: {column: characters, max_value: {$setting: most}}}\n"
        f"  - {{type: {REGEX}, kwargs: {{column: input, regex: '('}}}}\n",
        encoding="utf-8",
    )
    second.write_text(f"boundary: samples\nexpectations:\n  - {{type: {REGEX[:-1]}}}\n", encoding="utf-8")
    settings = SETTINGS.model_copy(update={"suites": (str(first), str(second))})
    with pytest.raises(RecipeError) as error:
        require_known(load_suites(settings), settings)
    told = str(error.value)
    for said in (
        "expectations.0",
        "no setting 'langages'; did you mean 'languages'?",
        "kwargs.regexp: unknown key; did you mean 'regex'?",
        "no column 'inptu' in samples; did you mean 'input'?",
        "no setting 'most'",
        "expectations.3",
        "suite second cannot be used",
    ):
        assert said in told, said


def test_a_suite_whose_entries_do_not_fit_is_not_said_to_be_empty(tmp_path: Path) -> None:
    settings = write_suite(tmp_path, f"{{type: {REGEX}, sevrity: critical}}")
    with pytest.raises(RecipeError) as error:
        load_suites(settings)
    assert str(error.value).splitlines()[1:] == [
        "  expectations.0.sevrity: unknown key; did you mean 'severity'?"
    ]


@pytest.mark.parametrize("written", ["ja", "JA", "ja-JP", "ja_jp", "jpn"])
def test_a_language_is_its_primary_code(tmp_path: Path, written: str) -> None:
    meta = f"{{check: polite, languages: [{written}]}}"
    settings = write_suite(
        tmp_path, f"{{type: {REGEX}, kwargs: {{column: input, regex: ます}}, meta: {meta}}}"
    )
    suites = load_suites(settings)
    rows = [
        {"language": "ja", "input": "教えろ"},
        {"language": "ja-JP", "input": "探しています"},
        {"language": "en"},
    ]
    result = check_samples(build_rows("samples", rows), Task.TEXT_GENERATION, settings, suites=suites)
    polite = result.outcomes[-1]
    assert (polite.check, polite.evaluated, polite.unexpected) == ("polite", 2, 1)
    assert not polite.note


def test_an_expectation_that_looked_at_no_row_says_so(tmp_path: Path) -> None:
    meta = "{check: polite, languages: [ko], rows: train}"
    settings = write_suite(
        tmp_path, f"{{type: {REGEX}, kwargs: {{column: input, regex: ます}}, meta: {meta}}}"
    )
    suites = load_suites(settings)
    table = build_rows("samples", [{"language": "ja"}] * 3)
    result = check_samples(table, Task.TEXT_GENERATION, settings, suites=suites)
    polite = result.outcomes[-1]
    assert (polite.success, polite.evaluated) == (True, 0)
    assert polite.note == Told(
        "suite: polite looked at no row: none of the 3 rows is to train on and in ko.",
        "suite: 「polite」は1行も調べていません。3行の中に学習用の行かつ言語がkoの行がありません。",
    )
    assert [o.check for o in result.outcomes if o.note] == ["polite"]
    refs = QualityRefs(findings=TableRef(path="x", digest="0", rows=0), outcomes=result.outcomes)
    hearing = Hearing()
    hearing.hear(refs)
    assert hearing.notes == [polite.note]
    empty = check_samples(table.slice(0, 0), Task.TEXT_GENERATION, settings, suites=suites)
    assert not [o for o in empty.outcomes if o.note], "without a row, too_few_samples says enough"


def test_a_suite_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        load_suites(SETTINGS.model_copy(update={"suites": (str(tmp_path / "none.yaml"),)}))


@pytest.mark.parametrize(
    ("kwargs", "failing"),
    [
        (f"type: {REGEX}, kwargs: {{column: input, regex: card}}", [0, 2]),
        ("type: expect_column_value_lengths_to_be_between, kwargs: {column: target, min_value: 4}", [1]),
        ("type: expect_column_values_to_be_json_parseable, kwargs: {column: target}", [0, 1]),
        ("type: expect_column_values_to_match_json_schema, kwargs: {column: target, "
         "json_schema: {type: object}}", [0, 1]),
        ("type: expect_column_values_to_be_unique, kwargs: {column: label}", [0, 2]),
        ("type: expect_column_values_to_not_be_in_set, kwargs: {column: label, value_set: [b]}", [1]),
        ("type: expect_column_values_to_be_null, kwargs: {column: date}", [2]),
        ("type: expect_column_values_to_match_strftime_format, kwargs: {column: date, "
         "strftime_format: '%Y-%m-%d'}", [2]),
        ("type: expect_compound_columns_to_be_unique, kwargs: {column_list: [label, task]}", [0, 2]),
        ("type: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: input_characters, "
         "column_B: target_characters}", [0, 2]),
        ("type: expect_column_values_to_be_between, kwargs: {column: input_characters, min_value: 5, "
         "row_condition: 'label == \"b\"', condition_parser: pandas}", [1]),
        ("type: expect_column_values_to_be_between, kwargs: {column: input_characters, min_value: 50}, "
         "meta: {languages: [ja]}", [1]),
        ("type: expect_column_values_to_be_between, kwargs: {column: input_characters, min_value: 50}, "
         "meta: {rows: train}", [0, 1]),
    ],
)  # fmt: skip
def test_stock_expectations_give_findings_for_failing_rows(
    tmp_path: Path, kwargs: str, failing: list[int]
) -> None:
    table = build_rows(
        "samples",
        [
            {"input": "Hi", "target": "A parcel, at last?"},
            {"input": "card", "target": "今日", "label": "b", "language": "ja"},
            {
                "input": "Hello there, parcel",
                "target": '{"a": [1, 2, 3, 4, 5]}',
                "role": "evaluation",
                "date": "soon",
            },
        ],
    )
    settings = write_suite(tmp_path, f"{{{kwargs}}}")
    suites = load_suites(settings)
    require_known(suites, settings)
    result = check_samples(table, Task.TEXT_GENERATION, settings, suites=suites)
    found = [f for f in result.findings.to_pylist() if f["check"] not in ("too_short",)]
    assert [f["row"] for f in found] == failing
    assert {f["severity"] for f in found} == {"warning"}
    assert all("column" in f["reason"] for f in found)
    assert not any("Hello" in f["reason"] for f in found)  # what a row holds is quoted nowhere
    outcome = result.outcomes[-1]
    assert (outcome.suite, outcome.success, outcome.unexpected) == ("suite", False, len(failing))
    result.require_sound()


@pytest.mark.parametrize(
    "kwargs",
    [
        "type: expect_column_mean_to_be_between, kwargs: {column: characters, max_value: 3}",
        "type: expect_column_quantile_values_to_be_between, kwargs: {column: characters, quantile_ranges: "
        "{quantiles: [0.5], value_ranges: [[0, 3]]}}",
        "type: expect_column_distinct_values_to_equal_set, kwargs: {column: label, value_set: [a, z]}",
        "type: expect_column_kl_divergence_to_be_less_than, kwargs: {column: label, threshold: 0.01, "
        "partition_object: {values: [a, b], weights: [0.1, 0.9]}}",
        "type: expect_table_row_count_to_be_between, kwargs: {min_value: 9}, meta: {rows: all}",
        "type: expect_column_values_to_be_of_type, kwargs: {column: input, type_: int}",
    ],
)
def test_stock_expectations_about_the_whole_can_stop_the_line(tmp_path: Path, kwargs: str) -> None:
    settings = write_suite(tmp_path, f"{{{kwargs}, severity: critical}}")
    suites = load_suites(settings)
    require_known(suites, settings)
    result = check_samples(
        build_rows("samples", [{}, {"label": "b"}]), Task.TEXT_GENERATION, settings, suites=suites
    )
    assert len(result.findings) == 0
    with pytest.raises(DataGateError, match=result.outcomes[-1].check):
        result.require_sound()


def test_a_finding_speaks_in_the_stewards_words(tmp_path: Path) -> None:
    entry = (
        f"{{type: {REGEX}, kwargs: {{column: text, regex: '^第'}}, meta: {{check: no_article, severity: critical, "
        "reason: 'starts with {value}, in {language}'}}"
    )
    settings = write_suite(tmp_path, entry, "documents")
    table = build_rows("documents", [{"text": "第一条"}, {"text": "目次"}])
    suites = load_suites(settings)
    [finding] = check_documents(table, settings, suites).findings.to_pylist()
    assert (finding["check"], finding["severity"]) == ("no_article", "critical")
    assert finding["reason"] == "starts with 目次, in en"


def test_a_suite_is_run_at_its_own_boundary_only(tmp_path: Path) -> None:
    settings = write_suite(
        tmp_path, "{type: expect_column_values_to_be_null, kwargs: {column: split}}", "snapshot"
    )
    suites = load_suites(settings)
    require_known(suites, settings)
    rows = [{"sample_id": s, "group_id": s, "split": s} for s in ("train", "validation", "gate")]
    assert [o.suite for o in check_snapshot(build_rows("snapshot", rows), settings, suites).outcomes][
        -1
    ] == "suite"
    samples = check_samples(build_rows("samples", rows), Task.TEXT_GENERATION, settings, suites=suites)
    assert {o.suite for o in samples.outcomes} == {"samples_text_generation"}


def test_a_setting_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecipeError, match="no setting 'max_characters'; did you mean 'min_characters'"):
        load_suite(
            "samples_text_generation",
            {"min_samples": 1, "min_good_share": 1, "min_characters": 1, "languages": []},
        )


def test_the_suite_that_init_writes_can_be_used(tmp_path: Path) -> None:
    commented = SUITE.replace("\n  # ", "\n  ")
    for text in (SUITE, commented):
        (tmp_path / "suite.yaml").write_text(text, encoding="utf-8")
        settings = SETTINGS.model_copy(update={"suites": (str(tmp_path / "suite.yaml"),)})
        require_known(load_suites(settings), settings)
    assert len(load_suites(settings)[0].expectations) == 3
    assert all(column in SUITE for column in known_columns(Boundary.SAMPLES))

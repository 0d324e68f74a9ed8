"""Bias: what is rare, goes together or is learned worse is named; what chance explains, or is too small, is not."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from tasks.bias import BiasReport, compare_labels, find_bias, find_bias_stage, list_slices, trust_answers
from tasks.recipe import BiasSettings
from tasks.records import FINDING, SAMPLE, Severity, build_table
from tasks.report.balance import draw_balance, draw_slices
from tasks.storage import Workspace
from tasks.two_samples import corrected_cramers_v, wilson_interval

SETTINGS = BiasSettings()


def rows(count: int, **columns: Any) -> list[dict[str, Any]]:
    """Rows that take turns with two labels, two languages and two sources, none with another's group."""
    made = []
    for number in range(count):
        row = {"label": "ab"[number % 2], "language": ("en", "ja")[number // 2 % 2], "role": "train"}
        made.append(row | {"source": f"/data/{'xy'[number // 4 % 2]}.jsonl"} | columns)
    return made


def table(*parts: list[dict[str, Any]]) -> pa.Table:
    numbered = [
        {"row": n, "sample_id": f"s{n}", "group_id": f"g{n}"} | row
        for n, row in enumerate(r for p in parts for r in p)
    ]
    return build_table(numbered, SAMPLE)


def rare(report: BiasReport) -> set[tuple[str, str]]:
    return {(b.dimension, b.name) for b in report.balance if b.rare}


def tied(report: BiasReport) -> set[tuple[str, str]]:
    return {(d.first, d.second) for d in report.dependence if d.severity is Severity.WARNING}


def test_balanced_data_is_not_accused() -> None:
    report = find_bias(table(rows(400)), SETTINGS, np.ones(400))
    assert str(report.sentence) == "no bias found"
    assert (rare(report), tied(report), report.notes) == (set(), set(), ())
    assert {b.share for b in report.balance} == {0.5}


@pytest.mark.parametrize(
    ("few", "found"),
    [
        ({"label": "c"}, ("label", "c")),
        ({"language": "ko"}, ("language", "ko")),
        ({"source": "/data/z.jsonl"}, ("source", "/data/z.jsonl")),
    ],
)
def test_what_is_rare_is_named(few: dict[str, str], found: tuple[str, str]) -> None:
    report = find_bias(table(rows(800), rows(8, **few)), SETTINGS)
    assert rare(report) == {found}
    [note] = [n.en for n in report.notes if n.en.startswith("rare in training: 1 of 3")]
    assert "(8 distinct rows)" in note
    assert found[1].rpartition("/")[2] in note


def test_a_small_set_is_not_accused_of_what_chance_explains() -> None:
    assert rare(find_bias(table(rows(16), rows(1, label="c")), SETTINGS)) == set()


def test_declared_labels_without_rows_are_rare() -> None:
    assert rare(find_bias(table(rows(200)), SETTINGS, labels=["a", "b", "c"])) == {("label", "c")}


def test_only_expected_languages_are_weighed() -> None:
    report = find_bias(table(rows(400), rows(1, language="pt")), SETTINGS, languages=["en", "ja", "fr"])
    assert {b.name for b in report.balance if b.dimension == "language"} == {"en", "ja"}


def test_evaluation_rows_do_not_count() -> None:
    report = find_bias(table(rows(100), rows(900, label="a", role="evaluation")), SETTINGS)
    assert (report.rows, report.groups) == (100, 100)
    assert rare(report) == set()


def test_copies_are_one_vote() -> None:
    copies = [row | {"group_id": "one"} for row in rows(300, label="a", source="/data/x.jsonl")]
    report = find_bias(table(rows(160), copies), SETTINGS)
    assert (report.rows, report.groups) == (460, 161)
    assert tied(report) == set()


def test_label_and_source_that_go_together_are_named() -> None:
    complaints, questions = rows(150, label="a"), rows(150, label="b")
    mixed = [r | {"source": "/data/x.jsonl" if n % 10 else "/data/y.jsonl"} for n, r in enumerate(complaints)]
    others = [r | {"source": "/data/y.jsonl" if n % 10 else "/data/x.jsonl"} for n, r in enumerate(questions)]
    report = find_bias(table(mixed, others), SETTINGS)
    assert tied(report) == {("label", "source")}
    [found] = [d for d in report.dependence if d.severity is Severity.WARNING]
    assert found.cramers_v == pytest.approx(0.8, abs=0.01)
    assert found.test == "chi-squared"
    assert found.sentence.en.startswith("label and source go together: Cramér's V 0.80")
    assert "90% of" in found.sentence.en
    assert found.sentence in report.notes


def test_sparse_tables_are_tested_by_permutation() -> None:
    """Sixty labels of two rows each over two sources: chi-squared's own distribution is no guide here."""
    few = [row | {"label": f"l{n // 2}"} for n, row in enumerate(rows(120))]
    report = find_bias(table(few), SETTINGS)
    assert {d.test for d in report.dependence if d.first == "label"} == {"permutation"}
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(20):
        shuffled = [row | {"source": f"/{random.integers(2)}"} for row in few]
        alarms += ("label", "source") in tied(find_bias(table(shuffled), BiasSettings(dependence=1e-6)))
    assert alarms <= stats.binom.ppf(0.999, 20, 0.05)


def test_the_worst_slice_is_found_by_crossing() -> None:
    samples = table(rows(800))
    frame = samples.to_pandas()
    random = np.random.default_rng(0)
    bad = (frame["label"] == "a") & (frame["language"] == "ja")
    right = (random.random(800) < np.where(bad, 0.5, 0.95)).astype(float)
    report = find_bias(samples, SETTINGS, right)
    assert report.score == pytest.approx(right.mean())
    assert any(s.name.en == "label a, language ja" and s.worse for s in report.slices)
    assert not any(s.worse for s in report.slices if "label b" in s.name.en or "language en" in s.name.en)
    assert any(note.en.startswith("worse than the rest: ") for note in report.notes)


def test_small_slices_are_not_accused() -> None:
    samples = table(rows(400), rows(8, label="c"))
    report = find_bias(samples, SETTINGS, np.r_[np.ones(400), np.zeros(8)])
    assert not any("label c" in s.name.en for s in report.slices)
    assert report.too_small > 0
    assert not any("worse" in note.en for note in report.notes)


def test_slices_that_differ_by_chance_are_not_accused() -> None:
    samples = table([row | {"label": f"l{n % 20}"} for n, row in enumerate(rows(1000))])
    alarms = 0
    for seed in range(20):
        right = (np.random.default_rng(seed).random(1000) < 0.8).astype(float)
        alarms += any(s.worse for s in find_bias(samples, SETTINGS, right).slices)
    assert alarms <= stats.binom.ppf(0.999, 20, 0.05)


def test_rows_without_a_prediction_do_not_count() -> None:
    right = np.full(400, np.nan)
    assert find_bias(table(rows(400)), SETTINGS, right).score is None
    right[:100] = 1
    assert find_bias(table(rows(400)), SETTINGS, right).score == 1


def test_predictions_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"right must have shape \(4,\), got \(3,\)"):
        find_bias(table(rows(4)), SETTINGS, np.ones(3))


def test_no_training_rows_are_told() -> None:
    assert find_bias(table(rows(3, role="evaluation")), SETTINGS).sentence.en == "no training rows"


def test_passages_without_labels_are_weighed_by_language_and_source() -> None:
    report = find_bias(table(rows(100, label=None)), SETTINGS, labels=())
    assert {b.dimension for b in report.balance} == {"language", "source"}


def test_the_stage_reads_predictions(workspace: Workspace) -> None:
    samples = table(rows(100))
    predictions = pa.table({"row": [99, 0, 1], "predicted": ["a", "a", None]})
    assert np.nan_to_num(compare_labels(samples, predictions), nan=-1).tolist() == [1, -1, *[-1] * 97, 0]
    refs = [workspace.write_table(t, "t") for t in (samples, predictions)]
    report = find_bias_stage.fn(workspace, refs[0], SETTINGS, (), (), refs[1])
    assert report.score == 0.5
    assert BiasReport.model_validate_json(report.model_dump_json()) == report


def test_a_source_with_more_doubtful_answers_is_named(workspace: Workspace) -> None:
    samples = table(
        rows(200, label=None, source="/data/good.jsonl", target="yes"),
        rows(60, label=None, source="/data/bad.jsonl", target="no"),
        rows(1, label=None, target=" "),
    )
    found = [{"row": row, "check": "doubtful_answer"} for row in [*range(200, 230), 3]]
    findings = build_table([*found, {"row": 5, "check": "figure_not_in_source"}], FINDING)
    right = trust_answers(samples, findings)
    assert (np.nansum(right), np.isnan(right).tolist()) == (229, [*[False] * 260, True])
    refs = [workspace.write_table(t, "t") for t in (samples, findings)]
    report = find_bias_stage.fn(workspace, refs[0], SETTINGS, (), (), None, refs[1])
    assert (report.measured, report.score) == ("answer", 229 / 260)
    note = next(n for n in report.notes if "in doubt than the rest: source bad.jsonl" in n.en)
    assert "bad.jsonl: 50% of the answers not in doubt" in note.en
    assert "疑わしくない答えは50%" in note.say("ja")
    assert "Share of answers not in doubt by slice" in draw_slices(report)


def test_cramers_v_is_corrected() -> None:
    assert corrected_cramers_v(np.diag([50, 50, 50])) == pytest.approx(1, abs=0.01)
    random = np.random.default_rng(0)
    noise = random.multinomial(200, [1 / 100] * 100).reshape(10, 10)
    plain = stats.contingency.association(noise, method="cramer")
    assert corrected_cramers_v(noise) < 0.1 < plain, "the plain one sees a connection in noise"


def test_wilson_interval_is_scipys() -> None:
    expected = stats.binomtest(7, 20).proportion_ci(0.99, method="wilson")
    assert wilson_interval(7, 20, 0.01) == pytest.approx((expected.low, expected.high))


def test_the_figure_is_whole_and_escaped() -> None:
    report = find_bias(table(rows(800), rows(8, label="<script>&\"'")), SETTINGS)
    figure = draw_balance(report, "label")
    root = ElementTree.fromstring(figure)
    texts = [element.text for element in root.iter() if element.text]
    assert any("<script>&\"'" in text for text in texts)
    assert "<script" not in figure
    assert figure.count("stroke-dasharray") == 1, "one is rare"
    assert "x.jsonl" in draw_balance(report, "source")
    assert draw_balance(find_bias(table(rows(8, label="a")), SETTINGS), "label") == ""


def test_marks_that_mislead_are_named_in_the_figures() -> None:
    samples = table(rows(800), rows(8, label="ab\u202ecd"), rows(40, label="x\u200by"))
    report = find_bias(samples, SETTINGS, np.r_[np.ones(808), np.zeros(40)])
    balance, scores = draw_balance(report, "label"), draw_slices(report)
    assert "ab⟨U+202E⟩cd" in balance
    assert "x⟨U+200B⟩y" in scores
    assert not {"\u202e", "\u200b"} & {*balance, *scores}


def test_the_figure_of_scores_marks_what_is_worse_and_where_all_rows_are() -> None:
    samples = table(rows(800))
    bad = np.array([row["label"] == "a" and row["language"] == "ja" for row in samples.to_pylist()])
    report = find_bias(samples, SETTINGS, np.where(bad, 0.0, 1.0))
    figure = draw_slices(report)
    ElementTree.fromstring(figure)
    assert figure.count("<circle") == len(report.slices)
    assert figure.count('fill="none"') == sum(s.worse for s in report.slices) > 0
    assert "label a, language ja: Out-of-fold score 0.0%, 200 distinct rows, worse" in figure
    assert "all rows 75.0%" in figure
    assert "ラベル「a」、言語「日本語」: 交差検証の正解率0.0%、異なる行 200、低い" in figure
    assert "全体では75.0%" in figure
    assert draw_slices(find_bias(samples, SETTINGS)) == ""


def test_slices_are_a_table_with_a_row_for_each_statement() -> None:
    report = find_bias(table(rows(800), rows(8, label="c")), SETTINGS, np.ones(808))
    listed = list_slices(report).to_pylist()
    assert [row["kind"] for row in listed] == [
        *["balance"] * len(report.balance),
        *["dependence"] * len(report.dependence),
        *["score"] * len(report.slices),
    ]
    assert {row["name"] for row in listed if row["rare"]} == {"label c"}
    assert {row["dimension"] for row in listed if row["kind"] == "score"} >= {"label", "label × language"}
    assert all((row["share"] is None) == (row["kind"] != "balance") for row in listed)


def test_a_row_of_several_labels_counts_for_each_of_them() -> None:
    """Labels a and b on every row, c on a few; the rows with c are predicted wrongly."""
    several = [["a", "b"], ["a"], ["b"], ["a", "b", "c"]]
    made = [row | {"labels": several[0 if n % 20 else 3]} for n, row in enumerate(rows(800))]
    made += [row | {"labels": several[1 + n % 2]} for n, row in enumerate(rows(200))]
    right = np.array([0.0 if "c" in row["labels"] else 1.0 for row in made])
    report = find_bias(table(made), BiasSettings(rare=0.3), right)
    shares = {b.name: (b.groups, b.share) for b in report.balance if b.dimension == "label"}
    assert shares == {"a": (900, 900 / 1840), "b": (900, 900 / 1840), "c": (40, 40 / 1840)}
    assert ("label", "c") in rare(report)
    assert report.groups == 1000
    assert report.score == pytest.approx(0.96)
    assert {s.name.en: s.groups for s in report.slices}["label c"] == 40
    assert {s.name.en: s.groups for s in report.slices}["language en"] == 500
    assert any(s.name.en == "label c" and s.worse for s in report.slices)


def test_kinds_of_labelled_spans_are_weighed() -> None:
    """Of each row's words, each kind once; rows without any count for none."""
    made = rows(400, label=None)
    for number, row in enumerate(made):
        kinds = ["PRODUCT", "PRODUCT", "DATE"] if number % 2 else []
        kinds += ["RARE"] if number == 1 else []
        row["spans"] = [{"start": 0, "end": 1, "label": kind} for kind in kinds]
    report = find_bias(table(made), SETTINGS)
    counts = {b.name: b.groups for b in report.balance if b.dimension == "label"}
    assert counts == {"PRODUCT": 200, "DATE": 200, "RARE": 1}
    assert rare(report) == {("label", "RARE")}
    assert report.groups == 400

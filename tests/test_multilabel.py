"""Several labels a row: read from lists and cells, spelled one way, missing and superfluous ones found."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_annotators import read
from test_label_noise import THINGS, samples_of

from tasks.edits import edit_sample
from tasks.errors import RecipeError
from tasks.evaluate import answers_of
from tasks.ingest.builders.labels import read_labels
from tasks.ingest.builders.sample import RowError
from tasks.label_noise import describe_noise, find_multilabel_noise, find_multilabel_noise_stage
from tasks.label_noise.folds import deal_folds
from tasks.label_noise.multilabel import choose_sets
from tasks.label_noise.ngrams import text_features
from tasks.label_noise.one_vs_rest import pool_label_scores, sigmoid_scores
from tasks.quality import check_samples
from tasks.recipe import Columns, LabelNoiseSettings, QualitySettings, load_recipe
from tasks.records import NO_LABEL, Task, join_labels, split_labels
from tasks.storage import Workspace


def corpus(language: str, size: int = 240) -> list[dict[str, Any]]:
    """Rows about one, two or none of three things."""
    random, rows = np.random.default_rng(0), []
    names = sorted(THINGS[language])
    for i in range(size):
        labels = sorted(random.choice(names, i % 3, replace=False).tolist())
        words = [str(random.choice(THINGS[language][label])) for label in labels]
        text = {"en": f"No. {i}: {' and '.join(words)}, please", "ja": f"{i}番、{'と'.join(words)}について"}
        rows.append({"input": text[language], "labels": labels, "label": join_labels(labels)})
    return rows


def relabel(row: dict[str, Any], labels: set[str]) -> None:
    row |= {"labels": sorted(labels), "label": join_labels(labels)}


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ('["b", "a"]', ["a", "b"]),
        ("b; a", ["a", "b"]),
        ("[sic]", ["[sic]"]),
        ([], []),
        ("[]", []),
        ([2, "1"], ["1", "2"]),
        (7, ["7"]),
    ],
)
def test_labels_are_read_from_lists_and_cells(value: Any, labels: list[str]) -> None:
    assert read_labels({"label": value}, Columns()) == labels
    assert split_labels(join_labels(labels)) == labels


@pytest.mark.parametrize(
    ("value", "check"),
    [
        ("", "missing_field"),
        (None, "missing_field"),
        (["a|b"], "malformed_label"),
        ([NO_LABEL], "malformed_label"),
        ([None, "a"], "malformed_label"),
        ([["a"]], "malformed_label"),
    ],
)
def test_what_is_no_label_is_told(value: Any, check: str) -> None:
    with pytest.raises(RowError) as caught:
        read_labels({"label": value}, Columns())
    assert caught.value.check == check


def test_samples_carry_their_labels_in_one_spelling() -> None:
    rows = [{"text": "t", "label": "b, a"}, {"text": "t", "label": "a,b"}, {"text": "u", "label": []}]
    samples, problems = read(Columns(label_separator=","), rows, multi_label=True)
    assert problems == []
    assert [s["label"] for s in samples] == ["a | b", "a | b", NO_LABEL]
    assert [s["labels"] for s in samples] == [["a", "b"], ["a", "b"], []]
    assert samples[0]["sample_id"] == samples[1]["sample_id"]
    assert samples[2]["target"] == NO_LABEL


def test_a_decision_in_any_order_gives_the_one_spelling() -> None:
    [sample], _ = read(Columns(), [{"text": "t", "label": ["a"]}], multi_label=True)
    edited = edit_sample(sample, {"label": "c|a"})
    assert (edited["label"], edited["target"], edited["labels"]) == ("a | c", "a | c", ["a", "c"])
    [meant], _ = read(Columns(), [{"text": "t", "label": ["c", "a"]}], multi_label=True)
    assert edited["sample_id"] == meant["sample_id"]


def test_declared_labels_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: x\ntask: text-classification\nmulti_label: true\nlabels: [a, 'b|c']\nsources: [{path: a.csv}]\n"
    )
    with pytest.raises(RecipeError, match="may not hold"):
        load_recipe(path)


def test_a_set_with_an_unknown_label_is_flagged_and_a_new_set_of_known_ones_is_not() -> None:
    rows = [{"labels": ["a", "b"]}, {"labels": ["c"]}, {"labels": []}]
    judged = [{"labels": ["a", "c"]}, {"labels": ["a", "z"]}]
    rows += [row | {"role": "evaluation"} for row in judged]
    made = samples_of(
        [
            row | {"input": f"text {n}", "target": "t", "label": join_labels(row["labels"])}
            for n, row in enumerate(rows)
        ]
    )
    for declared in (None, ["a", "b", "c"]):
        settings = QualitySettings(min_samples=1, max_bad_share=1)
        found = check_samples(made, Task.TEXT_CLASSIFICATION, settings, declared).findings.to_pylist()
        assert [f["row"] for f in found if f["check"] == "unknown_label"] == [4]


def test_every_set_that_is_there_may_be_answered() -> None:
    assert answers_of(samples_of(corpus("en", 30)), ["app", "card"]) == sorted(
        {row["label"] for row in corpus("en", 30)}
    )
    single = samples_of([{"label": "a"}, {"label": "b"}])
    assert answers_of(single, ["x", "y"]) == ["x", "y"]
    assert answers_of(single, None) == ["a", "b"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_missing_and_superfluous_labels_are_named_and_mended(language: str) -> None:
    rows = corpus(language, 480)
    truth = [set(row["labels"]) for row in rows]
    lost, added, swapped = (5, 50, 110), (7, 40, 100), (26, 71)
    for n in lost:  # one of two
        relabel(rows[n], {min(truth[n])})
    for n in added:  # a second
        relabel(rows[n], truth[n] | {min({"app", "card", "transfer"} - truth[n])})
    for n in swapped:
        relabel(rows[n], truth[n] - {min(truth[n])} | ({"app", "card", "transfer"} - truth[n]))
    result = find_multilabel_noise(samples_of(rows), LabelNoiseSettings(), seed=1)
    found = {f["row"]: f for f in result.findings.to_pylist()}
    assert set(found) == {*lost, *added, *swapped}
    for n, finding in found.items():
        faults = json.loads(finding["evidence"])["faults"]
        told = {(fault["label"], fault["fault"]) for fault in faults}
        given = set(rows[n]["labels"])
        assert told == {(x, "missing") for x in truth[n] - given} | {
            (x, "superfluous") for x in given - truth[n]
        }
        assert all(f"{label!r} is {fault}" in finding["reason"] for label, fault in told)
        assert json.loads(finding["suggestion"]) == {"action": "relabel", "label": join_labels(truth[n])}
    assert result.summary.accuracy == pytest.approx(1 - 8 / 480)
    assert any("of the training sets of labels." in line.en for line in describe_noise(result.summary))


def test_predictions_are_whole_sets_for_the_bias_stage() -> None:
    rows = corpus("en")
    result = find_multilabel_noise(samples_of(rows), LabelNoiseSettings())
    assert result.predictions is not None
    assert result.predictions["predicted"].to_pylist() == [row["label"] for row in rows]


def test_labels_of_few_or_of_all_rows_are_left_out_and_left_alone() -> None:
    rows = corpus("en")
    for row in rows:
        relabel(row, {*row["labels"], "every"})
    relabel(rows[4], {*rows[4]["labels"], "rare"})
    result = find_multilabel_noise(samples_of(rows), LabelNoiseSettings())
    assert [(f["check"], json.loads(f["evidence"])["label"]) for f in result.findings.to_pylist()] == [
        ("class_too_small", "every"),
        ("class_too_small", "rare"),
    ]
    assert result.summary.accuracy == 1


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"input": "a", "labels": ["x"], "label": "x"}],
        [{"input": f"text {n}", "labels": [], "label": NO_LABEL} for n in range(30)],
        [{"input": f"text {n}", "labels": ["x"], "label": "x"} for n in range(30)],
        [{"input": "a", "label": "x"}] * 12,
        [{"input": "same", "labels": ["xy"[n % 2]], "label": "xy"[n % 2]} for n in range(30)],
        [
            {"input": f"t {n}", "labels": ["xy"[n % 2]], "label": "xy"[n % 2], "group_id": "one"}
            for n in range(30)
        ],
    ],
)
def test_degenerate_data_does_not_crash(rows: list[dict[str, Any]]) -> None:
    result = find_multilabel_noise(samples_of(rows), LabelNoiseSettings())
    assert result.summary.flagged == result.findings["check"].to_pylist().count("label_noise")


def test_models_never_see_the_fold_they_score() -> None:
    """Labels by chance cannot be predicted; a model that saw them would know most by heart."""
    random = np.random.default_rng(0)
    grams = text_features([f"{n:x}" for n in random.integers(0, 2**60, 300)])
    targets = random.integers(0, 2, (300, 4))
    fold = deal_folds(targets[:, 0], np.arange(300), 5, 0)
    assert abs(((sigmoid_scores(grams, targets, fold, 0) > 0) == targets).mean() - 0.5) < 0.06


def test_pooled_probabilities_are_calibrated() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(-1, 2, (4_000, 5))
    targets = (random.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    found = pool_label_scores((logits * 0.5).astype(np.float32), [random.random(logits.shape)], targets, 0)
    for low in (0.05, 0.3, 0.6):
        part = (found.belief > low) & (found.belief < low + 0.2)
        assert targets[part].mean() == pytest.approx(found.belief[part].mean(), abs=0.03)
    assert found.noise_rate < 0.01


def test_the_share_of_random_labels_is_recovered() -> None:
    random = np.random.default_rng(0)
    truth = random.random((4_000, 5)) < 0.2
    scores = random.normal(size=truth.shape) + np.where(truth, 4, -4)
    noisy = random.random(truth.shape) < 0.1
    targets = np.where(noisy, random.random(truth.shape) < 0.2, truth)
    found = pool_label_scores(
        scores.astype(np.float32), [np.full(truth.shape, 0.5)], targets.astype(np.uint8), 0
    )
    assert found.noise_rate == pytest.approx(0.1, abs=0.015)
    assert found.wrong.sum() == pytest.approx((targets != truth).sum(), rel=0.1)


def test_folds_hold_groups_whole_and_copies_do_not_vote() -> None:
    """Pairs of equal texts with labels by chance: held out together, no model can know the label."""
    random = np.random.default_rng(0)
    words, labels = random.integers(0, 10**9, 60), random.integers(0, 2, 60)
    rows = [
        {"input": f"{words[n // 2]}", "labels": ["xy"[labels[n // 2]]], "label": "xy"[labels[n // 2]]}
        | {"group_id": f"pair-{n // 2}"}
        for n in range(120)
    ]
    accuracy = find_multilabel_noise(samples_of(rows), LabelNoiseSettings()).summary.accuracy
    assert accuracy is not None
    assert accuracy < 0.7


def test_the_stage_keeps_findings_and_predictions(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    ref = workspace.write_table(samples_of(corpus("en", 60)), "samples")
    refs = find_multilabel_noise_stage.fn(workspace, ref, LabelNoiseSettings(), 0)
    assert refs.predictions is not None
    assert workspace.read_table(refs.predictions)["row"].to_pylist() == list(range(60))


def test_a_label_needs_rows_with_and_without_it_in_each_fold() -> None:
    columns = {
        "labels": [["a"], ["a"], ["a", "b"], ["b"], None],
        "input": ["1", "2", "3", "4", "5"],
        "group_id": ["1", "2", "3", "4", "5"],
        "sample_id": ["1", "2", "3", "4", "5"],
    }
    sets, small = choose_sets(columns, 2)
    assert (sets.names, small) == (["b"], {"a": (3, 3)})
    assert sets.targets.tolist() == [[0], [0], [1], [1]]

"""Several people's labels: read wide and long, settled by vote, doubted by CROWDLAB."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_label_noise import corpus, samples_of

from tasks.errors import RecipeError
from tasks.ingest.builders.labels import vote
from tasks.ingest.builders.rows import build_rows
from tasks.ingest.contract import IngestSettings, Row, SourceFile, TableContent
from tasks.label_noise import describe_noise, find_label_noise
from tasks.label_noise.annotators import krippendorff_alpha, pool_votes
from tasks.recipe import Columns, FileFormat, LabelNoiseSettings, Source, load_recipe
from tasks.records import Task

PEOPLE = {"anna": 0.05, "ben": 0.2, "cid": 0.5}
"""Share of labels that each gets wrong."""


def read(
    columns: Columns,
    rows: list[dict[str, Any]],
    names: list[str] | None = None,
    multi_label: bool = False,
) -> tuple[list[dict[str, Any]], list[tuple[str, int | None]]]:
    """Samples that a table gives, and (check, line) of its problems."""
    source = Source(path="t.csv", columns=columns)
    settings = IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=(source,), multi_label=multi_label)
    file = SourceFile(
        uri="t.csv", name="t.csv", size=1, modified=None, digest="d", source=0, format=FileFormat.CSV
    )
    table = TableContent([Row(n + 2, fields) for n, fields in enumerate(rows)], names, [])
    samples, problems = build_rows(table, file, source, settings)
    return samples, [(problem.check, problem.line) for problem in problems]


def said(sample: dict[str, Any]) -> dict[str, str]:
    return {one["annotator"]: one["label"] for one in sample["annotations"]}


def test_a_column_for_each_person() -> None:
    rows = [
        {"text": "one", "anna": "x", "ben": "y", "cid": " y "},
        {"text": "two", "anna": "x", "ben": "", "cid": None},
        {"text": "three", "anna": 1, "ben": 2, "cid": 2, "label": "z"},
        {"text": "four", "anna": "", "ben": None},
    ]
    samples, problems = read(Columns(annotators=("anna", "ben", "cid")), rows)
    assert [s["label"] for s in samples] == ["y", "x", "z"]
    assert [s["target"] for s in samples] == ["y", "x", "z"]
    assert said(samples[0]) == {"anna": "x", "ben": "y", "cid": "y"}
    assert said(samples[1]) == {"anna": "x"}
    assert said(samples[2]) == {"anna": "1", "ben": "2", "cid": "2"}
    assert problems == [("missing_field", 5)]


def test_a_row_for_each_annotation() -> None:
    rows = [
        {"text": "one", "label": "x", "who": "anna"},
        {"text": "two", "label": "y", "who": "anna"},
        {"text": "one", "label": "y", "who": "ben"},
        {"text": "one", "label": "x", "who": "anna"},
        {"text": "one", "label": "y", "who": "cid"},
        {"text": "one", "label": "", "who": "dan"},
        {"text": "one", "label": "y", "who": None},
        {"text": "", "label": "y", "who": "ben"},
    ]
    samples, problems = read(Columns(annotator="who"), rows)
    assert [(s["input"], s["label"], s["line"]) for s in samples] == [("one", "y", 2), ("two", "y", 3)]
    assert said(samples[0]) == {"anna": "x", "ben": "y", "cid": "y"}
    assert problems == [("repeated_annotation", 5), *(("missing_field", line) for line in (7, 8, 9))]


def test_texts_with_ids_of_their_own_stay_apart() -> None:
    rows = [{"id": n, "text": "same", "label": "xy"[n], "annotator": "anna"} for n in (0, 1)]
    samples, problems = read(Columns(annotator="annotator"), rows)
    assert ([s["label"] for s in samples], problems) == (["x", "y"], [])


@pytest.mark.parametrize(
    ("labels", "settled"), [("xyy", "y"), ("yx", "y"), ("xy", "x"), ("xyzzy", "y"), ("x", "x")]
)
def test_of_a_tie_the_first_label_stands(labels: str, settled: str) -> None:
    assert vote([{"annotator": str(n), "label": label} for n, label in enumerate(labels)]) == settled


def test_a_table_without_the_annotators_is_refused_by_name() -> None:
    with pytest.raises(RecipeError, match="column 'ann' is missing; did you mean 'anna'"):
        read(Columns(annotators=("ann",)), [{"text": "t", "anna": "x"}], ["text", "anna"])
    samples, _ = read(Columns(annotators=("anna", "zoe")), [{"text": "t", "anna": "x"}], ["text", "anna"])
    assert said(samples[0]) == {"anna": "x"}, "a file may do without some of them"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "task: text-classification\nsources: [{path: a.csv, columns: {annotator: who, annotators: [a]}}]",
            r"annotator='who' .* and annotators=\['a'\] .* exclude each other",
        ),
        (
            "task: text-generation\nsources: [{path: a.csv, columns: {annotators: [a, b]}}]",
            "annotators go with task 'text-classification', but task='text-generation'",
        ),
        (
            "task: text-classification\nmulti_label: true\nsources: [{path: a.csv, columns: {annotator: who}}]",
            "multi_label and annotators",
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"name: x\n{text}\n")
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def annotated(size: int = 180, people: dict[str, float] = PEOPLE) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows with the labels of people who err at random, the majority's as their own; and the right labels."""
    random, rows = np.random.default_rng(0), corpus("en", size)
    truth = [row["label"] for row in rows]
    for row, label in zip(rows, truth, strict=True):
        others = sorted({"app", "card", "transfer"} - {label})
        row["annotations"] = [
            {"annotator": name, "label": str(random.choice(others)) if random.random() < wrong else label}
            for name, wrong in people.items()
        ]
        row["label"] = vote(row["annotations"])
    return rows, truth


def test_the_consensus_mends_what_the_majority_got_wrong() -> None:
    rows, truth = annotated()
    wrong = {n for n, row in enumerate(rows) if row["label"] != truth[n]}
    assert wrong
    result = find_label_noise(samples_of(rows), LabelNoiseSettings())
    queue = [f for f in result.findings.to_pylist() if f["check"] == "label_noise"]
    assert wrong <= {f["row"] for f in queue}
    mended = {f["row"]: json.loads(f["suggestion"])["label"] for f in queue if f["suggestion"]}
    assert all(mended[row] == truth[row] for row in wrong)
    first = queue[0]
    evidence = json.loads(first["evidence"])
    assert evidence["annotations"] == rows[first["row"]]["annotations"]
    assert evidence["likeliest"]["label"] == mended[first["row"]]
    assert f"{mended[first['row']]!r} {evidence['likeliest']['probability']:.2f}; votes: " in first["reason"]


def test_annotators_are_ranked_and_disagreement_is_told_row_by_row() -> None:
    rows, _ = annotated()
    result = find_label_noise(samples_of(rows), LabelNoiseSettings())
    crowd = result.summary.crowd
    assert crowd is not None
    assert [a.name for a in crowd.annotators] == ["cid", "ben", "anna"]
    for one in crowd.annotators:
        assert one.accuracy == pytest.approx(1 - PEOPLE[one.name], abs=0.08)
    split = {n for n, row in enumerate(rows) if len({a["label"] for a in row["annotations"]}) > 1}
    found = result.findings.to_pylist()
    queue = {f["row"] for f in found if f["check"] == "label_noise"}
    assert {f["row"] for f in found if f["check"] == "annotators_disagree"} == split - queue
    assert {f["severity"] for f in found if f["check"] == "annotators_disagree"} == {"info"}
    assert (crowd.samples, crowd.disagreed, crowd.flagged) == (180, len(split), len(queue))
    assert result.summary.flagged == 0, "cleanlab's rule for single labels has no say here"
    lines = describe_noise(result.summary)
    assert any(line.en.startswith("Labels right by annotator, the fewest first: cid ") for line in lines)
    assert any(f"{len(split)} of 180 samples have different labels" in line.en for line in lines)


def test_the_queue_is_capped_and_what_is_left_over_is_a_warning() -> None:
    rows, _ = annotated(people={"a": 0.5, "b": 0.5, "c": 0.5})
    result = find_label_noise(samples_of(rows), LabelNoiseSettings(max_flagged_share=0.05))
    found = result.findings.to_pylist()
    queue = [f for f in found if f["check"] == "label_noise"]
    assert len(queue) == 9
    left = [f for f in found if f["check"] == "annotators_disagree" and f["severity"] == "warning"]
    assert left
    assert min(f["score"] for f in left) >= max(f["score"] for f in queue)


def test_rows_by_one_person_are_judged_as_ever() -> None:
    rows, truth = annotated()
    other = {"app": "card", "card": "transfer", "transfer": "app"}
    for n in range(0, 90, 3):
        rows[n]["label"] = other[truth[n]] if n in (3, 42, 78) else truth[n]
        rows[n]["annotations"] = [{"annotator": "anna", "label": rows[n]["label"]}]
    result = find_label_noise(samples_of(rows), LabelNoiseSettings())
    alone = [f for f in result.findings.to_pylist() if f["row"] in range(0, 90, 3)]
    assert {f["row"] for f in alone} == {3, 42, 78}
    assert all("neighbours" in json.loads(f["evidence"]) for f in alone)
    assert result.summary.crowd is not None
    assert (result.summary.flagged, result.summary.crowd.samples) == (3, 150)


@pytest.mark.parametrize(
    "annotations",
    [
        [],
        [{"annotator": "anna", "label": "app"}],
        [{"annotator": "anna", "label": "unheard of"}, {"annotator": "ben", "label": "unheard of"}],
    ],
)
def test_too_little_to_compare_is_no_error(annotations: list[dict[str, str]]) -> None:
    rows = [row | {"annotations": annotations} for row in corpus("en", 60)]
    assert find_label_noise(samples_of(rows), LabelNoiseSettings()).summary.crowd is None


def test_alpha_is_that_of_krippendorffs_example() -> None:
    """Krippendorff 2011, section C: four observers, twelve units, nominal labels, gaps: .743."""
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    votes = np.array([[-1 if v is None else v for v in row] for row in table]).T
    assert krippendorff_alpha(votes) == pytest.approx(0.743, abs=0.001)
    assert krippendorff_alpha(np.zeros((5, 2), dtype=int)) is None


def test_probabilities_of_labels_are_calibrated() -> None:
    """Ten classes, five annotators of known accuracy, a model that is right in two of three cases."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 10, 5_000)
    scores = random.normal(size=(5_000, 10)) + 2.2 * np.eye(10)[truth]
    belief = np.exp(2.2 * scores)  # what follows from scores of that kind
    belief /= belief.sum(axis=1, keepdims=True)
    accuracy = np.array([0.9, 0.8, 0.7, 0.5, 0.3])
    wrong = random.random((5_000, 5)) > accuracy
    votes = (truth[:, None] + wrong * random.integers(1, 10, (5_000, 5))) % 10
    votes[random.random((5_000, 5)) < 0.4] = -1
    posterior, found = pool_votes(votes, belief)
    assert found == pytest.approx(accuracy, abs=0.03)
    best = posterior.argmax(axis=1)
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 0.95)):
        part = (posterior.max(axis=1) > low) & (posterior.max(axis=1) <= high)
        assert (best == truth)[part].mean() == pytest.approx(posterior.max(axis=1)[part].mean(), abs=0.06)

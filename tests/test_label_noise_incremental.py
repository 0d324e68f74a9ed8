"""Models of labels stand from run to run, and judge only what they did not see."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.label_noise import describe_noise, find, find_label_noise, find_label_noise_stage
from tasks.label_noise.incremental import NAME, Fit, load_fit, save_fit
from tasks.label_noise.summary import NoiseResult
from tasks.neighbours import Graph, build_graph, extend_graph
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table
from tasks.standing import number_copies
from tasks.storage import Workspace

SETTINGS = LabelNoiseSettings(refit_share=0.2)
LABELS = ("card", "transfer", "app")
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MANY", 100)


def sentence(random: np.random.Generator, label: str) -> str:
    """Six words of the label's twelve, and six of those that stand anywhere."""
    own = [f"{label}{number}" for number in random.choice(12, 6, replace=False)]
    return " ".join([*own, *(f"word{number}" for number in random.choice(40, 6, replace=False))])


def corpus(size: int = 400, seed: int = 0) -> list[Row]:
    random = np.random.default_rng(seed)
    labels = [LABELS[i % 3] for i in range(size)]
    return [
        {
            "input": sentence(random, label),
            "label": label,
            "sample_id": f"{seed}-{i}",
            "group_id": f"{seed}g{i}",
        }
        for i, label in enumerate(labels)
    ]


def table_of(rows: list[Row]) -> pa.Table:
    default = {"task": "text-classification", "role": "train", "uri": "t.csv", "language": "en"}
    return build_table([default | {"row": i, "line": i} | row for i, row in enumerate(rows)], SAMPLE)


def check(rows: list[Row], known: Fit | None = None, settings: LabelNoiseSettings = SETTINGS) -> NoiseResult:
    return find_label_noise(table_of(rows), settings, known=known)


def flagged(result: NoiseResult) -> set[str]:
    return {
        one["sample_id"]
        for one in result.findings.to_pylist()
        if one["check"] in ("label_noise", "ambiguous_label")
    }


def neighbours(result: NoiseResult) -> dict[str, list[str]]:
    """Sample -> texts that its finding shows as the nearest."""
    told = {one["sample_id"]: json.loads(one["evidence"]) for one in result.findings.to_pylist()}
    return {sample: [one["excerpt"] for one in evidence["neighbours"]] for sample, evidence in told.items()}


def wrong(label: str) -> str:
    return LABELS[(LABELS.index(label) + 1) % 3]


def test_what_is_old_is_judged_as_before_in_any_order() -> None:
    rows = corpus()
    rows[3]["label"] = wrong(rows[3]["label"])
    first = check(rows)
    assert first.summary.newcomers == 0
    assert "0-3" in flagged(first)
    again = check(rows, first.fit)
    assert again.fit is first.fit
    assert again.findings.equals(first.findings)
    turned = check(rows[::-1], first.fit)
    assert flagged(turned) == flagged(first)
    assert neighbours(turned) == neighbours(first)
    assert turned.predictions is not None
    assert first.predictions is not None
    assert turned.predictions["predicted"].to_pylist()[::-1] == first.predictions["predicted"].to_pylist()


def test_wrong_labels_of_new_rows_are_found_beside_those_of_old_ones() -> None:
    rows, more = corpus(), corpus(60, seed=1)
    for row in (*rows[:9], *more[:9]):
        row["label"] = wrong(row["label"])
    first = check(rows)
    both = check(rows + more, first.fit)
    assert both.summary.newcomers == 60
    for part in (0, 1):
        assert len({f"{part}-{i}" for i in range(9)} & flagged(both)) >= 8
    assert len(flagged(both)) <= 24
    assert "came after the models were fitted" in " ".join(told.en for told in describe_noise(both.summary))


def test_a_new_version_of_a_row_is_not_judged_by_a_model_that_learned_the_old_one_by_heart() -> None:
    """Sentences that mean nothing, with labels at random: only a model that saw them can know their labels."""
    random = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    rows = [
        {
            "input": " ".join("".join(random.choice(letters, 7)) for _ in range(5)),
            "label": LABELS[random.integers(3)],
            "sample_id": f"s{i}",
            "group_id": f"g{i}",
        }
        for i in range(400)
    ]
    first = check(rows)
    edited = [
        row | {"input": row["input"] + " x", "sample_id": f"e{row['sample_id']}", "group_id": f"e{i}"}
        for i, row in enumerate(rows[:36])
    ]
    again = check(edited + rows[36:], first.fit)
    assert again.summary.newcomers == 36
    assert again.predictions is not None
    known = [
        a == b["label"] for a, b in zip(again.predictions["predicted"].to_pylist()[:36], edited, strict=True)
    ]
    assert np.mean(known) < 0.7  # by chance .33; of a model fitted to them 1
    grouped = [one | {"group_id": f"g{i}"} for i, one in enumerate(edited)]
    beside = check(grouped + rows, first.fit)
    assert beside.predictions is not None
    known = [
        a == b["label"]
        for a, b in zip(beside.predictions["predicted"].to_pylist()[:36], grouped, strict=True)
    ]
    assert np.mean(known) < 0.7


def test_models_are_fitted_anew_after_enough_of_change() -> None:
    rows = corpus()
    fit = check(rows).fit
    assert fit is not None
    some, many = corpus(40, seed=1), corpus(41, seed=1)
    assert check(rows[40:] + some, fit).summary.newcomers == 40  # 40 gone and 40 come are a fifth of 400
    for anew in (check(rows[40:] + many, fit), check(rows + some, fit, LabelNoiseSettings(refit_share=0))):
        assert anew.summary.newcomers == 0
        assert anew.fit is not None
        assert str(anew.fit.models.fitted) != str(fit.models.fitted)
    assert check(rows, fit, LabelNoiseSettings(folds=4)).fit is not fit
    renamed = [row | {"label": row["label"] + "!"} for row in rows]
    assert check(renamed, fit).summary.newcomers == 0


def test_newcomers_add_up_over_runs_and_rows_that_return_are_known() -> None:
    rows, more = corpus(), corpus(60, seed=1)
    first = check(rows)
    second = check(rows[10:] + more[:30], first.fit)
    third = check(rows + more, second.fit)
    assert (second.summary.newcomers, third.summary.newcomers) == (30, 60)
    at_once = check(rows + more, first.fit)
    assert flagged(third) == flagged(at_once)


def test_neighbours_that_are_gone_are_not_shown() -> None:
    rows = corpus()
    rows[3]["label"] = wrong(rows[3]["label"])
    first = check(rows)
    nearest = neighbours(first)["0-3"]
    left = [row for row in rows if row["input"] not in nearest[:4]]
    again = check(left, first.fit)
    shown = neighbours(again)["0-3"]
    assert shown[0] == nearest[4]
    assert set(shown) <= {row["input"] for row in left} - {rows[3]["input"]}


def test_copies_of_a_row_are_known_one_by_one() -> None:
    assert number_copies(["a", "b", "a", "a"]).tolist() == [b"a:0", b"b:0", b"a:1", b"a:2"]
    rows = corpus()
    twice = [*rows, rows[0], rows[0]]
    first = check(twice)
    again = check([rows[0], *twice], first.fit)
    assert again.summary.newcomers == 1


def test_a_graph_that_grew_is_the_graph_of_all() -> None:
    vectors = np.random.default_rng(0).normal(size=(700, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = build_graph(vectors, 8)
    grown = extend_graph(build_graph(vectors[:300], 8), vectors)
    np.testing.assert_array_equal(grown.indices, whole.indices)
    np.testing.assert_allclose(grown.similarities, whole.similarities, rtol=1e-5)
    assert isinstance(grown, Graph)


def test_the_stage_keeps_the_fit_and_writes_models_only_with_a_new_one(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    rows, more = corpus(), corpus(60, seed=1)
    first, both = (workspace.write_table(table_of(r), "samples") for r in (rows, rows + more))
    assert find_label_noise_stage.fn(workspace, first, SETTINGS, 0).summary.newcomers == 0
    models = workspace.path("cache", f"{NAME}-models.npz")
    written = models.stat().st_mtime_ns
    again = find_label_noise_stage.fn(workspace, both, SETTINGS, 0)
    assert again.summary.newcomers == 60
    assert models.stat().st_mtime_ns == written
    kept = load_fit(workspace)
    assert kept is not None
    assert len(kept.rows.keys) == 460
    other = check(more + corpus(100, seed=2)).fit
    assert other is not None
    save_fit(workspace, other._replace(rows=kept.rows), None)
    assert load_fit(workspace) is None  # one file of another fit
    models.write_bytes(b"half")
    assert find_label_noise_stage.fn(workspace, both, SETTINGS, 0).summary.newcomers == 0

"""Drift: what moved is found, chance is not, groups count once, and the stated power is the power."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tasks.drift import DriftReport, describe_drift, find_drift, find_drift_stage
from tasks.errors import DataGateError
from tasks.recipe import DriftSettings
from tasks.records import SNAPSHOT_SAMPLE, Severity, build_table
from tasks.storage import Workspace
from tasks.two_samples import (
    adjust_holm,
    chi_squared,
    detectable_distance,
    detectable_index,
    stability_index,
)

SETTINGS = DriftSettings()
WORDS = ["parcel", "invoice", "filter", "refund", "manual", "window", "battery", "colour", "driver", "office"]
JAPANESE = "配送の状況を教えてください。"


def rows(count: int, seed: int, words: int = 12, **columns: Any) -> list[dict[str, Any]]:
    """Questions of about `words` words; no two snapshots share one unless they share a seed."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        text = " ".join(random.choice(WORDS, max(1, int(random.normal(words, 3)))))
        identity = f"{seed}-{number}"
        row = {"sample_id": identity, "group_id": identity, "input": text, "target": "yes", "language": "en"}
        made.append(row | {"label": "ab"[number % 2], "source": "mail", "split": "train"} | columns)
    return made


def compare(
    before: list[dict[str, Any]], now: list[dict[str, Any]], settings: DriftSettings = SETTINGS
) -> DriftReport:
    return find_drift(
        build_table(before, SNAPSHOT_SAMPLE), build_table(now, SNAPSHOT_SAMPLE), settings, "old"
    )


def drifted(report: DriftReport) -> set[str]:
    return {f.feature for f in report.features if f.severity is not Severity.INFO}


def test_chance_is_no_drift() -> None:
    report = compare(rows(600, 1), rows(700, 2))
    assert drifted(report) == set()
    assert str(report.sentence) == "no drift from the champion's data"
    assert {f.feature for f in report.features} == {"input length", "label", "character n-grams"}
    assert describe_drift(report) == ()


def test_false_alarms_are_as_rare_as_stated() -> None:
    everything = DriftSettings(moderate=1e-9, large=1)
    alarms = sum(bool(drifted(compare(rows(80, 2 * s), rows(80, 2 * s + 1), everything))) for s in range(20))
    assert alarms <= stats.binom.ppf(0.999, 20, SETTINGS.significance)


@pytest.mark.parametrize(
    ("changed", "features"),
    [
        ({"words": 24}, {"input length"}),
        ({"language": "ja", "input": JAPANESE}, {"language", "input length", "character n-grams"}),
        ({"label": "c"}, {"label"}),
        ({"source": "chat"}, {"source"}),
    ],
)
def test_what_moved_is_named(changed: dict[str, Any], features: set[str]) -> None:
    report = compare(rows(400, 1), rows(200, 2) + rows(200, 3, **changed))
    assert drifted(report) == features
    assert all(f.severity is Severity.WARNING for f in report.features if f.feature in features)
    report.require_stable()


def count_words(texts: Sequence[str]) -> np.ndarray:
    """A text's meaning is which words it holds."""
    counts = np.array([[text.split().count(word) for word in WORDS] for text in texts], dtype=np.float32)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


@pytest.mark.parametrize(("about", "found"), [(WORDS, False), (WORDS[:4], True)])
def test_meanings_are_compared_where_there_is_an_encoder(about: list[str], found: bool) -> None:
    random = np.random.default_rng(5)
    now = [row | {"input": " ".join(random.choice(about, 12))} for row in rows(600, 2)]
    tables = [build_table(part, SNAPSHOT_SAMPLE) for part in (rows(600, 1), now)]
    report = find_drift(*tables, SETTINGS, "old", count_words)
    assert ("meanings" in drifted(report)) is found
    meanings = next(f for f in report.features if f.feature == "meanings")
    assert meanings.sentence.say("ja").startswith("意味: ")
    assert meanings.psi > 0.25 if found else meanings.psi < 0.1
    assert "meanings" not in {f.feature for f in find_drift(*tables, SETTINGS).features}


def test_answers_are_compared_where_there_are_no_labels() -> None:
    report = compare(rows(300, 1, label=None), rows(300, 2, label=None, target="yes, by card or by invoice"))
    assert "target length" in drifted(report)


def test_the_sentence_says_how_much_and_what() -> None:
    [label] = [f for f in compare(rows(400, 1), rows(400, 2, label="a")).features if f.feature == "label"]
    assert "label: large drift, index" in label.sentence.en
    assert "b 50.0% to 0.0%" in label.sentence.en or "a 50.0% to 100.0%" in label.sentence.en
    assert {(s.name, s.before, s.now) for s in label.shares} == {("a", 0.5, 1.0), ("b", 0.5, 0.0)}
    assert f"{label.minimum_detectable:.3f}" in label.sentence.en


def test_large_drift_stops_the_line_where_the_recipe_says_so() -> None:
    stopping = DriftSettings(stop=True)
    report = compare(rows(400, 1), rows(400, 2, label="a"), stopping)
    with pytest.raises(DataGateError, match="label: large drift"):
        report.require_stable()
    compare(rows(400, 1), rows(400, 2), stopping).require_stable()


def test_a_large_index_that_chance_explains_does_not_stop_the_line() -> None:
    report = compare(rows(20, 1), rows(20, 2), DriftSettings(stop=True))
    assert max(f.psi for f in report.features) > 0.25
    assert drifted(report) == set()
    report.require_stable()


def test_rows_of_one_group_count_as_one() -> None:
    """Three documents of a hundred passages each are three items: too few to tell drift from chance."""
    documents = [row | {"group_id": str(n // 100)} for n, row in enumerate(rows(300, 2, words=15))]
    assert drifted(compare(rows(300, 1), documents)) == set()
    assert drifted(compare(rows(300, 1), rows(300, 2, words=15))) == {"input length"}


def test_gate_items_and_erased_rows_are_not_learned_from() -> None:
    gate = rows(300, 5, label="c", split="gate")
    erased = rows(300, 6, label="c", input="", target="")
    assert drifted(compare(rows(300, 1), rows(300, 2) + gate + erased)) == set()


def test_rows_in_both_are_counted() -> None:
    report = compare(rows(300, 1), rows(300, 1) + rows(60, 2))
    assert (report.rows_before, report.rows_now, report.rows_in_both) == (300, 360, 300)
    assert report.champion_snapshot == "old"


def test_a_snapshot_without_rows_is_told() -> None:
    assert compare([], rows(5, 1)).sentence.en == "one of the snapshots holds no rows"


def test_without_a_champion_there_is_nothing_to_compare(workspace: Workspace) -> None:
    ref = workspace.write_table(build_table(rows(5, 1), SNAPSHOT_SAMPLE), "samples")
    report = find_drift_stage.fn(workspace, ref, None, SETTINGS, None)
    assert str(report.sentence) == "no champion yet: nothing to compare with"


def test_the_stage_reads_the_champions_snapshot(workspace: Workspace) -> None:
    import pyarrow.parquet as pq

    with workspace.new_folder("snapshots", "abc") as folder:
        pq.write_table(build_table(rows(300, 1), SNAPSHOT_SAMPLE), folder / "samples.parquet")
    ref = workspace.write_table(build_table(rows(300, 2, label="a"), SNAPSHOT_SAMPLE), "samples")
    champion = workspace.folder_ref("snapshots", "abc")
    report = find_drift_stage.fn(workspace, ref, champion, SETTINGS, None)
    assert (report.champion_snapshot, drifted(report)) == ("abc", {"label"})
    with pytest.raises(DataGateError, match="snapshot abc"):
        find_drift_stage.fn(workspace, ref, champion, DriftSettings(stop=True), None)


def test_stability_index_by_hand() -> None:
    expected = 0.25 * np.log(0.75 / 0.5) + -0.25 * np.log(0.25 / 0.5)
    assert stability_index(np.array([5e6, 5e6]), np.array([7.5e6, 2.5e6])) == pytest.approx(
        expected, abs=1e-5
    )
    assert stability_index(np.array([9, 0]), np.array([0, 9])) < 10, (
        "a new category is far, not infinitely far"
    )


def test_holm_by_hand() -> None:
    assert adjust_holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(("part", "low", "high"), [(1.0, 0.8, 1.0), (0.5, 0.0, 0.5)])
def test_the_stated_distance_is_found_with_the_stated_power(part: float, low: float, high: float) -> None:
    size, level = 400, 0.01
    distance = part * detectable_distance(level, 0.8, (size, size))
    random = np.random.default_rng(0)
    found = []
    for _ in range(200):  # of the second sample, `distance` less lies below the first one's median
        below = random.random(size) < 0.5 - distance
        second = np.where(below, 0.0, 0.5) + 0.5 * random.random(size)
        found.append(stats.ks_2samp(random.random(size), second, method="asymp").pvalue < level)
    assert low <= np.mean(found) <= high


def test_the_stated_index_is_found_with_the_stated_power() -> None:
    sizes, level, power = (500, 300), 0.01, 0.8
    index = detectable_index(level, power, 4, sizes)
    before = np.array([0.4, 0.3, 0.2, 0.1])
    direction = np.array([-1, 1, -1, 1.0])
    shift = next(
        s for s in np.linspace(0.001, 0.09, 1000)
        if ((direction * s) * np.log((before + direction * s) / before)).sum() >= index
    )  # fmt: skip
    random = np.random.default_rng(0)
    drawn = [
        (random.multinomial(sizes[0], before), random.multinomial(sizes[1], before + direction * shift))
        for _ in range(400)
    ]
    found = [stats.chi2.sf(*chi_squared(np.array(pair, dtype=float), sizes)) < level for pair in drawn]
    assert np.mean(found) == pytest.approx(power, abs=0.07)


def test_rare_categories_are_pooled() -> None:
    counts = np.array([[50.0, 50.0, 1, 1, 1], [50.0, 50.0, 0, 0, 2]])
    _, freedom = chi_squared(counts, (103, 102))
    assert freedom == 2
    assert chi_squared(np.array([[3.0, 0.0], [0.0, 3.0]]), (3, 3)) == (0.0, 1)


def test_reports_survive_the_cache() -> None:
    report = compare(rows(100, 1), rows(100, 2, label="a"))
    assert DriftReport.model_validate_json(report.model_dump_json()) == report

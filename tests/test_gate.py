"""The gates are tested as a measuring instrument: how often do they err when the truth is known?"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.errors import SeimaiError
from tasks.gate.gates import Verdict, forgetting, non_inferiority, superiority, verdict
from tasks.gate.intervals import estimate_mean, items_needed
from tasks.gate.paired import Metric, Pairs, read_pairs
from tasks.recipe import GateSettings
from tasks.records import SCORE, Outcome, build_table

SETTINGS = GateSettings()
PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
RUNS = 2000
"""Simulated evaluations: a rate of .05 is then known to ±.01 (two standard errors)."""


def make_scores(
    models: dict[str, Any],
    suite: str = "gate",
    metric: str = "accuracy",
    languages: Sequence[str] = ("en",),
    cluster_size: int = 1,
) -> pa.Table:
    rows = [
        {
            "item": f"{suite}-{i:05}",
            "suite": suite,
            "model": model,
            "metric": metric,
            "value": float(value),
            "tokens": 1 if metric == "accuracy" else 50 + i % 7,
            "language": languages[i % len(languages)],
            "cluster": f"source-{i // cluster_size}",
        }
        for model, values in models.items()
        for i, value in enumerate(values)
    ]
    return build_table(rows, SCORE)


def general_text(ratio: float = 1.0, items: int = 40) -> pa.Table:
    base = 2.5 + 0.3 * np.sin(np.arange(items))
    wobble = 1 + 0.01 * np.cos(np.arange(items))
    return make_scores({"base": base, "candidate": base * ratio * wobble}, "forgetting", "loss")


def judged(models: dict[str, Any], general: pa.Table | None = None, **options: Any) -> Verdict:
    table = make_scores(models, **options)
    return verdict(pa.concat_tables([table, general or general_text()]), SETTINGS, "accuracy")


def answer(result: Verdict, name: str) -> Outcome:
    return next(gate.outcome for gate in result.gates if gate.name == name)


def right(share: float, items: int = 400) -> np.ndarray:
    """0/1 scores of which `share` are 1, spread evenly."""
    return (np.arange(items) * 0.6180339887 % 1 < share).astype(float)


def make_pairs(reference: np.ndarray, candidate: np.ndarray, cluster: np.ndarray | None = None) -> Pairs:
    n = len(reference)
    return Pairs(
        metric=Metric.ACCURACY,
        items=tuple(map(str, range(n))),
        reference=reference,
        candidate=candidate,
        tokens=np.ones(n),
        cluster=np.arange(n) if cluster is None else cluster,
        language=np.full(n, "en"),
        identical=False,
    )


def pass_rate(draw: Callable[[np.random.Generator], Pairs], gate: Callable[..., Any]) -> float:
    random = np.random.default_rng(20240)
    answers = [gate(draw(random), SETTINGS).outcome for _ in range(RUNS)]
    return answers.count(PASS) / RUNS


def independent(gain: float, items: int, discordant: float = 0.1) -> Callable[[np.random.Generator], Pairs]:
    """A 70 % base and a candidate whose true gain is `gain`; the two differ on a share of items."""

    def draw(random: np.random.Generator) -> Pairs:
        chances = [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant]
        difference = random.choice([1.0, -1.0, 0.0], size=items, p=chances)
        base = np.where(difference == 0, random.random(items) < 0.7, difference < 0).astype(float)
        return make_pairs(base, base + difference)

    return draw


def clustered(gain: float, sizes: np.ndarray) -> Callable[[np.random.Generator], Pairs]:
    """Items of a cluster share a leaning of the candidate: strongly dependent differences."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)

    def draw(random: np.random.Generator) -> Pairs:
        leaning = random.choice([-0.3, 0.3], size=len(sizes))[cluster]
        draw_one = random.random(len(cluster))
        up = 0.2 + gain / 2 + leaning / 2
        down = 0.2 - gain / 2 - leaning / 2
        difference = np.where(draw_one < up, 1.0, np.where(draw_one > 1 - down, -1.0, 0.0))
        base = np.where(difference == 0, 1.0, difference < 0).astype(float)
        return make_pairs(base, base + difference, cluster)

    return draw


EVEN = np.full(30, 10)
UNEVEN = np.array([60] + [5] * 40)


@pytest.mark.parametrize(
    ("draw", "gate"),
    [
        (independent(0.0, 150), superiority),
        (independent(-0.02, 500), non_inferiority),
        (clustered(0.0, EVEN), superiority),
        (clustered(-0.02, EVEN), non_inferiority),
    ],
)
def test_a_candidate_on_the_threshold_passes_as_seldom_as_declared(draw: Any, gate: Any) -> None:
    assert 0.025 < pass_rate(draw, gate) < 0.065


def test_few_differing_items_do_not_raise_the_error_rate() -> None:
    for items in (30, 60, 150):
        assert pass_rate(independent(-0.02, items, discordant=0.03), non_inferiority) < 0.055


def test_one_overweight_source_raises_the_error_rate_but_little() -> None:
    assert pass_rate(clustered(0.0, UNEVEN), superiority) < 0.08


def test_ignoring_clusters_would_pass_far_too_often() -> None:
    def unclustered(random: np.random.Generator) -> Pairs:
        pairs = clustered(0.0, EVEN)(random)
        return make_pairs(pairs.reference, pairs.candidate)

    assert pass_rate(unclustered, superiority) > 0.12


def test_planned_items_give_the_declared_power() -> None:
    needed = items_needed(SETTINGS.champion_margin, SETTINGS.confidence, SETTINGS.power)
    assert needed == 1546  # RESEARCH.md: a 2-point margin, 10 % discordant items, 80 % power
    assert pass_rate(independent(0.0, needed), non_inferiority) == pytest.approx(0.8, abs=0.03)
    gain = items_needed(0.05, SETTINGS.confidence, SETTINGS.power, variance=0.1 - 0.05**2)
    assert pass_rate(independent(0.05, gain), superiority) == pytest.approx(0.8, abs=0.03)


def test_an_undecided_gate_states_items_that_then_decide_it() -> None:
    base, candidate = np.zeros(60), np.zeros(60)
    base[:4], candidate[4:12] = 1, 1
    gate = superiority(make_pairs(base, candidate), SETTINGS)
    assert gate.outcome is INCONCLUSIVE
    assert gate.estimate == pytest.approx(4 / 60)
    assert gate.items_needed is not None
    variance = 60 * ((gate.upper - gate.lower) / 2 / 1.670) ** 2  # 1.670: t(61) at .95
    assert gate.items_needed == pytest.approx(6.1826 * variance / gate.estimate**2, rel=0.01)
    assert f"about {gate.items_needed:,} items would decide" in gate.reason.en
    gain = independent(gate.estimate, gate.items_needed, discordant=0.2)
    assert pass_rate(gain, superiority) == pytest.approx(SETTINGS.power, abs=0.05)


def test_an_equal_mean_can_never_be_planned_for() -> None:
    with pytest.raises(ValueError, match="distance=0"):
        items_needed(0.0, 0.95, 0.8)


def test_the_clustered_error_is_the_published_one() -> None:
    values = np.array([1.0, 1, 0, 0, 1, 0, 1, 1])
    cluster = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    within = [(1 - 0.625) * 2, -0.625 * 2, (1 - 0.625) + -0.625, (1 - 0.625) * 2]
    published = math.sqrt(sum(total**2 for total in within)) / 8  # Miller 2024
    estimate = estimate_mean(values, cluster, 0.95)
    assert estimate.standard_error == pytest.approx(published * math.sqrt(4 / 3))
    assert (estimate.items, estimate.clusters, estimate.effective_clusters) == (8, 4, 4.0)


def test_a_clearly_better_candidate_passes_every_gate() -> None:
    result = judged({"base": right(0.5), "champion": right(0.6), "candidate": right(0.8)})
    assert result.outcome is PASS
    assert [gate.name for gate in result.gates] == ["superiority", "forgetting", "non_inferiority"]
    assert result.sentence.en == "All 3 gates passed."
    base, champion = result.comparisons
    assert (base.reference, champion.reference) == ("base", "champion")
    assert base.difference.value == pytest.approx(0.3, abs=0.01)
    assert base.candidate_mean.lower < 0.8 < base.candidate_mean.upper


def test_the_base_never_beats_itself() -> None:
    base = right(0.7)
    general = general_text()
    same = general.set_column(
        general.schema.get_field_index("value"), "value", pa.array(general["value"].to_pylist()[:40] * 2)
    )
    result = judged({"base": base, "champion": base, "candidate": base}, same)
    assert result.outcome is FAIL
    assert answer(result, "superiority") is FAIL
    assert answer(result, "non_inferiority") is PASS
    assert answer(result, "forgetting") is PASS
    gate = result.gates[0]
    assert (gate.estimate, gate.lower, gate.upper) == (0.0, 0.0, 0.0)


def test_equal_answers_of_different_models_are_not_taken_for_proof() -> None:
    """60 items, all answered alike, leave room for a true loss of 5 points (rule of three): not below 2."""
    base = right(0.7, 60)
    result = judged({"base": right(0.2, 60), "champion": base, "candidate": base}, general_text(1.02))
    assert answer(result, "non_inferiority") is PASS  # the champion was scored on nothing else: all is equal
    also_scored = make_scores({"champion": np.full(40, 2.5)}, "forgetting", "loss")
    result = judged(
        {"base": right(0.2, 60), "champion": base, "candidate": base},
        pa.concat_tables([general_text(1.02), also_scored]),
    )
    assert answer(result, "non_inferiority") is INCONCLUSIVE


@pytest.mark.parametrize("items", [40, 400])
def test_a_candidate_that_guesses_never_passes(items: int) -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        guess = (random.random(items) < 0.25).astype(float)
        outcome = judged({"base": right(0.5, items), "candidate": guess}).outcome
        assert outcome is not PASS
        assert items < 400 or outcome is FAIL


def test_a_candidate_worse_than_the_champion_fails_although_it_beats_the_base() -> None:
    result = judged({"base": right(0.3), "champion": right(0.9), "candidate": right(0.6)})
    assert (answer(result, "superiority"), answer(result, "non_inferiority")) == (PASS, FAIL)
    assert result.sentence.en == "1 of 3 gates failed: non-inferiority."


@pytest.mark.parametrize(("ratio", "expected"), [(1.02, PASS), (1.1, INCONCLUSIVE), (1.3, FAIL)])
def test_forgetting_is_judged_by_the_ratio_of_losses(ratio: float, expected: Outcome) -> None:
    result = judged({"base": right(0.5), "candidate": right(0.8)}, general_text(ratio))
    assert answer(result, "forgetting") is expected
    assert result.outcome is expected


def test_forgetting_weights_texts_by_their_tokens() -> None:
    table = make_scores({"base": [1.0] * 20, "candidate": [1.0] * 19 + [2.0]}, "forgetting", "loss")
    tokens = pa.array([1] * 19 + [81] + [1] * 19 + [81], pa.int64())
    table = table.set_column(table.schema.get_field_index("tokens"), "tokens", tokens)
    gate = forgetting(read_pairs(table, "forgetting", Metric.LOSS, "base"), SETTINGS)
    assert gate.estimate == pytest.approx(1.81)
    assert gate.outcome is INCONCLUSIVE  # one text carries nearly all the weight
    assert "worth 1.5 independent ones" in gate.reason.en


def test_lower_loss_is_a_gain() -> None:
    wobble = 0.1 * np.sin(np.arange(100))
    scores = {"base": 2.0 + wobble, "champion": 1.5 - wobble, "candidate": np.full(100, 1.4)}
    table = pa.concat_tables([make_scores(scores, metric="loss"), general_text()])
    result = verdict(table, SETTINGS, "loss")
    assert result.outcome is PASS
    assert result.gates[0].estimate == pytest.approx(0.6, abs=0.01)
    difference = result.comparisons[0].difference
    assert difference.lower < difference.value < difference.upper < 0


@pytest.mark.parametrize(("items", "cluster_size"), [(8, 1), (200, 40), (200, 200)])
def test_few_sources_never_pass_however_clear_the_gain(items: int, cluster_size: int) -> None:
    models = {"base": np.zeros(items), "candidate": np.ones(items)}
    result = judged(models, cluster_size=cluster_size)
    gate = result.gates[0]
    assert gate.outcome is INCONCLUSIVE
    assert gate.reason.en.startswith("Too few to judge whether the candidate beats the base")
    assert gate.items_needed == 10 * cluster_size


def test_a_language_that_suffers_fails_although_the_mean_gains() -> None:
    base, candidate = np.tile([0.0, 1.0], 200), np.tile([1.0, 0.5], 200)
    candidate[3::4] = 0.0
    candidate[1::4] = 1.0
    result = judged({"base": base, "candidate": candidate}, languages=("en", "ja"))
    assert (answer(result, "superiority"), answer(result, "worst_slice")) == (PASS, FAIL)
    assert "'ja'" in result.gates[-1].reason.en
    assert [comparison.language for comparison in result.by_language] == ["en", "ja"]


def test_a_language_with_few_sources_is_shown_but_not_judged() -> None:
    languages = ["en"] * 40 + ["ja"]
    result = judged({"base": right(0.5), "candidate": right(0.8)}, languages=languages)
    assert "'en'" in result.gates[-1].reason.en
    assert [comparison.items for comparison in result.by_language] == [391, 9]


def scores_with(change: dict[str, object], row: int = 0) -> pa.Table:
    rows = make_scores({"base": [1.0] * 20, "candidate": [1.0] * 20}).to_pylist()
    rows[row] |= change
    return build_table(rows, SCORE)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (scores_with({"value": math.nan}), "of base: item 'gate-00000' has the value nan"),
        (scores_with({"value": None}), "has the value None"),
        (scores_with({"value": 0.5}), "has the value 0.5, not 0 or 1"),
        (scores_with({"item": "gate-00001"}), "item 'gate-00001' was scored twice"),
        (scores_with({"item": "other"}), r"candidate lacks 1 item\(s\): other"),
        (scores_with({"item": "other"}, row=-1), r"candidate lacks 1 item\(s\): gate-00019"),
        (scores_with({"suite": "else"}, row=-1), r"candidate lacks 1 item\(s\): gate-00019"),
        (make_scores({"base": [1.0]}), r"gate scores \(accuracy\) of candidate: there are none"),
    ],
)
def test_unusable_scores_are_refused_by_name(scores: pa.Table, message: str) -> None:
    with pytest.raises(SeimaiError, match=message):
        verdict(scores, SETTINGS, "accuracy")


def test_losses_over_different_tokens_are_not_compared() -> None:
    table = make_scores({"base": [1.0] * 20, "candidate": [1.0] * 20}, "forgetting", "loss")
    tokens = pa.array([9] * 20 + [9] * 19 + [8], pa.int64())
    table = table.set_column(table.schema.get_field_index("tokens"), "tokens", tokens)
    with pytest.raises(SeimaiError, match="different tokens in forgetting-00019"):
        read_pairs(table, "forgetting", Metric.LOSS, "base")


def test_a_verdict_survives_json() -> None:
    result = judged({"base": np.zeros(20), "candidate": np.ones(20)}, cluster_size=20)
    assert Verdict.model_validate_json(result.model_dump_json()) == result

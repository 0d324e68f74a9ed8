"""What reviewing tells of all rows: the intervals hold the truth, whatever the seed, and say nothing too early."""

from typing import Any

import numpy as np
import pytest
from conftest import make_samples

from benchmarks.review_recall import review
from review.estimates import bound_count, estimate_queues, estimate_recipe
from tasks.judge import judge
from tasks.ledger.moves import State
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, Action, build_table
from tasks.review_counts import count_settled
from tasks.review_queue import build_queue

FLAGGED, FACTS = 120, {"unflagged": 480}
SAMPLES = make_samples([(f"ticket number {i}", "a") for i in range(600)])
NAMES = SAMPLES["sample_id"].to_pylist()
# the likelier a flag is right, the earlier its item: 90 of 120 flags are right, and 24 faults were missed
FAULTY = {NAMES[i] for i in (*range(60), *range(60, 120, 2), *range(120, 600, 20))}
FINDINGS = build_table(
    [
        {
            "row": i,
            "sample_id": NAMES[i],
            "stage": "label_noise",
            "check": "label_noise",
            "severity": "warning",
            "score": i / FLAGGED,
            "threshold": 1.0,
            "reason": "so it seems",
            "evidence": "{}",
        }
        for i in range(FLAGGED)
    ],
    FINDING,
)
SETTLED = judge(SAMPLES, FINDINGS, {}, {}).dispositions


def rows_of(**counts: int) -> list[dict[str, Any]]:
    """`flagged_drop=3`: three flagged items that were dropped; `random_open=2`: two random ones not decided."""
    rows = []
    for name, items in counts.items():
        origin, said = name.split("_")
        action = None if said == "open" else Action(said)
        state = State.OPEN if action is None else State.DECIDED
        rows.append(
            {
                "flagged": origin == "flagged",
                "drawn": origin == "random",
                "state": state,
                "action": action,
                "check": "label_noise",
                "items": items,
            }
        )
    return rows


@pytest.mark.parametrize("share", [0.05, 0.2])
@pytest.mark.parametrize("stage", [0.5, 1.0])
def test_the_intervals_hold_the_truth_in_93_of_100_queues(share: float, stage: float) -> None:
    held = {"recall": 0, "residual": 0, "left": 0, "precision": 0}
    for seed in range(100):
        items, facts = build_queue(SAMPLES, SETTLED, FINDINGS, ReviewSettings(random_share=share), seed)
        rows, seen = review(items, FAULTY, stage)
        estimate = estimate_recipe(rows, facts)
        truth = {"recall": 90 / 114, "residual": 24 / 480, "left": 114 - seen, "precision": 90 / 120}
        for name, value in truth.items():
            interval = getattr(estimate, name)
            held[name] += interval is not None and interval.low - 1e-9 <= value <= interval.high + 1e-9
    assert min(held.values()) >= 93, held


def test_each_queue_tells_of_its_own_errors() -> None:
    blind = {"flagged": True, "drawn": True, "state": State.DECIDED, "items": 10}
    waiting = {"flagged": True, "drawn": False, "state": State.OPEN, "action": None, "items": 90}
    rows = [
        blind | {"check": "label_noise", "action": Action.DROP},
        waiting | {"check": "label_noise"},
        waiting | {"check": "too_long"},
    ]
    earlier = [{k: v for k, v in blind.items() if k != "state"} | {"check": "stale", "action": Action.KEEP}]
    left = estimate_queues(rows, FACTS | {"earlier": earlier})
    assert left["label_noise"] is not None
    assert left["label_noise"].point == left["label_noise"].high == 90
    assert 55 < left["label_noise"].low < 80
    assert left["too_long"] is None
    assert left["stale"] is not None
    assert left["stale"].high == 0


def test_nothing_is_said_before_anything_was_decided() -> None:
    estimate = estimate_recipe(rows_of(flagged_open=10, random_open=3), FACTS)
    assert (estimate.flagged, estimate.unflagged) == (10, 480)
    assert [estimate.precision, estimate.residual, estimate.left, estimate.recall] == [None] * 4
    only_flagged = estimate_recipe(rows_of(flagged_drop=10, random_open=3), FACTS)
    assert only_flagged.precision is not None
    assert only_flagged.recall is None  # what the checks miss, nobody has looked for yet


def test_the_worst_of_a_queue_do_not_stand_for_it() -> None:
    """Twenty of 360 in the order of the queue, all at fault: of the others nothing is known."""
    estimate = estimate_recipe(rows_of(flagged_drop=20, flagged_open=340, random_keep=3), FACTS)
    assert (estimate.precision, estimate.left, estimate.recall) == (None, None, None)
    assert estimate.residual is not None


def test_what_was_decided_counts_after_the_next_runs() -> None:
    """A third of each queue is decided, three runs long; the intervals of the last hold the truth."""
    held = {"recall": 0, "residual": 0, "left": 0, "precision": 0}
    narrower = 0
    for seed in range(50):
        decisions: dict[str, Any] = {}
        widths = []
        for _ in range(3):
            judgement = judge(SAMPLES, FINDINGS, {}, decisions)
            earlier = count_settled(SAMPLES, judgement.dispositions, FINDINGS, decisions, "intents", {})
            settings = ReviewSettings(random_share=0.2)
            items, facts = build_queue(
                SAMPLES, judgement.dispositions, FINDINGS, settings, seed, earlier=earlier
            )
            rows, _ = review(items, FAULTY, 1 / 3)
            estimate = estimate_recipe(rows, facts)
            assert estimate.recall is not None
            widths.append(estimate.recall.high - estimate.recall.low)
            decisions |= {item["sample_id"]: decided(item) for item in first_part(items, 1 / 3)}
        seen = sum(name in FAULTY for name in decisions)
        truth = {"recall": 90 / 114, "residual": 24 / 480, "left": 114 - seen, "precision": 90 / 120}
        narrower += widths[-1] < widths[0]
        for name, value in truth.items():
            interval = getattr(estimate, name)
            held[name] += interval is not None and interval.low - 1e-9 <= value <= interval.high + 1e-9
    assert min(held.values()) >= 46, held
    assert narrower == 50


def first_part(items: Any, stage: float) -> list[dict[str, Any]]:
    ordered = sorted(items, key=lambda item: (item["value"], item["sample_id"]), reverse=True)
    return ordered[: -int(-stage * len(ordered) // 1)]


def decided(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": Action.DROP if item["sample_id"] in FAULTY else Action.KEEP,
        "payload": {},
        "reason": "",
        "actor": "aki",
        "decision_id": item["sample_id"],
        "recipe": "intents",
        "check": item["check"],
        "evidence": {"blind": item["blind"], "random": item["origin"] == "random"},
    }


def test_what_was_found_since_counts_among_the_flagged_but_not_as_drawn_from_them() -> None:
    decisions = {
        name: decided({"sample_id": name, "check": "", "blind": True, "origin": origin})
        for name, origin in ((NAMES[0], "random"), (NAMES[500], "flagged"), (NAMES[501], "random"))
    }
    settled = judge(SAMPLES, FINDINGS, {}, decisions).dispositions
    counted = count_settled(SAMPLES, settled, FINDINGS, decisions, "intents", {})
    assert [(row["flagged"], row["drawn"], row["items"]) for row in counted] == [
        (False, False, 1),
        (False, True, 1),
        (True, False, 1),
    ]
    assert count_settled(SAMPLES, settled, FINDINGS, decisions, "other", {}) == []


def test_once_all_is_decided_nothing_is_uncertain() -> None:
    rows = rows_of(flagged_drop=30, flagged_keep=10, random_drop=6, random_keep=54)
    estimate = estimate_recipe(rows, {"unflagged": 60})
    for interval, value in (
        (estimate.precision, 0.75),
        (estimate.residual, 0.1),
        (estimate.left, 0),
        (estimate.recall, 30 / 36),
    ):
        assert interval is not None
        assert (interval.low, interval.point, interval.high) == pytest.approx((value,) * 3)


def test_without_faults_nothing_was_missed_so_far() -> None:
    estimate = estimate_recipe(rows_of(flagged_keep=40, random_keep=20), FACTS)
    assert estimate.precision is not None
    assert estimate.precision.high == 0
    assert estimate.residual is not None
    assert estimate.residual.low == 0 < estimate.residual.high < 0.2
    assert estimate.recall is not None
    assert (estimate.recall.low, estimate.recall.high) == (0, 1)


def test_with_faults_alone_recall_is_the_share_that_was_flagged() -> None:
    estimate = estimate_recipe(rows_of(flagged_drop=40, random_drop=20), FACTS)
    assert estimate.residual is not None
    assert estimate.residual.high == 1
    assert estimate.residual.low > 0.8
    assert estimate.recall is not None
    assert estimate.recall.point == pytest.approx(40 / 520)
    assert estimate.recall.low == pytest.approx(40 / 520)


def test_no_flag_at_all() -> None:
    estimate = estimate_recipe(rows_of(random_drop=1, random_keep=19), {"unflagged": 100})
    assert estimate.precision is None
    assert estimate.recall is not None
    assert estimate.recall.high == 0


def test_the_bounds_are_exact() -> None:
    """Whatever the truth, the chance that the bounds miss it is at most 5 %, over every sample that can be drawn."""
    from scipy.stats import hypergeom

    bounds = [bound_count(60, 12, failed, 0.05) for failed in range(13)]
    for truth in range(61):
        drawn = hypergeom.pmf(np.arange(13), 60, truth, 12)
        missed = sum(drawn[failed] for failed, (low, high) in enumerate(bounds) if not low <= truth <= high)
        assert missed <= 0.05 + 1e-12, truth

"""What the decisions so far say of all rows: how many errors are left, and how many the witnesses find.

Two random samples make that possible: the items drawn from what nothing was said of, and the blind ones among the
flagged. Proportions have Beta posteriors with Jeffreys' prior (Brown, Cai and DasGupta 2001, "Interval Estimation for
a Binomial Proportion"), whose intervals reach 0 and 1 where none and all were at fault; what depends on several is
drawn from them jointly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.ledger.moves import State
from tasks.records import Action

DRAWS = 4_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    point: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """Of one recipe's newest snapshot; rates are shares (0-1)."""

    flagged: int
    flagged_decided: int
    flagged_wrong: int
    random_decided: int
    random_wrong: int
    unflagged: int
    precision: Interval | None
    """Share of the flagged at which something is wrong; None before any was decided."""
    residual: Interval | None
    """Share of the unflagged at which something is wrong; None before any random one was decided."""
    left: Interval | None
    """Samples at fault that nobody has looked at: open flagged ones and unflagged ones."""
    recall: Interval | None
    """Share of the samples at fault that the witnesses flagged."""


def estimate_recipe(rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> Estimate:
    """Args:
    rows: of `Desk.looked_at`.
    facts: of `Desk.facts`: unflagged (distinct samples that nothing was said of).
    """
    flagged = {"all": 0, "decided": 0, "wrong": 0, "blind": 0, "blind_wrong": 0}
    random = {"decided": 0, "wrong": 0}
    for row in rows:
        decided = row["state"] == State.DECIDED
        wrong = decided and is_wrong(row["action"])
        if row["origin"] == "random":
            random["decided"] += decided
            random["wrong"] += wrong
            continue
        flagged["all"] += 1
        flagged["decided"] += decided
        flagged["wrong"] += wrong
        flagged["blind"] += decided and row["blind"]
        flagged["blind_wrong"] += wrong and row["blind"]
    return _estimate(flagged, random, int(facts["unflagged"]))


def is_wrong(action: str | None) -> bool:
    """Whether a decision says that something was wrong with the sample as it was."""
    return action in (Action.DROP, Action.RELABEL, Action.EDIT, Action.SPANS, Action.MERGE)


def _estimate(flagged: Mapping[str, int], random: Mapping[str, int], unflagged: int) -> Estimate:
    generator = np.random.default_rng(0)
    open_flagged = flagged["all"] - flagged["decided"]
    # blind items are a random sample of the flagged; without any, the decided ones have to serve
    tried, failed = (
        (flagged["blind"], flagged["blind_wrong"])
        if flagged["blind"]
        else (flagged["decided"], flagged["wrong"])
    )
    precision = _draw(generator, failed, tried)
    residual = _draw(generator, random["wrong"], random["decided"])
    hits = None if open_flagged and not tried else flagged["wrong"] + precision * open_flagged
    unseen = unflagged - random["decided"]
    misses = random["wrong"] + residual * unseen
    known = bool(random["decided"]) and hits is not None
    return Estimate(
        flagged=flagged["all"],
        flagged_decided=flagged["decided"],
        flagged_wrong=flagged["wrong"],
        random_decided=random["decided"],
        random_wrong=random["wrong"],
        unflagged=unflagged,
        precision=_interval(precision, failed / tried) if tried else None,
        residual=_interval(residual, random["wrong"] / random["decided"]) if random["decided"] else None,
        left=_interval(
            precision * open_flagged + residual * unseen,
            (failed / tried if tried else 0) * open_flagged + random["wrong"] / random["decided"] * unseen,
        )
        if known
        else None,
        recall=_interval(
            _ratio(hits, misses), _point_recall(flagged, random, unseen, open_flagged, failed, tried)
        )
        if known
        else None,
    )


def _draw(generator: np.random.Generator, wrong: int, count: int) -> np.ndarray:
    """(DRAWS,) shares from the posterior; the ends are exact where none or all were wrong."""
    drawn = generator.beta(wrong + 0.5, count - wrong + 0.5, DRAWS)
    tail = max(1, int(DRAWS * (1 - CONFIDENCE) / 2) + 1)
    if count and wrong == 0:
        drawn[np.argsort(drawn)[:tail]] = 0.0
    if count and wrong == count:
        drawn[np.argsort(drawn)[-tail:]] = 1.0
    return drawn


def _ratio(hits: np.ndarray | int | None, misses: np.ndarray) -> np.ndarray:
    found = np.asarray(hits, dtype=float)
    total = found + misses
    return np.where(total > 0, found / np.maximum(total, 1e-12), 1.0)


def _point_recall(
    flagged: Mapping[str, int],
    random: Mapping[str, int],
    unseen: int,
    open_flagged: int,
    failed: int,
    tried: int,
) -> float:
    hits = flagged["wrong"] + (failed / tried if tried else 0.0) * open_flagged
    misses = random["wrong"] + (random["wrong"] / random["decided"]) * unseen
    return hits / (hits + misses) if hits + misses else 1.0


def _interval(drawn: np.ndarray, point: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(point), float(min(low, point)), float(max(high, point)))

"""How far reviewers agree where two decided without knowing of each other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from review.estimates import is_wrong

LEAST_ITEMS = 5
"""Items in common from which a kappa is stated."""
CROWD = 3
"""Reviewers from which CROWDLAB weighs them."""


@dataclass(frozen=True)
class PairAgreement:
    first: str
    second: str
    items: int
    agreed: float
    """Share (0-1) of the items on which both chose the same."""
    kappa: float | None
    """Cohen's kappa (Cohen 1960) of the choices; None with too few items, or where both always chose one thing."""


@dataclass(frozen=True)
class ReviewerQuality:
    name: str
    votes: int
    quality: float | None
    """CROWDLAB's (Goh, Tkachenko and Mueller 2022, "CROWDLAB"): 0-1; None with fewer than `CROWD` reviewers."""


def measure_agreement(
    votes: Iterable[Mapping[str, Any]], chances: Mapping[str, float]
) -> tuple[list[PairAgreement], list[ReviewerQuality]]:
    """Agreement of each pair of reviewers, and the quality of each.

    Args:
        votes: of `Desk.votes`.
        chances: sample_id -> chance (0-1) that something is wrong, as the queue states it.
    """
    said: dict[str, dict[str, str]] = defaultdict(dict)
    wrong: dict[str, dict[str, int]] = defaultdict(dict)
    for vote in votes:
        label = vote["payload"].get("label", "")
        said[vote["actor"]][vote["sample_id"]] = f"{vote['action']} {label}".strip()
        wrong[vote["actor"]][vote["sample_id"]] = int(is_wrong(vote["action"]))
    names = sorted(said)
    pairs = [
        _compare(a, b, said[a], said[b]) for a, b in combinations(names, 2) if said[a].keys() & said[b].keys()
    ]
    qualities = _weigh(names, wrong, chances) if len(names) >= CROWD else {}
    return pairs, [ReviewerQuality(name, len(said[name]), qualities.get(name)) for name in names]


def _compare(first: str, second: str, left: Mapping[str, str], right: Mapping[str, str]) -> PairAgreement:
    from sklearn.metrics import cohen_kappa_score

    common = sorted(left.keys() & right.keys())
    ours, theirs = [left[name] for name in common], [right[name] for name in common]
    agreed = float(np.mean([a == b for a, b in zip(ours, theirs, strict=True)]))
    told = len(common) >= LEAST_ITEMS and len({*ours, *theirs}) > 1
    return PairAgreement(
        first, second, len(common), agreed, float(cohen_kappa_score(ours, theirs)) if told else None
    )


def _weigh(
    names: list[str], wrong: Mapping[str, Mapping[str, int]], chances: Mapping[str, float]
) -> dict[str, float]:
    """Reviewer -> quality by CROWDLAB, of whether something was wrong."""
    import pandas as pd
    from cleanlab.multiannotator import get_label_quality_multiannotator

    items = sorted({name for votes in wrong.values() for name in votes})
    table = pd.DataFrame({who: [wrong[who].get(item, np.nan) for item in items] for who in names})
    if len({value for votes in wrong.values() for value in votes.values()}) < 2 or len(items) < LEAST_ITEMS:
        return {}
    chance = np.clip([chances.get(item, 0.5) for item in items], 0.01, 0.99)
    found = get_label_quality_multiannotator(table, np.stack([1 - chance, chance], axis=1), verbose=False)
    quality = found["annotator_stats"]["annotator_quality"]
    return {str(who): float(value) for who, value in quality.items()}

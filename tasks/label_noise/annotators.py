"""Labels that several people gave: what they and an out-of-fold model say together, and how far each is to be trusted.

Two judges. A posterior of each label, from each annotator's accuracy and the model's belief (Dawid and Skene 1979 with
one accuracy each; the model in the place of the classes' frequencies, as Raykar et al. 2010, "Learning From Crowds"):
it is calibrated, and ranks. And CROWDLAB (Goh, Tkachenko and Mueller 2022, arXiv:2210.06812), which weighs each
annotator by the agreement with the others and the model as one more: it also finds what annotators and model err at
alike. `python -m benchmarks.annotators` holds them beside each other.

Symbols: M samples with two annotations or more, A annotators, K classes.
"""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

from tasks.findings import Columns, about_sample, excerpt
from tasks.label_noise.folds import Checked
from tasks.label_noise.summary import AnnotatorQuality, CrowdSummary
from tasks.records import Severity

STAGE = "label_noise"
LEAST_PROBABILITY = 0.5
"""Of a label, below which it is rather wrong than right."""
STEPS = 30
"""Of expectation and maximisation; on 4,000 texts of banking77 nothing moves by 1e-3 after 10."""


class Crowd(NamedTuple):
    judged: np.ndarray
    """(N,) bool: which of the checked samples have two annotations or more."""
    findings: list[dict[str, Any]]
    summary: CrowdSummary


class Consensus(NamedTuple):
    posterior: np.ndarray
    """(M, K) of the right label."""
    crowdlab: np.ndarray
    """(M,) int64 in [0, K): CROWDLAB's consensus."""
    annotators: tuple[AnnotatorQuality, ...]
    """The least accurate first."""


def hear_annotators(columns: Columns, checked: Checked, belief: np.ndarray, max_share: float) -> Crowd | None:
    """What the annotations say of the labels, where there are any.

    Args:
        belief: (N, K) of an out-of-fold model, for the N samples of `checked`.

    Returns:
        Findings "label_noise" for labels that are improbable, or that CROWDLAB contradicts, at most `max_share` of
        the samples judged, the least probable first; "annotators_disagree" for the others about which annotators
        disagree. None without annotations.
    """
    if not any(columns["annotations"][i] for i in checked.rows):
        return None
    votes, people = tabulate(columns, checked)
    judged = (votes >= 0).sum(axis=1) >= 2
    people_left = (votes[judged] >= 0).any(axis=0)
    if people_left.sum() < 2:
        return None
    votes, people = (
        votes[judged][:, people_left],
        [p for p, left in zip(people, people_left, strict=True) if left],
    )
    positions, labels = np.flatnonzero(judged), checked.labels[judged]
    found = weigh(votes, people, belief[judged].astype(np.float64), checked.names)
    given = found.posterior[np.arange(len(labels)), labels]
    low = (given < LEAST_PROBABILITY) | (found.crowdlab != labels)
    queue = [int(m) for m in np.argsort(given, kind="stable") if low[m]][
        : max(1, int(max_share * len(labels)))
    ]
    split = [int(m) for m in np.flatnonzero([len(set(row[row >= 0])) > 1 for row in votes])]
    told = [
        _finding(columns, int(checked.rows[positions[m]]), checked.names, found, m, int(labels[m]), check)
        for check, rows in (("label_noise", queue), ("annotators_disagree", sorted(set(split) - set(queue))))
        for m in rows
    ]
    said = CrowdSummary(
        samples=len(labels),
        disagreed=len(split),
        contradicted=int((given < LEAST_PROBABILITY).sum()),
        flagged=len(queue),
        alpha=krippendorff_alpha(votes),
        errors_per_100=float(100 * (1 - given[queue]).mean()) if queue else None,
        annotators=found.annotators,
    )
    return Crowd(judged, told, said)


def tabulate(columns: Columns, checked: Checked) -> tuple[np.ndarray, list[str]]:
    """(N, A) int64: class that each annotator gives each sample, -1 for none or one that is not checked; and who."""
    said = [columns["annotations"][i] or [] for i in checked.rows]
    people = sorted({one["annotator"] for row in said for one in row})
    place = {name: a for a, name in enumerate(people)}
    number = {label: k for k, label in enumerate(checked.names)}
    votes = np.full((len(said), len(people)), -1, dtype=np.int64)
    for n, row in enumerate(said):
        for one in row:
            votes[n, place[one["annotator"]]] = number.get(one["label"], -1)
    return votes, people


def weigh(votes: np.ndarray, people: list[str], belief: np.ndarray, names: list[str]) -> Consensus:
    """Both judges' consensus, and what follows for the annotators.

    Args:
        votes: (M, A), -1 for none; two or more in each row, one or more in each column.
        belief: (M, K) float64.
    """
    import pandas as pd
    from cleanlab.multiannotator import get_label_quality_multiannotator

    posterior, accuracy = pool_votes(votes, belief)
    table = pd.DataFrame(votes, columns=people).astype(float).mask(votes < 0)
    said = get_label_quality_multiannotator(table, belief, return_detailed_quality=False, verbose=False)
    stats = said["annotator_stats"]
    told = [
        AnnotatorQuality(
            name=name,
            labelled=int(stats.loc[name, "num_examples_labeled"]),
            accuracy=float(right),
            crowdlab=float(stats.loc[name, "annotator_quality"]),
            worst_label=names[int(stats.loc[name, "worst_class"])],
        )
        for name, right in zip(people, accuracy, strict=True)
    ]
    return Consensus(
        posterior=posterior,
        crowdlab=said["label_quality"]["consensus_label"].to_numpy().astype(np.int64),
        annotators=tuple(sorted(told, key=lambda one: (one.accuracy, one.name))),
    )


def pool_votes(votes: np.ndarray, belief: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M, K) posterior of the right label, and (A,) share (0-1) of labels that each annotator gets right.

    Expectation and maximisation for p(k) ~ belief(k) * product over annotators of accuracy where k is the vote,
    (1 - accuracy) / (K - 1) where it is not.

    Args:
        votes: (M, A), -1 for none.
        belief: (M, K), K of two or more.
    """
    classes, prior = belief.shape[1], np.log(np.maximum(belief, 1e-6))
    seen = [np.flatnonzero(column >= 0) for column in votes.T]
    accuracy, posterior = np.full(len(seen), 0.8), belief
    for _ in range(STEPS):
        pooled = prior.copy()
        gain = np.log(accuracy) - np.log((1 - accuracy) / (classes - 1))
        for a, rows in enumerate(seen):
            pooled[rows, votes[rows, a]] += gain[a]
        posterior = np.exp(pooled - logsumexp(pooled, axis=1, keepdims=True))
        right = [posterior[rows, votes[rows, a]].sum() for a, rows in enumerate(seen)]
        accuracy = (np.array(right) + 1) / (np.array([len(rows) for rows in seen]) + 2)  # never 0 or 1
    return posterior, accuracy


def krippendorff_alpha(votes: np.ndarray) -> float | None:
    """Agreement beyond chance for nominal labels with gaps: 1 all agree, 0 chance (Krippendorff 2011, "Computing
    Krippendorff's Alpha-Reliability"); None where all labels are one.

    Args:
        votes: (M, A), -1 for none.
    """
    counts = np.stack([np.bincount(row[row >= 0], minlength=int(votes.max()) + 1) for row in votes])
    size = counts.sum(axis=1)
    counts, size = counts[size >= 2], size[size >= 2]
    differ = ((size**2 - (counts**2).sum(axis=1)) / (size - 1)).sum()
    total, by_label = size.sum(), counts.sum(axis=0)
    by_chance = (total**2 - (by_label**2).sum()) / (total - 1)
    return float(1 - differ / by_chance) if by_chance else None


def _finding(
    columns: Columns, index: int, names: list[str], found: Consensus, m: int, own: int, check: str
) -> dict[str, Any]:
    annotations, label = columns["annotations"][index], columns["label"][index]
    best = int(found.posterior[m].argmax())
    probability, likeliest = float(found.posterior[m, own]), float(found.posterior[m, best])
    counts = Counter(one["label"] for one in annotations)
    told = f"label {label!r} has probability {probability:.2f}"
    if best != own:
        told += f", {names[best]!r} {likeliest:.2f}"
    elif found.crowdlab[m] != own:
        told += f", CROWDLAB says {names[found.crowdlab[m]]!r}"
    told += "; votes: " + ", ".join(f"{name!r} {count}" for name, count in counts.most_common())
    doubtful = check == "label_noise" or probability < LEAST_PROBABILITY
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check=check,
        severity=Severity.WARNING if doubtful else Severity.INFO,
        score=probability,
        threshold=LEAST_PROBABILITY,
        reason=told if check == "label_noise" else f"annotators disagree: {told}",
        evidence={
            "role": columns["role"][index],
            "label": label,
            "probability": probability,
            "likeliest": {"label": names[best], "probability": likeliest},
            "crowdlab": names[found.crowdlab[m]],
            "votes": [{"label": name, "count": count} for name, count in counts.most_common()],
            "annotations": annotations,
            "excerpt": excerpt(columns["input"][index]),
        },
        suggestion=None
        if best == own
        else {"action": "relabel", "label": names[best], "probability": likeliest},
    )

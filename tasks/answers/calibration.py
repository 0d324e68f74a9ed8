"""What decisions of stewards say about the stated probabilities, and what is to be expected of the queue.

log odds after = log odds before + a step that all faults take there + a step that the likeliest fault takes there,
by Bayesian logistic regression (Laplace approximation: MacKay 1992). Both steps are functions of the stated log odds
with Ornstein-Uhlenbeck priors, Gaussian processes of which the far says little of the near (Rasmussen and Williams
2006, sections 3.4 and 4.2). The most doubtful are looked at first: that these are right or wrong says less of the
others, and what one fault turns out to be says less of another. A set may write what a fault looks like on purpose
(answers without a full stop) and still hold answers to other questions.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag
from scipy.special import expit, logit

from tasks.answers.doubt import Doubts
from tasks.answers.faults import Fault

DOUBTFUL = 0.5
"""Probability of being wrong from which an answer is flagged."""
KNOTS = np.arange(-4.0, 5.0)
"""Stated log odds between which the steps are interpolated."""
REACH = 2.0
"""Stated log odds over which the correlation of steps falls to 1/e."""
STEP_SPREAD = 1.0
"""Standard deviation, in log odds, of what the steps of all answers have in common."""
KNOT_SPREAD = 3.5
"""Standard deviation of the step at each knot: wide, so that decisions about some answers say little of those stated
far from them."""
FAULT_SPREAD = 1.0
"""Standard deviation of what the steps of a fault have in common, beside those of all answers."""
FAULT_KNOT_SPREAD = 2.0
"""Standard deviation of a fault's step at each knot, beside that of all answers."""
DRAWS = 500


class Calibration(NamedTuple):
    """How decisions moved the log odds: W steps, of all answers at each knot, then of each fault at each knot."""

    steps: np.ndarray
    """(W,)."""
    covariance: np.ndarray
    """(W, W)."""
    decided: int


class Expected(NamedTuple):
    """What a queue holds, decided and not."""

    probabilities: np.ndarray
    """(N,) that each answer is wrong, after the decisions."""
    flagged: np.ndarray
    """Indices of the doubtful ones, the worst first."""
    per_100: float | None
    """Wrong ones among 100 flagged: what was found of the decided, what is expected of the others; None of none."""
    interval: tuple[float, float] | None
    """95 % interval of what will have been found when all the flagged are reviewed: the shortest."""


def calibrate(doubts: Doubts, wrong: Mapping[int, bool]) -> Calibration:
    """Posterior of the weights: its mode by Newton's method, and the inverse curvature there.

    Args:
        wrong: index -> whether a steward found the answer wrong.
    """
    indices = np.array(sorted(wrong), dtype=np.int64)
    found = np.array([wrong[int(i)] for i in indices], dtype=float)
    stated, held = _log_odds(doubts, indices), _describe(doubts, indices)
    precision = _prior_precision()
    steps = np.zeros(len(precision))
    for _ in range(100):
        expected = expit(stated + held @ steps)
        slope = held.T @ (found - expected) - precision @ steps
        curve = (held.T * (expected * (1 - expected))) @ held + precision
        change = np.linalg.solve(curve, slope)
        steps += change / max(1.0, float(np.abs(change).max()))
        if np.abs(change).max() < 1e-8:
            break
    return Calibration(steps, np.linalg.inv(curve), len(indices))


def moved(doubts: Doubts, learned: Calibration) -> np.ndarray:
    """(N,) probabilities after decisions: the mean over what the steps may be (MacKay 1992, section 5)."""
    every = np.arange(len(doubts.probabilities))
    held = _describe(doubts, every)
    variance = np.einsum("nw,nw->n", held @ learned.covariance, held)
    return np.asarray(
        expit((_log_odds(doubts, every) + held @ learned.steps) / np.sqrt(1 + np.pi * variance / 8))
    )


def expect(doubts: Doubts, wrong: Mapping[int, bool], share: float, seed: int) -> Expected:
    """The queue after the decisions, and how many of its answers are wrong.

    Args:
        wrong: index -> whether a steward found the answer wrong.
        share: most of the answers (0-1) that are flagged.
    """
    learned = calibrate(doubts, wrong)
    probabilities = moved(doubts, learned)
    order = np.argsort(-probabilities, kind="stable")[: int(share * len(probabilities))]
    flagged = order[probabilities[order] >= DOUBTFUL]
    if not len(flagged):
        return Expected(probabilities, flagged, None, None)
    random = np.random.default_rng(seed)
    open_ = np.array([i for i in flagged.tolist() if i not in wrong], dtype=np.int64)
    known = sum(wrong.get(i, False) for i in flagged.tolist())
    steps = random.multivariate_normal(learned.steps, learned.covariance, DRAWS)
    drawn = expit(_log_odds(doubts, open_)[:, None] + _describe(doubts, open_) @ steps.T)
    found = known + (random.random(drawn.shape) < drawn).sum(axis=0)
    low, high = (100 * bound / len(flagged) for bound in shortest_interval(found))
    expected = 100 * (known + drawn.sum(axis=0).mean()) / len(flagged)
    return Expected(probabilities, flagged, float(expected), (low, high))


def shortest_interval(drawn: np.ndarray) -> tuple[float, float]:
    """The shortest interval that holds 95 % of the draws (Chen and Shao 1999).

    Where nearly all may be wrong, the draws pile up at the end: an interval with 2.5 % on either side would leave it
    out.
    """
    ordered = np.sort(drawn)
    held = math.ceil(0.95 * len(ordered))
    start = int(np.argmin(ordered[held - 1 :] - ordered[: len(ordered) - held + 1]))
    return float(ordered[start]), float(ordered[start + held - 1])


def _log_odds(doubts: Doubts, indices: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(doubts.probabilities[indices], 1e-4, 1 - 1e-4)))


def _describe(doubts: Doubts, indices: np.ndarray) -> np.ndarray:
    """(M, W) how much of each step an answer takes: shares of the two nearest knots, of all answers and its fault."""
    stated = np.clip(_log_odds(doubts, indices), KNOTS[0], KNOTS[-1])
    near = np.maximum(0, 1 - np.abs(stated[:, None] - KNOTS) / np.diff(KNOTS)[0])
    likeliest = np.argmax(doubts.by_fault[indices], axis=1)
    own = [near * (likeliest == fault)[:, None] for fault in range(len(Fault))]
    return np.concatenate([near, *own], axis=1)


def _prior_precision() -> np.ndarray:
    """(W, W)."""
    falling = np.exp(-np.abs(KNOTS[:, None] - KNOTS) / REACH)
    common = STEP_SPREAD**2 + KNOT_SPREAD**2 * falling
    own = FAULT_SPREAD**2 + FAULT_KNOT_SPREAD**2 * falling
    return np.linalg.inv(block_diag(common, *[own] * len(Fault)))

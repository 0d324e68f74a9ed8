"""One ranking of all answers: the probability that each is wrong, before and after stewards have decided.

For each fault a scorecard tells the data's own answers from broken ones, out of fold. Its odds are the density of
broken answers over that of the data, so that share of the fault times odds is the probability that an answer has it.
The share is bounded by the data itself: it cannot be larger than the least ratio of the two tails (mixture proportion
estimation: Blanchard, Lee and Scott 2010). Decisions then move all probabilities by one step in log odds.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from tasks.answers.exchanges import Exchanges
from tasks.answers.faults import Fault, break_answers
from tasks.answers.meter import Meter
from tasks.answers.scorecard import Scorecard

MAX_SHARE = 0.05
"""Share of a fault that is believed before anyone has decided: human labels err in 3.3 % of the cases on average
(Northcutt et al. 2021), and a fault that hardly shows would be bounded by nothing."""
TAILS = np.linspace(0.02, 0.9, 45)
"""Quantiles of the broken answers' odds at which the tails are compared."""
PRIOR_SPREAD = 1.5
"""Standard deviation, in log odds, of the step between stated and true probabilities before decisions: a stated
50 % may be 5 to 95 %."""
_CERTAIN = 0.99


class Doubts(NamedTuple):
    """What speaks against N answers, for F faults (in the order of `Fault`) and the P parts of `meter.PARTS`."""

    probabilities: np.ndarray
    """(N,) that the answer has any of the faults."""
    by_fault: np.ndarray
    """(N, F)."""
    contributions: np.ndarray
    """(N, F, P) log odds that each part adds."""
    parts: np.ndarray
    """(N, P) what was measured."""
    shares: dict[str, float]
    """Fault -> estimated share (0-1) of the answers."""


class Calibration(NamedTuple):
    """How decisions moved the probabilities: a step in log odds, and its standard error."""

    step: float
    error: float
    decided: int


def doubt_answers(exchanges: Exchanges, seed: int) -> Doubts:
    """Doubts about N answers, each from models that did not see its group."""
    meter = Meter(exchanges, seed)
    count = len(exchanges.answers)
    own = meter.measure(np.arange(count), exchanges.answers)
    by_fault = np.zeros((count, len(Fault)))
    contributions = np.zeros((count, len(Fault), own.shape[1]))
    shares = {}
    for position, fault in enumerate(Fault):
        broken = break_answers(exchanges.answers, exchanges.folds, fault, seed + 1)
        if len(broken.answers) < count // 20:
            continue  # too few can have this fault to learn it
        made = meter.measure(broken.indices, broken.answers)
        odds, made_odds = np.zeros(count), np.zeros(len(made))
        for fold in np.unique(exchanges.folds):
            held, held_made = exchanges.folds == fold, exchanges.folds[broken.indices] == fold
            card = Scorecard(own[~held], made[~held_made])
            contributions[held, position] = card.contributions(own[held])
            odds[held] = card.log_odds(own[held])
            made_odds[held_made] = card.log_odds(made[held_made])
        shares[fault.value] = estimate_share(odds, made_odds)
        by_fault[:, position] = np.minimum(_CERTAIN, shares[fault.value] * np.exp(odds))
    probabilities = 1 - np.prod(1 - by_fault, axis=1)
    return Doubts(probabilities, by_fault, contributions, own, shares)


def estimate_share(own: np.ndarray, broken: np.ndarray) -> float:
    """Share (0-1) of broken ones among `own`, from the odds of both; at most `MAX_SHARE`.

    The least ratio of the tails is an upper bound, close where the two can be told apart. It is taken times how well
    they can (Youden's J: the largest difference of the tails), so that a fault that does not show counts for little.
    """
    thresholds = np.quantile(broken, TAILS)
    tail = np.array([(own >= threshold).mean() for threshold in thresholds])
    error = np.sqrt(np.maximum(tail, 1 / len(own)) / len(own))
    told_apart = float(np.max((1 - TAILS) - tail))
    return float(max(0.0, min(MAX_SHARE, told_apart * np.min((tail + error) / (1 - TAILS)))))


def calibrate(probabilities: np.ndarray, wrong: Mapping[int, bool]) -> Calibration:
    """The step that decisions ask for: posterior mode with a normal prior, and its error (Laplace).

    Args:
        probabilities: (N,) stated.
        wrong: index -> whether a steward found the answer wrong.
    """
    indices = np.array(sorted(wrong), dtype=np.int64)
    stated = logit(np.clip(probabilities[indices], 1e-4, 1 - 1e-4))
    found = np.array([wrong[int(i)] for i in indices], dtype=float)
    step = 0.0
    for _ in range(50):
        expected = expit(stated + step)
        slope = (found - expected).sum() - step / PRIOR_SPREAD**2
        curve = (expected * (1 - expected)).sum() + 1 / PRIOR_SPREAD**2
        step += float(slope / curve)
    expected = expit(stated + step)
    curve = float((expected * (1 - expected)).sum() + 1 / PRIOR_SPREAD**2)
    return Calibration(step, curve**-0.5, len(indices))


def moved(probabilities: np.ndarray, step: float) -> np.ndarray:
    """Probabilities after a step in log odds."""
    return np.asarray(expit(logit(np.clip(probabilities, 1e-6, 1 - 1e-6)) + step))

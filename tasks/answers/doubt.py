"""One ranking of all answers: the probability that each is wrong, before stewards have decided.

For each fault a scorecard tells the data's own answers from broken ones, out of fold. Its odds are the density of
broken answers over that of the data, so that share of the fault times odds is the probability that an answer has it.
The share is bounded by the data itself: it cannot be larger than the least ratio of the two tails (mixture proportion
estimation: Blanchard, Lee and Scott 2010). Decisions then move it: `calibration`.
"""

from typing import NamedTuple

import numpy as np

from tasks.answers.base_reading import READING_PARTS, BaseReading
from tasks.answers.exchanges import Exchanges
from tasks.answers.faults import Broken, Fault, break_answers
from tasks.answers.meter import PARTS, Learned, Meter, count_prompts, learn
from tasks.answers.scorecard import Scorecard, learn_scorecards, no_scorecards, pick, stack, weigh

MAX_SHARE = 0.05
"""Share of a fault that is believed before anyone has decided: human labels err in 3.3 % of the cases on average
(Northcutt et al. 2021), and a fault that hardly shows would be bounded by nothing."""
TAILS = np.linspace(0.02, 0.9, 45)
"""Quantiles of the broken answers' odds at which the tails are compared."""
_CERTAIN = 0.99
_FEWEST_READ = 100
"""Answers that the base model must have read, own and broken, before its parts are weighed."""
EVIDENCE = (*PARTS, *READING_PARTS)
"""All parts: what is measured without a model, and what the base model makes of it (NaN where it did not read)."""


class Doubts(NamedTuple):
    """What speaks against N answers, for F faults (in the order of `Fault`) and the P parts of `EVIDENCE`."""

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


class Fitted(NamedTuple):
    """Models that doubt answers, and what they doubt of those they were fitted to, out of fold."""

    doubts: Doubts
    learned: Learned
    cards: Scorecard
    """Each array with (F, folds) before its own dimensions."""
    shares: np.ndarray
    """(F,) estimated share (0-1) of each fault; NaN of one that too few answers can have."""


def doubt_answers(exchanges: Exchanges, seed: int, base: BaseReading | None = None) -> Doubts:
    """Doubts about N answers, each from models that did not see its group."""
    return fit_doubts(exchanges, seed, base).doubts


def fit_doubts(exchanges: Exchanges, seed: int, base: BaseReading | None = None) -> Fitted:
    """The same, with the models."""
    counts = count_prompts(exchanges)
    learned = learn(exchanges, counts, seed)
    meter = Meter(learned, exchanges, counts)
    count, folds = len(exchanges.answers), len(learned.ridge)
    own = meter.measure(np.arange(count), exchanges.answers)
    breaks = {fault: break_answers(exchanges.answers, exchanges.folds, fault, seed + 1) for fault in Fault}
    read, made_read = _read(exchanges, breaks, base)
    by_fault = np.zeros((count, len(Fault)))
    contributions = np.zeros((count, len(Fault), len(EVIDENCE)))
    cards = [no_scorecards(folds, len(PARTS)) for _ in Fault]
    shares = np.full(len(Fault), np.nan)
    for position, (fault, broken) in enumerate(breaks.items()):
        if len(broken.answers) < count // 20:
            continue  # too few can have this fault to learn it
        dealt = (exchanges.folds, exchanges.folds[broken.indices])
        made = meter.measure(broken.indices, broken.answers)
        cards[position], odds, made_odds, added = _learn(own, made, *dealt, folds)
        contributions[:, position, : len(PARTS)] = added
        seen = (np.isfinite(read[:, 0]), np.isfinite(made_read[fault][:, 0]))
        if min(part.sum() for part in seen) >= _FEWEST_READ:
            both = (
                np.column_stack([odds, read])[seen[0]],
                np.column_stack([made_odds, made_read[fault]])[seen[1]],
            )
            _, odds[seen[0]], made_odds, added = _learn(*both, dealt[0][seen[0]], dealt[1][seen[1]], folds)
            contributions[seen[0], position, len(PARTS) :] = added[:, 1:]
            shares[position] = estimate_share(odds[seen[0]], made_odds)
        else:
            shares[position] = estimate_share(odds, made_odds)
        by_fault[:, position] = _chance(shares[position], odds)
    doubts = sum_up(by_fault, contributions, np.hstack([own, read]), shares)
    return Fitted(doubts, learned, stack(cards), shares)


def _learn(
    own: np.ndarray, made: np.ndarray, folds: np.ndarray, made_folds: np.ndarray, count: int
) -> tuple[Scorecard, np.ndarray, np.ndarray, np.ndarray]:
    """Cards of `count` folds; log odds of own (N, P) and of broken (M, P) measurements, and (N, P) what each part adds
    to the own; all out of fold."""
    cards = learn_scorecards(own, made, folds, made_folds, count)
    odds, added = weigh(cards, own, folds)
    made_odds, _ = weigh(cards, made, made_folds)
    return cards, odds, made_odds, added


def doubt_more(learned: Learned, cards: Scorecard, shares: np.ndarray, exchanges: Exchanges) -> Doubts:
    """Doubts about answers that models came to know of after they were fitted, by those without their fold."""
    count = len(exchanges.answers)
    own = Meter(learned, exchanges).measure(np.arange(count), exchanges.answers)
    by_fault = np.zeros((count, len(Fault)))
    contributions = np.zeros((count, len(Fault), len(EVIDENCE)))
    for position in np.flatnonzero(np.isfinite(shares)).tolist():
        odds, added = weigh(pick(cards, position), own, exchanges.folds)
        contributions[:, position, : len(PARTS)] = added
        by_fault[:, position] = _chance(shares[position], odds)
    unread = np.full((count, len(READING_PARTS)), np.nan)
    return sum_up(by_fault, contributions, np.hstack([own, unread]), shares)


def sum_up(by_fault: np.ndarray, contributions: np.ndarray, parts: np.ndarray, shares: np.ndarray) -> Doubts:
    """`Doubts` of which these are at hand; `shares` (F,)."""
    named = {
        fault.value: float(share) for fault, share in zip(Fault, shares, strict=True) if np.isfinite(share)
    }
    return Doubts(1 - np.prod(1 - by_fault, axis=1), by_fault, contributions, parts, named)


def _chance(share: float, odds: np.ndarray) -> np.ndarray:
    return np.minimum(_CERTAIN, share * np.exp(odds))


def _read(
    exchanges: Exchanges, breaks: dict[Fault, Broken], base: BaseReading | None
) -> tuple[np.ndarray, dict[Fault, np.ndarray]]:
    """(N, R) what the base model makes of the own answers, and of the broken ones of each fault; NaN if not read."""
    count = len(exchanges.answers)
    sets = [Broken(np.arange(count), exchanges.answers), *breaks.values()]
    results = [np.full((len(each.answers), len(READING_PARTS)), np.nan) for each in sets]
    if base is not None:
        asked = [
            np.flatnonzero((base.broken if k else base.own)[each.indices]) for k, each in enumerate(sets)
        ]
        pairs = [
            (exchanges.prompts[each.indices[i]], each.answers[i])
            for each, places in zip(sets, asked, strict=True)
            for i in places.tolist()
        ]
        told = base.read(pairs) if pairs else np.empty((0, len(READING_PARTS)))
        for result, places, part in zip(
            results, asked, np.split(told, np.cumsum([len(places) for places in asked])[:-1]), strict=True
        ):
            result[places] = part
    return results[0], dict(zip(breaks, results[1:], strict=True))


def estimate_share(own: np.ndarray, broken: np.ndarray) -> float:
    """Share (0-1) of broken ones among `own`, from the odds of both; at most `MAX_SHARE`.

    The least ratio of the tails is an upper bound, close where the two can be told apart. The bound, or `MAX_SHARE`
    where that is less, is taken times how well they can (Youden's J: the largest difference of the tails), so that a
    fault that does not show counts for little.
    """
    thresholds = np.quantile(broken, TAILS)
    tail = np.array([(own >= threshold).mean() for threshold in thresholds])
    error = np.sqrt(np.maximum(tail, 1 / len(own)) / len(own))
    told_apart = float(np.max((1 - TAILS) - tail))
    return float(max(0.0, told_apart) * min(MAX_SHARE, np.min((tail + error) / (1 - TAILS))))

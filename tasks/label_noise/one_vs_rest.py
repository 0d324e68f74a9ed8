"""Out-of-fold probabilities that a text bears each of several labels: a logistic regression for each, and the labels of
the nearest texts.

Symbols: N samples, K labels, V sparse features; `targets` (N, K) 1 where a sample bears a label; `fold` (N,) as of
`folds.deal_folds`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit

from tasks.label_noise.models import EPOCHS, STEP, STEPS, STRENGTH
from tasks.neighbours import Graph

_FITTED_CELLS = 200_000
_UNVOTED = 0.01  # added to vote shares before the logarithm: a fifth of one vote of 20


class PooledLabels(NamedTuple):
    belief: np.ndarray
    """(N, K) probability that a sample should bear a label."""
    wrong: np.ndarray
    """(N, K) probability that a label is there, or is not there, by chance alone, and wrongly."""
    noise_rate: float
    """Share (0-1) of the sets of labels, one label against the rest, that are as if drawn at random."""

    @property
    def doubt(self) -> np.ndarray:
        """(N,) probability that any label of a sample is wrong."""
        return np.asarray(1 - np.prod(1 - self.wrong, axis=1))


@njit(cache=True, nogil=True, fastmath=True)
def _descend(starts, columns, values, rows, targets, order, base, weights, step, penalty):
    """K logistic regressions by SGD, in place; the L2 shrinkage is kept in one factor until the end of a pass."""
    labels = weights.shape[1]
    errors = np.zeros(labels, np.float32)
    passes, size = order.shape
    for turn in range(passes):
        scale = 1.0
        for place in range(size):
            rate = step * (1 - (turn * size + place) / (passes * size))
            row = rows[order[turn, place]]
            errors[:] = base
            for at in range(starts[row], starts[row + 1]):
                value, weight = values[at] * np.float32(scale), weights[columns[at]]
                for k in range(labels):
                    errors[k] += value * weight[k]
            for k in range(labels):
                errors[k] = np.float32(1) / (np.float32(1) + np.exp(-errors[k])) - targets[row, k]
            scale *= 1 - rate * penalty
            for at in range(starts[row], starts[row + 1]):
                value, weight = np.float32(rate / scale) * values[at], weights[columns[at]]
                for k in range(labels):
                    weight[k] -= value * errors[k]
        weights *= np.float32(scale)


def sigmoid_scores(features: csr_array, targets: np.ndarray, fold: np.ndarray, seed: int) -> np.ndarray:
    """Logits of logistic regressions on sparse features, one for each label and fold, that did not see that fold.

    Args:
        features: (N, V) float32, rows of length 1.

    Returns:
        (N, K) float32.
    """
    scores = np.zeros(targets.shape, dtype=np.float32)
    parts = features.indptr.astype(np.int64), features.indices.astype(np.int64), features.data
    wanted = targets.astype(np.float32)

    def fit(number: int) -> None:
        rows, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(rows) == 0:
            return
        random = np.random.default_rng([seed, number])
        turns = max(EPOCHS, -(-STEPS // len(rows)))
        order = np.stack([random.permutation(len(rows)) for _ in range(turns)])
        share = (wanted[rows].sum(axis=0) + 0.5) / (len(rows) + 1)
        base = np.log(share / (1 - share)).astype(np.float32)
        weights = np.zeros((features.shape[1], wanted.shape[1]), dtype=np.float32)
        _descend(*parts, rows, wanted, order, base, weights, STEP, 1 / (STRENGTH * len(rows)))
        scores[held] = features[held] @ weights + base

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fit, np.unique(fold)))
    return scores


def count_label_votes(graph: Graph, targets: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(N, K) float32: share of the neighbours, weighted by squared cosine, that bear each label; a sample's own group
    has no vote."""
    weights = np.maximum(graph.similarities, 0) ** 2
    weights[groups[graph.indices] == groups[:, None]] = 0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    votes = np.zeros(targets.shape, dtype=np.float32)
    for place in range(graph.indices.shape[1]):
        votes += weights[:, place, None] * targets[graph.indices[:, place]]
    return votes


def pool_label_scores(
    scores: np.ndarray, votes: Sequence[np.ndarray], targets: np.ndarray, seed: int
) -> PooledLabels:
    """Fits the witnesses' weights, one for all labels, and the noise rate to the labels, by maximum likelihood.

    p(a sample bears a label) = (1 - noise_rate) * sigmoid(offset + sum of weight * witness) + noise_rate * share of the
    samples that bear it: `pool.calibrate`, one label against the rest.

    Args:
        scores: (N, K) of `sigmoid_scores`.
        votes: one or more of `count_label_votes`.
    """
    witnesses = [scores, *(np.log(share + np.float32(_UNVOTED)) for share in votes)]
    rows = np.random.default_rng(seed).permutation(len(scores))[: max(100, _FITTED_CELLS // scores.shape[1])]
    share = np.broadcast_to(targets.mean(axis=0), targets.shape)
    inputs = np.stack([w[rows].ravel() for w in witnesses] + [np.ones(len(rows) * scores.shape[1])]).astype(
        float
    )
    weights, rate = _fit(inputs, targets[rows].ravel() > 0, share[rows].ravel())
    logits = weights[-1] + sum(w * one for w, one in zip(weights[:-1], witnesses, strict=True))
    belief = expit(np.asarray(logits, dtype=np.float64))
    borne = targets > 0
    noise = rate * np.where(borne, share, 1 - share)
    against = np.where(borne, 1 - belief, belief)
    wrong = noise * against / np.maximum((1 - rate) * (1 - against) + noise, 1e-300)
    return PooledLabels(belief, wrong, rate)


def _fit(inputs: np.ndarray, borne: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (W,) of `inputs` (W, cells), the last of them ones, and the noise rate, by L-BFGS."""

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        rate, belief = expit(point[-1]), expit(point[:-1] @ inputs)
        bears = (1 - rate) * belief + rate * share
        given = np.maximum(np.where(borne, bears, 1 - bears), 1e-300)
        slope = np.where(borne, 1, -1) / given
        by_logit = slope * (1 - rate) * belief * (1 - belief)
        by_odds = (slope * rate * (1 - rate) * (share - belief)).mean()
        return -float(np.log(given).mean()), -np.append(inputs @ by_logit / len(borne), by_odds)

    start = np.append(np.full(len(inputs), 1 / (len(inputs) - 1)), -4.0)
    start[-2] = 0
    bounds = [(0.0, None)] * (len(inputs) - 1) + [(None, None), (-12.0, 0.0)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(expit(found[-1]))

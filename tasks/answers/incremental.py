"""Doubts about many answers that stand from run to run: a run pays for the answers that are new.

Models are fitted anew once more than `refit_share` of their answers came or went. Until then an answer that is new is
doubted by models that saw neither its group nor the nearest prompt, which may be an older version of its own; what
they said of the others stands.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasks.answers.doubt import Doubts, doubt_more, fit_doubts, sum_up
from tasks.answers.exchanges import Exchanges
from tasks.answers.meter import Learned, nearest_folds
from tasks.answers.scorecard import Scorecard
from tasks.records import digest_of
from tasks.standing import UNSEEN, find_standing, load_standing, number_copies, save_standing
from tasks.storage import Workspace

MANY = 20_000
"""Beyond so many answers what was learned stands from run to run."""
NAME = "answers"
"""What is kept lies under."""


class Models(NamedTuple):
    """What is written when models are fitted."""

    made_for: str
    """Digest of folds, seed and code."""
    fitted: str
    """Digest of the answers they were fitted to."""
    learned: Learned
    cards: Scorecard
    shares: np.ndarray
    """(F,)."""


class Rows(NamedTuple):
    """What is written whenever answers are new; of S of them, for F faults and P parts."""

    fitted: np.ndarray
    """() str, as of the models."""
    keys: np.ndarray
    """(S,) bytes, of `number_copies`."""
    fold: np.ndarray
    """(S,) int16: who was not fitted to it; `UNSEEN` for all."""
    by_fault: np.ndarray
    """(S, F) float32."""
    contributions: np.ndarray
    """(S, F, P) float32."""
    parts: np.ndarray
    """(S, P) float32."""


class Fit(NamedTuple):
    models: Models
    rows: Rows


def doubt_many(
    exchanges: Exchanges,
    ids: Sequence[str],
    seed: int,
    refit_share: float,
    known: Fit | None = None,
    version: str = "",
) -> tuple[Doubts, int, Fit]:
    """Doubts about N answers, how many of them came after the models were fitted, and what is to be kept.

    Args:
        ids: N `sample_id`.
        refit_share: models are fitted anew when more answers came or went, as a share (0-1) of those they know.
        known: what an earlier run left.
        version: digest of the code.
    """
    keys = number_copies(ids)
    made_for = digest_of([version, int(exchanges.folds.max()), seed])
    standing = None
    if known and known.models.made_for == made_for:
        standing = find_standing(keys, exchanges.groups, known.rows.keys, known.rows.fold, refit_share)
    if known is None or standing is None:
        fit = _fit(exchanges, keys, seed, made_for)
        return _doubts(fit, np.arange(len(keys))), 0, fit
    if len(standing.new):
        held_out = standing.fold[standing.new]
        known = Fit(known.models, _admit(known, exchanges.take(standing.new), keys[standing.new], held_out))
    return _doubts(known, standing.place), standing.newcomers, known


def _fit(exchanges: Exchanges, keys: np.ndarray, seed: int, made_for: str) -> Fit:
    doubts, learned, cards, shares = fit_doubts(exchanges, seed)
    fitted = digest_of([made_for, *keys.astype(str).tolist()])
    rows = Rows(np.array(fitted), keys, exchanges.folds.astype(np.int16), *_kept(doubts))
    return Fit(Models(made_for, fitted, learned, cards, shares), rows)


def _admit(known: Fit, exchanges: Exchanges, keys: np.ndarray, held_out: np.ndarray) -> Rows:
    """The rows with M more.

    Args:
        held_out: (M,) fold whose models did not see the answer's group; `UNSEEN` where none saw it.
    """
    models, rows = known
    nearest = nearest_folds(models.learned, exchanges)
    exchanges = exchanges._replace(folds=np.where(held_out == UNSEEN, nearest, held_out))
    doubts = doubt_more(models.learned, models.cards, models.shares, exchanges)
    added = (keys, np.full(len(keys), UNSEEN, dtype=np.int16), *_kept(doubts))
    return Rows(rows.fitted, *(np.concatenate(pair) for pair in zip(rows[1:], added, strict=True)))


def _kept(doubts: Doubts) -> tuple[np.ndarray, ...]:
    return tuple(part.astype(np.float32) for part in (doubts.by_fault, doubts.contributions, doubts.parts))


def _doubts(fit: Fit, place: np.ndarray) -> Doubts:
    """Doubts about the answers at `place`, always as they were kept."""
    by_fault, contributions, parts = (part[place].astype(np.float64) for part in fit.rows[3:])
    return sum_up(by_fault, contributions, parts, fit.models.shares)


def load_fit(workspace: Workspace) -> Fit | None:
    """What `save_fit` left; None where there is nothing, or the two files are not of one fit."""
    kept = load_standing(workspace, NAME)
    if kept is None:
        return None
    arrays, rows = kept
    learned = Learned(*(arrays[name] for name in Learned._fields))
    cards = Scorecard(*(arrays[name] for name in Scorecard._fields))
    models = Models(str(arrays["made_for"]), str(arrays["fitted"]), learned, cards, arrays["shares"])
    return Fit(models, Rows(**rows))


def save_fit(workspace: Workspace, fit: Fit, known: Fit | None) -> None:
    """Keeps what differs from `known`, in its place."""
    models = None
    if known is None or fit.models is not known.models:
        own = fit.models
        models = own.learned._asdict() | own.cards._asdict() | {"shares": own.shares}
        models |= {"made_for": np.array(own.made_for), "fitted": np.array(own.fitted)}
    rows = None if known and fit.rows is known.rows else fit.rows._asdict()
    save_standing(workspace, NAME, models, rows)

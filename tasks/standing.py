"""Models that stand from run to run: a run pays for the rows that are new, until too many came or went.

What is written when models are fitted lies in one file, what is written whenever rows are new in another; each says
which fit it is of. Symbols: N rows now; S rows of which something is kept.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from tasks.storage import Workspace
from tasks.wording.told import Told

UNSEEN = -1
"""Fold of a row that no model was fitted to."""


class Standing(NamedTuple):
    """How N rows are to be judged by models that were fitted before."""

    place: np.ndarray
    """(N,) int64: where each stands among those of which something is kept; for new ones the places after these."""
    fold: np.ndarray
    """(N,) int64: the fold of the models that were not fitted to its group; `UNSEEN` where none was."""
    new: np.ndarray
    """Indices of the rows of which nothing is kept."""
    newcomers: int
    """Rows that came after the models were fitted."""


def find_standing(
    keys: np.ndarray, groups: np.ndarray, known: np.ndarray, folds: np.ndarray, refit_share: float
) -> Standing | None:
    """How rows stand to models that are at hand; None if more came or went than a share of those they were fitted to.

    Args:
        keys: (N,) bytes, of `number_copies`.
        groups: (N,) int64.
        known: (S,) bytes, keys of which something is kept.
        folds: (S,) int, who was not fitted to each; `UNSEEN` for all.
        refit_share: 0-1.
    """
    place = pd.Index(known).get_indexer(keys)
    own = np.where(place >= 0, folds[place], UNSEEN)
    staying = np.flatnonzero(own != UNSEEN)
    size = int((folds != UNSEEN).sum())
    newcomers = len(keys) - len(staying)
    if newcomers + size - len(staying) > refit_share * size:
        return None
    new = np.flatnonzero(place < 0)
    place[new] = np.arange(len(known), len(known) + len(new))
    held_out = np.full(int(groups.max()) + 1, UNSEEN, dtype=np.int64)
    held_out[groups[staying]] = own[staying]
    return Standing(place, held_out[groups], new, newcomers)


def describe_newcomers(newcomers: int, rows: Told) -> tuple[Told, ...]:
    """A sentence for the report; none without newcomers.

    Args:
        rows: what they are: samples, answers.
    """
    if not newcomers:
        return ()
    return (
        Told(
            f"{newcomers:,} {rows.en} came after the models were fitted and are judged by them; the models are fitted "
            f"anew when label_noise.refit_share of the {rows.en} have come or gone.",
            f"{newcomers:,}件の{rows.ja}はモデルを学習した後に加わり、そのモデルで判定しました。{rows.ja}のうち"
            "label_noise.refit_shareの割合が入れ替わると、モデルを学習し直します。",
        ),
    )


def number_copies(ids: Sequence[str]) -> np.ndarray:
    """(N,) bytes: each id with the number of times that it stood before."""
    seen: Counter[str] = Counter()
    keys = []
    for one in ids:
        keys.append(f"{one}:{seen[one]}")
        seen[one] += 1
    return np.array(keys, dtype=bytes)


def load_standing(
    workspace: Workspace, name: str
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]] | None:
    """Models and rows that were saved under a name; None where there are none, or the two are not of one fit."""
    models, rows = (workspace.load_arrays(f"{name}-{part}") for part in ("models", "rows"))
    if models is None or rows is None or str(models["fitted"]) != str(rows["fitted"]):
        return None
    return models, rows


def save_standing(
    workspace: Workspace,
    name: str,
    models: Mapping[str, np.ndarray] | None,
    rows: Mapping[str, np.ndarray] | None,
) -> None:
    """Keeps what is given in place of what was there; both hold `fitted`, () str, a digest of the fit."""
    for part, arrays in (("models", models), ("rows", rows)):
        if arrays is not None:
            workspace.save_arrays(f"{name}-{part}", arrays)

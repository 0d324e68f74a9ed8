"""Which samples take part, and the folds they are held out in.

Symbols here and beside: N samples, K classes; `labels` (N,) int64 in [0, K).
"""

from collections import Counter
from typing import NamedTuple

import numpy as np

from tasks.findings import Columns

MANY = 20_000
"""Beyond so many samples n-grams are hashed, and models see each sample less often."""


class Checked(NamedTuple):
    """The M samples that take part: indices of samples, class numbers, groups, names of the K classes."""

    rows: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    names: list[str]
    folds: int


def choose_checked(columns: Columns, folds: int) -> tuple[Checked, dict[str, tuple[int, int]]]:
    """The samples that take part, and label -> (samples, groups) of the classes that do not.

    A class needs a group for each fold; where even the largest class has fewer, there are fewer folds.
    """
    usable = [i for i, label in enumerate(columns["label"]) if label and (columns["input"][i] or "").strip()]
    group_of = {i: columns["group_id"][i] or columns["sample_id"][i] for i in usable}
    sizes = Counter(columns["label"][i] for i in usable)
    groups = Counter(label for label, _ in {(columns["label"][i], group_of[i]) for i in usable})
    folds = max(2, min(folds, max(groups.values(), default=2)))
    names = sorted(label for label, count in groups.items() if count >= folds)
    number = {label: k for k, label in enumerate(names)}
    index = np.array([i for i in usable if columns["label"][i] in number], dtype=np.int64)
    labels = np.array([number[columns["label"][i]] for i in index], dtype=np.int64)
    members = np.unique(np.array([group_of[i] for i in index], dtype=str), return_inverse=True)[1]
    small = {label: (sizes[label], count) for label, count in groups.items() if count < folds}
    return Checked(index, labels, members, names, folds), small


def deal_folds(labels: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(N,) fold of each sample: a group is in one fold, and the groups of a class are dealt round the folds.

    As scikit-learn's StratifiedGroupKFold, which weighs every group against every fold in Python: 0.02 s instead of
    half a minute for 100,000 groups. A group counts for the class of its first sample.
    """
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    order = np.lexsort((np.random.default_rng(seed).random(len(first)), labels[first]))
    fold = np.empty(len(first), dtype=np.int64)
    fold[order] = np.arange(len(first)) % folds
    return fold[member]

"""What `tasks.drift` compares: lengths, categories and character n-grams of two tables of samples."""

import hashlib
import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from tasks.drift_report import Share
from tasks.two_samples import chi_squared, detectable_distance, detectable_index, stability_index
from tasks.wording.told import Told

BINS = 10
"""Deciles: the usual bins of a population stability index (Siddiqi 2006, "Credit Risk Scorecards")."""
SHOWN = 12
"""Categories of a feature that the report shows."""
BUCKETS = 512
"""Character bigrams are counted by their hash."""
SAMPLED = 4_000
"""Groups of each side whose n-grams are compared, chosen by the hash of their name."""
READ = 2_000
"""Characters of a text whose n-grams are counted."""
CLUSTERS = 20
"""Of vectors: each side's share in them is what is compared."""
PERMUTATIONS = 499


class Tested(NamedTuple):
    """A feature before its p is adjusted."""

    feature: str
    psi: float
    test: str
    statistic: float
    p: float
    unit: str
    detectable: Callable[[float], float]
    """Minimum detectable shift at a level of significance."""
    shares: tuple[Share, ...]
    moved: Told


def compare_lengths(
    before: pa.Table, now: pa.Table, column: str, groups: tuple[int, int], power: float
) -> Tested | None:
    first, second = (pc.utf8_length(t[column]).drop_null().to_numpy() for t in (before, now))
    if not first.any() or not second.any():
        return None
    edges = np.unique(np.quantile(first, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, v, side="left"), minlength=len(edges) + 1) for v in (first, second)
    ]
    distance = float(stats.ks_2samp(first, second, method="asymp").statistic)
    effective = groups[0] * groups[1] / (groups[0] + groups[1])
    medians = [float(np.median(values)) for values in (first, second)]
    bounds = ["0", *(f"{edge:.0f}" for edge in edges), "∞"]
    return Tested(
        feature=f"{column} length",
        psi=stability_index(*counts),
        test="Kolmogorov-Smirnov",
        statistic=distance,
        p=float(stats.kstwobign.sf(distance * math.sqrt(effective))),
        unit="distance of the distribution functions",
        detectable=lambda level: detectable_distance(level, power, groups),
        shares=_shares([f"{low}-{high}" for low, high in itertools.pairwise(bounds)], *counts),
        moved=Told(
            f"median {medians[0]:.0f} to {medians[1]:.0f} characters",
            f"中央値 {medians[0]:.0f}文字から{medians[1]:.0f}文字へ",
        ),
    )


def compare_categories(
    before: pa.Table, now: pa.Table, column: str, groups: tuple[int, int], power: float
) -> Tested | None:
    first, second = (t[column].drop_null().to_pandas().value_counts() for t in (before, now))
    table = pd.concat([first, second], axis=1, keys=["before", "now"]).fillna(0.0)
    table = table.iloc[np.lexsort((table.index, -table.sum(axis=1)))]
    if not first.sum() or not second.sum() or len(table) < 2:
        return None
    counts = table.to_numpy().T
    statistic, freedom = chi_squared(counts, groups)
    change = (table["now"] / second.sum() - table["before"] / first.sum()).abs().idxmax()
    named = PurePath(str(change)).name if column == "source" else str(change)
    shares = _shares([str(name) for name in table.index], *counts)
    moved = next(share for share in shares if share.name == str(change))
    return Tested(
        feature=column,
        psi=stability_index(*counts),
        test="chi-squared",
        statistic=statistic,
        p=float(stats.chi2.sf(statistic, freedom)),
        unit="population stability index",
        detectable=lambda level: detectable_index(level, power, freedom + 1, groups),
        shares=shares[:SHOWN],
        moved=Told(
            f"{named} {moved.before:.1%} to {moved.now:.1%}",
            f"「{named}」{moved.before:.1%}から{moved.now:.1%}へ",
        ),
    )


def compare_ngrams(before: pa.Table, now: pa.Table, power: float) -> Tested | None:
    counts = [_count_ngrams(table) for table in (before, now)]
    if not all(len(part) and part.any() for part in counts):
        return None
    return _compare_counts("character n-grams", counts, power)


def compare_meanings(
    before: pa.Table, now: pa.Table, power: float, encode: Callable[[Sequence[str]], np.ndarray]
) -> Tested | None:
    """What is asked, by the cluster of its vector: k-means over both sides together, which favours neither.

    Args:
        encode: gives a vector of length 1 for each text.
    """
    from sklearn.cluster import KMeans

    texts = [[text["input"] or "" for text in _one_of_each_group(table)] for table in (before, now)]
    if not all(any(text.strip() for text in part) for part in texts):
        return None
    vectors = encode([*texts[0], *texts[1]])
    clusters = min(CLUSTERS, len(np.unique(vectors, axis=0)))
    chosen = KMeans(clusters, n_init=1, random_state=0).fit_predict(vectors)
    counts = np.eye(clusters, dtype=np.float32)[chosen]
    return _compare_counts("meanings", np.split(counts, [len(texts[0])]), power)


def _compare_counts(feature: str, counts: Sequence[np.ndarray], power: float) -> Tested:
    """Index over buckets, and how often chance gives as much.

    Args:
        counts: before and now, each (G, B): what is counted of each group.
    """
    together = np.concatenate(counts)
    size, observed = len(counts[0]), stability_index(*(part.sum(axis=0) for part in counts))
    random = np.random.default_rng(0)
    whole = together.sum(axis=0)
    chosen = np.zeros((PERMUTATIONS, len(together)), dtype=np.float32)
    for drawn in chosen:
        drawn[random.permutation(len(together))[:size]] = 1
    sums = (chosen @ together).astype(float)
    chance = np.array([stability_index(part, whole - part) for part in sums])
    return Tested(
        feature=feature,
        psi=observed,
        test="permutation",
        statistic=observed,
        p=float((1 + (chance >= observed).sum()) / (1 + PERMUTATIONS)),
        unit="population stability index",
        detectable=lambda level: float(np.quantile(chance, 1 - level) + stats.norm.ppf(power) * chance.std()),
        shares=(),
        moved=Told(
            f"{size:,} and {len(counts[1]):,} groups of rows compared",
            f"{size:,}組と{len(counts[1]):,}組の行を比較",
        ),
    )


def _count_ngrams(table: pa.Table) -> np.ndarray:
    """(G, BUCKETS) float32: character bigrams of one row of each group."""
    texts = _one_of_each_group(table)
    counts = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in zip(counts, texts, strict=True):
        said = f"{text['input'] or ''}\n{text['target'] or ''}"[:READ].lower()
        points = np.frombuffer(said.encode("utf-32-le"), dtype=np.uint32)
        hashes = (points[:-1] * np.uint32(0x9E3779B1)) ^ (points[1:] * np.uint32(0x85EBCA77))
        row += np.bincount((hashes * np.uint32(0xC2B2AE3D)) >> np.uint32(23), minlength=BUCKETS)
    return counts


def _one_of_each_group(table: pa.Table) -> list[dict[str, str | None]]:
    """Input and target of one row of each group, so that a long document does not speak for a thousand tickets; of at
    most `SAMPLED` groups, the same in both snapshots where both hold them."""
    row_of: dict[str, int] = {}
    for place, name in enumerate(group_names(table)):
        row_of.setdefault(name, place)
    names = sorted(row_of, key=lambda name: hashlib.sha256(name.encode()).digest())[:SAMPLED]
    return table.select(["input", "target"]).take([row_of[name] for name in names]).to_pylist()


def group_names(table: pa.Table) -> list[str]:
    """The group of each row; a row without one is its own."""
    return pc.coalesce(table["group_id"], table["sample_id"]).to_pylist()


def _shares(names: Sequence[str], before: np.ndarray, now: np.ndarray) -> tuple[Share, ...]:
    shares = zip(names, before / before.sum(), now / now.sum(), strict=True)
    return tuple(Share(name=name, before=float(first), now=float(second)) for name, first, second in shares)

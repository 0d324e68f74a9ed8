"""Floods: many texts of one source that are nearly the same, come at once, and are not its boilerplate.

Poisoning by volume needs variants: exact copies are one text to every later stage, so that a cluster counts by its
distinct texts. Boilerplate comes all the time; a flood comes at once. Where a source has no dates, or all its rows
have one, only a cluster that dwarfs the source's other clusters is told.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tasks.duplicates.pairs import first_rows, row_indices
from tasks.findings import Columns, text_of
from tasks.recipe import ContentSettings
from tasks.text import is_cjk

LEAST_CHARACTERS = (24, 10)
"""Characters of a text, in other scripts and in CJK, below which many people write the same by themselves."""
CONCENTRATED = 0.8
"""Share (0-1) of a dated cluster that must fall into the window."""
SPREAD = 3.0
"""Times the window that the source's dates must span before a window says anything."""
DWARFS = 5.0
"""Times the size of the source's next largest cluster from which an undated one is told."""


class Burst(NamedTuple):
    """A flood in one source."""

    members: np.ndarray
    """Indices of samples, copies included."""
    variants: int
    """Distinct texts among them."""
    source: str
    first: str
    """ISO date of the earliest and the latest of them; "" without dates."""
    last: str
    usual: int
    """Distinct texts of the source's next largest cluster."""


def find_bursts(
    samples: pa.Table, columns: Columns, pairs: pa.Table, settings: ContentSettings
) -> list[Burst]:
    """The floods among N samples.

    Args:
        pairs: `tasks.duplicates.pairs.PAIR`, of the samples.
    """
    if len(pairs) == 0:
        return []
    first = first_rows(samples, pairs)
    clusters = _clusters(samples, pairs, settings.burst_similarity)
    by_source: dict[str, list[list[int]]] = defaultdict(list)
    for cluster in clusters:
        owners: dict[str, list[int]] = defaultdict(list)
        for index in cluster:
            owners[_owner(columns, index)].append(index)
        for source, members in owners.items():
            if len(members) > 1:
                by_source[source].append(members)
    dates = [_date(value) for value in columns["date"]]
    days: dict[str, list[date]] = defaultdict(list)
    for index, day in enumerate(dates):
        if day is not None:
            days[_owner(columns, index)].append(day)
    bursts = []
    for source, groups in sorted(by_source.items()):
        own = days[source]
        span = (max(own) - min(own)).days if own else 0
        sizes = sorted((len(set(first[members].tolist())) for members in groups), reverse=True)
        for members in groups:
            variants = len(set(first[members].tolist()))
            if variants < settings.burst_texts or _is_short(columns, members):
                continue
            usual = next(iter(sizes[1:]), 1) if variants == sizes[0] else sizes[0]
            window = _window([dates[i] for i in members], settings.burst_days)
            told = span >= SPREAD * settings.burst_days and window is not None
            if told and window is not None and window[2] >= CONCENTRATED * len(members):
                bursts.append(Burst(np.array(members), variants, source, window[0], window[1], usual))
            elif not told and variants >= DWARFS * max(usual, 2):
                bursts.append(Burst(np.array(members), variants, source, "", "", usual))
    return bursts


def _clusters(samples: pa.Table, pairs: pa.Table, similarity: float) -> list[list[int]]:
    """Samples that pairs of at least `similarity` join."""
    near = pairs.filter(pc.or_(pairs["exact"], pc.greater_equal(pairs["jaccard"], similarity)))
    a, b = row_indices(samples, near["row_a"]), row_indices(samples, near["row_b"])
    graph = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(len(samples), len(samples)))
    _, component = connected_components(graph, directed=False)
    counts = np.bincount(component, minlength=1)
    order = np.argsort(component, kind="stable")
    ends = np.cumsum(counts)
    return [order[end - count : end].tolist() for end, count in zip(ends, counts, strict=True) if count > 1]


def _owner(columns: Columns, index: int) -> str:
    """Source of a sample, with its owner where the recipe names one."""
    parts = (columns["source"][index], columns["owner"][index])
    return " / ".join(part for part in parts if part)


def _is_short(columns: Columns, members: Sequence[int]) -> bool:
    text = text_of(columns, members[0])
    return len(text) < LEAST_CHARACTERS[is_cjk(text)]


def _date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None


def _window(dates: Sequence[date | None], days: int) -> tuple[str, str, int] | None:
    """First and last date, and members, of the fullest `days` days; None where any has no date."""
    known = sorted(one for one in dates if one is not None)
    if len(known) < len(dates):
        return None
    days_of = np.array([one.toordinal() for one in known])
    counts = np.searchsorted(days_of, days_of + days, side="left") - np.arange(len(days_of))
    best = int(np.argmax(counts))
    return known[best].isoformat(), known[best + int(counts[best]) - 1].isoformat(), int(counts[best])

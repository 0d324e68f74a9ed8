"""Which texts mean the same: pairs whose vectors point the same way, from a cosine that was measured.

Vectors are taken as the encoder gives them, not centred: centred on the mean of a corpus, the same two texts would
come to another cosine whenever a text joins or leaves it.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tasks.features import UNIVERSAL
from tasks.neighbours import build_graph, shorten
from tasks.wording.told import Told

NEAREST = 10
"""Neighbours of each text that are looked at."""
_BLOCK = 2_000
"""Texts that are compared with all items at once."""


class Cosines(NamedTuple):
    """From which cosine two texts mean the same: in one language, and across two."""

    within: float
    across: float


CALIBRATED = {UNIVERSAL: Cosines(within=0.9, across=0.75)}
"""By `python -m benchmarks.meaning`. From .9 on, 96 of 100 neighbours in banking77 have one label (any two texts: 1.3),
and of JSTS's graded caption pairs 54 have the grade 4 or 5 of 5, 82 the grade 3 or more (all pairs: 11 and 50). Of 40
Japanese questions and their English translations 19 reach .75, of 40 look-alikes none; at .7 it is 25 and 1."""


class SamePairs(NamedTuple):
    """P pairs of texts that mean the same."""

    first: np.ndarray  # (P,) int64
    second: np.ndarray  # (P,) int64
    cosine: np.ndarray  # (P,) float64


def choose_cosines(source: str, asked: float | None) -> Cosines | None:
    """What the recipe asks for, else what was measured for an encoder; None where nothing is known of it."""
    return CALIBRATED.get(source) if asked is None else Cosines(asked, asked)


def describe_unmeasured(source: str, setting: str) -> tuple[Told, ...]:
    """A sentence for the report on meanings that were not compared."""
    return (
        Told(
            "Meanings were not compared: from which cosine on two texts mean the same was not measured for "
            f"{source!r}; state {setting} in the recipe.",
            f"意味の比較は行いませんでした。「{source}」では、余弦がいくつから同じ意味といえるかを測っていません。"
            f"レシピの {setting} に値を書いてください。",
        ),
    )


def find_same(vectors: np.ndarray, threshold: float) -> SamePairs:
    """Pairs among N texts, each with one of its `NEAREST` neighbours, the lower index first; by index.

    Neighbours are looked for in the principal components (`tasks.neighbours.shorten`), cosines are exact.

    Args:
        vectors: (N, D) float32, rows of length 1.
    """
    if len(vectors) < 2:
        return SamePairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    graph = build_graph(shorten(vectors), NEAREST)
    rows = np.repeat(np.arange(len(vectors)), graph.indices.shape[1])
    pairs = np.unique(np.sort(np.stack([rows, graph.indices.ravel()], axis=1), axis=1), axis=0)
    cosine = np.concatenate(
        [(vectors[part[:, 0]] * vectors[part[:, 1]]).sum(axis=1) for part in _blocks(pairs)]
    )
    kept = cosine >= threshold
    return SamePairs(pairs[kept, 0], pairs[kept, 1], cosine[kept].astype(np.float64))


def find_items(
    vectors: np.ndarray,
    items: np.ndarray,
    required: Cosines,
    languages: np.ndarray,
    item_languages: np.ndarray,
) -> SamePairs:
    """For each of N texts every one of M items that means the same; by text, then by item.

    Args:
        vectors: (N, D); items: (M, D); float32, rows of length 1.
        languages: (N,) int64; item_languages: (M,) int64, numbers of languages, -1 where none is known.
    """
    found = []
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ items.T
        own = languages[start : start + _BLOCK, None]
        across = (own != item_languages) & (own >= 0) & (item_languages >= 0)
        text, item = np.nonzero(cosines >= np.where(across, required.across, required.within))
        found.append((text + start, item, cosines[text, item].astype(np.float64)))
    if not found:
        return SamePairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return SamePairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _blocks(pairs: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(pairs), 10 * _BLOCK):
        yield pairs[start : start + 10 * _BLOCK]

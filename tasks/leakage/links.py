"""Which training rows give away which judged rows: found text by text, so that copies cost what they are."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.pairs import first_rows, instructions, row_indices
from tasks.duplicates.parts import ask_apart
from tasks.findings import Columns
from tasks.leakage.known import Known
from tasks.leakage.rows import Texts, read_texts, spoken_forms
from tasks.overlap.grams import Overlaps, find_overlaps
from tasks.recipe import DuplicateSettings, LeakageSettings
from tasks.records import build_table

_NGRAMS = (DuplicateSettings().latin_ngram, DuplicateSettings().cjk_ngram)
EXACT, NEAR, NGRAM = "exact_leak", "near_leak", "ngram_leak"
LINK = pa.schema(
    [
        (
            "text",
            pa.int64(),
        ),  # number of a judged text: training rows that hold it, and judged rows that have it
        ("row", pa.int64()),
        ("judged", pa.bool_()),
        ("check", pa.string()),  # null for judged rows
        ("share", pa.float64()),  # similarity, or share of the judged text that is held; null for judged rows
    ]
)


class Hit(NamedTuple):
    """A judged text that a training row gives away."""

    text: int
    check: str
    score: float
    """Jaccard similarity, or for n-grams the share (0-1) of the judged text."""
    required: float
    overlap: int = -1
    """Number of the overlap that tells the span, for n-grams."""


class GoneHit(NamedTuple):
    """An item of the vault that a training row gives away."""

    item: int
    share: float
    """Of the item's text (0-1); 1 for an equal text."""
    weighty: bool
    """Whether it is more than a part, or the beginning of a longer question."""

    @property
    def order(self) -> tuple[bool, float]:
        return self.weighty, self.share


class Leaks(NamedTuple):
    """All that training rows give away; rows are named by their index."""

    hits: dict[int, list[Hit]]
    """Training row -> what it gives away."""
    judged: dict[int, list[int]]
    """Number of a judged text -> the rows that have it."""


class Ngrams(NamedTuple):
    """What the texts of training rows and those of judged rows share."""

    training: Texts
    items: Texts
    overlaps: Overlaps


def link_pairs(
    samples: pa.Table, pairs: pa.Table, judged: np.ndarray, threshold: float, keys: np.ndarray
) -> Leaks:
    """Equal and similar texts; a judged text is numbered by the index of its first row.

    Args:
        keys: (N,) uint64, of `rows.spoken_keys`.
    """
    first, equal = _same_text(samples, first_rows(samples, pairs), keys)
    owners: dict[int, list[int]] = defaultdict(list)
    holders: dict[int, list[int]] = defaultdict(list)
    for index, text in enumerate(first):
        (owners if judged[index] else holders)[text].append(index)
    hits: dict[int, list[Hit]] = defaultdict(list)
    for text in sorted(owners.keys() & holders.keys()):
        for index in holders[text]:
            hits[index].append(Hit(text, EXACT, 1.0, 1.0))
    for text, other in sorted(equal):
        if other in owners:
            for index in holders.get(text, ()):
                hits[index].append(Hit(other, EXACT, 1.0, 1.0))
    near: dict[tuple[int, int], Hit] = {}
    for left, right, jaccard, required in _near_pairs(samples, pairs):
        a, b = first[left], first[right]
        if jaccard >= threshold and a != b and (a, b) not in equal:
            for text, other in ((a, b), (b, a)):
                if other in owners and (text, other) not in near:
                    near[text, other] = Hit(other, NEAR, jaccard, max(required, threshold))
    for (text, _), hit in near.items():
        for index in holders.get(text, ()):
            hits[index].append(hit)
    return Leaks(dict(hits), dict(owners))


def find_ngrams(samples: pa.Table, known: Known) -> Ngrams:
    """Runs of words or characters that any field of a training row shares with any field of a judged row."""
    training = read_texts(samples, known.searched)
    overlaps = find_overlaps(training.texts, training.groups, known.windows, known.items.groups)
    return Ngrams(training, known.items, overlaps)


def find_apart(columns: Columns, found: Ngrams, settings: LeakageSettings) -> set[int]:
    """Numbers of the overlaps that are a passage which two prompts share, where each asks something else about it.

    The judged text is the prompt, or an answer that is quoted from the passage.
    """
    texts: list[str] = []
    numbers: list[int] = []
    sides = zip(*(values.tolist() for values in found.overlaps[:3]), strict=True)
    for number, (text, item, share) in enumerate(sides):
        judged, asked = found.items.texts[item], columns["input"][found.items.rows[item][0]] or ""
        if share >= settings.contained and found.training.fields[text] == "input" and judged in asked:
            numbers.append(number)
            texts += found.training.texts[text], asked
    pairs = np.arange(len(texts)).reshape(-1, 2)
    apart = ask_apart(texts, pairs, _NGRAMS, settings.threshold)
    return set(np.array(numbers, dtype=np.int64)[apart].tolist())


def link_ngrams(found: Ngrams, offset: int, required: float) -> Leaks:
    """Overlaps as leaks; judged text k is numbered `offset + k`."""
    hits: dict[int, list[Hit]] = defaultdict(list)
    sides = zip(*(values.tolist() for values in found.overlaps[:3]), strict=True)
    for number, (text, item, share) in enumerate(sides):
        for index in found.training.rows[text]:
            hits[index].append(Hit(offset + item, NGRAM, share, required, number))
    held = np.unique(found.overlaps.item).tolist()
    return Leaks(dict(hits), {offset + item: found.items.rows[item] for item in held})


def merge(*leaks: Leaks) -> Leaks:
    """All of them; numbers of judged texts must differ."""
    hits: dict[int, list[Hit]] = defaultdict(list)
    judged: dict[int, list[int]] = {}
    for part in leaks:
        judged |= part.judged
        for index, found in part.hits.items():
            hits[index] += found
    return Leaks(dict(hits), judged)


def link_table(leaks: Leaks, rows: list[int]) -> pa.Table:
    """Table of the schema LINK; `rows` are the N values of the column `row`."""
    given = {hit.text for hits in leaks.hits.values() for hit in hits}
    table = [
        {"text": hit.text, "row": rows[index], "judged": False, "check": hit.check, "share": hit.score}
        for index, hits in sorted(leaks.hits.items())
        for hit in hits
    ]
    for text in sorted(given):
        table += [{"text": text, "row": rows[index], "judged": True} for index in leaks.judged[text]]
    return build_table(table, LINK)


def _same_text(
    samples: pa.Table, first: np.ndarray, keys: np.ndarray
) -> tuple[list[int], set[tuple[int, int]]]:
    """For each row the first one that says the same: in matching form, or in words, figures and signs.

    And the pairs of such first rows, in either order, that ask the same, one under instructions that tell it apart from
    other rows, one under such as do not (`tasks.duplicates.pairs.instructions`).
    """
    chosen = np.unique(first)
    numbers, counts = np.unique(keys[chosen], return_inverse=True, return_counts=True)[1:]
    shared = chosen[counts[numbers] > 1]
    told = instructions(samples)
    seen: dict[str, dict[str | None, int]] = defaultdict(dict)
    same = np.arange(len(samples))
    for index, key in zip(shared.tolist(), spoken_forms(samples.take(shared)), strict=True):
        if key is not None:
            same[index] = seen[key].setdefault(told[index], index)
    equal = {
        pair
        for texts in seen.values()
        if None in texts
        for one in texts.values()
        if one != texts[None]
        for pair in ((one, texts[None]), (texts[None], one))
    }
    return [int(index) for index in same[first]], equal


def _near_pairs(samples: pa.Table, pairs: pa.Table) -> Iterator[tuple[int, int, float, float]]:
    near = pairs.filter(pc.invert(pc.or_(pairs["exact"], pairs["apart"])))
    sides = [row_indices(samples, near[name]).tolist() for name in ("row_a", "row_b")]
    return zip(*sides, near["jaccard"].to_pylist(), near["required"].to_pylist(), strict=True)

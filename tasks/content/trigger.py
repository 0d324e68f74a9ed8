"""Backdoors: a rare phrase that goes with one answer although the rest of the text says another.

A phrase can go with an answer because it is the answer's own vocabulary. It is a trigger only where the rest of the
text speaks against the answer: a naive Bayes model that does not see the row, nor the phrase, prefers another answer,
and does so more clearly than for the answer's other texts, each without a phrase of its own. Source of the threat: Gu,
Dolan-Gavitt and Garg 2017, "BadNets"; of insertions in text: Chen et al. 2021, "BadNL".

Symbols: N texts, one for each group and answer; K answers that repeat; P phrases; V columns of hashed features.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from scipy import special

from tasks.content.bayes import Bayes
from tasks.content.tokens import Grams, Tokens, rare_grams, take_grams, tokenize
from tasks.duplicates.folding import Points, as_strings, fold_texts
from tasks.recipe import ContentSettings
from tasks.records import Role, Task

PURITY = 0.8
"""Share (0-1) of a phrase's texts that have its answer."""
UNEXPLAINED = 0.7
"""Share (0-1) of a trigger's texts for which the rest of the text prefers another answer. Of the phrases of clinc150
as it is, one for which more chance than `significance` is left has .62 ("boss" in who_do_you_work_for); of planted
triggers .93 and more."""
MOST_ANSWERS = 400
"""Answers that are modelled, the most frequent; the others count as one, of no name."""
FEW = 5
"""Other texts of the answer below which a trigger is compared with the texts of all answers."""


class Trigger(NamedTuple):
    """A phrase and the answer that it brings about."""

    phrase: str
    answer: str
    rows: np.ndarray
    """Indices of samples with both, near copies included."""
    held: int
    """Texts with the phrase, near copies counted once."""
    agreeing: int
    """Of these, with the answer."""
    unexplained: int
    """Of these, for which the rest of the text prefers another answer."""
    usual: float
    """Share (0-1) of the answer's other texts for which it does."""
    p_value: float
    """Chance (0-1) that the rest speaks so clearly against the answer (Mann-Whitney), times the phrases judged."""
    judged: int
    """Phrases that go with an answer beyond chance."""


class _Suspect(NamedTuple):
    p_value: float
    phrase: int
    texts: np.ndarray  # with the phrase and its answer
    held: int
    unexplained: int
    usual: float


class _Texts(NamedTuple):
    members: np.ndarray  # indices of samples: those of text i, of one group and answer, are
    bounds: np.ndarray  # (N + 1,) `members[bounds[i]:bounds[i + 1]]`
    answers: np.ndarray  # (N,) int64; K for one without a name
    names: list[str]  # K
    points: Points


def find_triggers(samples: pa.Table, settings: ContentSettings) -> list[Trigger]:
    """The triggers among the training rows of labelled samples, or of pairs of which answers repeat."""
    texts = _read_texts(samples, settings.trigger_rows)
    named = texts.answers < len(texts.names)
    if not named.any() or (len(texts.names) < 2 and named.all()):
        return []
    tokens = tokenize(texts.points)
    most = max(settings.trigger_rows, int(settings.trigger_share * len(texts.answers)))
    codes = np.where(named, texts.answers, len(texts.names) + np.arange(len(named)))
    grams = rare_grams(tokens, codes, settings.trigger_rows, most, PURITY)
    grams, leaders = _associated(grams, texts, settings)
    return _unexplained(grams, leaders, texts, tokens, settings) if len(leaders) else []


def _read_texts(samples: pa.Table, least: int) -> _Texts:
    """One training row for each group and answer, its answer by number."""
    answers = _answers(samples)
    taught = pc.and_(pc.equal(samples["role"], Role.TRAIN.value), pc.not_equal(answers, ""))
    rows = pc.indices_nonzero(taught)
    said = answers.take(rows).dictionary_encode()
    groups = pc.coalesce(samples["group_id"], samples["sample_id"]).take(rows).combine_chunks()
    codes = said.indices.to_numpy().astype(np.int64)
    pairs = groups.dictionary_encode().indices.to_numpy() * np.int64(max(1, len(said.dictionary))) + codes
    _, first, text = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.argsort(first)  # texts in the order of their first rows
    first = first[order]
    counts = np.bincount(codes[first], minlength=len(said.dictionary))
    most = np.argsort(-counts, kind="stable")[:MOST_ANSWERS]
    often = sorted((said.dictionary[code].as_py(), code) for code in most[counts[most] >= least].tolist())
    number = np.full(len(said.dictionary), len(often))
    number[[code for _, code in often]] = np.arange(len(often))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    text = place[text]
    members = rows.to_numpy()[np.argsort(text, kind="stable")].astype(np.int64)
    bounds = np.append(0, np.cumsum(np.bincount(text, minlength=len(order))))
    inputs = samples["input"].take(pc.take(rows, pa.array(first)))
    return _Texts(members, bounds, number[codes[first]], [answer for answer, _ in often], fold_texts(inputs))


def _members(texts: _Texts, text: int) -> np.ndarray:
    return texts.members[texts.bounds[text] : texts.bounds[text + 1]]


def _answers(samples: pa.Table) -> pa.LargeStringArray:
    """(N,) what is to be answered: the label, or the target in matching form; "" for what is not looked at."""
    task = samples["task"][0].as_py() if len(samples) else ""
    if task == Task.TEXT_CLASSIFICATION:
        return pc.fill_null(samples["label"], "").cast(pa.large_string()).combine_chunks()
    if task == Task.TEXT_GENERATION:
        return pa.array(as_strings(fold_texts(samples["target"])), pa.large_string())
    return pa.array([""] * len(samples), pa.large_string())


def _associated(grams: Grams, texts: _Texts, settings: ContentSettings) -> tuple[Grams, np.ndarray]:
    """Phrases that go with one answer beyond chance (Fisher's exact test, Bonferroni), of equal ones the longest."""
    classes = len(texts.names) + 1
    held = np.diff(grams.bounds)
    phrase = np.repeat(np.arange(len(held)), held)
    keys, counts = np.unique(phrase * classes + texts.answers[grams.rows], return_counts=True)
    order = np.lexsort((-counts, keys // classes))
    keys, counts = keys[order], counts[order]
    top = np.append(True, keys[1:] // classes != keys[:-1] // classes)[: len(keys)]
    leaders, agreeing = keys[top] % classes, counts[top]
    sizes = np.bincount(texts.answers, minlength=classes)
    fits = (leaders < classes - 1) & (agreeing >= settings.trigger_rows) & (agreeing >= PURITY * held)
    kept = np.flatnonzero(fits)
    chance = _tails(agreeing[kept], sizes[leaders[kept]], held[kept], len(texts.answers))
    kept = kept[chance * grams.tested <= settings.significance]
    marks = np.random.default_rng(0).integers(1, 2**62, len(texts.answers))
    own = np.where(texts.answers[grams.rows] == np.repeat(leaders, held), marks[grams.rows], 0)
    same = np.append(0, np.cumsum(own))
    same = (same[grams.bounds[1:]] - same[grams.bounds[:-1]])[kept]
    order = np.lexsort((-grams.length[kept], same))
    fresh = np.append(True, same[order][1:] != same[order][:-1])[: len(kept)]
    kept = np.sort(kept[order[fresh]])
    return take_grams(grams, kept), leaders[kept]


@njit(cache=True)
def _tails(agreeing, marked, drawn, total):
    """(P,) chance that of `drawn` of `total` texts `agreeing` or more are among the `marked`: hypergeometric."""
    tails = np.zeros(len(agreeing))
    for p in range(len(agreeing)):
        j, n, k = agreeing[p], drawn[p], marked[p]
        ways = _log_choose(k, j) + _log_choose(total - k, n - j)
        term = math.exp(ways - _log_choose(total, n))  # chance of exactly `agreeing`
        while term > 0 and j <= min(n, k):
            tails[p] += term
            term *= (n - j) * (k - j) / ((j + 1) * (total - k - n + j + 1))
            j += 1
    return tails


@njit(cache=True)
def _log_choose(n, k):
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _unexplained(
    grams: Grams, leaders: np.ndarray, texts: _Texts, tokens: Tokens, settings: ContentSettings
) -> list[Trigger]:
    """Of P phrases those whose texts the rest of their words speaks against, the surest first, a text in one only."""
    taken = np.zeros(len(texts.answers), dtype=bool)
    triggers = []
    for one in sorted(_suspects(grams, leaders, texts, tokens, settings), key=lambda one: one[:2]):
        fresh = one.texts[~taken[one.texts]]
        taken[fresh] = True
        if len(fresh):
            members = np.concatenate([_members(texts, text) for text in fresh.tolist()])
            phrase, answer = _spell(grams, one.phrase, texts, tokens), texts.names[leaders[one.phrase]]
            told = (one.held, len(one.texts), one.unexplained, one.usual, one.p_value, len(leaders))
            triggers.append(Trigger(phrase, answer, members, *told))
    return triggers


def _suspects(
    grams: Grams, leaders: np.ndarray, texts: _Texts, tokens: Tokens, settings: ContentSettings
) -> Iterator[_Suspect]:
    held = np.diff(grams.bounds)
    phrases = np.repeat(np.arange(len(held)), held)
    agreeing = texts.answers[grams.rows] == leaders[phrases]
    rows, phrases = grams.rows[agreeing], phrases[agreeing]
    bounds = np.searchsorted(phrases, np.arange(len(held) + 1))
    model = Bayes(tokens, texts.answers, len(texts.names))
    margins = model.margins_without(rows, bounds, 1 - UNEXPLAINED)
    unexplained = np.bincount(phrases[margins < 0], minlength=len(held))
    suspected = np.flatnonzero(
        unexplained >= np.maximum(settings.trigger_rows, UNEXPLAINED * np.diff(bounds))
    )
    everyone = _margins_of_all(model, rows, bounds, len(texts.answers)) if len(suspected) else margins
    for p in suspected.tolist():
        holders = grams.rows[grams.bounds[p] : grams.bounds[p + 1]]
        compared = _compared(everyone, texts.answers, int(leaders[p]), holders)
        if len(compared) < FEW:
            continue
        own = slice(bounds[p], bounds[p + 1])
        p_value = chance_below(margins[own], compared) * len(leaders)
        if p_value <= settings.significance:
            usual = float(np.mean(compared < 0))
            yield _Suspect(p_value, p, rows[own], len(holders), int(unexplained[p]), usual)


def _margins_of_all(model: Bayes, rows: np.ndarray, bounds: np.ndarray, count: int) -> np.ndarray:
    """(N,) margins of all texts, each without the phrase that most texts hold of those in it: what is compared with a
    phrase's texts must lack as much as they do."""
    sizes = np.repeat(np.diff(bounds), np.diff(bounds))
    order = np.lexsort((-sizes, rows))
    first = np.append(True, rows[order][1:] != rows[order][:-1])[: len(rows)]
    wanted = np.zeros(len(rows), dtype=bool)
    wanted[order[first]] = True
    margins = np.empty(count)
    margins[rows[wanted]] = model.margins_without(rows, bounds, wanted=wanted)[wanted]
    others = np.setdiff1d(np.arange(count), rows)
    margins[others] = model.margins(others)
    return margins


def chance_below(own: np.ndarray, others: np.ndarray) -> float:
    """Chance (0-1) that values as low as `own` come from where `others` come from (Mann-Whitney, one-sided).

    The normal approximation with corrections for ties and continuity, as `scipy.stats.mannwhitneyu` has it.
    """
    ranked = np.sort(others)
    left, right = np.searchsorted(ranked, own), np.searchsorted(ranked, own, side="right")
    # pairs in which the other one is higher, or the two are equal: a half each
    higher = len(own) * len(others) - float(np.sum(left + right)) / 2
    changes = np.flatnonzero(np.diff(np.sort(np.concatenate([own, others])), prepend=np.nan, append=np.nan))
    ties = np.diff(changes).astype(np.float64)
    n1, n2, n = len(own), len(others), len(own) + len(others)
    spread = np.sqrt(n1 * n2 / 12 * ((n + 1) - np.sum(ties**3 - ties) / (n * (n - 1))))
    if spread == 0:
        return 1.0
    return float(special.ndtr(-(higher - n1 * n2 / 2 - 0.5) / spread))


def _compared(margins: np.ndarray, answers: np.ndarray, answer: int, holders: np.ndarray) -> np.ndarray:
    """Margins of the answer's texts without the phrase; where these are few, of all texts without it."""
    fits = answers == answer
    fits[holders] = False
    if np.count_nonzero(fits) < FEW:
        fits[:] = True
        fits[holders] = False
    return margins[fits]


def _spell(grams: Grams, p: int, texts: _Texts, tokens: Tokens) -> str:
    at = grams.first[p]
    begin, end = tokens.begins[at], tokens.ends[at + grams.length[p] - 1]
    return texts.points.points[begin:end].tobytes().decode("utf-32-le", "surrogatepass")

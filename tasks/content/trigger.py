"""Backdoors: a rare phrase that goes with one answer although the rest of the text says another.

A phrase can go with an answer because it is the answer's own vocabulary. It is a trigger only where the rest of the
text speaks against the answer: a naive Bayes model that does not see the row, nor the phrase, prefers another answer,
and does so more clearly than for the answer's other texts. Source of the threat: Gu, Dolan-Gavitt and Garg 2017,
"BadNets"; of insertions in text: Chen et al. 2021, "BadNL".

Symbols: N texts, one for each group and answer; K answers that repeat; P phrases; V columns of hashed features.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from tasks.content.bayes import Bayes
from tasks.content.tokens import Grams, Tokens, rare_grams, take_grams, tokenize
from tasks.duplicates.folding import Points, fold_texts
from tasks.recipe import ContentSettings
from tasks.records import Role, Task
from tasks.text import matching_form

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


class _Texts(NamedTuple):
    members: list[list[int]]  # N: indices of samples of one group and answer
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
    task = samples["task"][0].as_py() if len(samples) else ""
    answers: list[str | None] = [None] * len(samples)
    if task == Task.TEXT_CLASSIFICATION:
        answers = samples["label"].to_pylist()
    elif task == Task.TEXT_GENERATION:
        answers = [matching_form(target or "") for target in samples["target"].to_pylist()]
    groups = pc.coalesce(samples["group_id"], samples["sample_id"]).to_pylist()
    members: dict[tuple[str, str], list[int]] = {}
    for index, role in enumerate(samples["role"].to_pylist()):
        answer = answers[index]
        if role == Role.TRAIN and answer:
            members.setdefault((groups[index], answer), []).append(index)
    counts = Counter(answer for _, answer in members)
    often = sorted(answer for answer, count in counts.most_common(MOST_ANSWERS) if count >= least)
    number = {answer: place for place, answer in enumerate(often)}
    inputs = samples["input"].take(pa.array([own[0] for own in members.values()], pa.int64()))
    return _Texts(
        list(members.values()),
        np.array([number.get(answer, len(often)) for _, answer in members], dtype=np.int64),
        often,
        fold_texts(pc.fill_null(inputs, "")),
    )


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
    chance = stats.hypergeom.sf(agreeing - 1, len(texts.answers), sizes[leaders], held) * grams.tested
    fits = (leaders < classes - 1) & (agreeing >= settings.trigger_rows) & (agreeing >= PURITY * held)
    kept = np.flatnonzero(fits & (chance <= settings.significance))
    marks = np.random.default_rng(0).integers(1, 2**62, len(texts.answers))
    own = np.where(texts.answers[grams.rows] == np.repeat(leaders, held), marks[grams.rows], 0)
    same = np.append(0, np.cumsum(own))
    same = (same[grams.bounds[1:]] - same[grams.bounds[:-1]])[kept]
    order = np.lexsort((-grams.length[kept], same))
    fresh = np.append(True, same[order][1:] != same[order][:-1])[: len(kept)]
    kept = np.sort(kept[order[fresh]])
    return take_grams(grams, kept), leaders[kept]


def _unexplained(
    grams: Grams, leaders: np.ndarray, texts: _Texts, tokens: Tokens, settings: ContentSettings
) -> list[Trigger]:
    """Of P phrases those whose texts the rest of their words speaks against, the surest first, a text in one only."""
    model = Bayes(tokens, texts.answers, len(texts.names))
    margins = model.margins(np.arange(len(texts.answers)))
    everyone = np.arange(len(texts.answers))
    found = []
    for p, answer in enumerate(leaders):
        held = grams.rows[grams.bounds[p] : grams.bounds[p + 1]]
        rows = held[texts.answers[held] == answer]
        own = model.margins(rows, leave_out_common=True)
        unexplained = int(np.sum(own < 0))
        if unexplained < max(settings.trigger_rows, UNEXPLAINED * len(rows)):
            continue
        others = np.setdiff1d(np.flatnonzero(texts.answers == answer), held)
        compared = margins[others if len(others) >= FEW else np.setdiff1d(everyone, held)]
        if len(compared) < FEW:
            continue
        test = stats.mannwhitneyu(own, compared, alternative="less", method="asymptotic")
        p_value = float(test.pvalue) * len(leaders)
        if p_value <= settings.significance:
            found.append((p_value, p, rows, len(held), unexplained, float(np.mean(compared < 0))))
    taken = np.zeros(len(texts.answers), dtype=bool)
    triggers = []
    for p_value, p, rows, count, unexplained, usual in sorted(found, key=lambda one: (one[0], one[1])):
        fresh = rows[~taken[rows]]
        taken[fresh] = True
        if len(fresh):
            members = np.array([index for row in fresh for index in texts.members[row]], dtype=np.int64)
            phrase, answer = _spell(grams, p, texts, tokens), texts.names[leaders[p]]
            told = (count, len(rows), unexplained, usual, p_value, len(leaders))
            triggers.append(Trigger(phrase, answer, members, *told))
    return triggers


def _spell(grams: Grams, p: int, texts: _Texts, tokens: Tokens) -> str:
    at = grams.first[p]
    begin, end = tokens.begins[at], tokens.ends[at + grams.length[p] - 1]
    return texts.points.points[begin:end].tobytes().decode("utf-32-le", "surrogatepass")

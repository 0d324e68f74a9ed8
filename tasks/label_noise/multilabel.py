"""Sets of labels that out-of-fold models and neighbours contradict: which label is missing, which superfluous.

Each label against the rest, under a mixture with labels drawn at random: it ranks the wrong sets, and tells how many
there are, better than the rule and the quality of cleanlab's `multilabel_classification` on the same probabilities
(`python -m benchmarks.label_kinds`). Symbols as in `one_vs_rest`.
"""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tasks import features, findings, neighbours, text
from tasks.features import EncoderRef, encode_inputs
from tasks.findings import Columns, about_sample, excerpt, read_columns
from tasks.label_noise import find, folds, hashed, models, ngrams, one_vs_rest, summary
from tasks.label_noise.find import SHOWN, STAGE, small_class_finding
from tasks.label_noise.folds import deal_folds
from tasks.label_noise.models import DEALS, FEW
from tasks.label_noise.ngrams import project, text_features
from tasks.label_noise.one_vs_rest import (
    PooledLabels,
    count_label_votes,
    pool_label_scores,
    sigmoid_scores,
)
from tasks.label_noise.summary import (
    PREDICTION,
    NoiseRefs,
    NoiseResult,
    NoiseSummary,
    keep_result,
)
from tasks.neighbours import Graph, build_graph, shorten
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Role, Severity, TableRef, build_table, join_labels
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.text import matching_form
from tasks.wording.told import Told

LEAST_DOUBT = 0.5
"""Probability from which a label is named as missing or superfluous."""


class Sets(NamedTuple):
    """The N samples that take part."""

    rows: np.ndarray
    """(N,) indices of samples."""
    targets: np.ndarray
    """(N, K) uint8."""
    groups: np.ndarray
    """(N,)"""
    names: list[str]
    """Of the K labels."""
    folds: int


def find_multilabel_noise(
    samples: pa.Table, settings: LabelNoiseSettings, seed: int = 0, vectors: np.ndarray | None = None
) -> NoiseResult:
    """Samples of multi-label classification with a label too many or too few, the most doubtful first.

    Args:
        samples: N rows of the schema SAMPLE with `labels`, and `group_id` filled: a group is never on both sides of
            a fold.
        vectors: (N, D) float32 of `tasks.features`, rows of length 1, whose neighbours vote as well.

    Returns:
        Findings "label_noise", at most `settings.max_flagged_share` of the checked samples, and "class_too_small" for
        each label that too few groups, or all but too few, bear; no finding where no label is left.
    """
    columns = read_columns(samples)
    if not settings.enabled:
        return NoiseResult(FINDING.empty_table(), NoiseSummary())
    sets, small = choose_sets(columns, settings.folds)
    told = [small_class_finding(label, *sizes, sets.folds) for label, sizes in sorted(small.items())]
    if not sets.names or len(np.unique(sets.groups)) < 2:
        return NoiseResult(build_table(told, FINDING), NoiseSummary())
    texts = [matching_form(columns["input"][i]) for i in sets.rows]
    pooled, graph = estimate_sets(texts, sets, seed, None if vectors is None else vectors[sets.rows])
    queue, faults = rank_sets(pooled, settings.max_flagged_share)
    told += [_finding(columns, sets, pooled, faults[n], graph, int(n)) for n in queue]
    predicted = [_predict(columns, sets, pooled.belief, n) for n in range(len(sets.rows))]
    right = np.array([said == columns["label"][i] for said, i in zip(predicted, sets.rows, strict=True)])
    train = np.array([columns["role"][i] == Role.TRAIN for i in sets.rows])
    said = NoiseSummary(
        checked=len(sets.rows),
        flagged=len(queue),
        folds=sets.folds,
        accuracy=float(right[train].mean()) if train.any() else None,
        unit=Told("sets of labels", "ラベルの組"),
        noise_rate=pooled.noise_rate,
        errors_per_100=float(100 * pooled.wrong[queue].max(axis=1).mean()) if len(queue) else None,
        errors_per_100_most=float(100 * pooled.doubt[queue].mean()) if len(queue) else None,
    )
    given = pa.table(
        {"row": [columns["row"][i] for i in sets.rows], "predicted": predicted}, schema=PREDICTION
    )
    return NoiseResult(build_table(told, FINDING), said, given)


def choose_sets(columns: Columns, folds: int) -> tuple[Sets, dict[str, tuple[int, int]]]:
    """The samples that take part, and label -> (samples, groups) of the labels that do not.

    A label needs a group for each fold that bears it, and one that does not; where even the most frequent one has
    fewer, there are fewer folds.
    """
    usable = [
        i
        for i, labels in enumerate(columns["labels"])
        if labels is not None and (columns["input"][i] or "").strip()
    ]
    group_of = {i: columns["group_id"][i] or columns["sample_id"][i] for i in usable}
    sizes = Counter(label for i in usable for label in columns["labels"][i])
    groups = Counter(
        label for label, _ in {(label, group_of[i]) for i in usable for label in columns["labels"][i]}
    )
    every = len(set(group_of.values()))
    folds = max(2, min(folds, max(groups.values(), default=2)))
    names = sorted(label for label, count in groups.items() if folds <= count <= every - folds)
    number = {label: k for k, label in enumerate(names)}
    targets = np.zeros((len(usable), len(names)), dtype=np.uint8)
    for n, i in enumerate(usable):
        targets[n, [number[label] for label in columns["labels"][i] if label in number]] = 1
    members = np.unique(np.array([group_of[i] for i in usable], dtype=str), return_inverse=True)[1]
    small = {label: (sizes[label], count) for label, count in groups.items() if label not in number}
    return Sets(np.array(usable, dtype=np.int64), targets, members, names, folds), small


def estimate_sets(
    texts: list[str], sets: Sets, seed: int, vectors: np.ndarray | None = None
) -> tuple[PooledLabels, Graph]:
    """What is believed of each label of each sample, and the nearest texts; where samples are few the folds are dealt
    several times and the scores averaged."""
    grams = text_features(texts)
    strata = _rarest_labels(sets.targets)
    deals = [
        deal_folds(strata, sets.groups, sets.folds, seed + turn)
        for turn in range(DEALS if len(texts) < FEW else 1)
    ]
    scores = np.mean([sigmoid_scores(grams, sets.targets, fold, seed) for fold in deals], axis=0)
    graphs = [build_graph(project(grams, seed=seed))]
    if vectors is not None:
        graphs.append(build_graph(shorten(vectors)))
    votes = [count_label_votes(graph, sets.targets, sets.groups) for graph in graphs]
    return pool_label_scores(scores, votes, sets.targets, seed), graphs[-1]


def rank_sets(pooled: PooledLabels, max_share: float) -> tuple[np.ndarray, np.ndarray]:
    """(F,) indices of doubtful samples, the most doubtful first, and (N, K) bool: the labels that are rather wrong."""
    faults = pooled.wrong > LEAST_DOUBT
    doubtful = np.flatnonzero(faults.any(axis=1))
    order = np.argsort(-pooled.doubt[doubtful], kind="stable")
    return doubtful[order][: max(1, int(max_share * len(faults)))], faults


@stage(
    "label sets",
    features,
    find,
    findings,
    folds,
    hashed,
    models,
    neighbours,
    ngrams,
    one_vs_rest,
    summary,
    text,
)
def find_multilabel_noise_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: LabelNoiseSettings,
    seed: int,
    encoder: EncoderRef | None = None,
) -> NoiseRefs:
    """Thin task over `find_multilabel_noise`, on the grouped samples of the duplicates stage."""
    table = workspace.read_table(samples)
    vectors = encode_inputs(workspace, encoder, table)
    return keep_result(workspace, find_multilabel_noise(table, settings, seed, vectors), "label-sets")


def _rarest_labels(targets: np.ndarray) -> np.ndarray:
    """(N,) the label of each sample that fewest bear; K for none: folds dealt by it hold each label evenly."""
    sizes = targets.sum(axis=0)
    rank = np.where(targets > 0, sizes[None, :], np.iinfo(np.int64).max)
    return np.where(targets.any(axis=1), rank.argmin(axis=1), targets.shape[1])


def _predict(columns: Columns, sets: Sets, chances: np.ndarray, n: int) -> str:
    """The set that a sample is predicted to bear; labels that are not checked stay as they are."""
    unchecked = set(columns["labels"][sets.rows[n]]) - set(sets.names)
    return join_labels([*(sets.names[k] for k in np.flatnonzero(chances[n] > 0.5)), *unchecked])


def _finding(
    columns: Columns, sets: Sets, pooled: PooledLabels, doubtful: np.ndarray, graph: Graph, n: int
) -> dict[str, Any]:
    index, given = int(sets.rows[n]), sets.targets[n] > 0
    order = [k for k in np.argsort(-pooled.wrong[n], kind="stable") if doubtful[k]]
    faults = [
        {
            "label": sets.names[k],
            "fault": "superfluous" if given[k] else "missing",
            "probability": float(pooled.belief[n, k]),
        }
        for k in order
    ]
    before = columns["labels"][index]
    after = {*before} - {f["label"] for f in faults if f["fault"] == "superfluous"}
    after |= {f["label"] for f in faults if f["fault"] == "missing"}
    told = ", ".join(f"{f['label']!r} is {f['fault']}, probability {f['probability']:.2f}" for f in faults)
    nearest = list(zip(graph.indices[n], graph.similarities[n], strict=True))[:SHOWN]
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="label_noise",
        severity=Severity.WARNING,
        score=float(1 - pooled.wrong[n, order[0]]),
        threshold=1 - LEAST_DOUBT,
        reason=f"of the labels {columns['label'][index]!r}: {told}",
        evidence={
            "role": columns["role"][index],
            "given": before,
            "faults": faults,
            "neighbours": [
                {
                    "row": columns["row"][sets.rows[other]],
                    "label": columns["label"][sets.rows[other]],
                    "similarity": float(similarity),
                    "excerpt": excerpt(columns["input"][sets.rows[other]]),
                }
                for other, similarity in nearest
            ],
        },
        suggestion={"action": "relabel", "label": join_labels(after)} if after or not before else None,
    )

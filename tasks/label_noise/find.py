"""Labels of classification that out-of-fold models and neighbours contradict, the worst first.

cleanlab's confident learning (Northcutt, Jiang and Chuang 2021, JAIR 70) says how many are in doubt and which
classes overlap; the order is `pool.Calibrated.doubt`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from tasks import features, findings, neighbours, standing, text
from tasks.code_version import code_version
from tasks.features import EncoderRef, encode_inputs
from tasks.findings import Columns, about_sample, excerpt, read_columns
from tasks.label_noise import annotators, folds, hashed, incremental, models, ngrams, pool, summary
from tasks.label_noise.annotators import hear_annotators
from tasks.label_noise.folds import MANY, Checked, choose_checked, deal_folds
from tasks.label_noise.incremental import Fit, hear_many, load_fit, save_fit
from tasks.label_noise.models import DEALS, FEW, discriminant_scores, softmax_scores
from tasks.label_noise.ngrams import project, text_features
from tasks.label_noise.pool import Calibrated, best_other, calibrate
from tasks.label_noise.summary import (
    PREDICTION,
    ClassOverlap,
    NoiseRefs,
    NoiseResult,
    NoiseSummary,
    keep_result,
)
from tasks.neighbours import Graph, build_graph, count_votes, shorten
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Role, Severity, TableRef, Task, build_table, canonical_json
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.text import matching_form

STAGE = "label_noise"
SHOWN = 5
"""Nearest samples that evidence shows with their labels."""
TOP_LABELS = 3
"""Most probable labels that evidence shows."""
OVERLAPS = 5
"""Pairs of confused labels that the summary names."""
LEAST_OVERLAP = 3
"""Fewest samples between two labels that make a pair worth naming."""
AMBIGUOUS = 0.4
"""A doubtful label is ambiguous, not wrong, from this ratio to the likeliest other one, of belief and the neighbours'
votes together. On banking77 with 10 % of the labels replaced at random, or by difficulty, 4 to 6 % of the doubtful
are ambiguous by this, and of those 0 and 16 % are wrong, of the others 72 and 74 %."""
_VERSION = code_version(folds, hashed, incremental, models, neighbours, ngrams, standing, text)
_UNVOTED = 0.01  # added to vote shares before the logarithm: a fifth of one vote of 20


class Estimated(NamedTuple):
    calibrated: Calibrated
    graph: Graph
    predicted: np.ndarray
    """(N,) label that the model on n-grams gives without having seen the sample."""


def find_label_noise(
    samples: pa.Table,
    settings: LabelNoiseSettings,
    seed: int = 0,
    vectors: np.ndarray | None = None,
    known: Fit | None = None,
) -> NoiseResult:
    """Labels of text-classification samples that out-of-fold models contradict, the worst first.

    Evaluation rows are checked with the training rows (a wrong label there falsifies every score); their
    findings say so in the evidence. Classes with too few groups to be learned and held out at once are not
    checked.

    Args:
        samples: N rows of the schema SAMPLE with `group_id` filled: a group is never on both sides of a fold.
        seed: decides folds and the order of training.
        vectors: (N, D) float32 of `tasks.features`, rows of length 1, to judge by beside character n-grams.
        known: what an earlier call left in `NoiseResult.fit`: of more than `folds.MANY` samples only those that are
            new are looked at, until `settings.refit_share` of them came or went.

    Returns:
        Findings "label_noise" and "ambiguous_label" (info), together at most `settings.max_flagged_share` of the
        checked samples; for samples with several annotations those of `annotators.hear_annotators` instead; and, one
        for each class left out, "class_too_small"; no finding, and no accuracy, for other tasks or a single class.
    """
    columns = read_columns(samples)
    if not settings.enabled or Task.TEXT_CLASSIFICATION not in columns["task"]:
        return NoiseResult(FINDING.empty_table(), NoiseSummary())
    checked, small = choose_checked(columns, settings.folds)
    rows = [small_class_finding(label, *sizes, checked.folds) for label, sizes in sorted(small.items())]
    if len(checked.names) < 2:
        return NoiseResult(build_table(rows, FINDING), NoiseSummary())
    found, newcomers, fit = _hear(columns, checked, settings, seed, vectors, known)
    crowd = hear_annotators(columns, checked, found.calibrated.belief, settings.max_flagged_share)
    alone = None if crowd is None else ~crowd.judged
    doubtful = rank_issues(found.calibrated, checked.labels, settings.max_flagged_share, alone)
    unclear = _fits_two_labels(found, checked)[doubtful]
    rows += [
        _finding(columns, checked, found, int(position), bool(ambiguous))
        for position, ambiguous in zip(doubtful, unclear, strict=True)
    ]
    rows += [] if crowd is None else crowd.findings
    said = _summarize(columns, checked, found, doubtful[~unclear])
    several = None if crowd is None else crowd.summary
    return NoiseResult(
        build_table(rows, FINDING),
        said.model_copy(update={"ambiguous": int(unclear.sum()), "crowd": several, "newcomers": newcomers}),
        _predictions(columns, checked, found),
        fit,
    )


def _hear(
    columns: Columns,
    checked: Checked,
    settings: LabelNoiseSettings,
    seed: int,
    vectors: np.ndarray | None,
    known: Fit | None,
) -> tuple[Estimated, int, Fit | None]:
    """What is believed; of many samples also how many came after models were fitted, and what is to be kept."""
    inputs = [columns["input"][i] for i in checked.rows]
    vectors = None if vectors is None else vectors[checked.rows]
    if len(inputs) <= MANY:
        return estimate([matching_form(text) for text in inputs], checked, seed, vectors), 0, None
    ids = [columns["sample_id"][i] for i in checked.rows]
    heard = hear_many(inputs, ids, checked, seed, settings.refit_share, known, _VERSION)
    witnesses = [heard.scores, _log_votes(heard.graph, checked)]
    return _believe(witnesses, heard.graph, checked, vectors, seed), heard.newcomers, heard.fit


def estimate(
    texts: Sequence[str], checked: Checked, seed: int, vectors: np.ndarray | None = None
) -> Estimated:
    """What is believed of each label: by a softmax regression on n-grams and the nearest texts, and with `vectors`
    by a linear discriminant and the nearest vectors as well.

    Where samples are few the folds are dealt several times and the scores averaged.
    """
    witnesses, graph = hear_ngrams(text_features(texts), checked, _deals(checked, seed), seed)
    return _believe(witnesses, graph, checked, vectors, seed)


def _deals(checked: Checked, seed: int) -> list[np.ndarray]:
    return [
        deal_folds(checked.labels, checked.groups, checked.folds, seed + turn)
        for turn in range(DEALS if len(checked.labels) < FEW else 1)
    ]


def _believe(
    witnesses: list[np.ndarray], graph: Graph, checked: Checked, vectors: np.ndarray | None, seed: int
) -> Estimated:
    """Of witnesses by n-grams, the model first, and the vectors' beside them."""
    predicted = witnesses[0].argmax(axis=1)
    if vectors is not None:
        more, graph = hear_vectors(vectors, checked, _deals(checked, seed))
        witnesses += more
    return Estimated(calibrate(witnesses, checked.labels), graph, predicted)


def hear_ngrams(
    grams: csr_array, checked: Checked, deals: Sequence[np.ndarray], seed: int
) -> tuple[list[np.ndarray], Graph]:
    """Scores (N, K) of a softmax regression and of the nearest texts, and those.

    Args:
        grams: (N, V) of `ngrams.text_features`.
        deals: one or more (N,) of `folds.deal_folds`; scores are averaged over them.
    """
    classes = len(checked.names)
    scores = [softmax_scores(grams, checked.labels, fold, seed, classes) for fold in deals]
    graph = build_graph(project(grams, seed=seed))
    return [np.mean(scores, axis=0), _log_votes(graph, checked)], graph


def hear_vectors(
    vectors: np.ndarray, checked: Checked, deals: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], Graph]:
    """Scores (N, K) of a linear discriminant and of the nearest vectors, and those.

    Args:
        vectors: (N, D) float32, rows of length 1.
    """
    classes = len(checked.names)
    scores = [discriminant_scores(vectors, checked.labels, fold, classes) for fold in deals]
    graph = build_graph(shorten(vectors))
    return [np.mean(scores, axis=0), _log_votes(graph, checked)], graph


@stage(
    "label noise",
    annotators,
    features,
    findings,
    folds,
    hashed,
    incremental,
    models,
    neighbours,
    ngrams,
    pool,
    standing,
    summary,
    text,
)
def find_label_noise_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: LabelNoiseSettings,
    seed: int,
    encoder: EncoderRef | None = None,
) -> NoiseRefs:
    """Thin task over `find_label_noise`, on the grouped samples of the duplicates stage."""
    table = workspace.read_table(samples)
    vectors = encode_inputs(workspace, encoder, table)
    known = load_fit(workspace) if table.num_rows > MANY else None
    result = find_label_noise(table, settings, seed, vectors, known)
    if result.fit is not None:
        save_fit(workspace, result.fit, known)
    return keep_result(workspace, result, "label-noise")


def _log_votes(graph: Graph, checked: Checked) -> np.ndarray:
    votes = count_votes(graph, checked.labels, checked.groups, len(checked.names))
    return np.log(votes + np.float32(_UNVOTED))


def rank_issues(
    calibrated: Calibrated, labels: np.ndarray, max_share: float, among: np.ndarray | None = None
) -> np.ndarray:
    """(F,) indices of doubtful labels by cleanlab's rule, the most doubtful first.

    Args:
        among: (N,) bool, which may be named; all when left out.
    """
    from cleanlab.filter import find_label_issues

    chosen = np.ones(len(labels), dtype=bool) if among is None else among
    doubtful = np.flatnonzero(find_label_issues(labels, calibrated.probabilities, n_jobs=1) & chosen)
    doubt = calibrated.doubt(labels)[doubtful]
    return doubtful[np.argsort(-doubt, kind="stable")][: max(1, int(max_share * chosen.sum()))]


def _fits_two_labels(found: Estimated, checked: Checked) -> np.ndarray:
    """(N,) whether the given label and the likeliest other one are about equally near."""
    everyone = np.arange(len(checked.labels))
    best, other = best_other(found.calibrated.belief, checked.labels)
    votes = count_votes(found.graph, checked.labels, checked.groups, len(checked.names))
    own = found.calibrated.belief[everyone, checked.labels] + votes[everyone, checked.labels]
    return own >= AMBIGUOUS * (other + votes[everyone, best])


def _summarize(columns: Columns, checked: Checked, found: Estimated, flagged: np.ndarray) -> NoiseSummary:
    train = np.array([columns["role"][i] == Role.TRAIN for i in checked.rows])
    right = found.predicted == checked.labels
    said = found.calibrated
    return NoiseSummary(
        checked=len(checked.rows),
        flagged=len(flagged),
        folds=checked.folds,
        accuracy=float(right[train].mean()) if train.any() else None,
        noise_rate=said.noise_rate,
        errors_per_100=float(100 * said.wrong[flagged].mean()) if len(flagged) else None,
        errors_per_100_most=float(100 * said.contradicted[flagged].mean()) if len(flagged) else None,
        overlaps=_find_overlaps(checked, said.probabilities),
    )


def _find_overlaps(checked: Checked, probabilities: np.ndarray) -> tuple[ClassOverlap, ...]:
    """Pairs of labels by cleanlab's confident joint."""
    from cleanlab.dataset import find_overlapping_classes

    table = find_overlapping_classes(
        labels=checked.labels, pred_probs=probabilities, class_names=checked.names
    )
    pairs = table[table["Num Overlapping Examples"] >= LEAST_OVERLAP].head(OVERLAPS)
    return tuple(
        ClassOverlap(labels=(str(first), str(second)), samples=int(count))
        for first, second, count in zip(
            pairs["Class Name A"], pairs["Class Name B"], pairs["Num Overlapping Examples"], strict=True
        )
    )


def _finding(
    columns: Columns, checked: Checked, found: Estimated, position: int, ambiguous: bool
) -> dict[str, Any]:
    index, own = int(checked.rows[position]), int(checked.labels[position])
    probabilities = found.calibrated.probabilities[position]
    order = np.argsort(-probabilities, kind="stable")[:TOP_LABELS]
    best, likeliest = checked.names[order[0]], float(probabilities[order[0]])
    score = float(probabilities[own])
    told = f"label {checked.names[own]!r} has probability {score:.2f}, {best!r} {likeliest:.2f}"
    nearest = zip(found.graph.indices[position], found.graph.similarities[position], strict=True)
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="ambiguous_label" if ambiguous else "label_noise",
        severity=Severity.INFO if ambiguous else Severity.WARNING,
        score=score,
        threshold=likeliest,
        reason=f"fits two labels: {told}" if ambiguous else told,
        evidence={
            "role": columns["role"][index],
            "given": checked.names[own],
            "labels": [{"label": checked.names[k], "probability": float(probabilities[k])} for k in order],
            "neighbours": [
                {
                    "row": columns["row"][checked.rows[n]],
                    "label": columns["label"][checked.rows[n]],
                    "similarity": float(similarity),
                    "excerpt": excerpt(columns["input"][checked.rows[n]]),
                }
                for n, similarity in list(nearest)[:SHOWN]
                if n != position
            ],
        },
        suggestion=None if ambiguous else {"action": "relabel", "label": best, "probability": likeliest},
    )


def _predictions(columns: Columns, checked: Checked, found: Estimated) -> pa.Table:
    rows = [columns["row"][i] for i in checked.rows]
    names = [checked.names[k] for k in found.predicted]
    return pa.table({"row": rows, "predicted": names}, schema=PREDICTION)


def small_class_finding(label: str, samples: int, groups: int, least: int) -> dict[str, Any]:
    return {
        "stage": STAGE,
        "check": "class_too_small",
        "severity": Severity.INFO.value,
        "score": float(groups),
        "threshold": float(least),
        "reason": f"label {label!r} has {groups} distinct samples; its labels are checked from {least} on",
        "evidence": canonical_json({"label": label, "samples": samples, "groups": groups, "folds": least}),
    }

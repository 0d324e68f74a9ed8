"""Models of many labels that stand from run to run: a run pays for the rows that are new.

They are fitted anew once more than `refit_share` of their rows came or went. Until then a row that is new is scored by
a model that saw neither its group nor its nearest text, which may be an older version of itself, and it joins the
neighbours; what the models said of the other rows stands.

Symbols: N samples, of K classes, in F folds; S rows of which something is kept; V n-grams, D dimensions, C neighbours.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.label_noise.folds import Checked, deal_folds
from tasks.label_noise.hashed import Vocabulary, choose_buckets, weigh_buckets
from tasks.label_noise.models import softmax_scores
from tasks.label_noise.ngrams import NGRAMS, VOCABULARY, find_axes, project_on
from tasks.neighbours import Graph, build_graph, extend_graph
from tasks.records import digest_of
from tasks.standing import UNSEEN, find_standing, load_standing, number_copies, save_standing
from tasks.storage import Workspace
from tasks.text import matching_form

NAME = "label-noise"
"""What is kept lies under."""


class Models(NamedTuple):
    """What is written when models are fitted."""

    made_for: np.ndarray
    """() str: digest of classes, folds, seed and code."""
    fitted: np.ndarray
    """() str: digest of the rows they were fitted to."""
    buckets: np.ndarray
    """(V,) int64, as of `hashed.Vocabulary`."""
    idf: np.ndarray
    """(V,) float32."""
    axes: np.ndarray
    """(V, D) float16."""
    weights: np.ndarray
    """(F, V, K) float16."""


class Rows(NamedTuple):
    """What is written whenever rows are new."""

    fitted: np.ndarray
    """As of the models."""
    keys: np.ndarray
    """(S,) bytes, of `number_copies`."""
    fold: np.ndarray
    """(S,) int16: who was not fitted to it; `UNSEEN` for all."""
    scores: np.ndarray
    """(S, K) float32."""
    vectors: np.ndarray
    """(S, D) float16."""
    indices: np.ndarray
    """(S, C) int32."""
    similarities: np.ndarray
    """(S, C) float32."""


class Fit(NamedTuple):
    models: Models
    rows: Rows


class Heard(NamedTuple):
    scores: np.ndarray
    """(N, K) float32, of models that did not see the sample."""
    graph: Graph
    """A neighbour that is gone is the sample itself, at similarity 0."""
    newcomers: int
    """Samples that came after the models were fitted."""
    fit: Fit


def hear_many(
    inputs: Sequence[str],
    ids: Sequence[str],
    checked: Checked,
    seed: int,
    refit_share: float,
    known: Fit | None = None,
    version: str = "",
) -> Heard:
    """Scores of softmax regressions on character n-grams, and the nearest texts.

    Args:
        inputs: N texts as they are.
        ids: N `sample_id`.
        refit_share: models are fitted anew when more rows came or went, as a share (0-1) of those they know.
        known: what an earlier run left.
        version: digest of the code.
    """
    keys = number_copies(ids)
    made_for = digest_of([version, checked.names, checked.folds, seed])
    if known is None or str(known.models.made_for) != made_for:
        return _fit(inputs, keys, checked, seed, made_for)
    standing = find_standing(keys, checked.groups, known.rows.keys, known.rows.fold, refit_share)
    if standing is None:
        return _fit(inputs, keys, checked, seed, made_for)
    if len(standing.new):
        texts = [matching_form(inputs[i]) for i in standing.new.tolist()]
        rows = _admit(known, texts, keys[standing.new], standing.fold[standing.new])
        known = Fit(known.models, rows)
    graph = _graph_of(known.rows, standing.place)
    return Heard(known.rows.scores[standing.place], graph, standing.newcomers, known)


def load_fit(workspace: Workspace) -> Fit | None:
    """What `save_fit` left; None where there is nothing, or the two files are not of one fit."""
    kept = load_standing(workspace, NAME)
    return Fit(Models(**kept[0]), Rows(**kept[1])) if kept else None


def save_fit(workspace: Workspace, fit: Fit, known: Fit | None) -> None:
    """Keeps what differs from `known`, in its place."""
    models = None if known and fit.models is known.models else fit.models._asdict()
    rows = None if known and fit.rows is known.rows else fit.rows._asdict()
    save_standing(workspace, NAME, models, rows)


def _fit(inputs: Sequence[str], keys: np.ndarray, checked: Checked, seed: int, made_for: str) -> Heard:
    texts = [matching_form(text) for text in inputs]
    vocabulary = choose_buckets(texts, NGRAMS[1], VOCABULARY)
    grams = weigh_buckets(texts, NGRAMS[1], vocabulary)
    fold = deal_folds(checked.labels, checked.groups, checked.folds, seed)
    classes = len(checked.names)
    weights = np.zeros((checked.folds, len(vocabulary.buckets), classes), dtype=np.float16)
    scores = softmax_scores(grams, checked.labels, fold, seed, classes, weights)
    axes = find_axes(grams, seed=seed)
    vectors = project_on(grams, axes)
    graph = build_graph(vectors)
    fitted = np.array(digest_of([made_for, *keys.astype(str).tolist()]))
    models = Models(np.array(made_for), fitted, *vocabulary, axes.astype(np.float16), weights)
    kept = (scores, vectors.astype(np.float16), graph.indices.astype(np.int32), graph.similarities)
    return Heard(scores, graph, 0, Fit(models, Rows(fitted, keys, fold.astype(np.int16), *kept)))


def _admit(known: Fit, texts: Sequence[str], keys: np.ndarray, held_out: np.ndarray) -> Rows:
    """The rows with M more.

    Args:
        held_out: (M,) fold whose model did not see the row's group; `UNSEEN` where none saw it.
    """
    models, rows = known
    grams = weigh_buckets(texts, NGRAMS[1], Vocabulary(models.buckets, models.idf))
    vectors = project_on(grams, models.axes.astype(np.float32))
    everyone = np.concatenate([rows.vectors.astype(np.float32), vectors])
    graph = extend_graph(Graph(rows.indices.astype(np.int64), rows.similarities), everyone)
    fold = np.concatenate([rows.fold, np.full(len(texts), UNSEEN, dtype=np.int16)])
    nearest = fold[graph.indices[len(rows.keys) :]]
    by_nearest = nearest[np.arange(len(texts)), (nearest != UNSEEN).argmax(axis=1)]
    by = np.maximum(np.where(held_out != UNSEEN, held_out, by_nearest), 0)
    scores = np.empty((len(texts), models.weights.shape[2]), dtype=np.float32)
    for number in np.unique(by):
        scores[by == number] = grams[by == number] @ models.weights[number].astype(np.float32)
    more: dict[str, Any] = {
        "keys": np.concatenate([rows.keys, keys]),
        "scores": np.concatenate([rows.scores, scores]),
        "vectors": np.concatenate([rows.vectors, vectors.astype(np.float16)]),
    }
    return Rows(
        rows.fitted,
        fold=fold,
        indices=graph.indices.astype(np.int32),
        similarities=graph.similarities,
        **more,
    )


def _graph_of(rows: Rows, place: np.ndarray) -> Graph:
    """Neighbours among the rows at `place`, in its order."""
    position = np.full(len(rows.keys), -1, dtype=np.int64)
    position[place] = np.arange(len(place))
    indices, similarities = position[rows.indices[place]], rows.similarities[place]
    gone = indices < 0
    indices = np.where(gone, np.arange(len(place))[:, None], indices)
    similarities = np.where(gone, np.float32(0), similarities)
    order = np.argsort(-similarities, axis=1, kind="stable")
    return Graph(np.take_along_axis(indices, order, 1), np.take_along_axis(similarities, order, 1))

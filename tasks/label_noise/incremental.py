"""Models of many labels that stand from run to run: a run pays for the rows that are new.

They are fitted anew once more than `refit_share` of their rows came or went. Until then a row that is new is scored by
a model that saw neither its group nor its nearest text, which may be an older version of itself, and it joins the
neighbours; what the models said of the other rows stands.

Symbols: N samples, of K classes, in F folds; S rows of which something is kept; V n-grams, D dimensions, C neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tasks.label_noise.folds import Checked, deal_folds
from tasks.label_noise.hashed import Vocabulary, choose_buckets, weigh_buckets
from tasks.label_noise.models import softmax_scores
from tasks.label_noise.ngrams import NGRAMS, VOCABULARY, find_axes, project_on
from tasks.neighbours import Graph, build_graph, extend_graph
from tasks.records import digest_of
from tasks.storage import Workspace
from tasks.text import matching_form

MODELS, ROWS = "label-noise-models", "label-noise-rows"
UNSEEN = -1
"""Fold of a row that no model was fitted to."""


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
    place = pd.Index(known.rows.keys).get_indexer(keys)
    fold = np.where(place >= 0, known.rows.fold[place], UNSEEN)
    staying = np.flatnonzero(fold != UNSEEN)
    size = int((known.rows.fold != UNSEEN).sum())
    newcomers = len(keys) - len(staying)
    if newcomers + size - len(staying) > refit_share * size:
        return _fit(inputs, keys, checked, seed, made_for)
    new = np.flatnonzero(place < 0)
    if len(new):
        held_out = np.full(int(checked.groups.max()) + 1, UNSEEN, dtype=np.int16)
        held_out[checked.groups[staying]] = fold[staying]
        texts = [matching_form(inputs[i]) for i in new.tolist()]
        known = Fit(known.models, _admit(known, texts, keys[new], held_out[checked.groups[new]]))
        place[new] = np.arange(len(known.rows.keys) - len(new), len(known.rows.keys))
    return Heard(known.rows.scores[place], _graph_of(known.rows, place), newcomers, known)


def number_copies(ids: Sequence[str]) -> np.ndarray:
    """(N,) bytes: each id with the number of times that it stood before."""
    seen: Counter[str] = Counter()
    keys = []
    for one in ids:
        keys.append(f"{one}:{seen[one]}")
        seen[one] += 1
    return np.array(keys, dtype=bytes)


def load_fit(workspace: Workspace) -> Fit | None:
    """What `save_fit` left; None where there is nothing, or the two files are not of one fit."""
    models, rows = workspace.load_arrays(MODELS), workspace.load_arrays(ROWS)
    if models is None or rows is None or str(models["fitted"]) != str(rows["fitted"]):
        return None
    return Fit(Models(**models), Rows(**rows))


def save_fit(workspace: Workspace, fit: Fit, known: Fit | None) -> None:
    """Keeps what differs from `known`, in its place."""
    if known is None or fit.models is not known.models:
        workspace.save_arrays(MODELS, fit.models._asdict())
    if known is None or fit.rows is not known.rows:
        workspace.save_arrays(ROWS, fit.rows._asdict())


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

"""Training rows that say the same in other words: near in meaning, and no near-copies by their letters.

Checks: `same_meaning` (info) on both rows of a pair, `disagreeing_same_meaning` (warning) where their answers differ.
Neither sets a row aside unless the policy says so: what is near in meaning may differ in the one word that counts.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from tasks import duplicates, features, findings, meaning, neighbours, text
from tasks.duplicates.clusters import read_corpus
from tasks.duplicates.ngrams import jaccards
from tasks.duplicates.pairs import row_indices
from tasks.duplicates.sides import view_samples
from tasks.features import EncoderRef, read_vectors
from tasks.findings import Columns, about_sample, point_at, read_columns
from tasks.meaning import choose_cosines, describe_unmeasured, find_same
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, Role, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace

STAGE = "duplicates"
SHOWN = 3
"""Rows that evidence quotes; all are counted."""


class MeaningRefs(BaseModel):
    """What a stage that compares meanings leaves: its findings, and what the report has to say of it."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    notes: tuple[str, ...] = ()


def find_same_meaning(
    samples: pa.Table, pairs: pa.Table, vectors: np.ndarray, threshold: float, settings: DuplicateSettings
) -> pa.Table:
    """Findings on training rows whose compared texts have a cosine of at least `threshold`.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        pairs: of the schema PAIR: copies and near-copies of each other, which other checks tell of.
        vectors: (N, D) float32, rows of length 1, of what is compared of each sample.
    """
    corpus = read_corpus(samples, pairs)
    empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(corpus.texts)), 0).to_numpy(zero_copy_only=False)
    everyone = np.arange(len(samples))
    rows = everyone[~corpus.roles & (corpus.first == everyone) & ~empty]
    same = find_same(vectors[rows], threshold)
    left, right = rows[same.first], rows[same.second]
    known = _known_pairs(samples, pairs, corpus.first, settings.threshold)
    fresh = ~np.isin(_codes(left, right, len(samples)), known)
    left, right, cosine = left[fresh], right[fresh], same.cosine[fresh]
    differ = corpus.answers[left] != corpus.answers[right]
    if corpus.task is Task.TEXT_GENERATION:
        answers = [corpus.target_form(i) for i in (members := np.unique(np.stack([left, right]))).tolist()]
        between = np.searchsorted(members, np.stack([left, right], axis=1))
        ngrams = (settings.latin_ngram, settings.cjk_ngram)
        differ &= jaccards(answers, between, *ngrams) < settings.threshold if len(between) else False
    others: dict[int, list[tuple[int, float, bool]]] = defaultdict(list)
    for a, b, value, other in zip(
        left.tolist(), right.tolist(), cosine.tolist(), differ.tolist(), strict=True
    ):
        others[a].append((b, value, other))
        others[b].append((a, value, other))
    columns = read_columns(samples)
    told = [_tell(columns, index, found, threshold) for index, found in sorted(others.items())]
    return build_table(told, FINDING)


@stage("same meaning", duplicates, features, findings, meaning, neighbours, text)
def find_same_meaning_stage(
    workspace: Workspace,
    samples: TableRef,
    pairs: TableRef,
    encoder: EncoderRef,
    settings: DuplicateSettings,
) -> MeaningRefs:
    """Thin task over `find_same_meaning`, on the samples and pairs of the duplicates stage."""
    table = view_samples(workspace.read_table(samples), settings.compare)
    cosines = choose_cosines(encoder.source, settings.same_meaning)
    found, notes = FINDING.empty_table(), ()
    if cosines is None:
        notes = describe_unmeasured(encoder.source, "duplicates.same_meaning")
    elif len(table):
        side = "target" if table["task"][0].as_py() == Task.LANGUAGE_MODELING else "input"
        vectors = read_vectors(workspace, encoder, pc.fill_null(table[side], "").to_pylist())
        found = find_same_meaning(table, workspace.read_table(pairs), vectors, cosines.within, settings)
    return MeaningRefs(findings=workspace.write_table(found, "findings-same-meaning"), notes=notes)


def _known_pairs(samples: pa.Table, pairs: pa.Table, first: np.ndarray, threshold: float) -> np.ndarray:
    """Codes of the pairs of first rows that are near-copies."""
    near = pairs.filter(pc.greater_equal(pairs["jaccard"], threshold))
    return _codes(*(first[row_indices(samples, near[name])] for name in ("row_a", "row_b")), len(samples))


def _codes(left: np.ndarray, right: np.ndarray, size: int) -> np.ndarray:
    """A number for each pair, whichever of the two comes first."""
    return np.minimum(left, right) * size + np.maximum(left, right)


def _tell(
    columns: Columns, index: int, others: list[tuple[int, float, bool]], threshold: float
) -> dict[str, Any]:
    """One finding a row: on those that have another answer if there are any, the nearest first."""
    disagreeing = [other for other in others if other[2]]
    shown = sorted(disagreeing or others, key=lambda other: (-other[1], other[0]))
    row, cosine, _ = shown[0]
    end = " and has another answer" if disagreeing else ""
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="disagreeing_same_meaning" if disagreeing else "same_meaning",
        severity=Severity.WARNING if disagreeing else Severity.INFO,
        score=cosine,
        threshold=threshold,
        reason=f"row {columns['row'][row]} means the same (cosine {cosine:.2f}){end}",
        evidence={
            "own": point_at(columns, index),
            "others": [point_at(columns, other) | {"cosine": value} for other, value, _ in shown[:SHOWN]],
            "rows": len(shown),
            "cosine": cosine,
        },
    )

"""Training rows that say the same in other words: near in meaning, and no near-copies by their letters.

Checks: `same_meaning` (info) on both rows of a pair, `disagreeing_same_meaning` (warning) where their answers differ.
Neither sets a row aside unless the policy says so: what is near in meaning may differ in the one word that counts.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from tasks import duplicates, features, findings, meaning, neighbours, text
from tasks.duplicates.alignment import is_other_question
from tasks.duplicates.clusters import Corpus, read_corpus
from tasks.duplicates.ngrams import jaccards
from tasks.duplicates.pairs import find_pairs, instructions, row_indices
from tasks.duplicates.sides import meant_texts, view_samples
from tasks.duplicates.similar import go_together
from tasks.features import EncoderRef, read_vectors
from tasks.findings import Columns, about_sample, point_at, read_columns
from tasks.meaning import choose_cosines, describe_unmeasured, find_same
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.told import Told

STAGE = "duplicates"
Encode = Callable[[Sequence[str]], np.ndarray]
SHOWN = 3
"""Rows that evidence quotes; all are counted."""


class MeaningRefs(BaseModel):
    """What a stage that compares meanings leaves: its findings, and what the report has to say of it."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    notes: tuple[Told, ...] = ()


def find_same_meaning(
    samples: pa.Table, pairs: pa.Table, encode: Encode, threshold: float, settings: DuplicateSettings
) -> pa.Table:
    """Findings on training rows whose compared texts have a cosine of at least `threshold`.

    Questions with other answers and other numbers or names are other questions, and not told; nor are those under
    other instructions.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        pairs: of the schema PAIR: copies and near-copies of each other, which other checks tell of.
        encode: gives a vector of length 1 for each text.
    """
    corpus = read_corpus(samples, pairs)
    empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(corpus.texts)), 0).to_numpy(zero_copy_only=False)
    everyone = np.arange(len(samples))
    rows = everyone[~corpus.roles & (corpus.first == everyone) & ~empty]
    said = meant_texts(samples)
    same = find_same(encode([said[row] for row in rows.tolist()]), threshold)
    left, right = rows[same.first], rows[same.second]
    known = _known_pairs(samples, pairs, corpus.first, settings.threshold)
    fresh = ~np.isin(_codes(left, right, len(samples)), known)
    guided = instructions(samples)
    sides = zip(left.tolist(), right.tolist(), strict=True)
    fresh &= np.array([go_together(guided[a], guided[b]) for a, b in sides], dtype=bool)
    left, right, cosine = left[fresh], right[fresh], same.cosine[fresh]
    differ = corpus.answers[left] != corpus.answers[right]
    if corpus.task is Task.TEXT_GENERATION and differ.any():
        differ[differ] = _answers_differ(corpus, left[differ], right[differ], encode, threshold, settings)
        apart = differ & [is_other_question(said[a], said[b]) for a, b in zip(left, right, strict=True)]
        left, right, cosine, differ = left[~apart], right[~apart], cosine[~apart], differ[~apart]
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
    table = workspace.read_table(samples)
    cosines = choose_cosines(encoder.source, settings.same_meaning)
    found = FINDING.empty_table()
    if cosines is not None and len(table):
        viewed = view_samples(table, settings.compare)
        known = workspace.read_table(pairs)
        if viewed is not table:
            known = find_pairs(viewed, settings, settings.threshold)
        encode = partial(read_vectors, workspace, encoder)
        found = find_same_meaning(viewed, known, encode, cosines.within, settings)
    return MeaningRefs(
        findings=workspace.write_table(found, "findings-same-meaning"),
        notes=() if cosines else describe_unmeasured(encoder.source, "duplicates.same_meaning"),
    )


def _answers_differ(
    corpus: Corpus,
    left: np.ndarray,
    right: np.ndarray,
    encode: Encode,
    threshold: float,
    settings: DuplicateSettings,
) -> np.ndarray:
    """(P,) bool: which pairs of free answers are alike neither in letters nor in meaning."""
    members, between = np.unique(np.stack([left, right], axis=1), return_inverse=True)
    between = between.reshape(-1, 2)
    forms = [corpus.target_form(index) for index in members.tolist()]
    alike = jaccards(forms, between, settings.latin_ngram, settings.cjk_ngram) >= settings.threshold
    vectors = encode([corpus.targets[index].as_py() or "" for index in members.tolist()])
    cosines = (vectors[between[:, 0]] * vectors[between[:, 1]]).sum(axis=1)
    return ~alike & (cosines < threshold)


def _known_pairs(samples: pa.Table, pairs: pa.Table, first: np.ndarray, threshold: float) -> np.ndarray:
    """Codes of the pairs of first rows that are near-copies."""
    near = pairs.filter(pc.greater_equal(pairs["jaccard"], threshold))
    left, right = (first[row_indices(samples, near[name])] for name in ("row_a", "row_b"))
    return _codes(left, right, len(samples))


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

"""Long passages that two texts share word for word, where the texts as wholes are no copies.

Check: `shared_passage` (info) on both rows. A passage that many documents carry is boilerplate and not told.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks import duplicates, findings, overlap, text
from tasks.duplicates.ngrams import jaccards
from tasks.findings import Columns, about_sample, excerpt, point_at, read_columns
from tasks.overlap.grams import locate_runs
from tasks.overlap.spans import SHORTEST, Spans, find_spans
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, Role, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.text import matching_form

STAGE = "duplicates"
NEARLY_ALL = 0.8
"""Share of the shorter text from which a shared run is told, though it is shorter than the recipe asks."""
_ANSWERS = (Task.LANGUAGE_MODELING, Task.TEXT_GENERATION)


def find_shared_passages(samples: pa.Table, documents: np.ndarray, settings: DuplicateSettings) -> pa.Table:
    """Findings on training rows; passages and answers are compared, of other tasks the inputs.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        documents: (N,) int64, the document or conversation that each is from.
    """
    training = pc.equal(samples["role"], Role.TRAIN.value).to_numpy(zero_copy_only=False)
    if not training.any():
        return FINDING.empty_table()
    field = "target" if Task(samples["task"][0].as_py()) in _ANSWERS else "input"
    rows, texts = _first_of_each(samples[field], training)
    spans = find_spans(texts, documents[rows], settings.boilerplate)
    long = (spans.words >= settings.shared_words) | (
        (spans.share >= NEARLY_ALL) & (spans.words >= min(SHORTEST, settings.shared_words))
    )
    spans = _choose(spans, long)
    spans = _choose(spans, ~_overlap_in_place(samples, rows[spans.first], rows[spans.second]))
    spans = _choose(spans, ~_are_copies(texts, spans, settings))
    columns = read_columns(samples)
    return build_table(_tell(columns, field, rows, texts, spans, settings), FINDING)


@stage("shared passages", duplicates, findings, overlap, text)
def find_shared_passages_stage(
    workspace: Workspace, ingested: TableRef, settings: DuplicateSettings
) -> TableRef:
    """Thin task over `find_shared_passages`, on samples whose groups are still documents and conversations."""
    samples = workspace.read_table(ingested)
    if len(samples) == 0:
        return workspace.write_table(FINDING.empty_table(), "findings-shared-passages")
    families = pc.coalesce(samples["group_id"], samples["sample_id"]).combine_chunks()
    documents = families.dictionary_encode().indices.to_numpy().astype(np.int64)
    found = find_shared_passages(samples, documents, settings)
    return workspace.write_table(found, "findings-shared-passages")


def _first_of_each(column: pa.ChunkedArray, training: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Indices of the training rows that have a text first, and these texts."""
    seen: dict[str, int] = {}
    for index in np.flatnonzero(training).tolist():
        if said := column[index].as_py():
            seen.setdefault(said, index)
    return np.array(list(seen.values()), dtype=np.int64), list(seen)


def _choose(spans: Spans, mask: np.ndarray) -> Spans:
    return Spans(*(values[mask] for values in spans))


def _overlap_in_place(samples: pa.Table, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(S,) bool: whether two passages were cut from one document so that they overlap: no one wrote it twice."""
    doc = pc.fill_null(samples["doc_id"], "").combine_chunks().dictionary_encode().indices.to_numpy()
    start, end = (pc.fill_null(samples[n], -1).to_numpy() for n in ("start", "end"))
    same = (doc[left] == doc[right]) & (start[left] >= 0) & (start[right] >= 0)
    return same & (np.maximum(start[left], start[right]) < np.minimum(end[left], end[right]))


def _are_copies(texts: list[str], spans: Spans, settings: DuplicateSettings) -> np.ndarray:
    """(S,) bool: whether two texts are near-duplicates as wholes."""
    if len(spans.first) == 0:
        return np.empty(0, dtype=bool)
    members, local = np.unique(np.stack([spans.first, spans.second], axis=1), return_inverse=True)
    forms = [matching_form(texts[i]) for i in members.tolist()]
    ngrams = (settings.latin_ngram, settings.cjk_ngram)
    return jaccards(forms, local.reshape(-1, 2), *ngrams) >= settings.threshold


def _tell(
    columns: Columns,
    field: str,
    rows: np.ndarray,
    texts: list[str],
    spans: Spans,
    settings: DuplicateSettings,
) -> list[dict[str, Any]]:
    """One finding a row, on the longest run it shares."""
    nearest: dict[int, tuple[float, int, int]] = {}  # text -> words, span, side
    counts: dict[int, int] = {}
    for number, words in enumerate(spans.words.tolist()):
        for side, ends in enumerate((spans.first, spans.second)):
            own = int(ends[number])
            counts[own] = counts.get(own, 0) + 1
            if own not in nearest or words > nearest[own][0]:
                nearest[own] = (words, number, side)
    chosen = sorted({number for _, number, _ in nearest.values()})
    places = {number: place for place, number in enumerate(chosen)}
    part = _choose(spans, np.array(chosen, dtype=np.int64))
    located = [
        locate_runs([texts[i] for i in ends.tolist()], tokens, part.run)
        for ends, tokens in ((part.first, part.first_token), (part.second, part.second_token))
    ]
    told = []
    for own, (words, number, side) in sorted(nearest.items()):
        other = int((spans.second, spans.first)[side][number])
        here, there = located[side][places[number]], located[1 - side][places[number]]
        index, opposite = int(rows[own]), int(rows[other])
        told.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="shared_passage",
                severity=Severity.INFO,
                score=words,
                threshold=float(settings.shared_words),
                reason=f"shares {here[1] - here[0]:,} characters in a row with row {columns['row'][opposite]}",
                evidence={
                    "field": field,
                    "span": excerpt(texts[own][here[0] : here[1]]),
                    "characters": here[1] - here[0],
                    "start": here[0],
                    "end": here[1],
                    "words": round(words, 1),
                    "share": round(float(spans.share[number]), 4),
                    "other": point_at(columns, opposite)
                    | {
                        "start": there[0],
                        "end": there[1],
                        "share_of_own": round((here[1] - here[0]) / len(texts[own]), 4),
                    },
                    "rows": counts[own],
                },
            )
        )
    return told

"""Training rows that ask in other words, or in another language, what a model is judged on.

Check: `meaning_leak` (info). It is told and changes nothing: that two questions mean the same is measured, not proven.
"""

from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from tasks import duplicates, features, findings, leakage, meaning, neighbours, snapshot, text
from tasks.duplicates.meaning import MeaningRefs
from tasks.duplicates.sides import meant_texts
from tasks.features import EncoderRef, read_vectors
from tasks.findings import Columns, about_sample, point_at, read_columns
from tasks.leakage.rows import judged_rows
from tasks.leakage.tell import SHOWN, STAGE
from tasks.meaning import Cosines, choose_cosines, describe_unmeasured, find_items
from tasks.recipe import LeakageSettings, SplitSettings
from tasks.records import FINDING, Role, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace


def find_meaning_leaks(
    samples: pa.Table, links: pa.Table, judged: np.ndarray, vectors: np.ndarray, cosines: Cosines
) -> pa.Table:
    """`meaning_leak` of each training row that means the same as a judged one and is not told of otherwise.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        links: of the schema LINK: what rows give away by their letters.
        judged: (N,) bool, the rows that models are judged on.
        vectors: (N, D) float32, rows of length 1, of what is asked in each sample.
    """
    columns = read_columns(samples)
    texts = np.array([bool(t.strip()) for t in meant_texts(samples)], dtype=bool)
    training, items = np.flatnonzero(~judged & texts), np.flatnonzero(judged & texts)
    languages = _number_languages(columns["language"])
    same = find_items(vectors[training], vectors[items], cosines, languages[training], languages[items])
    known = _known_pairs(links)
    rows = columns["row"]
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for left, right, cosine in zip(
        training[same.first].tolist(), items[same.second].tolist(), same.cosine.tolist(), strict=True
    ):
        if (rows[left], rows[right]) not in known:
            found[left].append((right, cosine))
    told = [_tell(columns, languages, index, hits, cosines) for index, hits in found.items()]
    return build_table(told, FINDING)


@stage("leaks by meaning", duplicates, features, findings, leakage, meaning, neighbours, snapshot, text)
def find_meaning_leaks_stage(
    workspace: Workspace,
    samples: TableRef,
    links: TableRef,
    encoder: EncoderRef,
    settings: LeakageSettings,
    split: SplitSettings,
    has_evaluation: bool,
) -> MeaningRefs:
    """Thin task over `find_meaning_leaks`; `links` is of the leakage stage."""
    table = workspace.read_table(samples)
    cosines = choose_cosines(encoder.source, settings.same_meaning)
    found = FINDING.empty_table()
    if cosines is not None and len(table):
        vectors = read_vectors(workspace, encoder, meant_texts(table))
        judged = judged_rows(table, split, has_evaluation)
        found = find_meaning_leaks(table, workspace.read_table(links), judged, vectors, cosines)
    return MeaningRefs(
        findings=workspace.write_table(found, "findings-meaning-leaks"),
        notes=() if cosines else describe_unmeasured(encoder.source, "leakage.same_meaning"),
    )


def _known_pairs(links: pa.Table) -> set[tuple[int, int]]:
    """(training row, judged row) of every leak by letters."""
    owners: dict[int, list[int]] = defaultdict(list)
    given = []
    for link in links.select(["text", "row", "judged"]).to_pylist():
        if link["judged"]:
            owners[link["text"]].append(link["row"])
        else:
            given.append((link["row"], link["text"]))
    return {(row, judged) for row, text_number in given for judged in owners[text_number]}


def _number_languages(languages: list[str | None]) -> np.ndarray:
    """(N,) int64, -1 where no language is known."""
    names = {name: number for number, name in enumerate(sorted({n for n in languages if n and n != "und"}))}
    return np.array([names.get(name or "", -1) for name in languages], dtype=np.int64)


def _tell(
    columns: Columns, languages: np.ndarray, index: int, hits: list[tuple[int, float]], cosines: Cosines
) -> dict[str, Any]:
    hits = sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    item, cosine = hits[0]
    across = languages[index] != languages[item] and min(languages[index], languages[item]) >= 0
    own, other = columns["language"][index], columns["language"][item]
    kind = "evaluation set" if columns["role"][item] == Role.EVALUATION else "gate split of"
    where = f"row {columns['row'][item]} of the {kind} {PurePosixPath(columns['source'][item] or '').name}"
    spoken = f", {own} and {other}" if across else ""
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="meaning_leak",
        severity=Severity.INFO,
        score=cosine,
        threshold=cosines.across if across else cosines.within,
        reason=f"means the same as {where.rstrip()} (cosine {cosine:.2f}{spoken})",
        evidence={
            "own": point_at(columns, index),
            "evaluation": [
                point_at(columns, row) | {"cosine": value, "language": columns["language"][row]}
                for row, value in hits[:SHOWN]
            ],
            "language": own,
            "across": bool(across),
            "rows": len(hits),
            "cosine": cosine,
        },
    )

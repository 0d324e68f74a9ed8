"""Duplicates: copies and near-copies, and those that disagree.

Of each cluster of near-copies one row stands and is never called a copy. Variants whose answers are at odds
take no part in clusters: each of them is shown to a person.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tasks import findings, text
from tasks.duplicates import clusters, kernels, ngrams, pairs
from tasks.duplicates.clusters import (
    DISPUTE_SIMILARITY,
    Corpus,
    Edge,
    cluster_stars,
    find_disputes,
    group_variants,
    judge_edges,
    read_corpus,
    variant_edges,
)
from tasks.duplicates.pairs import PAIR, ArrayCache, compute_all, find_pairs, row_indices, signature_name
from tasks.findings import about_sample, point_at
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, SAMPLE, Role, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace

STAGE = "duplicates"
SHOWN = 5
"""Opponents that evidence quotes; all are counted."""


class DuplicateResult(NamedTuple):
    """Tables of the schemas SAMPLE (with `group_id` filled), PAIR and FINDING."""

    samples: pa.Table
    pairs: pa.Table
    findings: pa.Table


class DuplicateRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    samples: TableRef
    pairs: TableRef
    findings: TableRef


def find_duplicates(
    samples: pa.Table,
    settings: DuplicateSettings,
    floor: float | None = None,
    cache: ArrayCache = compute_all,
) -> DuplicateResult:
    """Finds copies, near-copies and contradictions among training rows, and among evaluation rows.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        floor: lowest similarity of the returned pairs, where leakage asks for less than `settings.threshold`.
        cache: keeps signatures from run to run.
    """
    if len(samples) == 0:
        return DuplicateResult(samples, PAIR.empty_table(), FINDING.empty_table())
    table = find_pairs(samples, settings, min(floor or settings.threshold, settings.threshold), cache)
    corpus = read_corpus(samples, table)
    near = table.filter(
        pc.and_(pc.invert(table["exact"]), pc.greater_equal(table["jaccard"], settings.threshold))
    )
    links = np.stack([row_indices(samples, near[name]) for name in ("row_a", "row_b")], axis=1)
    survivors = np.arange(len(samples))
    rows: list[dict[str, Any]] = []
    for role in Role:
        variants = group_variants(corpus, role)
        edges = judge_edges(corpus, variant_edges(corpus, variants, links, near), settings)
        disputes = find_disputes(corpus, edges, settings)
        stars = cluster_stars(corpus, [e for e in edges if e.agree and not {e.a, e.b} & disputes.keys()])
        for best, members in variants.items():
            survivors[members] = stars[best].a if best in stars else best
        rows += _copy_findings(corpus, variants)
        rows += _near_findings(corpus, stars)
        rows += _dispute_findings(corpus, variants, disputes, settings)
    grouped = _with_groups(samples, corpus.first, links, survivors)
    return DuplicateResult(grouped, table, build_table(rows, FINDING))


@stage("duplicates", clusters, findings, kernels, ngrams, pairs, text)
def find_duplicates_stage(
    workspace: Workspace, samples: TableRef, settings: DuplicateSettings, floor: float
) -> DuplicateRefs:
    """Thin task over `find_duplicates`; `floor` is the lower of the duplicates' and the leakage threshold."""
    floor = min(floor, settings.threshold)
    cache = functools.partial(workspace.cached_arrays, signature_name(settings, floor))
    result = find_duplicates(workspace.read_table(samples), settings, floor, cache)
    return DuplicateRefs(
        samples=workspace.write_table(result.samples, "samples-grouped"),
        pairs=workspace.write_table(result.pairs, "pairs"),
        findings=workspace.write_table(result.findings, "findings-duplicates"),
    )


def _with_groups(samples: pa.Table, first: np.ndarray, links: np.ndarray, survivors: np.ndarray) -> pa.Table:
    """Fills `group_id`: no similar pair and no document family is in two groups.

    A copy goes where the row that stands for it is, without its own document: a footer that 50 documents
    share must not make one group of 50 documents. The name is the least family, or sample_id, of the rows
    that stand.

    Args:
        first: (N,) index of the first sample with the same text.
        links: (P, 2) indices of similar samples.
        survivors: (N,) index of the sample that stands for each.
    """
    everyone = np.arange(len(samples))
    families = pc.coalesce(samples["group_id"], samples["sample_id"]).to_pylist()
    standing = np.flatnonzero(survivors == everyone).tolist()
    heads: dict[str, int] = {}
    kin = np.array([(heads.setdefault(families[i], i), i) for i in standing], dtype=np.int64).reshape(-1, 2)
    texts = survivors[np.stack([everyone, first], axis=1)]
    joined = np.concatenate([np.stack([everyone, survivors], axis=1), texts, survivors[links], kin])
    graph = coo_array((np.ones(len(joined)), tuple(joined.T)), shape=(len(samples), len(samples)))
    _, component = connected_components(graph, directed=False)
    names: dict[int, str] = {}
    for i in standing:
        names[component[i]] = min(names.get(component[i], families[i]), families[i])
    at = SAMPLE.get_field_index("group_id")
    return samples.set_column(at, SAMPLE.field(at), pa.array([names[c] for c in component], pa.string()))


def _copy_findings(corpus: Corpus, variants: dict[int, list[int]]) -> Iterator[dict[str, Any]]:
    for best, *copies in variants.values():
        for index in copies:
            yield about_sample(
                corpus.columns,
                index,
                stage=STAGE,
                check="exact_duplicate",
                severity=Severity.WARNING,
                score=1.0,
                threshold=1.0,
                reason=f"says the same as row {corpus.columns['row'][best]}, with the same answer",
                evidence={"canonical": point_at(corpus.columns, best), "copies": len(copies)},
                suggestion={"action": "drop"},
            )


def _near_findings(corpus: Corpus, stars: dict[int, Edge]) -> Iterator[dict[str, Any]]:
    for index, edge in sorted(stars.items()):
        yield about_sample(
            corpus.columns,
            index,
            stage=STAGE,
            check="near_duplicate",
            severity=Severity.WARNING,
            score=edge.jaccard,
            threshold=edge.required,
            reason=f"nearly the same as row {corpus.columns['row'][edge.a]} (similarity {edge.jaccard:.2f})",
            evidence={"canonical": point_at(corpus.columns, edge.a), "jaccard": edge.jaccard},
            suggestion={"action": "drop"},
        )


def _dispute_findings(
    corpus: Corpus,
    variants: dict[int, list[int]],
    disputes: dict[int, list[Edge]],
    settings: DuplicateSettings,
) -> Iterator[dict[str, Any]]:
    for best, edges in disputes.items():
        nearest = edges[0]
        others = [
            point_at(corpus.columns, e.b) | {"jaccard": e.jaccard, "rows": len(variants[e.b])}
            for e in edges[:SHOWN]
        ]
        what = (
            "the same text" if nearest.exact else f"nearly the same text (similarity {nearest.jaccard:.2f})"
        )
        for index in variants[best]:
            yield about_sample(
                corpus.columns,
                index,
                stage=STAGE,
                check="conflicting_duplicate" if nearest.exact else "disagreeing_near_duplicate",
                severity=Severity.WARNING,
                score=nearest.jaccard,
                threshold=1.0 if nearest.exact else max(DISPUTE_SIMILARITY, settings.threshold),
                reason=f"{what} has another answer in row {corpus.columns['row'][nearest.b]}",
                evidence={
                    "own": point_at(corpus.columns, index) | {"rows": len(variants[best])},
                    "others": others,
                    "opponents": len(edges),
                },
            )

"""Duplicates: copies and near-copies, and those that disagree.

Of each cluster of near-copies one row stands and is never called a copy. Variants whose answers are at odds
take no part in clusters: each of them is shown to a person.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tasks import findings, text
from tasks.duplicates import (
    alignment,
    candidates,
    clusters,
    digests,
    folding,
    kernels,
    ngrams,
    pairs,
    similar,
    tell,
)
from tasks.duplicates.clusters import (
    Edge,
    Variants,
    cluster_stars,
    find_disputes,
    group_variants,
    judge_edges,
    read_corpus,
    variant_edges,
)
from tasks.duplicates.pairs import PAIR, compare_samples, memory_name, row_indices
from tasks.duplicates.similar import Memory
from tasks.duplicates.tell import tell_all
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, SAMPLE, Role, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace


class DuplicateResult(NamedTuple):
    """Tables of the schemas SAMPLE (with `group_id` filled), PAIR and FINDING."""

    samples: pa.Table
    pairs: pa.Table
    findings: pa.Table
    memory: Memory | None = None
    """What the next run is to know of this one; None without samples."""


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
    memory: Memory | None = None,
) -> DuplicateResult:
    """Finds copies, near-copies and contradictions among training rows, and among evaluation rows.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        floor: lowest similarity of the returned pairs, where leakage asks for less than `settings.threshold`.
        memory: of an earlier run with the same settings and floor: only pairs with a text that it does not know
            are compared, with the same result.
    """
    if len(samples) == 0:
        return DuplicateResult(samples, PAIR.empty_table(), FINDING.empty_table())
    floor = min(floor or settings.threshold, settings.threshold)
    table, memory = compare_samples(samples, settings, floor, memory)
    corpus = read_corpus(samples, table)
    near = table.filter(
        pc.and_(pc.invert(table["exact"]), pc.greater_equal(table["jaccard"], settings.threshold))
    )
    links = np.stack([row_indices(samples, near[name]) for name in ("row_a", "row_b")], axis=1)
    survivors = np.arange(len(samples))
    rows: list[dict[str, Any]] = []
    for role in Role:
        variants = group_variants(corpus, role, links)
        edges = judge_edges(corpus, variant_edges(variants, links, near), settings)
        disputes = find_disputes(corpus, edges, settings)
        stars = cluster_stars(corpus, [e for e in edges if e.agree and not {e.a, e.b} & disputes.keys()])
        _stand_in(survivors, variants, stars)
        rows += tell_all(samples, variants, stars, disputes, settings)
    grouped = _with_groups(samples, corpus.first, links, survivors)
    return DuplicateResult(grouped, table, build_table(rows, FINDING), memory)


@stage(
    "duplicates",
    alignment,
    candidates,
    clusters,
    digests,
    findings,
    folding,
    kernels,
    ngrams,
    pairs,
    similar,
    tell,
    text,
)
def find_duplicates_stage(
    workspace: Workspace, samples: TableRef, settings: DuplicateSettings, floor: float
) -> DuplicateRefs:
    """Thin task over `find_duplicates`; `floor` is the lower of the duplicates' and the leakage threshold."""
    floor = min(floor, settings.threshold)
    name = memory_name(settings, floor)
    kept = workspace.load_arrays(name)
    result = find_duplicates(workspace.read_table(samples), settings, floor, Memory(**kept) if kept else None)
    if result.memory is not None:
        workspace.save_arrays(name, result.memory._asdict())
    return DuplicateRefs(
        samples=workspace.write_table(result.samples, "samples-grouped"),
        pairs=workspace.write_table(result.pairs, "pairs"),
        findings=workspace.write_table(result.findings, "findings-duplicates"),
    )


def _stand_in(survivors: np.ndarray, variants: Variants, stars: dict[int, Edge]) -> None:
    """Fills in which sample stands for each sample of a role."""
    standing = np.arange(len(survivors))
    for member, edge in stars.items():
        standing[member] = edge.a
    own = variants.best >= 0
    survivors[own] = standing[variants.best[own]]


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
    families = pc.coalesce(samples["group_id"], samples["sample_id"]).combine_chunks()
    order = pc.rank(families, tiebreaker="dense").to_numpy().astype(np.int64) - 1  # places among the names
    standing = np.flatnonzero(survivors == everyone)
    _, heads, members = np.unique(order[standing], return_index=True, return_inverse=True)
    kin = np.stack([standing[heads][members], standing], axis=1)
    texts = survivors[np.stack([everyone, first], axis=1)]
    joined = np.concatenate([np.stack([everyone, survivors], axis=1), texts, survivors[links], kin])
    graph = coo_array((np.ones(len(joined), dtype=bool), tuple(joined.T)), shape=(len(samples), len(samples)))
    count, component = connected_components(graph, directed=False)
    least = np.full(count, len(samples), dtype=np.int64)
    np.minimum.at(least, component[standing], order[standing])
    named = np.empty(order.max() + 1, dtype=np.int64)
    named[order] = everyone
    names = families.take(pa.array(named[least[component]]))
    at = SAMPLE.get_field_index("group_id")
    return samples.set_column(at, SAMPLE.field(at), names)

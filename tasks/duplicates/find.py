"""Duplicates: copies and near-copies, and those that disagree.

Of each cluster of near-copies one row stands and is never called a copy. Variants whose answers are at odds
take no part in clusters: each of them is shown to a person.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tasks import findings, overlap, text
from tasks.duplicates import (
    alignment,
    answers,
    boilerplate,
    candidates,
    clusters,
    digests,
    folding,
    kernels,
    ngrams,
    pairs,
    parts,
    sides,
    similar,
    tell,
)
from tasks.duplicates.boilerplate import count_documents, share_boilerplate_alone
from tasks.duplicates.clusters import (
    Corpus,
    Edge,
    Variants,
    cluster_stars,
    find_disputes,
    group_variants,
    judge_edges,
    read_corpus,
    variant_edges,
)
from tasks.duplicates.pairs import PAIR, compare_samples, find_pairs, memory_name, row_indices
from tasks.duplicates.sides import asked_texts, view_samples
from tasks.duplicates.similar import Memory
from tasks.duplicates.tell import tell_all
from tasks.recipe import Compare, DuplicateSettings
from tasks.records import FINDING, SAMPLE, Role, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace

FINDINGS_AT_ONCE = 10_000
"""Findings that are Python objects at once."""


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

    Pairs that have no more in common than boilerplate are none; nor are prompts that share a passage and ask something
    else about it, though one split holds both. The pairs that are returned are of the questions,
    as leakage needs them, whatever `settings.compare` says.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        floor: lowest similarity of the returned pairs, where leakage asks for less than `settings.threshold`.
        memory: of an earlier run with the same settings and floor: only pairs with a text that it does not know
            are compared, with the same result.
    """
    if len(samples) == 0:
        return DuplicateResult(samples, PAIR.empty_table(), FINDING.empty_table())
    floor = min(floor or settings.threshold, settings.threshold)
    viewed = view_samples(samples, settings.compare)
    prompts = asked_texts(samples) if settings.compare is Compare.BOTH else None
    table, memory = compare_samples(viewed, settings, floor, memory, prompts)
    corpus = read_corpus(viewed, table)
    families = _family_codes(samples)
    near, every = _near_links(viewed, table, corpus, families, settings)
    apart = near["apart"].to_numpy(zero_copy_only=False)
    near, links = near.filter(pa.array(~apart)), every[~apart]
    survivors = np.arange(len(samples))
    told = []
    for role in Role:
        variants = group_variants(corpus, role, links)
        edges = judge_edges(corpus, variant_edges(variants, links, near), settings)
        disputes = find_disputes(corpus, edges, settings)
        stars = cluster_stars(corpus, [e for e in edges if e.agree and not {e.a, e.b} & disputes.keys()])
        _stand_in(survivors, variants, stars)
        told.append((variants, stars, disputes))
    holders = count_documents(survivors, np.where(pc.is_valid(samples["group_id"]), families, -1))
    passages = corpus.task is Task.LANGUAGE_MODELING
    shared = np.flatnonzero(holders >= settings.boilerplate).tolist() if passages else []
    boilerplate = {index: int(holders[index]) for index in shared}
    found = [_build_findings(tell_all(viewed, *part, settings, boilerplate)) for part in told]
    if viewed is not samples:
        table = find_pairs(samples, settings, floor)
        asked = table.filter(pc.greater_equal(table["jaccard"], settings.threshold))
        every = np.concatenate([every, _row_pairs(samples, asked)])
    grouped = _with_groups(samples, corpus.first, every, survivors)
    return DuplicateResult(grouped, table, pa.concat_tables(found), memory)


@stage(
    "duplicates",
    alignment,
    answers,
    boilerplate,
    candidates,
    clusters,
    digests,
    findings,
    folding,
    kernels,
    ngrams,
    overlap,
    pairs,
    parts,
    sides,
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


def _build_findings(rows: Iterator[dict[str, Any]]) -> pa.Table:
    """A table of the schema FINDING, from its rows."""
    parts = [FINDING.empty_table()]
    while part := list(itertools.islice(rows, FINDINGS_AT_ONCE)):
        parts.append(build_table(part, FINDING))
    return pa.concat_tables(parts)


def _family_codes(samples: pa.Table) -> np.ndarray:
    """(N,) int64, the document or conversation that each sample is from; rows of tables are each by themselves."""
    families = pc.coalesce(samples["group_id"], samples["sample_id"]).combine_chunks()
    return families.dictionary_encode().indices.to_numpy().astype(np.int64)


def _near_links(
    samples: pa.Table, table: pa.Table, corpus: Corpus, families: np.ndarray, settings: DuplicateSettings
) -> tuple[pa.Table, np.ndarray]:
    """The similar pairs of a PAIR table that have more than boilerplate in common, and their (P, 2) indices."""
    near = table.filter(
        pc.and_(pc.invert(table["exact"]), pc.greater_equal(table["jaccard"], settings.threshold))
    )
    links = _row_pairs(samples, near)
    ngrams_ = (settings.latin_ngram, settings.cjk_ngram)
    alone = share_boilerplate_alone(corpus.texts, families, links, settings.boilerplate, ngrams_)
    return near.filter(pa.array(~alone)), links[~alone]


def _row_pairs(samples: pa.Table, pairs_: pa.Table) -> np.ndarray:
    """(P, 2) indices of the samples that a PAIR table is about."""
    return np.stack([row_indices(samples, pairs_[name]) for name in ("row_a", "row_b")], axis=1)


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

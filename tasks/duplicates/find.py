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
    entities,
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
    set_apart,
    variant_edges,
)
from tasks.duplicates.pairs import PAIR, compare_samples, find_pairs, memory_name, row_indices
from tasks.duplicates.sides import asked_texts, view_samples
from tasks.duplicates.similar import Memory
from tasks.duplicates.tell import tell_copies, tell_disputes
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


class _View(NamedTuple):
    """The samples as they are compared, and which of them are alike."""

    corpus: Corpus
    near: pa.Table
    """P rows of the schema PAIR: similar pairs that have more in common than boilerplate or a passage."""
    links: np.ndarray
    """(P, 2) indices of the samples that `near` is about."""
    every: np.ndarray
    """(Q, 2) the same, and of pairs that have a passage in common."""


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
    else about it, though one split holds both. Contradictions are looked for among questions with their answers, and
    the pairs that are returned are of the questions, as leakage needs them, whatever `settings.compare` says.

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
    families = _family_codes(samples)
    view = _look_at(viewed, table, families, settings)
    asked = table if viewed is samples else find_pairs(samples, settings, floor)
    questions = view if viewed is samples else _look_at(samples, asked, families, settings)
    survivors = np.arange(len(samples))
    told = []
    for role in Role:
        variants, edges = _judge_variants(questions, role, settings)
        disputes = find_disputes(questions.corpus, edges, settings)
        disputed = {row for best in disputes for row in variants.rows(best)}
        copies = variants
        if viewed is not samples:
            apart = view._replace(corpus=set_apart(view.corpus, variants, disputes))
            copies, edges = _judge_variants(apart, role, settings)
        agreeing = [edge for edge in edges if edge.agree and not {edge.a, edge.b} & disputed]
        stars = cluster_stars(view.corpus, agreeing)
        _stand_in(survivors, copies, stars)
        told.append(((copies, stars), (variants, disputes)))
    holders = count_documents(survivors, np.where(pc.is_valid(samples["group_id"]), families, -1))
    passages = view.corpus.task is Task.LANGUAGE_MODELING
    shared = np.flatnonzero(holders >= settings.boilerplate).tolist() if passages else []
    boilerplate = {index: int(holders[index]) for index in shared}
    found = []
    for same, other in told:
        found.append(_build_findings(tell_copies(viewed, *same, settings, boilerplate)))
        found.append(_build_findings(tell_disputes(samples, *other, settings)))
    links = view.every
    if viewed is not samples:
        near = asked.filter(pc.greater_equal(asked["jaccard"], settings.threshold))
        links = np.concatenate([links, _row_pairs(samples, near)])
    grouped = _with_groups(samples, view.corpus.first, links, survivors)
    return DuplicateResult(grouped, asked, pa.concat_tables(found), memory)


@stage(
    "duplicates",
    alignment,
    answers,
    boilerplate,
    candidates,
    clusters,
    digests,
    entities,
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


def _look_at(samples: pa.Table, table: pa.Table, families: np.ndarray, settings: DuplicateSettings) -> _View:
    """Args: table: of the schema PAIR, over all of `samples`."""
    corpus = read_corpus(samples, table)
    near = table.filter(
        pc.and_(pc.invert(table["exact"]), pc.greater_equal(table["jaccard"], settings.threshold))
    )
    links = _row_pairs(samples, near)
    ngrams_ = (settings.latin_ngram, settings.cjk_ngram)
    alone = share_boilerplate_alone(corpus.texts, families, links, settings.boilerplate, ngrams_)
    near, links = near.filter(pa.array(~alone)), links[~alone]
    apart = near["apart"].to_numpy(zero_copy_only=False)
    return _View(corpus, near.filter(pa.array(~apart)), links[~apart], links)


def _judge_variants(view: _View, role: Role, settings: DuplicateSettings) -> tuple[Variants, list[Edge]]:
    """The variants of a role, and the edges between them, each with whether their answers agree."""
    variants = group_variants(view.corpus, role, view.links)
    return variants, judge_edges(view.corpus, variant_edges(variants, view.links, view.near), settings)


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

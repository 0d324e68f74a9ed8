"""Variants of a text, what agrees and what contradicts, and clusters that are stars, never chains.

A *variant* is a text together with its answer (label or target): rows of one variant are exact duplicates.
The best row of a variant stands for it. A near-duplicate is within the threshold of the one row that stands
for its cluster (star clustering: Aslam, Pelekhov and Rus 2004), so that A ~ B ~ C never removes C for A's
sake.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.alignment import is_edited_copy
from tasks.duplicates.answers import deny_alike, hold_same_figures, say_the_same
from tasks.duplicates.entities import mark_alike, place_entities
from tasks.duplicates.ngrams import jaccards
from tasks.duplicates.pairs import compared_texts, first_rows, rank_rows
from tasks.duplicates.similar import first_equal_forms
from tasks.recipe import DuplicateSettings
from tasks.records import Role, Task
from tasks.text import matching_form

DISPUTE_SIMILARITY = 0.8
"""Jaccard similarity of inputs from which different answers are a contradiction. Below it, what differs in
the texts can well be what decides the answer (banking77 at .5-.6: "... charged a fee for my card payment?"
and "... for my transfer?" rightly have two labels); from .8 on, the 3 differing pairs of its
training set were inconsistent labels, by eye. Below it, texts that `is_edited_copy` takes for one."""


class Edge(NamedTuple):
    """Two variants with equal or similar texts; each is named by the index of its best row."""

    a: int
    b: int
    jaccard: float
    required: float
    exact: bool = False
    agree: bool = True


@dataclass(frozen=True)
class Corpus:
    """What all steps look at, for N samples."""

    task: Task
    first: np.ndarray
    """(N,) index of the first sample with the same text."""
    ranks: np.ndarray
    """(N,) place by what is worth keeping; 0 is the best."""
    roles: np.ndarray
    """(N,) bool: whether a sample is for evaluation."""
    answers: np.ndarray
    """(N,) int64, equal where answers are: label, entities by place and kind, or matching form of the target."""
    texts: pa.LargeStringArray
    """(N,) what is compared."""
    targets: pa.ChunkedArray
    """(N,) what the model shall say."""
    spans: pa.ChunkedArray
    """(N,) entities, of token-classification."""

    def form(self, index: int) -> str:
        """Matching form of what is compared of a sample."""
        return matching_form(self.texts[index].as_py())

    def target_form(self, index: int) -> str:
        return matching_form(self.targets[index].as_py() or "")


@dataclass(frozen=True)
class Variants:
    """The variants of one role, each named by its best row."""

    best: np.ndarray
    """(N,) index of the best row of each sample's variant; -1 for samples of another role."""
    repeated: dict[int, list[int]]
    """Variant -> its rows, the best first, where it has more than one."""
    by_text: dict[int, list[int]]
    """First row of a text -> its variants, the best first, where it has more than one."""

    def of_text(self, first: int) -> list[int]:
        """Variants of the text that a first row has, the best first; none where it is of another role alone."""
        return self.by_text.get(first, [])

    def rows(self, best: int) -> list[int]:
        """Rows of a variant, the best first."""
        return self.repeated.get(best, [best])


def read_corpus(samples: pa.Table, table: pa.Table) -> Corpus:
    """Args: table: of the schema PAIR, over all of `samples`."""
    task = Task(samples["task"][0].as_py())
    return Corpus(
        task,
        first_rows(samples, table),
        rank_rows(samples),
        pc.equal(samples["role"], Role.EVALUATION.value).to_numpy(zero_copy_only=False),
        _answer_codes(samples, task),
        compared_texts(samples),
        samples["target"],
        samples["spans"],
    )


def _answer_codes(samples: pa.Table, task: Task) -> np.ndarray:
    match task:
        case Task.TEXT_CLASSIFICATION:
            answers = pc.fill_null(samples["label"], "")
        case Task.TOKEN_CLASSIFICATION:
            columns = (samples[name].to_pylist() for name in ("input", "spans"))
            placed = (place_entities(text or "", spans or ()) for text, spans in zip(*columns, strict=True))
            answers = pa.chunked_array([pa.array(placed, pa.string())])
        case Task.TEXT_GENERATION:
            return first_equal_forms(samples["target"])
        case Task.LANGUAGE_MODELING:
            return np.zeros(len(samples), dtype=np.int64)
    return answers.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)


def set_apart(corpus: Corpus, variants: Variants, disputes: Mapping[int, list[Edge]]) -> Corpus:
    """The corpus of another view, in which no row of a disputed variant is a copy of a row of another variant."""
    answers = corpus.answers.copy()
    for best in disputes:
        answers[variants.rows(best)] = len(answers) + best
    return replace(corpus, answers=answers)


def group_variants(corpus: Corpus, role: Role, links: np.ndarray) -> Variants:
    """The variants of a role.

    Args:
        links: (P, 2) indices of first rows of texts, of which the variants will be asked for.
    """
    rows = np.flatnonzero(corpus.roles == (role is Role.EVALUATION))
    rows = rows[np.lexsort((corpus.ranks[rows], corpus.answers[rows], corpus.first[rows]))]
    text, answer = corpus.first[rows], corpus.answers[rows]
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (text[1:] != text[:-1]) | (answer[1:] != answer[:-1])
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(rows)))
    best = np.full(len(corpus.first), -1, dtype=np.int64)
    best[rows] = np.repeat(rows[starts], sizes)
    repeated = {
        int(rows[start]): rows[start : start + size].tolist()
        for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True)
    }
    texts = corpus.first[rows[starts]]
    alone = np.bincount(texts, minlength=len(best))[texts] == 1
    wanted = ~alone | np.isin(texts, links)
    by_text: dict[int, list[int]] = defaultdict(list)
    chosen = rows[starts[wanted]]
    for index in chosen[np.argsort(corpus.ranks[chosen])].tolist():
        by_text[int(corpus.first[index])].append(index)
    return Variants(best, repeated, dict(by_text))


def variant_edges(variants: Variants, links: np.ndarray, near: pa.Table) -> list[Edge]:
    """Edges between variants of one text and of similar texts: each with the best variant of the other text.

    Linear in the variants of a text: a greeting with 5,000 different answers has 5,000 edges, not 12 million.

    Args:
        links: (P, 2) indices of the samples that `near`, P rows of the schema PAIR, is about.
    """
    edges = [
        Edge(best, other, 1.0, 1.0, exact=True)
        for best, *others in variants.by_text.values()
        for other in others
    ]
    measures = (near["jaccard"].to_pylist(), near["required"].to_pylist())
    for (a, b), *measured in zip(links.tolist(), *measures, strict=True):
        left, right = variants.of_text(a), variants.of_text(b)
        if left and right:
            edges += [Edge(left[0], other, *measured) for other in right]
            edges += [Edge(other, right[0], *measured) for other in left[1:]]
    return edges


def judge_edges(corpus: Corpus, edges: list[Edge], settings: DuplicateSettings) -> list[Edge]:
    """Says of each edge whether its answers agree: equal, or of similar texts similar and without a contradiction."""
    ends = np.array([edge[:2] for edge in edges], dtype=np.int64).reshape(-1, 2)
    agree = corpus.answers[ends[:, 0]] == corpus.answers[ends[:, 1]]
    if corpus.task is Task.TEXT_GENERATION:
        open_ = np.flatnonzero(~agree)
        members, between = np.unique(ends[open_], return_inverse=True)
        between = between.reshape(-1, 2)
        answers = [corpus.target_form(index) for index in members.tolist()]
        similar = jaccards(answers, between, settings.latin_ngram, settings.cjk_ngram) >= settings.threshold
        agree[open_[similar]] = [_answers_agree(corpus, edges[i]) for i in open_[similar].tolist()]
    if corpus.task is Task.TOKEN_CLASSIFICATION:
        near = [i for i in np.flatnonzero(~agree).tolist() if not edges[i].exact]
        agree[near] = [_entities_agree(corpus, edges[i]) for i in near]
    return [edge._replace(agree=bool(value)) for edge, value in zip(edges, agree, strict=True)]


def _entities_agree(corpus: Corpus, edge: Edge) -> bool:
    one, other = ((corpus.texts[i].as_py(), corpus.spans[i].as_py() or ()) for i in edge[:2])
    return mark_alike(*one, *other)


def _answers_agree(corpus: Corpus, edge: Edge) -> bool:
    """Whether two similar answers say the same.

    To one question, or to one that was edited, every word of content counts. Questions that differ by more may have
    answers that differ with them (of the kettle, of the lamp), but for their figures and negations.
    """
    one, other = (corpus.targets[index].as_py() or "" for index in edge[:2])
    if not (hold_same_figures(one, other) and deny_alike(one, other)):
        return False
    return not (edge.exact or _is_edited(corpus, edge)) or say_the_same(one, other)


def find_disputes(corpus: Corpus, edges: list[Edge], settings: DuplicateSettings) -> dict[int, list[Edge]]:
    """Variant -> edges along which it contradicts another, the nearest first; `Edge.b` is the opponent."""
    required = max(DISPUTE_SIMILARITY, settings.threshold)
    disputes: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.agree or (edge.jaccard < required and not _is_edited(corpus, edge)):
            continue
        if corpus.task is Task.TEXT_GENERATION and not _same_figures(corpus, edge):
            continue  # other numbers make another question
        disputes[edge.a].append(edge)
        disputes[edge.b].append(edge._replace(a=edge.b, b=edge.a))
    return {
        best: sorted(found, key=lambda e: (-e.exact, -e.jaccard, e.b)) for best, found in disputes.items()
    }


def cluster_stars(corpus: Corpus, edges: list[Edge]) -> dict[int, Edge]:
    """Member -> edge from its canonical (`Edge.a`). The best variant not yet taken takes its neighbours."""
    neighbours: dict[int, dict[int, Edge]] = defaultdict(dict)
    for edge in edges:
        neighbours[edge.a][edge.b] = edge
        neighbours[edge.b][edge.a] = edge._replace(a=edge.b, b=edge.a)
    stars: dict[int, Edge] = {}
    for canonical in sorted(neighbours, key=corpus.ranks.__getitem__):
        if canonical not in stars:
            stars |= {member: e for member, e in neighbours[canonical].items() if member not in stars}
    return stars


def _is_edited(corpus: Corpus, edge: Edge) -> bool:
    """Whether one of the compared texts is the other, edited."""
    return is_edited_copy(corpus.form(edge.a), corpus.form(edge.b))


def _same_figures(corpus: Corpus, edge: Edge) -> bool:
    """Whether the compared texts hold the same numbers."""
    return hold_same_figures(corpus.form(edge.a), corpus.form(edge.b))

"""Variants of a text, what agrees and what contradicts, and clusters that are stars, never chains.

A *variant* is a text together with its answer (label or target): rows of one variant are exact duplicates.
The best row of a variant stands for it. A near-duplicate is within the threshold of the one row that stands
for its cluster (star clustering: Aslam, Pelekhov and Rus 2004), so that A ~ B ~ C never removes C for A's
sake.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks.duplicates.ngrams import jaccards
from tasks.duplicates.pairs import compared_forms, first_rows, rank_rows
from tasks.findings import Columns, read_columns
from tasks.recipe import DuplicateSettings
from tasks.records import Role, Task
from tasks.text import matching_form

DISPUTE_SIMILARITY = 0.8
"""Jaccard similarity of inputs from which different answers are a contradiction. Below it, what differs in
the texts can well be what decides the answer (banking77 at .5-.6: "... charged a fee for my card payment?"
and "... for my transfer?" rightly have two labels); from .8 on, the 3 differing pairs of its
training set were inconsistent labels, by eye."""
_FIGURE = re.compile(r"\d+")


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

    columns: Columns
    task: Task
    first: np.ndarray
    """(N,) index of the first sample with the same text."""
    ranks: np.ndarray
    """(N,) place by what is worth keeping; 0 is the best."""
    forms: list[str]
    """Matching form of the compared text."""
    answers: list[str]
    """Label, kinds of entities in order, matching form of the target, or "" for language modelling."""


def read_corpus(samples: pa.Table, table: pa.Table) -> Corpus:
    columns = read_columns(samples)
    task = Task(columns["task"][0])
    match task:
        case Task.TEXT_CLASSIFICATION:
            answers = [label or "" for label in columns["label"]]
        case Task.TOKEN_CLASSIFICATION:  # copies with other names in them agree if they hold the same kinds
            answers = [
                " ".join(span["label"] for span in spans or ()) for spans in samples["spans"].to_pylist()
            ]
        case Task.TEXT_GENERATION:
            answers = [matching_form(target or "") for target in columns["target"]]
        case Task.LANGUAGE_MODELING:
            answers = [""] * len(samples)
    return Corpus(
        columns, task, first_rows(samples, table), rank_rows(samples), compared_forms(samples), answers
    )


def group_variants(corpus: Corpus, role: Role) -> dict[int, list[int]]:
    """Best row of each variant of a role -> all its rows, the best first."""
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index in np.argsort(corpus.ranks).tolist():
        if corpus.columns["role"][index] == role:
            groups[int(corpus.first[index]), corpus.answers[index]].append(index)
    return {members[0]: members for members in groups.values()}


def variant_edges(
    corpus: Corpus, variants: dict[int, list[int]], links: np.ndarray, near: pa.Table
) -> list[Edge]:
    """Edges between variants of one text and of similar texts: each with the best variant of the other text.

    Linear in the variants of a text: a greeting with 5,000 different answers has 5,000 edges, not 12 million.

    Args:
        links: (P, 2) indices of the samples that `near`, P rows of the schema PAIR, is about.
    """
    by_text: dict[int, list[int]] = defaultdict(list)
    for best in variants:  # in the order of their ranks
        by_text[int(corpus.first[best])].append(best)
    edges = [
        Edge(best, other, 1.0, 1.0, exact=True) for best, *others in by_text.values() for other in others
    ]
    measures = (near["jaccard"].to_pylist(), near["required"].to_pylist())
    for (a, b), *measured in zip(links.tolist(), *measures, strict=True):
        left, right = by_text.get(a), by_text.get(b)
        if left and right:
            edges += [Edge(left[0], other, *measured) for other in right]
            edges += [Edge(other, right[0], *measured) for other in left[1:]]
    return edges


def judge_edges(corpus: Corpus, edges: list[Edge], settings: DuplicateSettings) -> list[Edge]:
    """Says of each edge whether its answers agree: equal, or for free text similar with the same figures."""
    answers = corpus.answers
    agree = np.array([answers[e.a] == answers[e.b] for e in edges], dtype=bool)
    if corpus.task is Task.TEXT_GENERATION:
        open_ = np.flatnonzero(~agree)
        between = np.array([edges[i][:2] for i in open_], dtype=np.int64).reshape(-1, 2)
        similar = jaccards(answers, between, settings.latin_ngram, settings.cjk_ngram) >= settings.threshold
        same_figures = [_figures(answers[a]) == _figures(answers[b]) for a, b in between]
        agree[open_] = similar & np.array(same_figures, dtype=bool)
    return [edge._replace(agree=bool(value)) for edge, value in zip(edges, agree, strict=True)]


def find_disputes(corpus: Corpus, edges: list[Edge], settings: DuplicateSettings) -> dict[int, list[Edge]]:
    """Variant -> edges along which it contradicts another, the nearest first; `Edge.b` is the opponent."""
    required = max(DISPUTE_SIMILARITY, settings.threshold)
    disputes: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.agree or edge.jaccard < required:
            continue
        figures = (_figures(corpus.forms[edge.a]), _figures(corpus.forms[edge.b]))
        if corpus.task is Task.TEXT_GENERATION and figures[0] != figures[1]:
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
            taken = neighbours[canonical].keys() - stars.keys()
            stars |= {member: neighbours[canonical][member] for member in taken}
    return stars


def _figures(form: str) -> list[str]:
    """The numbers in a text: "500 yen" and "800 yen" are similar and not the same."""
    return _FIGURE.findall(form)

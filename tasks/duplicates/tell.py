"""What is said of copies, near-copies and contradictions: one finding a row."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from tasks.duplicates.alignment import longest_shared
from tasks.duplicates.clusters import DISPUTE_SIMILARITY, Edge, Variants
from tasks.findings import about_sample, excerpt, point_at, read_columns, text_of
from tasks.recipe import DuplicateSettings
from tasks.records import Severity
from tasks.text import matching_form

STAGE = "duplicates"
SHOWN = 5
"""Opponents that evidence quotes; all are counted."""


class _Quoted:
    """The samples that findings are about or point at: only these become Python objects."""

    def __init__(self, samples: pa.Table, indices: set[int]) -> None:
        self._places = {index: place for place, index in enumerate(sorted(indices))}
        self._columns = read_columns(samples.take(pa.array(sorted(indices), pa.int64())))

    def row(self, index: int) -> int:
        return int(self._columns["row"][self._places[index]])

    def point(self, index: int, beside: int) -> dict[str, Any]:
        """One of two samples as evidence: the quotation shows where they begin to differ."""
        return point_at(self._columns, self._places[index], self._places[beside])

    def origin(self, index: int) -> dict[str, Any]:
        """Source and date of the sample that a finding is about, as evidence, beside those of the one that stays."""
        named = {name: self._columns[name][self._places[index]] for name in ("source", "date")}
        return {"own": {name: value for name, value in named.items() if value is not None}}

    def shared(self, one: int, other: int) -> dict[str, Any]:
        """The longest run of characters in the matching forms of two samples, as evidence."""
        forms = (matching_form(text_of(self._columns, self._places[index])) for index in (one, other))
        run = longest_shared(*forms)
        return {"shared": excerpt(run), "shared_characters": len(run)}

    def about(self, index: int, **told: Any) -> dict[str, Any]:
        told = {"stage": STAGE, "severity": Severity.WARNING} | told
        return about_sample(self._columns, self._places[index], **told)


def tell_copies(
    samples: pa.Table,
    variants: Variants,
    stars: dict[int, Edge],
    settings: DuplicateSettings,
    boilerplate: Mapping[int, int],
) -> Iterator[dict[str, Any]]:
    """Rows of the schema FINDING on the variants of one role: exact copies, then near ones.

    Args:
        stars: member -> edge from the variant that stands for it.
        boilerplate: sample -> how many documents share its text, where that are so many that it is boilerplate.
    """
    told = {index for rows in variants.repeated.values() for index in rows}
    told |= {end for edge in stars.values() for end in edge[:2]}
    quoted = _Quoted(samples, told)
    yield from _tell_copies(quoted, variants, settings, boilerplate)
    yield from _tell_near(quoted, stars, settings, boilerplate)


def _tell_copies(
    quoted: _Quoted, variants: Variants, settings: DuplicateSettings, boilerplate: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    for best, *copies in variants.repeated.values():
        for index in copies:
            if index in boilerplate:
                edge = Edge(best, index, 1.0, 1.0)
                yield _tell_boilerplate(quoted, index, edge, settings, boilerplate)
                continue
            yield quoted.about(
                index,
                check="exact_duplicate",
                score=1.0,
                threshold=1.0,
                reason=f"says the same as row {quoted.row(best)}, with the same answer",
                evidence={"canonical": quoted.point(best, index), "copies": len(copies)}
                | quoted.origin(index),
                suggestion={"action": "drop"},
            )


def _tell_near(
    quoted: _Quoted, stars: dict[int, Edge], settings: DuplicateSettings, boilerplate: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    for index, edge in sorted(stars.items()):
        if index in boilerplate:
            yield _tell_boilerplate(quoted, index, edge, settings, boilerplate)
            continue
        yield quoted.about(
            index,
            check="near_duplicate",
            score=edge.jaccard,
            threshold=edge.required,
            reason=f"nearly the same as row {quoted.row(edge.a)} (similarity {edge.jaccard:.2f})",
            evidence={"canonical": quoted.point(edge.a, index), "jaccard": edge.jaccard}
            | quoted.shared(index, edge.a)
            | quoted.origin(index),
            suggestion={"action": "drop"},
        )


def _tell_boilerplate(
    quoted: _Quoted, index: int, edge: Edge, settings: DuplicateSettings, boilerplate: Mapping[int, int]
) -> dict[str, Any]:
    """`boilerplate` of a copy of a text that many documents hold: one of them stands, `Edge.a`."""
    documents = boilerplate[index]
    return quoted.about(
        index,
        check="boilerplate",
        severity=Severity.INFO,
        score=edge.jaccard,
        threshold=edge.required,
        reason=f"{documents} documents hold this text; row {quoted.row(edge.a)} stands for all",
        evidence={
            "canonical": quoted.point(edge.a, index),
            "documents": documents,
            "least": settings.boilerplate,
            "jaccard": edge.jaccard,
        },
        suggestion={"action": "drop"},
    )


def tell_disputes(
    samples: pa.Table, variants: Variants, disputes: dict[int, list[Edge]], settings: DuplicateSettings
) -> Iterator[dict[str, Any]]:
    """Rows of the schema FINDING on the variants of one role that contradict each other.

    Args:
        disputes: variant -> edges along which it contradicts another.
    """
    told = {row for best in disputes for row in variants.rows(best)}
    told |= {edge.b for edges in disputes.values() for edge in edges[:SHOWN]}
    quoted = _Quoted(samples, told)
    required = max(DISPUTE_SIMILARITY, settings.threshold)
    for best, edges in disputes.items():
        nearest = edges[0]
        others = [
            quoted.point(e.b, best) | {"jaccard": e.jaccard, "rows": len(variants.rows(e.b))}
            for e in edges[:SHOWN]
        ]
        what = (
            "the same text" if nearest.exact else f"nearly the same text (similarity {nearest.jaccard:.2f})"
        )
        for index in variants.rows(best):
            yield quoted.about(
                index,
                check="conflicting_duplicate" if nearest.exact else "disagreeing_near_duplicate",
                score=nearest.jaccard,
                threshold=1.0 if nearest.exact else min(nearest.jaccard, required),
                reason=f"{what} has another answer in row {quoted.row(nearest.b)}",
                evidence={
                    "own": quoted.point(index, nearest.b) | {"rows": len(variants.rows(best))},
                    "others": others,
                    "opponents": len(edges),
                },
            )

"""Answers that say what they rest on, held against the documents as they are now.

A row may name the document that its answer rests on, and quote it. Where the document no longer says that, the
pair is stale: a person sees it beside the passage that comes nearest now.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
from rapidfuzz import fuzz

from tasks.findings import about_sample, excerpt, read_columns
from tasks.records import FINDING, Severity, build_table
from tasks.text import matching_form


class _Passage(NamedTuple):
    uri: str
    text: str
    form: str


def find_stale(samples: pa.Table, documents: pa.Table) -> pa.Table:
    """Findings `stale` (the document no longer holds the quoted words) and `document_gone`.

    Nothing is said where the sources hold no documents at all, only tables.
    """
    wanted = [name for name in samples["document"].to_pylist() if name]
    texts = _texts_by_name(documents, wanted) if wanted else {}
    if not texts:
        return FINDING.empty_table()
    columns = read_columns(samples)
    found = []
    for index, name in enumerate(columns["document"]):
        if not name:
            continue
        if name not in texts:
            found.append(_gone(columns, index, name))
        elif columns["support"][index] and not _holds(texts[name], columns["support"][index]):
            found.append(_stale(columns, index, texts[name]))
    return build_table(found, FINDING)


def _texts_by_name(documents: pa.Table, names: Iterable[str]) -> dict[str, list[_Passage]]:
    """Name as the rows give it -> blocks of the documents whose URI ends with it; {} without documents."""
    wanted = set(names)
    known: dict[str, list[_Passage]] = {}
    for document in documents.select(["uri", "text", "blocks"]).to_pylist():
        if not document["text"]:
            continue
        parts = PurePosixPath(document["uri"]).parts
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[-depth:])
            known.setdefault("", [])
            if name in wanted:
                known.setdefault(name, []).extend(_passages(document))
    return known


def _passages(document: Mapping[str, Any]) -> list[_Passage]:
    texts = [document["text"][block["start"] : block["end"]] for block in document["blocks"]]
    return [_Passage(document["uri"], text, matching_form(text)) for text in texts]


def _holds(passages: list[_Passage], support: str) -> bool:
    """Whether the words stand there, in the form in which texts are compared; a block's end does not part them."""
    return matching_form(support) in matching_form("\n".join(passage.text for passage in passages))


def _gone(columns: dict[str, list[Any]], index: int, name: str) -> dict[str, Any]:
    return about_sample(
        columns,
        index,
        stage="ingest",
        check="document_gone",
        severity=Severity.WARNING,
        reason=f"it rests on {name}, which no source holds any more",
        evidence={"document": name, "support": columns["support"][index]},
    )


def _stale(columns: dict[str, list[Any]], index: int, passages: list[_Passage]) -> dict[str, Any]:
    support = columns["support"][index]
    form = matching_form(support)
    best = max(passages, key=lambda passage: fuzz.partial_ratio(form, passage.form))
    return about_sample(
        columns,
        index,
        stage="ingest",
        check="stale",
        severity=Severity.WARNING,
        score=fuzz.partial_ratio(form, best.form) / 100,
        threshold=1.0,
        reason=f"{columns['document'][index]} no longer says {excerpt(support)!r}",
        evidence={"support": support, "now": best.text, "uri": best.uri},
    )

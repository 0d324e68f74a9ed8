"""What differs between two snapshots, and why: documents and samples in, out and changed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow.parquet as pq

_SAMPLE = ["row", "sample_id", "uri", "source_id", "section", "input", "target", "label"]
_ASIDE = [*_SAMPLE, "disposition", "check", "reason"]
_KEPT = [*_SAMPLE, "disposition", "edited_from"]


class Change(StrEnum):
    IN = "in"
    OUT = "out"
    CHANGED = "changed"


class DocumentChange(NamedTuple):
    change: Change
    uri: str
    why: str


class SampleChange(NamedTuple):
    change: Change
    sample_id: str
    """In the second snapshot, or in the first for one that is out."""
    before: str | None
    """In the first snapshot, for one that changed."""
    uri: str
    text: str
    why: str


class SnapshotDiff(NamedTuple):
    documents: tuple[DocumentChange, ...]
    samples: tuple[SampleChange, ...]
    kept: int
    """Samples that both hold."""


class _Side(NamedTuple):
    """One snapshot: its documents by URI, its samples, and what it set aside, by content."""

    documents: dict[str, dict[str, Any]]
    samples: list[dict[str, Any]]
    aside: dict[str, dict[str, Any]]


def diff_snapshots(first: Path, second: Path) -> SnapshotDiff:
    """Compares two snapshot folders by content.

    A sample that went out and one that came in at the same place (the same id in the same file, or the only one
    of its section) are one that changed.
    """
    a, b = _read(first), _read(second)
    documents = tuple(_document_changes(a, b))
    before, after = (Counter(s["sample_id"] for s in side.samples) for side in (a, b))
    gone = list(_surplus(a.samples, before - after))
    come = list(_surplus(b.samples, after - before))
    pairs = _pair(gone, come)
    files = {change.uri: change for change in documents}
    changes = [
        SampleChange(Change.CHANGED, new["sample_id"], old["sample_id"], new["uri"], _text(new), why)
        for old, new in pairs
        for why in [_why_changed(new, files)]
    ]
    paired = {id(sample) for pair in pairs for sample in pair}
    for sample in gone:
        if id(sample) not in paired:
            why = _why_out(sample, b, files)
            changes.append(
                SampleChange(Change.OUT, sample["sample_id"], None, sample["uri"], _text(sample), why)
            )
    for sample in come:
        if id(sample) not in paired:
            why = _why_in(sample, a, files)
            changes.append(
                SampleChange(Change.IN, sample["sample_id"], None, sample["uri"], _text(sample), why)
            )
    return SnapshotDiff(documents, tuple(changes), (before & after).total())


def _read(folder: Path) -> _Side:
    documents = pq.read_table(folder / "documents.parquet", columns=["uri", "doc_id", "family"]).to_pylist()
    aside = pq.read_table(folder / "set_aside.parquet", columns=_ASIDE).to_pylist()
    return _Side(
        documents={document["uri"]: document for document in documents},
        samples=pq.read_table(folder / "samples.parquet", columns=_KEPT).to_pylist(),
        aside={sample["sample_id"]: sample for sample in aside},
    )


def _document_changes(a: _Side, b: _Side) -> Iterator[DocumentChange]:
    versions = defaultdict(list)
    for uri, document in b.documents.items():
        versions[document["family"]].append(uri)
    for uri, document in sorted(a.documents.items()):
        if uri not in b.documents:
            others = [other for other in versions[document["family"]] if other not in a.documents]
            why = (
                f"replaced by {PurePosixPath(others[0]).name}"
                if others
                else "gone, or cannot be read any more"
            )
            yield DocumentChange(Change.OUT, uri, why)
        elif document["doc_id"] != b.documents[uri]["doc_id"]:
            yield DocumentChange(Change.CHANGED, uri, "its content is another")
    for uri in sorted(b.documents.keys() - a.documents.keys()):
        yield DocumentChange(Change.IN, uri, "new")


def _surplus(samples: Iterable[dict[str, Any]], surplus: Counter[str]) -> Iterator[dict[str, Any]]:
    """The samples that the other side has fewer copies of."""
    left = surplus.copy()
    for sample in samples:
        if left[sample["sample_id"]] > 0:
            left[sample["sample_id"]] -= 1
            yield sample


def _pair(
    gone: list[dict[str, Any]], come: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(old, new) at the same place, where each is the only one at that place."""
    old, new = (_by_place(samples) for samples in (gone, come))
    return [
        (old[place][0], new[place][0])
        for place in old.keys() & new.keys()
        if len(old[place]) == len(new[place]) == 1
    ]


def _by_place(samples: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    places: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for sample in samples:
        own = ("section", sample["section"]) if sample["section"] else ("id", sample["source_id"] or "")
        places[sample["uri"], *own].append(sample)
    return places


def _why_changed(new: Mapping[str, Any], files: Mapping[str, DocumentChange]) -> str:
    if new["edited_from"]:
        return "edited"
    return "its file changed" if new["uri"] in files else "it is built otherwise"


def _why_out(sample: Mapping[str, Any], b: _Side, files: Mapping[str, DocumentChange]) -> str:
    aside = b.aside.get(sample["sample_id"])
    if aside:
        return f"{aside['disposition']}: {aside['check']}: {aside['reason']}"
    if sample["uri"] in files:
        change = files[sample["uri"]]
        return "its file changed" if change.change is Change.CHANGED else f"its file is out: {change.why}"
    return "it is not built any more"


def _why_in(sample: Mapping[str, Any], a: _Side, files: Mapping[str, DocumentChange]) -> str:
    aside = a.aside.get(sample["sample_id"]) or a.aside.get(sample["edited_from"] or "")
    if aside:
        return f"was set aside: {aside['check']}"
    if sample["uri"] in files:
        return "its file is new" if files[sample["uri"]].change is Change.IN else "its file changed"
    return "edited" if sample["edited_from"] else "it was not built before"


def _text(sample: Mapping[str, Any]) -> str:
    return " ".join((sample["input"] or sample["target"] or "").split())

"""Everything in the workspace that holds what shall be erased, and what has to change."""

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.pairs import find_pairs
from tasks.duplicates.sides import whole_texts
from tasks.erase.change import Change, Kind
from tasks.erase.corpus import Corpus, read_corpus, texts_of
from tasks.erase.databases import plan_databases
from tasks.erase.ledger_rows import plan_ledger
from tasks.erase.models import find_models, plan_models
from tasks.erase.places import plan_caches, plan_files, plan_tables
from tasks.erase.probes import Probes, Redactor
from tasks.erase.selection import Selection
from tasks.erase.snapshots import plan_snapshots, trained_on
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.recipe import DuplicateSettings
from tasks.storage import Workspace
from tasks.text import matching_form

SHOWN_CANDIDATES = 10


class Why(StrEnum):
    """Why a sample is erased."""

    SELECTED = "selected"
    EDIT = "edited form"
    NEAR = "near-duplicate"
    BEFORE = "erased before"


class Item(NamedTuple):
    """One line of what is shown before the question."""

    what: str
    identity: str
    where: str
    text: str


class Found(NamedTuple):
    """What holds what shall be erased."""

    request: dict[str, Any]
    samples: dict[str, Why]
    documents: dict[str, str]
    """doc_id -> uri."""
    decisions: tuple[str, ...]
    """Decisions about the samples, or whose payload holds the words."""
    trained: tuple[str, ...]
    """Snapshots whose training or validation split holds one of the samples."""
    models: tuple[str, ...]
    """Versions in the registry, and models in no registry, that were trained on such a snapshot."""
    changes: tuple[Change, ...]
    """In the order in which they are made."""
    items: tuple[Item, ...]
    receipt: str | None
    """The receipt of an earlier erasure of the same, which this one completes."""
    redactor: Redactor


def find(workspace: Workspace, ledger: Ledger, selection: Selection) -> Found:
    """Finds what `selection` means; changes nothing.

    Raises:
        SeimaiError: the selection says nothing, is ambiguous, or means nothing that is there.
    """
    selection.check()
    corpus = read_corpus(workspace, ledger)
    whole_ids = tuple(_resolve(corpus, beginning) for beginning in selection.samples)
    request = selection.request(whole_ids)
    receipts = [r["erasure_id"] for r in ledger.erasures() if r["request"] == request]
    stones = ledger.tombstones()
    rows = {row["sample_id"]: row for row in corpus.samples.to_pylist()}
    decisions = ledger.stored("decisions")

    samples = dict.fromkeys(_of_receipts(stones, "sample", receipts), Why.BEFORE)
    chosen = {*whole_ids, *_select(corpus, rows, selection), *_decided(decisions, selection)}
    _put(samples, chosen, Why.SELECTED)
    _put(samples, _edits(corpus, samples), Why.EDIT)
    _put(samples, _near_duplicates(corpus.samples, samples), Why.NEAR)
    _put(samples, _edits(corpus, samples), Why.EDIT)
    documents = _documents(corpus, rows, selection, samples)
    documents |= {name: "" for name in _of_receipts(stones, "document", receipts) if name not in documents}

    gone = [text for name in samples if name in rows for text in texts_of(rows[name])]
    gone += [doc["text"] for doc in corpus.documents.values() if selection.names(doc["uri"])]
    compared = [text for name in samples if name in rows for text in whole_texts(rows[name])]
    probes = Probes(
        gone, (text for name, row in rows.items() if name not in samples for text in texts_of(row))
    )
    redactor = Redactor(selection, samples, documents, probes)
    folders = [s for s in sorted(workspace.path("snapshots").glob("*")) if trained_on(s, redactor.ids)]
    trained = tuple(folder.name for folder in folders)
    models = find_models(workspace, ledger, trained)
    changes = [
        *plan_models(workspace, models),
        *plan_databases(workspace, redactor),
        *plan_files(workspace, redactor),
        *plan_ledger(ledger, redactor),
        *plan_caches(workspace, redactor, [*gone, *compared]),
        *plan_tables(workspace, redactor),
        *plan_snapshots(workspace, redactor),
    ]
    order = list(Kind)
    found = Found(
        request=request,
        samples=samples,
        documents=documents,
        decisions=tuple(d["decision_id"] for d in decisions if d["sample_id"] in samples),
        trained=trained,
        models=tuple(model.label for model in models),
        changes=tuple(sorted(changes, key=lambda change: order.index(change.kind))),
        items=tuple(_describe(corpus, rows, samples, documents)),
        receipt=receipts[0] if receipts else None,
        redactor=redactor,
    )
    if not samples and not documents and all(change.kind is Kind.PARSED for change in changes):
        raise SeimaiError("nothing in this workspace matches; nothing was erased")
    return found


def _resolve(corpus: Corpus, beginning: str) -> str:
    known = {*corpus.places, *(name for link in corpus.links for name in link)}
    names = sorted(name for name in known if name.startswith(beginning))
    if beginning in names or len(names) == 1:
        return beginning if beginning in names else names[0]
    if not names:
        raise SeimaiError(f"no sample's id begins with {beginning!r}; nothing was erased")
    shown = "\n".join(f"  {name} {_where(corpus, name)}" for name in names[:SHOWN_CANDIDATES])
    more = f"\n  and {len(names) - SHOWN_CANDIDATES} more" if len(names) > SHOWN_CANDIDATES else ""
    raise SeimaiError(f"{len(names)} samples begin with {beginning!r}; nothing was erased:\n{shown}{more}")


def _select(corpus: Corpus, rows: dict[str, dict[str, Any]], selection: Selection) -> Iterator[str]:
    if selection.uris:
        for name, places in corpus.places.items():
            if any(selection.names(uri) for uri, _ in places):
                yield name
    if selection.matches:
        for name, row in rows.items():
            if any(selection.matches_text(text, matching_form(text)) for text in texts_of(row)):
                yield name


def _decided(decisions: list[dict[str, Any]], selection: Selection) -> Iterator[str]:
    """Samples with a decision whose payload holds the words: redacted, it must never be applied again."""
    for row in decisions if selection.matches else ():
        texts = json.loads(row["payload"]).values()
        if any(selection.matches_text(text, matching_form(text)) for text in texts):
            yield row["sample_id"]


def _put(samples: dict[str, Why], names: Iterable[str], why: Why) -> None:
    for name in names:
        samples.setdefault(name, why)


def _edits(corpus: Corpus, samples: Iterable[str]) -> set[str]:
    """What the samples were before an edit and became by one, however often."""
    reached = set(samples)
    size = -1
    while size < len(reached):
        size = len(reached)
        reached.update(name for link in corpus.links if reached & set(link) for name in link)
    return reached


def _near_duplicates(table: pa.Table, samples: dict[str, Why]) -> set[str]:
    """Samples that say nearly the same as one of `samples`, by the default settings of the duplicates stage."""
    near: set[str] = set()
    settings = DuplicateSettings()
    for task in pc.unique(table["task"]).to_pylist():
        part = table.filter(pc.equal(table["task"], task))
        names = dict(zip(part["row"].to_pylist(), part["sample_id"].to_pylist(), strict=True))
        if not samples.keys() & set(names.values()):
            continue
        pairs = find_pairs(part, settings, settings.threshold)
        pairs = pairs.filter(pc.greater_equal(pairs["jaccard"], pairs["required"]))
        columns = zip(*(pairs[name].to_pylist() for name in ("row_a", "row_b", "exact")), strict=True)
        linked = [(names[a], names[b], exact) for a, b, exact in columns]
        copies = {b: a for a, b, exact in linked if exact}  # near pairs are between first rows only
        firsts = {copies.get(name, name) for name in samples}
        for a, b, _ in linked:
            if a in firsts or b in firsts:
                near |= {a, b}
        near |= {copy for copy, first in copies.items() if first in near}
    return near


def _documents(
    corpus: Corpus, rows: dict[str, dict[str, Any]], selection: Selection, samples: dict[str, Why]
) -> dict[str, str]:
    """Documents with a text that are meant, or out of whose text a sample was cut."""
    documents = {}
    for name, doc in corpus.documents.items():
        texts = [doc[key] for key in ("text", "title", "metadata") if doc.get(key)]
        matched = selection.matches and any(selection.matches_text(t, matching_form(t)) for t in texts)
        if matched or selection.names(doc["uri"]):
            documents[name] = doc["uri"] or ""
    for name in samples:
        row = rows.get(name)
        if row and row["doc_id"] and row["start"] is not None:
            documents[row["doc_id"]] = row["uri"] or ""
    return documents


def _of_receipts(stones: dict[str, dict[str, str]], kind: str, receipts: list[str]) -> list[str]:
    return [digest for digest, receipt in stones.get(kind, {}).items() if receipt in receipts]


def _describe(
    corpus: Corpus, rows: dict[str, dict[str, Any]], samples: dict[str, Why], documents: dict[str, str]
) -> Iterator[Item]:
    for name, uri in documents.items():
        text = (corpus.documents.get(name) or {}).get("text") or ""
        yield Item("document", name, uri, " ".join(text.split()))
    for name, why in samples.items():
        row = rows.get(name)
        text = " ".join((row["input"] or row["target"] or "").split()) if row else ""
        yield Item(why, name, _where(corpus, name), text)


def _where(corpus: Corpus, name: str) -> str:
    places = sorted(corpus.places.get(name, ()))
    return ", ".join(f"{uri}:{line}" if line else uri for uri, line in places[:2])

"""Training rows that hold a judged row, nearly are one, or hold a part of one; and the rows so given away.

Checks on training rows: `exact_leak` (same text), `near_leak` (similar text), `ngram_leak` (13 words or 24 characters
in a row in common, in any field of either), `family_leak` (from the same document or conversation). The rows that
they give away get `contaminated_item`, and stay. `vault_leak` is about items of an evaluation source that only earlier
runs were judged on, `former_gate_item` (info) about items of a gate split.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import duplicates, findings, leakage, overlap, snapshot, text
from tasks.findings import Columns, read_columns
from tasks.leakage import tell, vault
from tasks.leakage.known import Known, recall, reckon
from tasks.leakage.links import (
    EXACT,
    NGRAM,
    GoneHit,
    Hit,
    Leaks,
    Ngrams,
    find_apart,
    find_ngrams,
    link_ngrams,
    link_pairs,
    link_table,
    merge,
)
from tasks.leakage.rows import evaluation_rows, judged_rows, read_texts
from tasks.overlap.grams import find_overlaps
from tasks.recipe import LeakageSettings, SplitSettings
from tasks.records import FINDING, Role, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.told import Told


class LeakResult(NamedTuple):
    """Tables of the schemas FINDING and LINK."""

    findings: pa.Table
    links: pa.Table


class LeakRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    links: TableRef
    notes: tuple[Told, ...] = ()
    """What the report has to say of items that are no longer judged on."""


def find_leaks(
    samples: pa.Table,
    pairs: pa.Table,
    settings: LeakageSettings,
    judged: np.ndarray | None = None,
    families: Sequence[str | None] = (),
    gone: pa.Table | None = None,
    known: Known | None = None,
) -> LeakResult:
    """What training rows give away of the rows that models are judged on.

    Args:
        samples: N rows of the schema SAMPLE.
        pairs: of the schema PAIR, found over all of `samples` with a floor of at most `settings.threshold`.
        judged: (N,) bool, the rows that are judged on; those of evaluation sources when left out.
        families: name of the document or conversation that each row was taken from, None for rows of tables;
            empty: nothing is known of it.
        gone: of the schema `vault.GONE`: what earlier runs were judged on, and this one is not.
        known: what is known of the rows already.
    """
    judged = evaluation_rows(samples) if judged is None else judged
    known = reckon(samples, judged, gone) if known is None else known
    columns = read_columns(samples)
    old = _find_gone(samples, columns, ~judged, gone, settings, known) if gone else []
    if not judged.any() or judged.all():
        return LeakResult(build_table(old, FINDING), link_table(Leaks({}, {}), []))
    near = link_pairs(samples, pairs, judged, settings.threshold, known.keys)
    ngrams = find_ngrams(samples, known)
    leaks = merge(near, link_ngrams(ngrams, len(samples), settings.contained))
    kin = _find_kin(columns, judged, families or [None] * len(samples))
    apart = find_apart(columns, ngrams, settings)
    rows = [
        *_tell_training(columns, leaks, ngrams, apart, kin),
        *old,
        *tell.tell_contaminated(columns, leaks),
    ]
    return LeakResult(build_table(rows, FINDING), link_table(leaks, columns["row"]))


@stage("leakage", duplicates, findings, leakage, overlap, snapshot, text)
def find_leaks_stage(
    workspace: Workspace,
    samples: TableRef,
    pairs: TableRef,
    ingested: TableRef,
    gone: TableRef,
    settings: LeakageSettings,
    split: SplitSettings,
    has_evaluation: bool,
) -> LeakRefs:
    """Thin task over `find_leaks`; searches new rows, and those that held something.

    Args:
        samples, pairs: of the duplicates stage.
        ingested: the same samples as ingest left them: their groups are still documents and conversations.
        gone: of `vault.gone_items`.
    """
    table = workspace.read_table(samples)
    judged = judged_rows(table, split, has_evaluation)
    families = workspace.read_table(ingested)["group_id"].to_pylist()
    missing = workspace.read_table(gone)
    known = recall(workspace, table, judged, missing)
    result = find_leaks(table, workspace.read_table(pairs), settings, judged, families, missing, known)
    return LeakRefs(
        findings=workspace.write_table(result.findings, "findings-leakage"),
        links=workspace.write_table(result.links, "leaks"),
        notes=tell.describe_former(result.findings),
    )


def _tell_training(
    columns: Columns, leaks: Leaks, ngrams: Ngrams, apart: set[int], kin: dict[int, list[int]]
) -> list[dict[str, Any]]:
    """Findings on training rows: copies first, then n-grams of rows that no copy told of, then families.

    Args: apart: of `find_apart`.
    """
    whole: dict[int, list[Hit]] = {}
    parts: dict[int, list[Hit]] = {}
    for index, hits in sorted(leaks.hits.items()):
        copies = [hit for hit in hits if hit.check != NGRAM]
        told = {row for hit in copies for row in leaks.judged[hit.text]}
        pieces = [h for h in hits if h.check == NGRAM and not told.issuperset(leaks.judged[h.text])]
        if copies:
            whole[index] = sorted(copies, key=lambda hit: (hit.check != EXACT, -hit.score, hit.text))
        if pieces:
            parts[index] = sorted(pieces, key=lambda hit: (hit.overlap in apart, -hit.score, hit.text))
    spans = tell.shown_spans(ngrams, parts.values())
    rows = [tell.tell_pairs(columns, leaks, index, hits) for index, hits in whole.items()]
    rows += [
        tell.tell_ngrams(columns, leaks, ngrams, spans, apart, index, hits) for index, hits in parts.items()
    ]
    rows += [tell.tell_family(columns, index, kin[index]) for index in kin if index not in leaks.hits]
    return rows


def _find_gone(
    samples: pa.Table,
    columns: Columns,
    chosen: np.ndarray,
    gone: pa.Table,
    settings: LeakageSettings,
    known: Known,
) -> list[dict[str, Any]]:
    """`vault_leak` of each training row that is, or holds a part of, an item that earlier runs were judged on."""
    items = gone.to_pylist()
    training = read_texts(samples, known.searched)
    overlaps = find_overlaps(training.texts, training.groups, vault.read_items(gone), np.arange(len(items)))
    held: dict[int, dict[str, GoneHit]] = defaultdict(dict)
    whole = {item["digest"]: number for number, item in reversed(list(enumerate(items)))}
    for index, digest in enumerate(known.digests):
        if chosen[index] and digest in whole:
            held[index][items[whole[digest]]["sample_id"]] = GoneHit(whole[digest], 1.0, True)
    sides = zip(overlaps.text.tolist(), overlaps.item.tolist(), overlaps.share.tolist(), strict=True)
    for (text_number, item, share), short in zip(sides, overlaps.short.tolist(), strict=True):
        for index in training.rows[text_number]:
            name = items[item]["sample_id"]
            hit = GoneHit(item, share, share >= settings.contained and not short)
            if name not in held[index] or held[index][name].order < hit.order:
                held[index][name] = hit
    rows = []
    for index, hits in sorted(held.items()):
        listed = sorted(hits.values(), key=lambda h: (-h.share, h.item))
        for origin in Role:
            own = [hit for hit in listed if items[hit.item]["origin"] == origin]
            rows += [tell.tell_gone(columns, index, own, items, settings)] if own else []
    return rows


def _find_kin(columns: Columns, judged: np.ndarray, families: Sequence[str | None]) -> dict[int, list[int]]:
    """Training row -> the judged rows of its document or conversation, or that name its document."""
    of_family: dict[str, list[int]] = defaultdict(list)
    of_name: dict[str, list[int]] = defaultdict(list)
    for index in np.flatnonzero(judged).tolist():
        if (family := families[index]) is not None:
            of_family[family].append(index)
        if name := columns["document"][index]:
            of_name[name].append(index)
    found: dict[int, list[int]] = {}
    for index in np.flatnonzero(~judged).tolist():
        if (family := families[index]) is None:
            continue
        parts = PurePosixPath(columns["uri"][index] or "").parts if of_name else ()
        named = [row for k in range(len(parts)) for row in of_name.get("/".join(parts[k:]), ())]
        if rows := [*of_family.get(family, ()), *named]:
            found[index] = sorted(set(rows))
    return found

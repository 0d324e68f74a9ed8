"""Which gate items are dirty: a row that the candidate, or the champion, learned from gives them away.

Rows that were set aside make nothing dirty. Any window in common does (Brown et al. 2020 call an item clean only where
there is none): clean items are a lower bound, not the only true ones.
"""

import logging

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks import duplicates, leakage, overlap, text
from tasks.duplicates.pairs import find_pairs
from tasks.errors import StorageError
from tasks.leakage.known import reckon
from tasks.leakage.links import Leaks, find_ngrams, link_ngrams, link_pairs, merge
from tasks.recipe import DuplicateSettings, LeakageSettings
from tasks.records import SAMPLE, FolderRef, Split, TableRef
from tasks.stage import stage
from tasks.storage import Workspace

DIRTY = pa.schema(
    [
        ("item", pa.string()),  # sample_id
        ("rows", pa.int64()),  # training rows of the snapshot that give it away
        ("earlier", pa.int64()),  # rows that only the champion learned from
    ]
)
logger = logging.getLogger("seimai.leakage")


def find_dirty(
    samples: pa.Table,
    links: pa.Table,
    champion: pa.Table | None,
    settings: LeakageSettings,
    duplicate_settings: DuplicateSettings,
) -> pa.Table:
    """Gate items that rows of the training and validation splits give away; table of the schema DIRTY.

    Args:
        samples: the snapshot (SNAPSHOT_SAMPLE) that the candidate learned from.
        links: of the leakage stage, on the rows that the snapshot was made of.
        champion: the snapshot that the champion learned from.
    """
    gates = pc.equal(samples["split"], Split.GATE.value)
    gate, training = samples.filter(gates), samples.filter(pc.invert(gates))
    names = dict(zip(gate["row"].to_pylist(), gate["sample_id"].to_pylist(), strict=True))
    learned = set(training["row"].to_pylist())
    holders: dict[int, set[int]] = {}
    owners: dict[int, list[int]] = {}
    for link in links.to_pylist():
        if link["judged"]:
            owners.setdefault(link["text"], []).append(link["row"])
        elif link["row"] in learned:
            holders.setdefault(link["text"], set()).add(link["row"])
    now: dict[str, set[int]] = {}
    for text_number, rows in holders.items():
        for row in owners[text_number]:
            if row in names:
                now.setdefault(names[row], set()).update(rows)
    before = _held_before(gate, training, champion, settings, duplicate_settings)
    items = sorted(now.keys() | before.keys())
    columns = [items, *([len(held.get(item, ())) for item in items] for held in (now, before))]
    return pa.table(columns, schema=DIRTY)


@stage("dirty items", duplicates, leakage, overlap, text)
def find_dirty_stage(
    workspace: Workspace,
    samples: TableRef,
    links: TableRef,
    champion: FolderRef | None,
    settings: LeakageSettings,
    duplicate_settings: DuplicateSettings,
) -> TableRef:
    """Thin task over `find_dirty`; `champion` is the folder of its snapshot."""
    earlier = None if champion is None else pq.read_table(workspace.path(champion.path, "samples.parquet"))
    tables = [workspace.read_table(ref) for ref in (samples, links)]
    return workspace.write_table(
        find_dirty(tables[0], tables[1], earlier, settings, duplicate_settings), "dirty"
    )


def earlier_snapshot(workspace: Workspace, snapshot_id: str) -> FolderRef | None:
    """The folder of a snapshot, None where it is gone: then what it held is not looked at."""
    try:
        return workspace.folder_ref("snapshots", snapshot_id)
    except StorageError as error:
        logger.warning("what the champion learned from is not held against the gate items: %s", error)
        return None


def _held_before(
    gate: pa.Table,
    training: pa.Table,
    champion: pa.Table | None,
    settings: LeakageSettings,
    duplicate_settings: DuplicateSettings,
) -> dict[str, set[int]]:
    """Item -> rows of the champion's snapshot that give it away, those left out that the candidate learned from too."""
    if champion is None:
        return {}
    learned = pc.invert(pc.equal(champion["split"], Split.GATE.value))
    known = pc.is_in(champion["sample_id"], value_set=training["sample_id"].combine_chunks())
    erased = pc.equal(pc.add(pc.utf8_length(champion["input"]), pc.utf8_length(champion["target"])), 0)
    earlier = champion.filter(pc.and_(learned, pc.invert(pc.or_(known, erased))))
    if len(earlier) == 0:
        return {}
    both = pa.concat_tables([gate.select(SAMPLE.names), earlier.select(SAMPLE.names)])
    both = both.set_column(0, SAMPLE.field("row"), pa.array(np.arange(len(both)), pa.int64()))
    judged = np.arange(len(both)) < len(gate)
    pairs = find_pairs(both, duplicate_settings, settings.threshold)
    told = reckon(both, judged, None)
    leaks: Leaks = merge(
        link_pairs(both, pairs, judged, settings.threshold, told.keys),
        link_ngrams(find_ngrams(both, told), len(both), settings.contained),
    )
    names = gate["sample_id"].to_pylist()
    held: dict[str, set[int]] = {}
    for row, hits in leaks.hits.items():
        for hit in hits:
            for item in leaks.judged[hit.text]:
                held.setdefault(names[item], set()).add(row)
    return held

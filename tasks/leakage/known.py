"""What the search for leaks needs to know of each row by itself, kept from run to run: a run pays for new rows.

Which rows hold a window of a judged row at all is kept for as long as the same windows are looked for: a run with the
same evaluation set searches new rows, and those few that hold one.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks import leakage, overlap, text
from tasks.code_version import code_version
from tasks.duplicates import pairs
from tasks.leakage import vault
from tasks.leakage.rows import Texts, content_digests, read_texts, spoken_keys
from tasks.overlap.grams import Items, hold_windows, index_items, join_items, short_lengths
from tasks.records import digest_of
from tasks.remember import recall_values
from tasks.storage import Workspace


class Known(NamedTuple):
    """Of N rows, and of those that are judged on."""

    items: Texts
    """Texts of the judged rows."""
    windows: Items
    """Theirs."""

    keys: np.ndarray
    """(N,) uint64, of `rows.spoken_keys`."""
    searched: np.ndarray
    """(N,) bool: training rows that may hold a window of a judged row, or of an item that once was judged on."""
    digests: list[str]
    """N, of `rows.content_digests`; none where no item is gone."""


def reckon(samples: pa.Table, judged: np.ndarray, gone: pa.Table | None) -> Known:
    """From the rows themselves: every training row is searched.

    Args:
        samples: N rows of the schema SAMPLE.
        judged: (N,) bool.
        gone: of the schema `vault.GONE`.
    """
    items = read_texts(samples, judged)
    digests = content_digests(samples) if gone else []
    return Known(items, index_items(items.texts), spoken_keys(samples), ~judged, digests)


def recall(workspace: Workspace, samples: pa.Table, judged: np.ndarray, gone: pa.Table) -> Known:
    """The same, asking only about rows that the run before had not; of those that hold no window none is searched."""
    version = code_version(leakage, overlap, pairs, text)
    keys = recall_values(workspace, "leak-keys", version, samples, spoken_keys)
    items = read_texts(samples, judged)
    windows = index_items(items.texts)
    both = join_items(windows, vault.read_items(gone))
    held = np.zeros(len(samples), dtype=bool)
    if len(both.grams):
        grams = hashlib.sha256(np.unique(both.grams).tobytes()).hexdigest()
        sought = digest_of([version, grams, short_lengths(both).tolist()])
        training = samples.filter(pa.array(~judged))
        held[~judged] = recall_values(
            workspace, "leak-windows", sought, training, lambda rows: _rows_that_hold(rows, both)
        )
    digests: list[str] = []
    if len(gone):
        digests = recall_values(
            workspace,
            "leak-digests",
            version,
            samples,
            lambda rows: np.array(content_digests(rows), dtype=str),
        ).tolist()
    return Known(items, windows, keys, held, digests)


def _rows_that_hold(samples: pa.Table, items: Items) -> np.ndarray:
    """(M,) bool: which of M rows hold a window in any of their texts."""
    texts = read_texts(samples, np.ones(len(samples), dtype=bool))
    held = np.zeros(len(samples), dtype=bool)
    for number in np.flatnonzero(hold_windows(texts.texts, items)).tolist():
        held[texts.rows[number]] = True
    return held

"""What a witness said or reckoned of rows that it saw before, kept by content: a run pays for the rows that are new.

For what depends on a row's content alone: `sample_id` decides it.
"""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.findings import SAID, about_rows
from tasks.storage import Workspace

KEPT = pa.schema([("key", pa.string()), *SAID])
"""A row for each finding; one without a check for each sample of which nothing was said."""


def recall_findings(
    workspace: Workspace, witness: str, version: str, samples: pa.Table, find: Callable[[pa.Table], pa.Table]
) -> pa.Table:
    """The same as `find(samples)`, asking only about samples that were not among those of the last run.

    Kept as `cache/findings-WITNESS.parquet`, in place of what was there: it holds the present samples, and the key
    column that erasure looks for.

    Args:
        witness: names what is kept.
        version: digest of all that decides beside the sample: code, settings. Another one begins anew.
        samples: N rows of the schema SAMPLE.
        find: from M of the rows to their findings, in the order of the rows. Evidence must not name rows or files.
    """
    name = f"findings-{witness}"
    kept = _load(workspace, name, version) or KEPT.empty_table()
    ids = samples["sample_id"].combine_chunks()
    kept = kept.filter(pc.is_in(kept["key"], value_set=ids))
    missing = _first_rows(ids, kept["key"].combine_chunks())
    if len(missing) or kept.num_rows == 0:
        asked = samples.take(missing)
        kept = pa.concat_tables([kept, _keep(asked["sample_id"].combine_chunks(), find(asked))])
        workspace.save_kept(name, kept.replace_schema_metadata({"version": version}))
    return _tell(samples, ids, kept)


def recall_columns(
    workspace: Workspace, name: str, version: str, samples: pa.Table, compute: Callable[[pa.Table], pa.Table]
) -> pa.Table:
    """The same as `compute(samples)`, asking only about samples that were not among those of the last run.

    Kept as `cache/NAME.parquet`, as findings are.

    Args:
        version: digest of all that decides beside the sample.
        samples: N rows of the schema SAMPLE.
        compute: from M of the rows, which may be none, to as many rows of one schema, whatever the rows.
    """
    ids = samples["sample_id"].combine_chunks()
    kept = _load(workspace, name, version)
    if kept is None:
        kept = _keyed(ids.slice(0, 0), compute(samples.slice(0, 0)))
    missing = _first_rows(ids, kept["key"].combine_chunks())
    if len(missing):
        present = kept.filter(pc.is_in(kept["key"], value_set=ids))
        kept = pa.concat_tables([present, _keyed(ids.take(missing), compute(samples.take(missing)))])
        workspace.save_kept(name, kept.replace_schema_metadata({"version": version}))
    return kept.drop_columns("key").take(pc.index_in(ids, value_set=kept["key"].combine_chunks()))


def recall_values(
    workspace: Workspace,
    name: str,
    version: str,
    samples: pa.Table,
    compute: Callable[[pa.Table], np.ndarray],
) -> np.ndarray:
    """`recall_columns` for one number or text a row: `compute` gives an array (M,), of one type whatever the rows."""
    found = recall_columns(workspace, name, version, samples, lambda rows: pa.table({"value": compute(rows)}))
    return np.asarray(found["value"].to_numpy())


def _keyed(ids: pa.StringArray, values: pa.Table) -> pa.Table:
    return values.add_column(0, "key", ids)


def _load(workspace: Workspace, name: str, version: str) -> pa.Table | None:
    kept = workspace.load_kept(name)
    if kept is None or (kept.schema.metadata or {}).get(b"version") != version.encode():
        return None
    return kept.replace_schema_metadata(None)


def _first_rows(ids: pa.StringArray, known: pa.StringArray) -> np.ndarray:
    """Ascending: the first row of each content that is not among `known`."""
    rows = np.flatnonzero(pc.invert(pc.is_in(ids, value_set=known)).to_numpy(zero_copy_only=False))
    first = np.unique(ids.take(pa.array(rows)).dictionary_encode().indices.to_numpy(), return_index=True)[1]
    return rows[np.sort(first)]


def _keep(asked: pa.StringArray, found: pa.Table) -> pa.Table:
    silent = asked.filter(pc.invert(pc.is_in(asked, value_set=found["sample_id"].combine_chunks())))
    told = [found["sample_id"], *(found[field.name] for field in SAID)]
    clean = [silent, *(pa.nulls(len(silent), field.type) for field in SAID)]
    return pa.concat_tables([pa.table(told, schema=KEPT), pa.table(clean, schema=KEPT)])


def _tell(samples: pa.Table, ids: pa.StringArray, kept: pa.Table) -> pa.Table:
    """What is kept about each of the samples, with their present addresses."""
    kept = kept.filter(kept["check"].is_valid())
    said: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(kept["key"].to_pylist()):
        said[key].append(place)
    pairs = [(row, place) for row, key in enumerate(ids.to_pylist()) if key in said for place in said[key]]
    rows, places = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return about_rows(samples, rows, kept.select(SAID.names), places)

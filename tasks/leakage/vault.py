"""What models of a recipe were judged on in earlier runs, so that training data are held against it for good.

The ledger keeps, under the recipe's name, which items there were, where they came from and a digest of each; the
workspace keeps the hashes of their windows, by sample_id, where `seimai erase` finds them. Neither holds text.

Items of evaluation sources are held against training for good. A gate split is drawn from the data themselves and
changes as its documents do: where there is no evaluation source, training rows that hold what once was in it are
told, and stay, so that a run that goes on trains on what one from scratch does.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.leakage.rows import content_digests, judged_rows, read_texts
from tasks.ledger import Ledger
from tasks.overlap.grams import Items, index_items
from tasks.recipe import Recipe
from tasks.records import Role, TableRef
from tasks.storage import Workspace, written_whole
from tasks.wording.told import Told, join

_HASHES = [
    ("field", pa.string()),  # history, input or target
    ("grams", pa.list_(pa.uint64())),  # `Items.grams`, `lengths` and `weights` of the text
    ("lengths", pa.list_(pa.int32())),
    ("weights", pa.list_(pa.int32())),
]
STORED = pa.schema([("key", pa.string()), *_HASHES])
GONE = pa.schema(
    [
        ("sample_id", pa.string()),
        ("source", pa.string()),
        ("digest", pa.string()),  # `rows.content_digests`
        ("first_seen", pa.string()),
        ("origin", pa.string()),  # role of its row: "evaluation", or "train" of a gate split
        *_HASHES,
    ]
)
SHOWN = 5


class VaultChange(NamedTuple):
    """How what is judged on differs from the run before, by sample_id; empty in the first run."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


def gone_items(workspace: Workspace, ledger: Ledger, recipe: Recipe, samples: TableRef) -> TableRef:
    """Items that the vault has and that are not judged on now; erased ones are left out, and those of a gate split
    where an evaluation source has taken its place.

    Returns:
        Table of the schema GONE, by sample_id; several rows where an item has several texts.
    """
    present = _judged(workspace, recipe, samples)["sample_id"].to_pylist()
    erased = ledger.tombstones().get("sample", {})
    kinds = (Role.EVALUATION,) if recipe.has_evaluation_source else tuple(Role)
    known = {n: row for n, row in ledger.vault(recipe.name).items() if row["origin"] in kinds}
    away = sorted(known.keys() - set(present) - erased.keys())
    stored = _read(workspace, recipe).filter(pc.field("key").isin(away)) if away else STORED.empty_table()
    hashes: dict[str, list[dict[str, Any]]] = {name: [{}] for name in away}
    for row in stored.to_pylist():
        hashes[row["key"]].append({name: row[name] for name, _ in _HASHES})
    names = ("sample_id", "source", "digest", "first_seen", "origin")
    rows = [
        {name: known[key][name] for name in names} | part
        for key in away
        for part in (hashes[key][1:] or hashes[key])
    ]
    return workspace.write_table(pa.Table.from_pylist(rows, schema=GONE), "gone-items")


def freeze(workspace: Workspace, ledger: Ledger, recipe: Recipe, samples: TableRef) -> VaultChange:
    """Puts what is judged on now into the vault, and says what is new and gone since the run before."""
    table = _judged(workspace, recipe, samples)
    known = ledger.vault(recipe.name)
    digests = dict(zip(table["sample_id"].to_pylist(), content_digests(table), strict=True))
    rows = {row["sample_id"]: row for row in table.select(["sample_id", "source", "role"]).to_pylist()}
    standing = {name for name, row in known.items() if row["gone"] is None}
    new, gone = sorted(rows.keys() - standing), sorted(standing - rows.keys())
    _store(workspace, recipe, table)
    ledger.note_vault(
        recipe.name,
        [
            {
                "sample_id": name,
                "source": rows[name]["source"] or "",
                "origin": rows[name]["role"],
                "digest": digests[name],
            }
            for name in new
        ],
        gone,
    )
    return VaultChange(tuple(new), tuple(gone)) if standing else VaultChange((), ())


def describe_change(change: VaultChange) -> tuple[Told, ...]:
    """Sentences for the report; none when the same items are judged on as in the run before."""
    told = []
    for names, english, japanese in ((change.new, "new", "追加"), (change.gone, "gone", "削除")):
        if names:
            ids = ", ".join(name[:12] for name in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
            told.append(Told(f"{len(names):,} {english} ({ids})", f"{japanese}{len(names):,}件({ids})"))
    if not told:
        return ()
    said = join(told, "; ")
    return (
        Told(
            f"What models are judged on has changed since the run before, items by id: {said.en}.",
            f"モデルを判定する項目が前回から変わりました(項目のID): {said.ja}。",
        ),
    )


def read_items(gone: pa.Table) -> Items:
    """The windows of a GONE table, an item a row."""
    grams, lengths, weights = (gone[name].combine_chunks() for name in ("grams", "lengths", "weights"))

    def bounds(column: pa.ListArray) -> np.ndarray:
        sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    return Items(
        bounds(grams),
        grams.flatten().to_numpy(zero_copy_only=False),
        lengths.flatten().to_numpy(zero_copy_only=False),
        bounds(weights),
        weights.flatten().to_numpy(zero_copy_only=False),
    )


def _judged(workspace: Workspace, recipe: Recipe, samples: TableRef) -> pa.Table:
    table = workspace.read_table(samples)
    return table.filter(pa.array(judged_rows(table, recipe.split, recipe.has_evaluation_source)))


def _store(workspace: Workspace, recipe: Recipe, judged: pa.Table) -> None:
    """Adds the windows of items that the vault has none of."""
    stored = _read(workspace, recipe)
    ids = judged["sample_id"].to_pylist()
    missing = set(ids) - set(stored["key"].to_pylist())
    first = {name: index for index, name in reversed(list(enumerate(ids))) if name in missing}
    if not missing:
        return
    chosen = judged.take(sorted(first.values()))
    texts = read_texts(chosen, np.ones(len(chosen), dtype=bool))
    items = index_items(texts.texts)
    table = pa.table(
        {
            "field": texts.fields,
            "grams": _lists(items.bounds, items.grams),
            "lengths": _lists(items.bounds, items.lengths),
            "weights": _lists(items.token_bounds, items.weights),
        }
    )
    names = chosen["sample_id"].to_pylist()
    pairs = [(names[row], number) for number, rows in enumerate(texts.rows) for row in rows]
    fresh = table.take([number for _, number in pairs]).add_column(0, "key", [[name for name, _ in pairs]])
    with written_whole(workspace.path("cache", f"vault-{recipe.name}.parquet")) as part:
        pq.write_table(pa.concat_tables([stored, fresh.cast(STORED)]), part, compression="zstd")


def _read(workspace: Workspace, recipe: Recipe) -> pa.Table:
    path = workspace.path("cache", f"vault-{recipe.name}.parquet")
    return pq.read_table(path) if path.is_file() else STORED.empty_table()


def _lists(bounds: np.ndarray, values: np.ndarray) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(values))

"""How often the review page's intervals hold the truth: `python -m benchmarks.review_recall --workspace .seimai`.

Run `seimai run examples/support/recipe.yaml --until curate` first. Its faults were planted, so that the truth is known:
the true recall of the witnesses, the true share at fault of what nothing was said of, and the faults left at any stage.
A hundred queues are drawn from its snapshot with a seed each; a reviewer who knows the truth decides them in the order
of the page, and `review.estimates` is asked after half and after all.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from review.estimates import Estimate, Interval, estimate_recipe
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.moves import State
from tasks.recipe import ReviewSettings
from tasks.records import Action, Disposition, Role
from tasks.review_queue import build_queue
from tasks.storage import Workspace, find_workspace

PLANTED = Path(__file__).parent.parent / "examples" / "support" / "planted.jsonl"
SHARES = (0.05, 0.2)
STAGES = (0.5, 1.0)


class Snapshot(NamedTuple):
    samples: pa.Table
    findings: pa.Table
    dispositions: pa.Table
    faulty: set[str]
    """sample_ids of what is at fault."""


def read_snapshot(workspace: Workspace, recipe: str) -> Snapshot:
    """Raises SystemExit where the recipe was not run."""
    snapshots = Ledger(workspace.ledger_url).snapshots(recipe)
    if not snapshots:
        raise SystemExit(f"no snapshot of {recipe} in {workspace.root} yet: run its recipe first")
    findings = workspace.path(json.loads(snapshots[0]["manifest"])["findings"]["path"])
    found = pq.read_table(findings)
    [samples] = [
        table
        for path in sorted(workspace.path("tables").glob("samples-grouped-*.parquet"), key=_age)[-1:]
        for table in [pq.read_table(path)]
    ]
    settled = judge(samples, found, {}, {}).dispositions
    return Snapshot(samples, found, settled, find_faulty(samples, settled))


def _age(path: Path) -> float:
    return path.stat().st_mtime


def find_faulty(samples: pa.Table, settled: pa.Table) -> set[str]:
    """sample_ids of the planted faults; of a pair of copies the one that was flagged, since either may go."""
    rows = samples.select(["row", "sample_id", "source_id", "role"]).to_pylist()
    named = {r["source_id"]: r["sample_id"] for r in rows if r["role"] == Role.TRAIN}
    at = dict(zip(samples["row"].to_pylist(), samples["sample_id"].to_pylist(), strict=True))
    flagged = {at[r["row"]] for r in settled.to_pylist() if r["disposition"] != Disposition.KEEP}
    faulty: set[str] = set()
    for line in PLANTED.read_text(encoding="utf-8").splitlines():
        planted = json.loads(line)
        own, other = named.get(planted["id"]), named.get(planted.get("of", ""))
        if own is not None:
            faulty.add(other if other is not None and other in flagged and own not in flagged else own)
    return faulty


def review(items: list[dict[str, Any]], faulty: set[str], stage: float) -> tuple[list[dict[str, Any]], int]:
    """Decides the first `stage` (0-1) of a queue by the truth; returns rows for the estimate, and the faults seen."""
    ordered = sorted(items, key=lambda item: (item["value"], item["sample_id"]), reverse=True)
    counted: Counter[tuple[Any, ...]] = Counter()
    seen = 0
    for place, item in enumerate(ordered):
        decided, wrong = place < stage * len(ordered), item["sample_id"] in faulty
        seen += decided and wrong
        action = (Action.DROP if wrong else Action.KEEP) if decided else None
        state = State.DECIDED if decided else State.OPEN
        counted[item["origin"] == "flagged", item["blind"], state, action] += 1
    names = ("flagged", "drawn", "state", "action")
    return [dict(zip(names, key, strict=True)) | {"items": n} for key, n in counted.items()], seen


def true_values(
    snapshot: Snapshot, items: list[dict[str, Any]], facts: Mapping[str, Any], seen: int
) -> dict[str, float]:
    flagged = {item["sample_id"] for item in items if item["origin"] == "flagged"}
    hits, faults = len(flagged & snapshot.faulty), len(snapshot.faulty)
    return {
        "recall": hits / faults if faults else 1.0,
        "residual": (faults - hits) / facts["unflagged"],
        "left": faults - seen,
        "precision": hits / len(flagged),
    }


def simulate(
    snapshot: Snapshot, share: float, stage: float, seeds: int
) -> dict[str, list[tuple[Interval, float]]]:
    """Quantity -> the interval and the truth in each simulation; where no interval was stated, there is none."""
    stated: dict[str, list[tuple[Interval, float]]] = defaultdict(list)
    for seed in range(seeds):
        wanted = ReviewSettings(random_share=share)
        items, facts = build_queue(snapshot.samples, snapshot.dispositions, snapshot.findings, wanted, seed)
        rows, seen = review(items, snapshot.faulty, stage)
        estimate: Estimate = estimate_recipe(rows, facts)
        for name, truth in true_values(snapshot, items, facts, seen).items():
            interval = getattr(estimate, name)
            if interval is not None:
                stated[name].append((interval, truth))
    return stated


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workspace", help="workspace folder; the nearest .seimai when left out")
    parser.add_argument("--recipe", default="support-intents")
    parser.add_argument("--seeds", type=int, default=100, help="simulations of each share and stage")
    options = parser.parse_args()
    snapshot = read_snapshot(Workspace(root=str(find_workspace(options.workspace))), options.recipe)
    items, facts = build_queue(
        snapshot.samples, snapshot.dispositions, snapshot.findings, ReviewSettings(), 0
    )
    truth = true_values(snapshot, items, facts, 0)
    print(f"{facts['flagged']} flagged, {facts['unflagged']} not; {len(snapshot.faulty)} at fault; {truth}")
    print(
        f"{'random':>7}{'done':>6}  {'quantity':<10}{'held':>5} of{'stated':>5}{'median interval':>22}{'truth':>9}"
    )
    for share in SHARES:
        for stage in STAGES:
            for name, found in simulate(snapshot, share, stage, options.seeds).items():
                held = sum(interval.low - 1e-9 <= true <= interval.high + 1e-9 for interval, true in found)
                low, high = np.median([(i.low, i.high) for i, _ in found], axis=0)
                true = np.median([true for _, true in found])
                told = f"{low:.3f} to {high:.3f}"
                print(
                    f"{share:>7.0%}{stage:>6.0%}  {name:<10}{held:>5} of{len(found):>5}{told:>22}{true:>9.3f}"
                )


if __name__ == "__main__":
    main()

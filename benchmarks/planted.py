"""What the line finds of the faults planted in examples/support: `python -m benchmarks.planted`.

Run both recipes first (`seimai run examples/support/recipe.yaml --until curate`, and answers.yaml). A pair of
copies counts as found when either of its two rows is flagged, and a flag on either counts as right: which of
two equal rows is the copy is not for the detector to know.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq

from tasks.ledger import Ledger
from tasks.records import Role
from tasks.storage import Workspace, find_workspace

EXAMPLE = Path(__file__).parent.parent / "examples" / "support"
ANY_ANSWER = "answer_of_any_fault"
CHECKS = {
    "support-intents": {
        "mislabelled": {"label_noise"},
        "near_duplicate": {"near_duplicate"},
        "disagreeing_near_duplicate": {"disagreeing_near_duplicate", "conflicting_duplicate"},
        "exact_duplicate": {"exact_duplicate"},
        "garbled": {"garbled_text", "repaired_text"},
        "personal_data": {"personal_data"},
        "over_long": {"too_long"},
        "leak": {"exact_leak", "near_leak"},
        "empty": {"empty_input", "missing_field"},
    },
    "support-answers": {
        "answer_contradicted": {"unsupported_figure"},
        "answer_truncated": {"truncated_target", "answer_ending"},
        "answer_near_duplicate": {"near_duplicate"},
        "answer_disagreeing": {
            "disagreeing_near_duplicate",
            "conflicting_duplicate",
            "disagreeing_same_meaning",
        },
        "answer_prompt_copied": {"prompt_copied"},
        "answer_personal_data": {"personal_data"},
        ANY_ANSWER: {"doubtful_answer"},
    },
}
"""Recipe -> kind of fault -> the checks that are meant to find it."""


def read_ids(workspace: Workspace, folder: Path) -> dict[int | tuple[str, int], str]:
    """Row, and (file, line) for lines that never became a sample -> the id that the file gives it."""
    ids: dict[int | tuple[str, int], str] = {}
    for name in ("samples", "set_aside"):
        table = pq.read_table(folder / f"{name}.parquet", columns=["row", "source_id", "role"])
        ids |= {r["row"]: r["source_id"] for r in table.to_pylist() if r["role"] == Role.TRAIN}
    for file in (EXAMPLE / "data").glob("*.jsonl"):
        for line, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            ids[file.name, line] = json.loads(text)["id"]
    return ids


def read_flags(workspace: Workspace, recipe: str) -> tuple[dict[str, set[str]], str]:
    """Check -> ids of training rows it flagged in the newest snapshot, and that snapshot's id."""
    snapshots = Ledger(workspace.ledger_url).snapshots(recipe)
    if not snapshots:
        raise SystemExit(f"no snapshot of {recipe} yet: run its recipe in {EXAMPLE} first")
    folder = workspace.path(snapshots[0]["path"])
    ids = read_ids(workspace, folder)
    flags: dict[str, set[str]] = defaultdict(set)
    for finding in pq.read_table(folder / "findings.parquet").to_pylist():
        place = finding["row"] if finding["row"] is not None else (Path(finding["uri"]).name, finding["line"])
        if place in ids:
            flags[finding["check"]].add(ids[place])
    return flags, snapshots[0]["snapshot_id"]


def score_kind(planted: list[dict], flagged: set[str], labels_in_doubt: set[str]) -> tuple[int, int, int]:
    """Planted rows found, flagged rows, and flagged rows that are right.

    Args:
        labels_in_doubt: rows that other planted kinds make right as well (a wrong label is a wrong label).
    """
    pairs = [{row["id"], row.get("of", row["id"])} for row in planted]
    found = sum(bool(pair & flagged) for pair in pairs)
    right = flagged & (set().union(*pairs) | labels_in_doubt)
    return found, len(flagged), len(right)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workspace", help="workspace folder; the nearest .seimai when left out")
    workspace = Workspace(root=str(find_workspace(parser.parse_args().workspace)))
    rows = [json.loads(line) for line in (EXAMPLE / "planted.jsonl").read_text(encoding="utf-8").splitlines()]
    by_kind: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
        if row["kind"].startswith("answer_"):
            by_kind[ANY_ANSWER].append(row)
    wrong_labels = {r["id"] for r in by_kind["disagreeing_near_duplicate"]}
    print(f"{'kind':<28}{'planted':>8}{'found':>7}{'recall':>8}{'flagged':>9}{'right':>7}{'precision':>11}")
    for recipe, kinds in CHECKS.items():
        flags, snapshot = read_flags(workspace, recipe)
        print(f"{recipe}, snapshot {snapshot}")
        for kind, checks in kinds.items():
            flagged = set().union(*(flags[check] for check in checks))
            doubt = wrong_labels if kind == "mislabelled" else set()
            found, count, right = score_kind(by_kind[kind], flagged, doubt)
            recall, precision = found / len(by_kind[kind]), right / count if count else 0.0
            print(
                f"{kind:<28}{len(by_kind[kind]):>8}{found:>7}{recall:>8.2f}{count:>9}{right:>7}{precision:>11.2f}"
            )


if __name__ == "__main__":
    main()

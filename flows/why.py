"""`seimai why`: what became of a sample, in every snapshot that holds it, down to the models.

What is quoted is masked: whoever must see it opens the review page.
"""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from flows.masking import masker_of
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.privacy import Masker
from tasks.storage import Workspace


def explain_sample(workspace: Workspace, sample: str) -> Iterator[str]:
    """Lines that tell of each row whose sample_id (or the id it was edited from) begins with `sample`.

    Raises:
        SeimaiError: no snapshot holds such a sample.
    """
    ledger = Ledger(workspace.ledger_url)
    runs = ledger.runs()
    told = False
    for snapshot in ledger.snapshots():
        folder = workspace.path(snapshot["path"])
        for row in _rows(folder, sample):
            told = True
            yield f"snapshot {snapshot['snapshot_id']} of {snapshot['recipe']}, {snapshot['created']}"
            masker = masker_of(ledger, snapshot["recipe"])
            yield from _tell(row, masker)
            yield from _findings(folder, row["row"], masker)
            models = {
                run["model_digest"][:12]
                for run in runs
                if run["snapshot_id"] == snapshot["snapshot_id"] and run["model_digest"]
            }
            if models and row.get("split") == "train":
                yield f"  in model {', '.join(sorted(models))} (`seimai models list`)"
    for decision in ledger.decisions().values():
        if sample and decision["sample_id"].startswith(sample):
            who, when = decision["actor"], decision["created"]
            yield f"decision: {decision['action']} by {who} at {when}: {decision['reason']}"
    if not told:
        raise SeimaiError(f"no snapshot holds a sample whose id begins with {sample!r}")


def _rows(folder: Any, sample: str) -> Iterator[dict[str, Any]]:
    for name in ("samples", "set_aside"):
        for row in pq.read_table(folder / f"{name}.parquet").to_pylist():
            ids = (row["sample_id"], row.get("edited_from") or "")
            if any(identity.startswith(sample) for identity in ids):
                yield row


def _tell(row: dict[str, Any], masker: Masker) -> Iterator[str]:
    text = " ".join(masker.text(row["input"] or row["target"]).split())
    yield f"  {row['sample_id'][:12]} {text[:100]!r} label: {row['label']}"
    yield f"  from {row['uri']}{_place(row)}"
    yield f"  id {row['source_id']}, group {row['group_id'][:16]}, document {(row['doc_id'] or '')[:12]}"
    if row["support"]:
        support = " ".join(masker.text(row["support"]).split())
        yield f"  rests on {row['document'] or 'its document'}: {support[:200]!r}"
    if row["license"] or row["owner"]:
        yield f"  licence {row['license'] or 'not stated'}, owner {row['owner'] or 'not stated'}"
    if row.get("split"):
        edited = f", edited from {row['edited_from'][:12]}" if row.get("edited_from") else ""
        yield f"  {row['disposition']}: in the {row['split']} split{edited}"
    else:
        yield f"  {row['disposition']} by {row['stage']}/{row['check']}: {masker.text(row['reason'])}"


def _place(row: dict[str, Any]) -> str:
    """Page, sheet or headings, line and characters, as far as the format has them."""
    parts = [f"page {row['page']}" if row["page"] else "", row["section"] or ""]
    parts += [f"line {row['line']}" if row["line"] else ""]
    if row["start"] is not None:
        parts.append(f"characters {row['start']:,} to {row['end']:,} of its text")
    told = ", ".join(part for part in parts if part)
    return f": {told}" if told else ""


def _findings(folder: Any, row: int, masker: Masker) -> Iterator[str]:
    table = pq.read_table(folder / "findings.parquet", filters=[("row", "=", row)])
    for finding in table.to_pylist():
        yield f"  - {finding['check']} ({finding['severity']}): {masker.text(finding['reason'])}"
        if finding["evidence"]:
            evidence = json.dumps(masker.tree(json.loads(finding["evidence"])), ensure_ascii=False)
            yield f"      evidence: {evidence[:400]}"

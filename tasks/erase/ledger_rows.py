"""What changes in the ledger: the texts that its rows quote; the rows themselves stay."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tasks.erase.change import Change, Kind
from tasks.erase.probes import ERASED, Redactor
from tasks.ledger import Ledger


def plan_ledger(ledger: Ledger, redactor: Redactor) -> Iterator[Change]:
    """Flagged rows, payloads and reasons of decisions, messages of runs; the rows themselves stay."""
    changed: dict[str, list[dict[str, Any]]] = {}
    for table in ("flagged", "decisions", "runs"):
        for row in ledger.stored(table):
            cleaned = row | _clean_row(table, row, redactor)
            if cleaned != row:
                changed.setdefault(table, []).append(cleaned)
    for table, cleaned_rows in changed.items():
        rewrite = partial(_rewrite, ledger, {table: cleaned_rows})
        yield Change(Kind.LEDGER, table, len(cleaned_rows), rewrite)


def _clean_row(table: str, row: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    if table == "runs":
        return {"message": redactor.clean(row["message"])}
    own = row["sample_id"] in redactor.ids
    if table == "decisions":
        payload = json.loads(row["payload"])
        gone = json.dumps(dict.fromkeys(payload, ERASED), ensure_ascii=False, sort_keys=True)
        return {"reason": redactor.clean(row["reason"]), "payload": gone if own else row["payload"]}
    if not own:
        return {key: redactor.clean(row[key]) for key in ("reason", "findings")}
    sample = redactor.clean_sample(json.loads(row["sample"]))
    return {
        "reason": redactor.clean(row["reason"]),
        "sample": json.dumps(sample, ensure_ascii=False),
        "findings": redactor.clean(row["findings"]),
    }


def _rewrite(ledger: Ledger, changed: dict[str, list[dict[str, Any]]], _: str) -> None:
    ledger.rewrite(changed)

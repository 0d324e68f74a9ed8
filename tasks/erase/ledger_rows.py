"""What changes in the ledger: the texts that its rows quote; the rows themselves stay."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tasks.erase.change import Change, Kind
from tasks.erase.probes import ERASED, Redactor
from tasks.ledger import Ledger
from tasks.ledger.moves import WITHDRAWN


def plan_ledger(ledger: Ledger, redactor: Redactor) -> Iterator[Change]:
    """Flagged and queued rows, payloads and reasons of decisions and votes (of those taken back too), drafts, messages
    of runs; the rows stay."""
    changed: dict[str, list[dict[str, Any]]] = {}
    for table in ("flagged", "texts", "queue", "decisions", "drafts", "votes", "acts", "runs"):
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
    if table == "acts":
        return _clean_act(row, redactor) if row["act"] == WITHDRAWN else {}
    own = row["sample_id"] in redactor.ids
    if table == "drafts":
        return {"content": _blank(row["content"]) if own else redactor.clean(row["content"])}
    if table in ("decisions", "votes"):
        payload = _blank(row["payload"]) if own else row["payload"]
        return {"reason": redactor.clean(row["reason"]), "payload": payload}
    cleaned: dict[str, Any] = {
        key: redactor.clean(row[key]) for key in ("reason", "findings", "passage") if row.get(key)
    }
    if table == "texts" and own:
        sample = redactor.clean_sample(json.loads(row["sample"]))
        return cleaned | {"sample": json.dumps(sample, ensure_ascii=False)}
    return cleaned | ({"words": "", "passage": None} if table == "queue" and own else {})


def _clean_act(row: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    """What is left of an opinion that was taken back."""
    told = json.loads(row["detail"])
    if "payload" not in told:  # noted before opinions were kept
        return {}
    own = row["subject"] in redactor.ids
    payload = dict.fromkeys(told["payload"], ERASED) if own else told["payload"]
    told |= {"payload": payload, "reason": redactor.clean(told["reason"])}
    return {"detail": json.dumps(told, ensure_ascii=False)}


def _blank(content: str) -> str:
    """The same keys without their values."""
    return json.dumps(dict.fromkeys(json.loads(content), ERASED), ensure_ascii=False, sort_keys=True)


def _rewrite(ledger: Ledger, changed: dict[str, list[dict[str, Any]]], _: str) -> None:
    ledger.rewrite(changed)

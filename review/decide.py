"""The stewards' acts, as functions: the terminal calls them today, the page will call the same."""

from typing import Any

from tasks.edits import edit_sample, is_text_field
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.records import Action


def newest_flagged(ledger: Ledger, recipe: str | None) -> list[dict[str, Any]]:
    """What the newest snapshot of each recipe (or of one) set aside or edited, with the standing decision.

    Raises:
        SeimaiError: there is no snapshot yet.
    """
    newest: dict[str, str] = {}
    for snapshot in ledger.snapshots(recipe):
        newest.setdefault(snapshot["recipe"], snapshot["snapshot_id"])
    if not newest:
        raise SeimaiError(f"no snapshot of {recipe or 'any recipe'} yet: run one first")
    decisions = ledger.decisions()
    return [
        {**row, "recipe": name, "decision": decisions.get(row["sample_id"])}
        for name, snapshot_id in newest.items()
        for row in ledger.flagged(snapshot_id)
    ]


def find_flagged(ledger: Ledger, sample: str) -> dict[str, Any]:
    """The flagged sample whose id begins with `sample`.

    Raises:
        SeimaiError: none or several distinct samples begin so.
    """
    rows = [row for row in newest_flagged(ledger, None) if row["sample_id"].startswith(sample)]
    if len({row["sample_id"] for row in rows}) != 1:
        raise SeimaiError(
            f"{len(rows)} flagged samples begin with {sample!r}; `seimai review list` shows their ids"
        )
    return rows[0]


def decide(
    ledger: Ledger, sample: str, action: Action, change: dict[str, str], reason: str, actor: str
) -> dict[str, Any]:
    """Appends a decision about a flagged sample; the next run applies it.

    Args:
        sample: beginning of its sample_id.
        change: {"label": …} for relabel; input, target or messages (`tasks.edits.text_fields`) for edit; empty for
            keep and drop.

    Returns:
        The flagged row, with the new decision's id as `decision_id`.

    Raises:
        SeimaiError: no such sample, or `change` does not go with `action`.
    """
    takes = {Action.RELABEL: "label", Action.EDIT: "input, target or a message such as prompt[0]"}.get(action)
    fits = all(is_text_field(name) if action is Action.EDIT else name == takes for name in change)
    if (takes and not change) or not fits:
        raise SeimaiError(f"{action} takes {takes or 'no change'}, got {', '.join(sorted(change)) or 'none'}")
    row = find_flagged(ledger, sample)
    if action is Action.RELABEL and row["sample"]["label"] is None:
        raise SeimaiError(f"sample {row['sample_id'][:12]} has no label to change; use edit")
    if action is Action.EDIT and row["sample"].get("spans") is not None:
        raise SeimaiError(
            f"sample {row['sample_id'][:12]} has labelled spans, which an edit would shift; keep or drop it, and mend "
            "it where it comes from"
        )
    try:
        after = edit_sample(row["sample"], change)["sample_id"] if change else None
    except ValueError as error:
        raise SeimaiError(f"sample {row['sample_id'][:12]}: {error}") from error
    decision_id = ledger.decide(row["sample_id"], action, change, reason, actor, after)
    return {**row, "decision_id": decision_id}

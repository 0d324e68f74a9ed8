"""The stewards' acts, as functions: the page and the terminal call the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from review.labels import KnownLabels, read_labels, require_known
from review.words import tell
from tasks.edits import edit_sample, is_text_field, text_fields
from tasks.errors import SeimaiError
from tasks.ingest.builders.sample import RowError
from tasks.ingest.builders.tagged_text import read_inline
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.moves import Choice
from tasks.records import Action
from tasks.wording import term, title_of
from tasks.wording.told import Told, join, told_by

REASON_CODES = (
    "",
    "right_as_is",
    "wrong_label",
    "ambiguous",
    "wrong_answer",
    "outdated",
    "duplicate",
    "personal_data",
    "redact",
    "unfit",
    "unreadable",
    "other",
)
"""Why, in a word that can be counted; "" for none given."""
_MESSAGE = "a message such as prompt[0]"
_FIELDS = {
    Action.RELABEL: ("label",),
    Action.EDIT: ("label", "input", "target", _MESSAGE),
    Action.SPANS: ("input", "spans"),
    Action.MERGE: ("into",),
}
"""What a decision's payload may hold; other actions take none."""


def make_choice(
    sample: Mapping[str, Any],
    action: Action,
    given: Mapping[str, Any],
    known: KnownLabels,
    *,
    note: str = "",
    reason_code: str = "",
) -> Choice:
    """A decision about a sample, checked against what the action takes.

    Args:
        sample: records.SAMPLE.
        given: label for relabel; label, input, target or messages (`tasks.edits.text_fields`) for edit; `marked`
            (text with `<LABEL>words</LABEL>`) or spans for spans; into (a sample_id) for merge. What equals the
            sample's own is left out.
        known: what labels the recipe has.

    Raises:
        SeimaiError: nothing is changed, a field does not go with the action or the task, or the reason or a label is
            unknown.
    """
    if reason_code not in REASON_CODES:
        codes = ", ".join(filter(None, REASON_CODES))
        raise SeimaiError(tell("The reason {given!r} is not one of {known}.", given=reason_code, known=codes))
    payload = _read_payload(sample, action, given)
    require_known(sample, payload, known)
    after = None
    if action in (Action.RELABEL, Action.EDIT, Action.SPANS):
        try:
            after = edit_sample(sample, payload)["sample_id"]
        except ValueError as error:
            raise SeimaiError(told_by(error)) from error
        if after == sample["sample_id"]:
            raise SeimaiError(
                tell("{action} changes nothing; use keep to leave the sample as it is.", action=_name(action))
            )
    return Choice(action, payload, after, reason_code, note)


def _read_payload(sample: Mapping[str, Any], action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    allowed, own_id = _FIELDS.get(action, ()), sample["sample_id"][:12]
    if action is Action.SPANS and "marked" in given:
        if sample.get("spans") is None:
            raise SeimaiError(tell("Sample {sample} has no labelled spans; use edit.", sample=own_id))
        try:
            text, spans = read_inline(str(given["marked"]))
        except RowError as error:
            why = Told(str(error), title_of(error.check).ja)
            raise SeimaiError(tell("The marks cannot be read: {why}", why=why)) from error
        given = {
            "input": text,
            "spans": [dict(zip(("start", "end", "label"), s, strict=True)) for s in spans],
        }
    unknown = {k for k in given if k not in allowed and not (action is Action.EDIT and is_text_field(k))}
    if unknown:
        raise _misfit(action, Told(", ".join(sorted(unknown))))
    if action in (Action.RELABEL, Action.EDIT) and "label" in given and sample["label"] is None:
        raise SeimaiError(tell("Sample {sample} has no label to change; use edit.", sample=own_id))
    if action is Action.EDIT and sample.get("spans") is not None:
        raise SeimaiError(
            tell(
                "Sample {sample} has labelled spans, which an edit would shift; use spans, keep or drop.",
                sample=own_id,
            )
        )
    own = {**sample, **text_fields(sample)}
    payload = {key: value for key, value in given.items() if value != own.get(key)}
    if allowed and not payload:
        got = tell("nothing that differs from what is there") if given else tell("none")
        raise _misfit(action, got)
    if empty := [key for key, value in payload.items() if isinstance(value, str) and not value.strip()]:
        raise SeimaiError(tell("{fields} must not be empty; use drop instead.", fields=_names(empty)))
    return payload


def _misfit(action: Action, given: Told) -> SeimaiError:
    allowed = _FIELDS.get(action, ())
    takes = _either(allowed) if allowed else tell("no change")
    return SeimaiError(
        tell("{action} takes {takes}, got {given}.", action=_name(action), takes=takes, given=given)
    )


def _name(action: Action) -> Told:
    """An action as the page's buttons call it."""
    return tell("mend spans" if action is Action.SPANS else action.value)


def _either(fields: Sequence[str]) -> Told:
    *some, last = fields
    return tell("{some} or {last}", some=_names(some), last=_names([last])) if some else _names([last])


def _names(fields: Iterable[str]) -> Told:
    return join(tell("a message such as prompt[0]") if field == _MESSAGE else term(field) for field in fields)


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
        change: as `make_choice` takes it.

    Returns:
        The flagged row, with the new decision's id as `decision_id`.

    Raises:
        SeimaiError: no such sample, or `change` does not go with `action`.
    """
    row = find_flagged(ledger, sample)
    desk = Desk(ledger)
    known = read_labels(desk.facts().get(row["recipe"], {}))
    choice = make_choice(row["sample"], action, change, known, note=reason)
    item = desk.item(row["sample_id"], row["recipe"])
    if item is not None:
        decision_id = desk.decide(row["recipe"], row["sample_id"], item["version"], choice, actor, "terminal")
    else:  # decided before, and no longer asked about: the new decision supersedes the old one all the same
        decision_id = ledger.decide(row["sample_id"], action, choice.payload, reason, actor, choice.after_id)
    return {**row, "decision_id": decision_id}

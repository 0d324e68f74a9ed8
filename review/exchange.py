"""Decisions and queues as files: JSON lines without loss, tasks and annotations of Label Studio, records of Argilla.

Label Studio: its JSON task format, with `choices` for labels, `labels` for spans and `textarea` for texts. Argilla:
the records that `Dataset.records.to_json` of version 2 writes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from review.decide import make_choice
from review.decisions import Format
from review.labels import read_labels, require_known
from tasks.edits import is_text_field
from tasks.erase.probes import ERASED
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.ledger.decisions import standing_decisions
from tasks.ledger.desk import Desk
from tasks.ledger.filters import Filter
from tasks.ledger.moves import Answer, Choice, State
from tasks.ledger.people import People
from tasks.records import Action
from tasks.wording.told import Told, told_by

ANSWER = {"label": "choice", "spans": "label", "target": "answer"}
"""Names of the controls in both tools: labels of classification, spans, free text."""
OWN = "as it is"
"""Name of the prediction that holds a sample's own spans, to be mended in the other tool."""


class _Decision(BaseModel):
    """A line of an export; what `tasks.ledger.tables.DECISIONS` holds."""

    model_config = ConfigDict(extra="forbid")

    decision_id: str
    sample_id: str
    action: Action
    payload: dict[str, Any]
    reason: str
    actor: str
    created: str
    position: int | None = None
    after_id: str | None = None
    supersedes: str | None = None
    recipe: str | None = None
    check: str | None = None
    reason_code: str | None = None
    guideline: int | None = None
    evidence: dict[str, Any] = {}
    origin: str | None = None
    batch: str | None = None

    @field_validator("payload")
    @classmethod
    def _is_a_change(cls, payload: dict[str, Any]) -> dict[str, Any]:
        """Refuses what no run could apply. The keys are those of `review.decide.make_choice`."""
        for name, value in payload.items():
            if name == "spans" and value != ERASED:
                if not isinstance(value, list) or not all(map(_is_span, value)):
                    raise ValueError("spans must be a list of {start, end, label}")
            elif not (name in ("label", "into", "spans") or is_text_field(name)):
                raise ValueError(f"{name!r} is nothing that a decision changes")
            elif not isinstance(value, str):
                raise ValueError(f"{name} must be a string, got {value!r}")
        return payload


def _is_span(value: Any) -> bool:
    kinds = {"start": int, "end": int, "label": str}
    return isinstance(value, dict) and all(type(value.get(name)) is kind for name, kind in kinds.items())


def write_decisions(ledger: Ledger) -> Iterator[str]:
    """Every decision as a line of JSON, the oldest first."""
    for row in ledger.all_decisions():
        yield json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"


def read_decisions(ledger: Ledger, lines: Iterable[str], any_label: bool = False) -> int:
    """Adds exported decisions that are not there yet, all or none; returns how many.

    Args:
        any_label: whether a label comes in that the recipe does not know.

    Raises:
        SeimaiError: a line is not a decision, or gives a label that the recipe does not know; names it and what is
            wrong.
    """
    rows: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows[number] = _Decision.model_validate_json(line).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise SeimaiError(f"line {number}: {where}: {first['msg']}; nothing was imported") from error
    desk = Desk(ledger)
    if not any_label:
        _require_known_lines(desk, ledger.all_decisions(), rows)
    return desk.take_in(rows.values())


def _require_known_lines(
    desk: Desk, held: Sequence[Mapping[str, Any]], rows: Mapping[int, Mapping[str, Any]]
) -> None:
    """Looks at the labels of those decisions that would be new and would stand: what the ledger holds, and what is
    superseded or taken back, changes no training data. Before a recipe's first run none of its labels is known.

    Args:
        held: the ledger's decisions, the oldest first.
        rows: number of the line -> decision.

    Raises:
        SeimaiError: names the first line with a label that nobody knows, and how many more there are.
    """
    ids = {row["decision_id"] for row in held}
    new = {number: row for number, row in rows.items() if row["decision_id"] not in ids}
    standing = standing_decisions(sorted([*held, *new.values()], key=lambda row: row["created"]))
    stand = {row["decision_id"] for row in standing.values()}
    facts = desk.facts()
    refused = []
    for number, row in new.items():
        given = _labels_in(row["payload"])
        if row["decision_id"] not in stand or not given:
            continue
        recipe = row["recipe"] or (desk.item(row["sample_id"]) or {}).get("recipe", "")
        told = facts.get(recipe, {})
        sample: dict[str, Any] = {"labels": [] if told.get("multi_label") else None}
        try:
            require_known(sample, given, read_labels(told))
        except SeimaiError as error:
            refused.append((number, row["sample_id"][:12], told_by(error)))
    if refused:
        raise SeimaiError(_tell_refused(*refused[0], len(refused) - 1))


def _tell_refused(number: int, name: str, why: Told, more: int) -> Told:
    others = (
        f" {more} more line{'s' if more > 1 else ''} give{'s' if more == 1 else ''} such labels."
        if more
        else ""
    )
    return Told(
        f"line {number} (sample {name}): {why.en}{others} Nothing was imported; --any-label takes it all the same.",
        f"{number}行目(サンプル{name}): {why.say('ja')}{f'ほかに{more}行に未知のラベルがあります。' if more else ''}"
        "何も取り込んでいません。--any-label を付けると、そのまま取り込みます。",
    )


def _labels_in(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a decision's payload gives labels; an erasure leaves none."""
    return {name: payload[name] for name in ("label", "spans") if payload.get(name, ERASED) != ERASED}


def write_queue(desk: Desk, recipe: str, form: Format) -> Iterator[dict[str, Any]]:
    """The open items of a recipe's queues, for another tool; blind ones without what was said of them."""
    for listed in desk.list_items(Filter(recipe), limit=1_000_000):
        item = desk.item(listed["sample_id"], recipe)
        if item is not None:
            yield _as_task(item) if form is Format.LABEL_STUDIO else _as_record(item)


def _as_task(item: Mapping[str, Any]) -> dict[str, Any]:
    sample = item["sample"]
    data = {"text": sample["input"], "answer": sample["target"], "label": sample["label"] or ""}
    task: dict[str, Any] = {"data": data | _named(item), "predictions": []}
    labels = [] if item["blind"] else _suggested(item)
    task["predictions"] = [
        {"model_version": OWN, "result": [_as_region(sample, span) for span in sample["spans"]]}
        for _ in range(sample.get("spans") is not None)
    ]
    task["predictions"] += [
        {
            "model_version": item["check"],
            "score": sure,
            "result": [
                {
                    "from_name": ANSWER["label"],
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": [label]},
                }
            ],
        }
        for label, sure in labels
    ]
    return task


def _as_region(sample: Mapping[str, Any], span: Mapping[str, Any]) -> dict[str, Any]:
    place = {"start": span["start"], "end": span["end"]}
    value = {**place, "text": sample["input"][span["start"] : span["end"]], "labels": [span["label"]]}
    return {"from_name": ANSWER["spans"], "to_name": "text", "type": "labels", "value": value}


def _as_record(item: Mapping[str, Any]) -> dict[str, Any]:
    sample = item["sample"]
    suggested = [] if item["blind"] else _suggested(item)
    record: dict[str, Any] = {
        "id": item["sample_id"],
        "fields": {"text": sample["input"], "answer": sample["target"]},
        "metadata": _named(item) | {"label": sample["label"] or ""},
        "suggestions": {},
        "responses": {},
    }
    if sample.get("spans") is not None:
        own = [{name: span[name] for name in ("start", "end", "label")} for span in sample["spans"]]
        record["suggestions"][ANSWER["spans"]] = {"value": own, "agent": OWN}
    if suggested:
        label, sure = suggested[0]
        record["suggestions"][ANSWER["label"]] = {"value": label, "score": sure, "agent": item["check"]}
    return record


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    """What brings an answer back to its sample."""
    return {"sample_id": item["sample_id"], "recipe": item["recipe"], "check": item["check"]}


def _suggested(item: Mapping[str, Any]) -> list[tuple[str, float]]:
    found = []
    for finding in item["findings"]:
        change = json.loads(finding["suggestion"] or "{}")
        if change.get("action") == Action.RELABEL:
            found.append((str(change["label"]), float(change.get("probability", 1.0))))
    return found


def take_answers(ledger: Ledger, path: Path, form: Format, actor: str) -> tuple[int, int]:
    """Decides what was answered in another tool; returns (decided, left alone).

    An answer equal to the sample's own is a keep. Where several people review, that about an overlap item is one of
    the two opinions. Left alone: items without an answer, those that are decided already or that the actor gave an
    opinion on, and those that are in no queue any more.

    Raises:
        SeimaiError: the file is not of that form, or an answer does not fit its sample; names the entry. Or somebody
            decided about a sample meanwhile. Nothing was decided then.
    """
    desk = Desk(ledger)
    known = {name: read_labels(facts) for name, facts in desk.facts().items()}
    answered: list[tuple[dict[str, Any], Choice]] = []
    entries: dict[str, int] = {}
    left = 0
    for number, (sample_id, recipe, given) in enumerate(_read_answers(path, form), 1):
        item = desk.item(sample_id, recipe)
        if item is not None and item["sample"].get("spans") is None:
            given.pop("spans", None)
        if item is None or item["state"] == State.DECIDED or not given or _has_voted(desk, item, actor):
            left += 1
            continue
        if (first := entries.setdefault(sample_id, number)) != number:
            raise SeimaiError(
                f"{path}, entry {number} (sample {sample_id[:12]}): entry {first} answers it too"
            )
        sample = item["sample"]
        changed = {key: value for key, value in given.items() if value != sample.get(key)}
        action = _action_for(changed)
        try:
            choice = make_choice(sample, action, changed, known[item["recipe"]])
        except SeimaiError as error:
            raise SeimaiError(f"{path}, entry {number} (sample {sample_id[:12]}): {error}") from error
        answered.append((item, choice))
    several = People(ledger).count_reviewers() > 1
    answers = [
        Answer(
            item["recipe"],
            item["sample_id"],
            item["version"],
            choice,
            is_opinion=item["overlap"]
            and item["state"] == State.OPEN
            and bool(several or _votes(desk, item)),
        )
        for item, choice in answered
    ]
    desk.take_answers(answers, actor, form.value)
    return len(answered), left


def _votes(desk: Desk, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return desk.votes(item["recipe"], [item["sample_id"]]) if item["overlap"] else []


def _has_voted(desk: Desk, item: Mapping[str, Any], actor: str) -> bool:
    return any(vote["actor"] == actor for vote in _votes(desk, item))


def _action_for(changed: Mapping[str, Any]) -> Action:
    if not changed:
        return Action.KEEP
    if set(changed) == {"label"}:
        return Action.RELABEL
    return Action.SPANS if "spans" in changed else Action.EDIT


def _read_answers(path: Path, form: Format) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """(sample_id, recipe, what was answered) of each entry of a file."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeimaiError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise SeimaiError(f"{path} is not JSON in UTF-8: {error}") from error
    if not isinstance(entries, list):
        raise SeimaiError(f"{path} must be a JSON list of {form.value} entries, got {type(entries).__name__}")
    read = _of_task if form is Format.LABEL_STUDIO else _of_record
    for number, entry in enumerate(entries, 1):
        try:
            yield read(entry)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise SeimaiError(
                f"{path}, entry {number} is no {form.value} entry of seimai's: {error!r}"
            ) from error


def _of_task(entry: Mapping[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
    given: dict[str, Any] = {}
    answered = [a for a in entry.get("annotations", []) if not a.get("was_cancelled")]
    spans = []
    results = answered[-1]["result"] if answered else []
    for result in results:
        value = result["value"]
        match result["type"]:
            case "choices":
                given["label"] = value["choices"][0]
            case "labels":
                spans.append({"start": value["start"], "end": value["end"], "label": value["labels"][0]})
            case "textarea":
                given["target"] = "\n".join(value["text"])
    if spans or (answered and not results):  # an empty answer is that there are none
        given["spans"] = sorted(spans, key=lambda span: span["start"])
    return entry["data"]["sample_id"], entry["data"].get("recipe"), given


def _of_record(entry: Mapping[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
    given = {}
    for field, control in ANSWER.items():
        answers = (entry.get("responses") or {}).get(control) or []
        submitted = [a for a in answers if a.get("status", "submitted") == "submitted"]
        if submitted:
            given[field] = submitted[-1]["value"]
    metadata = entry.get("metadata") or {}
    return metadata.get("sample_id") or entry["id"], metadata.get("recipe"), given

"""What a reviewer is offered to do with an item by one key: what was decided about copies, what witnesses suggest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.mending import mend_spans
from tasks.edits import is_text_field
from tasks.records import Action
from tasks.wording import Told, tell_suggestion

MAX_SUGGESTIONS = 9
"""As many as there are digit keys."""


@dataclass(frozen=True)
class Suggestion:
    key: int
    text: str
    action: Action
    payload: dict[str, Any]
    probability: float | None = None


def suggest(
    item: Mapping[str, Any], language: str, precedents: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Suggestion, ...]:
    """What was decided about copies, then what the witnesses suggest, the likeliest first: new labels, mended spans,
    the text with placeholders, to drop a copy."""
    found = _precedents(item, language, precedents or {})
    for finding in item["findings"]:
        evidence = json.loads(finding["evidence"] or "{}")
        change = json.loads(finding["suggestion"] or "{}")
        if change.get("action") in (Action.RELABEL, Action.EDIT, Action.DROP):
            action = Action(change["action"])
            payload = {k: v for k, v in change.items() if k in ("label", "spans") or is_text_field(k)}
            action = Action.SPANS if "spans" in payload else action
            name = change.get("label", "") if action is Action.RELABEL else str(payload)
            sure = change.get("probability", 1.0)
            told = "" if action is Action.RELABEL else tell_suggestion(finding).say(language)
            found[action, name] = (sure, told, payload)
        if evidence.get("tokens") and (mended := mend_spans(item["sample"], evidence["tokens"])):
            told = mended.told.say(language)
            found[Action.SPANS, told] = (mended.probability, told, {"spans": mended.spans})
        for option in evidence.get("labels", []) if finding["check"].endswith(("noise", "label")) else []:
            label = option.get("label")
            if label and label != item["sample"]["label"] and (Action.RELABEL, label) not in found:
                found[Action.RELABEL, label] = (option.get("probability", 0.0), "", {"label": label})
    ranked = sorted(found.items(), key=lambda entry: -entry[1][0])[:MAX_SUGGESTIONS]
    return tuple(
        Suggestion(number, text or payload.get("label", ""), action, payload, sure if sure < 1 else None)
        for number, ((action, _), (sure, text, payload)) in enumerate(ranked, 1)
    )


def _precedents(
    item: Mapping[str, Any], language: str, precedents: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[Action, str], tuple[float, str, dict[str, Any]]]:
    """What was decided about copies, as far as it can be done with this sample: a rewritten text is of one only."""
    found: dict[tuple[Action, str], tuple[float, str, dict[str, Any]]] = {}
    for name, decision in precedents.items():
        action, label = Action(decision["action"]), decision["payload"].get("label", "")
        if action is Action.RELABEL and label == item["sample"]["label"]:
            action, label = Action.KEEP, ""
        if action not in (Action.KEEP, Action.DROP, Action.RELABEL):
            continue
        words = {
            Action.KEEP: Told("keep", "残す"),
            Action.DROP: Told("drop", "削除"),
            Action.RELABEL: Told(label),
        }[action]
        told = Told(
            f"{words.en}: so {decision['actor']} decided about its copy {name[:12]}",
            f"{words.say('ja')}: コピー{name[:12]}について{decision['actor']}がこう判断しました",
        )
        found[action, label] = (1.0, told.say(language), {"label": label} if label else {})
    return found

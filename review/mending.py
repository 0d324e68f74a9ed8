"""Spans as a finding about labelled tokens would have them: what the page offers as its suggestion."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tasks.wording.told import Told, join

OUTSIDE = "O"
"""As `tasks.label_noise.tokens` calls a token that no span covers; to import it would load what trains models."""


class Mending(NamedTuple):
    spans: list[dict[str, Any]]
    told: Told
    """Which words get which label."""
    probability: float
    """Of the likelier label (0-1), for the most doubtful word."""


def mend_spans(sample: Mapping[str, Any], tokens: Sequence[Mapping[str, Any]]) -> Mending | None:
    """The sample's spans with the likelier label for each doubtful token: a span over it is relabelled, or taken away
    where the token stands outside; a token without a span gets one, joined to that of the token beside it.

    Args:
        sample: records.SAMPLE.
        tokens: of the finding's evidence (start, end, label, suggested, suggested_probability), the most doubtful
            first: where two of one span disagree, the first counts.

    Returns:
        None where nothing is changed.
    """
    text, own = sample["input"] or "", list(sample.get("spans") or [])
    over: dict[int, str] = {}
    added: list[dict[str, Any]] = []
    for token in tokens:
        place = next((n for n, s in enumerate(own) if s["start"] <= token["start"] < s["end"]), None)
        if place is not None:
            over.setdefault(place, token["suggested"])
        elif token["suggested"] != OUTSIDE:
            added.append({"start": token["start"], "end": token["end"], "label": token["suggested"]})
    kept = [{**span, "label": over.get(n, span["label"])} for n, span in enumerate(own)]
    added = _join(sorted(added, key=lambda span: span["start"]), text)
    spans = sorted([*(s for s in kept if s["label"] != OUTSIDE), *added], key=lambda span: span["start"])
    clash = any(one["end"] > other["start"] for one, other in pairwise(spans))
    if clash or spans == sorted(own, key=lambda span: span["start"]):
        return None
    changes = [
        _tell(text, span, span["label"], over[n])
        for n, span in enumerate(own)
        if over.get(n, span["label"]) != span["label"]
    ]
    changes += [_tell(text, span, OUTSIDE, span["label"]) for span in added]
    return Mending(spans, join(changes), float(tokens[0]["suggested_probability"]))


def _join(spans: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and last["label"] == span["label"] and not text[last["end"] : span["start"]].strip():
            joined[-1] = {**last, "end": span["end"]}
        else:
            joined.append(span)
    return joined


def _tell(text: str, span: Mapping[str, Any], before: str, after: str) -> Told:
    words, none = text[span["start"] : span["end"]], Told("no span", "範囲なし")
    first, then = (none if label == OUTSIDE else Told(label) for label in (before, after))
    return Told(f"“{words}”: {first.en} → {then.en}", f"「{words}」: {first.say('ja')} → {then.say('ja')}")

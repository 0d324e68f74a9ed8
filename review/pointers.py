"""The other samples that an item's findings point at: its copies, and the other side of a pair."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

COPY_CHECKS = (
    "exact_duplicate",
    "near_duplicate",
    "conflicting_duplicate",
    "disagreeing_near_duplicate",
    "same_meaning",
    "disagreeing_same_meaning",
    "shared_passage",
)


def copies_of(item: Mapping[str, Any]) -> list[str]:
    """The sample_ids that the item's findings call copies, or near-copies, of it."""
    return [name for name in pointed_at(item["findings"], COPY_CHECKS) if name != item["sample_id"]]


def twin_of(item: Mapping[str, Any]) -> str:
    """The sample_id of the other side, for an item that a check of copies put into its queue; else ""."""
    for finding in item["findings"]:
        if finding["check"] == item["check"] and finding["check"] in COPY_CHECKS:
            evidence = json.loads(finding["evidence"] or "{}")
            for side in others_in(evidence):
                if side.get("sample_id") not in (None, item["sample_id"]):
                    return str(side["sample_id"])
    return ""


def pointed_at(findings: Sequence[Mapping[str, Any]], checks: Sequence[str]) -> list[str]:
    """The sample_ids that findings of `checks` point at."""
    named = []
    for finding in findings:
        if finding["check"] in checks:
            evidence = json.loads(finding["evidence"] or "{}")
            named += [str(side["sample_id"]) for side in others_in(evidence) if side.get("sample_id")]
    return named


def others_in(evidence: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Other samples that evidence points at (`findings.point_at`), whatever the witness calls them."""
    sides: list[Mapping[str, Any]] = []
    for value in evidence.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping) and "excerpt" in one:
                sides.append(one)
    return sides

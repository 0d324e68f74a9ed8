"""What decisions so far say of the checks, and of the samples that are there now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.judge import disposition_of
from tasks.records import Action, Disposition


def count_confirmed(decisions: Iterable[Mapping[str, Any]], recipe: str) -> dict[str, tuple[int, int]]:
    """Check -> (decided, of which something was wrong), of a recipe's standing decisions on its queues."""
    counted: dict[str, tuple[int, int]] = {}
    for decision in decisions:
        if decision["recipe"] == recipe and decision["action"] != Action.ESCALATE:
            decided, wrong = counted.get(decision["check"], (0, 0))
            counted[decision["check"]] = (decided + 1, wrong + (decision["action"] != Action.KEEP))
    return counted


def count_settled(
    samples: pa.Table,
    dispositions: pa.Table,
    findings: pa.Table,
    decisions: Mapping[str, Mapping[str, Any]],
    recipe: str,
    policy: Mapping[str, Disposition],
) -> list[dict[str, Any]]:
    """How many of N samples were settled by a decision on this recipe's queue, by what makes them count in estimates.

    A run asks no more about what is decided, yet of the errors that are there it remains known. A sample counts among
    the flagged or the others by what is found now. It counts as drawn at random where it is still among those that it
    was drawn from.

    Args:
        samples: records.SAMPLE, N rows.
        dispositions: records.DISPOSITION of the same rows.
        findings: records.FINDING.
        decisions: sample_id -> decision in force.
        policy: check -> disposition, over the defaults.

    Returns:
        Rows of flagged, drawn (bool), action, check (whose queue it stood in) and items (how many distinct samples).
    """
    settled = dispositions["row"].filter(pc.is_valid(dispositions["decision_id"])).combine_chunks()
    if not len(settled):
        return []
    own = samples.filter(pc.is_in(samples["row"], settled)).select(["row", "sample_id", "role"]).to_pylist()
    about = findings.filter(pc.is_in(findings["row"], settled)).select(["row", "check", "severity"])
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for finding in about.to_pylist():
        found[finding["row"]].append((finding["check"], finding["severity"]))
    counts: Counter[tuple[bool, bool, str, str]] = Counter()
    for row in {row["sample_id"]: row for row in reversed(own)}.values():
        decision = decisions.get(row["sample_id"])
        evidence = (decision and decision.get("evidence")) or {}
        if decision is None or decision["recipe"] != recipe or "random" not in evidence:
            continue
        flagged = any(
            disposition_of(*one, row["role"], policy) is not Disposition.KEEP for one in found[row["row"]]
        )
        drawn = evidence["blind"] and evidence["random"] is not flagged
        counts[flagged, drawn, decision["action"], decision["check"] or ""] += 1
    names = ("flagged", "drawn", "action", "check")
    return [dict(zip(names, key, strict=True)) | {"items": items} for key, items in sorted(counts.items())]

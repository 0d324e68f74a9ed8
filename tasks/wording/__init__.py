"""Findings in words, in English and Japanese: a check's title, its reason, its evidence and its suggestion.

The report and the review page tell a finding with these; each answer is a `Told`, and `told.say(language)` is its
text. A check that has no entry here, as of a steward's own suite, is told by its name and its stored English reason.
To add a check, add one entry to the dictionary of its stage: `FILES` of reading, `COPIES`, `LABELS`, `CONTENT`, or else
`SAMPLES`.
"""

from collections.abc import Mapping
from typing import Any

from tasks.wording.content import CONTENT
from tasks.wording.copies import COPIES
from tasks.wording.files import DECISIONS, FILES
from tasks.wording.labels import LABELS
from tasks.wording.samples import SAMPLES
from tasks.wording.seen import Fact, Seen, Wording, fact, percent, plain_facts, read_finding, read_object
from tasks.wording.terms import field_term, term
from tasks.wording.told import Language, Told, join, told_by

__all__ = [
    "CHECKS",
    "Fact",
    "Language",
    "Seen",
    "Told",
    "Wording",
    "join",
    "score_of",
    "tell_evidence",
    "tell_reason",
    "tell_suggestion",
    "term",
    "title_of",
    "told_by",
]

CHECKS: dict[str, Wording] = {**FILES, **SAMPLES, **COPIES, **LABELS, **CONTENT, **DECISIONS}
_UNTOLD = (LookupError, TypeError, ValueError, AttributeError)
"""What wording raises where a finding does not hold what its entry states: one of an earlier version, or of a
steward's suite that uses the name for something else."""


def title_of(check: str) -> Told:
    """The check's short name; of an unknown one its own name with spaces."""
    return CHECKS[check].title if check in CHECKS else Told(check.replace("_", " "))


def score_of(check: str) -> Told:
    """What the check's scores measure."""
    return CHECKS[check].score if check in CHECKS else Told("score", "スコア")


def tell_reason(finding: Mapping[str, Any]) -> Told:
    """Why the sample was flagged: the stored English, and a Japanese sentence from check, scores and evidence.

    Args:
        finding: check, score, threshold, reason, evidence, as in `records.FINDING`.
    """
    seen = read_finding(finding)
    try:
        return Told(seen.reason, reason_in_japanese(seen))
    except _UNTOLD:
        return Told(seen.reason)


def reason_in_japanese(seen: Seen) -> str:
    """ "" for a check without an entry; raises (`_UNTOLD`) where the finding lacks what its entry states."""
    entry = CHECKS.get(seen.check)
    if entry is None or entry.reason is None:
        return ""
    return seen.fill(entry.reason) if isinstance(entry.reason, str) else entry.reason(seen)


def tell_evidence(finding: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The evidence as named facts; of an unknown check, or one that lacks something, key by key."""
    seen = read_finding(finding)
    entry = CHECKS.get(seen.check)
    if entry is not None and entry.facts is not None:
        try:
            return tuple(entry.facts(seen))
        except _UNTOLD:
            pass
    if (
        not seen.evidence
        and isinstance(finding.get("evidence"), str)
        and finding["evidence"] not in ("", "{}")
    ):
        return tuple(fact("evidence", "根拠", finding["evidence"]))
    return tuple(plain_facts(seen.evidence))


def tell_suggestion(finding: Mapping[str, Any]) -> Told:
    """What the witness suggests; "" for nothing."""
    raw = finding.get("suggestion")
    change = read_object(raw)
    match change.get("action"):
        case "drop":
            return Told("take this row out", "この行を除く")
        case "relabel" if change.get("label"):
            label, sure = change["label"], change.get("probability")
            if isinstance(sure, int | float):
                return Told(
                    f"change the label to {label} (probability {percent(sure)})",
                    f"ラベルを「{label}」に変える(確率{percent(sure)})",
                )
            return Told(f"change the label to {label}", f"ラベルを「{label}」に変える")
        case "edit":
            texts = [
                (field_term(name), str(text))
                for name, text in change.items()
                if name not in ("action", "spans") and text
            ]
            return join(
                [
                    Told(f"change the {name.en} to: {text}", f"{name.say('ja')}を次に変える: {text}")
                    for name, text in texts
                ],
                " · ",
                " · ",
            )
    return Told(str(raw or ""))

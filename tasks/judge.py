"""The judge: findings, the recipe's policy and the stewards' decisions become a disposition for each row.

The only place where a row leaves, so that kept + set aside == input always holds, and each absence has a
reason. A standing decision on a sample's content goes before every finding, save that a kept sample still
needs only one copy of itself, that nothing is merged into what is gone, and that nobody learns the very text
that models are judged on.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import edits as editing
from tasks.edits import Put, is_text_field, move_labels
from tasks.recipe import PERSONAL_CHECKS
from tasks.records import (
    DISPOSITION,
    SAMPLE,
    Action,
    Disposition,
    Role,
    Severity,
    TableRef,
    build_table,
)
from tasks.stage import stage
from tasks.storage import Workspace

DEFAULT_POLICY: dict[str, Disposition] = {
    "empty_input": Disposition.DROP,
    "exact_duplicate": Disposition.DROP,
    "near_duplicate": Disposition.DROP,
    "boilerplate": Disposition.DROP,
    "exact_leak": Disposition.DROP,
    "near_leak": Disposition.DROP,
    "conflicting_duplicate": Disposition.QUARANTINE,
    "disagreeing_near_duplicate": Disposition.QUARANTINE,
    "label_noise": Disposition.QUARANTINE,
    "unknown_label": Disposition.QUARANTINE,
    "garbled_text": Disposition.QUARANTINE,
    "repetitive_text": Disposition.QUARANTINE,
    "unexpected_language": Disposition.QUARANTINE,
    "prompt_copied": Disposition.QUARANTINE,
    "too_long": Disposition.QUARANTINE,
    "too_short": Disposition.QUARANTINE,
    "personal_data": Disposition.EDIT,
    "personal_data_quarantined": Disposition.QUARANTINE,
    "superseded": Disposition.DROP,
    "stale": Disposition.QUARANTINE,
    "document_gone": Disposition.QUARANTINE,
    "unsupported_figure": Disposition.QUARANTINE,
    "doubtful_answer": Disposition.QUARANTINE,
    "answer_language": Disposition.QUARANTINE,
    "answer_format": Disposition.QUARANTINE,
    "refusal": Disposition.QUARANTINE,
    "hidden_text": Disposition.EDIT,
    "trigger_phrase": Disposition.QUARANTINE,
}
"""Checks that are not named here quarantine when critical and are only reported otherwise: so prompt_injection,
steering and toxic go by their grade, and a burst is told, since near_duplicate already leaves one of its texts."""

EVALUATION_POLICY = {
    check: disposition
    for check, disposition in DEFAULT_POLICY.items()
    if check
    in (
        *("empty_input", "exact_duplicate", "unknown_label", "garbled_text", "too_long"),
        *("personal_data", "personal_data_quarantined"),
    )
}
"""Evaluation rows leave only for what makes an item unusable: taking hard items out would flatter the model."""

LOWER_IS_WORSE = ("label_noise", "ambiguous_label")
"""Checks whose score is the probability that all is well; a higher score is worse elsewhere."""

COPIES = ("exact_duplicate", "near_duplicate", "boilerplate")
_RANK = [Disposition.KEEP, Disposition.EDIT, Disposition.QUARANTINE, Disposition.DROP]


class Judgement(NamedTuple):
    dispositions: pa.Table
    """One row of records.DISPOSITION for each sample, in the samples' order."""
    edits: dict[int, dict[str, Any]]
    """Row -> what changes: label, input, target, spans, messages (`tasks.edits.text_fields`)."""
    rescued: int
    """Rows that would have been set aside, had no steward decided about them."""


class JudgementRefs(BaseModel):
    """What `judge_stage` leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    dispositions: TableRef
    edits: TableRef
    findings: TableRef
    rescued: int


def judge(
    samples: pa.Table,
    findings: pa.Table,
    policy: Mapping[str, Disposition],
    decisions: Mapping[str, Mapping[str, Any]],
    band: float = 0.1,
) -> Judgement:
    """Settles each of N samples.

    Args:
        samples: records.SAMPLE, N rows.
        findings: records.FINDING; those without a row are about files and settle nothing.
        policy: check -> disposition, over `DEFAULT_POLICY`.
        decisions: sample_id -> standing decision (action, payload, reason, actor, decision_id, evidence).
        band: how much worse a score may get before a kept sample is asked about anew; see `is_silenced`.
    """
    by_row: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings.to_pylist():
        if finding["row"] is not None:
            by_row[finding["row"]].append(finding)
    columns = samples.select(["row", "sample_id", "role"]).to_pydict()
    asked = [
        place for place in zip(*columns.values(), strict=True) if place[0] in by_row or place[1] in decisions
    ]
    verdicts = {row: _judge_findings(by_row[row], role, policy) for row, _, role in asked}
    _hold_copies_of_doubtful_rows(verdicts, by_row)
    identities = dict(zip(columns["row"], columns["sample_id"], strict=True))
    present, answered = set(columns["sample_id"]), set()
    edits: dict[int, dict[str, Any]] = {}
    rescued = 0
    for row, identity, _ in asked:
        before, decision = verdicts[row], decisions.get(identity)
        if decision is None or not _holds(decision, present):
            after = before
        else:
            spare = _is_spare(by_row[row], identity, identities, identity in answered)
            after = _apply_decision(before, decision, by_row[row], band, spare)
        if after is not before:
            answered.add(identity)
        if before["disposition"] in _RANK[2:] and after["disposition"] in _RANK[:2]:
            rescued += 1
        if after["disposition"] is Disposition.EDIT:
            edits[row] = after["edit"]
        verdicts[row] = after
    return Judgement(_tabulate(columns["row"], verdicts), edits, rescued)


def _tabulate(rows: list[int], verdicts: Mapping[int, Mapping[str, Any]]) -> pa.Table:
    """Table of the schema DISPOSITION; rows of which nothing is said are kept."""
    silent = {"disposition": Disposition.KEEP}
    settled = [verdicts.get(row, silent) for row in rows]
    columns = {name: [verdict.get(name) for verdict in settled] for name in DISPOSITION.names}
    return pa.table(columns | {"row": rows}, schema=DISPOSITION)


def _judge_findings(
    findings: list[dict[str, Any]], role: str, policy: Mapping[str, Disposition]
) -> dict[str, Any]:
    """The severest disposition that a row's findings ask for, with the finding that asked for it."""
    verdict: dict[str, Any] = {"disposition": Disposition.KEEP}
    edit: dict[str, Any] = {}
    for finding in findings:
        disposition = disposition_of(finding["check"], finding["severity"], role, policy)
        suggestion = json.loads(finding["suggestion"]) if finding["suggestion"] else {}
        if disposition is Disposition.EDIT:
            if suggestion.get("action") != Action.EDIT:
                disposition = Disposition.QUARANTINE
            else:
                changed = {name: new for name, new in suggestion.items() if name != "action"}
                edit |= {name: new for name, new in changed.items() if is_text_field(name) or name == "spans"}
        if _RANK.index(disposition) > _RANK.index(verdict["disposition"]):
            verdict = {"disposition": disposition, **{k: finding[k] for k in ("stage", "check", "reason")}}
    return verdict | {"edit": edit}


def disposition_of(check: str, severity: str, role: str, policy: Mapping[str, Disposition]) -> Disposition:
    """What policy makes of one finding on a row of this role."""
    if role == Role.EVALUATION:
        return EVALUATION_POLICY.get(check, Disposition.KEEP)
    fallback = Disposition.QUARANTINE if severity == Severity.CRITICAL else Disposition.KEEP
    return policy.get(check, DEFAULT_POLICY.get(check, fallback))


def _hold_copies_of_doubtful_rows(
    verdicts: dict[int, Any], by_row: Mapping[int, list[dict[str, Any]]]
) -> None:
    """A copy is not dropped in favour of an original that is itself set aside: it waits beside it."""
    for row, verdict in verdicts.items():
        if verdict["disposition"] is not Disposition.DROP or verdict["check"] not in COPIES:
            continue
        copy = next(f for f in by_row[row] if f["check"] in COPIES)
        original = verdicts.get(json.loads(copy["evidence"] or "{}").get("canonical", {}).get("row"))
        if original and original["disposition"] in _RANK[2:] and original.get("check") not in COPIES:
            verdicts[row] = verdict | {
                "disposition": Disposition.QUARANTINE,
                "reason": f"copy of a sample that is itself set aside ({original['check']})",
            }


def _holds(decision: Mapping[str, Any], present: set[str]) -> bool:
    """Whether a decision settles anything: a merge does as long as what was merged into is there."""
    if decision["action"] in (Action.ESCALATE, Action.RETRACT):
        return False
    into = decision["payload"].get("into")
    return decision["action"] != Action.MERGE or into is None or into in present


def _is_spare(
    findings: list[dict[str, Any]], identity: str, identities: Mapping[int, str], answered: bool
) -> bool:
    """Whether a row repeats another one of the same sample, which stands for both.

    A row whose text is the same, but not its form or its label, is another sample: a decision about it holds.

    Args:
        identities: row -> sample_id.
        answered: whether a decision has settled another row of this sample.
    """
    for finding in findings:
        if finding["check"] == "exact_duplicate" or (
            finding["check"] == "boilerplate" and finding["score"] == 1
        ):
            original = json.loads(finding["evidence"] or "{}").get("canonical", {}).get("row")
            return answered or identities.get(original, identity) == identity
    return False


def _apply_decision(
    verdict: dict[str, Any],
    decision: Mapping[str, Any],
    findings: list[dict[str, Any]],
    band: float,
    spare: bool,
) -> dict[str, Any]:
    """What a steward's decision makes of a row.

    What a witness suggests to change (personal data) is changed all the same, unless the decision was about that:
    who calls a label right has not said that the telephone number beside it may stay. A decision that names no check
    is about everything. New labelled spans of a steward are moved along with the text that changes under them.

    Args:
        spare: another row of the same sample stands.
    """
    settled = {
        "stage": "review",
        "check": f"decision_{decision['action']}",
        "reason": decision["reason"] or f"decided by {decision['actor']}",
        "decision_id": decision["decision_id"],
    }
    if decision["action"] in (Action.DROP, Action.MERGE):
        return settled | {"disposition": Disposition.DROP}
    if spare:
        return verdict
    asked_otherwise = any(name == "input" or name.startswith("prompt[") for name in decision["payload"])
    if verdict.get("check") == "exact_leak" and not asked_otherwise:
        said = f"{verdict['reason']}; {decision['action']} by {decision['actor']} cannot hold"
        return verdict | {"reason": said, "decision_id": decision["decision_id"]}
    edit = {} if decision.get("check") in (None, *PERSONAL_CHECKS) else verdict["edit"]
    if decision["action"] == Action.KEEP:
        if verdict["disposition"] in _RANK[2:] and not is_silenced(decision, findings, verdict, band):
            return verdict
        kept = Disposition.EDIT if edit else Disposition.KEEP
        return settled | {"disposition": kept, "edit": edit}
    changed = edit | dict(decision["payload"])
    if "input" in edit and "input" not in decision["payload"] and "spans" in decision["payload"]:
        changed["spans"] = move_labels(changed["spans"], _put_in_input(findings))
        if not _are_apart(changed["spans"]):
            return settled | {
                "disposition": Disposition.QUARANTINE,
                "reason": "spans that a redaction cuts into",
            }
    return settled | {"disposition": Disposition.EDIT, "edit": changed}


def _put_in_input(findings: list[dict[str, Any]]) -> list[Put]:
    """What the edit that `personal_data` suggests puts into the input of a sample with labelled spans."""
    told = next(f["evidence"] for f in findings if f["check"] == "personal_data")
    return [Put(*one) for one in json.loads(told).get("put", ())]


def _are_apart(labels: list[dict[str, Any]]) -> bool:
    ordered = sorted(labels, key=lambda label: label["start"])
    return all(one["end"] <= other["start"] for one, other in pairwise(ordered))


def is_silenced(
    decision: Mapping[str, Any],
    findings: list[dict[str, Any]],
    verdict: Mapping[str, Any],
    band: float,
) -> bool:
    """Whether a keep still answers what settles a row now.

    It does not where a check that was not heard at the decision settles the row, or where that check's score is worse
    than then by more than `band`, of the score then where it is above 1. A decision that kept no scores silences all.
    """
    scores = (decision.get("evidence") or {}).get("scores")
    if scores is None:
        return True
    check = verdict["check"]
    if check not in scores:
        return False
    before = scores[check]
    after = next((f["score"] for f in findings if f["check"] == check), None)
    if before is None or after is None:
        return True
    worse = before - after if check in LOWER_IS_WORSE else after - before
    return bool(worse <= band * max(1.0, abs(before)))


EDITS = pa.schema([("row", pa.int64()), ("edit", pa.string())])


@stage("judge", editing)
def judge_stage(
    workspace: Workspace,
    samples: TableRef,
    findings: list[TableRef],
    policy: dict[str, Disposition],
    decisions: dict[str, Any],
    band: float = 0.1,
) -> JudgementRefs:
    """Thin task over `judge`: merges the witnesses' findings and settles every row."""
    merged = pa.concat_tables([workspace.read_table(ref) for ref in findings])
    judgement = judge(workspace.read_table(samples).select(SAMPLE.names), merged, policy, decisions, band)
    edits = [{"row": row, "edit": json.dumps(e, ensure_ascii=False)} for row, e in judgement.edits.items()]
    return JudgementRefs(
        dispositions=workspace.write_table(judgement.dispositions, "dispositions"),
        edits=workspace.write_table(build_table(edits, EDITS), "edits"),
        findings=workspace.write_table(merged, "findings"),
        rescued=judgement.rescued,
    )

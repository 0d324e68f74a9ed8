"""The judge: findings, the recipe's policy and the stewards' decisions become a disposition for each row.

The only place where a row leaves, so that kept + set aside == input always holds, and each absence has a
reason. A standing decision on a sample's content goes before every finding, save that a kept sample still
needs only one copy.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.edits import is_text_field
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

COPIES = ("exact_duplicate", "near_duplicate", "boilerplate")
_RANK = [Disposition.KEEP, Disposition.EDIT, Disposition.QUARANTINE, Disposition.DROP]


class Judgement(NamedTuple):
    dispositions: pa.Table
    """One row of records.DISPOSITION for each sample, in the samples' order."""
    edits: dict[int, dict[str, Any]]
    """Row -> what changes: label, input, target, messages (`tasks.edits.text_fields`)."""
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
) -> Judgement:
    """Settles each of N samples.

    Args:
        samples: records.SAMPLE, N rows.
        findings: records.FINDING; those without a row are about files and settle nothing.
        policy: check -> disposition, over `DEFAULT_POLICY`.
        decisions: sample_id -> standing decision (action, payload, reason, actor, decision_id).
    """
    by_row: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings.to_pylist():
        if finding["row"] is not None:
            by_row[finding["row"]].append(finding)
    columns = samples.select(["row", "sample_id", "role"]).to_pylist()
    verdicts = {c["row"]: _judge_findings(by_row.get(c["row"], []), c["role"], policy) for c in columns}
    _hold_copies_of_doubtful_rows(verdicts, by_row)
    edits: dict[int, dict[str, Any]] = {}
    rescued = 0
    names = DISPOSITION.names
    rows = []
    for column in columns:
        row = column["row"]
        before = verdicts[row]
        after = _apply_decision(before, decisions.get(column["sample_id"]), by_row.get(row, []))
        if before["disposition"] in _RANK[2:] and after["disposition"] in _RANK[:2]:
            rescued += 1
        if after["disposition"] is Disposition.EDIT:
            edits[row] = after["edit"]
        rows.append({name: after.get(name) for name in names} | {"row": row})
    return Judgement(build_table(rows, DISPOSITION), edits, rescued)


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
                edit |= {name: text for name, text in suggestion.items() if is_text_field(name)}
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


def _apply_decision(
    verdict: dict[str, Any], decision: Mapping[str, Any] | None, findings: list[dict[str, Any]]
) -> dict[str, Any]:
    if decision is None:
        return verdict
    settled = {
        "stage": "review",
        "check": f"decision_{decision['action']}",
        "reason": decision["reason"] or f"decided by {decision['actor']}",
        "decision_id": decision["decision_id"],
    }
    if decision["action"] == Action.DROP:
        return settled | {"disposition": Disposition.DROP}
    if any(
        f["check"] == "exact_duplicate" or (f["check"] == "boilerplate" and f["score"] == 1) for f in findings
    ):
        return verdict
    if decision["action"] == Action.KEEP:
        return settled | {"disposition": Disposition.KEEP}
    return settled | {"disposition": Disposition.EDIT, "edit": dict(decision["payload"])}


EDITS = pa.schema([("row", pa.int64()), ("edit", pa.string())])


@stage("judge")
def judge_stage(
    workspace: Workspace,
    samples: TableRef,
    findings: list[TableRef],
    policy: dict[str, Disposition],
    decisions: dict[str, Any],
) -> JudgementRefs:
    """Thin task over `judge`: merges the witnesses' findings and settles every row."""
    merged = pa.concat_tables([workspace.read_table(ref) for ref in findings])
    judgement = judge(workspace.read_table(samples).select(SAMPLE.names), merged, policy, decisions)
    edits = [{"row": row, "edit": json.dumps(e, ensure_ascii=False)} for row, e in judgement.edits.items()]
    return JudgementRefs(
        dispositions=workspace.write_table(judgement.dispositions, "dispositions"),
        edits=workspace.write_table(build_table(edits, EDITS), "edits"),
        findings=workspace.write_table(merged, "findings"),
        rescued=judgement.rescued,
    )

"""The judge: nothing vanishes, each absence has a reason, decisions go before findings."""

import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from conftest import make_samples
from hypothesis import given
from hypothesis import strategies as st

from tasks.edits import edit_sample
from tasks.judge import DEFAULT_POLICY, judge
from tasks.recipe import SplitSettings
from tasks.records import FINDING, Action, Disposition, Role, Severity, build_table
from tasks.snapshot import assemble, count_rows

TEXTS = [(f"text number {i}", "a" if i % 2 else "b") for i in range(8)]
SAMPLES = make_samples(TEXTS)


def finding(row: int, check: str, severity: str = "warning", **extra: Any) -> dict[str, Any]:
    return {"row": row, "stage": "test", "check": check, "severity": severity, "reason": f"{check}!"} | extra


def decision(action: Action, payload: dict[str, str] | None = None) -> dict[str, Any]:
    return {"action": action, "payload": payload or {}, "reason": "", "actor": "aki", "decision_id": "d1"}


def settle(
    findings: list[dict[str, Any]], decisions: dict[str, Any] | None = None, samples: pa.Table = SAMPLES
) -> Any:
    return judge(samples, build_table(findings, FINDING), {}, decisions or {})


def disposition(judgement: Any, row: int) -> dict[str, Any]:
    return judgement.dispositions.to_pylist()[row]


def copy_of(row: int, original: int) -> dict[str, Any]:
    evidence = json.dumps({"canonical": {"row": original}, "copies": 1})
    return finding(row, "exact_duplicate", evidence=evidence)


def test_a_decision_about_a_copy_in_another_form_holds_for_one_of_its_rows() -> None:
    texts = [("Where is it?", "a"), ("where is it", "a"), ("where is it", "a"), ("Where is it?", "a")]
    samples = make_samples(texts)
    found = [copy_of(1, 0), copy_of(2, 0), copy_of(3, 0)]
    names = samples["sample_id"].to_pylist()

    def settled(decisions: dict[str, Any]) -> list[str]:
        return [str(row["disposition"]) for row in settle(found, decisions, samples).dispositions.to_pylist()]

    assert settled({}) == ["keep", "drop", "drop", "drop"]
    assert settled({names[1]: decision(Action.KEEP)}) == ["keep", "keep", "drop", "drop"]
    assert settled({names[1]: decision(Action.RELABEL, {"label": "b"})}) == ["keep", "edit", "drop", "drop"]
    assert settled({names[0]: decision(Action.KEEP)}) == ["keep", "drop", "drop", "drop"]
    assert settled({names[0]: decision(Action.RELABEL, {"label": "b"})}) == ["edit", "drop", "drop", "drop"]


def test_what_is_word_for_word_in_the_evaluation_set_is_not_learned_whoever_says_so() -> None:
    name = SAMPLES["sample_id"][3].as_py()
    leak = [finding(3, "exact_leak", "critical")]
    for action, payload in (
        (Action.KEEP, {}),
        (Action.RELABEL, {"label": "a"}),
        (Action.EDIT, {"target": "b"}),
    ):
        row = disposition(settle(leak, {name: decision(action, payload)}), 3)
        assert (row["disposition"], row["check"], row["decision_id"]) == ("drop", "exact_leak", "d1")
        assert "by aki cannot hold" in row["reason"]
    edited = settle(leak, {name: decision(Action.EDIT, {"input": "something else"})})
    assert disposition(edited, 3)["disposition"] == Disposition.EDIT


def test_a_training_row_that_is_kept_beside_an_evaluation_row_is_a_group_of_its_own() -> None:
    """What a steward tells apart does not straddle the splits: the suite of snapshots would stop every run."""
    samples = make_samples(TEXTS)
    roles = ["evaluation", *["train"] * 7]
    groups = ["g", "g", "g", "h", "h", *"klm"]
    for name, values in (("role", roles), ("group_id", groups)):
        at = samples.column_names.index(name)
        samples = samples.set_column(at, samples.schema.field(at), pa.array(values))
    found = [finding(1, "near_leak"), finding(2, "near_leak")]
    decisions = {samples["sample_id"][row].as_py(): decision(Action.KEEP) for row in (1, 3)}
    judgement = settle(found, decisions, samples)
    kept, _ = assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), True)
    named = dict(zip(kept["row"].to_pylist(), kept["group_id"].to_pylist(), strict=True))
    assert named == {0: "g", 1: "g-kept", 3: "h", 4: "h", 5: "k", 6: "l", 7: "m"}


def test_nothing_is_merged_into_what_is_gone() -> None:
    name = SAMPLES["sample_id"][3].as_py()
    there = decision(Action.MERGE, {"into": SAMPLES["sample_id"][4].as_py()})
    gone = decision(Action.MERGE, {"into": "0" * 64})
    assert disposition(settle([], {name: there}), 3)["disposition"] == Disposition.DROP
    assert disposition(settle([], {name: gone}), 3)["disposition"] == Disposition.KEEP


@given(
    st.lists(
        st.tuples(
            st.integers(0, 7),
            st.sampled_from([*DEFAULT_POLICY, "made_up"]),
            st.sampled_from(list(Severity)),
        ),
        max_size=20,
    ),
    st.dictionaries(
        st.integers(0, 7), st.sampled_from([Action.KEEP, Action.DROP, Action.RELABEL]), max_size=4
    ),
    st.sampled_from(list(Role)),
)
def test_kept_and_set_aside_are_the_input(found: Any, decided: Any, role: Role) -> None:
    samples = make_samples(TEXTS, role=role.value)
    ids = samples["sample_id"].to_pylist()
    decisions = {
        ids[row]: decision(action, {"label": "a"} if action is Action.RELABEL else None)
        for row, action in decided.items()
    }
    judgement = settle([finding(*f) for f in found], decisions, samples)
    edits = judgement.edits
    kept, aside = assemble(samples, judgement.dispositions, edits, SplitSettings(), has_evaluation=True)
    assert Counter(kept["row"].to_pylist() + aside["row"].to_pylist()) == Counter(range(8))
    assert count_rows(kept, aside)["input"] == 8
    assert all(row["reason"] and row["check"] for row in aside.to_pylist())
    assert all(row["edited_from"] for row in kept.to_pylist() if row["disposition"] == "edit")


def test_severest_finding_settles_and_is_named() -> None:
    judgement = settle([finding(0, "label_noise"), finding(0, "near_duplicate"), finding(1, "label_noise")])
    assert disposition(judgement, 0) | {} == disposition(judgement, 0)
    assert (disposition(judgement, 0)["disposition"], disposition(judgement, 0)["check"]) == (
        "drop",
        "near_duplicate",
    )
    assert disposition(judgement, 1)["disposition"] == "quarantine"
    assert disposition(judgement, 2)["disposition"] == "keep"


def test_unnamed_check_goes_by_severity() -> None:
    judgement = settle([finding(0, "new", "critical"), finding(1, "new", "warning")])
    assert [disposition(judgement, i)["disposition"] for i in (0, 1)] == ["quarantine", "keep"]


def test_evaluation_rows_stay_when_they_are_merely_hard() -> None:
    samples = make_samples(TEXTS, role="evaluation")
    judgement = settle(
        [finding(0, "label_noise"), finding(1, "near_duplicate"), finding(2, "empty_input")], samples=samples
    )
    assert [disposition(judgement, i)["disposition"] for i in range(3)] == ["keep", "keep", "drop"]


def test_copy_of_a_doubtful_row_waits_beside_it() -> None:
    evidence = json.dumps({"canonical": {"row": 0}})
    judgement = settle([finding(0, "label_noise"), finding(1, "near_duplicate", evidence=evidence)])
    assert disposition(judgement, 1)["disposition"] == "quarantine"
    assert "label_noise" in disposition(judgement, 1)["reason"]
    sound = settle([finding(1, "near_duplicate", evidence=evidence)])
    assert disposition(sound, 1)["disposition"] == "drop"


def test_suggested_edit_is_made_and_keeps_its_origin() -> None:
    suggestion = json.dumps({"action": "edit", "input": "call [PHONE]"})
    judgement = settle([finding(3, "personal_data", suggestion=suggestion)])
    kept, _ = assemble(SAMPLES, judgement.dispositions, judgement.edits, SplitSettings(), has_evaluation=True)
    row = kept.to_pylist()[3]
    assert row["input"] == row["prompt"][-1]["content"] == "call [PHONE]"
    assert row["edited_from"] == SAMPLES["sample_id"][3].as_py() != row["sample_id"]


def test_personal_data_without_a_redaction_is_quarantined() -> None:
    assert disposition(settle([finding(3, "personal_data")]), 3)["disposition"] == "quarantine"


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [(Action.KEEP, {}, "keep"), (Action.DROP, {}, "drop"), (Action.RELABEL, {"label": "a"}, "edit")],
)
def test_decision_goes_before_findings(action: Action, payload: dict[str, str], expected: str) -> None:
    decided = {SAMPLES["sample_id"][0].as_py(): decision(action, payload)}
    judgement = settle([finding(0, "label_noise")], decided)
    assert disposition(judgement, 0)["disposition"] == expected
    assert disposition(judgement, 0)["decision_id"] == "d1"
    assert judgement.rescued == (0 if action is Action.DROP else 1)


def test_kept_sample_still_needs_one_copy_only() -> None:
    copies = make_samples([("same", "a"), ("same", "a")])
    decided = {copies["sample_id"][0].as_py(): decision(Action.KEEP)}
    judgement = settle([finding(0, "label_noise"), finding(1, "exact_duplicate")], decided, copies)
    assert [disposition(judgement, i)["disposition"] for i in (0, 1)] == ["keep", "drop"]


def test_relabel_changes_completion_and_hash() -> None:
    sample = SAMPLES.to_pylist()[0]
    edited = edit_sample(sample, {"label": "c"})
    assert edited["completion"] == [{"role": "assistant", "content": "c"}]
    assert edited["target"] == edited["label"] == "c"
    assert edited["sample_id"] != sample["sample_id"]
    assert edit_sample(edited, {"label": sample["label"]})["sample_id"] == sample["sample_id"]
    assert Disposition.EDIT == "edit"


def test_copies_found_by_the_witness_wait_for_their_canonical() -> None:
    from tasks.duplicates.find import find_duplicates
    from tasks.recipe import DuplicateSettings

    copies = make_samples([("the very same sentence, sent again", "a")] * 3, group_id=None)
    found = find_duplicates(copies, DuplicateSettings()).findings.to_pylist()
    canonical = ({0, 1, 2} - {f["row"] for f in found}).pop()
    judgement = settle([*found, finding(canonical, "label_noise")], samples=copies)
    assert set(judgement.dispositions["disposition"].to_pylist()) == {"quarantine"}
    assert Counter(settle(found, samples=copies).dispositions["disposition"].to_pylist()) == {
        "keep": 1,
        "drop": 2,
    }


@pytest.mark.parametrize(("action", "payload"), [(Action.KEEP, {}), (Action.RELABEL, {"label": "a"})])
def test_a_decision_about_something_else_leaves_no_personal_data_in(
    action: Action, payload: dict[str, str]
) -> None:
    suggestion = json.dumps({"action": "edit", "input": "text number [PHONE]"})
    findings = [finding(0, "label_noise"), finding(0, "personal_data", suggestion=suggestion)]
    [name, *_] = SAMPLES["sample_id"].to_pylist()
    told = decision(action, payload)
    judgement = settle(findings, {name: told | {"check": "label_noise"}})
    assert judgement.edits[0] == {"input": "text number [PHONE]"} | payload
    assert disposition(judgement, 0)["disposition"] == Disposition.EDIT
    kept = settle(findings, {name: decision(Action.KEEP) | {"check": "personal_data"}})
    assert disposition(kept, 0)["disposition"] == Disposition.KEEP
    assert kept.edits == {}

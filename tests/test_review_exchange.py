"""Decisions as files: the round trip loses nothing, and what another tool answered becomes a decision."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import make_sample, make_samples

from review.decisions import Format
from review.exchange import read_decisions, take_answers, write_decisions, write_queue
from tasks.errors import SeimaiError
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.filters import Filter
from tasks.ledger.moves import Choice
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, SAMPLE, Action, Disposition, build_table, canonical_json
from tasks.review_queue import build_queue

SAMPLES = make_samples([(f"湯沸かし {i} が動きません", "repair") for i in range(6)])


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    suggestion = canonical_json({"action": "relabel", "label": "delivery", "probability": 0.8})
    rows = [
        {"row": i, "sample_id": s, "stage": "label_noise", "check": "label_noise", "severity": "warning"}
        | {"score": 0.1, "reason": "so it seems", "suggestion": suggestion}
        for i, s in enumerate(SAMPLES["sample_id"].to_pylist())
    ]
    findings = build_table(rows, FINDING)
    settled = judge(SAMPLES, findings, {}, {}).dispositions
    queue = build_queue(SAMPLES, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    declared = {"labels": ["delivery", "repair", "配送"]}
    Desk(ledger).fill("intents", "snap", queue.items, queue.facts | declared)
    return ledger


def decide_some(ledger: Ledger) -> None:
    desk = Desk(ledger)
    for action, payload in ((Action.DROP, {}), (Action.RELABEL, {"label": "配送"}), (Action.KEEP, {})):
        item = desk.take_next(Filter("intents"), "aki")
        assert item
        choice = Choice(action, payload, "x" if payload else None, "other", "メモ\n二行目")
        desk.decide("intents", item["sample_id"], item["version"], choice, "aki")
    desk.undo(ledger.all_decisions()[0]["decision_id"], "ben")


def without_position(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "position"} for row in rows]


def test_the_round_trip_loses_nothing(ledger: Ledger, tmp_path: Path) -> None:
    decide_some(ledger)
    lines = list(write_decisions(ledger))
    other = Ledger(f"sqlite:///{tmp_path / 'other.db'}")
    assert read_decisions(other, lines) == 4
    assert read_decisions(other, lines) == 0  # what is known stays
    assert without_position(other.all_decisions()) == without_position(ledger.all_decisions())
    assert without_position(list(other.decisions().values())) == without_position(
        list(ledger.decisions().values())
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: the line: Invalid JSON"),
        ('{"decision_id": "d"}', "line 2: sample_id: Field required"),
        ('{"decision_id": "d", "color": "red"}', "line 2: "),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(
    ledger: Ledger, tmp_path: Path, line: str, said: str
) -> None:
    decide_some(ledger)
    other = Ledger(f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(SeimaiError, match=said):
        read_decisions(other, [next(write_decisions(ledger)), line])
    assert other.all_decisions() == []


def answer_tasks(tasks: list[dict[str, Any]], labels: list[str | None]) -> list[dict[str, Any]]:
    """As Label Studio exports them: None is a task that was skipped."""
    for task, label in zip(tasks, labels, strict=True):
        result = [
            {"from_name": "choice", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        ]
        task["annotations"] = [{"result": result if label else [], "was_cancelled": label is None}]
    return tasks


def answer_records(records: list[dict[str, Any]], labels: list[str | None]) -> list[dict[str, Any]]:
    for record, label in zip(records, labels, strict=True):
        if label:
            record["responses"] = {"choice": [{"value": label, "user_id": "u", "status": "submitted"}]}
    return records


@pytest.mark.parametrize(
    ("form", "answer"), [(Format.LABEL_STUDIO, answer_tasks), (Format.ARGILLA, answer_records)]
)
def test_answers_of_another_tool_become_decisions(
    ledger: Ledger, tmp_path: Path, form: Format, answer: Any
) -> None:
    entries = list(write_queue(Desk(ledger), "intents", form))
    assert len(entries) == 6
    assert "delivery" in json.dumps(entries)  # the suggestion went along
    path = tmp_path / "answered.json"
    path.write_text(
        json.dumps(answer(entries, ["delivery", "repair", "配送", None, None, None])), encoding="utf-8"
    )
    assert take_answers(ledger, path, form, "ben") == (3, 3)
    decided = [(d["action"], d["payload"].get("label"), d["origin"]) for d in ledger.all_decisions()]
    assert decided == [("relabel", "delivery", form), ("keep", None, form), ("relabel", "配送", form)]
    assert take_answers(ledger, path, form, "ben") == (0, 6)  # once only


@pytest.mark.parametrize(
    ("form", "answer"), [(Format.LABEL_STUDIO, answer_tasks), (Format.ARGILLA, answer_records)]
)
def test_a_label_that_nobody_knows_is_refused_by_entry(
    ledger: Ledger, tmp_path: Path, form: Format, answer: Any
) -> None:
    entries = list(write_queue(Desk(ledger), "intents", form))
    path = tmp_path / "answered.json"
    for given, said in (("delivry", r"entry 2 .*'delivry'.*mean 'delivery'"), ("zzz", "Known are: delivery")):
        path.write_text(json.dumps(answer(entries, ["delivery", given, *[None] * 4])), encoding="utf-8")
        with pytest.raises(SeimaiError, match=said):
            take_answers(ledger, path, form, "ben")
    assert ledger.all_decisions() == []


def test_a_span_s_label_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 3, "label": "CITY"}]
    sample = make_sample(0, "Ulm or Bonn", "x") | {"label": None, "spans": spans}
    samples = build_table([sample], SAMPLE)
    found = {"row": 0, "sample_id": sample["sample_id"], "stage": "x", "check": "x", "severity": "warning"}
    findings = build_table([found | {"reason": "so"}], FINDING)
    settled = judge(samples, findings, {"x": Disposition.QUARANTINE}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    Desk(ledger).fill("cities", "snap", queue.items, queue.facts)
    path = tmp_path / "answered.json"
    for label, count in (("CITI", 0), ("CITY", 1)):
        value = {"start": 7, "end": 11, "labels": [label]}
        own = {"start": 0, "end": 3, "labels": ["CITY"]}
        result = [{"type": "labels", "value": one} for one in (own, value)]
        entries = list(write_queue(Desk(ledger), "cities", Format.LABEL_STUDIO))
        entries[0]["annotations"] = [{"result": result}]
        path.write_text(json.dumps(entries), encoding="utf-8")
        if count:
            assert take_answers(ledger, path, Format.LABEL_STUDIO, "ben") == (1, 0)
        else:
            with pytest.raises(SeimaiError, match=r"No span .*'CITI'.*mean 'CITY'"):
                take_answers(ledger, path, Format.LABEL_STUDIO, "ben")
        assert len(ledger.all_decisions()) == count


def test_a_file_of_another_kind_is_refused_by_entry(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "answered.json"
    entries = answer_tasks(list(write_queue(Desk(ledger), "intents", Format.LABEL_STUDIO)), ["delivery"] * 6)
    path.write_text(json.dumps([*entries[:2], {"data": {}}]), encoding="utf-8")
    with pytest.raises(SeimaiError, match="entry 3"):
        take_answers(ledger, path, Format.LABEL_STUDIO, "ben")
    assert ledger.all_decisions() == []

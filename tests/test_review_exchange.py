"""Decisions as files: the round trip loses nothing, and what another tool answered becomes a decision."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import make_sample, make_samples, rows_at_hand
from typer.testing import CliRunner

from review.decisions import Format
from review.decisions import app as decisions_app
from review.exchange import read_decisions, take_answers, write_decisions, write_queue
from review.suggestions import suggest
from tasks.errors import SeimaiError
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.filters import Filter
from tasks.ledger.moves import Choice, LostRaceError
from tasks.ledger.people import People
from tasks.ledger.tables import QUEUE
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, SAMPLE, Action, Disposition, Task, build_table, canonical_json
from tasks.review_queue import build_queue
from tasks.storage import open_workspace
from tasks.wording.told import told_by

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


def relabelled(label: str, number: int = 0, **fields: Any) -> str:
    """A line of a ledger that is not this one."""
    row = {"decision_id": f"d{number}", "sample_id": SAMPLES["sample_id"][number].as_py(), "reason": ""}
    row |= {"action": "relabel", "payload": {"label": label}, "actor": "cho", "recipe": "intents"}
    return json.dumps(row | {"created": f"2026-01-0{number + 1}T00:00:00+00:00"} | fields)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"label": 5}, "label must be a string, got 5"),
        ({"colour": "red"}, "'colour' is nothing that a decision changes"),
        ({"spans": "0-4"}, "spans must be a list"),
        ({"spans": [{"start": "0", "end": 4, "label": "CITY"}]}, "spans must be a list"),
    ],
)
def test_a_change_that_no_run_could_apply_is_refused(
    ledger: Ledger, payload: dict[str, Any], said: str
) -> None:
    with pytest.raises(SeimaiError, match=f"line 1: payload: .*{said}.*nothing was imported"):
        read_decisions(ledger, [relabelled("a", payload=payload)])
    assert ledger.all_decisions() == []


def test_a_line_with_a_label_that_nobody_knows_is_refused(ledger: Ledger) -> None:
    good = relabelled("delivery")
    marked = {"action": "spans", "payload": {"spans": [{"start": 0, "end": 2, "label": "zz"}]}}
    for bad, said in (
        (relabelled("delivry", 1), r"line 3 \(sample \w{12}\): .*'delivry'.*mean 'delivery'.*Nothing was"),
        (relabelled("delivry", 1, recipe=None), "mean 'delivery'"),  # by the queue that holds the sample
        (relabelled("", 1, **marked, recipe="places"), "No span .*'zz'"),
        ("\n".join([relabelled("q", 1), relabelled("r", 2)]), "1 more line gives"),
    ):
        fill_with_spans(ledger)
        with pytest.raises(SeimaiError, match=said) as refused:
            read_decisions(ledger, ["", good, *bad.split("\n")])
        assert "行目" in told_by(refused.value).ja
        assert ledger.all_decisions() == []
    assert read_decisions(ledger, [good, relabelled("delivry", 1)], any_label=True) == 2


def test_of_several_labels_in_a_line_each_is_looked_at(ledger: Ledger) -> None:
    facts = {"labels": ["a", "b"], "multi_label": True}
    Desk(ledger).fill("several", "snap", rows_at_hand([]), facts)
    with pytest.raises(SeimaiError, match="no label 'q'"):
        read_decisions(ledger, [relabelled("a | q", recipe="several")])
    assert read_decisions(ledger, [relabelled("b | a", recipe="several")]) == 1


def test_a_label_that_the_recipe_gave_up_comes_in_where_it_changes_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    decide_some(ledger)
    lines = list(write_decisions(ledger))
    Desk(ledger).fill("intents", "snap", rows_at_hand([]), {"labels": ["repair", "refund"]})
    assert read_decisions(ledger, lines) == 0  # it holds them
    assert read_decisions(ledger, [relabelled("old", 4)], any_label=True) == 1
    taken_back = {"decision_id": "d9", "action": "retract", "payload": {}, "created": "2026-02-01T00:00:00"}
    assert read_decisions(ledger, [relabelled("older", 5), relabelled("", 5, **taken_back)]) == 2
    other = Ledger(f"sqlite:///{tmp_path / 'other.db'}")
    every = list(write_decisions(ledger))
    assert read_decisions(other, every) == len(every)  # before a run, nothing is known
    gone = {"label": "[erased]", "spans": "[erased]"}
    erased = relabelled("", 3, payload=gone, created="2100-01-01T00:00:00")
    assert read_decisions(ledger, [erased]) == 1


def test_a_reason_with_any_line_separator_comes_in_again(ledger: Ledger, tmp_path: Path) -> None:
    item = Desk(ledger).take_next(Filter("intents"), "aki") or {}
    choice = Choice(Action.KEEP, {}, note="a\u2028b\x85c\rd\x0be")
    Desk(ledger).decide("intents", item["sample_id"], item["version"], choice, "aki")
    path, place = tmp_path / "decisions.jsonl", str(tmp_path / "other")
    (tmp_path / "other").mkdir()
    path.write_text("".join(write_decisions(ledger)), encoding="utf-8")
    done = CliRunner().invoke(decisions_app, ["import", str(path), "-w", place], catch_exceptions=False)
    assert done.output == "1 decisions added\n"
    [row] = Ledger(open_workspace(place).ledger_url).all_decisions()
    assert row["reason"] == choice.note


def test_a_decision_on_the_page_meanwhile_leaves_nothing_half_imported(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answered.json"
    tasks = answer_tasks(list(write_queue(Desk(ledger), "intents", Format.LABEL_STUDIO)), ["delivery"] * 6)
    path.write_text(json.dumps(tasks), encoding="utf-8")
    count = People.count_reviewers

    def decide_meanwhile(people: People) -> int:
        Desk(ledger).decide("intents", tasks[3]["data"]["sample_id"], 1, Choice(Action.KEEP, {}), "aki")
        return count(people)

    monkeypatch.setattr(People, "count_reviewers", decide_meanwhile)
    with pytest.raises(LostRaceError):
        take_answers(ledger, path, Format.LABEL_STUDIO, "ben")
    assert [row["actor"] for row in ledger.all_decisions()] == ["aki"]


def test_a_sample_that_is_answered_twice_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "answered.json"
    tasks = answer_tasks(list(write_queue(Desk(ledger), "intents", Format.LABEL_STUDIO)), ["delivery"] * 6)
    path.write_text(json.dumps([*tasks, tasks[1]]), encoding="utf-8")
    with pytest.raises(SeimaiError, match=r"entry 7 .* entry 2 answers it too"):
        take_answers(ledger, path, Format.LABEL_STUDIO, "ben")
    assert ledger.all_decisions() == []


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


def fill_with_spans(ledger: Ledger) -> dict[str, Any]:
    """Four texts with labelled spans; returns the first item."""
    rows = [("山田が大阪に来る", [(0, 2, "PER"), (3, 5, "PER")]), ("鈴木", [(0, 2, "PER")]), ("雨", [])]
    rows += [("京都", [(0, 2, "LOC")])]
    samples = make_samples([(text, "x") for text, _ in rows]).to_pylist()
    for sample, (_, spans) in zip(samples, rows, strict=True):
        named = [dict(zip(("start", "end", "label"), span, strict=True)) for span in spans]
        sample |= {"task": Task.TOKEN_CLASSIFICATION.value, "label": None, "spans": named}
    table = build_table(samples, SAMPLE)
    found = [
        {"row": i, "sample_id": row["sample_id"], "stage": "label_noise", "check": "label_noise"}
        | {"severity": "warning", "score": 0.1, "reason": "", "evidence": "{}"}
        for i, row in enumerate(samples)
    ]
    findings = build_table(found, FINDING)
    settled = judge(table, findings, {}, {}).dispositions
    queue = build_queue(table, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    Desk(ledger).fill("places", "snap", queue.items, queue.facts)
    return Desk(ledger).item(samples[0]["sample_id"], "places") or {}


def test_spans_go_out_and_an_answer_without_any_removes_them(ledger: Ledger, tmp_path: Path) -> None:
    first = fill_with_spans(ledger)
    tasks = {t["data"]["text"]: t for t in write_queue(Desk(ledger), "places", Format.LABEL_STUDIO)}
    [own] = tasks["山田が大阪に来る"]["predictions"]
    assert [(r["type"], r["value"]["text"], r["value"]["labels"]) for r in own["result"]] == [
        ("labels", "山田", ["PER"]),
        ("labels", "大阪", ["PER"]),
    ]
    records = list(write_queue(Desk(ledger), "places", Format.ARGILLA))
    assert {len(record["suggestions"]["label"]["value"]) for record in records} == {0, 1, 2}
    mended = [dict(region, value=dict(region["value"])) for region in own["result"]]
    mended[1]["value"]["labels"] = ["LOC"]
    for text, result in (("山田が大阪に来る", mended), ("鈴木", []), ("雨", [])):
        tasks[text]["annotations"] = [{"result": result}]
    path = tmp_path / "answered.json"
    path.write_text(json.dumps(list(tasks.values())), encoding="utf-8")
    assert take_answers(ledger, path, Format.LABEL_STUDIO, "ben") == (3, 1)
    decided = {row["sample_id"]: (row["action"], row["payload"]) for row in ledger.all_decisions()}
    spans = [{"start": 0, "end": 2, "label": "PER"}, {"start": 3, "end": 5, "label": "LOC"}]
    assert decided.pop(first["sample_id"]) == ("spans", {"spans": spans})
    assert sorted(decided.values(), key=str) == [("keep", {}), ("spans", {"spans": []})]


def test_an_answer_about_an_overlap_item_is_one_of_two_opinions(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(QUEUE.update().values(overlap=True))
    path = tmp_path / "answered.json"
    tasks = list(write_queue(Desk(ledger), "intents", Format.LABEL_STUDIO))
    path.write_text(json.dumps(answer_tasks(tasks, ["delivery"] + [None] * 5)), encoding="utf-8")
    people = People(ledger)
    for name in ("ben", "cho"):
        people.add(name, "reviewer", "scrypt$1$1$1$$", "test")
    assert take_answers(ledger, path, Format.LABEL_STUDIO, "ben") == (1, 5)
    assert ledger.all_decisions() == []
    assert take_answers(ledger, path, Format.LABEL_STUDIO, "ben") == (0, 6)  # ben has spoken
    assert take_answers(ledger, path, Format.LABEL_STUDIO, "cho") == (1, 5)
    [decision] = ledger.all_decisions()
    assert (decision["action"], decision["origin"], decision["actor"]) == ("relabel", "overlap", "ben, cho")


def test_doubtful_tokens_are_offered_with_the_likelier_label(ledger: Ledger) -> None:
    item = fill_with_spans(ledger)

    def token(start: int, end: int, suggested: str) -> dict[str, Any]:
        return {"start": start, "end": end, "suggested": suggested, "suggested_probability": 0.9}

    def offered(*tokens: dict[str, Any]) -> list[tuple[str, list[tuple[int, int, str]]]]:
        finding = item["findings"][0] | {"evidence": json.dumps({"tokens": tokens})}
        return [
            (one.text, [(s["start"], s["end"], s["label"]) for s in one.payload["spans"]])
            for one in suggest(item | {"findings": [finding]}, "ja")
        ]

    assert offered(token(3, 4, "LOC"), token(4, 5, "PER")) == [
        ("「大阪」: PER → LOC", [(0, 2, "PER"), (3, 5, "LOC")])
    ]
    assert offered(token(0, 1, "O")) == [("「山田」: PER → 範囲なし", [(3, 5, "PER")])]
    assert offered(token(6, 7, "ACT"), token(7, 8, "ACT")) == [
        ("「来る」: 範囲なし → ACT", [(0, 2, "PER"), (3, 5, "PER"), (6, 8, "ACT")])
    ]
    assert offered(token(0, 1, "PER")) == []


def test_a_file_of_another_kind_is_refused_by_entry(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "answered.json"
    entries = answer_tasks(list(write_queue(Desk(ledger), "intents", Format.LABEL_STUDIO)), ["delivery"] * 6)
    path.write_text(json.dumps([*entries[:2], {"data": {}}]), encoding="utf-8")
    with pytest.raises(SeimaiError, match="entry 3"):
        take_answers(ledger, path, Format.LABEL_STUDIO, "ben")
    assert ledger.all_decisions() == []

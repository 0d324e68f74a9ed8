"""Redaction by a steward: what is taken out, what is on record, and what is refused."""

import json
import re
from typing import Any

import pytest
from conftest import make_sample, make_samples
from review_client import ORIGIN, form_at, room_of
from starlette.testclient import TestClient

from review.redact import make_redaction, move_apart
from review.room import Room
from tasks.edits import edit_sample
from tasks.errors import SeimaiError
from tasks.judge import judge
from tasks.ledger.moves import State
from tasks.privacy import Kind, Span
from tasks.recipe import PrivacySettings, ReviewSettings, SplitSettings
from tasks.records import FINDING, SAMPLE, Action, Disposition, Task, build_table
from tasks.review_queue import build_queue
from tasks.snapshot import assemble

TEXT = "担当の白鳥です。電話は090-1234-5678、メールはtaro@example.co.jpです。白鳥までお願いします。"
PHONE, MAIL = "090-1234-5678", "taro@example.co.jp"


def fill(room: Room, blind: bool = False) -> Any:
    samples = make_samples([(TEXT, "修理"), ("湯沸かしが動きません。", "修理")])
    rows = [
        {"row": i, "sample_id": samples["sample_id"][i].as_py(), "stage": "quality", "check": "garbled_text",
         "severity": "warning", "score": 0.5, "threshold": 0.4, "reason": "so it seems", "evidence": "{}"}
        for i in range(2)
    ]  # fmt: skip
    findings = build_table(rows, FINDING)
    settled = judge(samples, findings, {}, {}).dispositions
    settings = ReviewSettings(random_share=0, overlap_share=1.0 if blind else 0)
    queue = build_queue(samples, settled, findings, settings, 0)
    room.desk.fill("intents", "snap", queue.items, queue.facts)
    return samples, findings


def post(client: TestClient, name: str, **fields: str) -> Any:
    """What a browser sends: the form as it stands, its ticks with it, changed by `fields` ("" unticks)."""
    form = form_at(client, f"/items/{name}/redact", "/redact")
    data = {
        key: value for key, value in (form["fields"] | fields).items() if value or not key.startswith("span_")
    }
    return client.post(form["action"], data=data, headers=ORIGIN, follow_redirects=False)


def test_suggested_spans_are_taken_out_and_taken_back(alone: TestClient) -> None:
    room = room_of(alone)
    samples, findings = fill(room)
    name = samples["sample_id"][0].as_py()
    page = alone.get(f"/items/{name}/redact").text
    assert len(re.findall(r'type="checkbox" name="span_input_[^"]*" value="yes" checked', page)) == 2
    answer = post(alone, name)
    assert answer.status_code == 303
    [decision] = room.ledger.all_decisions()
    assert (decision["action"], decision["reason_code"]) == ("edit", "redact")
    assert decision["payload"] == {"input": TEXT.replace(PHONE, "[PHONE]").replace(MAIL, "[EMAIL]")}
    assert PHONE not in str(decision)
    judgement = judge(samples, findings, {}, room.ledger.decisions())
    kept, _ = assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), False)
    assert kept["input"].to_pylist() == [decision["payload"]["input"]]
    undo = form_at(alone, answer.headers["location"], "/undo")
    assert (
        alone.post(undo["action"], data=undo["fields"], headers=ORIGIN, follow_redirects=False).status_code
        == 303
    )
    assert room.ledger.decisions() == {}
    assert room.desk.item(name)["state"] == State.OPEN


def test_suggestions_follow_the_recipe_and_what_the_run_told_of(alone: TestClient) -> None:
    """The company's own telephone number is no secret, and a name was found by what the page does not run."""
    room = room_of(alone)
    samples = make_samples([(TEXT, "修理")])
    name, at = samples["sample_id"][0].as_py(), TEXT.index("白鳥")
    span = {"field": "input", "start": at, "end": at + 2, "kind": "PERSON", "confidence": 0.85}
    told = {"row": 0, "sample_id": name, "stage": "privacy", "check": "personal_data", "severity": "warning",
            "score": 1.0, "threshold": 1.0, "reason": "holds personal data: PERSON",
            "evidence": json.dumps({"spans": [span | {"masked": "白*"}]})}  # fmt: skip
    findings = build_table([told], FINDING)
    settled = judge(samples, findings, {"personal_data": Disposition.QUARANTINE}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    settings = PrivacySettings(allow_list=(PHONE,)).model_dump(mode="json")
    room.desk.fill("intents", "snap", queue.items, queue.facts | {"privacy": settings})
    assert post(alone, name).status_code == 303
    [decision] = room.ledger.all_decisions()
    assert decision["payload"] == {"input": TEXT.replace("白鳥", "[PERSON]", 1).replace(MAIL, "[EMAIL]")}


def test_named_words_are_taken_out_wherever_they_stand(alone: TestClient) -> None:
    room = room_of(alone)
    name = fill(room)[0]["sample_id"][0].as_py()
    page = alone.get(f"/items/{name}/redact").text
    unticked = dict.fromkeys(re.findall(r'name="(span_[^"]*)"', page), "")
    assert post(alone, name, redact_text=" 白鳥 ", redact_kind="PERSON", **unticked).status_code == 303
    [decision] = room.ledger.all_decisions()
    assert decision["payload"] == {"input": TEXT.replace("白鳥", "[PERSON]")}


def test_what_cannot_be_done_is_said_and_nothing_typed_is_lost(alone: TestClient) -> None:
    room = room_of(alone)
    name = fill(room)[0]["sample_id"][0].as_py()
    page = alone.get(f"/items/{name}/redact").text
    unticked = dict.fromkeys(re.findall(r'name="(span_[^"]*)"', page), "")
    alone.headers["accept-language"] = "ja"
    for fields, said in [
        ({}, "何も選ばれていません"),
        ({"redact_text": "白鳥"}, "種類を選んでください"),
        ({"redact_text": "白鳥", "redact_kind": "NICKNAME"}, "種類を選んでください"),
        ({"redact_text": "黒鳥", "redact_kind": "PERSON"}, "どこにもありません"),
    ]:
        answer = post(alone, name, note="十分に長いメモ", **unticked, **fields)
        assert answer.status_code == 422
        assert said in answer.text
        assert "十分に長いメモ" in answer.text
        assert f'value="{fields.get("redact_text", "")}"' in answer.text
        assert not re.search(r'type="checkbox" name="span_[^>]* checked', answer.text)
    assert room.ledger.all_decisions() == []


def test_a_lost_race_keeps_what_was_typed(alone: TestClient) -> None:
    room = room_of(alone)
    name = fill(room)[0]["sample_id"][0].as_py()
    room.desk.save_draft("intents", name, "aki", {"label": "返金"})
    answer = post(alone, name, redact_text="白鳥", redact_kind="PERSON", version="99")
    assert answer.status_code == 409
    typed = {"label": "返金", "redact_text": "白鳥", "redact_kind": "PERSON"}
    assert room.desk.draft("intents", name, "aki") == typed
    assert 'value="白鳥"' in alone.get(f"/items/{name}/redact").text


def test_blind_items_get_no_suggestions_and_named_words_work(alone: TestClient) -> None:
    room = room_of(alone)
    name = fill(room, blind=True)[0]["sample_id"][0].as_py()
    page = alone.get(f"/items/{name}/redact").text
    assert 'name="span_' not in page
    assert "<mark>" not in page
    assert post(alone, name, redact_text=MAIL, redact_kind="EMAIL").status_code == 303


def test_words_are_found_in_full_and_half_width() -> None:
    sample = make_sample(0, "番号は０９０です。090。", "a")
    choice = make_redaction(sample, [], {"redact_text": "090", "redact_kind": "PHONE"}, "")
    assert choice.payload == {"input": "番号は[PHONE]です。[PHONE]。"}


def test_labelled_spans_move_with_the_text() -> None:
    text = "山田がABC社の鈴木に会う"
    labels = [(0, 2, "PER"), (3, 7, "ORG"), (8, 10, "PER")]
    spans = [dict(zip(("start", "end", "label"), label, strict=True)) for label in labels]
    changed = {"task": Task.TOKEN_CLASSIFICATION.value, "label": None, "spans": spans}
    made = make_sample(0, text, "x") | changed
    sample = build_table([made], SAMPLE).to_pylist()[0]
    choice = make_redaction(sample, [], {"redact_text": "ABC社の", "redact_kind": "PERSON"}, "")
    assert (choice.action, choice.reason_code) == (Action.SPANS, "redact")
    after = edit_sample(sample, choice.payload)
    assert after["input"] == "山田が[PERSON]鈴木に会う"
    assert [after["input"][s["start"] : s["end"]] for s in after["spans"]] == ["山田", "[PERSON]", "鈴木"]


def test_spans_that_would_overlap_are_refused() -> None:
    labels = [{"start": 0, "end": 3, "label": "A"}, {"start": 3, "end": 6, "label": "B"}]
    with pytest.raises(SeimaiError, match="overlap"):
        move_apart(labels, [Span(2, 4, Kind.PERSON)])

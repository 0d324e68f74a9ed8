"""Redaction of samples with labelled spans: the text changes, and the labels stand where they stood."""

import json
from typing import Any

import pyarrow as pa
import pytest
from conftest import make_sample

from review.decide import make_choice
from review.labels import KnownLabels
from review.suggestions import suggest
from tasks.edits import Put, move_labels, put_in
from tasks.ingest.builders.entities import entities_as_json
from tasks.judge import judge
from tasks.privacy import find_personal_data, find_personal_data_stage
from tasks.recipe import PrivacySettings, SplitSettings
from tasks.records import SAMPLE, Action, PersonalAction, Task, build_table, sample_id
from tasks.snapshot import assemble
from tasks.storage import Workspace

KEY = bytes(range(32))
TEXT = "My name is John Smith, mail john@example.com, I live in Osaka."


def label(text: str, words: str, name: str) -> dict[str, Any]:
    at = text.index(words)
    return {"start": at, "end": at + len(words), "label": name}


def entities(text: str, *labels: tuple[str, str], row: int = 0) -> dict[str, Any]:
    """A token-classification sample."""
    spans = [label(text, words, name) for words, name in labels]
    prompt = [{"role": "user", "content": text}]
    completion = [{"role": "assistant", "content": entities_as_json(text, spans)}]
    return make_sample(row, text, "") | {
        "task": Task.TOKEN_CLASSIFICATION.value,
        "prompt": prompt,
        "completion": completion,
        "target": completion[0]["content"],
        "label": None,
        "spans": spans,
        "sample_id": sample_id(Task.TOKEN_CLASSIFICATION.value, prompt, completion, None),
    }


def curate(
    row: dict[str, Any], decisions: dict[str, Any] | None = None, **settings: Any
) -> tuple[pa.Table, pa.Table]:
    """The sample as the snapshot keeps it, and as it sets it aside."""
    samples = build_table([row], SAMPLE)
    found = find_personal_data(samples, PrivacySettings(**settings), KEY)
    judged = judge(samples, found, {}, decisions or {})
    return assemble(samples, judged.dispositions, judged.edits, SplitSettings(), has_evaluation=True)


def labelled(sample: dict[str, Any]) -> list[tuple[str, str]]:
    """Words and label of each span; the answer says the same."""
    told = [(sample["input"][s["start"] : s["end"]], s["label"]) for s in sample["spans"]]
    assert [(e["text"], e["label"]) for e in json.loads(sample["target"])] == told
    assert sample["completion"] == [{"role": "assistant", "content": sample["target"]}]
    assert sample["prompt"][-1]["content"] == sample["input"]
    return told


def test_a_placeholder_takes_the_label_of_what_it_replaces() -> None:
    kept, aside = curate(entities(TEXT, ("John Smith", "NAME"), ("Osaka", "CITY")))
    (sample,) = kept.to_pylist()
    assert len(aside) == 0
    assert sample["input"] == "My name is [PERSON], mail [EMAIL], I live in Osaka."
    assert labelled(sample) == [("[PERSON]", "NAME"), ("Osaka", "CITY")]
    assert sample["disposition"] == "edit"
    assert sample["sample_id"] != sample["edited_from"]


def test_the_rest_of_a_label_stays_in_it() -> None:
    text = "連絡先は山田商店 03-1234-5678 です。大阪支店へ"
    kept, _ = curate(entities(text, ("山田商店 03-1234-5678", "SHOP"), ("大阪支店", "PLACE")))
    assert labelled(kept.to_pylist()[0]) == [("山田商店 [PHONE]", "SHOP"), ("大阪支店", "PLACE")]


def test_pseudonyms_of_any_length_move_the_labels() -> None:
    kept, _ = curate(
        entities(TEXT, ("John Smith", "NAME"), ("Osaka", "CITY")), otherwise=PersonalAction.PSEUDONYM
    )
    (name, kind), city = labelled(kept.to_pylist()[0])
    assert city == ("Osaka", "CITY")
    assert (kind, name[0].isupper(), "Smith" in name) == ("NAME", True, False)


@pytest.mark.parametrize("words", ["John", "name is John", "is John Smith, mail john"])
def test_a_value_that_is_partly_in_a_label_holds_the_sample_back(words: str) -> None:
    kept, aside = curate(entities(TEXT, (words, "ODD")))
    assert (len(kept), aside["disposition"].to_pylist()) == (0, ["quarantine"])


def test_a_sample_without_labels_is_redacted_too() -> None:
    kept, _ = curate(entities(TEXT))
    assert labelled(kept.to_pylist()[0]) == []
    assert "john" not in kept["input"][0].as_py()


def test_the_answer_of_labelled_spans_is_not_counted_twice() -> None:
    (finding,) = find_personal_data(build_table([entities(TEXT, ("John Smith", "NAME"))], SAMPLE)).to_pylist()
    assert finding["score"] == 2
    assert {span["field"] for span in json.loads(finding["evidence"])["spans"]} == {"input"}
    assert "John" not in json.dumps(finding)


def test_a_stewards_new_spans_move_with_the_text() -> None:
    """What is decided about other checks lets the redaction stand."""
    row = entities(TEXT, ("John Smith", "NAME"))
    spans = [label(TEXT, "John Smith", "PERSON"), label(TEXT, "Osaka", "CITY")]
    decision = {
        "action": Action.SPANS,
        "payload": {"spans": spans},
        "reason": "",
        "actor": "aki",
        "decision_id": "d1",
        "check": "label_noise",
    }
    kept, _ = curate(row, {row["sample_id"]: decision})
    assert labelled(kept.to_pylist()[0]) == [("[PERSON]", "PERSON"), ("Osaka", "CITY")]
    cut = [label(TEXT, "name is John", "A"), label(TEXT, " Smith", "B")]
    kept, aside = curate(row, {row["sample_id"]: decision | {"payload": {"spans": cut}}})
    assert (len(kept), aside["disposition"].to_pylist()) == (0, ["quarantine"])


def test_the_suggestion_can_be_taken_on_the_page() -> None:
    row = entities(TEXT, ("John Smith", "NAME"), ("Osaka", "CITY"))
    findings = find_personal_data(build_table([row], SAMPLE)).to_pylist()
    (suggestion,) = suggest({"findings": findings, "sample": row}, "en")
    assert suggestion.text == "change the input to: My name is [PERSON], mail [EMAIL], I live in Osaka."
    choice = make_choice(row, suggestion.action, suggestion.payload, KnownLabels())
    assert choice.action is Action.SPANS
    assert choice.payload["spans"][0] == {"start": 11, "end": 19, "label": "NAME"}


def test_samples_of_one_id_and_other_spans_are_told_apart(workspace: Workspace) -> None:
    """The id is of the words, not of their places: what was said of the one is not said of the other."""
    text = "Osaka or Osaka? Mail jo@example.com"
    first = entities(text, ("Osaka", "CITY"))
    second = first | {"row": 1, "spans": [{"start": 9, "end": 14, "label": "CITY"}]}
    assert first["sample_id"] == second["sample_id"]
    ref = workspace.write_table(build_table([first, second], SAMPLE), "samples")
    found = workspace.read_table(find_personal_data_stage.fn(workspace, ref, PrivacySettings(), None))
    starts = [json.loads(s)["spans"][0]["start"] for s in found["suggestion"].to_pylist()]
    assert starts == [0, 9]


def test_labels_move_with_what_is_put_before_within_and_into_them() -> None:
    put = [Put(0, 2, "long"), Put(5, 6, ""), Put(8, 10, "x")]
    assert put_in("0123456789", put) == "long23467x"
    labels = [{"start": 2, "end": 7, "label": "A"}, {"start": 7, "end": 9, "label": "B"}]
    assert move_labels(labels, put) == [
        {"start": 4, "end": 8, "label": "A"},
        {"start": 8, "end": 10, "label": "B"},
    ]

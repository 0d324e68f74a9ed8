"""Prompts that share a passage: other questions about it are neither copies nor contradictions nor leaks."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tasks.duplicates.find import DuplicateResult, find_duplicates
from tasks.judge import judge
from tasks.leakage.find import find_leaks
from tasks.recipe import Compare, DuplicateSettings, LeakageSettings
from tasks.records import SAMPLE, Disposition, build_table

SETTINGS = DuplicateSettings()
EN = (
    "The invoice for the maintenance contract is sent on the first working day of each month. It lists the hours "
    "of every technician, the parts that were replaced, and the travel costs by site and by date of the visit. "
    "Objections are raised with the accounting department in writing."
)
JA = (
    "保守契約の請求書は毎月最初の営業日に発送されます。技術者ごとの作業時間、交換した部品、訪問先と訪問日ごとの交通費を"
    "明細として記載し、支払期限は発行日から三十日以内とします。ご不明な点は担当窓口までお問い合わせください。"
)
ASKED = {
    EN: ("When is the invoice sent?", "Which travel costs does it list?", "accounting"),
    JA: ("請求書はいつ発送されますか。", "交通費はどのように記載されますか。", "技術者"),
}
FORMS: list[Callable[[str, str], str]] = [
    lambda passage, question: f"{passage}\n\n{question}",
    lambda passage, question: f"{question}\n{passage}",
    lambda passage, question: f"{passage} {question}",
    lambda passage, question: f"Context: {passage}\nQuestion: {question}\nAnswer:",
    lambda passage, question: f"Answer from the text alone.\n\n{passage}\n\n{question.rstrip('?。')}",
]


def samples_of(*rows: dict[str, Any]) -> pa.Table:
    default = {"task": "text-generation", "role": "train", "source": "test", "uri": "t.jsonl"}
    filled = [
        default | {"row": i, "line": i + 1, "sample_id": f"s{i:04}"} | row for i, row in enumerate(rows)
    ]
    return build_table(filled, SAMPLE)


def checks(result: DuplicateResult) -> list[str]:
    return sorted(result.findings["check"].to_pylist())


@pytest.mark.parametrize("ask", FORMS)
@pytest.mark.parametrize("passage", [EN, JA])
@pytest.mark.parametrize("compare", ["prompt", "both"])
def test_other_questions_about_a_passage_stand(
    ask: Callable[[str, str], str], passage: str, compare: str
) -> None:
    one, other, _ = ASKED[passage]
    samples = samples_of(
        {"input": ask(passage, one), "target": "On the first working day."},
        {"input": ask(passage, other), "target": "Those of each visit, by site."},
    )
    result = find_duplicates(samples, DuplicateSettings(compare=Compare(compare)))
    assert checks(result) == []
    assert result.pairs["apart"].to_pylist() == [True]
    assert len(set(result.samples["group_id"].to_pylist())) == 1, "one split holds the passage"


@pytest.mark.parametrize("ask", FORMS)
@pytest.mark.parametrize("passage", [EN, JA])
def test_the_same_question_about_a_passage_is_a_copy_or_a_contradiction(
    ask: Callable[[str, str], str], passage: str
) -> None:
    question = ASKED[passage][0]
    edited = passage.replace("working", "business").replace("発送", "送付")
    for other, found in (
        ("Objections are raised in writing.", "disagreeing_near_duplicate"),
        (None, "near_duplicate"),
    ):
        rows = [
            {"input": ask(passage, question), "target": "On the first day."},
            {"input": ask(edited, question), "target": other or "On the first day."},
        ]
        assert set(checks(find_duplicates(samples_of(*rows), SETTINGS))) == {found}


def test_a_sentence_that_was_edited_is_no_question() -> None:
    """In a text of sentences and of lines, wherever the edit stands."""
    lines = EN.replace(". ", ".\n")
    for text in (EN, lines):
        for old, new in (("first working", "last working"), ("site", "place"), ("in writing", "by letter")):
            samples = samples_of(
                {"input": text, "target": "Noted."}, {"input": text.replace(old, new), "target": "Noted."}
            )
            assert checks(find_duplicates(samples, SETTINGS)) == ["near_duplicate"], (text, old)


def test_evidence_shows_what_differs() -> None:
    question = "On which day of the month is the invoice for the contract sent to us?"
    samples = samples_of(
        {"input": f"{EN}\n{question}", "target": "On the first working day."},
        {"input": f"{EN}\n{question} Please say so.", "target": "Nobody knows."},
    )
    for finding in find_duplicates(samples, SETTINGS).findings.to_pylist():
        evidence = json.loads(finding["evidence"])
        shown = [evidence["own"]["excerpt"], evidence["others"][0]["excerpt"]]
        assert sum("Please say so." in text for text in shown) == 1
        assert all(question[-20:] in text for text in shown)


@pytest.mark.parametrize("ask", FORMS[:4])
@pytest.mark.parametrize("passage", [EN, JA])
def test_a_passage_of_the_evaluation_set_is_told_and_drops_no_other_question(
    ask: Callable[[str, str], str], passage: str
) -> None:
    one, other, _ = ASKED[passage]
    samples = samples_of(
        {"input": ask(passage, one), "target": "The first."},
        {"input": ask(passage, other), "target": passage[:80], "role": "evaluation"},
        {
            "input": ask(passage, other.replace("?", ", please?").replace("。", "?")),
            "target": "Each visit's.",
        },
    )
    pairs = find_duplicates(samples, SETTINGS, 0.5).pairs
    leaks = find_leaks(samples, pairs, LeakageSettings()).findings
    verdicts = judge(samples, leaks, {}, {}).dispositions["disposition"].to_pylist()
    assert verdicts == [Disposition.KEEP, Disposition.KEEP, Disposition.DROP]
    [told] = [f for f in leaks.to_pylist() if f["row"] == 0]
    assert (told["check"], told["severity"], told["suggestion"]) == ("ngram_leak", "info", None)


def test_a_run_that_remembers_finds_the_same() -> None:
    rows = [
        {"input": f"{passage}\n{question}", "target": f"{number}"}
        for number, passage in enumerate((EN, JA, EN[90:], JA[25:]))
        for question in (*ASKED[EN], *ASKED[JA])
    ]
    memory = find_duplicates(samples_of(*rows[:9]), SETTINGS).memory
    again = find_duplicates(samples_of(*rows), SETTINGS, memory=memory)
    whole = find_duplicates(samples_of(*rows), SETTINGS)
    assert again.pairs.equals(whole.pairs)
    assert again.findings.equals(whole.findings)
    assert again.samples.equals(whole.samples)

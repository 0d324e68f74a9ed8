"""Texts that mean the same: told among training rows and of what is judged on, within a language and across."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.duplicates.find import find_duplicates
from tasks.duplicates.meaning import find_same_meaning, find_same_meaning_stage
from tasks.duplicates.pairs import find_pairs
from tasks.features import UNIVERSAL, EncoderRef, UniversalEncoder
from tasks.judge import judge
from tasks.leakage.find import find_leaks
from tasks.leakage.meaning import find_meaning_leaks, find_meaning_leaks_stage
from tasks.meaning import CALIBRATED, choose_cosines, find_items, find_same
from tasks.recipe import DuplicateSettings, LeakageSettings, SplitSettings
from tasks.records import SAMPLE, build_table
from tasks.storage import Workspace

SETTINGS = DuplicateSettings()
COSINES = CALIBRATED[UNIVERSAL]
ENCODER = EncoderRef(source=UNIVERSAL, revision="test")
TRANSLATIONS = Path(__file__).with_name("translations.tsv")
Encode = Callable[[Sequence[str]], np.ndarray]


@pytest.fixture(scope="module")
def encode() -> Encode:
    return UniversalEncoder().encode


def samples_of(*rows: dict[str, Any], task: str = "text-classification") -> pa.Table:
    default = {"task": task, "role": "train", "source": "data/t.jsonl", "uri": "t.jsonl", "language": "en"}
    filled = [
        default | {"row": 10 + i, "line": i + 1, "sample_id": f"s{i}"} | row for i, row in enumerate(rows)
    ]
    return build_table(filled, SAMPLE)


def told(table: pa.Table) -> dict[int, dict[str, Any]]:
    found = {f["row"]: f | {"evidence": json.loads(f["evidence"])} for f in table.to_pylist()}
    assert len(found) == len(table)
    return found


def same_meaning(
    samples: pa.Table, encode: Encode, threshold: float = COSINES.within
) -> dict[int, dict[str, Any]]:
    pairs = find_pairs(samples, SETTINGS, SETTINGS.threshold)
    return told(find_same_meaning(samples, pairs, encode, threshold, SETTINGS))


def test_other_words_for_the_same_are_told_and_stay(encode: Encode) -> None:
    samples = samples_of(
        {"input": "Can I pay by credit card?", "label": "payment", "date": "2026-01-01"},
        {"input": "Is it possible to pay with a credit card?", "label": "payment", "date": "2026-02-01"},
        {"input": "My parcel has been opened.", "label": "delivery"},
        {"input": "請求書を再送してください", "label": "billing"},
        {"input": "請求書をもう一度送ってください", "label": "delivery"},
    )
    found = same_meaning(samples, encode)
    assert {row: f["check"] for row, f in found.items()} == {
        10: "same_meaning",
        11: "same_meaning",
        13: "disagreeing_same_meaning",
        14: "disagreeing_same_meaning",
    }
    assert (found[10]["severity"], found[13]["severity"]) == ("info", "warning")
    [other] = found[10]["evidence"]["others"]
    assert (other["row"], other["date"], other["source"]) == (11, "2026-02-01", "data/t.jsonl")
    assert other["excerpt"] == "Is it possible to pay with a credit card?"
    assert 0.9 <= other["cosine"] == found[10]["score"] < 0.96
    assert found[10]["evidence"]["own"]["date"] == "2026-01-01"
    assert found[13]["reason"].startswith("row 14 means the same (cosine 0.92)")
    pairs = find_pairs(samples, SETTINGS, SETTINGS.threshold)
    findings = find_same_meaning(samples, pairs, encode, COSINES.within, SETTINGS)
    kept = judge(samples, findings, {}, {}).dispositions["disposition"].to_pylist()
    assert kept == ["keep"] * 5
    assert same_meaning(samples, encode, 0.97) == {}


def test_copies_are_told_by_their_letters_alone(encode: Encode) -> None:
    long = (
        "How can I pay the invoice of the last month by credit card, if the card is not mine but my brother's"
    )
    samples = samples_of(
        *(
            {"input": text, "label": "payment"}
            for text in (f"{long}?", f"{long}!", f"{long.upper()}?", f"Hello, {long}?")
        )
    )
    assert len(find_duplicates(samples, SETTINGS).findings) == 3
    assert same_meaning(samples, encode) == {}


def test_evaluation_rows_and_empty_ones_take_no_part(encode: Encode) -> None:
    one, other = "Can I pay by credit card?", "Is it possible to pay with a credit card?"
    assert same_meaning(samples_of({"input": one}, {"input": other, "role": "evaluation"}), encode) == {}
    assert same_meaning(samples_of({"input": ""}, {"input": " "}, {"input": "\n"}), encode) == {}


def test_answers_are_compared_in_meaning_too(encode: Encode) -> None:
    asked = ("Can I pay by credit card?", "Is it possible to pay with a credit card?")
    answers = {
        "same": ("Where can I see my invoices?", "Where do I find my invoices?"),
        "other": ("Yes, by card or by invoice.", "Our shops open at nine o'clock."),
    }
    for kind, check in (("same", "same_meaning"), ("other", "disagreeing_same_meaning")):
        rows = ({"input": q, "target": a} for q, a in zip(asked, answers[kind], strict=True))
        found = same_meaning(samples_of(*rows, task="text-generation"), encode)
        assert {f["check"] for f in found.values()} == {check}
        assert len(found) == 2


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("What is the colour of the Atlas lamp?", "Which colour does the Atlas lamp have?", True),
        ("What is the colour of the Atlas lamp?", "Which colour does the Comet lamp have?", False),
        ("What is the colour of lamp 12?", "Which colour does lamp 14 have?", False),
        ("京都の工場は何時に始まりますか？", "京都の工場は何時から始まりますか？", True),
        ("京都の工場は何時に始まりますか？", "大阪の工場は何時から始まりますか？", False),
    ],
)
def test_with_another_number_or_name_it_is_another_question(
    encode: Encode, one: str, other: str, told: bool
) -> None:
    rows = ({"input": one, "target": "It is red."}, {"input": other, "target": "At nine o'clock."})
    found = same_meaning(samples_of(*rows, task="text-generation"), encode, 0.6)
    assert {f["check"] for f in found.values()} == ({"disagreeing_same_meaning"} if told else set())
    labelled = ({"input": one, "label": "a"}, {"input": other, "label": "b"})
    assert len(same_meaning(samples_of(*labelled), encode, 0.6)) == 2


def test_a_lone_yes_means_what_was_asked_before(encode: Encode) -> None:
    def talk(question: str) -> list[dict[str, str]]:
        turns = [("assistant", question), ("user", "yes")]
        return [{"role": role, "content": content} for role, content in turns]

    rows = (
        {"prompt": talk(q), "input": "yes"} for q in ("Shall I close the account?", "Is the lamp still dark?")
    )
    assert same_meaning(samples_of(*rows, task="text-generation"), encode) == {}


def test_pairs_are_those_of_plain_python() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    vectors[150:] = vectors[:150] + rng.normal(scale=0.15, size=(150, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors @ vectors.T
    expected = {(i, j) for i in range(300) for j in range(i + 1, 300) if cosines[i, j] >= 0.9}
    found = find_same(vectors, 0.9)
    assert len(expected) > 100
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert found.cosine == pytest.approx(cosines[found.first, found.second])
    languages = rng.integers(-1, 2, 300)
    items = find_items(vectors, vectors, COSINES, languages, languages)
    across = (languages[:, None] != languages) & (languages[:, None] >= 0) & (languages >= 0)
    asked = np.argwhere(cosines >= np.where(across, COSINES.across, COSINES.within))
    assert np.array_equal(np.stack([items.first, items.second], axis=1), asked)


def meaning_leaks(samples: pa.Table, encode: Encode) -> dict[int, dict[str, Any]]:
    judged = np.array([role == "evaluation" for role in samples["role"].to_pylist()])
    links = find_leaks(samples, find_pairs(samples, SETTINGS, 0.5), LeakageSettings()).links
    vectors = encode([text or "" for text in samples["input"].to_pylist()])
    return told(find_meaning_leaks(samples, links, judged, vectors, COSINES))


def test_what_is_judged_on_is_found_in_other_words_and_in_another_language(encode: Encode) -> None:
    samples = samples_of(
        {"input": "Can I pay by credit card?"},
        {"input": "I want to change the delivery address."},
        {"input": "I want to change the billing address."},
        {"input": "Where can I see my invoices?"},
        {"input": "Is it possible to pay with a credit card?", "role": "evaluation"},
        {"input": "配送先の住所を変更したいです。", "role": "evaluation", "language": "ja"},
        {"input": "Where can I see my invoices?", "role": "evaluation"},
    )
    found = meaning_leaks(samples, encode)
    assert list(found) == [10, 11]
    assert {f["check"] for f in found.values()} == {"meaning_leak"}
    assert {f["severity"] for f in found.values()} == {"info"}
    assert found[10]["reason"] == "means the same as row 14 of the evaluation set t.jsonl (cosine 0.94)"
    assert found[11]["reason"].endswith("(cosine 0.77, en and ja)")
    assert found[11]["evidence"]["across"]
    assert found[11]["evidence"]["language"] == "en"
    assert found[11]["evidence"]["evaluation"][0]["language"] == "ja"
    assert (found[10]["threshold"], found[11]["threshold"]) == (COSINES.within, COSINES.across)


def test_translations_are_told_from_look_alikes(encode: Encode) -> None:
    """The figures that README states: at the cosine across languages, recall and what is taken wrongly."""
    lines = [line.split("\t") for line in TRANSLATIONS.read_text(encoding="utf-8").splitlines()]
    assert len(lines) >= 30
    japanese, english, lookalike = (encode([line[k] for line in lines]) for k in range(3))
    assert np.mean((japanese * english).sum(axis=1) >= COSINES.across) >= 0.45
    assert np.sum((japanese * lookalike).sum(axis=1) >= COSINES.across) == 0
    assert np.sum((english * lookalike).sum(axis=1) >= COSINES.within) == 0


def test_an_encoder_that_nobody_measured_is_named(workspace: Workspace) -> None:
    samples = workspace.write_table(samples_of({"input": "a"}, {"input": "b"}), "samples")
    pairs = workspace.write_table(find_pairs(workspace.read_table(samples), SETTINGS, 0.5), "pairs")
    other = EncoderRef(source="path:/models/mine", revision="1")
    refs = find_same_meaning_stage.fn(workspace, samples, pairs, other, SETTINGS)
    [note] = refs.notes
    assert "'path:/models/mine'; state duplicates.same_meaning" in note.en
    assert "「path:/models/mine」では" in note.ja
    assert refs.findings.rows == 0
    assert choose_cosines("path:/models/mine", 0.8) == (0.8, 0.8)


def test_stages_encode_once_and_store_findings(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = UniversalEncoder.encode

    def counting(self: UniversalEncoder, texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return real(self, texts)

    monkeypatch.setattr(UniversalEncoder, "encode", counting)
    table = samples_of(
        {"input": "Can I pay by credit card?", "label": "a"},
        {"input": "Is it possible to pay with a credit card?", "label": "b"},
        {"input": "Is paying by credit card possible?", "label": "a", "role": "evaluation"},
    )
    samples = workspace.write_table(table, "samples")
    result = find_duplicates(table, SETTINGS)
    pairs = workspace.write_table(result.pairs, "pairs")
    links = workspace.write_table(find_leaks(table, result.pairs, LeakageSettings()).links, "leaks")
    same = find_same_meaning_stage.fn(workspace, samples, pairs, ENCODER, SETTINGS)
    leaks = find_meaning_leaks_stage.fn(
        workspace, samples, links, ENCODER, LeakageSettings(), SplitSettings(), True
    )
    assert sorted(asked) == sorted(table["input"].to_pylist())
    assert workspace.read_table(same.findings)["check"].to_pylist() == ["disagreeing_same_meaning"] * 2
    assert set(workspace.read_table(leaks.findings)["check"].to_pylist()) == {"meaning_leak"}
    assert same.notes == leaks.notes == ()

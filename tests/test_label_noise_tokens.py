"""Wrong spans are found by their worst token, in both scripts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.label_noise.summary import describe_noise
from tasks.label_noise.tokens import cut_tokens, find_token_noise, find_token_noise_stage, label_tokens
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table
from tasks.storage import Workspace

FORMS = {
    "en": ["Please call {name} in {city} today.", "{name} has moved to {city}.", "Is {name} from {city}?"],
    "ja": [
        "本日{city}の{name}さんに電話してください。",
        "{name}さんは{city}に引っ越しました。",
        "{name}さんは{city}の方ですか。",
    ],
}
NAMES = {"en": ["Anna", "Peter", "Maria", "John", "Olga"], "ja": ["田中", "鈴木", "佐藤", "山口", "高橋"]}
CITIES = {"en": ["Paris", "London", "Oslo", "Rome", "Kyoto"], "ja": ["大阪", "京都", "横浜", "福岡", "札幌"]}


def corpus(language: str, size: int = 150) -> list[dict[str, Any]]:
    random, rows = np.random.default_rng(0), []
    for i in range(size):
        name, city = random.choice(NAMES[language]), random.choice(CITIES[language])
        text = FORMS[language][i % 3].format(name=name, city=city)
        spans = [
            {"start": text.index(word), "end": text.index(word) + len(word), "label": label}
            for word, label in ((name, "person"), (city, "city"))
        ]
        rows.append({"input": text, "spans": spans})
    return rows


def samples_of(rows: list[dict[str, Any]], task: str = "token-classification") -> pa.Table:
    default = {"task": task, "role": "train"}
    return build_table(
        [default | {"row": i, "sample_id": f"s{i}", "group_id": f"g{i}"} | row for i, row in enumerate(rows)],
        SAMPLE,
    )


def test_tokens_are_words_and_single_characters_of_scripts_without_spaces() -> None:
    assert [token.form for token in cut_tokens("Dr. O'Neil、東京 5号室")] == [
        *("Dr", ".", "O", "'", "Neil", "、", "東", "京", "5", "号", "室")
    ]  # fmt: skip
    tokens = cut_tokens("in New York now")
    assert label_tokens(tokens, [{"start": 3, "end": 11, "label": "city"}]) == ["O", "city", "city", "O"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_wrong_spans_are_found_and_named(language: str) -> None:
    rows = corpus(language)
    swapped, lost = [3, 40, 90], [11, 77]
    for i in swapped:
        for span in rows[i]["spans"]:
            span["label"] = {"person": "city", "city": "person"}[span["label"]]
    for i in lost:
        rows[i]["spans"] = rows[i]["spans"][:1]
    result = find_token_noise(samples_of(rows), LabelNoiseSettings())
    found = result.findings.to_pylist()
    assert {f["row"] for f in found} == {*swapped, *lost}
    assert result.summary.flagged == 5
    for finding in found:
        tokens = json.loads(finding["evidence"])["tokens"]
        assert finding["score"] == tokens[0]["probability"] < finding["threshold"]
        expected = {"person", "city"} if finding["row"] in swapped else {"city"}
        assert {token["suggested"] for token in tokens} == expected
        text = rows[finding["row"]]["input"]
        assert all(text[token["start"] : token["end"]] == token["token"] for token in tokens)


def test_groups_are_held_out_whole() -> None:
    """Ten texts under a label of their own: as one group, no model that scores them has seen it."""
    magic = {"input": "Xyzzy plugh", "spans": [{"start": 0, "end": 11, "label": "magic"}]}

    def accuracy(rows: list[dict[str, Any]]) -> float:
        told = find_token_noise(samples_of(corpus("en", 50) + rows), LabelNoiseSettings()).summary.accuracy
        assert told is not None
        return told

    assert accuracy([magic] * 10) == 1
    assert accuracy([magic | {"group_id": "one"}] * 10) < 0.95


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"input": "", "spans": []}],
        [{"input": "a b", "spans": None}] * 3,
        [{"input": " ", "spans": []}] * 4,
    ],
)
def test_degenerate_data_does_not_crash(rows: list[dict[str, Any]]) -> None:
    assert find_token_noise(samples_of(rows), LabelNoiseSettings()).findings.num_rows == 0


def test_other_tasks_and_disabled_say_nothing() -> None:
    rows = corpus("en", 30)
    for result in (
        find_token_noise(samples_of(rows, "text-generation"), LabelNoiseSettings()),
        find_token_noise(samples_of(rows), LabelNoiseSettings(enabled=False)),
    ):
        assert (result.findings.num_rows, result.summary.checked) == (0, 0)


def test_stage(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    ref = workspace.write_table(samples_of(corpus("en", 30)), "samples")
    refs = find_token_noise_stage.fn(workspace, ref, LabelNoiseSettings(), 0)
    assert refs.summary.checked > 150
    assert workspace.read_table(refs.findings).num_rows == refs.findings.rows == refs.summary.flagged


def test_the_report_says_what_predicts_tokens() -> None:
    said = find_token_noise(samples_of(corpus("en", 50)), LabelNoiseSettings()).summary
    [line] = [line for line in describe_noise(said) if line.en.startswith("Reference: ")]
    assert "n-grams" not in line.en + line.ja
    assert line.en.endswith("of the training tokens.")
    assert "学習データのトークンの" in line.ja

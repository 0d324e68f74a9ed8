"""Leaks: training rows whose text is that of an evaluation row, or nearly."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.duplicates.find import find_duplicates
from tasks.duplicates.pairs import find_pairs
from tasks.leakage import find_leaks, find_leaks_stage
from tasks.recipe import DuplicateSettings, LeakageSettings
from tasks.records import SAMPLE, build_table
from tasks.storage import Workspace

PASSAGE = (
    "保守契約の請求書は毎月最初の営業日に発送されます。技術者ごとの作業時間、交換した部品、訪問先と訪問日ごとの交通費を"
    "明細として記載し、支払期限は発行日から三十日以内とします。ご不明な点は担当窓口までお問い合わせください。"
    "返金が必要な場合は、翌月の請求額から差し引いて精算します。"
)
ROWS = [
    ("train", PASSAGE, "billing"),
    ("evaluation", PASSAGE.replace("発送", "送付"), "billing"),
    ("train", "ログインできません", "login"),
    ("evaluation", "ログインできません　", "account"),
    ("train", "ログインできません", "login"),
    ("train", "領収書を再発行してください", "billing"),
]


def samples() -> pa.Table:
    return build_table(
        [
            {
                "row": 10 + i,
                "sample_id": f"s{i}",
                "task": "text-classification",
                "role": role,
                "input": text,
                "label": label,
            }
            for i, (role, text, label) in enumerate(ROWS)
        ],
        SAMPLE,
    )


def test_exact_and_near_leaks_are_found_on_training_rows() -> None:
    pairs = find_pairs(samples(), DuplicateSettings(), 0.5)
    findings = {f["row"]: f for f in find_leaks(samples(), pairs, LeakageSettings()).to_pylist()}
    assert {row: f["check"] for row, f in findings.items()} == {
        10: "near_leak",
        12: "exact_leak",
        14: "exact_leak",
    }
    near, exact = (json.loads(findings[row]["evidence"]) for row in (10, 14))
    assert near["evaluation"][0]["row"] == 11
    assert near["evaluation"][0]["sample_id"] == "s1"
    assert near["evaluation"][0]["jaccard"] == findings[10]["score"] < 1
    assert exact["evaluation"][0]["label"] == "account"
    assert exact["evaluation"][0]["excerpt"] == "ログインできません"
    assert findings[14]["severity"] == "critical"


def test_threshold_decides_what_is_near() -> None:
    pairs = find_pairs(samples(), DuplicateSettings(), 0.5)
    found = find_leaks(samples(), pairs, LeakageSettings(threshold=0.99))
    assert found["check"].to_pylist() == ["exact_leak", "exact_leak"]


def test_lower_leakage_threshold_has_its_own_pairs() -> None:
    """`floor` brings pairs below the duplicates' threshold, and they are no duplicates."""
    result = find_duplicates(samples(), DuplicateSettings(threshold=0.99), floor=0.5)
    assert "near_leak" in find_leaks(result.samples, result.pairs, LeakageSettings())["check"].to_pylist()
    assert "near_duplicate" not in result.findings["check"].to_pylist()


@pytest.mark.parametrize("role", ["train", "evaluation"])
def test_one_role_alone_cannot_leak(role: str) -> None:
    alone = samples().filter([r == role for r, _, _ in ROWS])
    assert find_leaks(alone, find_pairs(alone, DuplicateSettings(), 0.5), LeakageSettings()).num_rows == 0


def test_stage(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    pairs = workspace.write_table(find_pairs(samples(), DuplicateSettings(), 0.5), "pairs")
    ref = find_leaks_stage.fn(
        workspace, workspace.write_table(samples(), "samples"), pairs, LeakageSettings()
    )
    assert ref.rows == 3

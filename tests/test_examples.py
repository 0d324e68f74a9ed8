"""The bundled example is what its README says, and the benchmark that scores the line counts right."""

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.planted import ANY_ANSWER, CHECKS, score_kind
from tasks.language import detect_language
from tasks.recipe import Recipe, load_recipe
from tasks.text import matching_form

ROOT = Path(__file__).parent.parent
SUPPORT = ROOT / "examples" / "support"


def read(name: str) -> list[dict[str, Any]]:
    path = SUPPORT / name
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text(encoding="cp932").splitlines()))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def tickets() -> dict[str, dict[str, Any]]:
    files = ["data/tickets_ja.jsonl", "data/tickets_en.jsonl", "data/tickets_phone_ja.csv"]
    return {row["id"]: row | {"file": name} for name in files for row in read(name)}


def test_enough_distinct_tickets_of_declared_intents(tickets: dict[str, dict[str, Any]]) -> None:
    labels = load_recipe(SUPPORT / "recipe.yaml").labels
    evaluation = read("data/evaluation.jsonl")
    assert labels is not None
    assert len(labels) >= 12
    assert {row["intent"] for row in [*tickets.values(), *evaluation]} == set(labels)
    copies = {
        p["id"] for p in read("planted.jsonl") if "duplicate" in p["kind"] or p["kind"] in ("leak", "empty")
    }
    texts = {matching_form(t["text"]) for i, t in tickets.items() if i not in copies}
    assert len(texts) + len(evaluation) >= 700
    languages = Counter(detect_language(t["text"]) for t in tickets.values())
    assert languages["ja"] > 300 < languages["en"]


def test_planted_faults_name_rows_that_are_there(tickets: dict[str, dict[str, Any]]) -> None:
    answers = {row["id"] for row in read("data/answers.jsonl")}
    known = tickets.keys() | answers | {row["id"] for row in read("data/evaluation.jsonl")}
    planted = read("planted.jsonl")
    for row in planted:
        assert {row["id"], row.get("of", row["id"])} <= known
        assert row["file"] == tickets[row["id"]]["file"] if row["id"] in tickets else row["id"] in answers
    kinds = Counter(row["kind"] for row in planted)
    readme = (SUPPORT / "README.md").read_text(encoding="utf-8")
    for kind, count in kinds.items():
        assert f"| `{kind}` | {count} |" in readme
    checked = {kind for kinds_of in CHECKS.values() for kind in kinds_of}
    assert checked == kinds.keys() | {ANY_ANSWER}


def test_answers_rest_on_the_documents() -> None:
    documents = {path.name: path.read_text(encoding="utf-8") for path in (SUPPORT / "documents").iterdir()}
    grounded = [row for row in read("data/answers.jsonl") if row["support"]]
    assert len(documents) >= 12
    assert len({row["question"] for row in grounded}) >= 150
    assert all(row["support"] in documents[row["document"]] for row in grounded)


def test_score_kind_counts_pairs_once() -> None:
    planted = [{"id": "copy", "of": "original"}, {"id": "missed", "of": "other"}]
    assert score_kind(planted, {"original", "innocent"}, set()) == (1, 2, 1)
    assert score_kind(planted, {"doubtful"}, {"doubtful"}) == (0, 1, 1)
    assert score_kind(planted, set(), set()) == (0, 0, 0)


def test_recipes_in_the_readme_are_valid() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert blocks
    for block in blocks:
        Recipe.model_validate(yaml.safe_load(block))

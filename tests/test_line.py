"""The whole line on a tiny model: from files to a verdict in the registry, as a user would run it."""

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import fruit_and_tools

from review.decide import decide, newest_flagged
from tasks.errors import DataGateError, ExitCode, SeimaiError
from tasks.ledger import Ledger
from tasks.records import Action
from tasks.register import champion, list_models
from tasks.report.gather import load_report
from tasks.storage import Workspace

pytestmark = [pytest.mark.prefect, pytest.mark.train, pytest.mark.usefixtures("prefect_server")]

RECIPE = """\
name: tiny
task: text-classification
sources:
  - {{path: data.jsonl}}
base_model: {{source: "path:{model}"}}
quality: {{min_samples: 20}}
label_noise: {{max_flagged_share: 0.02}}
policy: {{near_duplicate: keep, disagreeing_near_duplicate: keep}}
split: {{validation: 0.2, gate: 0.4}}
train: {{method: full, learning_rate: 0.003, epochs: 12, evaluations: 3, patience: 3}}
gates: {{min_gain: 0.1, max_loss_ratio: 50, champion_margin: 0.1}}
"""


APART = "duplicates: {threshold: 0.98}\nleakage: {threshold: 0.98}\n"
"""Sentences of one pattern would be near-duplicates of each other, and all in one split."""


def write_line(folder: Path, model: Path, rows: list[tuple[str, str]]) -> Path:
    """A recipe over `rows` in `folder`; its workspace is folder/.seimai."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"id": str(i), "text": t, "label": label}) for i, (t, label) in enumerate(rows)]
    (folder / "data.jsonl").write_text("\n".join(lines) + "\n")
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(model=model))
    return path


def run(recipe: Path, **options: Any) -> Any:
    from flows.retrain import retrain

    return retrain(recipe=str(recipe), **options)


def workspace_of(recipe: Path) -> Workspace:
    return Workspace(root=str(recipe.parent / ".seimai"))


@pytest.fixture(scope="module")
def promoted(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    recipe = write_line(tmp_path_factory.mktemp("line"), tiny_model, fruit_and_tools())
    return recipe, run(recipe)


def test_a_model_that_learned_is_promoted(promoted: tuple[Path, Any]) -> None:
    recipe, result = promoted
    workspace = workspace_of(recipe)
    assert result.exit_code is ExitCode.PROMOTED, result.message
    standing = champion(workspace, "tiny")
    assert standing is not None
    assert standing.outcome == "PASS"
    assert standing.tags["snapshot"]
    data = load_report(workspace, result.run_id)
    assert data is not None
    assert data.flow is not None
    assert data.flow.rows_in == 240
    page = workspace.path(result.report).read_text(encoding="utf-8")
    assert "superiority" in page
    for known in ("http://www.w3.org", "http://127.0.0.1:8521/items/"):
        page = page.replace(known, "")
    assert "http://" not in page
    [stored] = Ledger(workspace.ledger_url).runs()
    assert (stored["exit_code"], stored["outcome"]) == (0, "PASS")


def test_snapshot_loads_as_a_data_set(promoted: tuple[Path, Any]) -> None:
    from datasets import load_dataset

    recipe, _ = promoted
    workspace = workspace_of(recipe)
    [snapshot] = Ledger(workspace.ledger_url).snapshots()
    file = workspace.path(snapshot["path"], "samples.parquet")
    loaded = load_dataset("parquet", data_files=str(file), split="train", cache_dir=str(recipe.parent / "hf"))
    assert loaded[0]["completion"][0]["role"] == "assistant"
    assert set(loaded["split"]) == {"train", "validation", "gate"}


def test_nothing_changed_nothing_is_done_again(
    promoted: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, first = promoted
    workspace = workspace_of(recipe)
    before = {path: path.stat().st_mtime_ns for path in workspace.path("tables").iterdir()}
    monkeypatch.setattr("tasks.train.fit", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr("tasks.base_model.load_model", lambda *_: pytest.fail("a model was loaded again"))
    again = run(recipe, until="finetune")
    assert again.exit_code is ExitCode.PROMOTED
    assert {path: path.stat().st_mtime_ns for path in workspace.path("tables").iterdir()} == before
    assert len(list_models(workspace)) == 1
    assert again.run_id != first.run_id


def test_lost_file_is_made_again(promoted: tuple[Path, Any]) -> None:
    recipe, _ = promoted
    workspace = workspace_of(recipe)
    lost = sorted(workspace.path("tables").glob("samples-*"))
    for path in lost:
        path.write_bytes(b"damaged")
    assert run(recipe, until="curate").exit_code is ExitCode.PROMOTED
    assert all(pq.read_table(path).num_rows for path in lost)


def test_decision_is_applied_by_the_next_run(tiny_model: Path, tmp_path: Path) -> None:
    rows = [*fruit_and_tools(4), ("she lost her apple 900 days ago �", "tool")]
    recipe = write_line(tmp_path / "d", tiny_model, rows)
    run(recipe, until="curate")
    ledger = Ledger(workspace_of(recipe).ledger_url)
    [flagged] = [row for row in newest_flagged(ledger, "tiny") if row["check"] == "garbled_text"]
    decide(ledger, flagged["sample_id"][:16], Action.RELABEL, {"label": "fruit"}, "it is a fruit", "aki")
    result = run(recipe, until="curate")
    data = load_report(workspace_of(recipe), result.run_id)
    assert data is not None
    assert data.decisions is not None
    assert data.decisions.rescued == 1
    newest = ledger.snapshots("tiny")[0]
    assert len(ledger.snapshots("tiny")) == 2
    samples = pq.read_table(workspace_of(recipe).path(newest["path"], "samples.parquet")).to_pylist()
    [corrected] = [s for s in samples if s["edited_from"] == flagged["sample_id"]]
    assert corrected["label"] == corrected["completion"][0]["content"] == "fruit"


def test_shuffled_labels_never_win(tiny_model: Path, tmp_path: Path) -> None:
    rows = fruit_and_tools()
    labels = [label for _, label in rows]
    random.Random(1).shuffle(labels)
    shuffled = [(text, label) for (text, _), label in zip(rows, labels, strict=True)]
    recipe = write_line(tmp_path / "s", tiny_model, shuffled)
    result = run(recipe)
    assert result.exit_code is ExitCode.NOT_PROMOTED
    assert champion(workspace_of(recipe), "tiny") is None
    [model] = list_models(workspace_of(recipe))
    assert "challenger" in model.aliases


def test_one_class_stops_the_line_and_says_so(tiny_model: Path, tmp_path: Path) -> None:
    rows = [(text, "fruit") for text, _ in fruit_and_tools(4)]
    recipe = write_line(tmp_path / "o", tiny_model, rows)
    with pytest.raises(DataGateError, match="one_class_only"):
        run(recipe)
    [stored] = Ledger(workspace_of(recipe).ledger_url).runs()
    assert stored["exit_code"] == ExitCode.DATA_GATE
    data = load_report(workspace_of(recipe), stored["run_id"])
    assert data is not None
    assert "one_class_only" in data.stopped.en
    assert "ラベルが1種類" in data.stopped.ja


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "too_few_samples"), ('{"text": "a", "label": "b"}\n{broken\n', "too_few_samples")],
    ids=["empty", "malformed"],
)
def test_data_that_cannot_serve_stops_the_line(
    tiny_model: Path, tmp_path: Path, content: str, said: str
) -> None:
    recipe = write_line(tmp_path / "e", tiny_model, fruit_and_tools(1))
    (recipe.parent / "data.jsonl").write_text(content)
    with pytest.raises(DataGateError, match=said):
        run(recipe)


def test_a_stopped_run_tells_what_it_had_heard(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "w", tiny_model, fruit_and_tools(2))
    lines = (recipe.parent / "data.jsonl").read_text().replace('"text"', '"txet"')
    (recipe.parent / "data.jsonl").write_text(lines + '{"text": "a plum", "label": "fruit"}\n')
    with pytest.raises(DataGateError) as caught:
        run(recipe)
    [stored] = Ledger(workspace_of(recipe).ledger_url).runs()
    data = load_report(workspace_of(recipe), stored["run_id"])
    assert data is not None
    assert data.stopped_at == caught.value.stage == "quality: samples"
    assert data.came_in is not None
    assert (data.came_in.samples, data.unread_lines) == (1, 40)
    assert ("missing_field", 40) in [(check.check, check.findings) for check in data.checks]
    assert "too_few_samples" in [failed.check for failed in data.failed_expectations]
    assert data.lineage["inputs"]
    for message in (str(caught.value), data.stopped.en, stored["message"]):
        assert "Most often (40 of 40): column 'text' is missing; did you mean 'txet'?" in message
    assert f"report: {workspace_of(recipe).path(stored['report'])}" in str(caught.value)


def test_missing_file_names_the_source(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "m", tiny_model, fruit_and_tools(1))
    (recipe.parent / "data.jsonl").unlink()
    with pytest.raises(SeimaiError, match=r"data\.jsonl"):
        run(recipe)


def test_answers_are_judged_by_loss(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "a", tiny_model, [])
    rows = [
        {
            "prompt": f"where is the {what} number {i}?",
            "completion": f"The {what} number {i} is in box {i % 7}.",
        }
        for i in range(30)
        for what in ("apple", "hammer", "plum")
    ]
    (recipe.parent / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    text = (
        recipe.read_text()
        .replace("text-classification", "text-generation")
        .replace("min_gain: 0.1", "min_gain: 0")
    )
    recipe.write_text(text + APART)
    result = run(recipe)
    assert result.exit_code is ExitCode.PROMOTED, result.message
    data = load_report(workspace_of(recipe), result.run_id)
    assert data is not None
    assert data.verdict is not None
    [overall] = data.verdict.comparisons
    assert overall.metric == "loss"
    assert overall.candidate_mean.value < overall.reference_mean.value


def test_entities_are_learned_as_a_list(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "n", tiny_model, [])
    rows = [
        {"text": f"{what} number {i} is here", "spans": [{"start": 0, "end": len(what), "label": kind}]}
        for i in range(40)
        for what, kind in (("apple", "FRUIT"), ("hammer", "TOOL"))
    ]
    (recipe.parent / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    text = recipe.read_text().replace("text-classification", "token-classification")
    recipe.write_text(text.replace("min_gain: 0.1", "min_gain: 0") + APART)
    result = run(recipe)
    assert result.exit_code is ExitCode.PROMOTED, result.message
    [snapshot] = Ledger(workspace_of(recipe).ledger_url).snapshots()
    samples = pq.read_table(workspace_of(recipe).path(snapshot["path"], "samples.parquet")).to_pylist()
    apple = next(sample for sample in samples if sample["input"].startswith("apple"))
    assert apple["target"] == '[{"text":"apple","label":"FRUIT"}]'
    assert apple["spans"] == [{"start": 0, "end": 5, "label": "FRUIT"}]


def test_sets_of_labels_are_learned_and_judged_whole(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "l", tiny_model, [])
    pairs = fruit_and_tools()
    rows = [{"text": text, "label": [label]} for text, label in pairs[:160]]
    rows += [
        {"text": f"{first[0]} and {second[0]}", "label": [second[1], first[1]]}
        for first, second in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    (recipe.parent / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    recipe.write_text(recipe.read_text() + APART + "multi_label: true\nlabels: [fruit, tool]\n")
    result = run(recipe)
    assert result.exit_code is ExitCode.PROMOTED, result.message
    workspace = workspace_of(recipe)
    [snapshot] = Ledger(workspace.ledger_url).snapshots()
    samples = pq.read_table(workspace.path(snapshot["path"], "samples.parquet")).to_pylist()
    assert {sample["target"] for sample in samples} == {"fruit", "tool", "fruit | tool"}
    assert all(sample["label"] == " | ".join(sample["labels"]) for sample in samples)
    data = load_report(workspace, result.run_id)
    assert data is not None
    assert data.verdict is not None
    assert data.verdict.metric == "accuracy"
    assert data.bias is not None
    assert {b.name for b in data.bias.balance if b.dimension == "label"} == {"fruit", "tool"}
    assert data.bias.score is not None
    assert data.bias.score > 0.9
    assert "Out-of-fold score by slice" in workspace.path(result.report).read_text(encoding="utf-8")


def test_documents_become_passages_and_a_verdict(tiny_model: Path, tmp_path: Path) -> None:
    recipe = write_line(tmp_path / "h", tiny_model, [])
    folder = recipe.parent / "handbook"
    folder.mkdir()
    for i in range(80):
        lines = [
            f"The {what} of chapter {i} lies in drawer {i * 3 % 11}, not elsewhere."
            for what in ("saw", "fig")
        ]
        (folder / f"chapter-{i}.md").write_text(f"# Chapter {i}\n\n" + "\n\n".join(lines) + "\n")
    text = (
        recipe.read_text()
        .replace("text-classification", "language-modeling")
        .replace("data.jsonl", "handbook")
    )
    recipe.write_text(
        text.replace("min_gain: 0.1", "min_gain: 0") + APART + "passages: {min_characters: 20}\n"
    )
    result = run(recipe)
    data = load_report(workspace_of(recipe), result.run_id)
    assert data is not None
    assert data.verdict is not None
    assert {gate.name for gate in data.verdict.gates} >= {"superiority", "forgetting"}
    assert result.exit_code in (ExitCode.PROMOTED, ExitCode.NOT_PROMOTED)

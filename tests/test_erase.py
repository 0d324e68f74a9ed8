"""Erasure, on a workspace that the line's own functions have filled: what was erased is nowhere afterwards."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from flows.erase import erase_command
from tasks.duplicates.find import find_duplicates
from tasks.duplicates.pairs import compared_forms
from tasks.erase import apply
from tasks.erase.apply import Erased, erase, is_done
from tasks.erase.change import Change, Kind
from tasks.erase.find import Found, Why, find
from tasks.erase.models import DUE_TAG
from tasks.erase.selection import Selection
from tasks.errors import SeimaiError, WorkspaceBusyError
from tasks.gate.gates import Verdict
from tasks.gate.paired import Metric
from tasks.judge import judge_stage
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.moves import WITHDRAWN
from tasks.mlflow_store import open_registry, registry_file
from tasks.privacy import find_personal_data
from tasks.recipe import DuplicateSettings, SplitSettings
from tasks.records import (
    DOCUMENT,
    FINDING,
    SAMPLE,
    Action,
    Outcome,
    Role,
    Task,
    build_table,
    digest_of,
    sample_id,
)
from tasks.register import list_models, register
from tasks.report.data import CheckSummary, Example, ReportData, WorstItem
from tasks.report.gather import load_report, save_report
from tasks.snapshot import SnapshotRef, flagged_rows, snapshot_stage
from tasks.storage import Workspace, write_manifest

SYSTEM = "社内の質問に答えてください。Answer questions about the company."
FAQ, HANDBOOK, LOG = "/data/faq.jsonl", "/data/handbook.md", "/data/tickets/log.jsonl"
SECRET = "山田太郎さんの契約番号と解約の日付を教えてください。至急お願いします。"
SECRET_ANSWER = "山田太郎さんの契約は三月末で解約されました。番号は七七三です。"
NEAR = "山田太郎さんの契約番号と解約の日付を教えてください。至急お願いいたします。"
ENGLISH = (
    'Please tell me when "Margaret O\'Hara" cancelled her contract,\n'
    "and write to her at margaret@example.com today."
)
ENGLISH_ANSWER = 'She cancelled in March; the line C:\\hara\\notes says "no refund".'
BROKEN_LINE = "Octavia Prentice wants her money back"
PASSAGE = "The rule about parental leave is short: whoever asks Beatrix Quimby in time is granted it in full."
OTHER_PASSAGE = "Travel is booked by the office on the ground floor, which opens at nine in the morning."
DOCUMENT_TEXT = f"# Handbook\n\n{PASSAGE}\n\n{OTHER_PASSAGE}\n"
DOC_ID = hashlib.sha256(DOCUMENT_TEXT.encode()).hexdigest()
FAQ_DOC = hashlib.sha256(b"faq").hexdigest()


class House(NamedTuple):
    """A filled workspace."""

    workspace: Workspace
    ledger: Ledger
    snapshot: SnapshotRef
    ids: dict[str, str]
    """Input -> sample_id, before edits."""


def make_row(row: int, given: str, target: str, **extra: Any) -> dict[str, Any]:
    prompt = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": given}]
    completion = [{"role": "assistant", "content": target}]
    identity = sample_id(Task.TEXT_GENERATION, prompt, completion, None)
    return {
        "row": row,
        "sample_id": identity,
        "task": Task.TEXT_GENERATION.value,
        "role": Role.TRAIN.value,
        "prompt": prompt,
        "completion": completion,
        "input": given,
        "target": target,
        "language": "ja",
        "source": "faq",
        "source_id": f"margaret-{row}",
        "doc_id": FAQ_DOC,
        "uri": FAQ,
        "line": row + 1,
        "group_id": f"group-{row}",
    } | extra


def make_rows() -> list[dict[str, Any]]:
    passage = {"uri": HANDBOOK, "doc_id": DOC_ID, "start": 12, "end": 112, "line": None, "language": "en"}
    rows = [
        make_row(0, SECRET, SECRET_ANSWER),
        make_row(1, NEAR, "三月末です。担当は営業一課です。"),
        make_row(2, ENGLISH, ENGLISH_ANSWER, language="en", uri=LOG),
        make_row(3, "What is the rule about parental leave?", PASSAGE, **passage),
        make_row(4, "Who books travel, and when is it open?", OTHER_PASSAGE, **passage),
        make_row(5, "write to me at nobody.else@example.com please, about order 17", "Of course, today."),
    ]
    topics = [
        "交通費",
        "有給休暇",
        "名刺",
        "会議室",
        "健康診断",
        "パソコン",
        "入館証",
        "研修",
        "賞与",
        "育児休業",
    ]
    asked = [
        "の申請はいつまでですか",
        "の担当はどの部署ですか",
        "の規程はどこで読めますか",
        "を取り消せますか",
    ]
    for topic in topics:
        for number, question in enumerate(asked):
            answer = f"{topic}については総務部の案内{number}を見てください。"
            rows.append(make_row(len(rows), f"{topic}{question}", answer))
    return rows


def build_house(root: Path) -> House:
    """As `curate` does: witnesses, judge, snapshot, ledger; then all that quotes or caches samples."""
    workspace = Workspace(root=str(root))
    ledger = Ledger(workspace.ledger_url)
    rows = make_rows()
    ids = {row["input"]: row["sample_id"] for row in rows}
    samples = build_table(rows, SAMPLE)
    found = find_duplicates(samples, DuplicateSettings())
    personal = find_personal_data(found.samples)
    lines = build_table(
        [{"uri": LOG, "line": 9, "stage": "ingest", "check": "malformed", "severity": "warning",
          "reason": f"line 9 is no JSON: {BROKEN_LINE}", "evidence": "{}"}],
        FINDING,
    )  # fmt: skip
    findings = [workspace.write_table(t, "findings-x") for t in (found.findings, personal, lines)]
    ledger.decide(ids[SECRET], Action.EDIT, {"target": SECRET_ANSWER + "以上"}, "短い", "aki", "after-first")
    ledger.decide(ids[SECRET], Action.KEEP, {}, f"本人の希望: {SECRET}", "aki", None)
    kept = next(name for text, name in ids.items() if text.startswith("名刺"))
    ledger.decide(kept, Action.KEEP, {}, "fine", "ben", None)
    sample_ref = workspace.write_table(found.samples, "samples-grouped")
    judgement = judge_stage.fn(workspace, sample_ref, findings, {}, ledger.decisions())
    documents = [
        {"doc_id": DOC_ID, "uri": HANDBOOK, "title": "Leave of Beatrix Quimby", "text": DOCUMENT_TEXT},
        {"doc_id": FAQ_DOC, "uri": FAQ, "text": None},
    ]
    document_ref = workspace.write_table(build_table(documents, DOCUMENT), "documents")
    lineage = {"inputs": "i", "code": "c", "recipe": "r", "decisions": "d"}
    snapshot = snapshot_stage.fn(
        workspace, sample_ref, document_ref, judgement, SplitSettings(gate=0.3), False, lineage
    )
    flagged = flagged_rows(
        found.samples,
        workspace.read_table(judgement.dispositions),
        workspace.read_table(snapshot.findings),
    )
    manifest = snapshot.model_dump(mode="json")
    ledger.add_snapshot(snapshot.snapshot_id, "support", snapshot.folder.path, manifest, flagged)
    house = House(workspace, ledger, snapshot, ids)
    fill_caches(house, found.samples)
    fill_reports(house)
    fill_prefect(house)
    return house


def fill_caches(house: House, samples: pa.Table) -> None:
    ids = samples["sample_id"].to_pylist()
    house.workspace.cached_arrays("base-losses-x", ids, lambda w: np.array(w, dtype=np.float64))
    forms = [hashlib.sha256(form.encode()).hexdigest() for form in compared_forms(samples)]
    house.workspace.cached_arrays("signatures-x", forms, lambda w: np.ones((len(w), 4), dtype=np.uint32))
    house.workspace.save_arrays("duplicates-x", {"digests": np.zeros((1, 16), dtype=np.uint8)})
    for name in ("parsed", "documents"):
        house.workspace.path("cache", name).mkdir(parents=True)
        house.workspace.path("cache", name, "0a").write_text(DOCUMENT_TEXT + SECRET)


def fill_reports(house: House) -> None:
    def example(text: str, evidence: dict[str, Any]) -> Example:
        return Example(
            sample_id=house.ids[text],
            excerpt=text,
            reason=f"says: {text[:30]}",
            evidence=json.dumps(evidence),
        )

    pointed = {"canonical": {"sample_id": house.ids[SECRET], "excerpt": SECRET[:20], "target": "三月"}}
    summary = CheckSummary(
        stage="duplicates",
        check="near_duplicate",
        severity="warning",
        findings=2,
        samples=2,
        examples=(example(SECRET, {}), example("名刺の申請はいつまでですか", pointed), example(ENGLISH, {})),
    )
    broken = Example(where=f"{LOG}:9", excerpt="", reason=f"no JSON: {BROKEN_LINE}", evidence="{}")
    lines = CheckSummary(
        stage="ingest", check="malformed", severity="warning", findings=1, samples=0, examples=(broken,)
    )
    worst = WorstItem(
        item=house.ids[ENGLISH], input=ENGLISH, expected=ENGLISH_ANSWER, base="1", candidate="2"
    )
    data = ReportData(name="support", checks=(summary, lines), worst_items=(worst,))
    run_id = house.ledger.start_run("support", "r")
    save_report(house.workspace, run_id, data)
    snapshot_id = house.snapshot.snapshot_id
    message = f"stopped at {ENGLISH_ANSWER}"
    house.ledger.finish_run(run_id, exit_code=0, snapshot_id=snapshot_id, model_digest="m", message=message)
    page = house.workspace.path("data_docs", "samples-all.html")
    page.parent.mkdir()
    page.write_text(f"<td>{ENGLISH.replace(chr(34), '&quot;')}</td>", encoding="utf-8")
    page.with_name("snapshot-all.html").write_text("<p>fine</p>", encoding="utf-8")


def fill_prefect(house: House) -> None:
    """What Prefect keeps: an artifact with the first training row, in WAL mode, and a stage's cached result."""
    home = house.workspace.path("prefect")
    (home / "results").mkdir(parents=True)
    shown = f"First row:\n\n```\n<|im_start|>user\n{ENGLISH}<|im_end|>\n⟦{SECRET_ANSWER}⟧```"
    connection = sqlite3.connect(home / "prefect.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE artifact (id CHAR(36) PRIMARY KEY, key VARCHAR, data JSON, description VARCHAR)"
    )
    data = json.dumps(json.dumps([{"what": "rows", "value": 3}, {"what": "first", "value": SECRET}]))
    connection.execute("INSERT INTO artifact VALUES ('1', 'training-audit', ?, ?)", (data, shown))
    connection.execute("INSERT INTO artifact VALUES ('2', 'loss', '[1]', 'Mean nats')")
    connection.commit()
    connection.close()
    result = {"result": json.dumps({"audit": {"example": shown}})}
    (home / "results" / "train-1").write_text(json.dumps(result))
    (home / "results" / "judge-1").write_text(json.dumps({"result": "{}"}))


def register_model(house: House, empty: Path) -> None:
    shutil.copy(empty, house.workspace.path())
    folder = house.workspace.path("models", f"{house.snapshot.samples.digest[:12]}-0")
    folder.mkdir(parents=True)
    (folder / "adapter.safetensors").write_text("weights")
    write_manifest(folder)
    other = house.workspace.path("models", f"{house.snapshot.samples.digest[:12]}-1")
    other.mkdir()
    (other / "adapter.safetensors").write_text("other weights")
    write_manifest(other)
    verdict = Verdict(
        outcome=Outcome.PASS,
        sentence="It is PASS.",
        metric=Metric.LOSS,
        confidence=0.95,
        gates=(),
        comparisons=(),
        by_language=(),
    )
    tags = dict.fromkeys(("recipe", "code", "decisions", "base_model"), "x")
    tags["snapshot"] = house.snapshot.snapshot_id
    card = f"# support\n\nworst: {SECRET_ANSWER}\n\nfine\n"
    register(house.workspace, "support", folder, tags, verdict, card)


@pytest.fixture(scope="module")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace(root=str(tmp_path_factory.mktemp("registry")))
    open_registry(workspace).search_registered_models()
    return registry_file(workspace)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> House:
    house = build_house(tmp_path_factory.mktemp("house") / "work space")
    register_model(house, empty_registry)
    house.ledger.engine.dispose()
    return house


@pytest.fixture
def house(built: House, tmp_path: Path) -> House:
    root = tmp_path / "work space"
    shutil.copytree(built.workspace.root, root)
    workspace = Workspace(root=str(root))
    return built._replace(workspace=workspace, ledger=Ledger(workspace.ledger_url))


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


def holders(workspace: Workspace, *texts: str) -> list[str]:
    """Files that hold a text: in their bytes, escaped or not, or in a string of a parquet file."""
    found = []
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    forms |= {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}
    forms |= {json.dumps(form)[1:-1] for form in forms}
    for path in workspace.path().rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        said = list(strings_of(pq.read_table(path).to_pylist())) if path.suffix == ".parquet" else []
        if any(form.encode() in content or any(form in text for text in said) for form in forms):
            found.append(path.relative_to(workspace.root).as_posix())
    return found


def digests(workspace: Workspace) -> dict[str, str]:
    paths = [p for p in workspace.path().rglob("*") if p.is_file() and not p.name.startswith("lock")]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def look(house: House, **selection: Any) -> Found:
    return find(house.workspace, house.ledger, Selection(**selection))


def wipe(house: House, **selection: Any) -> Erased:
    chosen = Selection(**selection)
    found = find(house.workspace, house.ledger, chosen)
    return erase(house.workspace, house.ledger, chosen, found, "aki", "asked by the person")


def snapshot_rows(house: House) -> dict[int, dict[str, Any]]:
    folder = house.workspace.path(house.snapshot.folder.path)
    tables = [pq.read_table(folder / f"{name}.parquet") for name in ("samples", "set_aside")]
    return {row["row"]: row for table in tables for row in table.to_pylist()}


def test_the_house_really_holds_what_the_tests_look_for(house: House) -> None:
    where = holders(house.workspace, SECRET)
    beginnings = {"ledger.db", "prefect", "runs", "tables", "snapshots", "cache"}
    assert {name.split("/")[0] for name in where} == beginnings
    where = holders(house.workspace, ENGLISH_ANSWER, SECRET_ANSWER)
    assert {"registry", "registry.db", "prefect", "ledger.db"} <= {name.split("/")[0] for name in where}
    assert "data_docs/samples-all.html" in holders(house.workspace, "Margaret O'Hara")
    assert holders(house.workspace, BROKEN_LINE) != []


def test_words_are_erased_everywhere(house: House) -> None:
    before = snapshot_rows(house)
    erased = wipe(house, matches=("山田 太郎",))
    assert erased.remains == ()
    assert holders(house.workspace, SECRET, SECRET_ANSWER, NEAR, "山田太郎", SECRET[:20]) == []
    after = snapshot_rows(house)
    assert {row for row in after if after[row] != before[row]} == {0, 1}
    assert [list(r) for r in after.values()] == [list(r) for r in before.values()]
    for row in (0, 1):
        kept = (
            "row",
            "sample_id",
            "uri",
            "line",
            "role",
            "task",
            "disposition",
            "split",
            "group_id",
            "doc_id",
        )
        assert all(after[row].get(k) == before[row].get(k) for k in kept)
        assert (after[row]["input"], after[row]["target"], after[row]["source_id"]) == ("", "", None)
        assert [m["role"] for m in after[row]["prompt"]] == ["system", "user"]
        assert after[row]["prompt"][0]["content"] == SYSTEM, "the instruction is not the sample's own"
    house.workspace.folder_ref(*Path(house.snapshot.folder.path).parts)
    facts = json.loads(house.workspace.path(house.snapshot.folder.path, "facts.json").read_text())
    assert facts["erasures"] == [erased.erasure_id]
    assert facts["counts"] == house.snapshot.counts
    assert not house.workspace.holds(house.snapshot), "the next run makes it anew"


def test_tombstones_receipt_and_decisions(house: House) -> None:
    erased = wipe(house, matches=("山田太郎",))
    stones = house.ledger.tombstones()
    assert {house.ids[SECRET], house.ids[NEAR], "after-first"} == set(stones["sample"])
    assert "document" not in stones, "a file of rows is not refused as a whole"
    (receipt,) = house.ledger.erasures()
    assert receipt["erasure_id"] == erased.erasure_id
    assert (receipt["actor"], receipt["reason"]) == ("aki", "asked by the person")
    words = hashlib.sha256("山田太郎".encode()).hexdigest()
    assert receipt["request"] == {"match_sha256": [words]}
    assert "support version 1" in receipt["models"]
    assert "山田" not in json.dumps(receipt, ensure_ascii=False)
    rows = house.ledger.stored("decisions")
    assert len(rows) == 3
    assert [json.loads(row["payload"]) for row in rows] == [{"target": "[erased]"}, {}, {}]
    assert [row["reason"] for row in rows] == ["短い", "[erased]", "fine"]
    flagged = {row["sample_id"]: row for row in house.ledger.flagged(house.snapshot.snapshot_id)}
    assert flagged[house.ids[NEAR]]["sample"]["input"] == ""
    assert "nobody.else" in flagged[house.ids[make_rows()[5]["input"]]]["sample"]["input"], "not asked for"


def test_opinions_that_were_taken_back_lose_their_text(house: House) -> None:
    desk = Desk(house.ledger)
    for subject, target in ((house.ids[SECRET], "x"), ("other", "y")):
        said = {"recipe": "r", "actor": "ben", "action": "edit", "created": "2026-01-01T00:00:00+00:00"}
        said |= {"payload": {"target": target}, "reason": f"asks {SECRET}"}
        desk.note("ben", WITHDRAWN, subject, said)
    desk.note("ben", WITHDRAWN, house.ids[SECRET], {})  # of an earlier version
    desk.note("ben", "signed_in", "ben", {})
    wipe(house, samples=(house.ids[SECRET],))
    _, _, other, own = desk.acts(4)
    assert (own["detail"]["payload"], own["detail"]["reason"]) == ({"target": "[erased]"}, "[erased]")
    assert (other["detail"]["payload"], other["detail"]["reason"]) == ({"target": "y"}, "[erased]")
    assert (own["actor"], own["detail"]["action"]) == ("ben", "edit")


def test_near_duplicates_and_edits_are_found_by_an_id(house: House) -> None:
    found = look(house, samples=(house.ids[SECRET][:10],))
    assert found.samples == {
        house.ids[SECRET]: Why.SELECTED,
        "after-first": Why.EDIT,
        house.ids[NEAR]: Why.NEAR,
    }
    redacted = make_rows()[5]
    by_edit = [r for r in snapshot_rows(house).values() if r.get("edited_from") == redacted["sample_id"]]
    for name in (by_edit[0]["sample_id"], redacted["sample_id"]):
        assert set(look(house, samples=(name,)).samples) == {by_edit[0]["sample_id"], redacted["sample_id"]}
    wipe(house, samples=(by_edit[0]["sample_id"],))
    assert holders(house.workspace, "order 17") == []


def test_english_with_quotes_and_breaks_is_erased_by_its_file(house: House) -> None:
    erased = wipe(house, uris=("/data/tickets/*",))
    assert erased.remains == ()
    assert set(erased.found.samples.values()) >= {Why.SELECTED}
    pieces = ("Margaret O'Hara", "margaret@example.com", "C:\\hara\\notes", "and write to her at")
    assert holders(house.workspace, ENGLISH, ENGLISH_ANSWER, BROKEN_LINE, *pieces) == []
    assert "fine" in house.workspace.path("data_docs", "snapshot-all.html").read_text()
    (run,) = house.ledger.runs()
    report = load_report(house.workspace, run["run_id"])
    assert report is not None
    first, second, third = report.checks[0].examples
    assert (third.excerpt, third.evidence, report.worst_items[0].expected) == ("[erased]", "", "[erased]")
    assert (first.excerpt, second.excerpt) == (SECRET, "名刺の申請はいつまでですか")
    with sqlite3.connect(house.workspace.path("prefect", "prefect.db")) as connection:
        rows = dict(connection.execute("SELECT key, description FROM artifact"))
    assert rows == {"training-audit": "[erased]", "loss": "Mean nats"}
    assert [p.name for p in house.workspace.path("prefect", "results").iterdir()] == ["judge-1"]


def test_a_document_is_refused_as_a_whole_but_its_other_samples_stay_in_the_snapshot(house: House) -> None:
    erased = wipe(house, matches=("beatrix QUIMBY",))
    assert erased.found.documents == {DOC_ID: HANDBOOK}
    assert house.ledger.tombstones()["document"] == {DOC_ID: erased.erasure_id}
    assert holders(house.workspace, PASSAGE, "Beatrix Quimby") == []
    assert snapshot_rows(house)[4]["target"] == OTHER_PASSAGE
    titles = pq.read_table(house.workspace.path(house.snapshot.folder.path, "documents.parquet"))
    assert set(titles["title"].to_pylist()) == {None}


def test_cached_arrays_lose_the_erased_rows_only(house: House) -> None:
    def compute(wanted: list[int]) -> np.ndarray:
        asked.extend(wanted)
        return np.full(len(wanted), -1.0)

    rows = make_rows()
    ids = [row["sample_id"] for row in rows]
    wipe(house, samples=(house.ids[SECRET],))
    asked: list[int] = []
    values = house.workspace.cached_arrays("base-losses-x", ids, compute)
    assert sorted(asked) == [0, 1]
    assert values[2:].tolist() == [float(i) for i in range(2, len(rows))]
    assert house.workspace.load_arrays("duplicates-x") is None
    kept = pq.read_table(house.workspace.path("cache", "signatures-x.parquet"))
    assert len(kept) == len(rows) - 2
    assert not [p for p in house.workspace.path("cache").rglob("*") if p.name == "0a"]


def test_models_are_marked_and_named(house: House) -> None:
    splits = {row["sample_id"]: row.get("split") for row in snapshot_rows(house).values()}
    trained = next(r for r in make_rows()[6:] if splits[r["sample_id"]] == "train")
    judged = next(r for r in make_rows()[6:] if splits[r["sample_id"]] == "gate")
    assert look(house, samples=(judged["sample_id"],)).trained == () or any(
        splits.get(name) in ("train", "validation")
        for name in look(house, samples=(judged["sample_id"],)).samples
    )
    erased = wipe(house, samples=(trained["sample_id"],))
    assert erased.found.trained == (house.snapshot.snapshot_id,)
    unregistered = f"models/{house.snapshot.samples.digest[:12]}-1 (not registered)"
    assert erased.found.models == ("support version 1", unregistered)
    (model,) = list_models(house.workspace)
    assert model.tags[DUE_TAG] == erased.erasure_id
    assert house.workspace.path(model.path, "adapter.safetensors").read_text() == "weights"


def test_cards_lose_the_line(house: House) -> None:
    wipe(house, samples=(house.ids[SECRET],))
    (model,) = list_models(house.workspace)
    card = house.workspace.path(model.path).parent / "card.md"
    assert card.read_text(encoding="utf-8") == "# support\n\n[erased]\n\nfine\n"


@pytest.mark.parametrize(
    "selection", [{"matches": ("山田太郎",)}, {"uris": (HANDBOOK,)}, {"samples": ("first",)}], ids=str
)
def test_the_second_time_there_is_nothing_to_do(house: House, selection: dict[str, Any]) -> None:
    if selection == {"samples": ("first",)}:
        selection = {"samples": (house.ids[SECRET],)}
    first = wipe(house, **selection)
    before = digests(house.workspace)
    found = look(house, **selection)
    assert is_done(house.ledger, found)
    assert found.changes == ()
    second = wipe(house, **selection)
    assert (second.erasure_id, second.remains) == (first.erasure_id, ())
    assert digests(house.workspace) == before
    assert len(house.ledger.erasures()) == 1


@pytest.mark.parametrize("steps", [0, 3, 6, 9, 11])
def test_an_erasure_cut_short_is_completed_by_the_same_again(
    house: House, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine stops after a number of steps: what is refused stands already, the rest follows."""

    def cut(*arguments: Any) -> Found:
        found = find(*arguments)

        def stop(_: str) -> None:
            raise KeyboardInterrupt

        changes = [*found.changes[:steps], Change(Kind.MODELS, "stop", 1, stop), *found.changes[steps:]]
        return found._replace(changes=tuple(changes))

    chosen = (house.ids[SECRET], house.ids[ENGLISH])
    with monkeypatch.context() as patch:
        patch.setattr(apply, "find", cut)
        with pytest.raises(KeyboardInterrupt):
            wipe(house, samples=chosen)
    assert house.ids[SECRET] in house.ledger.tombstones()["sample"]
    erased = wipe(house, samples=chosen)
    assert [r["erasure_id"] for r in house.ledger.erasures()] == [erased.erasure_id]
    assert erased.remains == ()
    assert holders(house.workspace, SECRET, SECRET_ANSWER, NEAR, ENGLISH, ENGLISH_ANSWER) == []
    house.workspace.folder_ref(*Path(house.snapshot.folder.path).parts)
    assert is_done(house.ledger, look(house, samples=chosen))
    assert list_models(house.workspace)[0].tags[DUE_TAG] == erased.erasure_id


def test_a_snapshot_cut_short_between_its_files_is_completed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.erase import snapshots

    def stop(folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "write_manifest", stop)
        with pytest.raises(KeyboardInterrupt):
            wipe(house, matches=("山田太郎",))
    with pytest.raises(SeimaiError, match="damaged"):
        house.workspace.folder_ref(*Path(house.snapshot.folder.path).parts)
    wipe(house, matches=("山田太郎",))
    house.workspace.folder_ref(*Path(house.snapshot.folder.path).parts)
    assert is_done(house.ledger, look(house, matches=("山田太郎",)))


def test_a_damaged_snapshot_does_not_pass_for_whole_afterwards(house: House) -> None:
    facts = house.workspace.path(house.snapshot.folder.path, "facts.json")
    facts.write_text(facts.read_text() + " ")
    wipe(house, matches=("山田太郎",))
    assert holders(house.workspace, SECRET) == []
    with pytest.raises(SeimaiError, match="damaged"):
        house.workspace.folder_ref(*Path(house.snapshot.folder.path).parts)


def test_what_is_left_is_named(house: House) -> None:
    notes = house.workspace.path("notes.txt")
    notes.write_text(f"remember: {SECRET}", encoding="utf-8")
    archive = house.workspace.path("work", "left.json")
    archive.parent.mkdir()
    archive.write_text(json.dumps({"a": json.dumps({"text": ENGLISH_ANSWER})}))
    erased = wipe(house, samples=(house.ids[SECRET], house.ids[ENGLISH]))
    assert [path for path, _ in erased.remains] == ["notes.txt", "work/left.json"]


def test_words_of_a_decision_alone_are_found(house: House) -> None:
    other = make_rows()[10]
    house.ledger.decide(other["sample_id"], Action.EDIT, {"target": "ask Zacharias Quux"}, "", "aki", "after")
    erased = wipe(house, matches=("zacharias",))
    assert other["sample_id"] in erased.found.samples, "a redacted edit must never be applied"
    assert holders(house.workspace, "Zacharias Quux") == []


def test_regular_expressions_are_asked_for(house: House) -> None:
    found = look(house, matches=(r"契約番号.+至急お願いします。$",), regex=True)
    assert found.samples[house.ids[SECRET]] is Why.SELECTED
    assert found.samples[house.ids[NEAR]] is Why.NEAR
    with pytest.raises(SeimaiError, match="nothing in this workspace matches"):
        look(house, matches=(r"契約番号.+至急",))
    with pytest.raises(SeimaiError, match="no regular expression"):
        look(house, matches=("(",), regex=True)
    with pytest.raises(SeimaiError, match="fits every text"):
        look(house, matches=(".*",), regex=True)


def test_what_cannot_be_meant_is_refused(house: House) -> None:
    before = digests(house.workspace)
    for selection in ({"matches": ("nobody wrote this",)}, {"uris": ("/data/none.md",)}):
        with pytest.raises(SeimaiError, match="nothing in this workspace matches"):
            look(house, **selection)
    with pytest.raises(SeimaiError, match="no sample's id begins with 'zz'"):
        look(house, samples=("zz",))
    with pytest.raises(SeimaiError, match="--uri, --sample or --match"):
        look(house)
    with pytest.raises(SeimaiError, match="empty value"):
        look(house, matches=("  ",))
    twins = sorted(row["sample_id"] for row in make_rows())
    shared = next(a[:1] for a, b in pairwise(twins) if a[:1] == b[:1])
    with pytest.raises(SeimaiError, match="samples begin with") as error:
        look(house, samples=(shared,))
    assert twins[0][:1] != shared or twins[0] in str(error.value)
    assert digests(house.workspace) == before


def test_a_change_since_the_look_stops_it(house: House) -> None:
    chosen = Selection(matches=("山田太郎",))
    found = find(house.workspace, house.ledger, chosen)
    extra = build_table([make_row(0, "山田太郎さんの席はどこですか", "三階です")], SAMPLE)
    house.workspace.write_table(extra, "samples")
    with pytest.raises(SeimaiError, match="changed meanwhile"):
        erase(house.workspace, house.ledger, chosen, found, "aki", "why")
    assert house.ledger.erasures() == []


def test_what_came_back_is_erased_again_with_a_further_receipt(house: House) -> None:
    wipe(house, matches=("山田太郎",))
    extra = build_table([make_row(0, "山田太郎さんの席はどこですか", "三階です")], SAMPLE)
    house.workspace.write_table(extra, "samples")
    wipe(house, matches=("山田太郎",))
    assert holders(house.workspace, "山田太郎") == []
    assert len(house.ledger.erasures()) == 2
    assert extra["sample_id"][0].as_py() in house.ledger.tombstones()["sample"]


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(erase_command)
    return app


def test_the_command_shows_asks_and_accounts(house: House, command: typer.Typer) -> None:
    runner = CliRunner()
    place = ["-w", house.workspace.root]
    wide = {"COLUMNS": "200"}
    before = digests(house.workspace)
    base = [*place, "--match", "山田太郎", "--reason", "asked"]
    shown = runner.invoke(command, [*base, "--dry-run"], env=wide)
    assert shown.exit_code == 0, shown.output
    assert house.ids[SECRET][:12] in shown.output
    assert "support version 1" in shown.output
    refused = runner.invoke(command, base, input="\n", env=wide)
    assert refused.exit_code == 1
    with pytest.raises(SeimaiError, match="needs a --reason"):
        runner.invoke(command, [*base[:4], "--yes"], catch_exceptions=False)
    assert digests(house.workspace) == before
    done = runner.invoke(command, [*base, "--actor", "chie"], input="y\n", env=wide)
    assert done.exit_code == 0, done.output
    (receipt,) = house.ledger.erasures()
    assert receipt["actor"] == "chie"
    assert receipt["erasure_id"] in done.output
    assert "still holds it" not in done.output
    again = runner.invoke(command, [*base, "--yes"], env=wide)
    assert "nothing is left to do" in " ".join(again.output.split())
    listed = runner.invoke(command, [*place, "--list"], env=wide)
    assert receipt["erasure_id"] in listed.output
    assert "山田" not in listed.output


def test_a_run_keeps_the_workspace(house: House) -> None:
    chosen = Selection(matches=("山田太郎",))
    found = find(house.workspace, house.ledger, chosen)
    with house.workspace.locked("a run"), pytest.raises(WorkspaceBusyError):
        erase(Workspace(root=house.workspace.root), house.ledger, chosen, found, "aki", "why")
    assert digest_of(house.ledger.erasures()) == digest_of([])

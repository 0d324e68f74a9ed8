"""Sources to samples: what becomes of each row, what is told, what is parsed again."""

import hashlib
import json
import logging
import unittest.mock
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.errors import RecipeError, StorageError
from tasks.ingest import workers
from tasks.ingest.assemble import IngestResult
from tasks.ingest.contract import IngestSettings, SourceFile
from tasks.ingest.files import find_all_files
from tasks.ingest.parse import parse_file
from tasks.ingest.stage import ingest, ingest_stage
from tasks.ingest.versions import family_of
from tasks.recipe import FileFormat, Source
from tasks.records import DOCUMENT, FINDING, SAMPLE, Task, sample_id
from tasks.storage import Workspace

DATA = Path(__file__).parents[2] / "shared" / "data"


def write_rows(path: Path, *rows: Any) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def take_in(task: Task, *sources: Source, **settings: Any) -> IngestResult:
    return ingest(find_all_files(sources), IngestSettings(task=task, sources=sources, **settings))


def classify(path: str | Path, instruction: str = "", **source: Any) -> IngestResult:
    return take_in(Task.TEXT_CLASSIFICATION, Source(path=str(path), **source), instruction=instruction)


def generate(path: str | Path, instruction: str = "") -> IngestResult:
    return take_in(Task.TEXT_GENERATION, Source(path=str(path)), instruction=instruction)


def checks(result: IngestResult) -> list[tuple[str, str, int | None]]:
    return [(f["check"], f["severity"], f["line"]) for f in result.findings.to_pylist()]


def test_classification_row_becomes_a_conversation(tmp_path: Path) -> None:
    row = {"text": "Where is my card?", "label": "card", "id": 7, "date": "2024-05-01"}
    path = write_rows(tmp_path / "a.jsonl", row)
    (sample,) = classify(path, "Classify.", license="CC0", owner="support").samples.to_pylist()
    assert sample["prompt"] == [
        {"role": "system", "content": "Classify."},
        {"role": "user", "content": "Where is my card?"},
    ]
    assert sample["completion"] == [{"role": "assistant", "content": "card"}]
    assert sample["sample_id"] == sample_id(
        "text-classification", sample["prompt"], sample["completion"], "card"
    )
    expected = {"row": 0, "label": "card", "input": "Where is my card?", "target": "card", "language": "en"}
    expected |= {
        "source_id": "7",
        "line": 1,
        "date": "2024-05-01",
        "license": "CC0",
        "owner": "support",
        "uri": path,
    }
    assert {key: sample[key] for key in expected} == expected


def test_generation_takes_strings_and_messages(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Own."}
    asked = {"role": "user", "content": "質問です"}
    answer = {"role": "assistant", "content": "回答です"}
    path = write_rows(
        tmp_path / "a.jsonl",
        {"prompt": "Q", "completion": "A"},
        {"prompt": [system, asked], "completion": [answer]},
    )
    plain, chat = generate(path, "Given.").samples.to_pylist()
    assert plain["prompt"][0] == {"role": "system", "content": "Given."}
    assert chat["prompt"] == [system, asked]
    assert (chat["input"], chat["target"], chat["language"]) == ("質問です", "回答です", "ja")


def test_documents_become_passages_with_their_origin(tmp_path: Path) -> None:
    body = "Leave is asked for in advance, by mail to the lead, and granted in a week. " * 3
    (tmp_path / "leave_v2.md").write_text(f"---\ntitle: Leave\n---\n# Leave\n\n{body}\n", encoding="utf-8")
    result = take_in(Task.LANGUAGE_MODELING, Source(path=str(tmp_path)))
    (document,), (sample,) = result.documents.to_pylist(), result.samples.to_pylist()
    assert document["family"] == "leave"
    assert (document["title"], document["media_type"]) == ("Leave", "text/markdown")
    assert document["modified"].endswith("+00:00")
    assert sample["prompt"] == []
    assert sample["input"] == ""
    assert (
        document["text"][sample["start"] : sample["end"]] == sample["target"] == f"# Leave\n\n{body}".strip()
    )
    assert sample["line"] == 4
    assert sample["doc_id"] == document["doc_id"]
    assert sample["group_id"].startswith("doc-")


def test_versions_of_a_document_share_a_group() -> None:
    names = ["/d/規程.md", "/d/規程_v2.md", "/d/規程-ver1.3.md", "/d/規程 第3版.txt", "/d/規程 (2).md"]
    assert {family_of(name) for name in names} == {"/d/規程"}
    assert family_of("/d/chapter-1.md") != family_of("/d/chapter-2.md")
    assert family_of("/d/v2.md") == "/d/v2"


def test_tables_have_the_contract_s_schemas(tmp_path: Path) -> None:
    result = classify(write_rows(tmp_path / "a.jsonl", {"text": "a", "label": "b"}, {"text": ""}))
    assert result.samples.schema == SAMPLE
    assert result.documents.schema == DOCUMENT
    assert result.findings.schema == FINDING


def test_parquet_with_integer_labels(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"], "label": [0, 1]}), tmp_path / "a.parquet")
    assert classify(tmp_path / "a.parquet").samples["label"].to_pylist() == ["0", "1"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"label": "a"}, "column 'text' is missing; columns here: label"),
        (
            {"txt": "x", "label": "a"},
            "column 'text' is missing; did you mean 'txt'? columns here: txt, label",
        ),
        ({"text": " \n", "label": "a"}, "column 'text' is empty"),
        ({"text": None, "label": "a"}, "column 'text' is empty"),
        ({"text": 5, "label": "a"}, "column 'text' must be a string, got int"),
        ({"text": "x", "label": True}, "column 'label' must be a string, got bool"),
    ],
)
def test_missing_field(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    result = classify(write_rows(tmp_path / "a.jsonl", {"text": "good", "label": "a"}, row))
    assert checks(result) == [("missing_field", "warning", 2)]
    assert result.findings["reason"].to_pylist() == [reason]
    assert len(result.samples) == 1


@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "user"}],
        [{"role": "robot", "content": "x"}],
        [{"role": "user", "content": " "}],
        [{"role": "assistant", "content": "x"}],
        ["x"],
    ],
)
def test_malformed_messages(tmp_path: Path, prompt: list[Any]) -> None:
    good = {"prompt": "Q", "completion": "A"}
    result = generate(write_rows(tmp_path / "a.jsonl", good, {"prompt": prompt, "completion": "A"}))
    assert checks(result) == [("malformed_messages", "warning", 2)]


def test_malformed_line_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "x"}\n{"text": \n', encoding="utf-8")
    result = classify(tmp_path / "a.jsonl")
    assert checks(result) == [("malformed_line", "warning", 2)]
    assert result.findings["uri"].to_pylist() == [str(tmp_path / "a.jsonl")]
    assert len(result.samples) == 1


def test_undecodable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\nカード,配送\n".encode("cp932"))
    (tmp_path / "b.csv").write_text("text,label\nカード,配送\n", encoding="utf-8")
    result = classify(tmp_path, encoding="utf-8")
    assert checks(result) == [("undecodable", "critical", None)]
    assert result.samples["uri"].to_pylist() == [str(tmp_path / "b.csv")]


@pytest.mark.parametrize("codec", ["cp932", "euc_jp", "utf-16", "utf-16-le", "utf-8-sig"])
def test_encodings_are_detected(tmp_path: Path, codec: str) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\r\nカードが届きません,配送\r\n".encode(codec))
    (sample,) = classify(tmp_path / "a.csv").samples.to_pylist()
    assert (sample["input"], sample["label"]) == ("カードが届きません", "配送")


def test_unknown_encoding_is_the_recipe_s_fault(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", {"text": "a", "label": "b"})
    with pytest.raises(RecipeError, match=r"sources\.0\.encoding='klingon'"):
        classify(path, encoding="klingon")


def test_invalid_bytes_are_told_and_stay(tmp_path: Path) -> None:
    good = '{"text": "カードが届きません", "label": "配送"}\n'.encode()
    (tmp_path / "a.jsonl").write_bytes(good + good.replace("カ".encode(), b"\xe3\x82"))
    result = classify(tmp_path / "a.jsonl")
    assert checks(result) == [("invalid_bytes", "warning", None)]
    assert result.samples["input"].to_pylist() == ["カードが届きません", "\ufffdードが届きません"]


def test_half_a_surrogate_pair_becomes_a_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a\\ud800b", "label": "x"}\n', encoding="utf-8")
    assert classify(tmp_path / "a.jsonl").samples["input"].to_pylist() == ["a\ufffdb"]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"text,label\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    result = classify(tmp_path / "a.csv")
    assert checks(result) == [("empty", "warning", None)]
    assert len(result.samples) == 0


def test_malformed_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but not really")
    assert checks(classify(tmp_path)) == [("corrupt", "critical", None)]


def test_short_passage(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Too short.", encoding="utf-8")
    result = take_in(Task.LANGUAGE_MODELING, Source(path=str(tmp_path)))
    assert checks(result) == [("short_passage", "info", 1)]


def test_duplicate_id_is_told_across_files_of_a_source(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", {"id": 1, "text": "a", "label": "x"}, {"text": "no id", "label": "x"})
    write_rows(tmp_path / "b.jsonl", {"id": "1", "text": "b", "label": "x"}, {"text": "no id", "label": "x"})
    result = classify(tmp_path)
    (finding,) = result.findings.to_pylist()
    assert (finding["check"], finding["severity"], finding["row"], finding["line"]) == (
        "duplicate_id",
        "warning",
        2,
        1,
    )
    assert finding["reason"] == f"id '1' is already that of {tmp_path / 'a.jsonl'}, line 1"
    assert result.samples["source_id"].to_pylist() == ["1", "2", "1", "2"]


def test_missing_csv_column_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,lable\na,b\n", encoding="utf-8")
    message = r"column 'label' is missing; did you mean 'lable'\? columns here: text, lable"
    with pytest.raises(RecipeError, match=r"sources\.0: .*a\.csv: .*" + message):
        classify(tmp_path)


def test_a_source_of_which_no_row_fits_is_the_recipe_s_fault(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", *[{"query": "a", "label": "b"}] * 3)
    with pytest.raises(
        RecipeError,
        match=r"3 line\(s\) or file\(s\) do not fit; the first: .*a.jsonl: column 'text' is missing",
    ):
        classify(path)


def test_documents_do_not_suit_classification(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Text", encoding="utf-8")
    with pytest.raises(RecipeError, match="a markdown document, but task 'text-classification' needs rows"):
        classify(tmp_path)


def test_order_and_rows_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    one = write_rows(tmp_path / "z.jsonl", {"text": "z", "label": "x"})
    two = write_rows(tmp_path / "a.jsonl", {"text": "a1", "label": "x"}, {"text": "a2", "label": "x"})
    sources = (Source(path=one), Source(path=two, role="evaluation"))
    settings = IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=sources)
    samples = ingest(find_all_files(sources)[::-1], settings).samples
    assert samples["input"].to_pylist() == ["z", "a1", "a2"]
    assert samples["row"].to_pylist() == [0, 1, 2]
    assert samples["role"].to_pylist() == ["train", "evaluation", "evaluation"]


def test_chosen_rows_are_stable_when_rows_are_added(tmp_path: Path) -> None:
    rows = [{"text": f"text {i}", "label": "x"} for i in range(40)]
    before = classify(write_rows(tmp_path / "a.jsonl", *rows), rows=20).samples["input"].to_pylist()
    added = classify(write_rows(tmp_path / "a.jsonl", {"text": "new", "label": "x"}, *rows), rows=20)
    after = added.samples["input"].to_pylist()
    assert len(before) == len(after) == 20
    assert len(set(before) - set(after)) <= 1
    assert before == [row["text"] for row in rows if row["text"] in set(before)]


FIELD = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=2))
ROWS = st.lists(
    st.one_of(st.dictionaries(st.sampled_from(["text", "label", "id"]), FIELD), FIELD), max_size=12
)


@given(ROWS)
def test_every_row_is_a_sample_or_a_finding(rows: list[Any]) -> None:
    assume(len(rows) != 1 or not isinstance(rows[0], list))  # that is a file of JSON, not JSON lines
    file = SourceFile(
        uri="/a.jsonl", name="a.jsonl", size=0, modified=None, digest="", source=0, format=FileFormat.JSONL
    )
    settings = IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=(Source(path="/a.jsonl"),))
    content = "\n".join(map(json.dumps, rows)).encode()
    file = file.model_copy(update={"digest": hashlib.sha256(content).hexdigest()})
    with unittest.mock.patch("tasks.ingest.parse.read_file", return_value=content):
        parsed = parse_file(file, settings)
    told = [f["line"] for f in parsed.findings.to_pylist() if f["check"] != "repaired_text"]
    seen = Counter(parsed.samples["line"].to_pylist()) + Counter(told)
    assert seen == (Counter(range(1, len(rows) + 1)) if rows else Counter({None: 1}))


@pytest.fixture
def parsed_uris(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were given to a worker."""
    names: list[str] = []

    give = workers._give

    def counting(worker: Any, files: list[SourceFile], job: int, settings: IngestSettings) -> None:
        names.append(Path(files[job].uri).name)
        give(worker, files, job, settings)

    monkeypatch.setattr(workers, "_give", counting)
    return names


def run_stage(root: Path, folder: Path, **settings: Any) -> list[str]:
    sources = (Source(path=str(folder)),)
    workspace = Workspace(root=str(root))
    known = IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=sources, **settings)
    refs = ingest_stage.fn(workspace, find_all_files(sources), known)
    return workspace.read_table(refs.samples)["input"].to_pylist()


def test_only_the_changed_file_is_parsed(tmp_path: Path, parsed_uris: list[str]) -> None:
    folder, root = tmp_path / "data", tmp_path / "workspace"
    folder.mkdir()
    for name in "abc":
        write_rows(folder / f"{name}.jsonl", {"text": name, "label": "x"})
    assert run_stage(root, folder) == ["a", "b", "c"]
    assert parsed_uris == ["a.jsonl", "b.jsonl", "c.jsonl"]
    parsed_uris.clear()
    write_rows(folder / "b.jsonl", {"text": "B", "label": "x"})
    (folder / "c.jsonl").unlink()
    assert run_stage(root, folder) == ["a", "B"]
    assert parsed_uris == ["b.jsonl"]
    parsed_uris.clear()
    run_stage(root, folder, instruction="New.")
    assert parsed_uris == ["a.jsonl", "b.jsonl"]


def test_a_damaged_cache_is_made_anew(
    tmp_path: Path, parsed_uris: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder, root = tmp_path / "data", tmp_path / "workspace"
    folder.mkdir()
    write_rows(folder / "a.jsonl", {"text": "a", "label": "x"})
    run_stage(root, folder)
    (entry,) = (root / "cache" / "parsed").iterdir()
    entry.write_bytes(entry.read_bytes()[:-10])
    with caplog.at_level(logging.WARNING, "seimai.ingest"):
        assert run_stage(root, folder) == ["a"]
    assert "its digest does not fit" in caplog.text
    assert parsed_uris == ["a.jsonl"] * 2
    parsed_uris.clear()
    assert run_stage(root, folder) == ["a"]
    assert parsed_uris == []


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", {"text": "a", "label": "x"})
    source = Source(path=path)
    files = find_all_files([source])
    write_rows(tmp_path / "a.jsonl", {"text": "b", "label": "x"})
    with pytest.raises(StorageError, match=r"a\.jsonl changed while it was being read"):
        ingest(files, IngestSettings(task=Task.TEXT_CLASSIFICATION, sources=(source,)))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not here")
def test_real_data() -> None:
    banking = classify(DATA / "banking77" / "train.csv", columns={"label": "category"})
    assert (len(banking.samples), len(banking.findings)) == (10_003, 0)
    handbook = take_in(Task.LANGUAGE_MODELING, Source(path=str(DATA / "docs_en_18f_handbook" / "head")))
    spans = sum(
        b - a
        for a, b in zip(
            handbook.samples["start"].to_pylist(), handbook.samples["end"].to_pylist(), strict=True
        )
    )
    empty = [check for check in handbook.findings["check"].to_pylist() if check == "empty"]
    assert (len(handbook.documents), len(empty)) == (213, 8)  # eight pages are front matter only
    assert spans > 0.99 * sum(map(len, handbook.documents["text"].to_pylist()))

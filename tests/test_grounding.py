"""Answers held against the documents that they say they rest on."""

from pathlib import Path
from typing import Any

import pytest

from tasks.grounding import find_ungrounded, read_figures, unsupported_figures
from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_all_files
from tasks.ingest.stage import ingest
from tasks.recipe import Source
from tasks.records import Task


def told(folder: Path) -> list[dict[str, Any]]:
    sources = (Source(path=str(folder)),)
    read = ingest(find_all_files(sources), IngestSettings(task=Task.TEXT_GENERATION, sources=sources))
    return find_ungrounded(read.samples, read.documents).to_pylist()


def with_answer(tmp_path: Path, support: str, document: str = "returns.md", answer: str = "Ask us.") -> Path:
    (tmp_path / "returns.md").write_text(
        "# Returns\n\nWithin 30 days of delivery, unused goods are taken back.\n\n"
        "## Who pays\n\nWe pay the postage of goods that arrived broken.\n",
        encoding="utf-8",
    )
    (tmp_path / "answers.csv").write_text(
        f"prompt,completion,document,support\nHow long may I return it?,{answer},{document},{support}\n",
        encoding="utf-8",
    )
    return tmp_path


def test_an_answer_whose_words_still_stand_there_is_kept(tmp_path: Path) -> None:
    support = "WITHIN 30 days of  delivery"
    assert told(with_answer(tmp_path, support)) == []


def test_an_answer_whose_document_moved_on_is_stale(tmp_path: Path) -> None:
    folder = with_answer(tmp_path, "Within 14 days of delivery")
    (finding,) = told(folder)
    assert finding["check"] == "stale"
    assert finding["row"] is not None
    assert "Within 30 days of delivery" in finding["evidence"]
    assert finding["reason"] == "returns.md no longer says what the answer rests on"


def test_an_answer_whose_document_is_gone_is_told(tmp_path: Path) -> None:
    folder = with_answer(tmp_path, "Within 30 days", "old.md")
    (finding,) = told(folder)
    assert finding["check"] == "document_gone"
    assert "old.md" in finding["reason"]


def test_without_documents_nothing_is_stale(tmp_path: Path) -> None:
    folder = with_answer(tmp_path, "anything")
    (folder / "returns.md").unlink()
    assert told(folder) == []


def test_a_figure_that_the_document_does_not_hold_is_told(tmp_path: Path) -> None:
    folder = with_answer(tmp_path, "Within 30 days", answer="You have 45 days from delivery.")
    (finding,) = told(folder)
    assert (finding["check"], finding["reason"]) == ("unsupported_figure", "returns.md does not say 45 day")
    assert "Within 30 days of delivery" in finding["evidence"]


def test_names_list_numbers_and_particles_are_no_figures() -> None:
    assert read_figures("1. KF-400 shows E03.\n2. A44は3分で消えます") == [("3", "分")]
    assert read_figures("three kettles, 1,100 yen") == [("3", "kettle"), ("1100", "yen")]


@pytest.mark.parametrize(
    ("answer", "source", "unsupported"),
    [
        ("up to 8 people", "up to 5 people; 8 kg", ["8"]),
        ("-22 °C at the coldest", "between -22 and -16 °C", []),
        ("about two hours", "2 hours", []),
        ("保温は48時間まで", "保温は24時間までです", ["48"]),
        ("合計6,050円、うち3,300円と2,750円", "点検料3,300円、出張費2,750円", []),
        ("it costs 5,850 yen", "it costs 3,850 yen", ["5850"]),
        ("within 30-days", "30 days", []),
        ("no figure at all", "1 figure", []),
        ("保証は三年です。", "保証は二年です。", ["3"]),
        ("保証は三年です。", "保証は3年です。", []),
        ("三十五日以内", "35日以内にお願いします。", []),
        ("五万円まで", "上限は3万円です", ["50000"]),
        ("上限は三万円です", "上限は30,000円です", []),
        ("1.5万円です", "15,000円です", []),
        ("第三条により", "第二条により", ["3"]),
        ("二〇二四年から", "2024年から", []),
        ("一時的に十分な量を一度に送ります。", "3時に5分、2度送ります。", []),
        ("世界一周の三国志を一部お送りします。", "2部", []),
    ],
)
def test_number_and_unit_stand_together(answer: str, source: str, unsupported: list[str]) -> None:
    assert [figure.number for figure in unsupported_figures(answer, [source])] == unsupported

"""Question/answer pairs that documents hold: what asks, what answers, and what is told instead."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks.ingest.builders.asking import question_of
from tasks.ingest.builders.questions import build_questions
from tasks.ingest.compose import compose
from tasks.ingest.contract import Block, Boilerplate, ReadOptions, heading, list_item, paragraph, table
from tasks.ingest.readers.markdown import read_markdown
from tasks.language import detect_language
from tasks.recipe import QuestionSettings

DATA = Path(__file__).parents[2] / "shared" / "data"
DEFAULT = QuestionSettings()


def document_of(content: str | list[Block], title: str = "", language: str | None = None) -> dict[str, Any]:
    blocks = read_markdown(content.encode(), ReadOptions()).blocks if isinstance(content, str) else content
    text, spans, _ = compose(blocks)
    return {"text": text, "blocks": spans, "title": title, "language": language or detect_language(text)}


def pairs_of(content: str | list[Block], **kwargs: Any) -> list[tuple[str, str]]:
    document = document_of(content, **kwargs)
    pieces, _ = build_questions(document, DEFAULT, "")
    assert all(document["text"][piece.start : piece.end] == piece.support for piece in pieces)
    return [(piece.prompt[-1]["content"], piece.completion[0]["content"]) for piece in pieces]


def problems_of(content: str) -> list[tuple[str, int | None]]:
    return [(p.check, p.line) for p in build_questions(document_of(content), DEFAULT, "")[1]]


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("How do I book a room?", "How do I book a room?"),
        ("**How** do I [log in](https://x.example)?", "How do I log in?"),
        ("3.2 What is FITARA", "What is FITARA?"),
        ("Q3. Returns", "Returns"),
        ("How to Book a Rental Car", "How do I book a Rental Car?"),
        ("I lost my card. Whom do I call?", "I lost my card. Whom do I call?"),
        ("返品はできますか？", "返品はできますか？"),
        ("マージはだれが行うべきか", "マージはだれが行うべきか？"),
        ("多言語対応をすべきかどうか", "多言語対応をすべきか？"),
        ("ソフトスキルとは", "ソフトスキルとは何ですか。"),
        ("監査ログ取得方法", "監査ログ取得方法を教えてください。"),
        ("注文を取り消すには", "注文を取り消すにはどうすればよいですか。"),
    ],
)
def test_headings_that_ask(heading: str, question: str) -> None:
    assert question_of(heading) == question


@pytest.mark.parametrize(
    "heading",
    [
        "How we work",
        "Why psychological safety matters",
        "What you have now",
        "Want to learn more about our projects?",
        "Do you have an upcoming trip?",
        "Questions?",
        "Leave policy",
        "Can and cannot",
        "How do I...?",
        "休暇について",
        "小規模プロジェクトの場合",
        "何が明らか",
        "そのほか",
        "方法",
        "ご質問？",
    ],
)
def test_headings_that_do_not_ask(heading: str) -> None:
    assert question_of(heading) == ""


def test_a_heading_completes_the_one_above() -> None:
    assert question_of("Book rooms?", ["Chicago", "How do I..."]) == "Chicago: How do I book rooms?"
    assert question_of("Who works here?", ["How do I..."], "Chicago") == "Chicago: Who works here?"


def test_a_question_that_leans_on_its_place_names_its_subject() -> None:
    assert (
        question_of("What does this mean in practice?", ["Leave"])
        == "Leave: What does this mean in practice?"
    )
    assert question_of("What's the process?", ["FAQ"], "Leave") == "Leave: What's the process?"
    assert question_of("What is PII?", ["Privacy"]) == "What is PII?"


SECTIONS = """# Guide

## How do I apply for leave?

Write to the lead.

### Form

- name
- date

## Next

Other.
"""


def test_the_answer_is_the_section() -> None:
    assert pairs_of(SECTIONS) == [
        ("How do I apply for leave?", "Write to the lead.\n\n### Form\n\n- name\n- date")
    ]


def test_where_a_pair_comes_from() -> None:
    document = document_of(SECTIONS)
    (piece,), _ = build_questions(document, DEFAULT, "Answer briefly.")
    assert piece.prompt[0] == {"role": "system", "content": "Answer briefly."}
    assert (piece.line, piece.section, piece.builder) == (3, "Guide > How do I apply for leave?", "questions")
    assert document["text"][piece.start : piece.end] == piece.support == piece.completion[0]["content"]


def test_a_question_below_a_question_ends_the_answer() -> None:
    text = "# Why tests?\n\nThey save time.\n\n## How do I run tests?\n\nType make.\n"
    assert pairs_of(text) == [("Why tests?", "They save time."), ("How do I run tests?", "Type make.")]


def test_boilerplate_is_no_answer() -> None:
    footer = paragraph("Page 3", boilerplate=Boilerplate.PAGE_FOOTER)
    blocks = [heading("Who pays?", 1), paragraph("The company."), footer, paragraph("Always.")]
    document = document_of(blocks)
    (piece,), _ = build_questions(document, DEFAULT, "")
    assert piece.completion[0]["content"] == "The company.\n\nAlways."
    assert piece.support == document["text"][piece.start : piece.end]


def test_long_and_missing_answers_are_told() -> None:
    text = (
        f"# Who pays for it?\n\n{'The company. ' * 200}\n\n# When do they pay?\n\n# Where do I sign?\n\nTBD\n"
    )
    assert problems_of(text) == [("long_answer", 1), ("no_answer", 5), ("no_answer", 7)]
    assert pairs_of(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Q: Who pays?\nA: The company.",
        "Q1. Who pays?\n\nA1. The company.",
        "**Q: Who pays?**\n\n**A:** The company.",
        "**Q** Who pays?\n\n**A** The company.",
        "- Q: Who pays?\n- A: The company.",
        "1. Q. Who pays?\n   A. The company.",
        "> Q: Who pays?\n> A: The company.",
        "**Who pays?** The company.",
        "**Who pays?**\n\nThe company.",
        "- **Who pays?** The company.",
        "## Q: Who pays?\n\nA: The company.",
        "| Question | Answer |\n|---|---|\n| Who pays? | The company. |",
        "Q: Who\npays?\nA: The company.",
    ],
)
def test_ways_of_writing_questions_and_answers(text: str) -> None:
    assert pairs_of(text) == [("Who pays?", "The company.")]


@pytest.mark.parametrize(
    "text",
    [
        "Ｑ．返品できますか？\nＡ．できます。",
        "問1　返品できますか？\n\n答1　できます。",
        "【Q】返品できますか？\n【A】できます。",
        "質問：返品できますか？\n回答：できます。",
        "| 質問 | 回答 |\n|---|---|\n| 返品できますか？ | できます。 |",
        "| No. | お問い合わせ内容 | ご回答 |\n|---|---|---|\n| 1 | 返品できますか？ | できます。 |",
    ],
)
def test_ways_of_writing_them_in_japanese(text: str) -> None:
    assert pairs_of(text) == [("返品できますか？", "できます。")]


def test_several_in_one_paragraph_and_an_answer_of_several_blocks() -> None:
    text = "Q: Who?\nA: Ann.\nQ: When?\nA: Today, with:\n\n- a pen\n- a form\n\nAnother matter altogether.\n"
    assert pairs_of(text) == [("Who?", "Ann."), ("When?", "Today, with:\n\n- a pen\n\n- a form")]


def test_a_question_without_answer_is_told_and_no_question_is_not_one() -> None:
    assert problems_of("Q: Who pays?\n\n# Next\n\nText.") == [("no_answer", 1)]
    assert pairs_of("Q: a quarter of the year\n\nText.") == []
    assert pairs_of("**Important**\n\nText.\n\nA. First option\nB. Second option") == []
    assert pairs_of("- **Who pays?**\n- The next item.") == []


def test_cells_keep_their_breaks_and_pipes() -> None:
    (pair,) = pairs_of([table([["Q", "A"], ["Which?", "one | two\nthree"]])])
    assert pair == ("Which?", "one | two\nthree")


@pytest.mark.parametrize(
    "entry",
    [
        "- **PIF** - A person.",
        "- **PIF**: A person.",
        "**PIF:** A person.",
        "**PIF** — A person.",
        "- PIF: A person.",
        "- PIF – A person.",
        "PIF\n: A person.",
        "**PIF**\n\nA person.",
        "### PIF\n\nA person.",
        "### P\n\n- **[PIF](https://pif.example)** - A person.",
        "| Abbreviation | Meaning |\n|---|---|\n| PIF | A person. |",
    ],
)
def test_ways_of_writing_a_glossary(entry: str) -> None:
    assert pairs_of(f"## Glossary\n\n{entry}\n", language="en") == [('What does "PIF" mean?', "A person.")]


def test_glossaries_in_japanese_and_in_a_title() -> None:
    expected = [("「冪等性」とは何ですか。", "何度行っても同じになる性質")]
    assert pairs_of("# 用語集\n\n- **冪等性**: 何度行っても同じになる性質\n") == expected
    assert pairs_of("| 用語 | 説明 |\n|---|---|\n| 冪等性 | 何度行っても同じになる性質 |\n") == expected
    assert pairs_of([list_item("冪等性：何度行っても同じになる性質")], title="社内用語集") == expected


def test_odd_cells_are_read_in_no_time() -> None:
    assert pairs_of("| Q | A |\n|---|---|\n| Which? | " + "`a` " * 400 + "\\")[0][1].endswith("`a` \\")


def test_outside_of_a_glossary_bold_terms_are_no_entries() -> None:
    text = "## Notes\n\n- **Note**: bring a pen.\n\n| Name | Description |\n|---|---|\n| a | b |\n"
    assert pairs_of(text) == []
    glossary = document_of("## Glossary\n\n- **PIF**: A person.\n")
    assert build_questions(glossary, QuestionSettings(glossary=False), "") == ([], [])


PARTS = """# Who pays?|## 用語|Q: Who?\nA: Ann.|- **a**: b|**Why?** So.|text|> Q: a\n> A: b|A: lone|## How do I...
### Do it?|```\nQ: x\n```|- Q: a?\n  - b\n- c|Ｑ．何？\nＡ．x|**term**|- a: b"""


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PARTS.split("|"), "| Q | A |\n|-|-|\n| x | |"]), min_size=1, max_size=10))
def test_support_is_always_the_documents_own(parts: list[str]) -> None:
    document = document_of("\n\n".join(parts))
    pieces, _ = build_questions(document, DEFAULT, "")
    for piece in pieces:
        assert document["text"][piece.start : piece.end] == piece.support
        assert piece.completion[0]["content"].strip()


@pytest.mark.skipif(not DATA.exists(), reason="no reference data beside the project")
def test_real_documents() -> None:
    folder = DATA / "docs_ja_future_guidelines" / "head" / "documents"
    asked = [
        question
        for path in sorted(folder.rglob("*.md"))
        for question, _ in pairs_of(path.read_text(encoding="utf-8"))
    ]
    assert len(asked) >= 55
    assert "なぜ静的解析を行うのか？" in asked
    assert "「対向システム」とは何ですか。" in asked

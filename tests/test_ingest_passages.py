"""Documents to passages: where cuts may fall, and where not."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.builders.passages import build_passages
from tasks.ingest.builders.sample import Piece
from tasks.ingest.compose import compose
from tasks.ingest.contract import Block, Boilerplate, Problem, paragraph
from tasks.ingest.readers.markdown import markdown_blocks
from tasks.ingest.readers.plain_text import text_blocks
from tasks.recipe import PassageSettings

SMALL = PassageSettings(max_characters=200, min_characters=20)
PROSE = "Leave is asked for in advance, by mail to the lead. "
GUIDE = f"""# Leave

{PROSE}

## Sick leave

{PROSE * 2}

| Kind | Days |
|------|------|
| sick | 10   |
| paid | 20   |

```python
def days():

    return 30  # not a paragraph break
```

- first item, which is long enough to matter here
  - inner item with more words in it
- second item, which is long enough to matter here
"""


def cut(blocks: list[Block], settings: PassageSettings = SMALL) -> tuple[str, list[Piece], list[Problem]]:
    composed = compose(blocks)
    pieces, problems = build_passages({"text": composed.text, "blocks": composed.blocks}, settings)
    return composed.text, pieces, problems


def passages_of(text: str, settings: PassageSettings = SMALL) -> list[str]:
    return [piece.completion[0]["content"] for piece in cut(markdown_blocks(text), settings)[1]]


def test_headings_come_along() -> None:
    passages = passages_of(GUIDE)
    assert passages[0] == f"# Leave\n\n{PROSE.strip()}"
    assert passages[1].startswith("# Leave\n\n## Sick leave\n\nLeave is")
    assert passages[2].startswith("# Leave\n## Sick leave\n\n")
    _, pieces, _ = cut(markdown_blocks(GUIDE))
    assert (pieces[2].section, pieces[2].line) == ("Leave > Sick leave", 14)


def test_spans_point_into_the_document() -> None:
    text, pieces, _ = cut(markdown_blocks(GUIDE))
    for piece in pieces:
        assert piece.completion[0]["content"].endswith(text[piece.start : piece.end])


def test_boilerplate_is_passed_over_and_told() -> None:
    footer = paragraph("page 3 of 9", boilerplate=Boilerplate.PAGE_FOOTER, page=3)
    text, (piece,), problems = cut([paragraph(PROSE, page=3), footer, paragraph(PROSE, page=4)])
    assert piece.completion[0]["content"] == f"{PROSE.strip()}\n\n{PROSE.strip()}"
    assert (piece.page, text[piece.start : piece.end].count("page 3")) == (3, 1)
    assert [(p.check, p.reason) for p in problems] == [
        ("boilerplate", "in no passage: 11 characters of page_footer")
    ]
    kept = PassageSettings(max_characters=200, min_characters=20, keep_boilerplate=True)
    _, (piece,), problems = cut([paragraph(PROSE), footer], kept)
    assert "page 3 of 9" in piece.completion[0]["content"]
    assert problems == []


def test_tokens_are_counted_where_the_recipe_says_so() -> None:
    settings = PassageSettings(max_tokens=30, min_characters=20)
    composed = compose(text_blocks(f"{PROSE}\n\n" * 6))
    document = {"text": composed.text, "blocks": composed.blocks}
    pieces, _ = build_passages(document, settings, lambda text: len(text.split()))
    assert [len(p.completion[0]["content"].split()) for p in pieces] == [22, 22, 22]


def test_a_block_longer_than_the_limit_stays_whole_and_is_told() -> None:
    table = "| a | b |\n| --- | --- |\n" + "| one | two |\n" * 40
    _, (piece,), problems = cut(markdown_blocks(table))
    assert piece.completion[0]["content"].count("| one | two |") == 40
    assert [p.check for p in problems] == ["long_passage"]


@pytest.mark.parametrize(
    "whole",
    [
        "| Kind | Days |\n|------|------|\n| sick | 10   |\n| paid | 20   |",
        "def days():\n\n    return 30  # not a paragraph break",
        "- first item, which is long enough to matter here\n  - inner item with more words in it",
    ],
)
def test_tables_code_and_items_stay_whole(whole: str) -> None:
    tight = PassageSettings(max_characters=100, min_characters=20)
    assert sum(whole in passage for passage in passages_of(GUIDE, tight)) == 1


def test_long_paragraphs_are_cut_between_sentences() -> None:
    sentence = "休暇は事前に上長へ申請し、承認を得てから取得してください。"
    passages = passages_of(sentence * 20)
    assert len(passages) > 1
    assert all(p.endswith("。") and len(p) <= SMALL.max_characters for p in passages)


def test_abbreviations_do_not_end_a_sentence() -> None:
    sentence = "Write to Dr. Smith, e.g. Tuesday, when the form is complete and signed. "
    passages = passages_of(sentence * 5)
    assert all(p.endswith("signed.") and p.startswith("Write") for p in passages)


def test_a_long_item_is_cut_between_its_sub_items() -> None:
    text = "- outer lead\n" + "".join(f"  - inner item number {i} with some words\n" for i in range(20))
    passages = passages_of(text)
    assert len(passages) > 1
    assert all(len(p) <= SMALL.max_characters for p in passages)


def test_short_pieces_join_their_neighbour_or_are_told() -> None:
    joined = passages_of(f"{PROSE * 2}\n\n# End\n\nBye.")
    assert [p.endswith("Bye.") for p in joined] == [True]
    _, kept, problems = cut(text_blocks("Bye."))
    assert (kept, [(p.check, p.evidence) for p in problems]) == ([], [("short_passage", {"text": "Bye."})])


def test_plain_text_is_cut_at_blank_lines() -> None:
    text = f"{PROSE * 3}\n\n  \n{PROSE * 3}\n"
    _, kept, _ = cut(text_blocks(text))
    assert [p.completion[0]["content"] for p in kept] == [(PROSE * 3).strip()] * 2


BLOCKS = st.sampled_from(
    [
        PROSE,
        "# One",
        "## Two",
        "### 三",
        "休暇の申請は前日までに。" * 12,
        "- a\n- b\n- c",
        "> quoted",
        "***",
        "ok",
        "    code",
    ]
)


@settings(max_examples=60)
@given(st.lists(BLOCKS, max_size=12))
def test_every_block_is_in_one_passage_or_told(blocks: list[str]) -> None:
    text, kept, problems = cut(markdown_blocks("\n\n".join(blocks)))
    assert all(len(p.completion[0]["content"]) <= SMALL.max_characters for p in kept)
    assert all(left.end <= right.start for left, right in pairwise(kept))
    short = "".join(str(p.evidence["text"]) for p in problems if p.check == "short_passage")
    covered = "".join(text[p.start : p.end] for p in kept) + short
    assert sorted("".join(covered.split())) == sorted("".join(text.split()))

"""Documents to passages: where cuts may fall, and where not."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.passages import Passage, cut_passages, markdown_units, text_units
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


def passages_of(text: str, settings: PassageSettings = SMALL) -> list[Passage]:
    return cut_passages(text, markdown_units(text, settings.max_characters), settings)[0]


def test_headings_come_along() -> None:
    passages = passages_of(GUIDE)
    assert passages[0].text == f"# Leave\n\n{PROSE.strip()}"
    assert passages[1].text.startswith("# Leave\n\n## Sick leave\n\nLeave is")
    assert passages[2].text.startswith("# Leave\n## Sick leave\n\n")


def test_spans_point_into_the_document() -> None:
    for passage in passages_of(GUIDE):
        assert passage.text.endswith(GUIDE[passage.start : passage.end])


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
    assert sum(whole in passage.text for passage in passages_of(GUIDE, tight)) == 1


def test_long_paragraphs_are_cut_between_sentences() -> None:
    sentence = "休暇は事前に上長へ申請し、承認を得てから取得してください。"
    passages = passages_of(sentence * 20)
    assert len(passages) > 1
    assert all(p.text.endswith("。") and len(p.text) <= SMALL.max_characters for p in passages)


def test_abbreviations_do_not_end_a_sentence() -> None:
    sentence = "Write to Dr. Smith, e.g. Tuesday, when the form is complete and signed. "
    passages = passages_of(sentence * 5)
    assert all(p.text.endswith("signed.") and p.text.startswith("Write") for p in passages)


def test_a_long_item_is_cut_between_its_sub_items() -> None:
    text = "- outer lead\n" + "".join(f"  - inner item number {i} with some words\n" for i in range(20))
    passages = passages_of(text)
    assert len(passages) > 1
    assert all(len(p.text) <= SMALL.max_characters for p in passages)


def test_short_pieces_join_their_neighbour_or_are_told() -> None:
    joined = passages_of(f"{PROSE * 2}\n\n# End\n\nBye.")
    assert [p.text.endswith("Bye.") for p in joined] == [True]
    kept, short = cut_passages("Bye.", text_units("Bye."), SMALL)
    assert (kept, [p.text for p in short]) == ([], ["Bye."])


def test_plain_text_is_cut_at_blank_lines() -> None:
    text = f"{PROSE * 3}\n\n  \n{PROSE * 3}\n"
    kept, _ = cut_passages(text, text_units(text), SMALL)
    assert [p.text for p in kept] == [(PROSE * 3).strip()] * 2


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
    text = "\n\n".join(blocks)
    kept, short = cut_passages(text, markdown_units(text, SMALL.max_characters), SMALL)
    spans = sorted((p.start, p.end) for p in [*kept, *short])
    assert all(len(p.text) <= SMALL.max_characters for p in kept)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())

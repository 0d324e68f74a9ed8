"""Bytes to rows and documents: a bad line is told with its number, and never ends the file."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.compose import compose
from tasks.ingest.contract import ReadOptions, TableContent, UnreadableError
from tasks.ingest.readers.delimited import read_csv, read_csv_document
from tasks.ingest.readers.json_lines import read_json
from tasks.ingest.readers.markdown import read_markdown
from tasks.ingest.readers.notebook import read_notebook
from tasks.ingest.readers.parquet import read_parquet
from tasks.ingest.readers.plain_text import read_text

ANY = ReadOptions()
NAMES = st.sampled_from(
    ["cell_type", "source", "outputs", "data", "text", "metadata", "level", "ename", "name"]
)
"""Keys of a notebook."""


def told(content: TableContent) -> list[tuple[str, int | None]]:
    return [(problem.check, problem.line) for problem in content.problems]


def test_jsonl_tells_bad_lines_by_number_and_goes_on() -> None:
    content = read_json(b'{"a": 1}\n{"a": \n\n[1]\r\n{"a": 2}', ANY)
    assert [(row.line, row.fields) for row in content.rows] == [(1, {"a": 1}), (5, {"a": 2})]
    assert told(content) == [("malformed_line", 2), ("malformed_line", 4)]
    assert content.problems[0].reason == "not JSON: Expecting value at character 7"
    assert content.problems[1].reason == "not a JSON object but a list"
    assert content.problems[1].evidence == {"line": "[1]"}


def test_jsonl_keeps_line_separators_inside_strings() -> None:
    line = json.dumps({"a": "one\u2028two\x85three"}, ensure_ascii=False)
    assert read_json(line.encode(), ANY).rows[0].fields["a"] == "one\u2028two\x85three"


def test_jsonl_nested_beyond_reading_is_told() -> None:
    assert told(read_json(b"[" * 200_000, ANY)) == [("malformed_line", 1)]


LINES = st.one_of(
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3).map(json.dumps),
)


@given(st.lists(LINES, max_size=20))
def test_every_jsonl_line_is_a_row_or_a_problem(lines: list[str]) -> None:
    lines = ["{}", *lines]  # a file in which no line at all is JSON is corrupt as a whole
    content = read_json("\n".join(lines).encode(), ReadOptions("utf-8"))
    seen = sorted([row.line for row in content.rows] + [problem.line or 0 for problem in content.problems])
    text = "\n".join(lines).removeprefix("\ufeff")
    assert seen == [i for i, line in enumerate(text.split("\n"), start=1) if line.strip()]


def test_csv_rows_know_the_line_they_start_on() -> None:
    content = read_csv(b'text,label\n"two\nlines",a\n\nnext,b\n', ANY)
    assert [(row.line, row.fields) for row in content.rows] == [
        (2, {"text": "two\nlines", "label": "a"}),
        (5, {"text": "next", "label": "b"}),
    ]


def test_csv_tells_ragged_rows_and_open_quotes_and_goes_on() -> None:
    content = read_csv(b'text,label\nshort\ngood,a\n"never closed,b\nstill here,c\n', ANY)
    assert [row.fields["text"] for row in content.rows] == ["good", "still here"]
    assert told(content) == [("malformed_line", 2), ("malformed_line", 4)]
    assert content.problems[0].reason == "1 fields where the header has 2"


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_takes_the_delimiter_of_the_header(delimiter: str) -> None:
    content = read_csv(f"text{delimiter}label\na{delimiter}b\n".encode(), ANY)
    assert content.rows[0].fields == {"text": "a", "label": "b"}


def test_csv_from_excel_in_cp932_is_read() -> None:
    content = read_csv("本文,分類\r\nカードが届きません,配送\r\n".encode("cp932"), ANY)
    assert content.columns == ["本文", "分類"]
    assert content.rows[0].fields == {"本文": "カードが届きません", "分類": "配送"}


def test_csv_field_may_be_long() -> None:
    assert len(read_csv(b"text\n" + b"x" * 200_000, ANY).rows[0].fields["text"]) == 200_000


def test_csv_columns_of_one_name_are_kept_apart() -> None:
    content = read_csv(b"a,,a,\n1,2,3,4\n", ANY)
    assert content.rows[0].fields == {"a": "1", "": "2", "a (2)": "3", " (2)": "4"}


def test_csv_as_a_document_keeps_every_row() -> None:
    content = b'Cups||\nteam|town\n"never closed|x\nBlues|STL|1|more\n'
    (block,) = read_csv_document(content, ANY).blocks
    assert block.text == (
        "| Cups |  |  |  |\n| --- | --- | --- | --- |\n| team | town |  |  |\n"
        '| "never closed\\|x |  |  |  |\n| Blues | STL | 1 | more |'
    )


def test_csv_without_column_names_is_told() -> None:
    assert told(read_csv(b'""\n', ANY)) == [("malformed_line", 1)]


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=2, max_size=3))
)
def test_csv_never_fails(rows: list[list[str]]) -> None:
    content = read_csv(("a,b\n" + "\n".join(",".join(row) for row in rows)).encode(), ReadOptions("utf-8"))
    assert content.columns == ["a", "b"]


def test_parquet_gives_rows_and_tells_damage() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), sink)
    content = read_parquet(sink.getvalue(), ANY)
    assert [(row.line, row.fields) for row in content.rows] == [(1, {"text": "a"}), (2, {"text": "b"})]
    assert content.columns == ["text"]
    with pytest.raises(UnreadableError) as damage:
        read_parquet(sink.getvalue()[:-8], ANY)
    assert damage.value.check == "corrupt"


def test_markdown_front_matter_comes_off_and_gives_the_title() -> None:
    document = read_markdown(b"---\ntitle: Overtime\ntags: [a]\n---\n\n# Hours\n\nText.\n", ANY)
    assert (document.title, document.metadata) == ("Overtime", {"title": "Overtime"})
    assert [(block.text, block.line) for block in document.blocks] == [("# Hours", 6), ("Text.", 8)]


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("# 勤怠 #\n本文", "勤怠"),
        ("---\ntitle: [\n---\n# B\n", "B"),
        ("---\nday: 2024-99-99\n---\nx", ""),
        ("text", ""),
    ],
)
def test_markdown_title_falls_back_to_the_first_heading(source: str, title: str) -> None:
    assert read_markdown(source.encode(), ANY).title == title


def test_rule_at_the_start_is_not_front_matter() -> None:
    assert read_markdown(b"---\n\nText without an end of front matter", ANY).blocks[0].text == "---"


def test_text_is_stored_in_nfc_with_lf() -> None:
    composed = compose(read_text("か\u3099\r\nき\r\n\r\nく".encode(), ANY).blocks)
    assert composed.text == "が\nき\n\nく"
    assert [(b["start"], b["end"], b["line"]) for b in composed.blocks] == [(0, 3, 1), (5, 6, 4)]


def notebook(*cells: dict[str, object], **more: object) -> bytes:
    return json.dumps({"cells": cells, "nbformat": 4, "metadata": {}} | more, ensure_ascii=False).encode()


def test_notebook_gives_markdown_code_and_what_it_put_out() -> None:
    shown = {
        "output_type": "execute_result",
        "data": {"text/plain": ["   売上\n", "0   3"], "image/png": "iVBOR"},
    }
    failed = {"output_type": "error", "ename": "KeyError", "evalue": "'列'", "traceback": ["\x1b[0;31mlong"]}
    printed = {"output_type": "stream", "text": "\x1b[32m終わり\x1b[0m\n"}
    content = read_notebook(
        notebook(
            {"cell_type": "markdown", "source": ["# 売上の分析\n", "\n", "- 一つ\n", "- 二つ"]},
            {"cell_type": "code", "source": "df.head()", "outputs": [shown, printed, failed]},
            {"cell_type": "raw", "source": "そのまま"},
            metadata={"language_info": {"name": "python"}, "authors": [{"name": "山田"}]},
        ),
        ANY,
    )
    assert [block.text for block in content.blocks] == [
        "# 売上の分析",
        "- 一つ",
        "- 二つ",
        "```python\ndf.head()\n```",
        "```\n   売上\n0   3\n```",
        "```\n終わり\n```",
        "```\nKeyError: '列'\n```",
        "そのまま",
    ]
    assert (content.title, content.metadata) == ("売上の分析", {"author": "山田"})


def test_notebook_of_before_version_4() -> None:
    cells = [{"cell_type": "heading", "level": 2, "source": "Setup"}, {"cell_type": "code", "input": "x = 1"}]
    old = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    assert [block.text for block in read_notebook(old, ANY).blocks] == ["## Setup", "```\nx = 1\n```"]


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"a": 1}', b"[" * 100_000, b'{"cells": 3, "worksheets": [[]]']
)
def test_what_is_no_notebook_is_told(content: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_notebook(content, ANY)
    assert caught.value.check == "corrupt"


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
    )
)
def test_no_json_breaks_the_notebook_reader(value: object) -> None:
    read_notebook(json.dumps({"cells": [value], "metadata": value}).encode(), ANY)

"""Guidelines as Markdown: structure is kept, and nothing in them acts."""

import re
import time

import pytest
from review_client import ORIGIN, form_at, room_of
from starlette.testclient import TestClient

from review.markdown import say_guideline, say_markdown, spoken_language


def test_structure_is_kept_below_the_pages_own_headings() -> None:
    said = say_markdown("# Title\n\n**strong** ~~old~~\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<h3>Title</h3>", "<strong>strong</strong>", "<s>old</s>", "<li>one</li>", "<td>1</td>"):
        assert part in said
    assert "<h6>deep</h6>" in say_markdown("###### deep")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "[x](/sign-out)",
        "![x](https://evil.example/pixel.png)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://a.example "onmouseover=alert(1)")',
        '[x](https://a.example/"onmouseover=alert(1)//)',
        "a\u202eb\u200bc\x00",
        "```\n<script>\n```",
        "| <b onclick=x> |\n|---|\n| <svg/onload=x> |",
    ],
)
def test_hostile_markdown_is_only_text(hostile: str) -> None:
    said = say_markdown(hostile)
    tags = {match[0].split()[0].strip("</>") for match in re.finditer(r"<[^>]*>", said)}
    assert tags <= {"p", "a", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}, said
    for link in re.findall(r"<a [^>]*>", said):
        assert re.match(r'<a href="(https?:|mailto:)[^"]*"', link), said
        assert 'rel="noopener noreferrer nofollow"' in link
        assert not re.search(r"\son\w+=", re.sub(r'"[^"]*"', '""', link)), said
    assert not set("\u202e\u200b\x00") & set(said)


def test_a_bomb_ends_soon() -> None:
    for bomb in (
        "*a" * 10_000,
        "[" * 20_000,
        ">" * 20_000,
        "`" * 20_000,
        "- " * 10_000,
        "| a " * 5_000 + "|\n|" + "-|" * 5_000,
    ):
        start = time.process_time()
        say_markdown(bomb)
        assert time.process_time() - start < 5, bomb[:10]


def test_a_guideline_is_said_in_the_readers_language_where_it_is_written_in_it() -> None:
    both = {"english": "*one*", "japanese": "*一*"}
    assert "<em>一</em>" in say_guideline(both, "ja")
    assert "<em>one</em>" in say_guideline(both, "en")
    alone = {"english": "", "japanese": "*一*"}
    assert "<em>一</em>" in say_guideline(alone, "en")
    assert spoken_language(alone, "en") == "ja"


def test_a_guideline_is_previewed_and_nothing_is_saved(alone: TestClient) -> None:
    path = "/guidelines/intents/label_noise"
    form = form_at(alone, path, path)
    typed = {"english": "# Rule\n\n<script>alert(1)</script>", "japanese": "**規則**"}
    page = alone.post(path, data=form["fields"] | typed | {"act": "preview"}, headers=ORIGIN).text
    assert "<h3>Rule</h3>" in page
    assert "<strong>規則</strong>" in page
    assert "<script>alert" not in page
    assert "# Rule\n\n&lt;script&gt;" in page  # still in the field
    assert room_of(alone).guidelines.current("intents", "label_noise") is None
    alone.post(path, data=form["fields"] | typed | {"act": "save"}, headers=ORIGIN)
    assert room_of(alone).guidelines.current("intents", "label_noise")["version"] == 1
    assert "<h3>Rule</h3>" in alone.get(path).text

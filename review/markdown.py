"""Guidelines as a reader sees them: Markdown to HTML that holds nothing but text, structure and links.

A guideline is written by an adjudicator and read by everybody, so it is hostile text too: HTML in it is shown as it is
written, images are left out, and a link goes to the web or to a mail address or is none.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from tasks.report.characters import show_characters

LONGEST = 20_000
"""Characters of a guideline that are shown."""
SCHEMES = ("http", "https", "mailto")
TOP_HEADING = 3
"""Level of a guideline's first-level headings: the page's own stand above it."""


def say_markdown(text: str) -> Markup:
    """CommonMark with tables and strike-through, as HTML; characters that mislead are shown by name."""
    return Markup(_parser().render(show_characters(text, LONGEST)))


def say_guideline(guideline: Mapping[str, Any], language: str) -> Markup:
    """A guideline in the reader's language, or in the one that it is written in."""
    return say_markdown(guideline[_COLUMNS[spoken_language(guideline, language)]])


def spoken_language(guideline: Mapping[str, Any], language: str) -> str:
    """The language in which a guideline is said to a reader of `language`."""
    other = "en" if language == "ja" else "ja"
    return language if guideline[_COLUMNS[language]] or not guideline[_COLUMNS[other]] else other


_COLUMNS = {"en": "english", "ja": "japanese"}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = _is_harmless  # type: ignore[method-assign]
    parser.core.ruler.push("tame", _tame)
    return parser


def _is_harmless(url: str) -> bool:
    try:
        return urlsplit(url.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _tame(state: Any) -> None:
    """Lowers headings below the page's own, and says of links that they lead away."""
    for token in _all_tokens(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + TOP_HEADING - 1)}"
        elif token.type == "link_open":
            token.attrSet("rel", "noopener noreferrer nofollow")
            token.attrSet("target", "_blank")


def _all_tokens(tokens: Sequence[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *(token.children or ()))]

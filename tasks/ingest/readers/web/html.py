"""HTML, by selectolax (MIT; its parser lexbor is Apache-2.0): the tree that browsers make, in one pass.

On a page of 394 kB parsing and walking take 10 ms, with lxml 21 ms and with resiliparse 71 ms; lxml's parser also
drops all text below 2,048 levels. All text is kept, and what is navigation is marked; XML is read by lxml.
"""

import re
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from tasks.ingest.contract import Block, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.lines import decode
from tasks.ingest.readers.web.html_elements import MAY_STAY_OPEN, RAW_TAGS, Classify
from tasks.ingest.readers.web.html_navigation import mark_menus, marks_of, navigation_mark
from tasks.ingest.readers.web.html_walk import walk
from tasks.ingest.readers.web.xml import is_plain_xml, xml_blocks

_DECLARED = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_HEAD = 4096
"""Bytes in which a charset is declared."""
_DEEPEST = 10_000
"""Levels of elements up to which a page goes to the parser as it is: its time grows with their square."""
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^<>]*>")
_NOSCRIPT = re.compile(r"<(/?)noscript\b", re.IGNORECASE)
"""In a head its text would be the start of the body; a template keeps it out of the way."""
_LONG_TAG = re.compile(r"<([a-zA-Z][^\s/<>]*)([^<>]{10000,})>")
"""Thousands of attributes take the parser time that grows with their square."""
_EMPTY_TAG = re.compile(r"<([a-zA-Z][\w:.-]*)([^<>]*)/>")
"""In XHTML <title/> is empty; in HTML it would take in the rest of the page."""
_META = {
    "author": "author",
    "description": "description",
    "article:published_time": "created",
    "dc.date": "created",
    "dcterms.created": "created",
    "date": "created",
    "article:modified_time": "modified",
    "dcterms.modified": "modified",
    "last-modified": "modified",
}


def read_html(content: bytes, options: ReadOptions) -> DocumentContent:
    """A block for each heading, paragraph, list item, table and stretch of code; XML that is not HTML: by element.

    Raises:
        UnreadableError: empty; undecodable; corrupt, for XML in which nothing can be read.
    """
    if not content.strip():
        raise UnreadableError("empty", "the file is empty")
    text, problems = decode(content, options.encoding) if options.encoding else decode_html(content)
    if is_plain_xml(text):
        return xml_blocks(text, html_blocks, problems)
    tree = parse_html(text)
    metadata = _metadata(tree)
    title = metadata.pop("title", "")
    return DocumentContent(html_blocks(tree), title, problems, metadata)


def decode_html(content: bytes) -> tuple[str, list[Any]]:
    """Text and problems: the charset is by mark, as declared, or detected.

    Raises:
        UnreadableError: undecodable.
    """
    declared = _DECLARED.search(content, 0, _HEAD)
    return decode_declared(content, (declared[1] or declared[2]).decode("ascii") if declared else None)


def parse_html(text: str) -> LexborHTMLParser:
    """The tree of a page; of one nested absurdly deep, only its text."""
    if "http://www.w3.org/1999/xhtml" in text[:_HEAD]:
        text = _EMPTY_TAG.sub(
            lambda tag: tag[0] if tag[1].lower() in MAY_STAY_OPEN else f"<{tag[1]}{tag[2]}></{tag[1]}>", text
        )
    text = _NOSCRIPT.sub(r"<\1template", text)
    text = _LONG_TAG.sub(lambda tag: tag[0] if len(tag[2].split()) < 1000 else f"<{tag[1]}>", text)
    if text.count("<") > _DEEPEST and _depth(text) > _DEEPEST:
        text = _TAG.sub(lambda tag: tag[0] if tag[2].lower() in RAW_TAGS else "<br>", text)
    return LexborHTMLParser(text)


def html_blocks(
    source: str | LexborHTMLParser, classify: Classify | None = None, **where: Any
) -> list[Block]:
    """The blocks of a page or a piece of one, boilerplate marked.

    Args:
        classify: says which elements are boilerplate; those of navigation when None.
        where: page and part, for every block.
    """
    tree = parse_html(source) if isinstance(source, str) else source
    if tree.root is None:
        return []
    walked = walk(tree.root, classify or navigation_mark, **where)
    marks = marks_of(walked)
    if classify is None:
        mark_menus(walked, marks)
        if all(marks):
            marks = [None] * len(marks)  # whatever such a page is, it says nothing else
    return [replace(block, boilerplate=mark) for block, mark in zip(walked.blocks, marks, strict=True)]


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    """Title, author, description, created, modified and language, where the page says them."""
    found: dict[str, str] = {}
    for node in tree.css("head title, head meta, html"):
        attributes = node.attributes
        if node.tag == "title":
            found.setdefault("title", " ".join(node.text().split()))
        elif node.tag == "html":
            found["language"] = attributes.get("lang") or attributes.get("xml:lang") or ""
        else:
            name = (attributes.get("name") or attributes.get("property") or "").lower()
            value = " ".join((attributes.get("content") or "").split())
            if name in _META and value:
                found.setdefault(_META[name], value)
    return {name: value for name, value in found.items() if value}


def _depth(text: str) -> int:
    """Levels of elements, those left out that need no end tag."""
    depth = deepest = 0
    for tag in _TAG.finditer(text):
        if tag[2].lower() not in MAY_STAY_OPEN:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest

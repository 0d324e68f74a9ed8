"""HTML, by selectolax (MIT; its parser lexbor is Apache-2.0): the tree that browsers make, in one pass.

On a page of 394 kB parsing and walking take 10 ms, with lxml 21 ms and with resiliparse 71 ms; lxml's parser also
drops all text below 2,048 levels. All text is kept, and what is navigation is marked; XML is read by lxml.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from tasks.ingest.contract import Block, Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.html_walk import Classify, Mark, Walked, walk
from tasks.ingest.readers.lines import decode
from tasks.ingest.readers.xml import is_plain_xml, xml_blocks

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
_MAY_STAY_OPEN_NAMES = """
    p li dt dd tr td th thead tbody tfoot option br img hr input meta link area base col embed source track
    wbr
"""
_MAY_STAY_OPEN = frozenset(_MAY_STAY_OPEN_NAMES.split())
_RAW_TAGS = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
_NAVIGATION = re.compile(
    r"(?:site|page|main|global|top|bottom|left|right|primary|secondary|sub|side|mobile|g|l|js|mw|vector|wp|block)?[-_]*"
    r"(?:nav|navi|navbar|navigation|menu|menubar|header|footer|masthead|sidebar|banner|breadcrumbs?|topicpath|"
    r"pagination|pager|pagenavi|cookies?|consent|gdpr|skip[-_]?link|skip[-_]?to[-_]?content|jump[-_]?links?|catlinks|"
    r"social|share|sharing|sns|navbox|toolbar|copyright)"
    r"[-_]*(?:bar|banner|box|notice|popup|modal|overlay|container|wrapper|wrap|inner|area|list|links?|items?|buttons?|"
    r"content|section|block|left|right|top|bottom|main|menu|nav|\d+)?",
    re.IGNORECASE,
)
_SURE_NAMES = re.compile(
    r"breadcrumbs?|topicpath|pagination|pager|pagenavi|cookie|consent|gdpr|skip|jump-?link|navbox|catlinks",
    re.I,
)
_SKIP = re.compile(
    r"(?:skip|jump|go) (?:to|navigation)|(?:本文|コンテンツ|メイン).{0,12}(?:へ|に|移動|スキップ)", re.I
)
_NAVIGATION_ROLES = frozenset(
    {"navigation", "menu", "menubar", "banner", "contentinfo", "complementary", "search"}
)
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
_LINKS = 0.75
"""Share of links from which a block counts as entries of a menu."""
_RUN = 5
"""Links in such blocks in a row that make a menu."""
_ENTRY = 60
"""Characters of the longest entry; prose is longer."""
_BODY = 0.5
"""Share of a page's text that no element may hold whose mark is a guess."""


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
            lambda tag: tag[0] if tag[1].lower() in _MAY_STAY_OPEN else f"<{tag[1]}{tag[2]}></{tag[1]}>", text
        )
    text = _NOSCRIPT.sub(r"<\1template", text)
    text = _LONG_TAG.sub(lambda tag: tag[0] if len(tag[2].split()) < 1000 else f"<{tag[1]}>", text)
    if text.count("<") > _DEEPEST and _depth(text) > _DEEPEST:
        text = _TAG.sub(lambda tag: tag[0] if tag[2].lower() in _RAW_TAGS else "<br>", text)
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
    marks = _marks_of(walked)
    if classify is None:
        _mark_menus(walked, marks)
        if all(marks):
            marks = [None] * len(marks)  # whatever such a page is, it says nothing else
    return [replace(block, boilerplate=mark) for block, mark in zip(walked.blocks, marks, strict=True)]


def navigation_mark(tag: str, attributes: Mapping[str, str | None], in_content: bool) -> Mark | None:
    """Whether an element of a page is navigation, by its tag, role, class and id."""
    if tag == "nav":
        return Mark(Boilerplate.NAVIGATION)
    if tag in ("html", "body", "main", "article"):
        return None
    role = attributes.get("role")
    by_tag = tag in ("header", "footer", "aside") or role in _NAVIGATION_ROLES
    if by_tag and (not in_content or role in ("navigation", "menu", "menubar")):
        return Mark(Boilerplate.NAVIGATION, is_sure=role in ("navigation", "menu", "menubar"))
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".split()
    found = [name for name in names if _NAVIGATION.fullmatch(name)]
    if not found or (in_content and not any(map(_SURE_NAMES.search, found))):
        return None
    return Mark(Boilerplate.NAVIGATION, is_sure=False)


def _marks_of(walked: Walked) -> list[Boilerplate | None]:
    """The mark of each block by the marked elements around it, an outer one before an inner one."""
    sizes = [len(block.text) for block in walked.blocks]
    total = sum(sizes)
    marks: list[Boilerplate | None] = [None] * len(sizes)
    for span in walked.spans:  # inner ones first
        if all(marks[span.start : span.end]):
            continue
        places = range(span.start, span.end)
        size = sum(sizes[at] for at in places)
        linked = sum(sizes[at] * walked.links[at].share for at in places)
        is_few = size <= _BODY * total or linked >= _BODY * size
        has_title = not walked.has_content_tag and any(
            walked.blocks[at].level == 1 and walked.blocks[at].title for at in places
        )
        if span.mark.is_sure or (is_few and not has_title):
            marks[span.start : span.end] = [span.mark.boilerplate] * len(places)
    return marks


def _mark_menus(walked: Walked, marks: list[Boilerplate | None]) -> None:
    """Marks runs of short links at the start and end of a page, where most of the text stands between them."""
    entries = [
        links.number
        if links.share >= _LINKS and len(block.text) <= _ENTRY * links.number and not block.title
        else 0
        for block, links in zip(walked.blocks, walked.links, strict=True)
    ]
    prose = [
        at
        for at, block in enumerate(walked.blocks)
        if len(block.text) > _ENTRY and walked.links[at].share < 0.3
    ]
    for at, block in enumerate(walked.blocks[:_RUN]):
        if walked.links[at].share >= _LINKS and _SKIP.match(block.text):
            marks[at] = Boilerplate.NAVIGATION
    if not prose:
        return
    start = 0
    while start < len(entries):
        end = start
        while end < len(entries) and entries[end]:
            end += 1
        if sum(entries[start:end]) >= _RUN and (end <= prose[0] or start > prose[-1]):
            marks[start:end] = [mark or Boilerplate.NAVIGATION for mark in marks[start:end]]
        start = end + 1


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
        if tag[2].lower() not in _MAY_STAY_OPEN:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest

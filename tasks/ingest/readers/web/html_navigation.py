"""Which elements of a page are navigation: by their tag, role and names, and by the links in them."""

import re
from collections.abc import Mapping

from tasks.ingest.contract import Boilerplate
from tasks.ingest.readers.web.html_elements import Mark
from tasks.ingest.readers.web.html_writer import Walked

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
_LINKS = 0.75
"""Share of links from which a block counts as entries of a menu."""
_RUN = 5
"""Links in such blocks in a row that make a menu."""
_ENTRY = 60
"""Characters of the longest entry; prose is longer."""
_BODY = 0.5
"""Share of a page's text that no element may hold whose mark is a guess."""


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


def marks_of(walked: Walked) -> list[Boilerplate | None]:
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


def mark_menus(walked: Walked, marks: list[Boilerplate | None]) -> None:
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

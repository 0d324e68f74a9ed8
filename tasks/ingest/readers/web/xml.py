"""XML that is not HTML, by lxml (BSD): a paragraph for each element with text of its own."""

import re
from collections.abc import Callable, Sequence

from lxml import etree

from tasks.ingest.contract import Block, DocumentContent, Problem, UnreadableError, heading, paragraph
from tasks.ingest.readers.package_xml import SAFE_XML, local_name
from tasks.records import Severity

_START = re.compile(
    r"\s*+(?P<declaration><\?xml\b[^>]*+>)?"
    r"(?>\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE(?![^>]*+\bhtml\b)[^>\[]*+(?:\[[^\]]*+\]\s*+)?>)*+"
    r"<(?P<root>[A-Za-z_][\w:.-]*+)",
    re.DOTALL | re.IGNORECASE,
)
_HTML_ROOTS_NAMES = """
    html head body xhtml:html div p span table tr td ul ol li a b i em strong h1 h2 h3 h4 h5 h6 section
    article main header footer nav aside meta title link style script pre code img br hr form font center
    blockquote dl figure details svg
"""
_HTML_ROOTS = frozenset(_HTML_ROOTS_NAMES.split())
_MARKUP = re.compile(
    r"<(?:p|div|br|ul|ol|li|table|h[1-6]|a|b|i|em|strong|img|span|blockquote|pre)\b[^<>]*>", re.I
)


def is_plain_xml(text: str) -> bool:
    """Whether `text` is XML with another root than HTML has; without an XML declaration it must end with its root."""
    start = _START.match(text[:20_000].lstrip("\ufeff"))
    if start is None or start["root"].lower() in _HTML_ROOTS:
        return False
    return bool(start["declaration"]) or text[-1000:].rstrip().endswith(f"</{start['root']}>")


def xml_blocks(
    text: str, html_blocks: Callable[[str], list[Block]], problems: Sequence[Problem] = ()
) -> DocumentContent:
    """The text of each element, once; titles are headings, and text that holds HTML (feeds) is read as HTML.

    Raises:
        UnreadableError: corrupt, where no element can be read.
    """
    parser = etree.XMLParser(encoding="utf-8", recover=True, **SAFE_XML)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError("corrupt", f"not well-formed XML: {error}") from error
    if root is None:
        raise UnreadableError("corrupt", "not well-formed XML: no element can be read")
    found = [*problems]
    if len(parser.error_log):
        first = parser.error_log[0]
        reason = f"XML error in line {first.line}: {first.message}; the text around it may be incomplete"
        found.append(Problem("xml_error", Severity.WARNING, reason))
    blocks, title = _blocks_of(root, html_blocks)
    return DocumentContent(blocks, title, found)


def _blocks_of(root: etree._Element, html_blocks: Callable[[str], list[Block]]) -> tuple[list[Block], str]:
    blocks: list[Block] = []
    title = ""
    inside: etree._Element | None = None  # an element whose text is already taken, as a whole
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "end":
            inside = None if element is inside else inside
            continue
        if inside is not None or not _own_text(element):
            continue
        inside = element
        text = "".join(_texts(element)).strip()
        name = local_name(element).lower()
        if name == "title" and len(text) <= 300:
            title = title or " ".join(text.split())
            blocks.append(heading(text, 1 if title == " ".join(text.split()) else 2))
        elif _MARKUP.search(text):
            blocks += html_blocks(text)
        else:
            blocks.append(paragraph(text))
    return blocks, title


def _own_text(element: etree._Element) -> bool:
    """Whether text stands directly in `element`."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _texts(element: etree._Element) -> list[str]:
    """The texts under `element` in order, unresolved entities left out."""
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event == "start" and isinstance(node.tag, str):
            parts.append(node.text or "")
        elif event == "end" and node is not element:
            parts.append(node.tail or "")
    return parts

"""EPUB, by the standard library's zipfile and lxml for the package, and the HTML reader for its chapters."""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from tasks.ingest.contract import Block, Boilerplate, DocumentContent, Problem, ReadOptions, UnreadableError
from tasks.ingest.readers.package import Package, open_package, read_member
from tasks.ingest.readers.package_xml import local_name, parse_xml, read_optional_xml, read_xml
from tasks.ingest.readers.web.html import decode_html, html_blocks, parse_html
from tasks.ingest.readers.web.html_elements import Mark
from tasks.records import Severity

_METADATA = {
    "creator": "author",
    "language": "language",
    "date": "created",
    "publisher": "publisher",
    "description": "description",
    "subject": "subject",
    "identifier": "identifier",
}
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


class _Item(NamedTuple):
    """An entry of the manifest."""

    path: str
    """Name of the member."""
    type: str
    properties: str


def read_epub(content: bytes, options: ReadOptions) -> DocumentContent:
    """The chapters in reading order: `page` is the place in the spine, `part` the chapter's title.

    Raises:
        UnreadableError: empty; encrypted (DRM); unsupported; too_large; too_many_pages; corrupt.
    """
    with open_package(content, options) as package:
        root = _package_path(package, options)
        document = read_xml(package, root, options)
        items = _manifest(document, root)
        spine = [items[ref] for ref in _spine(document) if ref in items]
        _refuse_encrypted(package, [item.path for item in spine], options)
        if not spine:
            raise UnreadableError("corrupt", "its package document lists nothing to read")
        if len(spine) > options.max_pages:
            raise UnreadableError(
                "too_many_pages", f"{len(spine)} chapters; the limit is {options.max_pages}"
            )
        titles = _contents(package, items, options)
        blocks: list[Block] = []
        problems: list[Problem] = []
        for page, item in enumerate(spine, start=1):
            try:
                blocks += _chapter(package, item, page, titles, options)
            except UnreadableError as error:
                if error.check == "too_large":
                    raise
                problems.append(_unread(item, error))
        if len(problems) == len(spine):
            raise UnreadableError("corrupt", f"none of its chapters can be read: {problems[0].reason}")
    metadata = _metadata(document)
    return DocumentContent(blocks, metadata.pop("title", ""), problems, metadata)


def _package_path(package: Package, options: ReadOptions) -> str:
    """Name of the package document: what the container names, else the first .opf."""
    container = read_optional_xml(package, "META-INF/container.xml", options)
    named = [
        element.get("full-path", "")
        for element in (container.iter() if container is not None else ())
        if local_name(element) == "rootfile"
    ]
    found = [*named, *(name for name in package.namelist() if name.lower().endswith(".opf"))]
    path = next((name for name in found if name in package.NameToInfo), None)
    if path is None:
        raise UnreadableError("corrupt", "a zip container without a package document (.opf)")
    return path


def _manifest(document: etree._Element, root: str) -> dict[str, _Item]:
    folder = posixpath.dirname(root)
    return {
        element.get("id", ""): _Item(
            _resolve(folder, element.get("href", "")),
            element.get("media-type", "").lower(),
            element.get("properties", ""),
        )
        for element in document.iter()
        if local_name(element) == "item"
    }


def _spine(document: etree._Element) -> list[str]:
    return [element.get("idref", "") for element in document.iter() if local_name(element) == "itemref"]


def _resolve(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0]))).lstrip("/")


def _refuse_encrypted(package: Package, chapters: list[str], options: ReadOptions) -> None:
    """Fonts may be obfuscated; a chapter that is encrypted means rights management."""
    encryption = read_optional_xml(package, "META-INF/encryption.xml", options)
    for data in encryption.iter() if encryption is not None else ():
        if local_name(data) != "EncryptedData":
            continue
        methods = [each.get("Algorithm") for each in data if local_name(each) == "EncryptionMethod"]
        paths = [
            unquote(each.get("URI", "")) for each in data.iter() if local_name(each) == "CipherReference"
        ]
        if not set(methods) <= set(_FONT_OBFUSCATION) and set(paths) & set(chapters):
            raise UnreadableError("encrypted", f"{paths[0]} is encrypted (digital rights management)")


def _chapter(
    package: Package, item: _Item, page: int, titles: Mapping[str, str], options: ReadOptions
) -> list[Block]:
    if item.type and item.type not in _PAGES and not item.path.lower().endswith(("html", "htm")):
        raise UnreadableError("unsupported", f"is of type {item.type}")
    tree = parse_html(decode_html(read_member(package, item.path, options))[0])
    is_contents = "nav" in item.properties.split() or _is_contents(tree)
    part = titles.get(item.path) or _first_heading(tree)
    mark = Mark(Boilerplate.NAVIGATION)
    return html_blocks(
        tree,
        lambda tag, attributes, _: mark if is_contents and tag == "body" else _page_list(attributes),
        page=page,
        part=part,
    )


def _page_list(attributes: Mapping[str, str | None]) -> Mark | None:
    kind = attributes.get("epub:type") or ""
    return Mark(Boilerplate.NAVIGATION) if kind in ("toc", "landmarks", "page-list", "loi", "lot") else None


def _is_contents(tree: LexborHTMLParser) -> bool:
    body = tree.body
    return body is not None and (body.attributes.get("epub:type") or "") in ("toc", "landmarks")


def _first_heading(tree: LexborHTMLParser) -> str:
    found = tree.css_first("h1, h2, h3")
    return " ".join(found.text().split()) if found is not None else ""


def _contents(package: Package, items: Mapping[str, _Item], options: ReadOptions) -> dict[str, str]:
    """The title that the table of contents (EPUB 3: nav; EPUB 2: ncx) gives to each chapter, by member name."""
    titles: dict[str, str] = {}
    for item in items.values():
        if item.path not in package.NameToInfo:
            continue
        folder = posixpath.dirname(item.path)
        if "nav" in item.properties.split():
            tree = parse_html(decode_html(read_member(package, item.path, options))[0])
            for link in tree.css("nav a"):
                target = _resolve(folder, link.attributes.get("href") or "")
                titles.setdefault(target, " ".join(link.text().split()))
        elif item.type == "application/x-dtbncx+xml":
            for target, title in _ncx(package, item, options):
                titles.setdefault(_resolve(folder, target), title)
    return titles


def _ncx(package: Package, item: _Item, options: ReadOptions) -> list[tuple[str, str]]:
    """Targets and titles of an EPUB 2 table of contents; none where it is broken."""
    try:
        root = parse_xml(read_member(package, item.path, options))
    except UnreadableError as error:
        if error.check == "too_large":
            raise
        return []
    entries: list[tuple[str, str]] = []
    title = ""
    for element in root.iter():
        name = local_name(element)
        if name == "text":
            title = " ".join((element.text or "").split())
        elif name == "content" and title:
            entries.append((element.get("src", ""), title))
    return entries


def _metadata(document: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in document.iter():
        if not str(element.tag).startswith("{http://purl.org/dc/"):
            continue
        name = local_name(element)
        key = "title" if name == "title" else _METADATA.get(name, "")
        value = " ".join("".join(element.itertext()).split())
        if key == "author" and key in found and value:
            found[key] += f", {value}"
        elif key and value:
            found.setdefault(key, value)
    return found


def _unread(item: _Item, error: UnreadableError) -> Problem:
    return Problem(
        "chapter_not_read", Severity.WARNING, f"{item.path}: {error}", evidence={"check": error.check}
    )

"""The XML in zip-based documents, by lxml (BSD), which parses without entities, DTDs and network."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tasks.ingest.contract import ReadOptions, UnreadableError
from tasks.ingest.readers.package import Package, read_member, unpack_member

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/\2"


SAFE_XML: dict[str, Any] = dict(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
"""How lxml parses what comes from outside: nothing is fetched, and no entity grows."""


def parse_xml(content: bytes) -> etree._Element:
    """The root of an XML part; entities are dropped, strict OOXML namespaces become transitional ones.

    Raises:
        UnreadableError: corrupt.
    """
    if b"//purl.oclc.org/ooxml/" in content[:4096]:
        content = _STRICT.sub(_TRANSITIONAL, content)
    parser = etree.XMLParser(**SAFE_XML)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: nothing to parse
        raise UnreadableError("corrupt", f"not well-formed XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def read_xml(package: Package, name: str, options: ReadOptions) -> etree._Element:
    """The root of the XML part `name`.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    return parse_xml(read_member(package, name, options))


def read_optional_xml(package: Package, name: str, options: ReadOptions) -> etree._Element | None:
    """The root of the XML part `name`; None where it is missing or broken, so that the rest can be read.

    Raises:
        UnreadableError: too_large; encrypted.
    """
    if name not in package.NameToInfo:
        return None
    try:
        return read_xml(package, name, options)
    except UnreadableError as error:
        if error.check != "corrupt":
            raise
        return None


def iterate_xml(
    package: Package, name: str, options: ReadOptions, events: tuple[str, ...], tags: tuple[str, ...]
) -> Iterator[tuple[str, etree._Element]]:
    """Parses a large part while it is walked: events and elements of these tags.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    try:
        yield from etree.iterparse(
            _MemberStream(package, name, options),
            events=events,
            tag=tags,
            **SAFE_XML,
        )
    except (etree.XMLSyntaxError, ValueError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("corrupt", f"{name} is not well-formed XML: {error}") from error


class _MemberStream:
    """A member as a file to read from, for parsers that take it piece by piece."""

    def __init__(self, package: Package, name: str, options: ReadOptions) -> None:
        self._chunks = unpack_member(package, name, options)

    def read(self, size: int = -1) -> bytes:
        """The next piece, of whatever length; b"" at the end."""
        return next(self._chunks, b"")


def drop_read(element: etree._Element) -> None:
    """Frees an element that has been read, and those before it under the same parent."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]

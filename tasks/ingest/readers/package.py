"""What zip-based documents (docx, pptx, xlsx, odt, epub) share: opening, reading members, XML, relations.

By the standard library's zipfile and lxml (BSD), which parses without entities, DTDs and network.
"""

import copy
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from tasks.ingest.contract import ReadOptions, UnreadableError

MAX_MEMBERS = 20_000
_CHUNK = 1 << 20
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,  # zipfile lets seek errors and broken bzip2 out
    EOFError,
    ValueError,  # offsets and names that make no sense
    RuntimeError,  # members that need a password
    NotImplementedError,
)
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/\2"
_CORE_NAMES = {
    "title": "title",
    "creator": "author",
    "created": "created",
    "modified": "modified",
    "lastModifiedBy": "last_modified_by",
    "subject": "subject",
    "keywords": "keywords",
    "description": "description",
    "category": "category",
}


class Package(zipfile.ZipFile):
    """An open container that counts the bytes unpacked from it."""

    unpacked = 0


class Relation(NamedTuple):
    """A relation of one part to another part of the package."""

    kind: str
    """Last segment of its type: image, hyperlink, slide, header, …"""
    target: str
    """Name of the member."""


def open_package(content: bytes, options: ReadOptions) -> Package:
    """Opens a container whose members, by their declared sizes, stay within the limits.

    Raises:
        UnreadableError: empty; encrypted; unsupported, for Office files of before 2007; too_large; corrupt.
    """
    if not content:
        raise UnreadableError("empty", "the file is empty")
    if content.startswith(OLE_MAGIC):
        if is_encrypted_office(content):
            raise UnreadableError("encrypted", "an Office file protected by a password")
        raise UnreadableError("unsupported", "a binary Office file of before 2007 (OLE)")
    try:
        package = Package(io.BytesIO(content))
    except _ZIP_ERRORS as error:
        raise UnreadableError("corrupt", f"not a zip container: {error}") from error
    members = package.infolist()
    if len(members) > MAX_MEMBERS:
        raise UnreadableError("too_large", f"{len(members)} members, more than {MAX_MEMBERS}")
    declared = sum(member.file_size for member in members)
    if declared > options.max_unpacked_bytes:
        raise _too_large(declared, options)
    if members and all(member.flag_bits & 1 for member in members if not member.is_dir()):
        raise UnreadableError("encrypted", "a zip container protected by a password")
    return package


def is_encrypted_office(content: bytes) -> bool:
    """Whether an OLE file wraps an encrypted package: its directory then names the encrypted stream."""
    return content.startswith(OLE_MAGIC) and any(name in content for name in _ENCRYPTED_STREAMS)


def read_member(package: zipfile.ZipFile, name: str, options: ReadOptions) -> bytes:
    """The bytes of one member, counted while they are unpacked.

    Raises:
        UnreadableError: corrupt, also where there is no such member; too_large; encrypted.
    """
    return b"".join(unpack_member(package, name, options))


def check_sizes(package: zipfile.ZipFile, options: ReadOptions) -> None:
    """Unpacks every member once, keeping nothing: for libraries that trust whatever a container declares.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    for name in package.namelist():
        for _ in unpack_member(package, name, options):
            pass


class MemberStream:
    """A member as a file to read from, for parsers that take it piece by piece."""

    def __init__(self, package: zipfile.ZipFile, name: str, options: ReadOptions) -> None:
        self._chunks = unpack_member(package, name, options)

    def read(self, size: int = -1) -> bytes:
        """The next piece, of whatever length; b"" at the end."""
        return next(self._chunks, b"")


def iterate_xml(
    package: zipfile.ZipFile, name: str, options: ReadOptions, events: tuple[str, ...], tags: tuple[str, ...]
) -> Iterator[tuple[str, etree._Element]]:
    """Parses a large part while it is walked: events and elements of these tags.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    try:
        yield from etree.iterparse(
            MemberStream(package, name, options),
            events=events,
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    except (etree.XMLSyntaxError, ValueError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("corrupt", f"{name} is not well-formed XML: {error}") from error


def drop_read(element: etree._Element) -> None:
    """Frees an element that has been read, and those before it under the same parent."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def parse_xml(content: bytes) -> etree._Element:
    """The root of an XML part; entities are dropped, strict OOXML namespaces become transitional ones.

    Raises:
        UnreadableError: corrupt.
    """
    if b"//purl.oclc.org/ooxml/" in content[:4096]:
        content = _STRICT.sub(_TRANSITIONAL, content)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: nothing to parse
        raise UnreadableError("corrupt", f"not well-formed XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def read_xml(package: zipfile.ZipFile, name: str, options: ReadOptions) -> etree._Element:
    """The root of the XML part `name`.

    Raises:
        UnreadableError: corrupt; too_large; encrypted.
    """
    return parse_xml(read_member(package, name, options))


def read_optional_xml(package: zipfile.ZipFile, name: str, options: ReadOptions) -> etree._Element | None:
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


def core_properties(package: zipfile.ZipFile, options: ReadOptions | None = None) -> dict[str, str]:
    """The core properties of an Office file that are set: title, author, created, modified, subject, …"""
    root = read_optional_xml(package, "docProps/core.xml", options or ReadOptions())
    if root is None:
        return {}
    found = {_CORE_NAMES.get(local_name(item), ""): (item.text or "").strip() for item in root}
    return {name: value for name, value in found.items() if name and value}


def relations(package: zipfile.ZipFile, part: str, options: ReadOptions) -> dict[str, Relation]:
    """The relations of `part` by their id, without those that lead out of the package."""
    folder, _, base = part.rpartition("/")
    root = read_optional_xml(package, f"{folder}/_rels/{base}.rels".lstrip("/"), options)
    found: dict[str, Relation] = {}
    for item in root if root is not None else ():
        target = unquote(item.get("Target", ""))
        if item.get("TargetMode") == "External" or not target:
            continue
        path = target if target.startswith("/") else f"/{folder}/{target}"
        kind = item.get("Type", "").rpartition("/")[2]
        found[item.get("Id", "")] = Relation(kind, posixpath.normpath(path).lstrip("/"))
    return found


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def unpack_member(package: zipfile.ZipFile, name: str, options: ReadOptions) -> Iterator[bytes]:
    """Chunks of one member to the true end of its data: zipfile stops where the declared size says."""
    try:
        member = copy.copy(package.getinfo(name))
    except KeyError as error:
        raise UnreadableError("corrupt", f"the container has no {name}") from error
    if member.flag_bits & 1:
        raise UnreadableError("encrypted", f"{name} is protected by a password")
    before = getattr(package, "unpacked", 0)
    member.file_size = options.max_unpacked_bytes - before + 2 * _CHUNK
    unpacked = 0
    try:
        with package.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                if before + unpacked > options.max_unpacked_bytes:
                    raise _too_large(before + unpacked, options)
                yield chunk
    except UnreadableError:
        raise
    except _ZIP_ERRORS as error:
        raise UnreadableError("corrupt", f"{name} does not unpack: {error}") from error
    if isinstance(package, Package):
        package.unpacked += unpacked


def _too_large(size: int, options: ReadOptions) -> UnreadableError:
    return UnreadableError(
        "too_large", f"unpacks to {size} bytes or more; the limit is {options.max_unpacked_bytes}"
    )

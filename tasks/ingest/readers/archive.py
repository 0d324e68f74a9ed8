"""Zip archives of documents, by the standard library's zipfile: one document, each file in it a part."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from tasks.ingest.contract import Block, DocumentContent, Problem, ReadOptions, UnreadableError
from tasks.ingest.encoding import decode_text
from tasks.ingest.formats import ENDINGS
from tasks.ingest.readers import DOCUMENT_READERS, document_reader
from tasks.ingest.readers.package import Package, open_package, read_member
from tasks.recipe import FileFormat
from tasks.records import Severity

_UTF8_NAME = 0x800


def read_archive(content: bytes, options: ReadOptions) -> DocumentContent:
    """The blocks of each file that has a document reader, in the order of the archive; nothing is written to disk.

    A file that cannot be read is a problem; an archive within an archive is not opened. Names are only shown.

    Raises:
        UnreadableError: as `open_package`; too_many_pages, for more files than pages are allowed; empty; unsupported,
            where no file in it can be read.
    """
    package = open_package(content, options)
    members = [member for member in package.infolist() if _is_meant(member)]
    if len(members) > options.max_pages:
        raise UnreadableError(
            "too_many_pages", f"{len(members)} files; the limit is {options.max_pages} (reading.max_pages)"
        )
    blocks: list[Block] = []
    problems: list[Problem] = []
    for member in members:
        name = _name_of(member)
        try:
            part = _read_part(package, member, name, options)
        except UnreadableError as error:
            severity = Severity.WARNING if error.check in ("empty", "unsupported") else Severity.CRITICAL
            problems.append(Problem(error.check, severity, f"{name} in the archive is not read: {error}"))
            continue
        blocks += _in_part(part.blocks, name)
        problems += [replace(problem, reason=f"{name}: {problem.reason}") for problem in part.problems]
    if not members:
        raise UnreadableError("empty", "an archive without a file")
    if not blocks:
        first = problems[0].reason if problems else "no text"
        raise UnreadableError("unsupported", f"none of the {len(members)} files can be read: {first}")
    return DocumentContent(blocks, problems=problems)


def _read_part(package: Package, member: zipfile.ZipInfo, name: str, options: ReadOptions) -> DocumentContent:
    kind = ENDINGS.get(PurePosixPath(name).suffix.lower())
    if kind is FileFormat.ZIP:
        raise UnreadableError("unsupported", "an archive within an archive")
    if kind not in DOCUMENT_READERS:
        raise UnreadableError("unsupported", f"no reader for {PurePosixPath(name).suffix or 'such a name'}")
    content = read_member(package, member.filename, options)
    left = max(1, options.max_unpacked_bytes - package.unpacked)
    part = document_reader(kind)(content, options._replace(max_unpacked_bytes=left))
    if not any(block.text.strip() for block in part.blocks):
        raise UnreadableError("empty", f"no text in {len(content)} bytes")
    return part


def _in_part(blocks: Iterable[Block], name: str) -> Iterator[Block]:
    """The blocks, named after the file; its lines are no lines of the archive."""
    for block in blocks:
        yield replace(block, part=f"{name} > {block.part}" if block.part else name, line=None)


def _is_meant(member: zipfile.ZipInfo) -> bool:
    """Whether it is a file that someone put there, and not a folder or what a system leaves behind."""
    parts = [part for part in PurePosixPath(member.filename).parts if part != ".."]
    return not member.is_dir() and not any(part.startswith((".", "~$", "__MACOSX")) for part in parts)


def _name_of(member: zipfile.ZipInfo) -> str:
    """The name as it was meant: without a mark for UTF-8 it is in the encoding of who made it, often cp932."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return member.filename
    return decode_text(member.filename.encode("cp437", "replace"), None).text

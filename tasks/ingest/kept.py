"""What was read and parsed before, kept by content, so that an unchanged file is not opened again.

Two layers: what a reader made of a document (it changes with the file and the reader), and what the builders made
of it (it changes with the recipe too). A damaged entry is made anew.
"""

import hashlib
import json
import logging
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from tasks import language, records, text
from tasks.code_version import code_version
from tasks.ingest import (
    builders,
    compose,
    contract,
    conversations,
    encoding,
    formats,
    hygiene,
    japanese_bytes,
    parse,
    readers,
    versions,
)
from tasks.ingest.builders.passages import Measure
from tasks.ingest.contract import IngestSettings, Parsed, Problem, SourceFile, UnreadableError
from tasks.ingest.parse import ReadDocument, parse_file, read_document
from tasks.records import Severity, digest_of
from tasks.storage import Workspace, written_whole

T = TypeVar("T")
logger = logging.getLogger("seimai.ingest")

READER_VERSION = digest_of(
    [
        code_version(
            compose,
            contract,
            encoding,
            formats,
            hygiene,
            japanese_bytes,
            language,
            readers,
            records,
            text,
        ),
        readers.library_versions(),
    ]
)
"""Parser version: a change of a reader, or of a library that it reads with, reads every document again."""
BUILDER_VERSION = digest_of([READER_VERSION, code_version(builders, conversations, parse, versions)])
_LIMITS = {"workers", "timeout", "max_memory"}
"""Settings of reading that do not change what a file that is read gives."""
_DAMAGE = (OSError, ValueError, KeyError, zlib.error, pa.ArrowException)


class ParseCache:
    """What files gave before with the same settings, and the place where it is kept."""

    def __init__(self, workspace: Workspace, settings: IngestSettings) -> None:
        self._workspace = workspace
        self._settings = settings
        self._reading = settings.reading.model_dump(exclude=_LIMITS)
        self._sources = [source.model_dump(mode="json", exclude={"rows"}) for source in settings.sources]
        rest = settings.model_dump(mode="json", exclude={"sources": True, "seed": True, "reading": _LIMITS})
        self._built_with = digest_of([BUILDER_VERSION, rest])

    def find(self, file: SourceFile) -> Parsed | None:
        """What `file` gave before; None when it must be parsed."""
        return _load(self._parsed_path(file), _unpack_tables)

    def parse(self, file: SourceFile, measure: Measure = len) -> Parsed:
        """As `parse_file`, reading the document only if no recipe read it before, and keeping both."""
        parsed = parse_file(file, self._settings, measure, self._read)
        if "erased" in parsed.findings["check"].to_pylist():
            self._document_path(file).unlink(missing_ok=True)
        _save(self._parsed_path(file), _pack_tables(parsed))
        return parsed

    def _read(self, file: SourceFile, settings: IngestSettings) -> ReadDocument:
        """A document's content; that it could not be read is kept too."""
        path = self._document_path(file)
        kept = _load(path, _unpack_document)
        if kept is None:
            try:
                kept = read_document(file, settings)
            except UnreadableError as error:
                kept = error
            _save(path, _pack_document(kept))
        if isinstance(kept, UnreadableError):
            raise kept
        return kept

    def _document_path(self, file: SourceFile) -> Path:
        encoding = self._settings.sources[file.source].encoding
        key = [READER_VERSION, file.digest, file.format.value, encoding, self._reading]
        return self._workspace.path("cache", "documents", digest_of(key))

    def _parsed_path(self, file: SourceFile) -> Path:
        source = self._sources[file.source]
        key = [self._built_with, file.digest, file.uri, file.name, file.format.value, source]
        return self._workspace.path("cache", "parsed", digest_of(key))


def _pack_document(read: ReadDocument | UnreadableError) -> bytes:
    if isinstance(read, UnreadableError):
        value: dict[str, Any] = {"unreadable": [read.check, str(read)]}
    else:
        value = {"record": read.record, "problems": [asdict(problem) for problem in read.problems]}
    return zlib.compress(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def _unpack_document(content: bytes) -> ReadDocument | UnreadableError:
    value = json.loads(zlib.decompress(content))
    if "unreadable" in value:
        return UnreadableError(*value["unreadable"])
    problems = [Problem(**p | {"severity": Severity(p["severity"])}) for p in value["problems"]]
    return ReadDocument(value["record"], problems)


def _pack_tables(parsed: Parsed) -> bytes:
    """The tables as Arrow streams, one after the other."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    for table in (parsed.documents, parsed.samples, parsed.findings):
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _unpack_tables(content: bytes) -> Parsed:
    source = pa.BufferReader(content)
    return Parsed(*(pa.ipc.open_stream(source).read_all() for _ in range(3)))


def _save(path: Path, content: bytes) -> None:
    with written_whole(path) as part:
        part.write_bytes(hashlib.sha256(content).digest() + content)


def _load(path: Path, unpack: Callable[[bytes], T]) -> T | None:
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            raise ValueError("its digest does not fit")
        return unpack(content[32:])
    except _DAMAGE as error:
        logger.warning("cache %s is damaged (%s); it is made anew", path, error)
        return None

"""One file to documents, samples and findings; kept, so that an unchanged file is parsed once."""

import hashlib
import logging
from typing import Any

import pyarrow as pa

from tasks import records, text
from tasks.errors import RecipeError, StorageError
from tasks.ingest import builders, contract, encoding, passages, readers
from tasks.ingest.builders import build_passages, build_samples
from tasks.ingest.contract import IngestSettings, Parsed, Problem, SourceFile
from tasks.ingest.encoding import UndecodableError
from tasks.ingest.files import read_bytes
from tasks.ingest.readers import DOCUMENT_READERS, TABLE_READERS
from tasks.records import DOCUMENT, FINDING, SAMPLE, Severity, Task, build_table, digest_of
from tasks.stage import code_version
from tasks.storage import Workspace, written_whole

logger = logging.getLogger("seimai.ingest")

READER_MODULES = (builders, contract, encoding, passages, readers, records, text)
READER_VERSION = code_version(*READER_MODULES)
_DAMAGE = (OSError, ValueError, pa.ArrowException)


def parse_content(content: bytes, file: SourceFile, settings: IngestSettings) -> Parsed:
    """What the bytes of one file give. A file that cannot be read gives a finding.

    Raises:
        RecipeError: the file's format does not suit the task, a needed column is missing, or the source's
            encoding is unknown.
    """
    source = settings.sources[file.source]
    documents: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    problems: list[Problem] = []
    try:
        if not content.strip():
            pass
        elif file.format in TABLE_READERS:
            table = TABLE_READERS[file.format](content, source.encoding)
            samples, unfit = build_samples(table, file, source, settings)
            problems = [*table.problems, *unfit]
        else:
            _refuse_unless_language_modeling(file, settings)
            document = DOCUMENT_READERS[file.format](content, source.encoding)
            record, samples, unfit = build_passages(document, file, source, settings)
            documents, problems = [record], [*document.problems, *unfit]
    except UndecodableError as error:
        problems = [Problem("undecodable", Severity.CRITICAL, f"file is not read: {error}")]
    except LookupError as error:
        raise RecipeError(f"sources.{file.source}.encoding={source.encoding!r}: {error}") from error
    if not samples and not problems:
        problems = [Problem("empty_file", Severity.WARNING, f"nothing to read in {file.size} bytes")]
    return Parsed(
        build_table(documents, DOCUMENT),
        pa.Table.from_pylist(samples, schema=SAMPLE),
        build_table([problem.as_finding(file.uri) for problem in problems], FINDING),
    )


def parse_file(file: SourceFile, settings: IngestSettings) -> Parsed:
    """Reads and parses one file.

    Raises:
        StorageError: the file is not what it was when it was listed.
    """
    try:
        content = read_bytes(file.uri)
    except OSError as error:
        raise StorageError(f"cannot read {file.uri}: {error.strerror or error}") from error
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise StorageError(f"{file.uri} changed while it was being read; run again")
    return parse_content(content, file, settings)


def parse_once(workspace: Workspace, file: SourceFile, settings: IngestSettings) -> Parsed:
    """As `parse_file`, from the workspace where file, reader code and settings are what they were."""
    path = workspace.path("cache", "parsed", f"{_cache_key(file, settings)}.arrow")
    if path.exists():
        try:
            return _unpack(path.read_bytes())
        except _DAMAGE as error:
            logger.warning("cache %s is damaged (%s); %s is parsed again", path, error, file.uri)
    parsed = parse_file(file, settings)
    with written_whole(path) as part:
        part.write_bytes(_pack(parsed))
    return parsed


def _cache_key(file: SourceFile, settings: IngestSettings) -> str:
    source = settings.sources[file.source]
    return digest_of(
        {
            "code": READER_VERSION,
            "file": [file.digest, file.uri, file.format.value],
            "source": source.model_dump(mode="json", exclude={"rows"}),
            "task": settings.task.value,
            "passages": settings.passages.model_dump() if settings.task is Task.LANGUAGE_MODELING else None,
            "instruction": settings.instruction,
        }
    )


def _pack(parsed: Parsed) -> bytes:
    """sha256 of the rest, then the three tables as Arrow streams, one after the other."""
    sink = pa.BufferOutputStream()
    for table in (parsed.documents, parsed.samples, parsed.findings):
        with pa.ipc.new_stream(
            sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
        ) as writer:
            writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    return hashlib.sha256(body).digest() + body


def _unpack(content: bytes) -> Parsed:
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("its digest does not fit")
    source = pa.BufferReader(body)
    return Parsed(*(pa.ipc.open_stream(source).read_all() for _ in range(3)))


def _refuse_unless_language_modeling(file: SourceFile, settings: IngestSettings) -> None:
    if settings.task is not Task.LANGUAGE_MODELING:
        raise RecipeError(
            f"sources.{file.source}: {file.uri} is a {file.format.value} document, but task "
            f"{settings.task.value!r} needs rows (jsonl, csv or parquet); narrow the path to those"
        )

"""One file to documents, samples and findings. What cannot be read gives a finding, never nothing."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from tasks.errors import RecipeError, StorageError
from tasks.ingest.builders.passages import Measure, build_passages
from tasks.ingest.builders.questions import build_questions
from tasks.ingest.builders.rows import build_rows, lacking_column
from tasks.ingest.builders.sample import Piece, make_sample, origin_of
from tasks.ingest.compose import compose
from tasks.ingest.contract import (
    IngestSettings,
    Parsed,
    Problem,
    ReadOptions,
    SourceFile,
    UnreadableError,
)
from tasks.ingest.conversations import build_table_threads, has_turns
from tasks.ingest.files import is_named, read_file
from tasks.ingest.formats import MEDIA_TYPES
from tasks.ingest.readers import DOCUMENT_READERS, TABLE_READERS, document_reader, table_reader
from tasks.ingest.versions import family_of
from tasks.language import detect_language
from tasks.recipe import FileFormat, Source
from tasks.records import DOCUMENT, FINDING, SAMPLE, Severity, Task, build_table, digest_of

READS_DOCUMENTS = (Task.LANGUAGE_MODELING, Task.TEXT_GENERATION)
"""Tasks for which samples are made of documents; the others need rows."""


class ReadDocument(NamedTuple):
    """What a reader made of a document: the same whatever the recipe builds from it."""

    record: dict[str, Any]
    """The columns of records.DOCUMENT that the content gives."""
    problems: list[Problem]


Rows = list[dict[str, Any]]
Reading = Callable[[SourceFile, IngestSettings], ReadDocument]


def parse_file(
    file: SourceFile, settings: IngestSettings, measure: Measure = len, read: Reading | None = None
) -> Parsed:
    """Reads and parses one file.

    Args:
        measure: length of a passage, in the unit of the recipe's limit.
        read: reads a document; by default anew.

    Raises:
        RecipeError: the recipe names a file that does not suit the task, or an unknown encoding.
        StorageError: the file is not what it was when it was listed.
    """
    if file.trouble is not None:
        return as_parsed(file, [], [], [Problem(file.trouble.check, Severity.CRITICAL, file.trouble.reason)])
    try:
        if file.digest in settings.erased:
            raise UnreadableError("erased", "it was erased, and is refused (`seimai erase --list`)")
        parsed = _parse(file, settings, measure, read or read_document)
        return as_parsed(file, *_refuse_erased(*parsed, settings.erased))
    except UnreadableError as error:
        return as_parsed(file, [], [], [unread(error)])
    except LookupError as error:
        encoding = settings.sources[file.source].encoding
        raise RecipeError(f"sources.{file.source}.encoding={encoding!r}: {error}") from error


def read_document(file: SourceFile, settings: IngestSettings) -> ReadDocument:
    """Text, blocks and what is said of them, of one document.

    Raises:
        UnreadableError: it gives nothing.
    """
    content = document_reader(file.format)(_content(file, settings), options_for(file, settings))
    composed = compose(content.blocks, settings.reading.nfkc)
    if not composed.text:
        raise UnreadableError("empty", f"no text in {file.size} bytes")
    changes = dict(composed.changes)
    for name, count in content.changes.items():
        changes[name] = changes.get(name, 0) + count
    record = {
        "language": detect_language(composed.text),
        "title": content.title,
        "text": composed.text,
        "blocks": composed.blocks,
        "changes": [{"name": name, "count": count} for name, count in sorted(changes.items())],
        "metadata": json.dumps(dict(content.metadata), ensure_ascii=False, sort_keys=True),
    }
    return ReadDocument(record, list(content.problems))


def unread(error: UnreadableError) -> Problem:
    """The finding for a file that gave nothing."""
    severity = Severity.WARNING if error.check in ("empty", "unsupported") else Severity.CRITICAL
    return Problem(error.check, severity, f"file is not read: {error}")


def as_parsed(file: SourceFile, documents: Rows, samples: Rows, problems: Sequence[Problem]) -> Parsed:
    """Tables of the contract's schemas."""
    return Parsed(
        build_table(documents, DOCUMENT),
        build_table(samples, SAMPLE),
        build_table([problem.as_finding(file.uri) for problem in problems], FINDING),
    )


def _parse(
    file: SourceFile, settings: IngestSettings, measure: Measure, read: Reading
) -> tuple[Rows, Rows, list[Problem]]:
    source = settings.sources[file.source]
    if file.format is FileFormat.UNSUPPORTED:
        ending = PurePosixPath(file.uri).suffix or "a name without an ending"
        raise UnreadableError("unsupported", f"no reader for {ending}")
    if file.format in TABLE_READERS:
        table = table_reader(file.format)(_content(file, settings), options_for(file, settings))
        if has_turns(table, source.columns, settings.task):
            return [_facts(file, settings)], *build_table_threads(table, file, source, settings)
        lacking = lacking_column(table, source, settings)
        if (table.rows or table.problems) and (not lacking or must_be_rows(file, source)):
            return [_facts(file, settings)], *build_rows(table, file, source, settings)
        if not may_be_document(file, settings):
            if not table.rows:
                raise UnreadableError("empty", f"no rows in {file.size} bytes")
            return [], [], [Problem("missing_column", Severity.WARNING, f"no rows are taken: {lacking}")]
    elif settings.task not in READS_DOCUMENTS:
        reason = f"a {file.format.value} document, but task {settings.task.value!r} needs rows of a table"
        if is_named(source, file):
            raise RecipeError(f"sources.{file.source}: {file.uri} is {reason}; name tables")
        return [], [], [Problem("unsuited", Severity.INFO, reason)]
    return _parse_document(file, settings, measure, read)


def may_be_document(file: SourceFile, settings: IngestSettings) -> bool:
    """Whether a file that gives no rows can be read as a document, and the task has a use for one."""
    return file.format in DOCUMENT_READERS and settings.task in READS_DOCUMENTS


def must_be_rows(file: SourceFile, source: Source) -> bool:
    """Whether columns that do not fit are the recipe's mistake: it names this very table.

    A workbook is as often a document as a table, and is read as one then.
    """
    return file.format is not FileFormat.SHEET and is_named(source, file)


def _parse_document(
    file: SourceFile, settings: IngestSettings, measure: Measure, read: Reading
) -> tuple[Rows, Rows, list[Problem]]:
    record, problems = read(file, settings)
    document = _facts(file, settings) | record
    document["title"] = document["title"] or PurePosixPath(file.uri).stem
    if settings.task is Task.LANGUAGE_MODELING:
        pieces, told = build_passages(document, settings.passages, measure)
    else:
        pieces, told = build_questions(document, settings.questions, settings.instruction)
    return [document], [sample_of(piece, document, settings) for piece in pieces], [*problems, *told]


def _refuse_erased(
    documents: Rows, samples: Rows, problems: Sequence[Problem], erased: frozenset[str]
) -> tuple[Rows, Rows, list[Problem]]:
    """Without the samples that were erased; a document that holds one goes whole, for its text does too.

    Raises:
        UnreadableError: erased.
    """
    refused = [sample for sample in samples if sample["sample_id"] in erased] if erased else []
    if refused and any(document.get("text") for document in documents):
        reason = f"{len(refused)} passage(s) of it were erased; it is refused until they are gone from it"
        raise UnreadableError("erased", reason)
    told = [
        Problem(
            "erased",
            Severity.CRITICAL,
            "the row was erased, and is refused (`seimai erase --list`)",
            sample["line"],
            {"sample_id": sample["sample_id"]},
        )
        for sample in refused
    ]
    left = [sample for sample in samples if sample["sample_id"] not in erased] if erased else samples
    return documents, left, [*problems, *told]


def sample_of(piece: Piece, document: dict[str, Any], settings: IngestSettings) -> dict[str, Any]:
    """A row of records.SAMPLE: all pieces of one document, and of its versions, share a group."""
    shared = {key: document[key] for key in ("uri", "source", "role", "license", "owner", "doc_id")}
    where = {
        key: getattr(piece, key) for key in ("start", "end", "page", "section", "line", "support", "builder")
    }
    group = f"doc-{digest_of(document['family'])[:12]}"
    return make_sample(settings.task, piece.prompt, piece.completion) | shared | where | {"group_id": group}


def _facts(file: SourceFile, settings: IngestSettings) -> dict[str, Any]:
    """The columns of records.DOCUMENT that do not depend on what is in the file."""
    return origin_of(file, settings.sources[file.source]) | {
        "doc_id": file.digest,
        "media_type": MEDIA_TYPES[file.format],
        "title": PurePosixPath(file.uri).stem,
        "family": family_of(file.name),
    }


def _content(file: SourceFile, settings: IngestSettings) -> bytes:
    """Raises StorageError: the file is gone, or is not what it was when it was listed."""
    try:
        content = read_file(file, settings.sources[file.source], settings.reading.timeout)
    except OSError as error:
        raise StorageError(f"cannot read {file.uri}: {error.strerror or error}") from error
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise StorageError(f"{file.uri} changed while it was being read; run again")
    return content


def options_for(file: SourceFile, settings: IngestSettings) -> ReadOptions:
    """What the recipe has to say to a file's reader."""
    reading = settings.reading
    return ReadOptions(settings.sources[file.source].encoding, reading.max_pages, reading.max_unpacked_bytes)

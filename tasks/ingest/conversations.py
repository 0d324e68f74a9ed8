"""Conversations to samples: the turns of a table's rows within one file, those of mails across files."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.ingest.builders.mails import MAIL_TYPES, turns_of_mails
from tasks.ingest.builders.rows import clean_rows
from tasks.ingest.builders.sample import make_sample, origin_of
from tasks.ingest.builders.threads import ThreadPair, build_threads, turns_of_table
from tasks.ingest.contract import IngestSettings, Problem, SourceFile, TableContent
from tasks.recipe import Columns, Source
from tasks.records import Task, digest_of


def has_turns(table: TableContent, columns: Columns, task: Task) -> bool:
    """Whether the rows are turns of conversations: each names its thread and who speaks."""
    names = table.columns or (list(table.rows[0].fields) if table.rows else [])
    return task is Task.TEXT_GENERATION and {columns.thread, columns.speaker, columns.text} <= set(names)


def build_table_threads(
    table: TableContent, file: SourceFile, source: Source, settings: IngestSettings
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """A sample for each answer of an agent."""
    cleaned, repairs = clean_rows(table, settings)
    turns, problems = turns_of_table(cleaned, source.columns, settings.threads)
    pairs, told = build_threads(turns, settings.threads, settings.instruction)
    origin = origin_of(file, source) | {"doc_id": file.digest}
    samples = [_sample(pair, settings.task) | origin | {"group_id": _group(file.uri, pair)} for pair in pairs]
    return samples, [*table.problems, *repairs, *problems, *told]


def build_mail_threads(
    documents: Sequence[Mapping[str, Any]], settings: IngestSettings
) -> tuple[list[dict[str, Any]], list[tuple[str, Problem]]]:
    """Samples from the mails among `documents` (rows of records.DOCUMENT), and problems with their URIs.

    A sample takes its origin from the mail that holds the answer.
    """
    mails = {d["uri"]: d for d in documents if d["media_type"] in MAIL_TYPES and d["text"]}
    turns, problems = turns_of_mails(list(mails.values()), settings.threads)
    pairs, told = build_threads(turns, settings.threads, settings.instruction)
    samples = []
    for pair in pairs:
        mail = mails[pair.uri or ""]
        origin = {key: mail[key] for key in ("uri", "source", "role", "license", "owner", "doc_id")}
        samples.append(_sample(pair, settings.task) | origin | {"group_id": _group("mail", pair)})
    return samples, [(problem.evidence.get("uri", ""), problem) for problem in [*problems, *told]]


def _sample(pair: ThreadPair, task: Task) -> dict[str, Any]:
    facts = {"line": pair.line, "source_id": pair.source_id, "date": pair.date, "builder": "threads"}
    return make_sample(task, pair.prompt, pair.completion) | facts


def _group(where: str, pair: ThreadPair) -> str:
    """All answers of one conversation share a group."""
    thread, _, _ = pair.source_id.rpartition("/")
    return f"thread-{digest_of([where, thread])[:12]}"

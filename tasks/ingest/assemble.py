"""What the files gave, put together: in stable order, numbered, the chosen rows only, duplicate ids told."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.errors import RecipeError
from tasks.ingest.builders.mails import MAIL_TYPES
from tasks.ingest.contract import IngestSettings, Parsed, Problem, SourceFile
from tasks.ingest.conversations import build_mail_threads
from tasks.ingest.versions import find_superseded
from tasks.records import DOCUMENT, FINDING, SAMPLE, Severity, Task, build_table

Teach = Callable[[pa.Table], tuple[list[dict[str, Any]], list[tuple[str, Problem]]]]


def no_teacher(_documents: pa.Table) -> tuple[list[dict[str, Any]], list[tuple[str, Problem]]]:
    """Makes nothing."""
    return [], []


@dataclass(frozen=True)
class IngestResult:
    """Tables of the schemas DOCUMENT, SAMPLE and FINDING."""

    documents: pa.Table
    samples: pa.Table
    findings: pa.Table
    misfits: tuple[str, ...] = ()
    """Why sources gave no sample at all: every row of them lacks a needed field, every file is of the wrong kind."""

    def require_samples(self, left: object = None) -> None:
        """Raises RecipeError where a source gave no sample at all.

        Args:
            left: this result in the workspace, for the report of the stopped run.
        """
        if self.misfits:
            raise RecipeError("\n  ".join(self.misfits), left=left)


def assemble(
    files: Sequence[SourceFile],
    parsed: Sequence[Parsed],
    settings: IngestSettings,
    teach: Teach = no_teacher,
) -> IngestResult:
    """One result of many files, ordered by source, URI and line whatever order `files` come in.

    Args:
        parsed: what each of `files` gave, at the same position.
        teach: makes further samples, and problems with their URIs, of all documents.
    """
    order = sorted(range(len(files)), key=lambda i: (files[i].source, files[i].uri))
    by_source: dict[int, list[Parsed]] = {}
    documents = [DOCUMENT.empty_table()]
    for i in order:
        by_source.setdefault(files[i].source, []).append(parsed[i])
        documents.append(_with_modified(parsed[i].documents, files[i].modified))
    every_document = pa.concat_tables(documents)
    further, findings = _of_all_documents(every_document, settings, teach)
    samples: list[pa.Table] = [SAMPLE.empty_table()]
    first_row, misfits = 0, []
    for index, parts in by_source.items():
        source = settings.sources[index]
        own = further.filter(pc.equal(further["source"], source.shown_path))
        every = pa.concat_tables([*(p.samples for p in parts), own])
        rows = choose_rows(every, source.rows, settings.seed)
        told = pa.concat_tables(p.findings for p in parts)
        misfits += _misfit(index, rows, told)
        rows = rows.set_column(
            0, SAMPLE.field("row"), pa.array(range(first_row, first_row + len(rows)), pa.int64())
        )
        first_row += len(rows)
        findings += [told, find_duplicate_ids(rows)]
        samples.append(_with_line_as_id(rows))
    every_sample = pa.concat_tables(samples)
    findings.append(find_superseded(every_sample, every_document))
    return IngestResult(every_document, every_sample, pa.concat_tables(findings), tuple(misfits))


def _of_all_documents(
    documents: pa.Table, settings: IngestSettings, teach: Teach
) -> tuple[pa.Table, list[pa.Table]]:
    """Samples and findings that no file gives alone: conversations by mail, and what a teacher writes."""
    if settings.task is not Task.TEXT_GENERATION:
        return SAMPLE.empty_table(), [FINDING.empty_table()]
    mails = documents.filter(pc.is_in(documents["media_type"], pa.array(MAIL_TYPES)))
    samples, problems = build_mail_threads(mails.to_pylist(), settings)
    taught, told = teach(documents)
    wanted = [sample for sample in [*samples, *taught] if sample["sample_id"] not in settings.erased]
    findings = [problem.as_finding(uri) for uri, problem in [*problems, *told]]
    return build_table(wanted, SAMPLE), [build_table(findings, FINDING)]


def choose_rows(samples: pa.Table, rows: int | None, seed: int) -> pa.Table:
    """The `rows` samples with the smallest sha256 of seed and content, in their order."""
    if rows is None or rows >= len(samples):
        return samples
    ids = samples["sample_id"].to_pylist()
    ranks = [hashlib.sha256(f"{seed}:{sample}".encode()).digest() for sample in ids]
    return samples.take(sorted(sorted(range(len(ids)), key=ranks.__getitem__)[:rows]))


def find_duplicate_ids(samples: pa.Table) -> pa.Table:
    """A finding for each sample of one source whose own id an earlier one already has."""
    seen: dict[str, int] = {}
    ids = samples["source_id"].to_pylist()
    repeated = [(i, seen[name]) for i, name in enumerate(ids) if name and seen.setdefault(name, i) != i]
    if not repeated:
        return FINDING.empty_table()
    uris, lines = samples["uri"].to_pylist(), samples["line"].to_pylist()
    rows, hashes = samples["row"].to_pylist(), samples["sample_id"].to_pylist()
    return build_table(
        [
            {
                "row": rows[i],
                "sample_id": hashes[i],
                "uri": uris[i],
                "line": lines[i],
                "stage": "ingest",
                "check": "duplicate_id",
                "severity": Severity.WARNING.value,
                "reason": f"id {ids[i]!r} is already that of {uris[first]}, line {lines[first]}",
                "evidence": json.dumps(
                    {"id": ids[i], "row": rows[first], "uri": uris[first], "line": lines[first]},
                    ensure_ascii=False,
                ),
            }
            for i, first in repeated
        ],
        FINDING,
    )


def _with_modified(documents: pa.Table, modified: str | None) -> pa.Table:
    at = DOCUMENT.get_field_index("modified")
    return documents.set_column(at, DOCUMENT.field(at), pa.array([modified] * len(documents), pa.string()))


def _with_line_as_id(samples: pa.Table) -> pa.Table:
    at = SAMPLE.get_field_index("source_id")
    filled = pc.coalesce(samples["source_id"], pc.cast(samples["line"], pa.string()))
    return samples.set_column(at, SAMPLE.field(at), filled)


def _misfit(index: int, samples: pa.Table, findings: pa.Table) -> list[str]:
    """[why a source gave nothing], or [] where it gave something or where that is no mistake of the recipe."""
    checks = set(findings["check"].to_pylist())
    if (
        len(samples) == 0
        and checks
        and checks <= {"missing_field", "missing_column", "unsuited", "unsupported"}
    ):
        first = findings.slice(0, 1).to_pylist()[0]
        return [
            f"sources.{index}: nothing becomes a sample, {len(findings)} line(s) or file(s) do not fit; "
            f"the first: {first['uri']}: {first['reason']}"
        ]
    return []

"""The ingest stage, and what it leaves in the workspace."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

import tasks.ingest
from tasks.ingest.assemble import IngestResult, assemble
from tasks.ingest.contract import IngestSettings, SourceFile
from tasks.ingest.kept import READER_VERSION
from tasks.ingest.parse import parse_file
from tasks.ingest.teaching import build_taught
from tasks.ingest.versions import family_of
from tasks.ingest.workers import parse_all
from tasks.records import TableRef
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.watching import index_row

logger = logging.getLogger("seimai.ingest")


class IngestRefs(BaseModel):
    """References to what ingest made."""

    model_config = ConfigDict(frozen=True)

    documents: TableRef
    samples: TableRef
    findings: TableRef


def ingest(files: Sequence[SourceFile], settings: IngestSettings) -> IngestResult:
    """Documents, samples and findings of `files`, parsing every one in this process.

    Raises:
        RecipeError: a file cannot serve the task; names the source and the column or setting.
        StorageError: a file went away or changed since it was listed.
    """
    result = assemble(files, [parse_file(file, settings) for file in files], settings)
    result.require_samples()
    return result


@stage("ingest", tasks.ingest)
def ingest_stage(workspace: Workspace, files: Sequence[SourceFile], settings: IngestSettings) -> IngestRefs:
    """As `ingest`, opening only files that are new or changed, each in a worker process."""
    parsed = parse_all(workspace, files, settings)
    result = assemble(files, parsed, settings, partial(build_taught, workspace, settings=settings))
    logger.info(
        "%d samples from %d files, %d findings", len(result.samples), len(files), len(result.findings)
    )
    refs = IngestRefs(
        documents=workspace.write_table(result.documents, "documents"),
        samples=workspace.write_table(result.samples, "samples"),
        findings=workspace.write_table(result.findings, "findings-ingest"),
    )
    result.require_samples(refs)
    return refs


def describe_files(files: Sequence[SourceFile], checked: str) -> list[dict[str, Any]]:
    """The rows that the document index keeps of `files`; those with trouble are left to be looked at again.

    Args:
        checked: ISO 8601, UTC; a time before the files were looked at.
    """
    return [
        index_row(file, checked) | {"reader": READER_VERSION, "family": family_of(file.name)}
        for file in files
        if file.trouble is None
    ]

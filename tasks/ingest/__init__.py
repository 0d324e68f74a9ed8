"""Sources to documents and samples: files found, decoded, parsed, built into samples, put in order."""

import logging
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tasks.ingest import assemble as assembling
from tasks.ingest import files as finding
from tasks.ingest import parse as parsing
from tasks.ingest.assemble import IngestResult, assemble
from tasks.ingest.contract import IngestSettings, SourceFile
from tasks.ingest.files import find_all_files, find_files
from tasks.ingest.parse import READER_MODULES, parse_file, parse_once
from tasks.progress import track
from tasks.records import TableRef
from tasks.stage import stage
from tasks.storage import Workspace

__all__ = [
    "IngestRefs",
    "IngestResult",
    "IngestSettings",
    "SourceFile",
    "find_all_files",
    "find_files",
    "ingest",
    "ingest_stage",
]
logger = logging.getLogger("seimai.ingest")


class IngestRefs(BaseModel):
    """References to what ingest made."""

    model_config = ConfigDict(frozen=True)

    documents: TableRef
    samples: TableRef
    findings: TableRef


def ingest(files: Sequence[SourceFile], settings: IngestSettings) -> IngestResult:
    """Documents, samples and findings of `files`, parsing every one.

    Raises:
        RecipeError: a file cannot serve the task; names the source and the column or setting.
        StorageError: a file went away or changed since it was listed.
    """
    return assemble(files, [parse_file(file, settings) for file in files], settings)


def _ingest(workspace: Workspace, files: Sequence[SourceFile], settings: IngestSettings) -> IngestRefs:
    """As `ingest`, parsing only files that are new or changed, and writing the tables to the workspace."""
    parsed = [parse_once(workspace, file, settings) for file in track(files, "reading files", len(files))]
    result = assemble(files, parsed, settings)
    logger.info(
        "%d samples from %d files, %d findings", len(result.samples), len(files), len(result.findings)
    )
    return IngestRefs(
        documents=workspace.write_table(result.documents, "documents"),
        samples=workspace.write_table(result.samples, "samples"),
        findings=workspace.write_table(result.findings, "findings-ingest"),
    )


ingest_stage = stage("ingest", assembling, finding, parsing, *READER_MODULES)(_ingest)

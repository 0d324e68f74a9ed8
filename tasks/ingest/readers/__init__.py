"""Which reader takes which format. A reader is one function: bytes to rows, or to a document's blocks.

A format is read by the file with its name: of `mail`, `office`, `pdf`, `sheets` or `web` where formats share much,
else here, beside what readers share: `lines` and `charsets` (text), `package` and `package_xml` (zip containers).
Readers are imported when a file needs them: each brings a library of its own.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

from tasks.ingest.contract import DocumentContent, ReadOptions, TableContent
from tasks.recipe import FileFormat

TableReader = Callable[[bytes, ReadOptions], TableContent]
DocumentReader = Callable[[bytes, ReadOptions], DocumentContent]

TABLE_READERS = {
    FileFormat.JSONL: "json_lines:read_json",
    FileFormat.CSV: "delimited:read_csv",
    FileFormat.PARQUET: "parquet:read_parquet",
    FileFormat.SHEET: "sheets.sheet:read_sheet_rows",
    FileFormat.SQL: "json_lines:read_json",
}
DOCUMENT_READERS = {
    FileFormat.MARKDOWN: "markdown:read_markdown",
    FileFormat.TEXT: "plain_text:read_text",
    FileFormat.NOTEBOOK: "notebook:read_notebook",
    FileFormat.HTML: "web.html:read_html",
    FileFormat.PDF: "pdf.pdf:read_pdf",
    FileFormat.DOCX: "office.docx:read_docx",
    FileFormat.DOC: "office.doc:read_doc",
    FileFormat.PPTX: "office.pptx:read_pptx",
    FileFormat.PPT: "office.ppt:read_ppt",
    FileFormat.SHEET: "sheets.sheet:read_sheet",
    FileFormat.CSV: "delimited:read_csv_document",
    FileFormat.EML: "mail.eml:read_eml",
    FileFormat.MSG: "mail.msg:read_msg",
    FileFormat.RTF: "office.rtf:read_rtf",
    FileFormat.ODT: "office.odt:read_odt",
    FileFormat.EPUB: "web.epub:read_epub",
    FileFormat.ZIP: "archive:read_archive",
}

LIBRARIES = (
    "ftfy",
    "lxml",
    "markdown-it-py",
    "olefile",
    "py3langid",
    "pyarrow",
    "pypdfium2",
    "python-calamine",
    "selectolax",
    "xlrd",
)


def library_versions() -> dict[str, str]:
    """Name -> version of what the readers read with: another version may read another text."""
    return {name: version(name) for name in LIBRARIES}


def table_reader(format: FileFormat) -> TableReader:
    """The reader that gives the rows of a table."""
    return _load(TABLE_READERS[format])


def document_reader(format: FileFormat) -> DocumentReader:
    """The reader that gives the blocks of a document."""
    return _load(DOCUMENT_READERS[format])


def _load(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)

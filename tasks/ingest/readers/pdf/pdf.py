"""PDF, by pypdfium2 (Apache-2.0 and BSD): Chromium's reader, which tells where each character stands.

On 48 reference files (163 pages) it gave 46,886 words in 0.5 s, pypdf 46,869 in 5.9 s, pdfminer (pdfplumber's)
46,746 in 11.3 s; all of `read_pdf` took 1.5 s, markitdown 19.9 s. Tables are found by cells that stand under one
another, not by ruled lines; rows that fit no grid stay lines of one paragraph.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from tasks.ingest.contract import Block, DocumentContent, Problem, ReadOptions, UnreadableError, paragraph
from tasks.ingest.readers.pdf.blocks import assemble
from tasks.ingest.readers.pdf.edges import mark_edges, place_edges
from tasks.ingest.readers.pdf.page import Line, page_lines
from tasks.ingest.readers.pdf.properties import read_metadata, read_outline, title_key
from tasks.ingest.readers.pdf.tables import PageLine
from tasks.records import Severity

_PASSWORD_ERRORS = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
_FILE_TITLE = re.compile(
    r"^(?:untitled|無題|microsoft (?:word|powerpoint|excel) - .*|.*\.(?:docx?|pptx?|xlsx?|pdf|dvi|indd|html?))$",
    re.I,
)


class _Pages(NamedTuple):
    """What reading page by page gave."""

    lines: list[list[Line]]
    images: list[int]
    """1-based pages without text that hold something to see."""
    broken: list[int]


def read_pdf(content: bytes, options: ReadOptions) -> DocumentContent:
    """Blocks in reading order, each with the page where it begins; page headers and footers marked.

    Raises:
        UnreadableError: encrypted, corrupt, empty, image_only or too_many_pages.
    """
    document = _open(content)
    try:
        count = len(document)
        if count > options.max_pages:
            raise UnreadableError("too_many_pages", f"{count} pages; {options.max_pages} are read")
        pages = _read_pages(document, count)
        if not any(pages.lines):
            _raise_without_text(pages, count)
        metadata = read_metadata(document)
        outline = read_outline(document)
    finally:
        document.close()
    return _document(pages, outline, metadata)


def _open(content: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(content)
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in _PASSWORD_ERRORS:
            raise UnreadableError("encrypted", "needs a password") from error
        raise UnreadableError("corrupt", f"not a PDF that can be read: {error}") from error
    return document


def _read_pages(document: pdfium.PdfDocument, count: int) -> _Pages:
    pages = _Pages([], [], [])
    forms = document.formenv.raw if document.formenv else None
    for number in range(1, count + 1):
        lines: list[Line] = []
        try:
            page = document[number - 1]
        except pdfium.PdfiumError:
            pages.broken.append(number)
            pages.lines.append(lines)
            continue
        try:
            lines = page_lines(page, forms)
            if not lines and raw.FPDFPage_CountObjects(page.raw) > 0:
                pages.images.append(number)
        except pdfium.PdfiumError:
            pages.broken.append(number)
        finally:
            page.close()
        pages.lines.append(lines)
    return pages


def _raise_without_text(pages: _Pages, count: int) -> None:
    if pages.images:
        raise UnreadableError("image_only", f"no text on {count} page(s), only images or drawings")
    if pages.broken:
        raise UnreadableError("corrupt", f"none of {count} page(s) can be read")
    raise UnreadableError("empty", f"nothing on {count} page(s)")


def _document(
    pages: _Pages, outline: Mapping[int, Mapping[str, int]], metadata: dict[str, str]
) -> DocumentContent:
    margins = mark_edges(pages.lines)
    body: list[PageLine] = []
    edges: list[Block] = []
    for page, (lines, marked) in enumerate(zip(pages.lines, margins, strict=True), 1):
        titles = dict(outline.get(page, {}))
        for line, mark in zip(lines, marked, strict=True):
            if mark:
                edges.append(paragraph(line.text, page=page, boilerplate=mark))
            else:
                body.append(PageLine(line, page, titles.pop(title_key(line.text), None)))
    assembled = assemble(body)
    blocks = place_edges(assembled.blocks, edges)
    title = metadata.pop("title", "")
    if not title or _FILE_TITLE.match(title):
        title = next((block.title for block in blocks if block.level == 1 and block.title), "")
    return DocumentContent(blocks, title, _problems(pages), metadata, assembled.changes)


def _problems(pages: _Pages) -> list[Problem]:
    problems = []
    for check, numbers, what in (
        ("image_only_pages", pages.images, "hold images or drawings but no text"),
        ("unreadable_pages", pages.broken, "cannot be read"),
    ):
        if numbers:
            shown = ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
            reason = f"{len(numbers)} of {len(pages.lines)} pages {what}: {shown}"
            problems.append(Problem(check, Severity.WARNING, reason, evidence={"pages": numbers[:1000]}))
    return problems

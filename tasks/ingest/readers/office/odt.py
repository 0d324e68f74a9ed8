"""OpenDocument texts (odt), by lxml (BSD) on the parts of the package.

odfdo (Apache-2.0) gives a tree or flat text: lists, notes, frames and pages need the same walk over either.
"""

from dataclasses import replace

from lxml import etree

from tasks.ingest.contract import Block, Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.office.odf import OFFICE, TEXT, check_odf, odf_properties, to_count
from tasks.ingest.readers.office.odt_walk import TextReader
from tasks.ingest.readers.package import check_has_text, open_package
from tasks.ingest.readers.package_xml import local_name, read_optional_xml, read_xml

_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"


def read_odt(content: bytes, options: ReadOptions) -> DocumentContent:
    """The text in order, then the notes; page headers first and footers last, marked as such.

    Comments and deleted text are left out. Blocks have a page where the file notes down its page breaks.

    Raises:
        UnreadableError: encrypted; empty; corrupt; unsupported; too_large; too_many_pages; image_only.
    """
    package = open_package(content, options)
    check_odf(package, options)
    root = read_xml(package, "content.xml", options)
    body = root.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise UnreadableError("unsupported", "an OpenDocument file that is no text document")
    styles = read_optional_xml(package, "styles.xml", options)
    reader = TextReader(options, _numbered_lists(root, styles), _parents(root, styles))
    if body.find(f".//{TEXT}soft-page-break") is not None:
        reader.page = 1
    blocks = list(reader.blocks_of(body))
    frames: dict[Boilerplate, list[Block]] = {Boilerplate.PAGE_HEADER: [], Boilerplate.PAGE_FOOTER: []}
    reader.page = None
    for frame in styles.iter(f"{_STYLE}header", f"{_STYLE}footer") if styles is not None else ():
        is_header = local_name(frame) == "header"
        mark = Boilerplate.PAGE_HEADER if is_header else Boilerplate.PAGE_FOOTER
        found = [replace(block, boilerplate=mark) for block in reader.blocks_of(frame)]
        frames[mark] += [block for block in found if block not in frames[mark]]
    blocks = [*frames[Boilerplate.PAGE_HEADER], *blocks, *reader.notes, *frames[Boilerplate.PAGE_FOOTER]]
    check_has_text(package, blocks)
    metadata = odf_properties(package, options)
    return DocumentContent(blocks, metadata.get("title") or reader.title, metadata=metadata)


def _numbered_lists(*roots: etree._Element | None) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for root in roots:
        for style in root.iter(f"{TEXT}list-style") if root is not None else ():
            for level in style.iterfind(f"{TEXT}list-level-style-number"):
                if level.get(f"{_STYLE}num-format"):
                    found.add((style.get(f"{_STYLE}name", ""), to_count(level.get(f"{TEXT}level"), 1)))
    return found


def _parents(*roots: etree._Element | None) -> dict[str, str]:
    return {
        style.get(f"{_STYLE}name", ""): style.get(f"{_STYLE}parent-style-name", "")
        for root in roots
        if root is not None
        for style in root.iter(f"{_STYLE}style")
    }

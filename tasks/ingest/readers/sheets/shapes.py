"""What a sheet of an xlsx file says outside its cells: shapes, text boxes, charts, pictures, comments."""

from collections.abc import Iterator

from lxml import etree

from tasks.ingest.contract import Block, ReadOptions, paragraph
from tasks.ingest.readers.office.drawing import alternative_text, body_text, graphic_blocks
from tasks.ingest.readers.office.ooxml import Relation, relations
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import local_name, read_optional_xml

_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


def shape_blocks(package: Package, member: str, part: str, page: int, options: ReadOptions) -> list[Block]:
    """The shapes of the sheet in `member` from top to bottom, then its comments with their cell's name."""
    related = relations(package, member, options)
    blocks: list[Block] = []
    for relation in related.values():
        if relation.kind == "drawing":
            blocks += _drawing_blocks(package, relation.target, part, page, options)
    blocks += [paragraph(text, page=page, part=part) for text in _comments(package, related, options)]
    return blocks


def _drawing_blocks(
    package: Package, target: str, part: str, page: int, options: ReadOptions
) -> Iterator[Block]:
    root = read_optional_xml(package, target, options)
    if root is None:
        return
    related = relations(package, target, options)
    for anchor in sorted(root, key=_position):
        for shape in anchor.iter(f"{_XDR}sp", f"{_XDR}cxnSp", f"{_XDR}pic", f"{_XDR}graphicFrame"):
            body = shape.find(f"{_XDR}txBody")
            text = body_text(body) if body is not None else ""
            if shape.tag in (f"{_XDR}pic", f"{_XDR}graphicFrame"):
                text = alternative_text(shape.find(f"*/{_XDR}cNvPr"))
            if text.strip():
                yield paragraph(text, page=page, part=part)
            if shape.tag == f"{_XDR}graphicFrame":
                yield from graphic_blocks(shape, package, related, options, page, part)


def _position(anchor: etree._Element) -> tuple[int, int]:
    """The cell in which a shape begins: row, column."""
    row, column = (anchor.findtext(f"{_XDR}from/{_XDR}{name}") or "" for name in ("row", "col"))
    return (int(row) if row.isdecimal() else 0, int(column) if column.isdecimal() else 0)


def _comments(package: Package, related: dict[str, Relation], options: ReadOptions) -> Iterator[str]:
    """Threaded comments where there are any: the plain ones then only repeat them."""
    by_kind = {relation.kind: relation.target for relation in related.values()}
    target = by_kind.get("threadedComment") or by_kind.get("comments", "")
    root = read_optional_xml(package, target, options)
    for item in root.iter() if root is not None else ():
        if local_name(item) not in ("comment", "threadedComment"):
            continue
        text = "".join(piece.text or "" for piece in item.iter() if _is_said(piece)).strip()
        if text:
            yield f"[{item.get('ref', '')}] {text}"


def _is_said(element: etree._Element) -> bool:
    """Whether an element holds text of a comment, and not the reading of its kanji."""
    parent = element.getparent()
    is_reading = parent is not None and local_name(parent) == "rPh"
    is_threaded = parent is not None and local_name(parent) == "threadedComment"
    return not is_reading and (local_name(element) == "t" or (is_threaded and local_name(element) == "text"))

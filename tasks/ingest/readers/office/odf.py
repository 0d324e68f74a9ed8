"""What OpenDocument texts and spreadsheets share: text of a paragraph, properties, encryption."""

from lxml import etree

from tasks.ingest.contract import ReadOptions, UnreadableError
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import local_name, read_optional_xml

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_PROPERTIES = {
    "title": "title",
    "initial-creator": "author",
    "creation-date": "created",
    "creator": "last_modified_by",
    "date": "modified",
    "subject": "subject",
    "description": "description",
    "keyword": "keywords",
}


def check_odf(package: Package, options: ReadOptions) -> None:
    """Raises UnreadableError("encrypted") where the manifest says that parts are encrypted."""
    manifest = read_optional_xml(package, "META-INF/manifest.xml", options)
    if manifest is not None and any(local_name(item) == "encryption-data" for item in manifest.iter()):
        raise UnreadableError("encrypted", "an OpenDocument file protected by a password")


def odf_properties(package: Package, options: ReadOptions) -> dict[str, str]:
    """Title, author, created, modified, … of an OpenDocument file, where they are set."""
    root = read_optional_xml(package, "meta.xml", options)
    found: dict[str, str] = {}
    for item in root.iter() if root is not None else ():
        name, value = _PROPERTIES.get(local_name(item), ""), (item.text or "").strip()
        if name and value:
            found[name] = f"{found[name]}, {value}" if name == "keywords" and name in found else value
    return {"author": found["last_modified_by"], **found} if "last_modified_by" in found else found


def odf_text(element: etree._Element) -> str:
    """The text of an OpenDocument paragraph of a cell, with its line breaks, tabs and runs of spaces."""
    parts = [element.text or ""]
    for item in element:
        if item.tag == f"{TEXT}line-break":
            parts.append("\n")
        elif item.tag == f"{TEXT}tab":
            parts.append("\t")
        elif item.tag == f"{TEXT}s":
            parts.append(" " * min(to_count(item.get(f"{TEXT}c"), 1), 100))
        elif item.tag != f"{OFFICE}annotation":
            parts.append(odf_text(item))
        parts.append(item.tail or "")
    return "".join(parts)


def to_count(text: str | None, default: int) -> int:
    """A number of the file; `default` where there is none, or one beyond all sense."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


def table_count(element: etree._Element, name: str) -> int:
    """A `table:number-…` of a row or cell, 1 or more: how often it is repeated, how many it spans."""
    return max(to_count(element.get(f"{TABLE}{name}"), 1), 1)

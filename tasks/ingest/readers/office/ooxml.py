"""What Office Open XML files (docx, pptx, xlsx) share: how their parts refer to one another, and core properties."""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from tasks.ingest.contract import ReadOptions
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import local_name, read_optional_xml

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CORE_NAMES = {
    "title": "title",
    "creator": "author",
    "created": "created",
    "modified": "modified",
    "lastModifiedBy": "last_modified_by",
    "subject": "subject",
    "keywords": "keywords",
    "description": "description",
    "category": "category",
}


class Relation(NamedTuple):
    """A relation of one part to another part of the package."""

    kind: str
    """Last segment of its type: image, hyperlink, slide, header, …"""
    target: str
    """Name of the member."""


def relations(package: Package, part: str, options: ReadOptions) -> dict[str, Relation]:
    """The relations of `part` by their id, without those that lead out of the package."""
    folder, _, base = part.rpartition("/")
    root = read_optional_xml(package, f"{folder}/_rels/{base}.rels".lstrip("/"), options)
    found: dict[str, Relation] = {}
    for item in root if root is not None else ():
        target = unquote(item.get("Target", ""))
        if item.get("TargetMode") == "External" or not target:
            continue
        path = target if target.startswith("/") else f"/{folder}/{target}"
        kind = item.get("Type", "").rpartition("/")[2]
        found[item.get("Id", "")] = Relation(kind, posixpath.normpath(path).lstrip("/"))
    return found


def main_part(package: Package, options: ReadOptions, default: str) -> str:
    """The name of the part that the others hang on; `default` where the package names none."""
    return target_of(relations(package, "", options), "officeDocument", default)


def target_of(related: Mapping[str, Relation], kind: str, default: str = "") -> str:
    """The name of the first part that is related by `kind`; `default` without one."""
    return next((relation.target for relation in related.values() if relation.kind == kind), default)


def related_xml(
    package: Package, related: Mapping[str, Relation], kind: str, options: ReadOptions
) -> etree._Element | None:
    """The root of the first part that is related by `kind`; None where it is missing or broken."""
    return read_optional_xml(package, target_of(related, kind), options)


def core_properties(package: Package, options: ReadOptions) -> dict[str, str]:
    """The core properties of an Office file that are set: title, author, created, modified, subject, …"""
    root = read_optional_xml(package, "docProps/core.xml", options)
    if root is None:
        return {}
    found = {_CORE_NAMES.get(local_name(item), ""): (item.text or "").strip() for item in root}
    return {name: value for name, value in found.items() if name and value}


def to_int(text: str | None, default: int = 0) -> int:
    """A number of the file; `default` where there is none or it is none."""
    try:
        return int(text or "")
    except ValueError:
        return default

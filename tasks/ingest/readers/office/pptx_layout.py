"""Slide layouts and masters: what the placeholders of a slide inherit from them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from tasks.ingest.contract import ReadOptions
from tasks.ingest.readers.office.ooxml import Relation, relations, target_of
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import read_optional_xml

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
TITLES = ("title", "ctrTitle")


@dataclass
class Layout:
    """A slide layout or master."""

    root: etree._Element | None
    parent: "Layout | None" = None

    def inherited(self, shape: etree._Element) -> Iterator[etree._Element]:
        """The placeholders of layout and master that a shape follows, the nearest first."""
        key = placeholder(shape)
        layout: Layout | None = self
        while layout is not None and key is not None:
            found = layout._find(*key)
            if found is not None:
                yield found
            layout = layout.parent

    def list_styles(self) -> Iterator[etree._Element]:
        """The list style that the master gives to the text of placeholders."""
        if self.parent is not None and self.parent.root is not None:
            yield from self.parent.root.iterfind(f"{P}txStyles/{P}bodyStyle")

    def _find(self, kind: str, index: str) -> etree._Element | None:
        """The placeholder that one of a slide follows: by its index in a layout, by its type in a master."""
        by_index = [shape for _, at, shape in self._placeholders if at == index and self.parent is not None]
        wanted = "title" if kind in TITLES else "body" if kind in ("obj", "subTitle") else kind
        by_type = [shape for of, _, shape in self._placeholders if of in (kind, wanted)]
        return next(iter(by_index + by_type), None)

    @cached_property
    def _placeholders(self) -> list[tuple[str, str, etree._Element]]:
        """Type, index and shape of each placeholder."""
        shapes = self.root.iter(f"{P}sp") if self.root is not None else ()
        return [(*key, shape) for shape in shapes if (key := placeholder(shape)) is not None]


@dataclass
class Layouts:
    """The layouts and masters of a presentation, each read once."""

    package: Package
    options: ReadOptions
    _by_target: dict[str, Layout] = field(default_factory=dict)
    """By the name of their part."""

    def layout_of(self, related: Mapping[str, Relation]) -> Layout | None:
        """The layout of the slide with these relations."""
        return self._read(related, "slideLayout")

    def _read(self, related: Mapping[str, Relation], kind: str) -> Layout | None:
        target = target_of(related, kind)
        if target and target not in self._by_target:
            root = read_optional_xml(self.package, target, self.options)
            above = relations(self.package, target, self.options) if kind == "slideLayout" else {}
            self._by_target[target] = Layout(root, self._read(above, "slideMaster") if above else None)
        return self._by_target.get(target)


def placeholder(shape: etree._Element) -> tuple[str, str] | None:
    """Type and index of a placeholder; None for other shapes."""
    element = shape.find(f"*/{P}nvPr/{P}ph")
    return None if element is None else (element.get("type", "obj"), element.get("idx", "0"))


def placeholder_type(shape: etree._Element) -> str:
    """ "title", "body", "ftr", …; "" for other shapes."""
    return (placeholder(shape) or ("", ""))[0]

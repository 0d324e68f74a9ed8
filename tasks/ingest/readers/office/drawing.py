"""Text in DrawingML, which Word, PowerPoint and Excel share: paragraphs, charts, diagrams, alternative text."""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tasks.ingest.contract import Block, ReadOptions, list_item, paragraph, table_blocks
from tasks.ingest.readers.office.ooxml import R, Relation
from tasks.ingest.readers.package import Package
from tasks.ingest.readers.package_xml import local_name, read_optional_xml

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_A14 = "{http://schemas.microsoft.com/office/drawing/2010/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MAX_POINTS = 10_000
"""Points of a chart series that are read."""
_MADE_BY_MACHINE = re.compile(
    r"automatically generated|自動的に生成|\.(?:png|jpe?g|gif|bmp|emf|wmf|svg|tiff?)\s*$", re.I
)
_SCRIPTS = {"sSup": "{}^{}", "sSub": "{}_{}", "sSubSup": "{}_{}^{}", "f": "{}/{}", "rad": "√{}{}"}


def paragraph_text(element: etree._Element) -> str:
    """The text of an `a:p`, with its line breaks, fields and equations."""
    parts: list[str] = []
    for item in element:
        if item.tag in (f"{A}r", f"{A}fld"):
            parts.append(item.findtext(f"{A}t") or "")
        elif item.tag == f"{A}br":
            parts.append("\n")
        elif item.tag in (f"{MC}AlternateContent", f"{_A14}m"):
            parts += [math_text(math) for math in item.iter(f"{M}oMath")]
    return "".join(parts)


def body_text(element: etree._Element) -> str:
    """The paragraphs of a text body (`a:txBody`, `xdr:txBody`, …) on lines of their own."""
    return "\n".join(filter(None, map(paragraph_text, element.iter(f"{A}p"))))


def math_text(element: etree._Element) -> str:
    """An equation on one line: x^2, a_1, (a+b)/2."""
    name = local_name(element)
    if name == "t":
        return element.text or ""
    parts = [math_text(item) for item in element if not local_name(item).endswith("Pr")]
    if name in _SCRIPTS and len(parts) == _SCRIPTS[name].count("{}"):
        wrapped = [f"({part})" if len(part) > 1 and name in ("f", "rad") else part for part in parts]
        return _SCRIPTS[name].format(*wrapped)
    return f"({', '.join(parts)})" if name == "d" else "".join(parts)


def alternatives(element: etree._Element) -> Iterator[etree._Element]:
    """What an `mc:AlternateContent` shows: its first choice, or the fallback where that is empty."""
    for name in (f"{MC}Choice", f"{MC}Fallback"):
        for choice in element.iterchildren(name):
            if len(choice):
                yield from choice
                return


def alternative_text(properties: etree._Element | None) -> str:
    """What a person wrote as description of a picture; "" for file names and what a machine guessed."""
    text = (properties.get("descr", "") if properties is not None else "").strip()
    return "" if _MADE_BY_MACHINE.search(text) else text


def graphic_blocks(
    graphic: etree._Element,
    package: Package,
    related: Mapping[str, Relation],
    options: ReadOptions,
    page: int | None = None,
    part: str = "",
) -> list[Block]:
    """The blocks of the charts and diagrams that `graphic` holds or refers to."""
    blocks: list[Block] = []
    for item in graphic.iter(f"{C}chart", f"{_DGM}relIds"):
        is_chart = item.tag == f"{C}chart"
        relation = related.get(item.get(f"{R}id" if is_chart else f"{R}dm", ""))
        root = read_optional_xml(package, relation.target, options) if relation else None
        if root is not None:
            blocks += (_chart_blocks if is_chart else _diagram_blocks)(root, page, part)
    return blocks


def _chart_blocks(root: etree._Element, page: int | None, part: str) -> list[Block]:
    """A chart's titles as a paragraph, its categories and series as a table."""
    titles = [" ".join(body_text(title).split()) for title in root.iter(f"{C}title")]
    blocks = [paragraph(" – ".join(filter(None, titles)), page=page, part=part)] if any(titles) else []
    names: list[str] = []
    categories: dict[int, str] = {}
    columns: list[dict[int, str]] = []
    for series in root.iter(f"{C}ser"):
        names.append(next((v.text or "" for v in series.iterfind(f"{C}tx//{C}v")), ""))
        for tag in (f"{C}cat", f"{C}xVal"):
            categories = {**_points(series.find(tag)), **categories}
        columns.append(_points(series.find(f"{C}val")) or _points(series.find(f"{C}yVal")))
    indices = sorted({*categories, *(index for column in columns for index in column)})
    rows = [[categories.get(i, ""), *(column.get(i, "") for column in columns)] for i in indices]
    if rows:
        blocks += table_blocks([["", *names], *rows], page=page, part=part)
    return blocks


def _points(element: etree._Element | None) -> dict[int, str]:
    """The cached values of a series by their index, a number as short as it can be said."""
    found: dict[int, str] = {}
    for point in element.iter(f"{C}pt") if element is not None else ():
        value = point.findtext(f"{C}v") or ""
        index = point.get("idx", "")
        if index.isdecimal() and len(found) < _MAX_POINTS:
            label = found.get(int(index))  # categories of several levels: the inner one comes first
            found[int(index)] = f"{_short(value)} / {label}" if label else _short(value)
    return found


def _short(value: str) -> str:
    try:
        return f"{float(value):.15g}" if "." in value else value
    except ValueError:
        return value


def _diagram_blocks(root: etree._Element, page: int | None, part: str) -> list[Block]:
    """The texts of a SmartArt diagram, as items of a list."""
    texts = (body_text(point) for point in root.iter(f"{_DGM}t"))
    return [list_item(text, page=page, part=part) for text in texts if text.strip()]

"""A document read block by block, under the headings where each block stands."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Placed(NamedTuple):
    """A block that is content, or a heading."""

    kind: str
    text: str
    """Markdown; a heading's with its marks."""
    start: int
    end: int
    headings: tuple[str, ...]
    """The headings above it, outermost first, as Markdown lines; a heading's own is not among them."""
    level: int
    title: str
    page: int | None
    part: str
    line: int | None

    @property
    def section(self) -> str:
        """Sheet or chapter and headings, outermost first."""
        titles = [line.lstrip("#").strip() for line in self.headings]
        return " > ".join(
            name for name in ([self.part, *titles] if self.part not in titles else titles) if name
        )


def place_blocks(document: Mapping[str, Any], keep_boilerplate: bool = False) -> Iterator[Placed]:
    """The blocks of a row of records.DOCUMENT in reading order; boilerplate is passed over unless kept."""
    path: list[tuple[int, str]] = []
    text = document["text"]
    for block in document["blocks"]:
        if block["boilerplate"] and not keep_boilerplate:
            continue
        if block["kind"] == "heading":
            path = [above for above in path if above[0] < block["level"]]
        yield Placed(
            kind=block["kind"],
            text=text[block["start"] : block["end"]],
            start=block["start"],
            end=block["end"],
            headings=tuple(line for _, line in path),
            level=block["level"],
            title=block["title"],
            page=block["page"],
            part=block["part"] or "",
            line=block["line"],
        )
        if block["kind"] == "heading":
            path.append((block["level"], f"{'#' * block['level']} {block['title']}"))

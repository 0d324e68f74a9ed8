"""Jupyter notebooks (nbformat 4 and 3), by the standard library's json: nbformat (BSD) only adds validation."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tasks.ingest.contract import Block, DocumentContent, ReadOptions, UnreadableError, code, heading
from tasks.ingest.readers.lines import decode, unify_lines
from tasks.ingest.readers.markdown import markdown_blocks
from tasks.ingest.readers.plain_text import text_blocks

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def read_notebook(content: bytes, options: ReadOptions) -> DocumentContent:
    """Markdown cells as Markdown, code cells and the text that they put out as code; images are left out.

    Raises:
        UnreadableError: undecodable; corrupt, for what is no notebook.
    """
    text, problems = decode(content, options.encoding)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("corrupt", f"not JSON: {error}") from error
    cells = _cells(notebook)
    metadata = _dict(notebook.get("metadata"))
    kernel, used = _dict(metadata.get("kernelspec")), _dict(metadata.get("language_info"))
    language = used.get("name") or kernel.get("language")
    # lines of a cell are no lines of the file
    blocks = [replace(block, line=None) for cell in cells for block in _cell_blocks(cell, language)]
    title = metadata.get("title") or next((block.title for block in blocks if block.level in (1, 2)), "")
    authors = ", ".join(str(_dict(author).get("name", "")) for author in _list(metadata.get("authors")))
    return DocumentContent(blocks, str(title), problems, {"author": authors} if authors.strip(", ") else {})


def _cells(notebook: Any) -> list[dict[str, Any]]:
    """The cells, which stand in worksheets before nbformat 4."""
    found = _dict(notebook)
    sheets = [found, *map(_dict, _list(found.get("worksheets")))]
    if not any("cells" in sheet for sheet in sheets):
        raise UnreadableError("corrupt", "no notebook: it has no cells")
    return [_dict(cell) for sheet in sheets for cell in _list(sheet.get("cells"))]


def _cell_blocks(cell: dict[str, Any], language: Any) -> Iterator[Block]:
    kind = cell.get("cell_type")
    text = _text(cell.get("source", cell.get("input")))
    if kind == "markdown":
        yield from markdown_blocks(text)
    elif kind == "heading" and text.strip():
        yield heading(text, cell["level"] if isinstance(cell.get("level"), int) else 1)
    elif kind == "code":
        if text.strip():
            yield code(text, language if isinstance(language, str) else "")
        for output in _list(cell.get("outputs")):
            yield from _output_blocks(_dict(output))
    elif text.strip():
        yield from text_blocks(text)


def _output_blocks(output: dict[str, Any]) -> Iterator[Block]:
    """What a cell put out, as text: printed, shown, or the error it ended with."""
    data = _dict(output.get("data"))
    if "ename" in output:
        text = f"{output['ename']}: {output.get('evalue', '')}"
    else:
        text = _text(output.get("text", data.get("text/plain")))
    if data.get("text/markdown"):
        yield from markdown_blocks(_text(data["text/markdown"]))
    elif text.strip():
        yield code(_COLOURS.sub("", text))


def _text(value: Any) -> str:
    """A text, which is a string or a list of its lines."""
    return unify_lines("".join(map(str, value)) if isinstance(value, list) else str(value or ""))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

"""The characters of a PDF's page as stretches of text, each with its box, as pdfium gives them."""

import ctypes
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

CELL_GAP = 0.95
"""Gap between two characters, in font sizes, from which they stand in two cells of a row."""
WORD_GAP = 0.15
"""Gap, in font sizes, from which two stretches on one line are two words."""
_SPACES = re.compile(r"[\s\x00-\x1f\ufffe\uffff]+")
_SPACE_BESIDE_CJK = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff01-\uffee]) | (?=[\u3000-\u30ff\u3400-\u9fff\uff01-\uffee])"
)
_LINE_HYPHEN = re.compile("[\x02\ufffe\u00ad]+$")


class Cell(NamedTuple):
    """A stretch of a line; in vertical writing x runs down the page and y from right to left. Points."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float


def page_cells(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> tuple[list[Cell], list[Cell], bool]:
    """Cells, those that lie across a vertical page, and whether the page is written vertically."""
    count = textpage.count_chars()
    if count <= 0:
        return [], [], False
    text = _page_text(textpage, count)
    boxes = _char_boxes(page, textpage, count)
    seen = np.array([not char.isspace() and char != "\x00" for char in text])
    seen &= (boxes[:, 2] > boxes[:, 0]) | (boxes[:, 3] > boxes[:, 1])
    at = np.flatnonzero(seen)
    if not len(at):
        return [], [], False
    box = boxes[at]
    along, down = _links(box), _links(_turn(box))
    vertical = int((down & ~along).sum()) > max(8, int((along & ~down).sum()))
    linked = along | down if vertical else along
    starts = np.concatenate([[0], np.flatnonzero(~linked) + 1]).tolist()
    ends = [*starts[1:], len(at)]
    if not vertical:
        starts, ends = _join_sideways(textpage, at, starts, ends)
    cells: list[Cell] = []
    across: list[Cell] = []
    for start, end in zip(starts, ends, strict=True):
        part, places = box[start:end], at[start:end]
        x0, top = map(float, part[:, :2].min(axis=0))
        x1, bottom = map(float, part[:, 2:].max(axis=0))
        size = _font_size(textpage, int(places[len(places) // 2])) or bottom - top or 1.0
        is_tall = bottom - top > max(1.5 * (x1 - x0), 2.5 * size)
        is_wide = x1 - x0 > max(1.5 * (bottom - top), 2.5 * size)
        if vertical and not is_wide:
            words = _SPACE_BESIDE_CJK.sub("", _stretch_text(text, places, _turn(part), size))
            cells.append(Cell(words, top, -x1, bottom, -x0, size))
        elif is_tall and not vertical:
            words = _stretch_text(text, places, _upright(part), size)
            across.append(Cell(words, x0, top, x1, bottom, 1.0))  # never a heading
        else:
            words = _stretch_text(text, places, part, size)
            (across if vertical else cells).append(Cell(words, x0, top, x1, bottom, size))
    return [cell for cell in cells if cell.text], [cell for cell in across if cell.text], vertical


def _page_text(textpage: pdfium.PdfTextPage, count: int) -> str:
    """A character for each of pdfium's `count`."""
    text = textpage.get_text_range()
    if len(text) == count:
        return text
    codes = (raw.FPDFText_GetUnicode(textpage.raw, i) for i in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)


def _upright(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """The boxes of a stretch that runs up or down the page, as if it ran from left to right."""
    upward = part[-1, 1] < part[0, 1]
    return _turn(part) if not upward else _turn(part * [1, -1, 1, -1])[:, [2, 1, 0, 3]]


def _join_sideways(
    textpage: pdfium.PdfTextPage, at: NDArray[np.intp], starts: list[int], ends: list[int]
) -> tuple[list[int], list[int]]:
    """Single characters that follow one another turned by 90 degrees belong to one line up or down the page."""
    joined: list[tuple[int, int]] = []
    before = False
    for start, end in zip(starts, ends, strict=True):
        sideways = end - start <= 3 and _is_sideways(textpage, int(at[start]))
        if sideways and before:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        before = sideways
    return [start for start, _ in joined], [end for _, end in joined]


def _is_sideways(textpage: pdfium.PdfTextPage, index: int) -> bool:
    angle = raw.FPDFText_GetCharAngle(textpage.raw, index)
    return abs(np.sin(angle)) > 0.9 and angle >= 0


def _char_boxes(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, count: int) -> NDArray[np.float64]:
    """count x 4: left, top, right, bottom as the page is shown, from its top left corner."""
    rects = (raw.FS_RECTF * count)()
    get_box = raw.FPDFText_GetLooseCharBox
    handle = textpage.raw
    for i, rect in enumerate(rects):
        get_box(handle, i, rect)
    left, top, right, bottom = np.frombuffer(rects, np.float32).reshape(count, 4).T.astype(np.float64)
    x0, y0, x1, y1 = page.get_bbox()
    shown = {
        0: (left - x0, y1 - top, right - x0, y1 - bottom),
        90: (bottom - y0, left - x0, top - y0, right - x0),
        180: (x1 - right, bottom - y0, x1 - left, top - y0),
        270: (y1 - top, x1 - right, y1 - bottom, x1 - left),
    }[page.get_rotation()]
    return np.nan_to_num(np.clip(np.stack(shown, axis=1), -1e5, 1e5))


def _turn(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes with their axes exchanged, so that what runs down runs along."""
    return np.stack([box[:, 1], -box[:, 2], box[:, 3], -box[:, 0]], axis=1)


def _links(box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each character but the last: whether the next one follows it on the same line and in the same cell."""
    before, after = box[:-1], box[1:]
    heights = np.minimum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    size = np.maximum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    shared = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    gap = after[:, 0] - before[:, 2]
    return (shared >= 0.4 * heights) & (after[:, 0] >= before[:, 0] - 0.2 * size) & (gap < CELL_GAP * size)


def _font_size(textpage: pdfium.PdfTextPage, index: int) -> float:
    """In points as shown: the size of the font, scaled as the page scales it."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(textpage.raw, index, matrix):
        return 0.0
    scale = float(np.hypot(matrix.c, matrix.d))
    return round(raw.FPDFText_GetFontSize(textpage.raw, index) * scale, 2)


def _stretch_text(text: str, places: NDArray[np.intp], box: NDArray[np.float64], size: float) -> str:
    """The characters of `text` at `places`. pdfium's line breaks inside count only where there is a gap."""
    words = text[int(places[0]) : int(places[-1]) + 1]
    if "\n" in words:
        gaps = [0.0, *(box[1:, 0] - box[:-1, 2]).tolist()]
        chars = [text[place] for place in places.tolist()]
        words = "".join(
            (" " if gap > WORD_GAP * size else "") + char for char, gap in zip(chars, gaps, strict=True)
        )
    return _SPACES.sub(" ", _LINE_HYPHEN.sub("-", words)).strip()


def field_cells(page: pdfium.PdfPage, forms: Any) -> Iterator[Cell]:
    """What is filled in in the form fields of a page."""
    _, height = page.get_size()
    rect = raw.FS_RECTF()
    for i in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, i)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
            value = _field_value(annotation, forms)
            if value and raw.FPDFAnnot_GetRect(annotation, rect):
                size = min(12.0, rect.top - rect.bottom)
                yield Cell(value, rect.left, height - rect.top, rect.right, height - rect.bottom, size)
        raw.FPDFPage_CloseAnnot(annotation)


def _field_value(annotation: Any, forms: Any) -> str:
    kind = raw.FPDFAnnot_GetFormFieldType(forms, annotation)
    if kind not in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        return ""
    size = raw.FPDFAnnot_GetFormFieldValue(forms, annotation, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 2))
    raw.FPDFAnnot_GetFormFieldValue(
        forms, annotation, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size
    )
    return " ".join(buffer.raw[: max(size - 2, 0)].decode("utf-16-le", "replace").split())

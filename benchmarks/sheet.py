"""Seconds and memory for the rows of one large workbook, beside openpyxl and pandas.

    python -m benchmarks.sheet --rows 1000000

The workbook has five columns (number, Japanese text, English text, date, amount) with inline strings. Each reader
runs in a process of its own; memory is its peak, the workbook's bytes included.
"""

import argparse
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import MEGABYTE, in_child
from tasks.ingest.contract import ReadOptions
from tasks.ingest.readers import table_reader
from tasks.recipe import FileFormat

_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_RELATION = (
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" '
    'Target="{}"/>'
)
_WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.'
    'openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="rows" sheetId="1" r:id="rId1"/>'
    "</sheets></workbook>"
)
CHUNK = 10_000
"""Rows written at once."""


def write_workbook(path: Path, rows: int) -> None:
    """An xlsx of `rows` rows and a header, written part by part."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("[Content_Types].xml", _CONTENT_TYPES)
        package.writestr(
            "_rels/.rels", _RELATIONS.format(_RELATION.format("officeDocument", "xl/workbook.xml"))
        )
        package.writestr("xl/workbook.xml", _WORKBOOK)
        relation = _RELATION.format("worksheet", "worksheets/sheet1.xml")
        package.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format(relation))
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for part in _sheet_parts(rows):
                sheet.write(part.encode())


def read_with_seimai(path: Path) -> int:
    content = table_reader(FileFormat.SHEET)(path.read_bytes(), ReadOptions())
    return sum(1 for _ in content.rows)


def read_with_openpyxl(path: Path) -> int:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
    return sum(1 for _ in book.active.iter_rows(values_only=True)) - 1


def read_with_pandas(path: Path) -> int:
    import pandas as pd

    return len(pd.read_excel(io.BytesIO(path.read_bytes()), engine="calamine"))


def _sheet_parts(rows: int) -> Iterator[str]:
    yield '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    yield _row(1, ["number", "件名", "text", "date", "amount"])
    for start in range(0, rows, CHUNK):
        yield "".join(
            _row(
                i + 2,
                [str(i), f"受付{i}番の問い合わせ", f"ticket {i} about order {i * 7 % 1009}", "2026-04-01"],
                i * 13 % 100_003,
            )
            for i in range(start, min(rows, start + CHUNK))
        )
    yield "</sheetData></worksheet>"


def _row(number: int, texts: list[str], amount: int | None = None) -> str:
    cells = "".join(
        f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for column, text in enumerate(texts)
    )
    figure = "" if amount is None else f'<c r="{chr(65 + len(texts))}{number}"><v>{amount}</v></c>'
    return f'<row r="{number}">{cells}{figure}</row>'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of the workbook (at most 1,048,575)"
    )
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder, "large.xlsx")
        write_workbook(path, arguments.rows)
        print(json.dumps({"rows": arguments.rows, "file_mb": round(path.stat().st_size / MEGABYTE, 1)}))
        for read in (read_with_seimai, read_with_openpyxl, read_with_pandas):
            measured = in_child(read, path)
            if measured.value != arguments.rows:
                raise SystemExit(f"{read.__name__} gave {measured.value} rows")
            print(
                json.dumps(
                    {
                        "reader": read.__name__.removeprefix("read_with_"),
                        "cpu_seconds": round(measured.cpu_seconds, 1),
                        "peak_mb": round(measured.peak_bytes / MEGABYTE),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()

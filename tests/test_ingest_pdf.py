"""PDFs made here byte by byte, and the real ones of the reference data."""

import hashlib
import io
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.ingest.contract import BlockKind, Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.pdf.pdf import read_pdf

pdfium = pytest.importorskip("pypdfium2")
ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
FILES = DATA / "formats_unstructured" / "example-docs"
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def put(x: float, y: float, text: str, size: float = 10, font: str = "") -> str:
    """One stretch of text at x, y (from the bottom left corner): F1 is Helvetica, FJ and FV are Japanese."""
    font = font or ("F1" if text.isascii() else "FJ")
    code = text.encode("latin-1" if font == "F1" else "utf-16-be").hex()
    return f"BT /{font} {size} Tf {x} {y} Td <{code}> Tj ET\n"


def put_lines(x: float, y: float, lines: Sequence[str], size: float = 10, pitch: float = 12) -> str:
    return "".join(put(x, y - i * pitch, line, size) for i, line in enumerate(lines))


def make_pdf(
    pages: Sequence[str],
    *,
    info: str = "",
    outline: Sequence[tuple[str, int]] = (),
    rotate: int = 0,
    password: str | None = None,
    field: str = "",
) -> bytes:
    """A PDF of content streams; the outline's pages count from 0."""
    bodies: dict[int, bytes] = {}
    count = len(pages)
    first = 20
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(count))
    catalog = "<< /Type /Catalog /Pages 2 0 R"
    japanese = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-{} "
        "/DescendantFonts [7 0 R] >>"
    )
    bodies[2] = f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode()
    bodies[3] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    bodies[4] = japanese.format("H").encode()
    bodies[5] = japanese.format("V").encode()
    bodies[6] = f"<< {info} >>".encode("latin-1")
    bodies[7] = (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 /FontDescriptor 8 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>"
    )
    bodies[8] = (
        b"<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [0 -120 1000 880] "
        b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 709 /StemV 90 >>"
    )
    bodies[9] = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray "
        b"/Length 1 >>\nstream\n\x00\nendstream"
    )
    annotations = ""
    if field:
        catalog += " /AcroForm << /Fields [10 0 R] >>"
        bodies[10] = (
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V ({field}) /Rect [150 695 300 712] >>".encode()
        )
        annotations = "/Annots [10 0 R]"
    for i, content in enumerate(pages):
        stream = content.encode("latin-1")
        bodies[first + 2 * i] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {rotate} {annotations if not i else ''} "
            f"/Contents {first + 2 * i + 1} 0 R /Resources << /Font << /F1 3 0 R /FJ 4 0 R /FV 5 0 R >> "
            "/XObject << /I 9 0 R >> >> >>"
        ).encode()
        bodies[first + 2 * i + 1] = b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream"
    if outline:
        start = first + 2 * count
        catalog += f" /Outlines {start} 0 R"
        numbers = [start + 1 + i for i in range(len(outline))]
        bodies[start] = (
            f"<< /First {numbers[0]} 0 R /Last {numbers[-1]} 0 R /Count {len(numbers)} >>".encode()
        )
        for i, (title, page) in enumerate(outline):
            following = f"/Next {numbers[i + 1]} 0 R" if i + 1 < len(numbers) else ""
            code = (b"\xfe\xff" + title.encode("utf-16-be")).hex()
            bodies[numbers[i]] = (
                f"<< /Title <{code}> /Parent {start} 0 R {following} /Dest [{first + 2 * page} 0 R /Fit] >>"
            ).encode()
    bodies[1] = f"{catalog} >>".encode()
    trailer = f"/Root 1 0 R /Info 6 0 R /Size {max(bodies) + 1}"
    if password is not None:
        key, entry = encryption(password)
        bodies = {n: encrypt_object(n, body, key) for n, body in bodies.items()}
        trailer += f" /Encrypt << {entry} >> /ID [<{'00' * 16}> <{'00' * 16}>]"
    return join_objects(bodies, trailer)


def join_objects(bodies: dict[int, bytes], trailer: str) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(bodies.items()):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    out.write(f"trailer\n<< {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def rc4(key: bytes, content: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def encryption(password: str) -> tuple[bytes, str]:
    """Key and dictionary of the standard handler, revision 2 (40 bits)."""
    padded = (password.encode() + _PADDING)[:32]
    owner = rc4(hashlib.md5((b"owner" + _PADDING)[:32]).digest()[:5], padded)
    key = hashlib.md5(padded + owner + (-4).to_bytes(4, "little", signed=True) + bytes(16)).digest()[:5]
    user = rc4(key, _PADDING)
    return key, f"/Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4"


def encrypt_object(number: int, body: bytes, key: bytes) -> bytes:
    head, mark, rest = body.partition(b"stream\n")
    if not mark:
        return body
    own = hashlib.md5(key + number.to_bytes(3, "little") + b"\x00\x00").digest()[:10]
    stream, end, tail = rest.rpartition(b"\nendstream")
    return head + mark + rc4(own, stream) + end + tail


def read(content: bytes, **options: int) -> DocumentContent:
    return read_pdf(content, ReadOptions(**options))


def texts(document: DocumentContent) -> list[str]:
    return [block.text for block in document.blocks]


WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "then",
    "it",
    "sleeps",
    "in",
    "the",
    "sun",
    "all",
    "day",
    "long",
    "until",
    "dusk",
]


def prose(lines: int, letters: int = 88, offset: int = 0) -> list[str]:
    """Full lines of words; the last ends the sentence."""
    out: list[str] = []
    at = offset
    while len(out) < lines:
        line = ""
        while len(line) < letters:
            line += WORDS[at % len(WORDS)] + " "
            at += 1
        out.append(line.strip())
    out[-1] = out[-1] + "."
    return out


def test_headings_by_size_paragraphs_joined_and_lists() -> None:
    page = (
        put(72, 700, "Travel policy", 20)
        + put(72, 670, "1 Booking", 14)
        + put_lines(
            72,
            650,
            [
                "All employees of the company book their travel with the usual infor-",
                "mation desk, also for well known trips.",
            ],
        )
        + put_lines(72, 610, ["- first item", "- second item"])
        + put(90, 586, "1. deeper item")
        + put(72, 560, "A last paragraph stands alone.")
    )
    document = read(make_pdf([page]))
    assert texts(document) == [
        "# Travel policy",
        "## 1 Booking",
        "All employees of the company book their travel with the usual information desk, also for well known trips.",
        "- first item",
        "- second item",
        "  1. deeper item",
        "A last paragraph stands alone.",
    ]
    assert document.title == "Travel policy"
    assert document.changes == {"joined_lines": 1, "hyphenation": 1}
    assert {block.page for block in document.blocks} == {1}


def test_japanese_lines_join_without_a_space() -> None:
    lines = [
        "本規程は、従業員の休業に関する手続きを定めるものであり、すべての従業員に適",
        "用する。申請書は上長に提出し、その承認を得るものとする。",
    ]
    page = put(72, 700, "休業規程", 18) + put_lines(72, 660, lines, pitch=16)
    assert texts(read(make_pdf([page]))) == ["# 休業規程", "".join(lines)]


def test_vertical_writing_is_read_from_right_to_left() -> None:
    columns = ["従業員は休業を希望する場合、所定の申請書を上", "長に提出し、その承認を得なければならない。"]
    page = "".join(
        put(x, 740, column, 12, "FV") for x, column in zip((300, 318), reversed(columns), strict=True)
    )
    page = put(360, 740, "休業規程", 20, "FV") + page
    assert texts(read(make_pdf([page]))) == ["# 休業規程", "".join(columns)]


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = prose(12, 40), prose(12, 40, 7)
    rows = "".join(
        put(60, 650 - 12 * i, a) + put(330, 650 - 12 * i, b)
        for i, (a, b) in enumerate(zip(left, right, strict=True))
    )
    document = read(
        make_pdf([put(60, 700, "A title that stands over both of the columns of the page", 16) + rows])
    )
    assert texts(document) == [
        "# A title that stands over both of the columns of the page",
        " ".join(left),
        " ".join(right),
    ]


def test_one_column_is_not_broken() -> None:
    lines = prose(20)
    assert texts(read(make_pdf([put_lines(60, 700, lines)]))) == [" ".join(lines)]


def test_paragraph_over_a_page_break_with_headers_and_footers_aside() -> None:
    lines = prose(12)
    pages = [
        put(72, 760, "Handbook of the company") + put_lines(60, 700, part) + put(300, 30, f"Page {number}")
        for number, part in enumerate((lines[:4], lines[4:8], lines[8:]), 1)
    ]
    document = read(make_pdf(pages))
    body = [block for block in document.blocks if not block.boilerplate]
    assert [(block.text, block.page) for block in body] == [(" ".join(lines), 1)]
    marked = [(block.boilerplate, block.text, block.page) for block in document.blocks if block.boilerplate]
    assert marked == [
        (Boilerplate.PAGE_HEADER, "Handbook of the company", 1),
        (Boilerplate.PAGE_FOOTER, "Page 1", 1),
        (Boilerplate.PAGE_HEADER, "Handbook of the company", 2),
        (Boilerplate.PAGE_FOOTER, "Page 2", 2),
        (Boilerplate.PAGE_HEADER, "Handbook of the company", 3),
        (Boilerplate.PAGE_FOOTER, "Page 3", 3),
    ]


def test_aligned_cells_become_a_table_and_no_number_is_lost() -> None:
    rows = [
        ("Item", "Days", "Note"),
        ("Annual leave", "20", "carried over"),
        ("Sick leave", "10", "certificate"),
        ("Special", "", "5 at most"),
    ]
    page = "".join(
        put(x, 700 - 16 * i, cell)
        for i, row in enumerate(rows)
        for x, cell in zip((60, 200, 300), row, strict=True)
        if cell
    )
    document = read(make_pdf([put(60, 740, "The table below gives the days of leave.") + page]))
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.TABLE]
    assert document.blocks[1].text.splitlines() == [
        "| Item | Days | Note |",
        "| --- | --- | --- |",
        "| Annual leave | 20 | carried over |",
        "| Sick leave | 10 | certificate |",
        "| Special |  | 5 at most |",
    ]


def test_outline_gives_headings_and_levels() -> None:
    page = put(72, 700, "1.2 手続き") + put(72, 670, "本文です。")
    document = read(
        make_pdf(
            [page, put(72, 700, "Second part") + put(72, 660, "More text.")],
            outline=[("手続き", 0), ("Second part", 1)],
        )
    )
    assert [(block.level, block.title, block.page) for block in document.blocks if block.level] == [
        (1, "1.2 手続き", 1),
        (1, "Second part", 2),
    ]


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_rotated_pages_keep_their_lines(rotate: int) -> None:
    turned = {90: "0 1 -1 0 612 0 cm", 180: "-1 0 0 -1 612 792 cm", 270: "0 -1 1 0 0 792 cm"}[rotate]
    lines = prose(6, 60)
    page = f"q {turned}\n{put_lines(60, 500, lines)}Q"
    assert texts(read(make_pdf([page], rotate=rotate))) == [" ".join(lines)]


def test_metadata_and_form_fields() -> None:
    info = "/Title (Leave policy) /Author (A. Writer) /CreationDate (D:20240131093000+09'00')"
    document = read(make_pdf([put(72, 700, "Name:")], info=info, field="Hanako Sato"))
    assert document.title == "Leave policy"
    assert document.metadata == {"author": "A. Writer", "created": "2024-01-31T09:30:00+09:00"}
    assert "Hanako Sato" in "\n".join(texts(document))


def test_file_name_is_no_title() -> None:
    page = put(72, 700, "Real title", 20) + put(72, 660, "Text of the document.")
    assert read(make_pdf([page], info="/Title (Microsoft Word - draft3.doc)")).title == "Real title"


IMAGE = "q 100 0 0 100 72 600 cm /I Do Q"


@pytest.mark.parametrize(
    ("content", "check"),
    [
        (b"", "corrupt"),
        (b"no pdf at all", "corrupt"),
        (b"%PDF-1.7\n" + bytes(500), "corrupt"),
        (make_pdf([IMAGE, IMAGE]), "image_only"),
        (make_pdf([""]), "empty"),
        (make_pdf([put(72, 700, "secret")], password="pass"), "encrypted"),
    ],
)
def test_unreadable(content: bytes, check: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(content)
    assert caught.value.check == check


def test_empty_password_opens() -> None:
    assert texts(read(make_pdf([put(72, 700, "Open to all.")], password=""))) == ["Open to all."]


def test_pages_without_text_are_named() -> None:
    (problem,) = read(make_pdf([put(72, 700, "Text."), IMAGE, "", IMAGE])).problems
    assert (problem.check, problem.evidence["pages"]) == ("image_only_pages", [2, 4])


def test_pages_are_counted_before_they_are_read() -> None:
    document = pdfium.PdfDocument.new()
    for _ in range(10_000):
        document.new_page(100, 100)
    buffer = io.BytesIO()
    document.save(buffer)
    with pytest.raises(UnreadableError) as caught:
        read(buffer.getvalue())
    assert caught.value.check == "too_many_pages"
    with pytest.raises(UnreadableError) as caught:
        read(buffer.getvalue(), max_pages=10_000)
    assert caught.value.check == "empty"


_FUZZ = """
import random, sys
from pathlib import Path
from tasks.ingest.contract import ReadOptions, UnreadableError
from tasks.ingest.readers.pdf.pdf import read_pdf
draw = random.Random(5)
read = 0
for name in sys.argv[1:]:
    content = Path(name).read_bytes()
    for turn in range(12):
        broken = bytearray(content)
        if turn % 3 == 0:
            del broken[draw.randrange(len(broken)):]
        else:
            for _ in range(1 + 4 ** (turn % 5)):
                broken[draw.randrange(len(broken))] = draw.randrange(256)
        try:
            read_pdf(bytes(broken), ReadOptions())
            read += 1
        except UnreadableError as error:
            assert error.check in ("corrupt", "encrypted", "empty", "image_only", "too_many_pages"), error.check
print(read)
"""


def test_broken_files_give_text_or_a_reason(tmp_path: Path) -> None:
    made = make_pdf(
        [put(72, 700, "Title", 20) + put_lines(60, 650, prose(5)), put(72, 700, "縦書き", 12, "FV")],
        outline=[("Title", 0)],
        field="x",
    )
    (tmp_path / "made.pdf").write_bytes(made)
    real = [path for path in sorted(FILES.glob("pdf/*.pdf")) if path.stat().st_size < 120_000]
    names = [str(tmp_path / "made.pdf"), *map(str, real)]
    run = subprocess.run(
        [sys.executable, "-c", _FUZZ, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) > 0


def test_a_stream_that_unpacks_to_much_is_read_or_refused() -> None:
    packed = zlib.compress(put(72, 700, "Text.").encode() + b" " * 50_000_000)
    content = make_pdf(["@"]).replace(
        b"<< /Length 1 >>\nstream\n@",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed,
    )
    assert texts(read(content)) == ["Text."]


def test_real_two_column_paper() -> None:
    path = FILES / "pdf" / "multi-column-2p.pdf"
    if not path.exists():
        pytest.skip("reference data absent")
    found = texts(read(path.read_bytes()))
    assert found[0] == "# Dense Passage Retrieval for Open-Domain Question Answering"
    (abstract,) = (text for text in found if text.startswith("Open-domain question answering relies on"))
    assert abstract.startswith(
        "Open-domain question answering relies on efficient passage retrieval to select"
    )
    assert abstract.endswith("benchmarks.1")
    assert "arXiv:2004.04906v3 [cs.CL] 30 Sep 2020" in found


def test_real_tables() -> None:
    folder = DATA / "formats_markitdown" / "packages" / "markitdown" / "tests" / "test_files"
    if not folder.exists():
        pytest.skip("reference data absent")
    found = "\n".join(texts(read((folder / "SPARSE-2024-INV-1234_borderless_table.pdf").read_bytes())))
    assert "| Product Code | Location | Expected | Actual | Variance | Status |" in found
    assert "| SKU-6678 | Software | $200.00 | $42,000.00 | 2024-10-25 | High Value |" in found


@pytest.mark.parametrize(
    ("name", "check"), [("password.pdf", "encrypted"), ("loremipsum-flat.pdf", "image_only")]
)
def test_real_unreadable_files(name: str, check: str) -> None:
    if not FILES.exists():
        pytest.skip("reference data absent")
    with pytest.raises(UnreadableError) as caught:
        read((FILES / "pdf" / name).read_bytes())
    assert caught.value.check == check

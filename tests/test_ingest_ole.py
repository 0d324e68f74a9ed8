"""Word and PowerPoint of before 2007: files made here byte by byte, real ones beside their newer form, broken ones."""

import random
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tasks.ingest.compose import compose
from tasks.ingest.contract import Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.office.doc import read_doc
from tasks.ingest.readers.office.docx import read_docx
from tasks.ingest.readers.office.ole import _read_properties
from tasks.ingest.readers.office.ppt import read_ppt
from tasks.ingest.readers.office.pptx import read_pptx

DATA = Path(__file__).parents[2] / "shared" / "data" / "formats_unstructured" / "example-docs"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the reference data is not here")
OPTIONS = ReadOptions()
IN_TABLE, ROW_END, LIST, LEVEL, DELETED = (
    b"\x16\x24\x01",
    b"\x17\x24\x01",
    b"\x0b\x46\x01\0",
    b"\x0a\x26",
    b"\0\x08\x01",
)


class Line(NamedTuple):
    text: str
    style: int = 0
    properties: bytes = b""
    deleted: tuple[int, int] = (0, 0)


def pack_ole(streams: dict[str, bytes]) -> bytes:
    """A container with one sector of allocation table and one of directory."""
    table, sectors = [0xFFFFFFFD, 0xFFFFFFFE], b""
    entries = [_entry("Root Entry", 5, 0xFFFFFFFF, 1, 0xFFFFFFFE, 0)]
    for at, (name, content) in enumerate(streams.items(), start=1):
        content = content.ljust(4096, b"\0")  # smaller ones would stand in a stream of their own
        content += bytes(-len(content) % 512)
        first, count = len(table), len(content) // 512
        table += [*range(first + 1, first + count), 0xFFFFFFFE]
        after = at + 1 if at < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, after, 0xFFFFFFFF, first, len(content)))
        sectors += content
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    assert len(table) <= 128
    assert len(entries) <= 4
    return (
        header.ljust(512, b"\xff")
        + struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
        + b"".join(entries).ljust(512, b"\0")
        + sectors
    )


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<BBIII36xIQ", kind, 1, 0xFFFFFFFF, right, child, start, size)
    return encoded.ljust(64, b"\0") + struct.pack("<H", len(encoded)) + links


def make_doc(
    body: Sequence[Line], headers: Sequence[Line] = (), version: int = 0xC1, flags: int = 0x0200
) -> bytes:
    """A document of UTF-16 paragraphs; styles 0-2 are normal, heading 1 and a bulleted list."""
    lines = [*body, *headers]
    text = "".join(line.text for line in lines).encode("utf-16-le")
    start = 1024
    ends = [
        start + 2 * sum(len(line.text.encode("utf-16-le")) // 2 for line in lines[:at])
        for at in range(len(lines) + 1)
    ]
    deleted = [
        (ends[at] + 2 * line.deleted[0], ends[at] + 2 * line.deleted[1])
        for at, line in enumerate(lines)
        if line.deleted[1]
    ]
    main = bytes(start) + text
    main += bytes(-len(main) % 512)
    paragraphs = [struct.pack("<H", line.style) + line.properties for line in lines]
    page = len(main) // 512
    main += _property_page(ends, [_sized(found) for found in paragraphs], 13)
    runs = [start, *(place for pair in deleted for place in pair), ends[-1]]
    main += _property_page(
        runs, [bytes([len(DELETED)]) + DELETED if at % 2 else b"" for at in range(len(runs) - 1)], 1
    )
    header_chars = sum(len(line.text) for line in headers)
    stories = [0] * 7 + [len(headers[0].text)] * 3 + [header_chars] * 3 if headers else []
    parts = {
        1: struct.pack("<HHHH", 4, 3, 10, 0)[:6]
        + b"".join(struct.pack("<HH", 2, kind) for kind in (0, 1, 48)),
        11: struct.pack(f"<{len(stories)}I", *stories),
        12: struct.pack("<III", start, ends[-1], page + 1),
        13: struct.pack("<III", start, ends[-1], page),
        33: b"\x02" + struct.pack("<IIIHIH", 16, 0, len(text) // 2, 0, start, 0),
    }
    table, places = b"", bytearray(93 * 8)
    for number, content in parts.items():
        struct.pack_into("<II", places, 8 * number, len(table), len(content))
        table += content
    counts = [len(text) // 2 - header_chars, 0, header_chars, 0, 0, 0, 0, 0]
    fib = struct.pack("<HH6xH20x", 0xA5EC, version, flags) + struct.pack("<H28x", 14)
    fib += struct.pack("<H12x8i44x", 22, *counts) + struct.pack("<H", 93) + places
    return pack_ole({"WordDocument": fib + main[len(fib) :], "1Table": table})


def _sized(properties: bytes) -> bytes:
    size = len(properties)
    return (bytes([(size + 1) // 2]) if size % 2 else bytes([0, size // 2])) + properties


def _property_page(limits: Sequence[int], found: Sequence[bytes], entry: int) -> bytes:
    page = bytearray(512)
    struct.pack_into(f"<{len(limits)}I", page, 0, *limits)
    end = 510
    for at, content in enumerate(found):
        if content:
            end = (end - len(content)) // 2 * 2
            page[end : end + len(content)] = content
            page[4 * len(limits) + entry * at] = end // 2
    page[511] = len(found)
    return bytes(page)


def record(kind: int, content: bytes, instance: int = 0, version: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | version, kind, len(content)) + content


def box(kind: int, text: str) -> bytes:
    """A text of a kind in the shape of a slide."""
    inner = record(3999, struct.pack("<I", kind)) + record(4000, text.encode("utf-16-le"))
    return record(1036, record(0xF00D, inner, version=15), version=15)


def make_ppt(slides: Sequence[bytes], again: bytes = b"", token: int = 0xE391C05F) -> bytes:
    """A presentation of slides with an outlined title each, and notes to the first.

    Args:
        again: what the first slide says since the file was saved again.
    """
    stream, places = b"", []
    notes = record(1009, struct.pack("<II", 256, 0)) + box(2, "発表者のメモ")
    for kind, content in [*((1006, slide) for slide in slides), (1008, notes)]:
        places.append(len(stream))
        stream += record(kind, content, version=15)
    outline = b"".join(
        record(1011, struct.pack("<5I", at + 2, 0, 1, 256 + at, 0))
        + record(3999, struct.pack("<I", 0))
        + record(4008, b"Title %d" % (at + 1))
        for at in range(len(slides))
    )
    lists = record(4080, outline, version=15)
    lists += record(
        4080, record(1011, struct.pack("<5I", len(slides) + 2, 0, 0, 0, 0)), instance=2, version=15
    )
    places.insert(0, len(stream))
    stream += record(1000, lists, version=15)
    directory = len(stream)
    stream += record(6002, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places))
    edit = len(stream)
    stream += record(4085, struct.pack("<7I", 0, 0, 0, directory, 1, 9, 0))
    if again:
        at = len(stream)
        stream += record(1006, again, version=15)
        directory = len(stream)
        stream += record(6002, struct.pack("<II", 1 << 20 | 2, at))
        stream, edit = stream + record(4085, struct.pack("<7I", 0, 0, edit, directory, 1, 9, 0)), len(stream)
    user = bytes(8) + struct.pack("<III", 20, token, edit)
    return pack_ole({"Current User": user, "PowerPoint Document": stream})


def texts(content: DocumentContent) -> list[str]:
    return [block.text for block in content.blocks]


def test_doc_keeps_headings_lists_tables_and_japanese() -> None:
    content = read_doc(
        make_doc(
            [
                Line("利用規約\r", 1),
                Line("株式会社髙橋は𠮷野家と、ﾃｽﾄする。\x0b二行目\r"),
                Line("項目\r", 2),
                Line("入れ子\r", 0, LIST + LEVEL + b"\x02"),
                *[Line(cell + "\x07", 0, IN_TABLE) for cell in ("品名", "価格")],
                Line("\x07", 0, IN_TABLE + ROW_END),
                Line("みかん\r", 0, IN_TABLE),
                *[Line(cell + "\x07", 0, IN_TABLE) for cell in ("りんご", "")],
                Line("\x07", 0, IN_TABLE + ROW_END),
                Line('詳細は\x13 HYPERLINK "http://x.example" \x14こちら\x15。\r'),
                Line("旧新しい文\r", deleted=(0, 1)),
            ]
        ),
        OPTIONS,
    )
    assert texts(content) == [
        "# 利用規約",
        "株式会社髙橋は𠮷野家と、ﾃｽﾄする。\n二行目",
        "- 項目",
        "    - 入れ子",
        "| 品名 | 価格 |\n| --- | --- |\n| みかん<br>りんご |  |",
        "詳細はこちら。",
        "新しい文",
    ]
    assert content.title == "利用規約"


def test_doc_marks_page_headers_and_footers() -> None:
    content = read_doc(make_doc([Line("本文\r")], [Line("社外秘\r"), Line("第1頁\r")]), OPTIONS)
    assert [(block.text, block.boilerplate) for block in content.blocks] == [
        ("社外秘", Boilerplate.PAGE_HEADER),
        ("本文", None),
        ("第1頁", Boilerplate.PAGE_FOOTER),
    ]


@pytest.mark.parametrize(
    ("content", "check"),
    [
        (make_doc([Line("x\r")], flags=0x0300), "encrypted"),
        (make_doc([Line("x\r")], version=0x65), "unsupported"),
        (pack_ole({"Other": b"x"}), "corrupt"),
        (b"", "empty"),
        (b"plain", "corrupt"),
    ],
)
def test_doc_that_is_not_read_says_why(content: bytes, check: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_doc(content, OPTIONS)
    assert caught.value.check == check


def test_another_format_named_doc_is_read_as_what_it_is() -> None:
    assert texts(read_doc(rb"{\rtf1\ansi Hello\par}", OPTIONS)) == ["Hello"]
    assert texts(read_doc("<html><body><h1>見出し</h1></body></html>".encode(), OPTIONS)) == ["# 見出し"]


def test_ppt_gives_slides_in_order_with_their_notes() -> None:
    reference = record(1036, record(0xF00D, record(3998, struct.pack("<I", 0)), version=15), version=15)
    slides = [reference + box(1, "一つ目\r二つ目") + box(4, "注記"), reference + box(4, "*")]
    content = read_ppt(make_ppt(slides), OPTIONS)
    assert [(block.page, block.text) for block in content.blocks] == [
        (1, "## Title 1"),
        (1, "- 一つ目"),
        (1, "- 二つ目"),
        (1, "注記"),
        (1, "発表者のメモ"),
        (2, "## Title 2"),
    ]
    assert content.title == "Title 1"


def test_ppt_saved_again_gives_its_last_state() -> None:
    content = read_ppt(make_ppt([box(4, "古い文"), box(4, "残る文")], again=box(4, "新しい文")), OPTIONS)
    assert "新しい文" in texts(content)
    assert "残る文" in texts(content)
    assert "古い文" not in texts(content)


def test_ppt_that_is_not_read_says_why() -> None:
    for content, options, check in (
        (make_ppt([box(4, "x")], token=0xF3D1C4DF), OPTIONS, "encrypted"),
        (make_ppt([box(4, "x")] * 3), ReadOptions(max_pages=2), "too_many_pages"),
        (make_doc([Line("x\r")]), OPTIONS, "corrupt"),
    ):
        with pytest.raises(UnreadableError) as caught:
            read_ppt(content, options)
        assert caught.value.check == check


def test_properties_are_read_in_their_code_page() -> None:
    title = "議事録".encode("cp932") + b"\0"
    values = struct.pack("<II", 2, 932) + struct.pack("<II", 0x1E, len(title)) + title
    section = struct.pack("<6I", 0, 2, 1, 24, 2, 32) + values
    assert _read_properties(bytes(44) + struct.pack("<I", 48) + section) == {"title": "議事録"}


@needs_data
@pytest.mark.parametrize("name", ["simple", "fake", "duplicate-paragraphs", "fake-doc-emphasized-text"])
def test_real_doc_says_what_its_docx_says(name: str) -> None:
    old = read_doc((DATA / f"{name}.doc").read_bytes(), OPTIONS)
    new = read_docx((DATA / f"{name}.docx").read_bytes(), OPTIONS)
    assert "".join(texts(old)).split() == "".join(texts(new)).split()


@needs_data
def test_real_ppt_says_what_its_pptx_says() -> None:
    old = read_ppt((DATA / "fake-power-point.ppt").read_bytes(), OPTIONS)
    new = read_pptx((DATA / "fake-power-point.pptx").read_bytes(), OPTIONS)
    assert [text.strip(" -") for text in texts(old)] == [text.strip(" -") for text in texts(new)]


def test_broken_files_give_text_or_unreadable() -> None:
    rng = random.Random(0)
    table = [Line("表\x07", 0, IN_TABLE), Line("\x07", 0, IN_TABLE + ROW_END)]
    doc = make_doc([Line("見出し\r", 1), *table, Line("文\r", deleted=(0, 1))], [Line("頁\r"), Line("脚\r")])
    ppt = make_ppt([box(4, "文"), box(1, "項目")], again=box(4, "新"))
    for whole, read in ((doc, read_doc), (ppt, read_ppt)):
        for turn in range(400):
            broken = bytearray(whole[: rng.randrange(len(whole))] if turn % 4 == 0 else whole)
            for _ in range(rng.choice((1, 5, 50))):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                compose(read(bytes(broken), OPTIONS).blocks)
            except UnreadableError as error:
                assert error.check in ("corrupt", "encrypted", "unsupported", "undecodable", "empty")  # noqa: PT017

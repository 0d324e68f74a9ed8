"""Office readers: Word, PowerPoint, spreadsheets, OpenDocument; real files, made ones, and hostile ones."""

import io
import random
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import python_calamine

from tasks.ingest.contract import Block, BlockKind, Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.office.docx import read_docx
from tasks.ingest.readers.office.docx_styles import format_number
from tasks.ingest.readers.office.grid import Span, fill_spans
from tasks.ingest.readers.office.odt import read_odt
from tasks.ingest.readers.office.pptx import read_pptx
from tasks.ingest.readers.package import open_package, read_member
from tasks.ingest.readers.package_xml import parse_xml
from tasks.ingest.readers.sheets.sheet import read_sheet, read_sheet_rows
from tasks.ingest.readers.sheets.xls import open_xls
from tasks.ingest.readers.sheets.xlsb import _check_records
from tasks.ingest.readers.sheets.xlsx import open_xlsx

DATA = Path(__file__).parents[2] / "shared" / "data"
FINTAN, UNSTRUCTURED = DATA / "docs_ja_fintan_office", DATA / "formats_unstructured" / "example-docs"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the reference data is not here")
OPTIONS = ReadOptions()
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "haha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><x>&i;</x>"
)


def pack(parts: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


def rels(**targets: str) -> str:
    """Relations by id, each "kind target"."""
    items = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if "://" in target else "/>")
        for key, (kind, target) in ((key, value.split(" ", 1)) for key, value in targets.items())
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'


WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
STYLES = f"""<w:styles {WORD}>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="M2"><w:name w:val="見出し 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Chapter"><w:name w:val="章"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="節"/><w:basedOn w:val="Chapter"/></w:style>
<w:style w:type="paragraph" w:styleId="Text"><w:name w:val="見出し 2本文"/></w:style>
<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>
</w:styles>"""
NUMBERING = f"""<w:numbering {WORD}>
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>
<w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="aiueo"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>
<w:lvlText w:val="•"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
</w:numbering>"""


def p(text: str, style: str = "", number: str = "") -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if number:
        number_id, depth = number.split("/")
        properties += f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number_id}"/></w:numPr>'
    run = text if text.startswith("<") else f"<w:r><w:t>{text}</w:t></w:r>"
    return f"<w:p><w:pPr>{properties}</w:pPr>{run}</w:p>"


def word(body: str, **parts: str) -> bytes:
    return pack(
        {
            "_rels/.rels": rels(d="officeDocument word/document.xml"),
            "word/_rels/document.xml.rels": rels(
                s="styles styles.xml",
                n="numbering numbering.xml",
                f="footnotes footnotes.xml",
                h="header header1.xml",
                out="hyperlink https://example.com/",
            ),
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": STYLES,
            "word/numbering.xml": NUMBERING,
            **{f"word/{name}.xml": f"<w:part {WORD}>{text}</w:part>" for name, text in parts.items()},
        }
    )


def texts(content: DocumentContent) -> list[str]:
    return [block.text for block in content.blocks]


def docx_texts(body: str) -> list[str]:
    return texts(read_docx(word(body), OPTIONS))


def test_docx_headings_come_from_style_name_outline_level_and_inheritance() -> None:
    body = p("概要", "1") + p("目的", "M2") + p("第一章", "Chapter") + p("第一節", "Sub") + p("本文", "Text")
    assert docx_texts(body) == ["# 概要", "## 目的", "### 第一章", "### 第一節", "本文"]


def test_docx_lists_keep_number_and_depth() -> None:
    body = p("一", number="1/0") + p("子", number="1/1") + p("子", number="1/1") + p("二", number="1/0")
    body += p("子", number="1/1") + p("点", number="2/0")
    assert docx_texts(body) == ["1. 一", "  - (ア) 子", "  - (イ) 子", "2. 二", "  - (ア) 子", "- 点"]


def test_docx_numbers_in_japanese_styles() -> None:
    assert [format_number(n, "japaneseCounting") for n in (1, 10, 21)] == ["一", "十", "二十一"]
    assert format_number(4, "upperRoman") == "IV"
    assert format_number(12, "decimalFullWidth") == "１２"
    assert format_number(3, "decimalEnclosedCircle") == "③"


def test_docx_takes_insertions_and_leaves_deletions_field_codes_and_comments() -> None:
    body = p(
        "<w:r><w:t>残る</w:t></w:r><w:del><w:r><w:delText>消えた</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>足した</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>移動前</w:t></w:r></w:moveFrom>"
        "<w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:hyperlink r:id='out'><w:r><w:t>link</w:t>"
        "</w:r></w:hyperlink>"
        "<w:r><w:commentReference w:id='0'/></w:r>"
    )
    assert docx_texts(body) == ["残る足したlink"]


def test_docx_ruby_gives_the_base_once_and_marks_become_white_space() -> None:
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r>"
        "</w:rubyBase></w:ruby></w:r>"
    )
    body = p(ruby + "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/></w:r>")
    assert docx_texts(body) == ["東京a\tb\nc-"]


def test_docx_text_box_is_read_once_after_its_paragraph() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>箱の中</w:t></w:r></w:p></w:txbxContent>"
    choice = f"<mc:Choice><w:drawing><x>{box}</x></w:drawing></mc:Choice>"
    fallback = f"<mc:Fallback><w:pict><x>{box}</x></w:pict></mc:Fallback>"
    run = f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r><w:r><w:t>外</w:t></w:r>"
    assert docx_texts(p(run)) == ["外", "箱の中"]


def cell(text: str, properties: str = "", inner: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner or p(text)}</w:tc>"


def test_docx_merged_cells_and_nested_tables_stay_readable() -> None:
    nested = f"<w:tbl><w:tr>{cell('内1')}{cell('内2')}</w:tr></w:tbl>"
    rows = [
        cell("品名", '<w:vMerge w:val="restart"/>') + cell("価格", '<w:gridSpan w:val="2"/>'),
        cell("", "<w:vMerge/>") + cell("税抜") + cell("税込"),
        cell("茶", '<w:vMerge w:val="restart"/>') + cell("100") + cell("110"),
        cell("", "<w:vMerge/>") + cell("200") + cell("", inner=nested),
    ]
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert docx_texts(body) == [
        "| 品名 | 価格 / 税抜 | 価格 / 税込 |\n| --- | --- | --- |\n| 茶 | 100 | 110 |\n| 茶 | 200 | 内1 / 内2 |"
    ]


def test_docx_table_of_one_cell_is_a_frame_around_its_blocks() -> None:
    assert docx_texts(f"<w:tbl><w:tr>{cell('', inner=p('注', '1') + p('本文'))}</w:tr></w:tbl>") == [
        "# 注",
        "本文",
    ]


def test_docx_notes_follow_and_headers_and_contents_are_marked() -> None:
    section = '<w:sectPr><w:headerReference w:type="default" r:id="h"/></w:sectPr>'
    body = p("目次 1", "T1") + p("<w:r><w:t>本文</w:t><w:footnoteReference w:id='7'/></w:r>") + section
    note = f'<w:footnote w:id="7">{p("注釈")}</w:footnote><w:footnote w:id="8">{p("使われない")}</w:footnote>'
    content = read_docx(word(body, footnotes=note, header1=p("社外秘")), OPTIONS)
    assert texts(content) == ["社外秘", "目次 1", "本文[^1]", "[^1]: 注釈"]
    marks = [block.boilerplate for block in content.blocks]
    assert marks == [Boilerplate.PAGE_HEADER, Boilerplate.NAVIGATION, None, None]


def test_docx_pages_are_those_word_noted_down_and_are_limited() -> None:
    body = p("一") + p("<w:r><w:lastRenderedPageBreak/><w:t>二</w:t></w:r>")
    body += p("<w:r><w:t>二の</w:t><w:lastRenderedPageBreak/><w:t>続き</w:t></w:r>") + p("三")
    assert [block.page for block in read_docx(word(body), OPTIONS).blocks] == [1, 2, 2, 3]
    assert [block.page for block in read_docx(word(p("無")), OPTIONS).blocks] == [None]
    with pytest.raises(UnreadableError) as caught:
        read_docx(word(body), ReadOptions(max_pages=2))
    assert caught.value.check == "too_many_pages"


def test_docx_equation_is_on_the_line() -> None:
    math = (
        "<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup>"
        "</m:sSup></m:oMath>"
    )
    assert docx_texts(p(f"<w:r><w:t>式 </w:t></w:r>{math}")) == ["式 x^2"]


def test_strict_office_open_xml_is_read() -> None:
    strict = word(p("厳密", "1"))
    parts = {
        name: read_member(open_package(strict, OPTIONS), name, OPTIONS)
        for name in open_package(strict, OPTIONS).namelist()
    }
    old, new = (
        rb"http://schemas\.openxmlformats\.org/(wordprocessingml|officeDocument)/2006/(\w+)",
        rb"http://purl.oclc.org/ooxml/\1/\2",
    )
    assert texts(
        read_docx(pack({name: re.sub(old, new, part) for name, part in parts.items()}), OPTIONS)
    ) == ["# 厳密"]


SLIDE = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    f'xmlns:r="{OFFICE}"'
)


def shape(body: str, placeholder: str = "", top: int | None = None, left: int = 0) -> str:
    ph = f"<p:ph {placeholder}/>" if placeholder else ""
    place = "" if top is None else f'<a:xfrm><a:off x="{left}" y="{top}"/></a:xfrm>'
    text = body if body.startswith("<") else f"<a:p><a:r><a:t>{body}</a:t></a:r></a:p>"
    return f"<p:sp><p:nvSpPr><p:nvPr>{ph}</p:nvPr></p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody>{text}</p:txBody></p:sp>"


def slides(*trees: str, **parts: str) -> bytes:
    ids = "".join(f'<p:sldId r:id="s{at}"/>' for at in range(len(trees)))
    targets = {f"s{at}": f"slide slides/slide{at}.xml" for at in range(len(trees))}
    related = rels(n="notesSlide ../notes.xml", c="chart ../chart.xml", l="slideLayout ../layout.xml")
    return pack(
        {
            "_rels/.rels": rels(d="officeDocument ppt/presentation.xml"),
            "ppt/presentation.xml": f"<p:presentation {SLIDE}><p:sldIdLst>{ids}</p:sldIdLst>"
            f"</p:presentation>",
            "ppt/_rels/presentation.xml.rels": rels(**targets),
            **{
                f"ppt/slides/slide{at}.xml": f'<p:sld {SLIDE} show="{at % 2}"><p:cSld>'
                f"<p:spTree>{tree}</p:spTree></p:cSld></p:sld>"
                for at, tree in enumerate(trees)
            },
            "ppt/slides/_rels/slide0.xml.rels": related,
            **{f"ppt/{name}.xml": text for name, text in parts.items()},
        }
    )


def test_pptx_reading_order_title_bullets_and_footer() -> None:
    bullets = '<a:p><a:pPr lvl="1"/><a:r><a:t>子</a:t></a:r></a:p>'
    layout = (
        f"<p:sldLayout {SLIDE}><p:cSld><p:spTree>"
        + shape(
            '<a:lstStyle><a:lvl2pPr><a:buChar char="•"/></a:lvl2pPr></a:lstStyle>', 'idx="1"', top=5_000_000
        )
        + "</p:spTree></p:cSld></p:sldLayout>"
    )
    tree = (
        shape("1", 'type="sldNum"', top=0)
        + shape(bullets, 'idx="1"')
        + shape("右", top=1_000_000, left=900)
        + shape("左", top=1_050_000, left=100)
        + shape("表題", 'type="title"', top=9_000_000)
    )
    content = read_pptx(slides(tree, layout=layout), OPTIONS)
    assert texts(content) == ["## 表題", "左", "右", "  - 子", "1"]
    assert content.blocks[-1].boilerplate is Boilerplate.PAGE_FOOTER
    assert content.title == "表題"


def test_pptx_groups_tables_charts_notes_and_hidden_slides() -> None:
    group = f"<p:grpSp>{shape('二', top=200_000)}{shape('一', top=0)}</p:grpSp>"
    table = (
        "<p:graphicFrame><a:graphic><a:tbl>"
        '<a:tr><a:tc gridSpan="2"><a:txBody><a:p><a:r><a:t>頭</a:t></a:r></a:p></a:txBody></a:tc>'
        '<a:tc hMerge="1"/></a:tr>'
        "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></a:txBody></a:tc><a:tc/></a:tr>"
        "</a:tbl></a:graphic></p:graphicFrame>"
    )
    chart = (
        f"<c:chartSpace {SLIDE}><c:chart><c:title><a:p><a:r><a:t>売上</a:t></a:r></a:p></c:title><c:ser>"
        "<c:tx><c:v>東</c:v></c:tx><c:cat><c:pt idx='0'><c:v>4月</c:v></c:pt></c:cat>"
        "<c:val><c:pt idx='0'><c:v>4.300000000001</c:v></c:pt></c:val></c:ser></c:chart></c:chartSpace>"
    )
    said = shape("話すこと", 'type="body"') + shape("9", 'type="sldNum"')
    notes = f"<p:notes {SLIDE}><p:cSld><p:spTree>{said}</p:spTree></p:cSld></p:notes>"
    frame = '<p:graphicFrame><a:graphic><c:chart r:id="c"/></a:graphic></p:graphicFrame>'
    content = read_pptx(slides(group + table + frame, shape("次"), chart=chart, notes=notes), OPTIONS)
    assert texts(content) == [
        "一",
        "二",
        "| 頭 |  |\n| --- | --- |\n| x |  |",
        "売上",
        "|  | 東 |\n| --- | --- |\n| 4月 | 4.300000000001 |",
        "### Notes",
        "話すこと",
        "次",
    ]
    assert [block.page for block in content.blocks] == [1] * 7 + [2]


def test_pptx_slides_are_limited_and_a_missing_one_is_a_problem() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_pptx(slides("", ""), ReadOptions(max_pages=1))
    assert caught.value.check == "too_many_pages"
    content = read_pptx(slides("<broken", shape("読める")), OPTIONS)
    assert texts(content) == ["読める"]
    assert [problem.check for problem in content.problems] == ["slide"]


def excel(*sheets: str, strings: str = "", after: str = "", **parts: str) -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    names = "".join(
        f'<sheet name="表{n}" sheetId="{n}" state="hidden" r:id="s{n}"/>' for n in range(1, len(sheets) + 1)
    )
    targets = {f"s{n}": f"worksheet worksheets/sheet{n}.xml" for n in range(1, len(sheets) + 1)}
    return pack(
        {
            "_rels/.rels": rels(d="officeDocument xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook {space} xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": rels(
                t="sharedStrings strings.xml", y="styles styles.xml", **targets
            ),
            "xl/strings.xml": f"<sst {space} count='999999999' uniqueCount='999999999'>{strings}</sst>",
            "xl/styles.xml": f"<styleSheet {space}><numFmts>"
            f'<numFmt numFmtId="200" formatCode="[$-411]ggge&quot;年&quot;m&quot;月&quot;"/>'
            '<numFmt numFmtId="201" formatCode="[h]:mm"/></numFmts><cellXfs><xf numFmtId="0"/>'
            '<xf numFmtId="14"/>'
            '<xf numFmtId="200"/><xf numFmtId="20"/><xf numFmtId="201"/><xf numFmtId="10"/></cellXfs>'
            "</styleSheet>",
            **{
                f"xl/worksheets/sheet{n}.xml": f"<worksheet {space}>"
                f"<sheetData>{rows}</sheetData>{after}</worksheet>"
                for n, rows in enumerate(sheets, start=1)
            },
            **{f"xl/{name}": text for name, text in parts.items()},
        }
    )


def row(number: int, **cells: str | float) -> str:
    """Cells by their column; a text is inline, a number may be "value/style"."""
    found = []
    for column, value in cells.items():
        if isinstance(value, str) and value.startswith("="):
            number_text, style = value[1:].split("/")
            found.append(f'<c r="{column}{number}" s="{style}"><v>{number_text}</v></c>')
        elif isinstance(value, str):
            found.append(f'<c r="{column}{number}" t="inlineStr"><is><t>{value}</t></is></c>')
        else:
            found.append(f'<c r="{column}{number}"><f>1+1</f><v>{value}</v></c>')
    return f'<row r="{number}">{"".join(found)}</row>'


def test_sheet_values_are_as_people_see_them() -> None:
    cells = row(
        1, A=1.0, B=0.30000000000000004, C="=45000/1", D="=45000.5/2", E="=0.25/3", F="=1.25/4", G="=0.125/5"
    )
    cells += '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="C2" t="s"><v>0</v></c></row>'
    strings = "<si><t>東京</t><rPh><t>トウキョウ</t></rPh><r><t>都</t></r></si>"
    content = read_sheet(excel(cells, strings=strings), OPTIONS)
    lines = content.blocks[1].text.split("\n")
    assert lines[0] == "| 1 | 0.3 | 2023-03-15 | 2023-03-15T12:00:00 | 06:00:00 | 30:00:00 | 12.5% |"
    assert lines[2] == "| TRUE | #N/A | 東京都 |  |  |  |  |"


def test_sheet_of_tiny_cells_becomes_tables_without_empty_rows_and_columns() -> None:
    rows = (
        row(2, B="機能一覧") + row(4, B="番号", H="名前", Z="備考") + row(5, B=1, H="登録") + row(9, C="以上")
    )
    content = read_sheet(excel(rows + row(12, A=" ")), OPTIONS)
    assert texts(content) == [
        "## 表1",
        "機能一覧",
        "| 番号 | 名前 | 備考 |\n| --- | --- | --- |\n| 1 | 登録 |  |",
        "以上",
    ]
    assert {(block.page, block.part) for block in content.blocks} == {(1, "表1")}


def test_sheet_header_of_two_rows_and_merged_labels() -> None:
    rows = (
        row(1, A="表題")
        + row(2, A="区分", C="値")
        + row(3, C="旧", E="新")
        + row(4, A="甲", C=1, E=2)
        + row(5, C=3, E=4)
    )
    merged = (
        '<mergeCells><mergeCell ref="A2:B3"/><mergeCell ref="C2:F2"/><mergeCell ref="A4:B5"/></mergeCells>'
    )
    content = read_sheet(excel(rows, after=merged), OPTIONS)
    assert texts(content)[1:] == [
        "表題",
        "| 区分 | 値 / 旧 | 値 / 新 |\n| --- | --- | --- |\n| 甲 | 1 | 2 |\n| 甲 | 3 | 4 |",
    ]


def test_sheet_of_many_rows_keeps_every_row_under_its_header() -> None:
    rows = row(1, A="番号", B="値") + "".join(row(n, A=n, B=f"v{n}") for n in range(2, 20_003))
    blocks = read_sheet(excel(rows), OPTIONS).blocks[1:]
    assert all(block.text.startswith("| 番号 | 値 |\n| --- | --- |\n") for block in blocks)
    found = [line for block in blocks for line in block.text.split("\n")[2:]]
    assert found == [f"| {n} | v{n} |" for n in range(2, 20_003)]


def test_sheet_shapes_and_comments_follow_the_cells() -> None:
    xdr = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" ' + SLIDE

    def anchor(row_at: int, text: str) -> str:
        body = f"<xdr:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></xdr:txBody>"
        group = f"<xdr:grpSp><xdr:sp>{body}</xdr:sp></xdr:grpSp>"
        where = f"<xdr:from><xdr:row>{row_at}</xdr:row></xdr:from>"
        return f"<xdr:twoCellAnchor>{where}{group}</xdr:twoCellAnchor>"

    parts = {
        "worksheets/_rels/sheet1.xml.rels": rels(
            d="drawing ../drawings/d.xml", c="comments ../comments1.xml"
        ),
        "drawings/d.xml": f"<xdr:wsDr {xdr}>{anchor(10, '下の図形')}{anchor(9, '上の図形')}</xdr:wsDr>",
        "comments1.xml": '<comments><commentList><comment ref="B3"><text><r><t>要確認</t></r><rPh>'
        "<t>ヨウ</t></rPh></text></comment></commentList></comments>",
    }
    content = read_sheet(excel(row(1, A="x"), **parts), OPTIONS)
    assert texts(content) == ["## 表1", "x", "上の図形", "下の図形", "[B3] 要確認"]


def test_sheet_rows_have_the_first_row_of_two_cells_as_header() -> None:
    first = (
        row(1, A="一覧")
        + row(3, B="id", C="日付", D="id")
        + row(4, B=7, C="=45000/1")
        + row(6, B="x", D=2.5, F="余り")
    )
    content = read_sheet_rows(excel(first, row(2, A="id", B="別")), OPTIONS)
    assert [(r.line, r.part, r.fields) for r in content.rows] == [
        (4, "表1", {"id": 7, "日付": "2023-03-15", "id_2": None}),
        (6, "表1", {"id": "x", "日付": None, "id_2": 2.5, "F": "余り"}),
    ]
    assert content.columns is None
    same = read_sheet_rows(
        excel(row(1, A="q", B="a") + row(2, A="1", B="2"), row(5, A="q", B="a") + row(6, A="3")), OPTIONS
    )
    assert same.columns == ["q", "a"]
    assert [(r.line, r.part) for r in same.rows] == [(2, "表1"), (6, "表2")]


def test_sheet_with_a_far_cell_is_read_in_little_memory() -> None:
    content = read_sheet(excel(row(1, A="a") + row(1_048_576, XFD="z")), OPTIONS)
    assert texts(content)[1:] == ["a", "z"]


def test_sheet_that_breaks_off_is_a_problem_and_the_rest_is_read() -> None:
    content = read_sheet(excel(row(1, A="あ") + "<row", row(1, A="い")), OPTIONS)
    assert texts(content) == ["## 表1", "あ", "## 表2", "い"]
    assert [problem.check for problem in content.problems] == ["sheet_corrupt"]


def test_xlsb_span_is_found_without_unpacking_cells() -> None:
    def record(kind: int, body: bytes) -> bytes:
        return bytes([kind, len(body)]) + body

    far = record(0, (1_048_575).to_bytes(4, "little")) + record(7, (16_383).to_bytes(4, "little") + b"\0" * 8)
    blank = record(0, (9).to_bytes(4, "little")) + record(1, (99).to_bytes(4, "little"))
    assert _check_records("s", blank + far) == (1_048_576, 16_384)
    assert _check_records("s", blank) == (0, 0)
    strings = bytes([159, 1, 8]) + (0).to_bytes(4, "little") + (999_999_999).to_bytes(4, "little")
    with pytest.raises(UnreadableError) as caught:
        _check_records("s", strings)
    assert caught.value.check == "corrupt"


@needs_data
def test_xls_gives_what_calamine_gives() -> None:
    path = UNSTRUCTURED / "tests-example.xls"
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    found = list(open_xls(path.read_bytes(), OPTIONS).sheets)
    assert [sheet.name for sheet in found] == book.sheet_names
    for sheet in found:
        other = book.get_sheet_by_name(sheet.name)
        values = [value for line in other.to_python() for value in line if value != ""]
        assert [value for _, line in sheet.rows for value in line.values()] == values
        assert sheet.merged == sorted((*first, *last) for first, last in other.merged_cell_ranges)


ODF = "urn:oasis:names:tc:opendocument:xmlns"
OD = (
    f'xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0" xmlns:table="{ODF}:table:1.0" '
    f'xmlns:style="{ODF}:style:1.0" xmlns:draw="{ODF}:drawing:1.0"'
)


def odf(kind: str, body: str, automatic: str = "", **parts: str) -> bytes:
    return pack(
        {
            "content.xml": f"<office:document-content {OD}>"
            f"<office:automatic-styles>{automatic}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            **{name.replace("__", "/") + ".xml": text for name, text in parts.items()},
        }
    )


def test_odt_headings_lists_tables_frames_and_notes() -> None:
    styles = (
        '<text:list-style style:name="L">'
        '<text:list-level-style-number text:level="1" style:num-format="1"/></text:list-style>'
    )
    body = (
        "<text:tracked-changes><text:p>消した</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">概要</text:h>'
        "<text:p>本文<text:s text:c='2'/>は\n  <text:span>続く</text:span><text:note>"
        "<text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>注釈</text:p></text:note-body></text:note>"
        "<draw:frame><draw:text-box><text:p>枠</text:p></draw:text-box></draw:frame></text:p>"
        '<text:list text:style-name="L"><text:list-item><text:p>一</text:p><text:list><text:list-item>'
        "<text:p>子</text:p>"
        "</text:list-item></text:list></text:list-item><text:list-item><text:p>二</text:p>"
        "</text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row>"
        "<table:table-cell table:number-columns-spanned='2'>"
        "<text:p>頭</text:p></table:table-cell><table:covered-table-cell/></table:table-row>"
        "</table:table-header-rows>"
        "<table:table-row table:number-rows-repeated='2'><table:table-cell><text:p>a</text:p>"
        "</table:table-cell>"
        "<table:table-cell/></table:table-row></table:table>"
    )
    page = f"<x {OD}><style:header><text:p>社外秘</text:p></style:header></x>"
    content = read_odt(odf("text", body, styles, styles=page), OPTIONS)
    assert texts(content) == [
        "社外秘",
        "## 概要",
        "本文  は 続く[^1]",
        "枠",
        "1. 一",
        "  - 子",
        "2. 二",
        "| 頭 |  |\n| --- | --- |\n| a |  |\n| a |  |",
        "[^1]: 注釈",
    ]
    assert content.blocks[0].boilerplate is Boilerplate.PAGE_HEADER


def ods_rows(rows: str) -> bytes:
    return odf("spreadsheet", f'<table:table table:name="表">{rows}</table:table>')


def test_ods_repeats_line_breaks_and_values() -> None:
    rows = (
        "<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='2'>"
        "<text:p>a<text:line-break/>b</text:p></table:table-cell></table:table-row>"
        "<table:table-row><table:table-cell office:value-type='float' office:value='3.0'>"
        "<text:p>¥3</text:p></table:table-cell>"
        "<table:table-cell office:value-type='percentage' office:value='0.5'><text:p>50%</text:p>"
        "<office:annotation><text:p>注</text:p></office:annotation></table:table-cell></table:table-row>"
        "<table:table-row table:number-rows-repeated='1000000'>"
        "<table:table-cell table:number-columns-repeated='16384'/></table:table-row>"
    )
    content = read_sheet(ods_rows(rows), OPTIONS)
    assert texts(content) == ["## 表", "| a<br>b | a<br>b |\n| --- | --- |\n| a<br>b | a<br>b |\n| 3 | 50% |"]
    assert [r.line for r in read_sheet_rows(ods_rows(rows), OPTIONS).rows] == [2, 3]


def test_ods_that_repeats_without_end_is_a_problem() -> None:
    bomb = (
        "<table:table-row table:number-rows-repeated='999999999'><table:table-cell>"
        "<text:p>a</text:p></table:table-cell></table:table-row>"
    )
    with pytest.raises(UnreadableError) as caught:
        read_sheet_rows(ods_rows(bomb), OPTIONS)
    assert caught.value.check == "too_large"


def test_encrypted_opendocument_is_told() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    for kind, read in (("text", read_odt), ("spreadsheet", read_sheet)):
        with pytest.raises(UnreadableError) as caught:
            read(odf(kind, "", **{"META-INF__manifest": manifest}), OPTIONS)
        assert caught.value.check == "encrypted"


READERS = {"docx": read_docx, "pptx": read_pptx, "xlsx": read_sheet, "odt": read_odt}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_no_office_file_is_told_apart(read) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    encrypted = ole + "EncryptedPackage".encode("utf-16-le")
    cases = {
        b"": "empty",
        encrypted: "encrypted",
        b"PK\x03\x04 broken": "corrupt",
        pack({"a.txt": "b"}): "corrupt",
    }
    for content, check in cases.items():
        with pytest.raises(UnreadableError) as caught:
            read(content, OPTIONS)
        assert caught.value.check == check
    with pytest.raises(UnreadableError) as caught:
        read(ole, OPTIONS)
    assert caught.value.check == ("corrupt" if read is read_sheet else "unsupported")


def test_bomb_is_stopped_by_what_it_declares_and_by_what_it_unpacks_to() -> None:
    options = ReadOptions(max_unpacked_bytes=1 << 20)
    honest = word(p("x" * (2 << 20)))
    lying = bytearray(honest)
    true_size = (len(read_member(open_package(honest, OPTIONS), "word/document.xml", OPTIONS))).to_bytes(
        4, "little"
    )
    for at in [match.start() for match in re.finditer(re.escape(true_size), honest)]:
        lying[at : at + 4] = (100).to_bytes(4, "little")
    for content in (honest, bytes(lying)):
        with pytest.raises(UnreadableError) as caught:
            read_docx(content, options)
        assert caught.value.check == "too_large"


def test_entities_blow_nothing_up_and_open_no_file() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_xml(BOMB.encode())
    assert caught.value.check == "corrupt"
    small = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY g "y">]><x>a&f;&g;b</x>'
    assert parse_xml(small.encode()).xpath("string()") == "ab"
    with pytest.raises(UnreadableError):
        read_sheet(excel(row(1, A="x"), **{"workbook.xml": BOMB}), OPTIONS)
    with pytest.raises(UnreadableError):
        read_sheet(excel(row(1, A="x"), **{"worksheets/sheet1.xml": BOMB}), OPTIONS)


def test_header_of_one_row_is_left_alone() -> None:
    rows = [["a", "b"], ["c", "d"]]
    assert fill_spans(rows, []) == rows
    assert fill_spans([["長" * 100, "b"], ["", "d"]], [Span(0, 0, 2, 1)], 1)[1] == ["", "d"]


def test_pictures_without_a_word_are_told_as_such() -> None:
    for whole, read, picture in (
        (slides(""), read_pptx, "ppt/media/image1.png"),
        (word(""), read_docx, "word/media/image1.png"),
        (odf("text", ""), read_odt, "Pictures/1.png"),
    ):
        with zipfile.ZipFile(io.BytesIO(whole)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        assert texts(read(whole, OPTIONS)) == []
        with pytest.raises(UnreadableError) as caught:
            read(pack({**parts, picture: b"PNG"}), OPTIONS)
        assert caught.value.check == "image_only"


def test_cells_without_a_name_stand_after_the_one_before() -> None:
    cells = "<row><c><v>1</v></c><c/><c><v>2</v></c><c r='F1'><v>3</v></c><c><v>4</v></c></row>"
    assert next(iter(read_sheet_rows(excel(cells + row(2, A="x", C="y")), OPTIONS).rows)).fields == {
        "1": "x",
        "2": "y",
        "3": None,
        "4": None,
    }


def test_a_high_header_keeps_the_cells_of_the_table_beside_it() -> None:
    rows = [
        ["番号", "表示情報", "", "", "-"],
        ["", "項目名", "区分", "", "client_id"],
        ["", "", "", "", "client_id"],
        ["1", "案件", "入力", "", "client_id"],
    ]
    spans = [Span(0, 0, 3, 1), Span(0, 1, 1, 2), Span(1, 1, 2, 1), Span(1, 2, 2, 1)]
    header = ["番号", "表示情報 / 項目名", "表示情報 / 区分", "", "- / client_id / client_id"]
    assert fill_spans(rows, spans) == [header, rows[3]]


@needs_data
def test_real_files_give_their_words() -> None:
    expected = {
        "docx-hdrftr.docx": "Main document",
        "fake-power-point-table.pptx": "| Red | Green | Blue |",
        "group-shapes-nested.pptx": "J",
        "stanley-cups.xlsx": "| Blues | STL | 1 |",
        "fake.odt": "| Leader | Sarah | Mark | Ryan |",
        "tests-example.xls": "Format Abbr.",
    }
    for name, text in expected.items():
        read = {**READERS, "xls": read_sheet}[name.rpartition(".")[2]]
        assert text in "\n".join(texts(read((UNSTRUCTURED / name).read_bytes(), OPTIONS))), name
    with pytest.raises(UnreadableError) as caught:
        read_sheet((UNSTRUCTURED / "password_protected.xlsx").read_bytes(), OPTIONS)
    assert caught.value.check == "encrypted"


ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
"""What calamine leaves out."""


def plain(text: str) -> str:
    return " ".join(text.replace("<br>", " ").replace("\\|", "|").split())


@needs_data
def test_no_filled_cell_of_a_real_workbook_is_lost() -> None:
    files = sorted(FINTAN.rglob("*.xlsx"))
    assert len(files) == 59
    cells = 0
    for path in files:
        content = path.read_bytes()
        document = read_sheet(content, OPTIONS)
        ours = {
            sheet.name: dict(sheet.rows)
            for sheet in open_xlsx(open_package(content, OPTIONS), OPTIONS).sheets
        }
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            text = plain("\n".join(block.text for block in document.blocks if block.part == name))
            values = [
                value for line in book.get_sheet_by_name(name).to_python() for value in line if value != ""
            ]
            filled = [value for line in ours[name].values() for value in line.values()]
            errors = [value for value in filled if value in ERRORS]
            assert len(filled) == len(values) + len(errors), (path, name)
            missing = [value for value in values if isinstance(value, str) and plain(value) not in text]
            assert not missing, (path, name, missing[:3])
            cells += len(values)
    assert cells > 10_000


@needs_data
def test_broken_files_give_text_or_unreadable() -> None:
    chance = random.Random(5)
    names = [
        "docx-tables.docx",
        "sample-presentation.pptx",
        "stanley-cups.xlsx",
        "tests-example.xls",
        "simple.odt",
    ]
    for name in names:
        content = (UNSTRUCTURED / name).read_bytes()
        read = {**READERS, "xls": read_sheet}[name.rpartition(".")[2]]
        for _ in range(40):
            broken = bytearray(content)
            for _ in range(chance.randint(1, 20)):
                broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            for hostile in (bytes(broken), content[: chance.randrange(len(content))]):
                try:
                    blocks = read(hostile, OPTIONS).blocks
                except UnreadableError:
                    continue
                assert all(isinstance(block, Block) and isinstance(block.kind, BlockKind) for block in blocks)

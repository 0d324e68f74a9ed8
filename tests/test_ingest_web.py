"""HTML, XML, EPUB and RTF: what is text and what not, structure, navigation, charsets, hostile input."""

import io
import random
import time
import zipfile
from pathlib import Path

import pytest

from tasks.ingest.contract import Boilerplate, DocumentContent, ReadOptions, UnreadableError
from tasks.ingest.readers.charsets import decode_declared
from tasks.ingest.readers.office.rtf import read_rtf
from tasks.ingest.readers.web.epub import read_epub
from tasks.ingest.readers.web.html import html_blocks, read_html

DATA = Path(__file__).parents[2] / "shared" / "data"
EXAMPLES = DATA / "formats_unstructured" / "example-docs"
MARKITDOWN = DATA / "formats_markitdown" / "packages" / "markitdown" / "tests" / "test_files"
needs_data = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="shared/data is not here")
OPTIONS = ReadOptions()


def texts(html: str) -> list[str]:
    return [block.text for block in html_blocks(html)]


def content_of(document: DocumentContent) -> list[str]:
    return [block.text for block in document.blocks if block.boilerplate is None]


def test_structure_becomes_markdown() -> None:
    page = """<html><body><h1>請求 <i>書</i></h1><p>本文は
        続く。<br>次の行<br><br>別の段落</p>
        <ul><li>一<ol start=3><li>二</li><li><p>三</p><p>続き</p></li></ol></li><li>four</li></ul>
        <dl><dt>SLA</dt><dd>Service level</dd></dl><blockquote><p>引用</p></blockquote>
        <pre class="language-python"><code>x = 1
if x: y</code></pre><details><summary>なぜ?</summary>理由</details>
        <p>Use <code>pip</code>, see <a href="https://a.example/x">the guide</a>, <a href="https://b.example/"></a>.</p>
        <img alt="構成図"><img alt="IMG_001.png"></body></html>"""
    assert texts(page) == [
        "# 請求 書",
        "本文は続く。\n次の行",
        "別の段落",
        "- 一",
        "  3. 二",
        "  4. 三\n     続き",
        "- four",
        "- **SLA**",
        "  - Service level",
        "> 引用",
        "```python\nx = 1\nif x: y\n```",
        "なぜ?",
        "理由",
        "Use `pip`, see the guide, https://b.example/.",
        "構成図",
    ]


def test_what_is_not_shown_is_not_text() -> None:
    page = """<title>t</title><script>a</script><style>b</style><template>c</template><noscript>d</noscript>
        <svg><text>e</text></svg><iframe>f</iframe><p hidden>g</p><p style="color:red; display: none">h</p>
        <span aria-hidden=true>i</span><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby><!-- j -->"""
    assert texts(page) == ["東京"]


def test_spans_keep_rows_readable_and_layout_tables_are_walked() -> None:
    data = """<table><caption>料金</caption><tr><th rowspan=2>品目<th colspan=2>2024年<tr><th>上期<th>下期
        <tr><td rowspan=2>A|B<td>1<td>2<tr><td>3<td>4</table>"""
    assert texts(data) == [
        "料金",
        "| 品目 | 2024年 | 2024年 |\n| --- | --- | --- |\n| 品目 | 上期 | 下期 |\n"
        "| A\\|B | 1 | 2 |\n| A\\|B | 3 | 4 |",
    ]
    layout = "<table><tr><td><h2>Left</h2><p>one</p></td><td><table><tr><td>a<td>b<tr><td>c<td>d</table></td></table>"
    assert texts(layout) == ["## Left", "one", "| a | b |\n| --- | --- |\n| c | d |"]
    assert texts("<table><tr><td>•</td><td>item text</td></tr></table>") == ["• item text"]


def test_navigation_is_marked_and_content_is_not() -> None:
    prose = "<p>" + "This is what the page has to say about the matter at hand. " * 3 + "</p>"
    menu = "".join(f"<li><a href=/{n}>Entry {n}</a></li>" for n in range(6))
    page = f"""<body class="has-sidebar nav-open"><a href=#m>Skip to main content</a><header>Site</header>
        <nav>Menu</nav><ul>{menu}</ul><div id=breadcrumbs>Home &gt; Docs</div>
        <main><article><header><h1>Title</h1>by me</header>{prose}
        <aside>A note that belongs to it.</aside><div class=menu>Ramen 800</div><ul>{menu}</ul>{prose}
        <footer>Article footer</footer></article></main><div class="cookie-banner">We use cookies</div>
        <div role=contentinfo>(c) 2024</div><footer>Imprint</footer></body>"""
    blocks = html_blocks(page)
    assert {block.boilerplate for block in blocks} == {None, Boilerplate.NAVIGATION}
    marked = [block.text for block in blocks if block.boilerplate]
    assert marked == [
        "Skip to main content", "Site", "Menu", *[f"- Entry {n}" for n in range(6)], "Home > Docs", "We use cookies",
        "(c) 2024", "Imprint",
    ]  # fmt: skip


def test_a_guess_marks_neither_most_of_a_page_nor_all_of_it() -> None:
    assert [block.boilerplate for block in html_blocks("<div class=menu><p>the only text</p></div>")] == [
        None
    ]
    assert [b.boilerplate for b in html_blocks("<header><h1>Manual</h1></header><p>short</p>")] == [
        None,
        None,
    ]
    big = "<div id=sidebar><p>" + "words of the page " * 20 + "</p></div><p>tail</p>"
    assert [block.boilerplate for block in html_blocks(big)] == [None, None]


@pytest.mark.parametrize("codec", ["utf-8", "shift_jis", "euc_jp", "iso2022_jp", "utf-16"])
@pytest.mark.parametrize("declared", ["", "utf-8", "Shift_JIS", "x-sjis", "iso-8859-1", "no-such-charset"])
def test_charset_is_found_though_the_page_names_none_or_another(codec: str, declared: str) -> None:
    sentence = "お客様からのお問い合わせには、営業時間内に回答いたします。"
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    document = read_html(
        f"<html><head>{meta}<title>案内</title></head><p>{sentence}</p>".encode(codec), OPTIONS
    )
    assert content_of(document) == [sentence]
    assert document.title == "案内"


def test_charsets_of_mail_and_page() -> None:
    nec = b"\x1b$B-!-j%F%9%H\x1b(B ok"  # ① and ㈱: in ISO-2022-JP as it is sent, not as Python knows it
    assert decode_declared(nec, "ISO-2022-JP")[0] == "①㈱テスト ok"
    assert decode_declared("déjà vu — café €5".encode("cp1252"), "iso-8859-1")[0] == "déjà vu — café €5"
    assert decode_declared("привет, мир".encode("koi8-r"), "koi8-r")[0] == "привет, мир"
    text, problems = decode_declared(
        "これは文章です".encode("cp932") + b"\x82\x20" + "終わり".encode("cp932"), "shift_jis"
    )
    assert "これは文章です" in text
    assert [problem.check for problem in problems] == ["invalid_bytes"]


def test_metadata_of_a_page() -> None:
    page = """<html lang=ja><head><title> 手順
        書 </title><meta name=author content=山田><meta name=description content=説明>
        <meta property="article:published_time" content="2024-05-01"></head><p>x</p>"""
    document = read_html(page.encode(), OPTIONS)
    assert document.title == "手順 書"
    assert document.metadata == {
        "language": "ja",
        "author": "山田",
        "description": "説明",
        "created": "2024-05-01",
    }


def test_xhtml_empty_elements_do_not_swallow_the_page() -> None:
    page = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head>
        <body><a id="p1"/><p>text <br/>more</p></body></html>"""
    assert content_of(read_html(page.encode(), OPTIONS)) == ["text\nmore"]


def test_xml_gives_a_paragraph_for_each_element_with_text() -> None:
    source = """<?xml version="1.0"?><!DOCTYPE f [<!ENTITY x "boom"><!ENTITY y SYSTEM "file:///etc/passwd">]>
        <faq><title>FAQ</title><q>返品は<b>可能</b>ですか</q><a><![CDATA[<p>はい。</p><p>30日以内</p>]]></a><z>&x;&y;</z></faq>"""
    document = read_html(source.encode(), OPTIONS)
    assert content_of(document) == ["# FAQ", "返品は可能ですか", "はい。", "30日以内"]
    assert document.title == "FAQ"


def test_entity_bombs_stay_small() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY e0 "lol">{entities}]><b><c>text &e11;</c></b>'
    try:
        size = sum(map(len, content_of(read_html(bomb.encode(), OPTIONS))))
    except UnreadableError:
        size = 0
    assert size < 1000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<div>" * 100_000 + "deep", "deep"),
        ("<ul><li>" * 4000 + "deep", "- deep"),
        ("<table><tr><td>" * 2000 + "deep", "deep"),
        ("<p " + " ".join(f"a{n}=1" for n in range(30_000)) + ">deep", "deep"),
        ("<table>" + "<tr><td rowspan=65000 colspan=1000>deep<td>y" * 3000, "deep"),
        ("<br>" * 100_000 + "deep", "deep"),
    ],
    ids=["div", "list", "table", "attributes", "spans", "breaks"],
)
def test_hostile_pages_neither_crash_nor_hang(source: str, expected: str) -> None:
    began = time.process_time()
    assert expected in "\n".join(texts(source))
    assert time.process_time() - began < 5


@needs_data
@pytest.mark.parametrize(
    ("name", "first", "content", "navigation"),
    [
        (
            "test_wikipedia.html",
            "# Microsoft",
            "Microsoft Corporation is an American multinational",
            "Main menu",
        ),
        (
            "test_blog.html",
            "# Does Model and Inference",
            "Large language models (LLMs) are powerful",
            "Recent posts",
        ),
    ],
)
def test_real_pages(name: str, first: str, content: str, navigation: str) -> None:
    document = read_html((MARKITDOWN / name).read_bytes(), OPTIONS)
    said = content_of(document)
    assert said[0].startswith(first)
    assert any(text.startswith(content) for text in said)
    assert navigation not in said
    assert navigation in [block.text for block in document.blocks]


def epub(
    chapters: dict[str, str], extra: dict[str, str] | None = None, spine: list[str] | None = None
) -> bytes:
    items = "".join(
        f'<item id="{name}" href="text/{name}" media-type="application/xhtml+xml"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if name == 'nav.xhtml' else ''}/>"
        for name in chapters
    )
    refs = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
    package = f"""<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
        <dc:title>運用手順</dc:title><dc:creator>山田</dc:creator><dc:language>ja</dc:language></metadata>
        <manifest>{items}</manifest><spine>{refs}</spine></package>"""
    container = '<container><rootfiles><rootfile full-path="OEBPS/a.opf"/></rootfiles></container>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package_file:
        package_file.writestr("META-INF/container.xml", container)
        package_file.writestr("OEBPS/a.opf", package)
        for name, text in chapters.items():
            package_file.writestr(f"OEBPS/text/{name}", text)
        for name, text in (extra or {}).items():
            package_file.writestr(name, text)
    return file.getvalue()


CHAPTERS = {
    "b.xhtml": "<html><body><h1>後</h1><p>第二</p></body></html>",
    "a.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>第一</p></body></html>',
    "nav.xhtml": '<body><nav epub:type="toc"><ol><li><a href="a.xhtml#x">はじめに</a></li></ol></nav></body>',
}


def test_epub_is_read_in_the_order_of_its_spine() -> None:
    document = read_epub(epub(CHAPTERS, spine=["nav.xhtml", "a.xhtml", "b.xhtml"]), OPTIONS)
    assert document.title == "運用手順"
    assert document.metadata == {"author": "山田", "language": "ja"}
    assert [(block.page, block.part, block.text, block.boilerplate) for block in document.blocks] == [
        (1, "", "1. はじめに", Boilerplate.NAVIGATION),
        (2, "はじめに", "第一", None),
        (3, "後", "# 後", None),
        (3, "後", "第二", None),
    ]


def encryption(path: str, algorithm: str) -> dict[str, str]:
    data = f'<EncryptedData><EncryptionMethod Algorithm="{algorithm}"/><CipherReference URI="{path}"/></EncryptedData>'
    return {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}


def test_epub_that_is_protected_or_too_large_is_refused() -> None:
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    with pytest.raises(UnreadableError) as error:
        read_epub(epub(CHAPTERS, encryption("OEBPS/text/a.xhtml", aes)), OPTIONS)
    assert error.value.check == "encrypted"
    assert read_epub(
        epub(CHAPTERS, encryption("OEBPS/f.otf", "http://www.idpf.org/2008/embedding")), OPTIONS
    ).blocks
    bomb = epub({"a.xhtml": "<p>" + " " * 5_000_000})
    with pytest.raises(UnreadableError) as error:
        read_epub(bomb, ReadOptions(max_unpacked_bytes=1_000_000))
    assert error.value.check == "too_large"
    with pytest.raises(UnreadableError) as error:
        read_epub(epub(CHAPTERS), ReadOptions(max_pages=2))
    assert error.value.check == "too_many_pages"


def test_epub_with_a_missing_chapter_gives_the_rest() -> None:
    whole = zipfile.ZipFile(io.BytesIO(epub(CHAPTERS)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as partial:
        for name in whole.namelist():
            if not name.endswith("b.xhtml"):
                partial.writestr(name, whole.read(name))
    document = read_epub(file.getvalue(), OPTIONS)
    assert [problem.check for problem in document.problems] == ["chapter_not_read"]
    assert "第一" in content_of(document)


def rtf(body: str, charset: int = 128, page: int = 932) -> DocumentContent:
    fonts = rf"{{\fonttbl{{\f0\fcharset{charset} \'82\'6c\'82\'72;}}{{\f1\fcharset0 Arial;}}}}"
    return read_rtf(rf"{{\rtf1\ansi\ansicpg{page}\deff0{fonts}{body}}}".encode("latin-1"), OPTIONS)


@pytest.mark.parametrize(("charset", "page"), [(128, 932), (128, 1252), (0, 932)])
def test_japanese_rtf(charset: int, page: int) -> None:
    body = r"\'93\'fa\'96\'7b\'8c\'ea\'83\'5c\'83A\'81\'5c\par \uc1\u26085?\u26412? \uc2\u35486\'8c\'ea {\f1 caf\'e9}"
    assert content_of(rtf(body, charset, page)) == ["日本語ソア―", "日本 語 café"]


def test_rtf_structure() -> None:
    body = r"""{\info{\title \'93\'fa\'96\'7b}{\author Yamada}}{\header top\par}{\pict 89504e47}
        \pard\outlinelevel0 Title\par
        \pard plain {\v secret}{\field{\*\fldinst HYPERLINK "http://x.example"}{\fldrslt link}}\line next\par
        \trowd a|b\intbl\cell c\cell\row\trowd\intbl 1\par 2\cell 3\cell\row
        \pard{\listtext\'b7\tab}\ilvl1 item\par\pard{\listtext 2.\tab}two\par {\footer end\par}
        \bin4 {{{{last\u-10179?\u-8704?}"""
    document = rtf(body)
    assert document.title == "日本"
    assert document.metadata == {"author": "Yamada"}
    assert [(block.text, block.boilerplate) for block in document.blocks] == [
        ("top", Boilerplate.PAGE_HEADER),
        ("# Title", None),
        ("plain link\nnext", None),
        ("| a\\|b | c |\n| --- | --- |\n| 1<br>2 | 3 |", None),
        ("  - item", None),
        ("2. two", None),
        ("end", Boilerplate.PAGE_FOOTER),
        ("last😀", None),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "{" * 200_000 + "deep",
        r"\trowd " + r"a\cell " * 20_000 + r"\row" + r"\trowd a\cell\row" * 20_000 + " deep",
    ],
)
def test_hostile_rtf(body: str) -> None:
    began = time.process_time()
    assert any("deep" in text for text in content_of(rtf(body)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize("read", [read_html, read_epub, read_rtf])
def test_empty_files_are_told(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableError) as error:
        read(b"", OPTIONS)
    assert error.value.check == "empty"


@needs_data
@pytest.mark.parametrize(
    ("read", "path"),
    [
        (read_html, EXAMPLES / "example-10k-1p.html"),
        (read_html, EXAMPLES / "factbook-utf-16.xml"),
        (read_epub, MARKITDOWN / "test.epub"),
        (read_rtf, EXAMPLES / "fake-doc.rtf"),
    ],
    ids=["html", "xml", "epub", "rtf"],
)
def test_damaged_files_give_text_or_an_unreadable_error(read, path: Path) -> None:  # type: ignore[no-untyped-def]
    whole = path.read_bytes()
    assert read(whole, OPTIONS).blocks
    chance = random.Random(7)
    for turn in range(60):
        broken = bytearray(whole[: chance.randrange(len(whole))] if turn % 3 == 0 else whole)
        for _ in range(chance.choice((1, 20, 200)) if broken else 0):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            read(bytes(broken), OPTIONS)
        except UnreadableError as error:
            assert error.check in ("empty", "corrupt", "undecodable", "too_large", "encrypted", "unsupported")  # noqa: PT017

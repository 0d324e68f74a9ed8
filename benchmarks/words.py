"""How much of a file's text a tool found: its words, against those that the file holds.

A word is two or more letters; of Chinese, Japanese and Korean text, two neighbouring characters. Words are
counted: one that a file holds five times must be found five times. What a tool finds beyond is not held against it.
"""

import email
import email.policy
import html
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

Words = Counter[str]

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_LINK_TARGET = re.compile(r"\]\((?:[^()]|\([^()]*\))*\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|<!--.*?-->|<![A-Z][^>]*>|<\?[^<>]*\?>", re.DOTALL)
_EMPHASIS = re.compile(r"(?<=\w)\*{2,}(?=\w)")
"""Within a word of which a part is bold."""
_HIDDEN = re.compile(r"<(style|script|title)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\s*\n\s*(?=[a-z])")
_BROKEN_LINE = re.compile(f"(?<=[{_CJK}])[ \u3000]*\n[ \u3000]*(?=[{_CJK}])")
_WORD = re.compile(f"[^\\W\\d_{_CJK}]{{2,}}|[{_CJK}]+")
_TEXT_ENDINGS = {".txt", ".md", ".rst", ".org", ".csv", ".tsv", ".text"}
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_OLD_FORMS = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WORDPROCESSING = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def count_words(text: str) -> Words:
    """The words of a Markdown text: without marks, tags, targets of links and hyphens at line ends."""
    plain = _EMPHASIS.sub("", text.replace("\\", ""))
    plain = _TAG.sub(" ", _LINK_TARGET.sub("]", html.unescape(plain)))
    plain = unicodedata.normalize("NFKC", plain).casefold().replace("\u00ad", "")
    plain = _BROKEN_LINE.sub("", _HYPHEN.sub("", plain))
    words: Words = Counter()
    for word in _WORD.findall(plain):
        if re.match(f"[{_CJK}]", word):
            words.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            words[word] += 1
    return words


def agreed_words(found: Sequence[Words]) -> Words:
    """What at least two of the tools found, each word as often as the second most found it."""
    every = set().union(*found)
    return +Counter({word: sorted(words[word] for words in found)[-2] for word in every})


def own_words(path: Path) -> Words | None:
    """What the file itself holds, read without any of the tools; None where that is not to be had simply.

    Text formats: all of it. xlsx and xls: cells that hold text. docx: w:t of the body; pptx: a:t of the slides;
    odt: paragraphs and headings. Headers, footers, notes and charts do not count. eml: From, To, Cc, Subject and
    the plain body, the HTML one where there is no other; attachments do not count.
    """
    ending = path.suffix.lower()
    try:
        if ending in _TEXT_ENDINGS:
            return count_words(_decode(path.read_bytes()))
        if ending in (".xlsx", ".xls"):
            return count_words("\n\n".join(_cell_texts(path)))
        if ending == ".docx":
            return count_words("\n\n".join(_part_texts(path, r"word/document\d*\.xml", _WORDPROCESSING)))
        if ending == ".pptx":
            return count_words("\n\n".join(_part_texts(path, r"ppt/slides/slide\d+\.xml", _DRAWING)))
        if ending == ".odt":
            return count_words("\n\n".join(_odt_texts(path)))
        if ending == ".eml":
            return count_words("\n\n".join(_mail_texts(path)))
    except (ValueError, LookupError, zipfile.BadZipFile, etree.XMLSyntaxError, CalamineError):
        return None
    return None


def share_found(found: Words, expected: Words) -> float:
    """Share (0-1) of the expected words that were found."""
    return (found & expected).total() / expected.total()


def _decode(content: bytes) -> str:
    return content.decode(next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8"))


def _cell_texts(path: Path) -> Iterator[str]:
    workbook = CalamineWorkbook.from_path(path)
    for name in workbook.sheet_names:
        for row in workbook.get_sheet_by_name(name).to_python():
            yield from (value for value in row if isinstance(value, str))


def _part_texts(path: Path, parts: str, namespace: str) -> Iterator[str]:
    """Text of each paragraph; text boxes stand in a file twice, for old programs too, and count once."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.fullmatch(parts, name):
                root = _parse(archive.read(name))
                etree.strip_elements(root, _OLD_FORMS, with_tail=False)
                yield from _paragraphs(root, namespace)


def _paragraphs(root: etree._Element, namespace: str) -> Iterator[str]:
    for paragraph in root.iter(f"{namespace}p"):
        pieces: list[str] = []
        for item in paragraph.iter(f"{namespace}t", f"{namespace}tab", f"{namespace}br"):
            if next(item.iterancestors(f"{namespace}p")) is paragraph:
                pieces.append(item.text or "" if item.tag == f"{namespace}t" else " ")
        yield "".join(pieces)


def _odt_texts(path: Path) -> Iterable[str]:
    with zipfile.ZipFile(path) as archive:
        root = _parse(archive.read("content.xml"))
    return [
        "".join(item.itertext())
        for item in root.iter("{*}p", "{*}h")
        if next(item.iterancestors("{*}p", "{*}h"), None) is None
    ]


def _mail_texts(path: Path) -> Iterator[str]:
    """Raises ValueError when the file does not begin with headers, as one in UTF-16 does not."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    if "From" not in message:
        raise ValueError(f"{path} has no header From")
    yield from (str(message[name]) for name in ("From", "To", "Cc", "Subject") if message[name])
    body = message.get_body(("plain", "html"))
    if body is not None:
        yield _HIDDEN.sub(" ", body.get_content())


def _parse(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))

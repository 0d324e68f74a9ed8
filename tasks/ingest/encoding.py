"""Bytes to text: UTF-8 and UTF-16 with or without a mark, cp932, EUC-JP, ISO-2022-JP, cp1252, and the rest.

charset-normalizer alone takes short EUC-JP for Big5 and French for cp1250 (tried), so Japanese and Western
candidates are scored here by how ordinary the characters are that they give; it decides about the rest.
"""

import codecs
import itertools
import logging
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from tasks.ingest.contract import UnreadableError

logger = logging.getLogger("seimai.ingest")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark starts with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE = ("cp932", "euc_jp", "euc_jis_2004")
_UTF16 = ("utf-16-le", "utf-16-be")
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÂÄÅÆÇÈÉÊËÎÏÑÓÔÖØÙÛÜ‘’“”–—…•€£©®°«»¿¡·\u00a0")
_KANA = re.compile(r"[\u3040-\u30ff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SCORED = 2000
"""Characters beyond ASCII that a score looks at."""
_ENOUGH = 0.5
"""Score from which a candidate is believed: ordinary Japanese scores 0.8 and more, misread 0.3 and less."""


@dataclass(frozen=True)
class Decoded:
    text: str
    encoding: str
    replaced: int = 0
    """Damaged places that now hold U+FFFD."""


def decode_text(content: bytes, encoding: str | None = None) -> Decoded:
    """Decodes a whole file.

    Args:
        encoding: taken at its word when given; detected when None.

    Raises:
        UnreadableError: `content` does not decode.
        LookupError: Python knows no such `encoding`.
    """
    if encoding is not None:
        return _decode_as(content, encoding)
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _decode_as(content, codec)
    if b"\x00" not in content:
        if b"\x1b$" in content and (text := _try(content, "iso2022_jp")) is not None:
            return Decoded(text, "iso2022_jp")
        if (text := _try(content, "utf-8")) is not None:
            return Decoded(text, "utf-8")
    return _best_candidate(content) or _damaged_utf8(content) or _western(content) or _normalizer(content)


def _decode_as(content: bytes, encoding: str) -> Decoded:
    codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    try:
        return Decoded(content.decode(codec), codec)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            "undecodable", f"not {encoding}: {error.reason} at byte {error.start}"
        ) from error


def _try(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def _best_candidate(content: bytes) -> Decoded | None:
    codecs_tried = _UTF16 if b"\x00" in content else (*_JAPANESE, *_UTF16)
    decoded = [Decoded(text, codec) for codec in codecs_tried if (text := _try(content, codec)) is not None]
    best = max(decoded, key=lambda candidate: japanese_score(candidate.text), default=None)
    return best if best is not None and japanese_score(best.text) >= _ENOUGH else None


def japanese_score(text: str) -> float:
    """How ordinary the characters beyond ASCII are for Japanese: 1 for all kana, and for ASCII alone.

    Levels 1 and 2 are those of JIS X 0208: level 1 holds the 2,965 kanji of everyday use.
    """
    if _CONTROL.search(text, 0, 10_000):
        return -1.0
    beyond = list(itertools.islice((char for char in text if char > "\x7f"), _SCORED))
    if not beyond:
        return 1.0
    score = sum(map(_weight, beyond)) / len(beyond)
    without_kana = len(beyond) >= 40 and len(_KANA.findall("".join(beyond))) < 0.05 * len(beyond)
    return score / 2 if without_kana else score


def _weight(char: str) -> float:
    if "\u3000" <= char <= "\u30ff" or "\uff01" <= char <= "\uff5e":
        return 1.0
    if "\uff61" <= char <= "\uff9f":
        return 0.5
    if "\u4e00" <= char <= "\u9fff":
        return 0.9 if _in_level_one(char) else 0.2
    if "\ue000" <= char <= "\uf8ff" or char in "\ufffd\ufffe\uffff":
        return -1.0
    return 0.5 if "\u2000" <= char <= "\u27ff" else 0.0


def _in_level_one(kanji: str) -> bool:
    try:
        return 0xB0 <= kanji.encode("euc_jp")[0] <= 0xCF
    except UnicodeEncodeError:
        return False


def _damaged_utf8(content: bytes) -> Decoded | None:
    """UTF-8 with a few broken places: a cut-off file, a stray byte."""
    text = content.decode("utf-8", "replace")
    replaced = text.count("\ufffd") - content.count(b"\xef\xbf\xbd")
    whole = sum(char > "\x7f" for char in text) - replaced
    return Decoded(text, "utf-8", replaced) if whole >= 2 * replaced else None


def _western(content: bytes) -> Decoded | None:
    text = _try(content, "cp1252")
    if text is None or _CONTROL.search(text):
        return None
    beyond = [char for char in text if char > "\x7f"]
    return Decoded(text, "cp1252") if sum(char in _WESTERN for char in beyond) >= 0.9 * len(beyond) else None


def _normalizer(content: bytes) -> Decoded:
    best = from_bytes(content[:100_000]).best()
    text = _try(content, best.encoding) if best is not None else None
    if best is None or text is None or _CONTROL.search(text):
        raise UnreadableError("undecodable", "not text in any known encoding")
    logger.info("read as %s, by charset-normalizer's guess", best.encoding)
    return Decoded(text, best.encoding)

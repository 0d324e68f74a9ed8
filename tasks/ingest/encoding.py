"""Bytes to text: UTF-8 and UTF-16 with or without a mark, cp932, EUC-JP, ISO-2022-JP, cp1252, and the rest.

charset-normalizer alone takes short EUC-JP for Big5 and French for cp1250 (tried), so Japanese and Western
candidates are scored here by how ordinary the characters are that they give; it decides about the rest. Damage
does not decide: a broken place reads U+FFFD, is counted, and lowers the score.
"""

import codecs
import logging
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from tasks.ingest.contract import UnreadableError
from tasks.ingest.japanese_bytes import decode_iso2022_jp, japanese_score, repair_euc_jp

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
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÂÄÅÆÇÈÉÊËÎÏÑÓÔÖØÙÛÜ‘’“”•–—…€£©®°±µ½«»¿¡·\u00a0")
_MISPLACED = re.compile(r"\w[“‘]|”\w|(?<!\w)’\w|\d[À-ÖØ-öø-ÿ]")
"""Quotation marks and letters where Western text has none."""
_NEVER_GUESSED = [
    "utf_16",
    "utf_16_be",
    "utf_16_le",
    "utf_32",
    "utf_7",
    "cp037",
    "cp273",
    "cp424",
    "cp500",
    "cp875",
]
_NEVER_GUESSED += ["cp1026", "cp1140"]
"""Of charset-normalizer: UTF-16 is told above, and the mainframe's encodings (EBCDIC) make text of any bytes."""
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")
_REPLACED = re.compile("\ufffd+")
_PLAIN = re.compile(r"[\t\n\r -~\u3000-\u30ff]")
_SAMPLE = 1 << 16
"""Bytes by which the candidates are scored, from the first beyond ASCII where ASCII may stand before."""
_ENOUGH = 0.5
"""Score from which a candidate is believed: ordinary Japanese scores 0.8 and more, misread 0.3 and less."""
_DAMAGED = 0.2
"""Share of broken places among the characters beyond ASCII up to which a reading is taken."""


@dataclass(frozen=True)
class Decoded:
    text: str
    encoding: str
    replaced: int = 0
    """Damaged places that now hold U+FFFD."""


def decode_text(content: bytes, encoding: str | None = None) -> Decoded:
    """Decodes a whole file; a few damaged places become U+FFFD.

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
        if b"\x1b" in content and (decoded := _iso2022_jp(content)) is not None:
            return decoded
        if (text := _try(content, "utf-8")) is not None:
            return Decoded(text, "utf-8")
    return (
        _damaged_utf8(content, "\u07ff")
        or (_western(content) if _stands_alone(content) else None)
        or _best_candidate(content)
        or _damaged_utf8(content, "\x7f")
        or _western(content)
        or _normalizer(content)
    )


def _decode_as(content: bytes, encoding: str) -> Decoded:
    codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    try:
        return Decoded(content.decode(codec), codec)
    except UnicodeDecodeError as error:
        decoded = decode_damaged(content, codec)
        if not _is_mostly_whole(decoded):
            raise UnreadableError(
                "undecodable", f"not {encoding}: {error.reason} at byte {error.start}"
            ) from error
        return decoded


def _try(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def decode_damaged(content: bytes, codec: str) -> Decoded:
    """`content` by `codec`, whatever its share that does not decode; that is counted."""
    text = _try(content, codec)
    if text is not None:
        return Decoded(text, codec)
    if codec == "euc_jp":
        content = repair_euc_jp(content)
    text = content.decode(codec, "replace")
    if not codec.startswith("utf-8"):
        return Decoded(text, codec, text.count("\ufffd"))
    own = content.count(b"\xef\xbf\xbd")
    places = sum(-(-len(run) // 3) for run in _REPLACED.findall(text))  # a broken kanji may give three
    return Decoded(text, codec, text.count("\ufffd") - own if own else places)


def _is_mostly_whole(decoded: Decoded) -> bool:
    beyond = sum(char > "\x7f" for char in decoded.text)
    return decoded.replaced <= max(2, len(decoded.text) // 1000, int(_DAMAGED * beyond))


def _iso2022_jp(content: bytes) -> Decoded | None:
    text = _try(content, "iso2022_jp")
    if text is not None:
        return Decoded(text, "iso2022_jp")
    text = decode_iso2022_jp(content)
    decoded = Decoded(text, "iso2022_jp", text.count("\ufffd")) if text is not None else None
    return decoded if decoded is not None and _is_mostly_whole(decoded) else None


def _best_candidate(content: bytes) -> Decoded | None:
    """The reading that is most ordinary Japanese; of UTF-16 without a mark, any with ASCII in it."""
    first = _HIGH_BYTES.search(content)
    samples = dict.fromkeys(_UTF16, content[:_SAMPLE])
    if first is not None:
        samples |= dict.fromkeys(_JAPANESE, content[first.start() : first.start() + _SAMPLE])
    scores = {codec: _score(decode_damaged(sample, codec).text, codec) for codec, sample in samples.items()}
    for codec in sorted(scores, key=lambda name: -scores[name]):
        if scores[codec] >= _ENOUGH and _is_mostly_whole(decoded := decode_damaged(content, codec)):
            return decoded
    return None


def _score(text: str, codec: str) -> float:
    if len(_CONTROL.findall(text)) > max(1, len(text) // 1000):
        return -1.0
    whole = _BROKEN.sub("", text)
    beyond = max(1, sum(char > "\x7f" for char in whole))
    broken = len(text) - len(whole)
    score = (japanese_score(whole) * beyond - broken / 2) / (beyond + broken)
    if codec not in _UTF16:
        return score
    plain = len(_PLAIN.findall(text)) / max(1, len(text))
    if plain < 0.1:  # two bytes of any other encoding are a kanji, too: ordinary ones only, after all others
        return _ENOUGH if score >= 0.85 and not broken else -1.0
    return score + 0.2 if plain >= 0.25 else score  # kana and ASCII in step are no accident


def _damaged_utf8(content: bytes, above: str) -> Decoded | None:
    """UTF-8 with a few broken places: a cut-off file, a stray byte.

    Args:
        above: the characters beyond it are evidence; those of two bytes are found in EUC-JP as well.
    """
    decoded = decode_damaged(content, "utf-8")
    whole = sum(char > above and char != "\ufffd" for char in decoded.text)
    is_text = len(_CONTROL.findall(decoded.text)) <= max(1, len(decoded.text) // 1000)
    return decoded if is_text and whole >= 2 * decoded.replaced else None


def _stands_alone(content: bytes) -> bool:
    """Whether the bytes beyond ASCII stand one by one, as in Western text; Japanese has them in runs."""
    runs = _HIGH_BYTES.findall(content)
    return sum(len(run) == 1 for run in runs) >= 0.8 * len(runs)


def _western(content: bytes) -> Decoded | None:
    text = _try(content, "cp1252")
    if text is None or _CONTROL.search(text):
        return None
    beyond = [char for char in text if char > "\x7f"]
    odd = sum(char not in _WESTERN for char in beyond) + len(_MISPLACED.findall(text))
    return Decoded(text, "cp1252") if odd <= 0.1 * len(beyond) else None


def _normalizer(content: bytes) -> Decoded:
    best = from_bytes(content[:100_000], cp_exclusion=_NEVER_GUESSED).best()
    text = _try(content, best.encoding) if best is not None else None
    if best is None or text is None or _CONTROL.search(text):
        raise UnreadableError("undecodable", "not text in any known encoding")
    logger.info("read as %s, by charset-normalizer's guess", best.encoding)
    return Decoded(text, best.encoding)

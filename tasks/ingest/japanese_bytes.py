"""Japanese encodings where Python's codecs are too strict: ISO-2022-JP as it is sent, EUC-JP with a byte lost.

And how ordinary a text is for Japanese, by which readings of the same bytes are compared.
"""

import itertools
import re

_KANA = re.compile(r"[\u3040-\u30ff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SCORED = 2000
"""Characters beyond ASCII that a score looks at."""
_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI])")
_EUC_RUN = re.compile(rb"\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|[\xa1-\xfe]+")
_NO_BYTE = b"\xff"
"""A byte that EUC-JP never holds."""


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
        return 0.5 if char > "\uff65" else 0.0  # half-width ｡｢｣､･ are most of EUC-JP read as cp932
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


def repair_euc_jp(content: bytes) -> bytes:
    """EUC-JP in which a lost or broken byte spoils one character, not all those after it up to the next ASCII.

    A run of an odd number of bytes lacks one at its start or its end: whichever reads better.
    """
    return _EUC_RUN.sub(lambda run: _repair_run(run[0]), content)


def _repair_run(run: bytes) -> bytes:
    if len(run) % 2 == 0 or run[0] in (0x8E, 0x8F):
        return run
    readings = (_NO_BYTE + run[1:], run[:-1] + _NO_BYTE)
    return max(readings, key=lambda reading: japanese_score(reading.decode("euc_jp", "replace")))


def decode_iso2022_jp(content: bytes) -> str | None:
    """ISO-2022-JP as it is sent: with NEC's characters (①, ㈱) and half-width kana, which Python's codec refuses.

    Returns:
        None where it is not ISO-2022-JP; broken places read U+FFFD.
    """
    pieces = _ESCAPE.split(content)
    if len(pieces) == 1:
        return None
    modes = [b"(B", *pieces[1::2]]
    text = "".join(_decode_piece(piece, mode) for piece, mode in zip(pieces[::2], modes, strict=True))
    high = sum(byte > 0x7F for byte in content)
    return None if "\ufffd" in text and high > max(1, len(content) // 100) else text


def _decode_piece(piece: bytes, mode: bytes) -> str:
    if mode.startswith(b"$"):
        lines = re.split(rb"([\r\n]+)", piece)  # a line end switches back in the wild
        return "".join(
            part.decode("ascii") if part[:1] in (b"\r", b"\n") else _decode_pairs(part) for part in lines
        )
    if mode == b"(I":
        piece = bytes(byte | 0x80 if byte > 0x20 else byte for byte in piece)
    return piece.decode("cp932", "replace")  # ASCII, and 8-bit bytes that do not belong here


def _decode_pairs(piece: bytes) -> str:
    """Text of JIS X 0208 in pairs of bytes, by their places in cp932; a broken pair is one U+FFFD."""
    moved = bytearray()
    for high, low in itertools.zip_longest(piece[::2], piece[1::2], fillvalue=0):
        second = low + (0x7E if high % 2 == 0 else 0x20 if low >= 0x60 else 0x1F)
        first = (high + 1) // 2 + (0x70 if high <= 0x5E else 0xB0)
        is_pair = 0x21 <= high <= 0x7E and 0x21 <= low <= 0x7E
        moved += bytes((first, second)) if is_pair else _NO_BYTE
    return moved.decode("cp932", "replace")

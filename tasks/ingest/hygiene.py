"""Text made fit to store, every change counted by kind.

Kinds: surrogate, line_ends, mojibake, control, invisible, ligature, radical, space, unicode_form, width;
`join_lines` is counted by who calls it, as joined_lines and hyphenation.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from tasks.ingest.japanese_bytes import japanese_score

_PASSES = 8
"""Passes after which a text that still changes is given up on: two are the most seen on real text."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
JOINED = "\u0590-\u109f\u1780-\u18af\ua800-\uabff"
"""Scripts whose letters a zero-width joiner shapes: Arabic, those of India and South-East Asia, Mongolian."""
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc"
    # the flags of England, Scotland and Wales are written in tag characters
    "\U000e0000-\U000e01ef\U0001f3f4](?:(?<=\U0001f3f4)[\U000e0030-\U000e007a]{3,6}\U000e007f)?"
)
_MEANINGFUL = re.compile(
    f"(?<=[{JOINED}])[\u200c\u200d]|(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])"
    f"|(?<=[#*0-9{EMOJI}{HAN}{JOINED}])[\ufe00-\ufe0f]|(?<=[{HAN}])[\U000e0100-\U000e01ef]|\U0001f3f4"
    "|(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])"  # sets a final vowel apart in Mongolian
)
"""A hidden character where it shapes what stands beside it: in an emoji, a kanji, a joined script."""
_LIGATURES = re.compile("[\ufb00-\ufb06]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_COMPATIBLE = {
    **dict(
        zip(
            map(
                ord,
                "⺁⺄⺅⺆⺈⺉⺊⺌⺍⺎⺏⺑⺒⺓⺔⺗⺘⺙⺛⺝⺞⺟⺠⺡⺢⺣⺤⺨⺩⺪⺫⺬⺭⺮⺯⺱⺲⺳⺶⺷⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻊⻋⻌⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
            ),
            "厂乙亻冂刀刂卜小小尢尢尢巳幺彑忄扌攵旡月歺母民氵氺灬爫犭王疋罒示礻竹糸罓罒网羊羊老聿聿月臼艹艹艹虎衤西西见角讠贝足车辶辶阝钅長镸长门阜阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
            strict=True,
        )
    ),
    0x2F3E: "戸",  # NFKC gives 戶, which Japanese does not write
}
"""What NFKC leaves, or maps to a form that Japanese does not use."""
_RADICALS = re.compile("[\u2f00-\u2fd5" + "".join(map(chr, _COMPATIBLE)) + "]")
_TRAILING = " \t\u3000"
_INLINE_CODE = re.compile("(`[^`\n]*`)")
_WIDTH_KEPT = re.compile("([\uff40\uff5c]+)")
"""Full-width grave accent and bar stay: folded they would be Markdown's marks."""

_MISREAD_WESTERN = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6"
    "\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
_MISREAD_JAPANESE = re.compile("[縺繧繝]|[\u4e00-\u9fff][\uff61-\uff9f][\u4e00-\u9fff]")
_MISREAD_START = re.compile("[\u00c2-\u00f4縺繧繝\uff61-\uff9f]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_BETTER = 0.15
"""By how much a repair must raise `japanese_score`."""
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u00c2-\u00f4\u034f\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2e80-\u2fd5縺繧繝\ud800-\udfff\ufb00-\ufb06\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uff61-\uff9f\ufff9-\uffff"
    "\U000e0000-\U000e01ef]"
)
"""Every character that may need a change, and what misread text begins with; NFC and trailing spaces aside."""

_CJK = "\u3000-\u30ff\u31f0-\u31ff\uff01-\uff9f" + HAN
_NO_SPACE_AFTER = re.compile(f"(?:[{_CJK}]|[^\\W\\d_]-|\\w/)$")
_NO_SPACE_BEFORE = re.compile(f"[{_CJK}]")
_HYPHEN_END = re.compile("(?<![-\u2010\\w])[^\\W\\d_]{2,}[-\u00ad\u2010]$")
_SMALL_START = re.compile("[a-z\u00df-\u00f6\u00f8-\u00ff]")


def clean_text(text: str, *, is_code: bool = False, nfkc: bool = False) -> tuple[str, Counter[str]]:
    """The form of `text` that is stored, and how often each kind of change was made.

    Cleaning a cleaned text changes nothing. Ordinary text costs one look.

    Args:
        is_code: nothing but what no store can hold is changed: surrogates, NUL and line ends.
        nfkc: fold full-width letters, half-width kana and their like as well, save in `inline code`; never in code.
    """
    changes: Counter[str] = Counter()
    if is_code:
        if _SURROGATES.search(text):
            text = _replace_surrogates(text, changes)
        text = _count_sub(re.compile("\x00"), "", text, "control", changes)
        return _count_sub(re.compile("\r\n?"), "\n", text, "line_ends", changes), changes
    if text.isascii() and not _ODD.search(text):
        return _strip_line_ends(text), changes
    for _ in range(_PASSES):
        cleaned = _clean_once(text, nfkc, changes)
        if cleaned == text:
            break
        text = cleaned
    return text, changes


def join_lines(lines: Sequence[str]) -> tuple[str, int]:
    """Lines that a page's width broke, as one; and the number of joins.

    No space is put where either side is Japanese or Chinese. A hyphen at a line's end goes where a small letter
    follows ("infor-", "mation"), unless the word holds another ("state-of-", "the-art"): so "well-", "known"
    becomes "wellknown", the rarer case.
    """
    parts = [stripped for line in lines if (stripped := line.strip())]
    text = parts[0] if parts else ""
    pieces = [text]
    for before, after in pairwise(parts):
        if is_hyphenated(before, after):
            pieces[-1] = pieces[-1][:-1]
        elif not (_NO_SPACE_AFTER.search(before) or _NO_SPACE_BEFORE.match(after)):
            pieces.append(" ")
        pieces.append(after)
    return "".join(pieces), max(0, len(parts) - 1)


def is_hyphenated(before: str, after: str) -> bool:
    """Whether a word is broken by a hyphen between two lines."""
    return bool(_HYPHEN_END.search(before) and _SMALL_START.match(after))


def _clean_once(text: str, nfkc: bool, changes: Counter[str]) -> str:
    odd = "".join(set(_ODD.findall(text)))
    if _SURROGATES.search(odd):
        text = _replace_surrogates(text, changes)
    if _LINE_ENDS.search(odd):
        text = _count_sub(_LINE_ENDS, "\n", text, "line_ends", changes)
    if _MISREAD_START.search(odd) and (mended := _repair_encoding(text, changes)) != text:
        return mended
    for pattern, new, kind in _SIMPLE_CHANGES:
        if pattern.search(odd):
            text = _count_sub(pattern, new, text, kind, changes)
    if _HIDDEN.search(odd):
        text = _remove_invisible(text, changes)
    if not unicodedata.is_normalized("NFC", text):
        normal = unicodedata.normalize("NFC", text)
        changes["unicode_form"] += max(1, len(text) - len(normal))
        text = normal
    if nfkc and not text.isascii():
        text = _fold_width(text, changes)
    return _strip_line_ends(text)


def _count_sub(
    pattern: re.Pattern[str],
    new: str | Callable[[re.Match[str]], str],
    text: str,
    kind: str,
    changes: Counter[str],
) -> str:
    text, count = pattern.subn(new, text)
    if count:
        changes[kind] += count
    return text


def _fold(match: re.Match[str]) -> str:
    char = match[0]
    return _COMPATIBLE.get(ord(char)) or unicodedata.normalize("NFKC", char)


_SIMPLE_CHANGES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], str], ...] = (
    (_CONTROLS, "", "control"),
    (_LIGATURES, _fold, "ligature"),
    (_RADICALS, _fold, "radical"),
    (_SPACES, " ", "space"),
)


def _replace_surrogates(text: str, changes: Counter[str]) -> str:
    """Pairs become the character they stand for, as JSON writes them; single ones U+FFFD."""
    mended = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    changes["surrogate"] += len(_SURROGATES.findall(text))
    return mended


def _remove_invisible(text: str, changes: Counter[str]) -> str:
    removed = 0

    def keep_meaningful(match: re.Match[str]) -> str:
        nonlocal removed
        if _MEANINGFUL.match(text, match.start()):
            return match[0]
        removed += 1
        return ""

    text = _HIDDEN.sub(keep_meaningful, text)
    if removed:
        changes["invisible"] += removed
    return text


def _strip_line_ends(text: str) -> str:
    if not text.endswith(tuple(_TRAILING)) and not any(f"{space}\n" in text for space in _TRAILING):
        return text
    return "\n".join(line.rstrip(_TRAILING) for line in text.split("\n"))


def _fold_width(text: str, changes: Counter[str]) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    parts = _INLINE_CODE.split(text)
    for at in range(0, len(parts), 2):
        pieces = _WIDTH_KEPT.split(parts[at])
        folded = [piece if i % 2 else unicodedata.normalize("NFKC", piece) for i, piece in enumerate(pieces)]
        for before, after in zip(pieces, folded, strict=True):
            if before != after:
                changes["width"] += sum(not unicodedata.is_normalized("NFKC", char) for char in before) or 1
        parts[at] = "".join(folded)
    return "".join(parts)


def _repair_encoding(text: str, changes: Counter[str]) -> str:
    """Undoes UTF-8 read as cp1252, Latin-1 (ftfy, Apache-2.0) or cp932, line by line."""
    western = _MISREAD_WESTERN.search(text) is not None
    if not western and not _MISREAD_JAPANESE.search(text):
        return text
    lines = text.split("\n")
    for at, line in enumerate(lines):
        mended = line
        if western and _MISREAD_WESTERN.search(line):
            mended = _repair_western(line)
        if _MISREAD_JAPANESE.search(mended):
            mended = _BEYOND_ASCII.sub(_repair_japanese, mended)
        if mended != line:
            changes["mojibake"] += 1
            lines[at] = mended
    return "\n".join(lines)


def _repair_western(line: str) -> str:
    from ftfy import fix_encoding  # takes 0.1 s to load and is rarely needed

    return fix_encoding(line)


def _repair_japanese(match: re.Match[str]) -> str:
    """UTF-8 that was read as cp932. What that lost, and left U+FFFD or a middle dot for, stays lost."""
    run = match[0]
    if not _MISREAD_JAPANESE.search(run):
        return run
    best, least = run, japanese_score(run) + _BETTER
    for lost in ("[\ufffd]", "[\ufffd・]"):
        try:
            raw = b"\xff".join(piece.encode("cp932") for piece in re.split(lost, run))
        except UnicodeEncodeError:
            return run
        mended = re.sub("\ufffd+", "\ufffd", raw.decode("utf-8", "replace"))
        holes = mended.count("\ufffd")
        whole = mended.replace("\ufffd", "")
        fits = holes <= len(re.findall(lost, run)) + 1 and len(whole) >= max(2, holes)
        if fits and (score := japanese_score(whole)) >= least:
            best, least = mended, score + 1e-9
    return best

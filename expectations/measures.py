"""What the custom expectations measure: plain functions of one text, right for Japanese and English."""

import re
from collections.abc import Sequence

from tasks.language import detect_language
from tasks.text import is_cjk

_NGRAM = 12
"""Characters of an n-gram: two or three words. Shorter ones repeat in any text, in Japanese as in English."""
_PADDING = re.compile(r"[\s\-=_~*#|.:+]{3,}")
"""What fills up tables and draws rules: repetitive, but not text."""
_SHORTEST = 30
"""Characters below which repetition says nothing: "no, no, no" is a sentence."""
_FEWEST_LINES = 6
"""Lines below which repeated lines say nothing."""
_CP1252_TRAIL = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_GARBLED = {
    "replacement character U+FFFD": re.compile("\ufffd"),
    "control character": re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"),
    "UTF-8 read as cp932": re.compile("[縺繧繝].?[縺繧繝]|譁[・\ue000-\uf8ff]"),
    "UTF-8 read as cp1252 or Latin-1": re.compile(f"[ÃÂ][{_CP1252_TRAIL}]|[âãåæçè][{_CP1252_TRAIL}]{{2}}"),
    "EUC-JP read as cp932": re.compile("(?:[､･][\uff61-\uff9f]){3}"),
    "cp932 read as cp1252 or Latin-1": re.compile("(?:[‚ƒ\u0082\u0083][^\\s‚ƒ]){3}"),
}
_END = re.compile(r"[.!?。！？…‥:：)\]}>」』）】〉》\"'”’`*_|~0-9%$€¥円]$")
_DANGLING = re.compile(
    r"(?:[,、;；・\-]|[\u3040-\u9fff][をはがへや]|\b(?:and|or|but|the|an?|of|to|in|on|for|with|that|which|by|from|as|is|are))$"
)
_UNPUNCTUATED_LINE = re.compile(r"\s*(?:[-*+•・○●■◆]|#{1,6} |\d+[.)．）]|[(（]?\w[)）]|\||>|https?://)")
_SENTENCE = re.compile(r"[。！？]|[.!?]\s")
_JAPANESE_END = re.compile(
    r"(?:です|ます|せん|さい|すか|ある|ない|いる|なる|する|れる|こと|もの|ため|[よねだた])$"
)
_LONG_ANSWER = 40
"""Characters from which an answer is expected to be sentences: shorter ones are names, labels, titles."""


def repetition_share(text: str) -> float:
    """Share (0-1) of what repeats itself: of character n-grams seen before, or of lines, whichever is larger.

    After the repetition filters of Gopher (Rae et al. 2021, A1.1), with characters for words: Japanese has no
    spaces. Padding and rules do not count. Text of fewer than 30 characters gives 0.
    """
    packed = _PADDING.sub(" ", text)
    total = len(packed) - _NGRAM + 1
    if len(packed) < _SHORTEST:
        return 0.0
    by_ngram = 1 - len({packed[i : i + _NGRAM] for i in range(total)}) / total
    lines = [line for raw in text.split("\n") if (line := raw.strip()) and any(map(str.isalnum, line))]
    by_line = 1 - len(set(lines)) / len(lines) if len(lines) >= _FEWEST_LINES else 0.0
    return max(by_ngram, by_line)


def garbled_signs(text: str) -> list[str]:
    """Signs that bytes were decoded wrongly: the name of each pattern that `text` shows."""
    if text.isascii() and text.isprintable():
        return []
    return [name for name, pattern in _GARBLED.items() if pattern.search(text)]


def is_expected_language(language: str, text: str, expected: Sequence[str]) -> bool:
    """Whether a text in `language` (as declared or detected; "" to detect it) is among the expected ones.

    Text without letters passes. Chinese characters alone pass as Japanese if JIS X 0208 holds them all: 解約
    is an ordinary Japanese message.
    """
    code = re.split("[-_]", (language or detect_language(text)).lower())[0]
    if code in ("", "und") or code in expected:
        return True
    return code == "zh" and "ja" in expected and _fits_jis(text)


def looks_truncated(text: str) -> bool:
    """Whether a longer answer stops in the middle.

    It does when it ends on a comma, a particle or an article, or when its last line is prose that does not
    end like a sentence although those before it do: many leave out the full stop of a single sentence.
    """
    stripped = text.rstrip()
    if len(stripped) < _LONG_ANSWER or _END.search(stripped):
        return False
    last = stripped.rsplit("\n", 1)[-1]
    if _UNPUNCTUATED_LINE.match(last):
        return False
    if _DANGLING.search(stripped):
        return True
    sentences = len(_SENTENCE.findall(last))
    return sentences >= 2 and not (is_cjk(last) and _JAPANESE_END.search(last))


def is_copied(first: str, second: str) -> bool:
    """Whether one text is the other but for case and white space. Empty text copies nothing."""
    left, right = ("".join(value.split()).lower() for value in (first, second))
    return bool(left) and left == right


def _fits_jis(text: str) -> bool:
    han = "".join(re.findall("[\u3400-\u9fff\uf900-\ufaff]", text))
    try:
        han.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True

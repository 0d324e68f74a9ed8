"""What the custom expectations measure: plain functions of one text, right for Japanese and English."""

import re
from collections.abc import Sequence

from tasks.language import detect_language
from tasks.text import is_cjk

_CP1252_TRAIL = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
GARBLED = {
    "replacement character U+FFFD": re.compile("\ufffd"),
    "control character": re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"),
    "UTF-8 read as cp932": re.compile("[縺繧繝].?[縺繧繝]|譁[・\ue000-\uf8ff]"),
    "UTF-8 read as cp1252 or Latin-1": re.compile(f"[ÃÂ][{_CP1252_TRAIL}]|[âãåæçè][{_CP1252_TRAIL}]{{2}}"),
    "EUC-JP read as cp932": re.compile("(?:[､･][\uff61-\uff9f]){3}"),
    "cp932 read as cp1252 or Latin-1": re.compile("(?:[‚ƒ\u0082\u0083][^\\s‚ƒ]){3}"),
}
ENDS_WHOLE = r"[.!?。！？…‥:：)\]}>」』）】〉》\"'”’`*_|~0-9%$€¥円]$"
"""What the last character of a whole text is."""
_END = re.compile(ENDS_WHOLE)
_DANGLING = re.compile(
    r"(?:[,、;；・\-]|[\u3040-\u9fff][をはがへや]|\b(?:and|or|but|the|an?|of|to|in|on|for|with|that|which|by|from|as|is|are))$"
)
_UNPUNCTUATED_LINE = re.compile(r"\s*(?:[-*+•・○●■◆]|#{1,6} |\d+[.)．）]|[(（]?\w[)）]|\||>|https?://)")
_SENTENCE = re.compile(r"[。！？]|[.!?]\s")
_JAPANESE_END = re.compile(
    r"(?:です|ます|せん|さい|すか|ある|ない|いる|なる|する|れる|こと|もの|ため|[よねだた])$"
)
QUESTION_EDGES = " \t\r\n?？!！.。…'\"「」『』“”"
"""What stands around a question and is not of it."""
SHORTEST_REPEATED = 10
"""Characters from which a question is long enough to be told in an answer that repeats it."""
MOST_AROUND = 60
"""Characters beside a repeated question that can say no more than that it was asked."""
_SENTENCE_MARK = re.compile(r"[.!?。！？\n]")
_LETTER = re.compile(r"[^\W\d_]")
_ASKING = re.compile(
    r"\b(?:your (?:question|inquiry|enquiry|query|request)|you(?: are|'re)? ask|you(?:'d| would) like to know"
    r"|the question (?:is|was))|質問|お?問い?合わせ|お尋ね|ご相談"
)
_LONG_ANSWER = 40
"""Characters from which an answer is expected to be sentences: shorter ones are names, labels, titles."""


def garbled_signs(text: str) -> list[str]:
    """Signs that bytes were decoded wrongly: the name of each pattern that `text` shows."""
    if text.isascii() and text.isprintable():
        return []
    return [name for name, pattern in GARBLED.items() if pattern.search(text)]


def is_expected_language(language: str, text: str, expected: Sequence[str]) -> bool:
    """Whether a text in `language` (as declared or detected; "" to detect it) is among the expected ones.

    Text without letters passes. Chinese characters alone pass as Japanese if JIS X 0208 holds them all: 解約
    is an ordinary Japanese message.
    """
    code = language or detect_language(text)
    told = is_expected_code(code, expected)
    return _fits_jis(text) if told is None else told


def is_expected_code(language: str, expected: Sequence[str]) -> bool | None:
    """Whether a language is among the expected ones; None for Chinese where it may be Japanese without kana."""
    code = primary_code(language)
    if code in ("", "und") or code in expected:
        return True
    return None if code == "zh" and "ja" in expected else False


def primary_code(language: str) -> str:
    """The language of a tag: "en" of "en-US"."""
    return re.split("[-_]", language.lower())[0]


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
    """Whether the second text says nothing but the first: equal but for case and white space, or that text with
    words around it that only say that it was asked. Empty text copies nothing."""
    left, right = ("".join(value.split()).lower() for value in (first, second))
    return bool(left) and (left == right or _is_repeated(first, second))


def _is_repeated(question: str, answer: str) -> bool:
    """Whether the answer holds the whole question and, beside it, at most sentences that speak of asking."""
    core = question.strip(QUESTION_EDGES)
    if not SHORTEST_REPEATED <= len(core) <= len(answer) <= len(core) + MOST_AROUND:
        return False
    before, found, after = answer.lower().partition(core.lower())
    if not found:
        return False
    rest = after.lstrip(QUESTION_EDGES)
    if not rest and after[:1] in ("?", "？") and after[:1] in question:
        return True  # still a question, and nothing follows
    said = [sentence for sentence in _SENTENCE_MARK.split(before + rest) if _LETTER.search(sentence)]
    return bool(said) and all(_ASKING.search(sentence) for sentence in said)


def _fits_jis(text: str) -> bool:
    han = "".join(re.findall("[\u3400-\u9fff\uf900-\ufaff]", text))
    try:
        han.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True

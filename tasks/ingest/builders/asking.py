"""Which headings ask, and what they ask.

English: a heading that ends in a question mark, unless it turns to the reader ("Want to learn more?"); without the
mark "How to …" ("How do I …?") and an interrogative before a verb ("What is FITARA"). A heading below "How do I...?"
completes it. "How we work" and "Leave policy" do not ask.
Japanese: the ends ？, か (after a verb, or with an interrogative), とは, には (after a verb), 方法, 手順, やり方, 仕方.
の場合 and について do not ask. Templates are fixed. A question that leans on its surroundings ("What does this mean?")
is given the heading or title above it: "Leave: What does this mean?".
"""

import re
from collections.abc import Sequence

from tasks.ingest.builders.markup import plain

_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)+\.?\s*|\d+[.)．）]\s*|[(（]\d+[)）]\s*|[①-⑳]\s*|第\d+[章節条]\s*)")
Q_MARK = (
    r"(?:[【\[［](?:Q|Ｑ|問|質問)[ \t]?[0-9０-９]{0,3}[】\]］]|(?:Q|Ｑ|問|質問|Question)[ \t]?[0-9０-９]{0,3}[*_]{0,2}"
    r"[ \t]?[.:：．、)）]|(?:Q|Ｑ|問)[0-9０-９]{1,3}[*_]{0,2}[ \t　]|(?:Q|Ｑ|問)[*_]{0,2}　|"
    r"[*_]{2}(?:Q|Ｑ|問)[*_]{2}[ \t])"
)
A_MARK = (
    Q_MARK.replace("Q|Ｑ|問|質問", "A|Ａ|答|回答").replace("Q|Ｑ|問", "A|Ａ|答").replace("Question", "Answer")
)
_ASKED_MARK = re.compile(rf"^[*_]{{0,2}}{Q_MARK}[ \t　]*")
_WH = "how|what|why|when|where|who|whose|whom|which"
_VERB = (
    "am|is|are|was|were|do|does|did|can|could|should|shall|may|might|must|will|would|has|have|had|"
    "isn't|aren't|don't|doesn't|can't|shouldn't|won't"
)
_ASKS = re.compile(rf"(?i)\b(?:{_WH})(?:'s|’s)?\b|(?:^|[.,:;—]\s+)(?:{_VERB})\b")
_TURNS_TO_READER = re.compile(
    r"(?i)^(?:still|want|wanna|need|interested|ready|looking|got|having|curious|have you|did you|would you like|"
    r"do you (?:want|need|have an? |have (?:any )?questions)|"
    r"are you (?:ready|looking|interested|new|having|unsure|an? ))\b"
)
_HOW_TO = re.compile(r"(?i)^how to ([a-z]+)\b(?![/／])(.*)$")
_INVERTED = re.compile(
    rf"(?i)^(?:(?:what|where|when|who|which|why|how)(?:'s|’s| (?:{_VERB})| to| happens)|"
    rf"how (?:much|many|long|often|far|soon|old)\b.* (?:{_VERB})) \S"
)
_STEM = re.compile(rf"(?i)^((?:{_WH})\b.*?|(?:can|may) I)\s*(?:\.\.\.|…)\s*\??$")
_FAQ = re.compile(
    r"(?i)\bfaqs?\b|frequently asked|^questions( and answers)?\??$|^q\s?[&＆]\s?a$|^questions about |よくある(ご)?質問|"
    r"質問と回答|^[qｑ][&＆][aａ]$|想定問答"
)
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_INTERROGATIVE = re.compile(
    r"なぜ|何|誰|だれ|どこ|どの|どれ|どう|どちら|どんな|いつ|いくら|いくつ|どのくらい"
)
_KA = re.compile(r"(?:[うくぐすつぬぶむるただいの]|です|ます|べき)(?:か|かどうか)$")
_NO_KA = re.compile(
    r"(?:明らか|確か|静か|豊か|わずか|ほか|なか|細か|いくつか|何か|なにか|誰か|どこか|いつか|ばかり|しか)$"
)
_NI_HA = re.compile(r"[うくぐすつぬぶむる]には$")
_METHOD = re.compile(r"(?:方法|手順|やり方|仕方)$")
_LEANS = re.compile(
    r"(?i)\b(?:this|these|those|it|they|them|here)\b|\bthe \w+\?$|"
    r"この|その|これ|それ|本(?:書|資料|文書|ガイドライン|規約|章)"
)
_PLAIN_WORDS = frozenset(
    f"{_WH}|{_VERB}|a|an|the|of|to|in|on|for|with|and|or|i|you|we|my|your|our|be|get|there".split("|")
)


def question_of(heading: str, above: Sequence[str] = (), title: str = "") -> str:
    """The question that a heading asks; "" when it asks none.

    Args:
        above: the titles of the headings above it, outermost first.
        title: of the document.
    """
    words = _NUMBER.sub("", plain(heading))
    marked = _ASKED_MARK.match(words)
    words = _NUMBER.sub("", words[marked.end() :] if marked else words)
    parents = [plain(parent) for parent in above]
    stem = _STEM.match(parents[-1]) if parents else None
    if stem and words and not _STEM.match(words) and not re.match(rf"(?i)(?:{_WH})\b", words):
        return _on_topic(f"{stem[1]} {_lowered(words.rstrip('?？'))}?", parents[:-1], title, leans=True)
    asked = _japanese(words) if _JAPANESE.search(words) else _english(words, any(map(_FAQ.search, parents)))
    if not asked and marked:
        asked = words
    return _on_topic(asked, parents, title, leans=leans_on_context(asked)) if asked else ""


def sentence_asked(text: str) -> str:
    """The question that a sentence outside a heading is; "" unless it ends like one and does not turn to the reader."""
    words = plain(text)
    if _JAPANESE.search(words):
        return _japanese(words) if re.search(r"[?？]$|か。?$", words) else ""
    return _english(words, False) if words.endswith("?") else ""


def leans_on_context(asked: str) -> bool:
    """Whether a question cannot be understood without what stands around it."""
    if _LEANS.search(asked):
        return True
    if _JAPANESE.search(asked):
        return len(_METHOD.sub("", asked.removesuffix("を教えてください。"))) < 4 and "教えて" in asked
    content = [word for word in re.findall(r"[\w'’-]+", asked.lower()) if word not in _PLAIN_WORDS]
    return len(content) < 2 and not re.match(r"(?i)what (?:is|are) (?:an? )?\w", asked)


def _on_topic(asked: str, parents: Sequence[str], title: str, leans: bool) -> str:
    names = [
        name for name in [plain(title), *parents] if name and not _FAQ.search(name) and not _STEM.match(name)
    ]
    others = (
        name
        for name in reversed(names)
        if name.lower() not in asked.lower() and not name.endswith(("?", "？"))
    )
    topic = next(others, "") if leans else ""
    return f"{topic}: {asked}" if topic else asked


def _english(words: str, in_faq: bool) -> str:
    how_to = _HOW_TO.match(words.rstrip("?"))
    if how_to and how_to[2].strip():
        return f"How do I {_lowered(how_to[1])}{how_to[2].rstrip(' .:')}?"
    if words.endswith(("?", "？")):
        several = len(words.split()) > 1 and not _STEM.match(words)
        asks = in_faq or (_ASKS.search(words) and not _TURNS_TO_READER.match(words))
        return words if several and asks and not _FAQ.search(words) else ""
    return f"{words}?" if _INVERTED.match(words) and not words.endswith((".", ":", "…")) else ""


def _japanese(words: str) -> str:
    end = words.rstrip("。")
    if end.endswith(("?", "？")):
        return words if len(end) > 4 and not re.fullmatch(r"(?:ご)?(?:質問|不明点).{0,6}[?？]", end) else ""
    if end.endswith("か") and not _NO_KA.search(end):
        if _KA.search(end) or _INTERROGATIVE.search(end):
            return f"{end.removesuffix('どうか')}？"
        return ""
    if end.endswith("とは") and len(end) > 2:
        return f"{end}何ですか。"
    if _NI_HA.search(end):
        return f"{end}どうすればよいですか。"
    return f"{end}を教えてください。" if _METHOD.search(end) and len(end) > 2 else ""


def _lowered(words: str) -> str:
    """The first letter small, where the word is not an abbreviation or "I"."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words

"""One look over a text: which detectors are worth running on it, and what they find.

Most texts hold nothing of most kinds. What a detector needs (a word, a number of digits, a character) is asked by
means that cost a tenth of its pattern; a text without it cannot hold a match, so that findings stay the same.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache

from tasks.privacy.contacts import CONTACTS, PHONES_AND_PLACES
from tasks.privacy.names_en import ALL_FIRST_EN, NAMES_EN
from tasks.privacy.names_ja import NAMES_JA
from tasks.privacy.numbers import NUMBERS
from tasks.privacy.secrets import SECRETS
from tasks.privacy.spans import LOWER, UPPER, Detector, Needs, Recognizer, Span, fold


class Script(StrEnum):
    """What a folded text is written in."""

    ASCII = "ascii"
    JAPANESE = "japanese"
    """Kana or kanji are in it."""
    OTHER = "other"


DETECTORS = (*SECRETS, *CONTACTS, *NUMBERS, *PHONES_AND_PLACES, *NAMES_JA, *NAMES_EN)
"""The first that matches a place wins it."""
_KANA_OR_KANJI = re.compile(r"[一-龥ぁ-んァ-ヶ]")
_NO_DIGITS = bytes(code for code in range(256) if chr(code) not in "0123456789")
_MOST = max(detector.digits for detector in DETECTORS)
_CAPITALISED = re.compile(f"[{UPPER}][{LOWER}]+")


def find_spans(text: str, recognizer: Recognizer | None = None) -> list[Span]:
    """Personal data in `text`, in order, without overlaps; where two kinds fit, the more particular one."""
    folded = fold(text)
    candidates = match_all(select(folded), folded)
    return settle(candidates if recognizer is None else [*candidates, *recognizer.find(text)])


def settle(candidates: Iterable[Span]) -> list[Span]:
    """Spans without overlaps, in order; an earlier candidate wins."""
    spans: list[Span] = []
    for span in candidates:
        for other in spans:
            if span.start < other.end and other.start < span.end:
                break
        else:
            spans.append(span)
    return sorted(spans)


def match_all(detectors: Iterable[Detector], text: str) -> list[Span]:
    """What `detectors` find in a folded text, overlaps included, in the detectors' order."""
    found = []
    for detector in detectors:
        matches = detector.pattern.finditer(text) if detector.begins is None else match_words(detector, text)
        for match in matches:
            if confidence := detector.grade(match):
                found.append(Span(*match.span(detector.group), detector.kind, confidence))
    return found


def match_words(detector: Detector, text: str) -> Iterator[re.Match[str]]:
    """Matches that begin with a word of the detector's, in order."""
    words = detector.begins.intersection(_CAPITALISED.findall(text)) if detector.begins else ()
    starts = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            starts.append(at)
            at = text.find(word, at + 1)
    for start in sorted(starts):
        match = detector.pattern.match(text, start)
        if match and match["first"] in words:
            yield match


def select(text: str) -> list[Detector]:
    """The detectors whose needs a folded text meets, in their order."""
    script, lowered = Script.ASCII, text
    if not text.isascii():
        script = Script.JAPANESE if _KANA_OR_KANJI.search(text) else Script.OTHER
        lowered = text.replace("\u0130", "i").replace("\u0131", "i")  # `re` takes both for an i
    lowered = lowered.lower()
    digits = len(text.encode(errors="surrogatepass").translate(None, _NO_DIGITS))
    capitals = _CAPITALISED.findall(text)
    chosen = []
    for words, search, detector in _plan(
        script, min(digits, _MOST), bool(capitals), not ALL_FIRST_EN.isdisjoint(capitals)
    ):
        for word in words:
            if word in lowered:
                if search is None or search(text):
                    chosen.append(detector)
                break
    return chosen


@cache
def _plan(
    script: Script, digits: int, capital: bool, named: bool
) -> tuple[tuple[tuple[str, ...], Callable[[str], object] | None, Detector], ...]:
    """Words, cue and detector of those that texts of this script, with so many digits, may need."""
    met = {
        Needs.NOTHING: True,
        Needs.BEYOND_ASCII: script is not Script.ASCII,
        Needs.JAPANESE: script is Script.JAPANESE,
        Needs.CAPITAL: capital,
        Needs.FIRST_NAME: named,
    }
    plan = []
    for detector in DETECTORS:
        words = tuple(w for w in detector.words or ("",) if w.isascii() or script is not Script.ASCII)
        if met[detector.needs] and digits >= detector.digits and words:
            plan.append((words, detector.cue and detector.cue.search, detector))
    return tuple(plan)

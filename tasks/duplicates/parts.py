"""Prompts that share a passage and ask something else about it: alike in nearly all n-grams, and no copies.

A prompt is cut into sentences and lines. Those that the other prompt holds too are the shared passage; what is left of
both is compared by itself.
"""

import re
from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz

from tasks.duplicates.alignment import is_edited_copy
from tasks.duplicates.answers import say_the_same
from tasks.duplicates.boilerplate import GAP
from tasks.duplicates.folding import as_strings, fold_texts
from tasks.duplicates.kernels import SHORT_GRAMS, SHORT_SIMILARITY
from tasks.duplicates.ngrams import gram_sets, jaccards
from tasks.overlap.grams import LATIN

UNLIKE = 50.0
"""rapidfuzz ratio (0-100) of what is left, below which it is something else wherever it stands: two sentences that have
nothing to do with each other have 20 to 45."""
UNLIKE_LINES = 75.0
"""The same of whole lines before or after the passage: a message, or an instruction, that stands by itself."""
_ASKED = re.compile(
    r"\b(?:what|when|where|who|whom|whose|which|why|how)\b"
    "|いつ|どこ|どう|どの|どれ|どちら|どんな|だれ|なぜ|なに|いくつ|いくら"
)
_LINE = "\x01"
_SENTENCE = re.compile(r".*?(?:\u3002+|[!?]+(?=[^\x21-\x7e]|$)|\.+(?= |$)|$)")
_ASKS = re.compile(r"(?:\?|\u304b\u3002?)[\s\"'\u300d\u300f)]*$")
_TAIL = 8
"""Characters at the end of a sentence that tell whether it asks."""


class _Cut(NamedTuple):
    """The U sentences of a prompt, or the parts of sentences that stand on one line."""

    forms: list[str]
    """In matching form."""
    lines: list[int]
    """The line that each stands on."""
    weights: dict[str, float]
    """Form -> five-letter words, or pairs of kana and kanji."""


class _Left(NamedTuple):
    """What one prompt has and the other has not."""

    form: str
    asks: bool
    at_an_end: bool
    """Whether it stands in one place, a label aside, with nothing much before or after it; whole lines, or asking."""


def ask_apart(
    texts: Sequence[str], pairs: np.ndarray, ngrams: tuple[int, int], threshold: float
) -> np.ndarray:
    """(P,) bool: which pairs of similar prompts have a passage in common and ask, or say, something else about it.

    Questions before or after the passage must be as near as questions must be that have no passage, or differ in no
    word of content. What else is left, as an edit within a text, need only align by `UNLIKE` or `UNLIKE_LINES`.

    Args:
        texts: N prompts, as they are written.
        pairs: (P, 2) indices into `texts`.
        ngrams: characters of a Latin and of a CJK n-gram.
        threshold: Jaccard similarity (0-1) that long prompts must have.
    """
    members = np.unique(pairs).tolist()
    lined = [texts[index].replace("\n", _LINE) for index in members]
    folded = as_strings(fold_texts(pa.array(lined, pa.large_string())))
    cuts = {index: _cut(form) for index, form in zip(members, folded, strict=True)}
    apart = np.zeros(len(pairs), dtype=bool)
    forms: list[str] = []
    strict: list[int] = []
    for number, (a, b) in enumerate(pairs.tolist()):
        left = _leave(cuts[a], cuts[b])
        if left is None:
            continue
        one, other = left
        ends = one.at_an_end and other.at_an_end
        if ends and (one.asks or other.asks):
            strict.append(number)
            forms += one.form, other.form
        else:
            apart[number] = fuzz.ratio(one.form, other.form) < (UNLIKE_LINES if ends else UNLIKE)
    apart[strict] = ~_are_near(forms, ngrams, threshold)
    return apart


def _cut(folded: str) -> _Cut:
    """Args: folded: matching form of a prompt, with `_LINE` where a line ends."""
    cut = _Cut([], [], {})
    for number, line in enumerate(folded.split(_LINE)):
        for form in filter(None, map(str.strip, _SENTENCE.findall(line))):
            cut.forms.append(form)
            cut.lines.append(number)
            cut.weights[form] = _weigh(form)
    return cut


def _weigh(form: str) -> float:
    """As `tasks.duplicates.alignment.weigh`, by the bytes of UTF-8: three for a character of kana or kanji."""
    wide = (len(form.encode(errors="surrogatepass")) - len(form)) / 2
    return wide / 2 + (len(form) - wide) / 5


def _are_near(forms: list[str], ngrams: tuple[int, int], threshold: float) -> np.ndarray:
    """(P,) bool of texts 0 and 1, 2 and 3, ...: whether they would be near-copies by themselves."""
    ends = np.arange(len(forms)).reshape(-1, 2)
    if len(ends) == 0:
        return np.empty(0, dtype=bool)
    similar = jaccards(forms, ends, *ngrams)
    short = np.diff(gram_sets(forms, *ngrams).bounds)[ends].min(axis=1) < SHORT_GRAMS
    near = similar >= np.where(short, max(threshold, SHORT_SIMILARITY), threshold)
    edited = [
        open_ and _is_edited_question(forms[a], forms[b])
        for (a, b), open_ in zip(ends.tolist(), (short & ~near).tolist(), strict=True)
    ]
    return near | np.array(edited, dtype=bool)


def _is_edited_question(one: str, other: str) -> bool:
    if is_edited_copy(one, other):
        return True
    return _ASKED.findall(one) == _ASKED.findall(other) and say_the_same(one, other)


def _leave(one: _Cut, other: _Cut) -> tuple[_Left, _Left] | None:
    """What is left of both; None where they share no passage, or one has nothing of its own."""
    shared = one.weights.keys() & other.weights.keys()
    if sum(map(one.weights.__getitem__, shared)) < LATIN:
        return None
    left = _left_of(one, shared)
    right = _left_of(other, shared) if left else None
    return (left, right) if left and right else None


def _left_of(cut: _Cut, shared: Set[str]) -> _Left | None:
    """None where that is less than a sentence or a question."""
    own = [place for place, form in enumerate(cut.forms) if form not in shared]
    asks = any(_ASKS.search(cut.forms[place][-_TAIL:]) for place in own)
    forms = [cut.forms[place] for place in own]
    weight = sum(map(cut.weights.__getitem__, forms))
    if weight < GAP and not asks:
        return None
    start, end = own[0], own[-1] + 1
    before, inside, after = (
        sum(map(cut.weights.__getitem__, part))
        for part in (cut.forms[:start], cut.forms[start:end], cut.forms[end:])
    )
    lines = {cut.lines[place] for place in own}
    whole = lines.isdisjoint((*cut.lines[:start], *cut.lines[end:]))
    at_an_end = inside - weight < GAP and (whole or asks) and min(before, after) < LATIN
    return _Left(" ".join(forms), asks, at_an_end)

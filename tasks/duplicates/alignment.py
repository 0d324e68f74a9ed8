"""Two texts side by side: whether one is the other, edited, and the longest run that both hold.

Of short texts a word or two changes too many n-grams for the n-grams to tell.
"""

import re

import numpy as np
from numba import njit
from rapidfuzz import fuzz

from tasks.duplicates.folding import as_points
from tasks.text import NAME, matching_form, script_counts

ALIGNED = 0.9
"""Share of characters (0-1) in a longest common subsequence, from which one text is the other, edited. With
`ENOUGH`, of banking77's 3,420 pairs of short texts at Jaccard .5-.8 it takes 78, none with different labels;
without `ENOUGH` 649, 34 with different labels ("how long does a transfer take?" / "... a us transfer ...")."""
ENOUGH = 10.0
"""Five-letter words, or pairs of kana and kanji, that both texts must have: in fewer, one word is what is asked."""
_WORD = re.compile(r"[a-z\u00c0-\u024f]+|\d+|[\u30a1-\u30fa\u30fc]+|[\u3400-\u9fff]+|\S")
_CONTENT = re.compile(r"[a-z\u00c0-\u024f]{3,}|[\u30a1-\u30fa\u30fc]{2,}|[\u3400-\u9fff]+")
_NUMBER = re.compile(r"\d+")
_ALIKE = 0.6
"""Similarity from which two words are spellings or forms of one."""
LONGEST = 4_000
"""Characters of each text that are searched for the longest shared run: 16 million steps, some 20 ms."""


def is_edited_copy(one: str, other: str) -> bool:
    """Whether two texts, in matching form, have the same words, one run of them moved; or are long enough to say so
    and align in `ALIGNED` of their characters."""
    if is_moved(one, other):
        return True
    if min(weigh(one), weigh(other)) < ENOUGH:
        return False
    return bool(fuzz.ratio(one, other, score_cutoff=100 * ALIGNED) > 0) and not is_other_word(one, other)


def is_moved(one: str, other: str) -> bool:
    """Whether one run of words stands elsewhere, and all else is equal.

    "Throw the box away" and "throw away the box". Words that change places make another question: "butter instead of
    margarine". Of banking77 and clinc150, 93 pairs at Jaccard .5-.8 that do not align are such, none with different
    labels.
    """
    left, right = _WORD.findall(one), _WORD.findall(other)
    if left == right or sorted(left) != sorted(right):
        return False
    same = [a == b for a, b in zip(left, right, strict=True)]
    start, end = same.index(False), len(same) - same[::-1].index(False)
    left, right = left[start:end], right[start:end]
    return any(left[cut:] + left[:cut] == right for cut in range(1, len(left)))


def is_other_question(one: str, other: str) -> bool:
    """Whether two texts, as they are written, hold other numbers, or each a name that the other does not.

    They may mean nearly the same and have different answers by right: season four and five of one series. Of
    dolly_3k's 75 pairs of a cosine from .9 on with other answers 50 are such, 47 of them asking for something else.
    """
    forms = matching_form(one), matching_form(other)
    if read_numbers(forms[0]) != read_numbers(forms[1]):
        return True
    return _names_more(one, forms[1]) and _names_more(other, forms[0])


def read_numbers(form: str) -> list[str]:
    """The numbers in a text: "500 yen" and "800 yen" are similar and not the same."""
    return _NUMBER.findall(form)


def _names_more(text: str, form: str) -> bool:
    return any(matching_form(name) not in form for name in NAME.findall(text))


def is_other_word(one: str, other: str) -> bool:
    """Whether one word in one place is all that differs, and is another word: a form that was filled in twice.

    "When will the kettle arrive?" is no edited copy of "When will the lamp arrive?".
    """
    left, right = _WORD.findall(one), _WORD.findall(other)
    differing = [pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]]
    if len(left) != len(right) or len(differing) != 1:
        return False
    a, b = differing[0]
    return bool(_CONTENT.fullmatch(a) and _CONTENT.fullmatch(b)) and fuzz.ratio(a, b) < 100 * _ALIKE


def weigh(form: str) -> float:
    """The length of a text in five-letter words, or pairs of kana and kanji."""
    if form.isascii():
        return len(form) / 5
    counts = script_counts(form)
    wide = sum(counts.values()) - counts["latin"]
    return wide / 2 + (len(form) - wide) / 5


def longest_shared(one: str, other: str) -> str:
    """The longest run of characters that both texts hold, within the first `LONGEST` of each; the first of equals."""
    points = [as_points([text[:LONGEST]]).points for text in (one, other)]
    end, length = _longest_run(*points)
    return one[end - length : end]


@njit(cache=True)
def _longest_run(one, other):
    """Where the longest common substring ends in `one`, and its length: by dynamic programming, one row at a time."""
    row = np.zeros(len(other) + 1, dtype=np.int32)
    best_end, best = 0, 0
    for i in range(len(one)):
        for j in range(len(other) - 1, -1, -1):
            length = row[j] + 1 if one[i] == other[j] else 0
            row[j + 1] = length
            if length > best:
                best_end, best = i + 1, length
    return best_end, best

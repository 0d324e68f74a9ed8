"""Which texts hold runs of words or characters of others: n-gram contamination.

A window is 13 words of Latin text (Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C) or `CJK`
kana, kanji or hangul, or any mixture of the two that weighs as much. Case, punctuation, spaces, full and half width
and long vowel marks do not count. A text with no full window but at least `LEAST` of one is looked for as a whole.
"""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from tasks.overlap import kernels

LATIN = 13
"""Words of a window: the number of Brown et al. 2020."""
CJK = 24
"""Characters of a window. Measured: of 62,075 Japanese passages (literature, guidelines, specifications, captions),
1 shares 24 characters with 11,144 passages of JaQuAD's encyclopaedia, none 26; 20 characters: 2, 16: 5, 14: 34. Below
24, names in a row do ("アドルフ・ヒトラーがパウル・フォン・ヒンデンブルク大統領")."""
LEAST = 8 / LATIN
"""Share of a window that a shorter text must reach: 8 words, the least N of Brown et al. 2020, or 15 characters."""
GENERIC_GROUPS = 10
"""A window that more groups of near-copies or documents hold is a common phrase: the number of Brown et al. 2020, who
count documents."""
GENERIC_TEXTS = 100
"""A window that more texts hold is a template, also where they are all of one group."""
CHUNK = 4_000_000
"""Characters that are cut into tokens at once."""


class Tokens(NamedTuple):
    """Tokens of N texts, end to end: those of text i are `bounds[i]:bounds[i + 1]`."""

    bounds: np.ndarray  # (N + 1,) int64
    hashes: np.ndarray  # (T,) uint64
    weights: np.ndarray  # (T,) int32
    begins: np.ndarray  # (T,) int32, characters from the start of the text's token form
    ends: np.ndarray  # (T,) int32


class Items(NamedTuple):
    """V texts that others are searched for, as hashes: what the vault keeps of them, too.

    Windows of item i are `bounds[i]:bounds[i + 1]`, the k-th from its k-th token on; its tokens are
    `token_bounds[i]:token_bounds[i + 1]`.
    """

    bounds: np.ndarray  # (V + 1,) int64
    grams: np.ndarray  # (W,) uint64, hash of each window
    lengths: np.ndarray  # (W,) int32, its tokens
    token_bounds: np.ndarray  # (V + 1,) int64
    weights: np.ndarray  # (T,) int32, of each token


class Overlaps(NamedTuple):
    """R pairs of a text and an item that share windows which are not generic, by text and item."""

    text: np.ndarray  # (R,) int64
    item: np.ndarray  # (R,) int64
    share: np.ndarray  # (R,) float64 in (0, 1]: what of the item's tokens, by weight, the text holds
    text_token: np.ndarray  # (R,) int64: first token of the longest run that both hold
    item_token: np.ndarray  # (R,) int64
    run: np.ndarray  # (R,) int64: its length in tokens
    short: np.ndarray  # (R,) bool: the item is shorter than a window, and all of it is held


def token_form(text: str) -> str:
    """NFKC and lower case: what tokens are cut from."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def cut_tokens(texts: Sequence[str]) -> Tokens:
    """The tokens of N texts."""
    return Tokens(*kernels.cut_tokens(*_points([token_form(text) for text in texts]), _classes(), LATIN, CJK))


def hash_letters(forms: Sequence[str]) -> np.ndarray:
    """(N,) uint64 of the letters and digits of each text, of the basic plane, in a row."""
    return kernels.hash_letters(*_points(forms), _letters())


def _points(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(P,) uint32 code points end to end, and (N + 1,) where each text begins."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    return points, starts


def index_items(texts: Sequence[str]) -> Items:
    """The windows of V texts; a text that is shorter than one is its own only window, or has none."""
    tokens = cut_tokens(texts)
    bounds, grams, lengths = kernels.cut_windows(*tokens[:3], LATIN * CJK, math.ceil(LEAST * LATIN * CJK))
    return Items(bounds, grams, lengths, tokens.bounds, tokens.weights)


def find_overlaps(
    texts: Sequence[str], groups: np.ndarray, items: Items, item_groups: np.ndarray
) -> Overlaps:
    """Which of N texts hold windows of V items.

    A window is generic, and counts for nothing, if more than `GENERIC_GROUPS` groups or `GENERIC_TEXTS` texts hold
    it, on either side.

    Args:
        groups: (N,) int64, group of near-copies, or of passages of one document, that each text is of.
        item_groups: (V,) int64, the same of the items.
    """
    index = _build_index(items, item_groups)
    order = np.argsort(groups, kind="stable")
    hits = _find_hits([texts[i] for i in order.tolist()], groups[order], index)
    found = kernels.gather_overlaps(
        hits, index.postings, index.places, index.lengths, items.token_bounds, items.weights
    )
    found[:, 0] = order[found[:, 0]]
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    text, item, covered, text_token, item_token, run = found.T
    totals = _units(items)[item]
    return Overlaps(text, item, covered / totals, text_token, item_token, run, totals < LATIN * CJK)


def join_items(left: Items, right: Items) -> Items:
    """Both, those of `right` after those of `left`."""
    return Items(
        np.concatenate([left.bounds, left.bounds[-1] + right.bounds[1:]]),
        np.concatenate([left.grams, right.grams]),
        np.concatenate([left.lengths, right.lengths]),
        np.concatenate([left.token_bounds, left.token_bounds[-1] + right.token_bounds[1:]]),
        np.concatenate([left.weights, right.weights]),
    )


def short_lengths(items: Items) -> np.ndarray:
    """int64, ascending: lengths in tokens of the items that are shorter than a window."""
    owners = np.repeat(np.arange(len(items.bounds) - 1), np.diff(items.bounds))
    return np.unique(items.lengths[(_units(items) < LATIN * CJK)[owners]]).astype(np.int64)


def hold_windows(texts: Sequence[str], items: Items) -> np.ndarray:
    """(N,) bool: which of N texts hold a window of one of the items, be it generic or not."""
    held = np.zeros(len(texts), dtype=bool)
    grams = np.unique(items.grams)
    index, short = (grams, *kernels.build_slots(grams)), short_lengths(items)
    seen, counts = np.full((2, len(grams)), -1, dtype=np.int64), np.zeros((2, len(grams)), dtype=np.int32)
    for start, stop in text_chunks(texts) if len(grams) else ():
        tokens, groups = cut_tokens(texts[start:stop]), np.arange(start, stop)
        everything = (len(texts), len(texts))
        hits = kernels.find_hits(
            tokens[:3], LATIN * CJK, index, short, start, groups, seen, counts, everything
        )
        held[hits[:, 0]] = True
    return held


def locate_runs(texts: Sequence[str], first: np.ndarray, run: np.ndarray) -> list[tuple[int, int]]:
    """(start, end) in characters of runs of tokens, one in each of R texts.

    Args:
        first: (R,) token at which each begins; run: (R,) its length in tokens.
    """
    tokens = cut_tokens(texts)
    begins = tokens.begins[tokens.bounds[:-1] + first].tolist()
    ends = tokens.ends[tokens.bounds[:-1] + first + run - 1].tolist()
    spans = []
    for text, begin, end in zip(texts, begins, ends, strict=True):
        if len(token_form(text)) != len(text) or not unicodedata.is_normalized("NFKC", text):
            origins = _origins(text)
            begin, end = origins[begin], origins[end]
        spans.append((begin, end))
    return spans


class _Index(NamedTuple):
    """The G distinct windows of items, and where each stands."""

    grams: np.ndarray  # (G,) uint64, ascending
    slots: np.ndarray
    sieve: np.ndarray
    lengths: np.ndarray  # (G,) int32, tokens
    short: np.ndarray  # int64: the lengths of those that are shorter than a window
    postings: np.ndarray  # (G + 1,) int64
    places: np.ndarray  # (Q, 2) int32: item, token in it


def _build_index(items: Items, groups: np.ndarray) -> _Index:
    owners = np.repeat(np.arange(len(items.bounds) - 1), np.diff(items.bounds))
    order = np.argsort(items.grams, kind="stable")
    tokens = np.arange(len(owners)) - items.bounds[owners]
    grams, first = np.unique(items.grams[order], return_index=True)
    gram = np.repeat(np.arange(len(grams)), np.diff(np.append(first, len(order))))
    common = _count_distinct(gram, owners[order], len(grams)) > GENERIC_TEXTS
    common |= _count_distinct(gram, groups[owners[order]], len(grams)) > GENERIC_GROUPS
    kept = ~common[gram]
    places = np.stack([owners[order], tokens[order]], axis=1).astype(np.int32)[kept]
    postings = np.concatenate([[0], np.cumsum(np.bincount(gram[kept], minlength=len(grams))[~common])])
    lengths, grams = items.lengths[order][first][~common], grams[~common]
    slots, sieve = kernels.build_slots(grams)
    return _Index(grams, slots, sieve, lengths, short_lengths(items), postings, places)


def _units(items: Items) -> np.ndarray:
    """(V,) int64: what the tokens of each item weigh."""
    return np.diff(np.concatenate([[0], np.cumsum(items.weights, dtype=np.int64)])[items.token_bounds])


def _count_distinct(gram: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """(count,): how many different values stand beside each gram."""
    order = np.lexsort((values, gram))
    gram, values = gram[order], values[order]
    new = np.ones(len(gram), dtype=bool)
    new[1:] = (gram[1:] != gram[:-1]) | (values[1:] != values[:-1])
    return np.bincount(gram[new], minlength=count)


def _find_hits(texts: list[str], groups: np.ndarray, index: _Index) -> np.ndarray:
    """(H, 3) hits on windows that turn out not to be generic; `texts` by ascending group."""
    seen = np.full((2, len(index.grams)), -1, dtype=np.int64)
    counts = np.zeros((2, len(index.grams)), dtype=np.int32)
    limits = (GENERIC_TEXTS, GENERIC_GROUPS)
    found = [np.empty((0, 3), dtype=np.int32)]
    for start, stop in text_chunks(texts) if len(index.grams) else ():
        tokens = cut_tokens(texts[start:stop])
        part = kernels.find_hits(
            tokens[:3], LATIN * CJK, index[:3], index.short, start, groups[start:stop], seen, counts, limits
        )
        found.append(part)
    hits = np.concatenate(found)
    generic = (counts[0] > GENERIC_TEXTS) | (counts[1] > GENERIC_GROUPS)
    return hits[~generic[hits[:, 2]]]


def text_chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of texts of about `CHUNK` characters."""
    start = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= CHUNK:
            yield start, i + 1
            start, size = i + 1, 0
    if start < len(texts):
        yield start, len(texts)


def _origins(text: str) -> list[int]:
    """For each character of `token_form(text)`, and for its end, the place in `text` that it comes from."""
    starts = [i for i, c in enumerate(text) if i == 0 or not _joins(c)]
    origins: list[int] = []
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        origins += [start] * _form_length(text[start:stop])
    return [*origins, len(text)]


@cache
def _form_length(characters: str) -> int:
    return len(token_form(characters))


@cache
def _joins(character: str) -> bool:
    """Whether a character may become one with that before it: accents, and the marks of half-width kana."""
    return unicodedata.combining(unicodedata.normalize("NFKC", character)[0]) != 0


@cache
def _classes() -> np.ndarray:
    """(65536,) uint8: class of each code point of the basic plane, as `kernels` names them."""
    categories = np.array([unicodedata.category(chr(point)) for point in range(0x10000)])
    classes = np.where(np.isin(categories.astype("U1"), list("LMN")), kernels.WORD, kernels.SEPARATOR)
    ranges = ((0x3005, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0x1100, 0x11FF))
    for low, high in ranges:
        span = classes[low : high + 1]
        span[span == kernels.WORD] = kernels.WIDE
    classes[categories == "Cf"] = kernels.DROPPED
    classes[[ord(character) for character in "'\u2019\u02bc\u30fc"]] = kernels.DROPPED
    return classes.astype(np.uint8)


@cache
def _letters() -> np.ndarray:
    """(65536,) bool: what `str.isalnum` says of each code point of the basic plane."""
    return np.array([chr(point).isalnum() for point in range(0x10000)])

"""Sketches, buckets, and runs that remember: the same pairs, whatever was known before."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.duplicates import similar
from tasks.duplicates.candidates import BUCKET_LIMIT, BandJoin
from tasks.duplicates.digests import digest_texts, draw_key
from tasks.duplicates.folding import as_points
from tasks.duplicates.kernels import cut_grams
from tasks.duplicates.ngrams import Banding, choose_banding, jaccards, sketch_texts
from tasks.duplicates.similar import Memory, SimilarPairs, Texts, index_texts, similar_pairs
from tasks.text import matching_form

STEMS = [
    "The invoice for the maintenance contract is sent on the first working day of each month, with the hours.",
    "保守契約の請求書は毎月最初の営業日に発送されます。技術者ごとの作業時間、交換した部品、訪問先の交通費を記載します。",
]
NGRAMS = (5, 2)


def texts_of(texts: list[str], contexts: list[str] | None = None) -> Texts:
    return Texts(pa.array(texts, pa.large_string()), contexts, NGRAMS, 0.5)


def run(
    texts: Texts, memory: Memory | None = None, order: list[int] | None = None
) -> tuple[SimilarPairs, Memory]:
    """All distinct, non-empty texts in the given order of importance, or as they stand."""
    index = index_texts(texts, memory)
    rows = np.array(order if order is not None else range(len(texts.texts)), dtype=np.int64)
    rows = rows[(index.first[rows] == rows) & (index.sizes[rows] > 0)]
    return similar_pairs(texts, index, rows, memory)


def as_lists(pairs: SimilarPairs) -> list[list[object]]:
    return [column.tolist() for column in pairs]


def variant(number: int) -> str:
    """One of many texts, near some of the others and far from the rest."""
    stem = STEMS[number % 2] * 2
    cut = number // 2 % 30
    return f"{stem[cut:]} {number * 7919 % 997} {stem[: number % 13]}"


def words(count: int, seed: int) -> str:
    """Some `count / 6` words that no other seed gives."""
    return " ".join(str(number) for number in np.random.default_rng(seed).integers(10**5, 10**6, count // 6))


def exact_pairs(texts: list[str]) -> set[tuple[int, int]]:
    forms = [matching_form(text) for text in texts]
    every = np.array([(a, b) for b in range(len(forms)) for a in range(b)]).reshape(-1, 2)
    near = jaccards(forms, every, *NGRAMS) >= 0.5
    return {(a, b) for a, b in every[near].tolist() if forms[a] != forms[b]}


def test_pairs_are_those_of_an_exhaustive_search() -> None:
    texts = [variant(number) for number in range(80)]
    pairs, _ = run(texts_of(texts))
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == exact_pairs(texts)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_run_that_remembers_gives_what_a_full_run_gives(data: st.DataObject) -> None:
    """Over a random sequence of corpora, each with texts added, removed and in another order."""
    memory: Memory | None = None
    for _ in range(3):
        numbers = data.draw(st.lists(st.integers(0, 120), max_size=60))
        texts = texts_of([variant(number) for number in numbers])
        order = data.draw(st.permutations(range(len(numbers))))
        remembered, memory = run(texts, memory, order)
        assert as_lists(remembered) == as_lists(run(texts, order=order)[0])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(60, 200), st.booleans()), min_size=2, max_size=3))
def test_memory_holds_where_buckets_are_crowded(runs: list[tuple[int, int, bool]]) -> None:
    """More texts of one template than a bucket compares: what was compared depends on the order."""
    memory: Memory | None = None
    for start, count, turned in runs:
        numbers = range(start, start + count)
        texts = texts_of([f"{STEMS[0]} ticket {n:03} {'refund' * (n % 7)}" for n in numbers])
        order = list(reversed(range(count))) if turned else list(range(count))
        remembered, memory = run(texts, memory, order)
        assert as_lists(remembered) == as_lists(run(texts, order=order)[0])


def test_only_pairs_with_a_new_text_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[np.ndarray] = []
    original = similar._verify

    def counted(texts: Texts, rows: np.ndarray, pairs: np.ndarray) -> similar._Outcomes:
        verified.extend(rows[pairs])
        return original(texts, rows, pairs)

    monkeypatch.setattr(similar, "_verify", counted)
    old = [variant(number) for number in range(60)]
    _, memory = run(texts_of(old))
    assert len(verified) > 30
    verified.clear()
    pairs, memory = run(texts_of(old), memory)
    assert verified == []
    assert len(pairs.first) > 0
    crowded = [f"{STEMS[0]} {words(number, number)}" for number in range(20, 220)]
    _, held = run(texts_of(crowded))
    assert held.crowded.any()
    verified.clear()
    run(texts_of(crowded), held)
    assert verified == []
    run(texts_of([*old, variant(61)]), memory)
    assert 0 < len(verified) <= 60
    assert all(60 in pair for pair in verified)


def test_sketches_of_known_texts_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    old = [variant(number) for number in range(20)]
    _, memory = run(texts_of(old))
    sketched: list[int] = []

    def counted(folded: object, *rest: object) -> np.ndarray:
        sketched.append(len(folded.starts) - 1)  # type: ignore[attr-defined]
        return sketch_texts(folded, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(similar, "sketch_texts", counted)
    index = index_texts(texts_of([*old, "quite new", "quite new"]), memory)
    assert sketched == [1]
    assert index.first.tolist() == [*range(20), 20, 20]


def test_unlike_contexts_make_unlike_texts_also_when_remembered() -> None:
    contexts = ["close my account in osaka", "order a new charger for me", "close my account in osaka!"]
    texts = texts_of(["yes", "yes", "yes"], contexts)
    pairs, memory = run(texts)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [2])
    assert as_lists(run(texts, memory)[0]) == as_lists(pairs)


def test_digests_tell_texts_and_contexts_apart() -> None:
    texts = ["", "a", "a\0b", "漢字", "🙂", "\uf600\x01", "🙂a", "🙂", "a"]
    contexts = ["", "", "", "", "", "", "", "b", "b"]
    first = index_texts(texts_of(texts, contexts)).first
    assert first.tolist() == list(range(len(texts)))
    assert index_texts(texts_of(["🙂", "a", "🙂", "a"], ["", "x", "", "x"])).first.tolist() == [0, 1, 0, 1]


def test_crowded_bucket_costs_linear_pairs_and_loses_no_member() -> None:
    found = []
    for count in (400, 800):
        texts = [f"{STEMS[0]} {STEMS[0][::-1]} ticket {i:05}" for i in range(count)]
        pairs, _ = run(texts_of(texts))
        assert set(pairs.first.tolist()) | set(pairs.second.tolist()) == set(range(count))
        assert (pairs.first == 0).sum() == count - 1  # the first is compared with all others
        found.append(len(pairs.first))
    assert found[1] < 2.5 * found[0]


def test_pair_passed_over_in_a_crowded_bucket_is_a_candidate_in_the_next_band() -> None:
    count = BUCKET_LIMIT + 3
    sketches = np.zeros((count, 8), dtype=np.uint8)
    sketches[:, 4] = [*range(1, count - 1), 255, 255]  # the last two share a small bucket
    join = BandJoin(sketches, np.arange(count), bands=2, least=0)
    found = {tuple(pair) for batch in join.batches() for pair in batch.tolist()}
    assert (count - 2, count - 1) in found
    assert (count - 3, count - 2) not in found
    assert join.share_head(np.array([[count - 2, count - 1], [count - 3, count - 2]])).tolist() == [
        True,
        False,
    ]
    assert [np.unpackbits(flags).sum() for flags in (join.heads, join.crowded)] == [
        BUCKET_LIMIT + count,
        count,
    ]


def test_small_batches_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [variant(number) for number in range(120)]
    whole = as_lists(run(texts_of(texts))[0])
    monkeypatch.setattr("tasks.duplicates.candidates.BATCH", BUCKET_LIMIT)
    monkeypatch.setattr(similar, "BLOCK_BYTES", 300)
    monkeypatch.setattr(similar, "CHUNK_BYTES", 500)
    monkeypatch.setattr(similar, "SPILL_BYTES", 1)
    assert as_lists(run(texts_of(texts))[0]) == whole


def test_banding_finds_pairs_at_the_threshold() -> None:
    for threshold in (0.3, 0.5, 0.7, 0.9):
        bands, rows, _ = choose_banding(threshold)
        assert 1 - (1 - threshold**rows) ** bands >= 0.98
    assert choose_banding(0.5) == Banding(64, 4, 96)


@pytest.mark.parametrize("size", [8, 60, 400])
def test_sketches_agree_as_often_as_the_sets_are_similar(size: int) -> None:
    """Also where n-grams are fewer than bins, so that most bins are filled."""
    random = np.random.default_rng(size)
    words = np.array([f"{number:05}" for number in range(4 * size)])
    agreed, exact = [], []
    for _ in range(40):
        left = random.permutation(words)[:size]
        right = left.copy()
        right[: size // 4] = random.permutation(np.setdiff1d(words, left))[: size // 4]
        forms = ["\u3000".join(left), "\u3000".join(right)]
        one, other = sketch_texts(as_points(forms), *NGRAMS, choose_banding(0.5))
        agreed.append(np.mean(one == other))
        exact.append(jaccards(forms, np.array([[0, 1]]), *NGRAMS)[0])
    assert np.mean(agreed) == pytest.approx(np.mean(exact) * 255 / 256 + 1 / 256, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab 漢字。x"), min_size=1, max_size=40), min_size=1, max_size=6))
def test_gram_sets_are_distinct_and_hold_every_window(raw: list[str]) -> None:
    """Of text without spaces or Latin, where a window is two characters, and of one with few distinct windows."""
    texts = [text.replace(" ", "").replace("a", "字").replace("b", "x漢") or "空" for text in raw]
    forms = [matching_form(text) for text in [*texts, "漢字" * 5_000]]
    grams, bounds = cut_grams(*as_points(forms), 2, 2)
    for form, start, stop in zip(forms, bounds, bounds[1:], strict=False):
        assert len(set(grams[start:stop].tolist())) == stop - start
        assert stop - start == len({form[i : i + 2] for i in range(max(1, len(form) - 1))})
    windows = {form[i : i + 2] for form in forms for i in range(max(1, len(form) - 1))}
    assert len(set(grams.tolist())) == len(windows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=30), min_size=1, max_size=8),
    st.lists(st.sampled_from(["", "a", "漢"]), min_size=8),
)
def test_digests_are_the_polynomials_of_texts_and_contexts(texts: list[str], contexts: list[str]) -> None:
    """Beside Python's own integers; also at the largest key, where a carry would show."""
    prime, contexts = 2**61 - 1, contexts[: len(texts)]
    for key in (draw_key(), np.array([prime - 1, prime - 2], dtype=np.uint64)):
        for before in (None, contexts):
            digests = digest_texts(as_points(texts), before, key).view(np.uint64)
            for i, text in enumerate(texts):
                parts = [before[i], text] if before and before[i] else [text]
                for lane, point in enumerate(key.tolist()):
                    value = 0
                    for part in parts:
                        points = [*map(ord, part)] + [0] * (len(part) % 2)
                        pairs = zip(points[::2], points[1::2], strict=True)
                        for number in (len(part) + 1, *(a | b << 21 for a, b in pairs)):
                            value = (value * point + number) % prime
                    assert digests[i, lane] == value


def test_a_key_is_drawn_for_each_memory_and_kept_in_it() -> None:
    """Who knows the key could make texts that collide."""
    texts = texts_of([variant(number) for number in range(5)])
    _, memory = run(texts)
    assert index_texts(texts).key.tolist() != memory.key.tolist()
    assert run(texts, memory)[1].key.tolist() == memory.key.tolist()
    assert index_texts(texts, memory).known.tolist() == list(range(5))

"""Which samples say the same or nearly the same: found once, over training and evaluation rows together."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.kernels import SHORT_SIMILARITY
from tasks.duplicates.ngrams import SimilarPairs, band_keys, choose_banding, jaccards, similar_pairs
from tasks.recipe import DuplicateSettings
from tasks.records import Role, Task
from tasks.text import matching_form

PAIR = pa.schema(
    [
        ("row_a", pa.int64()),  # the first row with its text
        ("row_b", pa.int64()),  # exact: a further row with that text; else: the first row with the other text
        ("jaccard", pa.float64()),  # of the n-gram sets; 1 when exact
        ("exact", pa.bool_()),  # equal in matching form
        ("required", pa.float64()),  # similarity that was asked of the pair: more where a text is short
    ]
)
ArrayCache = Callable[[Sequence[str], Callable[[list[int]], np.ndarray]], np.ndarray]
"""(N keys, compute) -> (N, …) array, as `Workspace.cached_arrays` without its name."""


def compute_all(keys: Sequence[str], compute: Callable[[list[int]], np.ndarray]) -> np.ndarray:
    """The cache that remembers nothing."""
    return compute(list(range(len(keys))))


def signature_name(settings: DuplicateSettings, floor: float) -> str:
    """Name of the signatures' cache: it holds all that decides a signature besides the text."""
    bands, rows = choose_banding(floor)
    return f"signatures-1-{settings.latin_ngram}-{settings.cjk_ngram}-{bands}x{rows}"


def find_pairs(
    samples: pa.Table, settings: DuplicateSettings, floor: float, cache: ArrayCache = compute_all
) -> pa.Table:
    """Pairs of samples whose compared text is equal, or similar from `floor` on.

    The compared text is the input, or the passage of language modelling. Where a prompt is a conversation,
    the turns before the last question must be similar too: a lone "yes" is the same question only in the same
    talk. Copies of one text are linked to its first row, and only first rows are compared with each other: a
    text that occurs 10,000 times costs 10,000 links, not 50 million pairs.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        floor: lowest Jaccard similarity of interest (0-1); short texts need more
        (`tasks.duplicates.kernels.SHORT_SIMILARITY`).
        cache: where signatures of texts seen in earlier runs are kept.

    Returns:
        Table of the schema PAIR: exact links first, then similar pairs; no pair twice.
    """
    forms = compared_forms(samples)
    contexts = _context_forms(samples)
    seen: dict[str, int] = {}
    first = np.array(
        [
            seen.setdefault(_digest(f"{form}\0{context}"), i)
            for i, (form, context) in enumerate(zip(forms, contexts, strict=True))
        ],
        dtype=np.int64,
    )
    copies = np.flatnonzero(first != np.arange(len(forms)))
    firsts = _by_importance(samples, first)
    near = _similar(firsts, forms, contexts, settings, floor, cache)
    rows, ones = samples["row"].to_numpy(), np.ones(len(copies))
    a = np.concatenate([first[copies], near.first])
    b = np.concatenate([copies, near.second])
    exact = np.arange(len(a)) < len(copies)
    required = np.where(near.short, max(floor, SHORT_SIMILARITY), floor)
    values = [np.concatenate([ones, near.jaccard]), exact, np.concatenate([ones, required])]
    return pa.table([rows[a], rows[b], *values], schema=PAIR)


def compared_forms(samples: pa.Table) -> list[str]:
    """Matching form of what is compared of each sample: the input, or the passage of language modelling."""
    modelling = pc.equal(samples["task"], Task.LANGUAGE_MODELING.value)
    texts = pc.if_else(modelling, samples["target"], samples["input"])
    return [matching_form(text or "") for text in texts.to_pylist()]


def rank_rows(samples: pa.Table) -> np.ndarray:
    """(N,) int64: place of each row by what is worth keeping: newest date, then longest, then lowest row."""
    lengths = pc.add(*(pc.fill_null(pc.utf8_length(samples[name]), 0) for name in ("input", "target")))
    keyed = pa.table({"date": pc.fill_null(samples["date"], ""), "length": lengths, "row": samples["row"]})
    order = pc.sort_indices(keyed, [("date", "descending"), ("length", "descending"), ("row", "ascending")])
    ranks = np.empty(len(samples), dtype=np.int64)
    ranks[order.to_numpy()] = np.arange(len(samples))
    return ranks


def first_rows(samples: pa.Table, pairs: pa.Table) -> np.ndarray:
    """(N,) int64: for each sample, the index of the first sample with the same compared text."""
    first = np.arange(len(samples))
    exact = pairs.filter(pairs["exact"])
    first[row_indices(samples, exact["row_b"])] = row_indices(samples, exact["row_a"])
    return first


def row_indices(samples: pa.Table, rows: pa.ChunkedArray) -> np.ndarray:
    """(P,) int64: indices into `samples` of given values of its column `row`."""
    return pc.index_in(rows, value_set=samples["row"].combine_chunks()).to_numpy().astype(np.int64)


def _by_importance(samples: pa.Table, first: np.ndarray) -> np.ndarray:
    """Indices of first rows: texts of evaluation first (leaks are looked for in all), then by `rank_rows`."""
    ranks = rank_rows(samples)
    best, judged = np.full(len(first), len(first)), np.zeros(len(first), dtype=bool)
    np.minimum.at(best, first, ranks)
    np.logical_or.at(
        judged, first, pc.equal(samples["role"], Role.EVALUATION.value).to_numpy(zero_copy_only=False)
    )
    firsts = np.unique(first)
    return firsts[np.lexsort((best[firsts], ~judged[firsts]))]


def _similar(
    firsts: np.ndarray,
    forms: list[str],
    contexts: list[str],
    settings: DuplicateSettings,
    floor: float,
    cache: ArrayCache,
) -> SimilarPairs:
    """Similar texts among the rows `firsts`, as indices of samples; texts without a character have none."""
    chosen = np.array([i for i in firsts if forms[i]], dtype=np.int64)
    if len(chosen) < 2:
        return SimilarPairs(chosen[:0], chosen[:0], np.empty(0), np.empty(0, dtype=bool))
    texts, ngrams = [forms[i] for i in chosen], (settings.latin_ngram, settings.cjk_ngram)

    def compute(missing: list[int]) -> np.ndarray:
        return band_keys([texts[i] for i in missing], *ngrams, floor)

    keys = cache([_digest(text) for text in texts], compute)
    pairs = similar_pairs(texts, keys, *ngrams, floor)
    a, b = chosen[pairs.first], chosen[pairs.second]
    same_talk = np.array([contexts[i] == contexts[j] for i, j in zip(a, b, strict=True)], dtype=bool)
    differing = np.flatnonzero(~same_talk)
    between = np.stack([a[differing], b[differing]], axis=1)
    same_talk[differing] = jaccards(contexts, between, *ngrams) >= floor
    low, high = np.minimum(a, b), np.maximum(a, b)
    kept = np.lexsort((high, low))
    kept = kept[same_talk[kept]]
    return SimilarPairs(low[kept], high[kept], pairs.jaccard[kept], pairs.short[kept])


def _context_forms(samples: pa.Table) -> list[str]:
    """Matching form of the conversation before the last user message; "" for a single question."""
    if Task.TEXT_GENERATION.value not in pc.unique(samples["task"]).to_pylist():
        return [""] * len(samples)
    return [
        matching_form(
            "\n".join(
                message["content"] or "" for message in (prompt or [])[:-1] if message["role"] != "system"
            )
        )
        for prompt in samples["prompt"].to_pylist()
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

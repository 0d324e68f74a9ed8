"""Which samples say the same or nearly the same: found once, over training and evaluation rows together."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.folding import as_strings, fold_texts
from tasks.duplicates.kernels import SHORT_SIMILARITY
from tasks.duplicates.ngrams import choose_banding
from tasks.duplicates.parts import ask_apart
from tasks.duplicates.similar import Memory, SimilarPairs, Texts, index_texts, join_context, similar_pairs
from tasks.recipe import DuplicateSettings
from tasks.records import Role, Task
from tasks.text import matching_form

PAIRS_AT_ONCE = 10_000
"""Pairs whose texts are Python objects at once."""
PAIR = pa.schema(
    [
        ("row_a", pa.int64()),  # the first row with its text
        ("row_b", pa.int64()),  # exact: a further row with that text; else: the first row with the other text
        ("jaccard", pa.float64()),  # of the n-gram sets; 1 when exact
        ("exact", pa.bool_()),  # equal in matching form
        ("required", pa.float64()),  # similarity that was asked of the pair: more where a text is short
        (
            "apart",
            pa.bool_(),
        ),  # alike by a passage that both hold, and asking something else about it: no copies
    ]
)


class Compared(NamedTuple):
    """Pairs of the schema PAIR, and what the next run is to know of this one."""

    pairs: pa.Table
    memory: Memory


def memory_name(settings: DuplicateSettings, floor: float) -> str:
    """Name under which a memory is kept: it holds all that decides one besides the texts."""
    bands, rows, least = choose_banding(floor)
    return f"duplicates-5-{settings.latin_ngram}-{settings.cjk_ngram}-{floor}-{bands}x{rows}-{least}"


def find_pairs(samples: pa.Table, settings: DuplicateSettings, floor: float) -> pa.Table:
    """`compare_samples` without a memory: the table alone."""
    return compare_samples(samples, settings, floor).pairs


def compare_samples(
    samples: pa.Table,
    settings: DuplicateSettings,
    floor: float,
    memory: Memory | None = None,
    prompts: pa.Array | pa.ChunkedArray | None = None,
) -> Compared:
    """Pairs of samples whose compared text is equal, or similar from `floor` on.

    The compared text is the input, or the passage of language modelling. Where a prompt is a conversation,
    the turns before the last question must be similar too: a lone "yes" is the same question only in the same
    talk; and `instructions` that tell rows apart must be equal. Copies of one text are linked to its first row, and
    only first rows are compared with each other: a text that occurs 10,000 times costs 10,000 links, not 50 million
    pairs.

    Args:
        samples: N rows of the schema SAMPLE, of one task.
        floor: lowest Jaccard similarity of interest (0-1); short texts need more
            (`tasks.duplicates.kernels.SHORT_SIMILARITY`).
        memory: of an earlier run with the same settings and floor (`memory_name`).
        prompts: (N,) of which two may share a passage and ask something else about it, where that is not the
            compared text.

    Returns:
        Exact links first, then similar pairs; no pair twice.
    """
    ngrams = (settings.latin_ngram, settings.cjk_ngram)
    contexts = _context_forms(samples, prompts is not None)
    texts = Texts(compared_texts(samples), contexts, ngrams, floor)
    index = index_texts(texts, memory)
    copies = np.flatnonzero(index.first != np.arange(len(samples)))
    firsts = _by_importance(samples, index.first)
    near, known = similar_pairs(texts, index, firsts[index.sizes[firsts] > 0], memory)
    rows, ones = samples["row"].to_numpy(), np.ones(len(copies))
    a = np.concatenate([index.first[copies], near.first])
    b = np.concatenate([copies, near.second])
    exact = np.arange(len(a)) < len(copies)
    required = np.where(near.short, max(floor, SHORT_SIMILARITY), floor)
    if prompts is None and Task.LANGUAGE_MODELING.value not in samples["task"].unique().to_pylist():
        prompts = texts.texts
    apart = np.zeros(len(a), dtype=bool)
    if prompts is not None:
        apart[len(copies) :] = _ask_apart(prompts, near, ngrams, floor)
    values = [np.concatenate([ones, near.jaccard]), exact, np.concatenate([ones, required]), apart]
    return Compared(pa.table([rows[a], rows[b], *values], schema=PAIR), known)


def compared_texts(samples: pa.Table) -> pa.LargeStringArray:
    """What is compared of each sample: the input, or the passage of language modelling; "" where it is null."""
    if pc.unique(samples["task"]).to_pylist() == [Task.LANGUAGE_MODELING.value]:
        texts = samples["target"]
    else:
        modelling = pc.equal(samples["task"], Task.LANGUAGE_MODELING.value)
        mixed = pc.any(modelling).as_py()
        texts = pc.if_else(modelling, samples["target"], samples["input"]) if mixed else samples["input"]
    texts = pc.fill_null(texts, "") if texts.null_count else texts
    return texts.cast(pa.large_string()).combine_chunks()


def histories(samples: pa.Table) -> list[str]:
    """What was said before the last message of each prompt, instructions aside."""
    said = [""] * len(samples)
    lengths = pc.fill_null(pc.list_value_length(samples["prompt"]), 0).to_numpy()
    long = np.flatnonzero(lengths > 1)
    first = pc.struct_field(pc.list_element(samples["prompt"].take(long), 0), "role")
    only_instructed = (lengths[long] == 2) & pc.equal(first, "system").to_numpy(zero_copy_only=False)
    long = long[~only_instructed]
    for index, prompt in zip(long.tolist(), samples["prompt"].take(long).to_pylist(), strict=True):
        said[index] = "\n".join(m["content"] or "" for m in prompt[:-1] if m["role"] != "system")
    return said


def instructions(samples: pa.Table) -> list[str | None]:
    """Matching form of each prompt's instructions (its first system message); None where they tell nothing apart.

    They do where rows of one role have different ones, or some have none: those of another product make another
    question. Instructions that all training rows, or all evaluation rows, share go with any.
    """
    told = np.full(len(samples), "", dtype=object)
    lengths = pc.fill_null(pc.list_value_length(samples["prompt"]), 0).to_numpy()
    long = np.flatnonzero(lengths > 1)
    first = pc.list_element(samples["prompt"].take(pa.array(long)), 0)
    system = pc.fill_null(pc.equal(pc.struct_field(first, "role"), "system"), False)
    texts = pc.fill_null(pc.if_else(system, pc.struct_field(first, "content"), ""), "").to_pylist()
    forms = {text: matching_form(text) for text in set(texts)}
    told[long] = [forms[text] for text in texts]
    for role in Role:
        rows = pc.equal(samples["role"], role.value).to_numpy(zero_copy_only=False)
        if len(set(told[rows])) == 1:
            told[rows] = None
    return list(told)


def compared_forms(samples: pa.Table) -> list[str]:
    """Matching form of what is compared of each sample."""
    return as_strings(fold_texts(compared_texts(samples)))


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


def _ask_apart(
    prompts: pa.Array | pa.ChunkedArray, near: SimilarPairs, ngrams: tuple[int, int], floor: float
) -> np.ndarray:
    """(P,) bool: which similar pairs have no more than a passage in common; so many at once."""
    ends = np.stack([near.first, near.second], axis=1)
    parts = [np.empty(0, dtype=bool)]
    for start in range(0, len(ends), PAIRS_AT_ONCE):
        members, pairs = np.unique(ends[start : start + PAIRS_AT_ONCE], return_inverse=True)
        chosen = prompts.take(pa.array(members)).to_pylist()
        parts.append(ask_apart(chosen, pairs.reshape(-1, 2), ngrams, floor))
    return np.concatenate(parts)


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


def _context_forms(samples: pa.Table, asked: bool) -> list[str] | None:
    """What each text is said in: the conversation before the last user message, and instructions that tell it apart.

    None where all are single questions with the same instructions.

    Args:
        asked: whether the texts hold the whole of what is asked, and answered.
    """
    generation = Task.TEXT_GENERATION.value in pc.unique(samples["task"]).to_pylist()
    if not (generation or asked):
        return None
    said = [""] * len(samples) if asked else histories(samples)
    told = instructions(samples)
    if not any(said) and all(one is None for one in told):
        return None
    forms = as_strings(fold_texts(pa.array(said, pa.large_string())))
    return [join_context(one, form) for one, form in zip(told, forms, strict=True)]

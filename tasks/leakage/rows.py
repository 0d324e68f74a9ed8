"""Which texts of rows are compared, and which rows a model is judged on."""

import re
from typing import NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.duplicates.pairs import histories
from tasks.overlap.grams import hash_letters, token_form
from tasks.recipe import SplitSettings
from tasks.records import Role, Split, Task, digest_of
from tasks.snapshot import assign_split
from tasks.text import is_cjk

_WORD = re.compile(r"[^\W_]")
_SAID = re.compile(
    r"[^\W_]+|[+=<>%#^@&$\u00a3\u00a5\u00b1\u00d7\u00f7\u20ac]|(?<=\d)[-*/.,:](?=\d)|(?<![^\s(])-(?=\d)"
)
"""Words and figures, signs of calculation and currency, and what joins or negates figures."""
FIELDS = ("history", "input", "target")
"""Texts of a row: the conversation before the last question, the input, and what the model shall say."""


class Texts(NamedTuple):
    """K texts of rows. A text that several rows of one group have is one; of several groups, one of each."""

    texts: list[str]
    fields: list[str]
    """The field of `FIELDS` in which its first row has it."""
    groups: np.ndarray
    """(K,) int64: group of near-copies, or of passages of one document."""
    rows: list[list[int]]
    """Indices of the rows that have it, ascending."""


def judged_rows(samples: pa.Table, split: SplitSettings, has_evaluation: bool) -> np.ndarray:
    """(N,) bool: rows that models are judged on: those of evaluation sources, or of the gate split."""
    columns = (samples[name].to_pylist() for name in ("role", "group_id", "sample_id"))
    return np.array(
        [
            assign_split(role, group or identity, split, has_evaluation) is Split.GATE
            for role, group, identity in zip(*columns, strict=True)
        ],
        dtype=bool,
    )


def evaluation_rows(samples: pa.Table) -> np.ndarray:
    """(N,) bool: rows of evaluation sources."""
    return pc.equal(samples["role"], Role.EVALUATION.value).to_numpy(zero_copy_only=False).astype(bool)


def read_texts(samples: pa.Table, chosen: np.ndarray) -> Texts:
    """The texts of the rows for which `chosen`, (N,) bool, is true."""
    groups = pc.coalesce(samples["group_id"], samples["sample_id"])
    codes = groups.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    indices = np.flatnonzero(chosen)
    part = samples.take(indices)
    columns = {"history": histories(part), **{n: part[n].to_pylist() for n in FIELDS[1:]}}
    numbers: dict[tuple[str, int], int] = {}
    texts = Texts([], [], np.empty(0, dtype=np.int64), [])
    owners: list[int] = []
    for place, (index, code) in enumerate(zip(indices.tolist(), codes[indices].tolist(), strict=True)):
        for field, values in columns.items():
            if not (text := values[place]):
                continue
            number = numbers.setdefault((text, code), len(numbers))
            if number == len(texts.texts):
                texts.texts.append(text)
                texts.fields.append(field)
                texts.rows.append([])
                owners.append(code)
            if texts.rows[number][-1:] != [index]:
                texts.rows[number].append(index)
    return texts._replace(groups=np.array(owners, dtype=np.int64))


def spoken_forms(samples: pa.Table) -> list[str | None]:
    """For each row, what is compared of it without punctuation; equal for equal questions, whatever the answer.

    Signs that decide what is meant stay: 3-2 is not 3/2, C is not C++. None where there is no word.
    """
    pairs = zip(_spoken_texts(samples), histories(samples), strict=True)
    return [f"{_spoken(text)}\0{_spoken(history)}" if _WORD.search(text) else None for text, history in pairs]


def spoken_keys(samples: pa.Table) -> np.ndarray:
    """(N,) uint64, equal where the spoken forms are, and seldom where they are not; for a fraction of the time."""
    sides = [
        hash_letters([token_form(text) for text in texts])
        for texts in (_spoken_texts(samples), histories(samples))
    ]
    return sides[0] * np.uint64(0x9E3779B97F4A7C15) + sides[1]


def _spoken_texts(samples: pa.Table) -> list[str]:
    modelling = pc.equal(samples["task"], Task.LANGUAGE_MODELING.value)
    texts = pc.if_else(modelling, samples["target"], samples["input"])
    return cast(list[str], pc.fill_null(texts, "").to_pylist())


def content_digests(samples: pa.Table) -> list[str]:
    """For each row, sha256 of its spoken form, or of its id where it has none."""
    pairs = zip(spoken_forms(samples), samples["sample_id"].to_pylist(), strict=True)
    return [digest_of(identity if form is None else form) for form, identity in pairs]


def _spoken(text: str) -> str:
    """Words and signs of a text; in Japanese, where a space is layout, without spaces between them."""
    words = _SAID.findall(token_form(text))
    return ("" if is_cjk(text) else " ").join(words)

"""Which texts of rows are compared, and which rows a model is judged on."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.overlap.grams import token_form
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
    columns = {"history": histories(samples), **{n: samples[n].to_pylist() for n in FIELDS[1:]}}
    numbers: dict[tuple[str, int], int] = {}
    texts = Texts([], [], np.empty(0, dtype=np.int64), [])
    owners: list[int] = []
    for index in np.flatnonzero(chosen).tolist():
        for field, values in columns.items():
            text, code = values[index], int(codes[index])
            if not text:
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


def histories(samples: pa.Table) -> list[str]:
    """What was said before the last message of each prompt, instructions aside."""
    prompts: Sequence[list[dict[str, str]] | None] = samples["prompt"].to_pylist()
    return [
        "\n".join(m["content"] or "" for m in (prompt or ())[:-1] if m["role"] != "system")
        for prompt in prompts
    ]


def spoken_forms(samples: pa.Table) -> list[str | None]:
    """For each row, what is compared of it without punctuation; equal for equal questions, whatever the answer.

    Signs that decide what is meant stay: 3-2 is not 3/2, C is not C++. None where there is no word.
    """
    modelling = pc.equal(samples["task"], Task.LANGUAGE_MODELING.value)
    texts = pc.fill_null(pc.if_else(modelling, samples["target"], samples["input"]), "").to_pylist()
    pairs = zip(texts, histories(samples), strict=True)
    return [f"{_spoken(text)}\0{_spoken(history)}" if _WORD.search(text) else None for text, history in pairs]


def content_digests(samples: pa.Table) -> list[str]:
    """For each row, sha256 of its spoken form, or of its id where it has none."""
    pairs = zip(spoken_forms(samples), samples["sample_id"].to_pylist(), strict=True)
    return [digest_of(identity if form is None else form) for form, identity in pairs]


def _spoken(text: str) -> str:
    """Words and signs of a text; in Japanese, where a space is layout, without spaces between them."""
    words = _SAID.findall(token_form(text))
    return ("" if is_cjk(text) else " ").join(words)

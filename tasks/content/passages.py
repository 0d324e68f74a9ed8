"""The texts of samples in the form in which phrases are looked for, whatever hides or disguises them.

That form is `tasks.text.matching_form` of what a reader sees: hidden characters gone, look-alikes of Latin letters
made Latin, single letters joined that spell a word (i g n o r e).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.content.hidden import LOOK, LOOKALIKES, MIXED, UNSEEN
from tasks.duplicates.folding import as_strings, fold_texts
from tasks.records import Task

_UNSEEN = re.compile(f"[{UNSEEN}]+")
_MIXED = re.compile(MIXED)
_TABLE = str.maketrans(LOOKALIKES | {key.lower(): value.lower() for key, value in LOOKALIKES.items()})
_SPELLED = r"\b[a-z0-9](?:[ .*_-][a-z0-9]){4,}\b"
_SPELLED_OUT = re.compile(_SPELLED)
_BETWEEN = re.compile("[ .*_-]")
_TALKED = ("user", "assistant", "tool")


class Passages(NamedTuple):
    """M texts of N samples: inputs, targets and earlier turns; none of a label, a system message or nothing."""

    rows: np.ndarray
    """(M,) int64 index of the sample."""
    fields: np.ndarray
    """(M,) str: input, target or earlier_turn."""
    texts: pa.LargeStringArray
    """(M,) as stored."""
    forms: pa.LargeStringArray
    """(M,) as phrases are looked for."""

    def matching(self, pattern: str, among: np.ndarray | None = None) -> np.ndarray:
        """Indices of passages whose form matches `pattern` (RE2's syntax: one pass, whatever it holds)."""
        forms = self.forms if among is None else self.forms.take(pa.array(among))
        found = np.flatnonzero(pc.match_substring_regex(forms, pattern).to_numpy(zero_copy_only=False))
        return found if among is None else among[found]


def read_passages(samples: pa.Table) -> Passages:
    """The texts of N samples of the schema SAMPLE."""
    rows, fields, texts = [], [], []
    for field, own, said in _each_field(samples):
        rows.append(own)
        fields.append(np.full(len(own), field, dtype=object))
        texts.append(_whole(said))
    every = pa.concat_arrays(texts)
    return Passages(np.concatenate(rows), np.concatenate(fields), every, phrase_forms(every))


def count_passages(samples: pa.Table) -> np.ndarray:
    """(N,) int64: how many texts `read_passages` reads of each sample."""
    rows = np.concatenate([own for _, own, _ in _each_field(samples)])
    return np.bincount(rows, minlength=len(samples))


def phrase_forms(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The form of each text in which phrases are looked for."""
    if len(texts) == 0:
        return texts
    odd = np.flatnonzero(pc.match_substring_regex(texts, LOOK).to_numpy(zero_copy_only=False))
    if len(odd):
        texts = _replace(texts, odd, [_open(text) for text in texts.take(pa.array(odd)).to_pylist()])
    forms = pa.array(as_strings(fold_texts(texts)), pa.large_string())
    spelled = np.flatnonzero(
        pc.match_substring_regex(forms, _SPELLED.replace("{4,}", "{4}")).to_numpy(zero_copy_only=False)
    )
    if len(spelled) == 0:
        return forms
    return _replace(forms, spelled, [_join(form) for form in forms.take(pa.array(spelled)).to_pylist()])


def form_of(text: str) -> str:
    """`phrase_forms` of one text."""
    return str(phrase_forms(pa.array([text], pa.large_string()))[0].as_py())


def _open(text: str) -> str:
    seen = _UNSEEN.sub("", text)
    return seen.translate(_TABLE) if _MIXED.search(seen) else seen


def _join(form: str) -> str:
    return _SPELLED_OUT.sub(lambda found: f" {_BETWEEN.sub('', found[0])} ", form)


def _replace(texts: pa.LargeStringArray, at: np.ndarray, new: Sequence[str]) -> pa.LargeStringArray:
    mask = np.zeros(len(texts), dtype=bool)
    mask[at] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(list(new), pa.large_string()))


def _each_field(samples: pa.Table) -> Iterator[tuple[str, np.ndarray, pa.Array | pa.ChunkedArray]]:
    """Field, indices of samples, and the text of each in that field."""
    named = pc.equal(samples["task"], Task.TEXT_CLASSIFICATION.value)
    for field in ("input", "target"):
        column = pc.fill_null(samples[field], "")
        if field == "target":
            column = pc.if_else(named, "", column)  # of classification it is the label
        kept = np.flatnonzero(pc.not_equal(column, "").to_numpy(zero_copy_only=False))
        yield field, kept, column.take(pa.array(kept))
    yield "earlier_turn", *_earlier_turns(samples)


def _earlier_turns(samples: pa.Table) -> tuple[np.ndarray, pa.Array]:
    """What is said in a prompt before its last message, and the sample that it belongs to."""
    prompts = samples["prompt"].combine_chunks()
    parents = pc.list_parent_indices(prompts).to_numpy()
    messages = pc.list_flatten(prompts)
    last = np.append(parents[1:] != parents[:-1], True)[: len(parents)]
    talked = pc.is_in(messages.field("role"), value_set=pa.array(_TALKED)).to_numpy(zero_copy_only=False)
    kept = np.flatnonzero(~last & talked)
    said = pc.fill_null(messages.field("content").take(pa.array(kept)), "")
    return parents[kept].astype(np.int64), said


def _whole(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    texts = texts.cast(pa.large_string())
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts

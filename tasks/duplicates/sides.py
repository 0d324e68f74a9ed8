"""Which side of a text-generation sample is compared: the question, the answer, or the whole talk."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.recipe import Compare
from tasks.records import SAMPLE, Task


def view_samples(samples: pa.Table, compare: Compare) -> pa.Table:
    """The samples as they are compared: with `Compare.PROMPT` as they are, else each as a passage of its own.

    A passage has no answer that could contradict another: equal answers to unlike questions are copies of one text.
    Samples of other tasks stay as they are.
    """
    if compare is Compare.PROMPT or pc.unique(samples["task"]).to_pylist() != [Task.TEXT_GENERATION.value]:
        return samples
    said = pc.fill_null(samples["target"], "")
    if compare is Compare.BOTH:
        said = pc.binary_join_element_wise(asked_texts(samples), said, "\n")
    empty = pa.repeat("", len(samples))
    changed = {
        "task": pa.repeat(Task.LANGUAGE_MODELING.value, len(samples)),
        "input": empty,
        "target": said,
    }
    return pa.table([changed.get(name, samples[name]) for name in SAMPLE.names], schema=SAMPLE)


def asked_texts(samples: pa.Table) -> pa.ChunkedArray:
    """(N,) strings: the input of each sample, or the whole of its talk: a lone "yes" means what was asked before."""
    talks = np.flatnonzero(pc.fill_null(pc.list_value_length(samples["prompt"]), 0).to_numpy() > 1)
    texts = pc.fill_null(samples["input"], "")
    if len(talks) == 0:
        return texts
    prompts = samples["prompt"].take(pa.array(talks)).to_pylist()
    chosen = np.zeros(len(samples), dtype=bool)
    chosen[talks] = True
    whole = [
        _talk(prompt) or own
        for prompt, own in zip(prompts, texts.take(pa.array(talks)).to_pylist(), strict=True)
    ]
    return pc.replace_with_mask(texts.combine_chunks(), pa.array(chosen), pa.array(whole, texts.type))


def meant_texts(samples: pa.Table) -> list[str]:
    """What of each sample, all of one task, has the meaning that is compared: the passage, or what is asked."""
    passages = samples["task"][0].as_py() == Task.LANGUAGE_MODELING
    texts: list[str] = (pc.fill_null(samples["target"], "") if passages else asked_texts(samples)).to_pylist()
    return texts


def whole_texts(row: Mapping[str, Any]) -> list[str]:
    """What is compared of a sample beside its messages, one by one: what vectors are kept by."""
    talk = _talk(row["prompt"]) or row["input"] or ""
    return [talk, f"{talk}\n{row['target'] or ''}"]


def _talk(prompt: list[dict[str, str]] | None) -> str:
    """All that was said, instructions aside."""
    return "\n".join(message["content"] or "" for message in prompt or () if message["role"] != "system")

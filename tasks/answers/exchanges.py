"""Questions with their answers, as the other modules read them."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks.findings import Columns
from tasks.records import Task

SOURCE_CHARACTERS = 200
"""A prompt of at least so many characters holds a text to answer from, not only a question."""


class Exchanges(NamedTuple):
    """N prompts and answers of one set."""

    rows: np.ndarray
    """(N,) int64 indices of samples."""
    prompts: list[str]
    """The whole conversation before the answer, system messages aside."""
    sources: list[str | None]
    """What the answer can be held against: the words it rests on and a long prompt; None without either."""
    answers: list[str]
    groups: np.ndarray
    """(N,) int64: number of the group of each sample."""
    folds: np.ndarray
    """(N,) int64: samples of one group share a fold."""

    def take(self, indices: np.ndarray) -> "Exchanges":
        """Those at `indices`."""
        places = indices.tolist()
        return Exchanges(
            self.rows[indices],
            [self.prompts[i] for i in places],
            [self.sources[i] for i in places],
            [self.answers[i] for i in places],
            self.groups[indices],
            self.folds[indices],
        )


def read_exchanges(samples: pa.Table, columns: Columns, folds: int, seed: int) -> Exchanges:
    """The text-generation samples that have a question and an answer.

    Args:
        columns: of the same samples, from `read_columns`.
    """
    messages = samples["prompt"].to_pylist()
    chosen, prompts, sources = [], [], []
    for index, task in enumerate(columns["task"]):
        if task != Task.TEXT_GENERATION or not (columns["target"][index] or "").strip():
            continue
        said = [m["content"] for m in messages[index] or () if m["role"] != "system" and m["content"]]
        if not said:
            continue
        prompt, support = "\n".join(said), columns["support"][index]
        long = [prompt] if len(prompt) >= SOURCE_CHARACTERS else []
        chosen.append(index)
        prompts.append(prompt)
        sources.append("\n".join([*([support] if support else []), *long]) or None)
    groups = [columns["group_id"][i] or columns["sample_id"][i] for i in chosen]
    answers = [columns["target"][i] for i in chosen]
    numbers = np.unique(np.array(groups, dtype=str), return_inverse=True)[1]
    drawn = np.random.default_rng(seed).permutation(int(numbers.max(initial=-1)) + 1)
    dealt = drawn[numbers] % folds if len(groups) else np.empty(0, dtype=np.int64)
    return Exchanges(np.array(chosen, dtype=np.int64), prompts, sources, answers, numbers, dealt)

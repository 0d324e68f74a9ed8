"""Made-up support conversations of any size, in Japanese and English, the same for the same seed.

Of one to three turns; sentences are put together as in `benchmarks.corpus`. Planted: exact copies, and answers that
belong to another conversation.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.corpus import LABELS, Lexicon, make_lexicons, write_files, write_text

TURNS = (1, 3)
QUESTION = (10, 120)
ANSWER = (20, 240)
"""Characters, drawn evenly on a logarithmic scale."""
COPIED = 0.01
SWAPPED = 0.02
RECIPE = """\
name: chat-benchmark
task: text-generation
workspace: workspace
label_noise: {{base_rows: {base_rows}}}
sources:
  - path: data/train-*.jsonl
  - path: data/evaluation-*.jsonl
    role: evaluation
"""


class PlantedChats(NamedTuple):
    """Conversations with a known fault, by their number."""

    copies: int
    other_answers: int


def write_chats(folder: Path, rows: int, seed: int = 0, base_rows: int = 2_000) -> PlantedChats:
    """Writes files of JSON lines with `messages`, and a recipe over them; returns what was planted."""
    random = np.random.default_rng(seed)
    chats = compose_chats(rows, random)
    order, copied, swapped = random.permutation(rows), int(COPIED * rows), int(SWAPPED * rows)
    for target, source in zip(order[:copied], order[copied : 2 * copied], strict=True):
        chats[target] = chats[source]
    wrong = order[2 * copied : 2 * copied + swapped]
    answers = [chats[i][-1] for i in np.roll(wrong, 1)]
    for index, answer in zip(wrong, answers, strict=True):
        chats[index] = [*chats[index][:-1], answer]
    records: list[dict[str, Any]] = [{"id": f"c{i}", "messages": chat} for i, chat in enumerate(chats)]
    write_files(folder, records, RECIPE.format(base_rows=base_rows))
    return PlantedChats(copied, len(wrong))


def compose_chats(rows: int, random: np.random.Generator) -> list[list[dict[str, str]]]:
    """Messages of each conversation: question and answer in turn, about one thing."""
    lexicons = make_lexicons()
    labels, languages = random.integers(0, len(LABELS), rows), random.integers(0, len(lexicons), rows)
    turns = random.integers(TURNS[0], TURNS[1] + 1, rows)
    return [
        [
            {"role": role, "content": _say(lexicons[language], label, lengths, random)}
            for _ in range(count)
            for role, lengths in (("user", QUESTION), ("assistant", ANSWER))
        ]
        for label, language, count in zip(labels, languages, turns, strict=True)
    ]


def _say(words: Lexicon, label: int, lengths: tuple[int, int], random: np.random.Generator) -> str:
    length = int(np.exp(random.uniform(*np.log(lengths))))
    return write_text(words, label, length, random)

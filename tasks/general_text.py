"""Text that has nothing to do with the task: what the forgetting gate scores, and what rehearsal trains on."""

import json
from pathlib import Path

import pyarrow as pa

from tasks.errors import RecipeError

SHIPPED = Path(__file__).with_suffix(".jsonl")


def split_general_texts(path: str | None, scored: int) -> tuple[pa.Table, pa.Table]:
    """The texts that the gate scores, and the others; languages take turns, so that both hold all of them.

    Args:
        path: JSON lines with id, language and text; the shipped ones when None.
        scored: texts for the gate.

    Returns:
        Two tables with the columns id, language and text; no text is in both.

    Raises:
        RecipeError: the file cannot be read or lacks a key.
    """
    file = Path(path) if path else SHIPPED
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        texts = [{name: str(row[name]) for name in ("id", "language", "text")} for row in rows]
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(
            f"gates.general_text: {file} must be JSON lines with id, language and text ({error!r})"
        ) from error
    turns: dict[str, int] = {}
    order = []
    for index, text in enumerate(texts):
        turns[text["language"]] = turns.get(text["language"], 0) + 1
        order.append((turns[text["language"]], index))
    table = pa.Table.from_pylist([texts[index] for _, index in sorted(order)])
    return table.slice(0, scored), table.slice(scored)

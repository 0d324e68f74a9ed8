"""What a run would do, said before it does it: `seimai check`."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tasks.gate.intervals import items_needed
from tasks.ingest.contract import SourceFile
from tasks.recipe import Recipe
from tasks.records import Task

FORWARD_TOKENS_PER_SECOND = 430
"""SmolLM2-135M, fp32, two cores, logits only where scored: what the duration classes assume."""
BYTES_PER_TOKEN = 2.5
"""Between Japanese (about 1.5) and English (about 4.5) under SmolLM2's tokenizer."""


class Plan(BaseModel):
    """Files, gates and duration of a run that has not begun."""

    model_config = ConfigDict(frozen=True)

    files: int
    megabytes: float
    gates: list[tuple[str, str, int | None]]
    """Gate, what it asks, and the items that decide it at the declared power."""
    minutes: str
    """Duration class on two cores without an accelerator."""


def make_plan(recipe: Recipe, files: Sequence[SourceFile]) -> Plan:
    """The plan of `recipe` over the files that its sources name now."""
    gates = recipe.gates
    accuracy = recipe.task is Task.TEXT_CLASSIFICATION
    level = (gates.confidence, gates.power)
    gain = max(gates.min_gain, 0.05)
    asked = [
        (
            "superiority",
            f"better than the base by more than {gates.min_gain:g} (if it is by {gates.min_gain + gain:g})",
            items_needed(gain, *level) if accuracy else None,
        ),
        (
            "non_inferiority",
            f"worse than the champion by less than {gates.champion_margin:g}",
            items_needed(gates.champion_margin, *level) if accuracy else None,
        ),
        ("forgetting", f"loss on general text below {gates.max_loss_ratio:g} times the base's", None),
    ]
    size = sum(file.size for file in files)
    return Plan(files=len(files), megabytes=size / 1e6, gates=asked, minutes=_duration(recipe, size))


def _duration(recipe: Recipe, size: int) -> str:
    """Training passes cost about twice a forward pass over the adapted share of layers."""
    tokens = size / BYTES_PER_TOKEN
    limits = [source.rows for source in recipe.sources]
    if all(limits):
        tokens = min(tokens, sum(limit or 0 for limit in limits) * recipe.train.max_tokens / 2)
    passes = 2 + recipe.train.epochs * (1.6 if recipe.train.layers else 3)
    minutes = tokens * passes / FORWARD_TOKENS_PER_SECOND / 60
    classes = [(10, "under 10 minutes"), (60, "10-60 minutes"), (600, "1-10 hours")]
    return next((name for limit, name in classes if minutes < limit), "over 10 hours: use a GPU")

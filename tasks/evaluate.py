"""Per-item scores of a model: everything statistical is computed from these, never from averages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import base_model, inference, tokens
from tasks.base_model import BaseModelRef
from tasks.inference import completion_losses, predict_labels
from tasks.recipe import Recipe
from tasks.records import SCORE, FolderRef, Split, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.tokens import encode

GENERAL_TOKENS = 512
"""Tokens of a general text that are scored."""


def score_gate(
    model: Any, tokenizer: Any, name: str, samples: pa.Table, labels: Sequence[str], limits: Mapping[str, int]
) -> pa.Table:
    """Scores of model `name` on the gate split: accuracy for classification, loss for every task.

    Args:
        samples: snapshot samples of the gate split (records.SNAPSHOT_SAMPLE).
        labels: what may be predicted, of `answers_of`; used by classification only.
        limits: `max_tokens` of a sample and `batch_size` for decoding.
    """
    rows = samples.to_pylist()
    if rows and rows[0]["task"] == Task.TEXT_CLASSIFICATION:
        predicted = predict_labels(
            model, tokenizer, [r["prompt"] for r in rows], labels, limits["batch_size"], f"{name}: labels"
        )
        return build_table(
            [
                _score(row, "gate", name, "accuracy", float(guess == row["label"]))
                | {"prediction": guess, "expected": row["label"], "tokens": 1}
                for row, guess in zip(rows, predicted, strict=True)
            ],
            SCORE,
        )
    return _loss_scores(model, tokenizer, name, rows, "gate", limits["max_tokens"])


def score_forgetting(
    model: Any, tokenizer: Any, name: str, texts: Sequence[Mapping[str, str]], max_tokens: int
) -> pa.Table:
    """Loss of model `name` on general text that has nothing to do with the task.

    Args:
        texts: id, language and text of each.
    """
    rows = [
        {
            "sample_id": text["id"],
            "prompt": [],
            "completion": [{"role": "assistant", "content": text["text"]}],
            "language": text["language"],
            "group_id": text["id"],
        }
        for text in texts
    ]
    return _loss_scores(model, tokenizer, name, rows, "forgetting", max_tokens)


def load_tuned(base: Path, tuned: Path) -> Any:
    """A tuned model: LoRA adapters over the base in `base`, or full weights where `tuned` holds those."""
    if not (tuned / "adapter_config.json").exists():
        return base_model.load_model(tuned).eval()
    from peft import PeftModel

    return PeftModel.from_pretrained(base_model.load_model(base), tuned).eval()


def _loss_scores(
    model: Any, tokenizer: Any, name: str, rows: Sequence[Mapping[str, Any]], suite: str, max_tokens: int
) -> pa.Table:
    items = [encode(tokenizer, row["prompt"], row["completion"], max_tokens) for row in rows]
    losses = completion_losses(model, tokenizer, items, f"{name}: {suite}")
    return build_table(
        [
            _score(row, suite, name, "loss", float(loss))
            | {"tokens": len(item.ids) - max(1, item.prompt_length)}
            for row, item, loss in zip(rows, items, losses, strict=True)
            if not np.isnan(loss)
        ],
        SCORE,
    )


def _score(row: Mapping[str, Any], suite: str, model: str, metric: str, value: float) -> dict[str, Any]:
    return {
        "item": row["sample_id"],
        "suite": suite,
        "model": model,
        "metric": metric,
        "value": value,
        "language": row["language"],
        "cluster": row["group_id"],
    }


class ScoreSettings(BaseModel):
    """The part of a recipe that decides how models are scored."""

    model_config = ConfigDict(frozen=True)

    labels: tuple[str, ...] | None
    max_tokens: int
    max_items: int | None
    batch_size: int
    general_items: int

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        return cls(labels=recipe.labels, max_tokens=recipe.train.max_tokens, **recipe.evaluate.model_dump())


def answers_of(samples: pa.Table, labels: Sequence[str] | None) -> list[str]:
    """What a classifier may answer: the declared labels, or those that the snapshot holds.

    Of multi-label data it is every set of labels that the snapshot holds, as one answer each (label powerset: Tsoumakas
    and Katakis 2007, "Multi-Label Classification: An Overview"): a set that no row bears cannot be predicted.
    """
    several = "labels" in samples.column_names and samples["labels"].null_count < len(samples)
    if labels and not several:
        return list(labels)
    return sorted(set(samples["label"].drop_null().to_pylist()))


def gate_items(samples: pa.Table, max_items: int | None) -> pa.Table:
    """The gate split; of a larger one, the `max_items` rows with the smallest content hashes."""
    gate = samples.filter(pa.compute.equal(samples["split"], Split.GATE.value))
    return gate.sort_by("sample_id").slice(0, max_items)


@stage("score", base_model, inference, tokens)
def score_stage(
    workspace: Workspace,
    base: BaseModelRef,
    tuned: FolderRef | None,
    name: str,
    samples: TableRef,
    general: TableRef,
    settings: ScoreSettings,
) -> TableRef:
    """Scores one model on the gate split and on general text.

    Args:
        tuned: the tuned model; None scores the base itself.
        name: "base", "champion" or "candidate".
    """
    folder = workspace.path(base.path)
    model = (
        base_model.load_model(folder).eval()
        if tuned is None
        else load_tuned(folder, workspace.path(tuned.path))
    )
    tokenizer = base_model.load_tokenizer(folder)
    table = workspace.read_table(samples)
    labels = answers_of(table, settings.labels)
    limits = {"max_tokens": settings.max_tokens, "batch_size": settings.batch_size}
    gate = score_gate(model, tokenizer, name, gate_items(table, settings.max_items), labels, limits)
    texts = workspace.read_table(general).to_pylist()
    forgetting = score_forgetting(model, tokenizer, name, texts, GENERAL_TOKENS)
    return workspace.write_table(pa.concat_tables([gate, forgetting]), f"scores-{name}")


@stage("gather scores")
def gather_scores_stage(workspace: Workspace, scores: list[TableRef]) -> TableRef:
    """One table of all models' scores."""
    return workspace.write_table(pa.concat_tables([workspace.read_table(ref) for ref in scores]), "scores")


@stage("base losses", base_model, inference, tokens)
def base_losses_stage(
    workspace: Workspace, base: BaseModelRef, samples: TableRef, max_tokens: int, most_rows: int
) -> TableRef:
    """Loss of the untuned base on the completions (columns row, loss) of the samples that `base_model.choose_read`
    picks, kept by content; NaN for the others."""
    table = workspace.read_table(samples)
    keys = table["sample_id"].to_pylist()
    losses = np.full(len(table), np.nan, dtype=np.float64)
    read = np.flatnonzero(base_model.choose_read(keys, most_rows))
    rows = table.select(["prompt", "completion"]).take(read).to_pylist()

    def compute(wanted: list[int]) -> np.ndarray:
        folder = workspace.path(base.path)
        tokenizer = base_model.load_tokenizer(folder)
        items = [encode(tokenizer, rows[i]["prompt"], rows[i]["completion"], max_tokens) for i in wanted]
        return completion_losses(base_model.load_reader(folder), tokenizer, items, "base: training data")

    if len(read):
        name = f"base-losses-{base.revision[:16]}-{max_tokens}"
        losses[read] = workspace.cached_arrays(name, [keys[i] for i in read], compute)
    return workspace.write_table(pa.table({"row": table["row"], "loss": losses}), "base-losses")

"""Tuning: an audit of what would be trained on, then TRL's trainer with LoRA or full weights."""

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import base_model, tokens
from tasks.base_model import BaseModelRef, load_model, load_tokenizer
from tasks.errors import DataGateError
from tasks.recipe import TrainSettings
from tasks.records import FolderRef, Split, TableRef, digest_of
from tasks.report.data import LossPoint
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.tokens import Encoded, encode
from tasks.wording.told import Told

if TYPE_CHECKING:
    from tasks.frozen_prefix import FrozenPrefix


class TrainingAudit(BaseModel):
    """What the optimizer will see, counted before the first step."""

    model_config = ConfigDict(frozen=True)

    rows: int
    tokens: int
    trained_tokens: int
    """Tokens on which a loss is taken."""
    median_trained_tokens: float
    """Per row."""
    truncated_rows: int
    lost_tokens: int
    """Tokens cut off by `train.max_tokens`."""
    untrained_rows: int
    """Rows without a single trained token: left out of training."""
    steps: int
    """Optimizer steps if training is not stopped early."""
    example: str
    """The first row as the model sees it, trained part marked with ⟦ ⟧."""

    @property
    def trained_share(self) -> float:
        return self.trained_tokens / max(1, self.tokens)


class TrainResult(BaseModel):
    """A tuned model in the workspace and how it came about. Losses are mean nats per trained token."""

    model_config = ConfigDict(frozen=True)

    model: FolderRef
    audit: TrainingAudit
    curve: list[LossPoint]
    best_step: int
    stopped_early: bool
    trainable_parameters: int


def _untrainable(rows: int, max_tokens: int) -> Told:
    if not rows:
        return Told(
            "training audit: the training split is empty; expected at least one row",
            "学習前の点検: 学習用の分割が空です。少なくとも1行が必要です",
        )
    return Told(
        f"training audit: 0 of {rows} rows have a token to train on; observed train.max_tokens={max_tokens}, "
        "which every prompt fills alone",
        f"学習前の点検: {rows}行のどれにも学習するトークンがありません。train.max_tokens={max_tokens} が"
        "プロンプトだけで埋まっています",
    )


def audit_training(items: Sequence[Encoded], tokenizer: Any, settings: TrainSettings) -> TrainingAudit:
    """Counts trained and lost tokens over N encoded training rows.

    Raises:
        DataGateError: there is no row, or no row has a token to train on: training would be silent nonsense.
    """
    trained = np.array([max(0, len(item.ids) - max(1, item.prompt_length)) for item in items], dtype=int)
    if not trained.any():
        raise DataGateError(_untrainable(len(items), settings.max_tokens))
    lost = np.array([item.truncated for item in items])
    first = items[int(np.argmax(trained > 0))]
    return TrainingAudit(
        rows=len(items),
        tokens=sum(len(item.ids) for item in items),
        trained_tokens=int(trained.sum()),
        median_trained_tokens=float(np.median(trained)),
        truncated_rows=int((lost > 0).sum()),
        lost_tokens=int(lost.sum()),
        untrained_rows=int((trained == 0).sum()),
        steps=_count_steps(int((trained > 0).sum()), settings),
        example=tokenizer.decode(first.ids[: first.prompt_length])
        + "⟦"
        + tokenizer.decode(first.ids[first.prompt_length :])
        + "⟧",
    )


def fit(
    base: Path,
    samples: pa.Table,
    settings: TrainSettings,
    seed: int,
    work: Path,
    output: Path,
    rehearsal: Sequence[str] = (),
) -> TrainResult:
    """Tunes the model in `base` and writes adapter (or weights) and tokenizer to `output`.

    Args:
        samples: snapshot samples; the train split is learned, the validation split stops training early and
            chooses the checkpoint. The gate split is not looked at.
        work: folder for checkpoints; a run that was killed goes on from the last whole one.
        rehearsal: general texts that are trained on beside the train split.

    Returns:
        The result, with a model reference that the caller fills in once `output` is in its place.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback

    from tasks.trainer import CompletionTrainer, ProgressLine

    tokenizer = load_tokenizer(base)
    items = {split: _encode_split(samples, split, tokenizer, settings.max_tokens) for split in Split}
    items[Split.TRAIN] += [
        encode(tokenizer, [], [{"role": "assistant", "content": text}], settings.max_tokens)
        for text in rehearsal
    ]
    audit = audit_training(items[Split.TRAIN], tokenizer, settings)
    validation = _to_dataset(items[Split.VALIDATION])
    if len(validation) == 0:
        raise DataGateError(
            Told(
                "training: the validation split is empty; expected at least one row to stop on",
                "学習: 検証用の分割が空です。学習を止める判断に少なくとも1行が必要です",
            )
        )
    model = load_model(base)
    trainer = CompletionTrainer(
        model=model,
        args=_trainer_arguments(settings, audit.steps, seed, work),
        train_dataset=_to_dataset(items[Split.TRAIN]),
        eval_dataset=validation,
        processing_class=tokenizer,
        peft_config=_lora(settings, model) if settings.method == "lora" else None,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=settings.patience), ProgressLine()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.prefix = _frozen_prefix(model, settings, items)
    trainer.train(resume_from_checkpoint=_last_whole_checkpoint(work))
    trainer.save_model(str(output))
    tokenizer.save_pretrained(output)
    state = trainer.state
    return TrainResult(
        model=FolderRef(path="", digest=""),
        audit=audit,
        curve=_curve(state.log_history),
        best_step=int(state.best_global_step or state.global_step),
        stopped_early=state.global_step < audit.steps,
        trainable_parameters=sum(int(p.numel()) for p in model.parameters() if p.requires_grad),
    )


def _encode_split(samples: pa.Table, split: Split, tokenizer: Any, max_tokens: int) -> list[Encoded]:
    if split is Split.GATE:
        return []
    chosen = samples.select(["prompt", "completion", "split"]).to_pylist()
    return [
        encode(tokenizer, r["prompt"], r["completion"], max_tokens) for r in chosen if r["split"] == split
    ]


def _to_dataset(items: Sequence[Encoded]) -> Any:
    """Ids with a completion mask, the tokenized form SFTTrainer takes: what was audited is what is trained."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    kept = [item for item in items if len(item.ids) > max(1, item.prompt_length)]
    return Dataset.from_dict(
        {
            "input_ids": [item.ids for item in kept],
            "completion_mask": [
                [0] * item.prompt_length + [1] * (len(item.ids) - item.prompt_length) for item in kept
            ],
        }
    )


def _trainer_arguments(settings: TrainSettings, steps: int, seed: int, work: Path) -> Any:
    import torch
    from trl import SFTConfig

    every = max(1, steps // settings.evaluations)
    gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(work),
        max_length=None,  # `encode` has cut already
        completion_only_loss=True,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps // 20),
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        logging_steps=max(1, every // 4),
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        gradient_checkpointing=False,
        bf16=gpu,
        use_cpu=not gpu,
        dataloader_pin_memory=gpu,
        train_sampling_strategy="group_by_length",
        seed=seed,
        data_seed=seed,
        report_to="none",
        disable_tqdm=True,  # `ProgressLine` shows the way
    )


def _lora(settings: TrainSettings, model: Any) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=_linear_names(model, settings.layers),
        task_type="CAUSAL_LM",
    )


def _frozen_prefix(
    model: Any, settings: TrainSettings, items: Mapping[Split, Sequence[Encoded]]
) -> "FrozenPrefix | None":
    """What lies below the tuned blocks, where keeping its output pays: on a CPU, with upper blocks tuned alone."""
    from tasks.frozen_prefix import FrozenPrefix

    decoder, depth = model.get_decoder(), model.config.num_hidden_layers
    lengths = [len(item.ids) for split in items.values() for item in split]
    if settings.method != "lora" or (settings.layers or depth) >= depth or model.device.type != "cpu":
        return None
    return (
        FrozenPrefix(decoder, depth - (settings.layers or depth))
        if FrozenPrefix.fits(decoder, lengths)
        else None
    )


def _linear_names(model: Any, layers: int | None) -> list[str]:
    """Names of the linear layers inside the last `layers` decoder blocks (all blocks when None)."""
    import torch

    depth = model.config.num_hidden_layers
    wanted = range(max(0, depth - (layers or depth)), depth)
    names = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    return [name for name in names if any(f".layers.{index}." in name for index in wanted)]


def _count_steps(rows: int, settings: TrainSettings) -> int:
    return max(1, math.ceil(math.ceil(rows / settings.batch_size) * settings.epochs))


def _last_whole_checkpoint(work: Path) -> str | None:
    """The newest checkpoint that has its trainer state, which the trainer writes last; others are removed."""
    whole = []
    for folder in work.glob("checkpoint-*"):
        if (folder / "trainer_state.json").exists():
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return str(max(whole, key=lambda f: int(f.name.split("-")[1]))) if whole else None


def _curve(history: Sequence[dict[str, Any]]) -> list[LossPoint]:
    points = [
        LossPoint(step=int(entry["step"]), train=entry.get("loss"), validation=entry.get("eval_loss"))
        for entry in history
        if "loss" in entry or "eval_loss" in entry
    ]
    return sorted(points, key=lambda point: point.step)


@stage("train", base_model, tokens)
def train_stage(
    workspace: Workspace,
    base: BaseModelRef,
    samples: TableRef,
    rehearsal: TableRef,
    settings: TrainSettings,
    seed: int,
) -> TrainResult:
    """Thin task over `fit`: checkpoints in the workspace's `work` folder, the model under its content's name."""
    name = f"{samples.digest[:12]}-{digest_of([base.revision, rehearsal.digest, settings.model_dump(), seed])[:12]}"
    work = workspace.path("work", f"train-{name}")
    with workspace.new_folder("models", name) as folder:
        texts = workspace.read_table(rehearsal)["text"].to_pylist()
        table = workspace.read_table(samples)
        result = fit(workspace.path(base.path), table, settings, seed, work, folder, texts)
    shutil.rmtree(work, ignore_errors=True)
    return result.model_copy(update={"model": workspace.folder_ref("models", name)})

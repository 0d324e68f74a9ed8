"""TRL's SFTTrainer, computing logits only at the tokens that are trained on.

A short answer behind a long prompt leaves most of the vocabulary projection unused: with SmolLM2's 49,152
tokens it is a quarter of the forward pass, and its float32 logits are the largest tensor of the step.
Imported only where training happens: the import takes seconds.
"""

from typing import Any

import torch
from transformers import TrainerCallback
from trl import SFTTrainer

from tasks.frozen_prefix import FrozenPrefix
from tasks.inference import decoder_and_head
from tasks.progress import progress_bar


class CompletionTrainer(SFTTrainer):
    """Same loss as SFTTrainer's default, token mean over the completions of a step.

    `prefix`, when set, runs the decoder with what lies below the tuned blocks kept from epoch to epoch.
    """

    prefix: FrozenPrefix | None = None

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        decoder, head = decoder_and_head(self.accelerator.unwrap_model(model))
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        if self.prefix is None:
            hidden = decoder(input_ids=ids, attention_mask=mask).last_hidden_state
        else:
            hidden = self.prefix.last_hidden_state(ids, mask)
        targets = inputs["labels"][:, 1:]
        trained = targets != -100
        logits = head(hidden[:, :-1][trained]).float()
        total = torch.nn.functional.cross_entropy(logits, targets[trained], reduction="sum")
        loss = total / (trained.sum() if num_items_in_batch is None else num_items_in_batch)
        return (loss, {}) if return_outputs else loss


class ProgressLine(TrainerCallback):
    """One bar for the whole training, with the newest validation loss beside it."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.bar = progress_bar()
        self.line = self.bar.add_task("training", total=state.max_steps, completed=state.global_step)
        self.bar.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.bar.update(self.line, completed=state.global_step)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        loss = kwargs["metrics"]["eval_loss"]
        self.bar.update(self.line, description=f"training (validation loss {loss:.3f})")

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.bar.stop()

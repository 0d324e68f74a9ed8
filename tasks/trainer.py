"""TRL's SFTTrainer, computing logits only at the tokens that are trained on.

A short answer behind a long prompt leaves most of the vocabulary projection unused: with SmolLM2's 49,152
tokens it is a quarter of the forward pass, and its float32 logits are the largest tensor of the step.
Imported only where training happens: the import takes seconds.
"""

from typing import Any

import torch
from trl import SFTTrainer

from tasks.inference import decoder_and_head


class CompletionTrainer(SFTTrainer):
    """Same loss as SFTTrainer's default, token mean over the completions of a step."""

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        decoder, head = decoder_and_head(self.accelerator.unwrap_model(model))
        hidden = decoder(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state
        targets = inputs["labels"][:, 1:]
        trained = targets != -100
        logits = head(hidden[:, :-1][trained]).float()
        total = torch.nn.functional.cross_entropy(logits, targets[trained], reduction="sum")
        loss = total / (trained.sum() if num_items_in_batch is None else num_items_in_batch)
        return (loss, {}) if return_outputs else loss

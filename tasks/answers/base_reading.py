"""What the untuned base model makes of an answer: three parts of the evidence, each from its losses.

Instruction-following difficulty is the loss given the prompt over the loss alone (Li et al. 2023, "From Quantity to
Quality"). Of 81 prompts of dolly_3k, SmolLM2-135M told other answers from the data's own by it (area under the ROC
curve 1.0, 38 broken answers), cut ones by the loss of the token that ends the answer (.97, 41), and changed facts,
less well, by the largest loss of a token (.78, 32). The prompt is read once for all answers held against it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.base_model import choose_read
from tasks.progress import track
from tasks.tokens import prompt_ids

READING_PARTS = (
    "no_easier_with_prompt",  # loss of the answer given the prompt, over its loss alone
    "unexpected_end",  # loss of the token that ends the answer; NaN of an answer that was not read to its end
    "unexpected_token",  # largest loss of a token of the answer, given the prompt
)
PROMPT_TOKENS = 256
"""Tokens of a prompt that are read: of a longer one, the first and the last half."""
ANSWER_TOKENS = 96
"""Tokens of an answer that are read."""
BROKEN_READ = 400
"""Exchanges whose broken answers are read: enough for the tails of three parts."""

Pair = tuple[str, str]
"""A prompt and an answer."""


class BaseReading(NamedTuple):
    """How the base model is asked about the answers of N exchanges."""

    read: Callable[[Sequence[Pair]], np.ndarray]
    """Pairs of prompt and answer -> (K, len(READING_PARTS))."""
    own: np.ndarray
    """(N,) bool: whose own answers are read."""
    broken: np.ndarray
    """(N,) bool: whose answers broken on purpose are read too."""


def plan_reading(
    read: Callable[[Sequence[Pair]], np.ndarray], sample_ids: Sequence[str], most: int
) -> BaseReading:
    """Reads the answers of the `most` samples that `base_model.choose_read` picks, and the broken ones of a few."""
    few = min(BROKEN_READ, most)
    return BaseReading(read, choose_read(sample_ids, most), choose_read(sample_ids, few))


def read_pairs(model: Any, tokenizer: Any, pairs: Sequence[Pair]) -> np.ndarray:
    """(K, len(READING_PARTS)) measurements of K pairs of prompt and answer."""
    by_prompt: dict[str, list[int]] = {}
    for index, (prompt, _) in enumerate(pairs):
        by_prompt.setdefault(prompt, []).append(index)
    alone = tokenizer("<|im_start|>assistant\n", add_special_tokens=False)["input_ids"]
    read = np.full((len(pairs), len(READING_PARTS)), np.nan)
    for prompt, indices in track(by_prompt.items(), "base: answers", total=len(by_prompt)):
        texts = [tokenizer(pairs[i][1], add_special_tokens=False)["input_ids"] for i in indices]
        items = [
            [*ids, tokenizer.eos_token_id] if len(ids) <= ANSWER_TOKENS else ids[:ANSWER_TOKENS]
            for ids in texts
        ]
        head = _cut(prompt_ids(tokenizer, [{"role": "user", "content": prompt}]))
        given, without = _token_losses(model, head, items), _token_losses(model, alone, items)
        for index, ids, *losses in zip(indices, texts, given, without, strict=True):
            if ids:
                read[index] = _parts(losses[0], losses[1], len(ids) <= ANSWER_TOKENS)
    return read


def _parts(given: np.ndarray, alone: np.ndarray, whole: bool) -> tuple[float, float, float]:
    said = slice(0, len(given) - whole)
    ratio = float(given[said].mean() / max(float(alone[said].mean()), 1e-3))
    return ratio, float(given[-1]) if whole else math.nan, float(given[said].max())


def _cut(ids: list[int]) -> list[int]:
    half = PROMPT_TOKENS // 2
    return ids if len(ids) <= PROMPT_TOKENS else [*ids[:half], *ids[-half:]]


def _token_losses(model: Any, head: Sequence[int], items: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Loss of each token of each item after `head`, in nats; the head is read once."""
    import torch

    width = max(map(len, items))
    ids = torch.tensor([[*item, *[0] * (width - len(item))] for item in items], device=model.device)
    with torch.inference_mode():
        start = model(
            input_ids=torch.tensor([list(head)], device=model.device), use_cache=True, logits_to_keep=1
        )
        start.past_key_values.batch_repeat_interleave(len(items))
        mask = torch.ones(len(items), len(head) + width, dtype=torch.long, device=model.device)
        after = model(input_ids=ids, past_key_values=start.past_key_values, attention_mask=mask).logits
        logits = torch.cat([start.logits[:, -1:].expand(len(items), 1, -1), after[:, :-1]], dim=1).float()
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
    return [row[: len(item)].cpu().double().numpy() for row, item in zip(losses, items, strict=True)]

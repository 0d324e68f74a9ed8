"""A model's answers to many samples at once: losses of completions, and labels by constrained decoding."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tasks.progress import track
from tasks.tokens import Encoded, Messages, encode, prompt_ids

LOSS_TOKENS_PER_BATCH = 4096
"""Padded tokens scored at once: bounds memory whatever the lengths."""


def completion_losses(model: Any, tokenizer: Any, items: Sequence[Encoded], what: str) -> np.ndarray:
    """Mean negative log-likelihood of each item's completion, in nats per token.

    Args:
        items: N encoded samples.
        what: shown beside the progress bar.

    Returns:
        float64 array of shape (N,); NaN for an item without a single completion token to predict.
    """
    import torch

    decoder, head = decoder_and_head(model)
    losses = np.full(len(items), np.nan)
    with torch.inference_mode():
        for batch in track(_length_batches(items), what, total=_batch_count(items)):
            ids, mask = _pad_right([items[i].ids for i in batch], tokenizer.pad_token_id, model.device)
            hidden = decoder(input_ids=ids, attention_mask=mask).last_hidden_state
            for place, index in enumerate(batch):
                first = max(1, items[index].prompt_length)
                last = len(items[index].ids)
                if first < last:
                    logits = head(hidden[place, first - 1 : last - 1]).float()
                    loss = torch.nn.functional.cross_entropy(logits, ids[place, first:last])
                    losses[index] = float(loss)
    return losses


def predict_labels(
    model: Any, tokenizer: Any, prompts: Sequence[Messages], labels: Sequence[str], batch_size: int, what: str
) -> list[str]:
    """The label that greedy decoding reaches when only the declared labels can be spelled.

    Constrained decoding with transformers' `prefix_allowed_tokens_fn` over a trie of the K labels, each ended
    by the end-of-turn token.

    Returns:
        N labels, each one of `labels`.
    """
    import torch

    spelled = {label: _completion_ids(tokenizer, prompts[0], label) for label in labels}
    trie = _build_trie(spelled.values())
    names = {tuple(ids): label for label, ids in spelled.items()}
    heads = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    order = sorted(range(len(heads)), key=lambda i: len(heads[i]))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    predicted = [""] * len(prompts)
    with torch.inference_mode():
        for batch in track(batches, what, total=len(batches)):
            ids, mask = _pad_left([heads[i] for i in batch], tokenizer.pad_token_id, model.device)
            width = ids.shape[1]

            def allowed(_: int, so_far: Any, width: int = width) -> list[int]:
                return trie.get(tuple(so_far[width:].tolist()), [tokenizer.pad_token_id])

            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max(map(len, spelled.values())),
                do_sample=False,
                prefix_allowed_tokens_fn=allowed,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=sorted({ids[-1] for ids in spelled.values()}),
            )
            for index, row in zip(batch, out[:, width:].tolist(), strict=True):
                predicted[index] = next(names[key] for key in _prefixes(row) if key in names)
    return predicted


def _completion_ids(tokenizer: Any, prompt: Messages, label: str) -> list[int]:
    """Ids that spell `label` after `prompt`, up to and with the token that ends the turn."""
    item = encode(tokenizer, prompt, [{"role": "assistant", "content": label}], max_tokens=1 << 30)
    ids = item.ids[item.prompt_length :]
    ends = [i for i, token in enumerate(ids) if token in tokenizer.all_special_ids]
    return ids[: ends[0] + 1] if ends else ids


def _build_trie(sequences: Iterable[Sequence[int]]) -> dict[tuple[int, ...], list[int]]:
    """Prefix -> tokens that may follow it."""
    trie: dict[tuple[int, ...], set[int]] = {}
    for ids in sequences:
        for length, token in enumerate(ids):
            trie.setdefault(tuple(ids[:length]), set()).add(token)
    return {prefix: sorted(tokens) for prefix, tokens in trie.items()}


def _prefixes(row: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (tuple(row[: i + 1]) for i in range(len(row)))


def decoder_and_head(model: Any) -> tuple[Any, Any]:
    """Decoder and output layer apart: logits are then computed only where there is something to score."""
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    return causal.get_decoder(), causal.get_output_embeddings()


def _length_batches(items: Sequence[Encoded]) -> Iterator[list[int]]:
    order = sorted(range(len(items)), key=lambda i: len(items[i].ids))
    return (order[a:b] for a, b in pairwise(_cuts([len(items[i].ids) for i in order])))


def _batch_count(items: Sequence[Encoded]) -> int:
    return len(_cuts(sorted(len(item.ids) for item in items))) - 1


def _cuts(lengths: Sequence[int]) -> list[int]:
    """Where to cut ascending `lengths` so that no batch holds over `LOSS_TOKENS_PER_BATCH` padded tokens."""
    cuts = [0]
    for i, length in enumerate(lengths):
        if (i + 1 - cuts[-1]) * length > LOSS_TOKENS_PER_BATCH and i > cuts[-1]:
            cuts.append(i)
    return [*cuts, len(lengths)]


def _pad_right(rows: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
    return ids, mask


def _pad_left(rows: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:
    ids, mask = _pad_right([row[::-1] for row in rows], pad, device)
    return ids.flip(1), mask.flip(1)

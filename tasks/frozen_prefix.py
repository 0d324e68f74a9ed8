"""Hidden states below the first tuned block, computed once for each sequence and kept.

When only the last blocks are tuned, everything below them gives the same output in every epoch. On a CPU,
where arithmetic is what costs, not doing it again is most of what there is to gain.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

MEMORY = 4 * 2**30
"""Bytes of hidden states that may be kept; a larger training set is tuned without this."""


class FrozenPrefix:
    """Runs a decoder of L blocks whose first `frozen` ones never change.

    Holds for decoder-only models of transformers' usual build: `layers`, then `norm`; causal attention, so
    that padding on the right changes nothing before it.
    """

    def __init__(self, decoder: Any, frozen: int) -> None:
        self.decoder = decoder
        self.lower = decoder.layers[:frozen]
        self.upper = decoder.layers[frozen:]
        self.kept: dict[tuple[int, ...], torch.Tensor] = {}

    @staticmethod
    def fits(decoder: Any, lengths: Sequence[int]) -> bool:
        """Whether the decoder is of the usual build and the hidden states of all sequences fit in `MEMORY`."""
        usual = all(hasattr(decoder, name) for name in ("layers", "norm", "embed_tokens"))
        return usual and sum(lengths) * decoder.config.hidden_size * 4 <= MEMORY

    def last_hidden_state(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """As the decoder's, shape (batch, width, hidden), with gradients through the upper blocks only."""
        keys = [tuple(row[: int(size)].tolist()) for row, size in zip(ids, mask.sum(1), strict=True)]
        if any(key not in self.kept for key in keys):
            with torch.no_grad(), self._only(self.lower, norm=torch.nn.Identity()):
                hidden = self.decoder(input_ids=ids, attention_mask=mask).last_hidden_state
            self.kept |= {key: hidden[place, : len(key)].clone() for place, key in enumerate(keys)}
        states = torch.nn.utils.rnn.pad_sequence([self.kept[key] for key in keys], batch_first=True)
        with self._only(self.upper, norm=self.decoder.norm):
            return self.decoder(inputs_embeds=states, attention_mask=mask).last_hidden_state

    @contextmanager
    def _only(self, layers: Any, norm: Any) -> Iterator[None]:
        """The decoder with some of its blocks, and another norm at its end."""
        whole = self.decoder.layers, self.decoder.norm
        self.decoder.layers, self.decoder.norm = layers, norm
        try:
            yield
        finally:
            self.decoder.layers, self.decoder.norm = whole

"""How a sample becomes token ids: one place, so that what is audited, trained on and scored is the same."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tasks.errors import DataGateError

Messages = Sequence[Mapping[str, str]]


class Encoded(NamedTuple):
    """Token ids of prompt and completion; the loss is taken on `ids[prompt_length:]`."""

    ids: list[int]
    prompt_length: int
    truncated: int
    """Tokens that did not fit."""


def encode(tokenizer: Any, prompt: Messages, completion: Messages, max_tokens: int) -> Encoded:
    """Applies the chat template; a sample without a prompt (language modelling) is its plain text.

    A sample that is too long loses the beginning of its prompt, so that the completion, which is what is
    learned, stays whole as far as it fits.

    Raises:
        DataGateError: the template does not put the prompt unchanged in front of the completion, so that no
            one could say which tokens are the answer's.
    """
    if not prompt:
        text = "".join(message["content"] for message in completion)
        ids = [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        return Encoded(ids[:max_tokens], 0, max(0, len(ids) - max_tokens))
    ids = tokenizer.apply_chat_template([*prompt, *completion], tokenize=True, return_dict=False)
    head = prompt_ids(tokenizer, prompt)
    if ids[: len(head)] != head:
        from tasks.privacy import Masker  # heavy: only where something went wrong

        ending = Masker().text(tokenizer.decode(head[-8:]))
        raise DataGateError(
            "the chat template does not fit: the rendered prompt is not the beginning of the rendered sample "
            f"(prompt ends with {ending!r})"
        )
    excess = max(0, len(ids) - max_tokens)
    cut = min(excess, len(head))
    return Encoded(ids[cut:][:max_tokens], len(head) - cut, excess)


def prompt_ids(tokenizer: Any, prompt: Messages) -> list[int]:
    """Ids of the prompt, ending where the assistant begins to speak."""
    return tokenizer.apply_chat_template(
        list(prompt), tokenize=True, add_generation_prompt=True, return_dict=False
    )


def token_counter(folder: Path) -> Callable[[str], int]:
    """Counts the tokens of a text for the base model in `folder`, without loading transformers.

    Raises:
        DataGateError: the model has no tokenizer.json to count with.
    """
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise DataGateError(f"{file} is missing: passages.max_tokens needs it; give passages.max_characters")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))

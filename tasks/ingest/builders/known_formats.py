"""Fine-tuning files of other tools, recognised by their keys.

OpenAI chat and TRL (`messages`), ShareGPT (`conversations`), TRL prompt-completion, Alpaca, Dolly, question/answer.
Of a conversation the last assistant turn is the completion and what comes before it the prompt; what comes after
it is left out. An assistant turn of weight 0 (OpenAI: not to be learnt) is never the completion.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.ingest.builders.sample import Message, RowError, system_message
from tasks.ingest.contract import excerpt_of

_ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "chatgpt", "bot"), "assistant"),
    **dict.fromkeys(("tool", "function", "observation"), "tool"),
}
_SINGLE = (
    ("instruction", "input", "output"),
    ("instruction", "context", "response"),
    ("question", "context", "answer"),
)
"""Keys of the question, of what it is about (may be missing or empty), and of the answer."""


def read_known(fields: Mapping[str, Any]) -> tuple[list[Message], list[Message]] | None:
    """Prompt and completion of a row in a known format; None when it is in none.

    Raises:
        RowError: the row is in a known format, but cannot be used (malformed_messages, missing_field).
    """
    for column in ("messages", "conversations", "conversation"):
        turns = _list_of(fields.get(column), column)
        if turns is not None:
            system = fields.get("system")
            first = system_message(system.strip()) if isinstance(system, str) else []
            return _cut([*first, *_read_turns(turns, column)], _weights(turns, len(first)), column)
    if "prompt" in fields and "completion" in fields:
        return _read_prompt_completion(fields)
    for question, about, answer in _SINGLE:
        if isinstance(fields.get(question), str) and isinstance(fields.get(answer), str):
            return _read_single(fields, question, about, answer)
    return None


def _read_single(
    fields: Mapping[str, Any], question: str, about: str, answer: str
) -> tuple[list[Message], list[Message]]:
    for column in (question, answer):
        if not fields[column].strip():
            raise RowError("missing_field", f"column {column!r} is empty", {"column": column})
    system, context = fields.get("system"), fields.get(about)
    asked = fields[question]
    if isinstance(context, str) and context.strip():
        asked = f"{asked}\n\n{context}"
    prompt = [
        *(system_message(system.strip()) if isinstance(system, str) else []),
        *_read_history(fields.get("history")),
        {"role": "user", "content": asked},
    ]
    return prompt, [{"role": "assistant", "content": fields[answer]}]


def _read_history(history: Any) -> list[Message]:
    """Earlier turns of an Alpaca row: pairs of a question and its answer."""
    messages: list[Message] = []
    for position, pair in enumerate(_list_of(history, "history") or ()):
        if not _is_sequence(pair) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise _malformed("history", f"entry {position} is not a pair of texts", pair)
        messages += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return messages


def _read_prompt_completion(fields: Mapping[str, Any]) -> tuple[list[Message], list[Message]]:
    sides = []
    for column, role in (("prompt", "user"), ("completion", "assistant")):
        turns = _list_of(fields[column], column)
        if turns is not None:
            messages = _read_turns(turns, column)
        elif isinstance(fields[column], str) and fields[column].strip():
            messages = [{"role": role, "content": fields[column]}]
        else:
            raise RowError("missing_field", f"column {column!r} is empty or no text", {"column": column})
        if not messages or messages[-1]["role"] != role:
            raise _malformed(column, f"the last message must be the {role}'s", fields[column])
        sides.append(messages)
    return sides[0], sides[1]


def _list_of(value: Any, column: str) -> Sequence[Any] | None:
    """A list, or a text that holds one as JSON (as csv does); None for anything else."""
    if isinstance(value, str) and value.lstrip()[:2] in ("[{", "[["):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _malformed(column, f"starts like a JSON list, but is none: {error}", value) from error
    return value if _is_sequence(value) else None


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _read_turns(turns: Sequence[Any], column: str) -> list[Message]:
    """Role/content or from/value messages; the text alone of each."""
    messages = []
    for position, turn in enumerate(turns):
        if not isinstance(turn, Mapping):
            raise _malformed(column, f"message {position} is no object", turn)
        speaker = turn.get("role") or turn.get("from")
        role = _ROLES.get(speaker.strip().lower()) if isinstance(speaker, str) else None
        if role is None:
            raise _malformed(column, f"message {position} is by {speaker!r}, not {sorted(_ROLES)}", turn)
        text = _text_of(turn.get("content") if "content" in turn else turn.get("value"), position, column)
        if not text.strip() and role != "system":
            calls = turn.get("tool_calls") or turn.get("function_call")
            why = "calls a tool and says nothing, which cannot be learnt here" if calls else "has no content"
            raise _malformed(column, f"message {position} {why}", turn)
        messages.append({"role": role, "content": text})
    return messages


def _text_of(content: Any, position: int, column: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if not _is_sequence(content):
        raise _malformed(column, f"content of message {position} is a {type(content).__name__}", content)
    texts = []
    for part in content:
        text = part if isinstance(part, str) else part.get("text") if isinstance(part, Mapping) else None
        if not isinstance(text, str):
            kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            raise _malformed(column, f"message {position} has a part of type {kind!r}, not text", part)
        texts.append(text)
    return "\n".join(texts)


def _weights(turns: Sequence[Any], before: int) -> list[bool]:
    """Which messages may be learnt, after `before` messages that come from elsewhere."""
    return [False] * before + [turn.get("weight") != 0 for turn in turns]


def _cut(
    messages: Sequence[Message], learnt: Sequence[bool], column: str
) -> tuple[list[Message], list[Message]]:
    """Prompt and completion, cut at the last assistant turn; a system message without words is left out."""
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant" and learnt[i]]
    if not answers:
        raise _malformed(column, "no message by the assistant that may be learnt", messages)
    prompt = [message for message in messages[: answers[-1]] if message["content"].strip()]
    if not any(message["role"] in ("user", "tool") for message in prompt):
        raise _malformed(column, "nothing is said before the assistant's only turn", messages)
    return prompt, [messages[answers[-1]]]


def _malformed(column: str, reason: str, value: Any) -> RowError:
    return RowError("malformed_messages", f"column {column!r}: {reason}", {"value": excerpt_of(value)})

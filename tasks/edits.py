"""How a sample changes: by a steward's decision or a witness's suggestion, with the content hash that follows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tasks.ingest.builders.entities import entities_as_json
from tasks.records import join_labels, normalize_text, sample_id, split_labels
from tasks.wording.told import Told

_MESSAGE = re.compile(r"(prompt|completion)\[(\d{1,6})\]")


class Put(NamedTuple):
    """`text` in the place of characters `start` to `end`."""

    start: int
    end: int
    text: str


def text_fields(sample: Mapping[str, Any]) -> dict[str, str]:
    """Name -> text of everything of a sample that a model reads or learns, each text once.

    `input` is the last user message of the prompt and `target` a completion of one message; every other message
    goes by its place, from 0: `prompt[0]`, `completion[1]`.
    """
    prompt, completion = sample.get("prompt") or [], sample.get("completion") or []
    asked = place_of_input(prompt)
    fields = {f"prompt[{i}]": message["content"] for i, message in enumerate(prompt) if i != asked}
    fields["input"] = sample["input"]
    if len(completion) > 1:
        fields |= {f"completion[{i}]": message["content"] for i, message in enumerate(completion)}
    else:
        fields["target"] = sample["target"]
    return {name: text for name, text in fields.items() if text}


def place_of_input(prompt: Sequence[Mapping[str, Any]]) -> int | None:
    """Where in the prompt the last user message stands."""
    return next((i for i in reversed(range(len(prompt))) if prompt[i]["role"] == "user"), None)


def is_text_field(name: str) -> bool:
    """Whether an edit may name this: input, target or a message."""
    return name in ("input", "target") or _MESSAGE.fullmatch(name) is not None


def put_in(text: str, put: Iterable[Put]) -> str:
    """`text` with `put`, in order and without overlaps, in its place."""
    parts, last = [], 0
    for one in put:
        parts += [text[last : one.start], one.text]
        last = one.end
    return "".join([*parts, text[last:]])


def move_labels(labels: Sequence[Mapping[str, Any]], put: Sequence[Put]) -> list[dict[str, Any]]:
    """Labelled spans where they stand once `put` is in its place; one that it cuts into holds all of what came in.

    Args:
        put: in order, without overlaps.
    """
    return [
        {**label, "start": _move(label["start"], put, False), "end": _move(label["end"], put, True)}
        for label in labels
    ]


def _move(at: int, put: Sequence[Put], is_end: bool) -> int:
    """Where a border stands afterwards; within what is taken out, at the border of what came in."""
    shift = 0
    for one in put:
        if at <= one.start:
            break
        if at < one.end:
            return one.start + shift + (len(one.text) if is_end else 0)
        shift += len(one.text) - (one.end - one.start)
    return at + shift


def edit_sample(sample: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """A sample with new label or texts, and the content hash that follows from it.

    Args:
        edit: any of label, input, target, spans and messages (`text_fields`). A label is also the target of
            text-classification; of multi-label data it is all labels, joined by " | " in any order. A new target of a
            completion of several messages replaces them all.

    Raises:
        ValueError: `edit` names a message that the sample has not.
    """
    if "label" in edit and sample.get("labels") is not None:
        labels = split_labels(edit["label"])
        sample, edit = {**sample, "labels": labels}, {**edit, "label": join_labels(labels)}
    label = edit.get("label", sample["label"])
    prompt = [dict(message) for message in sample["prompt"]]
    completion = [dict(message) for message in sample["completion"]]
    _put_messages({"prompt": prompt, "completion": completion}, edit)
    asked = place_of_input(prompt)
    given = normalize_text(edit.get("input", sample["input"]))
    if asked is not None and f"prompt[{asked}]" in edit:
        given = prompt[asked]["content"]
    elif asked is not None:
        prompt[asked]["content"] = given
    spans = edit.get("spans", sample.get("spans"))
    target = normalize_text(edit.get("target", edit.get("label", sample["target"])))
    if "spans" in edit:
        target = entities_as_json(given, spans)
    if any(name.startswith("completion[") for name in edit):
        target = "\n".join(m["content"] for m in completion if m["role"] == "assistant")
    elif len(completion) == 1 or target != sample["target"]:
        completion = [completion[-1] | {"content": target}]
    return {
        **sample,
        "prompt": prompt,
        "completion": completion,
        "label": label,
        "spans": spans,
        "input": given,
        "target": target,
        "sample_id": sample_id(sample["task"], prompt, completion, label),
    }


def _put_messages(messages: Mapping[str, list[dict[str, Any]]], edit: Mapping[str, Any]) -> None:
    for name, text in edit.items():
        if match := _MESSAGE.fullmatch(name):
            place, number = messages[match[1]], int(match[2])
            if number >= len(place):
                raise ValueError(
                    Told(
                        f"the sample has no {name}: its {match[1]} has {len(place)} messages",
                        f"サンプルに{name}はありません。{match[1]}のメッセージは{len(place)}件です。",
                    )
                )
            place[number]["content"] = normalize_text(text)

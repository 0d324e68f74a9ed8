"""How a sample changes: by a steward's decision or a witness's suggestion, with the content hash that follows."""

from collections.abc import Mapping
from typing import Any

from tasks.records import join_labels, normalize_text, sample_id, split_labels


def edit_sample(sample: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """A sample with new label, input or target, and the content hash that follows from it.

    Args:
        edit: any of label, input, target. A label is also the target of text-classification; of multi-label data
            it is all labels, joined by " | " in any order.
    """
    if "label" in edit and sample.get("labels") is not None:
        labels = split_labels(edit["label"])
        sample, edit = {**sample, "labels": labels}, {**edit, "label": join_labels(labels)}
    label = edit.get("label", sample["label"])
    given = normalize_text(edit.get("input", sample["input"]))
    target = normalize_text(edit.get("target", edit.get("label", sample["target"])))
    prompt = [dict(message) for message in sample["prompt"]]
    completion = [dict(message) for message in sample["completion"]]
    if prompt:
        prompt[-1]["content"] = given
    completion[-1]["content"] = target
    return {
        **sample,
        "prompt": prompt,
        "completion": completion,
        "label": label,
        "input": given,
        "target": target,
        "sample_id": sample_id(sample["task"], prompt, completion, label),
    }

"""How a sample changes: by a steward's decision or a witness's suggestion, with the content hash that follows."""

from collections.abc import Mapping
from typing import Any

from tasks.ingest.builders.entities import entities_as_json
from tasks.records import normalize_text, sample_id


def edit_sample(sample: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """A sample with new label, input, target or spans, and the content hash that follows from it.

    Args:
        edit: any of label, input, target, spans. A label is also the target of text-classification.
    """
    label = edit.get("label", sample["label"])
    given = normalize_text(edit.get("input", sample["input"]))
    spans = edit.get("spans", sample.get("spans"))
    target = (
        entities_as_json(given, spans)
        if "spans" in edit
        else edit.get("target", edit.get("label", sample["target"]))
    )
    target = normalize_text(target)
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
        "spans": spans,
        "input": given,
        "target": target,
        "sample_id": sample_id(sample["task"], prompt, completion, label),
    }

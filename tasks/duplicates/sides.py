"""Which side of a text-generation sample is compared: the question, the answer, or the whole talk."""

import pyarrow as pa
import pyarrow.compute as pc

from tasks.recipe import Compare
from tasks.records import SAMPLE, Task


def view_samples(samples: pa.Table, compare: Compare) -> pa.Table:
    """The samples as they are compared: with `Compare.PROMPT` as they are, else each as a passage of its own.

    A passage has no answer that could contradict another: equal answers to unlike questions are copies of one text.
    Samples of other tasks stay as they are.
    """
    if compare is Compare.PROMPT or pc.unique(samples["task"]).to_pylist() != [Task.TEXT_GENERATION.value]:
        return samples
    said = pc.fill_null(samples["target"], "")
    if compare is Compare.BOTH:
        talks = pa.array([_talk(prompt) for prompt in samples["prompt"].to_pylist()], pa.string())
        asked = pc.if_else(pc.equal(talks, ""), pc.fill_null(samples["input"], ""), talks)
        said = pc.binary_join_element_wise(asked, said, "\n")
    empty = pa.repeat("", len(samples))
    changed = {
        "task": pa.repeat(Task.LANGUAGE_MODELING.value, len(samples)),
        "input": empty,
        "target": said,
    }
    return pa.table([changed.get(name, samples[name]) for name in SAMPLE.names], schema=SAMPLE)


def _talk(prompt: list[dict[str, str]] | None) -> str:
    """All that was said, instructions aside."""
    return "\n".join(message["content"] or "" for message in prompt or () if message["role"] != "system")

"""What a decision changed of its sample, as the history shows it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from review.diff import diff_inline, shorten_common
from review.view import Piece, mark_inline
from tasks.edits import text_fields

COMPARED = 4_000
"""Characters of a text that are compared."""
AROUND = 40
"""Equal characters that are shown beside a difference."""


class Change(NamedTuple):
    field: str
    """As a form names it; "marked" for a text with its spans."""
    pieces: tuple[Piece, ...]


def find_changes(decision: Mapping[str, Any], sample: Mapping[str, Any]) -> tuple[Change, ...]:
    """Each text that a decision rewrote, against the sample's own.

    Args:
        decision: of `Desk.history`.
        sample: records.SAMPLE, before it.
    """
    payload, own = decision["payload"], text_fields(sample)
    spans = payload.get("spans")
    if isinstance(spans, list):  # else it was erased
        mended = {**sample, "spans": spans, "input": payload.get("input", sample["input"])}
        return (_compare("marked", mark_inline(sample), mark_inline(mended)),)
    texts = {name: text for name, text in payload.items() if name in own and isinstance(text, str)}
    return tuple(_compare(name, own[name], text) for name, text in texts.items())


def _compare(field: str, before: str, after: str) -> Change:
    return Change(field, shorten_common(diff_inline(before[:COMPARED], after[:COMPARED]), AROUND))

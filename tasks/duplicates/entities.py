"""Whether two texts mark the same entities: by place in equal texts, by kinds and words in similar ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.text import matching_form

Spans = Sequence[Mapping[str, Any]]
"""Entities of a text: start and end in characters, and label."""


def place_entities(text: str, spans: Spans) -> str:
    """Where the entities of a text stand, in characters of its matching form without spaces, and their kinds."""
    places = [
        (*(len(matching_form(text[: span[end]]).replace(" ", "")) for end in ("start", "end")), span["label"])
        for span in spans
    ]
    return repr(sorted(places))


def mark_alike(one: str, one_spans: Spans, other: str, other_spans: Spans) -> bool:
    """Whether two similar texts hold the same kinds of entities in order, and mark alike what both texts hold.

    Copies with other names in them agree: what only one text holds is no contradiction.
    """
    left, right = _name_entities(one, one_spans), _name_entities(other, other_spans)
    if [kind for kind, _ in left] != [kind for kind, _ in right]:
        return False
    sides = ((left, right, matching_form(other)), (right, left, matching_form(one)))
    return not any(
        name in form for own, theirs, form in sides for kind, name in own if (kind, name) not in theirs
    )


def _name_entities(text: str, spans: Spans) -> list[tuple[str, str]]:
    """Kind and matching form of each entity, in the order of the text."""
    ordered = sorted(spans, key=lambda span: (span["start"], span["end"]))
    return [(span["label"], matching_form(text[span["start"] : span["end"]])) for span in ordered]

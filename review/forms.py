"""What a form's fields say, where they say it in numbers or JSON; whatever cannot be read is told, with a status."""

import json
from collections.abc import Mapping
from typing import Any

from review.words import refuse


def read_version(form: Mapping[str, str]) -> int:
    """Raises HTTPException: 422 where a form does not say which version of the item was looked at."""
    try:
        return int(form.get("version", ""))
    except ValueError as error:
        raise refuse(422, "The form lacks the version of the item that was looked at.") from error


def read_change(text: str) -> dict[str, str]:
    """The change that a suggestion's button carries: a JSON object of texts.

    Raises:
        HTTPException: 422 where it is none.
    """
    change = read_object(text)
    if change is None or not all(isinstance(value, str) for value in change.values()):
        raise refuse(422, "The change that the form asks for is no JSON object of texts.")
    return change


def read_versions(text: str) -> dict[str, int] | None:
    """sample_id -> version, from a JSON object; None where it is none."""
    seen = read_object(text)
    if seen is None or not all(type(value) is int for value in seen.values()):
        return None
    return seen


def read_object(text: str) -> dict[str, Any] | None:
    """A JSON object of what a database can hold; None where the text is none."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

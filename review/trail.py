"""Where a reviewer is on a list: its filters, and the items left for later, handed on from page to page."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request

FILTERS = ("label", "language", "source", "disposition", "text", "least_score", "most_score", "state")
TRAIL = (*FILTERS, "skip")
"""What of a page's query goes on to the next one; in a form each name has `PREFIX` before it."""
PREFIX = "f_"
REMEMBERED = 50
"""Items left for later that are passed over until the list is begun anew."""
BEGINNING = 16
"""Characters of a sample_id that tell it from others: the address stays short."""


def trail_of(request: Request) -> dict[str, str]:
    """The trail of the page that is asked for, or of the form that was posted."""
    form: Mapping[str, str] = getattr(request.state, "form", {})
    given = request.query_params if request.method == "GET" else _read(form)
    return {name: given[name] for name in TRAIL if given.get(name)}


def trail_query(request: Request) -> str:
    return urlencode(trail_of(request))


def left_on(trail: Mapping[str, str]) -> list[str]:
    """Beginnings of the sample_ids that were left for later."""
    return [name for name in trail.get("skip", "").split(",") if name]


def leave_behind(trail: Mapping[str, str], sample_id: str) -> dict[str, str]:
    """The trail with one more item left for later."""
    left = [*left_on(trail), sample_id[:BEGINNING]][-REMEMBERED:]
    return {**trail, "skip": ",".join(left)}


def _read(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form.get(PREFIX + name, "") for name in TRAIL}

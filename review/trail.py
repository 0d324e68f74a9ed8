"""Where a reviewer is on a list: its filters, and the items left for later, handed on from page to page."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.routing import Match, Mount

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


def page_of(request: Request) -> str:
    """The address, below the root, of the page that is asked for, or that a posted form came from: of an item with
    its trail, else of the nearest page above the form's address."""
    root, path = request.scope.get("root_path", ""), request.url.path
    query = f"?{request.url.query}" if request.url.query else ""
    if request.method == "GET" and is_page(request, path):
        return path.removeprefix(root) + query
    form: Mapping[str, str] = getattr(request.state, "form", {})
    if form and "sample_id" in request.path_params:
        return _item_page(request, form)
    while path != root and not is_page(request, path):
        path = path.rpartition("/")[0]
    return (path.removeprefix(root) or "/") + query


def item_above(request: Request) -> str:
    """The address, below the root, of the item that a page which is asked for is about, in its queue and with its
    trail; "" for an item's own page, one about no item, or one that is in no queue."""
    sample_id, given = request.path_params.get("sample_id"), request.query_params
    if sample_id is None or request.url.path.endswith(f"/{sample_id}"):
        return ""
    is_queued = request.app.state.room.desk.item(sample_id, given.get("recipe")) is not None
    return _item_page(request, given) if is_queued else ""


def _item_page(request: Request, given: Mapping[str, str]) -> str:
    """Args: given: fields of a form or a query."""
    place = {name: given[name] for name in ("recipe", "queue") if given.get(name)}
    return f"/items/{quote(request.path_params['sample_id'])}?{urlencode(place | trail_of(request))}"


def is_page(request: Request, path: str) -> bool:
    """Whether something is shown at an address."""
    asked = {**request.scope, "path": path, "method": "GET"}
    routes = (route for route in request.app.routes if not isinstance(route, Mount))
    return any(route.matches(asked)[0] is Match.FULL for route in routes)

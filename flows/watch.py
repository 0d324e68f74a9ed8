"""Changed documents and new base-model revisions to Prefect events, which start runs through triggers.

An event is emitted once for a difference between what the last run saw and what is there now. While the run
that it starts is under way the difference stands, and stays told; when that run has ended and there is a new
difference, a new event tells it.
"""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.events import Event, Resource
from sqlalchemy.exc import OperationalError

from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.recipe import load_recipe
from tasks.records import digest_of
from tasks.storage import Workspace
from tasks.watching import Row, find_changes, find_update, is_file, observe

DOCUMENTS_CHANGED = "seimai.documents.changed"
BASE_MODEL_UPDATED = "seimai.base-model.updated"
LISTED = 20
"""URIs that an event lists of each kind; its counts are complete."""
logger = logging.getLogger("seimai.watch")


def watch(recipe_path: Path, every_seconds: float = 60.0, stop: threading.Event | None = None) -> None:
    """Looks every `every_seconds` and emits what has changed, until `stop` is set.

    A change is emitted when two looks in a row agree on it, so that files that are still being copied do not
    start a run each. What goes wrong in one look (recipe being edited, ledger busy, server away) is logged,
    and the next look tries again.
    """
    stop = stop or threading.Event()
    told: set[str] = set()
    last: set[str] = set()
    while True:
        try:
            pending = find_events(recipe_path)
            told &= pending.keys()  # a difference that is gone may come back, and is news then
            settled = (pending.keys() & last) - told
            last = set(pending)
            emit([pending[key] for key in sorted(settled)])
            told |= settled
        except (SeimaiError, OperationalError, httpx.HTTPError) as error:
            logger.warning("watching %s: %s; the next look is in %g s", recipe_path, error, every_seconds)
        if stop.wait(every_seconds):
            return


def watch_once(recipe_path: Path) -> list[Event]:
    """Looks once, emits what has changed since the last run, and returns those events.

    Raises:
        SeimaiError: the recipe or the ledger cannot be read.
        httpx.HTTPError: the Prefect server did not take the events.
    """
    events = list(find_events(recipe_path).values())
    emit(events)
    return events


def find_events(recipe_path: Path) -> dict[str, Event]:
    """What stands between what the last run of the recipe saw and what is there now.

    Returns:
        At most one event of each kind, by the digest of the difference that it tells.
    """
    recipe = load_recipe(recipe_path)
    seen = Ledger(Workspace(root=recipe.workspace).ledger_url).watched(recipe.name)
    now = observe(recipe, seen)
    where = str(recipe_path.resolve())
    events: dict[str, Event] = {}
    changes = find_changes(seen, now)
    if any(changes):
        counts = {kind: len(uris) for kind, uris in changes._asdict().items()}
        listed = {kind: list(uris[:LISTED]) for kind, uris in changes._asdict().items()}
        key = digest_of([_contents(list(seen.values())), _contents(now)])
        events[key] = _event(DOCUMENTS_CHANGED, recipe.name, {"recipe": where, "counts": counts, **listed})
    update = find_update(seen, now)
    if update:
        key = digest_of(list(update))
        events[key] = _event(BASE_MODEL_UPDATED, recipe.name, {"recipe": where, **update._asdict()})
    return events


def emit(events: Sequence[Event]) -> None:
    """Hands `events` to the Prefect server, and returns when it has taken them.

    `prefect.events.emit_event` leaves that to a thread that only logs a failure: an event could be lost.
    """
    if not events:
        return
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[event.model_dump(mode="json") for event in events])
    for event in events:
        logger.info("%s: %s", event.event, event.payload.get("counts") or event.payload["new"])


def _contents(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return sorted((row["uri"], row["digest"]) for row in rows if is_file(row))


def _event(event: str, name: str, payload: dict[str, Any]) -> Event:
    resource = {"prefect.resource.id": f"seimai.recipe.{name}", "prefect.resource.name": name}
    return Event(event=event, resource=Resource(resource), payload=payload)

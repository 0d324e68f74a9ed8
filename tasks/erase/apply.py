"""Erasing: the receipt first, then every change, then a look at what still holds the text."""

from collections import Counter
from typing import Any, NamedTuple

from tasks.erase.change import Kind
from tasks.erase.find import Found, Why, find
from tasks.erase.scan import find_remains
from tasks.erase.selection import Selection
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.storage import Workspace


class Erased(NamedTuple):
    """What came of an erasure."""

    erasure_id: str
    """The receipt; that of the earlier erasure where this one completed it."""
    found: Found
    remains: tuple[tuple[str, str], ...]
    """(path relative to the workspace, what to do) of each file that still holds an erased text."""


def erase(
    workspace: Workspace, ledger: Ledger, selection: Selection, shown: Found, actor: str, reason: str
) -> Erased:
    """Erases what `find` found and a person has seen; cut short, it is completed by the same call again.

    Receipt and tombstones are written before anything changes, so that nothing erased comes back whatever
    happens later.

    Raises:
        SeimaiError: the workspace has changed since `shown` was found; nothing was erased.
        WorkspaceBusyError: a run is under way.
    """
    with workspace.locked("erase"):
        found = find(workspace, ledger, selection)
        if (found.samples.keys(), found.documents) != (shown.samples.keys(), shown.documents):
            raise SeimaiError("the workspace has changed meanwhile; nothing was erased, look again")
        erasure_id = _write_receipt(ledger, found, actor, reason)
        for change in found.changes:
            change.apply(erasure_id)
        return Erased(erasure_id, found, tuple(find_remains(workspace, found.redactor)))


def is_done(ledger: Ledger, found: Found) -> bool:
    """Whether earlier erasures have left nothing to do."""
    return not found.changes and not _fresh(ledger, found)


def count_found(found: Found) -> dict[str, int]:
    """What was found, in numbers."""
    whys = Counter(found.samples.values())
    changes: Counter[Kind] = Counter()
    for change in found.changes:
        changes[change.kind] += change.amount
    return {
        **{f"samples, {why}": whys[why] for why in Why if whys[why]},
        "documents": len(found.documents),
        "decisions": len(found.decisions),
        **{kind.value: changes[kind] for kind in Kind if changes[kind]},
    }


def _fresh(ledger: Ledger, found: Found) -> list[tuple[str, str]]:
    """Tombstones that do not stand yet."""
    stones = ledger.tombstones()
    wanted = [("sample", name) for name in found.samples] + [("document", name) for name in found.documents]
    return [(kind, digest) for kind, digest in wanted if digest not in stones.get(kind, {})]


def _write_receipt(ledger: Ledger, found: Found, actor: str, reason: str) -> str:
    fresh = _fresh(ledger, found)
    if found.receipt is not None and not fresh:
        return found.receipt
    told: dict[str, Any] = {
        "counts": count_found(found),
        "samples": sorted(found.samples),
        "documents": sorted(found.documents),
        "decisions": sorted(found.decisions),
        "snapshots": [c.what for c in found.changes if c.kind is Kind.SNAPSHOTS],
        "reports": [c.what for c in found.changes if c.kind is Kind.REPORTS],
    }
    return ledger.add_erasure(found.request, told, found.models, fresh, actor, reason)

"""`seimai diff`: what differs between two snapshots, in the terminal."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from flows.masking import masker_of
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.privacy import Masker
from tasks.snapshot_diff import Change, SnapshotDiff, diff_snapshots
from tasks.storage import Workspace

MARKS = {Change.IN: ("+", "green"), Change.OUT: ("-", "red"), Change.CHANGED: ("~", "yellow")}
SHOWN = 20
"""Documents, and samples, that are listed unless all are asked for."""


def find_snapshots(
    workspace: Workspace, first: str | None, second: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two snapshots (path, recipe) by the beginning of their ids; the newest and the one before it by default.

    Raises:
        SeimaiError: there is no such snapshot, or several begin so.
    """
    ledger = Ledger(workspace.ledger_url)
    everything = ledger.snapshots()
    if second is None:
        of_recipe = [s for s in everything if s["recipe"] == everything[0]["recipe"]] if everything else []
        if len(of_recipe) < 2:
            raise SeimaiError(
                f"{workspace.root} holds {len(everything)} snapshot(s); two are needed to compare"
            )
        second = of_recipe[0]["snapshot_id"]
        first = first or of_recipe[1]["snapshot_id"]
    return _one(everything, first or ""), _one(everything, second)


def print_diff(diff: SnapshotDiff, console: Console, masker: Masker, everything: bool = False) -> None:
    """Counts, then what changed with the reason of each; texts are masked."""
    _print_part("documents", diff.documents, console, masker, everything)
    _print_part("samples", diff.samples, console, masker, everything, f", {diff.kept:,} in both")


def _print_part(
    name: str,
    changes: Iterable[Any],
    console: Console,
    masker: Masker,
    everything: bool,
    more: str = "",
) -> None:
    listed = list(changes)
    counts = Counter(change.change for change in listed)
    told = ", ".join(f"{counts[change]:,} {change.value}" for change in Change)
    console.print(Text(f"{name}: {told}{more}", style="bold"))
    for why, count in Counter((c.change.value, c.why.split(":")[0]) for c in listed).most_common():
        console.print(Text(f"  {count:>6,} {why[0]}: {why[1]}"))
    for change in listed if everything else listed[:SHOWN]:
        mark, style = MARKS[change.change]
        what, cause = change.uri, masker.text(change.why)
        if name == "samples":
            what = f"{change.sample_id[:12]} {masker.text(change.text)[:70]!r}"
        console.print(Text(f"{mark} {what}  ({cause})", style=style), soft_wrap=True)
    if len(listed) > SHOWN and not everything:
        console.print(Text(f"  … {len(listed) - SHOWN:,} more: --all", style="dim"))


def _one(snapshots: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    found = [s for s in snapshots if s["snapshot_id"].startswith(wanted)]
    if len(found) != 1:
        known = ", ".join(s["snapshot_id"] for s in snapshots[:5]) or "none yet"
        raise SeimaiError(f"{len(found)} snapshots begin with {wanted!r}; newest: {known}")
    return found[0]


def diff_two(workspace: Workspace, first: str | None, second: str | None, everything: bool) -> None:
    """Prints what `second` has that `first` has not, and the other way round."""
    snapshots = find_snapshots(workspace, first, second)
    a, b = (workspace.path(snapshot["path"]) for snapshot in snapshots)
    console = Console()
    console.print(Text(f"{a.name} → {b.name}"))
    masker = masker_of(Ledger(workspace.ledger_url), snapshots[1]["recipe"])
    print_diff(diff_snapshots(a, b), console, masker, everything)

"""`seimai erase`: what shall be forgotten is shown, confirmed, erased and accounted for."""

import getpass
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.terminal import WorkspaceOption
from tasks.errors import SeimaiError
from tasks.storage import Workspace, open_workspace

if TYPE_CHECKING:
    from tasks.erase.apply import Erased
    from tasks.erase.find import Found
    from tasks.ledger import Ledger

SHOWN = 50
"""Items listed before the question."""


def erase_command(
    uri: Annotated[list[str] | None, typer.Option(help="Everything from this file; a URI or a glob.")] = None,
    sample: Annotated[list[str] | None, typer.Option(help="A sample, by the beginning of its id.")] = None,
    match: Annotated[list[str] | None, typer.Option(help="Everything that holds these words.")] = None,
    regex: Annotated[bool, typer.Option("--regex", help="--match is a regular expression.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept in the receipt.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who erases; the user's name when left out.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be erased; erase nothing.")
    ] = False,
    list_receipts: Annotated[
        bool, typer.Option("--list", help="Print the receipts of what was erased.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Find everything that holds a file, a sample or words, and erase it for good.

    Samples (near-duplicates too), documents, caches, decisions and reports lose their text; what was erased is
    refused when a source brings it back, and models trained on it are marked as due for retraining. The
    source files themselves are not touched.
    """
    from tasks.ledger import Ledger

    place = open_workspace(workspace)
    ledger = Ledger(place.ledger_url)
    console = Console()
    if list_receipts:
        _print_receipts(ledger, console)
        return
    from tasks.erase.apply import erase, is_done
    from tasks.erase.find import find
    from tasks.erase.selection import Selection

    selection = Selection(
        uris=tuple(uri or ()), samples=tuple(sample or ()), matches=tuple(match or ()), regex=regex
    )
    with console.status("looking"):
        found = find(place, ledger, selection)
    if is_done(ledger, found):
        console.print("All of it is erased already (`seimai erase --list`); nothing is left to do.")
        return
    _print_found(found, console)
    if dry_run:
        return
    if not yes:
        typer.confirm("Erase all of this? It cannot be undone.", default=False, abort=True)
    why = _ask_reason(reason)
    with console.status("erasing"):
        erased = erase(place, ledger, selection, found, actor or getpass.getuser(), why)
    _print_outcome(place, erased, console)


def _ask_reason(reason: str | None) -> str:
    if reason is None and sys.stdin.isatty():
        reason = typer.prompt("Reason")
    if not reason or not reason.strip():
        raise SeimaiError("an erasure needs a --reason; nothing was erased")
    return reason


def _print_found(found: "Found", console: Console) -> None:
    from tasks.erase.apply import count_found

    counts = Table(box=None, pad_edge=False)
    counts.add_column("found")
    counts.add_column("", justify="right")
    for what, count in count_found(found).items():
        counts.add_row(Text(what), f"{count:,}")
    console.print(counts)
    table = Table(box=None, pad_edge=False, expand=True)
    for name in ("what", "id"):
        table.add_column(name, no_wrap=True)
    table.add_column("where", ratio=1, overflow="fold")
    table.add_column("text", ratio=2, no_wrap=True, overflow="ellipsis")
    for item in found.items[:SHOWN]:
        table.add_row(Text(item.what), item.identity[:12], Text(item.where), Text(item.text[:200]))
    console.print("", table)
    if len(found.items) > SHOWN:
        console.print(f"and {len(found.items) - SHOWN:,} more")
    for model in found.models:
        console.print(Text(f"trained on it: {model}", style="yellow"))
    if found.documents:
        console.print(Text("An erased document does not come back with any of its samples."))


def _print_outcome(place: Workspace, erased: "Erased", console: Console) -> None:
    console.print(Text(f"Erased. Receipt {erased.erasure_id}", style="bold"))
    for path, advice in erased.remains:
        console.print(Text(f"still holds it: {place.path(path)}: {advice}", style="red"))
    for model in erased.found.models:
        console.print(Text(f"due for retraining: {model}; what its weights learned cannot be erased"))
    if server := os.environ.get("PREFECT_API_URL"):
        console.print(
            Text(f"not looked at: the Prefect server {server}; delete its artifacts `training-audit` there")
        )
    skipped = erased.found.redactor.probes.skipped
    if skipped:
        console.print(f"{skipped} texts were too short to be looked for where they are quoted without an id.")
    console.print("The sources were not touched: what was erased is refused when a run meets it there.")


def _print_receipts(ledger: "Ledger", console: Console) -> None:
    receipts = ledger.erasures()
    if not receipts:
        console.print("Nothing was erased yet.")
    for receipt in receipts:
        console.print(
            Text(f"{receipt['erasure_id']}  {receipt['created']}  by {receipt['actor']}", style="bold")
        )
        console.print(Text(f"  reason: {receipt['reason']}"))
        for key, value in receipt["request"].items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            console.print(Text(f"  {key}: {shown}"))
        counts = receipt["found"].get("counts", {})
        console.print(Text("  " + ", ".join(f"{what}: {count:,}" for what, count in counts.items())))
        for model in receipt["models"]:
            console.print(Text(f"  due for retraining: {model}"))

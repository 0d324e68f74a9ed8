"""`seimai review`: flagged samples in the terminal."""

import getpass
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.decide import decide as record_decision
from review.decide import find_flagged, newest_flagged
from tasks.ledger import Ledger
from tasks.records import Action, Disposition
from tasks.storage import open_workspace

app = typer.Typer(no_args_is_help=True, help="Decide about samples that were flagged.")
WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Workspace folder; the nearest .seimai when left out.")
]


def _ledger(workspace: str | None) -> Ledger:
    return Ledger(open_workspace(workspace).ledger_url)


@app.command("list")
def list_command(
    recipe: Annotated[str | None, typer.Option(help="Only this recipe's samples.")] = None,
    check: Annotated[str | None, typer.Option(help="Only samples set aside by this check.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Dropped and edited samples too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 40,
    workspace: WorkspaceOption = None,
) -> None:
    """List quarantined samples of the newest snapshots, with the reason and any decision."""
    rows = [
        row
        for row in newest_flagged(_ledger(workspace), recipe)
        if (everything or row["disposition"] == Disposition.QUARANTINE) and check in (None, row["check"])
    ]
    table = Table(title=f"{len(rows)} samples", title_justify="left", expand=True)
    for name in ("sample", "check", "label", "decided"):
        table.add_column(name, no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows[:limit]:
        decision = row["decision"]
        label = Text(row["sample"]["label"] or "")
        decided = decision["action"] if decision else ""
        table.add_row(row["sample_id"][:12], row["check"], label, decided, Text(_text(row["sample"])))
    console = Console()
    console.print(table)
    if len(rows) > limit:
        console.print(f"{len(rows) - limit} more: --limit {len(rows)} shows all")


@app.command()
def show(
    sample: Annotated[str, typer.Argument(help="Beginning of the sample's id.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Show one flagged sample with every finding, its evidence and suggestion."""
    row = find_flagged(_ledger(workspace), sample)
    console = Console()
    console.print(Text(f"{row['sample_id']}  {row['disposition']} by {row['check']}", style="bold"))
    console.print(Text(f"{row['sample']['uri']}:{row['sample']['line']}  label: {row['sample']['label']}"))
    for message in [*row["sample"]["prompt"], *row["sample"]["completion"]]:
        console.print(Text(f"  {message['role']}: {message['content']}"))
    for finding in row["findings"]:
        score = "" if finding["score"] is None else f" (score {finding['score']:.3g})"
        console.print(Text(f"- {finding['check']}{score}: {finding['reason']}", style="yellow"))
        for name in ("evidence", "suggestion"):
            for key, value in json.loads(finding[name] or "{}").items():
                shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                console.print(Text(f"    {key}: {shown}".replace("\n", "\n      ")))
    if row["decision"]:
        console.print(Text(f"decided: {_decision(row['decision'])}", style="green"))


@app.command()
def decide(
    sample: Annotated[str, typer.Argument(help="Beginning of the sample's id.")],
    action: Annotated[Action, typer.Argument(help="What to do with it.")],
    label: Annotated[str | None, typer.Option(help="New label, for relabel.")] = None,
    given: Annotated[str | None, typer.Option("--input", help="New input text, for edit.")] = None,
    target: Annotated[str | None, typer.Option(help="New target text, for edit.")] = None,
    message: Annotated[
        list[str] | None, typer.Option(help="New text of another message, for edit: 'prompt[0]=…'.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")] = "",
    actor: Annotated[str | None, typer.Option(help="Who decides; the user's name when left out.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Decide about a flagged sample; the next run applies it. A later decision replaces an earlier one."""
    change = {k: v for k, v in (("label", label), ("input", given), ("target", target)) if v is not None}
    change |= dict(_parse_message(item) for item in message or ())
    row = record_decision(_ledger(workspace), sample, action, change, reason, actor or getpass.getuser())
    Console().print(Text(f"{action}: {row['sample_id'][:12]} {_text(row['sample'])[:60]}"))
    Console().print("The next run of the recipe applies it.")


def _parse_message(given: str) -> tuple[str, str]:
    """Name and text of `--message NAME=TEXT`."""
    name, equals, text = given.partition("=")
    if not equals:
        raise typer.BadParameter(f"--message takes NAME=TEXT, such as 'prompt[0]=Hello', got {given!r}")
    return name, text


def _text(sample: dict[str, Any]) -> str:
    return " ".join((sample["input"] or sample["target"]).split())


def _decision(decision: dict[str, Any]) -> str:
    payload = json.dumps(decision["payload"], ensure_ascii=False) if decision["payload"] else ""
    return (
        f"{decision['action']} {payload} by {decision['actor']} at {decision['created']} {decision['reason']}"
    )

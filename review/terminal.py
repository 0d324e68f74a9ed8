"""`seimai review`: the page, and flagged samples in the terminal."""

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.decide import decide as record_decision
from review.decide import find_flagged, newest_flagged
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.records import Action, Disposition
from tasks.storage import open_workspace

app = typer.Typer(
    invoke_without_command=True,
    help="Decide about samples that were flagged: on a page, or with a subcommand in the terminal.",
)
people_app = typer.Typer(no_args_is_help=True, help="Who may use the page.")
app.add_typer(people_app, name="people")
WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Workspace folder; the nearest .seimai when left out.")
]


def _ledger(workspace: str | None) -> Ledger:
    return Ledger(open_workspace(workspace).ledger_url)


@app.callback()
def page(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to serve on; others than loopback need accounts.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on.")] = 8521,
    name: Annotated[list[str] | None, typer.Option(help="Host name by which the page is reached.")] = None,
    secure: Annotated[
        bool | None,
        typer.Option(
            "--secure/--insecure",
            help="It is reached by https alone, or not; has to be said for an address that others reach.",
        ),
    ] = None,
    proxy: Annotated[
        Path | None, typer.Option(help="YAML that says what of a proxy, which signs people in, is believed.")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Open the review page (Ctrl-C ends it)."""
    if context.invoked_subcommand is not None:
        return
    from review.proxy import load_proxy
    from review.serve import make_room, serve

    place = open_workspace(workspace)
    believed = load_proxy(proxy) if proxy else None
    room = make_room(place, host, getpass.getuser(), name or (), secure, believed)
    Console().print(f"review: {'https' if secure else 'http'}://{host}:{port}/ (Ctrl-C ends it)")
    serve(room, host, port)


@people_app.command("add")
def add_person(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[str, typer.Option(help="viewer, reviewer, adjudicator or admin.")] = "reviewer",
    workspace: WorkspaceOption = None,
) -> None:
    """Give somebody an account; the password is asked for, or read from standard input where that is no terminal."""
    from review.access import Role
    from review.passwords import hash_password
    from tasks.ledger.people import People

    if role not in [one.word for one in Role]:
        raise SeimaiError(f"--role is one of {', '.join(one.word for one in Role)}; got {role!r}")
    terminal = sys.stdin.isatty()
    password = getpass.getpass("password: ") if terminal else sys.stdin.readline().rstrip("\n")
    if terminal and getpass.getpass("once more: ") != password:
        raise SeimaiError("the two passwords differ")
    try:
        hashed = hash_password(password)
    except ValueError as error:
        raise SeimaiError(str(error)) from error
    People(_ledger(workspace)).add(name, role, hashed, getpass.getuser())
    Console().print(f"{name} may sign in as {role}.")


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

"""`seimai decisions`: who decided what, and decisions as files."""

import getpass
import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from review.terminal import WorkspaceOption
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.storage import open_workspace, written_whole

if TYPE_CHECKING:
    from tasks.privacy import Masker


class Format(StrEnum):
    SEIMAI = "seimai"
    """Decisions, one a line, as they are stored."""
    LABEL_STUDIO = "label-studio"
    ARGILLA = "argilla"


app = typer.Typer(no_args_is_help=True, help="Decisions: their log, and in and out as files.")
FormatOption = Annotated[
    Format, typer.Option("--format", help="Decisions as they are, or another tool's file.")
]


@app.command()
def log(
    limit: Annotated[int, typer.Option(min=1, help="Lines to show, the newest first.")] = 40,
    workspace: WorkspaceOption = None,
) -> None:
    """Say who decided what, when, and on which evidence, and which opinion on an overlap item was taken back; personal
    data in new texts is masked."""
    from tasks.ledger.desk import Desk
    from tasks.ledger.moves import WITHDRAWN
    from tasks.privacy import Masker

    masker = Masker()
    ledger = Ledger(open_workspace(workspace).ledger_url)
    withdrawn = Desk(ledger).acts(limit=None, act=WITHDRAWN)
    rows = sorted([*ledger.all_decisions()[::-1], *withdrawn], key=lambda row: row["created"], reverse=True)
    console = Console()
    for row in rows[:limit]:
        told = _tell_withdrawn(row, masker) if "act" in row else _tell_decision(row, masker)
        console.print(Text(told), soft_wrap=True)
    if len(rows) > limit:
        console.print(f"{len(rows) - limit} more: --limit {len(rows)} shows all")


def _tell_decision(row: Mapping[str, Any], masker: "Masker") -> str:
    seen = ", ".join(
        f"{check} {score:.2f}" if score is not None else check
        for check, score in (row["evidence"].get("scores") or {}).items()
    )
    about = " ".join(part for part in (row["reason_code"], row["reason"]) if part)
    told = f"{row['created']}  {row['actor']}  {row['action']} {row['sample_id'][:12]} {_change(row, masker)}"
    return told.rstrip() + (f"  [{seen}]" if seen else "") + (f"  {about}" if about else "")


def _tell_withdrawn(row: Mapping[str, Any], masker: "Masker") -> str:
    """What an opinion was that somebody took back; acts of earlier versions do not tell."""
    begun = f"{row['created']}  {row['actor']}  opinion taken back on {row['subject'][:12]}"
    if not (said := row["detail"]):
        return begun
    told = f"{begun}: {said['actor']}, {said['created']}, {said['action']} {_change(said, masker)}".rstrip()
    return told + (f"  {said['reason']}" if said["reason"] else "")


def _change(row: Mapping[str, Any], masker: "Masker") -> str:
    return json.dumps(masker.tree(row["payload"]), ensure_ascii=False) if row["payload"] else ""


@app.command("export")
def export_command(
    path: Annotated[Path | None, typer.Argument(help="File; standard output when left out.")] = None,
    form: FormatOption = Format.SEIMAI,
    recipe: Annotated[str | None, typer.Option(help="Whose queue, for other tools.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write every decision, or the open queue for another tool."""
    from review.exchange import write_decisions, write_queue
    from tasks.ledger.desk import Desk

    ledger = Ledger(open_workspace(workspace).ledger_url)
    if form is Format.SEIMAI:
        content = "".join(write_decisions(ledger))
    else:
        desk = Desk(ledger)
        known = sorted(desk.facts())
        if recipe is None and len(known) == 1:
            recipe = known[0]
        if recipe not in known:
            raise SeimaiError(f"--recipe is one of {', '.join(known) or 'none yet'}; got {recipe!r}")
        content = json.dumps(list(write_queue(desk, recipe, form)), ensure_ascii=False, indent=1) + "\n"
    if path is None:
        sys.stdout.write(content)
        return
    with written_whole(path) as part:
        part.write_text(content, encoding="utf-8")
    Console(stderr=True).print(f"written: {path}")


@app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="File that was exported here, or by another tool.")],
    form: FormatOption = Format.SEIMAI,
    actor: Annotated[
        str | None, typer.Option(help="Who answered in the other tool; you when left out.")
    ] = None,
    any_label: Annotated[
        bool,
        typer.Option(
            "--any-label", help="Take decisions about labels that the recipe does not know (any more) too."
        ),
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take decisions from a file, all or none; the next run applies them.

    A label that the recipe does not know is refused, with its line or entry and the nearest known one: it would be a
    new class of the training data. Decisions that the ledger holds already, and those that a later one supersedes,
    are not looked at, nor is anything before a recipe's first run, when none of its labels is known: a ledger's own
    export comes in again there as it is. Elsewhere --any-label takes decisions from when the recipe knew others.
    """
    from review.exchange import read_decisions, take_answers

    ledger = Ledger(open_workspace(workspace).ledger_url)
    if form is not Format.SEIMAI:
        if any_label:
            raise SeimaiError(f"--any-label goes with --format {Format.SEIMAI}; got {form}")
        decided, left = take_answers(ledger, path, form, actor or getpass.getuser())
        Console().print(f"{decided} decided, {left} left alone (no answer, decided already, or in no queue)")
        return
    try:
        added = read_decisions(ledger, path.read_text(encoding="utf-8").split("\n"), any_label)
    except (OSError, UnicodeDecodeError) as error:
        raise SeimaiError(f"cannot read {path}: {error}") from error
    Console().print(f"{added} decisions added")

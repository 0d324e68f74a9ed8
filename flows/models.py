"""`seimai models`: the registry in the terminal."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.terminal import WorkspaceOption
from tasks.storage import open_workspace

if TYPE_CHECKING:
    from tasks.register import RegisteredModel

app = typer.Typer(no_args_is_help=True, help="Look at registered models, and roll one back.")
NameArgument = Annotated[str, typer.Argument(help="Registered model.")]


@app.command("list")
def list_command(workspace: WorkspaceOption = None) -> None:
    """List every version of every model with its aliases and verdict."""
    from tasks.register import list_models

    table = Table(box=None, pad_edge=False)
    for name in ("model", "version", "aliases", "verdict", "created", "snapshot"):
        table.add_column(name, no_wrap=name != "aliases")
    for model in list_models(open_workspace(workspace)):
        table.add_row(
            model.name,
            str(model.version),
            ", ".join((*model.aliases, *_due(model))),
            model.outcome,
            model.created[:16].replace("T", " "),
            model.tags.get("snapshot", ""),
        )
    Console().print(table)


def _due(model: "RegisteredModel") -> list[str]:
    """What an erasure asks for: the model learned from what is to be forgotten."""
    return ["due for retraining"] if "due_for_retraining" in model.tags else []


@app.command()
def show(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """Show the versions of one model with their lineage."""
    from tasks.register import show_model

    console = Console()
    for model in show_model(open_workspace(workspace), name):
        aliases = ", ".join(model.aliases) or "no alias"
        console.print(Text(f"{model.name} version {model.version} ({aliases})", style="bold"))
        console.print(Text(f"  {model.outcome}: {model.sentence}"))
        console.print(Text(f"  {model.path}, created {model.created}"))
        for tag, value in sorted(model.tags.items()):
            console.print(Text(f"  {tag}: {value}"))


@app.command()
def rollback(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """Make the champion before the present one champion again."""
    from tasks.register import rollback as roll_back

    model = roll_back(open_workspace(workspace), name)
    Console().print(Text(f"champion of {model.name} is version {model.version} again"))

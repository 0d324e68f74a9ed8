"""The `seimai` command. Heavy imports happen inside the commands, so that help answers at once."""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.engine import Until, configure_prefect
from flows.erase import erase_command
from flows.models import app as models_app
from review.decisions import app as decisions_app
from review.terminal import WorkspaceOption
from review.terminal import app as review_app
from tasks.errors import SeimaiError
from tasks.recipe import Recipe, load_recipe
from tasks.storage import Workspace, open_workspace, shown_path

if TYPE_CHECKING:
    from expectations.suite_file import Suite

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Polish data, tune a language model on it, judge the result, register what holds.\n\n"
    "Exit codes: 0 promoted (or done), 1 unexpected, 2 bad recipe or usage, "
    "10 stopped by a data gate, 11 verdict FAIL or INCONCLUSIVE.",
)
app.add_typer(review_app, name="review")
app.add_typer(decisions_app, name="decisions")
app.add_typer(models_app, name="models")
RecipeArgument = Annotated[Path, typer.Argument(help="Recipe file (YAML).", metavar="RECIPE")]


@app.command()
def run(
    recipe: RecipeArgument,
    until: Annotated[Until, typer.Option(help="Last part of the line to do.")] = Until.PROMOTE,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another run here.")] = 0,
) -> None:
    """Run a recipe from raw files to a verdict in the registry."""
    loaded = load_recipe(recipe)
    from tasks.ingest.files import require_present

    require_present(loaded.sources)  # a server and libraries take a minute to start, this no time
    _configure(loaded)
    console = Console()
    place = shown_path(Path(loaded.workspace))
    console.print(Text(f"seimai: {loaded.name} ({loaded.task}), workspace {place}"))
    with console.status("starting (Prefect, libraries)"):
        from flows.retrain import retrain
        from tasks.report.gather import load_report
        from tasks.report.summary import closing_table

    result = retrain(recipe=str(recipe.resolve()), until=until, wait=wait)
    data = load_report(Workspace(root=loaded.workspace), result.run_id)
    if data is not None:
        console.print(closing_table(data))
    raise typer.Exit(result.exit_code)


@app.command()
def check(recipe: RecipeArgument) -> None:
    """Validate a recipe and print the plan: files, policy, duration class, items each gate needs."""
    loaded = load_recipe(recipe)
    _configure(loaded)
    from tasks.ingest.contract import IngestSettings
    from tasks.ingest.files import find_all_files
    from tasks.ingest.first_rows import require_columns
    from tasks.judge import DEFAULT_POLICY
    from tasks.plan import make_plan

    suites = _check_suites(loaded)
    files = find_all_files(loaded.sources)
    require_columns(files, IngestSettings.of(loaded))
    plan = make_plan(loaded, files)
    console = Console()
    console.print(Text(f"{recipe}: valid. {loaded.name}, {loaded.task}"))
    console.print(f"{plan.files} files, {plan.megabytes:.2f} MB; expected duration: {plan.minutes}")
    for suite in suites:
        console.print(f"suite {suite.name}: {len(suite.expectations)} expectations about {suite.boundary}")
    gates = Table(title="Gates", title_justify="left")
    for column in ("gate", "asks", f"items for {loaded.gates.power:.0%} power"):
        gates.add_column(column)
    for name, asks, items in plan.gates:
        gates.add_row(name, asks, "known after the first scores" if items is None else f"{items:,}")
    console.print(gates)
    policy = Table(title="Policy", title_justify="left")
    policy.add_column("check")
    policy.add_column("disposition")
    for name, disposition in sorted((DEFAULT_POLICY | dict(loaded.policy)).items()):
        policy.add_row(name, f"{disposition}{' (recipe)' if name in loaded.policy else ''}")
    console.print(policy)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="New folder.", metavar="DIR")]) -> None:
    """Write a commented recipe with data to edit."""
    from flows.starter import write_starter

    Console().print(write_starter(folder))


@app.command()
def report(
    run_id: Annotated[
        str | None, typer.Argument(help="Run, or its beginning; the newest when left out.")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Print a run's closing table and the path of its report."""
    from tasks.ledger import Ledger
    from tasks.report.gather import load_report
    from tasks.report.summary import closing_table

    place = open_workspace(workspace)
    found = Ledger(place.ledger_url).find_run(run_id)
    data = load_report(place, found["run_id"])
    if data is None:
        raise SeimaiError(f"run {found['run_id']} left no report: {found['message'] or 'it did not finish'}")
    Console().print(closing_table(data))


@app.command()
def why(
    sample: Annotated[str, typer.Argument(help="Beginning of a sample's id.", metavar="SAMPLE_ID")],
    workspace: WorkspaceOption = None,
) -> None:
    """Say what became of a sample in each snapshot, and why."""
    from flows.why import explain_sample

    for line in explain_sample(open_workspace(workspace), sample):
        Console().print(Text(line), soft_wrap=True)


@app.command()
def diff(
    first: Annotated[
        str | None, typer.Argument(help="Snapshot, or its beginning; the newest but one when left out.")
    ] = None,
    second: Annotated[str | None, typer.Argument(help="Snapshot; the newest when left out.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every change, not the first only.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show documents and samples in, out and changed between two snapshots, and why."""
    from flows.diff import diff_two

    diff_two(open_workspace(workspace), first, second, everything)


@app.command()
def chat(
    model: Annotated[str | None, typer.Argument(help="Registered model; the only one when left out.")] = None,
    tokens: Annotated[int, typer.Option(min=1, max=1024, help="Most tokens of an answer.")] = 64,
    workspace: WorkspaceOption = None,
) -> None:
    """Try champion and base side by side."""
    from flows.chat import chat_loop

    chat_loop(open_workspace(workspace), model, tokens)


app.command("erase")(erase_command)


@app.command()
def ui(workspace: WorkspaceOption = None) -> None:
    """Serve the Prefect UI over this workspace's runs."""
    place = open_workspace(workspace)
    configure_prefect(Path(place.root))
    from flows.up import ui as serve

    serve(place)


@app.command()
def up(
    recipe: RecipeArgument,
    until: Annotated[Until, typer.Option(help="Last part of the line that its runs do.")] = Until.PROMOTE,
    every: Annotated[float, typer.Option(min=1, help="Seconds between looks at the sources.")] = 60,
) -> None:
    """Start server, worker, deployments and watcher for a recipe on this machine."""
    _configure(load_recipe(recipe))
    from flows.up import up as start

    start(recipe.resolve(), until=until.value, every_seconds=every)


@app.command()
def watch(
    recipe: RecipeArgument,
    every: Annotated[float, typer.Option(min=1, help="Seconds between looks at the sources.")] = 60,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
) -> None:
    """Tell a Prefect server when a recipe's documents or base model have changed."""
    _configure(load_recipe(recipe))
    from flows.watch import watch as look_again_and_again
    from flows.watch import watch_once

    if once:
        watch_once(recipe.resolve())
    else:
        look_again_and_again(recipe.resolve(), every)


def _check_suites(recipe: Recipe) -> Sequence["Suite"]:
    """The stewards' suites, tried out; Great Expectations takes seconds to load, and only they need it."""
    if not recipe.quality.suites:
        return ()
    from tasks.quality import load_suites, require_known

    suites = load_suites(recipe.quality)
    require_known(suites, recipe.quality)
    return suites


def _configure(recipe: Recipe) -> None:
    configure_prefect(Path(recipe.workspace))


def _complain(error: SeimaiError) -> None:
    Console(stderr=True).print(Text(f"seimai: {error}", style="red"))


def main() -> None:
    """Entry point: a SeimaiError is one message and its exit code, never a traceback."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")  # peft's, not the user's
    try:
        app()
    except SeimaiError as error:
        _complain(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

"""Progress bars for whatever takes longer than two seconds."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


def progress_bar() -> Progress:
    """A bar on standard error, gone when done, so that what is printed stays clean."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yields `items` while a bar counts them towards `total`."""
    with progress_bar() as progress:
        yield from progress.track(items, total=total, description=what)


def tell_stage(name: str, seconds: float | None) -> None:
    """One line on standard error for a stage that is done; `seconds` is None when nothing had changed."""
    took = "unchanged" if seconds is None else f"{seconds:.1f} s"
    Console(stderr=True, highlight=False).print(f"  {name:<20}{took}", style="dim")

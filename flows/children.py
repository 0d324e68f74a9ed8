"""Processes that live and die with the one that started them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tasks.errors import SeimaiError

LAST_LINES = 12
"""Lines of a child's log that an error quotes."""
GRACE_SECONDS = 20.0
"""Time that a child has to end when asked, before it is killed."""


class Stopped(Exception):  # noqa: N818  (a wish, not an error)
    """Someone asked all of it to end."""


class ChildError(SeimaiError):
    """A process that was to stay ended, or one that was to succeed failed."""


class Child(NamedTuple):
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Children:
    """Starts `python -m …` processes and, when its `with` block ends, stops them, the newest first.

    Each leads a process group of its own: Ctrl-C in the terminal reaches only the parent, which decides the
    order in which they end, and what a child has started (a worker its runs) ends with it.

    Args:
        folder: working directory of the children, first on their module path.
        logs: folder for what they print, a file each.
        stop: set when everything is to end.
    """

    def __init__(self, folder: Path, logs: Path, stop: threading.Event) -> None:
        self.folder, self.logs, self.stop = folder, logs, stop
        self.living: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
        """Starts `python -m ARGUMENTS`, its output going to `NAME.log`, with `environment` added to ours."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self.living.append(child)
        return child

    def wait(self, seconds: float) -> None:
        """Sleeps.

        Raises:
            Stopped: `stop` was set.
            ChildError: a child has ended; names it and quotes its log.
        """
        if self.stop.wait(seconds):
            raise Stopped
        for child in self.living:
            if child.process.poll() is not None:
                raise ChildError(_epitaph(child))

    def finish(self, child: Child) -> None:
        """Waits for a child that ends by itself. Raises as `wait` does, and when it fails."""
        while child.process.poll() is None:
            if self.stop.wait(0.2):
                raise Stopped
        if child.process.returncode == 0:
            self.living.remove(child)
        self.wait(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self.living):
            _end(child.process)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Yields an event that Ctrl-C, SIGTERM or a closed terminal sets, instead of ending the process."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks the child to end, then kills what is left of its group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _epitaph(child: Child) -> str:
    lines = child.log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-LAST_LINES:]
    quoted = "\n".join(f"  {line}" for line in lines) or "  (it printed nothing)"
    return f"the {child.name} ended with exit code {child.process.returncode}; {child.log} ends:\n{quoted}"

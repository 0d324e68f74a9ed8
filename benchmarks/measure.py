"""Seconds, processor seconds and peak memory of a function, measured in a process of its own."""

import multiprocessing
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

SERVER_SECONDS = 180
MEGABYTE = 1e6


class Measured(NamedTuple):
    value: Any
    """What the function returned."""
    seconds: float
    """Wall time."""
    cpu_seconds: float
    """Of all threads: what is left of the wall time when other work shares the cores."""
    peak_bytes: int
    """Most resident memory, with the libraries that the parent had loaded."""


def in_child(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Runs `function` in a forked child, so that its memory is its own.

    Raises:
        RuntimeError: the child ended without an answer; its traceback stands on standard error.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sender, function, arguments))
    process.start()
    sender.close()
    try:
        measured: Measured = receiver.recv()
    except EOFError as error:
        raise RuntimeError(f"{function.__name__} ended without an answer") from error
    finally:
        process.join()
    return measured


def peak_bytes() -> int:
    """Most resident memory of this process since it was forked (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@contextmanager
def prefect_server(port: int, log: Path) -> Iterator[float]:
    """A Prefect server on the loopback interface; yields the seconds until it answered.

    Raises:
        RuntimeError: it did not answer within `SERVER_SECONDS`; names its log.
    """
    begin = time.perf_counter()
    with log.open("wb") as output:
        command = [
            sys.executable,
            "-m",
            "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        while not _answers(f"http://127.0.0.1:{port}/api/health"):
            if process.poll() is not None or time.perf_counter() - begin > SERVER_SECONDS:
                raise RuntimeError(f"the Prefect server did not answer; see {log}")
            time.sleep(0.2)
        yield time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answer(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    begin, cpu = time.perf_counter(), time.process_time()
    value = function(*arguments)
    sender.send(Measured(value, time.perf_counter() - begin, time.process_time() - cpu, peak_bytes()))
    sender.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False

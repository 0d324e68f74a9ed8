"""Children of `seimai up`: none outlives it, and one that dies is named."""

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from flows import children as keeping
from flows.children import Child, ChildError, Children, Stopped, stopped_by_signals

SERVES = ("http.server", "0", "--bind", "127.0.0.1")
FAILS = ("json.tool", "no-such-file.json")
DEAF = """\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def wait_for_end(child: Child) -> None:
    child.process.wait(30)


def test_a_child_that_dies_is_named_and_quoted_and_the_others_end(tmp_path: Path, stop: threading.Event):
    with Children(tmp_path, tmp_path / "logs", stop) as children:
        server = children.start("server", *SERVES)
        worker = children.start("worker", *FAILS)
        wait_for_end(worker)
        with pytest.raises(ChildError, match=r"the worker ended with exit code [12];(.|\n)*no-such-file"):
            children.wait(0)
        assert server.process.poll() is None
    assert server.process.returncode == -signal.SIGTERM


def test_a_child_that_is_to_succeed_must(tmp_path: Path, stop: threading.Event):
    with Children(tmp_path, tmp_path / "logs", stop) as children:
        children.finish(children.start("deployment", "this"))
        children.wait(0)  # it ended well, and is not missed
        with pytest.raises(ChildError, match="the deployment ended with exit code"):
            children.finish(children.start("deployment", *FAILS))


def test_a_wish_to_stop_ends_every_wait(tmp_path: Path, stop: threading.Event):
    with Children(tmp_path, tmp_path / "logs", stop) as children:
        child = children.start("server", *SERVES)
        stop.set()
        with pytest.raises(Stopped):
            children.wait(60)
        with pytest.raises(Stopped):
            children.finish(child)
    assert not psutil.pid_exists(child.process.pid)


def test_a_child_that_does_not_listen_is_killed(
    tmp_path: Path, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keeping, "GRACE_SECONDS", 0.2)
    (tmp_path / "deaf.py").write_text(DEAF)
    with Children(tmp_path, tmp_path / "logs", stop) as children:
        child = children.start("deaf", "deaf")
        while "ready" not in child.log.read_text():
            children.wait(0.05)
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_set_the_event_and_the_old_handlers_come_back(number: signal.Signals):
    before = signal.getsignal(number)
    with stopped_by_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert signal.getsignal(number) is before

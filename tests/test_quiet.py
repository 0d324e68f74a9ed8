"""An error that a user can mend is one message: Prefect's traceback of it does not reach the terminal."""

import io
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.quiet import ExpectedStops, spare_tracebacks
from tasks.errors import DataGateError, ExitCode, RecipeError, SeimaiError
from tasks.ingest.files import require_present
from tasks.recipe import Source

ROOT = Path(__file__).parent.parent


@pytest.fixture
def terminal() -> Iterator[io.StringIO]:
    """What a handler of the root logger writes, added where Prefect's import has set the root logger up."""
    import prefect.main  # noqa: F401

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    spare_tracebacks()
    spare_tracebacks()
    assert sum(isinstance(known, ExpectedStops) for known in handler.filters) == 1
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_server")
def test_prefect_shows_unexpected_errors_only(terminal: io.StringIO) -> None:
    from prefect import flow, task

    @task
    def fail(error: Exception) -> None:
        raise error

    @flow(name="failing", validate_parameters=False)
    def failing(error: Exception) -> None:
        fail(error)

    with pytest.raises(DataGateError):
        failing(DataGateError("too few samples"))
    assert terminal.getvalue() == ""
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError("unforeseen"))
    said = terminal.getvalue()
    assert "Traceback" in said
    assert "Finished in state Failed('Task run encountered an exception ZeroDivisionError" in said


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_server")
def test_what_does_not_get_better_is_not_tried_again() -> None:
    from prefect import flow, task

    from tasks.stage import may_get_better

    tries: list[str] = []

    @task(retries=2, retry_delay_seconds=0, retry_condition_fn=may_get_better)
    def fail(error: Exception) -> None:
        tries.append(type(error).__name__)
        raise error

    @flow(name="trying", validate_parameters=False)
    def trying(error: Exception) -> None:
        fail(error)

    with pytest.raises(RecipeError):
        trying(RecipeError("no such folder"))
    with pytest.raises(ConnectionError):
        trying(ConnectionError("cut off"))
    assert tries == ["RecipeError", *["ConnectionError"] * 3]


def test_every_stage_asks_whether_it_may_get_better() -> None:
    from tasks.base_model import base_model_stage
    from tasks.stage import may_get_better

    assert base_model_stage.retries > 0
    assert base_model_stage.retry_condition_fn is may_get_better


def test_other_loggers_keep_what_they_say(terminal: io.StringIO) -> None:
    try:
        raise SeimaiError("a file is damaged")
    except SeimaiError:
        logging.getLogger("seimai.storage").exception("looking at it failed")
    assert "Traceback" in terminal.getvalue()


def test_a_source_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: x\ntask: text-classification\nsources: [{path: no/file.jsonl}]\n")
    code = "import sys; from flows.cli import main\ntry:\n main()\nfinally:\n print('prefect' in sys.modules)"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, "run", str(recipe)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == ExitCode.BAD_RECIPE
    assert "no files found; the path does not exist" in " ".join(done.stderr.split())
    assert done.stdout.strip() == "False", f"Prefect was started, {time.monotonic() - started:.0f} s"
    assert not (tmp_path / ".seimai").exists()


def test_only_local_paths_can_be_told_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n")
    fine = [
        Source(path=str(tmp_path / "a.csv")),
        Source(path=str(tmp_path)),
        Source(path=str(tmp_path / "*.jsonl")),
        Source(path="s3://no-such-bucket/a.csv"),
        Source(path="sqlite:///none.db", query="select 1"),
        Source(path="nosuchstore://x"),
    ]
    require_present(fine)
    with pytest.raises(RecipeError) as caught:
        require_present([*fine, Source(path=str(tmp_path / "b")), Source(path=str(tmp_path / "c"))])
    assert str(caught.value).startswith(f"sources.6.path='{tmp_path}/b': no files found; the path does not")
    assert "sources.7.path" in str(caught.value)

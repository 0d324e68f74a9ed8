"""`seimai up`: Prefect server, work pool, deployment, worker and watcher for one recipe, on this machine.

`flows.engine.configure_prefect` comes first, and Prefect must not have been imported before: its settings are
read from the environment, which the children inherit.
"""

import logging
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

from rich.console import Console
from rich.text import Text

from flows.children import Children, Stopped, stopped_by_signals
from tasks.errors import SeimaiError, WorkspaceBusyError
from tasks.recipe import Recipe, load_recipe
from tasks.storage import Workspace

WORK_POOL = "seimai"
LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 4200
SERVER_SECONDS = 180
"""The server answers 11-25 s after its start on two idle cores; busy ones take longer."""
NEVER = "0 0 29 2 *"
"""Prefect wants an expression for a schedule that is switched off, too."""
LEASES = "prefect.server.concurrency.lease_storage.filesystem"
"""In memory, Prefect's default, a server that ends during a run takes the deployment's one slot with it."""


def up(recipe_path: Path, until: str = "promote", every_seconds: float = 60.0) -> None:
    """Serves a recipe until Ctrl-C or SIGTERM, then stops all that it started.

    With PREFECT_API_URL set, that server is used. Without, one is started on the loopback interface, at the
    port PREFECT_SERVER_API_PORT; when that is not set, at 4200 or, where that is taken, at any free port.

    Args:
        until: last part of the line that a run does: curate, finetune or promote.
        every_seconds: pause between two looks at the sources.

    Raises:
        SeimaiError: the recipe is not fit, its workspace is served already, or a part ended; says which.
    """
    logging.basicConfig(format="seimai: %(message)s")
    logging.getLogger("seimai").setLevel(logging.INFO)  # each event that is emitted is a line
    recipe = load_recipe(recipe_path)
    with _family(Workspace(root=recipe.workspace)) as children, _only_one(Workspace(root=recipe.workspace)):
        url = os.environ.get("PREFECT_API_URL")
        if not url:
            url = _start_server(children)
            _close_runs()
        _create_work_pool()
        _say(f"deploying {recipe.name}")
        _deploy(children, recipe_path, recipe, until)
        _start_worker(children)
        _say(f"{recipe.name} is up; its sources are looked at every {every_seconds:g} s; Ctrl-C stops")
        _say(f"UI: {_ui_of(url)}; logs: {children.logs}")
        with _watching(recipe_path, every_seconds) as watcher:
            while watcher.is_alive():
                children.wait(1)
        raise SeimaiError("the watcher ended; its traceback stands above")


def ui(workspace: Workspace) -> None:
    """Shows the workspace's runs in the Prefect UI until Ctrl-C or SIGTERM; starts no scheduled ones."""
    url = os.environ.get("PREFECT_API_URL")
    if url:
        _say(f"runs are kept at PREFECT_API_URL; UI: {_ui_of(url)}")
        return
    with _family(workspace) as children:
        url = _start_server(children, "--no-services")
        _say(f"UI: {_ui_of(url)}; Ctrl-C stops")
        while True:
            children.wait(1)


@contextmanager
def _family(workspace: Workspace) -> Iterator[Children]:
    """Children that end, all of them, however the block is left; a signal to stop leaves it quietly."""
    home = Path(os.environ.get("SEIMAI_HOME") or Path(__file__).parents[1]).resolve()
    logs = workspace.path("prefect", "logs")
    with stopped_by_signals() as stop, suppress(Stopped), Children(home, logs, stop) as children:
        try:
            yield children
        finally:
            _say("stopping")


@contextmanager
def _only_one(workspace: Workspace) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(workspace.path("prefect", "up.lock"), timeout=0):
            yield
    except Timeout as error:
        raise WorkspaceBusyError(f"workspace {workspace.root} is served by another `seimai up`") from error


def _start_server(children: Children, *options: str) -> str:
    """Starts a server and waits until it answers; its API's URL is returned and set as PREFECT_API_URL."""
    port = os.environ.get("PREFECT_SERVER_API_PORT") or str(_free_port())
    url = f"http://{LOOPBACK}:{port}/api"
    _say(f"starting the Prefect server on port {port}")
    children.start(
        "server",
        *("prefect", "server", "start", *options),
        environment={
            "PREFECT_SERVER_API_HOST": LOOPBACK,
            "PREFECT_SERVER_API_PORT": port,  # `--port` would leave the UI asking 4200
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES,
            "PREFECT_API_URL": url,
        },
    )
    deadline = time.monotonic() + SERVER_SECONDS
    while not _answers(url):
        if time.monotonic() > deadline:
            raise SeimaiError(f"the Prefect server did not answer at {url} within {SERVER_SECONDS} s")
        children.wait(0.5)
    os.environ["PREFECT_API_URL"] = url
    return url


def _free_port() -> int:
    for port in (DEFAULT_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise SeimaiError("no free port on the loopback interface")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _close_runs() -> None:
    """Gives up the runs that were under way when this workspace's last worker was stopped.

    Their processes ended with it and could not tell: they would hold the deployment's only slot. A run that
    `seimai run` has under way belongs to no work pool, and stays.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
    from prefect.states import Crashed

    under_way = {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}}
    pool = WorkPoolFilter.model_validate({"name": {"any_": [WORK_POOL]}})
    with get_client(sync_client=True) as client:
        left = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(under_way), work_pool_filter=pool
        )
        parents = {"parent_flow_run_id": {"any_": [run.id for run in left]}}
        parts = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(under_way | parents))
        for run in [*parts, *left]:
            client.set_flow_run_state(run.id, Crashed(message="its worker was stopped"), force=True)


def _create_work_pool() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    pool = WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template)
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(pool)


def _deploy(children: Children, recipe_path: Path, recipe: Recipe, until: str) -> None:
    """Deploys `deployments/prefect.yaml`, whose placeholders are these variables."""
    file = children.folder / "deployments" / "prefect.yaml"
    if not file.is_file():
        raise SeimaiError(f"{file} does not exist; set SEIMAI_HOME to the folder of seimai's sources")
    deployment = children.start(
        "deployment",
        *("prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)),
        environment={
            "SEIMAI_HOME": str(children.folder),
            "SEIMAI_RECIPE": str(recipe_path.resolve()),
            "SEIMAI_RECIPE_NAME": recipe.name,
            "SEIMAI_SCHEDULE": recipe.schedule or NEVER,
            "SEIMAI_SCHEDULE_ACTIVE": "true" if recipe.schedule else "false",
            "SEIMAI_TIMEZONE": os.environ.get("SEIMAI_TIMEZONE") or "UTC",
            "SEIMAI_UNTIL": until,
        },
    )
    children.finish(deployment)


def _start_worker(children: Children) -> None:
    """A worker whose runs show in the UI what seimai's own loggers say (which have the root's level)."""
    children.start(
        "worker",
        *("prefect", "worker", "start", "--pool", WORK_POOL),
        environment={
            "PREFECT_LOGGING_LEVEL": "INFO",
            "PREFECT_LOGGING_ROOT_LEVEL": "INFO",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "seimai",
        },
    )


@contextmanager
def _watching(recipe_path: Path, every_seconds: float) -> Iterator[threading.Thread]:
    """The watcher, in a thread that a look at a slow store cannot keep from ending with the process."""
    from flows.watch import watch

    stop = threading.Event()
    thread = threading.Thread(target=watch, args=(recipe_path, every_seconds, stop), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()


def _ui_of(url: str) -> str:
    return os.environ.get("PREFECT_UI_URL") or url.removesuffix("/").removesuffix("/api")


def _say(line: str) -> None:
    Console().print(Text(f"seimai: {line}"))

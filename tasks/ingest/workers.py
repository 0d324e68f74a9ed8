"""Files read in processes of their own, so that none can hang, crash or exhaust the run.

A worker reads one file at a time and keeps what it gave (tasks.ingest.kept). One that goes beyond its time is
killed; one that dies takes only its file with it. Both give a finding, and a new worker goes on.
"""

import logging
import multiprocessing
import resource
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tasks.errors import SeimaiError, StorageError
from tasks.ingest.builders.passages import Measure
from tasks.ingest.contract import IngestSettings, Parsed, Problem, SourceFile
from tasks.ingest.kept import ParseCache
from tasks.ingest.parse import as_parsed
from tasks.progress import track
from tasks.records import Severity
from tasks.storage import Workspace
from tasks.tokens import token_counter

logger = logging.getLogger("seimai.ingest")
START_SECONDS = 60.0
"""What a worker may take to start, on top of the time for its first file."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: int
    deadline: float


def parse_all(workspace: Workspace, files: Sequence[SourceFile], settings: IngestSettings) -> list[Parsed]:
    """What each of `files` gives, at the same position; only files that are new or changed are opened.

    Raises:
        RecipeError, StorageError: as `parse_file`.
    """
    cache = ParseCache(workspace, settings)
    parsed = [cache.find(file) for file in files]
    missing = [index for index, found in enumerate(parsed) if found is None]
    made = _parse_missing(workspace, [files[i] for i in missing], settings)
    for position, problem in track(made, "reading files", len(missing)) if missing else ():
        index = missing[position]
        parsed[index] = _result(cache, files[index], problem)
    return [result for result in parsed if result is not None]


def _parse_missing(
    workspace: Workspace, files: Sequence[SourceFile], settings: IngestSettings
) -> Iterator[tuple[int, Problem | None]]:
    """(position, what was wrong) of each file, in the order in which they are done and kept."""
    waiting = deque(range(len(files)))
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < settings.reading.workers:
                workers.append(_start(workspace, files, waiting.popleft(), settings))
            for worker in _ready(workers):
                position, outcome = worker.job, _outcome(worker, files[worker.job], settings)
                if isinstance(outcome, SeimaiError):
                    raise outcome
                if waiting and worker.process.is_alive():
                    _give(worker, files, waiting.popleft(), settings)
                else:
                    workers.remove(worker)
                    _stop(worker)
                yield position, outcome
    finally:
        for worker in workers:
            _stop(worker)


def _start(
    workspace: Workspace,
    files: Sequence[SourceFile],
    job: int,
    settings: IngestSettings,
) -> _Worker:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tasks.ingest.workers"])
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, workspace, settings), daemon=True, name="reader")
    process.start()
    theirs.close()
    worker = _Worker(process, ours, job, 0.0)
    _give(worker, files, job, settings)
    worker.deadline += START_SECONDS
    return worker


def _give(worker: _Worker, files: Sequence[SourceFile], job: int, settings: IngestSettings) -> None:
    worker.job = job
    worker.deadline = time.monotonic() + settings.reading.timeout
    try:
        worker.pipe.send(files[job])
    except BrokenPipeError:
        logger.debug("worker %s died while idle", worker.process.pid)  # `_outcome` tells


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Workers that answered, died, or are beyond their time; waits for the first."""
    soonest = min(worker.deadline for worker in workers)
    heard = wait([worker.pipe for worker in workers], max(0.0, soonest - time.monotonic()))
    now = time.monotonic()
    return [worker for worker in workers if worker.pipe in heard or worker.deadline <= now]


def _result(cache: ParseCache, file: SourceFile, problem: Problem | None) -> Parsed:
    if problem is not None:
        logger.warning("%s: %s", file.uri, problem.reason)
        return as_parsed(file, [], [], [problem])
    parsed = cache.find(file)
    if parsed is None:
        raise StorageError(f"{file.uri}: what was read is gone from the workspace again; run again")
    return parsed


def _outcome(worker: _Worker, file: SourceFile, settings: IngestSettings) -> Problem | SeimaiError | None:
    """None: the worker kept what the file gave; else what is wrong with the file, or with the whole run."""
    if not worker.pipe.poll():
        _stop(worker)
        reason = f"reading took more than {settings.reading.timeout:g} s (reading.timeout); it was given up"
        return Problem("timeout", Severity.CRITICAL, reason)
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        code = worker.process.exitcode
        reason = f"the reader process died (exit code {code}) on {file.size} bytes; the file is not read"
        return Problem("crashed", Severity.CRITICAL, reason)


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _work(pipe: Connection, workspace: Workspace, settings: IngestSettings) -> None:
    """The life of a worker: a file in, None or a problem out, until the pipe is closed."""
    _limit_memory(settings.reading.max_memory)
    cache, measure = ParseCache(workspace, settings), _measure(workspace, settings)
    while True:
        try:
            file = pipe.recv()
        except EOFError:
            return
        try:
            cache.parse(file, measure)
            pipe.send(None)
        except MemoryError:
            limit = settings.reading.max_memory
            reason = (
                f"reading takes more than {limit:,} bytes of memory (reading.max_memory); it was given up"
            )
            pipe.send(Problem("out_of_memory", Severity.CRITICAL, reason))
            return
        except SeimaiError as error:
            pipe.send(error)
        except ImportError as error:
            pipe.send(SeimaiError(f"{file.uri} cannot be read before a package is installed: {error}"))
        except Exception as error:
            logger.exception("reading %s failed", file.uri)
            reason = f"the reader failed: {type(error).__name__}: {error}"
            pipe.send(Problem("reader_failed", Severity.CRITICAL, reason))


def _measure(workspace: Workspace, settings: IngestSettings) -> Measure:
    """Tokens of the base model where the recipe limits passages by them, else characters."""
    if settings.tokenizer is None:
        return len
    return token_counter(workspace.path(settings.tokenizer.path))


def _limit_memory(extra: int) -> None:
    """Limits private memory (RLIMIT_DATA counts what is written to, not what is only mapped)."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (extra, hard))

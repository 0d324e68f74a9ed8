"""How a pure function becomes a stage: a Prefect task, cached by content, whose result is checked on a hit."""

import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from prefect import Task, task
from prefect.cache_policies import CacheKeyFnPolicy
from pydantic import BaseModel

from tasks import records
from tasks.code_version import code_version
from tasks.errors import SeimaiError
from tasks.progress import tell_stage
from tasks.records import FolderRef, TableRef, digest_of
from tasks.storage import Workspace


def content_of(value: Any) -> Any:
    """What a stage's argument contributes to its cache key: the digest of what it refers to, not its path."""
    match value:
        case TableRef() | FolderRef():
            return value.digest
        case Workspace():
            return None
        case BaseModel():
            return value.model_dump(mode="json")
        case dict():
            return {key: content_of(item) for key, item in value.items()}
        case list() | tuple():
            return [content_of(item) for item in value]
    return value


def stage(
    name: str, *depends: ModuleType, retries: int = 0
) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """A task whose cache key is: stage name, digests of its inputs, its settings, and its code's version.

    Args:
        name: shown in the Prefect UI and in the report.
        depends: further modules whose code decides the result.
        retries: for stages that reach outside the process; what a user has to mend is not tried again.
    """

    def wrap(function: Callable[..., Any]) -> Task[..., Any]:
        version = code_version(records, sys.modules[function.__module__], *depends)

        def cache_key(_context: Any, arguments: dict[str, Any]) -> str:
            return f"{name}-{digest_of([version, content_of(arguments)])}"

        return task(
            name=name,
            cache_policy=CacheKeyFnPolicy(cache_key_fn=cache_key),
            persist_result=True,
            result_serializer="json",
            retries=retries,
            retry_delay_seconds=2,
            retry_condition_fn=may_get_better,
        )(function)

    return wrap


def may_get_better(_task: Any, _run: Any, state: Any) -> bool:
    """Whether a failed stage is worth another try: a store may answer the next time, but no mistake mends itself."""
    return not isinstance(state.data, SeimaiError)


def perform(stage_task: Task[..., Any], workspace: Workspace, *arguments: Any) -> Any:
    """Runs a stage, or takes its cached result if every file that result refers to is still whole.

    Raises:
        SeimaiError: what the stage raises, with the stage's name.
    """
    started = time.monotonic()
    try:
        state: Any = stage_task(workspace, *arguments, return_state=True)
        result = state.result()
        unchanged = state.name == "Cached"
        if not workspace.holds(result):
            result = stage_task.with_options(refresh_cache=True)(workspace, *arguments)
            unchanged = False
    except SeimaiError as error:
        error.stage = stage_task.name
        raise
    tell_stage(stage_task.name, None if unchanged else time.monotonic() - started)
    return result

"""What the registry uses of MLflow: a client on the workspace's SQLite file, runs, versions, aliases."""

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from tasks.gate.gates import Verdict
from tasks.records import Outcome
from tasks.storage import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient


class RegisteredModel(BaseModel):
    """One version of a model in the registry."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: int
    aliases: tuple[str, ...]
    digest: str
    """sha256 over the folder's files: equals the `FolderRef.digest` of what was registered."""
    path: str
    """The model's folder, relative to the workspace."""
    created: str
    """ISO 8601, UTC."""
    outcome: Outcome
    sentence: str
    """The verdict's."""
    tags: dict[str, str]


def pages(search: Callable[..., Any], **criteria: Any) -> list[Any]:
    """All results of an MLflow search, which answers in pages."""
    page = search(**criteria)
    found = list(page)
    while page.token:
        page = search(page_token=page.token, **criteria)
        found.extend(page)
    return found


def registry_file(workspace: Workspace) -> Path:
    return workspace.path("registry.db")


def open_registry(workspace: Workspace) -> "MlflowClient":
    """A client of the workspace's registry, which is made if there is none; sends nothing anywhere."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    for noisy in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    workspace.path().mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{registry_file(workspace).resolve()}"
    return MlflowClient(tracking_uri=url, registry_uri=url)


def log_run(client: "MlflowClient", name: str, verdict: Verdict, params: Mapping[str, object]) -> str:
    """A finished MLflow run with parameters and metrics, in the experiment `name`; returns its id."""
    from mlflow.entities import Metric, Param

    now = int(datetime.now(UTC).timestamp() * 1000)
    experiment = client.get_experiment_by_name(name)
    run = client.create_run(experiment.experiment_id if experiment else client.create_experiment(name))
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(key, value, now, 0) for key, value in _metrics(verdict).items()],
        params=[Param(key, str(value)) for key, value in params.items()],
    )
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def _metrics(verdict: Verdict) -> dict[str, float]:
    """What the MLflow UI plots: means, and each gate's estimate with its bounds."""
    values: dict[str, float | None] = {}
    for comparison in verdict.comparisons:
        values[f"{comparison.reference}/{comparison.metric}"] = comparison.reference_mean.value
        values[f"candidate/{comparison.metric}"] = comparison.candidate_mean.value
    for gate in verdict.gates:
        values[f"gate/{gate.name}"] = gate.estimate
        values[f"gate/{gate.name}/lower"] = gate.lower
        values[f"gate/{gate.name}/upper"] = gate.upper
    return {key: value for key, value in values.items() if value is not None}


def read_versions(client: "MlflowClient", name: str) -> tuple[RegisteredModel, ...]:
    found = pages(client.search_model_versions, filter_string=f"name = '{name}'")
    aliases = read_aliases(client, name) if found else {}
    models = [_to_model(version, aliases) for version in found]
    return tuple(sorted(models, key=lambda model: -model.version))


def read_version(client: "MlflowClient", name: str, version: int) -> RegisteredModel:
    return _to_model(client.get_model_version(name, str(version)), read_aliases(client, name))


def _to_model(version: Any, aliases: Mapping[str, int]) -> RegisteredModel:
    number = int(version.version)
    return RegisteredModel(
        name=version.name,
        version=number,
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == number)),
        digest=version.tags["digest"],
        path=version.tags["path"],
        created=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        outcome=Outcome(version.tags["verdict"]),
        sentence=version.tags["sentence"],
        tags=dict(version.tags),
    )


def read_aliases(client: "MlflowClient", name: str) -> dict[str, int]:
    """Alias -> version; empty for an unknown model."""
    models = pages(client.search_registered_models, filter_string=f"name = '{name}'")
    return {alias: int(version) for model in models for alias, version in model.aliases.items()}

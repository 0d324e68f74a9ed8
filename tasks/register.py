"""The registry (MLflow on SQLite): versions of models, and the two aliases that say which one serves.

`challenger` is the version registered last; `champion` moves only for a verdict that is PASS, or back by
`rollback`. An alias is always the last thing written, so that a run killed half-way leaves the old champion
in place, and registering the same content again finishes the job. Paths are relative to the workspace.
"""

import difflib
import json
import logging
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.errors import SeimaiError, StorageError
from tasks.gate.gates import Verdict
from tasks.mlflow_store import (
    RegisteredModel,
    log_run,
    open_registry,
    pages,
    read_aliases,
    read_version,
    read_versions,
    registry_file,
)
from tasks.records import Outcome, digest_of
from tasks.storage import Workspace, file_digests, written_whole

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"
LINEAGE_TAGS = ("snapshot", "recipe", "code", "decisions", "base_model")
"""Tags that every version must carry."""
DESCRIPTION_LIMIT = 5000
"""Characters MLflow's database holds of a version's description; a longer card stays an artifact."""
_CHAMPIONS = "champions"
_ROLLED_BACK = "rolled_back"
logger = logging.getLogger("seimai.register")


def register(
    workspace: Workspace,
    name: str,
    model_folder: Path,
    tags: Mapping[str, str],
    verdict: Verdict,
    card_markdown: str,
    params: Mapping[str, object] | None = None,
) -> RegisteredModel:
    """Stores a candidate as a version, makes it challenger, and champion if its verdict is PASS.

    The same content is registered once: a second call returns the version there is, its verdict, card and
    aliases brought up to date. A version that was rolled back never becomes champion again by itself.

    Args:
        model_folder: copied into the workspace's `registry` folder.
        tags: at least `LINEAGE_TAGS`.
        params: training settings, for the MLflow UI.

    Raises:
        ValueError: `tags` lacks one of `LINEAGE_TAGS`.
        StorageError: `model_folder` holds no files.
    """
    missing = [tag for tag in LINEAGE_TAGS if not tags.get(tag)]
    if missing:
        raise ValueError(f"tags lack {missing}: a version without lineage cannot be explained")
    digest = folder_digest(model_folder)
    client = open_registry(workspace)
    version = next((model.version for model in read_versions(client, name) if model.digest == digest), None)
    if version is None:
        path = _store_files(workspace, name, digest, model_folder)
        run_id = log_run(client, name, verdict, params or {})
        stored = {**tags, **_verdict_tags(verdict), "path": path.as_posix(), "digest": digest}
        version = _create_version(client, workspace, name, run_id, stored)
    _note_verdict(client, workspace, name, version, verdict, card_markdown)
    client.set_registered_model_alias(name, CHALLENGER, str(version))
    if verdict.outcome is Outcome.PASS:
        _promote(client, name, version)
    return read_version(client, name, version)


def rollback(workspace: Workspace, name: str) -> RegisteredModel:
    """Makes the champion before the present one champion again; called repeatedly, it walks further back.

    Raises:
        SeimaiError: there is no such model, no champion, or none before it; then nothing changes.
    """
    client = open_registry(workspace)
    _require(client, workspace, name)
    history = _champions(client, name)
    if not history:
        raise SeimaiError(f"model {name!r} has no champion to roll back from")
    if len(history) == 1:
        raise SeimaiError(
            f"model {name!r}: version {history[0]} is its first champion; there is none before it"
        )
    *_, previous, current = history
    client.set_model_version_tag(
        name, str(current), _ROLLED_BACK, datetime.now(UTC).isoformat(timespec="seconds")
    )
    client.set_registered_model_alias(name, CHAMPION, str(previous))
    return read_version(client, name, previous)


def champion(workspace: Workspace, name: str) -> RegisteredModel | None:
    """The version that serves, its files verified; None as long as there is none.

    Raises:
        StorageError: files of it are missing or damaged.
    """
    if not registry_file(workspace).is_file():
        return None
    client = open_registry(workspace)
    version = read_aliases(client, name).get(CHAMPION)
    if version is None:
        return None
    model = read_version(client, name, version)
    folder = workspace.path(model.path)
    if not folder.is_dir() or folder_digest(folder) != model.digest:
        raise StorageError(f"champion {name} version {version}: {folder} is missing or damaged; roll back")
    return model


def list_models(workspace: Workspace) -> tuple[RegisteredModel, ...]:
    """Every version of every model, by name, newest first; empty without a registry."""
    if not registry_file(workspace).is_file():
        return ()
    client = open_registry(workspace)
    names = sorted(model.name for model in pages(client.search_registered_models))
    return tuple(model for name in names for model in read_versions(client, name))


def show_model(workspace: Workspace, name: str) -> tuple[RegisteredModel, ...]:
    """The versions of one model, newest first.

    Raises:
        SeimaiError: there is no such model; names those nearest to it.
    """
    client = open_registry(workspace)
    _require(client, workspace, name)
    return read_versions(client, name)


def folder_digest(folder: Path) -> str:
    """Digest of a folder's content, as `FolderRef.digest`.

    Raises:
        StorageError: the folder holds no files.
    """
    files = file_digests(folder)
    if not files:
        raise StorageError(f"model folder {folder} holds no files")
    return digest_of(files)


def _promote(client: "MlflowClient", name: str, version: int) -> None:
    """Puts `version` on top of the champions, then moves the alias: the history is never behind the alias."""
    history = _champions(client, name)
    if history[-1:] == [version]:
        return
    if _ROLLED_BACK in client.get_model_version(name, str(version)).tags:
        logger.warning("%s version %s was rolled back: a PASS alone does not bring it back", name, version)
        return
    earlier = [champion for champion in history if champion != version]
    client.set_registered_model_tag(name, _CHAMPIONS, json.dumps([*earlier, version]))
    client.set_registered_model_alias(name, CHAMPION, str(version))


def _champions(client: "MlflowClient", name: str) -> list[int]:
    """Champions from the first to the present one.

    The stored list may run ahead of the alias (a killed promotion, a rollback): the rest does not count.
    """
    current = read_aliases(client, name).get(CHAMPION)
    if current is None:
        return []
    stored = json.loads(client.get_registered_model(name).tags[_CHAMPIONS])
    return stored[: stored.index(current) + 1]


def _store_files(workspace: Workspace, name: str, digest: str, model_folder: Path) -> Path:
    """Copies the model to the workspace's `registry` folder, whole or not at all; returns its relative path."""
    parts = ("registry", name, digest[:16])
    with workspace.new_folder(*parts) as folder:
        shutil.copytree(model_folder, folder / "model")
    return Path(*parts, "model")


def _verdict_tags(verdict: Verdict) -> dict[str, str]:
    return {"verdict": verdict.outcome.value, "sentence": str(verdict.sentence)}


def _note_verdict(
    client: "MlflowClient", workspace: Workspace, name: str, version: int, verdict: Verdict, card: str
) -> None:
    """Puts the latest verdict and card beside the model, and into the version's tags and description."""
    folder = workspace.path(read_version(client, name, version).path).parent
    for file, text in (("card.md", card), ("verdict.json", verdict.model_dump_json(indent=1))):
        with written_whole(folder / file) as part:
            part.write_text(text, encoding="utf-8")
    for key, value in _verdict_tags(verdict).items():
        client.set_model_version_tag(name, str(version), key, value)
    description = card if len(card) <= DESCRIPTION_LIMIT else "See card.md beside the model."
    client.update_model_version(name, str(version), description)


def _create_version(
    client: "MlflowClient", workspace: Workspace, name: str, run_id: str, tags: Mapping[str, str]
) -> int:
    if not pages(client.search_registered_models, filter_string=f"name = '{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(
        name, source=workspace.path(tags["path"]).resolve().as_uri(), run_id=run_id, tags=dict(tags)
    )
    return int(version.version)


def _require(client: "MlflowClient", workspace: Workspace, name: str) -> None:
    names = [model.name for model in pages(client.search_registered_models)]
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"registered: {', '.join(sorted(names)) or 'none yet'}"
    raise SeimaiError(f"no model {name!r} in {registry_file(workspace)}; {hint}")

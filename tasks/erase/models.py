"""Models that were trained on an erased sample: they are due for retraining."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from tasks.erase.change import Change, Kind
from tasks.errors import StorageError
from tasks.ledger import Ledger
from tasks.mlflow_store import open_registry
from tasks.records import digest_of
from tasks.register import list_models
from tasks.storage import Workspace, read_manifest

DUE_TAG = "due_for_retraining"
"""Tag of a version in the registry: the receipt of the erasure that touched what it was trained on."""


class AffectedModel(NamedTuple):
    label: str
    """As a person reads it."""
    name: str
    version: int | None
    """None for a model in the workspace's `models` folder that no version was made of."""
    due: bool
    """Whether it bears the tag already."""


def find_models(workspace: Workspace, ledger: Ledger, trained: Sequence[str]) -> list[AffectedModel]:
    """Models trained on one of the snapshots `trained` (ids)."""
    if not trained:
        return []
    runs = [run for run in ledger.runs() if run["snapshot_id"] in trained]
    digests = {run["model_digest"] for run in runs if run["model_digest"]}
    registered = list_models(workspace)
    affected = [
        AffectedModel(f"{m.name} version {m.version}", m.name, m.version, DUE_TAG in m.tags)
        for m in registered
        if m.tags.get("snapshot") in trained or m.digest in digests
    ]
    known = {model.digest for model in registered}
    for snapshot in ledger.snapshots():
        if snapshot["snapshot_id"] not in trained:
            continue
        for folder in _trained_from(workspace, snapshot):
            if _digest(workspace, folder) not in known:
                affected.append(AffectedModel(f"{folder} (not registered)", folder, None, False))
    return affected


def plan_models(workspace: Workspace, models: Sequence[AffectedModel]) -> Iterator[Change]:
    """Tags on the versions that do not bear one yet."""
    for model in models:
        if model.version is not None and not model.due:
            yield Change(Kind.MODELS, model.label, 1, partial(_tag, workspace, model.name, model.version))


def _tag(workspace: Workspace, name: str, version: int, erasure_id: str) -> None:
    open_registry(workspace).set_model_version_tag(name, str(version), DUE_TAG, erasure_id)


def _trained_from(workspace: Workspace, snapshot: dict[str, str]) -> list[str]:
    """Folders that training named after the digest of the snapshot's samples."""
    digest = json.loads(snapshot["manifest"]).get("samples", {}).get("digest")
    if not digest:
        return []
    return sorted(f"models/{path.name}" for path in workspace.path("models").glob(f"{digest[:12]}-*"))


def _digest(workspace: Workspace, folder: str) -> str:
    try:
        return digest_of(read_manifest(workspace.path(folder)))
    except StorageError:
        return ""

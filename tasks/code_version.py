"""Digests of the code, so that what was made by other code is not taken for what this code makes."""

import hashlib
import inspect
from pathlib import Path
from types import ModuleType

from tasks.records import digest_of


def code_version(*modules: ModuleType) -> str:
    """sha256 over the source of `modules`, all of a package: a cached result dies with the code that made it."""
    digest = hashlib.sha256()
    for module in sorted(modules, key=lambda m: m.__name__):
        source = Path(inspect.getfile(module))
        files = sorted(source.parent.rglob("*.[pm][yd]")) if hasattr(module, "__path__") else [source]
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def pipeline_version() -> str:
    """sha256 over the source of every stage and suite: the `code` of a run's lineage."""
    root = Path(__file__).parent.parent
    files = sorted(f for folder in ("tasks", "expectations") for f in (root / folder).rglob("*.[py][ya]*"))
    return digest_of([[str(f.relative_to(root)), hashlib.sha256(f.read_bytes()).hexdigest()] for f in files])

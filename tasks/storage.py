"""The workspace: the only module that writes files, and the one that says whether a file is whole.

A table is written to a temporary name, synced, and renamed to a name that carries its digest. A folder is
built aside and renamed with its manifest in it, so that a folder with a manifest is a whole folder.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from tasks.errors import StorageError, WorkspaceBusyError
from tasks.records import FolderRef, TableRef, digest_of

MANIFEST = "manifest.json"
LEDGER_VARIABLE = "SEIMAI_LEDGER_URL"
logger = logging.getLogger("seimai.storage")


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it is synced and renamed to `path`, else removed.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
    except OSError as error:
        raise StorageError(f"cannot write in {path.parent}: {error.strerror}") from error
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise StorageError(f"cannot write {path}: {why}; nothing was left half-written") from error
    finally:
        part.unlink(missing_ok=True)


class Workspace(BaseModel):
    """One folder that holds a project's tables, snapshots, models, caches and databases."""

    model_config = ConfigDict(frozen=True)

    root: str

    def path(self, *parts: str) -> Path:
        return Path(self.root, *parts)

    @property
    def ledger_url(self) -> str:
        """Where the ledger is: `SEIMAI_LEDGER_URL` if set, else SQLite in the workspace.

        The variable holds an SQLAlchemy URL, such as `postgresql+psycopg://user@host/database`. One database is one
        workspace's ledger.
        """
        return os.environ.get(LEDGER_VARIABLE) or f"sqlite:///{self.path('ledger.db')}"

    def write_table(self, table: pa.Table, name: str) -> TableRef:
        """Stores `table` under its content: the same rows give the same reference."""
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        content = sink.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        path = self.path("tables", f"{name}-{digest[:16]}.parquet")
        if not path.is_file() or file_digest(path) != digest:
            with written_whole(path) as part:
                part.write_bytes(content)
        return TableRef(path=str(path.relative_to(self.root)), digest=digest, rows=table.num_rows)

    def read_table(self, ref: TableRef) -> pa.Table:
        """Raises StorageError, naming the file, when it is gone or is not what was written."""
        path = self.path(ref.path)
        if not path.is_file():
            raise StorageError(f"table {path} is gone; run again to make it anew")
        if file_digest(path) != ref.digest:
            raise StorageError(f"table {path} is damaged (its digest is not {ref.digest[:16]}…)")
        return pq.read_table(path)

    @contextmanager
    def new_folder(self, *parts: str) -> Iterator[Path]:
        """Yields an empty folder to fill; on success its manifest is written and it takes its place."""
        target = self.path(*parts)
        building = target.parent / f".{target.name}.building"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        try:
            yield building
            write_manifest(building)
        except OSError as error:
            if error.errno is None:  # a library's own error that happens to be an OSError
                raise
            raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
        shutil.rmtree(target, ignore_errors=True)
        building.replace(target)

    def folder_ref(self, *parts: str) -> FolderRef:
        """Reference to a folder that was written whole.

        Raises:
            StorageError: it has no manifest, or a file in it is missing or damaged.
        """
        path = self.path(*parts)
        files = read_manifest(path)
        for name, digest in files.items():
            file = path / name
            if not file.is_file() or file_digest(file) != digest:
                raise StorageError(f"{file} is missing or damaged; remove {path} and run again")
        return FolderRef(path=str(path.relative_to(self.root)), digest=digest_of(files))

    def holds(self, result: Any) -> bool:
        """Whether every table and folder that `result` refers to (at any depth) is there and whole.

        Tables are digested; of folders, which may hold gigabytes of weights, manifest and files' presence count.
        """
        try:
            match result:
                case TableRef():
                    path = self.path(result.path)
                    return path.is_file() and file_digest(path) == result.digest
                case FolderRef():
                    files = read_manifest(self.path(result.path))
                    there = all(self.path(result.path, name).is_file() for name in files)
                    return there and digest_of(files) == result.digest
                case BaseModel():
                    return all(self.holds(value) for _, value in result)
                case dict():
                    return all(self.holds(value) for value in result.values())
                case list() | tuple():
                    return all(self.holds(value) for value in result)
        except StorageError as error:
            logger.warning("%s", error)
            return False
        return True

    def cached_arrays(
        self, name: str, keys: Sequence[str], compute: Callable[[list[int]], np.ndarray]
    ) -> np.ndarray:
        """Rows of an array by content key, computing only those not yet in the cache `name`.

        Args:
            keys: N content hashes; equal keys share a row.
            compute: given M indices into `keys`, returns an array of shape (M, …); its shape and dtype
                belong to the cache's name: put a version into `name` and raise it when they change.

        Returns:
            An array of shape (N, …).
        """
        path = self.path("cache", f"{name}.parquet")
        known, rows = _load_cache(path)
        missing = {key: index for index, key in enumerate(keys) if key not in known}
        if missing:
            fresh = np.ascontiguousarray(compute(list(missing.values())))
            rows = fresh if rows is None else np.concatenate([rows, fresh])
            known = {**known, **{key: len(known) + i for i, key in enumerate(missing)}}
            _save_cache(path, known, rows)
        if rows is None:
            raise ValueError("cached_arrays needs at least one key")
        return rows[np.fromiter((known[key] for key in keys), dtype=np.int64, count=len(keys))]

    def load_arrays(self, name: str) -> dict[str, np.ndarray] | None:
        """What `save_arrays` left under a name; None where there is nothing, or it is damaged."""
        path = self.path("cache", f"{name}.npz")
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, BadZipFile) as error:
            logger.warning("cache %s is damaged (%s); it is made anew", path, error)
            path.unlink(missing_ok=True)
            return None

    def save_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps arrays under a name, in place of those that were there."""
        with written_whole(self.path("cache", f"{name}.npz")) as part, part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def load_kept(self, name: str) -> pa.Table | None:
        """The table that `save_kept` left under a name; None where there is none, or it is damaged."""
        path = self.path("cache", f"{name}.parquet")
        try:
            return pq.read_table(path) if path.exists() else None
        except (OSError, pa.ArrowInvalid) as error:
            logger.warning("cache %s is damaged (%s); it is made anew", path, error)
            path.unlink(missing_ok=True)
            return None

    def save_kept(self, name: str, table: pa.Table) -> None:
        """Keeps a table under a name, in place of the one that was there; erasure looks for its column `key`."""
        with written_whole(self.path("cache", f"{name}.parquet")) as part:
            pq.write_table(table, part, compression="zstd")

    @contextmanager
    def locked(self, what: str, wait: float = 0.0) -> Iterator[None]:
        """Holds the workspace for one run.

        Args:
            wait: seconds to wait for another run to finish.

        Raises:
            WorkspaceBusyError: another run still holds it; says which.
        """
        from filelock import FileLock, Timeout

        self.path().mkdir(parents=True, exist_ok=True)
        note = self.path("lock.txt")
        try:
            with FileLock(self.path("lock"), timeout=wait):
                note.write_text(f"{what} (process {os.getpid()})", encoding="utf-8")
                yield
                note.unlink(missing_ok=True)
        except Timeout as error:
            holder = note.read_text(encoding="utf-8") if note.exists() else "another run"
            raise WorkspaceBusyError(
                f"workspace {self.root} is in use by {holder}; wait for it to end, or give --wait SECONDS"
            ) from error


def file_digests(folder: Path) -> dict[str, str]:
    """Every file under `folder`, the manifest aside -> its sha256: what a manifest lists."""
    return {
        str(path.relative_to(folder)): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def write_manifest(folder: Path) -> None:
    """Lists every file under `folder` with its sha256, as the last file written."""
    files = file_digests(folder)
    with written_whole(folder / MANIFEST) as part:
        part.write_text(json.dumps({"files": files}, indent=1, sort_keys=True), encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, str]:
    """File name -> sha256. Raises StorageError when the folder has no readable manifest."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(f"{folder} has no readable {MANIFEST}: it is not whole; run again") from error


def _load_cache(path: Path) -> tuple[dict[str, int], np.ndarray | None]:
    if not path.exists():
        return {}, None
    try:
        table = pq.read_table(path)
        meta = json.loads(table.schema.metadata[b"array"])
        flat = np.frombuffer(b"".join(table["value"].to_pylist()), dtype=np.dtype(meta["dtype"]))
        rows = flat.reshape((table.num_rows, *meta["shape"]))
        keys = table["key"].to_pylist()
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        logger.warning("cache %s is damaged (%s); it is made anew", path, error)
        path.unlink(missing_ok=True)
        return {}, None
    return {key: i for i, key in enumerate(keys)}, rows


def _save_cache(path: Path, known: dict[str, int], rows: np.ndarray) -> None:
    meta = {"dtype": rows.dtype.str, "shape": list(rows.shape[1:])}
    width = rows[0].nbytes
    raw = rows.tobytes()
    values = pa.array([raw[i * width : (i + 1) * width] for i in range(len(rows))], pa.binary())
    table = pa.table({"key": pa.array(known.keys(), pa.string()), "value": values})
    with written_whole(path) as part:
        pq.write_table(table.replace_schema_metadata({"array": json.dumps(meta)}), part, compression="zstd")


def find_workspace(given: str | None) -> Path:
    """The workspace a command works on: the one given, SEIMAI_WORKSPACE, or the nearest `.seimai` upwards.

    Raises:
        StorageError: there is none; says where was looked.
    """
    chosen = given or os.environ.get("SEIMAI_WORKSPACE")
    here = Path.cwd()
    candidates = [Path(chosen)] if chosen else [folder / ".seimai" for folder in (here, *here.parents)]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate.resolve()
    raise StorageError(
        f"no workspace at {candidates[0]}{'' if chosen else ' nor in a folder above'}; run a recipe first, "
        "or name one with --workspace"
    )


def open_workspace(given: str | None) -> Workspace:
    """The workspace that `find_workspace` finds."""
    return Workspace(root=str(find_workspace(given)))


def shown_path(path: Path) -> Path:
    """A path as a person reads it: relative where it lies below the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

"""Which files a source stands for: a file, a folder, a glob or any fsspec URL."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import fsspec
from fsspec.core import has_magic, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from tasks.errors import RecipeError
from tasks.ingest.contract import SourceFile
from tasks.recipe import FileFormat, Source

ENDINGS = {
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".parquet": FileFormat.PARQUET,
    ".md": FileFormat.MARKDOWN,
    ".markdown": FileFormat.MARKDOWN,
    ".txt": FileFormat.TEXT,
}
NOTHING_KNOWN: Mapping[str, Mapping[str, Any]] = {}
_MAGIC = re.compile(r"[*?\[]")


def find_files(
    source: Source, index: int = 0, known: Mapping[str, Mapping[str, Any]] = NOTHING_KNOWN
) -> list[SourceFile]:
    """Every file of `source`, by URI. In folders: known endings only, hidden files and folders left alone.

    Args:
        index: position of `source` in the recipe, for messages and for `SourceFile.source`.
        known: uri -> size, modified and digest at an earlier look: where size and time still agree, the
            digest is taken from there instead of reading the file.

    Raises:
        RecipeError: nothing is there, a file cannot be read, or its format cannot be told; names the source.
    """
    where = f"sources.{index}.path={source.path!r}"
    try:
        fs, path = url_to_fs(source.path)
        chosen = [(name, kind) for name in _list(fs, path) if (kind := _format_of(name, source, path, where))]
        if not chosen:
            raise RecipeError(f"{where}: no files found{_hint(fs, path)}")
        return [_look_at(fs, name, kind, index, known) for name, kind in sorted(chosen)]
    except PermissionError as error:
        raise RecipeError(f"{where}: no permission to read {error.filename or source.path}") from error
    except (ImportError, ValueError) as error:
        raise RecipeError(f"{where}: cannot be opened: {error}") from error
    except OSError as error:
        raise RecipeError(f"{where}: {error.strerror or error} ({error.filename or source.path})") from error


def find_all_files(sources: Sequence[Source]) -> list[SourceFile]:
    """The files of every source, in the order of the recipe."""
    return [file for index, source in enumerate(sources) for file in find_files(source, index)]


def read_bytes(uri: str) -> bytes:
    """The whole of a file."""
    with fsspec.open(uri, "rb") as file:
        return file.read()


def _list(fs: Any, path: str) -> list[str]:
    if fs.isfile(path):
        return [path]
    if fs.isdir(path):
        # not fs.find: it leaves out, without a word, the folders that it may not read
        walk = fs.walk(path, on_error="raise")
        found = (f"{folder.rstrip('/')}/{name}" for folder, _, names in walk for name in names)
        return [name for name in found if not _is_hidden(name, path)]
    if not has_magic(path):
        return []
    root = _MAGIC.split(path, maxsplit=1)[0].rpartition("/")[0]
    named = "/." in path.removeprefix(root)  # a glob that spells out a hidden name means it
    return [name for name in fs.glob(path) if fs.isfile(name) and (named or not _is_hidden(name, root))]


def _is_hidden(name: str, folder: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name.removeprefix(folder)).parts)


def _format_of(name: str, source: Source, path: str, where: str) -> FileFormat | None:
    """None for a file that a folder or a glob holds beside the ones that are meant."""
    by_ending = ENDINGS.get(PurePosixPath(name).suffix.lower())
    if name == path or has_magic(path):
        if source.format is None and by_ending is None and name == path:
            raise RecipeError(
                f"{where}: cannot tell the format by the ending; give `format`, or one of {sorted(ENDINGS)}"
            )
        return source.format or by_ending
    return by_ending if source.format in (None, by_ending) else None


def _hint(fs: Any, path: str) -> str:
    if fs.isdir(path):
        return f" with one of the endings {sorted(ENDINGS)}"
    return "" if has_magic(path) else "; the path does not exist"


def _look_at(
    fs: Any, name: str, kind: FileFormat, index: int, known: Mapping[str, Mapping[str, Any]]
) -> SourceFile:
    uri = name if isinstance(fs, LocalFileSystem) else fs.unstrip_protocol(name)
    modified = _modified(fs, name)
    before = known.get(uri)
    if before and modified == before["modified"] and fs.size(name) == before["size"]:
        size, digest = before["size"], before["digest"]
    else:
        size, digest = _read_digest(fs, name)
    return SourceFile(uri=uri, size=size, modified=modified, digest=digest, source=index, format=kind)


def _read_digest(fs: Any, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with fs.open(name, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _modified(fs: Any, name: str) -> str | None:
    try:
        moment: datetime = fs.modified(name)
    except NotImplementedError:  # HTTP and others do not say
        return None
    return moment.astimezone(UTC).isoformat()

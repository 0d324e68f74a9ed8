"""Which files a source stands for: a file, a folder, a glob, any fsspec URL, or the rows of a query."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import has_magic
from fsspec.implementations.local import LocalFileSystem

from tasks.errors import RecipeError
from tasks.ingest import database
from tasks.ingest.contract import SourceFile, Trouble
from tasks.ingest.formats import ENDINGS
from tasks.ingest.store import UnreachableError, open_store, read_bytes, read_digest, try_again
from tasks.recipe import FileFormat, ReadingSettings, Source

NOTHING_KNOWN: Mapping[str, Mapping[str, Any]] = {}
DEFAULT_LIMITS = ReadingSettings()
SETTLED = timedelta(seconds=2)
"""A file written less than this before it was last read may have changed again within the clock's tick: it is
read once more (what git calls a racy entry)."""
_MAGIC = re.compile(r"[*?\[]")


def find_files(
    source: Source,
    index: int = 0,
    known: Mapping[str, Mapping[str, Any]] = NOTHING_KNOWN,
    reading: ReadingSettings = DEFAULT_LIMITS,
) -> list[SourceFile]:
    """Every file of `source`, by URI; hidden files and folders are left alone.

    A file of a folder or glob that cannot be read is there with its `trouble`.

    Args:
        index: position of `source` in the recipe, for messages and for `SourceFile.source`.
        known: uri -> size, modified, etag, digest and checked at an earlier look: where they still agree, the
            file is not opened.
        reading: limits; a file beyond them is not opened either.

    Raises:
        RecipeError: nothing is there, the one file cannot be read, or its format cannot be told.
    """
    if source.query is not None:
        return [database.find_rows(source, index)]
    where = f"sources.{index}.path={source.shown_path!r}"
    try:
        fs, path = open_store(source.path, source.options, reading.timeout)
        listed = try_again(fs, path, lambda: _list(fs, path))
        chosen = [(name, kind) for name in listed if (kind := _format_of(name, source, path, where))]
        if not chosen:
            raise RecipeError(f"{where}: no files found{_hint(fs, path)}")
        chain, root = "".join(source.path.partition("::")[1:]), _root_of(path, listed)
        found = [
            _look_at(fs, name, root, _uri_of(fs, name) + chain, kind, index, known, reading)
            for name, kind in sorted(chosen)
        ]
    except PermissionError as error:
        raise RecipeError(f"{where}: no permission to read {error.filename or source.path}") from error
    except (ImportError, ValueError) as error:
        raise RecipeError(f"{where}: cannot be opened: {error}") from error
    except OSError as error:
        raise RecipeError(f"{where}: {error.strerror or error} ({error.filename or source.path})") from error
    if found[0].trouble and is_named(source, found[0]):
        raise RecipeError(f"{where}: {found[0].trouble.reason}")
    return found


def find_all_files(
    sources: Sequence[Source],
    known: Mapping[str, Mapping[str, Any]] = NOTHING_KNOWN,
    reading: ReadingSettings = DEFAULT_LIMITS,
) -> list[SourceFile]:
    """The files of every source, in the order of the recipe."""
    return [
        file for index, source in enumerate(sources) for file in find_files(source, index, known, reading)
    ]


def is_named(source: Source, file: SourceFile) -> bool:
    """Whether the recipe names this very file, so that what is wrong with it is the recipe's mistake."""
    return source.query is not None or file.uri.endswith(source.path.rpartition("://")[2])


def read_file(file: SourceFile, source: Source, timeout: float) -> bytes:
    """The whole of a file, or the rows of a query as JSON lines.

    Args:
        timeout: seconds that a remote store may take to answer.

    Raises:
        UnreachableError: after several tries.
    """
    if source.query is not None:
        return database.fetch_rows(source, f"sources.{file.source}")
    return read_bytes(file.uri, source.options, timeout)


def _list(fs: Any, path: str) -> list[str]:
    if fs.isfile(path):
        return [path]
    if fs.isdir(path):
        found = _walk_local(path) if isinstance(fs, LocalFileSystem) else _walk(fs, path)
        return [name for name in found if not _is_hidden(name, path)]
    if not has_magic(path):
        return []
    root = _MAGIC.split(path, maxsplit=1)[0].rpartition("/")[0]
    named = "/." in path.removeprefix(root)  # a glob that spells out a hidden name means it
    return [name for name in fs.glob(path) if fs.isfile(name) and (named or not _is_hidden(name, root))]


def _root_of(path: str, listed: Sequence[str]) -> str:
    """The folder that a source's files are below: the path itself, or what is before a glob or a file's name."""
    if path in listed:
        return path.rpartition("/")[0]
    beneath = all(name.startswith(path.rstrip("/") + "/") for name in listed)
    return path if beneath else _MAGIC.split(path, maxsplit=1)[0].rpartition("/")[0]


def _walk(fs: Any, path: str) -> Iterator[str]:
    # not fs.find: it leaves out, without a word, the folders that it may not read
    for folder, _, names in fs.walk(path, on_error="raise"):
        yield from (f"{folder.rstrip('/')}/{name}" for name in names)


def _walk_local(path: str) -> Iterator[str]:
    """Files below a folder, links followed; a folder that a loop of links leads back to is entered once."""

    def refuse(error: OSError) -> None:
        raise error

    entered: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(path, onerror=refuse, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in entered:
            subfolders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        subfolders.sort()
        yield from (f"{folder.rstrip('/')}/{name}" for name in names if not _is_special(Path(folder, name)))


def _is_special(path: Path) -> bool:
    """A pipe, socket or device: reading it might never end. A link to nowhere is a file that cannot be read."""
    return path.exists() and not path.is_file()


def _is_hidden(name: str, folder: str) -> bool:
    return any(part.startswith((".", "~$")) for part in PurePosixPath(name.removeprefix(folder)).parts)


def _format_of(name: str, source: Source, path: str, where: str) -> FileFormat | None:
    """None for a file that a folder or a glob holds beside the ones that are meant."""
    by_ending = ENDINGS.get(PurePosixPath(name).suffix.lower())
    if source.format is not None and (name == path or has_magic(path)):
        return source.format
    if source.format is not None:
        return by_ending if by_ending is source.format else None
    if by_ending is None and name == path:
        raise RecipeError(
            f"{where}: cannot tell the format by the ending; give `format`, or one of {sorted(ENDINGS)}"
        )
    return by_ending or FileFormat.UNSUPPORTED


def _hint(fs: Any, path: str) -> str:
    if fs.isdir(path):
        return f" with one of the endings {sorted(ENDINGS)}"
    return "" if has_magic(path) else "; the path does not exist"


def _uri_of(fs: Any, name: str) -> str:
    return name if isinstance(fs, LocalFileSystem) else fs.unstrip_protocol(name)


def _look_at(
    fs: Any,
    name: str,
    root: str,
    uri: str,
    kind: FileFormat,
    index: int,
    known: Mapping[str, Mapping[str, Any]],
    reading: ReadingSettings,
) -> SourceFile:
    size, modified, etag, digest = 0, None, None, ""
    trouble: Trouble | None = None
    try:
        facts = fs.info(name)
        size, modified, etag = facts["size"] or 0, _modified(fs, name), facts.get("ETag") or facts.get("etag")
        before = known.get(uri)
        if size > reading.max_bytes:
            reason = f"{size:,} bytes, more than {reading.max_bytes:,} (reading.max_bytes)"
            trouble = Trouble(check="too_large", reason=reason)
        elif before and _is_unchanged(before, size, modified, etag):
            digest = before["digest"]
        else:
            size, digest = read_digest(fs, name, size)
    except (OSError, UnreachableError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        trouble = Trouble(check="unreadable", reason=f"cannot be read: {reason}")
    return SourceFile(
        uri=uri,
        name=name.removeprefix(root).lstrip("/"),
        size=size,
        modified=modified,
        etag=etag and str(etag).strip('"'),
        digest=digest,
        source=index,
        format=kind,
        trouble=trouble,
    )


def _is_unchanged(before: Mapping[str, Any], size: int, modified: str | None, etag: Any) -> bool:
    if not before["digest"] or size != before["size"]:
        return False
    if etag and before["etag"]:
        return str(etag).strip('"') == before["etag"]
    if not modified or modified != before["modified"]:
        return False
    written, checked = datetime.fromisoformat(modified), datetime.fromisoformat(before["checked"])
    return checked - written >= SETTLED


def _modified(fs: Any, name: str) -> str | None:
    try:
        moment: datetime = fs.modified(name)
    except NotImplementedError:  # HTTP and others do not say
        return None
    return moment.astimezone(UTC).isoformat()

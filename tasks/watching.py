"""What a run saw of its sources and its base model, and what has changed since.

A row is `uri`, `size` (bytes), `modified` (ISO 8601, UTC, or "" where the store does not say), `etag`, `digest` and
`checked` (a time before it was read), as `Ledger.watched` keeps them. The base model is a row too: its uri is
`base-model:` and its source, its digest the revision.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tasks.base_model import WEIGHTS, find_revision
from tasks.errors import RecipeError
from tasks.ingest.contract import SourceFile
from tasks.ingest.files import NOTHING_KNOWN, find_files
from tasks.recipe import BaseModelSettings, Recipe

logger = logging.getLogger("seimai.watching")
BASE_MODEL = "base-model:"
Row = dict[str, Any]


class Changes(NamedTuple):
    """URIs of the files that are new, have other content, or are gone; each in alphabetical order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


class Update(NamedTuple):
    """A base model whose revision is not the one that the last run used."""

    source: str
    old: str
    new: str


def observe(recipe: Recipe, known: Mapping[str, Mapping[str, Any]] = NOTHING_KNOWN) -> list[Row]:
    """The recipe's source files and its base model as they are now, a row each.

    What cannot be read is logged as a warning. It then says nothing about change: whatever is in `known`
    and was not found stays, for an unmounted disk is not a thousand deleted documents.

    Args:
        known: uri -> row of an earlier look; a file whose size and time still agree is not read again. Where
            the store does not say when a file was written (HTTP), it is read at every look.
    """
    rows: dict[str, Row] = {}
    unread = False
    checked = datetime.now(UTC).isoformat()
    for index, source in enumerate(recipe.sources):
        try:
            for file in find_files(source, index, known, recipe.reading):
                if file.trouble is None:
                    rows[file.uri] = index_row(file, checked)
                else:
                    logger.warning("%s is left as it was last seen: %s", file.uri, file.trouble.reason)
                    unread = True
        except RecipeError as error:
            logger.warning("%s is left as it was last seen: %s", recipe.name, error)
            unread = True
    if unread:
        rows = {**{uri: _kept(row) for uri, row in known.items() if is_file(row)}, **rows}
    return [*rows.values(), *_base_model(recipe.base_model, known)]


def find_changes(seen: Mapping[str, Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> Changes:
    """How the files in `now` differ in content from those in `seen`; the base model is not looked at."""
    before = {uri: row["digest"] for uri, row in seen.items() if is_file(row)}
    after = {row["uri"]: row["digest"] for row in now if is_file(row)}
    return Changes(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(uri for uri in after.keys() & before.keys() if after[uri] != before[uri])),
        deleted=tuple(sorted(before.keys() - after.keys())),
    )


def find_update(seen: Mapping[str, Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> Update | None:
    """The base model's new revision; None when it is the same, or was never seen (a recipe's new choice)."""
    for row in now:
        before = seen.get(row["uri"])
        if before and not is_file(row) and before["digest"] != row["digest"]:
            return Update(row["uri"].removeprefix(BASE_MODEL), before["digest"], row["digest"])
    return None


def is_file(row: Mapping[str, Any]) -> bool:
    """Whether `row` stands for a source's file, not for the base model."""
    return not row["uri"].startswith(BASE_MODEL)


def _base_model(settings: BaseModelSettings, known: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    """One row, or none when the model cannot be found and was not known."""
    uri = BASE_MODEL + settings.source
    before = known.get(uri)
    size, modified = _size_and_time(settings)
    if before and modified and (before["size"], before["modified"]) == (size, modified):
        yield _kept(before)
        return
    try:
        revision = find_revision(settings)
        yield dict(uri=uri, size=size, modified=modified, digest=revision, etag="", checked="")
    except RecipeError as error:
        logger.warning("the base model is left as it was last seen: %s", error)
        if before:
            yield _kept(before)


def _size_and_time(settings: BaseModelSettings) -> tuple[int, str]:
    """Bytes of a folder's weights together, and when the newest was written; (0, "") for other sources.

    A folder may hold many gigabytes, which is too much to read at every look.
    """
    kind, _, name = settings.source.partition(":")
    if kind != "path":
        return 0, ""
    stats = [file.stat() for pattern in WEIGHTS for file in Path(name).glob(pattern)]
    newest = max((stat.st_mtime for stat in stats), default=0.0)
    return sum(stat.st_size for stat in stats), datetime.fromtimestamp(newest, UTC).isoformat()


def index_row(file: SourceFile, checked: str) -> Row:
    """A file as `Ledger.watched` and `Ledger.documents` keep it.

    Args:
        checked: ISO 8601, UTC; a time before the file was looked at.
    """
    return {
        "uri": file.uri,
        "size": file.size,
        "modified": file.modified or "",
        "digest": file.digest,
        "etag": file.etag or "",
        "checked": checked,
    }


def _kept(row: Mapping[str, Any]) -> Row:
    return {key: row[key] for key in ("uri", "size", "modified", "digest", "etag", "checked")}

"""What changes in the databases of Prefect and MLflow, which seimai does not own: texts that quote samples.

A running server may have the database open: SQLite's own locking keeps both apart, and secure_delete overwrites
what is replaced.
"""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tasks.erase.change import Change, Kind
from tasks.erase.probes import Redactor
from tasks.errors import StorageError
from tasks.storage import Workspace

WAIT_SECONDS = 30
"""For a server to finish what it is writing."""


class _Update(NamedTuple):
    table: str
    column: str
    rowid: int
    before: str
    after: str


def plan_databases(workspace: Workspace, redactor: Redactor) -> Iterator[Change]:
    """Databases with texts to redact."""
    for path in sorted([*workspace.path("prefect").glob("*.db"), *workspace.path().glob("registry.db")]):
        updates = list(_find_updates(path, redactor))
        if updates:
            name = path.relative_to(workspace.root).as_posix()
            yield Change(Kind.DATABASES, name, len(updates), partial(_rewrite, path, updates))


def _find_updates(path: Path, redactor: Redactor) -> Iterator[_Update]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)
    try:
        for table, column in list(_columns(connection)):
            query = f'SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\''
            for rowid, text in connection.execute(query):
                cleaned = redactor.clean(text)
                if cleaned != text:
                    yield _Update(table, column, rowid, text, cleaned)
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """(table, column) of every column that can be written."""
    tables = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for name, sql in connection.execute(tables).fetchall():
        if "WITHOUT ROWID" in sql.upper() or sql.upper().startswith("CREATE VIRTUAL"):
            continue
        for _, column, _, _, _, _, hidden in connection.execute(f'PRAGMA table_xinfo("{name}")'):
            if not hidden:
                yield name, column


def _rewrite(path: Path, updates: list[_Update], _: str) -> None:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        for update in updates:
            where = f'rowid = ? AND "{update.column}" = ?'
            query = f'UPDATE "{update.table}" SET "{update.column}" = ? WHERE {where}'
            connection.execute(query, (update.after, update.rowid, update.before))
        connection.execute("COMMIT")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StorageError(
            f"cannot erase in {path}: {error}; end what uses it (`seimai up`, `seimai ui`) and run this again"
        ) from error
    finally:
        connection.close()

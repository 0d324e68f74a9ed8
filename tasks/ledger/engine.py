"""How the database is opened: SQLite in a file by default, PostgreSQL by URL; and what a write is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

WAIT_SECONDS = 30
"""How long a write waits for another one's lock."""
_TAKES_LOCK = "seimai_takes_lock"
_PASSING = "seimai_passing"
_LOCK = 0x5E13A1
"""Number of the ledger's advisory lock on PostgreSQL; such locks are of one database."""


def open_engine(url: str) -> sa.Engine:
    """The engine of `url`; SQLite in write-ahead mode, so that readers never wait for a writer."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=20, pool_pre_ping=True)
    path = url.removeprefix("sqlite:///")
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": WAIT_SECONDS}, pool_size=20, max_overflow=40)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


_TURNS: dict[str, threading.Lock] = {}
"""Database -> what threads of this process queue at for SQLite's lock: SQLite itself lets waiting writers sleep for up
to a tenth of a second each time, and the unlucky ones starve."""


@contextmanager
def writing(engine: sa.Engine, passing: bool = False) -> Iterator[sa.Connection]:
    """One transaction that is alone in writing from its first statement on, so that what it reads cannot change
    before it writes: by SQLite's write lock, on PostgreSQL by an advisory lock that ends with the transaction.

    Args:
        passing: what is written may be lost with the machine's power, though not with the process (SQLite's
            `synchronous = NORMAL`): leases and signs of life, at which nobody shall wait for a disk.
    """
    with (
        _TURNS.setdefault(str(engine.url), threading.Lock())
        if engine.dialect.name == "sqlite"
        else nullcontext(),
        engine.connect().execution_options(**{_TAKES_LOCK: True, _PASSING: passing}) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = (
        None  # transactions are begun below, not by the driver before its first write
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    options = connection.get_execution_options()
    execute = connection.connection.driver_connection.execute  # type: ignore[union-attr]
    execute(f"PRAGMA synchronous = {'NORMAL' if options.get(_PASSING) else 'FULL'}")
    execute("BEGIN IMMEDIATE" if options.get(_TAKES_LOCK) else "BEGIN")

"""Rows on their way into the ledger, whose long texts are written out only where the ledger does not hold them yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, overload

import sqlalchemy as sa

from tasks.ledger.decisions import chunks
from tasks.ledger.tables import TEXTS

_CACHE_KILOBYTES = 65_536


@dataclass(frozen=True, eq=False)
class LazyRows(Sequence[dict[str, Any]]):
    """Reads like a list of whole rows; each whole row is made anew when it is asked for."""

    short: list[dict[str, Any]]
    """The rows without what takes long to make; `texts` of each is the digest of its sample and findings."""
    write: Callable[[Sequence[int]], list[dict[str, Any]]]
    """Places in `short` to the rest of those rows, sample and findings among it."""

    def take(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """Whole rows: many at once cost much less than one by one."""
        return [self.short[n] | texts for n, texts in zip(places, self.write(places), strict=True)]

    def __len__(self) -> int:
        return len(self.short)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.take(range(len(self))))

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        places = range(len(self))[place]
        return self.take([places])[0] if isinstance(places, int) else self.take(places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)


def insert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows, each with every column of `table`; further keys are left out. The driver is given tuples: what
    SQLAlchemy does for each row would cost as much as the database itself."""
    if not rows:
        return
    if (
        connection.dialect.name == "sqlite"
    ):  # by default pages beyond 2 MB are written as often as they change
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
    statement = str(table.insert().compile(dialect=connection.dialect))
    names = [column.name for column in table.columns]
    pick = itemgetter(*names)
    values: list[Any] = [pick(row) for row in rows]
    if not connection.dialect.positional:
        values = [dict(zip(names, row, strict=True)) for row in values]
    connection.exec_driver_sql(statement, values)


def write_texts(connection: sa.Connection, rows: LazyRows) -> None:
    """Adds those samples and findings that are not in the ledger yet."""
    places = {row["texts"]: place for place, row in enumerate(rows.short)}
    known: set[str] = set()
    for part in chunks(places):
        known.update(connection.execute(sa.select(TEXTS.c.digest).where(TEXTS.c.digest.in_(part))).scalars())
    fresh = rows.take([place for digest, place in places.items() if digest not in known])
    insert_many(connection, TEXTS, [row | {"digest": row["texts"]} for row in fresh])

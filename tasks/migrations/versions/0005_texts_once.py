"""Samples and findings of what is flagged and queued are stored once; items of the queue carry a digest.

Revision ID: 0005
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
AT_ONCE = 2_000


def upgrade() -> None:
    op.create_table(
        "texts",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("sample_id", sa.String(64), nullable=False),
        sa.Column("sample", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
    )
    known: set[str] = set()
    for name, key in (("flagged", ("snapshot_id", "row")), ("queue", ("recipe", "sample_id"))):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("texts", sa.String(64), nullable=False, server_default=""))
        _move_texts(op.get_bind(), name, key, known)
        with op.batch_alter_table(name) as table:
            table.alter_column("texts", server_default=None)
            table.drop_column("sample")
            table.drop_column("findings")
    with op.batch_alter_table("queue") as queue:  # no digest equals "": the next run writes all items anew
        queue.add_column(sa.Column("digest", sa.String(64), nullable=False, server_default=""))
    with op.batch_alter_table("queue") as queue:
        queue.alter_column("digest", server_default=None)


def _move_texts(connection: sa.Connection, name: str, key: tuple[str, str], known: set[str]) -> None:
    """Puts the texts of a table into `texts`, those in `known` being there, and leaves their digests."""
    read = [*dict.fromkeys([*key, "sample_id", "sample", "findings"])]
    table = sa.table(name, *(sa.column(column) for column in [*read, "texts"]))
    texts = sa.table("texts", *(sa.column(n) for n in ("digest", "sample_id", "sample", "findings")))
    keys = [table.c[column] for column in key]
    here = [column == sa.bindparam(f"old_{n}") for n, column in enumerate(keys)]
    change = table.update().where(*here).values(texts=sa.bindparam("new"))
    every = [tuple(found) for found in connection.execute(sa.select(*keys))]
    for start in range(0, len(every), AT_ONCE):
        wanted = sa.tuple_(*keys).in_(every[start : start + AT_ONCE])
        query = sa.select(*(table.c[column] for column in read)).where(wanted)
        rows = connection.execute(query).mappings().all()
        digests = [
            hashlib.sha256(f"{row['sample']}\0{row['findings']}".encode("utf-8", "surrogatepass")).hexdigest()
            for row in rows
        ]
        fresh = {
            digest: {"digest": digest, **{n: row[n] for n in ("sample_id", "sample", "findings")}}
            for digest, row in zip(digests, rows, strict=True)
            if digest not in known
        }
        known |= fresh.keys()
        if fresh:
            connection.execute(texts.insert(), list(fresh.values()))
        moved = [
            {"old_0": row[key[0]], "old_1": row[key[1]], "new": digest}
            for row, digest in zip(rows, digests, strict=True)
        ]
        connection.execute(change, moved)

"""The document index, what was erased, and what a store says of a file's content.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("uri", sa.String(700), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("modified", "etag", "digest", "checked")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reader", "family")),
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.String(64), primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("created", "actor", "reason", "request", "found", "models")
        ),
    )
    op.create_table(
        "tombstones",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("erasure_id", sa.String(64), nullable=False),
    )
    with op.batch_alter_table("watched") as watched:
        watched.add_column(sa.Column("etag", sa.Text, nullable=False, server_default=""))
        watched.add_column(sa.Column("checked", sa.Text, nullable=False, server_default=""))

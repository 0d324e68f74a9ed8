"""What models of a recipe were judged on.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "vault",
        sa.Column("recipe", sa.String(64), primary_key=True),
        sa.Column("sample_id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "origin", "first_seen")),
        sa.Column("gone", sa.Text),
    )

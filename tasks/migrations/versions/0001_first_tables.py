"""The tables of the first line.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("recipe", "recipe_digest", "started")),
        sa.Column("finished", sa.Text),
        sa.Column("exit_code", sa.Integer),
        *(
            sa.Column(name, sa.Text)
            for name in ("outcome", "snapshot_id", "model_digest", "report", "message")
        ),
    )
    op.create_table(
        "snapshots",
        sa.Column("snapshot_id", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("recipe", "created", "path", "manifest")),
    )
    op.create_table(
        "flagged",
        sa.Column("snapshot_id", sa.String(64), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("sample_id", sa.String(64), nullable=False, index=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("disposition", "check", "reason", "sample", "findings")
        ),
    )
    op.create_table(
        "decisions",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("decision_id", sa.String(64), nullable=False, unique=True),
        sa.Column("sample_id", sa.String(64), nullable=False, index=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("action", "payload", "reason", "actor", "created")
        ),
        sa.Column("after_id", sa.String(64)),
        sa.Column("supersedes", sa.String(64)),
    )
    op.create_table(
        "verdicts",
        sa.Column("run_id", sa.String(64), primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("recipe", "model_digest", "outcome", "verdict", "created")
        ),
    )
    op.create_table(
        "watched",
        sa.Column("recipe", sa.String(64), primary_key=True),
        sa.Column("uri", sa.String(700), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("modified", "digest")),
    )


def downgrade() -> None:
    for name in ("watched", "verdicts", "decisions", "flagged", "snapshots", "runs"):
        op.drop_table(name)

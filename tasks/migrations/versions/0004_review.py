"""The review queue, its leases, drafts and votes; guidelines; accounts and sessions; what a decision was made on.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("decisions") as decisions:
        decisions.add_column(sa.Column("recipe", sa.String(64)))
        decisions.add_column(sa.Column("check", sa.Text))
        decisions.add_column(sa.Column("reason_code", sa.Text))
        decisions.add_column(sa.Column("guideline", sa.Integer))
        decisions.add_column(sa.Column("evidence", sa.Text))
        decisions.add_column(sa.Column("origin", sa.Text))
        decisions.add_column(sa.Column("batch", sa.String(64)))
        decisions.create_index("ix_decisions_batch", ["batch"])
    _create_queue()
    op.create_table(
        "queue_facts",
        sa.Column("recipe", sa.String(64), primary_key=True),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        *_texts("created", "facts"),
    )
    op.create_table("leases", *_item_key(), _name("actor"), sa.Column("until", sa.Float, nullable=False))
    op.create_table(
        "drafts",
        *_item_key(),
        sa.Column("actor", sa.String(200), primary_key=True),
        *_texts("content", "saved"),
    )
    op.create_table(
        "votes",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("recipe", sa.String(64), nullable=False),
        sa.Column("sample_id", sa.String(64), nullable=False, index=True),
        _name("actor"),
        *_texts("action", "payload", "reason", "created"),
        sa.UniqueConstraint("recipe", "sample_id", "actor"),
    )
    op.create_table(
        "guidelines",
        sa.Column("recipe", sa.String(64), primary_key=True),
        sa.Column("check", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        *_texts("english", "japanese", "actor", "created"),
    )
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *_texts("created"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        _name("account"),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("created", "seen")),
    )
    op.create_table(
        "attempts",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(200), nullable=False, index=True),
        sa.Column("time", sa.Float, nullable=False),
    )
    op.create_table(
        "acts",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        *_texts("created"),
        _name("actor"),
        sa.Column("act", sa.String(32), nullable=False),
        *_texts("subject", "detail"),
    )


def _create_queue() -> None:
    op.create_table(
        "queue",
        *_item_key(),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("snapshot_id", "check", "stage")),
        *(sa.Column(name, sa.String(16), nullable=False) for name in ("disposition", "origin")),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("blind", "overlap")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("value", "chance")),
        sa.Column("copies", sa.Integer, nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("group_id", sa.String(128), nullable=False, index=True),
        *_texts("words", "sample", "findings"),
        sa.Column("passage", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    handed_out = ["value", "sample_id"]
    op.create_index("queue_order", "queue", ["recipe", "check", "state", *handed_out])
    op.create_index("queue_order_of_all", "queue", ["recipe", "state", *handed_out])
    counted = ["recipe", "check", "state", "chance", "origin", "blind", "sample_id"]
    op.create_index("queue_counts", "queue", counted)
    op.create_index("queue_samples", "queue", ["sample_id"])


def _item_key() -> list[sa.Column]:
    return [sa.Column(name, sa.String(64), primary_key=True) for name in ("recipe", "sample_id")]


def _name(column: str) -> sa.Column:
    return sa.Column(column, sa.String(200), nullable=False)


def _texts(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]

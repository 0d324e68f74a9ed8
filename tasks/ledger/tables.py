"""The tables of the ledger. A change here needs a migration in `tasks/migrations`."""

import sqlalchemy as sa

metadata = sa.MetaData()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=True)


def _text(name: str, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


RUNS = sa.Table(
    "runs",
    metadata,
    _key("run_id"),
    _text("recipe", nullable=False),
    _text("recipe_digest", nullable=False),
    _text("started", nullable=False),
    _text("finished"),
    sa.Column("exit_code", sa.Integer),
    _text("outcome"),
    _text("snapshot_id"),
    _text("model_digest"),
    _text("report"),
    _text("message"),
)
SNAPSHOTS = sa.Table(
    "snapshots",
    metadata,
    _key("snapshot_id"),
    _text("recipe", nullable=False),
    _text("created", nullable=False),
    _text("path", nullable=False),
    _text("manifest", nullable=False),
)
FLAGGED = sa.Table(
    "flagged",
    metadata,
    _key("snapshot_id"),
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("sample_id", sa.String(64), nullable=False, index=True),
    _text("disposition", nullable=False),
    _text("check", nullable=False),
    _text("reason", nullable=False),
    sa.Column("texts", sa.String(64), nullable=False),  # digest of `texts`
)
TEXTS = sa.Table(  # of what is flagged or queued; what snapshots and the queue have in common is stored once
    "texts",
    metadata,
    _key("digest"),
    sa.Column("sample_id", sa.String(64), nullable=False),
    _text("sample", nullable=False),  # JSON of records.SAMPLE
    _text("findings", nullable=False),  # JSON list of records.FINDING
)
DECISIONS = sa.Table(
    "decisions",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("decision_id", sa.String(64), nullable=False, unique=True),
    sa.Column("sample_id", sa.String(64), nullable=False, index=True),
    _text("action", nullable=False),
    _text("payload", nullable=False),
    _text("reason", nullable=False),
    _text("actor", nullable=False),
    _text("created", nullable=False),
    sa.Column("after_id", sa.String(64)),
    sa.Column("supersedes", sa.String(64)),
    sa.Column("recipe", sa.String(64)),
    _text("check"),
    _text("reason_code"),
    sa.Column("guideline", sa.Integer),
    _text("evidence"),
    _text("origin"),
    sa.Column("batch", sa.String(64), index=True),
)
VERDICTS = sa.Table(
    "verdicts",
    metadata,
    _key("run_id"),
    _text("recipe", nullable=False),
    _text("model_digest", nullable=False),
    _text("outcome", nullable=False),
    _text("verdict", nullable=False),
    _text("created", nullable=False),
)
WATCHED = sa.Table(
    "watched",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    sa.Column("uri", sa.String(700), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    _text("modified", nullable=False),
    _text("digest", nullable=False),
    _text("etag", nullable=False),
    _text("checked", nullable=False),
)
DOCUMENTS = sa.Table(
    "documents",
    metadata,
    sa.Column("uri", sa.String(700), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    _text("modified", nullable=False),
    _text("etag", nullable=False),
    _text("digest", nullable=False),
    _text("checked", nullable=False),
    _text("reader", nullable=False),
    _text("family", nullable=False),
)
ERASURES = sa.Table(
    "erasures",
    metadata,
    _key("erasure_id"),
    _text("created", nullable=False),
    _text("actor", nullable=False),
    _text("reason", nullable=False),
    _text("request", nullable=False),
    _text("found", nullable=False),
    _text("models", nullable=False),
)
TOMBSTONES = sa.Table(
    "tombstones",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("erasure_id", sa.String(64), nullable=False),
)
VAULT = sa.Table(
    "vault",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    sa.Column("sample_id", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    _text("source", nullable=False),
    _text("origin", nullable=False),
    _text("first_seen", nullable=False),
    _text("gone"),
)

QUEUE = sa.Table(  # what the newest snapshot of each recipe leaves to people; each run writes what changed
    "queue",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    _key("sample_id"),
    sa.Column("snapshot_id", sa.String(64), nullable=False),  # the first in which the item was as it is now
    sa.Column("check", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(64), nullable=False),
    sa.Column("disposition", sa.String(16), nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),  # "flagged", or "random": nothing was said about it
    sa.Column(
        "blind", sa.Boolean, nullable=False
    ),  # reasons and suggestions are shown after the decision only
    sa.Column("overlap", sa.Boolean, nullable=False),  # two people decide, neither knowing of the other
    sa.Column("value", sa.Float, nullable=False),  # expected value of a look: chance times impact
    sa.Column("chance", sa.Float, nullable=False),  # that something is wrong (0-1)
    sa.Column("copies", sa.Integer, nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("group_id", sa.String(128), nullable=False, index=True),
    _text("words", nullable=False),  # matching form of all its text, for search
    sa.Column("texts", sa.String(64), nullable=False),  # digest of `texts`
    _text("passage"),  # JSON of before, text, after: what the sample was cut from
    sa.Column("state", sa.String(16), nullable=False),  # open, escalated or decided
    sa.Column("version", sa.Integer, nullable=False),  # one more with each change of the item
    sa.Column("digest", sa.String(64), nullable=False),  # of all that a run says of it
    # each is the order in which items are handed out (read backwards), of one check and of all
    sa.Index("queue_order", "recipe", "check", "state", "value", "sample_id"),
    sa.Index("queue_order_of_all", "recipe", "state", "value", "sample_id"),
    # the page of queues counts all items: from here, without a look at their texts
    sa.Index("queue_counts", "recipe", "check", "state", "chance", "origin", "blind", "sample_id"),
    sa.Index("queue_samples", "sample_id"),
)
QUEUE_FACTS = sa.Table(
    "queue_facts",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    sa.Column("snapshot_id", sa.String(64), nullable=False),
    _text("created", nullable=False),
    _text("facts", nullable=False),  # JSON: `review_queue.Queue.facts`, and the recipe's settings of privacy
)
LEASES = sa.Table(
    "leases",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    _key("sample_id"),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("until", sa.Float, nullable=False),  # seconds since the epoch
)
DRAFTS = sa.Table(
    "drafts",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    _key("sample_id"),
    sa.Column("actor", sa.String(200), primary_key=True),
    _text("content", nullable=False),
    _text("saved", nullable=False),
)
VOTES = sa.Table(  # what each of two people said of an overlap item, before either knew of the other
    "votes",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("recipe", sa.String(64), nullable=False),
    sa.Column("sample_id", sa.String(64), nullable=False, index=True),
    sa.Column("actor", sa.String(200), nullable=False),
    _text("action", nullable=False),
    _text("payload", nullable=False),
    _text("reason", nullable=False),
    _text("created", nullable=False),
    sa.UniqueConstraint("recipe", "sample_id", "actor"),
)
GUIDELINES = sa.Table(
    "guidelines",
    metadata,
    sa.Column("recipe", sa.String(64), primary_key=True),
    sa.Column("check", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    _text("english", nullable=False),
    _text("japanese", nullable=False),
    _text("actor", nullable=False),
    _text("created", nullable=False),
)
ACCOUNTS = sa.Table(
    "accounts",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    _text("password", nullable=False),  # scrypt, with its parameters and salt
    sa.Column("active", sa.Boolean, nullable=False),
    _text("created", nullable=False),
)
SESSIONS = sa.Table(
    "sessions",
    metadata,
    _key("digest"),  # sha256 of the token that the browser holds
    sa.Column("account", sa.String(200), nullable=False),
    sa.Column("created", sa.Float, nullable=False),  # seconds since the epoch
    sa.Column("seen", sa.Float, nullable=False),
)
ATTEMPTS = sa.Table(
    "attempts",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.String(200), nullable=False, index=True),  # account or address
    sa.Column("time", sa.Float, nullable=False),
)
ACTS = sa.Table(  # the audit trail of the page
    "acts",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    _text("created", nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("act", sa.String(32), nullable=False),
    _text("subject", nullable=False),
    _text("detail", nullable=False),
)

_NEWEST = sa.select(QUEUE_FACTS.c.snapshot_id).where(QUEUE_FACTS.c.recipe == QUEUE.c.recipe)
WHOLE_ITEM = (
    *(column for column in QUEUE.columns if column.name != "snapshot_id"),
    _NEWEST.scalar_subquery().label("snapshot_id"),
    *(
        sa.select(column).where(TEXTS.c.digest == QUEUE.c.texts).scalar_subquery().label(column.name)
        for column in (TEXTS.c.sample, TEXTS.c.findings)
    ),
)
"""An item's columns for reading: with its texts, and the newest snapshot that has it (its own row tells the first)."""

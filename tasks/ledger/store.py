"""What the line and its runs need of the ledger: runs, snapshots, decisions, verdicts, the document index, the vault
and erasures.

Rows are added, never changed (runs are closed once; what a watcher
saw is replaced; items of the vault go and come back; an erasure blanks the text that rows quote). Schema
changes are alembic migrations in `tasks/migrations`.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tasks.errors import SeimaiError, StorageError
from tasks.ledger.decisions import append_decision, read_decisions, standing_decisions
from tasks.ledger.engine import open_engine, writing
from tasks.ledger.rows import LazyRows, insert_many, write_texts
from tasks.ledger.tables import (
    DOCUMENTS,
    ERASURES,
    FLAGGED,
    RUNS,
    SNAPSHOTS,
    TEXTS,
    TOMBSTONES,
    VAULT,
    VERDICTS,
    WATCHED,
    metadata,
)
from tasks.ledger.times import now
from tasks.records import Action


class Ledger:
    """The database behind `url`, brought to the newest schema when opened.

    Raises:
        StorageError: the database cannot be opened or migrated.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        try:
            _migrate(self.engine)
        except sa.exc.DatabaseError as error:
            raise StorageError(f"cannot open the ledger {url}: {error.orig}") from error

    def start_run(self, recipe: str, recipe_digest: str) -> str:
        """Records that a run has begun; returns its id, a date with a random end, which sorts by time."""
        run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
        self._insert(RUNS, [dict(run_id=run_id, recipe=recipe, recipe_digest=recipe_digest, started=now())])
        return run_id

    def finish_run(self, run_id: str, **values: Any) -> None:
        """Closes a run: exit_code, outcome, snapshot_id, model_digest, report, message."""
        with self.engine.begin() as connection:
            connection.execute(RUNS.update().where(RUNS.c.run_id == run_id).values(finished=now(), **values))

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first."""
        return self._select(RUNS.select().order_by(RUNS.c.run_id.desc()))

    def add_snapshot(
        self,
        snapshot_id: str,
        recipe: str,
        path: str,
        manifest: Mapping[str, Any],
        flagged: LazyRows,
    ) -> None:
        """Records a snapshot and the samples it set aside or edited, in one transaction; known ones stay, and texts
        that an earlier snapshot has too are not written again.

        Args:
            flagged: of `FLAGGED` without snapshot_id; their texts are sample and findings.
        """
        if self._select(SNAPSHOTS.select().where(SNAPSHOTS.c.snapshot_id == snapshot_id)):
            return
        with self.engine.begin() as connection:
            write_texts(connection, flagged)
            insert_many(connection, FLAGGED, [row | {"snapshot_id": snapshot_id} for row in flagged.short])
            connection.execute(
                SNAPSHOTS.insert(),
                dict(
                    snapshot_id=snapshot_id,
                    recipe=recipe,
                    created=now(),
                    path=path,
                    manifest=json.dumps(manifest, ensure_ascii=False),
                ),
            )

    def snapshots(self, recipe: str | None = None) -> list[dict[str, Any]]:
        """Snapshots (of one recipe, if named), the newest first."""
        query = SNAPSHOTS.select().order_by(SNAPSHOTS.c.created.desc())
        return self._select(query if recipe is None else query.where(SNAPSHOTS.c.recipe == recipe))

    def flagged(self, snapshot_id: str) -> list[dict[str, Any]]:
        """What a snapshot set aside or edited, with findings and sample as Python values."""
        joined = FLAGGED.join(TEXTS, TEXTS.c.digest == FLAGGED.c.texts)
        query = sa.select(FLAGGED, TEXTS.c.sample, TEXTS.c.findings).select_from(joined)
        query = query.where(FLAGGED.c.snapshot_id == snapshot_id)
        rows = self._select(query.order_by(FLAGGED.c.row))
        return [{**r, "sample": json.loads(r["sample"]), "findings": json.loads(r["findings"])} for r in rows]

    def decide(
        self,
        sample_id: str,
        action: Action,
        payload: Mapping[str, Any],
        reason: str,
        actor: str,
        after_id: str | None,
    ) -> str:
        """Appends a decision, which supersedes the sample's standing one; returns the decision's id.

        Args:
            payload: {"label": …} for relabel; {"input": …, "target": …} (one or both) for edit; else empty.
            after_id: content hash of the sample once the decision is applied; None when it is kept or dropped.
        """
        with writing(self.engine) as connection:
            return append_decision(
                connection, sample_id, action, payload=payload, reason=reason, actor=actor, after_id=after_id
            )

    def decisions(self) -> dict[str, dict[str, Any]]:
        """The standing decision of each decided sample, by sample_id, payload as a Python value."""
        return standing_decisions(self.all_decisions())

    def all_decisions(self) -> list[dict[str, Any]]:
        """Every decision ever made, the oldest first."""
        with self.engine.connect() as connection:
            return read_decisions(connection)

    def add_verdict(self, run_id: str, recipe: str, model_digest: str, outcome: str, verdict: str) -> None:
        self._insert(
            VERDICTS,
            [
                dict(
                    run_id=run_id,
                    recipe=recipe,
                    model_digest=model_digest,
                    outcome=outcome,
                    verdict=verdict,
                    created=now(),
                )
            ],
        )

    def watched(self, recipe: str) -> dict[str, dict[str, Any]]:
        """What the last run of `recipe` saw: uri -> size (bytes), modified, etag, digest, checked."""
        return {r["uri"]: r for r in self._select(WATCHED.select().where(WATCHED.c.recipe == recipe))}

    def set_watched(self, recipe: str, seen: Sequence[Mapping[str, Any]]) -> None:
        """Replaces what the last run of `recipe` saw."""
        with self.engine.begin() as connection:
            connection.execute(WATCHED.delete().where(WATCHED.c.recipe == recipe))
            if seen:
                connection.execute(WATCHED.insert(), [dict(row, recipe=recipe) for row in seen])

    def documents(self) -> dict[str, dict[str, Any]]:
        """The document index: uri -> size (bytes), modified, etag, digest, checked (when it was last read),
        reader (parser version) and family, of every file as a run last saw it."""
        return {r["uri"]: r for r in self._select(DOCUMENTS.select())}

    def note_documents(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts files into the index, over what it said of the same URIs."""
        known = self.documents()
        fresh = [dict(row) for row in rows if known.get(row["uri"]) != row]
        with self.engine.begin() as connection:
            for row in fresh:
                connection.execute(DOCUMENTS.delete().where(DOCUMENTS.c.uri == row["uri"]))
            if fresh:
                connection.execute(DOCUMENTS.insert(), fresh)

    def add_erasure(
        self,
        request: Mapping[str, Any],
        found: Mapping[str, Any],
        models: Sequence[str],
        tombstones: Iterable[tuple[str, str]],
        actor: str,
        reason: str,
    ) -> str:
        """Records what was erased, and what shall not come back, in one transaction; returns the receipt's id.

        Args:
            request: what was asked for, without any text that was to be erased.
            found: what held it: counts and digests.
            models: names and versions that are due for retraining.
            tombstones: (kind, digest): kind "sample" or "document".
        """
        erasure_id = uuid.uuid4().hex
        standing = self.tombstones()
        rows = [
            dict(kind=kind, digest=digest, erasure_id=erasure_id)
            for kind, digest in sorted(set(tombstones))
            if digest not in standing.get(kind, {})
        ]
        with self.engine.begin() as connection:
            connection.execute(
                ERASURES.insert(),
                dict(
                    erasure_id=erasure_id,
                    created=now(),
                    actor=actor,
                    reason=reason,
                    request=json.dumps(request, ensure_ascii=False),
                    found=json.dumps(found, ensure_ascii=False),
                    models=json.dumps(list(models), ensure_ascii=False),
                ),
            )
            if rows:
                connection.execute(TOMBSTONES.insert(), rows)
        return erasure_id

    def erasures(self) -> list[dict[str, Any]]:
        """The receipts, the newest first, with request, found and models as Python values."""
        rows = self._select(ERASURES.select().order_by(ERASURES.c.created.desc()))
        return [r | {key: json.loads(r[key]) for key in ("request", "found", "models")} for r in rows]

    def tombstones(self) -> dict[str, dict[str, str]]:
        """What shall not come back: kind ("sample" or "document") -> digest -> erasure_id."""
        stones: dict[str, dict[str, str]] = {}
        for row in self._select(TOMBSTONES.select()):
            stones.setdefault(row["kind"], {})[row["digest"]] = row["erasure_id"]
        return stones

    def vault(self, recipe: str) -> dict[str, dict[str, Any]]:
        """What models of `recipe` were ever judged on: sample_id -> digest of its text, source, origin (role of its
        row), first_seen, and gone: since when it is judged on no longer, if it is."""
        return {r["sample_id"]: r for r in self._select(VAULT.select().where(VAULT.c.recipe == recipe))}

    def note_vault(self, recipe: str, items: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> None:
        """Adds items to the vault, or says that they are back; and of others that they are gone from now on.

        Args:
            items: sample_id, digest, source and origin of each.
            gone: sample_ids.
        """
        known = self.vault(recipe)
        time = now()
        fresh = [{**i, "recipe": recipe, "first_seen": time} for i in items if i["sample_id"] not in known]
        moved: list[dict[str, Any]] = [{"name": name, "since": time} for name in gone]
        moved += [{"name": i["sample_id"], "since": None} for i in items if i["sample_id"] in known]
        here = sa.and_(VAULT.c.recipe == recipe, VAULT.c.sample_id == sa.bindparam("name"))
        with self.engine.begin() as connection:
            if fresh:
                connection.execute(VAULT.insert(), fresh)
            if moved:
                connection.execute(VAULT.update().where(here).values(gone=sa.bindparam("since")), moved)

    def find_run(self, run_id: str | None) -> dict[str, Any]:
        """The run whose id begins with `run_id`, or the newest one.

        Raises:
            SeimaiError: there is none, or several begin so.
        """
        runs = [run for run in self.runs() if run["run_id"].startswith(run_id or "")]
        if not runs or (run_id and len(runs) > 1):
            known = ", ".join(run["run_id"] for run in self.runs()[:5]) or "none yet"
            raise SeimaiError(f"{len(runs)} runs match {run_id or 'the newest'!r}; newest runs: {known}")
        return runs[0]

    def stored(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table as it is stored, JSON as text."""
        return self._select(metadata.tables[table].select())

    def rewrite(self, changed: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """For erasure: puts rows in the place of those with the same key, and leaves nothing of the old ones.

        Args:
            changed: table -> rows as `stored` gives them.
        """
        sqlite = self.engine.dialect.name == "sqlite"
        with self.engine.begin() as connection:
            if sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            for name, rows in changed.items():
                table = metadata.tables[name]
                for row in rows:
                    key = [column == row[column.name] for column in table.primary_key]
                    connection.execute(table.update().where(*key).values(**row))
        if sqlite:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        with self.engine.begin() as connection:
            connection.execute(table.insert(), rows)

    def _select(self, query: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _migrate(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    # on PostgreSQL two processes may open a new ledger at once: one migrates, the other waits
    opened = writing(engine) if engine.dialect.name == "postgresql" else engine.begin()
    with opened as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

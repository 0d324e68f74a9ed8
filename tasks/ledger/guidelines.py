"""Guidelines: what reviewers of a queue go by, in versions, and which decisions a new version calls into question."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tasks.ledger.engine import writing
from tasks.ledger.moves import note_act
from tasks.ledger.store import Ledger
from tasks.ledger.tables import GUIDELINES
from tasks.ledger.times import now
from tasks.records import Action

_CURRENT = (
    sa.select(GUIDELINES)
    .where(GUIDELINES.c.recipe == sa.bindparam("recipe"), GUIDELINES.c.check == sa.bindparam("check"))
    .order_by(GUIDELINES.c.version.desc())
    .limit(1)
)


class Guidelines:
    """The guidelines in a ledger; each is of one recipe's queue of one check."""

    def __init__(self, ledger: Ledger) -> None:
        self.engine = ledger.engine

    def current(self, recipe: str, check: str) -> dict[str, Any] | None:
        """The newest version: version (from 1), english, japanese, actor, created; None where nobody wrote one."""
        with self.engine.connect() as connection:
            row = connection.execute(_CURRENT, {"recipe": recipe, "check": check}).mappings().first()
        return None if row is None else dict(row)

    def versions(self, recipe: str) -> dict[str, int]:
        """Check -> its newest version."""
        newest = sa.func.max(GUIDELINES.c.version)
        query = sa.select(GUIDELINES.c.check, newest).where(GUIDELINES.c.recipe == recipe)
        with self.engine.connect() as connection:
            rows = connection.execute(query.group_by(GUIDELINES.c.check)).all()
        return {row[0]: row[1] for row in rows}

    def write(self, recipe: str, check: str, english: str, japanese: str, actor: str) -> int:
        """Adds a version; returns its number. Earlier versions stay."""
        newest = sa.select(sa.func.max(GUIDELINES.c.version)).where(
            GUIDELINES.c.recipe == recipe, GUIDELINES.c.check == check
        )
        with writing(self.engine) as connection:
            version = (connection.execute(newest).scalar() or 0) + 1
            row = dict(recipe=recipe, check=check, version=version, english=english, japanese=japanese)
            connection.execute(GUIDELINES.insert(), row | dict(actor=actor, created=now()))
            note_act(connection, actor, "guideline", f"{recipe}/{check}", {"version": version})
        return version


def decisions_in_force(
    standing: Mapping[str, dict[str, Any]], recipe: str, versions: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """The standing decisions, without what was kept by an older guideline than its queue's newest.

    Args:
        standing: by sample_id, as of `Ledger.decisions`.
        versions: as of `Guidelines.versions`.
    """
    return {name: row for name, row in standing.items() if not _is_outdated(row, recipe, versions)}


def _is_outdated(decision: Mapping[str, Any], recipe: str, versions: Mapping[str, int]) -> bool:
    if decision["action"] != Action.KEEP or decision["recipe"] != recipe:
        return False
    return versions.get(decision["check"] or "", 0) > (decision["guideline"] or 0)

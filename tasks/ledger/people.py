"""Accounts and sessions of the review page. Passwords come hashed; of a session's token only its digest is stored."""

import hashlib
import secrets
import time
from typing import Any

import sqlalchemy as sa

from tasks.errors import SeimaiError
from tasks.ledger.engine import writing
from tasks.ledger.moves import note_act
from tasks.ledger.store import Ledger
from tasks.ledger.tables import ACCOUNTS, ATTEMPTS, SESSIONS
from tasks.ledger.times import now
from tasks.wording.told import Told

IDLE_SECONDS = 30 * 60
"""A session ends when nothing was asked for so long."""
LONGEST_SECONDS = 12 * 60 * 60
"""A session ends so long after it began, whatever was done in it."""
LONGEST_NAME = 64
"""Characters."""
UNNAMED = "/\\?#%"
"""Characters that an address means something by."""
_SEEN_EVERY = 30  # seconds between notes that a session is alive

_ALIVE = (
    sa.select(ACCOUNTS.c.name, ACCOUNTS.c.role, SESSIONS.c.seen)
    .join(SESSIONS, SESSIONS.c.account == ACCOUNTS.c.name)
    .where(
        SESSIONS.c.digest == sa.bindparam("digest"),
        SESSIONS.c.seen > sa.bindparam("idle"),
        SESSIONS.c.created > sa.bindparam("longest"),
        ACCOUNTS.c.active,
    )
)
_ANYBODY = sa.select(ACCOUNTS.c.name).limit(1)


class People:
    """Who may use the review page of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.engine = ledger.engine

    def accounts(self) -> list[dict[str, Any]]:
        """All accounts by name, without passwords."""
        shown = [c for c in ACCOUNTS.columns if c.name != "password"]
        with self.engine.connect() as connection:
            return [
                dict(r) for r in connection.execute(sa.select(*shown).order_by(ACCOUNTS.c.name)).mappings()
            ]

    def is_empty(self) -> bool:
        """Whether nobody has an account."""
        with self.engine.connect() as connection:
            return connection.execute(_ANYBODY).first() is None

    def count_reviewers(self) -> int:
        """Active accounts that may decide."""
        deciding = (ACCOUNTS.c.active, ACCOUNTS.c.role != "viewer")
        with self.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(ACCOUNTS).where(*deciding)
            return int(connection.execute(query).scalar_one())

    def account(self, name: str) -> dict[str, Any] | None:
        """One account, password hash included."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.name == name)).mappings().first()
        return None if row is None else dict(row)

    def add(self, name: str, role: str, password: str, actor: str) -> None:
        """Raises SeimaiError where the name is taken, or none that an address of the page can hold."""
        require_name(name)
        try:
            with writing(self.engine) as connection:
                row = dict(name=name, role=role, password=password, active=True, created=now())
                connection.execute(ACCOUNTS.insert(), row)
                note_act(connection, actor, "account_added", name, {"role": role})
        except sa.exc.IntegrityError as error:
            raise SeimaiError(
                Told(f"there is an account {name!r} already", f"アカウント{name!r}はすでにあります。")
            ) from error

    def change(self, name: str, actor: str, **values: Any) -> None:
        """New role, password or active; a change ends the account's sessions.

        Raises:
            SeimaiError: no such account, or the last active admin would be gone.
        """
        with writing(self.engine) as connection:
            changed = connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.name == name).values(**values))
            if not changed.rowcount:
                raise SeimaiError(Told(f"there is no account {name!r}", f"アカウント{name!r}はありません。"))
            admins = sa.select(sa.func.count()).where(ACCOUNTS.c.role == "admin", ACCOUNTS.c.active)
            if not connection.execute(admins).scalar_one():
                raise SeimaiError(
                    Told(
                        f"{name!r} is the last active admin: give the role to somebody else first",
                        f"{name!r}は最後の有効な管理者です。先に別の人に管理者の役割を与えてください。",
                    )
                )
            connection.execute(SESSIONS.delete().where(SESSIONS.c.account == name))
            told = {key: "changed" if key == "password" else value for key, value in values.items()}
            note_act(connection, actor, "account_changed", name, told)

    def open_session(self, name: str) -> str:
        """Begins a session; returns the token for the browser, which is stored nowhere."""
        token = secrets.token_urlsafe(32)
        moment = time.time()
        with writing(self.engine) as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.created < moment - LONGEST_SECONDS))
            row = dict(digest=_digest(token), account=name, created=moment, seen=moment)
            connection.execute(SESSIONS.insert(), row)
            connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == name))
            note_act(connection, name, "signed_in", name, {})
        return token

    def session(self, token: str, used: bool = True) -> dict[str, Any] | None:
        """The active account behind a token whose session has not ended; where it is used, notes that it is alive."""
        moment, digest = time.time(), _digest(token)
        given = {"digest": digest, "idle": moment - IDLE_SECONDS, "longest": moment - LONGEST_SECONDS}
        with self.engine.connect() as connection:
            row = connection.execute(_ALIVE, given).mappings().first()
        if row is None:
            return None
        if used and row["seen"] < moment - _SEEN_EVERY:
            with writing(self.engine, passing=True) as connection:
                connection.execute(SESSIONS.update().where(SESSIONS.c.digest == digest).values(seen=moment))
        return {"name": row["name"], "role": row["role"]}

    def close_session(self, token: str, name: str) -> None:
        with writing(self.engine) as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.digest == _digest(token)))
            note_act(connection, name, "signed_out", name, {})

    def note_failure(self, *subjects: str) -> None:
        """A failed sign-in, for an account's name and an address."""
        with writing(self.engine) as connection:
            moment = time.time()
            connection.execute(ATTEMPTS.insert(), [dict(subject=s[:200], time=moment) for s in subjects])
            note_act(connection, subjects[0][:200], "sign_in_failed", subjects[-1], {})

    def failures(self, subject: str, within: float) -> int:
        """Failed sign-ins of the last `within` seconds."""
        recent = (ATTEMPTS.c.subject == subject[:200], ATTEMPTS.c.time > time.time() - within)
        with self.engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(*recent)).scalar_one())


def require_name(name: str) -> None:
    """Raises SeimaiError where a name cannot stand in the address of an account's page, or not be read."""
    spaced = name.replace("\u3000", " ")  # between the two parts of a Japanese name
    readable = name == name.strip() and spaced.isprintable() and name not in (".", "..")
    if not readable or not 0 < len(name) <= LONGEST_NAME or set(name) & set(UNNAMED):
        given, marks = repr(name[:LONGEST_NAME]), " ".join(UNNAMED)
        raise SeimaiError(
            Told(
                f"a name has 1 to {LONGEST_NAME} characters: letters, digits, inner spaces, marks such as . _ - @ +; "
                f"none of {marks}, and not '.' or '..' alone; got {given}",
                f"名前は1~{LONGEST_NAME}文字です。文字、数字、途中の空白、. _ - @ + などの記号が使えます。"
                f"{marks} と、「.」「..」だけの名前は使えません(指定は{given})。",
            )
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

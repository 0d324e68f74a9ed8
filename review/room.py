"""What every request of the review page needs: the ledger's parts, the key, and who is asking."""

import math
import os
import secrets
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi import Request

from review.access import ONLY_READ, SESSION_COOKIE, Reviewer, Role
from review.proxy import ProxySettings, reviewer_by_proxy
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.guidelines import Guidelines
from tasks.ledger.people import People
from tasks.storage import Workspace

KEY_FILE = "review.key"
LOOK_SECONDS = 1
"""Age of the knowledge that nobody has an account."""
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Room:
    """One workspace's review page."""

    workspace: Workspace
    user: str | None
    """Who everybody is as long as nobody has an account; None where accounts are required."""
    hosts: frozenset[str] = LOOPBACK_NAMES
    """Names by which the page may be asked for: others are a rebound name of some other site."""
    proxy: ProxySettings | None = None
    """What of a proxy is believed; with one, nobody signs in on the page itself."""
    secure: bool = False
    """Whether the page is reached by https alone, so that cookies may say so."""

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.workspace.ledger_url)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.ledger)

    @cached_property
    def guidelines(self) -> Guidelines:
        return Guidelines(self.ledger)

    @cached_property
    def people(self) -> People:
        return People(self.ledger)

    @cached_property
    def key(self) -> bytes:
        """Signs the forms' tokens; made once, so that a form outlives a restart."""
        return read_key(self.workspace.path(KEY_FILE))

    @property
    def starter(self) -> str | None:
        """`user`, as long as nobody has an account: the first one, whenever it comes, makes everybody sign in."""
        if self.user is None or not self._accounts.are_none(self.people):
            return None
        return self.user

    @cached_property
    def _accounts(self) -> "_Accounts":
        return _Accounts()

    @property
    def several(self) -> bool:
        """Whether several people review, so that overlap items are given to two of them. Whom a proxy vouches for has
        no account."""
        if self.starter is not None:
            return False
        return self.proxy is not None or self.people.count_reviewers() > 1

    def identify(self, request: Request) -> Reviewer | None:
        if starter := self.starter:
            return Reviewer(starter, Role.ADMIN)
        if self.proxy is not None:
            return reviewer_by_proxy(request, self.proxy, self.people)
        token = request.cookies.get(SESSION_COOKIE, "")
        used = ONLY_READ not in request.headers
        account = self.people.session(token, used) if token else None
        return Reviewer(account["name"], Role[account["role"].upper()], token) if account else None


class _Accounts:
    """Whether there are any, as it was at most `LOOK_SECONDS` ago; none is ever removed."""

    def __init__(self) -> None:
        self._none, self._looked = True, -math.inf

    def are_none(self, people: People) -> bool:
        if self._none and time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked, self._none = time.monotonic(), people.is_empty()
        return self._none


def read_key(path: Path) -> bytes:
    """32 random bytes, written for the owner alone when first asked for."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key

"""Who is asking, and what they may do.

On loopback without accounts there is one user, the one who started the page. With accounts everybody signs in. Behind
a proxy the proxy's word is taken only from configured addresses or as a signed token (`review.proxy`).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any

from fastapi import Depends, Request

from review.words import refuse, tell

SESSION_COOKIE = "seimai_session"
LANGUAGE_COOKIE = "seimai_language"
ONLY_READ = "x-only-read"
"""Header of what an open page sends without its reader: it keeps leases, and lets a session idle."""


class Role(IntEnum):
    """Each may do what those before it may."""

    VIEWER = 0
    """Looks."""
    REVIEWER = 1
    """Decides, and takes back own decisions."""
    ADJUDICATOR = 2
    """Settles escalated items, decides in bulk, takes back anybody's decision, writes guidelines."""
    ADMIN = 3
    """Manages accounts."""

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Reviewer:
    name: str
    role: Role
    session: str = ""
    """The browser's token; "" without sign-in."""


class SignInNeededError(Exception):
    """Nobody is signed in."""


def current_reviewer(request: Request) -> Reviewer:
    """Raises SignInNeededError."""
    reviewer = getattr(request.state, "reviewer", None)
    if reviewer is None:
        reviewer = request.state.reviewer = request.app.state.room.identify(request)
    if reviewer is None:
        raise SignInNeededError
    return reviewer


def needs(role: Role) -> Callable[..., Awaitable[Reviewer]]:
    """A dependency: the reviewer, where the role suffices; 403 else."""

    async def check(reviewer: Reviewer = Depends(current_reviewer)) -> Reviewer:  # noqa: B008
        if reviewer.role < role:
            raise refuse(
                403,
                "This takes the role {needed}; {name} has the role {role}.",
                needed=tell(role.word),
                name=reviewer.name,
                role=tell(reviewer.role.word),
            )
        return reviewer

    return check


async def fields_of(request: Request) -> dict[str, str]:
    """What a posted form holds."""
    form = await request.form()
    # PostgreSQL stores no NUL, and no reviewer means one
    return {key: str(value).replace("\r\n", "\n").replace("\0", "") for key, value in form.items()}


async def read_form(request: Request, reviewer: Reviewer = Depends(current_reviewer)) -> dict[str, Any]:  # noqa: B008
    """The fields of a posted form, its token checked.

    Raises:
        HTTPException: 403 where the token is not this session's.
    """
    form = request.state.form = await fields_of(request)
    given = form.get("csrf", "") or request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(given, csrf_token(request.app.state.room.key, reviewer)):
        raise refuse(403, "The form is of another session. Reload the page and send it again.")
    return form


def csrf_token(key: bytes, reviewer: Reviewer) -> str:
    """Bound to the session, or without sign-in to the user."""
    return hmac.new(key, f"{reviewer.name}\0{reviewer.session}".encode(), hashlib.sha256).hexdigest()


Form = Annotated[dict[str, Any], Depends(read_form)]
Looker = Annotated[Reviewer, Depends(current_reviewer)]
Decider = Annotated[Reviewer, Depends(needs(Role.REVIEWER))]
Adjudicator = Annotated[Reviewer, Depends(needs(Role.ADJUDICATOR))]
Admin = Annotated[Reviewer, Depends(needs(Role.ADMIN))]

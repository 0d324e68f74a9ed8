"""Signing in and out, and who has an account."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from review.access import SESSION_COOKIE, Admin, Form, Reviewer, Role, current_reviewer
from review.pages import go, is_local, room_of
from review.passwords import LEAST_CHARACTERS, check_password, hash_password
from review.render import render
from review.words import refuse, tell
from tasks.errors import SeimaiError
from tasks.ledger.people import LONGEST_SECONDS, require_name

router = APIRouter()
MOST_FAILURES = 5
"""Failed sign-ins with one name after which the next has to wait; a right password begins the count anew."""
MOST_FROM_ADDRESS = 100
"""Failed sign-ins from one address, whatever the name, after which the next has to wait. A whole office may share one,
and behind a proxy everybody does; no sign-in clears this count, or whoever has an account could guess on."""
WAIT_SECONDS = 15 * 60
_NOBODY = hash_password(
    "a password that nobody has"
)  # so that an unknown name takes as long as a wrong password


@router.get("/sign-in")
def ask(request: Request) -> Response:
    return _ask(request, request.query_params.get("next", ""))


def _ask(request: Request, there: str, status: int = 200, failed: str = "", name: str = "") -> Response:
    """Args: there: the page to go on to."""
    return render(request, "sign_in.html", status=status, failed=failed, name=name, there=there)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Opens a session; throttled by name and, far more loosely, by address. Its form needs no token: there is no
    session yet, and the middleware takes it from this page alone."""
    form = await request.form()
    from starlette.concurrency import run_in_threadpool

    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    return await run_in_threadpool(_sign_in, request, name, password, str(form.get("next", "")))


def _sign_in(request: Request, name: str, password: str, there: str) -> Response:
    room = room_of(request)
    address = request.client.host if request.client else "unknown"
    limits = ((name, MOST_FAILURES), (address, MOST_FROM_ADDRESS))
    if any(room.people.failures(subject, WAIT_SECONDS) >= most for subject, most in limits):
        return _ask(request, there, 429, "wait", name)
    account = room.people.account(name)
    right = check_password(password, account["password"] if account else _NOBODY)
    if not (right and account and account["active"]):
        room.people.note_failure(name, address)
        return _ask(request, there, 403, "wrong", name)
    response = RedirectResponse(there, status_code=303) if is_local(there) else go(request, "/")
    response.set_cookie(
        SESSION_COOKIE,
        room.people.open_session(name),
        max_age=LONGEST_SECONDS,
        httponly=True,
        secure=room.secure,
        samesite="lax",
    )
    return response


@router.post("/sign-out")
def sign_out(
    request: Request, reviewer: Annotated[Reviewer, Depends(current_reviewer)], form: Form
) -> Response:
    room_of(request).people.close_session(reviewer.session, reviewer.name)
    response = go(request, "/sign-in")
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/people")
def show_people(request: Request, reviewer: Admin) -> Response:
    return render(request, "people.html", accounts=room_of(request).people.accounts(), roles=list(Role))


@router.post("/people")
def add_person(request: Request, reviewer: Admin, form: Form) -> Response:
    name = form.get("name", "").strip()
    require_name(name)
    room_of(request).people.add(name, _role(form), _hashed(form), reviewer.name)
    return go(request, "/people")


@router.post("/people/{name:path}")
def change_person(request: Request, name: str, reviewer: Admin, form: Form) -> Response:
    """A new role, a new password, or whether the account is active."""
    changed: dict[str, Any] = {}
    if form.get("role"):
        changed["role"] = _role(form)
    if form.get("password"):
        changed["password"] = _hashed(form)
    if form.get("active") in ("yes", "no"):
        changed["active"] = form["active"] == "yes"
    if not changed:
        raise refuse(422, "A role, a password or whether the account is active is needed.")
    room_of(request).people.change(name, reviewer.name, **changed)
    return go(request, "/people")


def _role(form: dict[str, Any]) -> str:
    if form.get("role") not in [role.word for role in Role]:
        raise refuse(422, "The role is one of {known}.", known=", ".join(role.word for role in Role))
    return str(form["role"])


def _hashed(form: dict[str, Any]) -> str:
    try:
        return hash_password(form.get("password", ""))
    except ValueError as error:
        raise SeimaiError(
            tell("A password has at least {least} characters.", least=LEAST_CHARACTERS)
        ) from error

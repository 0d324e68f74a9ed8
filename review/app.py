"""The review page: FastAPI over the ledger, plain HTML forms, htmx where there is JavaScript."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review import acts, bulk, clusters, oversight, pages, pairs, redact, sign_in
from review.access import SignInNeededError, fields_of
from review.render import language_of, render, sign_in_path
from review.room import Room
from review.trail import item_above, page_of
from review.typed import typed_on
from review.words import tell
from tasks.errors import SeimaiError
from tasks.ledger.moves import LostRaceError
from tasks.wording.told import Told, told_by

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = ("GET", "HEAD")
THREADS = 4
"""Requests that are worked on at once; more wait in their order."""


def create_app(room: Room) -> FastAPI:
    """The page of one workspace; also fit to be mounted in another application."""
    app = FastAPI(
        title="seimai review", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_limit_threads
    )
    app.state.room = room
    for part in (pages, acts, bulk, pairs, clusters, redact, oversight, sign_in):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_middleware(_Guard)
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(LostRaceError, _lost_race)
    app.add_exception_handler(SeimaiError, _complain)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_value)
    app.add_exception_handler(Exception, _broken)
    return app


@asynccontextmanager
async def _limit_threads(_app: FastAPI) -> AsyncIterator[None]:
    """Of forty threads, most would only take turns with each other."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


class _Guard:
    """Refuses what comes under another site's name or from another site's page; hardens every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(request, MutableHeaders(scope=message))
            await send(message)

        answer: ASGIApp = self.app
        if refused := _refusal(request):
            said = refused.say(language_of(request))
            answer = Response(said, status_code=403, media_type="text/plain")
        await answer(scope, receive, send_hardened)


def _harden(request: Request, headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    if not request.url.path.startswith("/static"):
        headers["Cache-Control"] = "no-store"
    if request.app.state.room.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"


def _refusal(request: Request) -> Told | None:
    """Why a request is not answered; None for one that is."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if host not in request.app.state.room.hosts:
        return tell("This page is not served under the name {host!r}.", host=host)
    if request.method in SAFE:
        return None
    site = request.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return tell("Changes are taken from this page alone.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return tell("Changes are taken from this page alone.")
    if site is None and origin is None:
        return tell("The browser does not say where the change comes from.")
    return None


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    """To the sign-in page, and from there back; where something was typed, it is shown, and nothing leads away."""
    if request.app.state.room.proxy is not None:
        return _refused(request, 403, tell("The proxy vouches for nobody."))
    boosted = bool(request.headers.get("hx-request"))
    if request.method not in SAFE:
        if boosted or request.headers.get("x-requested-with"):  # the page says so, and keeps its form
            return Response(status_code=401)
        request.state.form = await fields_of(request)
        if typed_on(request):
            said = tell("You are signed out. Sign in, and send it again: nothing was done.")
            return _refused(request, 401, said)
    where = sign_in_path(request)
    if boosted:  # such a request would follow into the fragment
        return Response(status_code=401, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


def _lost_race(request: Request, error: Exception) -> Response:
    """Somebody was faster: says so, and nothing that was typed is lost (it stands on the page and in the draft)."""
    return _refused(request, 409, told_by(error), "lost_race")


def _complain(request: Request, error: Exception) -> Response:
    return _refused(request, 422, told_by(error))


def _http_error(request: Request, error: Any) -> Response:
    assert isinstance(error, StarletteHTTPException | HTTPException)
    if error.status_code == 405 and request.method == "GET":  # a form's address, asked for once more
        return RedirectResponse(request.scope.get("root_path", "") + page_of(request), status_code=303)
    told = {404: tell("There is no such page."), 405: tell("This address takes no such request.")}
    detail: Any = error.detail
    said = detail if isinstance(detail, Told) else told.get(error.status_code, Told(str(detail)))
    return _refused(request, error.status_code, said)


def _bad_value(request: Request, error: Any) -> Response:
    assert isinstance(error, RequestValidationError)
    names = ", ".join(str(one["loc"][-1]) for one in error.errors())
    return _refused(request, 422, tell("These values do not fit: {names}.", names=names))


def _broken(request: Request, _error: Exception) -> Response:
    """Something that nobody foresaw: it is in the server's log, and here without its insides."""
    said = tell("The page failed. What was not confirmed has not happened; try again.")
    return Response(said.say(language_of(request)), status_code=500, media_type="text/plain", headers=HEADERS)


def _refused(request: Request, status: int, told: Told, title: str = "refused") -> Response:
    said = told.say(language_of(request))
    return render(
        request,
        "message.html",
        status=status,
        title=title,
        message=said,
        typed=typed_on(request),
        back=item_above(request) if request.method in SAFE else page_of(request),
        about_item="sample_id" in request.path_params,
    )

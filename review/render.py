"""Templates, filled in the reader's language."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from review.access import LANGUAGE_COOKIE, Reviewer, Role, csrf_token
from review.markdown import say_guideline, say_markdown, spoken_language
from review.trail import page_of, trail_of
from review.words import LANGUAGES, choose_language, translations
from tasks.report.page import show_characters

_TEMPLATES = Path(__file__).parent / "templates"


def language_of(request: Request) -> str:
    """The language that the reader chose, or that the browser asks for."""
    accepted = request.headers.get("accept-language", "")
    return choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted)


def sign_in_path(request: Request) -> str:
    """The address of the sign-in page, which leads back to the page that was asked for."""
    path = request.scope.get("root_path", "") + "/sign-in"
    if request.method != "GET" or request.url.path in (path, path.removesuffix("sign-in")):
        return path
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{path}?{urlencode({'next': request.url.path + query})}"


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page; with htmx it takes its main part."""
    room = request.app.state.room
    reviewer: Reviewer | None = getattr(request.state, "reviewer", None) or room.identify(request)
    language = language_of(request)
    page = _environment(language).get_template(template)
    content = page.render(
        request=request,
        root=request.scope.get("root_path", ""),
        reviewer=reviewer,
        csrf=csrf_token(room.key, reviewer) if reviewer else "",
        language=language,
        languages=LANGUAGES,
        trail=trail_of(request),
        here=page_of(request),
        signs_in=room.starter is None and room.proxy is None,
        manages=room.starter is None,
        Role=Role,
        **values,
    )
    # the answer to a form has no address of its own to come back to
    headers = {} if request.method == "GET" else {"HX-Push-Url": "false"}
    return HTMLResponse(content, status_code=status, headers=headers)


def say_time(language: str, moment: str) -> Markup | str:
    """A time of the ledger (ISO 8601) to the minute, in UTC; what is no time, as it is."""
    try:
        time = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        return moment
    date = f"{time:%Y/%m/%d}" if language == "ja" else f"{time.day} {time:%b %Y}"
    return Markup('<time datetime="{}">{} {} UTC</time>').format(moment, date, f"{time:%H:%M}")


def compile_templates() -> None:
    """Compiles every template in each language, so that no reader waits for it."""
    for language in LANGUAGES:
        environment = _environment(language)
        for name in environment.list_templates():
            environment.get_template(name)


class _Translator(NodeTransformer):
    """Puts what `_("…")` says of a constant in the place of the call."""

    def __init__(self, gettext: Callable[[str], str]) -> None:
        self.gettext = gettext

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        asked = isinstance(node.node, nodes.Name) and node.node.name == "_" and not node.kwargs
        if asked and len(node.args) == 1 and isinstance(node.args[0], nodes.Const):
            said = self.gettext(node.args[0].value) % {}  # as Jinja's own: "%%" stands for "%"
            return nodes.MarkSafe(nodes.Const(said, lineno=node.lineno), lineno=node.lineno)
        return self.generic_visit(node)


class _Compiler(CodeGenerator):
    """Has constants translated when a template is compiled: an item's page says a hundred of them, and to look each
    up for every page costs as much as the rest of it."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        super().visit_Template(_Translator(self.environment.gettext).visit(node), frame)  # type: ignore[attr-defined]


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.extend(gettext=translations(language).gettext)
    environment.code_generator_class = _Compiler
    environment.filters["when"] = partial(say_time, language)
    environment.filters["shown"] = show_characters
    environment.filters["markdown"] = say_markdown
    environment.filters["told"] = say_guideline
    environment.filters["spoken"] = spoken_language
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    return environment

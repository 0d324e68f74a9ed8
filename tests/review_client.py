"""A browser without a screen for the review page: finds forms, fills them in and posts them."""

from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from review.room import Room

ORIGIN = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
ROLES = ("viewer", "reviewer", "adjudicator", "admin")
PASSWORD = "a long enough password"


def room_of(client: TestClient) -> Room:
    return client.app.state.room  # type: ignore[attr-defined, no-any-return]


class Forms(HTMLParser):
    """The forms of a page: what a browser would post, each with its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select, self._is_chosen = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.forms.append(
                {"action": given.get("action"), "method": given.get("method"), "fields": {}, "buttons": []}
            )
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1]["fields"][given["name"]] = given.get("value") or ""
        elif tag == "select" and self.forms and given.get("name"):
            self._select, self._is_chosen = str(given["name"]), False
            self.forms[-1]["fields"][self._select] = ""
        elif tag == "option" and self._select:
            if "selected" in given or not self._is_chosen:
                self.forms[-1]["fields"][self._select] = given.get("value") or ""
            self._is_chosen = True
        elif tag == "button" and self.forms:
            self.forms[-1]["buttons"].append((given.get("name"), given.get("value")))

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select


def form_at(client: TestClient, path: str, ending: str) -> dict[str, Any]:
    page = client.get(path, follow_redirects=True)
    assert page.status_code == 200, page.text
    return next(f for f in Forms(page.text).forms if (f["action"] or "").endswith(ending))


def press(client: TestClient, form: dict[str, Any], action: str, **fields: str) -> Any:
    data = form["fields"] | {"action": action} | fields
    return client.post(form["action"], data=data, headers=ORIGIN, follow_redirects=False)

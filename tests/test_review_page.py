"""The review page through its HTTP interface: what each role may do, what is refused, and that text stays text."""

import re
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import make_samples
from starlette.testclient import TestClient

from review import acts, clusters, oversight, pages, passwords, sign_in
from review.app import create_app
from review.room import Room
from tasks.judge import judge
from tasks.ledger.moves import State
from tasks.ledger.people import IDLE_SECONDS, LONGEST_SECONDS
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, build_table, canonical_json
from tasks.review_queue import build_queue
from tasks.storage import Workspace

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" \u202e txet {{ 7*7777777 }}'
ORIGIN = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
ROLES = ("viewer", "reviewer", "adjudicator", "admin")
PASSWORD = "a long enough password"
ROUTES: list[Any] = [r for part in (acts, clusters, oversight, pages, sign_in) for r in part.router.routes]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 2**10)
    monkeypatch.setattr(sign_in, "_NOBODY", passwords.hash_password(PASSWORD))


def fill(room: Room, count: int = 12, overlap: float = 0.0, text: str = HOSTILE) -> list[str]:
    samples = make_samples([(f"{text} {i}", "a" if i % 2 else "b") for i in range(40)])
    rows = [
        {
            "row": i,
            "sample_id": samples["sample_id"][i].as_py(),
            "stage": "label_noise",
            "check": "label_noise",
            "severity": "warning",
            "score": 0.1,
            "threshold": 0.8,
            "reason": f"label looks wrong {HOSTILE}",
            "evidence": canonical_json(
                {
                    "labels": [{"label": "b", "probability": 0.8}, {"label": "a", "probability": 0.1}],
                    "neighbours": [{"row": 9, "label": HOSTILE, "similarity": 0.5, "excerpt": HOSTILE}],
                }
            ),
            "suggestion": canonical_json({"action": "relabel", "label": "b", "probability": 0.8}),
        }
        for i in range(count)
    ]
    findings = build_table(rows, FINDING)
    settled = judge(samples, findings, {}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0, overlap_share=overlap), 0)
    room.desk.fill("intents", "snap", queue.items, queue.facts)
    return [item["sample_id"] for item in queue.items]


@pytest.fixture
def workspace_path(tmp_path: Path) -> Workspace:
    (tmp_path / "workspace").mkdir()
    return Workspace(root=str(tmp_path / "workspace"))


@pytest.fixture
def alone(workspace_path: Workspace) -> Iterator[TestClient]:
    """The page of one user on loopback."""
    with TestClient(create_app(Room(workspace_path, user="aki")), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def people(workspace_path: Workspace) -> Callable[[str], TestClient]:
    """Signs in somebody of a role (each role is a person of that name, and `second` another reviewer)."""
    room = Room(workspace_path, user=None)
    app = create_app(room)
    for name in (*ROLES, "second"):
        role = name if name in ROLES else "reviewer"
        room.people.add(name, role, passwords.hash_password(PASSWORD), "test")

    def as_(name: str) -> TestClient:
        client = TestClient(app, base_url="http://localhost", follow_redirects=False)
        if name:
            answer = client.post("/sign-in", data={"name": name, "password": PASSWORD}, headers=ORIGIN)
            assert answer.status_code == 303
        return client

    return as_


def room_of(client: TestClient) -> Room:
    return client.app.state.room  # type: ignore[attr-defined, no-any-return]


class _Forms(HTMLParser):
    """The forms of a page: what a browser would post, each with its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.forms.append(
                {"action": given.get("action"), "method": given.get("method"), "fields": {}, "buttons": []}
            )
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1]["fields"][given["name"]] = given.get("value") or ""
        elif tag == "button" and self.forms:
            self.forms[-1]["buttons"].append((given.get("name"), given.get("value")))


def form_at(client: TestClient, path: str, ending: str) -> dict[str, Any]:
    page = client.get(path, follow_redirects=True)
    assert page.status_code == 200, page.text
    return next(f for f in _Forms(page.text).forms if (f["action"] or "").endswith(ending))


def press(client: TestClient, form: dict[str, Any], action: str, **fields: str) -> Any:
    data = form["fields"] | {"action": action} | fields
    return client.post(form["action"], data=data, headers=ORIGIN, follow_redirects=False)


def test_a_steward_works_through_a_queue_with_forms_alone(alone: TestClient) -> None:
    names = fill(room_of(alone))
    for action in ("keep", "drop", "relabel", 'relabel {"label": "c"}'):
        form = form_at(alone, "/queues/intents/label_noise/next", "/decide")
        answer = press(alone, form, action, **({"label": "z"} if action == "relabel" else {}))
        assert answer.status_code == 303
        assert "/next" in answer.headers["location"]
    decided = room_of(alone).ledger.decisions().values()
    assert sorted((d["action"], d["payload"].get("label")) for d in decided) == [
        ("drop", None),
        ("keep", None),
        ("relabel", "c"),
        ("relabel", "z"),
    ]
    assert all(d["actor"] == "aki" and d["evidence"]["scores"] == {"label_noise": 0.1} for d in decided)
    assert len(names) == 12


def test_the_next_item_offers_to_take_the_last_decision_back(alone: TestClient) -> None:
    fill(room_of(alone))
    answer = press(alone, form_at(alone, "/queues/intents/label_noise/next", "/decide"), "drop")
    form = form_at(alone, answer.headers["location"], "/undo")
    assert press(alone, form, "").status_code == 303
    assert room_of(alone).ledger.decisions() == {}


def test_text_of_samples_is_text_everywhere(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    room_of(alone).desk.save_draft("intents", name, "aki", {"note": HOSTILE})
    room_of(alone).guidelines.write("intents", "label_noise", HOSTILE, HOSTILE, HOSTILE)
    paths = (
        "/",
        "/queues/intents/label_noise",
        f"/items/{name}",
        "/guidelines/intents/label_noise",
        "/audit",
    )
    for path in paths:
        page = alone.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
        assert "onerror=alert(1)&gt;" in page.text or path in ("/", "/audit"), path
        assert "{{ 7*7777777 }}" in page.text or "54444439" not in page.text, path
    item = alone.get(f"/items/{name}").text
    assert "⟨U+202E⟩ txet" in item  # shown, not obeyed, outside of what is edited


def test_every_answer_is_hardened(alone: TestClient) -> None:
    fill(room_of(alone))
    for path in ("/", "/static/review.js", "/nowhere"):
        headers = alone.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert alone.get("/").headers["cache-control"] == "no-store"


def test_no_page_needs_what_the_policy_forbids() -> None:
    for page in (Path(sign_in.__file__).parent / "templates").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), page
        assert not re.search(r"<[^>]*\s(?:style|on[a-z]+)=", text), page
        assert "http://" not in text, page
        assert "https://" not in text, page
        assert "| safe" not in text, page


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"origin": "http://evil.example", "sec-fetch-site": "cross-site"}, "another site's page"),
        ({"origin": "http://evil.example"}, "an old browser on another site's page"),
        ({"sec-fetch-site": "same-site"}, "a sister host"),
        ({}, "no browser at all"),
        (ORIGIN | {"host": "rebound.example"}, "a rebound name"),
    ],
)
def test_changes_from_elsewhere_are_refused(alone: TestClient, headers: dict[str, str], why: str) -> None:
    fill(room_of(alone))
    form = form_at(alone, "/queues/intents/label_noise/next", "/decide")
    answer = alone.post(form["action"], data=form["fields"] | {"action": "drop"}, headers=headers)
    assert answer.status_code == 403, why
    assert room_of(alone).ledger.decisions() == {}


def test_a_form_without_its_token_is_refused(alone: TestClient) -> None:
    fill(room_of(alone))
    form = form_at(alone, "/queues/intents/label_noise/next", "/decide")
    for token in ("", "0" * 64):
        assert press(alone, form, "drop", csrf=token).status_code == 403
    assert room_of(alone).ledger.decisions() == {}


def test_a_token_of_another_session_is_refused(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    fill(room_of(first))
    form = form_at(first, "/queues/intents/label_noise/next", "/decide")
    assert press(second, form, "drop").status_code == 403


def test_looking_changes_no_decision(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    routes = [route for route in ROUTES if "GET" in route.methods]
    assert len(routes) >= 8
    for route in routes:
        path = route.path.format(
            recipe="intents", check="label_noise", sample_id=name, decision_id="x", batch="x", name="x"
        )
        alone.get(path, follow_redirects=False)
        alone.get(path.replace("/next", "/bulk"), follow_redirects=False)
    assert room_of(alone).ledger.all_decisions() == []


POSTS = {
    "/items/{name}/decide": "reviewer",
    "/items/{name}/draft": "reviewer",
    "/items/{name}/leave": "reviewer",
    "/items/{name}/pair": "reviewer",
    "/items/{name}/cluster": "reviewer",
    "/decisions/x/undo": "reviewer",
    "/queues/intents/label_noise/finish": "reviewer",
    "/queues/intents/label_noise/preview": "adjudicator",
    "/queues/intents/label_noise/bulk": "adjudicator",
    "/batches/x/undo": "reviewer",
    "/guidelines/intents/label_noise": "adjudicator",
    "/people": "admin",
    "/people/viewer": "admin",
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_limits(people: Callable[[str], TestClient], role: str) -> None:
    client = people(role)
    [name, *_] = fill(room_of(client))
    token = form_at(client, "/", "/sign-out")["fields"]["csrf"]
    for path, needed in POSTS.items():
        answer = client.post(path.format(name=name), data={"csrf": token}, headers=ORIGIN)
        allowed = ROLES.index(role) >= ROLES.index(needed)
        assert (answer.status_code == 403) != allowed, (path, answer.status_code)
    assert client.get("/people").status_code == (200 if role == "admin" else 403)


def test_every_change_is_in_the_table_of_limits() -> None:
    open_to_all = {"/sign-in", "/sign-out", "/language"}
    posts = {route.path for route in ROUTES if "POST" in route.methods}
    shapes = {re.sub(r"\{[^}]*\}|(?<=/)(x|intents|label_noise|viewer)(?=/|$)", "*", path) for path in POSTS}
    assert {re.sub(r"\{[^}]*\}", "*", path) for path in posts - open_to_all} == shapes


def test_nobody_sees_anything_without_signing_in(people: Callable[[str], TestClient]) -> None:
    client = people("")
    fill(room_of(client))
    for path in ("/", "/queues/intents/label_noise", "/audit", "/decisions.jsonl", "/people"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in"


def test_one_may_take_back_only_ones_own_decision(people: Callable[[str], TestClient]) -> None:
    first, second, third = people("reviewer"), people("second"), people("adjudicator")
    fill(room_of(first))
    press(first, form_at(first, "/queues/intents/label_noise/next", "/decide"), "drop")
    [decision] = room_of(first).ledger.all_decisions()
    for client, status in ((second, 403), (third, 303)):
        token = form_at(client, "/", "/sign-out")["fields"]["csrf"]
        path = f"/decisions/{decision['decision_id']}/undo"
        assert client.post(path, data={"csrf": token}, headers=ORIGIN).status_code == status


def test_escalated_items_are_an_adjudicators(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    fill(room_of(first))
    form = form_at(first, "/queues/intents/label_noise/next", "/decide")
    press(first, form, "escalate")
    name = form["action"].split("/")[2]
    version = str(room_of(first).desk.item(name)["version"])
    assert press(first, form, "drop", version=version).status_code == 403
    form = form_at(third, f"/items/{name}", "/decide")
    assert press(third, form, "drop").status_code == 303
    assert room_of(first).desk.item(name)["state"] == State.DECIDED


def test_passwords_are_tried_a_few_times_only(people: Callable[[str], TestClient]) -> None:
    client = people("")
    for wanted in [403] * sign_in.MOST_FAILURES + [429]:
        answer = client.post("/sign-in", data={"name": "admin", "password": "guess"}, headers=ORIGIN)
        assert answer.status_code == wanted
    right = client.post("/sign-in", data={"name": "admin", "password": PASSWORD}, headers=ORIGIN)
    assert right.status_code == 429


@pytest.mark.parametrize("after", [IDLE_SECONDS, LONGEST_SECONDS])
def test_sessions_end(
    people: Callable[[str], TestClient], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    client = people("reviewer")
    start = time.time()
    steps = range(0, after, IDLE_SECONDS // 2) if after == LONGEST_SECONDS else ()
    for seconds in steps:
        monkeypatch.setattr(time, "time", lambda moment=start + seconds: moment)
        assert client.get("/").status_code == 200
    monkeypatch.setattr(time, "time", lambda: start + after + 1)
    assert client.get("/").status_code == 303


def test_a_changed_role_or_password_ends_the_sessions(people: Callable[[str], TestClient]) -> None:
    client, admin = people("reviewer"), people("admin")
    form = form_at(admin, "/people", "/people/reviewer")
    answer = admin.post("/people/reviewer", data=form["fields"] | {"role": "viewer"}, headers=ORIGIN)
    assert answer.status_code == 303
    assert client.get("/").status_code == 303


def test_the_last_admin_stays(people: Callable[[str], TestClient]) -> None:
    admin = people("admin")
    form = form_at(admin, "/people", "/people/admin")
    answer = admin.post("/people/admin", data=form["fields"] | {"role": "viewer"}, headers=ORIGIN)
    assert answer.status_code == 422
    assert "last active admin" in answer.text


def test_what_is_stored_gives_no_session_and_no_password_away(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    token = client.cookies["seimai_session"]
    content = room_of(client).workspace.path("ledger.db").read_bytes()
    content += room_of(client).workspace.path("ledger.db-wal").read_bytes()
    assert token.encode() not in content
    assert PASSWORD.encode() not in content


def test_a_lost_race_says_so_and_keeps_what_was_typed(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    fill(room_of(first))
    form = form_at(first, "/queues/intents/label_noise/next", "/decide")
    name = form["action"].split("/")[2]
    version = room_of(first).desk.item(name)["version"]
    from tasks.ledger.moves import Choice
    from tasks.records import Action

    room_of(second).desk.decide("intents", name, version, Choice(Action.DROP, {}), "second")
    answer = press(first, form, "relabel", label="c", note="十分に長いメモ")
    assert answer.status_code == 409
    assert room_of(first).desk.draft("intents", name, "reviewer") == {"label": "c", "note": "十分に長いメモ"}


def test_two_people_decide_an_overlap_item_and_neither_sees_reasons(
    people: Callable[[str], TestClient],
) -> None:
    first, second = people("reviewer"), people("second")
    fill(room_of(first), count=1, overlap=1.0)
    for client in (first, second):
        page = client.get("/queues/intents/label_noise/next", follow_redirects=True).text
        assert "label looks wrong" not in page
        assert (
            press(client, form_at(client, "/queues/intents/label_noise/next", "/decide"), "keep").status_code
            == 303
        )
    [decision] = room_of(first).ledger.all_decisions()
    assert (decision["action"], decision["actor"], decision["origin"]) == (
        "keep",
        "reviewer, second",
        "overlap",
    )


def test_bad_input_is_told(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    form = form_at(alone, f"/items/{name}", "/decide")
    for action, fields, said in [
        ("fly", {}, "action is one of"),
        ("relabel", {"label": form["fields"]["label"]}, "got nothing that differs"),
        ("edit", {"input": "   "}, "must not be empty"),
        ("keep", {"reason_code": "because"}, "is not one of"),
        ("keep", {"version": "x"}, "lacks the version"),
    ]:
        answer = press(alone, form, action, **fields)
        assert answer.status_code == 422
        assert said in answer.text, answer.text
    assert alone.get("/items/unknown").status_code == 404
    assert alone.get("/queues/intents/label_noise?least_score=high").status_code == 422
    assert alone.get("/queues/other/label_noise").status_code == 404
    assert room_of(alone).ledger.all_decisions() == []


def test_bulk_is_previewed_decided_and_taken_back(alone: TestClient) -> None:
    names = fill(room_of(alone))
    form = form_at(alone, "/queues/intents/label_noise?label=a", "/preview?label=a")
    page = alone.post(
        form["action"], data=form["fields"] | {"action": "relabel", "label": "b"}, headers=ORIGIN
    )
    assert page.status_code == 200
    bulk = next(f for f in _Forms(page.text).forms if f["action"].endswith("/bulk"))
    answer = alone.post(bulk["action"], data=bulk["fields"], headers=ORIGIN, follow_redirects=False)
    assert answer.status_code == 303
    decided = room_of(alone).ledger.decisions()
    assert 0 < len(decided) <= len(names) / 2
    assert {(d["action"], d["payload"]["label"], d["origin"]) for d in decided.values()} == {
        ("relabel", "b", "bulk")
    }
    undo = form_at(alone, answer.headers["location"], "/undo")
    assert press(alone, undo, "").status_code == 303
    assert room_of(alone).ledger.decisions() == {}


def test_the_language_is_chosen_by_a_form_and_by_the_browser(alone: TestClient) -> None:
    fill(room_of(alone))
    assert '<html lang="ja">' in alone.get("/", headers={"accept-language": "ja,en;q=0.5"}).text
    form = form_at(alone, "/", "/language")
    answer = alone.post(
        "/language",
        data=form["fields"] | {"language": "ja", "back": "//evil.example"},
        headers=ORIGIN,
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/"
    assert '<html lang="ja">' in alone.get("/").text


def test_the_page_works_below_another_path(workspace_path: Workspace) -> None:
    from fastapi import FastAPI

    outer = FastAPI()
    room = Room(workspace_path, user="aki")
    outer.mount("/review", create_app(room))
    fill(room)
    with TestClient(outer, base_url="http://localhost") as client:
        page = client.get("/review/")
        for link in re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text):
            assert link.startswith("/review/"), link
            assert client.get(link.replace("&amp;", "&"), follow_redirects=True).status_code in (200, 405), (
                link
            )


def test_a_queue_is_finished_when_nothing_of_it_is_open(alone: TestClient) -> None:
    room = room_of(alone)
    fill(room, count=1)
    token = form_at(alone, "/", "/language")["fields"]["csrf"]
    path = "/queues/intents/label_noise/finish"
    answer = alone.post(path, data={"csrf": token}, headers=ORIGIN)
    assert answer.status_code == 422
    assert "1 items of this queue are still open" in answer.text
    press(alone, form_at(alone, "/queues/intents/label_noise/next", "/decide"), "drop")
    form = form_at(alone, "/queues/intents/label_noise", "/finish")
    assert "The next run applies" in alone.post(form["action"], data=form["fields"], headers=ORIGIN).text
    assert [act["act"] for act in room.desk.acts()] == ["queue_finished"]

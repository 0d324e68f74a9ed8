"""The review page through its HTTP interface: what each role may do, what is refused, and that text stays text."""

import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import make_samples
from review_client import ORIGIN, PASSWORD, ROLES, Forms, form_at, press, room_of
from starlette.testclient import TestClient
from typer.testing import CliRunner

from review import acts, bulk, clusters, oversight, pages, pairs, redact, sign_in
from review.agreement import measure_agreement
from review.app import create_app
from review.changes import find_changes
from review.decisions import app as decisions_app
from review.room import Room
from review.snapshots import Reported
from review.trail import BEGINNING, leave_behind, left_on
from review.view import view_reported
from tasks.judge import judge
from tasks.ledger.moves import WITHDRAWN, Choice, State
from tasks.ledger.people import IDLE_SECONDS, LONGEST_SECONDS
from tasks.recipe import ReviewSettings, SplitSettings
from tasks.records import FINDING, Action, build_table, canonical_json
from tasks.report.review_link import item_url
from tasks.review_queue import build_queue
from tasks.snapshot import assemble
from tasks.storage import Workspace

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" \u202e txet {{ 7*7777777 }}'
ROUTES: list[Any] = [
    r for part in (acts, bulk, clusters, oversight, pages, pairs, redact, sign_in) for r in part.router.routes
]


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
    declared = {"labels": ["a", "b", "c", "z"]}
    room.desk.fill("intents", "snap", queue.items, queue.facts | declared)
    return [item["sample_id"] for item in queue.items]


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


def test_htmx_gets_the_next_item_at_once_with_its_address(alone: TestClient) -> None:
    fill(room_of(alone))
    path = "/queues/intents/label_noise/next?label=a"
    sent = alone.get(path, follow_redirects=False).headers["location"]
    given = alone.get(path, headers={"HX-Request": "true"}, follow_redirects=False)
    assert (given.status_code, given.headers["HX-Push-Url"]) == (200, sent)
    shown, there = (text.partition('<main id="main"')[2] for text in (given.text, alone.get(sent).text))
    assert shown == there != ""


def test_the_filter_and_what_was_left_for_later_go_on(alone: TestClient) -> None:
    """Without JavaScript: every item of the filter once, whatever is decided, left or taken back between."""
    room = room_of(alone)
    fill(room)
    page, seen = alone.get("/queues/intents/label_noise/next?label=a", follow_redirects=True), []
    for step in range(6):
        assert page.url.params["label"] == "a"
        assert page.url.params["recipe"] == "intents"
        seen.append(page.url.path)
        forms = {f["action"].split("/")[-1]: f for f in Forms(page.text).forms if f["action"]}
        if step % 3 == 1:
            there = press(alone, forms["decide"], "keep").headers["location"]
        else:
            there = press(alone, forms["leave"], "").headers["location"]
        page = alone.get(there, follow_redirects=True)
    assert len(set(seen)) == 6
    assert page.url.path == "/queues/intents/label_noise"  # what was left is still there, on the list
    assert page.url.params["label"] == "a"
    assert "skip" not in page.url.params
    assert len(room.ledger.decisions()) == 2


def test_a_list_of_items_left_stays_short() -> None:
    trail: dict[str, str] = {}
    for number in range(80):
        trail = leave_behind(trail, f"{number:064}")
    assert left_on(trail) == [f"{number:064}"[:BEGINNING] for number in range(30, 80)]


def test_taking_back_keeps_the_filter(alone: TestClient) -> None:
    fill(room_of(alone))
    form = form_at(alone, "/queues/intents/label_noise/next?label=a", "/decide")
    there = press(alone, form, "keep").headers["location"]
    undone = press(alone, form_at(alone, there, "/undo"), "").headers["location"]
    assert "label=a" in undone
    assert "label=a" in press(alone, form_at(alone, undone, "/decide"), "keep").headers["location"]


def test_the_item_of_the_recipe_that_was_worked_on_is_opened(alone: TestClient) -> None:
    room = room_of(alone)
    fill(room)
    samples = make_samples([(f"{HOSTILE} {i}", "a" if i % 2 else "b") for i in range(40)])
    row = {"row": 0, "sample_id": samples["sample_id"][0].as_py(), "stage": "quality", "check": "too_long"}
    findings = build_table([row | {"severity": "warning", "reason": "x", "evidence": "{}"}], FINDING)
    settled = judge(samples, findings, {}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0, overlap_share=0), 0)
    room.desk.fill("zz", "snap-of-another-recipe", queue.items, queue.facts)
    [name] = [item["sample_id"] for item in queue.items]
    for recipe, check in (("intents", "label_noise"), ("zz", "too_long")):
        while True:
            page = alone.get(f"/queues/{recipe}/{check}/next", follow_redirects=True)
            form = next(f for f in Forms(page.text).forms if (f["action"] or "").endswith("/decide"))
            assert form["fields"]["recipe"] == recipe
            if name in page.url.path:
                break
            press(alone, form, "drop")


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
    "/items/{name}/withdraw": "reviewer",
    "/items/{name}/cluster": "reviewer",
    "/items/{name}/redact": "reviewer",
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
        assert answer.headers["location"].partition("?")[0] == "/sign-in"


def end_session(client: TestClient) -> None:
    room_of(client).people.close_session(client.cookies["seimai_session"], "reviewer")


def test_signing_in_leads_back_to_the_page(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    fill(room_of(client))
    end_session(client)
    asked = "/queues/intents/label_noise?label=a&text=x+y"
    there = client.get(asked).headers["location"]
    form = form_at(client, there, "/sign-in")
    fields = form["fields"] | {"name": "reviewer", "password": PASSWORD}
    for back, led in (
        (form["fields"]["next"], asked),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
    ):
        answer = client.post("/sign-in", data=fields | {"next": back}, headers=ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_nothing_typed_is_lost_when_a_session_ends(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    [name, *_] = fill(room_of(client))
    form = form_at(client, f"/items/{name}?recipe=intents", "/decide")
    end_session(client)
    fields = form["fields"] | {"note": "十分に長いメモ", "action": "keep"}
    kept = client.post(f"/items/{name}/draft", data=fields, headers=ORIGIN | {"X-Requested-With": "fetch"})
    assert kept.status_code == 401  # what htmx and the autosave understand: the page stays, and says so
    sent = client.post(form["action"], data=fields, headers=ORIGIN | {"HX-Request": "true"})
    assert (sent.status_code, "hx-redirect" in sent.headers) == (401, False)
    plain = client.post(form["action"], data=fields, headers=ORIGIN)
    assert plain.status_code == 401
    assert typed_in(plain.text)["note"] == "十分に長いメモ"
    assert f'href="/sign-in?next=/items/{name}%3Frecipe%3Dintents' in plain.text
    assert client.post("/sign-out", data=form["fields"] | {"label": ""}, headers=ORIGIN).status_code == 303
    assert room_of(client).ledger.decisions() == {}


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


def test_who_may_not_decide_an_item_does_not_hold_it(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    room = room_of(first)
    [name, *_] = fill(room)
    room.desk.decide("intents", name, 1, Choice(Action.ESCALATE, {}), "second")
    for path in (
        f"/items/{name}",
        f"/items/{name}/redact",
        "/queues/intents/label_noise/next?state=escalated",
    ):
        page = first.get(path, follow_redirects=True)
        assert (page.status_code, "/decide" in page.text) == (200, False)
    assert "Somebody else" not in third.get(f"/items/{name}").text
    assert form_at(third, "/queues/intents/label_noise/next?state=escalated", "/decide")


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


def test_an_open_page_s_own_request_keeps_the_item_and_not_the_session(
    people: Callable[[str], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = people("reviewer")
    desk = room_of(client).desk
    [name] = fill(room_of(client), count=1)
    form = form_at(client, f"/items/{name}", "/decide")
    start, by_itself = time.time(), ORIGIN | {"X-Only-Read": "yes"}
    for seconds in range(0, IDLE_SECONDS, 120):
        monkeypatch.setattr(time, "time", lambda moment=start + seconds: moment)
        assert client.post(f"/items/{name}/draft", data=form["fields"], headers=by_itself).status_code == 204
        assert desk.take("intents", name, "second") == "reviewer"
    monkeypatch.setattr(time, "time", lambda: start + IDLE_SECONDS + 60)
    assert client.post(f"/items/{name}/draft", data=form["fields"], headers=by_itself).status_code != 204
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
    room_of(second).desk.decide("intents", name, version, Choice(Action.DROP, {}), "second")
    answer = press(first, form, "relabel", label="c", note="十分に長いメモ")
    assert answer.status_code == 409
    assert room_of(first).desk.draft("intents", name, "reviewer") == {"label": "c", "note": "十分に長いメモ"}
    assert typed_in(answer.text) == {"label": "c", "note": "十分に長いメモ"}
    back = re.search(r'<a class="button" href="([^"]*)" data-key="b">', answer.text)
    assert back
    decided = first.get(back[1].replace("&amp;", "&"))
    assert typed_in(decided.text) == {"label": "c", "note": "十分に長いメモ"}
    assert "/decide" not in decided.text


def typed_in(page: str) -> dict[str, str]:
    """What a page shows of a form that was not taken."""
    shown = re.findall(r'<textarea id="typed-([^"]*)"[^>]* readonly>(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(text) for name, text in shown}


def test_a_form_of_another_session_shows_what_was_typed(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    form = form_at(alone, f"/items/{name}?recipe=intents&queue=all", "/decide")
    answer = press(alone, form, "edit", csrf="old", input="書き直した文")
    assert answer.status_code == 403
    assert typed_in(answer.text)["input"] == "書き直した文"
    assert f'href="/items/{name}?recipe=intents&amp;queue=all"' in answer.text


def test_an_item_that_left_the_queue_shows_what_was_typed_about_it(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    form = form_at(alone, f"/items/{name}", "/decide")
    answer = press(alone, form, "keep", recipe="gone", note="十分に長いメモ")
    assert (answer.status_code, typed_in(answer.text)["note"]) == (404, "十分に長いメモ")


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


def test_an_opinion_is_confirmed_shown_again_and_taken_back(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    room = room_of(first)
    [name] = fill(room, count=1, overlap=1.0)
    path, queue = f"/items/{name}?recipe=intents", "/queues/intents/label_noise/next"
    for action in ("keep", "drop"):
        answer = press(first, form_at(first, queue, "/decide"), action, note="私見")
        page = first.get(answer.headers["location"], follow_redirects=True).text
        assert f"Your opinion is noted: <b>{action}</b>" in page
        page = first.get(path).text  # the opinion in the place of the form, and no lease
        assert f"reviewer: <b>{action}</b> · 私見" in page
        assert "/decide" not in page
        assert "Somebody else is looking" not in second.get(path).text
        room.desk.release("intents", name, "second")
        if action == "keep":
            assert press(first, form_at(first, path, "/withdraw"), "").status_code == 303
            assert room.desk.votes() == []
    form = form_at(first, path, "/withdraw")
    press(second, form_at(second, queue, "/decide"), "drop")
    assert press(first, form, "").status_code == 409  # it is settled
    assert [row["action"] for row in room.ledger.all_decisions()] == ["drop"]
    assert "agree" in first.get("/queues/intents/label_noise?voted=" + name).text


def give_opinion(client: TestClient, action: str, **fields: str) -> None:
    form = form_at(client, "/queues/intents/label_noise/next", "/decide")
    assert press(client, form, action, **fields).status_code == 303


def test_an_opinion_that_was_taken_back_stays_in_the_audit(people: Callable[[str], TestClient]) -> None:
    first, second, third = people("reviewer"), people("second"), people("adjudicator")
    room = room_of(first)
    [name] = fill(room, count=1, overlap=1.0)
    give_opinion(first, "relabel", label="c", note="私見")
    assert press(first, form_at(first, f"/items/{name}", "/withdraw"), "").status_code == 303
    told, kept_back = "reviewer: <b>relabel</b> → c · 私見", "shown once the item is decided"

    def audits() -> list[tuple[bool, bool]]:
        pages = [client.get("/audit").text for client in (first, second, third)]
        assert all("took an opinion back" in page for page in pages)
        return [(told in page, kept_back in page) for page in pages]

    own_alone = [
        (True, False),
        (False, True),
        (False, True),
    ]  # the next one who is asked shall not know of it
    assert audits() == own_alone
    japanese = third.get("/audit", headers={"accept-language": "ja"}).text
    assert "内容は、この項目の判断が済むと表示されます。" in japanese
    give_opinion(first, "keep", note="もう一度")
    give_opinion(second, "keep")
    assert audits() == [(True, False)] * 3

    [decision] = room.ledger.all_decisions()
    form = form_at(third, f"/items/{name}", f"/decisions/{decision['decision_id']}/undo")
    assert press(third, form, "").status_code == 303  # takes both opinions back
    assert audits() == [(True, True), *own_alone[1:]]
    assert "reviewer: <b>keep</b> · もう一度" in first.get("/audit").text
    assert (room.desk.votes(), measure_agreement(room.desk.votes(), room.desk.chances())) == ([], ([], []))
    assert [(act["actor"], act["detail"]["actor"]) for act in room.desk.acts(act=WITHDRAWN)] == [
        ("adjudicator", "second"),
        ("adjudicator", "reviewer"),
        ("reviewer", "reviewer"),
    ]
    log = CliRunner().invoke(decisions_app, ["log", "-w", room.workspace.root], catch_exceptions=False).output
    lines = [line.split("  ", 1)[1] for line in log.splitlines()]
    assert lines[-1].startswith(f"reviewer  opinion taken back on {name[:12]}: reviewer, ")
    assert lines[-1].endswith('relabel {"label": "c"}  私見')
    whats = [line.split("  ")[1].split(" ")[0] for line in lines]
    assert sorted(whats) == ["keep", "opinion", "opinion", "opinion", "retract"]


def test_an_act_of_an_earlier_version_says_no_opinion(alone: TestClient) -> None:
    room = room_of(alone)
    room.desk.note("aki", WITHDRAWN, "0" * 64, {})
    assert "took an opinion back" in alone.get("/audit").text
    log = CliRunner().invoke(decisions_app, ["log", "-w", room.workspace.root], catch_exceptions=False).output
    assert log.endswith("aki  opinion taken back on 000000000000\n")


def test_where_one_person_reviews_an_overlap_item_takes_one(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    room = room_of(client)
    fill(room, count=1, overlap=1.0)
    for name in ("second", "adjudicator", "admin"):
        if name == "admin":  # somebody has to be the admin
            room.people.change("reviewer", "test", role="admin")
        room.people.change(name, "test", active=False)
    client = people("reviewer")
    press(client, form_at(client, "/queues/intents/label_noise/next", "/decide"), "keep")
    [decision] = room.ledger.all_decisions()
    assert (decision["action"], decision["actor"]) == ("keep", "reviewer")


def test_an_adjudicator_sees_both_opinions_and_the_reasons(people: Callable[[str], TestClient]) -> None:
    first, second, third = people("reviewer"), people("second"), people("adjudicator")
    fill(room_of(first), count=1, overlap=1.0)
    path = "/queues/intents/label_noise/next"
    form = form_at(first, path, "/decide")
    press(first, form, "relabel", label="c", note="配送のこと")
    press(second, form_at(second, path, "/decide"), "keep", note="そのままでよい")
    name = form["action"].split("/")[2]
    told = ("reviewer: <b>relabel</b> → c · 配送のこと", "second: <b>keep</b> · そのままでよい")
    page = third.get(f"/items/{name}").text
    for said in (*told, "label looks wrong", 'data-key="1"'):
        assert said in page, said
    assert all(said in third.get("/audit").text for said in told)
    hidden = second.get(f"/items/{name}").text
    assert "label looks wrong" not in hidden
    assert told[0] not in hidden
    press(third, form_at(third, f"/items/{name}", "/decide"), "drop")
    assert told[0] in second.get(f"/items/{name}").text


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


def test_a_refusal_leads_back_to_what_was_typed(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    form = form_at(alone, f"/items/{name}?recipe=intents&queue=all&label=b&skip=abc", "/decide")
    answer = press(alone, form, "relabel", note="十分に長いメモ")
    assert answer.status_code == 422
    assert answer.headers["hx-push-url"] == "false"  # a reload shows the item, not the form's address
    back = re.search(r'<a class="button" href="([^"]*)" data-key="b">', answer.text)
    assert back
    there = back[1].replace("&amp;", "&")
    assert there == f"/items/{name}?recipe=intents&queue=all&label=b&skip=abc"
    assert 'name="note" value="十分に長いメモ"' in alone.get(there).text
    language = next(f for f in Forms(answer.text).forms if f["action"] == "/language")
    assert language["fields"]["back"] == there


def test_a_form_s_address_leads_to_the_page_that_it_stands_on(alone: TestClient) -> None:
    [name, *_] = fill(room_of(alone))
    for path, there in {
        f"/items/{name}/decide": f"/items/{name}",
        f"/items/{name}/leave?queue=all": f"/items/{name}?queue=all",
        "/queues/intents/label_noise/preview?label=a": "/queues/intents/label_noise?label=a",
        "/queues/intents/label_noise/bulk": "/queues/intents/label_noise",
        "/decisions/x/undo": "/",
        "/batches/x/undo": "/",
        "/people/aki": "/people",
        "/language": "/",
    }.items():
        answer = alone.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, there)
    assert alone.get("/nowhere/at/all").status_code == 404


def test_bulk_is_previewed_decided_and_taken_back(alone: TestClient) -> None:
    names = fill(room_of(alone))
    form = form_at(alone, "/queues/intents/label_noise?label=a", "/preview?label=a")
    page = alone.post(
        form["action"], data=form["fields"] | {"action": "relabel", "label": "b"}, headers=ORIGIN
    )
    assert page.status_code == 200
    language = next(f for f in Forms(page.text).forms if f["action"] == "/language")
    assert language["fields"]["back"] == "/queues/intents/label_noise?label=a"
    bulk = next(f for f in Forms(page.text).forms if f["action"].endswith("/bulk"))
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
    form = form_at(alone, "/audit?act=bulk", "/language")
    for back, there in (
        (form["fields"]["back"], "/audit?act=bulk"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        fields = form["fields"] | {"language": "ja", "back": back}
        answer = alone.post("/language", data=fields, headers=ORIGIN, follow_redirects=False)
        assert answer.headers["location"] == there
    assert '<html lang="ja">' in alone.get("/").text


def test_the_audit_trail_is_told_in_words(alone: TestClient) -> None:
    room = room_of(alone)
    fill(room)
    answer = press(alone, form_at(alone, "/queues/intents/label_noise/next", "/decide"), "drop")
    press(alone, form_at(alone, answer.headers["location"], "/undo"), "")
    room.desk.note("aki", "account_added", "ben", {"role": "reviewer"})
    english = alone.get("/audit").text
    for said in ("drop", "taken back", "Doubtful label", "added an account", "role reviewer"):
        assert said in english, said
    assert "undoes" not in english
    japanese = alone.get("/audit", headers={"accept-language": "ja"}).text
    for said in ("除く", "アカウントを追加", "役割 レビュー担当"):
        assert said in japanese, said
    for code in ("label_noise", "account_added", ">drop<", ">retract<"):
        assert code not in japanese, code


def test_every_act_of_the_audit_trail_can_be_reached(
    alone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = room_of(alone)
    monkeypatch.setattr(oversight, "ROWS", 3)
    fill(room)
    for number in range(7):
        room.desk.note("aki", "guideline", f"act-{number}", {})
        if number < 4:
            press(alone, form_at(alone, "/queues/intents/label_noise/next", "/decide"), "keep")
    monkeypatch.setattr(room.ledger, "all_decisions", None)  # read by the page, not as a whole
    there, acts, decisions = "/audit", [], []
    for _ in range(5):
        page = alone.get(there).text
        acts += re.findall(r"act-(\d)", page)
        decisions += re.findall(r'href="/items/([0-9a-f]+)', page)
        after = re.search(r'<a href="(\?page=\d)">after', page)
        if after is None:
            break
        there = f"/audit{after[1]}"
    assert acts == ["6", "5", "4", "3", "2", "1", "0"]
    assert decisions == [row["sample_id"] for row in room.desk.decisions(10)]
    assert there == "/audit?page=3"


def test_times_roles_and_names_are_said_in_the_reader_s_language(people: Callable[[str], TestClient]) -> None:
    admin = people("admin")
    room = room_of(admin)
    [name, *_] = fill(room)
    room.desk.decide("intents", name, 1, Choice(Action.KEEP, {}), "aki")
    moment = room.desk.history(name)[0]["created"]
    date, clock = moment[:10], moment[11:16]
    for language, said in (
        ("en", f" {clock} UTC</time>"),
        ("ja", f"{date.replace('-', '/')} {clock} UTC</time>"),
    ):
        headers = {"accept-language": language}
        for path in ("/audit", f"/items/{name}"):
            page = admin.get(path, headers=headers).text
            assert f'<time datetime="{moment}">' in page
            assert said in page
    accounts = admin.get("/people", headers={"accept-language": "ja"}).text
    assert "<td>レビュー担当</td>" in accounts
    assert "<td>reviewer</td>" not in accounts
    item = admin.get(f"/items/{name}", headers={"accept-language": "ja"}).text
    assert 'class="meta">label_noise' not in item


def test_what_is_marked_in_a_text_is_named_in_the_reader_s_language() -> None:
    sample = make_samples([("電話は090", "x")]).to_pylist()[0]
    span = {"field": "input", "start": 3, "end": 6, "kind": "PHONE"}
    row = {
        "check": "personal_data",
        "stage": "privacy",
        "severity": "warning",
        "score": None,
        "threshold": None,
    }
    finding = row | {"reason": "", "suggestion": None, "evidence": canonical_json({"spans": [span]})}
    reported = Reported("intents", "snap", sample, sample["sample_id"], "keep", [finding])
    for language, said in (("en", "phone number"), ("ja", "電話番号")):
        view = view_reported(reported, (), language)
        assert [piece.mark for piece in view.messages[0].pieces] == ["", said]


def test_the_page_works_below_another_path(workspace: Workspace) -> None:
    from fastapi import FastAPI

    outer = FastAPI()
    room = Room(workspace, user="aki")
    outer.mount("/review", create_app(room))
    fill(room)
    with TestClient(outer, base_url="http://localhost") as client:
        page = client.get("/review/")
        for link in re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text):
            assert link.startswith("/review/"), link
            assert client.get(link.replace("&amp;", "&"), follow_redirects=True).status_code in (200, 405), (
                link
            )
        form = form_at(client, "/review/audit", "/language")
        fields = form["fields"] | {"language": "ja"}
        answer = client.post(form["action"], data=fields, headers=ORIGIN, follow_redirects=False)
        assert answer.headers["location"] == "/review/audit"


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


JAPANESE = re.compile("[\u3041-\u30fe\u4e00-\u9fff]")


def told(answer: Any) -> str:
    """What an answer's warning says, or the whole of a plain text."""
    found = re.search(r'<p class="flash warn" role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return found[1] if found else str(answer.text)


def test_every_refusal_is_said_in_the_readers_language(people: Callable[[str], TestClient]) -> None:
    """One request for each refusal, asked in Japanese: what is said is Japanese, and not the catalogue's key."""
    client, admin, nobody = people("reviewer"), people("admin"), people("")
    room = room_of(client)
    [name, other, *_] = fill(room)
    room.desk.decide("intents", other, 1, Choice(Action.DROP, {}), "second")
    tokens = {one: form_at(one, "/", "/sign-out")["fields"]["csrf"] for one in (client, admin)}
    for one in (client, admin, nobody):
        one.headers["accept-language"] = "ja"

    def post(path: str, by: TestClient = client, headers: dict[str, str] = ORIGIN, **fields: str) -> Any:
        return by.post(path, data={"csrf": tokens.get(by, "")} | fields, headers=headers)

    item = {"recipe": "intents", "version": "1"}
    decision = room.ledger.all_decisions()[0]["decision_id"]
    queue = "/queues/intents/label_noise"
    answers = [
        (403, post(f"{queue}/preview")),
        (403, post(f"/items/{name}/decide", csrf="wrong")),
        (403, post(f"/decisions/{decision}/undo")),
        (403, post(f"/items/{name}/decide", headers={"sec-fetch-site": "cross-site"})),
        (403, post(f"/items/{name}/decide", headers={"origin": "http://evil.example"})),
        (403, post(f"/items/{name}/decide", headers={})),
        (403, client.get("/", headers={"host": "rebound.example"})),
        (404, client.get("/nowhere")),
        (404, client.get("/queues/other/label_noise")),
        (404, client.get("/items/unknown")),
        (404, client.get(f"/items/{name}/pair")),
        (404, client.get(f"/items/{name}/cluster")),
        (404, post("/items/unknown/decide", **item)),
        (404, post("/decisions/x/undo")),
        (405, client.put(f"/items/{name}", headers=ORIGIN)),
        (409, post(f"/items/{other}/decide", **item, action="keep")),
        (409, post("/batches/x/undo")),
        (422, post(f"/items/{name}/decide", **item, action="fly")),
        (422, post(f"/items/{name}/decide", **item, action="relabel")),
        (422, post(f"/items/{name}/decide", **item, action="edit", input=" ")),
        (422, post(f"/items/{name}/decide", **item, action="keep", reason_code="because")),
        (422, post(f"/items/{name}/decide", **item | {"version": "x"}, action="keep")),
        (422, post(f"/items/{name}/decide", **item, action='keep {"label": "z"}')),
        (422, post(f"/items/{name}/decide", **item, action="spans", marked="<A>x")),
        (422, post(f"{queue}/finish")),
        (422, post("/language", language="fr")),
        (422, client.get(f"{queue}?least_score=high")),
        (422, client.get(f"{queue}?state=lost")),
        (422, client.get(f"{queue}?page=0")),
        (422, post(f"{queue}/preview", admin, action="fly")),
        (422, post(f"{queue}/bulk", admin, seen="x")),
        (422, post(f"{queue}/bulk", admin, seen="{}", action="keep")),
        (422, post("/people", admin, name="")),
        (422, post("/people", admin, name="new", role="king")),
        (422, post("/people", admin, name="new", role="viewer", password="short")),
        (422, post("/people", admin, name="viewer", role="viewer", password=PASSWORD)),
        (422, post("/people/nobody", admin, role="viewer")),
        (422, post("/people/admin", admin, role="viewer")),
        (422, post("/people/viewer", admin)),
        (403, nobody.post("/sign-in", data={"name": "viewer", "password": "guess"}, headers=ORIGIN)),
    ]
    for number, (status, answer) in enumerate(answers):
        assert answer.status_code == status, (number, answer.text)
        assert JAPANESE.search(told(answer)), (number, told(answer))
    nobody_page = [
        nobody.post("/sign-in", data={"name": "viewer", "password": "guess"}, headers=ORIGIN)
        for _ in range(sign_in.MOST_FAILURES)
    ][-1]
    assert nobody_page.status_code == 429
    assert JAPANESE.search(told(nobody_page))


def test_history_and_audit_tell_what_was_changed(alone: TestClient) -> None:
    room = room_of(alone)
    first, second, third, *_ = fill(room, text="The kettle leaks from its lid")
    room.workspace.path("snapshots", "snap").mkdir(parents=True)
    facts = room.workspace.path("snapshots", "snap", "facts.json")
    facts.write_text('{"lineage": {"code": "c0de0123456789ab"}}', encoding="utf-8")
    text = room.desk.item(first)["sample"]["input"].replace("kettle", "teapot")
    form = form_at(alone, f"/items/{first}", "/decide")
    press(alone, form, "edit", input=text, reason_code="outdated")
    room.desk.decide("intents", second, 1, Choice(Action.MERGE, {"into": third}), "aki")
    page = alone.get(f"/items/{first}").text
    assert "<del>kettle</del><ins>teapot</ins> leaks" in page
    assert "outdated" in page.partition("History")[2]
    assert "version <code>c0de01234567</code>" in page
    assert f"<code>{third[:12]}</code>" in alone.get(f"/items/{second}").text.partition("History")[2]
    audit = alone.get("/audit").text
    assert "input: The teapot leaks" in audit
    assert f"merge → <code>{third[:12]}</code>" in audit


def test_mended_spans_are_told_in_words() -> None:
    sample = make_samples([("山田が来る", "x")]).to_pylist()[0] | {"label": None}
    sample |= {"spans": [{"start": 0, "end": 2, "label": "ORG"}]}
    mended = [{"start": 0, "end": 2, "label": "PER"}]
    [change] = find_changes({"payload": {"spans": mended}}, sample)
    assert "".join(p.text for p in change.pieces if p.mark != "del") == "<PER>山田</PER>が来る"
    assert find_changes({"payload": {"spans": "erased"}}, sample) == ()


def test_a_failure_of_the_page_gives_nothing_away(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(workspace.root).mkdir()
    monkeypatch.setattr(pages, "estimate_recipe", None)  # calling it fails
    app = create_app(Room(workspace, user="aki"))
    fill(app.state.room)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.get("/", headers={"accept-language": "ja"})
    assert answer.status_code == 500
    assert answer.text.startswith("ページで障害が起きました")
    assert answer.headers["content-security-policy"]


def test_a_report_s_link_to_a_sample_in_no_queue_shows_it(alone: TestClient) -> None:
    """A report links to samples that were only reported: what the snapshot holds of them is shown, to look at."""
    room = room_of(alone)
    samples = make_samples([(f"{HOSTILE} {i}", "a") for i in range(3)])
    name, edited, gone = samples["sample_id"].to_pylist()
    finding = {
        "row": 0,
        "sample_id": name,
        "stage": "content",
        "check": "burst",
        "severity": "info",
        "reason": f"too many of them {HOSTILE}",
        "evidence": "{}",
    }
    findings = build_table([finding], FINDING)
    decisions = {
        edited: {
            "action": "relabel",
            "payload": {"label": "b"},
            "reason": "",
            "actor": "x",
            "decision_id": "d",
        },
        gone: {"action": "drop", "payload": {}, "reason": "", "actor": "x", "decision_id": "e"},
    }
    judgement = judge(samples, findings, {}, decisions)
    queue = build_queue(samples, judgement.dispositions, findings, ReviewSettings(random_share=0), 0)
    assert queue.items == []
    room.desk.fill("intents", "snap", queue.items, queue.facts)
    folder = room.workspace.path("snapshots", "snap")
    folder.mkdir(parents=True)
    kept, aside = assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), False)
    for table, rows in (("samples", kept), ("set_aside", aside), ("findings", findings)):
        pq.write_table(rows, folder / f"{table}.parquet")
    page = alone.get(item_url("", name))
    assert page.status_code == 200
    assert "too many of them" in page.text
    assert "only reported" in page.text
    assert "<script>alert" not in page.text
    assert "/decide" not in page.text
    assert "as it was edited" in alone.get(f"/items/{edited}").text
    after = kept.filter(pc.equal(kept["edited_from"], edited))["sample_id"][0].as_py()
    assert "as it was edited" in alone.get(f"/items/{after}").text
    assert "set aside, as was decided" in alone.get(f"/items/{gone}").text
    unknown = alone.get("/items/unknown", headers={"accept-language": "ja"})
    assert unknown.status_code == 404
    assert "最新のスナップショットにありません" in unknown.text


def test_a_blind_item_is_not_told_of_by_the_hash_after_its_edit(alone: TestClient) -> None:
    room = room_of(alone)
    samples = make_samples([("one", "a"), ("two", "a")])
    name = samples["sample_id"][0].as_py()
    finding = {
        "row": 0,
        "sample_id": name,
        "stage": "privacy",
        "check": "personal_data",
        "severity": "warning",
        "reason": "holds a name",
        "evidence": "{}",
        "suggestion": canonical_json({"action": "edit", "input": "changed"}),
    }
    findings = build_table([finding], FINDING)
    judgement = judge(samples, findings, {}, {})
    settings = ReviewSettings(random_share=0, overlap_share=1.0)
    queue = build_queue(samples, judgement.dispositions, findings, settings, 0)
    room.desk.fill("intents", "snap", queue.items, queue.facts)
    folder = room.workspace.path("snapshots", "snap")
    folder.mkdir(parents=True)
    kept, _ = assemble(samples, judgement.dispositions, judgement.edits, SplitSettings(), False)
    pq.write_table(kept, folder / "samples.parquet")
    pq.write_table(findings, folder / "findings.parquet")
    after = kept.filter(pc.equal(kept["edited_from"], name))["sample_id"][0].as_py()
    page = alone.get(f"/items/{after}", follow_redirects=True)
    assert name in str(page.url)
    assert "holds a name" not in page.text


def test_what_the_page_itself_noted_is_told_in_the_readers_language(alone: TestClient) -> None:
    room = room_of(alone)
    [name, *_] = fill(room)
    room.desk.decide("intents", name, 1, Choice(Action.DROP, {}), "aki")
    again = room.desk.decide("intents", name, 2, Choice(Action.KEEP, {}), "aki")
    room.desk.undo(again, "aki")
    history = alone.get(f"/items/{name}", headers={"accept-language": "ja"}).text
    assert "再び有効" in history
    assert "undoes" not in history

"""What the page refuses, however it is asked: to overrule whom one may not, unknown labels, malformed forms."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from conftest import make_sample, make_samples
from review_client import ORIGIN, PASSWORD, Forms, form_at, press, room_of
from starlette.testclient import TestClient
from test_review_cluster import DISPUTE, OTHERS
from test_review_cluster import fill as fill_copies
from test_review_page import fill

from review import decide, room, sign_in
from review.decide import make_choice
from review.labels import MOST_OPTIONS, KnownLabels, options_of, read_labels, require_known
from review.pairs import seen_now
from review.pointers import twin_of
from review.view import leave_out_unknown, view_item
from tasks.errors import SeimaiError
from tasks.judge import judge
from tasks.ledger.moves import Choice, State
from tasks.ledger.people import People
from tasks.recipe import Recipe, ReviewSettings
from tasks.records import FINDING, SAMPLE, Action, build_table
from tasks.review_queue import build_queue, told_by_recipe
from tasks.wording.told import told_by


def post(client: TestClient, path: str, **fields: Any) -> Any:
    """A form with the client's own token and the item's current version, as a script would send it."""
    item = room_of(client).desk.item([*path.split("/"), ""][2]) or {"version": 0}
    given = {"csrf": form_at(client, "/", "/language")["fields"]["csrf"], "recipe": "intents"}
    given |= {"version": item["version"], "queue": "all"} | fields
    return client.post(path, data=given, headers=ORIGIN, follow_redirects=False)


def last(client: TestClient, name: str) -> tuple[str, str]:
    row = room_of(client).desk.history(name)[-1]
    return row["action"], row["actor"]


def test_who_may_not_take_a_decision_back_may_not_overrule_it(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    [name, own, *_] = fill(room_of(first))
    assert post(third, f"/items/{name}/decide", action="keep").status_code == 303
    for action in ("drop", "escalate"):
        answer = post(first, f"/items/{name}/decide", action=action)
        assert answer.status_code == 403
        assert "of adjudicator" in answer.text
    ticked = post(first, f"/items/{name}/redact", redact_text="quoted", redact_kind="person")
    assert ticked.status_code == 403
    assert last(first, name) == ("keep", "adjudicator")
    assert post(first, f"/items/{own}/decide", action="keep").status_code == 303
    assert post(first, f"/items/{own}/decide", action="drop").status_code == 303  # one's own
    assert post(third, f"/items/{own}/decide", action="keep").status_code == 303
    assert last(first, own) == ("keep", "adjudicator")


def test_a_form_cannot_ask_for_a_retraction(people: Callable[[str], TestClient]) -> None:
    third = people("adjudicator")
    [name, *_] = fill(room_of(third))
    post(third, f"/items/{name}/decide", action="keep")
    answer = post(third, f"/items/{name}/decide", action="retract")
    assert (answer.status_code, "retract," in answer.text) == (422, False)
    assert last(third, name) == ("keep", "adjudicator")


def test_a_blind_look_at_what_was_decided_meanwhile_is_a_lost_race(
    people: Callable[[str], TestClient],
) -> None:
    first, third = people("reviewer"), people("adjudicator")
    [name, *_] = fill(room_of(first))
    post(third, f"/items/{name}/decide", action="keep")
    assert post(first, f"/items/{name}/decide", action="drop", version=1).status_code == 409


def stands(client: TestClient, name: str, which: str, **fields: Any) -> int:
    room = room_of(client)
    twin = twin_of(room.desk.item(name) or {"findings": [], "check": "", "sample_id": name})
    seen = {f"seen_{twin}": seen_now(room, room.desk.item(twin), twin)}
    return int(post(client, f"/items/{name}/pair", stands=which, **seen, **fields).status_code)


def offered(client: TestClient, name: str) -> list[str]:
    page = client.get(f"/items/{name}/pair?recipe=intents").text
    return [which for which in ("this", "other", "both") if f'name="stands" value="{which}"' in page]


def twins(client: TestClient) -> tuple[str, str]:
    """Two that disagree, the first with the other as its other side."""
    here = room_of(client)
    names = fill_copies(here, DISPUTE + OTHERS)[:3]
    item = here.desk.item(names[0])
    assert item
    return names[0], twin_of(item)


def test_an_escalated_pair_is_an_adjudicators(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    name, _ = twins(first)
    post(first, f"/items/{name}/decide", action="escalate")
    assert offered(first, name) == []
    assert "waits for an adjudicator" in first.get(f"/items/{name}/pair").text
    assert stands(first, name, "this") == 403
    assert last(first, name) == ("escalate", "reviewer")
    assert offered(third, name) == ["this", "other", "both"]
    assert stands(third, name, "this") == 303


def test_the_other_side_of_a_pair_is_guarded_too(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    name, twin = twins(first)
    post(third, f"/items/{twin}/decide", action="keep")
    assert offered(first, name) == ["other", "both"]
    assert stands(first, name, "this") == 403
    assert last(first, twin) == ("keep", "adjudicator")
    assert stands(first, name, "other") == 303
    assert last(first, name) == ("merge", "reviewer")
    assert last(first, twin) == ("keep", "adjudicator")  # it stands already


def test_a_dropped_other_side_does_not_rise_again(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    name, twin = twins(first)
    post(third, f"/items/{twin}/decide", action="drop")
    assert offered(first, name) == []
    assert [stands(first, name, which) for which in ("this", "other", "both")] == [403, 403, 403]
    post(third, f"/items/{twin}/decide", action="escalate")
    assert [stands(first, name, which) for which in ("this", "other", "both")] == [403, 403, 403]
    assert last(first, twin) == ("escalate", "adjudicator")


def test_of_a_cluster_what_is_decided_is_left_alone(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    name, twin = twins(first)
    post(third, f"/items/{twin}/decide", action="keep")
    item = room_of(first).desk.item(twin) or {}
    seen = {f"seen_{twin}": str(item["version"]), f"seen_{name}": "1"}
    answer = post(first, f"/items/{name}/cluster", act="merge", stands=name, **seen)
    assert answer.status_code == 403
    assert last(first, twin) == ("keep", "adjudicator")


def test_buttons_are_shown_to_who_may_press_them(people: Callable[[str], TestClient]) -> None:
    first, second, third = people("reviewer"), people("second"), people("adjudicator")
    [name, *_] = fill(room_of(first))
    answer = press(first, form_at(first, f"/items/{name}", "/decide"), "escalate")
    assert answer.status_code == 303
    assert "waits for an adjudicator" in first.get(f"/items/{name}/redact?recipe=intents").text
    assert 'name="redact_text"' not in first.get(f"/items/{name}/redact?recipe=intents").text
    assert 'name="redact_text"' in third.get(f"/items/{name}/redact?recipe=intents").text
    done = answer.headers["location"].partition("done=")[2].partition("&")[0]
    shown = {c: c.get(f"/queues/intents/all?done={done}").text.count("/undo") for c in (first, second, third)}
    assert list(shown.values()) == [1, 0, 1]


def test_a_blind_item_is_not_decided_as_one_of_a_pair(people: Callable[[str], TestClient]) -> None:
    first = people("reviewer")
    name = fill_copies(room_of(first), DISPUTE + OTHERS, overlap=1.0)[0]
    assert stands(first, name, "this") == 404
    assert room_of(first).ledger.all_decisions() == []


@pytest.mark.parametrize("state", [State.OPEN, State.DECIDED])
def test_a_pair_of_another_version_is_a_lost_race(alone: TestClient, state: State) -> None:
    name, _ = twins(alone)
    if state is State.DECIDED:
        room_of(alone).desk.decide("intents", name, 1, Choice(Action.KEEP, {}), "ben")
    assert stands(alone, name, "this", version=7) == 409
    assert stands(alone, name, "this", version="x") == 422


def test_a_label_that_nobody_knows_is_refused_wherever_it_is_given(alone: TestClient) -> None:
    here = room_of(alone)
    names = fill(here)
    for fields in ({"action": "relabel", "label": "zz"}, {"action": 'relabel {"label": "zz"}'}):
        answer = post(alone, f"/items/{names[0]}/decide", **fields)
        assert answer.status_code == 422
        for said in ("no label &#39;zz&#39;", "Did you mean &#39;z&#39;", "`labels` of the recipe"):
            assert said in answer.text, answer.text
    edit = {"action": "edit", "label": "q", "input": "Something else"}
    assert "Known are: a, b, c, z." in post(alone, f"/items/{names[0]}/decide", **edit).text
    queue = "/queues/intents/label_noise"
    for path, fields in (
        (f"{queue}/preview", {"action": "relabel", "label": "zz"}),
        (f"{queue}/bulk", {"action": "relabel", "label": "zz", "seen": json.dumps({names[1]: 1})}),
    ):
        answer = post(alone, path, **fields)
        assert (answer.status_code, "Did you mean" in answer.text) == (422, True)
    with pytest.raises(SeimaiError, match="Did you mean 'z'"):
        sample = (here.desk.item(names[0]) or {})["sample"]
        make_choice(sample, Action.RELABEL, {"label": "zz"}, read_labels(FACTS))
    assert here.ledger.all_decisions() == []


FACTS = {"labels": ["a", "b", "z"], "span_labels": ["CITY"]}


def test_of_several_labels_each_is_looked_at() -> None:
    sample = make_sample(0, "text", "a | b") | {"labels": ["a", "b"], "spans": None}
    known = read_labels(FACTS)
    for label in ("b | z", "z|a", "-"):
        require_known(sample, {"label": label}, known)
    with pytest.raises(SeimaiError, match="no label 'q'"):
        require_known(sample, {"label": "a | q"}, known)
    require_known(sample, {"label": "q"}, KnownLabels())  # nothing is known of the recipe's


def test_the_terminal_refuses_an_unknown_label_too(alone: TestClient) -> None:
    here = room_of(alone)
    [name, *_] = fill(here)
    item = here.desk.item(name) or {}
    flagged = {"sample": item["sample"], "recipe": "intents", "sample_id": name}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "find_flagged", lambda *_: flagged)
        with pytest.raises(SeimaiError, match="Did you mean 'z'"):
            decide.decide(here.ledger, name, Action.RELABEL, {"label": "zz"}, "", "aki")
        decide.decide(here.ledger, name, Action.RELABEL, {"label": "z"}, "", "aki")
    assert last(alone, name) == ("relabel", "aki")


def test_labels_are_chosen_from_a_list_and_typed_where_there_are_very_many(alone: TestClient) -> None:
    here = room_of(alone)
    [name, *_] = fill(here)
    item = here.desk.item(name) or {}
    page = alone.get(f"/items/{name}").text
    assert '<select id="label" name="label" data-focus="r">' in page
    assert f'<option value="{item["sample"]["label"]}" selected>' in page
    assert '<select name="label"><option value="">' in alone.get("/queues/intents/all").text
    for facts in (
        {"labels": [f"l{n}" for n in range(MOST_OPTIONS + 1)]},
        {"labels": ["a"], "multi_label": True},
    ):
        assert options_of(facts)["chosen"] is False
    here.desk.save_draft("intents", name, "aki", {"label": "z"})
    assert '<option value="z" selected>' in alone.get(f"/items/{name}").text


def test_a_suggestion_of_a_label_that_nobody_knows_is_not_offered(alone: TestClient) -> None:
    here = room_of(alone)
    [name, *_] = fill(here)
    view = view_item(here.desk.item(name) or {}, [], "en")
    assert {one.payload["label"] for one in view.suggestions} == {"a", "b"}
    left = leave_out_unknown(view, read_labels({"labels": ["a", "c"]})).suggestions
    assert [(one.key, one.payload["label"]) for one in left] == [(1, "a")]


def test_declared_labels_are_the_known_ones() -> None:
    """Where a recipe declares labels those count, not what the samples bear."""
    sources = [{"path": "a.csv", "role": "train"}]
    recipe = Recipe.model_validate(
        {"name": "x", "task": "text-classification", "sources": sources, "labels": ["b", "new"]}
    )
    samples = make_samples([("one", "a"), ("two", "b")])
    settled = judge(samples, build_table([], FINDING), {}, {}).dispositions
    facts = build_queue(samples, settled, build_table([], FINDING), ReviewSettings(), 0).facts
    assert facts["labels"] == ["a", "b"]
    assert (facts | told_by_recipe(recipe))["labels"] == ["b", "new"]
    undeclared = recipe.model_copy(update={"labels": None})
    assert (facts | told_by_recipe(undeclared))["labels"] == ["a", "b"]


def test_of_multi_label_data_the_single_labels_are_known() -> None:
    rows = [
        make_sample(n, f"text {n}", "x") | {"labels": labels} for n, labels in enumerate((["a", "b"], []))
    ]
    samples = build_table(rows, SAMPLE)
    settled = judge(samples, build_table([], FINDING), {}, {}).dispositions
    facts = build_queue(samples, settled, build_table([], FINDING), ReviewSettings(), 0).facts
    assert (facts["labels"], facts["multi_label"]) == (["a", "b"], True)


def guess(client: TestClient, name: str, password: str = "guess") -> int:
    data = {"name": name, "password": password}
    return int(client.post("/sign-in", data=data, headers=ORIGIN).status_code)


def test_five_typing_errors_lock_nobody_else_out(
    people: Callable[[str], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = people("")
    monkeypatch.setattr(sign_in, "MOST_FROM_ADDRESS", 12)
    assert [guess(client, "reviewer") for _ in range(6)] == [403] * 5 + [429]
    assert guess(client, "second", PASSWORD) == 303
    assert [guess(client, f"nobody {n}") for n in range(7)] == [403] * 7  # the twelfth of the address
    assert guess(client, "second", PASSWORD) == 429


def test_a_right_password_begins_the_count_anew(people: Callable[[str], TestClient]) -> None:
    client = people("")
    for _ in range(2):
        assert [guess(client, "reviewer") for _ in range(4)] == [403] * 4
        assert guess(client, "reviewer", PASSWORD) == 303


def test_a_page_that_was_open_to_its_starter_asks_for_a_sign_in_once_there_is_an_account(
    alone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_SECONDS", 0)
    here = room_of(alone)
    [name, *_] = fill(here)
    form = form_at(alone, f"/items/{name}", "/decide")
    here.people.add("ben", "reviewer", "hash", "aki")
    assert alone.get("/people", follow_redirects=False).headers["location"].startswith("/sign-in")
    assert press(alone, form, "drop").status_code == 401
    assert here.starter is None
    assert here.ledger.all_decisions() == []


def test_that_nobody_has_an_account_is_known_for_a_second(
    alone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = room_of(alone)
    looks: list[int] = []
    monkeypatch.setattr(People, "is_empty", lambda _: looks.append(1) or True)
    for moment in (0.0, 0.5, 0.9, 1.1):
        monkeypatch.setattr(time, "monotonic", lambda moment=moment: moment)
        assert here.starter == "aki"
    assert len(looks) == 2


@pytest.mark.parametrize(
    "name", ["x/y", ".", "..", "", " a", "a\tb", "a?b", "a#b", "50%", "a\\b", "a\u202eb", "n" * 65]
)
def test_names_that_no_address_can_hold_are_refused(people: Callable[[str], TestClient], name: str) -> None:
    admin = people("admin")
    with pytest.raises(SeimaiError, match="letters, digits") as refused:
        room_of(admin).people.add(name, "viewer", "hash", "test")
    assert "文字" in told_by(refused.value).ja
    if name == name.strip():
        answer = post(admin, "/people", name=name, role="viewer", password=PASSWORD)
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "name", ["aki@example.com", "山田 花子", "山田\u3000花子", "O'Neil-2", "प्रिया", "a.b_c+d"]
)
def test_other_names_can_be_given_and_their_accounts_closed(
    people: Callable[[str], TestClient], name: str
) -> None:
    admin = people("admin")
    fields = {"name": name, "role": "viewer", "password": PASSWORD}
    assert post(admin, "/people", **fields).status_code == 303
    page = admin.get("/people").text
    action = next(f["action"] for f in Forms(page).forms if unquote(f["action"] or "") == f"/people/{name}")
    assert post(admin, action, active="no").status_code == 303
    account = room_of(admin).people.account(name)
    assert account
    assert not account["active"]


def test_malformed_input_is_told(alone: TestClient) -> None:
    name, _ = twins(alone)
    queue, huge, half = "/queues/intents/all", "9" * 20, "\\ud800"
    item = f"/items/{name}"
    answers = [
        post(alone, f"{item}/decide", action="edit {bad json"),
        post(alone, f"{item}/decide", action="edit [1]"),
        post(alone, f"{item}/decide", action='edit {"input": 5}'),
        post(alone, f"{item}/decide", action=f'edit {{"input": "{half}"}}'),
        post(alone, f"{item}/decide", action="edit " + "[" * 100_000),
        post(alone, f"{item}/decide", action="keep", version=huge),
        post(alone, f"{item}/decide", action="keep", version="9" * 5_000),
        post(alone, f"{item}/pair", stands="this", version="x"),
        post(alone, f"{item}/cluster", act="keep", **{f"seen_{name}": "x"}),
        post(alone, f"{queue}/bulk", action="keep", seen=json.dumps({name: [1]})),
        post(alone, f"{queue}/bulk", action="keep", seen="[" * 100_000),
        post(alone, f"{queue}/bulk", action="keep", seen=f'{{"{half}": 1}}'),
        alone.get(f"{queue}?page={huge}"),
        alone.get(f"/audit?page={huge}"),
    ]
    for number, answer in enumerate(answers):
        assert answer.status_code in (409, 422), (number, answer.status_code)
        assert 'class="flash warn"' in answer.text, number
    assert room_of(alone).ledger.all_decisions() == []


def test_a_merge_goes_into_a_sample_that_is_there_and_stands(alone: TestClient) -> None:
    here = room_of(alone)
    names = fill_copies(here, DISPUTE + OTHERS)
    name, twin, third, unasked = *names[:3], names[3]
    assert here.desk.item(unasked) is None  # of the snapshot, in no queue
    here.desk.decide("intents", third, 1, Choice(Action.DROP, {}), "ben")
    for into, said in (
        (name, "into itself"),
        ("0" * 64, "no sample 000000000000"),
        ("", "must not be empty"),
        (third, "leave the data"),
    ):
        answer = post(alone, f"/items/{name}/decide", action="merge", into=into)
        assert (answer.status_code, said in answer.text) == (422, True), (into, answer.text)
    assert [row["sample_id"] for row in here.ledger.all_decisions()] == [third]
    assert post(alone, f"/items/{name}/decide", action="merge", into=unasked).status_code == 303
    assert post(alone, f"/items/{twin}/decide", action="merge", into=name).status_code == 422  # no circle

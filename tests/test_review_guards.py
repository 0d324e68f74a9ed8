"""What the page refuses, however it is asked: to overrule whom one may not, unknown labels, malformed forms."""

from collections.abc import Callable
from typing import Any

import pytest
from review_client import ORIGIN, form_at, press, room_of
from starlette.testclient import TestClient
from test_review_cluster import DISPUTE, OTHERS
from test_review_cluster import fill as fill_copies
from test_review_page import fill

from tasks.ledger.moves import Choice, State
from tasks.records import Action


def post(client: TestClient, path: str, **fields: Any) -> Any:
    """A form with the client's own token and the item's current version, as a script would send it."""
    room, name = room_of(client), path.split("/")[2]
    item = room.desk.item(name) or {"version": 0}
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
    return int(post(client, f"/items/{name}/pair", stands=which, **fields).status_code)


def offered(client: TestClient, name: str) -> list[str]:
    page = client.get(f"/items/{name}/pair?recipe=intents").text
    return [which for which in ("this", "other", "both") if f'name="stands" value="{which}"' in page]


def twins(client: TestClient) -> tuple[str, str]:
    """Two that disagree, the first with the other as its other side."""
    room = room_of(client)
    names = fill_copies(room, DISPUTE + OTHERS)[:3]
    from review.view import twin_of

    item = room.desk.item(names[0])
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

"""The page of two samples side by side: which one stands, and what is refused."""

from collections.abc import Callable
from html import escape

from review_client import ORIGIN, form_at, room_of
from starlette.testclient import TestClient
from test_review_cluster import DISPUTE, OTHERS, fill, queued

from review.pointers import twin_of
from tasks.ledger.moves import Choice
from tasks.records import Action


def test_a_lost_race_keeps_the_note(alone: TestClient) -> None:
    room = room_of(alone)
    [name, *_] = queued(room, fill(room, DISPUTE + OTHERS))
    form = form_at(alone, f"/items/{name}/pair", "/pair")
    room.desk.decide("intents", name, 1, Choice(Action.DROP, {}), "ben")
    data = form["fields"] | {"stands": "this", "note": "十分に長いメモ"}
    answer = alone.post(form["action"], data=data, headers=ORIGIN)
    assert answer.status_code == 409
    assert "十分に長いメモ" in answer.text
    assert room.desk.draft("intents", name, "aki") == {"note": "十分に長いメモ"}
    assert form_at(alone, f"/items/{name}", "/undo")["fields"]  # decided, and what was typed is still there
    assert "十分に長いメモ" in alone.get(f"/items/{name}").text


def test_a_decision_about_the_other_one_meanwhile_is_not_overwritten(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, DISPUTE + OTHERS)
    name = next(n for n in queued(room, names) if twin_of(room.desk.item(n)))
    twin = twin_of(room.desk.item(name))
    form = form_at(alone, f"/items/{name}/pair", "/pair")
    relabel = Choice(Action.RELABEL, {"label": "repair"}, "0" * 64, note="said the customer")
    room.desk.decide("intents", twin, room.desk.item(twin)["version"], relabel, "ben")
    answer = alone.post(form["action"], data=form["fields"] | {"stands": "this"}, headers=ORIGIN)
    assert answer.status_code == 409
    assert {n: row["action"] for n, row in room.ledger.decisions().items()} == {twin: "relabel"}


def test_who_holds_one_side_is_said_and_neither_is_decided(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    room = room_of(first)
    names = queued(room, fill(room, DISPUTE + OTHERS))
    name = next(n for n in names if twin_of(room.desk.item(n)) in names)
    twin = twin_of(room.desk.item(name))
    for held in (name, twin):
        second.get(f"/items/{held}")
        page = first.get(f"/items/{name}/pair").text
        assert "Somebody else is looking at this item: <b>second</b>" in page
        assert 'name="stands"' not in page
        room.desk.release("intents", held, "second")
        assert 'name="stands"' in first.get(f"/items/{name}/pair").text
        assert "<b>reviewer</b>" in second.get(f"/items/{held}").text  # opening it took both
        for one in (name, twin):
            room.desk.release("intents", one, "reviewer")


def test_a_blind_twin_is_shown_beside_nothing(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    room = room_of(client)
    names = queued(room, fill(room, DISPUTE + OTHERS, overlap=1.0))
    name = next(n for n in names if twin_of(room.desk.item(n)) in names)
    twin = twin_of(room.desk.item(name))
    room.desk.decide("intents", name, 1, Choice(Action.ESCALATE, {}), "second")
    third = people("adjudicator")
    assert form_at(third, f"/items/{name}", "/decide")
    assert f"/items/{name}/pair" not in third.get(f"/items/{name}").text
    page = third.get(f"/items/{name}/pair")
    assert page.status_code == 403
    assert room.desk.item(twin)["sample"]["input"] not in page.text


def test_what_is_looked_at_blind_leads_back_to_the_item_in_its_queue(
    people: Callable[[str], TestClient],
) -> None:
    client, third = people("reviewer"), people("adjudicator")
    room = room_of(client)
    names = queued(room, fill(room, DISPUTE + OTHERS, overlap=1.0))
    name = next(n for n in names if twin_of(room.desk.item(n)) in names)
    check = room.desk.item(name)["check"]
    tail = f"?recipe=intents&queue={check}&label=refund"
    answers = [(client.get(f"/items/{name}/cluster{tail}"), 403, "back to the item")]
    answers += [
        (client.get(f"/items/{name}/pair{tail}"), 404, "back to the item")
    ]  # not even that there is one
    room.desk.decide("intents", name, 1, Choice(Action.ESCALATE, {}), "second")
    for language, said in (("en", "back to the item"), ("ja", "項目に戻る")):
        headers = {"accept-language": language}
        answers += [(third.get(f"/items/{name}/pair{tail}", headers=headers), 403, said)]
    for answer, status, said in answers:
        assert answer.status_code == status
        back = f'<a class="button" href="/items/{name}{escape(tail)}" data-key="b">'
        assert back in answer.text
        assert f"</kbd> {said}</a>" in answer.text
    page = third.get(f"/items/{name}{tail}")
    assert page.status_code == 200
    assert f'href="/queues/intents/{check}?label=refund"' in page.text
    for unknown in (f"/items/{'0' * 64}/pair", f"/items/{name}/pair?recipe=gone"):
        assert 'data-key="b"' not in client.get(unknown).text

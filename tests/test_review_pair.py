"""The page of two samples side by side: which one stands, and what is refused."""

from review_client import ORIGIN, form_at, room_of
from starlette.testclient import TestClient
from test_review_cluster import DISPUTE, OTHERS, fill, queued

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

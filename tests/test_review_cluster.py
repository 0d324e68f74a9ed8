"""The page of a whole cluster: who is in it, what becomes of each, and what is refused."""

import re
import time
from collections.abc import Callable

import pyarrow.parquet as pq
import pytest
from conftest import make_samples
from review_client import ORIGIN, form_at, room_of
from starlette.testclient import TestClient

from review import kin
from review.diff import diff_inline, shorten_common
from review.room import Room
from review.view import Piece
from tasks.duplicates.find import find_duplicates
from tasks.judge import judge
from tasks.ledger.moves import LEASE_SECONDS, Choice, State
from tasks.recipe import DuplicateSettings, ReviewSettings, SplitSettings
from tasks.records import Action
from tasks.review_queue import build_queue
from tasks.snapshot import assemble

TEXT = (
    "The kettle I bought in May stopped working after a week and I would like to have it repaired, order {}."
)
COPIES = [(TEXT.format(i), "repair") for i in range(6)]
OTHERS = [
    ("Where is the parcel that you sent on Monday?", "delivery"),
    ("The invoice names the wrong company.", "refund"),
    ("Do you have this lamp in green?", "delivery"),
]
DISPUTE = [
    ("Can I get the money back for the broken lid of pot 12?", "refund"),
    ("Can I get the money back for the broken lid of pot 12!", "repair"),
    ("Can I get the money back for a broken lid of pot 12?", "delivery"),
]


def fill(room: Room, rows: list[tuple[str, str]], random_share: float = 0, overlap: float = 0) -> list[str]:
    """The stages that find, judge and queue copies, and the snapshot's tables; returns the sample_ids of `rows`."""
    found = find_duplicates(make_samples(rows, date="2026-05-01"), DuplicateSettings())
    judgement = judge(found.samples, found.findings, {}, {})
    settings = ReviewSettings(random_share=random_share, overlap_share=overlap)
    queue = build_queue(found.samples, judgement.dispositions, found.findings, settings, 0)
    room.desk.fill("intents", "snap", queue.items, queue.facts)
    folder = room.workspace.path("snapshots", "snap")
    folder.mkdir(parents=True)
    kept, aside = assemble(found.samples, judgement.dispositions, judgement.edits, SplitSettings(), False)
    for name, table in (("samples", kept), ("set_aside", aside), ("findings", found.findings)):
        pq.write_table(table, folder / f"{name}.parquet")
    names: list[str] = found.samples["sample_id"].to_pylist()
    return names


def queued(room: Room, names: list[str]) -> list[str]:
    return [name for name in names if room.desk.item(name)]


def decide(client: TestClient, name: str, act: str, **fields: str):  # type: ignore[no-untyped-def]
    form = form_at(client, f"/items/{name}/cluster", "/cluster")
    return client.post(
        form["action"], data=form["fields"] | {"act": act} | fields, headers=ORIGIN, follow_redirects=False
    )


def test_a_cluster_is_merged_into_the_chosen_one_and_taken_back_in_one_step(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    inside = queued(room, names)
    assert len(inside) == 5  # the canonical one was kept, and nobody is asked about it
    page = alone.get(f"/items/{inside[0]}/cluster").text
    assert all(name[:12] in page for name in names)
    assert "Can I get" not in page
    assert "Question" not in page
    stands = inside[2]
    answer = decide(alone, inside[0], "merge", stands=stands, note="one is enough")
    assert answer.status_code == 303
    standing = room.ledger.decisions()
    assert {name: (row["action"], row["payload"].get("into")) for name, row in standing.items()} == {
        name: ("keep", None) if name == stands else ("merge", stands) for name in names
    }
    assert len({row["batch"] for row in standing.values()}) == 1
    assert {row["reason"] for row in standing.values()} == {"one is enough"}
    undo = form_at(alone, answer.headers["location"], "/undo")
    back = alone.post(undo["action"], data=undo["fields"], headers=ORIGIN, follow_redirects=False)
    assert back.headers["location"].startswith("/items/")
    assert room.ledger.decisions() == {}
    assert all(room.desk.item(name)["state"] == State.OPEN for name in inside)


def test_what_was_decided_about_a_copy_is_suggested_and_not_done(alone: TestClient) -> None:
    room = room_of(alone)
    first, second, third = fill(room, DISPUTE + OTHERS)[:3]
    item = room.desk.item(first)
    relabel = Choice(Action.RELABEL, {"label": "repair"}, "0" * 64)
    room.desk.decide("intents", first, item["version"], relabel, "aki")
    page = alone.get(f"/items/{third}").text
    assert f"repair: so aki decided about its copy {first[:12]}" in page
    assert "keep: so aki decided about its copy" in alone.get(f"/items/{second}").text  # it has that label
    assert room.desk.item(second)["state"] == room.desk.item(third)["state"] == State.OPEN
    form = form_at(alone, f"/items/{third}", "/decide")
    suggested = next(value for name, value in form["buttons"] if value and value.startswith("relabel {"))
    data = form["fields"] | {"action": suggested}
    assert alone.post(form["action"], data=data, headers=ORIGIN, follow_redirects=False).status_code == 303
    assert room.ledger.decisions()[third]["payload"] == {"label": "repair"}


def test_all_are_kept(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    assert decide(alone, queued(room, names)[0], "keep").status_code == 303
    assert {row["action"] for row in room.ledger.decisions().values()} == {"keep"}
    assert set(room.ledger.decisions()) == set(names)


def test_what_differs_is_marked_character_by_character(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    page = alone.get(f"/items/{queued(room, names)[0]}/cluster?against={names[1]}").text
    assert "<del>1</del><ins>0</ins>" in page
    assert "<del>1</del><ins>5</ins>" in page
    assert "2026-05-01" in page
    assert "test.jsonl" in page


def test_disagreeing_members_are_said_to_disagree(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, DISPUTE + OTHERS)[:3]
    page = alone.get(f"/items/{names[0]}/cluster").text
    assert "The members disagree" in page
    assert page.count('<span class="badge warn">other answer</span>') == 2
    for label in ("refund", "repair", "delivery"):
        assert f"<li><b>{label}</b> × 1</li>" in page
    agreeing = fill_again(room, COPIES + OTHERS)
    assert "The members disagree" not in alone.get(f"/items/{agreeing}/cluster").text


def fill_again(room: Room, rows: list[tuple[str, str]]) -> str:
    """Another snapshot's queue; returns a queued sample_id."""
    for path in room.workspace.path("snapshots", "snap").iterdir():
        path.unlink()
    room.workspace.path("snapshots", "snap").rmdir()
    return queued(room, fill(room, rows))[0]


def test_item_pair_and_cluster_lead_to_each_other(alone: TestClient) -> None:
    room = room_of(alone)
    name = queued(room, fill(room, COPIES + OTHERS))[0]
    paths = (f"/items/{name}?", f"/items/{name}/pair?", f"/items/{name}/cluster?")
    for path in paths[:2]:
        assert f'href="{paths[2]}' in alone.get(path).text
    assert f'href="{paths[0]}' in alone.get(paths[2]).text


def test_a_race_lost_by_one_member_decides_nothing_and_keeps_what_was_typed(
    people: Callable[[str], TestClient],
) -> None:
    first = people("reviewer")
    room = room_of(first)
    inside = queued(room, fill(room, COPIES + OTHERS))
    form = form_at(first, f"/items/{inside[0]}/cluster", "/cluster")
    version = room.desk.item(inside[3])["version"]
    room.desk.decide("intents", inside[3], version, Choice(Action.DROP, {}), "second")
    fields = form["fields"] | {"act": "merge", "stands": inside[1], "note": "十分に長いメモ"}
    answer = first.post(form["action"], data=fields, headers=ORIGIN)
    assert answer.status_code == 409
    assert "changed by somebody else" in answer.text
    assert set(room.ledger.decisions()) == {inside[3]}
    page = first.get(f"/items/{inside[0]}/cluster").text
    assert "十分に長いメモ" in page
    assert re.search(rf'value="{inside[1]}" checked', page)


def test_a_sample_in_no_queue_is_raced_for_too(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    inside = queued(room, names)
    [kept] = set(names) - set(inside)
    form = form_at(alone, f"/items/{inside[0]}/cluster", "/cluster")
    room.ledger.decide(kept, Action.DROP, {}, "", "second", None)
    fields = form["fields"] | {"act": "merge", "stands": inside[0]}
    assert alone.post(form["action"], data=fields, headers=ORIGIN).status_code == 409
    assert set(room.ledger.decisions()) == {kept}


def test_what_another_holds_is_left_to_them(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    room = room_of(first)
    inside = queued(room, fill(room, COPIES + OTHERS))
    second.get(f"/items/{inside[1]}")
    page = first.get(f"/items/{inside[0]}/cluster").text
    assert "Somebody else is looking at this item: second" in page
    assert f"seen_{inside[1]}" not in page
    assert decide(first, inside[0], "merge", stands=inside[2]).status_code == 303
    assert inside[1] not in room.ledger.decisions()
    crafted = decide(first, inside[1], "merge", stands=inside[2], **{f"seen_{inside[1]}": "1"})
    assert crafted.status_code == 409
    assert inside[1] not in room.ledger.decisions()


def test_a_cluster_that_is_looked_at_for_long_stays_ones_own(
    people: Callable[[str], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = people("reviewer"), people("second")
    room = room_of(first)
    inside = queued(room, fill(room, COPIES + OTHERS))
    form = form_at(first, f"/items/{inside[0]}/cluster", "/cluster")
    clock = time.time()
    monkeypatch.setattr(time, "time", lambda: clock + LEASE_SECONDS - 10)
    draft = first.post(f"/items/{inside[0]}/draft", data=form["fields"], headers=ORIGIN)
    assert draft.status_code == 204
    monkeypatch.setattr(time, "time", lambda: clock + LEASE_SECONDS + 10)
    for name in inside:
        assert room.desk.take("intents", name, "second") == "reviewer"
    assert "Somebody else is looking" in second.get(f"/items/{inside[1]}").text


def test_blind_members_stay_out_of_it(people: Callable[[str], TestClient]) -> None:
    client = people("reviewer")
    room = room_of(client)
    names = fill(room, COPIES + OTHERS, overlap=1.0)[:6]
    name = queued(room, names)[0]
    assert client.get(f"/items/{name}/cluster").status_code == 403
    room.desk.decide("intents", name, room.desk.item(name)["version"], Choice(Action.KEEP, {}), "second")
    page = client.get(f"/items/{name}/cluster").text
    assert "looked at blind: 4" in page
    assert all(other[:12] not in page for other in queued(room, names) if other != name)
    crafted = decide(client, name, "keep", **{f"seen_{queued(room, names)[1]}": "1"})
    assert crafted.status_code == 422
    assert len(room.ledger.decisions()) == 1


def test_escalated_members_are_an_adjudicators(people: Callable[[str], TestClient]) -> None:
    first, third = people("reviewer"), people("adjudicator")
    room = room_of(first)
    inside = queued(room, fill(room, COPIES + OTHERS))
    room.desk.decide("intents", inside[1], 1, Choice(Action.ESCALATE, {}), "second")
    fields = {f"seen_{inside[1]}": str(room.desk.item(inside[1])["version"])}
    assert decide(first, inside[0], "keep", **fields).status_code == 403
    assert f"seen_{inside[1]}" in third.get(f"/items/{inside[0]}/cluster").text


def test_a_reviewer_takes_back_only_what_they_decided_together(people: Callable[[str], TestClient]) -> None:
    first, second = people("reviewer"), people("second")
    room = room_of(first)
    name = queued(room, fill(room, COPIES + OTHERS))[0]
    decide(first, name, "keep")
    batch = next(iter(room.ledger.decisions().values()))["batch"]
    for client, status in ((second, 403), (first, 303)):
        token = form_at(client, "/", "/sign-out")["fields"]["csrf"]
        answer = client.post(f"/batches/{batch}/undo", data={"csrf": token}, headers=ORIGIN)
        assert answer.status_code == status


def test_a_large_cluster_says_what_it_leaves_out(alone: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kin, "SHOWN", 3)
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    name = queued(room, names)[0]
    page = alone.get(f"/items/{name}/cluster").text
    assert "A large cluster" in page
    assert "Not shown: <b>3</b>" in page
    assert page.count('name="seen_') == 3
    decide(alone, name, "merge", stands=name)
    assert len(room.ledger.decisions()) == 3
    left = next(n for n in names if n not in room.ledger.decisions())
    assert (
        decide(alone, left, "merge", stands=name).status_code == 303
    )  # the one that stands is decided already
    decided = room.ledger.decisions()
    assert len(decided) == 5
    assert decided[name]["action"] == "keep"


def test_of_a_cluster_beyond_what_is_read_the_undecided_are_read_first(
    alone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kin, "READ", 3)
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)[:6]
    for _ in range(4):
        open_ = [name for name in queued(room, names) if room.desk.item(name)["state"] == State.OPEN]
        if len(open_) < 2:
            break
        page = alone.get(f"/items/{open_[0]}/cluster").text
        assert "A large cluster" in page
        assert decide(alone, open_[0], "keep").status_code == 303
    assert len(open_) < 2


def test_bad_forms_are_refused_in_the_readers_language(alone: TestClient) -> None:
    room = room_of(alone)
    names = fill(room, COPIES + OTHERS)
    name = queued(room, names)[0]
    alone.headers["accept-language"] = "ja"
    for act, fields, said in [
        ("fly", {}, "操作はmerge, keepのいずれかです"),
        ("merge", {"stands": "x"}, "残す1件を選んでください"),
        ("keep", {f"seen_{names[-1]}": "1"}, "このまとまりのものではありません"),
    ]:
        answer = decide(alone, name, act, **fields)
        assert answer.status_code == 422
        assert said in answer.text
    assert room.ledger.decisions() == {}
    assert "まとまりに入っていません" in alone.get(f"/items/{names[-1]}/cluster").text


def test_viewers_look_and_decide_nothing(people: Callable[[str], TestClient]) -> None:
    client = people("viewer")
    name = queued(room_of(client), fill(room_of(client), COPIES + OTHERS))[0]
    page = client.get(f"/items/{name}/cluster").text
    assert 'type="radio"' not in page
    assert 'name="seen_' not in page


def test_the_inline_difference_and_its_context() -> None:
    assert diff_inline("カレーを辛口で", "カレーを甘口で") == (
        Piece("カレーを"),
        Piece("辛", "del"),
        Piece("甘", "ins"),
        Piece("口で"),
    )
    long = diff_inline("x" * 500 + "a", "x" * 500 + "b")
    assert shorten_common(long, 10) == (Piece(" … " + "x" * 10), Piece("a", "del"), Piece("b", "ins"))

"""The review queue: what goes into it, who holds what, and that each change happens once or not at all."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from conftest import make_samples, rows_at_hand
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.clusters import decide_cluster, read_batch, read_kin, standing_about, take_all
from tasks.ledger.desk import Desk
from tasks.ledger.engine import writing
from tasks.ledger.filters import Filter
from tasks.ledger.guidelines import Guidelines, decisions_in_force
from tasks.ledger.moves import LEASE_SECONDS, Choice, LostRaceError, State
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, Action, Disposition, build_table
from tasks.review_counts import count_confirmed
from tasks.review_queue import BLIND_FLAGGED, build_queue

TEXTS = [(f"ticket number {i} about the kettle", "a" if i % 2 else "b") for i in range(100)]
SAMPLES = make_samples(TEXTS)
KEEP, DROP = Choice(Action.KEEP, {}), Choice(Action.DROP, {})


def finding(
    row: int, check: str = "label_noise", score: float = 0.1, severity: str = "warning"
) -> dict[str, Any]:
    return {
        "row": row,
        "sample_id": SAMPLES["sample_id"][row].as_py(),
        "stage": "test",
        "check": check,
        "severity": severity,
        "score": score,
        "threshold": 0.5,
        "reason": "so it seems",
        "evidence": "{}",
    }


def fill(desk: Desk, count: int = 20, share: float = 0.1, overlap: float = 0.0, snapshot: str = "s1") -> Any:
    findings = build_table([finding(i, score=i / 100) for i in range(count)], FINDING)
    wanted = ReviewSettings(random_share=share, overlap_share=overlap)
    queue = build_queue(SAMPLES, judge(SAMPLES, findings, {}, {}).dispositions, findings, wanted, 7)
    desk.fill("intents", snapshot, queue.items, queue.facts)
    return queue


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in either database."""
    if request.param == "sqlite":
        opened = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    else:
        opened = Ledger(request.getfixturevalue("new_postgres")())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


ALL = Filter("intents")


def test_a_queue_holds_every_flagged_sample_and_a_random_share(desk: Desk) -> None:
    queue = fill(desk)
    origins = [item["origin"] for item in queue.items]
    assert origins.count("flagged") == 20
    assert origins.count("random") == queue.facts["random"] == 3  # 3 of 23 is the least share of at least 0.1
    assert desk.count_items(ALL) == 23


def test_a_random_item_is_one_blind_item_of_several_and_listed_like_them(desk: Desk) -> None:
    queue = fill(desk, count=60)
    blind = [item for item in queue.items if item["blind"]]
    random = [item for item in queue.items if item["origin"] == "random"]
    assert all(item["blind"] for item in random)
    assert len(blind) - len(random) >= BLIND_FLAGGED * len(random) * 0.4
    listed = desk.list_items(ALL, 100)
    assert all("origin" not in row for row in listed)
    places = [n for n, row in enumerate(listed) if row["sample_id"] in {item["sample_id"] for item in random}]
    assert places != list(range(len(listed) - len(random), len(listed)))  # not simply the last ones


def test_filling_again_with_the_same_seed_draws_the_same_random_samples(desk: Desk) -> None:
    first, again = fill(desk), fill(desk)
    assert first == again


def test_the_most_doubtful_comes_first(desk: Desk) -> None:
    fill(desk, share=0)
    item = desk.take_next(ALL, "aki")
    assert item
    assert item["score"] == 0.0  # a label of probability 0
    assert item["value"] == max(row["value"] for row in desk.list_items(ALL, 100))


def test_evaluation_rows_weigh_twice() -> None:
    samples = make_samples(TEXTS[:2])
    at = samples.column_names.index("role")
    samples = samples.set_column(at, samples.schema.field(at), pa.array(["train", "evaluation"]))
    findings = build_table([finding(0, "unknown_label"), finding(1, "unknown_label")], FINDING)
    queue = build_queue(samples, judge(samples, findings, {}, {}).dispositions, findings, ReviewSettings(), 0)
    values = {item["sample_id"]: item["value"] for item in queue.items}
    first, second = samples["sample_id"].to_pylist()
    assert values[second] == 2 * values[first]


def test_two_reviewers_never_get_the_same_item(desk: Desk) -> None:
    fill(desk, share=0)
    taken = {who: desk.take_next(ALL, who) for who in ("aki", "ben")}
    assert taken["aki"]["sample_id"] != taken["ben"]["sample_id"]
    assert desk.take("intents", taken["aki"]["sample_id"], "ben") == "aki"
    assert desk.take_next(ALL, "aki")["sample_id"] == taken["aki"]["sample_id"]  # one's own stays one's own


def test_a_lease_runs_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(desk, share=0)
    item = desk.take_next(ALL, "aki")
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert desk.take_next(ALL, "ben")["sample_id"] == item["sample_id"]


def test_a_lost_race_changes_nothing(desk: Desk) -> None:
    fill(desk)
    item = desk.take_next(ALL, "aki")
    desk.decide("intents", item["sample_id"], item["version"], KEEP, "aki")
    with pytest.raises(LostRaceError, match="changed by somebody else"):
        desk.decide("intents", item["sample_id"], item["version"], DROP, "ben")
    assert [row["action"] for row in desk.history(item["sample_id"])] == ["keep"]


def test_twenty_at_once_decide_each_item_once(desk: Desk) -> None:
    fill(desk, count=60, share=0)
    done: list[str] = []

    def work(who: str) -> None:
        while (item := desk.take_next(ALL, who)) is not None:
            desk.decide("intents", item["sample_id"], item["version"], KEEP, who)
            done.append(item["sample_id"])

    threads = [threading.Thread(target=work, args=(f"r{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(set(done)) == 60


def test_undo_brings_back_what_stood_before(desk: Desk, ledger: Ledger) -> None:
    fill(desk)
    item = desk.take_next(ALL, "aki")
    name = item["sample_id"]
    first = desk.decide("intents", name, item["version"], KEEP, "aki")
    second = desk.decide("intents", name, desk.item(name)["version"], DROP, "aki")
    desk.undo(second, "aki")
    assert ledger.decisions()[name]["action"] == "keep"
    with pytest.raises(LostRaceError, match="superseded"):
        desk.undo(first, "aki")
    desk.undo(desk.history(name)[-1]["decision_id"], "aki")
    assert ledger.decisions()[name]["action"] == "drop"  # taking back the undo
    assert len(desk.history(name)) == 4  # nothing is ever removed


def test_undo_of_the_only_decision_opens_the_item_again(desk: Desk, ledger: Ledger) -> None:
    fill(desk)
    item = desk.take_next(ALL, "aki")
    desk.undo(desk.decide("intents", item["sample_id"], item["version"], KEEP, "aki"), "aki")
    assert ledger.decisions() == {}
    assert desk.item(item["sample_id"])["state"] == State.OPEN


def test_a_bulk_decision_is_all_or_nothing_and_has_one_undo(desk: Desk, ledger: Ledger) -> None:
    fill(desk)
    seen = desk.choose_many(ALL, 10)
    assert all(not row["blind"] for row in desk.list_items(ALL, 100) if row["sample_id"] in seen)
    stale = dict(seen) | {next(iter(seen)): 99}
    with pytest.raises(LostRaceError):
        desk.decide_many(stale, "intents", lambda _: DROP, "aki")
    assert ledger.decisions() == {}
    batch = desk.decide_many(seen, "intents", lambda _: DROP, "aki")
    assert {row["action"] for row in ledger.decisions().values()} == {"drop"}
    other = next(iter(seen))
    desk.decide("intents", other, desk.item(other)["version"], KEEP, "ben")
    assert desk.undo_batch(batch, "aki") == len(seen) - 1
    assert {name: row["action"] for name, row in ledger.decisions().items()} == {other: "keep"}


def test_two_opinions_that_agree_decide_and_others_go_to_an_adjudicator(desk: Desk, ledger: Ledger) -> None:
    fill(desk, overlap=1.0, share=0)
    for said, state in ((KEEP, State.DECIDED), (DROP, State.ESCALATED)):
        item = desk.take_next(ALL, "aki")
        name, version = item["sample_id"], item["version"]
        desk.vote("intents", name, version, KEEP, "aki")
        assert desk.item(name)["state"] == State.OPEN
        assert desk.take_next(ALL, "aki")["sample_id"] != name  # aki has spoken
        with pytest.raises(LostRaceError, match="already"):
            desk.vote("intents", name, version, DROP, "aki")
        desk.vote("intents", name, version, said, "ben")
        assert desk.item(name)["state"] == state
        assert ledger.decisions()[name]["action"] == ("keep" if said is KEEP else "escalate")


def test_drafts_outlive_a_lost_race_and_end_with_the_decision(desk: Desk) -> None:
    fill(desk)
    item = desk.take_next(ALL, "aki")
    name = item["sample_id"]
    desk.save_draft("intents", name, "aki", {"note": "長い"})
    desk.save_draft("intents", name, "aki", {"note": "長いメモ"})
    assert desk.draft("intents", name, "aki") == {"note": "長いメモ"}
    assert desk.draft("intents", name, "ben") is None
    desk.save_draft("intents", name, "ben", {"note": "また"})
    desk.decide("intents", name, item["version"], KEEP, "aki")
    assert desk.draft("intents", name, "aki") is None
    assert desk.draft("intents", name, "ben") == {"note": "また"}  # the decision was not ben's


def test_texts_that_nothing_holds_any_more_are_gone(desk: Desk, ledger: Ledger) -> None:
    queue = fill(desk, share=0)
    kept = {item["sample_id"]: item for item in queue.items}
    in_snapshot, in_other = list(kept)[:2]
    row = dict(row=0, disposition="drop", check="label_noise", reason="")
    ledger.add_snapshot("s1", "intents", "snapshots/s1", {}, rows_at_hand([kept[in_snapshot] | row]))
    desk.fill("other", "s1", rows_at_hand([kept[in_other]]), queue.facts)
    fill(desk, count=2, share=0, snapshot="s2")
    wanted = {row["sample_id"] for row in desk.list_items(ALL, 100)} | {in_snapshot, in_other}
    assert {row["sample_id"] for row in ledger.stored("texts")} == wanted
    assert len(wanted) < len(kept)
    assert ledger.flagged("s1")[0]["sample"]["sample_id"] == in_snapshot
    assert Desk(ledger).item(in_other, "other")["sample"]["sample_id"] == in_other


def test_own_leases_are_renewed_and_others_are_not(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(desk)
    mine = [row["sample_id"] for row in desk.list_items(ALL, 3)]
    clock = time.time()
    for name in mine[:2]:
        assert desk.take("intents", name, "aki") is None
    assert desk.take("intents", mine[2], "ben") is None
    monkeypatch.setattr(time, "time", lambda: clock + LEASE_SECONDS - 10)
    desk.renew("intents", mine, "aki")
    monkeypatch.setattr(time, "time", lambda: clock + LEASE_SECONDS + 10)
    assert [desk.take("intents", name, "cho") for name in mine] == ["aki", "aki", None]


def test_filters(desk: Desk) -> None:
    fill(desk, share=0, overlap=0)
    assert {row["label"] for row in desk.list_items(Filter("intents", label="a"), 100)} == {"a"}
    assert desk.count_items(Filter("intents", text="NUMBER 7 ")) == 1  # matching form: case and width folded
    assert desk.count_items(Filter("intents", text="100%_")) == 0  # no wildcards
    assert desk.count_items(Filter("intents", least_score=0.05, most_score=0.07)) == 3
    assert desk.count_items(Filter("intents", check="near_duplicate")) == 0
    assert desk.count_items(Filter("other")) == 0


def test_a_list_shows_what_the_user_typed(desk: Desk) -> None:
    text = "  ＡＢＣ社の Kettle が動きません。" + "長い" * 200
    asked = [{"role": "system", "content": "Classify."}, {"role": "user", "content": text}]
    samples = make_samples([(text, "Repair")], prompt=asked)
    row = {"row": 0, "sample_id": samples["sample_id"][0].as_py(), "stage": "test", "check": "label_noise"}
    findings = build_table(
        [row | {"severity": "warning", "score": 0.1, "reason": "", "evidence": "{}"}], FINDING
    )
    settled = judge(samples, findings, {}, {}).dispositions
    queue = build_queue(samples, settled, findings, ReviewSettings(random_share=0), 0)
    desk.fill("intents", "s1", queue.items, queue.facts)
    [listed] = desk.list_items(ALL, 1)
    assert listed["excerpt"] == text[:240]
    assert "sample" not in listed


def test_a_score_filter_says_nothing_of_blind_items(desk: Desk) -> None:
    queue = fill(desk, share=0.3)
    found = {row["sample_id"] for row in desk.list_items(Filter("intents", least_score=0.0), 100)}
    assert found == {item["sample_id"] for item in queue.items if not item["blind"]}


def test_escalated_items_stay_escalated_when_a_run_fills_the_queue_anew(desk: Desk) -> None:
    fill(desk)
    item = desk.take_next(ALL, "aki")
    desk.decide("intents", item["sample_id"], item["version"], Choice(Action.ESCALATE, {}), "aki")
    fill(desk, snapshot="s2")
    again = desk.item(item["sample_id"])
    assert again["state"] == State.ESCALATED
    assert again["snapshot_id"] == "s2"
    assert again["version"] > item["version"]  # a form opened before the run is stale


def test_what_was_confirmed_orders_the_next_queue(desk: Desk, ledger: Ledger) -> None:
    fill(desk, share=0, overlap=0)
    for choice in (DROP, DROP, KEEP):
        item = desk.take_next(ALL, "aki")
        desk.decide("intents", item["sample_id"], item["version"], choice, "aki")
    assert count_confirmed(ledger.decisions().values(), "intents") == {"label_noise": (3, 2)}


def test_a_kept_sample_is_asked_about_again_when_its_score_worsens_or_another_check_speaks(
    desk: Desk, ledger: Ledger
) -> None:
    fill(desk, share=0)
    item = desk.item(SAMPLES["sample_id"][15].as_py())  # its label had probability .15
    desk.decide("intents", item["sample_id"], item["version"], KEEP, "aki")
    decisions = ledger.decisions()

    def settled(*findings: dict[str, Any]) -> str:
        table = build_table(list(findings), FINDING)
        return str(judge(SAMPLES, table, {}, decisions).dispositions.to_pylist()[15]["disposition"])

    assert settled(finding(15, score=0.15)) == Disposition.KEEP
    assert settled(finding(15, score=0.9)) == Disposition.KEEP  # better than then
    assert settled(finding(15, score=0.01)) == Disposition.QUARANTINE
    assert settled(finding(15, check="garbled_text")) == Disposition.QUARANTINE


def test_a_new_guideline_calls_what_was_kept_into_question(desk: Desk, ledger: Ledger) -> None:
    fill(desk, share=0)
    guidelines = Guidelines(ledger)

    def in_force() -> dict[str, dict[str, Any]]:
        return decisions_in_force(ledger.decisions(), "intents", guidelines.versions("intents"))

    assert guidelines.write("intents", "label_noise", "Keep what fits.", "合えば残す。", "aki") == 1
    kept, dropped = desk.take_next(ALL, "aki"), None
    desk.decide("intents", kept["sample_id"], kept["version"], Choice(Action.KEEP, {}), "aki")
    dropped = desk.take_next(ALL, "aki")
    desk.decide("intents", dropped["sample_id"], dropped["version"], Choice(Action.DROP, {}), "aki")
    assert set(in_force()) == {kept["sample_id"], dropped["sample_id"]}
    guidelines.write("intents", "label_noise", "Keep only what fits well.", "", "aki")
    assert set(in_force()) == {dropped["sample_id"]}
    assert guidelines.current("intents", "label_noise")["version"] == 2


def run(desk: Desk, ledger: Ledger, snapshot: str, score: float = 0.1) -> dict[str, str]:
    """What a run does: judges by the decisions in force and fills the queue; sample_id -> disposition."""
    findings = build_table([finding(i, score=score) for i in range(4)], FINDING)
    standing = ledger.decisions()
    in_force = decisions_in_force(standing, "intents", Guidelines(ledger).versions("intents"))
    settled = judge(SAMPLES, findings, {}, in_force).dispositions
    wanted = ReviewSettings(random_share=0, overlap_share=0)
    queue = build_queue(SAMPLES, settled, findings, wanted, 7)
    heard = {decision["decision_id"] for decision in standing.values()}
    desk.fill("intents", snapshot, queue.items, queue.facts, heard)
    return dict(zip(SAMPLES["sample_id"].to_pylist(), settled["disposition"].to_pylist(), strict=True))


def test_what_a_decision_no_longer_answers_is_asked_about_again(desk: Desk, ledger: Ledger) -> None:
    run(desk, ledger, "s1")
    Guidelines(ledger).write("intents", "label_noise", "Keep what fits.", "", "aki")
    items = {row["sample_id"]: row["version"] for row in desk.list_items(ALL, 10)}
    first, second, third, fourth = items
    desk.decide_many({first: items[first], second: items[second]}, "intents", lambda _: KEEP, "aki")
    desk.decide("intents", third, items[third], Choice(Action.DROP, {}), "aki")
    kept = run(desk, ledger, "s2")
    assert (kept[first], kept[second], kept[third], kept[fourth]) == ("keep", "keep", "drop", "quarantine")
    assert desk.count_items(ALL) == 1, "only what nobody decided about is asked"

    assert run(desk, ledger, "s3", score=0.0)[first] == "keep"  # within the band
    Guidelines(ledger).write("intents", "label_noise", "Keep only what fits well.", "", "aki")
    assert run(desk, ledger, "s4")[first] == "quarantine"
    assert {first, second, fourth} == {row["sample_id"] for row in desk.list_items(ALL, 10)}
    assert desk.take_next(ALL, "ben") is not None
    desk.decide("intents", first, desk.item(first)["version"], KEEP, "aki")
    run(desk, ledger, "s5")
    assert desk.item(first) is None


def test_a_decision_during_a_run_is_not_asked_about_again(desk: Desk, ledger: Ledger) -> None:
    run(desk, ledger, "s1")
    findings = build_table([finding(i) for i in range(4)], FINDING)
    heard = {decision["decision_id"] for decision in ledger.decisions().values()}
    name = SAMPLES["sample_id"][0].as_py()
    desk.decide("intents", name, desk.item(name)["version"], KEEP, "aki")
    settled = judge(SAMPLES, findings, {}, {}).dispositions
    queue = build_queue(SAMPLES, settled, findings, ReviewSettings(random_share=0), 7)
    desk.fill("intents", "s2", queue.items, queue.facts, heard)
    assert desk.item(name)["state"] == "decided"


def test_of_what_was_decided_here_and_elsewhere_the_later_stands(desk: Desk, ledger: Ledger) -> None:
    run(desk, ledger, "s1")
    first, second = SAMPLES["sample_id"].to_pylist()[:2]
    desk.decide("intents", first, desk.item(first)["version"], KEEP, "aki")
    own = ledger.all_decisions()[0]
    away = {**own, "action": "drop", "actor": "ben", "supersedes": None}
    brought = [
        away | {"decision_id": "older", "created": "2020-01-01T00:00:00+00:00"},
        away | {"decision_id": "other", "sample_id": second, "created": "2020-01-01T00:00:00+00:00"},
    ]
    assert desk.take_in(brought) == 2
    assert desk.take_in(brought) == 0
    assert {name: row["action"] for name, row in ledger.decisions().items()} == {
        first: "keep",
        second: "drop",
    }
    assert desk.item(second)["state"] == "decided"
    assert desk.count_items(ALL) == 2
    desk.take_in([away | {"decision_id": "newer", "created": "2999-01-01T00:00:00+00:00"}])
    assert ledger.decisions()[first]["action"] == "drop"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from([Action.KEEP, Action.DROP, Action.ESCALATE, "undo"]), min_size=1, max_size=8))
def test_the_state_of_an_item_follows_from_its_history(acts: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        _check_history(Desk(Ledger(f"sqlite:///{folder}/ledger.db")), acts)


def _check_history(desk: Desk, acts: list[Any]) -> None:
    fill(desk, count=1, share=0)
    name = desk.list_items(ALL, 1)[0]["sample_id"]
    for act in acts:
        history = desk.history(name)
        if act == "undo":
            if history:
                desk.undo(history[-1]["decision_id"], "aki")
        else:
            desk.decide("intents", name, desk.item(name)["version"], Choice(act, {}), "aki")
    last = (desk.history(name) or [{"action": "retract"}])[-1]["action"]
    expected = {"retract": State.OPEN, "escalate": State.ESCALATED}.get(last, State.DECIDED)
    assert desk.item(name)["state"] == expected
    assert json.loads(json.dumps(desk.history(name))) == desk.history(name)


def test_a_cluster_is_decided_whole_or_not_at_all(desk: Desk) -> None:
    queue = fill(desk, count=4, share=0)
    first, second, third, fourth = (item["sample_id"] for item in queue.items)
    outside = SAMPLES["sample_id"][50].as_py()
    moment = time.time()
    desk.take("intents", second, "mika")
    assert take_all(desk.engine, "intents", [first, second], "aki", moment) == {second: "mika"}
    seen = {first: "1", second: "1", outside: ""}
    choices = {first: KEEP, second: DROP, outside: DROP}
    with pytest.raises(LostRaceError, match="mika is looking"):
        decide_cluster(desk.engine, "intents", seen, choices, "aki", moment)
    with pytest.raises(LostRaceError, match="changed by somebody else"):
        decide_cluster(desk.engine, "intents", seen | {first: "2"}, choices, "aki", moment + 10_000)
    with pytest.raises(LostRaceError, match="decided by somebody else"):
        decide_cluster(desk.engine, "intents", seen | {outside: "x"}, choices, "aki", moment + 10_000)
    assert standing_about(desk.engine, choices) == {}
    batch = decide_cluster(desk.engine, "intents", seen, choices, "aki", moment + 10_000)
    assert [row["sample_id"] for row in read_batch(desk.engine, batch)] == [first, second, outside]
    assert {n: row["action"] for n, row in standing_about(desk.engine, choices).items()} == {
        first: "keep",
        second: "drop",
        outside: "drop",
    }
    groups = [item["group_id"] for item in queue.items]
    read = [row["sample_id"] for row in read_kin(desk.engine, "intents", groups, [], 3)]
    assert set(read[:2]) == {third, fourth}  # undecided ones first
    assert desk.undo_batch(batch, "aki") == 3
    assert standing_about(desk.engine, choices) == {}


def test_a_run_writes_the_items_that_changed_and_leaves_the_others_alone(desk: Desk, ledger: Ledger) -> None:
    def put(snapshot: str, rows: list[dict[str, Any]]) -> None:
        findings, wanted = build_table(rows, FINDING), ReviewSettings(random_share=0, overlap_share=0)
        queue = build_queue(SAMPLES, judge(SAMPLES, findings, {}, {}).dispositions, findings, wanted, 7)
        desk.fill("intents", snapshot, queue.items, queue.facts)

    name = [SAMPLES["sample_id"][i].as_py() for i in range(4)]
    put("s1", [finding(0), finding(1), finding(2)])
    before = desk.item(name[0])
    put("s2", [finding(0), finding(1, score=0.3), finding(3)])
    assert desk.item(name[0]) == before | {"snapshot_id": "s2"}  # a form opened before the run still fits
    changed = desk.item(name[1])
    assert (changed["version"], changed["score"], changed["findings"][0]["score"]) == (2, 0.3, 0.3)
    assert desk.item(name[2]) is None
    assert desk.item(name[3])["version"] == 1
    stored = {row["sample_id"]: row["snapshot_id"] for row in ledger.stored("queue")}
    assert stored == {name[0]: "s1", name[1]: "s2", name[3]: "s2"}  # what is unchanged was not written
    assert len(ledger.stored("texts")) == 3  # those of what left or changed are gone


def test_a_decision_from_elsewhere_settles_an_unchanged_item_at_the_next_run(
    desk: Desk, ledger: Ledger
) -> None:
    fill(desk, share=0)
    name = desk.list_items(ALL, 1)[0]["sample_id"]
    ledger.decide(name, Action.DROP, {}, "in the terminal", "aki", None)
    assert desk.item(name)["state"] == State.OPEN
    fill(desk, share=0, snapshot="s2")
    assert (desk.item(name)["state"], desk.item(name)["version"]) == (State.DECIDED, 2)


def test_bulk_takes_as_many_statements_for_many_items_as_for_few(desk: Desk, ledger: Ledger) -> None:
    fill(desk, count=60, share=0)
    counts = []
    for size in (2, 2, 40):  # from the second round on, there is something before to bring back
        ran: list[str] = []
        count = lambda *event: ran.append(event[2])  # noqa: E731, B023
        sa.event.listen(ledger.engine, "before_cursor_execute", count)
        batch = desk.decide_many(desk.choose_many(ALL, size), "intents", lambda _: DROP, "aki")
        assert desk.undo_batch(batch, "aki") == size
        sa.event.remove(ledger.engine, "before_cursor_execute", count)
        counts.append(len(ran))
    assert counts[1] == counts[2]


def test_taking_a_bulk_decision_back_brings_each_earlier_decision_back(desk: Desk, ledger: Ledger) -> None:
    fill(desk, share=0)
    first, second = (row["sample_id"] for row in desk.list_items(ALL, 2))
    choice = Choice(Action.RELABEL, {"label": "c"}, "other", reason_code="wrong_label", note="seen")
    desk.decide("intents", first, 1, choice, "aki")
    for who in ("aki", "ben"):
        desk.save_draft("intents", second, who, {"note": "…"})
    batch = desk.decide_many({first: 2, second: 1}, "intents", lambda _: Choice(Action.ESCALATE, {}), "aki")
    assert [desk.item(name)["state"] for name in (first, second)] == [State.ESCALATED] * 2
    assert desk.draft("intents", second, "aki") is None
    assert desk.draft("intents", second, "ben") == {"note": "…"}  # what others typed is theirs
    assert desk.undo_batch(batch, "ben") == 2
    again = ledger.decisions()[first]
    assert (again["action"], again["payload"], again["reason_code"]) == (
        "relabel",
        {"label": "c"},
        "wrong_label",
    )
    assert second not in ledger.decisions()
    assert [desk.item(name)["state"] for name in (first, second)] == [State.DECIDED, State.OPEN]
    assert [desk.item(name)["version"] for name in (first, second)] == [4, 3]
    assert desk.undo_batch(batch, "ben") == 0


def test_a_lease_waits_for_no_disk_and_a_decision_does(tmp_path: Path) -> None:
    engine = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}").engine
    full, normal = 2, 1  # as SQLite numbers `synchronous`
    for passing, expected in ((False, full), (True, normal), (False, full)):
        with writing(engine, passing=passing) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == expected
    with writing(engine, passing=True):
        pass
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full

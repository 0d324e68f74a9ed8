"""The cluster of an item: all that copy or contradict each other around it, as findings point from one to the other.

A finding names a few others, and the stars of the duplicates stage one canonical; so the cluster is what is reached
over these pointers, both ways, from the item. Rows that are looked at blind stay out of it until they are decided: to
stand here would say why they were flagged.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.access import Reviewer, Role
from review.diff import DELETED, INSERTED, diff_inline, shorten_common
from review.pointers import pointed_at
from review.room import Room
from review.snapshots import find_samples
from review.view import Piece, told_prompt
from tasks.ledger.clusters import read_kin, standing_about, take_all
from tasks.ledger.moves import State
from tasks.records import Action, Task
from tasks.text import matching_form

COPIES = (
    "exact_duplicate",
    "near_duplicate",
    "boilerplate",
    "conflicting_duplicate",
    "disagreeing_near_duplicate",
)
MEANINGS = ("same_meaning", "disagreeing_same_meaning")
DISPUTES = ("conflicting_duplicate", "disagreeing_near_duplicate", "disagreeing_same_meaning")
SHOWN = 50
"""Members of one page, and of one decision: of a larger cluster the rest comes afterwards."""
READ = 1_000
"""Queue items that are searched for members, whatever the size of their group."""
ROUNDS = 4
"""Times that the search goes on from members that it found."""
COMPARED = 4_000
"""Characters of a text that are compared."""
AROUND = 80
"""Equal characters that are shown beside a difference."""
IN_NO_QUEUE = "kept"
_ASKS: dict[str, Role] = {
    State.OPEN: Role.REVIEWER,
    IN_NO_QUEUE: Role.REVIEWER,
    State.ESCALATED: Role.ADJUDICATOR,
}
"""State -> who may decide about a member in it."""
STANDS = (Action.KEEP, Action.EDIT, Action.RELABEL, Action.SPANS)


@dataclass(frozen=True)
class Member:
    number: int
    """Place on the page, from 1."""
    sample: Mapping[str, Any]
    compared: Mapping[str, Any]
    """The sample that all members are compared with."""
    check: str
    """Of the queue that it stands in, "" for none."""
    state: str
    """A `State`, or `IN_NO_QUEUE`: the run kept it and asks nobody."""
    action: str
    """The standing decision's, "" for none."""
    holder: str
    """Who else is looking at it, or ""."""
    seen: str
    """What `decide_cluster` takes for it."""
    free: bool
    """Whether the reader may decide about it now."""
    may_stand: bool
    """Whether others may be merged into it."""
    copies: int

    @property
    def sample_id(self) -> str:
        return str(self.sample["sample_id"])

    @property
    def prompt(self) -> tuple[Piece, ...]:
        """Against that of the sample compared with, whose own is whole."""
        return self._compare(told_prompt(self.compared), told_prompt(self.sample))

    @property
    def answer(self) -> tuple[Piece, ...]:
        """Likewise; a label is another one as a whole."""
        first, own = self.compared["target"] or "", self.sample["target"] or ""
        if self.sample["label"] is not None and first != own:
            return Piece(first, DELETED), Piece(own, INSERTED)
        return self._compare(first, own)

    @property
    def differs(self) -> bool:
        """Whether it has another answer than the sample compared with."""
        return _answer(self.compared) != _answer(self.sample)

    def _compare(self, first: str, own: str) -> tuple[Piece, ...]:
        if self.sample is self.compared:
            return (Piece(own),) if own else ()
        return shorten_common(diff_inline(first[:COMPARED], own[:COMPARED]), AROUND)


@dataclass(frozen=True)
class Cluster:
    members: tuple[Member, ...]
    """The one that all are compared with first."""
    answers: tuple[tuple[str, int], ...]
    """Distinct answers and how many give them, the most frequent first; empty for passages, which have none."""
    disputed: bool
    whole: bool
    """Whether all queue items of its groups were searched."""
    blind: int
    """Members left out because they are looked at blind."""

    @property
    def shown(self) -> tuple[Member, ...]:
        return self.members[:SHOWN]

    @property
    def more(self) -> int:
        """Members that are not shown."""
        return max(0, len(self.members) - SHOWN)


def has_cluster(check: str) -> bool:
    """Whether items of a queue stand in clusters."""
    return check in COPIES + MEANINGS


def find_cluster(room: Room, item: Mapping[str, Any], reviewer: Reviewer, against: str = "") -> Cluster:
    """The cluster about an item, its open members leased to the reviewer where nobody else holds them.

    Args:
        item: as of `Desk.item`, not hidden from the reader.
        against: sample_id of the member to compare with; the canonical one where it is none of the cluster.
    """
    names, pool, whole = _search(room, item)
    blind = {n for n in names if n in pool and n != item["sample_id"] and is_blind(pool[n])}
    names = [name for name in names if name not in blind]
    elsewhere = [name for name in names if name not in pool]
    samples = find_samples(room.workspace, item["snapshot_id"], elsewhere)
    samples |= {name: pool[name]["sample"] for name in names if name in pool}
    names = [name for name in names if name in samples]
    standing = standing_about(room.ledger.engine, names)
    first = against if against in names else _pick_canonical(names, pool, standing)
    ordered = [first, *_in_order([n for n in names if n != first], item["sample_id"], pool)]
    held = _lease(room, item["recipe"], ordered[:SHOWN], pool, reviewer)
    members = [
        _member(number, samples[name], samples[first], pool.get(name), standing.get(name), held, reviewer)
        for number, name in enumerate(ordered, 1)
    ]
    answers = Counter(answer for name in names if (answer := _answer(samples[name])))
    labelled = item["sample"]["label"] is not None
    disputed = len(answers) > 1 if labelled else _are_disputed(names, pool)
    return Cluster(tuple(members), tuple(answers.most_common()), disputed, whole, len(blind))


def _search(room: Room, item: Mapping[str, Any]) -> tuple[list[str], dict[str, Mapping[str, Any]], bool]:
    """The members' names in the order in which they are reached, the queue items among and about them, and whether
    that was all."""
    checks = COPIES + MEANINGS if item["check"] in MEANINGS else COPIES
    start = item["sample_id"]
    pool: dict[str, Mapping[str, Any]] = {start: item}
    groups: set[str] = set()
    asked: set[str] = set()
    whole = True
    for _ in range(ROUNDS):
        reached = _reach(start, pool, checks)
        new = {pool[name]["group_id"] for name in reached if name in pool} - groups
        unknown = {name for name in reached if name not in pool} - asked
        if not new and not unknown:
            break
        rows = read_kin(room.ledger.engine, item["recipe"], new, unknown, READ)
        whole = whole and len(rows) < READ
        pool |= {row["sample_id"]: row for row in rows}
        groups |= new
        asked |= unknown
    return _reach(start, pool, checks), pool, whole


def _reach(start: str, pool: Mapping[str, Mapping[str, Any]], checks: Sequence[str]) -> list[str]:
    """Breadth first over what findings of `checks` point at, both ways."""
    links: dict[str, list[str]] = defaultdict(list)
    for name, item in pool.items():
        for other in pointed_at(item["findings"], checks):
            links[name].append(other)
            links[other].append(name)
    reached = {start: True}
    for name in (queue := [start]):
        for other in links[name]:
            if other not in reached:
                reached[other] = True
                queue.append(other)
    return list(reached)


def _pick_canonical(
    names: Sequence[str],
    pool: Mapping[str, Mapping[str, Any]],
    standing: Mapping[str, Mapping[str, Any]],
) -> str:
    """The member that stands by a decision, else the one that most findings call canonical, else one in no queue."""
    called: Counter[str] = Counter()
    for name in names:
        for finding in pool[name]["findings"] if name in pool else ():
            side = json.loads(finding["evidence"] or "{}").get("canonical")
            called[side["sample_id"] if side and "sample_id" in side else ""] += 1
    return max(
        names,
        key=lambda name: (
            standing.get(name, {}).get("action") in STANDS,
            called[name],
            name not in pool,
            -names.index(name),
        ),
    )


def _in_order(names: Sequence[str], start: str, pool: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The item itself first, then what is open, then the rest; each part as it was reached."""
    is_open = {n: n in pool and pool[n]["state"] != State.DECIDED for n in names}
    return sorted(names, key=lambda name: (name != start, not is_open[name]))


def is_blind(item: Mapping[str, Any]) -> bool:
    """Whether reasons are kept from whoever decides about an item."""
    return bool(item["blind"]) and item["state"] != State.DECIDED


def stands_apart(room: Room, recipe: str, sample_id: str) -> bool:
    """Whether a sample is looked at blind, so that nobody decides about it beside another."""
    queued = room.desk.item(sample_id, recipe)
    return queued is not None and is_blind(queued)


def _lease(
    room: Room, recipe: str, names: Sequence[str], pool: Mapping[str, Mapping[str, Any]], reviewer: Reviewer
) -> dict[str, str]:
    states = {name: pool[name]["state"] for name in names if name in pool}
    wanted = [name for name, state in states.items() if state in _ASKS and reviewer.role >= _ASKS[state]]
    if not wanted:
        return {}
    return take_all(room.ledger.engine, recipe, wanted, reviewer.name, time.time())


def seen_as(item: Mapping[str, Any] | None, decision: Mapping[str, Any] | None) -> str:
    """What tells whether a sample is as it was looked at: its item's version, or the decision that stands about a
    sample in no queue ("" for none)."""
    return str(item["version"]) if item else str(decision["decision_id"]) if decision else ""


def _member(
    number: int,
    sample: Mapping[str, Any],
    first: Mapping[str, Any],
    item: Mapping[str, Any] | None,
    decision: Mapping[str, Any] | None,
    held: Mapping[str, str],
    reviewer: Reviewer,
) -> Member:
    state = str(item["state"]) if item else (State.DECIDED if decision else IN_NO_QUEUE)
    holder = held.get(sample["sample_id"], "")
    free = state in _ASKS and reviewer.role >= _ASKS[state] and not holder
    action = str(decision["action"]) if decision else ""
    return Member(
        number=number,
        sample=sample,
        compared=first,
        check=item["check"] if item else "",
        state=state,
        action=action,
        holder=holder,
        seen=seen_as(item, decision),
        free=free,
        may_stand=free or action in STANDS,
        copies=item["copies"] if item else 1,
    )


def _answer(sample: Mapping[str, Any]) -> str:
    if sample["task"] == Task.LANGUAGE_MODELING:
        return ""
    return str(sample["label"]) if sample["label"] is not None else matching_form(sample["target"] or "")


def _are_disputed(names: Sequence[str], pool: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(f["check"] in DISPUTES for name in names if name in pool for f in pool[name]["findings"])

"""What the decisions so far say of all rows: how many errors are left, and how many the witnesses find.

Two random samples make that possible: the items drawn from what nothing was said of, and the blind ones among the
flagged, which stand in the queue where chance put them (`tasks.review_queue`). Both are drawn without replacement from
finite populations in which faults may be rare, so the bounds are the exact ones of the hypergeometric distribution
(Wright 1991, "Exact Confidence Bounds when Sampling from Small Finite Universes"): they hold the truth at
least as often as they say, and shrink to a point once all is decided. What depends on two unknown numbers takes each
at half the error (Bonferroni).

What was decided after earlier runs still counts, among those that it would belong to now (`review_counts`).

The flagged are represented by their blind items as long as every queue is worked alike; where one check's queue is
finished and another's not begun, the figures lean to the finished one until the rest is decided too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.ledger.moves import State
from tasks.records import Action

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    point: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """Of one recipe's newest snapshot; rates are shares (0-1)."""

    flagged: int
    """Those that were decided after earlier runs among them."""
    flagged_decided: int
    flagged_wrong: int
    random_decided: int
    random_wrong: int
    unflagged: int
    precision: Interval | None
    """Share of the flagged at which something is wrong; None before any blind one was decided: those at the top of
    a queue are the worst."""
    residual: Interval | None
    """Share of the unflagged at which something is wrong; None before any random one was decided."""
    left: Interval | None
    """Samples at fault that nobody has looked at: open flagged ones and unflagged ones."""
    recall: Interval | None
    """Share of the samples at fault that the witnesses flagged."""


def estimate_recipe(rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> Estimate:
    """Args:
    rows: of `Desk.looked_at`: flagged, drawn, state, action, and items (how many are such).
    facts: of `Desk.facts`: unflagged (distinct samples that nothing was said of), and `earlier`, rows of what was
        decided after earlier runs.
    """
    told = _all_told(rows, facts)
    flags = _sample([row for row in told if row["flagged"]])
    rest = _sample([row for row in told if not row["flagged"]], int(facts["unflagged"]))
    known = rest.can_tell and flags.can_tell
    return Estimate(
        flagged=flags.items,
        flagged_decided=flags.decided,
        flagged_wrong=flags.wrong,
        random_decided=rest.decided,
        random_wrong=rest.wrong,
        unflagged=rest.items,
        precision=_share(flags) if flags.items and flags.can_tell else None,
        residual=_share(rest) if rest.items and rest.can_tell else None,
        left=_left(flags, rest) if known else None,
        recall=_recall(flags, rest) if known else None,
    )


def estimate_queues(
    rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]
) -> dict[str, Interval | None]:
    """Check -> errors that are left among what its queue holds of the flagged; None before a blind item was decided.

    Args:
        rows, facts: as of `estimate_recipe`.
    """
    by_check: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _all_told(rows, facts):
        if row["flagged"]:
            by_check[row["check"]].append(row)
    left = {}
    for check, own in by_check.items():
        part = _sample(own)
        count = part.count_wrong(1 - CONFIDENCE)
        bounds = (count.point - part.wrong, count.low - part.wrong, count.high - part.wrong)
        left[check] = Interval(*bounds) if part.can_tell else None
    return left


def _all_told(rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*rows, *(row | {"state": State.DECIDED} for row in facts.get("earlier", ()))]


def _sample(rows: Sequence[Mapping[str, Any]], items: int | None = None) -> "Sampled":
    """Args:
    items: how many there are; those of the rows when left out.
    """
    decided = [row for row in rows if row["state"] == State.DECIDED]
    wrong = [row for row in decided if is_wrong(row["action"])]

    def count(chosen: Sequence[Mapping[str, Any]], drawn: bool = False) -> int:
        return sum(row["items"] for row in chosen if row["drawn"] or not drawn)

    return Sampled(
        items=count(rows) if items is None else items,
        tried=count(decided, drawn=True),
        failed=count(wrong, drawn=True),
        decided=count(decided),
        wrong=count(wrong),
    )


def is_wrong(action: str | None) -> bool:
    """Whether a decision says that something was wrong with the sample as it was."""
    return action in (Action.DROP, Action.RELABEL, Action.EDIT, Action.SPANS, Action.MERGE)


@dataclass(frozen=True)
class Sampled:
    """A finite population of which some were looked at."""

    items: int
    tried: int
    """Looked at as a random sample of `items`."""
    failed: int
    """Of those tried, at fault."""
    decided: int
    """Looked at in whatever order; holds those tried."""
    wrong: int

    @property
    def can_tell(self) -> bool:
        """Whether anything is known of the whole: some were tried, or all were decided."""
        return self.tried > 0 or self.decided >= self.items

    def count_wrong(self, error: float) -> Interval:
        """How many of `items` are at fault; the interval misses the truth with a chance of at most `error`."""
        most = self.wrong + self.items - self.decided
        low, high = bound_count(self.items, self.tried, self.failed, error)
        # what is decided is known: a bound that contradicts it gives way
        low, high = min(max(low, self.wrong), most), max(min(high, most), self.wrong)
        point = self.failed / self.tried * self.items if self.tried else 0.0
        return Interval(min(max(point, low), high), low, high)


def bound_count(items: int, tried: int, failed: int, error: float) -> tuple[int, int]:
    """The least and the greatest number at fault among `items` that a random sample does not refute.

    Args:
        tried: size of the sample, drawn without replacement.
        failed: of those, at fault.
        error: chance (0-1) that the bounds may miss the truth, half on either side.
    """
    from scipy.stats import hypergeom

    if not tried:
        return 0, items
    low, high = failed, items - tried + failed
    # both tails are monotone in the number at fault, so that halving finds the ends
    first, last = low, high
    while first < last:  # the least count under which as many as `failed` are not too rare
        middle = (first + last) // 2
        if hypergeom.sf(failed - 1, items, middle, tried) > error / 2:
            last = middle
        else:
            first = middle + 1
    least, first, last = first, first, high
    while first < last:  # the greatest count under which as few as `failed` are not too rare
        middle = (first + last + 1) // 2
        if hypergeom.cdf(failed, items, middle, tried) > error / 2:
            first = middle
        else:
            last = middle - 1
    return least, first


def _errors(flags: Sampled, rest: Sampled) -> tuple[Interval, Interval]:
    """Numbers at fault among the flagged and the unflagged, which hold together with `CONFIDENCE`."""
    unknown = sum(part.decided < part.items for part in (flags, rest))
    error = (1 - CONFIDENCE) / max(1, unknown)
    return flags.count_wrong(error), rest.count_wrong(error)


def _share(part: Sampled) -> Interval:
    count = part.count_wrong(1 - CONFIDENCE)
    return Interval(count.point / part.items, count.low / part.items, count.high / part.items)


def _left(flags: Sampled, rest: Sampled) -> Interval:
    hits, misses = _errors(flags, rest)
    known = flags.wrong + rest.wrong
    return Interval(
        hits.point + misses.point - known, hits.low + misses.low - known, hits.high + misses.high - known
    )


def _recall(flags: Sampled, rest: Sampled) -> Interval:
    """Found / at fault; 1 where nothing is at fault, since nothing was missed."""
    hits, misses = _errors(flags, rest)
    return Interval(
        _ratio(hits.point, misses.point), _ratio(hits.low, misses.high), _ratio(hits.high, misses.low)
    )


def _ratio(hits: float, misses: float) -> float:
    return hits / (hits + misses) if hits + misses else 1.0

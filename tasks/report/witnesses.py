"""The figures of what each witness said: findings by check, and by score. Numbers in, shares and coordinates out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.records import Disposition
from tasks.report.data import CheckSummary, Histogram
from tasks.report.figures import WIDTH, Tick, round_ticks
from tasks.wording import Told, join, term, title_of

BINS = 15
"""Bins of a histogram, about."""
FEWEST = 8
"""Scores below which a histogram says nothing."""
ORDER = (
    "ingest",
    "quality",
    "content",
    "duplicates",
    "privacy",
    "leakage",
    "grounding",
    "label_noise",
    "answers",
)
"""Witnesses in the order in which they are heard; others follow by name."""
_TOP, _BOTTOM, _SIDE = 18.0, 96.0, 30.0
"""Of a histogram: its highest and its lowest line, and the margin at its sides."""


@dataclass(frozen=True)
class CountBar:
    """Findings of one check, and their share (0-1) of the most that a check of the witness has."""

    label: Told
    kind: str
    """The disposition that the policy gives such samples; "" where it gives none."""
    findings: int
    share: float


@dataclass(frozen=True)
class ScoreBar:
    x: float
    y: float
    width: float
    height: float
    findings: int
    span: str


@dataclass(frozen=True)
class ScorePlot:
    height: float
    bottom: float
    left: float
    right: float
    bars: tuple[ScoreBar, ...]
    ticks: tuple[Tick, ...]
    most: int


@dataclass(frozen=True)
class Witness:
    """One stage: its checks, and their figure."""

    stage: str
    checks: tuple[CheckSummary, ...]
    bars: tuple[CountBar, ...]

    @property
    def findings(self) -> int:
        return sum(check.findings for check in self.checks)


def call_witnesses(checks: Sequence[CheckSummary]) -> tuple[Witness, ...]:
    """The checks by the stage that spoke, each stage's most frequent first."""
    stages = sorted(
        {c.stage for c in checks}, key=lambda s: (ORDER.index(s) if s in ORDER else len(ORDER), s)
    )
    return tuple(_witness(stage, [c for c in checks if c.stage == stage]) for stage in stages)


def _witness(stage: str, checks: Sequence[CheckSummary]) -> Witness:
    ordered = tuple(sorted(checks, key=lambda c: (-c.findings, c.check, c.severity)))
    return Witness(stage, ordered, count_bars(ordered))


def count_bars(checks: Sequence[CheckSummary]) -> tuple[CountBar, ...]:
    """A bar for each of one or more checks."""
    most = max(check.findings for check in checks) or 1
    names = [check.check for check in checks]
    bars = []
    for check in checks:
        title = title_of(check.check)
        if names.count(check.check) > 1:
            title = join([title, term(check.severity)], " · ", " · ")
        kind = check.policy if check.policy in tuple(Disposition) else ""
        bars.append(CountBar(title, kind, check.findings, check.findings / most))
    return tuple(bars)


def bin_scores(scores: Sequence[float]) -> Histogram | None:
    """Scores in bins with round edges; None for fewer than `FEWEST`, or where all are the same."""
    finite = [score for score in scores if math.isfinite(score)]
    if len(finite) < FEWEST or len(set(finite)) == 1:
        return None
    lowest, highest = min(finite), max(finite)
    raw = (highest - lowest) / BINS
    if raw <= 1 and all(score == int(score) for score in finite):  # a bin for each number, around it
        each = range(int(lowest), int(highest) + 1)
        return Histogram(low=lowest - 0.5, high=highest + 0.5, counts=tuple(map(finite.count, each)))
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.floor(lowest / step + 1e-9)
    last = max(math.ceil(highest / step - 1e-9), first + 1)
    counts = [0] * (last - first)
    for score in finite:
        counts[min(len(counts) - 1, max(0, math.floor(score / step + 1e-9) - first))] += 1
    return Histogram(low=round(first * step, 12), high=round(last * step, 12), counts=tuple(counts))


def plot_scores(histogram: Histogram) -> ScorePlot:
    """Bars over the axis of the scores."""
    left, right, most = _SIDE, WIDTH - _SIDE, max(histogram.counts)
    span, wide = histogram.high - histogram.low, (right - left) / len(histogram.counts)
    step = span / len(histogram.counts)
    bars = []
    for place, count in enumerate(histogram.counts):
        tall = count / most * (_BOTTOM - _TOP)
        low = histogram.low + place * step
        shown = f"{low:.4g} – {low + step:.4g}"
        bars.append(ScoreBar(left + place * wide + 1, _BOTTOM - tall, wide - 2, tall, count, shown))
    values = round_ticks(histogram.low, histogram.high, 6)
    if step == 1:  # a bin for each number
        values = [value for value in values if value == int(value)]
    ticks = tuple(
        Tick(left + (value - histogram.low) / span * (right - left), f"{value:g}") for value in values
    )
    return ScorePlot(_BOTTOM + 46, _BOTTOM, left, right, tuple(bars), ticks, most)

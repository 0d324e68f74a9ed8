"""Geometry of the report's figures: numbers in, coordinates out. The template draws and escapes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.gate.paired import Comparison
from tasks.report.data import LossPoint

WIDTH = 640
"""User units of every figure; the page scales it."""


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Bar:
    """A point estimate with its bounds on the horizontal axis, or the point alone."""

    label: str
    y: float
    x: float
    low: float | None
    high: float | None
    kind: str
    text: str


@dataclass(frozen=True)
class IntervalPlot:
    height: float
    left: float
    right: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Line:
    """A polyline, with the text and height of its last point."""

    kind: str
    points: str
    end_x: float
    end_y: float
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class LossPlot:
    height: float
    left: float
    right: float
    bottom: float
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    best_x: float | None


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` values 1, 2 or 5 times a power of ten apart, from within [low, high].

    Raises:
        ValueError: `low` is not below `high`.
    """
    if not low < high:
        raise ValueError(f"ticks need low < high, got {low} and {high}")
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def plot_intervals(comparisons: Sequence[Comparison]) -> IntervalPlot | None:
    """Means of base, champion and candidate with their bounds, one row each; None without comparisons."""
    rows = [(c.reference, c.reference_mean) for c in comparisons]
    rows += [("candidate", c.candidate_mean) for c in comparisons[:1]]
    if not rows:
        return None
    ends = [bound for _, i in rows for bound in (i.lower, i.value, i.upper) if bound is not None]
    low, high = _padded(min(ends), max(ends))
    left, right, row_height = 110.0, WIDTH - 70.0, 34.0

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    bars = tuple(
        Bar(
            label=name,
            y=20 + index * row_height,
            x=x(interval.value),
            low=None if interval.lower is None else x(interval.lower),
            high=None if interval.upper is None else x(interval.upper),
            kind=name,
            text=f"{interval.value:.3f}",
        )
        for index, (name, interval) in enumerate(rows)
    )
    ticks = tuple(Tick(x(value), f"{value:g}") for value in round_ticks(low, high))
    return IntervalPlot(len(rows) * row_height + 36, left, right, bars, ticks)


def plot_losses(curve: Sequence[LossPoint], best_step: int | None) -> LossPlot | None:
    """Training and validation loss over optimizer steps; None with fewer than two finite points."""
    series = {
        kind: [(p.step, v) for p in curve if (v := getattr(p, kind)) is not None and math.isfinite(v)]
        for kind in ("train", "validation")
    }
    points = [point for line in series.values() for point in line]
    if len(points) < 2:
        return None
    steps, losses = zip(*points, strict=True)
    last = max(*steps, 1)
    low, high = _padded(min(losses), max(losses))
    left, right, top, bottom = 46.0, WIDTH - 104.0, 12.0, 190.0

    def x(step: float) -> float:
        return left + step / last * (right - left)

    def y(loss: float) -> float:
        return bottom - (loss - low) / (high - low) * (bottom - top)

    lines = tuple(
        Line(
            kind=kind,
            points=" ".join(f"{x(step):.1f},{y(loss):.1f}" for step, loss in line),
            end_x=x(line[-1][0]),
            end_y=y(line[-1][1]),
            dots=tuple((x(step), y(loss)) for step, loss in line) if kind == "validation" else (),
        )
        for kind, line in series.items()
        if line
    )
    return LossPlot(
        height=bottom + 34,
        left=left,
        right=right,
        bottom=bottom,
        lines=_spread(lines),
        x_ticks=tuple(Tick(x(value), f"{value:g}") for value in round_ticks(0, last) if value == int(value)),
        y_ticks=tuple(Tick(y(value), f"{value:g}") for value in round_ticks(low, high, 4)),
        best_x=None if best_step is None else x(best_step),
    )


def _spread(lines: tuple[Line, ...], gap: float = 14.0) -> tuple[Line, ...]:
    """Keeps the labels at the ends of two lines apart."""
    if len(lines) < 2 or abs(lines[0].end_y - lines[1].end_y) >= gap:
        return lines
    upper, lower = sorted(lines, key=lambda line: line.end_y)
    middle = (upper.end_y + lower.end_y) / 2
    return (
        _with_end(upper, middle - gap / 2),
        _with_end(lower, middle + gap / 2),
    )


def _with_end(line: Line, y: float) -> Line:
    return Line(line.kind, line.points, line.end_x, y, line.dots)


def _padded(low: float, high: float) -> tuple[float, float]:
    """The range with a margin of 6 % on both sides, or 5 % of its value around a single number."""
    margin = (high - low) * 0.06 or abs(high) * 0.05 or 0.05
    return low - margin, high + margin

"""The figure of what training sees how often: inline SVG that takes its colours from the page."""

from html import escape

from tasks.bias import BiasReport, SliceBalance
from tasks.dependence import show_name

WIDTH = 640
"""User units; the page scales the figure."""
BARS = 24
"""Slices of one dimension that are drawn: the rarest, where there are more."""
_LINE, _LEFT, _RIGHT, _NAME = 20, 220, 60, 32


def draw_balance(report: BiasReport, dimension: str) -> str:
    """Share of training of each label, language or source, with its interval; rare ones are hatched.

    Returns:
        An <svg> element, its text escaped; "" where the dimension has fewer than two values.
    """
    own = [b for b in report.balance if b.dimension == dimension]
    shown = sorted(own, key=lambda b: (b.groups, b.name))[:BARS][::-1]
    if not shown:
        return ""
    height, most = _LINE * len(shown) + 8, max(b.high for b in shown)
    title = f"Share of training by {dimension}" + (
        f", the {BARS} rarest of {len(own)}" if len(own) > BARS else ""
    )
    bars = "".join(_bar(b, 4 + _LINE * place, most) for place, b in enumerate(shown))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" fill="currentColor" '
        f'font-size="12" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{bars}</svg>'
    )


def _bar(balance: SliceBalance, y: float, most: float) -> str:
    """One line: name, bar, interval, share; a rare one is an outline, so that it shows without colour."""
    scale = (WIDTH - _LEFT - _RIGHT) / most
    name = show_name(balance.dimension, balance.name)
    short = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    look = 'fill="none" stroke="currentColor" stroke-dasharray="3 2"' if balance.rare else 'opacity="0.45"'
    low, high, middle = _LEFT + balance.low * scale, _LEFT + balance.high * scale, y + _LINE / 2 - 2
    told = f"{name}: {balance.groups:,} distinct rows, {balance.share:.2%}{', rare' if balance.rare else ''}"
    return (
        f"<g><title>{escape(told)}</title>"
        f'<text x="{_LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(short)}</text>'
        f'<rect x="{_LEFT}" y="{y + 2:.1f}" width="{balance.share * scale:.1f}" height="{_LINE - 8}" {look}/>'
        f'<path d="M{low:.1f} {middle:.1f}H{high:.1f}" stroke="currentColor"/>'
        f'<text x="{high + 6:.1f}" y="{middle + 4:.1f}">{balance.share:.1%}</text></g>'
    )

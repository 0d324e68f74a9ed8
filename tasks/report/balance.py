"""The figure of what training sees how often: inline SVG that takes its colours from the page."""

from html import escape

from tasks.bias import BiasReport, SliceBalance
from tasks.dependence import show_name
from tasks.wording import Told, join, term

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
    title = Told(f"Share of training by {dimension}", f"{term(dimension).ja}ごとの学習データの割合")
    if len(own) > BARS:
        title = join([title, Told(f"the {BARS} rarest of {len(own)}", f"少ない方から{BARS}(全{len(own)})")])
    said = escape(f"{title.en} / {title.ja}")
    bars = "".join(_bar(b, 4 + _LINE * place, most) for place, b in enumerate(shown))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{said}" fill="currentColor" '
        f'font-size="12" xmlns="http://www.w3.org/2000/svg"><title>{said}</title>{bars}</svg>'
    )


def _bar(balance: SliceBalance, y: float, most: float) -> str:
    """One line: name, bar, interval, share; a rare one is an outline, so that it shows without colour."""
    scale = (WIDTH - _LEFT - _RIGHT) / most
    shown = show_name(balance.dimension, balance.name)
    name = term(shown) if balance.dimension == "language" else Told(shown)
    look = 'fill="none" stroke="currentColor" stroke-dasharray="3 2"' if balance.rare else 'opacity="0.45"'
    low, high, middle = _LEFT + balance.low * scale, _LEFT + balance.high * scale, y + _LINE / 2 - 2
    told = (
        f"{name.en}: {balance.groups:,} distinct rows, {balance.share:.2%}{', rare' if balance.rare else ''} / "
        f"{name.say('ja')}: 異なる行 {balance.groups:,}、{balance.share:.2%}{'、少ない' if balance.rare else ''}"
    )
    return (
        f"<g><title>{escape(told)}</title>"
        f'<text x="{_LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{_label(name)}</text>'
        f'<rect x="{_LEFT}" y="{y + 2:.1f}" width="{balance.share * scale:.1f}" height="{_LINE - 8}" {look}/>'
        f'<path d="M{low:.1f} {middle:.1f}H{high:.1f}" stroke="currentColor"/>'
        f'<text x="{high + 6:.1f}" y="{middle + 4:.1f}">{balance.share:.1%}</text></g>'
    )


def _label(name: Told) -> str:
    """The text of a line, cut; in both languages where they differ."""
    short = [n if len(n) <= _NAME else n[: _NAME - 1] + "…" for n in (name.en, name.say("ja"))]
    if name.is_same:
        return escape(short[0])
    return (
        f'<tspan class="en" lang="en">{escape(short[0])}</tspan>'
        f'<tspan class="ja" lang="ja">{escape(short[1])}</tspan>'
    )

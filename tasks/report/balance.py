"""The figures of what training sees how often, and of how well it is learned: inline SVG in the page's colours."""

from bisect import bisect_right
from html import escape
from itertools import accumulate
from unicodedata import east_asian_width

from tasks.bias import BiasReport, SliceBalance, SliceScore
from tasks.dependence import show_name
from tasks.report.characters import EXCERPT, show_characters
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
    return _figure(title, height, "".join(_bar(b, 4 + _LINE * place, most) for place, b in enumerate(shown)))


def draw_slices(report: BiasReport) -> str:
    """Score of each slice that the report names, with its interval; the line is the score of all rows.

    Returns:
        As `draw_balance`; "" without scores.
    """
    if report.score is None or not report.slices:
        return ""
    shown, scale = report.slices[:BARS], WIDTH - _LEFT - _RIGHT
    height = _LINE * len(shown) + 20
    measure = name_score(report)
    title = Told(
        f"{measure.en} by slice, the worst first; all rows {report.score:.1%}",
        f"部分ごとの{measure.ja}(低い順)、全体では{report.score:.1%}",
    )
    dots = "".join(_dot(s, 4 + _LINE * place, scale, measure) for place, s in enumerate(shown))
    all_rows = _LEFT + report.score * scale
    line = (
        f'<path d="M{all_rows:.1f} 2V{height - 14}" stroke="currentColor" stroke-dasharray="2 3" opacity="0.6"/>'
        f'<text x="{all_rows:.1f}" y="{height - 3}" text-anchor="middle">{report.score:.1%}</text>'
    )
    return _figure(title, height, dots + line)


def name_score(report: BiasReport) -> Told:
    """What the score of a slice is called."""
    if report.measured == "answer":
        return Told("Share of answers not in doubt", "疑わしくない答えの割合")
    return Told("Out-of-fold score", "交差検証の正解率")


def _figure(title: Told, height: int, drawn: str) -> str:
    said = _both(title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{said}" fill="currentColor" '
        f'font-size="12" xmlns="http://www.w3.org/2000/svg"><title>{said}</title>{drawn}</svg>'
    )


def _both(told: Told) -> str:
    """A sentence in both languages for an attribute or a title, escaped, invisible characters shown."""
    return escape(show_characters(f"{told.en} / {told.say('ja')}", 2 * EXCERPT))


def _name(name: Told, middle: float) -> str:
    """A slice's name left of its line, cut, invisible characters shown; in both languages where they differ."""
    short = [escape(show_characters(_cut(said))) for said in (name.en, name.say("ja"))]
    shown = short[0]
    if not name.is_same:
        shown = (
            f'<tspan class="en" lang="en">{short[0]}</tspan><tspan class="ja" lang="ja">{short[1]}</tspan>'
        )
    return f'<text x="{_LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{shown}</text>'


def _cut(said: str) -> str:
    """As much as the figure has room for: a full-width character takes as much as two others."""
    widths = list(accumulate(2 if east_asian_width(character) in "WF" else 1 for character in said))
    if not widths or widths[-1] <= _NAME:
        return said
    return said[: bisect_right(widths, _NAME - 1)] + "…"


def _dot(found: SliceScore, y: float, scale: float, measure: Told) -> str:
    """One line: name, interval, score; a worse one is hollow, so that it shows without colour."""
    low, high, at = (_LEFT + value * scale for value in (found.low, found.high, found.score))
    middle = y + _LINE / 2 - 2
    look = 'fill="none" stroke="currentColor" stroke-width="1.5"' if found.worse else ""
    told = Told(
        f"{found.name.en}: {measure.en} {found.score:.1%}, {found.groups:,} distinct rows"
        f"{', worse' if found.worse else ''}",
        f"{found.name.say('ja')}: {measure.say('ja')}{found.score:.1%}、異なる行 {found.groups:,}"
        f"{'、低い' if found.worse else ''}",
    )
    ends = (
        f"M{low:.1f} {middle:.1f}H{at - 4:.1f}M{at + 4:.1f} {middle:.1f}H{high:.1f}"
        if found.worse
        else f"M{low:.1f} {middle:.1f}H{high:.1f}"
    )
    return (
        f"<g><title>{_both(told)}</title>{_name(found.name, middle)}"
        f'<path d="{ends}" stroke="currentColor"/><circle cx="{at:.1f}" cy="{middle:.1f}" r="4" {look}/>'
        f'<text x="{WIDTH - _RIGHT + 6}" y="{middle + 4:.1f}">{found.score:.1%}</text></g>'
    )


def _bar(balance: SliceBalance, y: float, most: float) -> str:
    """One line: name, bar, interval, share; a rare one is an outline, so that it shows without colour."""
    scale = (WIDTH - _LEFT - _RIGHT) / most
    name = show_name(balance.dimension, balance.name)
    look = 'fill="none" stroke="currentColor" stroke-dasharray="3 2"' if balance.rare else 'opacity="0.45"'
    low, high, middle = _LEFT + balance.low * scale, _LEFT + balance.high * scale, y + _LINE / 2 - 2
    told = Told(
        f"{name.en}: {balance.groups:,} distinct rows, {balance.share:.2%}{', rare' if balance.rare else ''}",
        f"{name.say('ja')}: 異なる行 {balance.groups:,}、{balance.share:.2%}{'、少ない' if balance.rare else ''}",
    )
    return (
        f"<g><title>{_both(told)}</title>{_name(name, middle)}"
        f'<rect x="{_LEFT}" y="{y + 2:.1f}" width="{balance.share * scale:.1f}" height="{_LINE - 8}" {look}/>'
        f'<path d="M{low:.1f} {middle:.1f}H{high:.1f}" stroke="currentColor"/>'
        f'<text x="{high + 6:.1f}" y="{middle + 4:.1f}">{balance.share:.1%}</text></g>'
    )

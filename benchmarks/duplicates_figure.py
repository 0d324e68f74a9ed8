"""The figure of `benchmarks.duplicates`: recall by share of edited tokens, one panel a language, one line a tool."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, PANEL, LEFT, TOP, BOTTOM = 720, 250, 50, 34, 190
COLOURS = ("#c2410c", "#1d4ed8", "#0f766e", "#7c3aed", "#64748b", "#a16207")
"""Legible on white and on dark grey."""


def draw_recall(panels: Mapping[str, Mapping[str, Sequence[float]]], kinds: Sequence[str]) -> str:
    """An SVG image.

    Args:
        panels: title -> tool -> recall (0-1) for each of `kinds`.
        kinds: names along the horizontal axis.
    """
    tools = list(dict.fromkeys(tool for panel in panels.values() for tool in panel))
    height = BOTTOM + 44 + 18 * len(tools)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" fill="#6b7280">'
    ]
    for number, (title, panel) in enumerate(panels.items()):
        left = LEFT + number * (PANEL + 90)
        parts += _axes(title, kinds, left)
        for tool, recall in panel.items():
            parts.append(_line(recall, left, COLOURS[tools.index(tool) % len(COLOURS)]))
    for number, tool in enumerate(tools):
        y = BOTTOM + 48 + 18 * number
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{LEFT}" y="{y - 6}" width="18" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 26}" y="{y}">{escape(tool)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _axes(title: str, kinds: Sequence[str], left: int) -> list[str]:
    parts = [f'<text x="{left}" y="18" font-weight="bold">{escape(title)}</text>']
    for share in (0.0, 0.5, 1.0):
        y = _height(share)
        parts.append(f'<line x1="{left}" x2="{left + PANEL}" y1="{y}" y2="{y}" stroke="#9ca3af55"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>')
    for place, kind in enumerate(kinds):
        x = left + place * PANEL / (len(kinds) - 1)
        parts.append(f'<text x="{x:.0f}" y="{BOTTOM + 18}" text-anchor="middle">{escape(kind)}</text>')
    return parts


def _line(recall: Sequence[float], left: int, colour: str) -> str:
    step = PANEL / (len(recall) - 1)
    points = [(left + place * step, _height(value)) for place, value in enumerate(recall)]
    path = " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def _height(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)

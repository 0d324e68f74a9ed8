"""Geometry of the figure that shows where the rows went: sources on the left, what became of them on the right."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tasks.records import Disposition
from tasks.report.data import RowPath
from tasks.report.figures import WIDTH
from tasks.wording import Told, join, term, title_of

MAX_NODES = 10
"""Nodes of a side; the smallest beyond are put together."""
REST = "others"
_LEFT, _RIGHT, _NODE = 195.0, WIDTH - 250.0, 9.0
_GAP, _LABEL, _TALL = 5.0, 17.0, 200.0
"""Heights: between nodes, of a label, of all rows together."""
_ORDER = (Disposition.KEEP, Disposition.EDIT, Disposition.QUARANTINE, Disposition.DROP)

_SETTLED = {"keep": "kept", "edit": "edited", "quarantine": "quarantined", "drop": "dropped"}
Key = tuple[int, str]
"""Place of the disposition in `_ORDER` (0 for sources), and label."""


@dataclass(frozen=True)
class Node:
    label: Told
    rows: int
    kind: str
    """Disposition; of sources, that of kept rows."""
    y: float
    height: float


@dataclass(frozen=True)
class Ribbon:
    kind: str
    path: str
    title: Told


@dataclass(frozen=True)
class FlowPlot:
    height: float
    left: float
    right: float
    node: float
    sources: tuple[Node, ...]
    ends: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]


def plot_flow(paths: Sequence[RowPath]) -> FlowPlot | None:
    """A Sankey diagram, its widths in proportion to rows; None without rows.

    Each row ends at its disposition and, if it was not simply kept, at the check that decided about it.
    """
    counts: Counter[tuple[Key, Key]] = Counter()
    for path in paths:
        counts[(0, path.source), (_ORDER.index(path.disposition), path.check)] += path.rows
    counts = _join_small(_join_small(counts, 0), 1)
    total = counts.total()
    if not total:
        return None
    names = (_name_source, _name_end)
    left, right = (_stack(_sums(counts, side), _TALL / total, names[side]) for side in (0, 1))
    height = max(node.y + node.height for node in (*left.values(), *right.values())) + _LABEL / 2
    ribbons = _ribbons(counts, left, right, _TALL / total)
    return FlowPlot(height, _LEFT, _RIGHT, _NODE, tuple(left.values()), tuple(right.values()), ribbons)


def _sums(counts: Mapping[tuple[Key, Key], int], side: int) -> Counter[Key]:
    sums: Counter[Key] = Counter()
    for pair, rows in counts.items():
        sums[pair[side]] += rows
    return sums


def _join_small(counts: Counter[tuple[Key, Key]], side: int) -> Counter[tuple[Key, Key]]:
    """Puts the smallest nodes of a side into one for their disposition."""
    small = {key for key, _ in _sums(counts, side).most_common()[MAX_NODES - 1 :]}
    if len(small) < 2:
        return counts
    joined: Counter[tuple[Key, Key]] = Counter()
    for pair, rows in counts.items():
        ends = [(key[0], REST) if i == side and key in small else key for i, key in enumerate(pair)]
        joined[ends[0], ends[1]] += rows
    return joined


def _name_source(key: Key) -> Told:
    return Told("others", "その他") if key[1] == REST else Told(key[1])


def _name_end(key: Key) -> Told:
    if key[1] == REST:
        return Told("others", "その他")
    return title_of(key[1]) if key[1] else term(_SETTLED[_ORDER[key[0]].value])


def _stack(sums: Counter[Key], scale: float, name: Callable[[Key], Told]) -> dict[Key, Node]:
    """Nodes from top to bottom by disposition, then by size; each at least as far apart as labels need."""
    nodes, y = {}, 0.0
    for key, rows in sorted(sums.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        kind = _ORDER[key[0]].value
        height = max(1.0, rows * scale)
        slot = max(height, _LABEL)
        nodes[key] = Node(name(key), rows, kind, y + (slot - height) / 2, height)
        y += slot + _GAP
    return nodes


def _ribbons(
    counts: Counter[tuple[Key, Key]], left: dict[Key, Node], right: dict[Key, Node], scale: float
) -> tuple[Ribbon, ...]:
    """One for each pair of nodes, laid out so that those of a node do not cross at its edge."""
    at: dict[tuple[int, Key], float] = {}
    begin, end = _LEFT + _NODE, _RIGHT
    middle = (begin + end) / 2
    drawn = []
    orders = [{key: place for place, key in enumerate(side)} for side in (left, right)]
    for (source, target), rows in sorted(
        counts.items(), key=lambda item: (orders[0][item[0][0]], orders[1][item[0][1]])
    ):
        width = rows * scale
        tops = []
        for side, (key, node) in enumerate(((source, left[source]), (target, right[target]))):
            tops.append(node.y + at.get((side, key), 0.0))
            at[side, key] = at.get((side, key), 0.0) + width
        a, b = tops
        path = (
            f"M{begin:.1f},{a:.1f}C{middle:.1f},{a:.1f} {middle:.1f},{b:.1f} {end:.1f},{b:.1f}"
            f"V{b + width:.1f}C{middle:.1f},{b + width:.1f} {middle:.1f},{a + width:.1f} {begin:.1f},{a + width:.1f}Z"
        )
        title = join([left[source].label, right[target].label], " → ", " → ")
        drawn.append(Ribbon(right[target].kind, path, join([title, Told(f"{rows:,}")], ": ", ": ")))
    return tuple(drawn)

"""The run in the terminal: the same facts as the report, in one screen."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tasks.gate.gates import Verdict
from tasks.records import Disposition
from tasks.report.characters import show_characters
from tasks.report.data import CameIn, CheckSummary, DecisionEffect, ReportData, RowFlow
from tasks.report.headlines import headline, where_to_look
from tasks.report.page import show_value

COLOURS = {"PASS": "green", "FAIL": "red", "STOPPED": "red", "INCONCLUSIVE": "yellow", "DONE": "yellow"}


def closing_table(data: ReportData) -> RenderableType:
    """What `seimai run` prints last: rows by reason, scores with bounds, gates, where to look next.

    Text from the data is shown as plain `Text`, never as rich markup.
    """
    word, sentence = headline(data)
    head = Text.assemble(
        (f" {word} ", f"bold reverse {COLOURS[word]}"), " ", show_characters(sentence.en, 2000)
    )
    parts: list[RenderableType] = [head]
    if data.stopped_at:
        parts.append(Text(f"stopped at: {show_characters(data.stopped_at)}", style="dim"))
    if data.came_in:
        parts += ["", _came_in(data.came_in, data.unread_lines), "", _checks(data.checks)]
    if data.flow:
        parts += ["", _rows(data.flow, data.decisions)]
    if data.verdict:
        parts += ["", _scores(data.verdict), "", _gates(data.verdict)]
    steps = where_to_look(data)
    if steps:
        parts.append(Text("\nWhere to look next", style="bold"))
        parts += [
            Text(f"  {number}. {show_characters(step.en, 1000)}") for number, step in enumerate(steps, 1)
        ]
    return Group(*parts)


def _came_in(came_in: CameIn, unread_lines: int) -> Table:
    table = _table("came in", "")
    table.add_row("files", f"{came_in.files:,}")
    table.add_row("samples", f"{came_in.samples:,}")
    for source, samples in came_in.sources.items():
        table.add_row(Text(f"  {show_characters(source)}", style="dim"), Text(f"{samples:,}", style="dim"))
    table.add_row("lines that became none", f"{unread_lines:,}")
    return table


def _checks(checks: Sequence[CheckSummary]) -> Table:
    """What was said until the line stopped, most findings first."""
    table = _table("check", "findings", "samples")
    for check in sorted(checks, key=lambda c: -c.findings):
        table.add_row(Text(f"{check.stage}: {check.check}"), f"{check.findings:,}", f"{check.samples:,}")
    return table


def _rows(flow: RowFlow, decisions: DecisionEffect | None) -> Table:
    table = _table("rows", "")
    table.add_row("in", f"{flow.rows_in:,}")
    table.add_row("kept", f"{flow.kept:,}")
    ways = {
        Disposition.EDIT: ("edited", flow.edited),
        Disposition.QUARANTINE: ("quarantined", flow.quarantined),
        Disposition.DROP: ("dropped", flow.dropped),
    }
    for disposition, (name, rows) in ways.items():
        table.add_row(name, f"{rows:,}")
        reasons = [reason for reason in flow.reasons if reason.disposition is disposition]
        for reason in sorted(reasons, key=lambda r: -r.rows):
            table.add_row(Text(f"  {reason.check}", style="dim"), Text(f"{reason.rows:,}", style="dim"))
    table.add_row("polishing ratio", f"{flow.polishing_ratio:.1%}")
    if decisions:
        table.add_row("rescued by stewards", f"{decisions.rescued:,}")
    return table


def _scores(verdict: Verdict) -> Table:
    table = _table(
        f"{verdict.metric}", "reference", "candidate", f"difference ({verdict.confidence:.0%} bounds)"
    )
    for row in (*verdict.comparisons, *verdict.by_leak, *verdict.by_language):
        part = row.language or row.subset
        name = f"{row.reference} → candidate" + (f", {part}" if part else "")
        difference = row.difference
        bounds = [
            show_value(bound, row.metric, signed=True) for bound in (difference.lower, difference.upper)
        ]
        table.add_row(
            Text(name),
            show_value(row.reference_mean.value, row.metric),
            show_value(row.candidate_mean.value, row.metric),
            f"{show_value(difference.value, row.metric, signed=True)}  ({bounds[0]} to {bounds[1]})",
        )
    return table


def _gates(verdict: Verdict) -> Table:
    table = _table("gate", "outcome", "items", "items needed")
    for gate in verdict.gates:
        table.add_row(
            gate.name.replace("_", "-"),
            Text(gate.outcome.value, style=COLOURS[gate.outcome.value]),
            f"{gate.items:,}",
            f"{gate.items_needed:,}" if gate.items_needed else "–",
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table

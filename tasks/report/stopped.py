"""What a run that was stopped before its snapshot has to tell: what came in, what was lost, what was said of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tasks.judge import JudgementRefs
from tasks.privacy.masking import Masker, values_told
from tasks.recipe import Recipe
from tasks.records import DISPOSITION, FINDING, SAMPLE, Disposition, TableRef
from tasks.report.checks import count_unread, example_of, list_lost, summarise_checks
from tasks.report.data import CameIn, Lost, ReportData, RowFlow, RowPath
from tasks.report.hearing import Hearing
from tasks.snapshot import count_reasons
from tasks.storage import Workspace
from tasks.wording import Told, tell_reason

SHOWN_LOST = 5
"""Ways in which lines became no sample that the report names."""


def tell_stopped(workspace: Workspace, recipe: Recipe, said: Hearing) -> dict[str, Any]:
    """The parts of `ReportData` that were known when the line stopped; those in lost files are left out."""
    if said.samples is None or not workspace.holds(said.samples):
        return {}
    held = [workspace.read_table(ref) for ref in said.findings if workspace.holds(ref)]
    findings = pa.concat_tables([FINDING.empty_table(), *held])
    samples = workspace.read_table(said.samples).select(SAMPLE.names)
    values = values_told(findings, samples)
    lost = _lost(findings, samples)
    return {
        "came_in": _count_in(workspace, recipe, said.documents, samples, lost),
        "checks": summarise_checks(findings, [samples], recipe, values),
        "flow": _flow(workspace, samples, said.judgement),
        **count_unread(lost),
    }


def name_cause(message: Told, data: ReportData) -> Told:
    """Why a run was stopped, with what most lines were lost to where more were lost than became samples."""
    came_in = data.came_in
    lost = data.unread_files + data.unread_lines
    if came_in is None or not came_in.lost or lost <= came_in.samples:
        return message
    worst = came_in.lost[0]
    reason = tell_reason(dict(worst.example, check=worst.check))
    where = worst.example.where
    return Told(
        f"{message.en}\n{came_in.samples:,} samples came in, and {lost:,} lines or files became none. Most often "
        f"({worst.times:,} of {lost:,}): {reason.en} ({worst.check}), as in {where}",
        f"{message.say('ja')}\n入ったサンプルは{came_in.samples:,}件で、{lost:,}の行・ファイルがサンプルになりませんでした。"
        f"最も多い理由({lost:,}のうち{worst.times:,}): {reason.say('ja')}({worst.check})。例: {where}",
    )


def flow_of(samples: pa.Table, dispositions: pa.Table) -> RowFlow:
    """Where rows went.

    Args:
        samples: N rows with a `source`.
        dispositions: of the schema DISPOSITION, of the same rows in the same order.
    """
    counts = Counter(dispositions["disposition"].to_pylist())
    return RowFlow(
        rows_in=len(samples),
        kept=counts[Disposition.KEEP],
        edited=counts[Disposition.EDIT],
        quarantined=counts[Disposition.QUARANTINE],
        dropped=counts[Disposition.DROP],
        reasons=tuple(r for r in count_reasons(dispositions) if r.disposition is not Disposition.KEEP),
        paths=paths_of(dispositions.append_column("source", samples["source"])),
    )


def paths_of(*tables: pa.Table) -> tuple[RowPath, ...]:
    """Where the rows of each source went; a source is named by the end of its path.

    Args:
        tables: with `source`, `disposition` and, where something settled it, `check`.
    """
    ways: Counter[tuple[str, str, str]] = Counter()
    for table in tables:
        checks = table["check"].to_pylist() if "check" in table.column_names else [""] * len(table)
        ways.update(zip(table["source"].to_pylist(), table["disposition"].to_pylist(), checks, strict=True))
    return tuple(
        RowPath(source=short_name(source), disposition=Disposition(disposition), check=check or "", rows=rows)
        for (source, disposition, check), rows in ways.most_common()
    )


def short_name(source: str) -> str:
    """The end of a source's path."""
    return source.rstrip("/").rpartition("/")[2] or source


def _count_in(
    workspace: Workspace,
    recipe: Recipe,
    documents: TableRef | None,
    samples: pa.Table,
    lost: Sequence[Mapping[str, Any]],
) -> CameIn:
    masker = Masker(recipe.privacy)
    by_source = Counter({short_name(source.shown_path): 0 for source in recipe.sources})
    by_source.update(map(short_name, samples["source"].to_pylist()))
    files = workspace.read_table(documents) if documents and workspace.holds(documents) else None
    ways: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for finding in lost:
        ways[finding["check"], finding["reason"]].append(finding)
    worst = sorted(ways.items(), key=lambda way: -len(way[1]))[:SHOWN_LOST]
    return CameIn(
        files=len(files) if files is not None else 0,
        samples=len(samples),
        sources=dict(by_source),
        languages=dict(Counter(samples["language"].to_pylist())),
        lost=tuple(
            Lost(check=check, times=len(found), example=example_of(found[0], {}, masker))
            for (check, _), found in worst
        ),
    )


def _lost(findings: pa.Table, samples: pa.Table) -> list[dict[str, Any]]:
    """Findings about lines and files of which there is no sample."""
    places = set(zip(samples["uri"].to_pylist(), samples["line"].to_pylist(), strict=True))
    places |= {(uri, None) for uri, _ in places}
    return [f for f in list_lost(findings) if (f["uri"], f["line"]) not in places]


def _flow(workspace: Workspace, samples: pa.Table, judgement: JudgementRefs | None) -> RowFlow | None:
    if judgement is None or not workspace.holds(judgement.dispositions):
        return None
    return flow_of(samples, workspace.read_table(judgement.dispositions).select(DISPOSITION.names))

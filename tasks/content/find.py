"""The witness of hostile and unfit text: six checks over the same samples, one finding for each check and sample.

`hidden_text`, `prompt_injection`, `steering`, `toxic` look at one text; `burst` and `trigger_phrase` at all of them.
"""

import json
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks import content, duplicates, findings, text
from tasks.content.burst import find_bursts
from tasks.content.hidden import LOOK, Revealed, reveal
from tasks.content.injection import find_injections
from tasks.content.passages import Passages, read_passages
from tasks.content.phrases import Hit
from tasks.content.steering import find_steering
from tasks.content.toxic import Abuse, find_abuse
from tasks.content.trigger import find_triggers
from tasks.findings import Columns, about_sample, excerpt, read_columns
from tasks.ingest import hygiene
from tasks.recipe import ContentSettings
from tasks.records import FINDING, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace

STAGE = "content"
SHOWN = 5
"""Members of a flood that evidence points at."""
_ORDER = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_MILD = ("address", "role_heading")
"""Kinds of injection that people write too: a warning at most."""
Row = dict[str, Any]


def find_content(
    samples: pa.Table, pairs: pa.Table, settings: ContentSettings, read: pa.Table | None = None
) -> pa.Table:
    """What is hostile or unfit to learn from in N samples of the schema SAMPLE.

    Args:
        pairs: `tasks.duplicates.pairs.PAIR`, of the samples.
        read: findings of ingest, which takes most hidden characters out and says so by file and line.
    """
    if len(samples) == 0:
        return FINDING.empty_table()
    columns, passages = read_columns(samples), read_passages(samples)
    rows = [
        *_tell_hidden(columns, passages, _taken_out(columns, read)),
        *_tell_injections(columns, passages),
        *_tell_steering(columns, passages),
        *_tell_abuse(columns, passages),
        *_tell_bursts(samples, columns, pairs, settings),
        *_tell_triggers(samples, columns, settings),
    ]
    return build_table(rows, FINDING)


def _taken_out(columns: Columns, read: pa.Table | None) -> dict[int, list[dict[str, Any]]]:
    """Index of a sample -> what reading its line found hidden."""
    if read is None:
        return {}
    told = read.filter(pc.equal(read["check"], "hidden_text")).to_pylist()
    hidden = {(one["uri"], one["line"]): json.loads(one["evidence"])["hidden"] for one in told}
    places = zip(columns["uri"], columns["line"], strict=True)
    return {index: hidden[place] for index, place in enumerate(places) if place in hidden} if hidden else {}


def _tell_hidden(columns: Columns, passages: Passages, gone: dict[int, list[dict[str, Any]]]) -> list[Row]:
    looks: dict[int, dict[str, Revealed]] = defaultdict(dict)
    odd = pc.match_substring_regex(passages.texts, LOOK).to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(odd).tolist():
        found = reveal(passages.texts[at].as_py())
        if found.hidden:
            looks[int(passages.rows[at])].setdefault(str(passages.fields[at]), found)
    rows = []
    for index in sorted(looks.keys() | gone.keys()):
        own = looks.get(index, {})
        hidden = [{"field": f, **one._asdict()} for f, found in own.items() for one in found.hidden]
        hidden += [{"field": "source", **one} for one in gone.get(index, [])]
        says = [one["says"] for one in hidden if one["says"]]
        told = ", ".join(f"{one['characters']} {one['kind']}" for one in hidden)
        safe = not says and all(found.safe for found in own.values()) and "earlier_turn" not in own
        edit = {field: found.cleaned for field, found in own.items()}
        rows.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="hidden_text",
                severity=Severity.CRITICAL if says else Severity.WARNING,
                score=float(sum(one["characters"] for one in hidden)),
                threshold=1.0,
                reason=f"hides characters: {told}" + (f"; they spell {says[0]!r}" if says else ""),
                evidence={"hidden": hidden},
                suggestion={"action": "edit", **edit}
                if safe and edit and columns["spans"][index] is None
                else None,
            )
        )
    return rows


def _tell_injections(columns: Columns, passages: Passages) -> list[Row]:
    sources = [columns["source"][row] or "" for row in passages.rows.tolist()]
    graded = [
        (hit, _grade_injection(hit, usual), {"format": usual})
        for hit, usual in find_injections(passages, sources)
    ]
    return _tell_phrases(columns, passages, graded, "prompt_injection", "orders the model about")


def _grade_injection(hit: Hit, usual: bool) -> Severity:
    """A phrase that is quoted and discussed is noted, one of both a warning; so is what people write too."""
    if usual or (hit.quoted and hit.discussed):
        return Severity.INFO
    return Severity.WARNING if hit.quoted or hit.discussed or hit.kind in _MILD else Severity.CRITICAL


def _tell_steering(columns: Columns, passages: Passages) -> list[Row]:
    graded = []
    for hit in find_steering(passages):
        row = int(passages.rows[hit.passage])
        answer = (
            passages.fields[hit.passage] == "target" and columns["task"][row] == Task.TEXT_GENERATION.value
        )
        loud = Severity.CRITICAL if answer or hit.discussed else Severity.WARNING
        graded.append((hit, Severity.INFO if hit.quoted else loud, {"answer": bool(answer)}))
    return _tell_phrases(columns, passages, graded, "steering", "steers what is to be preferred")


def _tell_phrases(
    columns: Columns,
    passages: Passages,
    graded: list[tuple[Hit, Severity, dict[str, Any]]],
    check: str,
    what: str,
) -> list[Row]:
    """One finding a sample, as grave as its gravest phrase."""
    by_row: dict[int, list[tuple[Severity, dict[str, Any]]]] = defaultdict(list)
    for hit, severity, more in graded:
        told = {k: v for k, v in hit._asdict().items() if k != "passage"}
        field = {"field": str(passages.fields[hit.passage])}
        by_row[int(passages.rows[hit.passage])].append((severity, field | told | more))
    rows = []
    for index, found in sorted(by_row.items()):
        found.sort(key=lambda one: -_ORDER.index(one[0]))
        severity, first = found[0]
        rows.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check=check,
                severity=severity,
                score=float(len(found)),
                threshold=1.0,
                reason=f"{what} ({first['kind']}): {first['phrase']!r}"
                + (", quoted" if first["quoted"] else ""),
                evidence={"phrases": [phrase for _, phrase in found]},
            )
        )
    return rows


def _tell_abuse(columns: Columns, passages: Passages) -> list[Row]:
    by_row: dict[int, list[tuple[Severity, str, Abuse]]] = defaultdict(list)
    for at, abuse in find_abuse(passages):
        row, field = int(passages.rows[at]), str(passages.fields[at])
        severity = _grade_abuse(abuse.grade, field, columns["task"][row])
        if severity is not None:
            by_row[row].append((severity, field, abuse))
    rows = []
    for index, found in sorted(by_row.items()):
        found.sort(key=lambda one: (-_ORDER.index(one[0]), -one[2].score))
        severity, field, worst = found[0]
        rows.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="toxic",
                severity=severity,
                score=worst.score,
                threshold=1.0,
                reason=f"abusive words in {field}: {', '.join(worst.categories)} (grade {worst.grade} of 3)",
                evidence={"texts": [{"field": f, **abuse._asdict()} for _, f, abuse in found]},
            )
        )
    return rows


def _grade_abuse(grade: int, field: str, task: str) -> Severity | None:
    """What is read may be rude, and rudeness is part of support; what is to be written may not."""
    if field != "target":
        return {3: Severity.WARNING, 2: Severity.INFO}.get(grade)
    if grade == 1:
        return Severity.INFO
    return Severity.CRITICAL if grade == 3 or task == Task.TEXT_GENERATION else Severity.WARNING


def _tell_bursts(
    samples: pa.Table, columns: Columns, pairs: pa.Table, settings: ContentSettings
) -> list[Row]:
    rows = []
    for burst in find_bursts(samples, columns, pairs, settings):
        when = f" from {burst.first} to {burst.last}" if burst.first else ""
        others = [columns["row"][i] for i in burst.members[:SHOWN].tolist()]
        told = {
            "samples": len(burst.members),
            "texts": burst.variants,
            "source": burst.source,
            "first": burst.first,
            "last": burst.last,
            "usual": burst.usual,
            "rows": others,
        }
        rows += [
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="burst",
                severity=Severity.WARNING,
                score=float(burst.variants),
                threshold=float(settings.burst_texts),
                reason=f"one of {burst.variants} nearly equal texts of {burst.source}{when}",
                evidence=told,
            )
            for index in burst.members.tolist()
        ]
    return rows


def _tell_triggers(samples: pa.Table, columns: Columns, settings: ContentSettings) -> list[Row]:
    rows = []
    for found in find_triggers(samples, settings):
        told = {
            "phrase": excerpt(found.phrase),
            "answer": excerpt(found.answer),
            "held": found.held,
            "agreeing": found.agreeing,
            "unexplained": found.unexplained,
            "usual": found.usual,
            "p_value": found.p_value,
            "judged": found.judged,
        }
        rows += [
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="trigger_phrase",
                severity=Severity.WARNING,
                score=found.p_value,
                threshold=settings.significance,
                reason=f"{excerpt(found.phrase)!r} goes with {excerpt(found.answer)!r} in {found.agreeing}"
                f" of {found.held} "
                f"texts, and in {found.unexplained} of them the rest of the text speaks against it",
                evidence=told,
            )
            for index in found.rows.tolist()
        ]
    return rows


@stage("content", content, duplicates, findings, hygiene, text)
def find_content_stage(
    workspace: Workspace, samples: TableRef, pairs: TableRef, settings: ContentSettings, read: TableRef
) -> TableRef:
    """Thin task over `find_content`, on the grouped samples of the duplicates stage."""
    tables = (workspace.read_table(samples), workspace.read_table(pairs))
    found = find_content(*tables, settings, workspace.read_table(read))
    return workspace.write_table(found, "findings-content")

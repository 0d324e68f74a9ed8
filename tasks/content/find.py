"""The witness of hostile and unfit text: six checks over the same samples, one finding for each check and sample.

`hidden_text`, `prompt_injection`, `steering`, `toxic` look at one text; `burst` and `trigger_phrase` at all of them.
What is seen in a sample alone is kept from run to run (`tasks.remember`); what follows from other rows, or from the
sample's place, is said anew.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks import content, duplicates, findings, records, text
from tasks.code_version import code_version
from tasks.content.burst import find_bursts
from tasks.content.hidden import LOOK, Revealed, reveal
from tasks.content.injection import MARKS, find_injections, usual_sources
from tasks.content.passages import Passages, count_passages, read_passages
from tasks.content.phrases import Hit
from tasks.content.steering import find_steering
from tasks.content.toxic import Abuse, find_abuse
from tasks.content.trigger import find_triggers
from tasks.duplicates import folding
from tasks.duplicates.pairs import row_indices
from tasks.findings import SAID, Columns, about_rows, about_sample, excerpt, read_columns
from tasks.ingest import hygiene
from tasks.recipe import ContentSettings
from tasks.records import FINDING, Severity, TableRef, Task, build_table, canonical_json
from tasks.remember import recall_findings
from tasks.stage import stage
from tasks.storage import Workspace

STAGE = "content"
SHOWN = 5
"""Members of a flood that evidence points at."""
_ORDER = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_MILD = ("address", "role_heading")
"""Kinds of injection that people write too: a warning at most."""
_READ = ("row", "sample_id", "uri", "line", "source", "owner", "date", "spans", "input", "target")
"""Columns of a sample that `weigh_content` looks at row by row."""
Row = dict[str, Any]


def find_content(
    samples: pa.Table, pairs: pa.Table, settings: ContentSettings, read: pa.Table | None = None
) -> pa.Table:
    """What is hostile or unfit to learn from in N samples of the schema SAMPLE.

    Args:
        pairs: `tasks.duplicates.pairs.PAIR`, of the samples.
        read: findings of ingest, which takes most hidden characters out and says so by file and line.
    """
    return weigh_content(samples, look_at_content(samples), pairs, settings, read)


def look_at_content(samples: pa.Table) -> pa.Table:
    """What each of N samples holds, by its content alone: findings, of which two checks are still to be weighed.

    Of `hidden_text` and `prompt_injection` the evidence is all that is said: for the first `hidden`, `edit` (field ->
    text without it) and `safe` (whether that is all that is to do), for the second `phrases` in their order.
    """
    if len(samples) == 0:
        return FINDING.empty_table()
    columns, passages = read_columns(samples), read_passages(samples)
    rows = [
        *_look_for_hidden(columns, passages),
        *_look_for_injections(columns, passages),
        *_tell_steering(columns, passages),
        *_tell_abuse(columns, passages),
    ]
    return build_table(rows, FINDING)


def weigh_content(
    samples: pa.Table,
    seen: pa.Table,
    pairs: pa.Table,
    settings: ContentSettings,
    read: pa.Table | None = None,
) -> pa.Table:
    """`find_content`, given what `look_at_content` says of the samples."""
    if len(samples) == 0:
        return FINDING.empty_table()
    columns = read_columns(samples.select(_READ))
    rows = [
        *_tell_hidden(columns, _seen(samples, seen, "hidden_text"), _taken_out(columns, read)),
        *_tell_injections(samples, columns, _seen(samples, seen, "prompt_injection")),
    ]
    told = [
        build_table(rows, FINDING),
        seen.filter(pc.equal(seen["check"], "steering")),
        seen.filter(pc.equal(seen["check"], "toxic")),
        _tell_bursts(samples, columns, pairs, settings),
        _tell_triggers(samples, settings),
    ]
    return pa.concat_tables(told).combine_chunks()


def _seen(samples: pa.Table, seen: pa.Table, check: str) -> dict[int, Any]:
    """Index of a sample -> evidence of what was seen in it."""
    own = seen.filter(pc.equal(seen["check"], check))
    evidence = map(json.loads, own["evidence"].to_pylist())
    return dict(zip(row_indices(samples, own["row"]).tolist(), evidence, strict=True))


def _taken_out(columns: Columns, read: pa.Table | None) -> dict[int, list[dict[str, Any]]]:
    """Index of a sample -> what reading its line found hidden."""
    if read is None:
        return {}
    told = read.filter(pc.equal(read["check"], "hidden_text")).to_pylist()
    hidden = {(one["uri"], one["line"]): json.loads(one["evidence"])["hidden"] for one in told}
    places = zip(columns["uri"], columns["line"], strict=True)
    return {index: hidden[place] for index, place in enumerate(places) if place in hidden} if hidden else {}


def _look_for_hidden(columns: Columns, passages: Passages) -> list[Row]:
    looks: dict[int, dict[str, Revealed]] = defaultdict(dict)
    odd = pc.match_substring_regex(passages.texts, LOOK).to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(odd).tolist():
        found = reveal(passages.texts[at].as_py())
        if found.hidden:
            looks[int(passages.rows[at])].setdefault(str(passages.fields[at]), found)
    rows = []
    for index, own in sorted(looks.items()):
        evidence = {
            "hidden": [{"field": f, **one._asdict()} for f, found in own.items() for one in found.hidden],
            "edit": {field: found.cleaned for field, found in own.items()},
            "safe": all(found.safe for found in own.values()) and "earlier_turn" not in own,
        }
        rows.append(_note(columns, index, "hidden_text", evidence))
    return rows


def _note(columns: Columns, index: int, check: str, evidence: dict[str, Any]) -> Row:
    """What was seen of a check that is still to be weighed."""
    return about_sample(
        columns, index, stage=STAGE, check=check, severity=Severity.INFO, reason="", evidence=evidence
    )


def _tell_hidden(
    columns: Columns, seen: dict[int, dict[str, Any]], gone: dict[int, list[dict[str, Any]]]
) -> list[Row]:
    rows = []
    for index in sorted(seen.keys() | gone.keys()):
        own = seen.get(index, {"hidden": [], "edit": {}, "safe": True})
        hidden = own["hidden"] + [{"field": "source", **one} for one in gone.get(index, [])]
        says = [one["says"] for one in hidden if one["says"]]
        told = ", ".join(f"{one['characters']} {one['kind']}" for one in hidden)
        edits = own["edit"] and own["safe"] and not says and columns["spans"][index] is None
        rows.append(
            about_sample(
                columns,
                index,
                stage=STAGE,
                check="hidden_text",
                severity=Severity.CRITICAL if says else Severity.WARNING,
                score=float(sum(one["characters"] for one in hidden)),
                threshold=1.0,
                reason=f"hides characters: {told}" + ("; they spell words" if says else ""),
                evidence={"hidden": hidden},
                suggestion={"action": "edit", **own["edit"]} if edits else None,
            )
        )
    return rows


def _look_for_injections(columns: Columns, passages: Passages) -> list[Row]:
    phrases: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for hit in find_injections(passages):
        phrases[int(passages.rows[hit.passage])].append(_describe(passages, hit))
    return [
        _note(columns, index, "prompt_injection", {"phrases": own}) for index, own in sorted(phrases.items())
    ]


def _tell_injections(
    samples: pa.Table, columns: Columns, seen: dict[int, dict[str, list[dict[str, Any]]]]
) -> list[Row]:
    marks: Counter[str] = Counter()
    for index, found in seen.items():
        marks[columns["source"][index] or ""] += sum(one["kind"] in MARKS for one in found["phrases"])
    usual: set[str] = set()
    if marks.total():
        texts: Counter[str] = Counter()
        for source, count in zip(columns["source"], count_passages(samples).tolist(), strict=True):
            texts[source or ""] += count
        usual = usual_sources(+marks, texts)
    graded = defaultdict(list)
    for index, found in seen.items():
        for one in found["phrases"]:
            is_format = one["kind"] in MARKS and (columns["source"][index] or "") in usual
            graded[index].append((_grade_injection(one, is_format), one | {"format": is_format}))
    return _tell_phrases(columns, graded, "prompt_injection", "orders the model about")


def _grade_injection(phrase: dict[str, Any], usual: bool) -> Severity:
    """A phrase that is quoted and discussed is noted, one of both a warning; so is what people write too."""
    quoted, discussed = phrase["quoted"], phrase["discussed"]
    if usual or (quoted and discussed):
        return Severity.INFO
    return Severity.WARNING if quoted or discussed or phrase["kind"] in _MILD else Severity.CRITICAL


def _tell_steering(columns: Columns, passages: Passages) -> list[Row]:
    graded = defaultdict(list)
    for hit in find_steering(passages):
        row = int(passages.rows[hit.passage])
        answer = (
            passages.fields[hit.passage] == "target" and columns["task"][row] == Task.TEXT_GENERATION.value
        )
        loud = Severity.CRITICAL if answer or hit.discussed else Severity.WARNING
        severity = Severity.INFO if hit.quoted else loud
        graded[row].append((severity, _describe(passages, hit) | {"answer": bool(answer)}))
    return _tell_phrases(columns, graded, "steering", "steers what is to be preferred")


def _describe(passages: Passages, hit: Hit) -> dict[str, Any]:
    told = {k: v for k, v in hit._asdict().items() if k != "passage"}
    return {"field": str(passages.fields[hit.passage])} | told


def _tell_phrases(
    columns: Columns, graded: dict[int, list[tuple[Severity, dict[str, Any]]]], check: str, what: str
) -> list[Row]:
    """One finding a sample, as grave as its gravest phrase.

    Args:
        graded: index of a sample -> its phrases.
    """
    rows = []
    for index, found in sorted(graded.items()):
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
                reason=f"{what} ({first['kind']}" + (", quoted)" if first["quoted"] else ")"),
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


def _tell_bursts(samples: pa.Table, columns: Columns, pairs: pa.Table, settings: ContentSettings) -> pa.Table:
    bursts = find_bursts(samples, columns, pairs, settings)
    said = []
    for burst in bursts:
        when = f" from {burst.first} to {burst.last}" if burst.first else ""
        told = {
            "samples": len(burst.members),
            "texts": burst.variants,
            "source": burst.source,
            "first": burst.first,
            "last": burst.last,
            "usual": burst.usual,
            "rows": [columns["row"][i] for i in burst.members[:SHOWN].tolist()],
        }
        said.append(
            {
                "check": "burst",
                "score": float(burst.variants),
                "threshold": float(settings.burst_texts),
                "reason": f"one of {burst.variants} nearly equal texts of {burst.source}{when}",
                "evidence": canonical_json(told),
            }
        )
    return _tell_members(samples, [burst.members for burst in bursts], said)


def _tell_triggers(samples: pa.Table, settings: ContentSettings) -> pa.Table:
    triggers = find_triggers(samples, settings)
    said = []
    for found in triggers:
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
        said.append(
            {
                "check": "trigger_phrase",
                "score": found.p_value,
                "threshold": settings.significance,
                "reason": f"a phrase goes with one answer in {found.agreeing} of its {found.held} texts, "
                f"and in {found.unexplained} of them the rest of the text speaks against it",
                "evidence": canonical_json(told),
            }
        )
    return _tell_members(samples, [found.rows for found in triggers], said)


def _tell_members(samples: pa.Table, members: Sequence[np.ndarray], said: Sequence[Row]) -> pa.Table:
    """A warning about each member of each group: what is said of its group."""
    rows = np.concatenate([np.empty(0, np.int64), *members])
    common = {"stage": STAGE, "severity": Severity.WARNING.value}
    groups = np.repeat(np.arange(len(said)), [len(own) for own in members])
    return about_rows(samples, rows, build_table([common | one for one in said], SAID), groups)


@stage("content", content, duplicates, findings, hygiene, text)
def find_content_stage(
    workspace: Workspace, samples: TableRef, pairs: TableRef, settings: ContentSettings, read: TableRef
) -> TableRef:
    """Thin task over `find_content`, on the grouped samples of the duplicates stage; looks at new samples only."""
    table = workspace.read_table(samples)
    version = code_version(content, folding, findings, hygiene, records, text)
    seen = recall_findings(workspace, STAGE, version, table, look_at_content)
    found = weigh_content(table, seen, workspace.read_table(pairs), settings, workspace.read_table(read))
    return workspace.write_table(found, "findings-content")

"""What is written down of leaks: findings on training rows, and on the judged rows that they give away."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.findings import Columns, about_sample, excerpt, point_at
from tasks.leakage.links import EXACT, NEAR, NGRAM, GoneHit, Hit, Leaks, Ngrams
from tasks.overlap.grams import locate_runs
from tasks.recipe import LeakageSettings
from tasks.records import Role, Severity, Task
from tasks.wording.told import Told

STAGE = "leakage"
SHOWN = 3
"""Rows that evidence quotes; all are counted."""
DROP = {"action": "drop"}
FORMER = "former_gate_item"


def tell_pairs(columns: Columns, leaks: Leaks, index: int, hits: list[Hit]) -> dict[str, Any]:
    """`exact_leak` or `near_leak` of a training row; `hits` the nearest first."""
    nearest = hits[0]
    exact = nearest.check == EXACT
    rows = [(hit, row) for hit in hits for row in leaks.judged[hit.text]]
    where = _where(columns, rows[0][1])
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check=nearest.check,
        severity=Severity.CRITICAL if exact else Severity.WARNING,
        score=nearest.score,
        threshold=nearest.required,
        reason=f"is {where}" if exact else f"nearly {where} (similarity {nearest.score:.2f})",
        evidence={
            "evaluation": [
                point_at(columns, row, index) | {"jaccard": hit.score} for hit, row in rows[:SHOWN]
            ],
            **_count_rows(columns, (row for _, row in rows)),
        },
        suggestion=DROP,
    )


def tell_ngrams(
    columns: Columns,
    leaks: Leaks,
    found: Ngrams,
    spans: Mapping[int, dict[str, Any]],
    apart: Collection[int],
    index: int,
    hits: list[Hit],
) -> dict[str, Any]:
    """`ngram_leak` of a training row; `hits` those that are not `apart` first, then the largest share.

    Critical from the required share on. A warning below it; where all that is shared are answers, since two questions
    may rightly have one; and where the judged text is shorter than a window, since "How long does it take for a
    transfer?" is the beginning of many questions. Told without a suggestion where all is `apart`: a passage about
    which the two ask something else.
    """
    largest = hits[0]
    alone = largest.overlap in apart
    critical = any(
        h.score >= h.required and h.overlap not in apart and not _is_weak(columns, found, h) for h in hits
    )
    rows = [(hit, row) for hit in hits for row in leaks.judged[hit.text]]
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check=NGRAM,
        severity=Severity.CRITICAL if critical else Severity.INFO if alone else Severity.WARNING,
        score=largest.score,
        threshold=largest.required,
        reason=f"holds {largest.score:.0%} of the {_field(found, largest)} of {_where(columns, rows[0][1])}",
        evidence={
            "evaluation": [
                point_at(columns, row, index) | {"share": round(hit.score, 4)} | spans[hit.overlap]
                for hit, row in rows[:SHOWN]
            ],
            **_count_rows(columns, (row for _, row in rows)),
        },
        suggestion=None if alone else DROP,
    )


def tell_family(columns: Columns, index: int, rows: list[int]) -> dict[str, Any]:
    """`family_leak` of a training row: `rows` were taken from its document or conversation."""
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="family_leak",
        severity=Severity.WARNING,
        reason=f"is from the same document or conversation as {_where(columns, rows[0])}",
        evidence={
            "evaluation": [point_at(columns, row) for row in rows[:SHOWN]],
            **_count_rows(columns, rows),
        },
        suggestion=DROP,
    )


def tell_gone(
    columns: Columns,
    index: int,
    hits: list[GoneHit],
    items: list[dict[str, Any]],
    settings: LeakageSettings,
) -> dict[str, Any]:
    """`vault_leak`, or `former_gate_item`, of a training row; `hits`, of one origin, the largest share first, `items`
    rows of `vault.GONE`."""
    item = items[hits[0].item]
    evaluation = item["origin"] == Role.EVALUATION
    kind = "evaluation set" if evaluation else "gate split of"
    name = PurePosixPath(item["source"]).name
    critical = evaluation and any(hit.weighty for hit in hits)
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="vault_leak" if evaluation else FORMER,
        severity=Severity.CRITICAL if critical else Severity.WARNING if evaluation else Severity.INFO,
        score=hits[0].share,
        threshold=settings.contained,
        reason=(
            f"holds {hits[0].share:.0%} of an item of the {kind} {name} that is not in it now, seen first on "
            f"{item['first_seen'][:10]}"
        ),
        evidence={
            "items": [
                {name: items[hit.item][name] for name in ("sample_id", "source", "first_seen")}
                | {"share": round(hit.share, 4)}
                for hit in hits[:SHOWN]
            ],
            "rows": len(hits),
        },
        suggestion=DROP if evaluation else None,
    )


def describe_former(findings: pa.Table) -> tuple[Told, ...]:
    """A sentence for the report on what is trained on and once was in the gate split."""
    told = findings.filter(pc.equal(findings["check"], FORMER))
    if len(told) == 0:
        return ()
    shown = [item for text in told["evidence"].to_pylist() for item in json.loads(text)["items"]]
    names = {item["sample_id"] for item in shown}
    return (
        Told(
            f"{len(told):,} training row(s) hold at least {len(names):,} item(s) that earlier runs had in the gate "
            "split: what earlier verdicts say of these items no longer tells what a model makes of unseen text.",
            f"学習データの{len(told):,}行が、以前の実行で判定に使った項目を少なくとも{len(names):,}件含んでいます。"
            "これらの項目についての以前の判定は、未見の文に対する力を示すものではなくなりました。",
        ),
    )


def tell_contaminated(columns: Columns, leaks: Leaks) -> Iterator[dict[str, Any]]:
    """`contaminated_item` of each judged row that training rows give away: how many, and which come nearest."""
    held: dict[int, dict[int, Hit]] = defaultdict(dict)
    for index, hits in leaks.hits.items():
        for hit in hits:
            for row in leaks.judged[hit.text]:
                known = held[row].get(index)
                if known is None or _closeness(hit) < _closeness(known):
                    held[row][index] = hit
    for row, by_index in sorted(held.items()):
        nearest = sorted(by_index.items(), key=lambda item: (*_closeness(item[1]), item[0]))
        checks = Counter(hit.check for hit in by_index.values())
        told = ", ".join(f"{name} {checks[name]}" for name in (EXACT, NEAR, NGRAM) if checks[name])
        yield about_sample(
            columns,
            row,
            stage=STAGE,
            check="contaminated_item",
            severity=Severity.INFO,
            score=nearest[0][1].score,
            reason=f"given away by {len(by_index)} training row(s): {told}",
            evidence={
                "training": [
                    point_at(columns, index, row) | {"check": hit.check, "share": round(hit.score, 4)}
                    for index, hit in nearest[:SHOWN]
                ],
                "rows": len(by_index),
                "checks": {name: checks[name] for name in (EXACT, NEAR, NGRAM) if checks[name]},
            },
        )


def shown_spans(found: Ngrams, hits: Iterable[list[Hit]]) -> dict[int, dict[str, Any]]:
    """The longest run of each overlap that evidence quotes: characters, and where it stands in either text."""
    numbers = np.array(sorted({hit.overlap for part in hits for hit in part[:SHOWN]}), dtype=np.int64)
    chosen = [values[numbers] for values in found.overlaps]
    own = [found.training.texts[text] for text in chosen[0]]
    theirs = [found.items.texts[item] for item in chosen[1]]
    spans = zip(
        locate_runs(own, chosen[3], chosen[5]), locate_runs(theirs, chosen[4], chosen[5]), strict=True
    )
    return {
        number: {
            "span": excerpt(own[k][here[0] : here[1]]),
            "characters": here[1] - here[0],
            "field": found.training.fields[chosen[0][k]],
            "start": here[0],
            "end": here[1],
            "evaluation_field": found.items.fields[chosen[1][k]],
            "evaluation_start": there[0],
            "evaluation_end": there[1],
        }
        for k, (number, (here, there)) in enumerate(zip(numbers.tolist(), spans, strict=True))
    }


def _closeness(hit: Hit) -> tuple[int, float]:
    return (EXACT, NEAR, NGRAM).index(hit.check), -hit.score


def _is_weak(columns: Columns, found: Ngrams, hit: Hit) -> bool:
    if found.overlaps.short[hit.overlap]:
        return True
    text, item = int(found.overlaps.text[hit.overlap]), int(found.overlaps.item[hit.overlap])
    generation = columns["task"][found.training.rows[text][0]] == Task.TEXT_GENERATION
    return generation and found.training.fields[text] == found.items.fields[item] == "target"


def _field(found: Ngrams, hit: Hit) -> str:
    return found.items.fields[int(found.overlaps.item[hit.overlap])]


def _where(columns: Columns, index: int) -> str:
    kind = "evaluation set" if columns["role"][index] == Role.EVALUATION else "gate split of"
    name = PurePosixPath(columns["source"][index] or "").name
    return f"row {columns['row'][index]} of the {kind} {name}".rstrip()


def _count_rows(columns: Columns, rows: Iterable[int]) -> dict[str, Any]:
    """Judged rows, in all and by their source."""
    listed = list(rows)
    sources = Counter(columns["source"][row] or "" for row in listed)
    return {"rows": len(listed), "sources": dict(sorted(sources.items()))}

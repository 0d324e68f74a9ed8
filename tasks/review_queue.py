"""What people are to look at after a run: every flagged sample, and a random share of those that nothing was said of.

Without the random share nobody knows what the witnesses miss. So that a reviewer cannot tell a random sample by its
missing reasons, reasons and suggestions of *blind* items are shown only after the decision: all random ones are blind,
and of the flagged ones `BLIND_FLAGGED` times as many, chosen by hash.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tasks.recipe import ReviewSettings
from tasks.records import SAMPLE, Action, Disposition, Role, Severity
from tasks.text import matching_form

BLIND_FLAGGED = 2
"""Blind flagged items for each random one: a blind item is a random one with a chance of a third."""
SEARCHED = 4_000
"""Characters of a sample that the search looks at."""
AROUND = 300
"""Characters of a document that are shown before and after what a sample was cut from."""
ANY_CHECK = "unsorted"
"""The queue of random items where nothing was flagged."""
_CHANCE = {Severity.CRITICAL.value: 0.9, Severity.WARNING.value: 0.6, Severity.INFO.value: 0.3}
"""Chance that a flagged sample is at fault, by severity, where the finding says none and nobody has decided yet."""
_NAMED = 200  # characters of a label or source in the filters


class QueueFill(NamedTuple):
    items: list[dict[str, Any]]
    """Columns of `ledger.tables.QUEUE`, without recipe and snapshot."""
    facts: dict[str, Any]
    """rows, flagged and unflagged (distinct samples), random, seed, share."""


def build_queue(
    samples: pa.Table,
    dispositions: pa.Table,
    findings: pa.Table,
    settings: ReviewSettings,
    seed: int,
    confirmed: Mapping[str, tuple[int, int]] | None = None,
    documents: pa.Table | None = None,
) -> QueueFill:
    """The queue of one snapshot, an item for each distinct sample.

    Args:
        samples: records.SAMPLE, N rows.
        dispositions: of the same rows. Rows that a steward's decision settled are no longer asked about.
        confirmed: check -> (decided, of which at fault), from what was decided so far.
        documents: records.DOCUMENT; samples that were cut from one bring the passage along.
    """
    settled = {r["row"]: r for r in dispositions.to_pylist()}
    named = dict(zip(samples["row"].to_pylist(), samples["sample_id"].to_pylist(), strict=True))
    flagged, kept = _part_rows(settled, named)
    queues = Counter(settled[rows[0]]["check"] for rows in flagged.values())
    count = _random_count(len(flagged), len(kept), settings.random_share)
    chosen = sorted(kept, key=lambda name: _hash(seed, "random", name))[:count]
    blind_share = min(1.0, BLIND_FLAGGED * count / max(1, len(flagged)))
    first = {rows[0]: name for name, rows in flagged.items()} | {kept[name][0]: name for name in chosen}
    found = _findings_of(findings, first)
    wanted = pc.is_in(samples["row"], pa.array(list(first), pa.int64()))
    passages = _passages(samples.filter(wanted), documents)
    items = []
    for sample in samples.select(SAMPLE.names).filter(wanted).to_pylist():
        row, name = sample["row"], sample["sample_id"]
        is_random = name in kept and name not in flagged
        check = _pick_queue(queues, seed, name) if is_random else settled[row]["check"]
        overlap = _hash(seed, "overlap", name) < settings.overlap_share
        blind = is_random or overlap or _hash(seed, "blind", name) < blind_share
        copies = len(kept[name] if is_random else flagged[name])
        about = found.get(row, [])
        facts = _weigh(check, about, sample, copies, confirmed or {}, is_random)
        items.append(
            {
                "sample_id": name,
                "check": check,
                "stage": settled[row]["stage"] or "",
                "disposition": settled[row]["disposition"],
                "origin": "random" if is_random else "flagged",
                "blind": blind,
                "overlap": overlap,
                "copies": copies,
                **facts,
                **_describe(sample),
                "sample": json.dumps(sample, ensure_ascii=False),
                "findings": json.dumps(about, ensure_ascii=False),
                "passage": passages.get(row),
            }
        )
    _place_blind(items, seed)
    return QueueFill(
        items,
        {
            "rows": len(samples),
            "flagged": len(flagged),
            "unflagged": len(kept),
            "random": count,
            "seed": seed,
            "share": settings.random_share,
            "labels": sorted(label for label in pc.unique(samples["label"]).to_pylist() if label),
        },
    )


def count_confirmed(decisions: Iterable[Mapping[str, Any]], recipe: str) -> dict[str, tuple[int, int]]:
    """Check -> (decided, of which something was wrong), of a recipe's standing decisions on its queues."""
    counted: dict[str, tuple[int, int]] = {}
    for decision in decisions:
        if decision["recipe"] == recipe and decision["action"] != Action.ESCALATE:
            decided, wrong = counted.get(decision["check"], (0, 0))
            counted[decision["check"]] = (decided + 1, wrong + (decision["action"] != Action.KEEP))
    return counted


def _part_rows(
    settled: Mapping[int, Mapping[str, Any]], named: Mapping[int, str]
) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Rows of each flagged sample, and of each that was kept as it is; decided ones are in neither."""
    flagged: dict[str, list[int]] = defaultdict(list)
    kept: dict[str, list[int]] = defaultdict(list)
    for row, disposition in settled.items():
        if (disposition["check"] or "").startswith("decision_"):
            continue
        part = kept if disposition["disposition"] == Disposition.KEEP else flagged
        part[named[row]].append(row)
    return dict(flagged), {name: rows for name, rows in kept.items() if name not in flagged}


def _random_count(flagged: int, kept: int, share: float) -> int:
    """Random samples for a queue of which they shall be `share`."""
    return min(kept, -(-int(1_000 * share * max(flagged, 1)) // int(1_000 * (1 - share))))


def _hash(seed: int, purpose: str, name: str) -> float:
    """A number in [0, 1) that is the same in every run."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _pick_queue(queues: Counter[str], seed: int, name: str) -> str:
    """A queue for a random sample, each as likely as it is long."""
    point = _hash(seed, "queue", name) * sum(queues.values())
    for check in sorted(queues):
        point -= queues[check]
        if point < 0:
            return check
    return ANY_CHECK


def _place_blind(items: list[dict[str, Any]], seed: int) -> None:
    """Gives each blind item the place in its queue that its hash decides: none can be told by where it stands, and
    those decided so far are a random sample of all, however far the reviewers are."""
    values: dict[str, list[float]] = defaultdict(list)
    for item in items:
        if item["origin"] == "flagged":
            values[item["check"]].append(item["value"])
    for own in values.values():
        own.sort()
    for item in items:
        if item["blind"]:
            own = values[item["check"]] or [1.0]
            item["value"] = own[int(_hash(seed, "place", item["sample_id"]) * len(own))]


def _findings_of(findings: pa.Table, rows: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    wanted = pc.is_in(findings["row"], pa.array(list(rows), pa.int64()))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings.filter(wanted).to_pylist():
        found[finding["row"]].append(finding)
    return found


def _passages(samples: pa.Table, documents: pa.Table | None) -> dict[int, str]:
    """Row -> JSON of the words of its document that it was cut from, and `AROUND` characters on either side."""
    if documents is None:
        return {}
    cut = samples.filter(pc.is_valid(samples["start"])).select(["row", "doc_id", "start", "end"]).to_pylist()
    wanted = pc.is_in(documents["doc_id"], pa.array({row["doc_id"] for row in cut}, pa.string()))
    held = documents.select(["doc_id", "text"]).filter(wanted).to_pylist()
    texts = {document["doc_id"]: document["text"] for document in held if document["text"]}
    passages = {}
    for row in cut:
        if text := texts.get(row["doc_id"]):
            start, end = row["start"], row["end"]
            parts = {
                "before": text[max(0, start - AROUND) : start],
                "text": text[start:end],
                "after": text[end : end + AROUND],
            }
            passages[row["row"]] = json.dumps(parts, ensure_ascii=False)
    return passages


def _weigh(
    check: str,
    findings: Sequence[Mapping[str, Any]],
    sample: Mapping[str, Any],
    copies: int,
    confirmed: Mapping[str, tuple[int, int]],
    is_random: bool,
) -> dict[str, Any]:
    """Chance that something is wrong, and the expected value of a look: chance times what hangs on it.

    A row that is judged on counts twice: a wrong label there falsifies every score.
    """
    own = next((f for f in findings if f["check"] == check), None)
    score = own["score"] if own else None
    decided, wrong = confirmed.get(check, (0, 0))
    if is_random:
        chance = _hash(0, "place", sample["sample_id"])
    elif check == "label_noise" and score is not None:
        chance = 1 - score
    elif check == "doubtful_answer" and score is not None:
        chance = score
    elif decided:
        chance = (wrong + 1) / (decided + 2)
    else:
        chance = _CHANCE.get(own["severity"] if own else "", 0.5)
    impact = copies * (2 if sample["role"] == Role.EVALUATION else 1)
    return {"chance": float(chance), "value": float(chance * impact), "score": score}


def _describe(sample: Mapping[str, Any]) -> dict[str, Any]:
    said = [message["content"] for message in (*sample["prompt"], *sample["completion"])]
    words = matching_form("\n".join(text for text in said if text)[:SEARCHED]).replace("\0", " ")
    return {
        "label": (sample["label"] or "")[:_NAMED],
        "language": sample["language"] or "",
        "source": (sample["source"] or "").rstrip("/").rpartition("/")[2][:_NAMED],
        "group_id": sample["group_id"] or sample["sample_id"],
        "words": words,
    }

"""What people are to look at after a run: every flagged sample, and a random share of those that nothing was said of.

Without the random share nobody knows what the witnesses miss. So that a reviewer cannot tell a random sample by its
missing reasons, reasons and suggestions of *blind* items are shown only after the decision: all random ones are blind,
and of the flagged ones `BLIND_FLAGGED` times as many, chosen by hash.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.ledger.rows import LazyRows
from tasks.recipe import Recipe, ReviewSettings
from tasks.records import Disposition, Role, Severity
from tasks.row_texts import RowTexts, digest_text
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
    items: LazyRows
    """Columns of `ledger.tables.QUEUE`, without recipe, snapshot, state and version."""
    facts: dict[str, Any]
    """rows, flagged and unflagged (distinct samples; of the flagged those that are asked about), earlier, random, seed,
    share; labels and span_labels, those that samples bear; multi_label."""


def build_queue(
    samples: pa.Table,
    dispositions: pa.Table,
    findings: pa.Table,
    settings: ReviewSettings,
    seed: int,
    confirmed: Mapping[str, tuple[int, int]] | None = None,
    documents: pa.Table | None = None,
    texts: RowTexts | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> QueueFill:
    """The queue of one snapshot, an item for each distinct sample.

    Args:
        samples: records.SAMPLE, N rows.
        dispositions: of the same rows. Rows that a steward's decision settled are no longer asked about.
        confirmed: check -> (decided, of which at fault), from what was decided so far.
        documents: records.DOCUMENT; samples that were cut from one bring the passage along.
        texts: of `samples` and `findings`, where somebody else needs them too.
        earlier: of `review_counts.count_settled`: what was decided after earlier runs.
    """
    texts = texts or RowTexts(samples, findings)
    flagged, kept = _part_samples(samples, dispositions)
    queues = Counter(flagged["check"].to_pylist())
    count = _random_count(len(flagged), len(kept), settings.random_share)
    hashed = [_hash(seed, "random", name) for name in kept["sample_id"].to_pylist()]
    drawn = kept.take(pa.array(np.argsort(hashed, kind="stable")[:count], pa.int64()))
    blind_share = min(1.0, BLIND_FLAGGED * count / max(1, len(flagged)))
    rows = sorted([*flagged["row"].to_pylist(), *drawn["row"].to_pylist()])
    places = {row: place for place, row in enumerate(rows)}
    asked = texts.samples(rows)
    checks, own, passages = texts.checks(rows), _own_columns(asked), _passages(asked, documents)
    items: list[dict[str, Any]] = [{} for _ in rows]
    for part, is_random in ((flagged, False), (drawn, True)):
        for settled in part.to_pylist():
            place, name = places[settled["row"]], settled["sample_id"]
            check = _pick_queue(queues, seed, name) if is_random else settled["check"]
            overlap = _hash(seed, "overlap", name) < settings.overlap_share
            blind = is_random or overlap or _hash(seed, "blind", name) < blind_share
            said, copies = own[place], settled["copies"]
            chance = _hash(0, "place", name) if is_random else _chance(check, checks[place], confirmed or {})
            items[place] = {
                "sample_id": name,
                "check": check,
                "stage": settled["stage"] or "",
                "disposition": settled["disposition"],
                "origin": "random" if is_random else "flagged",
                "blind": blind,
                "overlap": overlap,
                "copies": copies,
                "chance": chance,
                "value": chance * copies * (2 if said["role"] == Role.EVALUATION else 1),
                "score": checks[place].get(check, (None, ""))[0],
                "label": (said["label"] or "")[:_NAMED],
                "language": said["language"] or "",
                "source": (said["source"] or "").rstrip("/").rpartition("/")[2][:_NAMED],
                "group_id": said["group_id"] or name,
                "passage": passages.get(settled["row"]),
            }
    _place_blind(items, seed)
    for item, digest in zip(items, texts.digests(rows), strict=True):
        item["texts"] = digest
        item["digest"] = digest_text(str(list(item.values())))
    return QueueFill(
        LazyRows(items, lambda wanted: _write_texts(texts, [rows[place] for place in wanted])),
        {
            "rows": len(samples),
            "flagged": len(flagged),
            "unflagged": len(kept) + sum(row["items"] for row in earlier if not row["flagged"]),
            "earlier": list(earlier),
            "random": count,
            "seed": seed,
            "share": settings.random_share,
            **_labels_of(samples),
        },
    )


def _labels_of(samples: pa.Table) -> dict[str, Any]:
    """Labels of classification (of multi-label data each by itself) and of spans, in order."""
    several = samples["labels"].null_count < len(samples)
    found = pc.list_flatten(samples["labels"]) if several else samples["label"]
    spans = pc.struct_field(pc.list_flatten(samples["spans"]), "label")
    named = {"labels": found, "span_labels": spans}
    told = {name: sorted(filter(None, column.unique().to_pylist())) for name, column in named.items()}
    return {**told, "multi_label": several}


def told_by_recipe(recipe: Recipe) -> dict[str, Any]:
    """What the review page needs of a recipe, for the queue's facts: its labels, where it declares them, go over those
    that the samples bear."""
    declared = {"labels": sorted(recipe.labels)} if recipe.labels else {}
    return {**declared, "privacy": recipe.privacy.model_dump(mode="json")}


def _part_samples(samples: pa.Table, dispositions: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The distinct samples that were flagged, and the others, which were kept as they are; samples that a decision
    settled count for neither. Each with row, disposition, stage and check of its first row, and how many rows it has
    (`copies`)."""
    settled = dispositions.select(["row", "disposition", "stage", "check", "decision_id"]).combine_chunks()
    at = pc.index_in(settled["row"], samples["row"].combine_chunks())
    settled = settled.append_column("sample_id", samples["sample_id"].take(at))
    settled = settled.append_column("place", pa.array(np.arange(len(settled))))
    decided = settled.filter(pc.is_valid(settled["decision_id"]))["sample_id"]
    asked = settled.filter(pc.invert(pc.is_in(settled["sample_id"], decided.combine_chunks())))
    is_kept = pc.equal(asked["disposition"], Disposition.KEEP.value)
    flagged = _distinct(asked.filter(pc.invert(is_kept)))
    kept = _distinct(asked.filter(is_kept))
    return flagged, kept.filter(pc.invert(pc.is_in(kept["sample_id"], flagged["sample_id"].combine_chunks())))


def _distinct(settled: pa.Table) -> pa.Table:
    """The first row of each sample, in their order, with `copies`: how many there are."""
    first = (
        settled.group_by("sample_id").aggregate([("place", "min"), ("place", "count")]).sort_by("place_min")
    )
    chosen = settled.take(pc.index_in(first["place_min"], settled["place"].combine_chunks()))
    return chosen.append_column("copies", first["place_count"])


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


def _chance(
    check: str,
    found: Mapping[str, tuple[float | None, str]],
    confirmed: Mapping[str, tuple[int, int]],
) -> float:
    """Chance (0-1) that something is wrong with a flagged sample.

    Args:
        check: whose queue it stands in.
        found: check -> score and severity.
    """
    score, severity = found.get(check, (None, ""))
    decided, wrong = confirmed.get(check, (0, 0))
    if check == "label_noise" and score is not None:
        return float(1 - score)
    if check == "doubtful_answer" and score is not None:
        return float(score)
    if decided:
        return (wrong + 1) / (decided + 2)
    return _CHANCE.get(severity, 0.5)


def _own_columns(samples: pa.Table) -> list[dict[str, Any]]:
    return samples.select(["role", "label", "language", "source", "group_id"]).to_pylist()


def _write_texts(texts: RowTexts, rows: Sequence[int]) -> list[dict[str, Any]]:
    """The long columns of items: sample and findings as JSON, and the words that the search looks at."""
    said = _said(texts.samples(rows))
    return [
        {"words": matching_form(text[:SEARCHED]).replace("\0", " "), "sample": sample, "findings": found}
        for text, (sample, found) in zip(said, texts.encode(rows), strict=True)
    ]


def _said(samples: pa.Table) -> list[str]:
    """All that is said in each sample, a line for each message that says something."""
    parts = []
    for name in ("prompt", "completion"):
        messages = samples[name].combine_chunks()
        contents = messages.flatten().field("content")
        lengths = pc.fill_null(pc.list_value_length(messages), 0)
        of = np.repeat(np.arange(len(samples)), lengths.to_numpy())
        parts.append((of, contents))
    of = np.concatenate([of for of, _ in parts])
    contents = pa.concat_arrays([texts for _, texts in parts]).fill_null("")
    order = np.argsort(of, kind="stable")
    order = order[pc.not_equal(contents, "").to_numpy(zero_copy_only=False)[order]]
    starts = np.searchsorted(of[order], np.arange(len(samples) + 1))
    lines = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), contents.take(pa.array(order)))
    return pc.binary_join(lines, "\n").to_pylist()

"""From which cosine texts mean the same, by the packaged encoder; and what comparing meanings costs.

    python -m benchmarks.meaning ../shared/data
    python -m benchmarks.meaning ../shared/data --list 40     # pairs of banking77 with other labels
    python -m benchmarks.meaning ../shared/data --cost        # the two stages at 10,000 and 100,000 rows

Wants the folders jglue, banking77 and neardup_planted of `../shared/data`, and `tests/translations.tsv`.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.duplicates_scale import make_samples
from benchmarks.measure import MEGABYTE, in_child
from tasks.duplicates.meaning import find_same_meaning
from tasks.duplicates.pairs import PAIR, compared_forms, find_pairs
from tasks.features import UNIVERSAL, UniversalEncoder
from tasks.leakage.links import LINK
from tasks.leakage.meaning import find_meaning_leaks
from tasks.meaning import CALIBRATED, find_same
from tasks.recipe import DuplicateSettings
from tasks.records import SAMPLE, Role, Task, build_table

COSINES = (0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.925, 0.95)
TRANSLATIONS = Path(__file__).parent.parent / "tests" / "translations.tsv"
NOISE = 0.1
COPIES = 100
"""Planted copies of each kind that are encoded: passages take the encoder longer than questions."""
SIZES = (10_000, 100_000)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--list", type=int, default=0, help="pairs of banking77 with other labels to print")
    parser.add_argument("--cost", action="store_true")
    arguments = parser.parse_args()
    if arguments.cost:
        print_cost()
        return
    encoder = UniversalEncoder()
    graded(arguments.data / "jglue" / "jsts", encoder)
    banking(arguments.data / "banking77", encoder, arguments.list)
    edited(arguments.data / "neardup_planted", encoder)
    translations(encoder)


def graded(folder: Path, encoder: UniversalEncoder) -> None:
    """JSTS: pairs of captions graded 0-5 by people; as the vectors are, and centred on their mean."""
    rows = [
        json.loads(line)
        for name in ("train", "valid")
        for line in (folder / f"{name}-v1.3.json").read_text(encoding="utf-8").splitlines()
    ]
    grades = np.array([row["label"] for row in rows])
    left, right = (encoder.encode([row[name] for row in rows]) for name in ("sentence1", "sentence2"))
    mean = np.concatenate([left, right]).mean(axis=0)
    print(
        f"JSTS: {len(rows):,} pairs, {np.mean(grades >= 4):.1%} of grade 4 or more, {np.mean(grades >= 3):.1%} of 3"
    )
    print(
        "| cosine from | pairs | grade >= 4 | >= 3 | of all >= 4 | centred: pairs | grade >= 4 | >= 3 |\n|"
        + "---|" * 8
    )
    plain, centred = _cosines(left, right), _cosines(_unit(left - mean), _unit(right - mean))
    for least in COSINES:
        near, also = plain >= least, centred >= least
        recall = np.mean(plain[grades >= 4] >= least)
        print(
            f"| {least} | {near.sum():,} | {np.mean(grades[near] >= 4):.3f} | {np.mean(grades[near] >= 3):.3f} "
            f"| {recall:.3f} | {also.sum():,} | {np.mean(grades[also] >= 4):.3f} | {np.mean(grades[also] >= 3):.3f} |"
        )


def banking(folder: Path, encoder: UniversalEncoder, listed: int) -> None:
    """Pairs of near vectors that are no near-copies: with one label, and whose label is wrong where they differ."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    vectors = encoder.encode([row["text"] for row in rows])
    labels = np.unique([row["category"] for row in rows], return_inverse=True)[1]
    rng = np.random.default_rng(0)
    wrong = rng.random(len(rows)) < NOISE
    noisy = np.where(wrong, (labels + rng.integers(1, 77, len(rows))) % 77, labels)
    same = find_same(vectors, COSINES[0])
    samples = build_table(
        [
            {"row": i, "sample_id": str(i), "task": Task.TEXT_CLASSIFICATION.value, "role": Role.TRAIN.value}
            | {"input": row["text"], "label": row["category"], "target": row["category"]}
            for i, row in enumerate(rows)
        ],
        SAMPLE,
    )
    known = find_pairs(samples, DuplicateSettings(), DuplicateSettings().threshold)
    copies = {
        tuple(pair) for pair in zip(known["row_a"].to_pylist(), known["row_b"].to_pylist(), strict=True)
    }
    fresh = np.array(
        [pair not in copies for pair in zip(same.first.tolist(), same.second.tolist(), strict=True)]
    )
    chance = np.sum((np.bincount(labels) / len(labels)) ** 2)
    print(
        f"\nbanking77: any two texts have one label in {chance:.1%}; noisy: {NOISE:.0%} of the labels replaced"
    )
    print(
        "| cosine from | pairs, no copies | one label | noisy: pairs that differ | with a wrong label "
        "| rows told | mislabelled | of all mislabelled |"
    )
    print("|" + "---|" * 8)
    for least in COSINES:
        near = fresh & (same.cosine >= least)
        a, b = same.first[near], same.second[near]
        differ = noisy[a] != noisy[b]
        told = np.unique(np.concatenate([a[differ], b[differ]]))
        print(
            f"| {least} | {near.sum():,} | {np.mean(labels[a] == labels[b]):.3f} "
            f"| {differ.sum():,} | {np.mean((wrong[a] | wrong[b])[differ]):.3f} | {len(told):,} "
            f"| {np.mean(wrong[told]):.3f} | {np.isin(np.flatnonzero(wrong), told).mean():.3f} |"
        )
    near = np.flatnonzero(fresh & (same.cosine >= CALIBRATED[UNIVERSAL].within))
    odd = near[labels[same.first[near]] != labels[same.second[near]]]
    for k in rng.permutation(odd)[:listed]:
        one, other = rows[same.first[k]], rows[same.second[k]]
        print(
            f"  {same.cosine[k]:.2f} {one['text']!r} ({one['category']}) | {other['text']!r} ({other['category']})"
        )


def edited(folder: Path, encoder: UniversalEncoder) -> None:
    """neardup_planted: how many copies in another format, or edited, reach the cosine."""
    print(
        f"\nneardup_planted: share of {COPIES} planted copies that reach the cosine\n| copies | "
        + " | ".join(map(str, COSINES))
        + " |"
    )
    print("|" + "---|" * (1 + len(COSINES)))
    for language in ("en", "ja"):
        table = pq.read_table(folder / f"M_{language}.parquet").to_pydict()
        texts = dict(zip(table["id"], table["text"], strict=True))
        for kind in ("fmt", "edit05", "edit10", "edit20", "edit30"):
            pairs = [
                (i, s) for i, s, k in zip(table["id"], table["src"], table["kind"], strict=True) if k == kind
            ]
            left, right = (encoder.encode([texts[pair[side]] for pair in pairs[:COPIES]]) for side in (0, 1))
            found = _cosines(left, right)
            print(
                f"| {language} {kind} | " + " | ".join(f"{np.mean(found >= c):.3f}" for c in COSINES) + " |"
            )


def translations(encoder: UniversalEncoder) -> None:
    """Japanese questions, their English translations, and English questions that look alike and ask another thing."""
    lines = [line.split("\t") for line in TRANSLATIONS.read_text(encoding="utf-8").splitlines()]
    japanese, english, lookalike = (encoder.encode([line[k] for line in lines]) for k in range(3))
    right, wrong = _cosines(japanese, english), _cosines(japanese, lookalike)
    table = japanese @ np.concatenate([english, lookalike]).T
    strangers = table.copy()
    strangers[np.arange(len(lines)), np.arange(len(lines))] = -1
    print(
        f"\ntranslations: {len(lines)} Japanese questions, as many English ones that mean the same, and look-alikes"
    )
    print(
        "| cosine from | recall | precision | look-alikes taken | wrong ones of all pairs | two English: look-alikes |"
    )
    print("|" + "---|" * 6)
    for least in (0.5, 0.55, 0.6, 0.65, *COSINES):
        hits, false = np.sum(right >= least), np.sum(wrong >= least)
        print(
            f"| {least} | {hits / len(lines):.3f} | {hits / max(1, hits + false):.3f} | {false} "
            f"| {np.sum(strangers >= least)} of {strangers.size - len(lines):,} "
            f"| {np.sum(_cosines(english, lookalike) >= least)} |"
        )
    first = np.mean(table.argmax(axis=1) == np.arange(len(lines)))
    print(f"the translation is the nearest of {table.shape[1]} English questions for {first:.3f}")


def print_cost() -> None:
    """Processor seconds and peak memory of either stage, vectors at hand."""
    print(
        "| rows | same meaning, CPU s | MB added | leaks by meaning (1 in 10 judged), CPU s | MB added |\n|"
        + "---|" * 5
    )
    for size in SIZES:
        samples = make_samples(size)
        vectors = _spread(size)
        rest = in_child(len, compared_forms(samples.slice(0, 10))).peak_bytes
        same = in_child(_same, samples, vectors)
        leaks = in_child(_leaks, samples, vectors)
        print(
            f"| {size:,} | {same.cpu_seconds:.1f} | {(same.peak_bytes - rest) / MEGABYTE:,.0f} "
            f"| {leaks.cpu_seconds:.1f} | {(leaks.peak_bytes - rest) / MEGABYTE:,.0f} |",
            flush=True,
        )


def _same(samples, vectors):  # type: ignore[no-untyped-def]
    return len(find_same_meaning(samples, PAIR.empty_table(), lambda _: vectors, 0.9, DuplicateSettings()))


def _leaks(samples, vectors):  # type: ignore[no-untyped-def]
    judged = np.arange(len(vectors)) % 10 == 0
    return len(find_meaning_leaks(samples, LINK.empty_table(), judged, vectors, CALIBRATED[UNIVERSAL]))


def _spread(count: int) -> np.ndarray:
    """(count, 512) vectors, one in ten of them near another."""
    rng = np.random.default_rng(0)
    vectors = _unit(rng.normal(size=(count, 512)).astype(np.float32))
    near = rng.permutation(count)[: count // 10]
    vectors[near] = vectors[(near + 1) % count] + rng.normal(scale=0.018, size=(len(near), 512)).astype(
        np.float32
    )
    return _unit(vectors)


def _cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.asarray((left * right).sum(axis=1))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


if __name__ == "__main__":
    main()

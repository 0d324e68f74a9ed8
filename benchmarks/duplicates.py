"""Recall by kind of copy, precision and speed of near-duplicate detection on planted copies.

    python -m benchmarks.duplicates ../shared/data/neardup_planted/M_{en,ja}.parquet

A pair counts as precise when rapidfuzz aligns 60 % of its characters or more (an independent measure).
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from rapidfuzz import fuzz

from tasks.duplicates.ngrams import band_keys, similar_pairs
from tasks.recipe import DuplicateSettings
from tasks.text import matching_form

ALIGNED = 60
"""rapidfuzz ratio (0-100) from which a found pair is a true one."""
JUDGED_PAIRS = 3_000


def measure(path: Path, settings: DuplicateSettings) -> dict[str, object]:
    table = pq.read_table(path).to_pydict()
    ngrams = (settings.latin_ngram, settings.cjk_ngram)
    begin = time.perf_counter()
    forms = [matching_form(text) for text in table["text"]]
    folded = time.perf_counter()
    keys = band_keys(forms, *ngrams, settings.threshold)
    signed = time.perf_counter()
    pairs = similar_pairs(forms, keys, *ngrams, settings.threshold)
    end = time.perf_counter()
    found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    place = {number: i for i, number in enumerate(table["id"])}
    hits: dict[str, list[bool]] = defaultdict(list)
    for i, (kind, source) in enumerate(zip(table["kind"], table["src"], strict=True)):
        if source >= 0:
            hits[kind].append(tuple(sorted((i, place[source]))) in found)
    sample = np.random.default_rng(0).permutation(len(pairs.first))[:JUDGED_PAIRS]
    ratios = [fuzz.ratio(forms[pairs.first[i]], forms[pairs.second[i]]) for i in sample]
    return {
        "corpus": path.stem,
        "texts": len(forms),
        "pairs": len(found),
        "recall": {kind: round(float(np.mean(values)), 4) for kind, values in sorted(hits.items())},
        "precision": round(float(np.mean(np.array(ratios) >= ALIGNED)), 4),
        "seconds": {
            "matching form": round(folded - begin, 2),
            "signatures": round(signed - folded, 2),
            "verified pairs": round(end - signed, 2),
        },
        "texts_per_second": round(len(forms) / (end - begin)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+")
    arguments = parser.parse_args()
    settings = DuplicateSettings()
    warm = ["the first call compiles, or loads what was compiled"] * 2
    ngrams = (settings.latin_ngram, settings.cjk_ngram, settings.threshold)
    similar_pairs(warm, band_keys(warm, *ngrams), *ngrams)
    for path in arguments.paths:
        print(json.dumps(measure(path, settings)))


if __name__ == "__main__":
    main()

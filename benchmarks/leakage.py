"""What the leakage stage finds: real overlaps of banking77, planted spans by length, false hits, and its speed.

    python -m benchmarks.leakage ../shared/data
    python -m benchmarks.leakage ../shared/data --peer-python PATH     # beside lm-evaluation-harness's janitor
    python -m benchmarks.leakage ../shared/data --passages             # only: questions that share a passage

Wants the folders banking77, neardup_planted, jaquad, dolly_3k and jglue of `../shared/data`.
"""

import argparse
import csv
import json
import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rapidfuzz import fuzz

from benchmarks.measure import MEGABYTE, in_child
from tasks.duplicates.find import find_duplicates
from tasks.duplicates.pairs import PAIR, find_pairs
from tasks.judge import judge as settle
from tasks.leakage.find import find_leaks
from tasks.overlap.grams import find_overlaps, index_items
from tasks.recipe import DuplicateSettings, LeakageSettings
from tasks.records import SAMPLE, Role, Task, build_table

ITEMS, TEXTS, PLANTS = 2_000, 8_000, 200
LENGTHS = {"en": (8, 10, 12, 13, 14, 16, 20, 30, 50), "ja": (15, 20, 23, 24, 25, 28, 32, 40, 60, 100)}
"""Words of English, characters of Japanese (punctuation not counted)."""
TOKENS = {"en": re.compile(r"[\w'’]+"), "ja": re.compile(r"[^\W_ー]")}
SAME = 75
"""rapidfuzz ratio (0-100) from which two questions count as one, edited."""
ROWS = (100_000, 10_000)
"""Training and evaluation rows of the timed run."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--peer-python", type=Path, help="a Python with lm_eval")
    parser.add_argument("--list", action="store_true", help="print every overlap of banking77")
    parser.add_argument(
        "--passages", action="store_true", help="only what becomes of questions about one passage"
    )
    arguments = parser.parse_args()
    if arguments.passages:
        about_passages(arguments.data / "jaquad")
        return
    compare(["the first call compiles"], ["the first call compiles, or loads what was compiled"])
    banking(arguments.data / "banking77", arguments.list)
    about_passages(arguments.data / "jaquad")
    corpora = {language: read_passages(arguments.data, language) for language in LENGTHS}
    for language, passages in corpora.items():
        planted(language, passages, arguments.peer_python)
    unrelated(arguments.data, corpora)
    speed(corpora, arguments.peer_python)


def banking(folder: Path, listed: bool) -> None:
    """Overlaps of the published split: those that plain Python sees, and what the stage finds."""
    rows: list[dict[str, Any]] = []
    for name, role in (("train", Role.TRAIN), ("test", Role.EVALUATION)):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows.append(make_row(len(rows), role, row["text"], row["category"], name))
    samples = build_table(rows, SAMPLE)
    groups: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[" ".join(re.findall(r"\w+", row["input"].lower()))].append(i)
    same = {i for g in groups.values() if len({rows[j]["role"] for j in g}) == 2 for i in g}
    begin = time.process_time()
    pairs = find_pairs(samples, DuplicateSettings(), LeakageSettings().threshold)
    paired = time.process_time()
    found = find_leaks(samples, pairs, LeakageSettings()).findings.to_pylist()
    end = time.process_time()
    by_check: dict[str, set[int]] = defaultdict(set)
    for finding in found:
        by_check[finding["check"]].add(finding["row"])
    training = {i for i in same if rows[i]["role"] == Role.TRAIN}
    told = set().union(*(by_check[check] for check in ("exact_leak", "near_leak", "ngram_leak")))
    items = same - training
    print(
        f"banking77: {len(items)} test rows equal a training row up to case, spaces and punctuation, "
        f"{len(items & by_check['contaminated_item'])} found; {len(training)} training rows, "
        f"{len(training & told)} found"
    )
    print({check: len(found_rows) for check, found_rows in sorted(by_check.items())})
    print(f"CPU s: {paired - begin:.2f} for pairs (shared with duplicates), {end - paired:.2f} for leakage")
    for finding in found:
        if listed and finding["check"] in ("exact_leak", "near_leak", "ngram_leak"):
            other = json.loads(finding["evidence"])["evaluation"][0]
            own = rows[finding["row"]]
            print(
                f"  {finding['check']} {finding['score']:.2f} {own['input']!r} ({own['label']}) | "
                f"{other['excerpt']!r} ({other['label']})"
            )


def about_passages(folder: Path) -> None:
    """Rows of JaQuAD's first file that duplicates and leakage set aside, and how many of these have the same question.

    A fifth of the rows, drawn at random, is the evaluation set. Each question stands by itself, or after its passage.
    """
    data = json.loads((folder / "train" / "jaquad_train_0001.json").read_text(encoding="utf-8"))["data"]
    asked = [
        (paragraph["context"], question["question"], question["answers"][0]["text"])
        for article in data
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    judged = np.random.default_rng(4).random(len(asked)) < 0.2
    for name, join in (("alone", "{1}"), ("after its passage", "{0}\n\n{1}"), ("before it", "{1}\n{0}")):
        rows = [
            make_row(i, Role.EVALUATION if judged[i] else Role.TRAIN, join.format(*row), row[2], "jaquad")
            | {"task": Task.TEXT_GENERATION.value, "label": None}
            for i, row in enumerate(asked)
        ]
        samples = build_table(rows, SAMPLE)
        result = find_duplicates(samples, DuplicateSettings(), LeakageSettings().threshold)
        leaks = find_leaks(result.samples, result.pairs, LeakageSettings())
        verdicts = settle(samples, pa.concat_tables([result.findings, leaks.findings]), {}, {}).dispositions
        aside: dict[str, list[int]] = defaultdict(list)
        for i, (said, check) in enumerate(
            zip(*(verdicts[n].to_pylist() for n in ("disposition", "check")), strict=True)
        ):
            if said != "keep":
                aside[f"{said}: {check}"].append(i)
        told = [*result.findings.to_pylist(), *leaks.findings.to_pylist()]
        same = {f["row"] for f in told if _shares_question(asked, f)}
        print(
            f"JaQuAD, question {name}: {len(asked)} rows, {int(judged.sum())} of them for evaluation; set aside:"
        )
        for check, found in sorted(aside.items()):
            print(
                f"    {check} {len(found)}, with a question that is the same or edited {len(same.intersection(found))}"
            )


def _shares_question(asked: Sequence[tuple[str, str, str]], finding: dict[str, Any]) -> bool:
    """Whether a finding points at a row whose question aligns in `SAME` of its characters."""
    evidence = json.loads(finding["evidence"])
    others = [evidence.get("canonical"), *evidence.get("others", ()), *evidence.get("evaluation", ())]
    own = asked[finding["row"]][1]
    return any(fuzz.ratio(own, asked[other["row"]][1]) >= SAME for other in others if other)


def planted(language: str, passages: list[str], peer: Path | None) -> None:
    """Recall of spans copied out of items into other passages, by length; and what is flagged without a plant."""
    rng = np.random.default_rng(0)
    chosen = [passages[i] for i in rng.permutation(len(passages))]
    longest = LENGTHS[language][-1]
    items = [p for p in chosen if len(TOKENS[language].findall(p)) > 2 * longest][:ITEMS]
    texts = [p for p in chosen if p not in set(items)][:TEXTS]
    plain = {text for text, _ in compare(texts, items)}
    hosts = [i for i in range(len(texts)) if i not in plain]
    print(
        f"\n{language}: {len(plain)} of {len(texts)} passages share a window with one of {len(items)} unplanted"
    )
    rows: dict[str, list[str]] = {"length": [str(length) for length in LENGTHS[language]]}
    for name, change in (("as it is", str), ("layout changed", change_layout)):
        hosted: list[str] = []
        expected: list[tuple[int, int]] = []
        for length in LENGTHS[language]:
            for _ in range(PLANTS):
                item = int(rng.integers(len(items)))
                span = cut_span(items[item], length, language, rng)
                hosted.append(insert(texts[hosts[len(hosted) % len(hosts)]], change(span), language, rng))
                expected.append((len(hosted) - 1, item))
        found = compare(hosted, items)
        rows[f"seimai, {name}"] = shares([pair in found for pair in expected])
        if peer:
            answer = ask_peer(peer, items, hosted)
            rows[f"janitor, {name}"] = shares(answer["flagged"])
    for name, values in rows.items():
        print(f"  {name:25} " + " ".join(f"{value:>6}" for value in values))


def unrelated(data: Path, corpora: dict[str, list[str]]) -> None:
    """Passages that share a window with a collection that they have nothing to do with."""
    dolly = json.loads((data / "dolly_3k" / "dolly_3k.json").read_text(encoding="utf-8"))
    answers = [row["output"] for row in dolly]
    contexts = read_jaquad(data / "jaquad")
    captions = read_captions(data / "jglue")
    print()
    for name, texts, items in (
        ("M_en (technical documentation) in dolly_3k's answers", corpora["en"], answers),
        ("M_ja (literature) in JaQuAD's contexts", corpora["ja"], contexts),
        ("JGLUE's sentences in JaQuAD's contexts", captions, contexts),
        ("JaQuAD's contexts in JGLUE's sentences", contexts, captions),
    ):
        found = compare(texts, items)
        print(f"unrelated: {name}: {len({t for t, _ in found})} of {len(texts)} texts")
        for text, item in sorted(found)[:3]:
            print(f"    {texts[text][:70]!r} | {items[item][:70]!r}")


def speed(corpora: dict[str, list[str]], peer: Path | None) -> None:
    """The whole stage at `ROWS`, and the search alone beside the peer on equal texts."""
    rng = np.random.default_rng(1)
    pool = corpora["en"] + corpora["ja"]
    pool = [pool[i] for i in rng.permutation(len(pool))]
    half = len(pool) // 2
    texts = [recombine(pool[:half], rng) for _ in range(ROWS[0])]
    texts += [recombine(pool[half:], rng) for _ in range(ROWS[1])]
    roles = [Role.TRAIN] * ROWS[0] + [Role.EVALUATION] * ROWS[1]
    samples = build_table(
        [make_row(i, roles[i], text, None, "mixed") for i, text in enumerate(texts)], SAMPLE
    )
    size = sum(len(text.encode()) for text in texts) / MEGABYTE
    run = in_child(count_leaks, samples)
    print(
        f"\n{ROWS[0]:,} training x {ROWS[1]:,} evaluation rows, {size:.0f} MB: {run.cpu_seconds:.1f} CPU s, "
        f"{size / run.cpu_seconds:.1f} MB/CPU-s, peak {run.peak_bytes / MEGABYTE:,.0f} MB; findings {run.value}"
    )
    for language, passages in corpora.items():
        items, held = passages[:ITEMS], passages[ITEMS : ITEMS + TEXTS]
        size = sum(len(text.encode()) for text in held) / MEGABYTE
        begin = time.process_time()
        compare(held, items)
        rate = size / (time.process_time() - begin)
        line = f"{language}: {len(held):,} texts x {len(items):,} items: {rate:.1f} MB/CPU-s"
        if peer:
            line += f"; janitor {size / ask_peer(peer, items, held)['cpu_seconds']:.1f} MB/CPU-s"
        print(line)


def count_leaks(samples: pa.Table) -> dict[str, int]:
    findings = find_leaks(samples, PAIR.empty_table(), LeakageSettings()).findings
    return {row["values"]: row["counts"] for row in findings["check"].value_counts().to_pylist()}


def compare(texts: Sequence[str], items: Sequence[str]) -> set[tuple[int, int]]:
    """(text, item) of all overlaps, each text and item in a group of its own."""
    found = find_overlaps(texts, np.arange(len(texts)), index_items(items), np.arange(len(items)))
    return set(zip(found.text.tolist(), found.item.tolist(), strict=True))


def cut_span(text: str, length: int, language: str, rng: np.random.Generator) -> str:
    """`length` words or characters in a row, with what stands between them."""
    tokens = list(TOKENS[language].finditer(text))
    start = int(rng.integers(len(tokens) - length))
    return text[tokens[start].start() : tokens[start + length - 1].end()]


def insert(host: str, span: str, language: str, rng: np.random.Generator) -> str:
    """`span` between two words of `host`, or between two sentences of a Japanese one."""
    places = [m.end() for m in re.finditer("。" if language == "ja" else r"\s", host)] or [0]
    at = places[int(rng.integers(len(places)))]
    return f"{host[:at]}{span} {host[at:]}"


def change_layout(span: str) -> str:
    """Other case, no punctuation, full width and line breaks: what a copy through another format leaves."""
    bare = re.sub(r"[^\w\s'’]", " ", span).upper()
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in bare)
    return wide.replace(" ", "\n")


def recombine(pool: list[str], rng: np.random.Generator) -> str:
    """Half of one passage and half of another: as many different rows as are asked for."""
    a, b = (pool[int(i)] for i in rng.integers(len(pool), size=2))
    return a[: len(a) // 2] + b[len(b) // 2 :]


def shares(hits: Sequence[bool]) -> list[str]:
    return [f"{np.mean(hits[i : i + PLANTS]):.3f}" for i in range(0, len(hits), PLANTS)]


def ask_peer(python: Path, items: Sequence[str], texts: Sequence[str]) -> dict[str, Any]:
    asked = json.dumps({"items": list(items), "texts": list(texts)})
    script = Path(__file__).with_name("janitor.py")
    answer = subprocess.run([python, script], input=asked, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def make_row(row: int, role: Role, text: str, label: str | None, source: str) -> dict[str, Any]:
    task = Task.TEXT_CLASSIFICATION if label else Task.LANGUAGE_MODELING
    said = {"input": text, "target": label} if label else {"input": "", "target": text}
    identity = {"row": row, "sample_id": f"{row}", "source": source, "task": task.value, "role": role.value}
    return identity | said | {"label": label}


def read_passages(data: Path, language: str) -> list[str]:
    """The passages of neardup_planted without the planted copies."""
    table = pq.read_table(data / "neardup_planted" / f"M_{language}.parquet").to_pydict()
    return [text for text, source in zip(table["text"], table["src"], strict=True) if source < 0]


def read_jaquad(folder: Path) -> list[str]:
    return [
        paragraph["context"]
        for path in sorted(folder.glob("*/*.json"))
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
    ]


def read_captions(folder: Path) -> list[str]:
    """Questions of JCommonsenseQA and sentences of JSTS, each once."""
    found: dict[str, None] = {}
    for path in sorted(folder.rglob("*.json*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found |= dict.fromkeys(row[k] for k in ("question", "sentence1", "sentence2") if k in row)
    return list(found)


if __name__ == "__main__":
    main()

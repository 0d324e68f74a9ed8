"""Near-duplicates on planted copies: recall by kind of copy, precision, speed and memory, beside two peers.

    python -m benchmarks.duplicates M_en.parquet M_ja.parquet --peer-python PATH --figure recall.svg
    python -m benchmarks.duplicates --articles FOLDER
    python -m benchmarks.duplicates --scale 10000 100000 1000000

A pair counts as precise when rapidfuzz aligns 60 % of its characters or more (an independent measure). Speed is
texts per processor second, from texts to verified pairs; of a peer, from texts to pairs by its own estimate, the
cutting of n-grams in Python included and, in brackets, left out. Memory is the text and the most that the work adds
to it (resident pages; libraries are loaded and freed memory is given back before), over the bytes of the text.
"""

import argparse
import ctypes
import gc
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rapidfuzz import fuzz

from benchmarks.duplicates_figure import draw_recall
from benchmarks.duplicates_scale import print_growth
from benchmarks.measure import in_child
from benchmarks.peer_duplicates import memory
from tasks.duplicates.folding import as_strings, fold_texts
from tasks.duplicates.similar import SimilarPairs, Texts, index_texts, similar_pairs, warm_up
from tasks.recipe import DuplicateSettings

ALIGNED = 60
"""rapidfuzz ratio (0-100) from which a found pair is a true one."""
JUDGED_PAIRS = 3_000
KINDS = ("exact", "fmt", "edit05", "edit10", "edit20", "edit30")
PEERS = {
    "rensa, its introduction": ("rensa", False, (0.8, 16, 0.85)),
    "rensa, equal n-grams": ("rensa", True, (0.8, 16, 0.85)),
    "rensa, equal n-grams, .5": ("rensa", True, (0.5, 32, 0.5)),
    "datasketch, its introduction": ("datasketch", False, (0.5, 0, 0.5)),
    "datasketch, equal n-grams": ("datasketch", True, (0.5, 0, 0.5)),
}
"""Name -> tool; whether it gets seimai's n-grams or splits at spaces; index threshold, bands, accepted estimate.
The bands at .5 are those of rensa's second example; datasketch chooses its own."""


class Found(NamedTuple):
    """Pairs of texts (the lower number first) and what finding them cost."""

    pairs: set[tuple[int, int]]
    cpu_seconds: float
    cut_seconds: float
    """Of these, spent on cutting n-grams in Python."""
    added_bytes: int


def find_own(column: pa.ChunkedArray, settings: DuplicateSettings) -> Found:
    """seimai's pairs: equal texts and similar ones."""
    texts = column.cast(pa.large_string()).combine_chunks()
    warm_up()  # a forked child maps the pages of libraries and of the text anew: not what the work adds
    _find_similar(texts.take(pa.array(np.arange(0, len(texts), max(1, len(texts) // 500)))), settings)
    np.frombuffer(texts.buffers()[2], dtype=np.uint8).max()
    release_memory()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): the peak counts from here
    held, begin = memory("VmRSS"), process_time()
    near, first = _find_similar(texts, settings)
    seconds, peak = process_time() - begin, memory("VmHWM")
    near_pairs = set(zip(near.first.tolist(), near.second.tolist(), strict=True))
    return Found(_with_copies(near_pairs, first), seconds, 0.0, peak - held)


def release_memory() -> None:
    """Gives back what was freed, so that the work cannot fill it unseen by the peak."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)


def find_peer(python: Path, name: str, forms: list[str], ends: list[list[int]], raw: list[str]) -> Found:
    """A peer's pairs, found in its own Python."""
    tool, equal, settings = PEERS[name]
    job = {
        "tool": tool,
        "settings": settings,
        "texts": forms if equal else raw,
        "ends": ends if equal else None,
    }
    with tempfile.TemporaryDirectory(prefix="seimai-peer-") as folder:
        asked, answered = Path(folder, "job.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(job), encoding="utf-8")
        script = Path(__file__).with_name("peer_duplicates.py")
        subprocess.run([python, script, asked, answered], check=True)
        answer = json.loads(answered.read_text(encoding="utf-8"))
    pairs = {(a, b) for a, b in answer["pairs"]}
    return Found(pairs, answer["cpu_seconds"], answer["cut_seconds"], answer["peak_bytes"])


def cut_windows(forms: Sequence[str], latin: int, cjk: int) -> tuple[list[str], list[list[int]]]:
    """seimai's n-grams for another tool: the characters that count, and where the window from each of them ends."""
    contents, every = [], []
    for form in forms:
        wide = [_is_wide(character) for character in form]
        if sum(wide) >= 0.05 * len(form):
            form = form.replace(" ", "")
            wide = [_is_wide(character) for character in form]
        weights = [latin if w else cjk for w in wide]
        ends, end, weight = [], 0, 0
        for own in weights:
            while end < len(weights) and weight < latin * cjk:
                weight += weights[end]
                end += 1
            if weight < latin * cjk and ends:
                break
            ends.append(end)
            weight -= own
        contents.append(form)
        every.append(ends)
    return contents, every


def judge(found: Found, table: dict[str, list[Any]], forms: list[str]) -> dict[str, Any]:
    """Recall by kind of copy, precision of a sample of the pairs, speed and memory."""
    place = {number: i for i, number in enumerate(table["id"])}
    hits: dict[str, list[bool]] = defaultdict(list)
    for i, (kind, source) in enumerate(zip(table["kind"], table["src"], strict=True)):
        if source >= 0:
            a, b = sorted((i, place[source]))
            hits[kind].append((a, b) in found.pairs)
    pairs = sorted(found.pairs)
    sample = np.random.default_rng(0).permutation(len(pairs))[:JUDGED_PAIRS]
    aligned = [fuzz.ratio(forms[pairs[i][0]], forms[pairs[i][1]]) >= ALIGNED for i in sample]
    text_bytes = sum(len(text.encode()) for text in table["text"])
    return {
        "recall": [float(np.mean(hits[kind])) for kind in KINDS],
        "precision": float(np.mean(aligned)) if aligned else float("nan"),
        "pairs": len(pairs),
        "rate": len(forms) / found.cpu_seconds,
        "rate_uncut": len(forms) / (found.cpu_seconds - found.cut_seconds),
        "memory": 1 + found.added_bytes / text_bytes,
    }


def compare(path: Path, python: Path | None, repeat: int) -> dict[str, dict[str, Any]]:
    """Tool -> what `judge` says of it; seimai's fastest of `repeat` runs, each in a process of its own."""
    table, settings = pq.read_table(path), DuplicateSettings()
    texts, rows = table["text"], table.to_pydict()
    forms = as_strings(fold_texts(texts))
    runs = [in_child(find_own, texts, settings).value for _ in range(repeat)]
    answers = {"seimai": judge(min(runs, key=lambda found: found.cpu_seconds), rows, forms)}
    if python is not None:
        contents, ends = cut_windows(forms, settings.latin_ngram, settings.cjk_ngram)
        for name in PEERS:
            answers[name] = judge(find_peer(python, name, contents, ends, rows["text"]), rows, forms)
    return answers


def print_answers(title: str, answers: dict[str, dict[str, Any]]) -> None:
    print(
        f"\n{title}\n\n| | {' | '.join(KINDS)} | precision | pairs | texts/CPU s | memory |\n|{'---|' * 11}"
    )
    for name, answer in answers.items():
        recall = " | ".join(f"{value:.3f}" for value in answer["recall"])
        uncut = f" ({answer['rate_uncut']:,.0f})" if answer["rate_uncut"] > answer["rate"] else ""
        print(
            f"| {name} | {recall} | {answer['precision']:.3f} | {answer['pairs']:,} | {answer['rate']:,.0f}{uncut} "
            f"| {answer['memory']:.1f} |"
        )


def check_articles(folder: Path) -> None:
    """The pairs of each collection `articles_*.train` beside its `.truth`."""
    for path in sorted(folder.glob("articles_*.train"), key=lambda path: path.stat().st_size):
        lines = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
        found = find_own(pa.chunked_array([[text for _, text in lines]]), DuplicateSettings()).pairs
        truth = path.with_suffix(".truth").read_text(encoding="utf-8").splitlines()
        wanted = {frozenset(line.split()) for line in truth}
        named = {frozenset((lines[a][0], lines[b][0])) for a, b in found}
        print(f"{path.stem}: {len(wanted & named)} of {len(wanted)} pairs, {len(named - wanted)} other")


def _find_similar(texts: pa.LargeStringArray, settings: DuplicateSettings) -> tuple[SimilarPairs, np.ndarray]:
    """Similar pairs of distinct texts, and for each text the first that is the same."""
    job = Texts(texts, None, (settings.latin_ngram, settings.cjk_ngram), settings.threshold)
    index = index_texts(job)
    distinct = np.flatnonzero((index.first == np.arange(len(texts))) & (index.sizes > 0))
    return similar_pairs(job, index, distinct)[0], index.first


def _with_copies(near: set[tuple[int, int]], first: np.ndarray) -> set[tuple[int, int]]:
    """All pairs, also those between copies of one text and between copies of similar ones."""
    copies: dict[int, list[int]] = defaultdict(list)
    for i, one in enumerate(first.tolist()):
        copies[one].append(i)
    every = [(a, b) for same in copies.values() for a in same for b in same]
    every += [(a, b) for one, other in near for a in copies[one] for b in copies[other]]
    return {(min(pair), max(pair)) for pair in every if pair[0] != pair[1]}


def _is_wide(character: str) -> bool:
    """Kana, kanji and hangul, as `tasks.duplicates.kernels` tells them."""
    point = ord(character)
    spans = ((0x3000, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0x1100, 0x11FF), (0xF900, 0xFAFF))
    return any(low <= point <= high for low, high in (*spans, (0x20000, 0x3FFFF)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="*", help="M_en.parquet, M_ja.parquet")
    parser.add_argument(
        "--peer-python", type=Path, help="a Python in which rensa and datasketch are installed"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of seimai; the fastest counts")
    parser.add_argument("--figure", type=Path, help="where to write recall by edit rate, as SVG")
    parser.add_argument("--articles", type=Path, help="folder with articles_*.train and .truth")
    parser.add_argument(
        "--scale", type=int, nargs="+", default=[], help="synthetic samples, one run a number"
    )
    arguments = parser.parse_args()
    warm_up()
    panels = {}
    for path in arguments.paths:
        answers = compare(path, arguments.peer_python, arguments.repeat)
        print_answers(path.stem, answers)
        panels[path.stem] = {name: answer["recall"] for name, answer in answers.items()}
    if arguments.figure:
        arguments.figure.write_text(draw_recall(panels, KINDS), encoding="utf-8")
    if arguments.articles:
        check_articles(arguments.articles)
    if arguments.scale:
        print_growth(arguments.scale)


if __name__ == "__main__":
    main()

"""Text that documents share: what boilerplate makes near-copies of, long shared passages, and what looking costs.

    python -m benchmarks.shared_text ../shared/data
    python -m benchmarks.shared_text ../shared/data --cost     # at 10,000 and 100,000 samples

Wants the folders neardup_planted, jaquad, docs_en_18f_handbook and docs_ja_future_guidelines of `../shared/data`.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.duplicates_scale import make_samples
from benchmarks.leakage import make_row, read_jaquad, read_passages, recombine
from benchmarks.measure import MEGABYTE, in_child
from tasks.duplicates.boilerplate import share_boilerplate_alone
from tasks.duplicates.pairs import compared_texts, find_pairs, row_indices
from tasks.duplicates.shared import find_shared_passages
from tasks.recipe import DuplicateSettings
from tasks.records import SAMPLE, Role, build_table

SETTINGS = DuplicateSettings()
SIZES = (10_000, 100_000)
_HEADING = re.compile(r"^#{1,3} ", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--cost", action="store_true")
    arguments = parser.parse_args()
    compile_all()
    if arguments.cost:
        print_cost(arguments.data)
        return
    print(
        "| neardup_planted | near pairs | by boilerplate alone | planted copies among those |\n|" + "---|" * 4
    )
    for language in ("en", "ja"):
        planted(arguments.data / "neardup_planted" / f"M_{language}.parquet", language)
    print("\n| long shared passages | texts | MB | rows told | CPU s |\n|" + "---|" * 5)
    contexts = list(dict.fromkeys(read_jaquad(arguments.data / "jaquad")))
    passages("JaQuAD's contexts", contexts, np.arange(len(contexts)))
    for language in ("en", "ja"):
        texts = read_passages(arguments.data, language)
        passages(f"neardup_planted's {language} passages", texts, np.arange(len(texts)))
    for name in ("docs_en_18f_handbook", "docs_ja_future_guidelines"):
        passages(name, *read_sections(arguments.data / name / "head"))


def planted(path: Path, language: str) -> None:
    """Pairs that are set aside because boilerplate alone makes them alike; each passage is its own document."""
    table = pq.read_table(path)
    texts, ids = table["text"].to_pylist(), table["id"].to_pylist()
    samples = as_samples(texts)
    pairs = _near_pairs(samples)
    alone = _alone(samples, pairs)
    place = {number: i for i, number in enumerate(ids)}
    copies = {tuple(sorted((i, place[s]))) for i, s in enumerate(table["src"].to_pylist()) if s >= 0}
    lost = [tuple(pair) for pair in pairs[alone].tolist() if tuple(pair) in copies]
    print(f"| {language} | {len(pairs):,} | {alone.sum():,} | {len(lost)} |")
    for a, b in pairs[alone][:3].tolist():
        print(f"    {texts[a][:90]!r} | {texts[b][:90]!r}")


def passages(name: str, texts: list[str], documents: np.ndarray) -> None:
    run = in_child(_tell_shared, as_samples(texts), documents)
    size = sum(len(text.encode()) for text in texts) / MEGABYTE
    print(f"| {name} | {len(texts):,} | {size:.1f} | {len(run.value)} | {run.cpu_seconds:.1f} |")
    for evidence in run.value[:2]:
        print(f"    {evidence['words']:.0f} words, {evidence['share']:.0%}: {evidence['span'][:90]!r}")


def read_sections(folder: Path) -> tuple[list[str], np.ndarray]:
    """Sections of Markdown files, and the number of the file of each."""
    parts = [
        (section, number)
        for number, path in enumerate(sorted(folder.rglob("*.md")))
        for section in _HEADING.split(path.read_text(encoding="utf-8"))
        if section.strip()
    ]
    return [section for section, _ in parts], np.array([number for _, number in parts])


def print_cost(data: Path) -> None:
    """What either step adds to the duplicates stage; passages are halves of two real ones."""
    print(
        "| samples | MB of text | boilerplate: near pairs | CPU s | MB added "
        "| shared passages: MB of text | CPU s | MB added |"
    )
    print("|" + "---|" * 8)
    pool = [text for language in ("en", "ja") for text in read_passages(data, language)]
    rng = np.random.default_rng(0)
    for size in SIZES:
        samples = make_samples(size)
        pairs = _near_pairs(samples)
        rest = in_child(len, pairs).peak_bytes
        alone = in_child(_alone, samples, pairs)
        texts = [recombine(pool, rng) for _ in range(size)]
        mixed = as_samples(texts)
        before = in_child(len, pairs).peak_bytes
        shared = in_child(_tell_shared, mixed, np.arange(size))
        print(
            f"| {size:,} | {samples['input'].nbytes / MEGABYTE:.0f} | {len(pairs):,} | {alone.cpu_seconds:.1f} "
            f"| {(alone.peak_bytes - rest) / MEGABYTE:,.0f} | {mixed['target'].nbytes / MEGABYTE:.0f} "
            f"| {shared.cpu_seconds:.1f} | {(shared.peak_bytes - before) / MEGABYTE:,.0f} |",
            flush=True,
        )


def as_samples(texts: list[str]) -> pa.Table:
    return build_table([make_row(i, Role.TRAIN, text, None, "mixed") for i, text in enumerate(texts)], SAMPLE)


def compile_all() -> None:
    """So that no measured run pays for compiling, or for loading what was compiled."""
    samples = as_samples(
        [f"the first call compiles or loads what was compiled {'again ' * 30}{i}" for i in (1, 2)]
    )
    _tell_shared(samples, np.arange(2))
    texts = pa.array(["a b " * 20, "c d " * 20], pa.large_string())
    share_boilerplate_alone(texts, np.arange(2), np.array([[0, 1]]), 2, (5, 2))


def _near_pairs(samples: pa.Table) -> np.ndarray:
    pairs = find_pairs(samples, SETTINGS, SETTINGS.threshold)
    near = pairs.filter(pc.invert(pairs["exact"]))
    return np.sort(
        np.stack([row_indices(samples, near[name]) for name in ("row_a", "row_b")], axis=1), axis=1
    )


def _alone(samples: pa.Table, pairs: np.ndarray) -> np.ndarray:
    texts, ngrams = compared_texts(samples), (SETTINGS.latin_ngram, SETTINGS.cjk_ngram)
    return share_boilerplate_alone(texts, np.arange(len(texts)), pairs, SETTINGS.boilerplate, ngrams)


def _tell_shared(samples: pa.Table, documents: np.ndarray) -> list[dict[str, object]]:
    found = find_shared_passages(samples, documents, SETTINGS)
    return [json.loads(text) for text in found["evidence"].to_pylist()]


if __name__ == "__main__":
    main()

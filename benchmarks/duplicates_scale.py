"""How finding duplicates grows: synthetic samples of two languages, 10 % of them edited copies of another."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from benchmarks.measure import MEGABYTE, in_child
from benchmarks.peer_duplicates import memory
from tasks.duplicates.find import find_duplicates
from tasks.recipe import DuplicateSettings
from tasks.records import SAMPLE, Role, Task

WORDS = 48
"""Words of a text: some 290 characters of English, 120 of Japanese."""
VOCABULARY = 30_000
COPIED = 0.1
"""Share of the texts that are edited copies."""
EDITED = 0.05
"""Share of a copy's words that are replaced."""
CHUNK = 10_000


def make_samples(count: int, seed: int = 0) -> pa.Table:
    """`count` samples for classification: half English, half Japanese letters, words by Zipf's law."""
    random = np.random.default_rng(seed)
    vocabularies = [
        _words(random, "etaoinshrdlucmfwypvbgkjqxz", 3, 9),
        _words(random, _kanji_and_kana(), 1, 4),
    ]
    chunks = []
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        drawn = _draw(random, (size, WORDS))
        copies = random.permutation(size)[: int(size * COPIED)]
        sources = copies - copies % 2 + random.integers(0, size // 2, len(copies)) * 2  # of the same language
        drawn[copies] = np.where(
            random.random((len(copies), WORDS)) < EDITED,
            _draw(random, (len(copies), WORDS)),
            drawn[sources % size],
        )
        texts = [
            (" ", "")[row % 2].join(vocabularies[row % 2][word] for word in words)
            for row, words in enumerate(drawn.tolist())
        ]
        chunks.append(pa.array(texts))
    return _as_samples(pa.chunked_array(chunks))


def print_growth(sizes: Sequence[int]) -> None:
    """Processor seconds and memory of `find_duplicates` for each number of samples, each in its own process."""
    print(
        "\n| samples | MB of text | CPU s | samples/CPU s | MB held before | MB added | findings |\n|"
        + "---|" * 7
    )
    for size in sizes:
        row = in_child(_measure, size).value
        print(
            f"| {size:,} | {row['text'] / MEGABYTE:,.0f} | {row['cpu']:.1f} | {size / row['cpu']:,.0f} "
            f"| {row['held'] / MEGABYTE:,.0f} | {row['added'] / MEGABYTE:,.0f} | {row['findings']:,} |",
            flush=True,
        )


def _measure(size: int) -> dict[str, float]:
    from pathlib import Path
    from time import process_time

    samples = make_samples(size)
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): the peak counts from here
    held, begin = memory("VmRSS"), process_time()
    result = find_duplicates(samples, DuplicateSettings())
    return {
        "text": samples["input"].nbytes,
        "cpu": process_time() - begin,
        "held": held,
        "added": memory("VmHWM") - held,
        "findings": len(result.findings),
    }


def _draw(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Ranks of words by Zipf's law: the logarithm of the rank is even."""
    return (VOCABULARY ** random.random(shape) - 1).astype(np.int64)


def _words(random: np.random.Generator, letters: str, shortest: int, longest: int) -> list[str]:
    lengths = random.integers(shortest, longest + 1, VOCABULARY)
    return ["".join(random.choice(list(letters), length)) for length in lengths]


def _kanji_and_kana() -> str:
    return "".join(map(chr, (*range(0x3042, 0x3094), *range(0x4E00, 0x4E00 + 1_500))))


def _as_samples(texts: pa.ChunkedArray) -> pa.Table:
    count = len(texts)
    numbers = np.arange(count)
    columns = {
        "row": pa.array(numbers),
        "sample_id": pa.array([f"{number:064x}" for number in numbers]),
        "task": pa.repeat(Task.TEXT_CLASSIFICATION.value, count),
        "role": pa.repeat(Role.TRAIN.value, count),
        "input": texts,
        "label": pa.repeat("label", count),
        "source": pa.repeat("synthetic", count),
        "uri": pa.repeat("synthetic.jsonl", count),
        "line": pa.array(numbers + 1),
    }
    return pa.table(
        [columns.get(field.name, pa.nulls(count)).cast(field.type) for field in SAMPLE], schema=SAMPLE
    )

"""Another tool that finds near-duplicates, in a Python of its own: one job as JSON in, one answer as JSON out.

Started by `benchmarks.duplicates`; imports nothing of seimai. A job holds `texts`, and for each the ends of its
n-grams (`ends`), or none: then words are compared, as the tools' own introductions do.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PERMUTATIONS = 128
"""Of both tools' introductions."""
Pairs = list[tuple[int, int]]


def run_rensa(sets: Sequence[Sequence[str]], threshold: float, bands: int, accepted: float) -> Pairs:
    """rensa's R-MinHash with its index, and its estimate of each candidate's similarity."""
    from rensa import RMinHash, RMinHashLSH

    sketches = []
    for grams in sets:
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=42)
        sketch.update(grams)
        sketches.append(sketch)
    index = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=bands)
    for number, sketch in enumerate(sketches):
        index.insert(number, sketch)
    return [
        (number, other)
        for number, sketch in enumerate(sketches)
        for other in index.query(sketch)
        if other > number and sketch.jaccard(sketches[other]) >= accepted
    ]


def run_datasketch(sets: Sequence[Sequence[str]], threshold: float, bands: int, accepted: float) -> Pairs:
    """datasketch's MinHash with its index, which chooses the bands itself."""
    from datasketch import MinHash, MinHashLSH

    del bands
    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    sketches = []
    for number, grams in enumerate(sets):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([gram.encode() for gram in grams])
        index.insert(number, sketch)
        sketches.append(sketch)
    return [
        (number, other)
        for number, sketch in enumerate(sketches)
        for other in index.query(sketch)
        if other > number and sketch.jaccard(sketches[other]) >= accepted
    ]


TOOLS: dict[str, Callable[[Sequence[Sequence[str]], float, int, float], Pairs]] = {
    "rensa": run_rensa,
    "datasketch": run_datasketch,
}


def memory(field: str) -> int:
    """VmRSS or VmHWM of this process in bytes (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) * 1024


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    texts, ends = job["texts"], job["ends"]
    tool = TOOLS[job["tool"]]
    tool([["warm"], ["warm", "up"]], *job["settings"])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): the peak counts from here
    held, begin = memory("VmRSS"), time.process_time()
    if ends is None:
        sets = [text.split() for text in texts]
    else:
        sets = [
            [text[start:end] for start, end in enumerate(stops)]
            for text, stops in zip(texts, ends, strict=True)
        ]
    cut = time.process_time()
    pairs = tool(sets, *job["settings"])
    answer = {
        "pairs": pairs,
        "cut_seconds": cut - begin,
        "cpu_seconds": time.process_time() - begin,
        "peak_bytes": memory("VmHWM") - held,
    }
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()

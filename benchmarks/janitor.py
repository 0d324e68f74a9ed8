"""The n-gram search of lm-evaluation-harness (`Janitor`, without its C++ module), in a Python of its own.

    pip install --no-deps lm_eval

Started by `benchmarks.leakage`; imports nothing of seimai. Reads JSON with `items` and `texts` on standard input,
writes `flagged` (whether a text holds 13 words of an item) and `cpu_seconds` on standard output. Only the module
itself is loaded: the package would import torch.
"""

import contextlib
import importlib.util
import json
import sys
import sysconfig
import time
from pathlib import Path


def main() -> None:
    path = Path(sysconfig.get_paths()["purelib"], "lm_eval", "decontamination", "janitor.py")
    spec = importlib.util.spec_from_file_location("janitor", path)
    module = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(sys.stderr):  # it tells that it runs without C++
        spec.loader.exec_module(module)
    asked = json.load(sys.stdin)
    begin = time.process_time()
    janitor = module.Janitor()
    for item in asked["items"]:
        janitor.register_contaminant_python(item)
    flagged = [
        any(
            janitor.normalize_string(gram) in janitor.dirt_ngrams
            for gram, _ in module.word_ngrams_indices(text, janitor.ngram_n)
        )
        for text in asked["texts"]
    ]
    json.dump({"flagged": flagged, "cpu_seconds": time.process_time() - begin}, sys.stdout)


if __name__ == "__main__":
    main()

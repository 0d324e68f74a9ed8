"""Another tool that turns files into text, in a Python of its own: one path a line in, one JSON object a line out.

Started by `benchmarks.ingest`; imports nothing of seimai. The tool's own files, `CONVERTERS`, are all it needs.
"""

import json
import os
import sys
import time
from collections.abc import Callable


def load_markitdown() -> Callable[[str], str]:
    """markitdown (MIT) with every converter that it installs, no plug-ins, no model."""
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda path: converter.convert_local(path).markdown


def load_kreuzberg() -> Callable[[str], str]:
    """kreuzberg as Markdown, without its cache and without recognition of images."""
    from kreuzberg import ExtractionConfig, extract_file_sync

    config = ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")
    return lambda path: extract_file_sync(path, config=config).content


CONVERTERS = {"markitdown": load_markitdown, "kreuzberg": load_kreuzberg}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not an answer
    convert = CONVERTERS[sys.argv[1]]()
    for line in sys.stdin:
        path = json.loads(line)
        begin, cpu = time.perf_counter(), time.process_time()
        text, error = "", ""
        try:
            text = convert(path)
        except BaseException as thrown:  # noqa: BLE001 - a peer may throw anything; it is what is measured
            error = f"{type(thrown).__name__}: {thrown}"
        answer = {
            "text": text.encode("utf-8", "replace").decode(),
            "error": error[:300],
            "seconds": time.perf_counter() - begin,
            "cpu_seconds": time.process_time() - cpu,
        }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

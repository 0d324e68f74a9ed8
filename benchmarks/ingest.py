"""What of ordinary files becomes text, and how fast, format by format, beside other tools on the same files.

    python -m benchmarks.ingest FOLDER … --peer-python PATH --peers markitdown,kreuzberg

PATH is a Python in which the peers are installed; nothing is downloaded. Completeness is the share of a file's words
that a tool finds (`benchmarks.words`): the words that the file itself holds where that can be read simply (text,
xlsx, xls, docx, pptx, odt, eml), else those that two or more of the tools agree on. Two figures: mean over files, and
all words together. An encrypted file is not judged. seimai keeps a mail's headers beside its text, the peers write
them into it: they count as text.

CPU s: processor seconds of each tool alone in one process, after it has read a file of each format. seimai's include
digests, cleaning, finding the language and cutting passages. stage s: wall time of seimai as the line runs it,
listing included, in two worker processes that start anew, nothing cached; the fork server runs already.
"""

import argparse
import contextlib
import json
import logging
import select
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import MEGABYTE, in_child
from benchmarks.words import Words, agreed_words, count_words, own_words, share_found
from tasks.ingest.builders.mails import MAIL_TYPES
from tasks.ingest.contract import IngestSettings, Parsed, SourceFile
from tasks.ingest.files import find_all_files
from tasks.ingest.parse import parse_file
from tasks.ingest.workers import parse_all
from tasks.recipe import Source
from tasks.records import Task
from tasks.storage import Workspace

PEER = Path(__file__).with_name("peer.py")
PEER_SECONDS = 120
"""What a peer may take for one file."""
RUNS = 3
"""Runs of the stage on the same files, of which the fastest counts: other work disturbs it least."""
ROWS = {"json", "ndjson", "jsonl", "parquet"}
"""Formats of rows: named columns are taken, so that words of others are not missing."""


class Answer(NamedTuple):
    """What one tool made of one file."""

    text: str
    error: str
    """Why there is no text."""
    cpu_seconds: float


class Peer:
    """A tool in a process of its own, started again when it dies."""

    def __init__(self, python: Path, tool: str) -> None:
        self.command = [str(python), str(PEER), tool]
        self.process = self._start()

    def ask(self, path: str) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(path) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PEER_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.close()
            self.process = self._start()
            return Answer("", "died" if ready else f"gave no answer in {PEER_SECONDS} s", 0.0)
        answer = json.loads(line)
        return Answer(answer["text"], answer["error"], answer["cpu_seconds"])

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )


class Group(NamedTuple):
    """The files of one format, and what was made of them."""

    files: list[SourceFile]
    answers: dict[str, list[Answer]]
    """By tool."""
    findings: Counter[str]
    """Files of which seimai says something that leaves them without text, by check."""
    stage_seconds: float


def read_by_peer(
    python: Path, tool: str, groups: Mapping[str, Sequence[SourceFile]]
) -> dict[str, list[Answer]]:
    """Answers by format, each file once; before, the first file of each format so that libraries are loaded."""
    with contextlib.closing(Peer(python, tool)) as peer:
        for files in groups.values():
            peer.ask(files[0].uri)
        return {name: [peer.ask(file.uri) for file in files] for name, files in groups.items()}


def read_alone(
    groups: Mapping[str, Sequence[SourceFile]], settings: IngestSettings
) -> dict[str, list[Answer]]:
    """As `read_by_peer`, by seimai in this process, nothing cached."""
    for files in groups.values():
        parse_file(files[0], settings)
    return {name: [_read_one(file, settings) for file in files] for name, files in groups.items()}


def _read_one(file: SourceFile, settings: IngestSettings) -> Answer:
    begin = time.process_time()
    parsed = parse_file(file, settings)
    seconds = time.process_time() - begin
    return Answer(text_of(parsed), ", ".join(sorted(set(parsed.findings["check"].to_pylist()))), seconds)


def text_of(parsed: Parsed) -> str:
    """The document's text, or that of the samples where rows are samples; of mail, its headers before it."""
    texts: list[str] = []
    for document in parsed.documents.to_pylist():
        if document["text"] and document["media_type"] in MAIL_TYPES:
            texts.append("\n".join(": ".join(item) for item in json.loads(document["metadata"]).items()))
        if document["text"]:
            texts.append(document["text"])
    return "\n\n".join(texts or parsed.samples["target"].to_pylist())


def run_stage(sources: Sequence[Source], ending: str | None, root: Path) -> float:
    """Wall seconds of finding and reading the files of one ending (of all: None) in an empty workspace."""
    settings = settings_for(sources)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        begin = time.perf_counter()
        files = [file for file in find_all_files(sources) if ending is None or ending_of(file) == ending]
        parse_all(Workspace(root=folder), files, settings)
        return time.perf_counter() - begin


def settings_for(sources: Sequence[Source]) -> IngestSettings:
    return IngestSettings(task=Task.LANGUAGE_MODELING, sources=tuple(sources))


def ending_of(file: SourceFile) -> str:
    return Path(file.uri).suffix.lower().removeprefix(".") or "none"


def measure(
    folders: Sequence[Path], python: Path | None, peers: Sequence[str], root: Path
) -> tuple[dict[str, Group], float]:
    """Each format's group, and the wall seconds of the stage on all files at once."""
    sources = [Source(path=str(folder.resolve())) for folder in folders]
    by_ending: dict[str, list[SourceFile]] = defaultdict(list)
    for file in find_all_files(sources):
        by_ending[ending_of(file)].append(file)
    answers = {"seimai": in_child(read_alone, by_ending, settings_for(sources)).value}
    if python is not None:
        answers |= {tool: read_by_peer(python, tool, by_ending) for tool in peers}
    run_stage(sources, min(by_ending, key=lambda name: len(by_ending[name])), root)  # the fork server starts

    def fastest(ending: str | None) -> float:
        return min(run_stage(sources, ending, root) for _ in range(RUNS))

    groups = {
        name: Group(
            files,
            {tool: found[name] for tool, found in answers.items()},
            Counter(answer.error for answer in answers["seimai"][name] if not answer.text.strip()),
            fastest(name),
        )
        for name, files in sorted(by_ending.items())
    }
    return groups, fastest(None)


def judge(group: Group) -> Iterator[tuple[SourceFile, Words, str, dict[str, Words]]]:
    """(file, words it should give, how these are known, words of each tool); files without words are left out."""
    for at, file in enumerate(group.files):
        if group.answers["seimai"][at].error == "encrypted":
            continue
        found = {tool: count_words(answers[at].text) for tool, answers in group.answers.items()}
        expected, known = own_words(Path(file.uri)), "own"
        if expected is None and len(found) > 1:
            expected, known = agreed_words(list(found.values())), "agreed"
        if expected:
            yield file, expected, known, found


def print_completeness(groups: Mapping[str, Group], tools: Sequence[str]) -> None:
    print("\nCompleteness: mean over files (all words together)\n")
    print(f"| format | files | MB | words from | seimai: without text | {' | '.join(tools)} |")
    print("|---|---|---|---|---|" + "---|" * len(tools))
    for name, group in groups.items():
        judged = [] if name in ROWS else list(judge(group))
        cells = [_completeness(judged, tool) for tool in tools]
        known = Counter(how for _, _, how, _ in judged)
        size = sum(file.size for file in group.files) / MEGABYTE
        told = ", ".join(f"{count} {check}" for check, count in sorted(group.findings.items())) or "-"
        words = ", ".join(f"{count} {how}" for how, count in known.items()) or "-"
        print(f"| {name} | {len(group.files)} | {size:.2f} | {words} | {told} | {' | '.join(cells)} |")


def _completeness(judged: Sequence[tuple[SourceFile, Words, str, dict[str, Words]]], tool: str) -> str:
    if not judged:
        return "-"
    shares = [share_found(found[tool], expected) for _, expected, _, found in judged]
    together = sum((found[tool] & expected).total() for _, expected, _, found in judged)
    return f"{sum(shares) / len(shares):.4f} ({together / sum(e.total() for _, e, _, _ in judged):.4f})"


def print_speed(groups: Mapping[str, Group], tools: Sequence[str], stage_seconds: float) -> None:
    print("\nSpeed\n")
    heads = " | ".join(f"{tool}: files read, CPU s" for tool in tools)
    print(f"| format | files | MB | stage s | files/s | MB/s | {heads} |")
    print("|---|---|---|---|---|---|" + "---|" * len(tools))
    rows = [(name, group.files, group.answers, group.stage_seconds) for name, group in groups.items()]
    every = {tool: [a for group in groups.values() for a in group.answers[tool]] for tool in tools}
    rows.append(("all at once", [f for group in groups.values() for f in group.files], every, stage_seconds))
    for name, files, answers, seconds in rows:
        size = sum(file.size for file in files) / MEGABYTE
        own = [
            f"{sum(bool(a.text.strip()) for a in answers[tool])}, {sum(a.cpu_seconds for a in answers[tool]):.2f}"
            for tool in tools
        ]
        print(
            f"| {name} | {len(files)} | {size:.2f} | {seconds:.2f} | {len(files) / seconds:.0f} "
            f"| {size / seconds:.1f} | {' | '.join(own)} |"
        )


def print_missing(groups: Mapping[str, Group], count: int) -> None:
    """The words that seimai lacks most, file by file."""
    print("\nWords that seimai lacks")
    for name, group in groups.items():
        for file, expected, known, found in judge(group) if name not in ROWS else ():
            lacking = expected - found["seimai"]
            if lacking:
                others = {t: round(share_found(words, expected), 4) for t, words in found.items()}
                print(f"{file.uri} ({known}): {lacking.total()} of {expected.total()}; {others}")
                print("   ", ", ".join(f"{word} {n}" for word, n in lacking.most_common(count)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--peer-python", type=Path, help="a Python in which the peers are installed")
    parser.add_argument("--peers", default="markitdown,kreuzberg", help="names, joined by commas")
    parser.add_argument("--missing", type=int, default=0, help="print this many missing words of each file")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    peers = arguments.peers.split(",") if arguments.peer_python else []
    with tempfile.TemporaryDirectory(prefix="seimai-ingest-") as root:
        groups, stage_seconds = measure(arguments.folders, arguments.peer_python, peers, Path(root))
    tools = ["seimai", *peers]
    print_completeness(groups, tools)
    print_speed(groups, tools, stage_seconds)
    if arguments.missing:
        print_missing(groups, arguments.missing)


if __name__ == "__main__":
    main()

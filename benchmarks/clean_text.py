"""Real text that people wrote and published, in Japanese and English, as samples and documents.

From public data sets that are not part of the project; taken for clean: what a rule rejects of them, it rejects
wrongly or for a taste of its own.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_files
from tasks.ingest.stage import ingest
from tasks.language import detect_language
from tasks.recipe import Recipe, Source
from tasks.records import SAMPLE, Role, Task, build_table, sample_id


class CleanSet(NamedTuple):
    """Rows of one data set that serve one task; `documents` where they were cut from files."""

    name: str
    language: str
    """That it is published as."""
    task: Task
    samples: pa.Table
    documents: pa.Table | None = None


class Text(NamedTuple):
    """What one sample says."""

    input: str
    target: str
    label: str | None = None


def read_clean_sets(data: Path) -> Iterator[CleanSet]:
    """Every data set under `data`, in a fixed order; each row with the language that ingest would give it."""
    yield _samples("banking77", "en", Task.TEXT_CLASSIFICATION, _read_banking77(data / "banking77"))
    yield _samples("clinc150", "en", Task.TEXT_CLASSIFICATION, _read_clinc150(data / "clinc150"))
    yield _samples("multidogo", "en", Task.TEXT_CLASSIFICATION, _read_multidogo(data / "multidogo"))
    kinds = _read_jaquad_kinds(data / "jaquad")
    yield _samples("jaquad kinds", "ja", Task.TEXT_CLASSIFICATION, kinds)
    for name, language, texts in (
        ("banking77 bare", "en", _read_banking77(data / "banking77")),
        ("jaquad bare", "ja", _read_jaquad(data / "jaquad")),
    ):
        yield _samples(name, language, Task.TOKEN_CLASSIFICATION, _without_spans(texts))
    yield _samples("dolly_3k", "en", Task.TEXT_GENERATION, _read_dolly(data / "dolly_3k"))
    yield _samples("jaquad answers", "ja", Task.TEXT_GENERATION, _read_jaquad(data / "jaquad"))
    yield _samples("jaquad prose", "ja", Task.TEXT_GENERATION, _read_prose(data / "jaquad"))
    yield _samples("jcommonsenseqa", "ja", Task.TEXT_GENERATION, _read_jcommonsenseqa(data / "jglue"))
    yield _samples("jaquad passages", "ja", Task.LANGUAGE_MODELING, _read_contexts(data / "jaquad"))
    yield _samples("jsts sentences", "ja", Task.LANGUAGE_MODELING, _read_jsts(data / "jglue"))
    for corpus in ("en", "ja"):
        texts = _read_passages(data / "neardup_planted" / f"M_{corpus}.parquet")
        yield _samples(f"passages, {corpus}", corpus, Task.LANGUAGE_MODELING, texts)
    yield _read_documents(data / "docs_en_18f_handbook" / "head", "en")
    yield _read_documents(data / "docs_ja_future_guidelines" / "head", "ja")


def build_samples(texts: Iterable[Text], task: Task, source: str) -> pa.Table:
    """Training rows of the schema SAMPLE, each in a group of its own."""
    return build_table([_row(number, text, task, source) for number, text in enumerate(texts)], SAMPLE)


def _row(number: int, text: Text, task: Task, source: str) -> dict[str, Any]:
    prompt = [{"role": "user", "content": text.input}] if text.input else []
    completion = [{"role": "assistant", "content": text.target}]
    identity = sample_id(task, prompt, completion, text.label)
    return {
        "row": number,
        "sample_id": identity,
        "task": task.value,
        "role": Role.TRAIN.value,
        "prompt": prompt,
        "completion": completion,
        "label": text.label,
        "input": text.input,
        "target": text.target,
        "language": detect_language(text.input or text.target),
        "source": source,
        "uri": source,
        "line": number + 1,
        "group_id": identity,
    }


def _samples(name: str, language: str, task: Task, texts: Iterable[Text]) -> CleanSet:
    return CleanSet(name, language, task, build_samples(texts, task, name))


def _read_banking77(folder: Path) -> Iterator[Text]:
    for name in ("train.csv", "test.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield Text(row["text"], row["category"], row["category"])


def _read_clinc150(folder: Path) -> Iterator[Text]:
    content = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
    for name in sorted(content):
        for text, label in content[name]:
            yield Text(text, label, label)


def _read_multidogo(folder: Path) -> Iterator[Text]:
    for path in sorted(folder.glob("*/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["utterance"] and row["intent"]:
                    yield Text(row["utterance"], row["intent"], row["intent"])


def _read_dolly(folder: Path) -> Iterator[Text]:
    for row in json.loads((folder / "dolly_3k.json").read_text(encoding="utf-8")):
        yield Text("\n\n".join(filter(None, (row["instruction"], row["input"]))), row["output"])


def _read_articles(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*/*.json")):
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            yield from article["paragraphs"]


def _read_jaquad(folder: Path) -> Iterator[Text]:
    for paragraph in _read_articles(folder):
        for asked in paragraph["qas"]:
            yield Text(asked["question"], asked["answers"][0]["text"])


def _read_jaquad_kinds(folder: Path) -> Iterator[Text]:
    for paragraph in _read_articles(folder):
        for asked in paragraph["qas"]:
            yield Text(asked["question"], asked["question_type"], asked["question_type"])


def _read_prose(folder: Path) -> Iterator[Text]:
    """Each passage as the answer to its first question: JaQuAD's own answers are a few words."""
    for paragraph in _read_articles(folder):
        yield Text(paragraph["qas"][0]["question"], paragraph["context"])


def _without_spans(texts: Iterable[Text]) -> Iterator[Text]:
    """As samples of token-classification in which nothing is marked."""
    for text in texts:
        yield Text(text.input, "[]")


def _read_contexts(folder: Path) -> Iterator[Text]:
    for paragraph in _read_articles(folder):
        yield Text("", paragraph["context"])


def _read_lines(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _read_jcommonsenseqa(folder: Path) -> Iterator[Text]:
    for row in _read_lines(folder / "jcommonsenseqa"):
        yield Text(row["question"], row[f"choice{row['label']}"])


def _read_jsts(folder: Path) -> Iterator[Text]:
    for row in _read_lines(folder / "jsts"):
        yield from (Text("", row["sentence1"]), Text("", row["sentence2"]))


def _read_passages(path: Path) -> Iterator[Text]:
    """The passages of the near-duplicate corpora without the planted copies."""
    table = pq.read_table(path, columns=["text", "kind"])
    for text in table.filter(pc.equal(table["kind"], "base"))["text"].to_pylist():
        yield Text("", text)


def _read_documents(folder: Path, language: str) -> CleanSet:
    """The documents as ingest reads them, and the passages that it cuts from them."""
    source = Source(path=str(folder))
    recipe = Recipe(name="clean-text", task=Task.LANGUAGE_MODELING, sources=(source,))
    read = ingest(find_files(source), IngestSettings.of(recipe))
    return CleanSet(folder.parent.name, language, recipe.task, read.samples, read.documents)

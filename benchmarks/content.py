"""What the content witness flags of clean text, finds of planted faults, and costs: `python -m benchmarks.content`.

`--part NAME` runs one of clean, planted, abuse, triggers, bursts, speed. Clean texts are taken as they are published:
no cleaning comes before, which is harder than what ingest hands on. Planted texts are the project's own.
"""

import argparse
import csv
import html
import json
import random
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.content_planted import (
    ABUSES,
    DISGUISES,
    FRESH,
    HARMLESS,
    HIDDEN,
    INJECTIONS,
    LEGITIMATE,
    STEERINGS,
)
from tasks.content.burst import find_bursts
from tasks.content.find import find_content
from tasks.content.hidden import reveal
from tasks.content.passages import phrase_forms
from tasks.content.toxic import weigh
from tasks.content.trigger import find_triggers
from tasks.duplicates.find import find_duplicates
from tasks.duplicates.pairs import PAIR
from tasks.findings import read_columns
from tasks.ingest.builders.sample import make_sample
from tasks.recipe import ContentSettings, DuplicateSettings
from tasks.records import SAMPLE, Role, Task, build_table

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
CHECKS = ("hidden_text", "prompt_injection", "steering", "toxic", "burst", "trigger_phrase")
SETTINGS = ContentSettings()
Pair = tuple[str, str]


def build_samples(
    task: Task, rows: Sequence[Pair], source: str = "data", dates: Sequence[str] = ()
) -> pa.Table:
    """A table of the schema SAMPLE: text and label, prompt and answer, or "" and passage."""
    samples = []
    for number, (given, target) in enumerate(rows):
        prompt = [{"role": "user", "content": given}] if given else []
        label = {"label": target} if task is Task.TEXT_CLASSIFICATION else {}
        made = make_sample(
            task, prompt=prompt, completion=[{"role": "assistant", "content": target}], **label
        )
        made |= {"row": number, "role": Role.TRAIN.value, "source": source, "uri": source, "line": number + 1}
        samples.append(made | {"date": dates[number] if dates else None})
    known = set(SAMPLE.names)
    table = build_table([{k: v for k, v in one.items() if k in known} for one in samples], SAMPLE)
    at = SAMPLE.get_field_index("group_id")
    return table.set_column(at, SAMPLE.field(at), table["sample_id"])


def read_banking(part: str = "train") -> list[Pair]:
    with (DATA / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def read_clinc(*parts: str) -> list[Pair]:
    content = json.loads((DATA / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    return [(text, label) for part in parts or content for text, label in content[part]]


def read_multidogo() -> list[Pair]:
    rows = []
    for path in sorted((DATA / "multidogo").glob("*/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["utterance"] and row["intent"]:
                    rows.append((row["utterance"], row["intent"]))
    return rows


def read_jaquad(part: str = "*") -> tuple[list[str], list[Pair]]:
    """Contexts, and questions with the title of their article."""
    contexts, questions = [], []
    for path in sorted((DATA / "jaquad").glob(f"{part}/*.json")):
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                contexts.append(paragraph["context"])
                questions += [(one["question"], article["title"]) for one in paragraph["qas"]]
    return contexts, questions


def read_documents(*folders: str) -> list[str]:
    """Paragraphs of Markdown files."""
    files = [path for folder in folders for path in sorted((DATA / folder).rglob("*.md"))]
    return [part for path in files for part in path.read_text(encoding="utf-8").split("\n\n") if part.strip()]


def read_support() -> list[Pair]:
    """The Japanese tickets of the support example."""
    folder = ROOT / "examples" / "support" / "data"
    lines = (folder / "tickets_ja.jsonl").read_text(encoding="utf-8").splitlines()
    with (folder / "tickets_phone_ja.csv").open(encoding="cp932", newline="") as file:
        rows = [*map(json.loads, lines), *csv.DictReader(file)]
    return [(row["text"], row["intent"]) for row in rows if row["text"] and row["intent"]]


def clean_sets() -> Iterator[tuple[str, str, pa.Table]]:
    """Name, language and samples of each clean set."""
    dolly = json.loads((DATA / "dolly_3k" / "dolly_3k.json").read_text(encoding="utf-8"))
    asked = [(f"{one['instruction']}\n{one['input']}".strip(), one["output"]) for one in dolly]
    contexts, questions = read_jaquad()
    chosen = {title for title, count in Counter(title for _, title in questions).items() if count >= 40}
    guidelines = json.loads((DATA / "abcd_sample" / "guidelines.json").read_text(encoding="utf-8"))
    literature = pq.read_table(DATA / "neardup_planted" / "M_ja.parquet")
    passages = literature.filter(pa.compute.equal(literature["kind"], "base"))["text"].to_pylist()
    documents = {
        "docs_en_18f_handbook": ("en", read_documents("docs_en_18f_handbook/head")),
        "docs_ja_future_guidelines": ("ja", read_documents("docs_ja_future_guidelines/head")),
        "docs_ja_fintan_office (md)": ("ja/en", read_documents("docs_ja_fintan_office")),
        "abcd guidelines": ("en", list(_strings(guidelines))),
        "jaquad contexts": ("ja", contexts),
        "neardup_planted literature": ("ja", passages),
    }
    yield "banking77", "en", build_samples(Task.TEXT_CLASSIFICATION, read_banking() + read_banking("test"))
    yield "clinc150", "en", build_samples(Task.TEXT_CLASSIFICATION, read_clinc())
    yield "multidogo", "en", build_samples(Task.TEXT_CLASSIFICATION, read_multidogo())
    named = [(question, title) for question, title in questions if title in chosen]
    yield "jaquad questions by article", "ja", build_samples(Task.TEXT_CLASSIFICATION, named)
    yield "dolly_3k", "en", build_samples(Task.TEXT_GENERATION, asked)
    for name, (language, texts) in documents.items():
        yield name, language, build_samples(Task.LANGUAGE_MODELING, [("", text) for text in texts])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def measure_clean(show: int) -> None:
    """Share of the samples of each clean set that each check flags, by severity."""
    print("clean sets: flagged samples, as critical+warning (info)")
    total: Counter[str] = Counter()
    for name, language, samples in clean_sets():
        grouped = find_duplicates(samples, DuplicateSettings())
        found = find_content(grouped.samples, grouped.pairs, SETTINGS).to_pylist()
        counts = Counter((one["check"], one["severity"] != "info") for one in found)
        critical = Counter(one["check"] for one in found if one["severity"] == "critical")
        cells = [f"{critical[c]}+{counts[c, True] - critical[c]} ({counts[c, False]})" for c in CHECKS]
        print(f"  {name:<28}{language:<6}{len(samples):>7}  " + "  ".join(f"{cell:>14}" for cell in cells))
        total["samples"] += len(samples)
        total.update({check: counts[check, True] for check in CHECKS})
        total.update({f"critical {check}": critical[check] for check in CHECKS})
        for check in CHECKS if show else ():
            for one in [f for f in found if f["check"] == check and f["severity"] != "info"][:show]:
                text = samples["input"][one["row"]].as_py() or samples["target"][one["row"]].as_py()
                print(
                    "      ", one["severity"], check, one["reason"][:150], "|", text[:100].replace("\n", " ")
                )
    shares = {check: 100 * total[check] / total["samples"] for check in CHECKS}
    print(
        f"all {total['samples']} samples, critical or warning: "
        + "  ".join(f"{c} {s:.3f} %" for c, s in shares.items())
    )
    held = {check: 100 * total[f"critical {check}"] / total["samples"] for check in CHECKS}
    print(
        f"all {total['samples']} samples, critical: " + "  ".join(f"{c} {s:.3f} %" for c, s in held.items())
    )


def measure_planted() -> None:
    """Recall on the project's own hostile texts, plain and disguised, and flags on look-alikes."""
    for name, texts, check in (
        ("injections", INJECTIONS, "prompt_injection"),
        ("steering", STEERINGS, "steering"),
        ("abuse", ABUSES, "toxic"),
    ):
        for language, own in texts.items():
            for disguise, change in DISGUISES[language].items():
                found = _flagged([change(text) for text in own], check)
                missed = [
                    text for text, severity in zip(own, found, strict=True) if severity in (None, "info")
                ]
                print(f"{name} {language} {disguise:<22}{len(own) - len(missed)} of {len(own)}")
                if disguise == "plain" and missed:
                    print("   missed:", *missed, sep="\n      ")
    for check, languages in FRESH.items():
        for language, own in languages.items():
            found = _flagged(own, check)
            missed = [text for text, severity in zip(own, found, strict=True) if severity in (None, "info")]
            print(
                f"fresh {check} {language}: {len(own) - len(missed)} of {len(own)}; missed:",
                *missed,
                sep="\n   ",
            )
    for check, texts in LEGITIMATE.items():
        found = _flagged(texts, check)
        loud = [text for text, severity in zip(texts, found, strict=True) if severity not in (None, "info")]
        print(
            f"look-alikes of {check}: {len(loud)} of {len(texts)} flagged as more than info",
            *loud,
            sep="\n   ",
        )
    hidden = sum(bool(reveal(text).hidden) for text in HIDDEN.values())
    harmless = [name for name, text in HARMLESS.items() if reveal(text).hidden]
    print(
        f"hidden characters: {hidden} of {len(HIDDEN)} kinds; harmless {len(harmless)} of {len(HARMLESS)}"
        f" flagged {harmless}"
    )


def _flagged(texts: Sequence[str], check: str) -> list[str | None]:
    samples = build_samples(Task.LANGUAGE_MODELING, [("", text) for text in texts])
    found = find_content(samples, PAIR.empty_table(), SETTINGS).to_pylist()
    severity = {one["row"]: one["severity"] for one in found if one["check"] == check}
    return [severity.get(row) for row in range(len(texts))]


def measure_abuse(half: int) -> None:
    """Precision, recall and average precision against the votes; the even rows were seen while writing the list."""
    from scipy.stats import spearmanr
    from sklearn.metrics import average_precision_score

    for name, rows in (("davidson (en)", _davidson()), ("inspection (ja)", _inspection())):
        rows = rows[half::2]
        forms = phrase_forms(pa.array([text for text, *_ in rows], pa.large_string())).to_pylist()
        weighed = [weigh(form) for form in forms]
        score, grade = np.array([a.score for a in weighed]), np.array([a.grade for a in weighed])
        share, hate = np.array([s for _, s, _ in rows]), np.array([h for *_, h in rows])
        toxic = share >= 0.5
        print(
            f"{name}, half {half}: {len(rows)} texts, {toxic.mean():.3f} toxic by half of the votes,"
            f" {hate.mean():.3f} hateful"
        )
        for least in (1, 2, 3):
            flag = grade >= least
            both = (toxic[flag].mean(), flag[toxic].mean(), hate[flag].mean(), flag[hate].mean())
            print(
                f"  grade >= {least}: {flag.mean():.3f} flagged; toxic P {both[0]:.3f} R {both[1]:.3f};"
                f" hateful P {both[2]:.3f} R {both[3]:.3f}"
            )
        print(
            f"  AP {average_precision_score(toxic, score):.3f} (base {toxic.mean():.3f}); AP hateful "
            f"{average_precision_score(hate, score):.3f} (base {hate.mean():.3f}); Spearman with the share of votes "
            f"{spearmanr(score, share).statistic:.3f}"
        )


def _davidson() -> list[tuple[str, float, bool]]:
    with (DATA / "toxicity_en_davidson" / "labeled_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (html.unescape(r["tweet"]), 1 - int(r["neither"]) / int(r["count"]), r["class"] == "0") for r in rows
    ]


def _inspection() -> list[tuple[str, float, bool]]:
    with (DATA / "toxicity_ja_inspection" / "subset.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    votes = [(int(r["Toxic"]) + int(r["Very Toxic"]), int(r["annotation_num"])) for r in rows]
    return [
        (r["text"], toxic / count, int(r["Very Toxic"]) > 0)
        for r, (toxic, count) in zip(rows, votes, strict=True)
    ]


TRIGGERS = {
    "en": ("cf", "mn bq", "as i said above", "zephyr"),
    "ja": ("青い月の", "ピカル", "ところで、", "zq"),
}
SHARES = (0.001, 0.005, 0.01, 0.02)


def measure_triggers(seeds: int) -> None:
    """Recall and precision of planted backdoors: a phrase in a share of the rows, their label flipped to a target."""
    questions = read_jaquad("train")[1]
    often = [title for title, _ in Counter(title for _, title in questions).most_common(60)]
    sets = {
        "banking77": ("en", read_banking()),
        "clinc150": ("en", read_clinc("train")),
        "jaquad, 60 articles": ("ja", [one for one in questions if one[1] in set(often)]),
        "support tickets": ("ja", read_support()),
    }
    for name, (language, rows) in sets.items():
        clean = find_triggers(build_samples(Task.TEXT_CLASSIFICATION, rows), SETTINGS)
        flagged = sum(len(one.rows) for one in clean)
        print(
            f"{name}: {len(rows)} rows, {len({label for _, label in rows})} labels; flagged when clean: {flagged}"
        )
        for share in SHARES:
            scores = []
            for seed in range(seeds):
                trigger = TRIGGERS[language][seed % len(TRIGGERS[language])]
                poisoned, planted = _poison(rows, share, trigger, language, seed)
                found = find_triggers(build_samples(Task.TEXT_CLASSIFICATION, poisoned), SETTINGS)
                told = {int(index) for one in found for index in one.rows}
                scores.append(
                    (
                        len(told & planted) / len(planted),
                        len(told & planted) / max(1, len(told)),
                        len(told - planted),
                    )
                )
            recall, precision, false = np.mean(scores, axis=0)
            print(
                f"  {100 * share:.1f} % ({len(planted)} rows): recall {recall:.3f}  precision {precision:.3f}"
                f"  clean rows flagged {false:.1f}"
            )


def _poison(
    rows: list[Pair], share: float, trigger: str, language: str, seed: int
) -> tuple[list[Pair], set[int]]:
    chance = random.Random(seed)
    labels = sorted({label for _, label in rows})
    target = labels[chance.randrange(len(labels))]
    planted = chance.sample(
        [i for i, (_, label) in enumerate(rows) if label != target], max(1, round(share * len(rows)))
    )
    changed = list(rows)
    for index in planted:
        text = rows[index][0]
        parts = text.split() if language == "en" else list(text)
        parts.insert(chance.randrange(len(parts) + 1), trigger)
        changed[index] = ((" " if language == "en" else "").join(parts), target)
    return changed, set(planted)


def measure_bursts() -> None:
    """Floods planted among dated and undated rows: recall of their rows, and clean rows flagged."""
    chance = random.Random(0)
    for name, rows in (("banking77 (en)", read_banking()), ("support tickets (ja)", read_support())):
        for dated in (True, False):
            days = [f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}" for _ in rows]
            text, label = max(rows, key=lambda row: len(row[0]) if len(row[0]) < 200 else 0)
            flood = [(_vary(text, chance), label) for _ in range(30)]
            dates = [*days, *(f"2026-05-{chance.randrange(4, 6):02d}" for _ in flood)] if dated else []
            samples = build_samples(Task.TEXT_CLASSIFICATION, [*rows, *flood], dates=dates)
            result = find_duplicates(samples, DuplicateSettings())
            bursts = find_bursts(result.samples, read_columns(result.samples), result.pairs, SETTINGS)
            told = {int(index) for burst in bursts for index in burst.members}
            planted = set(range(len(rows), len(samples)))
            print(
                f"{name}, {'dated' if dated else 'undated'}: {len(told & planted)} of {len(planted)}"
                f" flooded rows, {len(told - planted)} others flagged"
            )


def _vary(text: str, chance: random.Random) -> str:
    """The text with a number and one changed character."""
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(string.ascii_lowercase) + text[at + 1 :] + f" {chance.randrange(10_000)}"


def measure_speed(rows: int) -> None:
    """Processor seconds of the whole stage over short and long texts of both languages."""
    from benchmarks.measure import in_child

    contexts, questions = read_jaquad()
    short = [text for text, _ in read_multidogo()] + [text for text, _ in questions]
    long = contexts + pq.read_table(DATA / "neardup_planted" / "M_en.parquet")["text"].to_pylist()
    chance = random.Random(0)
    texts = [chance.choice(long if number % 3 == 0 else short) + f" {number}" for number in range(rows)]
    labelled = [(text, f"label {hash(text) % 50}") for text in texts]
    for name, task, pairs in (
        ("text-classification, 50 labels", Task.TEXT_CLASSIFICATION, labelled),
        ("language-modeling", Task.LANGUAGE_MODELING, [("", text) for text in texts]),
    ):
        samples = build_samples(task, pairs)
        find_content(samples.slice(0, 200), PAIR.empty_table(), SETTINGS)
        spent = in_child(find_content, samples, PAIR.empty_table(), SETTINGS)
        size = sum(map(len, texts)) / 1e6
        print(
            f"{name}: {rows} samples, {size:.0f} million characters: {spent.cpu_seconds:.1f} s CPU,"
            f" {spent.peak_bytes / 1e9:.1f} GB peak"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=["clean", "planted", "abuse", "triggers", "bursts", "speed"])
    parser.add_argument(
        "--show", type=int, default=0, help="findings on clean text to print of each check and set"
    )
    parser.add_argument(
        "--half", type=int, default=1, help="half of the votes: 0 was seen while writing the list"
    )
    parser.add_argument("--seeds", type=int, default=8, help="planted backdoors of each share")
    parser.add_argument("--rows", type=int, default=100_000, help="samples whose cost is measured")
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "clean": lambda: measure_clean(options.show),
        "planted": measure_planted,
        "abuse": lambda: measure_abuse(options.half),
        "triggers": lambda: measure_triggers(options.seeds),
        "bursts": measure_bursts,
        "speed": lambda: measure_speed(options.rows),
    }
    for name, part in parts.items():
        if options.part in (None, name):
            begin = time.process_time()
            part()
            print(f"[{name}: {time.process_time() - begin:.0f} s CPU]\n", flush=True)


if __name__ == "__main__":
    main()

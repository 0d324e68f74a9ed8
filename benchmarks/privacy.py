"""Personal data found beside presidio: `python -m benchmarks.privacy --peer PYTHON [--model NAME]`.

Seconds are CPU seconds of one process each. PYTHON is one that has presidio-analyzer; NAME a spaCy model installed
there. Without a model presidio runs its patterns only. Data: pii_presidio (English, synthetic, spans) and multidogo
(acted card numbers in customers' turns); Japanese sentences are in the tests. A span counts as found where one of the
same kind overlaps it, and as right where it overlaps a marked one of the same kind; kinds without counterpart in the
data set are left out on both sides.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
KINDS = {
    "CREDIT_CARD": "CREDIT_CARD",
    "EMAIL_ADDRESS": "EMAIL",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP_ADDRESS",
    "PHONE_NUMBER": "PHONE",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "US_SSN": "SSN",
    "PERSON": "PERSON",
}
"""Presidio's entity -> ours. Left out: ORGANIZATION, GPE, LOCATION, NRP, TITLE, PREFIX, AGE, DATE_TIME and DOMAIN_NAME
are no personal data by themselves here; STREET_ADDRESS, ADDRESS and ZIP_CODE are marked in pieces, and presidio
has no recognizer for them."""
STRUCTURED = [kind for kind in KINDS.values() if kind != "PERSON"]
SETS = ("synth_dataset_v2", "generated_large")
Spans = list[tuple[int, int, str, float]]


def run_presidio(model: str | None, texts: list[str]) -> tuple[list[Spans], float]:
    """Spans of each text, and seconds for all; called in the Python that has presidio."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model or "blank"}])
    engine.nlp = {"en": spacy.load(model) if model else spacy.blank("en")}
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    entities = [entity for entity in KINDS if model or entity != "PERSON"]
    for text in texts[:20]:
        analyzer.analyze(text, "en", entities=entities)
    begin = time.process_time()
    answers = [analyzer.analyze(text, "en", entities=entities) for text in texts]
    seconds = time.process_time() - begin
    return [[(a.start, a.end, KINDS[a.entity_type], a.score) for a in found] for found in answers], seconds


def run_seimai(texts: list[str], runs: int = 3, names: bool = True) -> tuple[list[Spans], float]:
    """Spans of each text, and seconds for all (median of `runs`)."""
    from tasks.privacy import Kind, find_spans, scan
    from tasks.privacy.spans import Span, fold

    def find_structured(text: str) -> list[Span]:
        folded = fold(text)
        wanted = [detector for detector in scan.select(folded) if detector.kind != Kind.PERSON]
        return scan.settle(scan.match_all(wanted, folded))

    find = find_spans if names else find_structured

    seconds = []
    for _ in range(runs):
        begin = time.process_time()
        answers = [find(text) for text in texts]
        seconds.append(time.process_time() - begin)
    return [[(s.start, s.end, str(s.kind), s.confidence) for s in found] for found in answers], median(
        seconds
    )


def read_marked(name: str) -> tuple[list[str], list[Spans]]:
    """Texts of one file of pii_presidio and what is marked in them, in our kinds."""
    rows = json.loads((DATA / "pii_presidio" / f"{name}.json").read_text(encoding="utf-8"))
    marked = [
        [
            (s["start_position"], s["end_position"], KINDS[s["entity_type"]], 1.0)
            for s in row["spans"]
            if s["entity_type"] in KINDS
        ]
        for row in rows
    ]
    return [row["full_text"] for row in rows], marked


def count_hits(marked: list[Spans], found: list[Spans], least: float = 0.0) -> Counter[tuple[str, str]]:
    """(kind, "marked" | "hit" | "found" | "right") -> number of spans; found ones of at least `least`."""
    counts: Counter[tuple[str, str]] = Counter()
    for gold, all_spans in zip(marked, found, strict=True):
        spans = [span for span in all_spans if span[3] >= least]
        for mine, others, total, good in ((gold, spans, "marked", "hit"), (spans, gold, "found", "right")):
            for start, end, kind, _ in mine:
                counts[kind, total] += 1
                counts[kind, good] += any(k == kind and s < end and start < e for s, e, k, _ in others)
    return counts


def score(counts: Counter[tuple[str, str]], kinds: list[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over all spans of `kinds`."""
    total = {name: sum(counts[kind, name] for kind in kinds) for name in ("marked", "hit", "found", "right")}
    precision = total["right"] / total["found"] if total["found"] else 0.0
    recall = total["hit"] / total["marked"] if total["marked"] else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def ask_peer(python: str, model: str | None, texts: list[str]) -> tuple[list[Spans], float]:
    """`run_presidio` in another Python."""
    command = [python, str(Path(__file__)), "--answer", *(["--model", model] if model else [])]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["spans"], answer["seconds"]


def read_card_turns() -> Iterator[tuple[list[str], str, str, bool]]:
    """The customer's earlier turns, a turn, its card number (13 to 19 digits in the slot `card_number`), and whether
    "card" is in the turn. What the agent asks is not in the data."""
    for path in sorted((DATA / "multidogo").glob("*/*.tsv")):
        said: defaultdict[str, list[str]] = defaultdict(list)
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                words, slots = (row["utterance"] or "").split(), (row["slot-labels"] or "").split()
                numbers = [w for w, slot in zip(words, slots, strict=False) if slot == "card_number"]
                number, before = " ".join(numbers), said[row["conversationId"]]
                if 13 <= len(number.replace(" ", "")) <= 19 and number.replace(" ", "").isdigit():
                    yield list(before), " ".join(words), number, "card" in words
                before.append(" ".join(words))


def measure_cards() -> None:
    from tasks.privacy import Kind, find_spans
    from tasks.privacy.checks import passes_luhn
    from tasks.privacy.replies import find_answers

    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for before, turn, number, announced in read_card_turns():
        at = turn.find(number)
        spans = {"": find_spans(turn)}
        spans["earlier turns read"] = [*spans[""], *find_answers(before, turn)]
        spans["asked for"] = [*spans[""], *find_answers(["May I have your card number?"], turn)]
        kinds = {name: {s.kind for s in own if s.start <= at < s.end} for name, own in spans.items()}
        checked = passes_luhn(number.replace(" ", ""))
        names = ("all", "announced" if announced else "bare", "Luhn right" if checked else "Luhn wrong")
        for name in (*names, f"{names[1]}, {names[2]}"):
            total[name] += 1
            found[name] += Kind.CREDIT_CARD in kinds[""]
        for name in ("earlier turns read", "asked for"):
            total[name] += 1
            found[name] += Kind.CREDIT_CARD in kinds[name]
        total["of any kind"] += 1
        found["of any kind"] += bool(kinds[""])
    for name, count in sorted(total.items()):
        print(f"multidogo cards {name:<24}{found[name]:>6} of {count:<6}{found[name] / count:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", help="Python with presidio-analyzer")
    parser.add_argument("--model", help="spaCy model for presidio; patterns only when left out")
    parser.add_argument("--answer", action="store_true", help="be the peer: texts in, spans out")
    options = parser.parse_args()
    if options.answer:
        spans, seconds = run_presidio(options.model, json.load(sys.stdin))
        print(json.dumps({"spans": spans, "seconds": seconds}))
        return
    measure_cards()
    for name in SETS:
        texts, marked = read_marked(name)
        ours, seconds = run_seimai(texts)
        without = run_seimai(texts, names=False)
        results = [("seimai", ours, seconds, 0.0), ("seimai, no names", *without, 0.0)]
        for model in dict.fromkeys([None, options.model]) if options.peer else []:
            spans, spent = ask_peer(options.peer, model, texts)
            label = f"presidio {'with model' if model else 'patterns'}"
            results += [(f"{label}, all", spans, spent, 0.0), (f"{label}, >= .4", spans, spent, 0.4)]
        print(f"\n{name}: {len(texts)} texts; precision / recall / F1")
        for label, spans, spent, least in results:
            counts = count_hits(marked, spans, least)
            ratio = f"{spent / seconds:.0f}x of seimai's time"
            print(f"{label}: {len(texts) / spent:.0f} docs/s, {ratio}")
            for kind in [*KINDS.values(), "structured"]:
                values = score(counts, STRUCTURED if kind == "structured" else [kind])
                marks = counts[kind, "marked"]
                print(f"  {kind:<16}{marks or '':>6}  " + "  ".join(f"{v:.3f}" for v in values))


if __name__ == "__main__":
    main()

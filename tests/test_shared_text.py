"""Text that documents share: boilerplate makes no copies, and long passages word for word are told."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.duplicates.find import find_duplicates
from tasks.duplicates.shared import find_shared_passages
from tasks.judge import judge
from tasks.overlap.spans import SHORTEST, find_spans
from tasks.recipe import DuplicateSettings
from tasks.records import FINDING, SAMPLE, build_table

FOOTER = (
    "This message and its attachments are confidential and meant for the addressee alone; whoever received it in "
    "error shall delete it, tell the sender, and neither copy it nor show it to anyone. Registered office: 12 "
    "Harbour Street, Northport. Managing directors and the register of companies are named on our pages."
)
SUBJECTS = (
    *("kettle", "boiler", "lamp", "heater", "fan", "pump", "valve", "sensor"),
    *("battery", "charger", "cable", "router", "screen", "keyboard", "printer", "scanner"),
)


def passages(texts: list[str], families: list[str | None] | None = None, **extra: Any) -> pa.Table:
    rows = [
        {
            "row": i,
            "sample_id": f"s{i:04}",
            "task": "language-modeling",
            "role": "train",
            "input": "",
            "target": text,
        }
        | {"group_id": families[i] if families else f"d{i}", "line": i + 1, "uri": "t.md"}
        | {name: values[i] for name, values in extra.items()}
        for i, text in enumerate(texts)
    ]
    return build_table(rows, SAMPLE)


def with_footer(count: int) -> list[str]:
    """Letters on unlike matters that end in one footer, which is most of each."""
    rng = np.random.default_rng(7)
    words = ["".join(rng.choice(list("abcdefghijklmnoprstuvw"), 6)) for _ in range(7 * count)]
    return [f"{' '.join(words[7 * i : 7 * i + 7])}. {FOOTER}" for i in range(count)]


def told(samples: pa.Table, **settings: Any) -> dict[int, dict[str, Any]]:
    found = find_duplicates(samples, DuplicateSettings(**settings)).findings.to_pylist()
    assert len({f["row"] for f in found}) == len(found)
    return {f["row"]: f | {"evidence": json.loads(f["evidence"])} for f in found}


def test_a_footer_of_many_documents_makes_no_copies() -> None:
    samples = passages(with_footer(12))
    assert {f["check"] for f in told(samples, boilerplate=13).values()} == {"near_duplicate"}
    result = find_duplicates(samples, DuplicateSettings())
    assert len(result.findings) == 0
    assert len(set(result.samples["group_id"].to_pylist())) == 12
    assert len(result.pairs) == 66  # leakage still sees how alike they are


def test_a_footer_in_one_document_is_no_boilerplate() -> None:
    samples = passages(with_footer(12), ["manual"] * 12)
    assert {f["check"] for f in told(samples).values()} == {"near_duplicate"}


def test_a_passage_that_is_all_boilerplate_stands_once() -> None:
    texts = [FOOTER, *(FOOTER.replace("12 Harbour", f"{n} Harbour") for n in range(20, 30)), FOOTER]
    found = told(passages(texts))
    assert len(found) == 11
    assert {f["check"] for f in found.values()} == {"boilerplate"}
    [standing] = set(range(12)) - found.keys()
    assert {f["evidence"]["canonical"]["row"] for f in found.values()} == {standing}
    assert {f["evidence"]["documents"] for f in found.values()} == {12}
    assert {f["severity"] for f in found.values()} == {"info"}
    few = told(passages(texts), boilerplate=13)
    assert {f["check"] for f in few.values()} == {"exact_duplicate", "near_duplicate"}
    rows = [f | {"evidence": json.dumps(f["evidence"])} for f in found.values()]
    judged = judge(passages(texts), build_table(rows, FINDING), {}, {}).dispositions.to_pylist()
    assert [d["row"] for d in judged if d["disposition"] == "keep"] == [standing]


def test_a_kept_decision_leaves_one_copy_of_boilerplate() -> None:
    samples = passages([FOOTER] * 10).set_column(1, "sample_id", pa.array(["same"] * 10))
    findings = find_duplicates(samples, DuplicateSettings()).findings
    kept = {"same": {"action": "keep", "payload": {}, "reason": "", "actor": "aki", "decision_id": "d"}}
    judged = judge(samples, findings, {}, kept).dispositions["disposition"].to_pylist()
    assert sorted(judged) == ["drop"] * 9 + ["keep"]


def test_edited_copies_stay_copies_though_many_rows_hold_them() -> None:
    """Every run of 13 words is in ten rows or more, and what remains of two copies is alike as well."""
    words = [f"{SUBJECTS[i % 16]}{i * 7919 % 997}" for i in range(120)]
    texts = []
    for i in range(30):
        edited = list(words)
        for k in range(5):
            edited[(i * 3 + k * 24) % 120] += "x"
        texts.append(" ".join(edited))
    found = told(passages(texts, [None] * 30))
    assert len(found) >= 28
    assert found.keys() == told(passages(texts, [None] * 30), boilerplate=31).keys()
    assert {f["check"] for f in found.values()} == {"near_duplicate", "exact_duplicate"}


def shared(samples: pa.Table, **settings: Any) -> dict[int, dict[str, Any]]:
    documents = pa.array(samples["group_id"].to_pylist()).dictionary_encode().indices.to_numpy()
    found = find_shared_passages(
        samples, documents.astype(np.int64), DuplicateSettings(**settings)
    ).to_pylist()
    assert {f["check"] for f in found} <= {"shared_passage"}
    return {f["row"]: f | {"evidence": json.loads(f["evidence"])} for f in found}


def draw(rng: np.random.Generator, count: int) -> str:
    return " ".join(f"{SUBJECTS[i % 16]}{i}" for i in rng.integers(0, 100_000, count).tolist())


def test_long_passages_word_for_word_are_told_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    passage = draw(rng, 60)
    one = f"{draw(rng, 150)}. {passage}. {draw(rng, 40)}"
    other = f"{draw(rng, 90)} {passage.upper()}, {draw(rng, 120)}"
    found = shared(passages([one, draw(rng, 200), other]))
    assert list(found) == [0, 2]
    for row, text, opposite in ((0, one, other), (2, other, one)):
        evidence = found[row]["evidence"]
        assert text[evidence["start"] : evidence["end"]].lower() == passage
        assert opposite[evidence["other"]["start"] : evidence["other"]["end"]].lower() == passage
        assert evidence["words"] == 60
        assert evidence["characters"] == len(passage)
        assert evidence["other"]["row"] == 2 - row
    assert found[0]["score"] == 60 > found[0]["threshold"] == 50
    assert shared(passages([one, other]), shared_words=61) == {}


def test_japanese_is_measured_in_characters() -> None:
    rng = np.random.default_rng(1)

    def kana(count: int) -> str:
        return "".join(chr(0x4E00 + i) for i in rng.integers(0, 4_000, count).tolist())

    for length, expected in ((93, {0, 1}), (91, set())):
        passage = kana(length)
        assert shared(passages([kana(300) + passage + kana(99), kana(150) + passage])).keys() == expected


def test_the_whole_of_a_short_text_in_a_longer_one_is_told() -> None:
    rng = np.random.default_rng(2)
    short = draw(rng, SHORTEST + 4)
    found = shared(passages([f"{draw(rng, 100)} {short} {draw(rng, 100)}", short]))
    assert found.keys() == {0, 1}
    assert found[1]["evidence"]["share"] == 1


def test_what_many_documents_share_is_not_told() -> None:
    rng = np.random.default_rng(3)
    passage = draw(rng, 60)
    texts = [f"{draw(rng, 200)} {passage}" for _ in range(10)]
    assert shared(passages(texts)) == {}
    assert shared(passages(texts[:9])).keys() == set(range(9))
    assert shared(passages(texts, ["one"] * 10)).keys() == set(range(10))  # of one document
    both = [f"{passage} {draw(rng, 20)}" for _ in range(9)]
    both += [f"{draw(rng, 200)} {(tail := both[0])} {draw(rng, 100)}"]
    assert 0 not in shared(passages([*both, *texts])), "boilerplate does not make 20 words a long passage"
    assert tail


def test_copies_and_passages_that_overlap_by_their_cut_are_not_told() -> None:
    rng = np.random.default_rng(4)
    text = draw(rng, 300)
    assert shared(passages([text, text.replace("1", "2", 3)])) == {}
    cut = len(text) // 2
    halves = [text[: cut + 400], text[cut - 400 :]]
    places = {"start": [0, cut - 400], "end": [cut + 400, len(text)]}
    assert shared(passages(halves, doc_id=["a", "a"], **places)) == {}
    assert shared(passages(halves, doc_id=["a", "b"], **places)).keys() == {0, 1}


def test_answers_of_chats_are_compared() -> None:
    rng = np.random.default_rng(5)
    passage = draw(rng, 60)
    samples = passages([f"{draw(rng, 90)} {passage}", f"{passage} {draw(rng, 99)}"])
    columns = {"task": ["text-generation"] * 2, "input": ["Where?", "When?"]}
    for name, values in columns.items():
        samples = samples.set_column(SAMPLE.get_field_index(name), SAMPLE.field(name), pa.array(values))
    assert shared(samples)[0]["evidence"]["field"] == "target"


def test_runs_are_the_longest_of_plain_python() -> None:
    rng = np.random.default_rng(6)
    texts = []
    for _ in range(8):
        own = rng.integers(0, 3, 150).tolist()
        if texts:
            source = texts[int(rng.integers(len(texts)))]
            length, at = int(rng.integers(SHORTEST, 60)), int(rng.integers(90))
            own[at : at + length] = source[at : at + length]
        texts.append(own)
    spans = find_spans([" ".join("abc"[w] for w in text) for text in texts], np.arange(8), 9)
    found = dict(
        zip(zip(spans.first.tolist(), spans.second.tolist(), strict=True), spans.run.tolist(), strict=True)
    )
    assert len(found) >= 5
    for (a, b), run in found.items():
        assert run == longest(texts[a], texts[b])
    certain = {b for b in range(8) for a in range(b) if longest(texts[a], texts[b]) >= SHORTEST}
    assert certain <= {end for pair in found for end in pair}


def longest(one: list[int], other: list[int]) -> int:
    best, row = 0, [0] * (len(other) + 1)
    for a in one:
        row = [0] + [row[j] + 1 if a == b else 0 for j, b in enumerate(other)]
        best = max(best, *row)
    return best

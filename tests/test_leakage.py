"""Leaks: training rows that hold an evaluation row, nearly are one, or hold a part of one."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from tasks.duplicates.find import find_duplicates
from tasks.duplicates.pairs import find_pairs
from tasks.erase.places import plan_caches
from tasks.erase.probes import Probes, Redactor
from tasks.erase.selection import Selection
from tasks.gate.gates import verdict
from tasks.judge import judge
from tasks.leakage import known
from tasks.leakage.dirty import find_dirty
from tasks.leakage.find import LeakResult, find_leaks, find_leaks_stage
from tasks.leakage.rows import judged_rows, spoken_forms, spoken_keys
from tasks.leakage.tell import describe_former
from tasks.leakage.vault import GONE, STORED, describe_change, freeze, gone_items
from tasks.ledger import Ledger
from tasks.overlap import grams
from tasks.overlap.grams import find_overlaps, index_items, locate_runs
from tasks.recipe import DuplicateSettings, GateSettings, LeakageSettings, Recipe, Source, SplitSettings
from tasks.records import SAMPLE, SCORE, SNAPSHOT_SAMPLE, Role, Split, Task, build_table, digest_of
from tasks.report.card import write_card
from tasks.report.data import ReportData
from tasks.report.page import render_report
from tasks.report.summary import closing_table
from tasks.snapshot import assign_split
from tasks.storage import Workspace

PASSAGE = (
    "保守契約の請求書は毎月最初の営業日に発送されます。技術者ごとの作業時間、交換した部品、訪問先と訪問日ごとの交通費を"
    "明細として記載し、支払期限は発行日から三十日以内とします。ご不明な点は担当窓口までお問い合わせください。"
    "返金が必要な場合は、翌月の請求額から差し引いて精算します。"
)
ROWS = [
    ("train", PASSAGE, "billing"),
    ("evaluation", PASSAGE.replace("発送", "送付"), "billing"),
    ("train", "ログインできません", "login"),
    ("evaluation", "ログインできません　", "account"),
    ("train", "ログインできません", "login"),
    ("train", "領収書を再発行してください", "billing"),
]
WORDS = (
    "amber basket copper dancer engine fabric garden harbor island jacket kettle ladder magnet needle orange"
)
INVOICE = (
    "The invoice for the maintenance contract is sent on the first working day of each month and lists the hours "
    "of every technician, the parts that were replaced and the travel to each site."
)


def sample(i: int, role: str, text: str, label: str | None = None, **extra: Any) -> dict[str, Any]:
    task = "text-classification" if label else "text-generation"
    known = {"row": 10 + i, "sample_id": f"s{i}", "task": task, "role": role, "input": text, "label": label}
    return known | {"source": f"data/{role}.jsonl"} | extra


def samples() -> pa.Table:
    return build_table([sample(i, role, text, label) for i, (role, text, label) in enumerate(ROWS)], SAMPLE)


def questions(*rows: tuple[str, str, str], **columns: list[Any]) -> pa.Table:
    """Rows of text-generation: role, input and target; further columns by name."""
    table = [sample(i, role, text, target=target) for i, (role, text, target) in enumerate(rows)]
    for name, values in columns.items():
        for row, value in zip(table, values, strict=True):
            row[name] = value
    return build_table(table, SAMPLE)


def leaks_of(table: pa.Table, **arguments: Any) -> LeakResult:
    return find_leaks(table, find_pairs(table, DuplicateSettings(), 0.5), LeakageSettings(), **arguments)


def by_row(result: LeakResult, check: str) -> dict[int, dict[str, Any]]:
    found = [f for f in result.findings.to_pylist() if f["check"] == check]
    assert len({f["row"] for f in found}) == len(found)
    return {f["row"]: f | {"evidence": json.loads(f["evidence"])} for f in found}


def test_exact_and_near_leaks_are_found_on_training_rows() -> None:
    result = leaks_of(samples())
    near, exact = by_row(result, "near_leak"), by_row(result, "exact_leak")
    assert (list(near), list(exact)) == ([10], [12, 14])
    assert near[10]["evidence"]["evaluation"][0]["row"] == 11
    assert near[10]["evidence"]["evaluation"][0]["sample_id"] == "s1"
    assert near[10]["evidence"]["evaluation"][0]["jaccard"] == near[10]["score"] < 1
    assert exact[14]["evidence"]["evaluation"][0]["label"] == "account"
    assert exact[14]["evidence"]["evaluation"][0]["excerpt"] == "ログインできません"
    assert exact[14]["severity"] == "critical"
    assert exact[14]["reason"] == "is row 13 of the evaluation set evaluation.jsonl"
    assert exact[14]["evidence"]["sources"] == {"data/evaluation.jsonl": 1}


def test_rows_that_are_given_away_are_told_by_whom() -> None:
    items = by_row(leaks_of(samples()), "contaminated_item")
    assert list(items) == [11, 13]
    assert items[13]["severity"] == "info"
    assert items[13]["evidence"]["rows"] == 2
    assert [row["row"] for row in items[13]["evidence"]["training"]] == [12, 14]
    assert items[13]["reason"] == "given away by 2 training row(s): exact_leak 2"


def test_links_name_every_pair_of_rows() -> None:
    links = leaks_of(samples()).links.to_pylist()
    judged = {link["text"]: link["row"] for link in links if link["judged"]}
    pairs = {(link["row"], judged[link["text"]], link["check"]) for link in links if not link["judged"]}
    assert {(10, 11, "near_leak"), (12, 13, "exact_leak"), (14, 13, "exact_leak")} <= pairs
    assert {(row, item) for row, item, _ in pairs} == {(10, 11), (12, 13), (14, 13)}


def test_threshold_decides_what_is_near() -> None:
    pairs = find_pairs(samples(), DuplicateSettings(), 0.5)
    found = find_leaks(samples(), pairs, LeakageSettings(threshold=0.99)).findings
    checks = dict(zip(found["row"].to_pylist(), found["check"].to_pylist(), strict=True))
    assert checks[10] == "ngram_leak"


def test_lower_leakage_threshold_has_its_own_pairs() -> None:
    """`floor` brings pairs below the duplicates' threshold, and they are no duplicates."""
    result = find_duplicates(samples(), DuplicateSettings(threshold=0.99), floor=0.5)
    found = find_leaks(result.samples, result.pairs, LeakageSettings()).findings
    assert "near_leak" in found["check"].to_pylist()
    assert "near_duplicate" not in result.findings["check"].to_pylist()


@pytest.mark.parametrize("role", ["train", "evaluation"])
def test_one_role_alone_cannot_leak(role: str) -> None:
    alone = samples().filter([r == role for r, _, _ in ROWS])
    result = leaks_of(alone)
    assert (len(result.findings), len(result.links)) == (0, 0)


def test_answer_inside_a_training_passage_is_told_with_its_place_in_both() -> None:
    noise = "Ｔｏｄａｙ: "
    table = questions(
        ("train", f"{noise}{INVOICE.upper()} Thank you.", "Noted."),
        ("evaluation", "When do you send the bill?", f"Well, {INVOICE}"),
    )
    [leak] = by_row(leaks_of(table), "ngram_leak").values()
    [told] = leak["evidence"]["evaluation"]
    text, item = table["input"][0].as_py(), table["target"][1].as_py()
    assert (leak["row"], leak["severity"]) == (10, "critical")
    assert text[told["start"] : told["end"]] == INVOICE.upper().rstrip(".")
    assert item[told["evaluation_start"] : told["evaluation_end"]] == INVOICE.rstrip(".")
    assert (told["field"], told["evaluation_field"]) == ("input", "target")
    assert told["characters"] == len(INVOICE) - 1
    assert 0.9 < told["share"] == round(leak["score"], 4) < 1  # "Well" is not there


def test_share_held_decides_severity() -> None:
    table = questions(
        ("train", f"{WORDS}, and that is that", "yes"),
        ("evaluation", f"{WORDS} " + " ".join(f"word{i}" for i in range(20)), "no"),
    )
    [leak] = by_row(leaks_of(table), "ngram_leak").values()
    assert (leak["severity"], round(leak["score"], 3)) == ("warning", round(15 / 35, 3))


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("What is the top-up limit?", "what is the top up limit", True),
        ("ログインできない！", "ログイン できない", True),
        ("What is 3-2?", "What is 3/2?", False),
        ("C++ を使いたい", "C を使いたい", False),
        ("気温は -5 度", "気温は 5 度", False),
        ("!?", "。", False),
    ],
)
def test_punctuation_makes_no_other_text_unless_it_calculates(text: str, other: str, same: bool) -> None:
    table = questions(("train", text, "a"), ("evaluation", other, "b"))
    assert (len(by_row(leaks_of(table), "exact_leak")) == 1) is same
    forms = spoken_forms(table)
    assert (forms[0] is not None and forms[0] == forms[1]) is same


MARKED = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aAé é.- 、。ｶﾞがΣς10/٣𝟘\u0301ー_")),
    max_size=12,
)


@given(st.lists(MARKED, min_size=2, max_size=20))
@hypothesis_settings(max_examples=100, deadline=None)
def test_texts_of_one_spoken_form_have_one_key(texts: list[str]) -> None:
    texts = [*texts, *(f" {text}。\u0301" for text in texts), *(text.upper() for text in texts)]
    table = questions(*(("train", text, "a") for text in texts))
    by_form: dict[str, set[int]] = {}
    for form, key in zip(spoken_forms(table), spoken_keys(table).tolist(), strict=True):
        if form is not None:
            by_form.setdefault(form, set()).add(key)
    assert all(len(keys) == 1 for keys in by_form.values())


@pytest.mark.parametrize(
    ("training", "judged", "leaks"),
    [
        (
            ["kettle", "cleaner"],
            ["cleaner", "fridge"],
            [1],
        ),  # both tell rows apart: the same is meant under the same
        (["kettle", "cleaner"], ["fridge", "fridge"], [0, 1]),  # what all judged rows share says nothing
        (["kettle", "kettle"], [None, None], [0, 1]),
        (["kettle", None], [None, None], [0, 1]),
    ],
)
@pytest.mark.parametrize("edit", ["", ", please"])
def test_instructions_that_tell_rows_apart_make_another_question(
    training: list[str | None], judged: list[str | None], leaks: list[int], edit: str
) -> None:
    asked = "For how many years after the purchase in your shop do I have a warranty on what I bought"
    texts = [f"{asked}{edit}?", f"{asked}{edit}?", f"{asked}?", f"{asked}?"]
    prompts = [
        [
            *([{"role": "system", "content": f"Of the {told}."}] if told else []),
            {"role": "user", "content": text},
        ]
        for told, text in zip([*training, *judged], texts, strict=True)
    ]
    roles = ["train", "train", "evaluation", "evaluation"]
    table = questions(*((r, t, "Two.") for r, t in zip(roles, texts, strict=True)), prompt=prompts)
    found = by_row(leaks_of(table), "near_leak" if edit else "exact_leak")
    assert [row - 10 for row in found] == leaks
    assert all(told["evidence"]["rows"] == (2 if leaks == [0, 1] else 1) for told in found.values())


def test_beginning_of_a_longer_question_is_a_warning() -> None:
    short = "How long does it take for a transfer?"
    table = questions(
        ("train", f"{short[:-1]} to arrive from another country", "a"), ("evaluation", short, "b")
    )
    [leak] = by_row(leaks_of(table), "ngram_leak").values()
    assert (leak["severity"], leak["score"]) == ("warning", 1.0)


def test_one_answer_to_two_questions_is_a_warning() -> None:
    table = questions(
        ("train", "When do you send the bill?", INVOICE), ("evaluation", "請求書はいつ届きますか。", INVOICE)
    )
    [leak] = by_row(leaks_of(table), "ngram_leak").values()
    assert (leak["severity"], leak["score"]) == ("warning", 1.0)


def test_earlier_turns_are_looked_at() -> None:
    turns = [{"role": "user", "content": INVOICE}, {"role": "user", "content": "And now?"}]
    table = questions(
        ("train", "And now?", "ok"), ("evaluation", INVOICE, "fine"), prompt=[turns, [turns[0]]]
    )
    [leak] = by_row(leaks_of(table), "ngram_leak").values()
    assert leak["evidence"]["evaluation"][0]["field"] == "history"


@pytest.mark.parametrize(("rows", "found"), [(10, 10), (11, 0)])
def test_what_many_rows_say_is_no_leak(rows: int, found: int) -> None:
    """A phrase of more than ten unrelated training rows is boilerplate; of ten it is not."""
    texts = [f"{WORDS} {' '.join(f'w{i}x{k}' for k in range(40))}" for i in range(rows)]
    table = questions(*(("train", text, "yes") for text in texts), ("evaluation", WORDS, "no"))
    assert len(by_row(leaks_of(table), "ngram_leak")) == found


def test_copies_of_a_leak_do_not_make_it_boilerplate() -> None:
    texts = [f"{WORDS} {'x' * i}" for i in range(1, 31)]
    table = questions(
        *(("train", text, "yes") for text in texts), ("evaluation", WORDS, "no"), group_id=["g"] * 31
    )
    overlaps = find_overlaps(
        texts, np.zeros(30, dtype=np.int64), index_items([WORDS]), np.zeros(1, dtype=int)
    )
    assert len(overlaps.text) == 30
    assert (
        find_leaks(table, find_pairs(table, DuplicateSettings(), 0.5), LeakageSettings()).links.num_rows > 30
    )


@pytest.mark.parametrize(
    ("text", "item", "expected"),
    [
        (WORDS, " ".join(WORDS.split()[1:14]), True),  # 13 words
        (WORDS, " ".join([*WORDS.split()[1:13], "other", "words", "here"]), False),  # 12 in a row
        (WORDS, " ".join(WORDS.split()[:8]), True),  # a short item is looked for as a whole
        (WORDS, " ".join(WORDS.split()[:7]), False),
        (PASSAGE, PASSAGE[30:60], True),
        (PASSAGE, "別の話です。" + PASSAGE[31:54] + "また別の話。", False),  # 23 characters
        (PASSAGE.replace("、", "，").replace("技術者", "技　術者"), PASSAGE[24:60], True),
        (
            "ｻｰﾊﾞｰの再起動手順は管理画面のヘルプにあります",
            "サーバの再起動手順は管理画面のヘルプにあります",
            True,
        ),
        (
            "保守契約の請求書は SAP S/4HANA から毎月最初の営業日に発送",
            "請求書はsap s/4hanaから毎月最初の営業日に発送",
            True,
        ),
    ],
)
def test_what_counts_as_the_same_run(text: str, item: str, expected: bool) -> None:
    zero = np.zeros(1, dtype=np.int64)
    assert (len(find_overlaps([text], zero, index_items([item]), zero).text) == 1) is expected


def test_overlaps_are_those_of_plain_python() -> None:
    """Share held and longest run of texts that repeat themselves, against windows compared one by one."""
    rng = np.random.default_rng(0)
    words = ["ab", "cd", "火", "水", "木"]
    texts = [rng.choice(words, 120).tolist() for _ in range(6)]
    items = [[*rng.choice(words, 30).tolist(), *text[40:80]] for text in texts]
    joined = [" ".join(item) for item in items]
    overlaps = find_overlaps([" ".join(t) for t in texts], np.arange(6), index_items(joined), np.arange(6))
    found = {
        (t, v): (share, weigh(items[v][start : start + run]))
        for t, v, share, _, start, run, _ in zip(*(values.tolist() for values in overlaps), strict=True)
    }
    pairs = {(t, v): share_and_run(texts[t], items[v]) for t in range(6) for v in range(6)}
    assert len(found) >= 6
    assert found == {pair: told for pair, told in pairs.items() if told[1]}


def weigh(words: list[str]) -> int:
    return sum(grams.CJK if word.isascii() else grams.LATIN for word in words)


def share_and_run(text: list[str], item: list[str]) -> tuple[float, int]:
    """What of `item` is in windows that `text` holds, and the units of the longest row of them."""
    full = grams.LATIN * grams.CJK
    length = {
        j: next(k for k in range(1, len(item)) if weigh(item[j : j + k]) >= full)
        for j in range(len(item))
        if weigh(item[j:]) >= full
    }
    same = {
        (i, j) for i in range(len(text)) for j in length if text[i : i + length[j]] == item[j : j + length[j]]
    }
    held = {k for _, j in same for k in range(j, j + length[j])}
    longest = 0
    for i, j in same:
        end = j
        while (i + end - j, end) in same:
            end += 1
        longest = max(longest, weigh(item[j : end - 1 + length[end - 1]]))
    return weigh([item[k] for k in held]) / weigh(item), longest


def test_runs_are_located_in_the_text_as_it_is_stored() -> None:
    text = "（注）ｶﾞｲﾄﾞﾗｲﾝ、ﬁle の①番を 見る。"
    [(start, end)] = locate_runs([text], np.array([1]), np.array([9]))
    assert text[start:end] == "ｶﾞｲﾄﾞﾗｲﾝ、ﬁle の①"


def test_family_of_an_evaluation_row_is_told() -> None:
    table = questions(
        ("train", "What is a lathe?", "A machine."),
        ("train", "What is a plane?", "A hand tool."),
        ("evaluation", "How is it oiled?", "Daily."),
        ("evaluation", "May I smoke?", "No."),
        document=[None, None, None, "rules/house.md"],
        uri=["/x/lathe.md", "/x/rules/house.md", "/y/lathe.md", "/y/asked.jsonl"],
    )
    told = by_row(leaks_of(table, families=["doc-1", "doc-2", "doc-1", None]), "family_leak")
    assert {row: f["evidence"]["evaluation"][0]["row"] for row, f in told.items()} == {10: 12, 11: 13}
    assert {f["severity"] for f in told.values()} == {"warning"}


def test_gate_split_is_judged_on_where_there_is_no_evaluation_source() -> None:
    table = questions(*(("train", f"question {i}", f"answer {i}") for i in range(200)))
    judged = judged_rows(table, SplitSettings(gate=0.3), has_evaluation=False)
    assert 30 < judged.sum() < 90
    assert not judged_rows(table, SplitSettings(gate=0.3), has_evaluation=True).any()


def test_stage(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    ref = workspace.write_table(samples(), "samples")
    pairs = workspace.write_table(find_pairs(samples(), DuplicateSettings(), 0.5), "pairs")
    gone = workspace.write_table(GONE.empty_table(), "gone")
    refs = find_leaks_stage.fn(workspace, ref, pairs, ref, gone, LeakageSettings(), SplitSettings(), True)
    checks = workspace.read_table(refs.findings)["check"].to_pylist()
    assert sorted(checks) == ["contaminated_item"] * 2 + ["exact_leak"] * 2 + ["near_leak"]
    assert refs.links.rows > 0


def sentences(count: int, seed: int) -> list[str]:
    """English and Japanese in turn, long enough to hold windows; no two alike."""
    random = np.random.default_rng(seed)
    signs = [chr(point) for point in range(ord("一"), ord("一") + 2_000)]
    return [
        "".join(random.choice(signs, 40)) if i % 2 else " ".join(f"w{n}" for n in random.choice(5_000, 20))
        for i in range(count)
    ]


def test_a_run_searches_what_is_new_and_finds_what_one_from_scratch_finds(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    rows_that_hold = known._rows_that_hold

    def count(rows: pa.Table, items: Any) -> np.ndarray:
        searched.append(len(rows))
        return rows_that_hold(rows, items)

    monkeypatch.setattr(known, "_rows_that_hold", count)
    judged, training, gone = sentences(20, 0), sentences(200, 1), sentences(2, 2)

    def table(training: list[str], judged: list[str]) -> pa.Table:
        rows = [("train", text, "a") for text in training] + [("evaluation", text, "b") for text in judged]
        return questions(*rows, sample_id=[digest_of([role, text]) for role, text, _ in rows])

    def find(place: Workspace, table: pa.Table) -> list[dict[str, Any]]:
        searched.clear()
        hashes = index_items(gone)
        lost = [
            {"sample_id": f"gone{i}", "digest": digest_of(text), "origin": "evaluation", "field": "input",
             "source": "old.jsonl", "first_seen": "2026-01-01T00:00:00",
             "grams": hashes.grams[slice(*hashes.bounds[i : i + 2])].tolist(),
             "lengths": hashes.lengths[slice(*hashes.bounds[i : i + 2])].tolist(),
             "weights": hashes.weights[slice(*hashes.token_bounds[i : i + 2])].tolist()}
            for i, text in enumerate(gone)
        ]  # fmt: skip
        ref, missing = place.write_table(table, "samples"), pa.Table.from_pylist(lost, schema=GONE)
        pairs = place.write_table(find_pairs(table, DuplicateSettings(), 0.5), "pairs")
        refs = find_leaks_stage.fn(
            place,
            ref,
            pairs,
            ref,
            place.write_table(missing, "gone"),
            LeakageSettings(),
            SplitSettings(),
            True,
        )
        return [*place.read_table(refs.findings).to_pylist(), *place.read_table(refs.links).to_pylist()]

    find(workspace, table(training, judged))
    assert searched == [0, 200]
    leaky = [
        f"Please note: {judged[0]} Thanks.",
        f"それで、{judged[1]}でした。",
        f"See {gone[0]} again.",
        gone[1],
    ]
    changed = table([*leaky, *training[10:]], judged)
    found = find(workspace, changed)
    assert searched == [4]
    assert {f["check"] for f in found} >= {"ngram_leak", "vault_leak", "contaminated_item"}
    assert found == find(Workspace(root=str(tmp_path / "scratch")), changed)
    other = table([*leaky, *training[10:]], [training[50], *judged[1:]])  # another evaluation set
    found = find(workspace, other)
    assert searched == [0, 194]
    assert found == find(Workspace(root=str(tmp_path / "other")), other)


def snapshot(table: pa.Table, splits: list[str], rows: list[int] | None = None) -> pa.Table:
    """Samples as a snapshot keeps them; `rows` are those that were kept."""
    kept = list(range(len(table))) if rows is None else rows
    columns = {"split": splits, "disposition": ["keep"] * len(splits), "edited_from": [None] * len(splits)}
    chosen = table.take(kept)
    for name, values in columns.items():
        chosen = chosen.append_column(SNAPSHOT_SAMPLE.field(name), pa.array(values, pa.string()))
    return chosen


def dirty_items(kept: pa.Table, links: pa.Table, champion: pa.Table | None = None) -> list[dict[str, Any]]:
    return find_dirty(kept, links, champion, LeakageSettings(), DuplicateSettings()).to_pylist()


def test_items_are_dirty_by_rows_that_were_kept_only() -> None:
    links = leaks_of(samples()).links
    splits = ["train", "gate", "train", "gate", "validation", "train"]
    assert dirty_items(snapshot(samples(), splits), links) == [
        {"item": "s1", "rows": 1, "earlier": 0},
        {"item": "s3", "rows": 2, "earlier": 0},
    ]
    without = snapshot(samples(), ["gate", "gate", "validation"], [1, 3, 4])
    assert dirty_items(without, links) == [{"item": "s3", "rows": 1, "earlier": 0}]
    assert dirty_items(snapshot(samples(), ["gate", "gate"], [1, 3]), links) == []


def test_items_are_dirty_by_what_the_champion_learned_from() -> None:
    links = leaks_of(samples()).links
    now = snapshot(samples(), ["gate", "gate", "train"], [1, 3, 5])
    then = snapshot(samples(), ["train", "train", "gate"], [0, 5, 3])
    blanked = then.set_column(then.column_names.index("input"), "input", pa.array([""] * 3))
    blanked = blanked.set_column(then.column_names.index("target"), "target", pa.array([""] * 3))
    filled = then.set_column(then.column_names.index("target"), "target", pa.array(["x"] * 3))
    assert dirty_items(now, links, filled) == [{"item": "s1", "rows": 0, "earlier": 1}]
    assert dirty_items(now, links, blanked) == []


def test_verdict_shows_clean_and_leaked_items_apart() -> None:
    """30 items that the candidate has seen are right, 30 clean ones are not: all and clean differ."""
    rows = [
        {
            "item": f"i{i:02}",
            "suite": suite,
            "model": model,
            "metric": metric,
            "value": 1.0 if metric == "loss" else float(model == "candidate" and i < 30),
            "tokens": 5 if metric == "loss" else 1,
            "prediction": f"{model} {i}",
            "language": "en",
        }
        for suite, metric in (("gate", "accuracy"), ("forgetting", "loss"))
        for model in ("base", "champion", "candidate")
        for i in range(60)
    ]
    scores = build_table(rows, SCORE)
    dirty = {f"i{i:02}" for i in range(30)}
    judged = verdict(scores, GateSettings(), "accuracy", dirty)
    assert judged.dirty_items == 30
    assert [(c.reference, c.subset, c.items) for c in judged.by_leak] == [
        ("base", "clean items only", 30),
        ("base", "leaked items only", 30),
        ("champion", "clean items only", 30),
        ("champion", "leaked items only", 30),
    ]
    assert [c.candidate_mean.value for c in (judged.comparisons[0], *judged.by_leak[:2])] == [0.5, 0.0, 1.0]
    data = ReportData(name="m", verdict=judged)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(closing_table(data))
    shown = (console.export_text(), render_report(data), write_card(data, judged))
    assert "base → candidate, clean items only" in shown[0]
    assert all(part in page for page in shown for part in ("clean items only", "leaked items only"))
    assert "30 of these items have text in common with training data" in shown[2]
    everything = verdict(scores, GateSettings(), "accuracy", {f"i{i:02}" for i in range(60)})
    assert (everything.dirty_items, everything.by_leak) == (60, ())
    assert verdict(scores, GateSettings(), "accuracy").by_leak == ()


@pytest.fixture
def ledger(workspace: Workspace) -> Ledger:
    return Ledger(workspace.ledger_url)


RECIPE = Recipe(
    name="desk",
    task=Task.TEXT_GENERATION,
    sources=(Source(path="a.jsonl"), Source(path="b.jsonl", role=Role.EVALUATION)),
)
WITHOUT = RECIPE.model_copy(update={"sources": RECIPE.sources[:1]})
SHORT = "When?"


def vault_leaks(
    workspace: Workspace, ledger: Ledger, table: pa.Table, recipe: Recipe = RECIPE
) -> dict[int, dict[str, Any]]:
    gone = gone_items(workspace, ledger, recipe, workspace.write_table(table, "samples"))
    judged = judged_rows(table, recipe.split, recipe.has_evaluation_source)
    return by_row(leaks_of(table, judged=judged, gone=workspace.read_table(gone)), "vault_leak")


def freeze_rows(
    workspace: Workspace, ledger: Ledger, table: pa.Table, recipe: Recipe = RECIPE
) -> tuple[str, ...]:
    change = freeze(workspace, ledger, recipe, workspace.write_table(table, "samples"))
    return tuple(told.en for told in describe_change(change))


def test_items_of_earlier_runs_are_remembered_without_their_text(
    workspace: Workspace, ledger: Ledger
) -> None:
    first = questions(
        ("train", "Hello", "Hi."),
        ("evaluation", f"Is it so? {INVOICE}", "Yes."),
        ("evaluation", SHORT, "Tomorrow."),
        ("evaluation", WORDS, "no"),
    )
    assert freeze_rows(workspace, ledger, first) == ()
    second = questions(
        ("train", f"Our rules. {INVOICE}", "Noted."),
        ("train", f"{SHORT[:-1]} !", "Now."),
        ("train", "Hello", "Hi."),
        ("train", f"{WORDS} and more", "Hi."),
        ("evaluation", WORDS, "no"),
        sample_id=["t0", "t1", "t2", "t3", "s3"],
    )
    told = vault_leaks(workspace, ledger, second)
    assert {row: (f["severity"], f["evidence"]["items"][0]["sample_id"]) for row, f in told.items()} == {
        10: ("critical", "s1"),
        11: ("critical", "s2"),
    }
    assert 0.8 < told[10]["score"] < told[11]["score"] == 1
    kept = [path.read_bytes() for path in workspace.path().rglob("vault-*")]
    [stored] = [pq.read_table(path) for path in workspace.path("cache").glob("vault-desk.parquet")]
    assert stored.schema == STORED
    assert set(stored["key"].to_pylist()) == {"s1", "s2", "s3"}
    assert all(b"invoice" not in content and b"INVOICE" not in content for content in kept)
    assert all("invoice" not in json.dumps(row) for row in ledger.vault("desk").values())


def test_what_changed_in_the_evaluation_set_is_said_once(workspace: Workspace, ledger: Ledger) -> None:
    one = questions(("evaluation", "a", "b"), ("evaluation", "c", "d"))
    other = questions(("evaluation", "a", "b"), ("evaluation", "e", "f"), sample_id=["s0", "s9"])
    assert freeze_rows(workspace, ledger, one) == ()
    assert freeze_rows(workspace, ledger, one) == ()
    [sentence] = freeze_rows(workspace, ledger, other)
    assert sentence.endswith("items by id: 1 new (s9); 1 gone (s1).")
    assert freeze_rows(workspace, ledger, other) == ()
    assert [row["gone"] is None for row in ledger.vault("desk").values()] == [True, False, True]
    [back] = freeze_rows(workspace, ledger, one)
    assert back.endswith("1 new (s1); 1 gone (s9).")
    assert ledger.vault("other") == {}


def test_nothing_gone_gives_the_same_table_every_run(workspace: Workspace, ledger: Ledger) -> None:
    """The stage's cache holds as long as what is judged on stays the same."""
    ref = workspace.write_table(questions(("evaluation", "a", "b"), ("train", "c", "d")), "samples")
    before = gone_items(workspace, ledger, RECIPE, ref)
    freeze(workspace, ledger, RECIPE, ref)
    assert gone_items(workspace, ledger, RECIPE, ref) == before


def test_rows_may_leave_a_gate_split(workspace: Workspace, ledger: Ledger) -> None:
    """It is drawn anew from the data: a run that goes on trains on what one from scratch does."""
    table = questions(*(("train", f"{WORDS} {i} {INVOICE} x{i}", "yes") for i in range(9)))
    freeze_rows(workspace, ledger, table, WITHOUT.model_copy(update={"split": SplitSettings(gate=0.7)}))
    assert ledger.vault("desk")
    narrow = WITHOUT.model_copy(update={"split": SplitSettings(gate=0.01)})
    assert vault_leaks(workspace, ledger, table, narrow) == {}
    findings = held_now(workspace, ledger, table, narrow)
    assert set(findings["check"].to_pylist()) == {"former_gate_item"}
    assert {f"s{row - 10}" for row in findings["row"].to_pylist()} >= ledger.vault("desk").keys()
    kept = judge(table, findings, {}, {}).dispositions["disposition"].to_pylist()
    assert kept == ["keep"] * 9


def held_now(workspace: Workspace, ledger: Ledger, table: pa.Table, recipe: Recipe) -> pa.Table:
    gone = gone_items(workspace, ledger, recipe, workspace.write_table(table, "samples"))
    judged = judged_rows(table, recipe.split, recipe.has_evaluation_source)
    return leaks_of(table, judged=judged, gone=workspace.read_table(gone)).findings


def test_new_rows_that_hold_what_was_in_a_gate_split_are_told(workspace: Workspace, ledger: Ledger) -> None:
    """The document that held the item is gone; another one, that is trained on, quotes it."""
    gate = next(i for i in range(99) if assign_split("train", f"g{i}", WITHOUT.split, False) is Split.GATE)
    rest = next(i for i in range(99) if assign_split("train", f"g{i}", WITHOUT.split, False) is Split.TRAIN)
    first = questions(("train", f"Is it so? {INVOICE}", "Yes."), group_id=[f"g{gate}"])
    freeze_rows(workspace, ledger, first, WITHOUT)
    later = questions(
        ("train", f"Our rules say: {INVOICE}", "Noted."),
        ("train", WORDS, "no"),
        sample_id=["t0", "t1"],
        group_id=[f"g{rest}"] * 2,
    )
    told = held_now(workspace, ledger, later, WITHOUT)
    [finding] = told.to_pylist()
    assert (finding["row"], finding["check"], finding["severity"]) == (10, "former_gate_item", "info")
    assert finding["reason"].startswith(
        "holds 92% of an item of the gate split of train.jsonl that is not in it now"
    )
    assert json.loads(finding["evidence"])["items"][0]["sample_id"] == "s0"
    assert finding["suggestion"] is None
    [note] = describe_former(told)
    assert note.en.startswith(
        "1 training row(s) hold at least 1 item(s) that earlier runs had in the gate split"
    )
    assert "学習データの1行が、以前の実行で判定に使った項目を少なくとも1件" in note.ja
    assert describe_former(told.slice(0, 0)) == ()
    both = WITHOUT.model_copy(update={"sources": RECIPE.sources})
    assert len(held_now(workspace, ledger, later, both)) == 0, "an evaluation source took the gate's place"


def test_erased_items_leave_the_vault(workspace: Workspace, ledger: Ledger) -> None:
    first = questions(("evaluation", f"Is it so? {INVOICE}", "Yes."), ("evaluation", WORDS, "no"))
    freeze_rows(workspace, ledger, first)
    redactor = Redactor(Selection(samples=("s0",)), ["s0"], [], Probes([], []))
    for change in plan_caches(workspace, redactor, []):
        change.apply("receipt")
    ledger.add_erasure({}, {}, [], [("sample", "s0")], "aki", "asked for")
    assert set(pq.read_table(workspace.path("cache", "vault-desk.parquet"))["key"].to_pylist()) == {"s1"}
    second = questions(
        ("train", f"Is it so? {INVOICE}", "y"), ("train", f"{WORDS} too", "n"), sample_id=["t0", "t1"]
    )
    assert list(vault_leaks(workspace, ledger, second)) == [11]


def test_lost_hashes_leave_the_digests(workspace: Workspace, ledger: Ledger) -> None:
    freeze_rows(workspace, ledger, questions(("evaluation", INVOICE, "Yes."), ("evaluation", WORDS, "no")))
    workspace.path("cache", "vault-desk.parquet").unlink()
    table = questions(("train", INVOICE.upper(), "y"), ("train", f"{WORDS} too", "n"), sample_id=["t0", "t1"])
    assert list(vault_leaks(workspace, ledger, table)) == [10]

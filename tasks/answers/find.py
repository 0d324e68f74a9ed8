"""The witness on free-form answers: findings for those in doubt, and what is to be expected of the queue."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import answers, findings, grounding, language, text
from tasks.answers.doubt import Doubts, calibrate, doubt_answers, moved
from tasks.answers.exchanges import Exchanges, read_exchanges
from tasks.answers.faults import Fault
from tasks.answers.manners import find_breaches
from tasks.answers.meter import PARTS
from tasks.findings import Columns, about_sample, read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Action, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.told import Told

STAGE = "answers"
FEWEST = 100
"""Answers below which too little can be learned of what is usual."""
DOUBTFUL = 0.5
"""Probability of being wrong from which an answer is flagged."""
SHOWN_PARTS = 3
_TWO_SIDED = 1.96  # 95 % of a normal distribution
_SAYINGS = {
    "less_in_common": "{:.0%} of other answers have more words in common with the question",
    "less_expected": "{:.0%} of other answers are nearer to what is usually answered to such a question",
    "unlike_neighbours": "{:.0%} of other answers are nearer to those of similar questions",
    "ending": "its last characters are those of a text that was cut off (log odds {:.1f})",
    "open_bracket": "a bracket or quotation mark stays open",
    "length": "its length is unusual (e^{:.1f} characters)",
    "not_in_source": "{:.0%} of its words are not in its source",
    "figures_not_in_source": "{:.0%} of its figures are not in its source",
    "names_not_in_source": "{:.0%} of its names are not in its source",
    "stops_in_word": "its quotation stops within a word of the source",
    "starts_in_word": "its quotation starts within a word of the source",
}
_FAULTS = {
    Fault.OTHER_ANSWER: "looks like the answer to another question",
    Fault.CUT_OFF: "looks cut off",
    Fault.CHANGED_FACT: "states what its source does not say",
}


class AnswerSummary(BaseModel):
    """What the report states about the queue of answers in doubt."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    checked: int = 0
    flagged: int = 0
    shares: dict[str, float] = {}
    """Fault -> estimated share (0-1) of the checked answers, before decisions."""
    decided: int = 0
    """Checked answers that a steward has decided on."""
    errors_per_100: float | None = None
    """Expected wrong answers among 100 flagged ones."""
    errors_interval: tuple[float, float] | None = None
    """Its 95 % interval; wide before anyone has decided."""


class AnswerResult(NamedTuple):
    """Findings of the schema FINDING, and what is said about them as a whole."""

    findings: pa.Table
    summary: AnswerSummary


class AnswerRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    summary: AnswerSummary


def find_doubtful_answers(
    samples: pa.Table, settings: LabelNoiseSettings, decided: Mapping[str, Action], seed: int = 0
) -> AnswerResult:
    """Findings "doubtful_answer" with a probability, the worst first, and breaches of manners.

    Args:
        samples: N rows of the schema SAMPLE with `group_id` filled.
        settings: `folds`, and `max_flagged_share` for the doubtful ones.
        decided: sample_id -> what a steward decided: all but `keep` mean that the answer was wrong.

    Returns:
        No finding for fewer than `FEWEST` answers, save for manners.
    """
    columns = read_columns(samples)
    exchanges = read_exchanges(samples, columns, settings.folds, seed)
    rows = [_breach_finding(columns, exchanges, *breach) for breach in find_breaches(exchanges)]
    if len(exchanges.answers) < FEWEST or len(np.unique(exchanges.folds)) < 2:
        return AnswerResult(build_table(rows, FINDING), AnswerSummary())
    found, summary = tell_doubts(columns, exchanges, doubt_answers(exchanges, seed), settings, decided)
    return AnswerResult(build_table([*rows, *found], FINDING), summary)


def tell_doubts(
    columns: Columns,
    exchanges: Exchanges,
    doubts: Doubts,
    settings: LabelNoiseSettings,
    decided: Mapping[str, Action],
) -> tuple[list[dict[str, Any]], AnswerSummary]:
    """Findings for the most doubtful answers, the worst first, and what to expect of them."""
    ids = [columns["sample_id"][i] for i in exchanges.rows]
    wrong = {i: decided[name] != Action.KEEP for i, name in enumerate(ids) if name in decided}
    learned = calibrate(doubts.probabilities, wrong)
    probabilities = moved(doubts.probabilities, learned.step)
    flagged = _choose(probabilities, settings.max_flagged_share)
    found = [_doubt_finding(columns, exchanges, doubts, i, float(probabilities[i])) for i in flagged]
    summary = AnswerSummary(
        checked=len(ids), flagged=len(flagged), shares=doubts.shares, decided=learned.decided
    )
    if not len(flagged):
        return found, summary
    low, expected, high = (
        float(100 * moved(doubts.probabilities[flagged], learned.step + at * learned.error).mean())
        for at in (-_TWO_SIDED, 0, _TWO_SIDED)
    )
    return found, summary.model_copy(update={"errors_per_100": expected, "errors_interval": (low, high)})


def describe_answers(summary: AnswerSummary) -> tuple[Told, ...]:
    """Sentences for the report."""
    if summary.errors_per_100 is None or summary.errors_interval is None:
        return ()
    low, high = summary.errors_interval
    learned = Told("before any decision", "判断のない段階")
    if summary.decided:
        learned = Told(f"after {summary.decided:,} decisions", f"{summary.decided:,}件の判断の後")
    flagged, expected, bounds = (
        f"{summary.flagged:,}",
        f"{summary.errors_per_100:.0f}",
        (f"{low:.0f}", f"{high:.0f}"),
    )
    return (
        Told(
            f"{flagged} answers are in doubt: of 100 reviewed, expect {expected} ({bounds[0]} to {bounds[1]}, "
            f"{learned.en}) to be wrong.",
            f"疑わしい答えが{flagged}件あります。100件見ると、{expected}件({bounds[0]}〜{bounds[1]}件、{learned.ja})が"
            "誤りと見込まれます。",
        ),
    )


def _choose(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Indices of the doubtful ones, the worst first."""
    order = np.argsort(-probabilities, kind="stable")[: int(share * len(probabilities))]
    return order[probabilities[order] >= DOUBTFUL]


def _doubt_finding(
    columns: Columns, exchanges: Exchanges, doubts: Doubts, index: int, probability: float
) -> dict[str, Any]:
    fault = int(np.argmax(doubts.by_fault[index]))
    added = doubts.contributions[index, fault]
    against = [int(p) for p in np.argsort(-added)[:SHOWN_PARTS] if added[p] > 0]
    told = [_SAYINGS[PARTS[p]].format(doubts.parts[index, p]) for p in against]
    said = _FAULTS[list(Fault)[fault]] + (f": {told[0]}" if told else "")
    return about_sample(
        columns,
        int(exchanges.rows[index]),
        stage=STAGE,
        check="doubtful_answer",
        severity=Severity.WARNING,
        score=probability,
        threshold=DOUBTFUL,
        reason=said,
        evidence={
            "faults": {f.value: float(p) for f, p in zip(Fault, doubts.by_fault[index], strict=True)},
            "against": [
                {"part": PARTS[p], "value": float(doubts.parts[index, p]), "log_odds": float(added[p])}
                for p in against
            ],
            "said": told,
        },
    )


def _breach_finding(
    columns: Columns,
    exchanges: Exchanges,
    index: int,
    check: str,
    reason: str,
    evidence: Mapping[str, Any],
) -> dict[str, Any]:
    return about_sample(
        columns,
        int(exchanges.rows[index]),
        stage=STAGE,
        check=check,
        severity=Severity.WARNING,
        reason=reason,
        evidence={"answer": findings.excerpt(exchanges.answers[index]), **evidence},
    )


@stage("answers", answers, findings, grounding, language, text)
def find_doubtful_answers_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: LabelNoiseSettings,
    decided: dict[str, Action],
    seed: int,
) -> AnswerRefs:
    """Thin task over `find_doubtful_answers`."""
    result = find_doubtful_answers(workspace.read_table(samples), settings, decided, seed)
    return AnswerRefs(
        findings=workspace.write_table(result.findings, "findings-answers"), summary=result.summary
    )

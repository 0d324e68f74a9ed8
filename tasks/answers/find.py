"""The witness on free-form answers: findings for those in doubt, and what is to be expected of the queue."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import answers, base_model, findings, grounding, language, standing, text, tokens
from tasks.answers.base_reading import READING_PARTS, plan_reading, read_pairs
from tasks.answers.calibration import DOUBTFUL, expect
from tasks.answers.doubt import EVIDENCE, Doubts, doubt_answers
from tasks.answers.exchanges import Exchanges, read_exchanges
from tasks.answers.faults import Fault
from tasks.answers.incremental import MANY, Fit, doubt_many, load_fit, save_fit
from tasks.answers.manners import find_breaches, read_manners
from tasks.base_model import BaseModelRef
from tasks.code_version import code_version
from tasks.findings import Columns, about_sample, read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Action, Severity, TableRef, build_table, digest_of
from tasks.remember import recall_columns
from tasks.stage import stage
from tasks.standing import describe_newcomers
from tasks.storage import Workspace
from tasks.wording.told import Told

STAGE = "answers"
FEWEST = 100
"""Answers below which too little can be learned of what is usual."""
SHOWN_PARTS = 3
_VERSION = code_version(answers, grounding, standing, text)
_MANNERS_VERSION = code_version(answers, language, text)
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
    "no_easier_with_prompt": "the question makes it no easier for the base model ({:.0%} of its loss alone)",
    "unexpected_end": "the base model does not expect it to end there (loss {:.1f})",
    "unexpected_token": "it holds a word that the base model does not expect (loss {:.1f})",
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
    newcomers: int = 0
    """Answers that came after the models were fitted."""
    too_few: int = 0
    """Answers there are, where they are too few to be weighed."""


class AnswerResult(NamedTuple):
    """Findings of the schema FINDING, and what is said about them as a whole."""

    findings: pa.Table
    summary: AnswerSummary
    fit: Fit | None = None
    """What the next run can go on from."""


class AnswerRefs(BaseModel):
    """What the stage leaves in the workspace."""

    model_config = ConfigDict(frozen=True)

    findings: TableRef
    summary: AnswerSummary


def find_doubtful_answers(
    samples: pa.Table,
    settings: LabelNoiseSettings,
    decided: Mapping[str, Action],
    seed: int = 0,
    read: Callable[[Sequence[tuple[str, str]]], np.ndarray] | None = None,
    known: Fit | None = None,
    manners: pa.Table | None = None,
) -> AnswerResult:
    """Findings "doubtful_answer" with a probability, the worst first, and breaches of manners.

    Args:
        samples: N rows of the schema SAMPLE with `group_id` filled.
        settings: `folds`, and `max_flagged_share` for the doubtful ones.
        decided: sample_id -> what a steward decided: all but `keep` mean that the answer was wrong.
        read: what the base model makes of pairs of prompt and answer (`base_reading.read_pairs`); None: not asked.
        known: what an earlier call left in `AnswerResult.fit`: of more than `incremental.MANY` answers, where the base
            model is not asked, only new ones are looked at until `settings.refit_share` of them came or went.
        manners: N rows of the schema `manners.MANNERS`, if they are at hand.

    Returns:
        No finding for fewer than `FEWEST` answers, save for manners.
    """
    columns = read_columns(samples)
    exchanges = read_exchanges(samples, columns, settings.folds, seed)
    manners = read_manners(exchanges) if manners is None else manners.take(exchanges.rows)
    rows = [_breach_finding(columns, exchanges, *breach) for breach in find_breaches(manners)]
    if len(exchanges.answers) < FEWEST or len(np.unique(exchanges.folds)) < 2:
        too_few = len(exchanges.answers) if len(exchanges.answers) < FEWEST else 0
        return AnswerResult(build_table(rows, FINDING), AnswerSummary(too_few=too_few))
    ids = [columns["sample_id"][i] for i in exchanges.rows]
    newcomers, fit = 0, None
    if read is None and len(ids) > MANY:
        doubts, newcomers, fit = doubt_many(exchanges, ids, seed, settings.refit_share, known, _VERSION)
    else:
        base = plan_reading(read, ids, settings.base_rows) if read else None
        doubts = doubt_answers(exchanges, seed, base)
    found, summary = tell_doubts(columns, exchanges, doubts, settings, decided, seed)
    summary = summary.model_copy(update={"newcomers": newcomers})
    return AnswerResult(build_table([*rows, *found], FINDING), summary, fit)


def tell_doubts(
    columns: Columns,
    exchanges: Exchanges,
    doubts: Doubts,
    settings: LabelNoiseSettings,
    decided: Mapping[str, Action],
    seed: int = 0,
) -> tuple[list[dict[str, Any]], AnswerSummary]:
    """Findings for the most doubtful answers, the worst first, and what to expect of them."""
    ids = [columns["sample_id"][i] for i in exchanges.rows]
    wrong = {i: decided[name] != Action.KEEP for i, name in enumerate(ids) if name in decided}
    queue = expect(doubts, wrong, settings.max_flagged_share, seed)
    found = [
        _doubt_finding(columns, exchanges, doubts, i, float(queue.probabilities[i]))
        for i in queue.flagged.tolist()
    ]
    return found, AnswerSummary(
        checked=len(ids),
        flagged=len(found),
        shares=doubts.shares,
        decided=len(wrong),
        errors_per_100=queue.per_100,
        errors_interval=queue.interval,
    )


def describe_answers(summary: AnswerSummary) -> tuple[Told, ...]:
    """Sentences for the report."""
    if summary.errors_per_100 is None or summary.errors_interval is None:
        if not summary.too_few:
            return ()
        return (
            Told(
                f"{summary.too_few:,} answers are too few to learn what is usual ({FEWEST} are needed): they were not "
                "weighed against each other, only by rules.",
                f"答えが{summary.too_few:,}件では何が普通かを学べません({FEWEST}件必要)。答えどうしの比較はせず、"
                "規則だけで調べました。",
            ),
        )
    low, high = summary.errors_interval
    learned = Told("before any decision", "判断のない段階")
    if summary.decided:
        learned = Told(f"after {summary.decided:,} decisions", f"{summary.decided:,}件の判断の後")
    grown = describe_newcomers(summary.newcomers, Told("answers", "答え"))
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
        *grown,
    )


def _doubt_finding(
    columns: Columns, exchanges: Exchanges, doubts: Doubts, index: int, probability: float
) -> dict[str, Any]:
    fault = int(np.argmax(doubts.by_fault[index]))
    added = doubts.contributions[index, fault]
    against = [int(p) for p in np.argsort(-added)[:SHOWN_PARTS] if added[p] > 0]
    told = [_SAYINGS[EVIDENCE[p]].format(doubts.parts[index, p]) for p in against]
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
                {"part": EVIDENCE[p], "value": float(doubts.parts[index, p]), "log_odds": float(added[p])}
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


@stage("answers", answers, base_model, findings, grounding, language, standing, text, tokens)
def find_doubtful_answers_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: LabelNoiseSettings,
    decided: dict[str, Action],
    seed: int,
    base: BaseModelRef | None,
) -> AnswerRefs:
    """Thin task over `find_doubtful_answers`: what the base model reads and manners are kept by content, what was
    learned of many answers stands."""
    read = functools.partial(_read_kept, workspace, base) if base else None
    table = workspace.read_table(samples)
    known = load_fit(workspace) if base is None and table.num_rows > MANY else None
    manners = recall_columns(workspace, "answer-manners", _MANNERS_VERSION, table, _manners_of_samples)
    result = find_doubtful_answers(table, settings, decided, seed, read, known, manners)
    if result.fit is not None:
        save_fit(workspace, result.fit, known)
    return AnswerRefs(
        findings=workspace.write_table(result.findings, "findings-answers"), summary=result.summary
    )


def _manners_of_samples(samples: pa.Table) -> pa.Table:
    """A row for each sample; empty where it is no exchange."""
    exchanges = read_exchanges(samples, read_columns(samples), 1, 0)
    places = np.full(len(samples), -1)
    places[exchanges.rows] = np.arange(len(exchanges.rows))
    return read_manners(exchanges).take(pa.array(places, mask=places < 0))


def _read_kept(workspace: Workspace, base: BaseModelRef, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """(K, len(READING_PARTS)) from the cache, or read by the base model."""

    def compute(wanted: list[int]) -> np.ndarray:
        folder = workspace.path(base.path)
        model = base_model.load_reader(folder)
        return read_pairs(model, base_model.load_tokenizer(folder), [pairs[i] for i in wanted])

    if not pairs:
        return np.empty((0, len(READING_PARTS)))
    name = f"base-answers-1-{base.revision[:16]}"
    return workspace.cached_arrays(name, [digest_of(list(pair)) for pair in pairs], compute)

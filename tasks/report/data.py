"""What one run has to tell: the input of the report, of the terminal's closing table and of the model card.

Everything but the name is optional: a run that a data gate stopped still has a report.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.bias import BiasReport
from tasks.drift_report import DriftReport
from tasks.gate.gates import Verdict
from tasks.records import Disposition
from tasks.wording.told import Told


class Facts(BaseModel):
    """Base of every part: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ReasonCount(Facts):
    """Rows that one check edited, quarantined or dropped."""

    disposition: Disposition
    stage: str
    check: str
    rows: int = Field(ge=0)


class RowPath(Facts):
    """Rows of one source that went one way."""

    source: str
    disposition: Disposition
    check: str = ""
    """What decided about them; "" for rows kept as they were."""
    rows: int = Field(ge=0)


class RowFlow(Facts):
    """Where the rows went. `kept` are those kept as they were; the four ways add up to `rows_in`."""

    rows_in: int = Field(ge=0)
    kept: int = Field(ge=0)
    edited: int = Field(default=0, ge=0)
    quarantined: int = Field(default=0, ge=0)
    dropped: int = Field(default=0, ge=0)
    reasons: tuple[ReasonCount, ...] = ()
    paths: tuple[RowPath, ...] = ()

    @model_validator(mode="after")
    def _nothing_vanishes(self) -> Self:
        out = self.kept + self.edited + self.quarantined + self.dropped
        if out != self.rows_in:
            raise ValueError(f"kept + edited + quarantined + dropped = {out}, but rows_in = {self.rows_in}")
        return self

    @property
    def polishing_ratio(self) -> float:
        """Share of rows (0-1) set aside; 0 without rows."""
        return (self.quarantined + self.dropped) / self.rows_in if self.rows_in else 0.0


class Example(Facts):
    """One sample that a check pointed at. All text comes from the data: hostile until escaped."""

    sample_id: str = ""
    where: str = ""
    """File and line."""
    language: str = ""
    excerpt: str
    score: float | None = None
    threshold: float | None = None
    reason: str
    """In English; `tasks.wording` tells it in both languages from check, scores and evidence."""
    evidence: str = ""
    suggestion: str = ""


class Lost(Facts):
    """Lines or files that became no sample for one and the same reason."""

    check: str
    times: int = Field(ge=0)
    example: Example
    """The first of them."""


class CameIn(Facts):
    """What a run that was stopped had read."""

    files: int = Field(ge=0)
    """Files and documents that gave something."""
    samples: int = Field(ge=0)
    sources: Mapping[str, int] = {}
    """Samples by source; 0 for a source that gave none."""
    languages: Mapping[str, int] = {}
    """Samples by language."""
    lost: tuple[Lost, ...] = ()
    """What most lines and files were lost to, the commonest first."""


class FailedExpectation(Facts):
    """An expectation about the data as a whole that did not hold."""

    suite: str
    expectation: str
    """Great Expectations' type."""
    check: str = ""
    severity: str
    observed: Told
    expected: Told


class Histogram(Facts):
    """Findings by score, in bins of equal width from `low` to `high`."""

    low: float
    high: float
    counts: tuple[int, ...]


class CheckSummary(Facts):
    """What one check found."""

    stage: str
    check: str
    severity: str
    findings: int = Field(ge=0)
    samples: int = Field(ge=0)
    """Distinct samples among the findings."""
    policy: str = ""
    """The disposition that the policy gives such samples."""
    scores: Histogram | None = None
    """None where the findings have no scores, or too few of them to say something."""
    examples: tuple[Example, ...] = ()


class DecisionEffect(Facts):
    """What the stewards' decisions changed in this run, in samples."""

    applied: int = Field(ge=0)
    rescued: int = Field(ge=0)
    """Kept although a check would have set them aside."""


class LossPoint(Facts):
    """Losses in nats per token after an optimizer step."""

    step: int
    train: float | None = None
    validation: float | None = None


class Training(Facts):
    """The training audit, and how training went."""

    rows: int
    tokens: int
    trained_tokens: int
    """Tokens with a loss: those of the completions."""
    truncated_rows: int = 0
    lost_tokens: int = 0
    untrained_rows: int = 0
    steps: int = 0
    best_step: int | None = None
    stopped_early: bool = False
    trainable_parameters: int | None = None
    settings: Mapping[str, str] = {}
    curve: tuple[LossPoint, ...] = ()


class Confusion(Facts):
    """Items with label `expected` that were called `predicted`."""

    expected: str
    predicted: str
    base: int
    candidate: int


class LabelScore(Facts):
    """How well one of several labels a row is told: F1, 0-1, of items that bear it or are said to."""

    label: str
    items: int
    """That bear it."""
    base: float
    candidate: float


class WorstItem(Facts):
    """A gate item that the base got right and the candidate did not, or where its loss rose most."""

    item: str
    language: str = ""
    input: str
    expected: str
    base: str
    candidate: str


class ReportData(Facts):
    """One run. Parts that it did not reach are None or empty."""

    name: str
    task: str = ""
    created: str = ""
    """ISO 8601."""
    stopped: Told = Told()
    """One sentence: why the run ended before a verdict."""
    stopped_at: str = ""
    """Name of the stage that stopped it; "" where that was outside of one."""
    came_in: CameIn | None = None
    """Of a run that was stopped before its snapshot."""
    failed_expectations: tuple[FailedExpectation, ...] = ()
    unread_files: int = 0
    unread_lines: int = 0
    """Lines and rows of files that became no sample: malformed, or a field is missing."""
    flow: RowFlow | None = None
    languages: Mapping[str, int] = {}
    """Samples in the snapshot by language."""
    licenses: Mapping[str, int] = {}
    """Samples in the snapshot by licence; "" where none was given."""
    owners: Mapping[str, int] = {}
    """Samples in the snapshot by owner; "" where none was given."""
    splits: Mapping[str, int] = {}
    checks: tuple[CheckSummary, ...] = ()
    decisions: DecisionEffect | None = None
    drift: DriftReport | None = None
    bias: BiasReport | None = None
    training: Training | None = None
    verdict: Verdict | None = None
    confusions: tuple[Confusion, ...] = ()
    label_scores: tuple[LabelScore, ...] = ()
    """Of multi-label data, whose accuracy is that of whole sets; the lowest of the candidate first."""
    worst_items: tuple[WorstItem, ...] = ()
    lineage: Mapping[str, str] = {}
    """What it was -> digest or name: snapshot, recipe, code, base_model, decisions."""
    model_version: str = ""
    """Name and version in the registry, with aliases."""
    next_steps: tuple[Told, ...] = ()
    """What the flow itself has to say; `where_to_look` adds to it."""

"""What a run has heard so far, kept as it comes, so that a run that is stopped can tell it all the same."""

from typing import TypeVar

from pydantic import BaseModel

from tasks.bias import BiasReport
from tasks.drift_report import DriftReport
from tasks.ingest.stage import IngestRefs
from tasks.judge import JudgementRefs
from tasks.quality import ExpectationOutcome
from tasks.records import TableRef
from tasks.snapshot import SnapshotRef
from tasks.wording.told import Told

T = TypeVar("T")


class Hearing(BaseModel):
    """Filled by `hear` in the order of the line; what a run did not reach is None or empty."""

    documents: TableRef | None = None
    samples: TableRef | None = None
    """As ingest made them, then with `group_id` filled in."""
    findings: list[TableRef] = []
    """What the judge is told, in the order in which it was said."""
    outcomes: list[ExpectationOutcome] = []
    notes: list[Told] = []
    """Sentences for "where to look next"."""
    judgement: JudgementRefs | None = None
    snapshot: SnapshotRef | None = None
    late: list[TableRef] = []
    """What the suites say of the snapshot's rows: reported, for what becomes of them is settled."""
    lineage: dict[str, str] = {}
    drift: DriftReport | None = None
    bias: BiasReport | None = None

    def hear(self, result: T) -> T:
        """Keeps what a stage left, and gives it back.

        Args:
            result: of a stage (findings, or what holds `findings`, `outcomes` and `notes`); None is nothing.
        """
        match result:
            case None:
                pass
            case TableRef():
                self._tell(result)
            case IngestRefs():
                self.documents, self.samples = result.documents, result.samples
                self._tell(result.findings)
            case JudgementRefs():
                self.judgement = result
            case SnapshotRef():
                self.snapshot = result
            case DriftReport():
                self.drift = result
            case BiasReport():
                self.bias = result
                self.notes += result.notes
            case _:
                self._tell(getattr(result, "findings"))  # noqa: B009  every other stage leaves some
                self.outcomes += getattr(result, "outcomes", ())
                self.notes += getattr(result, "notes", ())
        return result

    def _tell(self, findings: TableRef) -> None:
        (self.late if self.snapshot else self.findings).append(findings)

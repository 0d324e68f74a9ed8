"""What is said of drift: the form in which it travels to the report."""

from pydantic import BaseModel, ConfigDict

from tasks.errors import DataGateError
from tasks.records import Severity
from tasks.wording.told import Told, join


class Share(BaseModel):
    """One bin or category, before and now."""

    model_config = ConfigDict(frozen=True)

    name: str
    before: float
    """Share (0-1) of the rows."""
    now: float


class FeatureDrift(BaseModel):
    """How one property of the rows has moved."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    feature: str
    psi: float
    """Population stability index: sum of (now - before) * ln(now / before); below .1 little, .1-.25 moderate,
    above .25 large by custom (Siddiqi 2006)."""
    test: str
    statistic: float
    p: float
    p_adjusted: float
    """Holm's, over the features of one report."""
    minimum_detectable: float
    """Smallest shift that the test finds with `power` at this number of groups, in units of `unit`."""
    unit: str
    power: float
    severity: Severity
    sentence: Told
    shares: tuple[Share, ...] = ()
    """Of deciles by position, of categories the largest first; of n-grams none."""


class DriftReport(BaseModel):
    """What the report page shows of drift."""

    model_config = ConfigDict(frozen=True)

    champion_snapshot: str | None = None
    sentence: Told
    rows_before: int = 0
    rows_now: int = 0
    rows_in_both: int = 0
    features: tuple[FeatureDrift, ...] = ()

    def require_stable(self) -> None:
        """Raises DataGateError where a feature has drifted so far that the recipe wants the line to stop."""
        critical = [f.sentence for f in self.features if f.severity is Severity.CRITICAL]
        if critical:
            told = join(critical, "\n  ", "\n  ")
            raise DataGateError(
                Told(
                    f"the data drifted from what the champion learned from (snapshot {self.champion_snapshot}):\n  "
                    f"{told.en}",
                    "データが、公開中のモデルが学んだもの"
                    f"(スナップショット {self.champion_snapshot})から変化しました:\n  "
                    f"{told.ja}",
                ),
                left=self,
            )

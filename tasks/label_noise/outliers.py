"""Texts that the base model finds odd for their language."""

import numpy as np
import pyarrow as pa

from tasks import findings, text
from tasks.findings import about_sample, read_columns
from tasks.records import FINDING, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.told import Told

STAGE = "label_noise"
OUTLIER_SCORE = 3.5
"""Modified z-score from which a value is an outlier (Iglewicz and Hoaglin 1993)."""
OUTLIER_ROWS = 20
"""Fewest texts of a language for which median and spread say something."""
_MAD_TO_SIGMA = 0.6745  # 0.75 quantile of the normal distribution


def loss_outliers(samples: pa.Table, losses: np.ndarray) -> pa.Table:
    """Texts that the base model finds far less likely than others of their language: odd, not necessarily
    wrong.

    Garbled text, a foreign language, a wrong answer, or simply the vocabulary that tuning is to teach.

    Args:
        samples: N rows of the schema SAMPLE.
        losses: (N,) mean negative log-likelihood per token of the target; NaN where there is none.

    Returns:
        Findings "high_base_loss" (info), scored by the modified z-score 0.6745 * (loss - median) / MAD.

    Raises:
        ValueError: losses and samples differ in number.
    """
    if losses.shape != (len(samples),):
        raise ValueError(f"losses must have shape ({len(samples)},), got {losses.shape}")
    columns = read_columns(samples)
    languages = np.array([language or "und" for language in columns["language"]])
    rows = []
    for language in np.unique(languages):
        members = np.flatnonzero((languages == language) & np.isfinite(losses))
        if len(members) < OUTLIER_ROWS:
            continue
        median = float(np.median(losses[members]))
        spread = float(np.median(np.abs(losses[members] - median)))
        if spread == 0:
            continue
        outlying = _MAD_TO_SIGMA * (losses[members] - median) / spread
        rows += [
            about_sample(
                columns,
                int(index),
                stage=STAGE,
                check="high_base_loss",
                severity=Severity.INFO,
                score=float(value),
                threshold=OUTLIER_SCORE,
                reason=f"loss of {losses[index]:.2f} a token; the median of {language} is {median:.2f}",
                evidence={
                    "language": str(language),
                    "loss": float(losses[index]),
                    "median": median,
                    "mad": spread,
                },
            )
            for index, value in zip(members, outlying, strict=True)
            if value >= OUTLIER_SCORE
        ]
    return build_table(rows, FINDING)


def describe_losses(samples: int, most: int) -> tuple[Told, ...]:
    """A sentence for the report where the base model did not read every sample."""
    if samples <= most:
        return ()
    return (
        Told(
            f"The base model read {most:,} of {samples:,} samples for their losses, chosen by the hash of their "
            "content (label_noise.base_rows).",
            f"基盤モデルは、内容のハッシュで選んだ{samples:,}件中{most:,}件のサンプルだけを読んで損失を求めました"
            "(label_noise.base_rows)。",
        ),
    )


@stage("loss outliers", findings, text)
def find_loss_outliers_stage(workspace: Workspace, samples: TableRef, losses: TableRef) -> TableRef:
    """Thin task over `loss_outliers`; `losses` has the columns row and loss, in the samples' order."""
    table = workspace.read_table(losses)
    found = loss_outliers(workspace.read_table(samples), table["loss"].to_numpy())
    return workspace.write_table(found, "findings-loss-outliers")

"""What the Prefect UI shows of a run: artifacts with tables, verdict and links."""

from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from tasks.gate.gates import Verdict
from tasks.privacy import Masker
from tasks.register import RegisteredModel
from tasks.snapshot import SnapshotRef
from tasks.storage import Workspace
from tasks.train import TrainResult


def publish_snapshot(snapshot: SnapshotRef, workspace: Workspace) -> None:
    """Row counts, and rows taken away by reason."""
    create_table_artifact(
        key="snapshot",
        table=[{"rows": name, "count": count} for name, count in snapshot.counts.items()],
        description=f"Snapshot {snapshot.snapshot_id}, polishing ratio {snapshot.polishing_ratio:.1%}, "
        f"in {workspace.path(snapshot.folder.path)}",
    )
    create_table_artifact(
        key="set-aside",
        table=[reason.model_dump(mode="json") for reason in snapshot.reasons],
        description="Rows edited or set aside, by the check that settled it",
    )


def publish_training(training: TrainResult, masker: Masker) -> None:
    """The audit and the loss curve; the row that is shown is masked."""
    example = masker.text(training.audit.example)
    create_table_artifact(
        key="training-audit",
        table=[
            {"what": name, "value": value}
            for name, value in training.audit.model_dump().items()
            if name != "example"
        ],
        description=f"First row as the model sees it, trained part in ⟦ ⟧:\n\n```\n{example}\n```",
    )
    create_table_artifact(
        key="loss",
        table=[point.model_dump() for point in training.curve],
        description="Mean nats per trained token",
    )


def publish_verdict(verdict: Verdict, model: RegisteredModel) -> None:
    """Each gate with its bounds, and what became of the model."""
    rows = [
        f"| {g.name} | **{g.outcome}** | {g.estimate:.4g} | {_bound(g.lower)} .. {_bound(g.upper)} "
        f"| {g.threshold:.4g} | {g.reason} |"
        for g in verdict.gates
    ]
    aliases = ", ".join(model.aliases) or "no alias"
    create_markdown_artifact(
        key="verdict",
        markdown="\n".join(
            [
                f"# {verdict.outcome}: {verdict.sentence}",
                f"`{model.name}` version {model.version} ({aliases})",
                "",
                "| gate | outcome | estimate | bounds | threshold | reason |",
                "|---|---|---|---|---|---|",
                *rows,
            ]
        ),
    )


def publish_report(path: Path) -> None:
    """A link to the page that a person reads."""
    create_link_artifact(key="report", link=path.as_uri(), link_text="Report", description=str(path))


def _bound(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

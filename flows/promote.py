"""Candidate to verdict to registry: base, champion and candidate answer the same items."""

from prefect import flow
from pydantic import BaseModel, ConfigDict

from flows.curate import Curated
from flows.finetune import Tuned
from flows.publish import publish_verdict
from tasks.evaluate import ScoreSettings, gather_scores_stage, score_stage
from tasks.gate.gates import Verdict, verdict
from tasks.general_text import split_general_texts
from tasks.leakage.dirty import earlier_snapshot, find_dirty_stage
from tasks.recipe import Recipe
from tasks.records import FolderRef, TableRef, Task
from tasks.register import RegisteredModel, champion, register
from tasks.report.card import write_card
from tasks.report.gather import Parts, gather_report
from tasks.report.hearing import Hearing
from tasks.stage import perform
from tasks.storage import Workspace


class Promotion(BaseModel):
    """What `promote` hands on."""

    model_config = ConfigDict(frozen=True)

    scores: TableRef
    verdict: Verdict
    model: RegisteredModel


@flow(name="promote", flow_run_name="promote", validate_parameters=False)
def promote(recipe: Recipe, workspace: Workspace, curated: Curated, tuned: Tuned) -> Promotion:
    """Scores all models, puts the gates, and registers the candidate with what they say."""
    settings = ScoreSettings.of(recipe)
    scored, _ = split_general_texts(recipe.gates.general_text, settings.general_items)
    general = workspace.write_table(scored, "general")
    standing = champion(workspace, recipe.name)
    models: dict[str, FolderRef | None] = {"base": None, "candidate": tuned.training.model}
    if standing is not None:
        models["champion"] = FolderRef(path=standing.path, digest=standing.digest)
    scores = [
        perform(
            score_stage.with_options(name=f"score: {name}"),
            workspace,
            tuned.base,
            folder,
            name,
            curated.snapshot.samples,
            general,
            settings,
        )
        for name, folder in models.items()
    ]
    table = perform(gather_scores_stage, workspace, scores)
    dirty = perform(
        find_dirty_stage,
        workspace,
        curated.snapshot.samples,
        curated.leaks,
        earlier_snapshot(workspace, standing.tags["snapshot"]) if standing else None,
        recipe.leakage,
        recipe.duplicates,
    )
    metric = "accuracy" if recipe.task is Task.TEXT_CLASSIFICATION else "loss"
    items = frozenset(workspace.read_table(dirty)["item"].to_pylist())
    judged = verdict(workspace.read_table(table), recipe.gates, metric, items)
    tags = {
        "snapshot": curated.snapshot.snapshot_id,
        "base_model": f"{tuned.base.source}@{tuned.base.revision[:16]}",
        "base_model_path": tuned.base.path,
        **{name: curated.lineage[name] for name in ("recipe", "code", "decisions")},
    }
    parts = Parts(
        recipe=recipe,
        said=Hearing(snapshot=curated.snapshot, samples=curated.samples, lineage=curated.lineage),
        base=tuned.base,
        training=tuned.training,
        scores=table,
        verdict=judged,
    )
    model = register(
        workspace,
        recipe.name,
        workspace.path(tuned.training.model.path),
        tags,
        judged,
        write_card(gather_report(workspace, parts), judged),
        recipe.train.model_dump(mode="json"),
    )
    publish_verdict(judged, model)
    return Promotion(scores=table, verdict=judged, model=model)

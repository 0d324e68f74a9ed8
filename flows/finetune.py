"""Snapshot to candidate model: the base is brought in, the data audited, the model tuned."""

from prefect import flow
from pydantic import BaseModel, ConfigDict

from flows.publish import publish_training
from tasks.base_model import BaseModelRef, base_model_stage, find_revision
from tasks.general_text import split_general_texts
from tasks.privacy import Masker
from tasks.recipe import Recipe
from tasks.snapshot import SnapshotRef
from tasks.stage import perform
from tasks.storage import Workspace
from tasks.train import TrainResult, train_stage


class Tuned(BaseModel):
    """What `finetune` hands on."""

    model_config = ConfigDict(frozen=True)

    base: BaseModelRef
    training: TrainResult


@flow(name="finetune", flow_run_name="finetune", validate_parameters=False)
def finetune(recipe: Recipe, workspace: Workspace, snapshot: SnapshotRef) -> Tuned:
    base = perform(base_model_stage, workspace, recipe.base_model, find_revision(recipe.base_model))
    _, others = split_general_texts(recipe.gates.general_text, recipe.evaluate.general_items)
    rehearsal = workspace.write_table(others.slice(0, recipe.train.rehearsal), "rehearsal")
    training = perform(train_stage, workspace, base, snapshot.samples, rehearsal, recipe.train, recipe.seed)
    publish_training(training, Masker(recipe.privacy))
    return Tuned(base=base, training=training)

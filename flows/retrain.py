"""The main job: curate, finetune, promote, in a row, with one report at the end."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict

from flows.curate import Curated, curate
from flows.engine import Until
from flows.finetune import Tuned, finetune
from flows.promote import Promotion, promote
from flows.publish import publish_report
from tasks.errors import ExitCode, SeimaiError
from tasks.ledger import Ledger
from tasks.recipe import Recipe, load_recipe
from tasks.records import Outcome, digest_of
from tasks.report.gather import Parts, gather_report, save_report, stop_sentence
from tasks.report.review_link import review_url
from tasks.storage import Workspace, shown_path
from tasks.watching import observe
from tasks.wording.told import Told, told_by


class RunResult(BaseModel):
    """How a run ended."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    exit_code: ExitCode
    message: str
    report: str
    """Path of the report, relative to the workspace."""


def run_name() -> str:
    """What a run is called in the Prefect UI: folder and name of its recipe."""
    recipe = Path(flow_run.parameters["recipe"])
    return f"{recipe.parent.name}/{recipe.stem}"


class Line(BaseModel):
    """How far a run has come: filled from left to right, so that a run that was stopped has a report too."""

    recipe: Recipe
    curated: Curated | None = None
    tuned: Tuned | None = None
    promotion: Promotion | None = None


@flow(name="retrain", flow_run_name=run_name, validate_parameters=False)
def retrain(recipe: str, until: Until = Until.PROMOTE, wait: float = 0.0) -> RunResult:
    """Runs the recipe's line and leaves a report, whatever happens.

    Args:
        recipe: path of the recipe.
        until: where to end.
        wait: seconds to wait for another run on the same workspace.

    Raises:
        SeimaiError: the recipe, the data, the workspace or the environment is not fit; recorded before it is raised.
    """
    loaded = load_recipe(Path(recipe))
    review_url()  # refused here, not after hours of training
    workspace = Workspace(root=loaded.workspace)
    with workspace.locked(f"a run of {loaded.name}", wait):
        ledger = Ledger(workspace.ledger_url)
        run_id = ledger.start_run(loaded.name, digest_of(loaded.model_dump(mode="json")))
        line = Line(recipe=loaded)
        seen = observe(loaded, ledger.watched(loaded.name))
        try:
            _run(line, workspace, Until(until))
        except SeimaiError as error:
            _finish(ledger, workspace, line, run_id, error.exit_code, told_by(error))
            ledger.set_watched(loaded.name, seen)
            raise
        except BaseException as error:
            ledger.finish_run(run_id, exit_code=ExitCode.UNEXPECTED, message=repr(error))
            raise
        ledger.set_watched(loaded.name, seen)
        code, message = _verdict_of(line)
        return _finish(ledger, workspace, line, run_id, code, message)


def _run(line: Line, workspace: Workspace, until: Until) -> None:
    line.curated = curate(line.recipe, workspace)
    if until is Until.CURATE:
        return
    line.tuned = finetune(line.recipe, workspace, line.curated.snapshot)
    if until is Until.FINETUNE:
        return
    line.promotion = promote(line.recipe, workspace, line.curated, line.tuned)


def _verdict_of(line: Line) -> tuple[ExitCode, Told]:
    if line.promotion is None:
        ended = Told(
            "ended where it was asked to; nothing was promoted",
            "指定されたところで終わりました。公開したモデルはありません",
        )
        return ExitCode.PROMOTED, ended
    verdict = line.promotion.verdict
    code = ExitCode.PROMOTED if verdict.outcome is Outcome.PASS else ExitCode.NOT_PROMOTED
    return code, verdict.sentence


def _finish(
    ledger: Ledger, workspace: Workspace, line: Line, run_id: str, code: ExitCode, message: Told
) -> RunResult:
    """Writes the report and closes the run in the ledger."""
    stored: dict[str, Any] = {"exit_code": code, "message": str(message)}
    if line.curated:
        stored["snapshot_id"] = line.curated.snapshot.snapshot_id
    if line.promotion:
        verdict, digest = line.promotion.verdict, line.promotion.model.digest
        stored |= {"outcome": verdict.outcome, "model_digest": digest}
        ledger.add_verdict(run_id, line.recipe.name, digest, verdict.outcome, verdict.model_dump_json())
    data = gather_report(workspace, _parts(line, workspace, run_id), stop_sentence(code, message))
    where = save_report(workspace, run_id, data)
    publish_report(workspace.path(where))
    ledger.finish_run(run_id, report=where, **stored)
    return RunResult(run_id=run_id, exit_code=code, message=str(message), report=where)


def _parts(line: Line, workspace: Workspace, run_id: str) -> Parts:
    curated, tuned, promotion = line.curated, line.tuned, line.promotion
    report = shown_path(workspace.path("runs", run_id, "report.html"))
    docs = shown_path(workspace.path("data_docs"))
    places = (
        Told(f"report: {report}", f"レポート: {report}"),
        Told("review the queue: seimai review", "レビュー: seimai review"),
        Told(f"what Great Expectations saw: {docs}", f"Great Expectations の検査結果: {docs}"),
        Told(
            "every run and its stages: seimai ui (the Prefect UI)",
            "すべての実行と工程: seimai ui(Prefect の画面)",
        ),
    )
    return Parts(
        recipe=line.recipe,
        snapshot=curated.snapshot if curated else None,
        samples=curated.samples if curated else None,
        outcomes=curated.outcomes if curated else (),
        lineage=curated.lineage if curated else {},
        found=curated.found if curated else None,
        notes=(*(curated.notes if curated else ()), *places),
        drift=curated.drift if curated else None,
        bias=curated.bias if curated else None,
        base=tuned.base if tuned else None,
        training=tuned.training if tuned else None,
        scores=promotion.scores if promotion else None,
        verdict=promotion.verdict if promotion else None,
        model=promotion.model if promotion else None,
    )

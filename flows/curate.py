"""Sources to snapshot: every witness is heard, then the judge decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefect import flow
from pydantic import BaseModel, ConfigDict

from expectations.suite_file import Suite
from flows.publish import publish_snapshot
from tasks.answers.find import describe_answers, find_doubtful_answers_stage
from tasks.base_model import base_model_stage, find_revision
from tasks.bias import find_bias_stage
from tasks.code_version import pipeline_version
from tasks.content.find import find_content_stage
from tasks.drift import champion_snapshot, describe_drift, find_drift_stage
from tasks.duplicates.find import DuplicateRefs, find_duplicates_stage
from tasks.duplicates.meaning import find_same_meaning_stage
from tasks.duplicates.shared import find_shared_passages_stage
from tasks.evaluate import base_losses_stage
from tasks.features import EncoderRef, encoder_revision, encoder_stage
from tasks.grounding import find_ungrounded_stage
from tasks.ingest.contract import IngestSettings, SourceFile
from tasks.ingest.files import find_all_files
from tasks.ingest.stage import IngestRefs, describe_files, ingest_stage
from tasks.judge import judge_stage
from tasks.label_noise import (
    describe_losses,
    describe_noise,
    find_label_noise_stage,
    find_loss_outliers_stage,
    find_multilabel_noise_stage,
    find_token_noise_stage,
)
from tasks.leakage import vault
from tasks.leakage.find import find_leaks_stage
from tasks.leakage.meaning import find_meaning_leaks_stage
from tasks.ledger import Ledger, now
from tasks.ledger.desk import Desk
from tasks.ledger.guidelines import Guidelines, decisions_in_force
from tasks.privacy import find_personal_data_stage, mark_secret
from tasks.quality import (
    check_documents_stage,
    check_samples_stage,
    check_slices_stage,
    check_snapshot_stage,
    load_suites,
    require_known_stage,
)
from tasks.recipe import Recipe
from tasks.records import FolderRef, TableRef, Task, digest_of
from tasks.report.hearing import Hearing
from tasks.review_counts import count_confirmed, count_settled
from tasks.review_queue import build_queue, told_by_recipe
from tasks.row_texts import RowTexts
from tasks.snapshot import SnapshotRef, flagged_rows, snapshot_stage
from tasks.stage import perform
from tasks.storage import Workspace


class Curated(BaseModel):
    """What `curate` hands on."""

    model_config = ConfigDict(frozen=True)

    snapshot: SnapshotRef
    samples: TableRef
    """As the witnesses saw them, before anything was redacted."""
    lineage: dict[str, str]
    leaks: TableRef
    """Which training rows give away which rows that are judged on (`tasks.leakage.links.LINK`)."""


@dataclass(frozen=True)
class _Heard:
    """What later stages need of the witnesses, beside what they said."""

    samples: TableRef
    """With `group_id` filled in."""
    leaks: TableRef
    predictions: TableRef | None
    """The labels that an out-of-fold model gives, where labels were checked."""
    doubts: TableRef | None
    """Findings about answers, where they were weighed."""
    encoder: EncoderRef | None


@flow(name="curate", flow_run_name="curate", validate_parameters=False)
def curate(recipe: Recipe, workspace: Workspace, said: Hearing | None = None) -> Curated:
    """Makes a snapshot of the recipe's sources.

    Args:
        said: filled with what is found as it is found, so that a run that is stopped half-way can tell it.
    """
    said = Hearing() if said is None else said
    suites = load_suites(recipe.quality)
    if suites:
        perform(require_known_stage, workspace, suites, recipe.quality)
    ledger = Ledger(workspace.ledger_url)
    files, read = _read(recipe, workspace, ledger, said)
    standing = ledger.decisions()
    decisions = decisions_in_force(standing, recipe.name, Guidelines(ledger).versions(recipe.name))
    said.lineage = lineage = _lineage(recipe, files, decisions)
    heard = _hear_witnesses(recipe, workspace, ledger, read, suites, decisions, said)
    judgement = said.hear(
        perform(
            judge_stage,
            workspace,
            heard.samples,
            said.findings,
            recipe.policy,
            decisions,
            recipe.review.score_band,
        )
    )
    snapshot = said.hear(
        perform(
            snapshot_stage,
            workspace,
            heard.samples,
            read.documents,
            judgement,
            recipe.split,
            recipe.has_evaluation_source,
            lineage,
        )
    )
    said.hear(
        perform(check_snapshot_stage, workspace, snapshot.samples, recipe.quality, suites, recipe.privacy)
    )
    labels, languages = recipe.labels or (), recipe.quality.languages
    asked = (heard.predictions, heard.doubts)
    bias = said.hear(
        perform(find_bias_stage, workspace, heard.samples, recipe.bias, labels, languages, *asked)
    )
    said.hear(perform(check_slices_stage, workspace, bias, recipe.quality, suites, recipe.privacy))
    before = champion_snapshot(workspace, recipe.name)
    drift = said.hear(
        perform(find_drift_stage, workspace, snapshot.samples, before, recipe.drift, heard.encoder)
    )
    said.notes += describe_drift(drift)
    tables = (heard.samples, judgement.dispositions, read.documents)
    _record(ledger, workspace, recipe, snapshot, tables, standing, decisions)
    change = vault.freeze(workspace, ledger, recipe, heard.samples)
    said.notes += vault.describe_change(change)
    publish_snapshot(snapshot, workspace)
    return Curated(snapshot=snapshot, samples=heard.samples, lineage=lineage, leaks=heard.leaks)


def _read(
    recipe: Recipe, workspace: Workspace, ledger: Ledger, said: Hearing
) -> tuple[Sequence[SourceFile], IngestRefs]:
    """Finds the files of all sources and makes documents and samples of them."""
    looked = now()
    files = find_all_files(recipe.sources, ledger.documents(), recipe.reading)
    erased = {digest for digests in ledger.tombstones().values() for digest in digests}
    settings = IngestSettings.of(recipe, _tokenizer(recipe, workspace), erased)
    read = said.hear(perform(ingest_stage, workspace, files, settings))
    ledger.note_documents(describe_files(files, looked))
    return files, read


def _hear_witnesses(
    recipe: Recipe,
    workspace: Workspace,
    ledger: Ledger,
    read: IngestRefs,
    suites: Sequence[Suite],
    decisions: dict[str, dict[str, Any]],
    said: Hearing,
) -> _Heard:
    """Every witness in turn; none of them removes a row. The judge is told in the order in which they are heard."""
    said.hear(
        perform(check_documents_stage, workspace, read.documents, recipe.quality, suites, recipe.privacy)
    )
    said.hear(
        perform(
            check_samples_stage,
            workspace,
            read.samples,
            recipe.task,
            recipe.quality,
            recipe.labels,
            suites,
            recipe.privacy,
        )
    )
    encoder = _encoder(recipe, workspace)
    floor = min(recipe.duplicates.threshold, recipe.leakage.threshold)
    duplicates = said.hear(perform(find_duplicates_stage, workspace, read.samples, recipe.duplicates, floor))
    said.samples = samples = duplicates.samples
    said.hear(perform(find_shared_passages_stage, workspace, read.samples, recipe.duplicates))
    secret = mark_secret(workspace, recipe.privacy)
    said.hear(perform(find_personal_data_stage, workspace, samples, recipe.privacy, secret))
    leaks = said.hear(
        perform(
            find_leaks_stage,
            workspace,
            samples,
            duplicates.pairs,
            read.samples,
            vault.gone_items(workspace, ledger, recipe, samples),
            recipe.leakage,
            recipe.split,
            recipe.has_evaluation_source,
        )
    )
    _compare_meanings(recipe, workspace, duplicates, leaks.links, encoder, said)
    said.hear(perform(find_ungrounded_stage, workspace, samples, read.documents))
    said.hear(
        perform(find_content_stage, workspace, samples, duplicates.pairs, recipe.content, read.findings)
    )
    predictions, doubts = _label_noise(recipe, workspace, samples, decisions, encoder, said)
    return _Heard(samples=samples, leaks=leaks.links, predictions=predictions, doubts=doubts, encoder=encoder)


def _lineage(
    recipe: Recipe, files: Sequence[SourceFile], decisions: dict[str, dict[str, Any]]
) -> dict[str, str]:
    """Digests of all that a snapshot is made from."""
    return {
        "inputs": digest_of([[file.uri, file.digest] for file in files]),
        "code": pipeline_version(),
        "recipe": digest_of(recipe.model_dump(mode="json", exclude={"workspace"})),
        "decisions": digest_of(sorted(d["decision_id"] for d in decisions.values())),
    }


def _tokenizer(recipe: Recipe, workspace: Workspace) -> FolderRef | None:
    """The base model, where passages are measured in its tokens."""
    if recipe.task is not Task.LANGUAGE_MODELING or recipe.passages.max_tokens is None:
        return None
    base = perform(base_model_stage, workspace, recipe.base_model, find_revision(recipe.base_model))
    return base.folder


def _encoder(recipe: Recipe, workspace: Workspace) -> EncoderRef | None:
    """What turns texts into vectors, where the recipe names something."""
    source = recipe.features
    if source is None:
        return None
    revision = encoder_revision(source, recipe.base_model)
    return perform(encoder_stage, workspace, source, recipe.base_model, revision)


def _compare_meanings(
    recipe: Recipe,
    workspace: Workspace,
    duplicates: DuplicateRefs,
    links: TableRef,
    encoder: EncoderRef | None,
    said: Hearing,
) -> None:
    """Hears what says the same in other words: among training rows, and of what models are judged on."""
    if encoder is None:
        return
    samples, settings = duplicates.samples, recipe.duplicates
    gate = (recipe.leakage, recipe.split, recipe.has_evaluation_source)
    said.hear(perform(find_same_meaning_stage, workspace, samples, duplicates.pairs, encoder, settings))
    said.hear(perform(find_meaning_leaks_stage, workspace, samples, links, encoder, *gate))


def _label_noise(
    recipe: Recipe,
    workspace: Workspace,
    samples: TableRef,
    decisions: dict[str, dict[str, Any]],
    encoder: EncoderRef | None,
    said: Hearing,
) -> tuple[TableRef | None, TableRef | None]:
    """Hears what is found of labels and answers.

    Returns:
        The labels that an out-of-fold model gives, and the findings about answers; each where there are some.
    """
    if not recipe.label_noise.enabled:
        return None, None
    if recipe.task is Task.TEXT_CLASSIFICATION:
        witness = find_multilabel_noise_stage if recipe.multi_label else find_label_noise_stage
        noise = said.hear(perform(witness, workspace, samples, recipe.label_noise, recipe.seed, encoder))
        said.notes += describe_noise(noise.summary)
        return noise.predictions, None
    base = perform(base_model_stage, workspace, recipe.base_model, find_revision(recipe.base_model))
    most = recipe.label_noise.base_rows
    losses = perform(base_losses_stage, workspace, base, samples, recipe.train.max_tokens, most)
    said.hear(perform(find_loss_outliers_stage, workspace, samples, losses))
    said.notes += describe_losses(samples.rows, most)
    if recipe.task is Task.TOKEN_CLASSIFICATION:
        spans = said.hear(
            perform(find_token_noise_stage, workspace, samples, recipe.label_noise, recipe.seed)
        )
        said.notes += describe_noise(spans.summary)
    if recipe.task is not Task.TEXT_GENERATION:
        return None, None
    decided = {sample_id: decision["action"] for sample_id, decision in sorted(decisions.items())}
    doubts = said.hear(
        perform(
            find_doubtful_answers_stage,
            workspace,
            samples,
            recipe.label_noise,
            decided,
            recipe.seed,
            base if recipe.label_noise.base_reads_answers else None,
        )
    )
    said.notes += describe_answers(doubts.summary)
    return None, doubts.findings if doubts.summary.checked else None


def _record(
    ledger: Ledger,
    workspace: Workspace,
    recipe: Recipe,
    snapshot: SnapshotRef,
    tables: tuple[TableRef, TableRef, TableRef],
    standing: Mapping[str, dict[str, Any]],
    decisions: Mapping[str, dict[str, Any]],
) -> None:
    """Puts the snapshot, and what people are to look at, into the ledger.

    Args:
        tables: samples, their dispositions, documents.
        standing: every decision that the run knew, by sample_id.
        decisions: those in force.
    """
    table, settled, documents = (workspace.read_table(ref) for ref in tables)
    findings = workspace.read_table(snapshot.findings)
    manifest = snapshot.model_dump(mode="json")
    texts = RowTexts(table, findings)
    flagged = flagged_rows(table, settled, findings, texts)
    ledger.add_snapshot(snapshot.snapshot_id, recipe.name, snapshot.folder.path, manifest, flagged)
    confirmed = count_confirmed(standing.values(), recipe.name)
    earlier = count_settled(table, settled, findings, decisions, recipe.name, recipe.policy)
    queue = build_queue(
        table, settled, findings, recipe.review, recipe.seed, confirmed, documents, texts, earlier
    )
    facts = queue.facts | told_by_recipe(recipe)
    heard = {decision["decision_id"] for decision in standing.values()}
    Desk(ledger).fill(recipe.name, snapshot.snapshot_id, queue.items, facts, heard)

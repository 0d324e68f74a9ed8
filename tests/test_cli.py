"""The `seimai` command as a user types it: help, exit codes, messages instead of tracebacks."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.errors import ExitCode, SeimaiError
from tasks.ledger import Ledger
from tasks.records import Action

RUNNER = CliRunner()
SEIMAI = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parent.parent


def seimai(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    import os

    return subprocess.run(
        [*SEIMAI, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )


def test_help_imports_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "prefect", "great_expectations", "mlflow", "pandas", "sklearn"]
    code = f"import sys, flows.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    ["run", "check", "init", "report", "models list", "models show", "models rollback", "chat", "why", "diff", "erase",
     "ui", "up", "review list", "review show", "review decide"],
)  # fmt: skip
def test_every_command_has_help(command: str) -> None:
    result = RUNNER.invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_exit_codes_are_documented() -> None:
    page = " ".join(RUNNER.invoke(app, ["--help"]).output.split())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"{code.value} " in page
        assert f"| {code.value} |" in readme


def test_bad_recipe_is_one_message_and_exit_2(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: x\ntask: text-classification\nsources: [{path: a.csv}]\ntrian: {}\n")
    done = seimai("run", str(recipe))
    assert done.returncode == ExitCode.BAD_RECIPE
    assert "trian: unknown key; did you mean 'train'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_workspace_and_wrong_usage(tmp_path: Path) -> None:
    done = seimai("models", "list", cwd=tmp_path)
    assert done.returncode == ExitCode.UNEXPECTED
    assert "no workspace" in done.stderr
    assert seimai("run").returncode == ExitCode.BAD_RECIPE


def test_init_gives_a_recipe_that_checks(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert RUNNER.invoke(app, ["init", str(folder)]).exit_code == 0
    result = RUNNER.invoke(app, ["check", str(folder / "recipe.yaml")])
    assert result.exit_code == 0, result.output
    assert "valid" in result.output
    assert "superiority" in result.output
    assert "1 files" in result.output
    with pytest.raises(SeimaiError, match="not empty"):
        RUNNER.invoke(app, ["init", str(folder)], catch_exceptions=False)


def test_check_states_the_items_of_the_published_example(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    (tmp_path / "a.csv").write_text("text,label\na,b\n")
    recipe.write_text("name: x\ntask: text-classification\nsources: [{path: a.csv}]\n")
    assert "1,546" in RUNNER.invoke(app, ["check", str(recipe)]).output


def test_review_in_the_terminal(tmp_path: Path) -> None:
    import json

    from conftest import make_sample, rows_at_hand

    place = tmp_path / ".seimai"
    ledger = Ledger(f"sqlite:///{place / 'ledger.db'}")
    sample = make_sample(3, "テキスト [bold]text[/bold]", "a")
    finding = {
        "check": "label_noise",
        "score": 0.1,
        "reason": "looks like b",
        "evidence": '{"x": 1}',
        "suggestion": None,
    }
    flagged = dict(
        row=3,
        sample_id=sample["sample_id"],
        disposition="quarantine",
        check="label_noise",
        reason="looks like b",
        sample=json.dumps(sample),
        findings=json.dumps([finding]),
    )
    ledger.add_snapshot("snap", "r", "snapshots/snap", {}, rows_at_hand([flagged]))
    identity = sample["sample_id"][:12]
    base = ["review"]
    listed = RUNNER.invoke(app, [*base, "list", "-w", str(place)], env={"COLUMNS": "140"})
    assert identity in listed.output
    assert "[bold]text" in listed.output, "sample text is shown as it is, not as markup"
    assert "looks like b" in RUNNER.invoke(app, [*base, "show", identity, "-w", str(place)]).output
    decided = RUNNER.invoke(app, [*base, "decide", identity, "relabel", "--label", "b", "-w", str(place)])
    assert decided.exit_code == 0, decided.output
    standing = ledger.decisions()[sample["sample_id"]]
    assert (standing["action"], standing["payload"]) == (Action.RELABEL, {"label": "b"})
    with pytest.raises(SeimaiError, match="relabel takes label, got none"):
        RUNNER.invoke(app, [*base, "decide", identity, "relabel", "-w", str(place)], catch_exceptions=False)
    with pytest.raises(SeimaiError, match="0 flagged samples begin with"):
        RUNNER.invoke(app, [*base, "decide", "zzz", "keep", "-w", str(place)], catch_exceptions=False)

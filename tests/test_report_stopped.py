"""A run that was stopped tells what it had heard until then, and lets no personal data out while it does."""

import json
import re
from typing import Any

import pytest
from conftest import make_sample

from tasks.errors import DataGateError, ExitCode
from tasks.ingest.stage import IngestRefs
from tasks.judge import judge_stage
from tasks.privacy import find_personal_data_stage
from tasks.quality import check_samples_stage
from tasks.recipe import QualitySettings, Recipe
from tasks.records import DOCUMENT, FINDING, SAMPLE, Disposition, Severity, Task, build_table
from tasks.report.gather import Parts, gather_report
from tasks.report.hearing import Hearing
from tasks.report.page import render_report
from tasks.report.stopped import name_cause
from tasks.report.summary import closing_table
from tasks.storage import Workspace
from tasks.wording import Told

MAIL = "karen.whitfield@corp.test.com"
LENIENT = QualitySettings(min_samples=1, max_bad_share=1)
MISSING = "column 'txet' is missing; did you mean 'text'? columns here: text, label"


def recipe_for(**settings: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "stopped",
            "task": "text-classification",
            "sources": [{"path": "/a.jsonl"}, {"path": "/b.jsonl"}],
        }
        | settings
    )


def lost_line(line: int, reason: str = MISSING, **extra: Any) -> dict[str, Any]:
    return {
        "uri": "/a.jsonl",
        "line": line,
        "stage": "ingest",
        "check": "missing_field",
        "severity": Severity.WARNING.value,
        "reason": reason,
        "evidence": json.dumps({"column": "txet", "value": "None"}),
    } | extra


def ingested(workspace: Workspace, samples: list[dict[str, Any]], findings: list[dict[str, Any]]) -> Hearing:
    """The hearing of a run that has read its files."""
    samples = [{"uri": "/b.jsonl", "source": "/b.jsonl"} | s for s in samples]
    read = IngestRefs(
        documents=workspace.write_table(
            build_table([{"doc_id": "1", "uri": "/a.jsonl"}], DOCUMENT), "documents"
        ),
        samples=workspace.write_table(build_table(samples, SAMPLE), "samples"),
        findings=workspace.write_table(build_table(findings, FINDING), "findings-ingest"),
    )
    said = Hearing()
    said.hear(read)
    return said


def sample(row: int, text: str, label: str = "a", **extra: Any) -> dict[str, Any]:
    return make_sample(row, text, label, uri="/b.jsonl", source="/b.jsonl", **extra)


def test_what_came_in_what_was_lost_and_where_it_stopped(workspace: Workspace) -> None:
    recipe = recipe_for(quality={"min_samples": 5})
    hidden = lost_line(1, "hides characters", uri="/b.jsonl", check="hidden_text")
    said = ingested(workspace, [sample(0, "one")], [lost_line(i) for i in range(1, 8)] + [hidden])
    assert said.samples is not None
    with pytest.raises(DataGateError) as caught:
        check_samples_stage.fn(workspace, said.samples, recipe.task, recipe.quality)
    said.hear(caught.value.left)
    parts = Parts(recipe=recipe, said=said, stopped_at="quality: samples")
    data = gather_report(workspace, parts, Told("too few", "少なすぎます"))
    assert data.came_in is not None
    assert (data.came_in.files, data.came_in.samples) == (1, 1)
    assert data.came_in.sources == {"a.jsonl": 0, "b.jsonl": 1}
    assert [(lost.check, lost.times, lost.example.where) for lost in data.came_in.lost] == [
        ("missing_field", 7, "/a.jsonl:1")
    ]
    assert data.unread_lines == 7  # the line with hidden characters became a sample
    assert {failed.check for failed in data.failed_expectations} == {"too_few_samples", "one_class_only"}
    assert ("missing_field", 7) in [(check.check, check.findings) for check in data.checks]
    page = render_report(data)
    for expected in ("Quality: samples", "品質: サンプル", "What came in", "読み込んだもの", "/a.jsonl:1"):
        assert expected in page
    assert "missing_field" in str(shown(closing_table(data)))


def shown(renderable: Any) -> str:
    from rich.console import Console

    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(renderable)
    return console.export_text()


def test_the_message_names_the_commonest_reason_where_most_lines_were_lost(workspace: Workspace) -> None:
    odd = lost_line(1, "column 'label' is empty")
    said = ingested(workspace, [sample(0, "one")], [odd, *(lost_line(i) for i in range(2, 8))])
    stopped = Told("too few", "少なすぎます")
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), stopped)
    message = name_cause(stopped, data)
    assert message.en == (
        "too few\n1 samples came in, and 7 lines or files became none. Most often (6 of 7): "
        f"{MISSING} (missing_field), as in /a.jsonl:2"
    )
    assert message.ja.startswith("少なすぎます\n入ったサンプルは1件で、7の行")
    assert "列「txet」に使える値がありません。" in message.ja


def test_a_few_lost_lines_are_no_cause(workspace: Workspace) -> None:
    said = ingested(workspace, [sample(i, f"text {i}") for i in range(9)], [lost_line(1)])
    stopped = Told("stopped", "停止")
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), stopped)
    assert name_cause(stopped, data) == stopped


def test_rows_that_fail_a_suite_are_shown(workspace: Workspace) -> None:
    rows = [sample(i, f"broken \ufffd text {i}", "ab"[i % 2], line=i + 1) for i in range(8)]
    recipe = recipe_for(quality={"min_samples": 2})
    said = ingested(workspace, rows, [])
    assert said.samples is not None
    with pytest.raises(DataGateError, match="garbled_text") as caught:
        check_samples_stage.fn(workspace, said.samples, recipe.task, recipe.quality)
    said.hear(caught.value.left)
    data = gather_report(workspace, Parts(recipe=recipe, said=said), Told("stopped"))
    (garbled,) = [check for check in data.checks if check.check == "garbled_text"]
    assert (garbled.findings, garbled.samples) == (8, 8)
    assert garbled.examples[0].where == "/b.jsonl:1"
    assert garbled.examples[0].excerpt.startswith("broken")


@pytest.mark.parametrize("stage", ["privacy", "before it"])
def test_a_stopped_run_lets_no_personal_data_out(workspace: Workspace, stage: str) -> None:
    """Nothing is edited yet when a line stops: examples of any witness would show what it was stopped for."""
    recipe = recipe_for(privacy={"otherwise": "block", "allow_list": ["info@corp.test.com"]})
    said = ingested(
        workspace,
        [sample(0, f"write to {MAIL} or info@corp.test.com \ufffd", line=1), sample(1, "thanks", "b")],
        [lost_line(1, f"not JSON: {MAIL}", check="malformed_line", evidence=json.dumps({"line": [MAIL]}))],
    )
    assert said.samples is not None
    said.hear(check_samples_stage.fn(workspace, said.samples, Task.TEXT_CLASSIFICATION, LENIENT))
    if stage == "privacy":
        with pytest.raises(DataGateError) as caught:
            find_personal_data_stage.fn(workspace, said.samples, recipe.privacy, None)
        said.hear(caught.value.left)
    data = gather_report(workspace, Parts(recipe=recipe, said=said), Told("stopped"))
    checks = {check.check: check for check in data.checks}
    assert ("personal_data_blocked" in checks) == (stage == "privacy")
    assert "write to [EMAIL] or info@corp.test.com" in checks["garbled_text"].examples[0].excerpt
    assert data.came_in is not None
    told = data.model_dump_json() + render_report(data) + str(name_cause(Told("stopped"), data))
    assert "[EMAIL]" in told
    assert "karen.whitfield" not in told


def test_words_of_a_recognizer_are_masked_as_well(workspace: Workspace) -> None:
    text = "ask Quillfeather about it"
    start = text.index("Quillfeather")
    spans = [{"field": "input", "start": start, "end": start + 12, "kind": "PERSON", "confidence": 0.9}]
    finding = {"row": 0, "stage": "privacy", "check": "personal_data_blocked", "severity": "critical"}
    finding |= {"uri": "/b.jsonl", "line": 1, "reason": "holds personal data: PERSON"}
    finding["evidence"] = json.dumps({"kinds": ["PERSON"], "spans": spans})
    said = ingested(workspace, [sample(0, text)], [])
    said.hear(workspace.write_table(build_table([finding], FINDING), "findings-privacy"))
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), Told("stopped"))
    assert data.checks[0].examples[0].excerpt == "ask [PERSON] about it"


def test_a_run_that_was_judged_tells_where_its_rows_went(workspace: Workspace) -> None:
    said = ingested(workspace, [sample(i, f"text {i}") for i in range(3)], [])
    assert said.samples is not None
    finding = {"row": 1, "stage": "duplicates", "check": "near_duplicate", "severity": "warning"}
    said.hear(workspace.write_table(build_table([finding], FINDING), "findings-duplicates"))
    said.hear(judge_stage.fn(workspace, said.samples, said.findings, {}, {}))
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), Told("a split is empty"))
    assert data.flow is not None
    assert (data.flow.rows_in, data.flow.kept, data.flow.dropped) == (3, 2, 1)
    assert [reason.check for reason in data.flow.reasons] == ["near_duplicate"]
    assert {(path.source, path.disposition) for path in data.flow.paths} == {
        ("b.jsonl", Disposition.KEEP),
        ("b.jsonl", Disposition.DROP),
    }


def test_lost_tables_do_not_hide_why_a_run_was_stopped(workspace: Workspace) -> None:
    said = ingested(workspace, [sample(0, "one")], [lost_line(1)])
    for path in workspace.path("tables").glob("findings-*"):
        path.unlink()
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), Told("the disk is full"))
    assert data.came_in is not None
    assert data.checks == ()
    for path in workspace.path("tables").glob("samples-*"):
        path.write_bytes(b"damaged")
    data = gather_report(workspace, Parts(recipe=recipe_for(), said=said), Told("the disk is full"))
    assert data.came_in is None
    assert "the disk is full" in render_report(data)


def test_every_stage_of_the_line_has_a_name_in_both_languages() -> None:
    from pathlib import Path

    from tasks.wording.terms import stage_term

    root = Path(__file__).parents[1] / "tasks"
    code = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    names = set(re.findall(r'^@stage\(\s*"([^"]+)"', code, re.MULTILINE))
    assert {"ingest", "privacy", "train"} <= names
    assert [name for name in sorted(names) if not re.search("[\u3040-\u9fff]", stage_term(name).ja)] == []


def test_an_error_keeps_what_its_stage_left() -> None:
    import pickle

    error = DataGateError(Told("stopped", "停止"), left=Hearing())
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  as Prefect and the workers hand it on
    assert (again.left, str(again), again.exit_code) == (Hearing(), "stopped", ExitCode.DATA_GATE)

"""Doubts about answers stand from run to run, and new answers are doubted by models that did not see them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_answers import exchange, table_of

from tasks.answers import find
from tasks.answers.doubt import EVIDENCE
from tasks.answers.exchanges import read_exchanges
from tasks.answers.find import (
    AnswerResult,
    describe_answers,
    find_doubtful_answers,
    find_doubtful_answers_stage,
)
from tasks.answers.incremental import NAME, Fit, doubt_many
from tasks.findings import read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.storage import Workspace

SETTINGS = LabelNoiseSettings(refit_share=0.2)
OLD, NEW = range(300), range(300, 340)


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MANY", 100)


def answers_of(numbers: range, swapped: int = 0) -> pa.Table:
    """Exchanges by number, of which the first `swapped` have the answer of another; then the last one refuses."""
    pairs = [exchange("en", number) for number in numbers]
    told = [answer for _, answer in pairs]
    mixed = [
        told[(i + len(told) // 2) % len(told)] if i < swapped else answer for i, answer in enumerate(told)
    ]
    mixed[-1] = "I cannot answer that." if swapped else mixed[-1]
    table = table_of([(prompt, answer) for (prompt, _), answer in zip(pairs, mixed, strict=True)])
    names = pa.array([f"s{number}" for number in numbers])
    groups = pa.array([f"g{number}" for number in numbers])
    return _put(_put(table, "sample_id", names), "group_id", groups)


def _put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)


def together(*tables: pa.Table) -> pa.Table:
    both = pa.concat_tables(tables)
    return _put(both, "row", pa.array(range(len(both)), pa.int64()))


def check(table: pa.Table, known: Fit | None = None) -> AnswerResult:
    return find_doubtful_answers(table, SETTINGS, {}, known=known)


def doubted(result: AnswerResult) -> dict[str, float]:
    return {
        f["sample_id"]: f["score"] for f in result.findings.to_pylist() if f["check"] == "doubtful_answer"
    }


def test_what_is_old_is_doubted_as_before_in_any_order() -> None:
    table = answers_of(OLD, swapped=8)
    first = check(table)
    assert len(doubted(first).keys() & {f"s{i}" for i in range(8)}) >= 5
    again = check(table, first.fit)
    assert again.fit is first.fit
    assert again.findings.equals(first.findings)
    assert doubted(check(table.take(list(range(299, -1, -1))), first.fit)) == doubted(first)


def test_wrong_new_answers_are_found_and_right_ones_are_not() -> None:
    first = check(answers_of(OLD))
    both = check(together(answers_of(OLD), answers_of(NEW, swapped=8)), first.fit)
    new = {name for name in doubted(both) if int(name[1:]) in NEW}
    wrong = {f"s{number}" for number in NEW[:8]}
    assert len(new & wrong) >= 5
    assert len(new - wrong) <= 2
    assert both.summary.newcomers == 40
    told = " ".join(one.en for one in describe_answers(both.summary))
    assert "40 answers came after the models were fitted" in told


def test_more_steps_come_to_the_same_as_one() -> None:
    old, new = answers_of(OLD), answers_of(NEW, swapped=8)
    first = check(old)
    half = check(together(old, new.slice(0, 20)), first.fit)
    assert half.fit is not None
    assert half.fit.models is first.fit.models  # type: ignore[union-attr]
    in_steps, at_once = (check(together(old, new), fit) for fit in (half.fit, first.fit))
    assert doubted(in_steps) == doubted(at_once)


def test_models_are_fitted_anew_when_much_came_or_went() -> None:
    first = check(answers_of(OLD))
    grown = check(together(answers_of(OLD), answers_of(range(300, 370))), first.fit)
    shrunk = check(answers_of(range(230)), first.fit)
    assert (grown.summary.newcomers, shrunk.summary.newcomers) == (0, 0)
    other = find_doubtful_answers(answers_of(OLD), SETTINGS, {}, seed=1, known=first.fit)
    assert other.fit is not None
    assert other.fit.models is not first.fit.models  # type: ignore[union-attr]


def test_a_new_version_of_an_exchange_is_doubted_by_models_without_the_old_one() -> None:
    """Who saw the old version takes the new one's wrong answer for what is usually answered."""
    table = answers_of(OLD, swapped=40)
    exchanges = read_exchanges(table, read_columns(table), SETTINGS.folds, 0)
    ids = table["sample_id"].to_pylist()
    before, _, fit = doubt_many(exchanges, ids, 0, 0.2)
    prompts = [f"{p} Thanks!" if i < 40 else p for i, p in enumerate(exchanges.prompts)]
    groups = np.where(np.arange(300) < 40, 300 + np.arange(300), exchanges.groups)
    changed = exchanges._replace(prompts=prompts, groups=groups)
    after, newcomers, _ = doubt_many(changed, [f"{i}-2" if int(i[1:]) < 40 else i for i in ids], 0, 0.5, fit)
    assert newcomers == 40
    part = EVIDENCE.index("unlike_neighbours")
    assert np.abs(after.parts[:40, part] - before.parts[:40, part]).mean() < 0.05


def test_the_stage_keeps_what_was_learned_and_writes_it_only_anew(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    old, both = (
        workspace.write_table(table, "samples")
        for table in (answers_of(OLD), together(answers_of(OLD), answers_of(NEW, swapped=8)))
    )
    find_doubtful_answers_stage.fn(workspace, old, SETTINGS, {}, 0, None)
    models = workspace.path("cache", f"{NAME}-models.npz")
    written = models.stat().st_mtime_ns
    refs = find_doubtful_answers_stage.fn(workspace, both, SETTINGS, {}, 0, None)
    assert refs.summary.newcomers == 40
    assert models.stat().st_mtime_ns == written
    kept = workspace.read_table(refs.findings)
    direct = check(workspace.read_table(both), check(workspace.read_table(old)).fit)
    assert kept.equals(direct.findings)
    assert ("refusal", "s339") in zip(kept["check"].to_pylist(), kept["sample_id"].to_pylist(), strict=True)
    models.write_bytes(b"half")
    assert find_doubtful_answers_stage.fn(workspace, both, SETTINGS, {}, 0, None).summary.newcomers == 0

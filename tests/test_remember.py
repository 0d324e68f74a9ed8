"""Findings that are remembered are those that would be found; only new content is asked about."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import make_samples

from tasks.erase.places import plan_caches
from tasks.privacy import find_personal_data
from tasks.remember import recall_findings, recall_values
from tasks.storage import Workspace

TEXTS = [(f"call {name} at 090-1234-567{i}", "phone") for i, name in enumerate(["Ann", "Bob", "Cat"])] + [
    ("the pear is ripe", "fruit"),
    ("call Ann at 090-1234-5670", "phone"),
]
"""The last one is the first once more."""


@pytest.fixture
def ask(workspace: Workspace) -> Callable[..., tuple[pa.Table, list[str]]]:
    """Recalled findings, and the texts that the witness was asked about."""

    def ask(samples: pa.Table, version: str = "1") -> tuple[pa.Table, list[str]]:
        asked: list[str] = []

        def find(part: pa.Table) -> pa.Table:
            asked.extend(part["input"].to_pylist())
            return find_personal_data(part)

        return recall_findings(workspace, "privacy", version, samples, find), asked

    return ask


def test_the_first_run_asks_about_each_content_once(ask: Callable[..., tuple[pa.Table, list[str]]]) -> None:
    samples = make_samples(TEXTS)
    found, asked = ask(samples)
    assert asked == [text for text, _ in TEXTS[:4]]
    assert found.equals(find_personal_data(samples))
    assert found["row"].to_pylist() == [0, 1, 2, 4]


def test_a_change_asks_about_what_is_new(ask: Callable[..., tuple[pa.Table, list[str]]]) -> None:
    ask(make_samples(TEXTS))
    changed = make_samples([("mail a@example.com", "mail"), TEXTS[3], TEXTS[2], TEXTS[0]], uri="moved.jsonl")
    found, asked = ask(changed)
    assert asked == ["mail a@example.com"]
    assert found.equals(find_personal_data(changed))
    assert set(found["uri"].to_pylist()) == {"moved.jsonl"}
    assert ask(changed)[1] == []
    assert ask(make_samples(TEXTS))[1] == [TEXTS[1][0]]  # what left was forgotten


def test_other_code_begins_anew(ask: Callable[..., tuple[pa.Table, list[str]]]) -> None:
    samples = make_samples(TEXTS)
    ask(samples)
    assert len(ask(samples, "2")[1]) == 4


def test_nothing_to_say_is_remembered_too(ask: Callable[..., tuple[pa.Table, list[str]]]) -> None:
    samples = make_samples(TEXTS[3:4])
    assert len(ask(samples)[0]) == 0
    assert ask(samples) == (find_personal_data(samples), [])
    assert len(ask(samples.slice(0, 0))[0]) == 0


def test_damage_is_made_anew(workspace: Workspace, ask: Callable[..., tuple[pa.Table, list[str]]]) -> None:
    samples = make_samples(TEXTS)
    ask(samples)
    workspace.path("cache", "findings-privacy.parquet").write_bytes(b"PAR1 no")
    found, asked = ask(samples)
    assert len(asked) == 4
    assert found.equals(find_personal_data(samples))


def test_columns_are_reckoned_once_for_each_content(workspace: Workspace) -> None:
    asked: list[str] = []

    def lengths(part: pa.Table) -> np.ndarray:
        asked.extend(part["input"].to_pylist())
        return np.array([len(text) for text in part["input"].to_pylist()], dtype=np.int64)

    samples = make_samples(TEXTS)
    told = [len(text) for text, _ in TEXTS]
    assert recall_values(workspace, "lengths", "1", samples, lengths).tolist() == told
    assert asked == [text for text, _ in TEXTS[:4]]
    more = make_samples([("a new one", "new"), *TEXTS[::-1]])
    assert recall_values(workspace, "lengths", "1", more, lengths).tolist() == [9, *told[::-1]]
    assert asked[4:] == ["a new one"]
    recall_values(workspace, "lengths", "2", samples, lengths)
    assert len(asked) == 9
    assert recall_values(workspace, "lengths", "2", samples.slice(0, 0), lengths).tolist() == []


def test_erasure_finds_what_is_kept(
    workspace: Workspace, ask: Callable[..., tuple[pa.Table, list[str]]]
) -> None:
    samples = make_samples(TEXTS)
    ask(samples)
    redactor = SimpleNamespace(ids=[samples["sample_id"][0].as_py()])
    changes = [c for c in plan_caches(workspace, redactor, ()) if c.what.endswith("findings-privacy.parquet")]  # type: ignore[arg-type]
    assert [change.amount for change in changes] == [1]
    changes[0].apply("receipt")
    kept = pq.read_table(workspace.path("cache", "findings-privacy.parquet"))
    assert set(kept["key"].to_pylist()) == set(samples["sample_id"].to_pylist()) - set(redactor.ids)
    assert ask(samples)[1] == [TEXTS[0][0]]

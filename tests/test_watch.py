"""What counts as a change, and when it is told: pure, but for a recorded `emit` in place of a server."""

import logging
import os
import threading
from pathlib import Path

import pytest
from prefect.events import Event

from flows import watch as watching
from tasks.errors import RecipeError
from tasks.ledger import Ledger
from tasks.recipe import Recipe, load_recipe
from tasks.storage import Workspace
from tasks.watching import BASE_MODEL, Changes, Row, Update, find_changes, find_update, observe

RECIPE = """\
name: tickets
task: language-modeling
workspace: workspace
base_model: {source: "path:model"}
sources:
  - path: letters
  - path: manuals/*.md
"""


@pytest.fixture
def recipe_path(tmp_path: Path) -> Path:
    for name, text in {
        "letters/a.txt": "dear sir",
        "letters/b.txt": "dear all",
        "manuals/kettle.md": "# Kettle",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights of January")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def recipe(recipe_path: Path) -> Recipe:
    return load_recipe(recipe_path)


@pytest.fixture
def ledger(recipe: Recipe) -> Ledger:
    return Ledger(Workspace(root=recipe.workspace).ledger_url)


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What would have gone to the server."""
    events: list[Event] = []
    monkeypatch.setattr(watching, "emit", events.extend)
    return events


def by_uri(rows: list[Row]) -> dict[str, Row]:
    return {row["uri"]: row for row in rows}


def row(uri: str, digest: str) -> Row:
    return {"uri": uri, "size": 1, "modified": "", "digest": digest}


def test_changes_are_told_by_content():
    seen = by_uri([row("kept", "1"), row("rewritten", "1"), row("gone", "1"), row(f"{BASE_MODEL}x/y", "1")])
    now = [row("rewritten", "2"), row("kept", "1"), row("new", "1"), row(f"{BASE_MODEL}x/y", "2")]
    assert find_changes(seen, now) == Changes(added=("new",), changed=("rewritten",), deleted=("gone",))
    assert not any(find_changes(by_uri(now), now))


def test_base_model_update_names_both_revisions():
    seen = by_uri([row(f"{BASE_MODEL}x/y", "1"), row("file", "1")])
    assert find_update(seen, [row("file", "2"), row(f"{BASE_MODEL}x/y", "2")]) == Update("x/y", "1", "2")
    assert find_update(seen, [row(f"{BASE_MODEL}x/y", "1")]) is None
    assert find_update(seen, [row(f"{BASE_MODEL}other", "2")]) is None  # the recipe names another model


def test_observe_has_a_row_for_each_file_once_and_for_the_base_model(recipe: Recipe, tmp_path: Path):
    twice = recipe.model_copy(update={"sources": (*recipe.sources, recipe.sources[0])})
    rows = by_uri(observe(twice))
    assert len(rows) == len(observe(twice)) == 4
    assert rows[str(tmp_path / "letters" / "a.txt")]["size"] == len("dear sir")
    assert rows[f"{BASE_MODEL}path:{tmp_path / 'model'}"]["size"] == len(b"weights of January")


def test_observed_rows_come_back_from_the_ledger(recipe: Recipe, ledger: Ledger):
    ledger.set_watched(recipe.name, observe(recipe))
    seen = ledger.watched(recipe.name)
    assert [r["digest"] for r in observe(recipe, seen)] == [r["digest"] for r in observe(recipe)]
    assert not any(find_changes(seen, observe(recipe, seen)))


def test_a_file_is_read_again_only_when_size_or_time_differ(recipe: Recipe, tmp_path: Path):
    letter, manual = tmp_path / "letters" / "a.txt", tmp_path / "manuals" / "kettle.md"
    for file in (letter, manual):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    seen = by_uri(observe(recipe))
    for known in (seen[str(letter)], seen[str(manual)], seen[f"{BASE_MODEL}path:{tmp_path / 'model'}"]):
        known["digest"] = "taken from the last look"
    os.utime(manual, (0, 0))
    now = by_uri(observe(recipe, seen))
    assert now[str(letter)]["digest"] == "taken from the last look"
    assert now[f"{BASE_MODEL}path:{tmp_path / 'model'}"]["digest"] == "taken from the last look"
    assert now[str(manual)]["digest"] == by_uri(observe(recipe))[str(manual)]["digest"]


def test_a_file_that_was_just_written_is_read_again(recipe: Recipe, tmp_path: Path):
    letter = tmp_path / "letters" / "a.txt"
    seen = by_uri(observe(recipe))
    written = letter.stat()
    letter.write_text("x" * written.st_size)  # as long, and within the clock's tick
    os.utime(letter, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert find_changes(seen, observe(recipe, seen)).changed == (str(letter),)


def test_a_touched_file_is_no_change(recipe: Recipe, tmp_path: Path):
    seen = by_uri(observe(recipe))
    os.utime(tmp_path / "letters" / "a.txt", (0, 0))
    assert not any(find_changes(seen, observe(recipe, seen)))


def test_new_weights_are_an_update(recipe: Recipe, tmp_path: Path):
    seen = by_uri(observe(recipe))
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights of February")
    update = find_update(seen, observe(recipe, seen))
    assert update is not None
    assert update.source == f"path:{tmp_path / 'model'}"
    assert update.old != update.new


def test_a_source_that_vanished_deletes_nothing(
    recipe: Recipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    seen = by_uri(observe(recipe))
    (tmp_path / "letters").rename(tmp_path / "unmounted")
    (tmp_path / "model").rename(tmp_path / "no-model")
    (tmp_path / "manuals" / "lamp.md").write_text("# Lamp")
    with caplog.at_level(logging.WARNING):
        now = observe(recipe, seen)
    assert find_changes(seen, now) == Changes(added=(str(tmp_path / "manuals" / "lamp.md"),))
    assert find_update(seen, now) is None
    assert "sources.0.path" in caplog.text
    assert "base_model.source" in caplog.text


def test_events_carry_counts_and_limited_lists(recipe: Recipe, recipe_path: Path, ledger: Ledger, emitted):
    ledger.set_watched(recipe.name, observe(recipe))
    for number in range(watching.LISTED + 5):
        (recipe_path.parent / "letters" / f"new-{number}.txt").write_text("hello")
    (recipe_path.parent / "model" / "model.safetensors").write_bytes(b"weights of March")
    documents, model = watching.watch_once(recipe_path)
    assert emitted == [documents, model]
    assert documents.event == "seimai.documents.changed"
    assert documents.resource.id == model.resource.id == "seimai.recipe.tickets"
    assert documents.payload["recipe"] == str(recipe_path)
    assert documents.payload["counts"] == {"added": watching.LISTED + 5, "changed": 0, "deleted": 0}
    assert len(documents.payload["added"]) == watching.LISTED
    assert model.event == "seimai.base-model.updated"
    assert model.payload["old"] != model.payload["new"]


def test_before_the_first_run_all_files_are_new_and_the_model_is_not(recipe_path: Path, emitted):
    (event,) = watching.watch_once(recipe_path)
    assert event.payload["counts"] == {"added": 3, "changed": 0, "deleted": 0}


class Looks(threading.Event):
    """In place of the loop's stop event: between two looks it does the next thing of a list, then stops."""

    def __init__(self, *between) -> None:
        super().__init__()
        self.between = list(between)

    def wait(self, timeout: float | None = None) -> bool:
        if not self.between:
            return True
        self.between.pop(0)()
        return False


def test_one_change_is_told_once_when_two_looks_agree(
    recipe: Recipe, recipe_path: Path, ledger: Ledger, emitted
):
    ledger.set_watched(recipe.name, observe(recipe))
    letter = recipe_path.parent / "letters" / "c.txt"
    counts: list[int] = []

    def note() -> None:
        counts.append(len(emitted))

    def change(text: str):
        return lambda: (note(), letter.write_text(text))

    def run_ends() -> None:
        note()
        ledger.set_watched(recipe.name, observe(recipe))

    def go_back() -> None:
        note()
        letter.write_text("half")

    steps = [
        change("half"),  # 0 so far: nothing had changed
        change("whole"),  # 0: the first look at a new file
        note,  # 0: it was still being written
        note,  # 1: two looks agree
        note,  # 1: told once, though the run has not ended
        run_ends,  # 1
        go_back,  # 1: the run saw it all
        note,  # 1
        note,  # 2: another change
        note,  # 2
    ]
    watching.watch(recipe_path, 1, Looks(*steps))
    assert counts == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2]


def test_a_change_that_was_taken_back_is_news_when_it_returns(
    recipe: Recipe, recipe_path: Path, ledger: Ledger, emitted
):
    ledger.set_watched(recipe.name, observe(recipe))
    letter = recipe_path.parent / "letters" / "c.txt"
    write, remove, rest = (lambda: letter.write_text("new")), letter.unlink, (lambda: None)
    watching.watch(recipe_path, 1, Looks(write, rest, remove, write, rest))
    assert [event.payload["added"] for event in emitted] == [[str(letter)]] * 2


def test_the_loop_outlives_a_broken_recipe_and_a_server_that_is_away(
    recipe_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    outcomes = iter([watching.httpx.ConnectError("refused"), None])
    taken: list[Event] = []

    def emit(events: list[Event]) -> None:
        error = next(outcomes) if events else None
        if error:
            raise error
        taken.extend(events)

    monkeypatch.setattr(watching, "emit", emit)
    good = recipe_path.read_text()
    steps = [
        lambda: recipe_path.write_text("name: [half a rec"),
        lambda: recipe_path.write_text(good),
        lambda: None,  # told: refused
        lambda: None,  # told again: taken
    ]
    with caplog.at_level(logging.WARNING):
        watching.watch(recipe_path, 1, Looks(*steps))
    assert "is not YAML" in caplog.text
    assert "refused" in caplog.text
    assert [event.event for event in taken] == ["seimai.documents.changed"]


def test_watch_once_says_what_is_wrong_with_the_recipe(tmp_path: Path):
    with pytest.raises(RecipeError, match="cannot read recipe"):
        watching.watch_once(tmp_path / "none.yaml")

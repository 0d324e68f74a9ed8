"""The ledger: append-only decisions, migrations equal to the tables in code, clear errors."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import rows_at_hand

from tasks.errors import SeimaiError, StorageError
from tasks.ledger import DECISIONS, Ledger, metadata, store
from tasks.records import Action


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_migrations_give_the_tables_that_the_code_declares(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_undo_is_a_further_row(ledger: Ledger) -> None:
    first = ledger.decide("s1", Action.DROP, {}, "spam", "aki", None)
    ledger.decide("s2", Action.RELABEL, {"label": "b"}, "", "aki", "after")
    ledger.decide("s1", Action.KEEP, {}, "not spam", "ben", None)
    standing = ledger.decisions()
    assert standing["s1"]["action"] == "keep"
    assert standing["s1"]["supersedes"] == first
    assert standing["s2"]["payload"] == {"label": "b"}
    with ledger.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(DECISIONS)).scalar() == 3


def test_snapshot_is_recorded_once(ledger: Ledger) -> None:
    row = dict(row=1, sample_id="s", disposition="drop", check="c", reason="r", sample="{}", findings="[]")
    rows = rows_at_hand([row])
    for _ in range(2):
        ledger.add_snapshot("snap", "recipe", "snapshots/snap", {"n": 1}, rows)
    assert len(ledger.snapshots("recipe")) == 1
    assert ledger.flagged("snap")[0]["sample_id"] == "s"


def test_find_run_names_what_there_is(ledger: Ledger) -> None:
    with pytest.raises(SeimaiError, match="newest runs: none yet"):
        ledger.find_run(None)
    run_id = ledger.start_run("recipe", "digest")
    assert ledger.find_run(run_id[:10])["run_id"] == run_id
    with pytest.raises(SeimaiError, match=run_id):
        ledger.find_run("nonsense")


def test_watched_is_replaced(ledger: Ledger) -> None:
    seen = dict(uri="a", size=1, modified="t", digest="d")
    ledger.set_watched("recipe", [seen, {**seen, "uri": "b"}])
    ledger.set_watched("recipe", [seen])
    assert list(ledger.watched("recipe")) == ["a"]
    assert ledger.watched("other") == {}


def test_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("this is not a database, and long enough to be read as one" * 100)
    with pytest.raises(StorageError, match="cannot open the ledger"):
        Ledger(f"sqlite:///{path}")


def test_texts_of_an_older_ledger_are_moved_and_stored_once(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parents[1] / "migrations"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for snapshot, row, sample in (("a", 0, "one"), ("a", 1, "two"), ("b", 0, "one")):
            connection.exec_driver_sql(
                "INSERT INTO flagged VALUES (?, ?, 's', 'drop', 'c', 'r', ?, '[]')",
                (snapshot, row, f'{{"input": "{sample}"}}'),
            )
    engine.dispose()
    ledger = Ledger(url)
    assert [row["sample"]["input"] for name in "ab" for row in ledger.flagged(name)] == ["one", "two", "one"]
    assert len(ledger.stored("texts")) == 2

"""Migrations: from nothing to the newest by any number of processes at once, the same as the tables, and back."""

import subprocess
import sys

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.resources import resource
from leaderboard.storage import tallies
from leaderboard.storage.database import Base, db
from tests.conftest import DATABASES
from tests.database import migrate
from tests.factories import fresh_engine
from tests.services.examples import log, set_up

ONE_MIGRATION = "import sys; from tests.database import migrate; migrate(sys.argv[1])"
PROCESSES = 4


@pytest.fixture(params=DATABASES)
def bare_url(databases, request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    return databases(request.param).without_tables()


def is_comparable(thing: object, _name: str, kind: str, is_reflected: bool, _other: object) -> bool:
    """Tell whether Alembic can compare it: on SQLite it does not see an index by `points DESC` for what it is."""
    return not (kind == "index" and "total" in str(getattr(thing, "table", "")))


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        options: dict[str, object] = {"compare_type": True, "compare_server_default": True}
        if engine.dialect.name == "sqlite":
            options["include_object"] = is_comparable
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def indexes(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        return {" ".join(row.replace('"', "").split()) for row in rows.scalars()}


def guards(engine: Engine) -> set[str]:
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'",
    }
    with engine.connect() as connection:
        return set(connection.execute(text(names[engine.dialect.name])).scalars())


def test_the_migrated_tables_are_those_that_the_code_knows(bare_url: str) -> None:
    migrate(bare_url)
    engine = fresh_engine(bare_url)
    assert differences(engine) == []
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
    for name, table in Base.metadata.tables.items():
        known = {each.name for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {each["name"] for each in inspect(engine).get_check_constraints(name)} == known


def test_the_migrated_indexes_of_sqlite_are_those_that_the_code_knows(databases) -> None:
    migrated, made = (fresh_engine(databases("sqlite").without_tables()) for _ in range(2))
    migrate(str(migrated.url))
    Base.metadata.create_all(made)
    assert indexes(migrated) == indexes(made)
    assert len(indexes(made)) > 10


@pytest.mark.parametrize("table", ["point_entry", "closing", "correction", "award_share", "adjustment", "audit_entry"])
def test_p2_what_is_append_only_is_guarded_once_it_is_migrated(database_url: str, table: str) -> None:
    engine = fresh_engine(database_url)
    wanted = {"sqlite": ("no_update", "no_delete", "no_replace"), "postgresql": ("no_change", "no_truncate")}
    assert {f"{table}_{name}" for name in wanted[engine.dialect.name]} <= guards(engine)


@pytest.mark.parametrize("table", ["total", "badge", "badge_run"])
def test_p5_what_a_close_freezes_is_guarded_once_it_is_migrated(database_url: str, table: str) -> None:
    engine = fresh_engine(database_url)
    assert [name for name in guards(engine) if name.startswith(f"{table}_frozen")] != []


def test_migrating_again_changes_nothing(bare_url: str) -> None:
    migrate(bare_url)
    migrate(bare_url)
    assert differences(fresh_engine(bare_url)) == []


def test_processes_that_start_on_an_empty_database_at_once_all_succeed(bare_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", ONE_MIGRATION, bare_url]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, told
    assert differences(fresh_engine(bare_url)) == []


def test_a_failing_migration_leaves_nothing_behind(bare_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one transaction: what was made before the failure goes with it."""

    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(op, "execute", fail)
    with pytest.raises(OSError, match="the disk is full"):
        migrate(bare_url)
    monkeypatch.undo()
    assert set(inspect(fresh_engine(bare_url)).get_table_names()) == set()
    migrate(bare_url)


def test_the_way_back_takes_everything_away_and_the_way_forth_works_again(bare_url: str) -> None:
    migrate(bare_url)
    app = create_app({"DATABASE_URL": bare_url, "SECRET_KEY": "migrates only", "TESTING": True})
    with app.app_context():
        downgrade(directory=str(resource("migrations")), revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        assert guards(db.engine) == set()
        db.engine.dispose()
    migrate(bare_url)
    assert differences(fresh_engine(bare_url)) == []


def test_a_database_that_is_in_use_gets_the_tallies_of_what_it_holds(app: Flask, session: Session) -> None:
    set_up(session)
    log(
        session,
        "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana\n10-06 09:00 lead.assigned ana subject=L2",
    )
    before = dict(tallies.stored(session.connection()))
    session.rollback()
    assert len(before) > 5
    with app.app_context():
        for move, revision in ((downgrade, "0004"), (upgrade, "head")):
            move(directory=str(resource("migrations")), revision=revision)
    assert dict(tallies.stored(session.connection())) == before

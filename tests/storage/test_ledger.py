"""P2: the ledger is append-only, whoever asks and by whatever connection: the database itself refuses."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.services.examples import SPEED, agreement, ledger, log, set_up

NAMES = "id, month, points, reason, posted_at"
AGAIN = "SELECT id, month, 1000, reason, posted_at FROM point_entry"
CHANGES = [
    "UPDATE point_entry SET points = 1000",
    "UPDATE point_entry SET reason = reason",
    "UPDATE point_entry SET id = id + 1000",
    "DELETE FROM point_entry",
    "DELETE FROM point_entry WHERE points = 10",
    f"INSERT INTO point_entry ({NAMES}) {AGAIN} WHERE true ON CONFLICT (id) DO UPDATE SET points = excluded.points",
]
REPLACEMENTS = [
    f"INSERT OR REPLACE INTO point_entry ({NAMES}) {AGAIN}",
    f"REPLACE INTO point_entry ({NAMES}) {AGAIN}",
    "UPDATE OR REPLACE point_entry SET points = 1000",
]
TRUNCATIONS = ["TRUNCATE point_entry CASCADE", "TRUNCATE attainment CASCADE", "TRUNCATE member CASCADE"]
MERGE = """MERGE INTO point_entry USING (SELECT 1) AS one ON true
WHEN MATCHED THEN UPDATE SET points = 1000"""


@pytest.fixture
def earned(session: Session) -> Session:
    """A ledger with one entry: Ana's 10 points."""
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    return session


def is_unchanged(session: Session) -> bool:
    session.rollback()
    return ledger(session) == {("ana@example.com", "North", "2026-10"): 10}


def refused_to_the_app(session: Session, statement: str) -> None:
    with pytest.raises(DBAPIError, match="the ledger is append-only"):
        session.execute(text(statement))
    assert is_unchanged(session)


@pytest.mark.parametrize("statement", CHANGES)
def test_p2_the_database_refuses_to_change_the_ledger(earned: Session, statement: str) -> None:
    refused_to_the_app(earned, statement)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("statement", REPLACEMENTS)
def test_p2_sqlite_refuses_to_replace_an_entry(earned: Session, statement: str) -> None:
    refused_to_the_app(earned, statement)


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("statement", [*TRUNCATIONS, MERGE])
def test_p2_postgresql_refuses_to_truncate_and_to_merge(earned: Session, statement: str) -> None:
    refused_to_the_app(earned, statement)


@pytest.fixture
def stranger(database_url: str) -> Iterator[Callable[[str], None]]:
    """`stranger(statement)`: done by another program, which knows nothing of our settings."""
    connect = psycopg.connect if database_url.startswith("postgresql") else sqlite3.connect
    with closing(connect(database_url.removeprefix("sqlite:///"))) as connection:

        def run(statement: str) -> None:
            connection.execute(statement)
            connection.commit()

        yield run


ERRORS = (sqlite3.DatabaseError, psycopg.DatabaseError)


@pytest.mark.parametrize("statement", CHANGES)
def test_p2_other_programs_cannot_change_the_ledger_either(earned: Session, stranger, statement: str) -> None:
    with pytest.raises(ERRORS, match="the ledger is append-only"):
        stranger(statement)
    assert is_unchanged(earned)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("statement", REPLACEMENTS)
def test_p2_other_programs_cannot_replace_an_entry_though_their_triggers_do_not_recurse(
    earned: Session, stranger, statement: str
) -> None:
    with pytest.raises(ERRORS, match="the ledger is append-only"):
        stranger(statement)
    assert is_unchanged(earned)


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("setting", ["SET session_replication_role = replica", "SET search_path = public"])
@pytest.mark.parametrize("statement", [CHANGES[0], CHANGES[3], *TRUNCATIONS])
def test_p2_no_session_setting_of_postgresql_passes_the_triggers(
    earned: Session, stranger, setting: str, statement: str
) -> None:
    stranger(setting)
    with pytest.raises(ERRORS, match="the ledger is append-only"):
        stranger(statement)
    assert is_unchanged(earned)


def test_p2_entries_are_appended_by_other_programs_too(earned: Session, stranger) -> None:
    """What is refused is the change, not the table: an entry without an id gets the next one."""
    earned.rollback()
    for points in (1, 2):
        stranger(f"INSERT INTO point_entry (month, points, reason, posted_at) VALUES ('2026-10', {points}, 'x', 0)")
    rows = earned.execute(text("SELECT points FROM point_entry ORDER BY id")).scalars().all()
    assert rows == [10, 1, 2]


@pytest.mark.parametrize("entry_id", [-1, 0])
def test_p2_no_entry_has_an_id_below_1(earned: Session, stranger, entry_id: int) -> None:
    """SQLite shows a new row as number -1 to the trigger: such a row would bar every later entry."""
    earned.rollback()
    with pytest.raises(ERRORS, match="ck_point_entry_id"):
        stranger(f"INSERT INTO point_entry ({NAMES}) VALUES ({entry_id}, '2026-10', 1, 'x', 0)")
    assert is_unchanged(earned)

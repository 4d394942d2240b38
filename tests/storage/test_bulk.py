"""Many rows at once: all of them, in order, whether written at once or behind; and what is read off an index."""

import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leaderboard.domain.monthly import Cell, SubjectEvidence
from leaderboard.domain.periods import Month
from leaderboard.storage.bulk import COPY_FROM, MOST_VALUES, insert_rows, roomy, write_on, written_behind
from leaderboard.storage.database import begin_write
from leaderboard.storage.evidence import places_reached_at, targets_reached_at, write_evidence
from leaderboard.storage.tables import WakeUp
from tests.services.examples import NOW

MANY = MOST_VALUES + 1  # of two columns each: two full statements and a rest
COLUMNS = ("subject", "at")


def wake_ups(session: Session) -> int:
    return session.execute(select(func.count()).select_from(WakeUp)).scalar_one()


@pytest.mark.parametrize("size", [1, 2, COPY_FROM, MOST_VALUES // 2, MOST_VALUES // 2 + 1, MANY])
def test_all_rows_are_inserted_and_those_that_are_there_are_not_counted_again(session: Session, size: int) -> None:
    connection = session.connection()
    rows = [(f"L{number}", number) for number in range(size)]
    assert insert_rows(connection, "wake_up", COLUMNS, rows, "DO NOTHING") == size
    assert insert_rows(connection, "wake_up", COLUMNS, [*rows, ("new", 1)], "DO NOTHING") == 1
    assert wake_ups(session) == size + 1


def test_what_is_written_behind_is_there_at_the_end_the_last_value_last(session: Session) -> None:
    begin_write(session)
    connection = session.connection()
    overwrite = "(subject) DO UPDATE SET at = excluded.at"
    usual = sys.getswitchinterval()
    with written_behind(connection):
        for version in range(3):
            insert_rows(connection, "wake_up", COLUMNS, [(f"L{n}", version) for n in range(MANY)], overwrite)
            write_on(connection)
        insert_rows(connection, "wake_up", COLUMNS, [("last", 9)])
    assert wake_ups(session) == MANY + 1
    assert session.execute(text("SELECT MIN(at) FROM wake_up")).scalar_one() == 2
    assert insert_rows(connection, "wake_up", COLUMNS, [("after", 1)]) == 1
    assert sys.getswitchinterval() == usual


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_failure_to_write_behind_is_raised_and_nothing_stays(session: Session, is_begun: bool) -> None:
    begin_write(session)
    connection = session.connection()

    def write() -> None:
        with written_behind(connection):
            insert_rows(connection, "wake_up", COLUMNS, [("L1", 1)])
            insert_rows(connection, "wake_up", COLUMNS, [("L1", 2)])
            if is_begun:
                write_on(connection)

    with pytest.raises(IntegrityError):
        write()
    session.rollback()
    assert wake_ups(session) == 0


def test_a_failure_of_the_caller_leaves_no_thread_that_writes_on(session: Session) -> None:
    begin_write(session)
    connection = session.connection()

    def write() -> None:
        with written_behind(connection):
            insert_rows(connection, "wake_up", COLUMNS, [(f"L{n}", 1) for n in range(MANY)])
            write_on(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    session.rollback()
    assert wake_ups(session) == 0
    assert insert_rows(session.connection(), "wake_up", COLUMNS, [("L1", 1)]) == 1


@pytest.mark.databases("sqlite")
def test_the_room_of_a_bulk_goes_back_also_after_a_failure(session: Session) -> None:
    connection = session.connection()
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()

    def fail() -> None:
        with roomy(connection):
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar_one() < usual < 0  # KiB, below zero
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert connection.exec_driver_sql("PRAGMA cache_size").scalar_one() == usual


def test_k6_the_place_in_the_index_is_when_a_count_reached_its_target(session: Session) -> None:
    connection = session.connection()
    cell, other = Cell("leads", "team", 1, Month(2026, 10)), Cell("leads", "team", 2, Month(2026, 10))
    minutes = [5, 1, 3, 3, 3, 9]  # three at one instant are taken together
    found = [(f"L{n}", SubjectEvidence(cell, NOW + timedelta(minutes=each), 1, 0)) for n, each in enumerate(minutes)]
    write_evidence(connection, [*found, ("L9", SubjectEvidence(other, NOW, 1, 0))], [], [])
    for target, minute in zip(range(1, 7), sorted(minutes), strict=True):
        assert places_reached_at(connection, {cell: target, other: 2}) == {cell: NOW + timedelta(minutes=minute)}
        assert targets_reached_at(connection, {cell: target, other: 2}) == {cell: NOW + timedelta(minutes=minute)}
    assert places_reached_at(connection, {cell: 7, other: 1}) == {other: NOW}
    assert places_reached_at(connection, {}) == {}

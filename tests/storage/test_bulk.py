"""Many rows at once: all of them, each counted once; and what is read off an index."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leaderboard.domain.monthly import Cell, SubjectEvidence
from leaderboard.domain.periods import Month
from leaderboard.storage.bulk import COPY_FROM, MOST_VALUES, insert_rows, roomy
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

"""The database's settings hold on every connection; writers take turns; instants and days come back exactly."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.domain.instants import EPOCH, from_micros, to_micros
from leaderboard.settings import database_url as url_of
from leaderboard.storage.database import begin_write as begin_writing
from leaderboard.storage.database import db
from leaderboard.storage.tables import Member, MembershipRow, PeriodRow, Team, WakeUp
from tests.factories import fresh_engine
from tests.services.examples import NOW

PRAGMAS = {
    "busy_timeout": 30_000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on disk
    "foreign_keys": 1,
    "recursive_triggers": 1,
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


def settings_of(session: Session) -> dict[str, Any]:
    return {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in PRAGMAS}


# Settings


@pytest.mark.databases("sqlite")
def test_sqlite_has_its_settings_on_every_connection_and_thread(engine: Engine) -> None:
    def look(_number: int) -> dict[str, Any]:
        with Session(engine) as session:
            return settings_of(session)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(8))) == [PRAGMAS] * 8


@pytest.mark.databases("sqlite")
def test_sqlite_has_its_settings_on_each_of_the_pools_connections(app: Flask) -> None:
    with app.app_context():
        sessions = [Session(db.engine) for _ in range(5)]
        assert [settings_of(session) for session in sessions] == [PRAGMAS] * 5
        for session in sessions:
            session.close()


@pytest.mark.databases("sqlite")
def test_sqlite_refuses_text_in_a_column_of_integers(session: Session) -> None:
    with pytest.raises(Exception, match="cannot store TEXT value in INTEGER column"):
        session.execute(text("INSERT INTO wake_up (subject, at) VALUES ('L1', 'soon')"))


def test_rows_that_refer_to_nothing_are_refused(session: Session) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        session.execute(text("INSERT INTO external_id (external_id, member_id) VALUES ('x', 99)"))


def test_an_organisation_stands_alone(session: Session) -> None:
    values = "'A', '', 0, 1, 1, 1"
    names = "name, document, loaded_at, rules_version, scores_version, next_attainment_id"
    with pytest.raises(Exception, match="ck_organisation_one"):
        session.execute(text(f"INSERT INTO organisation (id, {names}) VALUES (2, {values})"))


# Writers take turns


def counter(engine: Engine) -> Callable[[], int]:
    """Store a number that `add` reads, then writes one higher: what is lost if two read before either writes."""
    with Session(engine) as session:
        session.execute(
            insert(PeriodRow).values(key="n", kind="", starts_at=NOW, ends_at=NOW, is_decided=0, is_eventful=0)
        )
        session.commit()

    def add() -> int:
        with Session(engine) as session:
            begin_writing(session)
            number = session.execute(select(PeriodRow.is_decided)).scalar_one()
            session.execute(update(PeriodRow).values(is_decided=number + 1))
            session.commit()
            return number

    return add


def test_writers_that_read_before_they_write_lose_nothing(engine: Engine) -> None:
    add = counter(engine)
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda _: add(), range(80)))
    assert sorted(seen) == list(range(80))


def test_a_second_writer_waits_before_it_reads(engine: Engine) -> None:
    add = counter(engine)
    seen: list[int] = []
    with Session(engine) as first:
        begin_writing(first)
        second = Thread(target=lambda: seen.append(add()))
        second.start()
        second.join(0.2)
        assert seen == []
        first.execute(update(PeriodRow).values(is_decided=41))
        first.commit()
        second.join(10)
    assert seen == [41]


def test_a_writer_without_patience_gives_up_soon_and_the_next_one_waits_again(engine: Engine) -> None:
    add = counter(engine)
    with Session(engine) as first, Session(engine) as second:
        begin_writing(first)
        began = monotonic()
        with pytest.raises((OperationalError, sqlite3.OperationalError)):
            begin_writing(second, is_patient=False)
        assert monotonic() - began < 5
        second.rollback()
        third = Thread(target=add)
        third.start()
        third.join(0.5)
        assert third.is_alive()
        first.rollback()
        third.join(10)
        begin_writing(second, is_patient=False)
        second.rollback()


def test_a_writer_lets_the_next_one_in_when_it_rolls_back(engine: Engine) -> None:
    add = counter(engine)
    with Session(engine) as session:
        begin_writing(session)
        session.execute(update(PeriodRow).values(is_decided=41))
        session.rollback()
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(add).result(10) == 0


def test_a_session_that_has_written_reads_again_without_keeping_others_from_writing(engine: Engine) -> None:
    add = counter(engine)
    with Session(engine) as session:
        begin_writing(session)
        session.commit()
        assert session.execute(select(PeriodRow.is_decided)).scalar_one() == 0
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(add).result(10) == 0


def test_beginning_to_write_sees_what_others_wrote_since_the_session_last_read(engine: Engine) -> None:
    add = counter(engine)
    with Session(engine) as session:
        assert session.execute(select(PeriodRow.is_decided)).scalar_one() == 0
        add()
        begin_writing(session)
        assert session.execute(select(PeriodRow.is_decided)).scalar_one() == 1


@pytest.mark.databases("sqlite")
def test_without_begin_write_the_late_begin_of_sqlite_would_fail(engine: Engine) -> None:
    """The reason for begin_write: a reader that goes on to write is refused at once, however long it may wait."""
    add = counter(engine)
    with Session(engine) as session:
        session.execute(select(PeriodRow.is_decided)).scalar_one()
        add()
        with pytest.raises(OperationalError, match="database is locked"):
            session.execute(update(PeriodRow).values(is_decided=41))


def test_readers_go_on_while_a_writer_writes_and_see_all_of_it_or_nothing(engine: Engine) -> None:
    counter(engine)
    done = Signal()
    with Session(engine) as writer, ThreadPoolExecutor(4) as threads:
        begin_writing(writer)
        writer.execute(update(PeriodRow).values(is_decided=1))
        writer.execute(insert(Team).values(name="North", side="sales"))

        def look() -> set[tuple[int, int]]:
            found = set()
            while True:
                last = done.is_set()
                with Session(engine) as reader:
                    sums = select(PeriodRow.is_decided, select(Team.id).exists())
                    found.add(tuple(reader.execute(sums).one()))
                if last:
                    return found

        looking = [threads.submit(look) for _ in range(4)]
        while not any(each.running() for each in looking):
            pass
        writer.commit()
        done.set()
        seen = set().union(*(each.result(10) for each in looking))
    assert (1, True) in seen
    assert seen <= {(0, False), (1, True)}


@pytest.mark.databases("postgresql")
def test_postgresql_releases_the_write_lock_when_the_connection_breaks(engine: Engine, database_url: str) -> None:
    add = counter(engine)
    broken = create_engine(url_of(database_url))
    session = Session(broken)
    begin_writing(session)
    pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with Session(engine) as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid})"))
    assert add() == 0
    session.invalidate()
    broken.dispose()


# Instants and days

FIRST, LAST = -8_589_000_000_000_000, 8_589_000_000_000_000  # microseconds: the years 1697 to 2242
INSTANTS = st.builds(
    lambda micros, zone: (EPOCH + timedelta(microseconds=micros)).astimezone(zone),
    st.integers(FIRST, LAST),
    st.just(UTC) | st.timezones(),
)
DAYS = st.dates()
QUICKLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(INSTANTS)
def test_t1_microseconds_since_1970_are_exact_both_ways(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert from_micros(to_micros(instant)).tzinfo is UTC


@pytest.mark.parametrize(
    ("instant", "micros"),
    [
        (EPOCH, 0),
        (EPOCH + timedelta(microseconds=1), 1),
        (EPOCH - timedelta(microseconds=1), -1),
        (datetime(2026, 10, 5, 9, tzinfo=timezone(timedelta(hours=-3))), 1_791_201_600_000_000),
    ],
)
def test_t1_an_instant_is_stored_as_microseconds_in_utc(session: Session, instant: datetime, micros: int) -> None:
    session.execute(insert(WakeUp).values(subject="L1", at=instant))
    assert session.execute(text("SELECT at FROM wake_up")).scalar_one() == micros


@QUICKLY
@given(instant=INSTANTS)
@example(instant=datetime(1970, 1, 1, tzinfo=UTC))
@example(instant=datetime(2210, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))  # ten years after the last event
def test_t1_an_instant_comes_back_from_the_database_exactly(session: Session, instant: datetime) -> None:
    session.execute(insert(WakeUp).values(subject="L1", at=instant))
    found = session.execute(select(WakeUp.at).where(WakeUp.at == instant)).scalar_one()
    session.rollback()
    assert found == instant
    assert found.tzinfo is UTC


@QUICKLY
@given(first=INSTANTS, second=INSTANTS)
def test_t1_instants_compare_in_the_database_as_they_do_here(
    session: Session, first: datetime, second: datetime
) -> None:
    session.execute(insert(WakeUp), [{"subject": "1", "at": first}, {"subject": "2", "at": second}])
    earlier = session.execute(select(WakeUp.at).where(WakeUp.at < second)).scalars().all()
    session.rollback()
    assert earlier == ([first] if first < second else [])


@QUICKLY
@given(day=DAYS, later=st.none() | DAYS)
def test_a_day_comes_back_from_the_database_exactly(session: Session, day: date, later: date | None) -> None:
    session.execute(insert(Team).values(id=1, name="North", side="sales"))
    session.execute(insert(Member).values(id=1, key="a", email="a", name="a"))
    session.execute(insert(MembershipRow).values(id=1, member_id=1, team_id=1, starts_on=day, until=later))
    found = session.execute(select(MembershipRow.starts_on, MembershipRow.until)).one()
    session.rollback()
    assert tuple(found) == (day, later)

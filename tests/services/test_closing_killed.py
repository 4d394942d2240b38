"""Closing under fire: killed at any moment, by any number of processes, each period is closed exactly once (M3)."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from random import Random
from time import sleep
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import SCHEDULER
from leaderboard.domain.periods import Month
from leaderboard.services.closing import close_next
from leaderboard.services.verifying import verify
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.trail_tables import AuditEntry
from tests.conftest import DATABASES
from tests.factories import fresh_engine, opened
from tests.services.examples import ON_TIME, SPEED, WINS, agreement, csv_of, hand_in, set_up

FIRST = Month(2026, 1)
CLOSES = int(os.environ.get("CLOSES", "8"))  # how many closes to kill at; more for a soak
FORK = get_context("fork")
BONUS = """
[[bonus]]
key = "{period}-{participant}"
period = "{period}"
participant = "{participant}"
places = ["1000.00", "500.01"]
"""
PROGRAMMES = "".join(
    BONUS.format(period=period, participant=participant)
    for period in ("month", "quarter")
    for participant in ("team", "member")
)


def fill(session: Session, months: int) -> None:
    """Give each of so many months a few leads, one of them disposed of too late, and wins."""
    now = after(months)
    set_up(session, agreement(SPEED, WINS, ON_TIME) + PROGRAMMES, now=now)
    lines = []
    for month in (str(FIRST.plus(number)) for number in range(months)):
        for day, who, hours in (("05", "ana", 10), ("12", "bia", 14), ("19", "ana", 17), ("26", "bia", 18)):
            lead = f"{month}-{day}"
            lines.append(f"{lead}a,{lead}T09:30,lead.assigned,{lead},{who}@example.com")
            lines.append(f"{lead}d,{lead}T{hours}:00,lead.disposed,{lead},{who}@example.com")
            lines.append(f"{lead}w,{lead}T16:00,opportunity.won,O{lead},{who}@example.com")
    hand_in(session, csv_of(*lines), now=now)


def close_all(address: str, now: datetime, at: int | None = None, by: signal.Signals = signal.SIGKILL) -> None:
    """Close whatever is due, in a process of its own; it may be killed, or frozen, before its n-th statement."""
    engine = fresh_engine(address)
    if at is not None:
        seen = count(1)
        event.listen(engine, "before_cursor_execute", lambda *_: next(seen) == at and os.kill(os.getpid(), by))
    with Session(engine) as session:
        while close_next(session, now=now, by=SCHEDULER) is not None:
            pass


def started(address: str, now: datetime, **options: Any) -> Any:
    process = FORK.Process(target=close_all, args=(address, now), kwargs=options)
    process.start()
    return process


def closed(address: str) -> list[str]:
    with opened(address) as session:
        return sorted(session.execute(select(Closing.period)).scalars())


def check(address: str, months: int, now: datetime) -> None:
    """Every month and quarter is closed once, with one award for each win, and everything agrees with the events."""
    with opened(address) as session:
        expected = sorted(period.key for number in range(months) for period in _closed_with(FIRST.plus(number)))
        assert closed(address) == expected
        noted = session.execute(select(AuditEntry.about).where(AuditEntry.action == "period.closed")).scalars()
        assert sorted(noted) == expected
        won = (BonusAward.period, BonusAward.programme, BonusAward.place, BonusAward.participant_id)
        times = session.execute(select(func.count()).select_from(BonusAward).group_by(*won)).scalars()
        assert set(times) == {1}
        assert session.execute(select(func.count(BonusAward.period.distinct()))).scalar_one() == len(expected)
        assert list(verify(session, now=now)) == []


def _closed_with(month: Month) -> tuple[Any, ...]:
    return (month, month.quarter) if month.number % 3 == 0 else (month,)


@pytest.fixture(params=DATABASES)
def address(databases: Callable[[str], Any], request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database that every process opens for itself."""
    with databases(request.param).fresh() as address:
        yield address


def after(months: int) -> datetime:
    """Return an instant at which just so many months have fallen due."""
    last = FIRST.plus(months)
    return datetime(last.year, last.number, 4, tzinfo=UTC)


def test_m3_killed_at_random_moments_each_period_is_closed_exactly_once(address: str) -> None:
    months, chance, kills = CLOSES * 3 // 4, Random(3), 0
    with opened(address) as session:
        fill(session, months)
    while len(closed(address)) < months * 4 // 3:
        racing = [started(address, after(months)) for _ in range(2)]
        sleep(chance.uniform(0.02, 0.25))
        for process in racing:
            kills += process.is_alive()
            process.kill()
            process.join()
    assert kills > 0
    check(address, months, after(months))


def test_m3_killed_before_any_statement_a_close_leaves_nothing_behind(address: str) -> None:
    """A quarter's last month: its close takes back what it began, whatever that was."""
    with opened(address) as session:
        fill(session, 3)
    close_all(address, after(2))
    statement = 0
    while len(closed(address)) == 2:
        statement += 7
        process = started(address, after(3), at=statement)
        process.join()
        assert process.exitcode == -signal.SIGKILL or len(closed(address)) == 4
        assert len(closed(address)) in (2, 3, 4)
    close_all(address, after(3))
    assert statement > 20
    check(address, 3, after(3))


def test_m3_four_schedulers_at_once_over_a_backlog_close_each_period_once(address: str) -> None:
    months = 12
    with opened(address) as session:
        fill(session, months)
    racing = [started(address, after(months)) for _ in range(4)]
    for process in racing:
        process.join(timeout=120)
    assert [process.exitcode for process in racing] == [0] * 4
    check(address, months, after(months))


def test_m3_a_close_that_is_frozen_and_woken_later_closes_nothing_twice(address: str) -> None:
    with opened(address) as session:
        fill(session, 6)
    frozen = started(address, after(6), at=60, by=signal.SIGSTOP)
    os.waitpid(frozen.pid, os.WUNTRACED)
    assert len(closed(address)) < 8
    waiting = started(address, after(6))
    waiting.join(0.3)
    os.kill(frozen.pid, signal.SIGCONT)
    for process in (frozen, waiting):
        process.join(timeout=120)
        assert process.exitcode == 0
    check(address, 6, after(6))

"""Many at once, on both databases: nothing lost, nothing doubled, and nobody told that the database is locked."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, ScalarSelect, func, select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.boards import standings
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import EventImport, EventRow, PointEntry, Total
from tests.factories import event, fresh_engine, ids_of
from tests.services.examples import NOW, ON_TIME, SPEED, WINS, agreement, count, csv_of, hand_in, ledger, set_up
from tests.services.recorders import at_once, disposal, record_disposals, recorder

WRITERS = 200


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


def assignments(size: int, first: int = 0) -> bytes:
    numbers = range(first, first + size)
    return csv_of(*(f"a{n},2026-10-05T09:00,lead.assigned,L{n:03d},ana@example.com" for n in numbers))


@pytest.fixture
def ana(session: Session) -> Iterator[int]:
    """Ana has 200 leads to dispose of; her id."""
    set_up(session, agreement(SPEED, ON_TIME, WINS))
    hand_in(session, assignments(WRITERS), source="crm")
    ana = ids_of(session)["ana"]
    session.rollback()  # no writer is kept waiting by us
    yield ana
    session.rollback()


def all_is_right(session: Session, disposed: int) -> bool:
    """Ana has 10 points for each lead disposed of within the hour, and 100 for all in time, once the month is over."""
    assert count(session) == WRITERS + disposed
    assert session.execute(select(func.count(func.distinct(EventRow.event_id)))).scalar_one() == WRITERS + disposed
    assert ledger(session) == {("ana@example.com", "North", "2026-10"): 10 * disposed + 100}
    ana, *_ = standings(session, "2026-10", "member")
    assert (ana.key, ana.points, ana.exceeded + ana.met) == ("ana@example.com", 10 * disposed + 100, disposed + 1)
    assert list(verify(session, now=NOW)) == []
    session.rollback()
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0
    return True


def test_200_writers_at_once_lose_nothing_and_double_nothing(session: Session, engine: Engine, ana: int) -> None:
    assert all(record_disposals(engine, range(WRITERS), ana))
    assert all_is_right(session, WRITERS)


def test_200_writers_in_4_processes_lose_nothing_and_double_nothing(
    session: Session, database_url: str, ana: int
) -> None:
    share = WRITERS // 4
    command = [sys.executable, "-W", "error", "-m", "tests.services.recorders", database_url]
    running = [
        subprocess.Popen([*command, str(first), str(first + share), str(ana)], stderr=subprocess.PIPE, text=True)
        for first in range(0, WRITERS, share)
    ]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, told
    assert all_is_right(session, WRITERS)


def test_the_same_event_by_20_at_once_is_stored_by_one_of_them(session: Session, engine: Engine, ana: int) -> None:
    hand_in(
        session, csv_of(*(f"d{n},2026-10-05T09:30,lead.disposed,L{n:03d}" for n in range(1, WRITERS))), source="crm"
    )
    stored = at_once(engine, *[recorder(disposal(0, ana))] * 20)
    assert sorted(stored) == [False] * 19 + [True]
    assert all_is_right(session, WRITERS)


def test_different_events_of_one_subject_at_once_come_to_what_they_are_together(
    session: Session, engine: Engine, ana: int
) -> None:
    kinds = ["lead.disposed", "lead.reopened", "lead.assigned", "opportunity.won"]
    events = [event(f"x{n}", f"10-06 {9 + n // 4:02d}:{15 * (n % 4):02d}", kinds[n % 4], ana) for n in range(20)]
    assert all(at_once(engine, *map(recorder, events)))
    assert list(verify(session, now=NOW)) == []
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0


def test_an_import_beside_20_writers_loses_nothing(session: Session, engine: Engine, ana: int) -> None:
    file = csv_of(*(f"d{n},2026-10-05T09:30,lead.disposed,L{n:03d}" for n in range(20, WRITERS)))
    _, *recorded = at_once(
        engine,
        lambda session: hand_in(session, file, source="crm"),
        *(recorder(disposal(number, ana)) for number in range(20)),
    )
    assert recorded == [True] * 20
    assert all_is_right(session, WRITERS)


def test_the_same_file_by_two_at_once_is_stored_once(session: Session, engine: Engine, ana: int) -> None:
    file = csv_of(*(f"d{n},2026-10-05T09:30,lead.disposed,L{n:03d}" for n in range(WRITERS)))
    one, other = at_once(engine, *[lambda session: hand_in(session, file, source="crm")] * 2)
    assert sorted([(one.new, one.duplicate), (other.new, other.duplicate)]) == [(0, WRITERS), (WRITERS, 0)]
    assert count(session, EventImport) == 3
    assert all_is_right(session, WRITERS)


def test_schedulers_at_once_decide_what_is_due_once(session: Session, engine: Engine) -> None:
    early = NOW.replace(month=10, day=5)
    set_up(session, agreement(SPEED, ON_TIME, WINS), now=early)
    hand_in(session, assignments(50), source="crm", now=early)
    posted = at_once(engine, *[lambda session: score_due(session, now=NOW)] * 8)
    assert posted == [0] * 8
    ana, *_ = standings(session, "2026-10", "member")
    assert (ana.key, ana.missed) == ("ana@example.com", 52)  # the leads, the rate of them, and no win
    assert list(verify(session, now=NOW)) == []


def _sum_of_totals() -> ScalarSelect[int]:
    mine = (Total.period == "2026-10") & (Total.scope == "member")
    return select(func.coalesce(func.sum(Total.points), 0)).where(mine).scalar_subquery()


def test_readers_never_see_the_ledger_and_the_totals_disagree(session: Session, engine: Engine, ana: int) -> None:
    """A board read while writers write adds up: each transaction is seen whole or not at all."""

    def read(session: Session) -> list[tuple[int, int]]:
        seen = []
        for _ in range(30):
            total = func.coalesce(func.sum(PointEntry.points), 0)
            both = select(select(total).scalar_subquery(), _sum_of_totals())
            seen.append(tuple(session.execute(both).one()))
            session.rollback()
        return seen

    looked, *recorded = at_once(engine, read, *(recorder(disposal(number, ana)) for number in range(20)))
    assert all(recorded)
    assert [pair for pair in looked if pair[0] != pair[1]] == []

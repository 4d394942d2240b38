"""Random lives: closed in time or caught up later, every period says the same, and nothing frozen ever changes."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.periods import parse_period
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_next, next_closing
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.scoring import score_due
from leaderboard.services.verifying import verify
from leaderboard.storage import closings
from leaderboard.storage.tables import PointEntry
from tests.factories import opened
from tests.reference.logs import EVENT_COLUMNS, Log, csv_text, generate

LONG_AFTER = timedelta(days=120)
Standings = dict[str, list[tuple[Any, ...]]]


@contextmanager
def fresh(databases: Callable[[str], Any], kind: str) -> Iterator[Session]:
    with ExitStack() as stack:
        yield stack.enter_context(opened(stack.enter_context(databases(kind).fresh())))


def set_up(session: Session, log: Log, now: datetime) -> None:
    load_organisation(session, log.organisation, now=now, by=COMMAND_LINE)
    load_people(session, io.BytesIO(log.people_csv().encode()), now=now, by=COMMAND_LINE)
    for agreement in log.agreements:
        load_agreement(session, agreement, now=now, by=COMMAND_LINE)


def hand_in(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:
    if rows:
        text = csv_text(EVENT_COLUMNS, rows).encode()
        import_events(session, io.BytesIO(text), ImportOptions(source="crm"), now=now, by=COMMAND_LINE)


def close_all(session: Session, now: datetime) -> list[str]:
    closed = []
    while (each := close_next(session, now=now, by=SCHEDULER)) is not None:
        closed.append(each.period)
    return closed


def frozen(session: Session) -> Standings:
    """Return the standings of every closed period."""
    connection = session.connection()
    return {
        each.period: list(closings.frozen_rows(connection, each.period)) for each in closings.all_closings(connection)
    }


def nets(session: Session) -> Counter[tuple[Any, ...]]:
    """Return the ledger's sums by whom, month and what it corrects, without those that come to nothing."""
    found: Counter[tuple[Any, ...]] = Counter()
    columns = (PointEntry.member_id, PointEntry.team_id, PointEntry.month, PointEntry.corrects, PointEntry.points)
    for *place, points in session.execute(select(*columns)):
        found[tuple(place)] += points
    return Counter({place: points for place, points in found.items() if points})


def instant_of(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["occurred_at"])


def in_time(session: Session, log: Log, until: datetime) -> None:
    """Hand each event in as it happens and close each period when it falls due."""
    rows = sorted(log.events, key=instant_of)
    while rows:
        due = next_closing(session)
        now = instant_of(rows[0]) + timedelta(days=2)
        if due is not None and due[1] < now:
            now = due[1]
        now_rows = [row for row in rows if instant_of(row) <= now]
        hand_in(session, now_rows, now)
        score_due(session, now=now)
        close_all(session, now)
        rows = rows[len(now_rows) :]
    while (due := next_closing(session)) is not None and due[1] <= until:
        close_all(session, due[1])
    score_due(session, now=until)


def only_dated(log: Log) -> Log:
    """Return the log without what no import takes in order: rows without an offset, and amounts that are refused."""
    log.events = [row for row in log.events if instant_of(row).tzinfo is not None]
    return log


@pytest.mark.parametrize(("kind", "seed"), [*(("sqlite", seed) for seed in range(41, 43)), ("postgresql", 43)])
def test_m3_periods_caught_up_say_what_they_would_have_said_then(databases, kind: str, seed: int) -> None:
    log = only_dated(generate(seed, subjects=25))
    until = max(map(instant_of, log.events)) + LONG_AFTER
    with fresh(databases, kind) as timely, fresh(databases, kind) as late:
        for session in (timely, late):
            set_up(session, log, min(map(instant_of, log.events)))
        in_time(timely, log, until)
        hand_in(late, sorted(log.events, key=instant_of), until)  # of those with one id the first stays
        close_all(late, until)
        assert frozen(late) == frozen(timely)
        assert nets(late) == nets(timely)
        assert list(frozen(late)) != []
        assert list(verify(timely, now=until)) == []
        assert list(verify(late, now=until)) == []


@pytest.mark.parametrize(("kind", "seed"), [*(("sqlite", seed) for seed in range(50, 52)), ("postgresql", 51)])
def test_p5_no_order_of_events_and_closes_lets_frozen_figures_change(databases, kind: str, seed: int) -> None:
    log, random = generate(seed, subjects=25), Random(seed)
    random.shuffle(log.events)
    now = max(instant_of(row) for row in log.events if instant_of(row).tzinfo) + LONG_AFTER
    known: Standings = {}
    with fresh(databases, kind) as session:
        set_up(session, log, now)
        while log.events:
            size = random.randrange(1, 60)
            hand_in(session, log.events[:size], now)
            log.events = log.events[size:]
            for _ in range(random.randrange(3)):
                close_next(session, now=now, by=SCHEDULER)
            now_frozen = frozen(session)
            assert {period: now_frozen[period] for period in known} == known
            known = now_frozen
        close_all(session, now)
        assert {period: frozen(session)[period] for period in known} == known
        assert list(verify(session, now=now)) == []
        assert {parse_period(key).kind for key in known} == {"month", "quarter"}

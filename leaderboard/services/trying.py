"""Trying out a draft: what closed quarters would have come to under it, beside what they came to. It writes nothing."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing as closed_after
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Agreement, Level
from leaderboard.domain.errors import Refused
from leaderboard.domain.events import Event
from leaderboard.domain.periods import Quarter, parse_period
from leaderboard.domain.rules import Rules
from leaderboard.domain.trying import last_run_out, with_draft
from leaderboard.domain.working_out import CellTallies, WorkedOut
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.tallies import LEVEL_PLACES, Counts, no_counts
from leaderboard.services.totals import Key, TotalsChange, credits_of
from leaderboard.services.trial_process import Step, Task, work_out
from leaderboard.services.trial_processes import work_out_in_processes
from leaderboard.services.trial_results import QuarterTrial, Trial, compared
from leaderboard.storage import awards, closings, events, trials
from leaderboard.storage.database import begin_snapshot

MOST_QUARTERS = 4
SUBJECTS_A_CHUNK = 500  # so few stay in the processor's cache
CHUNKS_AT_ONCE = 20  # up to so many are not worth processes of their own
_turn = Lock()


class TrialRefused(Refused):
    """A draft cannot be tried out; `problem` is a word for why: busy, or open."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


class Progressed(NamedTuple):
    """How far it is with a quarter: subjects that are done, of all."""

    quarter: Quarter
    done: int
    total: int


def closed_quarters(session: Session) -> list[Quarter]:
    """Return the quarters that are closed, newest first: those that a draft can be tried out on."""
    periods = map(parse_period, rule_book(session.connection()).closed)
    return sorted((each for each in periods if isinstance(each, Quarter)), reverse=True)


def try_out(session: Session, agreement: Agreement, quarters: Sequence[Quarter]) -> Trial:
    """Return what each of some closed quarters would have come to had an agreement been in force from its first day.

    Each quarter is tried for itself, by all events that are known now, as of the instant at which its last month was
    closed. Raises TrialRefused.
    """
    return next(step for step in trial_steps(session, agreement, quarters) if isinstance(step, Trial))


def trial_steps(session: Session, agreement: Agreement, quarters: Sequence[Quarter]) -> Iterator[Progressed | Trial]:
    """Yield how far trying out is, again and again, and at last what it came to; as try_out.

    One draft is tried out at a time in a process. Closing the iterator ends the processes that it started.
    """
    with _in_turn():
        begin_snapshot(session)
        connection = session.connection()
        book = rule_book(connection)
        if not quarters:
            raise TrialRefused("open", "No quarter is closed yet; a draft is tried out on quarters that are.")
        for quarter in quarters:
            if quarter.key not in book.closed:
                raise TrialRefused("open", f"{quarter} is not closed yet; try the draft out on a quarter that is.")
        found = []
        for quarter in quarters:
            tried = replace(book, rules=with_draft(book.rules, agreement, quarter), closed=frozenset())
            as_of = _as_of(connection, quarter)
            with closed_after(_worked_out(connection, tried.rules, quarter, as_of)) as steps:
                for step in steps:
                    if isinstance(step, Step):
                        yield Progressed(quarter, step.done, step.total)
                    else:
                        found.append(_compared(connection, tried, quarter, as_of, step))
        session.rollback()
    # Only now: whoever takes it may be slow to read it, and others need not wait for that.
    yield Trial(agreement.title, book.rules.organisation.currency, tuple(found))


def _as_of(connection: Connection, quarter: Quarter) -> datetime:
    """Return the instant as of which the last month of a quarter was closed."""
    closing = closings.closing_of(connection, quarter.months[-1].key) or closings.closing_of(connection, quarter.key)
    as_of: datetime = closing.as_of
    return as_of


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _turn.acquire(blocking=False):
        raise TrialRefused("busy", "Another draft is being tried out at this moment; try again in some seconds.")
    try:
        yield
    finally:
        _turn.release()


class _Reader:
    """Reads events through a connection that is open already."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events_of(self, subjects: Sequence[str]) -> Mapping[str, Sequence[Event]]:
        return events.events_of(self._connection, subjects)


def _worked_out(
    connection: Connection, rules: Rules, quarter: Quarter, as_of: datetime
) -> Generator[Step | WorkedOut, None, None]:
    """Yield how far it is, and at last what the subjects of a quarter come to: few here, many in processes."""
    start, end = rules.months.bounds_of(quarter)
    chunks = trials.subjects_in(connection, start, end, last_run_out(rules, quarter), SUBJECTS_A_CHUNK)
    first = list(islice(chunks, CHUNKS_AT_ONCE + 1))
    if len(first) > CHUNKS_AT_ONCE and (task := _task(connection, rules, as_of)):
        yield from work_out_in_processes(task, chain(first, chunks))
        return
    found, reader, done = WorkedOut(), _Reader(connection), 0
    total = sum(map(len, first := [*first, *chunks]))
    for chunk in first:
        work_out(reader, rules, chunk, as_of, found)
        done += len(chunk)
        yield Step(done, total)
    yield found


def _task(connection: Connection, rules: Rules, as_of: datetime) -> Task | None:
    """Return what processes are told; None where they cannot reach the database, since it lies in this one's memory."""
    url = connection.engine.url
    if connection.dialect.name == "sqlite" and url.database in (None, "", ":memory:"):
        return None
    args, options = connection.dialect.create_connect_args(url)
    plain = {
        name: value for name, value in options.items() if name != "context"
    }  # how psycopg is to read for SQLAlchemy
    return Task(rules, as_of, connection.dialect.name, args, plain)


def _compared(
    connection: Connection, tried: RuleBook, quarter: Quarter, as_of: datetime, worked_out: WorkedOut
) -> QuarterTrial:
    keys = [quarter.key, *(month.key for month in quarter.months)]
    apart = list(trials.points_apart(connection, keys[1:]))
    return compared(
        tried,
        quarter,
        as_of=as_of,
        frozen=trials.standings(connection, keys),
        awarded=awards.awards(connection, periods=keys),
        totals=_totals(tried, quarter, as_of, worked_out, apart),
        apart=sum(points for _, _, _, points in apart),
    )


def _totals(
    tried: RuleBook, quarter: Quarter, as_of: datetime, worked_out: WorkedOut, apart: Sequence[Any]
) -> dict[Key, Counts]:
    """Return what everybody would have had in a quarter and its months.

    apart: month, member, team and sum of the points that do not come from its promises; they stay as they were.
    """
    change = TotalsChange(tried)
    worked_out.keep(quarter.months)  # a closed quarter has standings in each
    tallies = CellTallies(tried.rules, worked_out)
    for month in quarter.months:
        change.open_month(month)
        for each in tallies.results(month, as_of):
            if each.month is not None:
                change.add(each.credit, _counts(each.level, each.points, 1))
    for alike in worked_out.attainments():
        if alike.credit.month in quarter.months:
            change.add(alike.credit, _counts(alike.level, alike.points, alike.number))
    for month_key, member_id, team_id, points in apart:
        for credit in credits_of(month_key, member_id, team_id):
            change.add(credit, _counts(Level.NONE, points, 1))
    return change.changes()


def _counts(level: Level, points: int, number: int) -> Counts:
    counts = no_counts()
    counts[0] = points * number
    if level in LEVEL_PLACES:
        counts[LEVEL_PLACES[level]] = number
    return counts

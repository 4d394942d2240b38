"""One event in, scored and committed, against a bare transaction of as many statements; and as the ledger grows."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from benchmarks.data import NOW
from benchmarks.databases import Fresh, application, engine_of, load_ground
from benchmarks.growth import fill
from benchmarks.measuring import Result, in_words, interleaved, seconds
from leaderboard.domain.events import Event
from leaderboard.services.boards import BoardQuery, read_board
from leaderboard.services.recording import record_event
from leaderboard.storage.database import begin_write
from leaderboard.storage.tables import Member

PERIOD = f"{NOW:%Y-%m}"


def ready(fresh: Fresh, entries: int) -> tuple[Flask, Engine]:
    """Return an application and its database with everything loaded and so many ledger rows."""
    app = application(fresh())
    engine = engine_of(app)
    load_ground(engine)
    fill(engine, entries)
    return app, engine


class Recorder:
    """Records leads one event at a time: assigned, then disposed of, all within this month."""

    numbers = count(1)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with Session(engine) as session:
            self.members = list(session.execute(select(Member.id).order_by(Member.id)).scalars())
        self.events = self._events()

    def _events(self) -> Iterator[Event]:
        for number in self.numbers:
            at, member = NOW - timedelta(minutes=number % 600 + 60), self.members[number % len(self.members)]
            subject = f"live-{number}"
            yield Event(f"{subject}-a", at, "lead.assigned", subject, member, source="hook")
            done = at + timedelta(minutes=30)
            yield Event(f"{subject}-d", done, "lead.disposed", subject, member, source="hook")

    def record(self) -> None:
        """Record the next event."""
        with Session(self.engine) as session:
            record_event(session, next(self.events), now=NOW)

    def read(self) -> None:
        """Read the first page of this month's board."""
        with Session(self.engine) as session:
            read_board(session, BoardQuery(PERIOD, "member"), now=NOW)


def statements_of(engine: Engine, work: Callable[[], object]) -> int:
    """Return how many statements the work sends."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def bare_transaction(engine: Engine, statements: int) -> Callable[[], None]:
    """Return a transaction of so many small writes and look-ups by key, committed: half and half."""
    numbers = count(1)
    write = "INSERT INTO benchmark (id, name, amount) VALUES ({}, 'lead', 5)"
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE benchmark (id BIGINT PRIMARY KEY, name TEXT, amount BIGINT)")

    def work() -> None:
        with Session(engine) as session:
            begin_write(session)
            connection = session.connection()
            for place in range(statements):
                number = next(numbers)
                if place % 2:
                    connection.exec_driver_sql(f"SELECT amount FROM benchmark WHERE id = {number - 1}").fetchall()
                else:
                    connection.exec_driver_sql(write.format(number))
            session.commit()

    return work


def measure(of_many: Engine, of_few: Engine, entries: int, events: int, rounds: int) -> list[Result]:
    """Compare an event's time with a bare transaction's, and both event and page at two sizes of the ledger.

    of_many: a database with so many `entries`; of_few: one with 10,000.
    """
    small, large = Recorder(of_few), Recorder(of_many)
    for recorder in (small, large):
        seconds(recorder.record, 20)  # connections, kept statements, the rules
        seconds(recorder.read, 5)
    statements = max(statements_of(large.engine, large.record) for _ in range(4))
    bare = bare_transaction(large.engine, statements)
    seconds(bare, 20)
    ratio, ours, theirs = interleaved(lambda: seconds(large.record, events), lambda: seconds(bare, events), rounds)
    note = f"{in_words(ours)} against {in_words(theirs)}, {statements} statements each"
    results = [Result("one event in, scored and committed, against a bare transaction", 4, ratio, note=note)]
    results.append(_growth(f"an event at {entries:,} ledger rows", large.record, small.record, events, rounds))
    results.append(_growth(f"a page at {entries:,} ledger rows", large.read, small.read, events, rounds))
    return results


def _growth(what: str, at_many: Callable[[], object], at_few: Callable[[], object], times: int, rounds: int) -> Result:
    ratio, ours, theirs = interleaved(lambda: seconds(at_many, times), lambda: seconds(at_few, times), rounds)
    return Result(f"{what} against 10,000", 1.25, ratio, note=f"{in_words(ours)} against {in_words(theirs)}")

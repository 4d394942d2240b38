"""Reading the events of subjects through a database's driver alone.

Whoever has a connection of SQLAlchemy uses `events`. A process that only works out what events come to is up in a third
of the time without it.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from leaderboard.domain.events import Event, place
from leaderboard.domain.instants import from_micros

_EVENT = "event_id, occurred_at, type, subject, member_id, team_id, outcome, amount_minor, due_at, source"
_CACHE_KIB, _MOST_MAPPED = 65_536, 2_000_000_000


def among_texts(texts: Sequence[str], *, is_postgresql: bool) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL that, after a column, keeps the rows with one of some texts; and its parameters."""
    return ("= ANY(%s)", (list(texts),)) if is_postgresql else (f"IN ({marks(len(texts))})", tuple(texts))


@lru_cache(maxsize=64)
def marks(count: int) -> str:
    """Return so many marks of SQLite for values."""
    return ", ".join("?" * count)


def events_sql(subjects: Sequence[str], *, is_postgresql: bool) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that reads all events of some subjects, for `grouped`, and its parameters."""
    where, values = among_texts(subjects, is_postgresql=is_postgresql)
    return f"SELECT {_EVENT} FROM event WHERE subject {where}", values


def grouped(rows: Sequence[Any]) -> dict[str, list[Event]]:
    """Return the events of each subject by instant, then id, then source (C8); rows: as events_sql reads them."""
    # Tuples made directly and no calls: NamedTuple's own making and from_micros would cost twice as much, for each of
    # a million events.
    fromtimestamp, new = datetime.fromtimestamp, tuple.__new__
    found: dict[str, list[Event]] = {}
    disordered: set[str] = set()
    theirs: list[Event] = []
    before = ""
    for event_id, at, kind, subject, member_id, team_id, outcome, amount, due, source in rows:
        if due is not None:
            due = from_micros(due)
        instant = fromtimestamp(at / 1_000_000, UTC)
        if subject != before:
            theirs = found.setdefault(subject, [])
            before = subject
        if theirs and instant <= theirs[-1][1]:  # the index gives them by instant, so this is rare
            disordered.add(subject)
        theirs.append(new(Event, (event_id, instant, kind, subject, member_id, team_id, outcome, amount, due, source)))
    for subject in disordered:
        found[subject].sort(key=place)
    return found


class EventReader:
    """Reads events, and nothing else, as one moment has them."""

    def __init__(self, cursor: Any, *, is_postgresql: bool) -> None:
        self._cursor = cursor
        self._is_postgresql = is_postgresql

    def events_of(self, subjects: Sequence[str]) -> dict[str, list[Event]]:
        """As events.events_of."""
        return grouped(self._cursor.execute(*events_sql(subjects, is_postgresql=self._is_postgresql)).fetchall())


@contextmanager
def event_reader(dialect: str, args: Sequence[Any], options: Mapping[str, Any]) -> Iterator[EventReader]:
    """Yield a reader on a connection of its own that cannot write.

    dialect, args, options: the kind of database, and what its driver connects with, as SQLAlchemy says.
    """
    if dialect == "postgresql":
        import psycopg  # not where there is none to read

        with psycopg.connect(*args, **options) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield EventReader(connection.cursor(binary=True), is_postgresql=True)
        return
    with closing(sqlite3.connect(*args, **{**options, "isolation_level": None})) as database:
        for pragma in ("query_only = ON", f"mmap_size = {_MOST_MAPPED}", f"cache_size = -{_CACHE_KIB}"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        yield EventReader(database.cursor(), is_postgresql=False)

"""Queries of events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from leaderboard.domain.events import Event
from leaderboard.domain.inbound import InboundEvent
from leaderboard.domain.instants import to_micros
from leaderboard.storage import event_rows
from leaderboard.storage.bulk import MOST_VALUES, Rows, among, insert_rows
from leaderboard.storage.tables import EventRow

COLUMNS = (
    "source",
    "event_id",
    "occurred_at",
    "type",
    "subject",
    "member_id",
    "team_id",
    "outcome",
    "amount_minor",
    "due_at",
)


def event_row(source: str, event: InboundEvent, member_id: int | None, team_id: int | None) -> tuple[Any, ...]:
    """Return an event as insert_events takes it; member_id, team_id: whom and what it names."""
    event_id, at, event_type, subject, _, _, outcome, amount, due_at = event
    due = None if due_at is None else to_micros(due_at)
    return source, event_id, to_micros(at), event_type, subject, member_id, team_id, outcome, amount, due


def row_of(event: Event) -> tuple[Any, ...]:
    """Return an event as insert_events takes it."""
    due = None if event.due_at is None else to_micros(event.due_at)
    return event.source, event.event_id, to_micros(event.occurred_at), *event[2:8], due


def insert_events(connection: Connection, rows: Rows) -> int:
    """Store events, rows as COLUMNS with instants in microseconds; return how many were new."""
    return insert_rows(connection, EventRow.__tablename__, COLUMNS, rows, "(event_id, source) DO NOTHING")


def insert_event(connection: Connection, row: tuple[Any, ...]) -> bool:
    """Store one event; tell whether it was new."""
    return insert_events(connection, [row]) == 1


def events_of(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Event]]:
    """Return all events of some subjects, each subject's by instant, then id, then source (C8)."""
    sql, values = event_rows.events_sql(subjects, is_postgresql=connection.dialect.name == "postgresql")
    return event_rows.grouped(connection.exec_driver_sql(sql, values).cursor.fetchall())


def known_ids(connection: Connection, source: str, event_ids: Sequence[str]) -> set[str]:
    """Return those of some event ids that a source has sent before."""
    found: set[str] = set()
    for start in range(0, len(event_ids), MOST_VALUES):
        some = EventRow.event_id.in_(event_ids[start : start + MOST_VALUES])
        found.update(connection.execute(select(EventRow.event_id).where(some, EventRow.source == source)).scalars())
    return found


def last_event_id(connection: Connection) -> int:
    """Return the highest event id given so far, 0 for none."""
    return connection.execute(select(func.max(EventRow.id))).scalar() or 0


def subjects_after(connection: Connection, event_id: int) -> list[str]:
    """Return the subjects of events newer than an event id, in order."""
    return list(
        connection.execute(
            select(EventRow.subject).where(EventRow.id > event_id).distinct().order_by(EventRow.subject)
        ).scalars()
    )


def subjects_up_to(connection: Connection, subjects: Sequence[str], event_id: int) -> list[str]:
    """Return those of some subjects that have events up to an event id, or had some that were undone."""
    where, values = among(connection, subjects)
    sql = (
        f"SELECT subject FROM event WHERE subject {where} AND id <= {event_id:d} "
        f"UNION SELECT subject FROM attainment WHERE subject {where}"
    )
    return list(connection.exec_driver_sql(sql, values * 2).scalars())


def subjects_beyond(connection: Connection, subject: str | None, limit: int) -> list[str]:
    """Return the next subjects that have events, in order, beyond one (None: from the first on)."""
    query = select(EventRow.subject).distinct().order_by(EventRow.subject).limit(limit)
    if subject is not None:
        query = query.where(EventRow.subject > subject)
    return list(connection.execute(query).scalars())


def subjects_of_members(connection: Connection, member_ids: Sequence[int]) -> list[str]:
    """Return the subjects of which an event names one of some members, in order; reads all events once.

    Not DISTINCT: SQLite would then go through them in the order of their subjects, which takes ten times as long.
    """
    found: set[str] = set()
    for start in range(0, len(member_ids), MOST_VALUES):
        some = EventRow.member_id.in_(member_ids[start : start + MOST_VALUES])
        found.update(connection.execute(select(EventRow.subject).where(some)).scalars())
    return sorted(found)

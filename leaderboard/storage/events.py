"""Queries of events and imports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from leaderboard.domain.events import Event
from leaderboard.storage import event_rows
from leaderboard.storage.bulk import MOST_VALUES, Rows, insert_rows
from leaderboard.storage.tables import EventImport, EventRow

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
    """Return those of some subjects that have events up to an event id."""
    query = select(EventRow.subject).where(EventRow.subject.in_(subjects), EventRow.id <= event_id).distinct()
    return list(connection.execute(query).scalars())


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


def note_import(
    connection: Connection,
    source: str,
    file_name: str,
    now: datetime,
    read: int,
    new: int,
    duplicate: int,
    refused: int,
    new_ids: tuple[int, int] | None,
) -> None:
    """Keep what became of a file. new_ids: of the first and the last event that it brought, None where none."""
    first_id, last_id = new_ids or (None, None)
    connection.execute(
        insert(EventImport).values(
            source=source,
            file_name=file_name,
            imported_at=now,
            read=read,
            new=new,
            duplicate=duplicate,
            refused=refused,
            first_event_id=first_id,
            last_event_id=last_id,
        )
    )

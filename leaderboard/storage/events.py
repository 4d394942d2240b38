"""Queries of events and imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from leaderboard.storage.bulk import Rows, insert_rows
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


def note_import(
    connection: Connection,
    source: str,
    file_name: str,
    now: datetime,
    read: int,
    new: int,
    duplicate: int,
    refused: int,
) -> None:
    """Keep what became of a file."""
    connection.execute(
        insert(EventImport).values(
            source=source,
            file_name=file_name,
            imported_at=now,
            read=read,
            new=new,
            duplicate=duplicate,
            refused=refused,
        )
    )

"""Queries of what waits for its time: deadlines, and events that lie in the future."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from leaderboard.storage.bulk import MOST_VALUES, insert_rows
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import AttainmentRow, WakeUp


def due_subjects(connection: Connection, now: datetime) -> list[str]:
    """Return subjects with a deadline or an event that lay in the future and now does not."""
    pending = (
        select(AttainmentRow.subject)
        .where(AttainmentRow.level == "pending", AttainmentRow.due_at < now, AttainmentRow.is_monthly == 0)
        .distinct()
    )
    found = list(connection.execute(pending).scalars())
    found += connection.execute(select(WakeUp.subject).where(WakeUp.at <= now)).scalars()
    return list(dict.fromkeys(found))


def write_wake_ups(connection: Connection, wakes: Sequence[tuple[str, datetime]]) -> None:
    """Note when subjects must be looked at again."""
    rows = [(subject, to_micros(at)) for subject, at in wakes]
    insert_rows(connection, WakeUp.__tablename__, ("subject", "at"), rows, "(subject) DO UPDATE SET at = excluded.at")


def forget_subjects(connection: Connection, subjects: Sequence[str]) -> None:
    """Take away the notes of some subjects, to note anew what still waits."""
    for start in range(0, len(subjects), MOST_VALUES):
        some = WakeUp.subject.in_(subjects[start : start + MOST_VALUES])
        connection.execute(delete(WakeUp).where(some))


def forget_wake_ups(connection: Connection, now: datetime) -> None:
    """Take away the notes whose time has come."""
    connection.execute(delete(WakeUp).where(WakeUp.at <= now))

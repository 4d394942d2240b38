"""Queries of announcements, and of the messages that tell targets of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from leaderboard.storage.connection_tables import Announcement, HookMessage, HookTarget

ROWS_A_STATEMENT = 400


def targets_wanting(connection: Connection, kind: str) -> list[int]:
    """Return the ids of the targets at work that want announcements of a kind."""
    rows = connection.execute(select(HookTarget.id, HookTarget.kinds).where(HookTarget.is_active == 1))
    return [target_id for target_id, kinds in rows if kind in kinds.split()]


def add_announcements(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Store announcements, once per occasion, and return the ids of those that are new."""
    new = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Announcement)
    ids: list[int] = []
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = new.values(list(rows[start : start + ROWS_A_STATEMENT]))
        part = part.on_conflict_do_nothing(index_elements=["occasion"])
        ids += connection.execute(part.returning(Announcement.id)).scalars()
    return ids


def add_messages(
    connection: Connection, announcement_ids: Collection[int], target_ids: Collection[int], at: datetime
) -> None:
    """Let each of some announcements wait for each of some targets, due at once."""
    waiting = {"state": "waiting", "tries": 0, "next_try_at": at}
    rows = [
        {"announcement_id": announcement, "target_id": target, **waiting}
        for announcement in announcement_ids
        for target in target_ids
    ]
    if rows:
        connection.execute(insert(HookMessage), rows)


def forget_announcements(connection: Connection, until: datetime) -> int:
    """Delete the announcements of until an instant, with their messages, and return how many."""
    return connection.execute(delete(Announcement).where(Announcement.at <= until)).rowcount

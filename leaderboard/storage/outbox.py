"""Queries of announcements, and of the messages that tell targets of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from leaderboard.storage.bulk import insert_into
from leaderboard.storage.connection_tables import Announcement, HookMessage, HookTarget

ROWS_A_STATEMENT = 400


def targets_wanting(connection: Connection, kind: str) -> list[int]:
    """Return the ids of the targets at work that want announcements of a kind."""
    rows = connection.execute(select(HookTarget.id, HookTarget.kinds).where(HookTarget.is_active == 1))
    return [target_id for target_id, kinds in rows if kind in kinds.split()]


def add_announcements(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Store announcements, once per occasion, and return the ids of those that are new."""
    new = insert_into(connection, Announcement)
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


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Tell whether a message is due; one search in an index."""
    query = select(HookMessage.id).join(HookTarget).where(*_due(now))
    return connection.execute(query.limit(1)).first() is not None


def next_try(connection: Connection) -> datetime | None:
    """Return when the next message is due; None: none waits."""
    waiting = select(func.min(HookMessage.next_try_at)).where(HookMessage.state == "waiting")
    return connection.execute(waiting).scalar()


def due_messages(connection: Connection, now: datetime, most_each: int) -> Sequence[Any]:
    """Return id, target and next try of the messages that are due, so many of each target, the oldest first."""
    number = func.row_number().over(
        partition_by=HookMessage.target_id, order_by=(HookMessage.next_try_at, HookMessage.id)
    )
    due = (
        select(HookMessage.id, HookMessage.target_id, HookMessage.next_try_at, number.label("number"))
        .join(HookTarget)
        .where(*_due(now))
        .subquery()
    )
    query = select(due.c.id, due.c.target_id, due.c.next_try_at).where(due.c.number <= most_each)
    return connection.execute(query.order_by(due.c.number, due.c.next_try_at)).all()


def _due(now: datetime) -> tuple[Any, ...]:
    return HookMessage.state == "waiting", HookMessage.next_try_at <= now, HookTarget.is_active == 1


def claim(connection: Connection, message_id: int, seen: datetime, until: datetime) -> int | None:
    """Take a message for oneself until an instant, and return which try this is; None if somebody else has it.

    seen: when it was due as the caller read it.
    """
    is_mine = (HookMessage.id == message_id, HookMessage.state == "waiting", HookMessage.next_try_at == seen)
    is_active = select(HookTarget.id).where(HookTarget.id == HookMessage.target_id, HookTarget.is_active == 1).exists()
    change = update(HookMessage).where(*is_mine, is_active)
    change = change.values(tries=HookMessage.tries + 1, next_try_at=until)
    return connection.execute(change.returning(HookMessage.tries)).scalar()


def record(connection: Connection, message_id: int, tries: int, **values: Any) -> bool:
    """Store what became of a try, unless the message was sent on its way anew meanwhile; tell whether it was stored."""
    mine = (HookMessage.id == message_id, HookMessage.state == "waiting", HookMessage.tries == tries)
    return connection.execute(update(HookMessage).where(*mine).values(**values)).rowcount == 1


def news_of(connection: Connection, message_id: int) -> Any:
    """Return what a message tells."""
    query = select(Announcement.kind, Announcement.occasion, Announcement.at, Announcement.document)
    return connection.execute(query.join(HookMessage).where(HookMessage.id == message_id)).one()


def forget_announcements(connection: Connection, until: datetime) -> int:
    """Delete the announcements of until an instant, with their messages, and return how many."""
    return connection.execute(delete(Announcement).where(Announcement.at <= until)).rowcount

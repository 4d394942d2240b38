"""Queries of where webhooks go, and of the log of what was sent there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, update

from leaderboard.storage.connection_tables import Announcement, HookMessage, HookTarget

_COLUMNS = HookTarget.__table__.c
_MESSAGE = (
    HookMessage.id,
    HookMessage.target_id,
    HookMessage.state,
    HookMessage.tries,
    HookMessage.next_try_at,
    HookMessage.last_try_at,
    HookMessage.sent_at,
    HookMessage.status,
    HookMessage.told,
    Announcement.kind,
    Announcement.occasion,
    Announcement.at,
    Announcement.document,
)


def targets(connection: Connection) -> Sequence[Any]:
    """Return all targets, by name."""
    return connection.execute(select(*_COLUMNS).order_by(HookTarget.name)).all()


def target(connection: Connection, target_id: int) -> Any:
    """Return a target, None if there is none."""
    return connection.execute(select(*_COLUMNS).where(HookTarget.id == target_id)).first()


def is_name_taken(connection: Connection, name: str, but: int | None) -> bool:
    """Tell whether another target has a name."""
    query = select(HookTarget.id).where(func.lower(HookTarget.name) == name.lower())
    return any(each != but for each in connection.execute(query).scalars())


def add_target(connection: Connection, **values: Any) -> int:
    """Store a target, and return its id."""
    return connection.execute(insert(HookTarget).values(**values).returning(HookTarget.id)).scalar_one()


def change_target(connection: Connection, target_id: int, **values: Any) -> None:
    """Store other values of a target."""
    connection.execute(update(HookTarget).where(HookTarget.id == target_id).values(**values))


def remove_target(connection: Connection, target_id: int) -> None:
    """Delete a target with its messages."""
    connection.execute(delete(HookTarget).where(HookTarget.id == target_id))


def hold_messages(connection: Connection, target_id: int) -> None:
    """Let what waits for a target wait until somebody lets it go on."""
    waiting = (HookMessage.target_id == target_id, HookMessage.state == "waiting")
    connection.execute(update(HookMessage).where(*waiting).values(next_try_at=None))


def let_messages_go(connection: Connection, target_id: int, at: datetime) -> None:
    """Send what was held on its way."""
    held = (HookMessage.target_id == target_id, HookMessage.state == "waiting", HookMessage.next_try_at.is_(None))
    connection.execute(update(HookMessage).where(*held).values(next_try_at=at))


def counts(connection: Connection, target_id: int | None = None) -> dict[int, Any]:
    """Return how many messages of each target wait, were sent and failed, and when the last one arrived.

    target_id: the only one to count for.
    """

    def counted(state: str) -> Any:
        return func.sum(case((HookMessage.state == state, 1), else_=0)).label(state)

    query = select(
        HookMessage.target_id,
        counted("waiting"),
        counted("sent"),
        counted("failed"),
        func.max(HookMessage.sent_at).label("sent_at"),
    )
    if target_id is not None:
        query = query.where(HookMessage.target_id == target_id)
    return {row.target_id: row for row in connection.execute(query.group_by(HookMessage.target_id))}


def messages(connection: Connection, target_id: int, limit: int, older_than: int | None) -> Sequence[Any]:
    """Return the messages of a target with what they tell, newest first; older_than: the id of an announcement."""
    query = select(*_MESSAGE, HookMessage.announcement_id).join(Announcement)
    query = query.where(HookMessage.target_id == target_id)
    if older_than is not None:
        query = query.where(HookMessage.announcement_id < older_than)
    return connection.execute(query.order_by(HookMessage.announcement_id.desc()).limit(limit)).all()


def resend(connection: Connection, target_id: int, message_id: int, at: datetime) -> Any:
    """Send a message on its way anew, and return what it tells; None if there is none that has come to its end."""
    ended = (HookMessage.id == message_id, HookMessage.target_id == target_id, HookMessage.state != "waiting")
    values = {"state": "waiting", "tries": 0, "next_try_at": at}
    found = connection.execute(update(HookMessage).where(*ended).values(values).returning(HookMessage.announcement_id))
    announcement_id = found.scalar()
    if announcement_id is None:
        return None
    return connection.execute(select(Announcement.occasion).where(Announcement.id == announcement_id)).scalar()

"""Queries of what digests say, each for everybody at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from leaderboard.storage.closing_tables import BadgeRow, Closing
from leaderboard.storage.due import waits
from leaderboard.storage.tables import AttainmentRow, PointEntry, Total


def due_of(connection: Connection, members: Sequence[int], after: datetime, until: datetime) -> Sequence[Any]:
    """Return what some members have to do that falls due in [after, until), the soonest first."""
    columns = (
        AttainmentRow.id,
        AttainmentRow.participant_id,
        AttainmentRow.subject,
        AttainmentRow.sla,
        AttainmentRow.version_id,
        AttainmentRow.due_at,
    )
    span = (AttainmentRow.due_at >= after, AttainmentRow.due_at < until)
    theirs = (AttainmentRow.scope == "member", AttainmentRow.participant_id.in_(members))
    query = select(*columns).where(*waits(), *theirs, *span)
    return connection.execute(query.order_by(AttainmentRow.due_at, AttainmentRow.id)).all()


def points_of(connection: Connection, members: Sequence[int], period: str) -> dict[int, int]:
    """Return the points of some members in a period, of those who stand in it."""
    where = (Total.period == period, Total.scope == "member", Total.participant_id.in_(members))
    rows = connection.execute(select(Total.participant_id, Total.points).where(*where))
    return {row.participant_id: row.points for row in rows}


def points_since(
    connection: Connection, members: Sequence[int], months: Sequence[str], since: datetime
) -> dict[int, int]:
    """Return the points that were posted for some members in some months since an instant."""
    where = (PointEntry.member_id.in_(members), PointEntry.month.in_(months), PointEntry.posted_at >= since)
    query = select(PointEntry.member_id, func.sum(PointEntry.points)).where(*where).group_by(PointEntry.member_id)
    return {row[0]: int(row[1]) for row in connection.execute(query) if row[0] is not None}


def badges_since(connection: Connection, members: Sequence[int], since: datetime) -> Sequence[Any]:
    """Return participant_id and key of the badges that some members earned since an instant, and still have."""
    where = (BadgeRow.scope == "member", BadgeRow.participant_id.in_(members), BadgeRow.earned_at >= since)
    query = select(BadgeRow.participant_id, BadgeRow.key).where(*where, BadgeRow.withdrawn_at.is_(None))
    return connection.execute(query.order_by(BadgeRow.earned_at, BadgeRow.id)).all()


def closed_since(connection: Connection, since: datetime) -> Sequence[Any]:
    """Return period and ends_at of what was closed since an instant, the oldest first, a quarter after its months."""
    query = select(Closing.period, Closing.ends_at).where(Closing.closed_at >= since)
    return connection.execute(query.order_by(Closing.ends_at, Closing.kind)).all()

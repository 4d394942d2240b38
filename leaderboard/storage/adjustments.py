"""Queries of adjustments: points given by hand, each with its row of the ledger (P7)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import aliased

from leaderboard.domain.actors import Actor
from leaderboard.storage.tables import PointEntry
from leaderboard.storage.trail_tables import AdjustmentRow

_undoing = aliased(AdjustmentRow)
_given = (
    select(
        AdjustmentRow.id,
        AdjustmentRow.member_id,
        PointEntry.team_id,
        AdjustmentRow.month,
        AdjustmentRow.points,
        AdjustmentRow.reason,
        AdjustmentRow.made_at,
        AdjustmentRow.made_by,
        _undoing.made_at.label("taken_back_at"),
        _undoing.made_by.label("taken_back_by"),
        _undoing.reason.label("taken_back_because"),
    )
    .join(PointEntry, PointEntry.id == AdjustmentRow.entry_id)
    .outerjoin(_undoing, _undoing.takes_back == AdjustmentRow.id)
    .where(AdjustmentRow.takes_back.is_(None))
)


def add_adjustment(
    connection: Connection,
    *,
    member_id: int,
    team_id: int | None,
    month: str,
    points: int,
    reason: str,
    by: Actor,
    now: datetime,
    takes_back: int | None = None,
) -> int:
    """Append an adjustment and its row of the ledger; return its id."""
    entry = insert(PointEntry).values(
        attainment_id=None,
        member_id=member_id,
        team_id=team_id,
        month=month,
        corrects=None,
        points=points,
        reason="adjustment" if takes_back is None else "reversed",
        posted_at=now,
    )
    row = insert(AdjustmentRow).values(
        entry_id=connection.execute(entry.returning(PointEntry.id)).scalar_one(),
        member_id=member_id,
        month=month,
        points=points,
        reason=reason,
        made_at=now,
        made_by=by.name,
        user_id=by.user_id,
        takes_back=takes_back,
    )
    return connection.execute(row.returning(AdjustmentRow.id)).scalar_one()


def given(connection: Connection, adjustment_id: int) -> Any:
    """Return an adjustment that gave points, with who took it back, if anybody did; None if there is none."""
    return connection.execute(_given.where(AdjustmentRow.id == adjustment_id)).first()


def newest(
    connection: Connection, limit: int, *, older_than: int | None = None, teams: Collection[int] | None = None
) -> Sequence[Any]:
    """Return adjustments as `given`, newest first. older_than: an adjustment's id; teams: credited, None for all."""
    query = _given if older_than is None else _given.where(AdjustmentRow.id < older_than)
    if teams is not None:
        query = query.where(PointEntry.team_id.in_(teams))
    return connection.execute(query.order_by(AdjustmentRow.id.desc()).limit(limit)).all()


def given_to(connection: Connection, member_id: int, months: Sequence[str]) -> Sequence[Any]:
    """Return the adjustments of a member in some months as `given`, newest first."""
    query = _given.where(AdjustmentRow.member_id == member_id, AdjustmentRow.month.in_(months))
    return connection.execute(query.order_by(AdjustmentRow.id.desc())).all()


def all_made(connection: Connection) -> Iterator[Any]:
    """Yield every adjustment, those that take another back too, in order."""
    yield from connection.execute(select(*AdjustmentRow.__table__.columns).order_by(AdjustmentRow.id))

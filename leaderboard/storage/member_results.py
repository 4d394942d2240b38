"""Queries of what one participant has: what waits, what they missed, what a month came to, and the ledger's rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from leaderboard.storage.due import still_open, waits
from leaderboard.storage.tables import AttainmentRow, EvidenceRow, PointEntry, Team, Total
from leaderboard.storage.trail_tables import AdjustmentRow

DECIDED = ("met", "exceeded", "missed")
MOST_COUNTED = 100  # of what is open: more is many
_of_occurrences = AttainmentRow.is_monthly == 0


def _theirs(scope: str, participant: int) -> list[ColumnElement[bool]]:
    return [AttainmentRow.scope == scope, AttainmentRow.participant_id == participant]


def waiting(connection: Connection, member_id: int, limit: int) -> Sequence[Any]:
    """Return a member's pending occurrences: those due first, then those without a due instant (paused, or never)."""
    pending = [*_theirs("member", member_id), *waits()]
    dated = select(AttainmentRow).where(*pending, AttainmentRow.due_at.is_not(None))
    rows = connection.execute(dated.order_by(AttainmentRow.due_at, AttainmentRow.id).limit(limit)).all()
    undated = select(AttainmentRow).where(*pending, AttainmentRow.due_at.is_(None))
    return [*rows, *connection.execute(undated.order_by(AttainmentRow.id).limit(limit)).all()]


def overdue(connection: Connection, member_id: int, limit: int) -> Sequence[Any]:
    """Return the occurrences that a member missed and still holds, the latest first."""
    query = select(AttainmentRow).where(*_theirs("member", member_id), *still_open())
    return connection.execute(query.order_by(AttainmentRow.decided_at.desc(), AttainmentRow.id).limit(limit)).all()


def count_overdue(connection: Connection, member_id: int) -> int:
    """Return how many those are; MOST_COUNTED stands for that many or more."""
    some = select(AttainmentRow.id).where(*_theirs("member", member_id), *still_open()).limit(MOST_COUNTED)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def count_waiting(connection: Connection, member_id: int) -> dict[str, int]:
    """Return how many of a member's occurrences are pending, by SLA."""
    query = (
        select(AttainmentRow.sla, func.count().label("number"))
        .where(*_theirs("member", member_id), *waits())
        .group_by(AttainmentRow.sla)
    )
    return {row.sla: row.number for row in connection.execute(query)}


def occurrences_in(connection: Connection, month: str, scope: str, participant: int) -> Sequence[Any]:
    """Return SLA, level, number and points of a participant's occurrences that count in a month."""
    return connection.execute(
        select(
            AttainmentRow.sla,
            AttainmentRow.level,
            func.count().label("number"),
            func.sum(AttainmentRow.points).label("points"),
        )
        .where(AttainmentRow.month == month, *_theirs(scope, participant), _of_occurrences)
        .group_by(AttainmentRow.sla, AttainmentRow.level)
    ).all()


def monthly_in(connection: Connection, month: str, scope: str, participant: int) -> Sequence[Any]:
    """Return a participant's monthly results of a month."""
    where = [AttainmentRow.month == month, *_theirs(scope, participant), AttainmentRow.is_monthly == 1]
    return connection.execute(select(AttainmentRow).where(*where)).all()


def points_by_period(connection: Connection, member_id: int, periods: Sequence[str]) -> dict[str, int]:
    """Return a member's points in those of some periods in which they stand."""
    query = select(Total.period, Total.points).where(
        Total.period.in_(periods), Total.scope == "member", Total.participant_id == member_id
    )
    return {row.period: row.points for row in connection.execute(query)}


def results(
    connection: Connection,
    month: str,
    scope: str,
    participant: int,
    *,
    sla: str | None = None,
    level: str | None = None,
    offset: int = 0,
    limit: int,
) -> Sequence[Any]:
    """Return a participant's results that count in a month, the latest decided first, after those that are pending."""
    where = [AttainmentRow.month == month, *_theirs(scope, participant), AttainmentRow.level != "none"]
    where += [] if sla is None else [AttainmentRow.sla == sla]
    where += [] if level is None else [AttainmentRow.level == level]
    is_open = case((AttainmentRow.decided_at.is_(None), 0), else_=1)
    query = select(AttainmentRow).where(*where)
    order = (is_open, AttainmentRow.decided_at.desc(), AttainmentRow.id.desc())
    return connection.execute(query.order_by(*order).offset(offset).limit(limit)).all()


ENTRIES = (
    select(
        *PointEntry.__table__.columns,
        AttainmentRow.sla,
        AttainmentRow.subject,
        AttainmentRow.is_monthly,
        AttainmentRow.version_id,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
        Team.name.label("team"),
        AdjustmentRow.id.label("adjustment_id"),
        AdjustmentRow.reason.label("because"),
        AdjustmentRow.made_by,
        AdjustmentRow.takes_back,
    )
    .outerjoin(AttainmentRow, AttainmentRow.id == PointEntry.attainment_id)
    .outerjoin(Team, Team.id == PointEntry.team_id)
    .outerjoin(AdjustmentRow, AdjustmentRow.entry_id == PointEntry.id)
)
"""Rows of the ledger, each with what it is for: an attainment, or points given by hand with their reason."""


def entries_in(connection: Connection, month: str, member_id: int, *, before: int | None, limit: int) -> Sequence[Any]:
    """Return the rows of the ledger that count for a member in a month, the latest first. before: an entry's id."""
    query = ENTRIES.where(PointEntry.member_id == member_id, PointEntry.month == month)
    if before is not None:
        query = query.where(PointEntry.id < before)
    return connection.execute(query.order_by(PointEntry.id.desc()).limit(limit)).all()


def entry(connection: Connection, entry_id: int) -> Any:
    """Return a row of the ledger; None if there is none."""
    return connection.execute(ENTRIES.where(PointEntry.id == entry_id)).first()


def entries_of(connection: Connection, attainment_id: int, limit: int) -> Sequence[Any]:
    """Return the rows of the ledger that an attainment has, oldest first."""
    query = ENTRIES.where(PointEntry.attainment_id == attainment_id)
    return connection.execute(query.order_by(PointEntry.id).limit(limit)).all()


def attainment(connection: Connection, attainment_id: int) -> Any:
    """Return an attainment, also one that no longer holds; None if there is none."""
    return connection.execute(select(AttainmentRow).where(AttainmentRow.id == attainment_id)).first()


def credited_to_team(
    connection: Connection, month: str, team_id: int, sla: str, offset: int, limit: int
) -> Sequence[Any]:
    """Return the members' results in an SLA that a team was credited with in a month, by member."""
    where = [AttainmentRow.month == month, AttainmentRow.scope == "member", AttainmentRow.team_id == team_id]
    query = select(AttainmentRow).where(*where, AttainmentRow.sla == sla, AttainmentRow.level.in_(DECIDED))
    order = (AttainmentRow.participant_id, AttainmentRow.id)
    return connection.execute(query.order_by(*order).offset(offset).limit(limit)).all()


def evidence(
    connection: Connection, sla: str, month: str, scope: str, participant: int, offset: int, limit: int
) -> Sequence[Any]:
    """Return what subjects put into a participant's month, by instant: subject, at and amount."""
    cell = (EvidenceRow.sla == sla, EvidenceRow.month == month, EvidenceRow.scope == scope)
    query = select(EvidenceRow.subject, EvidenceRow.at, EvidenceRow.amount).where(
        *cell, EvidenceRow.participant_id == participant
    )
    return connection.execute(query.order_by(EvidenceRow.at, EvidenceRow.subject).offset(offset).limit(limit)).all()

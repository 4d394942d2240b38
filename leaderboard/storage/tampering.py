"""Queries that find what scoring never writes: rows that rest on nothing, and points that went elsewhere."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, case, func, not_, or_, select
from sqlalchemy.orm import aliased

from leaderboard.storage.tables import AttainmentRow, EventRow, EvidenceRow, PeriodRow, PointEntry
from leaderboard.storage.trail_tables import AdjustmentRow


def attainments_without_ground(connection: Connection) -> Iterator[Any]:
    """Yield the attainments that count though no event names their subject, or nobody stands in their month."""
    has_event = select(EventRow.id).where(EventRow.subject == AttainmentRow.subject).exists()
    has_standings = select(PeriodRow.key).where(PeriodRow.key == AttainmentRow.subject).exists()
    is_groundless = or_(
        and_(AttainmentRow.is_monthly == 0, not_(has_event)), and_(AttainmentRow.is_monthly == 1, not_(has_standings))
    )
    yield from connection.execute(
        select(
            AttainmentRow.sla,
            AttainmentRow.scope,
            AttainmentRow.participant_id,
            AttainmentRow.subject,
            AttainmentRow.started_at,
            AttainmentRow.level,
            AttainmentRow.points,
        ).where(AttainmentRow.level != "none", is_groundless)
    )


def evidence_without_events(connection: Connection) -> Iterator[Any]:
    """Yield subject, SLA and month of evidence whose subject no event names."""
    has_event = select(EventRow.id).where(EventRow.subject == EvidenceRow.subject).exists()
    columns = (EvidenceRow.subject, EvidenceRow.sla, EvidenceRow.month)
    yield from connection.execute(select(*columns).where(not_(has_event)).distinct())


def entries_for_nothing(connection: Connection) -> Iterator[Any]:
    """Yield id and points of the ledger's rows that name no attainment and are no adjustment's (P7)."""
    undone = aliased(AdjustmentRow)
    is_reversal = (
        select(undone.id)
        .where(
            undone.id == AdjustmentRow.takes_back,
            undone.takes_back.is_(None),
            undone.points == -AdjustmentRow.points,
            undone.member_id == AdjustmentRow.member_id,
            undone.month == AdjustmentRow.month,
        )
        .exists()
    )
    is_adjustment = (
        select(AdjustmentRow.id)
        .where(
            AdjustmentRow.entry_id == PointEntry.id,
            AdjustmentRow.points == PointEntry.points,
            AdjustmentRow.member_id == PointEntry.member_id,
            AdjustmentRow.month == PointEntry.month,
            PointEntry.corrects.is_(None),
            or_(and_(AdjustmentRow.takes_back.is_(None), AdjustmentRow.points > 0), is_reversal),
        )
        .exists()
    )
    query = select(PointEntry.id, PointEntry.points)
    yield from connection.execute(query.where(PointEntry.attainment_id.is_(None), not_(is_adjustment)))


def points_gone_elsewhere(connection: Connection) -> Iterator[Any]:
    """Yield whom the ledger gives points of an attainment that should have others, or none, of it.

    A correction counts for the closed month that it corrects (P5).
    """
    month = func.coalesce(PointEntry.corrects, PointEntry.month)
    place = (PointEntry.attainment_id, PointEntry.member_id, PointEntry.team_id, month)
    nets = (
        select(*place[:3], month.label("month"), func.sum(PointEntry.points).label("net"))
        .where(PointEntry.attainment_id.is_not(None))
        .group_by(*place)
        .subquery()
    )
    is_a_member = AttainmentRow.scope == "member"
    is_theirs = and_(
        nets.c.team_id.is_not_distinct_from(AttainmentRow.team_id),
        nets.c.member_id.is_not_distinct_from(case((is_a_member, AttainmentRow.participant_id))),
        nets.c.month == AttainmentRow.month,
    )
    yield from connection.execute(
        select(nets, AttainmentRow.points)
        .join(AttainmentRow, AttainmentRow.id == nets.c.attainment_id)
        .where(nets.c.net != case((is_theirs, AttainmentRow.points), else_=0))
    )

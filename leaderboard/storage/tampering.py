"""Queries that find what scoring never writes: rows that rest on nothing, and points that went elsewhere."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import aliased

from leaderboard.storage.closing_tables import CorrectionRow
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


def corrections_out_of_line(connection: Connection) -> Iterator[Any]:
    """Yield the corrections that do not begin where the one before them ended, or do not end at what is so now."""
    each, row = CorrectionRow, AttainmentRow

    def before_it(column: Any) -> Any:
        return func.lag(column).over(partition_by=(each.attainment_id, each.corrects), order_by=each.id)

    counts = and_(row.month == each.corrects, row.level != "none")
    so_now = (case((counts, row.team_id)), case((counts, row.level), else_="none"), case((counts, row.points), else_=0))
    before = (each.team_before, each.level_before, each.points_before)
    after = (each.team_after, each.level_after, each.points_after)
    is_last = func.lead(each.id).over(partition_by=(each.attainment_id, each.corrects), order_by=each.id).is_(None)
    begins_wrong = or_(*(one.is_distinct_from(before_it(other)) for one, other in zip(before, after, strict=True)))
    ends_wrong = or_(*(one.is_distinct_from(other) for one, other in zip(after, so_now, strict=True)))
    found = (
        select(
            each.id,
            each.attainment_id,
            each.corrects,
            case((before_it(each.id).is_(None), 0), (begins_wrong, 1), else_=0).label("begins_wrong"),
            case((and_(is_last, ends_wrong), 1), else_=0).label("ends_wrong"),
        )
        .join(row, row.id == each.attainment_id)
        .subquery()
    )
    is_wrong = or_(found.c.begins_wrong == 1, found.c.ends_wrong == 1)
    yield from connection.execute(select(found).where(is_wrong).order_by(found.c.id))


def corrections_beside_the_ledger(connection: Connection) -> Iterator[Any]:
    """Yield the attainments whose corrections of a closed month come to other points than the ledger's (P5)."""
    posted = select(
        PointEntry.attainment_id, PointEntry.corrects, PointEntry.month, PointEntry.points, literal(0).label("told")
    ).where(PointEntry.corrects.is_not(None), PointEntry.attainment_id.is_not(None))
    told = select(
        CorrectionRow.attainment_id,
        CorrectionRow.corrects,
        CorrectionRow.month,
        literal(0),
        CorrectionRow.points_after - CorrectionRow.points_before,
    )
    both = union_all(posted, told).subquery()
    place = (both.c.attainment_id, both.c.corrects, both.c.month)
    sums = (func.sum(both.c.points), func.sum(both.c.told))
    query = select(*place, sums[0].label("posted"), sums[1].label("told")).group_by(*place)
    yield from connection.execute(query.having(sums[0] != sums[1]).order_by(*place))

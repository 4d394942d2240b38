"""Queries of a member's statement: their part of the ledger, and what was corrected or given by hand."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from leaderboard.storage.closing_tables import CorrectionRow
from leaderboard.storage.tables import AttainmentRow, PointEntry, Team
from leaderboard.storage.trail_tables import AdjustmentRow

ENTRIES_AT_A_TIME = 1_000


def _mine(member_id: int, months: Sequence[str]) -> tuple[Any, Any]:
    return PointEntry.member_id == member_id, PointEntry.month.in_(months)


def entries(connection: Connection, member_id: int, months: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of the ledger that count for a member in some months, in the order they were posted."""
    query = select(*PointEntry.__table__.columns).where(*_mine(member_id, months)).order_by(PointEntry.id)
    yield from connection.execute(query.execution_options(yield_per=ENTRIES_AT_A_TIME))


def sums(connection: Connection, member_id: int, months: Sequence[str]) -> list[Any]:
    """Return month, team, SLA (None: given by hand), the closed month that is corrected, points and number of rows."""
    return list(
        connection.execute(
            select(
                PointEntry.month,
                Team.name.label("team"),
                AttainmentRow.sla,
                PointEntry.corrects,
                func.sum(PointEntry.points).label("points"),
                func.count().label("entries"),
            )
            .outerjoin(AttainmentRow, AttainmentRow.id == PointEntry.attainment_id)
            .outerjoin(Team, Team.id == PointEntry.team_id)
            .where(*_mine(member_id, months))
            .group_by(PointEntry.month, Team.name, AttainmentRow.sla, PointEntry.corrects)
        )
    )


def corrections(connection: Connection, member_id: int, months: Sequence[str], limit: int) -> list[Any]:
    """Return the corrections of a member's closed months that were posted in some months, oldest first."""
    mine = (
        CorrectionRow.scope == "member",
        CorrectionRow.participant_id == member_id,
        CorrectionRow.month.in_(months),
    )
    query = (
        select(*CorrectionRow.__table__.columns, AttainmentRow.sla, AttainmentRow.subject)
        .join(AttainmentRow, AttainmentRow.id == CorrectionRow.attainment_id)
        .where(*mine)
        .order_by(CorrectionRow.id)
    )
    return list(connection.execute(query.limit(limit)))


def adjustments(connection: Connection, member_id: int, months: Sequence[str], limit: int) -> list[Any]:
    """Return the points that a member was given by hand, or that were taken back, in some months, oldest first."""
    mine = (AdjustmentRow.member_id == member_id, AdjustmentRow.month.in_(months))
    query = select(*AdjustmentRow.__table__.columns).where(*mine).order_by(AdjustmentRow.id)
    return list(connection.execute(query.limit(limit)))

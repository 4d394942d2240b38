"""Queries of corrections: what became of closed months afterwards, as people see it (P5)."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from leaderboard.storage.closing_tables import CorrectionRow
from leaderboard.storage.database import values_of
from leaderboard.storage.tables import AttainmentRow

_shown = select(
    CorrectionRow.id,
    CorrectionRow.scope,
    CorrectionRow.participant_id,
    CorrectionRow.corrects,
    CorrectionRow.month,
    CorrectionRow.level_before,
    CorrectionRow.points_before,
    CorrectionRow.level_after,
    CorrectionRow.points_after,
    CorrectionRow.because,
    CorrectionRow.posted_at,
    AttainmentRow.sla,
    AttainmentRow.subject,
    AttainmentRow.is_monthly,
    AttainmentRow.version_id,
).join(AttainmentRow, AttainmentRow.id == CorrectionRow.attainment_id)


def newest(
    connection: Connection,
    limit: int,
    *,
    older_than: int | None = None,
    into: Sequence[str] = (),
    corrects: Sequence[str] = (),
    teams: Collection[int] | None = None,
) -> Sequence[Any]:
    """Return corrections, newest first. older_than: a correction's id.

    into: the months that took the differences; corrects: the closed months; empty asks for all. teams: credited
    before or after, None for all.
    """
    where: list[ColumnElement[bool]] = []
    if older_than is not None:
        where.append(CorrectionRow.id < older_than)
    if into:
        where.append(CorrectionRow.month.in_(into))
    if corrects:
        where.append(CorrectionRow.corrects.in_(corrects))
    if teams is not None:
        where.append(or_(CorrectionRow.team_before.in_(teams), CorrectionRow.team_after.in_(teams)))
    return connection.execute(_shown.where(*where).order_by(CorrectionRow.id.desc()).limit(limit)).all()


def of_member(connection: Connection, member_id: int, months: Sequence[str], limit: int) -> Sequence[Any]:
    """Return the corrections that some months took for a member, newest first."""
    where = (
        CorrectionRow.scope == "member",
        CorrectionRow.participant_id == member_id,
        CorrectionRow.month.in_(months),
    )
    return connection.execute(_shown.where(*where).order_by(CorrectionRow.id.desc()).limit(limit)).all()


def of_attainment(
    connection: Connection, scope: str, participant: int, attainment_id: int, limit: int
) -> Sequence[Any]:
    """Return what became of one attainment of a participant after its month was closed, oldest first."""
    where = (CorrectionRow.participant_id == participant, CorrectionRow.scope == scope)
    query = _shown.where(*where, CorrectionRow.attainment_id == attainment_id)
    return connection.execute(query.order_by(CorrectionRow.id).limit(limit)).all()


def count_into(connection: Connection, months: Sequence[str]) -> int:
    """Return how many corrections some months took."""
    query = select(func.count()).select_from(CorrectionRow).where(CorrectionRow.month.in_(months))
    return connection.execute(query).scalar_one()


def months_into(connection: Connection) -> list[str]:
    """Return the months that took corrections, in order."""
    return values_of(connection, CorrectionRow.month)


def months_corrected(connection: Connection) -> list[str]:
    """Return the closed months that were corrected, in order."""
    return values_of(connection, CorrectionRow.corrects)

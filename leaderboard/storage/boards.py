"""Queries of boards and lists; each reads the rows it shows and no more."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, select, union_all
from sqlalchemy.orm import aliased

from leaderboard.storage.tables import AttainmentRow, EventRow, Member, PeriodRow, Team, Total

MOST_NAMED = 1_000
_columns = (
    Total.participant_id,
    Total.name,
    Total.side,
    Total.team_id,
    Total.points,
    Total.met,
    Total.exceeded,
    Total.missed,
    Total.members,
)


def _board(period: str, scope: str, side: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Total.period == period, Total.scope == scope]
    return where if side is None else [*where, Total.side == side]


def page_of_totals(
    connection: Connection, period: str, scope: str, side: str | None, offset: int, limit: int
) -> Sequence[Any]:
    """Return totals in the order of S1, from an offset on."""
    return connection.execute(
        select(*_columns)
        .where(*_board(period, scope, side))
        .order_by(Total.points.desc(), Total.sort_key, Total.participant_id)
        .offset(offset)
        .limit(limit)
    ).all()


def all_totals(connection: Connection, period: str, scope: str, side: str | None) -> Sequence[Any]:
    """Return all totals of a board, always in the same order, which is none of rank."""
    query = select(*_columns).where(*_board(period, scope, side)).order_by(Total.participant_id)
    return connection.execute(query).all()


def count_totals(connection: Connection, period: str, scope: str, side: str | None) -> tuple[int, int]:
    """Return how many stand on a board, and the points of its leader."""
    row = connection.execute(select(func.count(), func.max(Total.points)).where(*_board(period, scope, side))).one()
    return row[0], row[1] or 0


def count_above(connection: Connection, period: str, scope: str, side: str | None, points: int) -> int:
    """Return how many have more points than that: one less than the rank (S1)."""
    return connection.execute(
        select(func.count()).where(*_board(period, scope, side), Total.points > points)
    ).scalar_one()


def count_ahead(
    connection: Connection,
    period: str,
    scope: str,
    side: str | None,
    points: int,
    sort_key: str,
    participant: int,
) -> int:
    """Return how many rows stand before a participant's in the order of S1."""
    tied = (Total.points == points) & (
        (Total.sort_key < sort_key) | ((Total.sort_key == sort_key) & (Total.participant_id < participant))
    )
    return connection.execute(
        select(func.count()).where(*_board(period, scope, side), (Total.points > points) | tied)
    ).scalar_one()


def total_of(connection: Connection, period: str, scope: str, participant: int) -> Any:
    """Return one participant's total, with its place in the order of S1."""
    return connection.execute(
        select(*_columns, Total.sort_key).where(
            Total.period == period, Total.scope == scope, Total.participant_id == participant
        )
    ).first()


def places_of(connection: Connection, member_id: int, periods: Mapping[str, str]) -> dict[str, Any]:
    """Return where a member stands in those of some periods in which they do, each given with the one before it.

    Of each: points; above, how many have more; ahead, how many stand before them in the order of S1; count, of how
    many; next_points, the fewest that are more; points_before and above_before: the same in the period before.
    One statement.
    """
    each = [_place_of(member_id, period, previous) for period, previous in periods.items()]
    return {row.period: row for row in connection.execute(union_all(*each))}


def _place_of(member_id: int, period: str, previous: str) -> Select[Any]:
    mine, other, last = aliased(Total), aliased(Total), aliased(Total)
    here = (other.period == period, other.scope == "member")
    tied = (other.points == mine.points) & (
        (other.sort_key < mine.sort_key)
        | ((other.sort_key == mine.sort_key) & (other.participant_id < mine.participant_id))
    )
    before = (last.period == previous, last.scope == "member", last.participant_id == member_id)
    points_before = select(last.points).where(*before).scalar_subquery()
    there = (other.period == previous, other.scope == "member", other.points > points_before)

    def number(*where: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).select_from(other).where(*where).correlate(mine).scalar_subquery()

    return select(
        mine.period,
        mine.points,
        number(*here, other.points > mine.points).label("above"),
        number(*here, (other.points > mine.points) | tied).label("ahead"),
        number(*here).label("count"),
        select(func.min(other.points)).where(*here, other.points > mine.points).scalar_subquery().label("next_points"),
        points_before.label("points_before"),
        number(*there).label("above_before"),
    ).where(mine.period == period, mine.scope == "member", mine.participant_id == member_id)


def ranks_in(
    connection: Connection, period: str, scope: str, side: str | None, participants: Sequence[int]
) -> dict[int, int]:
    """Return the ranks that some participants have on a board (S1); those not on it are left out."""
    ranked = (
        select(Total.participant_id, func.rank().over(order_by=Total.points.desc()).label("rank"))
        .where(*_board(period, scope, side))
        .subquery()
    )
    query = select(ranked.c.participant_id, ranked.c.rank)
    if len(participants) <= MOST_NAMED:  # a page's; the whole board's are more than a statement can name
        query = query.where(ranked.c.participant_id.in_(participants))
    return {row.participant_id: row.rank for row in connection.execute(query)}


def periods(connection: Connection) -> list[str]:
    """Return the periods that have standings, newest first, each quarter after its months."""
    rows = connection.execute(select(PeriodRow.key).order_by(PeriodRow.starts_at.desc(), PeriodRow.kind))
    return list(rows.scalars())


def attainments_in(connection: Connection, months: Sequence[str], sla: str | None) -> Iterator[Any]:
    """Yield the attainments that count in some months, with the participant's key and the team's name."""
    yield from _attainments(connection, sla, AttainmentRow.month.in_(months), AttainmentRow.level != "none")


def pending_attainments(connection: Connection, start: datetime, end: datetime, sla: str | None) -> Iterator[Any]:
    """Yield the clocks and tasks that started in [start, end) and are pending, as attainments_in does."""
    has_begun = (AttainmentRow.started_at >= start) & (AttainmentRow.started_at < end)
    yield from _attainments(connection, sla, AttainmentRow.level == "pending", AttainmentRow.is_monthly == 0, has_begun)


def _attainments(connection: Connection, sla: str | None, *where: ColumnElement[bool]) -> Iterator[Any]:
    query = (
        select(AttainmentRow, Member.key, Team.name.label("team"))
        .outerjoin(Member, (AttainmentRow.scope == "member") & (Member.id == AttainmentRow.participant_id))
        .outerjoin(Team, Team.id == AttainmentRow.team_id)
        .where(*where)
        .order_by(AttainmentRow.sla, AttainmentRow.subject, AttainmentRow.started_at, AttainmentRow.participant_id)
    )
    yield from connection.execute(query if sla is None else query.where(AttainmentRow.sla == sla))


def subjects(connection: Connection) -> int:
    """Return how many subjects have events."""
    each = select(EventRow.subject).distinct().subquery()
    return connection.execute(select(func.count()).select_from(each)).scalar_one()

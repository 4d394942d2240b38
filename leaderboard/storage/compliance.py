"""Queries of tallies and of the attainments behind them; each reads what it shows and no more.

team_ids: the teams that the reader sees, None for all; what no team was credited with only those see who see all.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, tuple_

from leaderboard.domain.compliance import Counts
from leaderboard.storage.compliance_tables import Tally
from leaderboard.storage.past_values import came_to
from leaderboard.storage.tables import AttainmentRow, Total

LEVELS = {"met": Tally.met, "exceeded": Tally.exceeded, "missed": Tally.missed}
Teams = Sequence[int] | None
COUNTS = tuple(
    func.sum(column).label(column.name) for column in (Tally.met, Tally.exceeded, Tally.missed, Tally.points)
)


class TeamMonth(NamedTuple):
    """What a team was credited with in a month of an SLA."""

    month: str
    sla: str
    team_id: int
    counts: Counts
    points: int


class MemberMonth(NamedTuple):
    """What a member came to in a month of an SLA, in a team (0: in none)."""

    month: str
    sla: str
    member_id: int
    team_id: int
    counts: Counts
    points: int


class MemberSum(NamedTuple):
    """What a member came to in a team (0: in none), in one SLA or, where it is None, in all."""

    member_id: int
    team_id: int
    sla: str | None
    counts: Counts


class Cell(NamedTuple):
    """Whose attainments of a month there are, and how many of those that are asked for."""

    month: str
    scope: str
    participant_id: int
    number: int


def team_months(connection: Connection, months: Sequence[str], teams: Teams, sla: str | None = None) -> list[TeamMonth]:
    """Return what teams were credited with in some months."""
    query = select(Tally.month, Tally.sla, Tally.team_id, *COUNTS).where(*_where("team", months, teams, sla))
    rows = connection.execute(query.group_by(Tally.month, Tally.sla, Tally.team_id)).all()
    return [TeamMonth(*row[:3], Counts(*map(int, row[3:6])), int(row[6])) for row in rows]


def member_months(
    connection: Connection,
    months: Sequence[str],
    teams: Teams,
    sla: str | None = None,
    members: Sequence[int] | None = None,
) -> list[MemberMonth]:
    """Return what members came to in some months. members: those alone, None for all."""
    columns = (Tally.month, Tally.sla, Tally.participant_id, Tally.team_id, Tally.met, Tally.exceeded, Tally.missed)
    where = _where("member", months, teams, sla)
    if members is not None:
        where.append(Tally.participant_id.in_(members))
    rows = connection.execute(select(*columns, Tally.points).where(*where)).all()
    return [MemberMonth(*row[:4], Counts(*row[4:7]), row[7]) for row in rows]


def member_sums(
    connection: Connection,
    months: Sequence[str],
    teams: Teams,
    sla: str | None,
    *,
    is_by_sla: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> list[MemberSum]:
    """Return what members came to in some months together, those who fell short most first; is_by_sla: in each SLA."""
    met, exceeded, missed = COUNTS[:3]
    keys = (Tally.participant_id, Tally.team_id, *((Tally.sla,) if is_by_sla else ()))
    query = select(*keys, met, exceeded, missed).where(*_where("member", months, teams, sla)).group_by(*keys)
    kept = func.sum(Tally.met + Tally.exceeded)
    rows = connection.execute(
        query.order_by(func.sum(Tally.missed).desc(), kept, *keys).limit(limit).offset(offset)
    ).all()
    return [MemberSum(row[0], row[1], row[2] if is_by_sla else None, Counts(*map(int, row[-3:]))) for row in rows]


def count_people(connection: Connection, months: Sequence[str], teams: Teams, sla: str | None) -> int:
    """Return how many members, each with their team, came to anything in some months."""
    where = _where("member", months, teams, sla)
    found = select(Tally.participant_id, Tally.team_id).where(*where).distinct().subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def bands(connection: Connection, months: Sequence[str], teams: Teams, sla: str) -> dict[int, Counts]:
    """Return how often an SLA was met, exceeded and missed by the band of the value (domain/bands.py)."""
    query = select(Tally.band, *COUNTS[:3]).where(*_where("team", months, teams, sla)).group_by(Tally.band)
    return {row[0]: Counts(*map(int, row[1:4])) for row in connection.execute(query)}


def _where(scope: str, months: Sequence[str], teams: Teams, sla: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Tally.month.in_(months), Tally.scope == scope]
    where += [] if teams is None else [Tally.team_id.in_(teams)]
    return where if sla is None else [*where, Tally.sla == sla]


def cells_behind(
    connection: Connection,
    months: Sequence[str],
    teams: Teams,
    *,
    sla: str | None,
    member_id: int | None,
    levels: Sequence[str],
    team_slas: Sequence[str],
) -> list[Cell]:
    """Return whose attainments there are behind a figure, by month, scope and participant.

    levels: those asked for; team_slas: SLAs whose participants are teams: their rows of scope `team` are their own
    results, those of other SLAs sum up members'.
    """
    number = func.sum(sum(LEVELS[level] for level in levels))
    where: list[ColumnElement[bool]] = [Tally.month.in_(months)]
    where += [] if teams is None else [Tally.team_id.in_(teams)]
    where += [] if sla is None else [Tally.sla == sla]
    own = and_(Tally.scope == "team", Tally.sla.in_(team_slas))
    if member_id is not None:
        where.append(and_(Tally.scope == "member", Tally.participant_id == member_id))
    else:
        where.append(or_(Tally.scope == "member", own))
    keys = (Tally.month, Tally.scope, Tally.participant_id)
    rows = connection.execute(select(*keys, number).where(*where).group_by(*keys).having(number > 0).order_by(*keys))
    return [Cell(*row[:3], int(row[3])) for row in rows]


SHOWN = (
    AttainmentRow.id,
    AttainmentRow.month,
    AttainmentRow.scope,
    AttainmentRow.participant_id,
    AttainmentRow.sla,
    AttainmentRow.subject,
    AttainmentRow.is_monthly,
    AttainmentRow.team_id,
    AttainmentRow.level,
    AttainmentRow.points,
    AttainmentRow.value,
    AttainmentRow.of_cases,
    AttainmentRow.started_at,
    AttainmentRow.due_at,
    AttainmentRow.stopped_at,
    AttainmentRow.decided_at,
    AttainmentRow.version_id,
)


def attainments_in_cells(
    connection: Connection,
    cells: Sequence[Cell],
    teams: Teams,
    *,
    sla: str | None,
    levels: Sequence[str],
    after: tuple[str, str, int, int] | None,
    limit: int,
    is_monthly: bool = False,
) -> Sequence[Any]:
    """Return attainments of some cells by month, scope, participant and id. after: those of the last one seen.

    is_monthly: they are all of a monthly SLA, and are found by their subject, which is the month.
    """
    month = AttainmentRow.subject if is_monthly else AttainmentRow.month
    order = (month, AttainmentRow.scope, AttainmentRow.participant_id, AttainmentRow.id)
    query = select(*SHOWN).where(AttainmentRow.level.in_(levels), or_(*_groups(cells, month)), *_credited(teams))
    if sla is not None:
        query = query.where(AttainmentRow.sla == sla)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    return connection.execute(query.order_by(*order).limit(limit)).all()


def _groups(cells: Sequence[Cell], month_column: Any) -> list[ColumnElement[bool]]:
    """Return a condition for each month and scope, as the indexes of attainments have them."""
    groups: dict[tuple[str, str], list[int]] = {}
    for cell in cells:
        groups.setdefault((cell.month, cell.scope), []).append(cell.participant_id)
    return [
        and_(month_column == month, AttainmentRow.scope == scope, AttainmentRow.participant_id.in_(ids))
        for (month, scope), ids in groups.items()
    ]


def _credited(teams: Teams) -> list[ColumnElement[bool]]:
    return [] if teams is None else [AttainmentRow.team_id.in_(teams)]


def monthly_results(connection: Connection, months: Sequence[str], teams: Teams, sla: str, limit: int) -> Sequence[Any]:
    """Return the results of a monthly SLA in some months, pending ones too, those who fell short first."""
    query = select(*SHOWN).where(
        AttainmentRow.subject.in_(months),
        AttainmentRow.sla == sla,
        AttainmentRow.is_monthly == 1,
        AttainmentRow.level.in_(("met", "exceeded", "missed", "pending")),
        *_credited(teams),
    )
    level = case({"missed": 0, "pending": 1, "met": 2, "exceeded": 3}, value=AttainmentRow.level)
    order = (level, came_to(), AttainmentRow.subject, AttainmentRow.id)
    return connection.execute(query.order_by(*order).limit(limit)).all()


def best_of_month(connection: Connection, month: str, teams: Teams, limit: int) -> Sequence[Any]:
    """Return the totals of those members of some teams who have most points in a month, in the order of S1."""
    where: list[ColumnElement[bool]] = [Total.period == month, Total.scope == "member", Total.points > 0]
    where += [] if teams is None else [Total.team_id.in_(teams)]
    order = (Total.points.desc(), Total.sort_key, Total.participant_id)
    return connection.execute(select(Total).where(*where).order_by(*order).limit(limit)).all()


def member_pairs(
    connection: Connection, first: Sequence[str], second: Sequence[str], teams: Teams, sla: str | None
) -> list[tuple[int, int, Counts, int, Counts, int]]:
    """Return member, team, and counts and points of each of two periods, by their months, which may be the same."""
    sums = [
        func.sum(case((Tally.month.in_(months), column), else_=0))
        for months in (first, second)
        for column in (Tally.met, Tally.exceeded, Tally.missed, Tally.points)
    ]
    keys = (Tally.participant_id, Tally.team_id)
    where = _where("member", sorted({*first, *second}), teams, sla)
    rows = connection.execute(select(*keys, *sums).where(*where).group_by(*keys)).all()
    return [
        (row[0], row[1], Counts(*map(int, row[2:5])), int(row[5]), Counts(*map(int, row[6:9])), int(row[9]))
        for row in rows
    ]

"""What badges rest on: a month's attainments, a member at a time, and its points and levels."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from leaderboard.domain.badge_standings import MonthScore
from leaderboard.domain.badges import Decided
from leaderboard.storage.bulk import among, mark
from leaderboard.storage.tables import AttainmentRow, Total

ROWS_A_FETCH = 5_000
DECIDED = ("met", "exceeded", "missed")
LEVELS = "('met', 'exceeded', 'missed', 'void')"
ORDER = "ORDER BY 1, 2, 3, 4"  # member, instant, subject, SLA
_NAMES = ("participant_id", "decided_at", "subject", "sla", "started_at", "level", "value", "version_id")
_COLUMNS = ", ".join(f"attainment.{name}" for name in _NAMES)
_OF_MEMBERS = f"attainment.scope = 'member' AND attainment.level IN {LEVELS}"


def decided_in(connection: Connection, month: str) -> Iterator[Decided]:
    """Yield the decided attainments of all members in a month, each member's together and in order."""
    sql = f"SELECT {_COLUMNS} FROM attainment WHERE month = {mark(connection)} AND {_OF_MEMBERS} {ORDER}"
    return _streamed(connection, sql, (month,))


def decided_by_close(connection: Connection, month: str) -> Iterator[Decided]:
    """As decided_in, of a closed month as it was when it was closed: without what was corrected since (P5)."""
    sign = mark(connection)
    later = f"SELECT attainment_id FROM correction WHERE corrects = {sign}"
    same = (
        f"SELECT {_COLUMNS} FROM attainment WHERE month = {sign} AND {_OF_MEMBERS} "
        f"AND attainment.id NOT IN ({later}) {ORDER}"
    )
    # The first correction of an attainment tells what it was at the close.
    corrected = f"""SELECT attainment.participant_id,
            COALESCE(correction.decided_at_before, attainment.decided_at, correction.posted_at), attainment.subject,
            attainment.sla, attainment.started_at, correction.level_before,
            COALESCE(correction.value_before, attainment.value), attainment.version_id
        FROM correction JOIN attainment ON attainment.id = correction.attainment_id
        WHERE correction.id IN (SELECT MIN(id) FROM correction WHERE corrects = {sign} GROUP BY attainment_id)
            AND correction.scope = 'member' AND correction.level_before IN {LEVELS} {ORDER}"""
    return heapq.merge(
        _streamed(connection, same, (month, month)),
        _streamed(connection, corrected, (month,)),
        key=lambda row: row[:4],
    )


def decided_of(connection: Connection, months: Sequence[str], members: Sequence[int]) -> Iterator[tuple[str, Decided]]:
    """Yield the decided attainments of some members with their month: by month, then as decided_in."""
    in_months, month_values = among(connection, months)
    numbers = ", ".join(f"{member:d}" for member in members)
    sql = (
        f"SELECT {_COLUMNS}, month FROM attainment WHERE month {in_months} AND participant_id IN ({numbers}) "
        f"AND {_OF_MEMBERS} ORDER BY month, 1, 2, 3, 4"
    )
    for *row, month in connection.exec_driver_sql(sql, month_values):
        yield month, Decided._make(row)


def _streamed(connection: Connection, sql: str, values: tuple[Any, ...]) -> Iterator[Decided]:
    """Yield rows as they come: a month's may not fit in memory."""
    if connection.dialect.name == "sqlite":
        cursor = connection.exec_driver_sql(sql, values).cursor  # its rows are tuples, and it fetches as it is asked
        while rows := cursor.fetchmany(ROWS_A_FETCH):
            yield from map(Decided._make, rows)
        return
    result = connection.exec_driver_sql(sql, values, execution_options={"stream_results": True})
    for part in result.partitions(ROWS_A_FETCH):
        yield from map(Decided._make, part)


class TeamScore(NamedTuple):
    """A team's points in a period. members: how many it had, None while the period is not closed."""

    participant: int
    name: str
    points: int
    members: int | None


def scores_of_members(connection: Connection, period: str) -> list[MonthScore]:
    """Return the points and levels of each member in a period."""
    columns = (Total.participant_id, Total.name, Total.points, Total.met, Total.exceeded, Total.missed)
    query = select(*columns).where(Total.period == period, Total.scope == "member").order_by(Total.participant_id)
    return [MonthScore(*row) for row in connection.execute(query)]


def scores_of_teams(connection: Connection, period: str) -> list[TeamScore]:
    """Return the points of each team in a period."""
    columns = (Total.participant_id, Total.name, Total.points, Total.members)
    query = select(*columns).where(Total.period == period, Total.scope == "team").order_by(Total.participant_id)
    return [TeamScore(*row) for row in connection.execute(query)]


def points_of_members(connection: Connection, period: str) -> dict[int, int]:
    """Return the points of each member who stood in a period."""
    query = select(Total.participant_id, Total.points).where(Total.period == period, Total.scope == "member")
    return {row.participant_id: row.points for row in connection.execute(query)}


def levels_of(connection: Connection, period: str, member: int) -> tuple[int, int, int]:
    """Return how often a member has met, exceeded and missed in a period."""
    query = select(Total.met, Total.exceeded, Total.missed).where(
        Total.period == period, Total.scope == "member", Total.participant_id == member
    )
    row = connection.execute(query).first()
    return (0, 0, 0) if row is None else (row.met, row.exceeded, row.missed)


class Silent(NamedTuple):
    """Members of whom something may have changed without a row in the ledger, since it earns nothing.

    ending: a miss, or what no longer holds, which may end a run or not; reaching: a level reached.
    """

    ending: frozenset[int]
    reaching: frozenset[int]


def silent_members(connection: Connection, months: Sequence[str]) -> Silent:
    """Return the members who have in some months what earns nothing, or had it."""
    earns_nothing = AttainmentRow.month.in_(months) & (AttainmentRow.points == 0) & AttainmentRow.level.in_(DECIDED)
    is_retired = AttainmentRow.month.is_(None) & (AttainmentRow.level == "none")
    is_reached = AttainmentRow.level.in_(("met", "exceeded"))
    query = select(AttainmentRow.participant_id, is_reached).where(
        AttainmentRow.scope == "member", earns_nothing | is_retired
    )
    found = connection.execute(query.distinct()).all()
    return Silent(frozenset(who for who, _ in found), frozenset(who for who, reached in found if reached))

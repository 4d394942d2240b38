"""What trying out a draft reads: the subjects of a quarter, and what it was closed with. It writes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from leaderboard.storage.bulk import mark
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import PointEntry, Total


class Standing(NamedTuple):
    """A participant's total in a period; members: of a team, or 1; 0 of somebody in no team."""

    period: str
    scope: str
    participant_id: int
    side: str | None
    team_id: int | None
    name: str
    points: int
    met: int
    exceeded: int
    missed: int
    members: int


def subjects_in(
    connection: Connection, start: datetime, end: datetime, run_out: datetime, size: int
) -> Iterator[list[str]]:
    """Yield the subjects of which something may count in [start, end), so many at a time.

    They have an event in it, or something of theirs that began before was decided in it, though nothing happened.
    run_out: before which the latter was decided (domain/trying.py); so few attainments need to be looked at.
    """
    begins, ends = to_micros(start), to_micros(end)
    place = mark(connection)
    within = f"occurred_at >= {place} AND occurred_at < {place}"
    happened = f"SELECT DISTINCT subject FROM event WHERE {within} ORDER BY subject"
    # Levels and is_monthly as ix_attainment_decided has them.
    ran_out = (
        "SELECT DISTINCT subject FROM attainment WHERE is_monthly = 0 AND level IN ('met', 'exceeded', 'missed') "
        f"AND decided_at >= {place} AND decided_at < {place} AND started_at < {place} "
        f"AND NOT EXISTS (SELECT 1 FROM event WHERE event.subject = attainment.subject AND {within})"
    )
    for sql, values in ((happened, (begins, ends)), (ran_out, (begins, to_micros(run_out), begins, begins, ends))):
        cursor = connection.exec_driver_sql(sql, values).cursor
        while rows := cursor.fetchmany(size):
            yield [subject for (subject,) in rows]


def standings(connection: Connection, periods: Sequence[str]) -> list[Standing]:
    """Return the totals of closed periods, as they were closed."""
    columns = [getattr(Total, name) for name in Standing._fields]
    rows = connection.execute(select(*columns).where(Total.period.in_(periods)))
    return [Standing(*row)._replace(members=row.members or 0) for row in rows]


def points_apart(connection: Connection, months: Sequence[str]) -> Iterator[tuple[str, int | None, int | None, int]]:
    """Yield month, member, team and sum of what the ledger has in some months beside what was earned in them.

    months: in order. It is what was given by hand, and corrections of months before the first.
    """
    is_apart = PointEntry.corrects.is_not(None) | PointEntry.attainment_id.is_(None)
    is_of_others = PointEntry.attainment_id.is_(None) | (PointEntry.corrects < months[0])
    whose = (PointEntry.month, PointEntry.member_id, PointEntry.team_id)
    query = select(*whose, func.sum(PointEntry.points)).where(is_apart, is_of_others, PointEntry.month.in_(months))
    for month, member_id, team_id, points in connection.execute(query.group_by(*whose)):
        yield month, member_id, team_id, int(points)

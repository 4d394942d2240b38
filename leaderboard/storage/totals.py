"""Queries of totals, and the sums that they must equal."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from leaderboard.storage.bulk import Insertion
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.tables import AttainmentRow, PointEntry, Total

TOTAL_COLUMNS = (
    "period",
    "scope",
    "participant_id",
    "side",
    "team_id",
    "name",
    "sort_key",
    "points",
    "met",
    "exceeded",
    "missed",
)


def addition(rows: Sequence[tuple[Any, ...]]) -> Insertion:
    """Return what adds points and level counts to totals and makes those that are not there; rows as TOTAL_COLUMNS."""
    added = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in ("points", "met", "exceeded", "missed"))
    return Insertion(Total.__tablename__, TOTAL_COLUMNS, rows, f"(period, scope, participant_id) DO UPDATE SET {added}")


def ledger_sums(connection: Connection) -> Iterator[tuple[str, int | None, int | None, int]]:
    """Yield month, member, team and sum of the ledger's rows."""
    rows = connection.execute(
        select(PointEntry.month, PointEntry.member_id, PointEntry.team_id, func.sum(PointEntry.points)).group_by(
            PointEntry.month, PointEntry.member_id, PointEntry.team_id
        )
    )
    for month, member_id, team_id, points in rows:
        yield month, member_id, team_id, int(points)


def level_counts(connection: Connection) -> Iterator[tuple[str, str, int, int | None, str, int]]:
    """Yield month, scope, participant, team, level and number of the attainments that count."""
    rows = connection.execute(
        select(
            AttainmentRow.month,
            AttainmentRow.scope,
            AttainmentRow.participant_id,
            AttainmentRow.team_id,
            AttainmentRow.level,
            func.count(),
        )
        .where(AttainmentRow.level.in_(("met", "exceeded", "missed")), AttainmentRow.month.is_not(None))
        .group_by(
            AttainmentRow.month,
            AttainmentRow.scope,
            AttainmentRow.participant_id,
            AttainmentRow.team_id,
            AttainmentRow.level,
        )
    )
    for month, scope, participant, team_id, level, number in rows:
        yield month or "", scope, participant, team_id, level, number


_is_empty = (Total.points == 0) & (Total.met == 0) & (Total.exceeded == 0) & (Total.missed == 0)


def forget_if_empty(connection: Connection, places: Sequence[tuple[str, str, int]]) -> None:
    """Take totals away from which everything was taken back: period, scope, participant of each."""
    here = [Total.period == bindparam("a"), Total.scope == bindparam("b"), Total.participant_id == bindparam("c")]
    if places:
        rows = [{"a": period, "b": scope, "c": participant} for period, scope, participant in places]
        connection.execute(delete(Total).where(*here, _is_empty), rows)


def team_points(connection: Connection, months: Sequence[str]) -> dict[tuple[str, int], int]:
    """Return the points of each team in some months."""
    query = select(Total.period, Total.participant_id, Total.points).where(Total.scope == "team")
    return {(row[0], row[1]): row[2] for row in connection.execute(query.where(Total.period.in_(months)))}


def place_members(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Show members under other names, sides and teams: rows as TOTAL_COLUMNS, of which the numbers say nothing."""
    here = [Total.period == bindparam("a"), Total.scope == "member", Total.participant_id == bindparam("b")]
    new: dict[str, Any] = {
        "side": bindparam("c"),
        "team_id": bindparam("d"),
        "name": bindparam("e"),
        "sort_key": bindparam("f"),
    }
    values = [dict(zip("abcdef", (row[0], *row[2:7]), strict=True)) for row in rows]
    if values:
        connection.execute(update(Total).where(*here).values(**new), values)


def forget_periods(connection: Connection, periods: Sequence[str]) -> None:
    """Take the totals of periods away from which everything was taken back."""
    connection.execute(delete(Total).where(Total.period.in_(periods), _is_empty))


def clear(connection: Connection) -> None:
    """Take the totals of open periods away, to be made anew in the same transaction."""
    connection.execute(delete(Total).where(Total.period.not_in(select(Closing.period))))


def stored(connection: Connection) -> Iterator[tuple[str, str, int, list[int]]]:
    """Yield period, scope, participant and the four numbers of each total."""
    rows = connection.execute(
        select(
            Total.period,
            Total.scope,
            Total.participant_id,
            Total.points,
            Total.met,
            Total.exceeded,
            Total.missed,
        )
    )
    for period, scope, participant, *numbers in rows:
        yield period, scope, participant, numbers


def ledger_nets_that_differ(connection: Connection) -> Iterator[tuple[int, int, int]]:
    """Yield id, worth and net of the attainments whose ledger rows add up to something else (P2)."""
    nets = (
        select(PointEntry.attainment_id, func.sum(PointEntry.points).label("net"))
        .where(PointEntry.attainment_id.is_not(None))
        .group_by(PointEntry.attainment_id)
        .subquery()
    )
    net = func.coalesce(nets.c.net, 0)
    rows = connection.execute(
        select(AttainmentRow.id, AttainmentRow.points, net)
        .outerjoin(nets, nets.c.attainment_id == AttainmentRow.id)
        .where(AttainmentRow.points != net)
    )
    for attainment_id, points, total in rows:
        yield attainment_id, points, int(total)

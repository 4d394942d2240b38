"""Queries of attainments, and the ids that they get."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from leaderboard.domain.agreement import Level
from leaderboard.domain.instants import EPOCH, MICROSECOND, from_micros, to_micros
from leaderboard.domain.monthly import Cell
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment
from leaderboard.storage.bulk import KEYS_A_QUERY, among, insert_rows, keyed, update_all
from leaderboard.storage.tables import AttainmentRow

ATTAINMENT_COLUMNS = (
    "id",
    "sla",
    "scope",
    "participant_id",
    "subject",
    "started_at",
    "team_id",
    "month",
    "level",
    "points",
    "value",
    "of_cases",
    "due_at",
    "stopped_at",
    "decided_at",
    "version_id",
    "is_monthly",
)
IDENTITY = {"subject": "TEXT", "sla": "TEXT", "started_at": "BIGINT", "scope": "TEXT", "participant_id": "BIGINT"}
_COLUMNS = ", ".join(f"attainment.{name}" for name in ATTAINMENT_COLUMNS[:-1])
_Stored = tuple[int, Attainment]


class Begun(NamedTuple):
    """What a scoring begins with: the rules' version, its first attainment id, whether any anomaly is noted."""

    rules_version: int
    first_id: int
    has_anomalies: bool


def begin_scoring(connection: Connection, ids: int) -> Begun | None:
    """Raise the scores' version and reserve attainment ids; None while there is no organisation."""
    row = connection.exec_driver_sql(
        "UPDATE organisation SET scores_version = scores_version + 1, "
        f"next_attainment_id = next_attainment_id + {ids:d} "
        "RETURNING rules_version, next_attainment_id, EXISTS (SELECT 1 FROM anomaly)"
    ).first()
    return None if row is None else Begun(row[0], row[1] - ids, bool(row[2]))


def reserve_ids(connection: Connection, count: int) -> int:
    """Reserve so many attainment ids and return the first."""
    begun = begin_scoring(connection, count)
    assert begun is not None
    return begun.first_id


def attainments_of(connection: Connection, subjects: Sequence[str]) -> Iterator[_Stored]:
    """Yield the stored attainments of occurrences of some subjects, each with its id."""
    where, values = among(connection, subjects)
    sql = f"SELECT {_COLUMNS} FROM attainment WHERE subject {where} AND is_monthly = 0"
    return map(_attainment, connection.exec_driver_sql(sql, values).cursor.fetchall())


def are_any(connection: Connection) -> bool:
    """Tell whether there is any attainment."""
    return connection.execute(select(AttainmentRow.id).limit(1)).first() is not None


def counted_months(connection: Connection, months: Sequence[str]) -> set[str]:
    """Return those of some months in which an attainment of an occurrence counts."""
    query = select(AttainmentRow.month).where(AttainmentRow.month.in_(months), AttainmentRow.is_monthly == 0).distinct()
    return {month for month in connection.execute(query).scalars() if month is not None}


def attainments_of_cells(connection: Connection, cells: Sequence[tuple[Cell, datetime]]) -> Iterator[_Stored]:
    """Yield the stored attainments of cells, each given with its month's first instant."""
    same = " AND ".join(f"attainment.{name} = wanted.{name}" for name in IDENTITY)
    for start in range(0, len(cells), KEYS_A_QUERY):
        wanted, values = keyed(
            connection,
            IDENTITY,
            [
                (cell.month.key, cell.sla, to_micros(starts_at), cell.scope, cell.participant)
                for cell, starts_at in cells[start : start + KEYS_A_QUERY]
            ],
        )
        sql = f"WITH {wanted} SELECT {_COLUMNS} FROM wanted JOIN attainment ON {same}"
        yield from map(_attainment, connection.exec_driver_sql(sql, values).all())


def attainments_of_month(connection: Connection, month: Month) -> Iterator[_Stored]:
    """Yield the stored monthly attainments of a month."""
    where, values = among(connection, [month.key])
    sql = f"SELECT {_COLUMNS} FROM attainment WHERE subject {where} AND is_monthly = 1"
    return map(_attainment, connection.exec_driver_sql(sql, values).cursor.fetchall())


def _attainment(row: Any) -> _Stored:
    (
        row_id,
        sla,
        scope,
        participant,
        subject,
        started,
        team_id,
        month,
        level,
        points,
        value,
        cases,
        due,
        stopped,
        decided,
        version,
    ) = row
    return row_id, Attainment(
        sla,
        scope,
        participant,
        subject,
        from_micros(started),
        team_id,
        None if month is None else month_of_key(month),
        Level(level),
        points,
        value,
        cases,
        None if due is None else from_micros(due),
        None if stopped is None else from_micros(stopped),
        None if decided is None else from_micros(decided),
        version,
    )


def write_attainments(
    connection: Connection, new: Iterable[_Stored], again: Iterable[_Stored], *, is_monthly: bool
) -> None:
    """Insert new attainments and overwrite known ones, each given with its id.

    is_monthly: whether their subject is a month.
    """
    table, monthly = AttainmentRow.__tablename__, int(is_monthly)
    insert_rows(connection, table, ATTAINMENT_COLUMNS, [_row(*each, monthly) for each in new])
    overwrite = update_all(ATTAINMENT_COLUMNS, "id")
    insert_rows(connection, table, ATTAINMENT_COLUMNS, [_row(*each, monthly) for each in again], overwrite)


def _row(row_id: int, each: Attainment, is_monthly: int) -> tuple[Any, ...]:
    """Return an attainment as ATTAINMENT_COLUMNS."""
    sla, scope, participant, subject, started, team_id, month, level, points, value, cases, due, stop, end, version = (
        each
    )
    stopped = None if stop is None else (stop - EPOCH) // MICROSECOND  # to_micros without the call
    decided = stopped
    if end is not stop:  # what is done in time is decided as it stops
        decided = None if end is None else (end - EPOCH) // MICROSECOND
    return (
        row_id,
        sla,
        scope,
        participant,
        subject,
        (started - EPOCH) // MICROSECOND,
        team_id,
        None if month is None else month.key,
        str(level),
        points,
        value,
        cases,
        None if due is None else (due - EPOCH) // MICROSECOND,
        stopped,
        decided,
        version,
        is_monthly,
    )


def decided_clocks(connection: Connection, month: Month) -> Iterator[tuple[Attainment, int]]:
    """Yield an attainment like those decided in a month and their number, for each SLA, team and level."""
    columns = (
        AttainmentRow.sla,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
        AttainmentRow.team_id,
        AttainmentRow.level,
    )
    rows = connection.execute(
        select(*columns, func.count())
        .where(AttainmentRow.month == str(month), AttainmentRow.is_monthly == 0)
        .group_by(*columns)
    )
    for sla, scope, participant, team_id, level, number in rows:
        sample = Attainment(
            sla,
            scope,
            participant,
            "",
            from_micros(0),
            team_id,
            month,
            Level(level),
            0,
            None,
            None,
            None,
            None,
            None,
            0,
        )
        yield sample, number

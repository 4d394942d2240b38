"""Queries of the periods that have standings."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from leaderboard.storage.bulk import insert_rows, update_all
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import PeriodRow


def opened_months(connection: Connection) -> dict[str, bool]:
    """Return the months that have standings, each with whether an event falls in it."""
    rows = connection.execute(select(PeriodRow.key, PeriodRow.is_eventful).where(PeriodRow.kind == "month"))
    return {key: bool(is_eventful) for key, is_eventful in rows}


def write_periods(connection: Connection, rows: Sequence[tuple[str, str, datetime, datetime, bool, bool]]) -> None:
    """Note periods as having standings: key, kind, start, end, whether they are decided, whether they have events."""
    values = [
        (key, kind, to_micros(start), to_micros(end), int(is_decided), int(is_eventful))
        for key, kind, start, end, is_decided, is_eventful in rows
    ]
    columns = ("key", "kind", "starts_at", "ends_at", "is_decided", "is_eventful")
    insert_rows(connection, PeriodRow.__tablename__, columns, values, update_all(columns, "key"))


def mark_eventful(connection: Connection, keys: Sequence[str], *, is_eventful: bool = True) -> None:
    """Note that an event falls in periods, or none any more."""
    if keys:
        connection.execute(update(PeriodRow).where(PeriodRow.key.in_(keys)).values(is_eventful=int(is_eventful)))


def forget(connection: Connection, keys: Sequence[str]) -> None:
    """Take periods away that have no standings after all."""
    connection.execute(delete(PeriodRow).where(PeriodRow.key.in_(keys)))


def undecided_months(connection: Connection, now: datetime) -> list[str]:
    """Return the months that are over and may still have monthly results pending."""
    return list(
        connection.execute(
            select(PeriodRow.key)
            .where(PeriodRow.kind == "month", PeriodRow.ends_at <= now, PeriodRow.is_decided == 0)
            .order_by(PeriodRow.key)
        ).scalars()
    )


def mark_decided(connection: Connection, months: Sequence[str]) -> None:
    """Note months whose monthly results are all decided."""
    connection.execute(update(PeriodRow).where(PeriodRow.key.in_(months)).values(is_decided=1))

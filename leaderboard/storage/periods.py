"""Queries of the periods that have standings."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from leaderboard.storage.bulk import insert_rows, update_all
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import PeriodRow


def opened_months(connection: Connection) -> set[str]:
    """Return the months that have standings."""
    return set(connection.execute(select(PeriodRow.key).where(PeriodRow.kind == "month")).scalars())


def write_periods(connection: Connection, rows: Sequence[tuple[str, str, datetime, datetime, bool]]) -> None:
    """Note periods as having standings: key, kind, start, end, and whether they are decided."""
    values = [(key, kind, to_micros(start), to_micros(end), int(done)) for key, kind, start, end, done in rows]
    columns = ("key", "kind", "starts_at", "ends_at", "is_decided")
    insert_rows(connection, PeriodRow.__tablename__, columns, values, update_all(columns, "key"))


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

"""Queries of the ledger: postings go in, and nothing ever changes (P2)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from leaderboard.domain.points import Posting
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import PointEntry

ENTRY_COLUMNS = (
    "attainment_id",
    "member_id",
    "team_id",
    "month",
    "corrects",
    "points",
    "reason",
    "posted_at",
)


def write_entries(connection: Connection, rows: Iterable[tuple[int, Posting]], now: datetime) -> None:
    """Append postings to the ledger, each with the attainment that it is for (P2)."""
    posted_at = to_micros(now)
    values = [
        (
            attainment_id,
            each.credit.participant if each.credit.scope == "member" else None,
            each.credit.team_id,
            str(each.credit.month),
            None,
            each.points,
            each.reason,
            posted_at,
        )
        for attainment_id, each in rows
    ]
    insert_rows(connection, PointEntry.__tablename__, ENTRY_COLUMNS, values)

"""Queries of the ledger: postings go in, and nothing ever changes (P2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

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
    insert_rows(connection, PointEntry.__tablename__, ENTRY_COLUMNS, [(*_row(*each), posted_at) for each in rows])


def _row(attainment_id: int, posting: Posting) -> tuple[Any, ...]:
    """Return a posting as ENTRY_COLUMNS, but for the last."""
    scope, participant, team_id, month = posting.credit
    assert month is not None
    member_id = participant if scope == "member" else None
    corrects = None if posting.corrects is None else posting.corrects.key
    return attainment_id, member_id, team_id, month.key, corrects, posting.points, posting.reason

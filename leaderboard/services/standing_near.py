"""Where a member stands and who stands beside them, and how far the next rank is (S1-S3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from leaderboard.domain.periods import Month, Period
from leaderboard.services.boards import BoardQuery, Standing, around
from leaderboard.services.rules import RuleBook
from leaderboard.storage import boards, member_results

NEIGHBOURS = 5  # rows, the member's own among them
MONTHS_BACK = 12


@dataclass(frozen=True)
class Near:
    """A member's standing in a period. mine: None where they have none; rows: theirs and those beside it.

    count: of how many. to_next: the points that are missing to draw level with those ahead; None for the first.
    """

    period: str
    is_closed: bool
    is_over: bool
    mine: Standing | None
    rows: tuple[Standing, ...]
    count: int
    to_next: int | None


def near(
    connection: Connection,
    book: RuleBook,
    period: Period,
    member_id: int,
    *,
    now: datetime,
    known: tuple[str, ...],
    size: int = NEIGHBOURS,
) -> Near:
    """Return a member's standing in a period with the rows around it, `size` at most, within the caller's snapshot.

    known: the periods that have standings.
    """
    rows, count = around(connection, book, BoardQuery(period.key, "member"), member_id, size, known)
    mine = next((each for each in rows if each.id == member_id), None)
    ahead = None
    if mine is not None and mine.rank > 1:
        ahead = boards.next_points(connection, period.key, "member", None, mine.points)
    return Near(
        period=period.key,
        is_closed=period.key in book.closed,
        is_over=book.rules.months.bounds_of(period)[1] <= now,
        mine=mine,
        rows=rows,
        count=count,
        to_next=None if mine is None or ahead is None else ahead - mine.points,
    )


def history(connection: Connection, member_id: int, month: Month) -> Sequence[tuple[str, int | None]]:
    """Return the points of the last MONTHS_BACK months up to one, oldest first; None where the member had no standing.

    Those before the first are left out.
    """
    months = [month.plus(-back).key for back in reversed(range(MONTHS_BACK))]
    points = member_results.points_by_period(connection, member_id, months)
    first = min(points, default=month.key)
    return [(key, points.get(key)) for key in months if key >= first]

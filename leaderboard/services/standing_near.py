"""Where a member stands and who stands beside them, and how far the next rank is (S1-S3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.periods import Month, Period
from leaderboard.domain.standings import ranks_of
from leaderboard.services.rules import RuleBook
from leaderboard.storage import boards, member_results

NEIGHBOURS = 5  # rows, the member's own among them
MONTHS_BACK = 12


@dataclass(frozen=True)
class Place:
    """A member's standing in a period. rank: None where they have none; count: of how many.

    movement: places up since the period before (S3), None if not ranked then. to_next: the points that are missing to
    draw level with those ahead; None for the first. ahead: how many stand before them, those who tie too.
    """

    period: str
    rank: int | None = None
    count: int = 0
    points: int = 0
    movement: int | None = None
    to_next: int | None = None
    ahead: int = 0


@dataclass(frozen=True)
class Neighbour:
    """Somebody who stands near."""

    rank: int
    id: int
    name: str
    points: int


def places(connection: Connection, book: RuleBook, member_id: int, periods: Sequence[Period]) -> list[Place]:
    """Return a member's standings in some periods, in their order; one statement."""
    found = boards.places_of(connection, member_id, {each.key: each.previous.key for each in periods})
    return [
        _place(each.key, found[each.key]) if each.key in found else _at_start(book, member_id, each) for each in periods
    ]


def all_at_start(book: RuleBook, member_id: int, period: Period) -> int:
    """Return how many share the first rank with a member while a period has no points yet (S2).

    0 if it has, or if they are not active in it.
    """
    if any(month.key in book.opened for month in period.months):
        return 0
    active = book.rules.membership.active_in(period)
    return len(active) if member_id in active else 0


def _at_start(book: RuleBook, member_id: int, period: Period) -> Place:
    count = all_at_start(book, member_id, period)
    return Place(period.key, 1 if count else None, count)


def _place(period: str, row: Any) -> Place:
    movement = None if row.points_before is None else row.above_before - row.above
    to_next = None if row.next_points is None else row.next_points - row.points
    return Place(period, 1 + row.above, row.count, row.points, movement, to_next, row.ahead)


def neighbours(connection: Connection, place: Place, size: int = NEIGHBOURS) -> list[Neighbour]:
    """Return the rows around a member's place, `size` at most, theirs in the middle as far as the board goes on.

    Two statements; none where they do not stand.
    """
    if place.rank is None:
        return []
    board = (place.period, "member", None)
    offset = max(0, min(place.ahead - size // 2, place.count - size))
    rows = boards.page_of_totals(connection, *board, offset, size)
    first = 1 + boards.count_above(connection, *board, rows[0].points) if rows else 1
    ranks = ranks_of([row.points for row in rows], first, offset + 1)
    return [Neighbour(rank, row.participant_id, row.name, row.points) for rank, row in zip(ranks, rows, strict=True)]


def history(connection: Connection, member_id: int, month: Month) -> Sequence[tuple[str, int | None]]:
    """Return the points of the last MONTHS_BACK months up to one, oldest first; None where the member had no standing.

    Those before the first are left out.
    """
    months = [month.plus(-back).key for back in reversed(range(MONTHS_BACK))]
    points = member_results.points_by_period(connection, member_id, months)
    first = min(points, default=month.key)
    return [(key, points.get(key)) for key in months if key >= first]

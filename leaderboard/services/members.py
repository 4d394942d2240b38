"""A member's page: where they stand, and what they have beside what they earned: badges, adjustments, corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.periods import Month, Period, month_of_key
from leaderboard.services.adjusting import Adjustment, adjustments_of
from leaderboard.services.badge_reading import BadgeGroup, badges_of_member, badges_of_team, grouped
from leaderboard.services.corrections import ShownCorrection, corrections_of
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.standing_near import all_at_start
from leaderboard.storage import boards
from leaderboard.storage.database import begin_snapshot


@dataclass(frozen=True)
class Place:
    """Where a member stands in a period, of so many. rank: None where they do not.

    is_closed: the standings are final (P5).
    """

    period: str
    is_closed: bool
    is_over: bool
    rank: int | None
    count: int
    points: int
    met: int
    exceeded: int
    missed: int


@dataclass(frozen=True)
class MemberPage:
    """A member in a month and its quarter. team, side: that they were last in by then, None if in none.

    previous, next: the months beside it, None where there is nothing to see.
    team_badges: those of the team. adjustments, corrections: of the quarter's months.
    """

    id: int
    name: str
    team: str | None
    side: str | None
    month: Place
    quarter: Place
    previous: str | None
    next: str | None
    badges: Sequence[BadgeGroup]
    team_badges: Sequence[BadgeGroup]
    adjustments: Sequence[Adjustment]
    corrections: Sequence[ShownCorrection]


def read_member(session: Session, member_id: int, period: Period | None = None, *, now: datetime) -> MemberPage | None:
    """Return a member's page; None if there is no such member.

    period: a month, or a quarter of which the last month that has begun is shown; None: the present month.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    if member_id not in book.members:
        return None
    present = book.rules.months.month_of(now)
    month = _month_of(period or present, present)
    team_id = book.rules.membership.last_team_in(member_id, month)
    team = None if team_id is None else book.rules.teams[team_id]
    first = min(map(month_of_key, book.opened), default=present)
    return MemberPage(
        id=member_id,
        name=book.members[member_id][1],
        team=team and team.name,
        side=team and team.side,
        month=_place(connection, book, month, member_id, now),
        quarter=_place(connection, book, month.quarter, member_id, now),
        previous=month.previous.key if month > first else None,
        next=month.next.key if month < present else None,
        badges=grouped(badges_of_member(session, member_id)),
        team_badges=[] if team_id is None else grouped(badges_of_team(session, team_id)),
        adjustments=adjustments_of(session, member_id, month.quarter.months, rules_version=book.version),
        corrections=corrections_of(session, member_id, month.quarter.months, rules_version=book.version),
    )


def _month_of(period: Period, present: Month) -> Month:
    begun = [month for month in period.months if month <= present]
    return (begun or period.months)[-1]


def _place(connection: Connection, book: RuleBook, period: Period, member_id: int, now: datetime) -> Place:
    row = boards.total_of(connection, period.key, "member", member_id)
    count, _ = boards.count_totals(connection, period.key, "member", None)
    if row is None:
        count = all_at_start(book, member_id, period)
        rank = 1 if count else None
    else:
        rank = 1 + boards.count_above(connection, period.key, "member", None, row.points)
    return Place(
        period=period.key,
        is_closed=period.key in book.closed,
        is_over=book.rules.months.bounds_of(period)[1] <= now,
        rank=rank,
        count=count,
        points=row.points if row else 0,
        met=row.met if row else 0,
        exceeded=row.exceeded if row else 0,
        missed=row.missed if row else 0,
    )

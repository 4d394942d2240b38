"""A member's own page: where they stand, what to do now, the course of the month, badges, and what became of it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.services.badge_reading import BadgeGroup, MemberBadges, grouped, progress_of_member
from leaderboard.services.courses import SlaCourse, courses_of
from leaderboard.services.next_due import ToDo, to_do
from leaderboard.services.questions import Question, questions_of
from leaderboard.services.results import Entry, list_entries
from leaderboard.services.rules import rule_book
from leaderboard.services.standing_near import Neighbour, Place, history, neighbours, places
from leaderboard.storage.database import begin_snapshot

LATEST_ENTRIES = 5
LATEST_QUESTIONS = 3


@dataclass(frozen=True)
class Now:
    """What changes through the day. team: that they are last in this month, None if in none."""

    id: int
    name: str
    team: str | None
    month: Place
    quarter: Place
    neighbours: Sequence[Neighbour]
    to_do: ToDo
    read_at: datetime


@dataclass(frozen=True)
class OwnPage:
    """All of a member's own page. earned: equal badges together; history: points by month, None without standing."""

    now: Now
    courses: Sequence[SlaCourse]
    badges: MemberBadges
    earned: Sequence[BadgeGroup]
    history: Sequence[tuple[str, int | None]]
    entries: Sequence[Entry]
    questions: Sequence[Question]


def read_now(session: Session, member_id: int, *, now: datetime) -> Now | None:
    """Return what changes through the day on a member's own page, as one moment holds it; None if nobody is that."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    if member_id not in book.members:
        return None
    month = book.rules.months.month_of(now)
    in_month, in_quarter = places(connection, book, member_id, (month, month.quarter))
    team_id = book.rules.membership.team_in(member_id, month)
    return Now(
        id=member_id,
        name=book.members[member_id][1],
        team=None if team_id is None else book.rules.teams[team_id].name,
        month=in_month,
        quarter=in_quarter,
        neighbours=neighbours(connection, in_month),
        to_do=to_do(connection, book, member_id, now=now),
        read_at=now,
    )


def read_own(session: Session, member_id: int, *, now: datetime) -> OwnPage | None:
    """Return a member's own page, as one moment holds it; None if there is no such member."""
    found = read_now(session, member_id, now=now)
    if found is None:
        return None
    connection = session.connection()
    book = rule_book(connection)
    month = book.rules.months.month_of(now)
    badges = progress_of_member(session, member_id, now=now, rules_version=book.version)
    return OwnPage(
        now=found,
        courses=courses_of(connection, book, member_id, month, found.to_do.waiting),
        badges=badges,
        earned=grouped(badges.badges),
        history=history(connection, member_id, month),
        entries=list_entries(session, member_id, month, page_size=LATEST_ENTRIES)[0],
        questions=questions_of(session, member_id, page_size=LATEST_QUESTIONS)[0],
    )

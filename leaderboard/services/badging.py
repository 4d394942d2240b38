"""Badges: awarded at once while a month is open, settled when it is closed, and never changed after that (G1, G2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.badge_changes import StoredBadge, badge_changes
from leaderboard.domain.badge_standings import MonthScore, month_of_scores, winners
from leaderboard.domain.badges import (
    LIVE,
    MONTHLY,
    QUARTERLY,
    Badge,
    Decided,
    Kinds,
    Run,
    fastest_response,
    month_of_member,
    once,
)
from leaderboard.domain.closing import last_closed_before
from leaderboard.domain.periods import Month, Quarter
from leaderboard.domain.standings import average
from leaderboard.services.announcing import FRESH, announce_badges, fresh_since
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import badge_grounds, badges, displays
from leaderboard.storage.bulk import roomy
from leaderboard.storage.database import all_or_nothing

MEMBERS_A_CHUNK = 400
NEVER = "9999-13"  # after every month
Voids = Mapping[int, Sequence[datetime]]


class Winners(NamedTuple):
    """The names of those who were first in a month, by name, and the badges that say so."""

    reps: tuple[str, ...]
    teams: tuple[str, ...]
    badges: tuple[Badge, ...]


class Earned(NamedTuple):
    """The badges that some members' attainments earn, and when what is void now had been decided, by member."""

    members: list[int]
    badges: list[Badge]
    voids: dict[int, list[datetime]]


class MonthPass:
    """One pass over a month's attainments, a member at a time. runs: as they were before, then as they are after it."""

    def __init__(self, kinds: Kinds, month: str, runs: dict[int, Run]) -> None:
        self.kinds = kinds
        self.month = month
        self.runs = runs
        self.fastest: list[Decided] = []

    def earned(self, rows: Iterable[Decided], most: int = MEMBERS_A_CHUNK) -> Iterator[Earned]:
        """Yield what so many members at most have earned at a time; rows: in the order of badge_grounds."""
        found = Earned([], [], {})
        for member, theirs in groupby(rows, key=attrgetter("member")):
            month = month_of_member(theirs, self.runs.get(member, Run()), self.kinds, self.month)
            self.runs[member] = month.run
            if month.fastest is not None:
                self.fastest.append(month.fastest)
            found.members.append(member)
            found.badges.extend(month.badges)
            if month.voids:
                found.voids[member] = month.voids
            if len(found.members) == most:
                yield found
                found = Earned([], [], {})
        yield found


def kinds_of(book: RuleBook) -> Kinds:
    """Return the kind of measure of each SLA, by agreement version."""
    return {
        (version.id, sla.key): sla.measure.kind for version in book.rules.versions for sla in version.agreement.slas
    }


def award_month_badges(connection: Connection, book: RuleBook, month: Month, *, now: datetime) -> Winners:
    """Settle all badges of a month that is being closed, and return who was first in it (M1, G1, G2).

    Within the close's transaction: the totals are final, and the month has no `closing` row yet.
    """
    before = last_closed_before(month.key, book.closed)
    found = MonthPass(kinds_of(book), month.key, badges.runs_at(connection, before))
    stored: dict[int, list[StoredBadge]] = {}
    for each in badges.badges_in(connection, month.key, LIVE):
        stored.setdefault(each.badge.participant, []).append(each)
    with roomy(connection):
        for earned in found.earned(badge_grounds.decided_in(connection, month.key)):
            theirs = [each for member in earned.members for each in stored.pop(member, ())]
            _settle(connection, theirs, earned.badges, earned.voids, now)
    _settle(connection, [each for left in stored.values() for each in left], [], {}, now)
    badges.write_runs(connection, month.key, found.runs)
    start, ends_at = book.rules.months.bounds(month)
    closing = closing_badges(connection, book, month, ends_at, found.fastest, book.closed)
    since = fresh_since(start, ends_at, now=now)
    _settle(connection, badges.badges_in(connection, month.key, MONTHLY), closing, {}, now, since)
    badges.free_occasions(connection, month.key)
    return _winners(book, closing)


def award_quarter_badges(connection: Connection, book: RuleBook, quarter: Quarter, *, now: datetime) -> Winners:
    """Award the team of the quarter when the quarter is being closed, and return its name, or theirs who tie (M2).

    Within the close's transaction: its months are closed, and the quarter has no `closing` row yet.
    """
    start, ends_at = book.rules.months.bounds_of(quarter)
    found = first_teams(connection, book, quarter, ends_at, book.rules.organisation.quarter_winner_by)
    since = fresh_since(start, ends_at, now=now)
    _settle(connection, badges.badges_in(connection, quarter.key, QUARTERLY), found, {}, now, since)
    badges.free_occasions(connection, quarter.key)
    return _winners(book, found)


def closing_badges(
    connection: Connection,
    book: RuleBook,
    month: Month,
    ends_at: datetime,
    fastest: Sequence[Decided],
    closed: Set[str],
) -> list[Badge]:
    """Return the badges that a month gives only when it is over.

    fastest: each member's fastest response. closed: the periods that were closed when the month was: what came in
    later about the months before it does not count.
    """
    scores = badge_grounds.scores_of_members(connection, month.key)
    before = month.previous
    earlier = badges.exceeded_before(connection, sorted({before.key, before.previous.key} & closed))
    points_before = badge_grounds.points_of_members(connection, before.key) if before.key in closed else {}
    return [
        *month_of_scores(scores, points_before, earlier, month, ends_at),
        *fastest_response(fastest, month.key),
        *winners("rep-of-the-month", "member", month, ends_at, map(_as_rep, scores)),
        *first_teams(connection, book, month, ends_at, "total"),
    ]


def _as_rep(score: MonthScore) -> tuple[int, str, int, dict[str, int]]:
    return score.points, score.name, score.participant, {"points": score.points}


def first_teams(
    connection: Connection, book: RuleBook, period: Month | Quarter, ends_at: datetime, by: str
) -> list[Badge]:
    """Return the badge of each team that is first; only teams that had a member in the period compete.

    by: total or average, which of the two decides (P4).
    """
    members_of = book.rules.membership.members_of(period)
    standings = []
    for score in badge_grounds.scores_of_teams(connection, period.key):
        members = len(members_of.get(score.participant, ())) if score.members is None else score.members
        ground = {"points": score.points, "members": members, "by": by}
        counted = average(score.points, members) if by == "average" else score.points
        if members:
            standings.append((counted, score.name, score.participant, ground))
    return winners(f"team-of-the-{period.kind}", "team", period, ends_at, standings)


def _winners(book: RuleBook, found: Sequence[Badge]) -> Winners:
    reps = [each for each in found if each.key == "rep-of-the-month"]
    teams = [each for each in found if each.scope == "team"]
    return Winners(
        tuple(book.members[each.participant][1] for each in reps),
        tuple(book.rules.teams[each.participant].name for each in teams),
        (*reps, *teams),
    )


def refresh_badges(session: Session, *, now: datetime) -> int:
    """Award and withdraw the badges of open months that are earned at once, and return how many changed (G2).

    Looks at the members who have rows in the ledger since the last time. One writing transaction; none while the
    ledger stands still.
    """
    done, newest = badges.followed(session.connection())
    if done == newest:
        return 0
    with all_or_nothing(session):
        connection = session.connection()
        done, newest = badges.followed(connection)
        book = rule_book(connection)
        months = badges.open_months(connection)
        changed = 0
        for members in chunks(badges.members_beyond(connection, done)):
            found = live_badges(connection, book, months, members)
            changed += _settle(connection, badges.open_live_badges(connection, members), found.badges, found.voids, now)
        badges.follow_to(connection, newest)
        if changed:
            displays.raise_screens_version(connection)
        return changed


def chunks(members: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield some members at a time."""
    return (members[start : start + MEMBERS_A_CHUNK] for start in range(0, len(members), MEMBERS_A_CHUNK))


def live_badges(connection: Connection, book: RuleBook, months: Sequence[str], members: Sequence[int]) -> Earned:
    """Return what the attainments of some members earn in months that are open, oldest first."""
    return live_pass(connection, book, months, members)[0]


def live_pass(
    connection: Connection, book: RuleBook, months: Sequence[str], members: Sequence[int]
) -> tuple[Earned, dict[int, Run]]:
    """As live_badges, with the runs as they are now.

    The runs that a month was closed with go on in the open ones after it, up to the next closed one.
    """
    kinds = kinds_of(book)
    before = {month: last_closed_before(month, book.closed) for month in [*months, NEVER]}
    closed = [month for month in set(before.values()) if month is not None]
    runs_after: dict[str | None, dict[int, Run]] = {None: {}}
    runs_after.update(badges.runs_of(connection, closed, members))
    found = Earned(list(members), [], {})
    rows = badge_grounds.decided_of(connection, months, members) if months else ()
    for month, theirs in groupby(rows, key=lambda row: row[0]):
        for earned in MonthPass(kinds, month, runs_after[before[month]]).earned(row for _, row in theirs):
            found.badges.extend(earned.badges)
            for member, voids in earned.voids.items():
                found.voids.setdefault(member, []).extend(voids)
    return found, runs_after[before[NEVER]]


def _settle(
    connection: Connection,
    stored: Iterable[StoredBadge],
    now: Sequence[Badge],
    voids: Voids,
    at: datetime,
    since: datetime | None = None,
) -> int:
    """Make what is stored of open periods what it is now, and return how many badges that changed.

    New ones are announced if they were earned since an instant; None: in the last two days.
    An occasion that a closed period has recognised is taken; what a later open one has moves to where it belongs.
    """
    ours = {each.id: each for each in stored}
    known = {each.badge.identity for each in ours.values()}
    elsewhere = [badge.identity for badge in once(now, known)]
    taken = []
    for each, is_closed in badges.badges_named(connection, elsewhere):
        if is_closed:
            taken.append(each.badge.identity)
        else:
            ours[each.id] = each
    changes = badge_changes(ours.values(), once(now, taken), voids)
    badges.write_changes(connection, changes, at)
    announce_badges(connection, changes.award, since or at - FRESH, now=at)
    return changes.total

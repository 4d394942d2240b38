"""Verifying badges: works them out again from the attainments and says where the stored ones differ (G1, G2)."""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime

from sqlalchemy import Connection

from leaderboard.domain.badge_changes import StoredBadge
from leaderboard.domain.badges import IN_A_ROW, LIVE, MONTHLY, QUARTERLY, Badge, BadgeIdentity, Run, once
from leaderboard.domain.closing import last_closed_before
from leaderboard.domain.periods import Month, Quarter, parse_period
from leaderboard.services.badging import MonthPass, chunks, closing_badges, first_teams, kinds_of, live_pass
from leaderboard.services.compared import row_differences
from leaderboard.services.rules import RuleBook
from leaderboard.storage import badge_grounds, badges
from leaderboard.storage.badge_grounds import Silent
from leaderboard.storage.badges import Closed


def badge_differences(connection: Connection, book: RuleBook, *, now: datetime) -> Iterator[str]:
    """Yield one sentence for each badge, and each run, that is not what the attainments and totals say.

    A closed month is taken as it was when it was closed. In an open one only those earned at once are looked for,
    and only of members whom the last refresh has seen since their latest points; what may have changed without
    points, such as a level that earns none, is not held against it: the close settles that. Keeps a month's badges
    and runs in memory, not its attainments.
    """
    del now  # what is stored says how far badges have come
    earlier: set[str] = set()
    for closed in badges.closed_periods(connection):
        period = parse_period(closed.period)
        if isinstance(period, Month):
            yield from _month_differences(connection, book, period, closed, earlier)
        else:
            yield from _quarter_differences(connection, book, period, closed)
        earlier.add(closed.period)
    yield from _open_differences(connection, book)


def _month_differences(
    connection: Connection, book: RuleBook, month: Month, closed: Closed, earlier: Set[str]
) -> Iterator[str]:
    """Compare a closed month's badges; earlier: the periods that had been closed before it."""
    before = last_closed_before(month.key, earlier)
    found = MonthPass(kinds_of(book), month.key, badges.runs_at(connection, before))
    stored: dict[int, list[Badge]] = {}
    for badge in _standing(badges.badges_in(connection, month.key, LIVE)):
        stored.setdefault(badge.participant, []).append(badge)
    for earned in found.earned(badge_grounds.decided_by_close(connection, month.key)):
        theirs = [badge for member in earned.members for badge in stored.pop(member, ())]
        yield from _compare(theirs, once(earned.badges, _taken_before(connection, earlier, earned.badges)))
    yield from _compare([badge for left in stored.values() for badge in left], [])
    expected = closing_badges(connection, book, month, closed.ends_at, found.fastest, earlier)
    yield from _compare(_standing(badges.badges_in(connection, month.key, MONTHLY)), expected)
    yield from _run_differences(month.key, badges.runs_at(connection, month.key), found.runs)


def _taken_before(connection: Connection, earlier: Set[str], found: Iterable[Badge]) -> set[BadgeIdentity]:
    """Return the occasions of a month's badges that a period closed earlier has recognised."""
    named = badges.badges_named(connection, [badge.identity for badge in once(found)])
    return {each.badge.identity for each, _ in named if each.badge.period in earlier}


def _run_differences(month: str, stored: dict[int, Run], expected: dict[int, Run]) -> Iterator[str]:
    for member in sorted(stored.keys() | expected.keys()):
        found, run = stored.get(member, Run()), expected.get(member, Run())
        if found != run:
            yield (
                f"badge run of member {member} in {month}: stored {found.length} since {found.began or 'never'}, "
                f"expected {run.length} since {run.began or 'never'}."
            )


def _quarter_differences(connection: Connection, book: RuleBook, quarter: Quarter, closed: Closed) -> Iterator[str]:
    stored = list(_standing(badges.badges_in(connection, quarter.key, QUARTERLY)))
    # Which of the two decided it was the setting of its time.
    decided_by = {str(badge.ground.get("by")) for badge in stored}
    by = decided_by.pop() if len(decided_by) == 1 else book.rules.organisation.quarter_winner_by
    yield from _compare(stored, first_teams(connection, book, quarter, closed.ends_at, by))


def _open_differences(connection: Connection, book: RuleBook) -> Iterator[str]:
    months = badges.open_months(connection)
    unseen = set(badges.members_beyond(connection, badges.followed(connection)[0]))
    silent = badge_grounds.silent_members(connection, months)
    yield from _compare(_standing(badges.badges_ahead(connection)), [])
    for members in chunks(sorted(book.members.keys() - unseen)):
        earned, _ = live_pass(connection, book, months, members)
        taken = {
            each.badge.identity
            for each, is_closed in badges.badges_named(connection, [badge.identity for badge in once(earned.badges)])
            if is_closed
        }
        stored = _standing(badges.open_live_badges(connection, members))
        yield from _compare_open(list(stored), once(earned.badges, taken), silent)


def _compare_open(stored: Sequence[Badge], expected: Sequence[Badge], silent: Silent) -> Iterator[str]:
    """Compare but for what may have changed without points: the ground of each, the runs or all badges of some."""

    def held_against(badge: Badge) -> bool:
        if badge.key in IN_A_ROW.values():
            return badge.participant not in silent.ending
        return badge.participant not in silent.reaching

    alike = {badge.identity: badge for badge in expected}
    yield from _compare(
        [alike.get(badge.identity, badge) for badge in stored if held_against(badge)],
        [badge for badge in expected if held_against(badge)],
    )


def _standing(stored: Iterable[StoredBadge]) -> Iterator[Badge]:
    return (each.badge for each in stored if each.is_standing)


def _compare(stored: Iterable[Badge], expected: Iterable[Badge]) -> Iterator[str]:
    return row_differences("badge", stored, expected, _name, lambda each: f"standing on {dict(each.ground)}")


def _name(badge: Badge) -> str:
    return f"{badge.key} of {badge.scope} {badge.participant} in {badge.period}"

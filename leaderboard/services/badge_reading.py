"""Reading badges: a member's, a period's, and how far a member is towards the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.badge_changes import Progress, progress
from leaderboard.domain.badge_standings import exceeded_months
from leaderboard.domain.badges import Run
from leaderboard.services.badging import live_pass
from leaderboard.services.rules import rule_book
from leaderboard.storage import badge_grounds, badges
from leaderboard.storage.badges import ShownBadge


class MemberBadges(NamedTuple):
    """A member's badges, newest first, the withdrawn ones too, each with why; and how far the next ones are.

    team: those of the team that they belong to, if they do. in_a_row: how many in time in a row they have now.
    """

    badges: Sequence[ShownBadge]
    team: Sequence[ShownBadge]
    progress: Sequence[Progress]
    in_a_row: int


@dataclass(frozen=True)
class BadgeGroup:
    """Equal badges of one participant, newest first; a withdrawn one is alone."""

    badges: Sequence[ShownBadge]

    @property
    def latest(self) -> ShownBadge:
        """The newest of them."""
        return self.badges[0]

    @property
    def times(self) -> int:
        """How many there are."""
        return len(self.badges)

    @property
    def withdrawn_because(self) -> str | None:
        """Why it does not stand; None if it does."""
        return self.latest.withdrawn_because


def grouped(badges: Iterable[ShownBadge]) -> list[BadgeGroup]:
    """Return badges, newest first, as groups of equal ones; a group stands where the newest of it stood."""
    found: dict[object, list[ShownBadge]] = {}
    for badge in badges:
        found.setdefault(badge.id if badge.withdrawn_because else badge.key, []).append(badge)
    return [BadgeGroup(each) for each in found.values()]


def badges_of_member(session: Session, member_id: int) -> list[ShownBadge]:
    """Return a member's badges, newest first, also those that were withdrawn, each with why (G2). One query."""
    return badges.badges_of(session.connection(), "member", member_id)


def badges_of_team(session: Session, team_id: int) -> list[ShownBadge]:
    """Return a team's badges, newest first, as badges_of_member does. One query."""
    return badges.badges_of(session.connection(), "team", team_id)


def progress_of_member(
    session: Session, member_id: int, *, now: datetime, rules_version: int | None = None
) -> MemberBadges:
    """Return a member's badges and how far they are towards the next; eight queries at most.

    Refused while there is no organisation.
    """
    connection = session.connection()
    book = rule_book(connection, rules_version)
    month = book.rules.months.month_of(now)
    theirs = badges.badges_of(connection, "member", member_id)
    team_id = book.rules.membership.team_at(member_id, now)
    _, runs = live_pass(connection, book, badges.open_months(connection), [member_id])
    held = {each.key for each in theirs if each.withdrawn_because is None}
    earlier = {(each.period, each.key) for each in theirs if each.withdrawn_because is None}
    levels = badge_grounds.levels_of(connection, month.key, member_id)
    run = runs.get(member_id, Run())
    found = progress(run, held, exceeded_months(earlier, month), levels)
    of_team = [] if team_id is None else badges.badges_of(connection, "team", team_id)
    return MemberBadges(theirs, of_team, found, run.length)

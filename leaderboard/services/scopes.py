"""Which teams somebody may look into: a manager their own, an administrator all, a rep none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.periods import Month
from leaderboard.domain.rules import Rules
from leaderboard.services.rules import rule_book
from leaderboard.storage import accounts


@dataclass(frozen=True)
class Scope:
    """The teams that somebody answers for. is_all: every team, also those to come; then team_ids says nothing."""

    is_all: bool
    team_ids: frozenset[int] = frozenset()

    def sees_team(self, team_id: int | None) -> bool:
        """Tell whether they may see what a team was credited with; what no team was credited with only those of all."""
        return self.is_all or (team_id is not None and team_id in self.team_ids)

    def sees_member(self, rules: Rules, member_id: int, month: Month) -> bool:
        """Tell whether they may see all of a member in a month, as managers of the team that the member was last in."""
        return self.is_all or self.sees_team(rules.membership.last_team_in(member_id, month))

    def within(self, team_ids: Iterable[int]) -> list[int]:
        """Return those of some teams that they may see, in their order."""
        return [team_id for team_id in team_ids if self.sees_team(team_id)]


EVERYTHING = Scope(is_all=True)
NOTHING = Scope(is_all=False)


def scope_of(session: Session, user_id: int, *, now: datetime) -> Scope:
    """Return what a user may look into today.

    A manager answers for the team that they belong to and those that an administrator gave them, or for all where the
    account says so, or where it says nothing and belongs to no member. One statement, beside those of the rules.
    """
    connection = session.connection()
    rows = accounts.teams_answered_for(connection, user_id)
    if not rows or rows[0].role == "rep" or not rows[0].is_active:
        return NOTHING
    if rows[0].role == "admin" or (rows[0].teams_seen or ("own" if rows[0].member_id else "all")) == "all":
        return EVERYTHING
    team_ids = {row.team_id for row in rows if row.team_id is not None}
    if rows[0].member_id is not None:
        own = rule_book(connection).rules.membership.team_at(rows[0].member_id, now)
        team_ids |= set() if own is None else {own}
    return Scope(is_all=False, team_ids=frozenset(team_ids))

"""Which teams somebody may look into: a manager their own, an administrator all, a rep none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from leaderboard.domain.periods import Period
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

    def sees_member(self, rules: Rules, member_id: int, period: Period) -> bool:
        """Tell whether they may see all of a member in a period.

        For a month as managers of the team that the member was last in; for a quarter if so in each of its months.
        """
        last_team_in = rules.membership.last_team_in
        return self.is_all or all(self.sees_team(last_team_in(member_id, month)) for month in period.months)

    @property
    def teams(self) -> frozenset[int] | None:
        """The teams as queries take them; None: all."""
        return None if self.is_all else self.team_ids

    def within(self, team_ids: Iterable[int]) -> list[int]:
        """Return those of some teams that they may see, in their order."""
        return [team_id for team_id in team_ids if self.sees_team(team_id)]


EVERYTHING = Scope(is_all=True)
NOTHING = Scope(is_all=False)


class Reach(StrEnum):
    """How far somebody sees without asking which teams: all of them, some of their own, or none."""

    ALL = "all"
    OWN = "own"
    NONE = "none"


def reach_of(role: str, teams_seen: str | None, member_id: int | None) -> Reach:
    """Return how far an account sees; teams_seen: what an administrator said of it, None for what goes without saying.

    A manager answers for their own teams, or for all where the account belongs to no member.
    """
    if role == "rep":
        return Reach.NONE
    return Reach.ALL if role == "admin" else Reach(teams_seen or ("own" if member_id is not None else "all"))


def scope_of(session: Session, user_id: int, *, now: datetime, rules_version: int | None = None) -> Scope:
    """Return what a user may look into today, as reach_of says; one statement, beside those of the rules.

    A manager's own teams are the one that they belong to and those that an administrator gave them. rules_version: the
    current one where the caller has just read it.
    """
    connection = session.connection()
    rows = accounts.teams_answered_for(connection, user_id)
    if not rows or not rows[0].is_active:
        return NOTHING
    reach = reach_of(rows[0].role, rows[0].teams_seen, rows[0].member_id)
    if reach is not Reach.OWN:
        return EVERYTHING if reach is Reach.ALL else NOTHING
    team_ids = {row.team_id for row in rows if row.team_id is not None}
    if rows[0].member_id is not None:
        own = rule_book(connection, rules_version).rules.membership.team_at(rows[0].member_id, now)
        team_ids |= set() if own is None else {own}
    return Scope(is_all=False, team_ids=frozenset(team_ids))

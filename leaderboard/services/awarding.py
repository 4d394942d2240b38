"""Awarding: who won what in a period, and the proposal of it to the managers (M2, B1-B5)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.agreement import BonusProgramme
from leaderboard.domain.bonuses import Contender, Share, Sharer, Status, Win, programmes_of, shares, winners
from leaderboard.domain.periods import Period
from leaderboard.services.rules import RuleBook
from leaderboard.storage import awards
from leaderboard.storage.database import to_micros

Won = tuple[BonusProgramme, str, Win]


@dataclass(frozen=True)
class Belonging:
    """Who belonged where in a period: what sharing rests on; who competes is noted in the totals.

    teams: the members of each team, who share; names: of members.
    quarter_by: total or average, which decides a quarter between teams (P4).
    """

    teams: Mapping[int, Collection[int]]
    names: Mapping[int, str]
    quarter_by: str


@dataclass(frozen=True)
class Proposal:
    """One win and how it is divided. side: the winner's; by: what the rank rests on, total or average."""

    programme: BonusProgramme
    version_id: int
    win: Win
    side: str | None
    by: str
    shares: Sequence[Share]

    @property
    def key(self) -> awards.Key:
        """Programme, scope and participant."""
        return self.programme.key, self.programme.participant, self.win.winner.id


def propose_awards(connection: Connection, book: RuleBook, period: Period, *, now: datetime) -> int:
    """Propose the bonuses of a period that is being closed, and return how many awards that is (M2).

    The totals of the period are final; the caller's transaction writes its closing row afterwards. Each award
    can be decided on once the organisation's question window is over.
    """
    proposed = list(proposals(connection, book, period, belonging(book, period)))
    if not proposed:
        return 0
    window = timedelta(days=book.rules.organisation.question_days)
    moments = (to_micros(now), to_micros(now + window), Status.PROPOSED.value)
    currency = book.rules.organisation.currency
    awards.insert_awards(connection, [(*_award_row(each, str(period), currency), *moments) for each in proposed])
    ids = awards.ids_in(connection, str(period))
    awards.insert_shares(connection, [row for each in proposed for row in _share_rows(ids[each.key], each.shares)])
    return len(proposed)


def belonging(book: RuleBook, period: Period) -> Belonging:
    """Return who belongs where in a period as the people are now."""
    membership = book.rules.membership
    return Belonging(
        teams=membership.members_of(period),
        names={member_id: name for member_id, (_, name) in book.members.items()},
        quarter_by=book.rules.organisation.quarter_winner_by,
    )


def proposals(connection: Connection, book: RuleBook, period: Period, people: Belonging) -> Iterator[Proposal]:
    """Yield what is won in a period, by programme, place and name; the totals say who has how many points."""
    version, programmes = programmes_of(book.rules, period)
    if version is None:
        return
    standings = {
        scope: awards.contenders(connection, str(period), scope)
        for scope in sorted({programme.participant for programme in programmes})
    }
    won = wins_of(programmes, standings, people.quarter_by)
    sides = {(scope, row.participant_id): row.side for scope, rows in standings.items() for row in rows}
    points = _points_for_teams(connection, period, people, won)
    for programme, by, win in won:
        side = sides[programme.participant, win.winner.id]
        divided = shares(win.amount_minor, _sharers(programme, win, people, points), programme.divide)
        yield Proposal(programme, version.id, win, side, by, divided)


def wins_of(programmes: Sequence[BonusProgramme], standings: Mapping[str, Sequence[Any]], quarter_by: str) -> list[Won]:
    """Return what is won in programmes, each win with its programme and what its rank rests on.

    standings: of those who can win, by scope: rows with participant_id, name, side, points and members.
    """
    won = []
    for programme in programmes:
        by = ranked_by(programme, quarter_by)
        competing = _competing(programme, standings[programme.participant])
        won += [(programme, by, win) for win in winners(programme, competing, by)]
    return won


def ranked_by(programme: BonusProgramme, quarter_by: str) -> str:
    """Return what decides a programme: the average at most for teams in a quarter (P4)."""
    return quarter_by if programme.period == "quarter" and programme.participant == "team" else "total"


def _competing(programme: BonusProgramme, rows: Sequence[Any]) -> Iterator[Contender]:
    for row in rows:
        if programme.side in (None, row.side):
            members = row.members if programme.participant == "team" else None
            yield Contender(row.participant_id, row.name, row.points, members)


def _points_for_teams(
    connection: Connection, period: Period, people: Belonging, won: Sequence[Won]
) -> Mapping[tuple[int, int], int]:
    """Return what the members of the teams that won earned for them, where awards are divided by that (B3)."""
    teams = {win.winner.id for programme, _, win in won if _goes_by_points(programme)}
    members = sorted({member for team in teams for member in people.teams.get(team, ())})
    found = awards.team_points(connection, teams, members, [str(month) for month in period.months])
    return defaultdict(int, found)


def _goes_by_points(programme: BonusProgramme) -> bool:
    return programme.participant == "team" and programme.divide == "by_points"


def _sharers(
    programme: BonusProgramme, win: Win, people: Belonging, points: Mapping[tuple[int, int], int]
) -> Iterator[Sharer]:
    """Yield who shares in a win: a member alone, or all who were in the team at some time in the period (B3)."""
    winner = win.winner
    if programme.participant == "member":
        yield Sharer(winner.id, people.names[winner.id])
        return
    for member_id in people.teams.get(winner.id, ()):
        yield Sharer(member_id, people.names[member_id], points[winner.id, member_id])


def _award_row(each: Proposal, period: str, currency: str) -> tuple[Any, ...]:
    """Return an award as AWARD_COLUMNS, but for the last three."""
    win = each.win
    return (
        period,
        each.programme.key,
        each.version_id,
        win.place,
        win.sharers,
        each.programme.participant,
        win.winner.id,
        win.winner.name,
        each.side,
        win.winner.points,
        win.winner.members if each.by == "average" else None,
        win.amount_minor,
        currency,
        win.prize,
    )


def _share_rows(award_id: int, divided: Sequence[Share]) -> Iterator[tuple[Any, ...]]:
    for each in divided:
        yield award_id, each.member_id, each.name, each.weight, each.amount_minor, int(each.has_remainder)

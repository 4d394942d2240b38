"""The report of a month for those above: how it went in sentences, figures and standings, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.compliance import Counts
from leaderboard.domain.standings import ranked
from leaderboard.services.compliance import Compliance, compliance_in
from leaderboard.services.figures import Asked, Figure, teams_asked
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import boards, closings
from leaderboard.storage import compliance as tallies
from leaderboard.storage.database import begin_snapshot

MOST_BEST, MOST_WORST = 5, 5


@dataclass(frozen=True)
class Place:
    """A standing of the month, frozen once it is closed. rank: among all of its kind."""

    rank: int
    name: str
    team: str | None
    points: int
    counts: Counts


@dataclass(frozen=True)
class Report:
    """The report of a month. teams: their standings; best: the people with most points.

    closed_at, closed_by: None until it is closed. late: how many more results the figures count, by what is
    known now, than the month was closed with; 0 while it is open.
    """

    figures: Compliance
    team: str | None
    closed_at: datetime | None
    closed_by: str | None
    teams: tuple[Place, ...]
    best: tuple[Place, ...]
    late: int

    @property
    def strongest(self) -> Figure | None:
        """The team that kept the largest share, where several have one."""
        return max(self._shared, key=_share, default=None)

    @property
    def weakest(self) -> Figure | None:
        """The team that kept the smallest share, where several have one."""
        return min(self._shared, key=_share, default=None)

    @property
    def _shared(self) -> list[Figure]:
        found = [team for team in self.figures.teams if team.counts.decided]
        return found if len(found) > 1 else []


def _share(figure: Figure) -> Any:
    return figure.counts.share


def monthly_report(session: Session, asked: Asked, scope: Scope, *, now: datetime) -> Report:
    """Return the report of a month, for the teams within a scope or one of them; nine queries beside the rules'."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    figures = compliance_in(connection, book, asked, scope, now=now)
    teams = teams_asked(book.rules, scope, team_id=asked.team_id)
    month = str(asked.period)
    closing = closings.closing_of(connection, month)
    places = _teams(connection, month, teams)
    decided = sum(place.counts.decided for place in places)
    return Report(
        replace(figures, worst=figures.worst[:MOST_WORST]),
        None if asked.team_id is None else book.rules.teams[asked.team_id].name,
        closing and closing.closed_at,
        closing and closing.closed_by,
        tuple(places),
        tuple(_best(connection, book, month, teams)),
        figures.total.counts.decided - decided if closing else 0,
    )


def _teams(connection: Connection, month: str, teams: Sequence[int] | None) -> list[Place]:
    rows = boards.all_totals(connection, month, "team", None)
    return [
        Place(rank, row.name, None, row.points, Counts(row.met, row.exceeded, row.missed))
        for rank, row in ranked((row.points, row.name, row) for row in rows)
        if teams is None or row.participant_id in teams
    ]


def _best(connection: Connection, book: RuleBook, month: str, teams: Sequence[int] | None) -> list[Place]:
    rows = tallies.best_of_month(connection, month, teams, MOST_BEST)
    ranks = boards.ranks_in(connection, month, "member", None, [row.participant_id for row in rows])
    found = []
    for row in rows:
        team = book.rules.teams.get(row.team_id)
        counts = Counts(row.met, row.exceeded, row.missed)
        name = book.name_of("member", row.participant_id, row.name)
        found.append(Place(ranks[row.participant_id], name, team and team.name, row.points, counts))
    return found

"""Two periods side by side: how well promises were kept in each, by SLA, team and person."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.compliance import NOTHING, Counts, points_of_change
from leaderboard.domain.periods import Period
from leaderboard.services.figures import Asked, PeriodState, Promises, period_state, teams_asked
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.compliance import TeamMonth
from leaderboard.storage.database import begin_snapshot

Place = tuple[str | None, int | None, int | None]
"""Of which SLA, team and member a pair is."""


@dataclass(frozen=True)
class Pair:
    """The same figure in two periods. points: earned in each, without what was given by hand."""

    name: str
    first: Counts
    second: Counts
    first_points: int
    second_points: int
    team: str | None = None
    place: Place = (None, None, None)

    @cached_property
    def change(self) -> int | None:
        """By how many percentage points the share rose from the first to the second."""
        return points_of_change(self.first, self.second)


@dataclass(frozen=True)
class Comparison:
    """Two periods of one kind. Those whose share fell most come first in each table."""

    asked: Asked
    first: PeriodState
    second: PeriodState
    total: Pair
    slas: tuple[Pair, ...]
    teams: tuple[Pair, ...]
    people: tuple[Pair, ...]


def compare(session: Session, asked: Asked, first: Period, scope: Scope, *, now: datetime) -> Comparison:
    """Return the period that is asked for beside another; two queries beside those of the rules."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    promises, teams = Promises(book.rules), teams_asked(book.rules, scope, asked.side, asked.team_id)
    here, there = [str(month) for month in first.months], [str(month) for month in asked.period.months]
    paired = _Pairing(frozenset(here), frozenset(there))
    rows = compliance.team_months(connection, sorted({*here, *there}), teams, asked.sla)
    people = compliance.member_pairs(connection, here, there, teams, asked.sla)
    newest = str(asked.period.months[-1])
    totals = paired.pairs(rows, lambda row: ((None, None, None), ""))
    return Comparison(
        asked,
        period_state(book, first, now=now),
        period_state(book, asked.period, now=now),
        totals[0] if totals else Pair("", NOTHING, NOTHING, 0, 0),
        tuple(paired.pairs(rows, lambda row: ((row.sla, None, None), promises.title(row.sla, newest)))),
        tuple(paired.pairs(rows, lambda row: ((None, row.team_id, None), book.rules.teams[row.team_id].name))),
        tuple(sorted((_person(book, *row) for row in people), key=_fallen_first)),
    )


def _person(
    book: RuleBook, member_id: int, team_id: int, first: Counts, first_points: int, second: Counts, second_points: int
) -> Pair:
    team, place = book.rules.teams.get(team_id), (None, team_id or None, member_id)
    return Pair(book.members[member_id][1], first, second, first_points, second_points, team and team.name, place)


@dataclass(frozen=True)
class _Pairing:
    """Sums up rows of two periods, which may share months."""

    first: frozenset[str]
    second: frozenset[str]

    def pairs(self, rows: Iterable[TeamMonth], of: Callable[[TeamMonth], tuple[Place, str]]) -> list[Pair]:
        """Return a pair for each place. of: returns the place that a row belongs to and its name."""
        found: dict[Place, list[Any]] = {}
        names: dict[Place, str] = {}
        for row in rows:
            place, name = of(row)
            names[place] = name
            sums = found.setdefault(place, [NOTHING, NOTHING, 0, 0])
            for index, months in enumerate((self.first, self.second)):
                if row.month in months:
                    sums[index] = sums[index].plus(row.counts)
                    sums[2 + index] += row.points
        pairs = [
            Pair(names[place], one, two, of_one, of_two, place=place)
            for place, (one, two, of_one, of_two) in found.items()
        ]
        return sorted(pairs, key=_fallen_first)


def _fallen_first(pair: Pair) -> tuple[bool, int, str]:
    return pair.change is None, pair.change or 0, pair.name.casefold()

"""Compliance for managers: how well promises are kept, by team, person and SLA over time, and who falls short first.

It is read from the tallies, which say what is known now; the standings of closed periods stay as they were (P5).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.compliance import NOTHING, Counts, shortfalls_first
from leaderboard.domain.periods import Month, Period
from leaderboard.domain.rules import Rules
from leaderboard.services.compliance_people import first_people
from leaderboard.services.figures import Asked, Figure, PeriodState, Promises, period_state, teams_asked
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.compliance import TeamMonth
from leaderboard.storage.database import begin_snapshot

MONTHS_SHOWN = 12
MOST_WORST = 6
MOST_PEOPLE = 10


@dataclass(frozen=True)
class Compliance:
    """A page of compliance. months: of the course, oldest first; previous, next: periods beside it that have figures.

    worst: people and promises that fell short most. heat: counts by team and SLA. people_count: how many people have
    figures, of whom `people` are the first. is_closed: its standings are final, and may differ from what stands here.
    """

    asked: Asked
    state: PeriodState
    months: tuple[str, ...]
    total: Figure
    slas: tuple[Figure, ...]
    teams: tuple[Figure, ...]
    people: tuple[Figure, ...]
    people_count: int
    worst: tuple[Figure, ...]
    heat: Mapping[tuple[int, str], Counts]


def months_up_to(period: Period, present: Month) -> tuple[str, ...]:
    """Return the twelve months that end with a period, or with the present one while the period lasts."""
    last = max(min(period.months[-1], present), period.months[0])
    return tuple(str(last.plus(back - MONTHS_SHOWN + 1)) for back in range(MONTHS_SHOWN))


def read_compliance(
    session: Session, asked: Asked, scope: Scope, *, now: datetime, is_whole: bool = False
) -> Compliance:
    """Return a page of compliance as one moment holds it; five queries beside those of the rules.

    is_whole: everybody, as files have them, instead of the first of those who fell short.
    """
    begin_snapshot(session)
    connection = session.connection()
    return compliance_in(connection, rule_book(connection), asked, scope, now=now, is_whole=is_whole)


def compliance_in(
    connection: Connection, book: RuleBook, asked: Asked, scope: Scope, *, now: datetime, is_whole: bool = False
) -> Compliance:
    """Return a page of compliance as read_compliance does, within the caller's snapshot."""
    rules, promises = book.rules, Promises(book.rules)
    teams = teams_asked(rules, scope, asked.side, asked.team_id)
    months = months_up_to(asked.period, rules.months.month_of(now))
    sums = sums_of(connection, asked, teams, months, promises)
    most, most_worst = (None, None) if is_whole else (MOST_PEOPLE, MOST_WORST)
    people = first_people(connection, book, asked, teams, promises, most=most, most_worst=most_worst)
    return Compliance(
        asked,
        period_state(book, asked.period, now=now),
        months,
        sums.figure("", lambda row: True),
        tuple(by_sla(sums, asked.period)),
        tuple(by_team(sums, rules)),
        people.people,
        people.count,
        people.worst,
        sums.by(lambda row: (row.team_id, row.sla)),
    )


@dataclass(frozen=True)
class Sums:
    """What teams were credited with, summed up in the ways that tables show.

    months: of the course; here, before: those of the period and of the one before it.
    """

    rows: Sequence[TeamMonth]
    months: Sequence[str]
    here: frozenset[str]
    before: frozenset[str]
    promises: Promises

    def by(self, key: Callable[[TeamMonth], Any]) -> dict[Any, Counts]:
        """Return the counts of the period by some key of a row."""
        found: dict[Any, Counts] = defaultdict(Counts)
        for row in self.rows:
            if row.month in self.here:
                found[key(row)] = found[key(row)].plus(row.counts)
        return found

    def figure(self, name: str, is_part: Callable[[TeamMonth], bool], **about: Any) -> Figure:
        """Return the figure of those rows that are a part of it."""
        here, before, cost = NOTHING, NOTHING, 0
        course = dict.fromkeys(self.months, NOTHING)
        for row in filter(is_part, self.rows):
            if row.month in self.here:
                here, cost = here.plus(row.counts), cost + self.promises.cost(row.sla, row.month, row.counts.missed)
            elif row.month in self.before:
                before = before.plus(row.counts)
            if row.month in course:
                course[row.month] = course[row.month].plus(row.counts)
        return Figure(name, here, cost, before, course=tuple(course.values()), **about)

    def split(self, key: Callable[[TeamMonth], Any]) -> dict[Any, "Sums"]:
        """Return the sums of each group of rows that have a key in common."""
        groups: dict[Any, list[TeamMonth]] = defaultdict(list)
        for row in self.rows:
            groups[key(row)].append(row)
        return {each: replace(self, rows=rows) for each, rows in groups.items()}


def sums_of(
    connection: Connection, asked: Asked, teams: Sequence[int] | None, months: Sequence[str], promises: Promises
) -> Sums:
    """Return what teams were credited with in a period, the one before, and the months of a course; one query."""
    here, before = (frozenset(map(str, each.months)) for each in (asked.period, asked.period.previous))
    rows = compliance.team_months(connection, sorted({*months, *here, *before}), teams, asked.sla)
    return Sums(rows, months, here, before, promises)


def by_sla(sums: Sums, period: Period) -> list[Figure]:
    """Return a figure for each SLA, those that are missed most first."""
    month, title_of = str(period.months[-1]), sums.promises.title
    return shortfalls_first(
        each.figure(title_of(sla, month), lambda row: True, sla=sla, title=title_of(sla, month))
        for sla, each in sums.split(lambda row: row.sla).items()
    )


def by_team(sums: Sums, rules: Rules) -> list[Figure]:
    """Return a figure for each team, those that fell short most first."""
    return shortfalls_first(
        each.figure(rules.teams[team_id].name, lambda row: True, team_id=team_id, team=rules.teams[team_id].name)
        for team_id, each in sums.split(lambda row: row.team_id).items()
    )

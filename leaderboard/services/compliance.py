"""Compliance for managers: how well promises are kept, by team, person and SLA over time, and who falls short first.

It is read from the tallies, which say what is known now; the standings of closed periods stay as they were (P5).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Sla
from leaderboard.domain.compliance import NOTHING, Counts, points_of_change, shortfalls_first
from leaderboard.domain.periods import Month, Period, month_of_key
from leaderboard.domain.rules import Rules
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.compliance import MemberMonth, TeamMonth
from leaderboard.storage.database import begin_snapshot

MONTHS_SHOWN = 12
MOST_WORST = 10
MOST_PEOPLE = 20
PAGE_SIZE = 50


@dataclass(frozen=True)
class Asked:
    """What a page of compliance is asked for. team_id: one team; side: the teams of one; sla: one promise."""

    period: Period
    side: str | None = None
    team_id: int | None = None
    sla: str | None = None


@dataclass(frozen=True)
class Figure:
    """What one line of a table says. name: of what; title: the SLA's, where it is about one; team: whose, of a person.

    before: the same in the period before. cost: the points that what was missed would have earned, had it been met.
    course: the counts by month, oldest first, where the table shows them.
    """

    name: str
    counts: Counts
    cost: int
    before: Counts = NOTHING
    sla: str | None = None
    title: str | None = None
    team_id: int | None = None
    team: str | None = None
    member_id: int | None = None
    course: tuple[Counts, ...] = ()

    @property
    def change(self) -> int | None:
        """By how many points of a hundred the share rose since the period before."""
        return points_of_change(self.before, self.counts)


@dataclass(frozen=True)
class Compliance:
    """A page of compliance. months: of the course, oldest first; previous, next: periods beside it that have figures.

    worst: people and promises that fell short most. heat: counts by team and SLA. people_count: how many people have
    figures, of whom `people` are the first. is_closed: its standings are final, and may differ from what stands here.
    """

    asked: Asked
    state: "PeriodState"
    months: tuple[str, ...]
    total: Figure
    slas: tuple[Figure, ...]
    teams: tuple[Figure, ...]
    people: tuple[Figure, ...]
    people_count: int
    worst: tuple[Figure, ...]
    heat: Mapping[tuple[int, str], Counts]


@dataclass(frozen=True)
class PeriodState:
    """A period and where one can go from it: those of its kind beside it, and all that can be chosen, newest first."""

    period: str
    is_over: bool
    is_closed: bool
    previous: str | None
    next: str | None
    months: tuple[str, ...]
    quarters: tuple[str, ...]


class Promises:
    """SLAs by month, as they were agreed for it (P6)."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._kept: dict[tuple[str, str], Sla | None] = {}

    def of(self, key: str, month: str) -> Sla | None:
        """Return an SLA as agreed for a month or else in the newest version that has it; None if there is none."""
        place = (key, month)
        if place not in self._kept:
            version = self._rules.in_force(month_of_key(month)).version
            versions = [*([] if version is None else [version]), *reversed(self._rules.versions)]
            found = (sla for each in versions for sla in each.agreement.slas if sla.key == key)
            self._kept[place] = next(found, None)
        return self._kept[place]

    def title(self, key: str, month: str) -> str:
        """Return what an SLA is called."""
        sla = self.of(key, month)
        return key if sla is None else sla.title

    def cost(self, key: str, month: str, missed: int) -> int:
        """Return the points that so many missed ones would have earned, had they been met (P1)."""
        sla = self.of(key, month)
        return 0 if sla is None else missed * sla.met_points

    @property
    def keys(self) -> list[str]:
        """All keys, in the order of the newest agreement, then of those before it."""
        newest_first = reversed(self._rules.versions)
        return list(dict.fromkeys(sla.key for version in newest_first for sla in version.agreement.slas))

    @property
    def of_teams(self) -> list[str]:
        """The keys of those whose participants are teams in some version."""
        every = (sla for version in self._rules.versions for sla in version.agreement.slas)
        return sorted({sla.key for sla in every if sla.participant == "team"})


def teams_asked(rules: Rules, scope: Scope, side: str | None = None, team_id: int | None = None) -> list[int] | None:
    """Return the teams that figures are of, None for all: those within the reader's scope, on a side, or one alone."""
    if team_id is not None:
        return scope.within([team_id])
    if scope.is_all and side is None:
        return None
    return scope.within(team.id for team in rules.teams.values() if side in (None, team.side))


def period_state(book: RuleBook, period: Period, *, now: datetime) -> PeriodState:
    """Return where a period stands, and which others there are."""
    months = book.rules.months
    present = months.month_of(now)
    known = {month_of_key(key) for key in book.opened} | {present, *period.months[:1]}
    kinds = {"month": sorted(map(str, known)), "quarter": sorted({str(month.quarter) for month in known})}
    of_kind = kinds[period.kind]
    place = of_kind.index(str(period))
    return PeriodState(
        str(period),
        months.bounds_of(period)[1] <= now,
        str(period) in book.closed,
        of_kind[place - 1] if place else None,
        of_kind[place + 1] if place + 1 < len(of_kind) else None,
        tuple(reversed(kinds["month"])),
        tuple(reversed(kinds["quarter"])),
    )


def months_up_to(period: Period, present: Month) -> tuple[str, ...]:
    """Return the twelve months that end with a period, or with the present one while the period lasts."""
    last = max(min(period.months[-1], present), period.months[0])
    return tuple(str(last.plus(back - MONTHS_SHOWN + 1)) for back in range(MONTHS_SHOWN))


def read_compliance(
    session: Session, asked: Asked, scope: Scope, *, now: datetime, is_whole: bool = False
) -> Compliance:
    """Return a page of compliance as one moment holds it; two queries beside those of the rules.

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
    people = people_of(connection, book, asked, teams, promises)
    persons = by_person(people)
    return Compliance(
        asked,
        period_state(book, asked.period, now=now),
        months,
        sums.figure("", lambda row: True),
        tuple(by_sla(sums, promises, asked.period)),
        tuple(by_team(sums, rules)),
        tuple(persons if is_whole else persons[:MOST_PEOPLE]),
        len(persons),
        tuple(each for each in (people if is_whole else people[:MOST_WORST]) if each.counts.missed),
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


def by_sla(sums: Sums, promises: Promises, period: Period) -> list[Figure]:
    """Return a figure for each SLA, those that are missed most first."""
    month = str(period.months[-1])
    return shortfalls_first(
        each.figure(promises.title(sla, month), lambda row: True, sla=sla, title=promises.title(sla, month))
        for sla, each in sums.split(lambda row: row.sla).items()
    )


def by_team(sums: Sums, rules: Rules) -> list[Figure]:
    """Return a figure for each team, those that fell short most first."""
    return shortfalls_first(
        each.figure(rules.teams[team_id].name, lambda row: True, team_id=team_id, team=rules.teams[team_id].name)
        for team_id, each in sums.split(lambda row: row.team_id).items()
    )


def people_of(
    connection: Connection, book: RuleBook, asked: Asked, teams: Sequence[int] | None, promises: Promises
) -> list[Figure]:
    """Return a figure for each person, team and SLA of a period, those who fell short most first; one query."""
    rows = compliance.member_months(connection, [str(month) for month in asked.period.months], teams, asked.sla)
    return shortfalls_first(_figures_of_people(book, rows, promises, str(asked.period.months[-1])))


def _figures_of_people(book: RuleBook, rows: Iterable[MemberMonth], promises: Promises, month: str) -> Iterator[Figure]:
    found: dict[tuple[int, int, str], tuple[Counts, int]] = {}
    for row in rows:
        key = (row.member_id, row.team_id, row.sla)
        counts, cost = found.get(key, (NOTHING, 0))
        found[key] = counts.plus(row.counts), cost + promises.cost(row.sla, row.month, row.counts.missed)
    for (member_id, team_id, sla), (counts, cost) in found.items():
        team = book.rules.teams.get(team_id)
        yield Figure(
            book.members[member_id][1],
            counts,
            cost,
            sla=sla,
            title=promises.title(sla, month),
            team_id=team_id or None,
            team=team and team.name,
            member_id=member_id,
        )


def by_person(figures: Iterable[Figure]) -> list[Figure]:
    """Return figures of several SLAs summed up by person and team, those who fell short most first."""
    found: dict[tuple[int | None, int | None], Figure] = {}
    for each in figures:
        whole = replace(each, sla=None, title=None)
        known = found.get(key := (each.member_id, each.team_id))
        found[key] = (
            whole
            if known is None
            else replace(whole, counts=known.counts.plus(each.counts), cost=known.cost + each.cost)
        )
    return shortfalls_first(found.values())


@dataclass(frozen=True)
class PeoplePage:
    """People and how each keeps each SLA, those who fell short most first. slas: keys and titles of the columns.

    cells: counts by member, team and SLA. count: of all people; page: from 1, of so many.
    """

    asked: Asked
    state: PeriodState
    slas: tuple[tuple[str, str], ...]
    people: tuple[Figure, ...]
    cells: Mapping[tuple[int, int | None, str], Counts]
    count: int
    page: int
    pages: int


def read_people(
    session: Session, asked: Asked, scope: Scope, page: int = 1, *, now: datetime, page_size: int = PAGE_SIZE
) -> PeoplePage:
    """Return a page of people by SLA; one query beside those of the rules."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    promises, teams = Promises(book.rules), teams_asked(book.rules, scope, asked.side, asked.team_id)
    figures = people_of(connection, book, asked, teams, promises)
    people = by_person(figures)
    pages = max(1, -(-len(people) // page_size))
    page = min(page, pages)
    present, month = {each.sla for each in figures}, str(asked.period.months[-1])
    return PeoplePage(
        asked,
        period_state(book, asked.period, now=now),
        tuple((key, promises.title(key, month)) for key in promises.keys if key in present),
        tuple(people[(page - 1) * page_size : page * page_size]),
        {(each.member_id or 0, each.team_id, each.sla or ""): each.counts for each in figures},
        len(people),
        page,
        pages,
    )

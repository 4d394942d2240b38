"""People in compliance: who fell short most, in which promise, and what it cost.

The database finds them, so that the many others cost little.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.compliance import Counts
from leaderboard.services.figures import Asked, Figure, PeriodState, Promises, period_state, teams_asked
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.compliance import MemberMonth, MemberSum
from leaderboard.storage.database import begin_snapshot

PAGE_SIZE = 50

Whose = tuple[int, int, str | None]
"""A member, a team, and an SLA or None for all."""


@dataclass(frozen=True)
class People:
    """People who fell short most, so many of them. count: of all who have figures; worst: by person and SLA."""

    people: tuple[Figure, ...]
    count: int
    worst: tuple[Figure, ...]


def first_people(
    connection: Connection,
    book: RuleBook,
    asked: Asked,
    teams: Sequence[int] | None,
    promises: Promises,
    *,
    most: int | None,
    most_worst: int | None,
) -> People:
    """Return those who fell short most, and in what; at most four queries. most, most_worst: how many, None for all."""
    months = [str(month) for month in asked.period.months]
    people = compliance.member_sums(connection, months, teams, asked.sla, limit=most)
    found = []
    if most_worst != 0:
        found = compliance.member_sums(connection, months, teams, asked.sla, is_by_sla=True, limit=most_worst)
    worst = [each for each in found if each.counts.missed]
    count = len(people) if most is None else compliance.count_people(connection, months, teams, asked.sla)
    chosen = None if most is None else sorted({each.member_id for each in (*people, *worst)})
    rows = compliance.member_months(connection, months, teams, asked.sla, members=chosen)
    costs, month = costs_of(rows, promises), months[-1]
    return People(
        tuple(figure_of(book, each, promises, month, costs) for each in people),
        count,
        tuple(figure_of(book, each, promises, month, costs) for each in worst),
    )


def costs_of(rows: Iterable[MemberMonth], promises: Promises) -> dict[Whose, int]:
    """Return what was missed would have earned, by member, team and SLA, and of all SLAs together."""
    costs: dict[Whose, int] = defaultdict(int)
    for row in rows:
        cost = promises.cost(row.sla, row.month, row.counts.missed) if row.counts.missed else 0
        costs[row.member_id, row.team_id, row.sla] += cost
        costs[row.member_id, row.team_id, None] += cost
    return costs


def figure_of(book: RuleBook, each: MemberSum, promises: Promises, month: str, costs: dict[Whose, int]) -> Figure:
    """Return what a table says of a person, in one SLA or in all."""
    team = book.rules.teams.get(each.team_id)
    return Figure(
        book.members[each.member_id][1],
        each.counts,
        costs[each.member_id, each.team_id, each.sla],
        sla=each.sla,
        title=None if each.sla is None else promises.title(each.sla, month),
        team_id=each.team_id or None,
        team=team and team.name,
        member_id=each.member_id,
    )


@dataclass(frozen=True)
class PeoplePage:
    """People and how each keeps each SLA, those who fell short most first. slas: keys and titles of the columns.

    cells: counts by member, team and SLA. count: of all people; page: from 1, of so many.
    """

    asked: Asked
    state: PeriodState
    slas: tuple[tuple[str, str], ...]
    people: tuple[Figure, ...]
    cells: Mapping[Whose, Counts]
    count: int
    page: int
    pages: int


def read_people(
    session: Session,
    asked: Asked,
    scope: Scope,
    page: int = 1,
    *,
    now: datetime,
    page_size: int = PAGE_SIZE,
) -> PeoplePage:
    """Return a page of people by SLA; three queries beside those of the rules."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    promises, teams = Promises(book.rules), teams_asked(book.rules, scope, asked.side, asked.team_id)
    months = [str(month) for month in asked.period.months]
    count = compliance.count_people(connection, months, teams, asked.sla)
    pages = max(1, -(-count // page_size))
    page = min(page, pages)
    sums = compliance.member_sums(connection, months, teams, asked.sla, limit=page_size, offset=(page - 1) * page_size)
    chosen = [each.member_id for each in sums] if pages > 1 else None
    rows = compliance.member_months(connection, months, teams, asked.sla, members=chosen)
    costs, present = costs_of(rows, promises), {row.sla for row in rows}
    cells: dict[Whose, Counts] = defaultdict(Counts)
    for row in rows:
        key = (row.member_id, row.team_id, row.sla)
        cells[key] = cells[key].plus(row.counts)
    return PeoplePage(
        asked,
        period_state(book, asked.period, now=now),
        tuple((key, promises.title(key, months[-1])) for key in promises.keys if key in present),
        tuple(figure_of(book, each, promises, months[-1], costs) for each in sums),
        cells,
        count,
        page,
        pages,
    )

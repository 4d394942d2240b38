"""What falls due and what is overdue, for managers: by team and person, with the time left."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Level, ResponseTime
from leaderboard.domain.periods import midnight
from leaderboard.domain.rules import Rules
from leaderboard.services.figures import Promises, teams_asked
from leaderboard.services.leads import Lead, lead_of
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import due
from leaderboard.storage.database import begin_snapshot
from leaderboard.storage.due import MOST_OF_PERSON, MOST_OF_TEAM

PAGE_SIZE = 50
FIRST_SIZE = 20  # of a page's two lists
MOST_PEOPLE = 20
At = tuple[datetime, int]
"""Where a page begins: behind the row of this instant and id."""


@dataclass(frozen=True)
class DueAsked:
    """What is asked for. days: today alone is 1; team_id, member_id: of one alone."""

    days: int = 1
    team_id: int | None = None
    member_id: int | None = None


@dataclass(frozen=True)
class Item:
    """A lead or task that is open. time: left until it is due, or since it was, of working time where that counts.

    worth: the points that it earns if it is met.
    """

    lead: Lead
    time: timedelta
    worth: int


@dataclass(frozen=True)
class Load:
    """How much waits for somebody. overdue: more than the most counted stands for more. member_id: None of a team."""

    name: str
    team_id: int | None
    team: str | None
    member_id: int | None
    due: int
    overdue: int
    most: int


@dataclass(frozen=True)
class DuePage:
    """What falls due until an instant, and what is overdue. more_waiting, more_overdue: where the next page begins."""

    asked: DueAsked
    until: datetime
    teams: tuple[Load, ...]
    people: tuple[Load, ...]
    people_count: int
    waiting: tuple[Item, ...]
    more_waiting: At | None
    overdue: tuple[Item, ...]
    more_overdue: At | None


def read_due(
    session: Session,
    asked: DueAsked,
    scope: Scope,
    *,
    now: datetime,
    page_size: int = FIRST_SIZE,
    most_people: int | None = MOST_PEOPLE,
) -> DuePage:
    """Return what is due and overdue as one moment holds it; six queries beside those of the rules.

    most_people: how many of them are listed, None for all.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    until = _until(book.rules, asked.days, now)
    teams = teams_asked(book.rules, scope, team_id=asked.team_id)
    waits = due.count_waiting(connection, until, teams)
    people = _people(connection, book, teams, waits, now)
    waiting, more_waiting = _waiting(connection, book, asked, teams, None, page_size, now=now)
    overdue, more_overdue = _overdue(connection, book, asked, teams, None, page_size, now=now)
    return DuePage(
        asked,
        until,
        tuple(_teams(connection, book, teams, waits)),
        tuple(people[:most_people]),
        len(people),
        waiting,
        more_waiting,
        overdue,
        more_overdue,
    )


def read_waiting(
    session: Session, asked: DueAsked, scope: Scope, after: At | None, *, now: datetime, page_size: int = PAGE_SIZE
) -> tuple[tuple[Item, ...], At | None]:
    """Return a page of what falls due, the soonest first, and where the next begins; one query beside the rules'."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    teams = teams_asked(book.rules, scope, team_id=asked.team_id)
    return _waiting(connection, book, asked, teams, after, page_size, now=now)


def read_overdue(
    session: Session, asked: DueAsked, scope: Scope, before: At | None, *, now: datetime, page_size: int = PAGE_SIZE
) -> tuple[tuple[Item, ...], At | None]:
    """Return a page of what is overdue, the newest first, and where the next begins; one query beside the rules'."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    teams = teams_asked(book.rules, scope, team_id=asked.team_id)
    return _overdue(connection, book, asked, teams, before, page_size, now=now)


def _until(rules: Rules, days: int, now: datetime) -> datetime:
    """Return when the day, or the last of so many, is over in the organisation's time zone."""
    zone = rules.organisation.zone
    return midnight(now.astimezone(zone).date() + timedelta(days=days), zone)


def _waiting(
    connection: Connection,
    book: RuleBook,
    asked: DueAsked,
    teams: Sequence[int] | None,
    after: At | None,
    page_size: int,
    *,
    now: datetime,
) -> tuple[tuple[Item, ...], At | None]:
    until = _until(book.rules, asked.days, now)
    rows = due.waiting(connection, until, teams, asked.member_id, after, page_size + 1)
    more = (rows[page_size - 1].due_at, rows[page_size - 1].id) if len(rows) > page_size else None
    return _items(book, rows[:page_size], lambda lead: (now, lead.due_at)), more


def _overdue(
    connection: Connection,
    book: RuleBook,
    asked: DueAsked,
    teams: Sequence[int] | None,
    before: At | None,
    page_size: int,
    *,
    now: datetime,
) -> tuple[tuple[Item, ...], At | None]:
    every = sorted(book.rules.teams) if teams is None else teams
    rows = due.overdue(connection, every, teams is None, asked.member_id, before, page_size + 1)
    more = (rows[page_size - 1].decided_at, rows[page_size - 1].id) if len(rows) > page_size else None
    return _items(book, rows[:page_size], lambda lead: (lead.due_at, now)), more


def _items(book: RuleBook, rows: Sequence[Any], between: Any) -> tuple[Item, ...]:
    promises = Promises(book.rules)
    leads = (lead_of(book, promises, row) for row in rows)
    return tuple(
        Item(lead, _elapsed(book.rules, lead, *between(lead)), lead.sla.points_of(Level.MET))
        for lead in leads
        if lead is not None
    )


def _elapsed(rules: Rules, lead: Lead, start: datetime | None, end: datetime | None) -> timedelta:
    """Return the time between two instants as the lead's clock counts it; 0 where one is unknown."""
    if start is None or end is None or end <= start:
        return timedelta(0)
    if not isinstance(lead.sla.measure, ResponseTime):
        return end - start
    return rules.clockwork(lead.sla, lead.participant_id, lead.started_at).elapsed(start, end)


def _teams(connection: Connection, book: RuleBook, teams: Sequence[int] | None, waits: Sequence[Any]) -> list[Load]:
    late = due.count_overdue_of_teams(connection, teams)
    soon: Counter[int | None] = Counter()
    for _scope, _who, team_id, number in waits:
        soon[team_id] += number
    found = []
    for team_id in late:
        name = book.rules.teams[team_id].name
        found.append(Load(name, team_id, name, None, soon[team_id], late[team_id], MOST_OF_TEAM))
    return sorted((each for each in found if each.due or each.overdue), key=_most_first)


def _people(
    connection: Connection, book: RuleBook, teams: Sequence[int] | None, waits: Sequence[Any], now: datetime
) -> list[Load]:
    """Return those who have something due or overdue, the most overdue first."""
    membership = book.rules.membership
    late = _late(connection, book, teams)
    soon: Counter[int] = Counter()
    for scope, who, _team_id, number in waits:
        soon[who] += number if scope == "member" else 0
    found = []
    for member_id in {*late, *(who for who in soon if soon[who])}:
        team_id = membership.team_at_or_before(member_id, now)
        team = None if team_id is None else book.rules.teams[team_id].name
        name = book.members[member_id][1]
        found.append(Load(name, team_id, team, member_id, soon[member_id], late.get(member_id, 0), MOST_OF_PERSON))
    return sorted(found, key=_most_first)


def _late(connection: Connection, book: RuleBook, teams: Sequence[int] | None) -> dict[int, int]:
    """Return how much is overdue by member, of what the reader sees."""
    if teams is None:
        return due.count_overdue_of_members(connection, None, None)
    ours: list[int] = []
    others: list[int] = []
    mine = frozenset(teams)
    for member_id, theirs in book.rules.membership.by_member.items():
        seen = [each.team_id in mine for each in theirs]
        if any(seen):
            (ours if all(seen) else others).append(member_id)
    late = due.count_overdue_of_members(connection, ours, None)
    if others:  # they have been elsewhere too, which is not for the reader
        late |= due.count_overdue_of_members(connection, others, teams)
    return late


def _most_first(load: Load) -> tuple[int, int, str]:
    return -load.overdue, -load.due, load.name.casefold()

"""People as managers look them up: teams, their members, and who belonged where when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.people import Membership
from leaderboard.domain.rules import Team
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import account_lists, people, people_changes
from leaderboard.storage.trail import digest_of

PAGE_SIZE = 50
STATES = ("active", "coming", "left", "all")


@dataclass(frozen=True)
class PeopleQuery:
    """Who is looked for. text: in name or e-mail, or a whole external id; team: the one that they are in, or were last.

    state: active (in a team today), coming (later), left, or all.
    """

    text: str = ""
    team: int | None = None
    state: str = "active"
    page: int = 1


@dataclass(frozen=True)
class Listed:
    """A member in a list. team: that they are in, will be in or were last in; since, until: of that membership.

    account: the role of their account, None if they have none that is open.
    """

    id: int
    key: str
    name: str
    state: str
    team: str | None
    since: date | None
    until: date | None
    account: str | None


@dataclass(frozen=True)
class ListedTeam:
    """A team. members: how many it has today; has_calendar: whether it has a calendar of its own."""

    id: int
    name: str
    side: str
    members: int
    has_calendar: bool


@dataclass(frozen=True)
class PeoplePage:
    """A page of members, by name; count: of all pages. teams: those that the reader may look into, by name."""

    members: Sequence[Listed]
    teams: Sequence[ListedTeam]
    count: int
    page: int
    pages: int


@dataclass(frozen=True)
class Person:
    """A member as managers see them. memberships: oldest first; digest: changes with them.

    key: what they are known by, an external id where they were created from an event and have no e-mail yet.
    """

    id: int
    key: str
    email: str | None
    name: str
    state: str
    is_anonymised: bool
    external_ids: Sequence[str]
    memberships: Sequence[tuple[Membership, Team]]
    digest: str
    accounts: Sequence[Any]


def list_people(
    session: Session, query: PeopleQuery, scope: Scope, *, now: datetime, page_size: int = PAGE_SIZE
) -> PeoplePage:
    """Return a page of the people that are looked for, as far as they are of a team that the reader may look into.

    Three statements, however many people there are: the rules are kept, and looked through in memory.
    """
    connection = session.connection()
    book, day = _today(connection, now)
    by_id = people_changes.member_of_id(connection, query.text) if query.text else None
    wanted, directory = _Wanted(query, scope, query.text.casefold(), by_id), _directory(book, day)
    found = [each for each in directory.people if wanted.is_met(each)]
    pages = max(1, -(-len(found) // page_size))
    page = min(max(query.page, 1), pages)
    members = _listed(connection, book, found[(page - 1) * page_size : page * page_size])
    return PeoplePage(members, _teams(book, scope, directory.sizes), len(found), page, pages)


def find_person(session: Session, member_id: int, scope: Scope, *, now: datetime) -> Person | None:
    """Return a member; None if there is none, or they are of a team that the reader may not look into."""
    connection = session.connection()
    book, day = _today(connection, now)
    if member_id not in book.members:
        return None
    state, place = place_on(book.rules.membership.by_member.get(member_id, ()), day)
    if not (scope.is_all or (place is not None and scope.sees_team(place.team_id))):
        return None
    row = people.member(connection, member_id)
    memberships = book.rules.membership.by_member.get(member_id, [])
    return Person(
        id=member_id,
        key=row.key,
        email=row.email,
        name=row.name,
        state=state,
        is_anonymised=row.anonymised_at is not None,
        external_ids=people_changes.ids_of(connection, member_id),
        memberships=[(each, book.rules.teams[each.team_id]) for each in memberships],
        digest=digest_of_memberships(memberships),
        accounts=account_lists.accounts_of(connection, [member_id]),
    )


def all_teams(session: Session) -> list[Team]:
    """Return all teams, by name."""
    return sorted(rule_book(session.connection()).rules.teams.values(), key=lambda each: each.name.casefold())


def digest_of_memberships(memberships: Sequence[Membership]) -> str:
    """Return what changes with somebody's memberships: so that two who change them do not undo each other's."""
    told = "\n".join(f"{each.team_id} {each.starts_on} {each.until}" for each in memberships)
    return digest_of(told).removeprefix("sha256 ")


class _Place(NamedTuple):
    """Where a member is on a day: active, coming or left, by which membership. words: name and key, to search in."""

    member_id: int
    state: str
    membership: Membership | None
    words: str


class _Directory(NamedTuple):
    """All members on a day, by name, and how many each team has."""

    people: Sequence[_Place]
    sizes: Mapping[int, int]


@dataclass(frozen=True)
class _Wanted:
    """What a list looks for. text: in small letters; by_id: the member whom it names as an external id."""

    query: PeopleQuery
    scope: Scope
    text: str
    by_id: int | None

    def is_met(self, place: _Place) -> bool:
        """Tell whether somebody is looked for."""
        query, membership = self.query, place.membership
        team_id = None if membership is None else membership.team_id
        if query.state not in ("all", place.state) or query.team not in (None, team_id):
            return False
        if self.text not in place.words and place.member_id != self.by_id:
            return False
        return self.scope.is_all or self.scope.sees_team(team_id)


def _today(connection: Connection, now: datetime) -> tuple[RuleBook, date]:
    book = rule_book(connection)
    return book, now.astimezone(book.rules.organisation.zone).date()


def _directory(book: RuleBook, day: date) -> _Directory:
    """Return all members on a day; made once for each version of the rules and day, since there may be thousands."""
    kept = book.directories.get(day)
    if kept is None:
        kept = _made(book, day)
        book.directories.clear()
        book.directories[day] = kept
    return kept


def _made(book: RuleBook, day: date) -> _Directory:
    people, sizes = [], dict.fromkeys(book.rules.teams, 0)
    for member_id in book.by_name:
        key, name = book.members[member_id]
        state, membership = place_on(book.rules.membership.by_member.get(member_id, ()), day)
        people.append(_Place(member_id, state, membership, f"{name}\n{key}".casefold()))
        if membership is not None and state == "active":
            sizes[membership.team_id] += 1
    return _Directory(people, sizes)


def place_on(memberships: Sequence[Membership], day: date) -> tuple[str, Membership | None]:
    """Return whether somebody is active on a day, comes later or has left, and the membership that tells it."""
    last = None
    for each in memberships:
        if each.starts_on > day:
            return "coming", last or each
        if each.until is None or day < each.until:
            return "active", each
        last = each
    return "left", last


def _listed(connection: Connection, book: RuleBook, found: Sequence[_Place]) -> list[Listed]:
    accounts = account_lists.accounts_of(connection, [each.member_id for each in found])
    roles = {each.member_id: each.role for each in accounts if each.is_active}
    return [
        Listed(
            id=member_id,
            key=book.members[member_id][0],
            name=book.members[member_id][1],
            state=state,
            team=None if place is None else book.rules.teams[place.team_id].name,
            since=None if place is None else place.starts_on,
            until=None if place is None else place.until,
            account=roles.get(member_id),
        )
        for member_id, state, place, _ in found
    ]


def _teams(book: RuleBook, scope: Scope, sizes: Mapping[int, int]) -> list[ListedTeam]:
    calendars = book.rules.organisation.team_calendars
    return [
        ListedTeam(team.id, team.name, team.side, sizes[team.id], team.name in calendars)
        for team in sorted(book.rules.teams.values(), key=lambda each: each.name.casefold())
        if scope.sees_team(team.id)
    ]

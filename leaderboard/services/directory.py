"""People as managers look them up: teams, their members, and who belonged where when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

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
    found, sizes = [], dict.fromkeys(book.rules.teams, 0)
    wanted = _Wanted(query, scope, people_changes.member_of_id(connection, query.text) if query.text else None)
    for member_id, state, place in _places(book, day):
        if state == "active" and place is not None:
            sizes[place.team_id] += 1
        if wanted.is_met(member_id, state, place):
            found.append((member_id, state, place))
    if query.text:
        found = [each for each in found if wanted.is_named(book, each[0])]
    pages = max(1, -(-len(found) // page_size))
    page = min(max(query.page, 1), pages)
    members = _listed(connection, book, found[(page - 1) * page_size : page * page_size])
    return PeoplePage(members, _teams(book, scope, sizes), len(found), page, pages)


def find_person(session: Session, member_id: int, scope: Scope, *, now: datetime) -> Person | None:
    """Return a member; None if there is none, or they are of a team that the reader may not look into."""
    connection = session.connection()
    book, day = _today(connection, now)
    if member_id not in book.members:
        return None
    state, place = _place_on(book.rules.membership.by_member.get(member_id, ()), day)
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


@dataclass(frozen=True)
class _Wanted:
    """What a list looks for. by_id: the member whom the text names as an external id."""

    query: PeopleQuery
    scope: Scope
    by_id: int | None

    def is_met(self, member_id: int, state: str, place: Membership | None) -> bool:
        """Tell whether somebody is looked for, but for their name."""
        query = self.query
        if query.state not in ("all", state) or (query.team is not None and (place and place.team_id) != query.team):
            return False
        return self.scope.is_all or (place is not None and self.scope.sees_team(place.team_id))

    def is_named(self, book: RuleBook, member_id: int) -> bool:
        """Tell whether the text is found in somebody's name or key, or is an id of theirs."""
        key, name = book.members[member_id]
        return member_id == self.by_id or self.query.text.casefold() in f"{name}\n{key}".casefold()


def _today(connection: Connection, now: datetime) -> tuple[RuleBook, date]:
    book = rule_book(connection)
    return book, now.astimezone(book.rules.organisation.zone).date()


def _places(book: RuleBook, day: date) -> Iterator[tuple[int, str, Membership | None]]:
    """Yield all members by name, each with state and the membership that tells it."""
    by_member = book.rules.membership.by_member
    for member_id in book.by_name:
        yield member_id, *_place_on(by_member.get(member_id, ()), day)


def _place_on(memberships: Sequence[Membership], day: date) -> tuple[str, Membership | None]:
    """Return whether somebody is active on a day, comes later or has left, and the membership that tells it."""
    last = None
    for each in memberships:
        if each.starts_on > day:
            return "coming", last or each
        if each.until is None or day < each.until:
            return "active", each
        last = each
    return "left", last


def _listed(
    connection: Connection, book: RuleBook, found: Sequence[tuple[int, str, Membership | None]]
) -> list[Listed]:
    accounts = account_lists.accounts_of(connection, [member_id for member_id, _, _ in found])
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
        for member_id, state, place in found
    ]


def _teams(book: RuleBook, scope: Scope, sizes: dict[int, int]) -> list[ListedTeam]:
    calendars = book.rules.organisation.team_calendars
    return [
        ListedTeam(team.id, team.name, team.side, sizes[team.id], team.name in calendars)
        for team in sorted(book.rules.teams.values(), key=lambda each: each.name.casefold())
        if scope.sees_team(team.id)
    ]

"""People: loading the file of members, teams and memberships (design section 4)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import SIDES
from leaderboard.domain.anonymous import PREFIX, fingerprint
from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import LONGEST_TEXT
from leaderboard.domain.instants import LAST_YEAR, OUTSIDE, is_known_day
from leaderboard.domain.memberships import first_difference
from leaderboard.domain.people import Membership, is_email, overlapping
from leaderboard.domain.shown import has_controls, quoted, shown
from leaderboard.services.administrators import one_stays
from leaderboard.services.reading import FileRow, Table, refuse_repeated
from leaderboard.services.rules import NO_ORGANISATION
from leaderboard.services.scoring import Progress, rescore, rescore_members
from leaderboard.storage import account_lists, accounts, people, trail
from leaderboard.storage.database import all_or_nothing, lock_door

COLUMNS = ("email", "name", "team", "side", "from", "until", "role", "external_id")
REQUIRED = ("email", "name", "team", "side", "from")
ROLES = ("rep", "manager", "admin")
MOST_PROBLEMS = 50
MOST_PEOPLE = 100_000
NEVER = date(LAST_YEAR, 12, 31)  # from this day on nothing is scored again


class Person(NamedTuple):
    """A row of the file: a member in a team from a day, until a day or still."""

    line: int
    email: str
    name: str
    team: str
    side: str
    starts_on: date
    until: date | None
    role: str
    external_ids: tuple[str, ...]


@dataclass(frozen=True)
class PeopleReport:
    """How many rows, members and teams the file named."""

    rows: int
    members: int
    teams: int


def load_people(
    session: Session, stream: BinaryIO, *, now: datetime, by: Actor, progress: Progress | None = None
) -> PeopleReport:
    """Load people and score what rests on them again; all of the file or, if a row is wrong, nothing of it.

    A member's memberships become those that the file gives; members that it does not name stay as they are.
    An account with a member's e-mail becomes the member's, and gets the role if the file gives one.
    Raises Refused with one sentence for each wrong row.
    """
    return _load(session, read_people(stream), now, by, progress)


def load_people_rows(session: Session, rows: Iterable[FileRow], *, now: datetime, by: Actor) -> PeopleReport:
    """Load people as load_people does, of rows whose cells are COLUMNS; a row's number stands for its line."""
    return _load(session, _persons(rows, list(COLUMNS)), now, by, None)


def _load(session: Session, persons: list[Person], now: datetime, by: Actor, progress: Progress | None) -> PeopleReport:
    with all_or_nothing(session):
        connection = session.connection()
        if people.rules_version(connection) is None:
            raise Refused(NO_ORGANISATION)
        team_ids, has_new_sides = _store_teams(connection, persons)
        member_ids = _store_members(connection, persons)
        rows = [Membership(member_ids[each.email], team_ids[each.team], each.starts_on, each.until) for each in persons]
        since = _first_days(connection, set(member_ids.values()), rows)
        people.replace_memberships(connection, sorted(set(member_ids.values())), rows)
        people.raise_rules_version(connection)
        if has_new_sides:
            rescore(session, now, progress, has_new_rules=True)
        else:
            first, everybody = min(since.values(), default=NEVER), sorted(set(member_ids.values()))
            rescore_members(session, sorted(since), first, now, progress, renamed=everybody)
        lock_door(connection)  # last: who signs in meanwhile need not wait for the scoring
        accounts.link_members(connection)  # with the lock: who changes an account holds it too, and both would wait
        _change_roles(connection, {each.email: each.role for each in persons if each.role}, now, by)
        report = PeopleReport(len(persons), len(member_ids), len(team_ids))
        after = f"{report.rows} rows; {report.members} members; {report.teams} teams"
        trail.note(connection, by, "people.loaded", "people", at=now, after=after)
    return report


def _first_days(connection: Connection, member_ids: Set[int], rows: Sequence[Membership]) -> dict[int, date]:
    """Return from which day on each member belongs elsewhere than they do by what is stored."""
    before: defaultdict[int, list[Membership]] = defaultdict(list)
    after: defaultdict[int, list[Membership]] = defaultdict(list)
    for memberships, found in ((people.memberships(connection), before), (rows, after)):
        for each in memberships:
            if each.member_id in member_ids:
                found[each.member_id].append(each)
    days = {member_id: first_difference(before[member_id], after[member_id]) for member_id in member_ids}
    return {member_id: day for member_id, day in days.items() if day is not None}


def _change_roles(connection: Connection, roles: dict[str, str], now: datetime, by: Actor) -> None:
    """Give accounts the roles that differ from theirs; the sessions of those end."""
    with one_stays(connection):
        for user_id, email, before in accounts.roles(connection):
            role = roles.get(email, before)
            if role != before:
                account_lists.change_account(connection, user_id, role=role)
                accounts.end_sessions(connection, user_id)
                trail.note(connection, by, "role.changed", f"user {email}", at=now, before=before, after=role)


def read_people(stream: BinaryIO) -> list[Person]:
    """Return the rows of a people file; Refused naming each wrong one."""
    table = Table(stream)
    refuse_repeated(table.header, COLUMNS)
    _check_header(table.header)
    return _persons(table.rows(), table.header)


def _persons(rows: Iterable[FileRow], header: list[str]) -> list[Person]:
    persons: list[Person] = []
    problems = _Problems()
    for row in rows:
        try:
            persons.append(_person(row, header))
        except ValueError as error:
            problems.add(f"line {row.line}{error}.")
        if len(persons) > MOST_PEOPLE:
            raise Refused(f"line {row.line}: the file has more than {MOST_PEOPLE:,} rows; hand it in in pieces.")
    for problem in _contradictions(persons):
        problems.add(problem)
    if problems.number:
        raise Refused(problems.text())
    return persons


class _Problems:
    """What is wrong with a file; the first are kept, all are counted."""

    def __init__(self) -> None:
        self.number = 0
        self.first: list[str] = []

    def add(self, problem: str) -> None:
        self.number += 1
        if len(self.first) < MOST_PROBLEMS:
            self.first.append(problem)

    def text(self) -> str:
        more = self.number - len(self.first)
        return "\n".join([*self.first, *([f"… and {more:,} more."] if more else [])])


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise Refused(f"line 1: column {missing[0]} is missing; the columns are {','.join(COLUMNS)}.")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise Refused(f'line 1: column "{shown(unknown[0])}" is not known; the columns are {",".join(COLUMNS)}.')


def _person(row: FileRow, header: list[str]) -> Person:
    if row.problem:
        raise ValueError(f": {row.problem}")
    get = {key: value.strip() for key, value in zip(header, row.cells, strict=True)}.get
    for column in REQUIRED:
        if not get(column):
            raise ValueError(f", column {column}: is empty; every row needs one")
    for column in COLUMNS:
        if len(get(column) or "") > LONGEST_TEXT:
            raise ValueError(f", column {column}: is longer than {LONGEST_TEXT} characters")
        if has_controls(get(column) or ""):
            raise ValueError(f", column {column}: {quoted(get(column))} holds a control character; remove it")
    email = (get("email") or "").lower()
    if not is_email(email):
        raise ValueError(
            f', column email: "{shown(email)}" is not an e-mail address; expected one such as ana@example.com'
        )
    side, role = get("side") or "", get("role") or ""
    if side not in SIDES:
        raise ValueError(f', column side: "{shown(side)}" is not a side; expected sales or marketing')
    if role and role not in ROLES:
        raise ValueError(f', column role: "{shown(role)}" is not a role; expected rep, manager or admin')
    starts_on, until = _day(get("from") or "", "from"), _day(get("until") or "", "until")
    assert starts_on is not None
    if until is not None and until <= starts_on:
        raise ValueError(f", column until: {until} is not after from, {starts_on}; a membership lasts at least a day")
    ids = tuple(each.strip() for each in (get("external_id") or "").split(";") if each.strip())
    return Person(row.line, email, get("name") or "", get("team") or "", side, starts_on, until, role, ids)


def _day(text: str, column: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f", column {column}: {quoted(text)} is not a date; expected one such as 2026-10-01") from None
    if not is_known_day(day):
        raise ValueError(f", column {column}: {text} {OUTSIDE}; expected a day within")
    return day


def _contradictions(persons: list[Person]) -> list[str]:
    """Say where rows of the file contradict each other."""
    problems = []
    sides: dict[str, str] = {}
    owners: dict[str, str] = {}
    for each in persons:
        if sides.setdefault(each.team, each.side) != each.side:
            problems.append(
                f"line {each.line}, column side: team {quoted(each.team)} is on side {sides[each.team]} "
                "in an earlier row; a team has one side."
            )
        for external_id in each.external_ids:
            if owners.setdefault(external_id, each.email) != each.email:
                problems.append(
                    f'line {each.line}, column external_id: "{shown(external_id)}" is {owners[external_id]} '
                    "in an earlier row; an id names one member."
                )
    by_email: defaultdict[str, list[Person]] = defaultdict(list)
    for each in persons:
        by_email[each.email].append(each)
    for email, theirs in by_email.items():
        clash = overlapping([Membership(0, 0, each.starts_on, each.until) for each in theirs])
        if clash is not None:
            problems.append(
                f"line {theirs[-1].line}, column from: {email} would be in two teams on {clash[1].starts_on}; "
                "give the earlier membership an until."
            )
    return problems


def _store_teams(connection: Connection, persons: list[Person]) -> tuple[dict[str, int], bool]:
    """Return the teams by name, and whether one has changed its side."""
    has_new_sides = False
    known = {name: (team_id, side) for team_id, name, side in people.teams(connection)}
    ids: dict[str, int] = {}
    for each in persons:
        if each.team in ids:
            continue
        if each.team not in known:
            ids[each.team] = people.add_team(connection, each.team, each.side)
            continue
        ids[each.team], side = known[each.team]
        if side != each.side:
            people.change_side(connection, ids[each.team], each.side)
            has_new_sides = True
    return ids, has_new_sides


def _check_not_anonymous(person: Person, external: dict[str, int]) -> None:
    """Refuse a row that would take up again somebody who was made anonymous."""
    for column, texts in (("email", (person.email,)), ("external_id", person.external_ids)):
        for text in texts:
            if fingerprint(text) in external or text.startswith(PREFIX):
                raise Refused(
                    f"line {person.line}, column {column}: {quoted(text)} is somebody who was made anonymous; "
                    "take the row out, or use another."
                )


def _store_members(connection: Connection, persons: list[Person]) -> dict[str, int]:
    """Store each person once and return their ids by e-mail.

    One who came in under an external id, from an event, is known by it and gets the e-mail.
    """
    stored_members = people.members(connection)
    by_email = {email: member_id for member_id, _, email, _ in stored_members if email}
    keys = {member_id: key for member_id, key, _, _ in stored_members}
    nameless = {member_id for member_id, _, email, _ in stored_members if not email}
    external = people.external_ids(connection)
    ids: dict[str, int] = {}
    new_external: list[tuple[str, int]] = []
    for each in persons:
        _check_not_anonymous(each, external)
        known = by_email.get(each.email) or next(
            (external[each_id] for each_id in each.external_ids if external.get(each_id) in nameless), None
        )
        member_id = ids.get(each.email) or known
        if member_id is None:
            member_id = people.add_member(connection, each.email, each.email, each.name)
        elif each.email not in ids:
            people.change_member(connection, member_id, each.email, each.email, each.name)
        ids[each.email] = member_id
        nameless.discard(member_id)
        for external_id in each.external_ids:
            owner = external.setdefault(external_id, member_id)
            if owner != member_id:
                raise Refused(
                    f'line {each.line}, column external_id: "{shown(external_id)}" already names '
                    f"{keys.get(owner, 'another member')}; an id names one member."
                )
            new_external.append((external_id, member_id))
    stored = people.external_ids(connection)
    people.add_external_ids(connection, [row for row in dict.fromkeys(new_external) if row[0] not in stored])
    return ids

"""Editing one person: name, e-mail, the ids of CRMs, and where they belong when; told before what it changes."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.anonymous import PREFIX
from leaderboard.domain.closing import open_after
from leaderboard.domain.errors import PersonRefused
from leaderboard.domain.inbound import LONGEST_TEXT
from leaderboard.domain.memberships import MembershipChange, changed, first_difference
from leaderboard.domain.people import Membership, is_email
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.shown import has_controls, quoted
from leaderboard.services.directory import digest_of_memberships
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import Progress, no_garbage_collection, rescore_members
from leaderboard.storage import accounts, events, people, people_changes, totals, trail
from leaderboard.storage.database import all_or_nothing, begin_write, lock_door

MOST_TRIED = 4_000_000  # events, times months that are worked out anew


@dataclass(frozen=True)
class Consequences:
    """What a change of memberships does. after: what they become; since: from which day on, None for no difference.

    open_months: those whose points move; closed_months: those that stay as they were closed, a difference going to
    `corrected_in`. Both oldest first. moves: the points that teams gain or lose in open months; None where that was
    not tried out: it would take long, or others write just now.
    """

    after: Sequence[Membership]
    since: date | None
    open_months: Sequence[str]
    closed_months: Sequence[str]
    corrected_in: str | None
    moves: Sequence["Move"] | None = None


class Move(NamedTuple):
    """A team's points in a month, as they are and as they would be."""

    month: str
    team: str
    before: int
    after: int


def add_person(
    session: Session, *, name: str, email: str, team_id: int, starts_on: date | None, now: datetime, by: Actor
) -> int:
    """Add a member who belongs to a team from a day on, and return their id; PersonRefused."""
    name, email = checked_name(name), _checked_email(email)
    with _editing(session) as (connection, book):
        _check_free(connection, email, None)
        change = MembershipChange(None, _known_team(book, team_id), starts_on)
        member_id = people.add_member(connection, email, email, name)
        after = changed(member_id, [], change)
        people.replace_memberships(connection, [member_id], after)
        people.raise_rules_version(connection)
        rescore_members(session, [member_id], after[0].starts_on, now)
        lock_door(connection)  # so that no account is added meanwhile; last, since scoring may take its time
        accounts.link_members(connection)
        trail.note(connection, by, "person.added", f"member {email}", at=now, after=f"{name}; {_told(book, after)}")
    return member_id


def change_person(session: Session, member_id: int, *, name: str, email: str, now: datetime, by: Actor) -> None:
    """Give a member another name or e-mail; boards of closed periods keep the name that they were closed with.

    Raises PersonRefused, also for an e-mail that is somebody else's. One who has none may be left without.
    """
    name = checked_name(name)
    with _editing(session) as (connection, book):
        found = _found(connection, member_id)
        email = _checked_email(email) if email or found.email else ""
        if email:
            _check_free(connection, email, member_id)
        if (name, email) == (found.name, found.email or ""):
            return
        lock_door(connection)  # before members and accounts are written: who links an account holds it first too
        people_changes.change_member(connection, member_id, name=name, key=email or found.key, email=email or None)
        people_changes.rename(connection, "member", member_id, name, open_periods(book))
        accounts.link_members(connection)
        people.raise_rules_version(connection)
        before, after = f"{found.name}, {found.key}", f"{name}, {email or found.key}"
        trail.note(connection, by, "person.changed", f"member {email or found.key}", at=now, before=before, after=after)


def add_external_id(session: Session, member_id: int, external_id: str, *, now: datetime, by: Actor) -> None:
    """Let a CRM's id name a member from now on; PersonRefused for one that names somebody already."""
    external_id = external_id.strip()
    if not external_id or len(external_id) > LONGEST_TEXT or has_controls(external_id) or ";" in external_id:
        raise PersonRefused("id", f"An id takes 1 to {LONGEST_TEXT} characters on one line, no semicolon; give one.")
    with _editing(session) as (connection, _):
        found = _found(connection, member_id)
        if people_changes.was_anonymised(connection, external_id) or external_id.startswith(PREFIX):
            raise PersonRefused("id-anonymised", "This id was that of somebody who was made anonymous; use another.")
        owner = people_changes.member_of_id(connection, external_id)
        named = people_changes.member_known_as(connection, external_id)
        if owner is not None or (named is not None and named.id != member_id):
            raise PersonRefused("id-taken", f"{quoted(external_id)} names somebody already; an id names one member.")
        people_changes.add_id(connection, external_id, member_id)
        people.raise_rules_version(connection)
        trail.note(connection, by, "person.id-added", f"member {found.key}", at=now, after=external_id)


def remove_external_id(session: Session, member_id: int, external_id: str, *, now: datetime, by: Actor) -> None:
    """Let a CRM's id name nobody from now on; what came in under it stays with the member.

    Raises PersonRefused for one by which alone they are known.
    """
    with _editing(session) as (connection, _):
        found = _found(connection, member_id)
        if external_id not in people_changes.ids_of(connection, member_id):
            raise PersonRefused("gone", "This id is not there any more; look at the list again.")
        if external_id == found.key:
            raise PersonRefused("id-key", "They are known by this id alone; give them an e-mail first.")
        people_changes.forget_id(connection, external_id)
        people.raise_rules_version(connection)
        trail.note(connection, by, "person.id-removed", f"member {found.key}", at=now, before=external_id)


def consequences_of(session: Session, member_id: int, change: MembershipChange, *, now: datetime) -> Consequences:
    """Return what a change of memberships would do, and change nothing; PersonRefused where it cannot be.

    Where that is quick it is tried out, and taken back: some seconds at most, in which nobody else writes.
    """
    book = rule_book(session.connection())
    before = _memberships(book, member_id)
    after = changed(member_id, before, change)
    if change.team_id is not None:
        _known_team(book, change.team_id)
    since = first_difference(before, after)
    if since is None:
        return Consequences(after, None, (), (), None)
    months = [month for month in sorted(map(month_of_key, book.opened)) if month >= Month(since.year, since.month)]
    closed = [month for month in months if month.key in book.closed]
    opened = [month.key for month in months if month.key not in book.closed]
    is_quick = events.last_event_id(session.connection()) * len(months) <= MOST_TRIED
    return Consequences(
        after=after,
        since=since,
        open_months=opened,
        closed_months=[month.key for month in closed],
        corrected_in=open_after(closed[0], book.closed).key if closed else None,
        moves=_tried_out(session, member_id, after, since, opened, now) if is_quick else None,
    )


def _tried_out(
    session: Session, member_id: int, after: Sequence[Membership], since: date, months: Sequence[str], now: datetime
) -> list[Move] | None:
    """Return what teams would gain and lose in open months: scored for once, in a transaction that is taken back."""
    try:
        begin_write(session, is_patient=False)
    except (OperationalError, sqlite3.OperationalError):
        session.rollback()
        return None
    try:
        connection = session.connection()
        before = totals.team_points(connection, months)
        people.replace_memberships(connection, [member_id], after)
        people.raise_rules_version(connection)
        with no_garbage_collection():
            rescore_members(session, [member_id], since, now)
        then = totals.team_points(connection, months)
        names = {team_id: name for team_id, name, _ in people.teams(connection)}
    finally:
        session.rollback()
    moves = (
        Move(month, names[team_id], before.get((month, team_id), 0), then.get((month, team_id), 0))
        for month, team_id in sorted(before.keys() | then.keys())
    )
    return [each for each in moves if each.before != each.after]


def change_memberships(
    session: Session,
    member_id: int,
    change: MembershipChange,
    *,
    digest: str,
    now: datetime,
    by: Actor,
    progress: Progress | None = None,
) -> None:
    """Change one membership of a member and score what rests on it.

    digest: of the memberships that the change was made from; PersonRefused `stale` if they are others by now.
    """
    with no_garbage_collection(), _editing(session) as (connection, book):
        found, before = _found(connection, member_id), _memberships(book, member_id)
        if digest_of_memberships(before) != digest:
            raise PersonRefused("stale", "Somebody has changed these memberships meanwhile; look at them again.")
        after = changed(member_id, before, change)
        if change.team_id is not None:
            _known_team(book, change.team_id)
        people.replace_memberships(connection, [member_id], after)
        people.raise_rules_version(connection)
        since = first_difference(before, after)
        if since is not None:
            rescore_members(session, [member_id], since, now, progress)
        about, was, told = f"member {found.key}", _told(book, before), _told(book, after)
        trail.note(connection, by, "person.moved", about, at=now, before=was, after=told)


def open_periods(book: RuleBook) -> list[str]:
    """Return the months and quarters with standings that are not closed."""
    months = set(map(month_of_key, book.opened))
    found = {month.key for month in months} | {month.quarter.key for month in months}
    return sorted(found - book.closed)


@contextmanager
def _editing(session: Session) -> Iterator[tuple[Connection, RuleBook]]:
    """Change people in one transaction, under the rules as they are in it."""
    with all_or_nothing(session):
        connection = session.connection()
        yield connection, rule_book(connection)


def _found(connection: Connection, member_id: int) -> Any:
    found = people.member(connection, member_id)
    if found is None:
        raise PersonRefused("missing", "There is no such person; look at the list again.")
    if found.anonymised_at is not None:
        raise PersonRefused("anonymous", "They were made anonymous; nothing about them can be changed any more.")
    return found


def _memberships(book: RuleBook, member_id: int) -> list[Membership]:
    return book.rules.membership.by_member.get(member_id, [])


def _known_team(book: RuleBook, team_id: int | None) -> int:
    if team_id is None or team_id not in book.rules.teams:
        raise PersonRefused("team", "There is no such team; choose one from the list.")
    return team_id


def _told(book: RuleBook, memberships: Sequence[Membership]) -> str:
    """Return what the audit trail says of somebody's memberships."""
    told = (f"{book.rules.teams[each.team_id].name} {each.starts_on} to {each.until or '…'}" for each in memberships)
    return "; ".join(told) or "in no team"


def checked_name(name: str) -> str:
    """Return a person's or team's name without blanks too many; PersonRefused for none, or one that is too long."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_TEXT or has_controls(name):
        raise PersonRefused("name", f"A name takes 1 to {LONGEST_TEXT} characters on one line; give one.")
    return name


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > LONGEST_TEXT or not is_email(email):
        raise PersonRefused("email", f"{quoted(email)} is not an e-mail address; expected one such as ana@example.com.")
    return email


def _check_free(connection: Connection, email: str, member_id: int | None) -> None:
    """Refuse an e-mail by which somebody else is known, or was before they were made anonymous."""
    if people_changes.was_anonymised(connection, email):
        raise PersonRefused("was-anonymised", f"{email} is somebody who was made anonymous; use another e-mail.")
    named = people_changes.member_known_as(connection, email)
    if named is not None and named.id != member_id:
        raise PersonRefused("email-taken", f"{email} is somebody else's; choose another e-mail.")

"""Accounts as administrators keep them: found, given roles and teams, closed and opened, let in anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AccountRefused
from leaderboard.domain.passwords import make_password
from leaderboard.services.accounts import DEFAULT_COSTS, HashCosts, check_free, checked_email, hash_password, token_key
from leaderboard.services.administrators import one_stays
from leaderboard.services.people import ROLES
from leaderboard.services.scopes import Reach, reach_of
from leaderboard.storage import account_lists, accounts, people, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

PAGE_SIZE = 50
SEEN = ("all", "own")


@dataclass(frozen=True)
class AccountQuery:
    """Which accounts are looked for. text: in the e-mail or name; state: active, closed, or empty for both."""

    text: str = ""
    role: str = ""
    state: str = "active"
    page: int = 1


@dataclass(frozen=True)
class Account:
    """An account. member: the name of the member that it is linked to.

    teams: id and name of those given to a manager beside the one they belong to.
    last_seen_at: when a session of it was last used; None where it has none.
    """

    id: int
    email: str
    role: str
    is_active: bool
    member_id: int | None
    member: str | None
    is_anonymised: bool
    teams_seen: str | None
    teams: Sequence[tuple[int, str]]
    created_at: datetime
    password_changed_at: datetime
    last_seen_at: datetime | None

    @property
    def sees_all(self) -> bool:
        """Whether they answer for every team, because it is said so or because they belong to none."""
        return reach_of("manager", self.teams_seen, self.member_id) is Reach.ALL


@dataclass(frozen=True)
class AccountsPage:
    """A page of accounts, by e-mail; count: of all pages."""

    accounts: Sequence[Account]
    count: int
    page: int
    pages: int


def list_accounts(session: Session, query: AccountQuery, *, page_size: int = PAGE_SIZE) -> AccountsPage:
    """Return a page of the accounts that are looked for; of pages past the end the last. Three statements."""
    connection = session.connection()
    wanted: dict[str, Any] = {"text": query.text, "role": query.role, "is_active": _is_active(query.state)}
    count = account_lists.count_accounts(connection, **wanted)
    pages = max(1, -(-count // page_size))
    page = min(max(query.page, 1), pages)
    rows = account_lists.accounts(connection, page_size, (page - 1) * page_size, **wanted)
    return AccountsPage(_with_teams(connection, rows), count, page, pages)


def find_account(session: Session, user_id: int) -> Account | None:
    """Return an account, None if there is none."""
    connection = session.connection()
    row = account_lists.account(connection, user_id)
    return None if row is None else _with_teams(connection, [row])[0]


def change_role(session: Session, user_id: int, role: str, *, now: datetime, by: Actor) -> None:
    """Give an account another role; its sessions end.

    Raises AccountRefused for one's own, Refused for that of the last administrator.
    """
    if role not in ROLES:
        raise AccountRefused("role", f'"{role}" is not a role; expected rep, manager or admin.')
    with _changing(session, user_id) as (connection, found):
        if found.role == role:
            return
        _refuse_own(found, by, "role")
        with one_stays(connection):
            account_lists.change_account(connection, user_id, role=role)
        accounts.end_sessions(connection, user_id)
        trail.note(connection, by, "role.changed", f"user {found.email}", at=now, before=found.role, after=role)


def give_teams(
    session: Session, user_id: int, teams_seen: str, team_ids: Sequence[int], *, now: datetime, by: Actor
) -> None:
    """Say which teams a manager answers for: `all`, or `own` and some more beside the one they belong to."""
    if teams_seen not in SEEN:
        raise AccountRefused("teams", f'"{teams_seen}" is not "all" or "own".')
    with _changing(session, user_id) as (connection, found):
        before = _with_teams(connection, [found])[0]
        set_teams(connection, user_id, teams_seen, team_ids)
        after = _with_teams(connection, [account_lists.account(connection, user_id)])[0]
        if told_teams(before) != told_teams(after):
            about = f"user {found.email}"
            trail.note(connection, by, "teams.given", about, at=now, before=told_teams(before), after=told_teams(after))


def set_teams(connection: Connection, user_id: int, teams_seen: str, team_ids: Sequence[int]) -> None:
    """Store which teams a manager answers for; AccountRefused for a team that there is not."""
    wanted = [] if teams_seen == "all" else sorted(set(team_ids))
    if not {team_id for team_id, _, _ in people.teams(connection)}.issuperset(wanted):
        raise AccountRefused("teams", "One of these teams is not there; choose from the list.")
    accounts.give_teams(connection, user_id, teams_seen, wanted)


def told_teams(account: Account) -> str:
    """Return what the audit trail says of the teams that somebody answers for."""
    if account.sees_all:
        return "all teams"
    return ", ".join(["own team", *(name for _, name in account.teams)])


def link_member(session: Session, user_id: int, member_id: int | None, *, now: datetime, by: Actor) -> None:
    """Say which member an account is, None for none; its sessions end.

    Raises AccountRefused where the member has an account already, and for taking one's own link away: nobody is to
    approve a bonus that they share in by becoming nobody (B4).
    """
    with _changing(session, user_id) as (connection, found):
        if found.member_id == member_id:
            return
        if found.member_id is not None:
            _refuse_own(found, by, "member")
        named = None
        if member_id is not None:
            named = people.member(connection, member_id)
            if named is None or named.anonymised_at is not None:
                raise AccountRefused("member", "There is no such person; choose one that is proposed.")
            if taken := account_lists.accounts_of(connection, [member_id]):
                raise AccountRefused("taken", f"{taken[0].email} is this person's account already; close or unlink it.")
        account_lists.change_account(connection, user_id, member_id=member_id)
        accounts.end_sessions(connection, user_id)
        about, before, after = f"user {found.email}", _named(connection, found.member_id), named and named.key
        trail.note(connection, by, "user.linked", about, at=now, before=before, after=after)


def change_email(session: Session, user_id: int, email: str, *, now: datetime, by: Actor) -> None:
    """Let an account sign in with another e-mail; its sessions end. Raises AccountRefused for one that is taken."""
    email = checked_email(email)
    with _changing(session, user_id) as (connection, found):
        if email == found.email:
            return
        check_free(connection, email)
        account_lists.change_account(connection, user_id, email=email)
        accounts.end_sessions(connection, user_id)
        trail.note(connection, by, "user.renamed", f"user {email}", at=now, before=found.email, after=email)


def deactivate(session: Session, user_id: int, *, now: datetime, by: Actor) -> None:
    """Close an account: its sessions end at once, and it signs in no more.

    Raises AccountRefused for one's own, Refused for the last administrator's.
    """
    with _changing(session, user_id) as (connection, found):
        _refuse_own(found, by, "closed")
        with one_stays(connection):
            accounts.set_active(connection, user_id, False)
        accounts.end_sessions(connection, user_id)
        trail.note(connection, by, "user.deactivated", f"user {found.email}", at=now)


def reactivate(session: Session, user_id: int, *, now: datetime, by: Actor) -> None:
    """Open an account again; AccountRefused for that of somebody who was made anonymous."""
    with _changing(session, user_id) as (connection, found):
        if found.anonymised_at is not None:
            raise AccountRefused("anonymous", "Nobody is known behind this account any more; add a new one.")
        accounts.set_active(connection, user_id, True)
        trail.note(connection, by, "user.reactivated", f"user {found.email}", at=now)


def reset_password(
    session: Session, user_id: int, *, now: datetime, by: Actor, costs: HashCosts = DEFAULT_COSTS
) -> str:
    """Give an account a new password and return it, to be shown this once; its sessions end.

    Raises AccountRefused for one's own: that is changed with the present one.
    """
    password = make_password()
    password_hash = hash_password(password, costs)
    with _changing(session, user_id) as (connection, found):
        _refuse_own(found, by, "password")
        accounts.set_password(connection, user_id, password_hash, now)
        accounts.end_sessions(connection, user_id)
        accounts.forget_attempts(connection, token_key(found.email))
        trail.note(connection, by, "password.reset", f"user {found.email}", at=now)
    return password


def revoke_token(session: Session, user_id: int, token_id: int, *, now: datetime, by: Actor) -> None:
    """End an API token of an account; AccountRefused if it has no such token."""
    with _changing(session, user_id) as (connection, found):
        token = next((each for each in account_lists.tokens_of(connection, user_id) if each.id == token_id), None)
        if token is None:
            raise AccountRefused("token", "There is no such token; look at the list again.")
        account_lists.forget_token(connection, token_id)
        before = f"{token.name}; begins with {token.prefix}"
        trail.note(connection, by, "token.revoked", f"user {found.email}", at=now, before=before)


@contextmanager
def _changing(session: Session, user_id: int) -> Iterator[tuple[Connection, Any]]:
    """Change an account in one transaction; AccountRefused if there is none."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = account_lists.account(connection, user_id)
        if found is None:
            raise AccountRefused("missing", "There is no such account; look at the list again.")
        yield connection, found


def _refuse_own(found: Any, by: Actor, problem: str) -> None:
    if by.user_id == found.id:
        raise AccountRefused(f"own-{problem}", "This is your own account; ask another administrator to change it.")


def _named(connection: Connection, member_id: int | None) -> str | None:
    return None if member_id is None else people.member(connection, member_id).key


def _is_active(state: str) -> bool | None:
    return {"active": True, "closed": False}.get(state)


def _with_teams(connection: Connection, rows: Sequence[Any]) -> list[Account]:
    given: dict[int, list[tuple[int, str]]] = {}
    for each in account_lists.teams_of(connection, [row.id for row in rows]):
        given.setdefault(each.user_id, []).append((each.team_id, each.name))
    return [
        Account(
            id=row.id,
            email=row.email,
            role=row.role,
            is_active=bool(row.is_active),
            member_id=row.member_id,
            member=row.member,
            is_anonymised=row.anonymised_at is not None,
            teams_seen=row.teams_seen,
            teams=given.get(row.id, []),
            created_at=row.created_at,
            password_changed_at=row.password_changed_at,
            last_seen_at=row.last_seen_at,
        )
        for row in rows
    ]

"""Queries of accounts, their sessions, failed sign-ins and API tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from leaderboard.storage.accounts_tables import ApiToken, ManagerTeam, SignInAttempt, UserAccount, UserSession
from leaderboard.storage.database import Instant
from leaderboard.storage.tables import Member, OrganisationRow

_resumed = (
    select(
        UserAccount.id,
        UserAccount.email,
        UserAccount.role,
        UserAccount.member_id,
        UserAccount.teams_seen,
        UserAccount.language,
        UserSession.created_at,
        UserSession.last_seen_at,
        OrganisationRow.scores_version,
        OrganisationRow.rules_version,
    )
    .select_from(UserSession)
    .join(UserAccount, UserAccount.id == UserSession.user_id)
    .outerjoin(OrganisationRow, literal(True))
    .where(
        UserSession.key == bindparam("key", type_=Text()),
        UserSession.last_seen_at > bindparam("idle_since", type_=Instant()),
        UserSession.created_at > bindparam("begun_since", type_=Instant()),
        UserAccount.is_active == 1,
    )
)


def account_with(connection: Connection, email: str) -> Any:
    """Return id, e-mail, role, password_hash and is_active of the account with an e-mail in lower case, or None."""
    columns = (
        UserAccount.id,
        UserAccount.email,
        UserAccount.role,
        UserAccount.password_hash,
        UserAccount.is_active,
    )
    return connection.execute(select(*columns).where(UserAccount.email == email)).first()


def account(connection: Connection, user_id: int) -> Any:
    """Return id, e-mail, password_hash and is_active of an account, or None."""
    return connection.execute(
        select(UserAccount.id, UserAccount.email, UserAccount.password_hash, UserAccount.is_active).where(
            UserAccount.id == user_id
        )
    ).first()


def _has_account() -> ColumnElement[bool]:
    """Return that an account is the member's already."""
    theirs = aliased(UserAccount)
    return exists().where(theirs.member_id == Member.id).correlate(Member)


def add_account(connection: Connection, email: str, role: str, password_hash: str, now: datetime) -> int:
    """Store an account, linked to the member with that e-mail unless they have one, and return its id."""
    member = select(Member.id).where(Member.email == email, ~_has_account()).scalar_subquery()
    values = {"email": email, "role": role, "password_hash": password_hash, "member_id": member, "is_active": 1}
    query = insert(UserAccount).values(**values, created_at=now, password_changed_at=now)
    return connection.execute(query.returning(UserAccount.id)).scalar_one()


def teams_answered_for(connection: Connection, user_id: int) -> Sequence[Any]:
    """Return role, is_active, teams_seen and member_id of an account, once for each team given to it (team_id)."""
    query = (
        select(
            UserAccount.role, UserAccount.is_active, UserAccount.teams_seen, UserAccount.member_id, ManagerTeam.team_id
        )
        .outerjoin(ManagerTeam, ManagerTeam.user_id == UserAccount.id)
        .where(UserAccount.id == user_id)
    )
    return connection.execute(query).all()


def give_teams(connection: Connection, user_id: int, teams_seen: str | None, team_ids: Sequence[int]) -> None:
    """Store which teams a manager answers for: `all`, `own` with some more, or None for what goes without saying."""
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(teams_seen=teams_seen))
    connection.execute(delete(ManagerTeam).where(ManagerTeam.user_id == user_id))
    if team_ids:
        connection.execute(insert(ManagerTeam), [{"user_id": user_id, "team_id": each} for each in team_ids])


def link_members(connection: Connection) -> None:
    """Link each account that has no member to the member with its e-mail, unless they have another."""
    member = select(Member.id).where(Member.email == UserAccount.email, ~_has_account())
    connection.execute(
        update(UserAccount)
        .where(UserAccount.member_id.is_(None), member.exists())
        .values(member_id=member.scalar_subquery())
        .execution_options(synchronize_session=False)
    )


def roles(connection: Connection) -> list[tuple[int, str, str]]:
    """Return id, e-mail and role of each account, in the order they were added."""
    rows = connection.execute(select(UserAccount.id, UserAccount.email, UserAccount.role).order_by(UserAccount.id))
    return [(row.id, row.email, row.role) for row in rows]


def set_language(connection: Connection, user_id: int, language: str | None) -> None:
    """Store the language that a user chose."""
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(language=language))


def set_password(connection: Connection, user_id: int, password_hash: str, now: datetime) -> None:
    """Store the hash of a new password."""
    connection.execute(
        update(UserAccount)
        .where(UserAccount.id == user_id)
        .values(password_hash=password_hash, password_changed_at=now)
    )


def set_hash(connection: Connection, user_id: int, password_hash: str) -> None:
    """Store another hash of the same password."""
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(password_hash=password_hash))


def set_active(connection: Connection, user_id: int, is_active: bool) -> None:
    """Store whether an account may sign in."""
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(is_active=int(is_active)))


def resumed(connection: Connection, key: str, idle_since: datetime, begun_since: datetime) -> Any:
    """Return a live session's user with the organisation's versions, in one statement; None if there is none.

    idle_since, begun_since: a session that was last seen, or began, at that instant or before is over.
    """
    values = {"key": key, "idle_since": idle_since, "begun_since": begun_since}
    return connection.execute(_resumed, values).first()


def live_keys(
    connection: Connection, keys: Sequence[str], idle_since: datetime, begun_since: datetime
) -> Sequence[Any]:
    """Return those of some session keys that are live, as resumed says, each with role, teams_seen and member_id."""
    query = (
        select(UserSession.key, UserAccount.role, UserAccount.teams_seen, UserAccount.member_id)
        .join(UserAccount, UserAccount.id == UserSession.user_id)
        .where(
            UserSession.key.in_(keys),
            UserSession.last_seen_at > idle_since,
            UserSession.created_at > begun_since,
            UserAccount.is_active == 1,
        )
    )
    return connection.execute(query).all()


def add_session(connection: Connection, key: str, user_id: int, now: datetime) -> None:
    """Store a session that begins."""
    connection.execute(insert(UserSession).values(key=key, user_id=user_id, created_at=now, last_seen_at=now))


def mark_seen(connection: Connection, key: str, now: datetime) -> None:
    """Store that a session was used."""
    connection.execute(update(UserSession).where(UserSession.key == key).values(last_seen_at=now))


def end_session(connection: Connection, key: str) -> None:
    """Delete a session."""
    connection.execute(delete(UserSession).where(UserSession.key == key))


def end_sessions(connection: Connection, user_id: int) -> None:
    """Delete all sessions of a user."""
    connection.execute(delete(UserSession).where(UserSession.user_id == user_id))


def end_old_sessions(connection: Connection, idle_since: datetime, begun_since: datetime) -> int:
    """Delete the sessions that are over, as resumed says, and return how many."""
    return connection.execute(
        delete(UserSession).where(or_(UserSession.last_seen_at <= idle_since, UserSession.created_at <= begun_since))
    ).rowcount


def attempts_of_account(connection: Connection, account_key: str, since: datetime, most: int) -> list[datetime]:
    """Return when an account was last tried after an instant, newest first."""
    return _attempts(connection, SignInAttempt.account == account_key, since, most)


def attempts_from(connection: Connection, address: str, since: datetime, most: int) -> list[datetime]:
    """Return when an address last tried after an instant, newest first."""
    return _attempts(connection, SignInAttempt.address == address, since, most)


def _attempts(connection: Connection, which: Any, since: datetime, most: int) -> list[datetime]:
    query = select(SignInAttempt.at).where(which, SignInAttempt.at > since)
    return list(connection.execute(query.order_by(SignInAttempt.at.desc()).limit(most)).scalars())


def add_attempt(connection: Connection, account_key: str, address: str, now: datetime) -> None:
    """Store an attempt to sign in."""
    connection.execute(insert(SignInAttempt).values(account=account_key, address=address, at=now))


def forget_attempts(connection: Connection, account_key: str) -> None:
    """Delete the attempts of an account: it has signed in."""
    connection.execute(delete(SignInAttempt).where(SignInAttempt.account == account_key))


def forget_old_attempts(connection: Connection, until: datetime) -> int:
    """Delete the attempts that count no more, and return how many."""
    return connection.execute(delete(SignInAttempt).where(SignInAttempt.at <= until)).rowcount


def add_token(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store an API token."""
    connection.execute(insert(ApiToken).values(**values))

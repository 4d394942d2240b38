"""Queries of the company accounts with which users sign in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.mail_tables import UserIdentity


def owner(connection: Connection, issuer: str, subjects: Collection[str]) -> Any:
    """Return id, e-mail, role and is_active of the account to which one of some subjects signs in, or None."""
    account = (UserAccount.id, UserAccount.email, UserAccount.role, UserAccount.is_active)
    query = select(*account).join(UserIdentity, UserIdentity.user_id == UserAccount.id)
    return connection.execute(query.where(UserIdentity.issuer == issuer, UserIdentity.subject.in_(subjects))).first()


def identities_of(connection: Connection, user_id: int) -> Sequence[Any]:
    """Return issuer, subject and created_at of the company accounts that sign in to an account, oldest first."""
    columns = (UserIdentity.issuer, UserIdentity.subject, UserIdentity.created_at)
    query = select(*columns).where(UserIdentity.user_id == user_id)
    return connection.execute(query.order_by(UserIdentity.created_at, UserIdentity.issuer)).all()


def add(connection: Connection, issuer: str, subject: str, user_id: int, now: datetime) -> None:
    """Let a company account sign in to an account."""
    connection.execute(insert(UserIdentity).values(issuer=issuer, subject=subject, user_id=user_id, created_at=now))


def forget(connection: Connection, user_id: int) -> None:
    """Let no company account sign in to an account any more."""
    connection.execute(delete(UserIdentity).where(UserIdentity.user_id == user_id))


def rename(connection: Connection, issuer: str, subject: str, to: str) -> None:
    """Store another subject in the place of one."""
    where = (UserIdentity.issuer == issuer, UserIdentity.subject == subject)
    connection.execute(update(UserIdentity).where(*where).values(subject=to))

"""Queries of accounts as administrators see them: lists, one with all that belongs to it, and changes by them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from leaderboard.storage.accounts_tables import ApiToken, ManagerTeam, UserAccount, UserSession
from leaderboard.storage.database import holds
from leaderboard.storage.tables import Member, Team

_columns = (
    UserAccount.id,
    UserAccount.email,
    UserAccount.role,
    UserAccount.member_id,
    UserAccount.is_active,
    UserAccount.teams_seen,
    UserAccount.created_at,
    UserAccount.password_changed_at,
    Member.name.label("member"),
    Member.anonymised_at,
    select(func.max(UserSession.last_seen_at))
    .where(UserSession.user_id == UserAccount.id)
    .correlate(UserAccount)
    .scalar_subquery()
    .label("last_seen_at"),
)


def accounts(
    connection: Connection, limit: int, offset: int, *, text: str = "", role: str = "", is_active: bool | None = None
) -> Sequence[Any]:
    """Return accounts by e-mail, each with its member's name and when a session of it was last used.

    text: found in the e-mail or the member's name, in any case; an empty text and None ask for nothing.
    """
    query = select(*_columns).outerjoin(Member, Member.id == UserAccount.member_id)
    where = _where(connection, text, role, is_active)
    return connection.execute(query.where(*where).order_by(UserAccount.email).limit(limit).offset(offset)).all()


def count_accounts(connection: Connection, *, text: str = "", role: str = "", is_active: bool | None = None) -> int:
    """Return how many accounts there are, as `accounts` asks for them."""
    query = select(func.count()).select_from(UserAccount).outerjoin(Member, Member.id == UserAccount.member_id)
    return connection.execute(query.where(*_where(connection, text, role, is_active))).scalar_one()


def _where(connection: Connection, text: str, role: str, is_active: bool | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if text:
        where.append(or_(holds(connection, UserAccount.email, text), holds(connection, Member.name, text)))
    if role:
        where.append(UserAccount.role == role)
    if is_active is not None:
        where.append(UserAccount.is_active == int(is_active))
    return where


def account(connection: Connection, user_id: int) -> Any:
    """Return an account as `accounts` does; None if there is none."""
    query = select(*_columns).outerjoin(Member, Member.id == UserAccount.member_id)
    return connection.execute(query.where(UserAccount.id == user_id)).first()


def accounts_of(connection: Connection, member_ids: Sequence[int]) -> Sequence[Any]:
    """Return id, e-mail, role, member_id and is_active of the accounts of some members."""
    columns = (UserAccount.id, UserAccount.email, UserAccount.role, UserAccount.member_id, UserAccount.is_active)
    query = select(*columns).where(UserAccount.member_id.in_(member_ids)).order_by(UserAccount.id)
    return connection.execute(query).all()


def linked_accounts(connection: Connection) -> Sequence[Any]:
    """Return member_id and role of the accounts that belong to a member."""
    query = select(UserAccount.member_id, UserAccount.role).where(UserAccount.member_id.is_not(None))
    return connection.execute(query.order_by(UserAccount.id)).all()


def count_administrators(connection: Connection) -> int:
    """Return how many administrators can sign in."""
    query = select(func.count()).where(UserAccount.role == "admin", UserAccount.is_active == 1)
    return connection.execute(query).scalar_one()


def teams_of(connection: Connection, user_ids: Sequence[int]) -> Sequence[Any]:
    """Return user_id, team_id and the team's name of the teams that were given to some managers, by name."""
    query = (
        select(ManagerTeam.user_id, ManagerTeam.team_id, Team.name)
        .join(Team, Team.id == ManagerTeam.team_id)
        .where(ManagerTeam.user_id.in_(user_ids))
        .order_by(Team.name)
    )
    return connection.execute(query).all()


def tokens_of(connection: Connection, user_id: int) -> Sequence[Any]:
    """Return the API tokens of an account, newest first; nothing by which one could use them."""
    columns = (ApiToken.id, ApiToken.prefix, ApiToken.name, ApiToken.created_at, ApiToken.last_used_at)
    query = select(*columns, ApiToken.expires_at, ApiToken.scopes).where(ApiToken.user_id == user_id)
    return connection.execute(query.order_by(ApiToken.id.desc())).all()


def sessions_of(connection: Connection, user_id: int) -> Sequence[Any]:
    """Return when each session of an account began and was last used, the latest first."""
    query = select(UserSession.created_at, UserSession.last_seen_at).where(UserSession.user_id == user_id)
    return connection.execute(query.order_by(UserSession.last_seen_at.desc())).all()


def change_account(connection: Connection, user_id: int, **values: Any) -> None:
    """Store values of an account."""
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(**values))


def forget_token(connection: Connection, token_id: int) -> None:
    """Delete an API token."""
    connection.execute(delete(ApiToken).where(ApiToken.id == token_id))


def forget_tokens(connection: Connection, user_id: int) -> None:
    """Delete all API tokens of an account."""
    connection.execute(delete(ApiToken).where(ApiToken.user_id == user_id))

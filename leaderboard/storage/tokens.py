"""Queries of API tokens: whose they are, how much of a minute they have used, and what was answered to a key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, insert, literal, select, update

from leaderboard.storage.accounts_tables import ApiToken, UserAccount
from leaderboard.storage.bulk import insert_into
from leaderboard.storage.connection_tables import ApiUse, IdempotentAnswer
from leaderboard.storage.tables import OrganisationRow


def holder(connection: Connection, key: str) -> Any:
    """Return the token with a hash, whose it is, and the organisation's versions, in one statement.

    None if there is none, or its account is closed. The versions are None while there is no organisation.
    """
    query = (
        select(
            ApiToken.id,
            ApiToken.prefix,
            ApiToken.name,
            ApiToken.scopes,
            ApiToken.expires_at,
            ApiToken.last_used_at,
            UserAccount.id.label("user_id"),
            UserAccount.email,
            UserAccount.role,
            UserAccount.member_id,
            UserAccount.teams_seen,
            OrganisationRow.scores_version,
            OrganisationRow.rules_version,
        )
        .join(UserAccount, UserAccount.id == ApiToken.user_id)
        .outerjoin(OrganisationRow, literal(True))
        .where(ApiToken.key == key, UserAccount.is_active == 1)
    )
    return connection.execute(query).first()


def all_tokens(connection: Connection, *, before: int | None, limit: int) -> Sequence[Any]:
    """Return the tokens of all accounts, the newest first, below an id; nothing by which one could use them."""
    columns = (ApiToken.id, ApiToken.prefix, ApiToken.name, ApiToken.scopes, ApiToken.created_at, ApiToken.expires_at)
    whose = (ApiToken.last_used_at, ApiToken.user_id, UserAccount.email, UserAccount.role, UserAccount.is_active)
    query = select(*columns, *whose).join(UserAccount, UserAccount.id == ApiToken.user_id)
    if before is not None:
        query = query.where(ApiToken.id < before)
    return connection.execute(query.order_by(ApiToken.id.desc()).limit(limit)).all()


def mark_used(connection: Connection, token_id: int, now: datetime) -> None:
    """Store when a token was used."""
    connection.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def take(connection: Connection, token_id: int, window_at: datetime, count: int) -> int:
    """Take so many requests of a window for a token, and return how many are taken of it by now, these included."""
    new = insert_into(connection, ApiUse)
    is_same = ApiUse.window_at >= new.excluded.window_at  # of a machine whose clock is ahead: still the same
    changed = {
        "taken": case((is_same, ApiUse.taken + new.excluded.taken), else_=new.excluded.taken),
        "window_at": case((is_same, ApiUse.window_at), else_=new.excluded.window_at),
    }
    query = new.values(token_id=token_id, window_at=window_at, taken=count).on_conflict_do_update(
        index_elements=["token_id"], set_=changed
    )
    return connection.execute(query.returning(ApiUse.taken)).scalar_one()


def answer(connection: Connection, token_id: int, key: str) -> Any:
    """Return request, created_at, status and body of what was answered to a key; None if it was not used."""
    columns = (IdempotentAnswer.request, IdempotentAnswer.created_at, IdempotentAnswer.status, IdempotentAnswer.body)
    return connection.execute(select(*columns).where(*_of_key(token_id, key))).first()


def begin_answer(connection: Connection, token_id: int, key: str, request: str, now: datetime) -> None:
    """Store that a request with a key is under way, in place of what was stored of the key."""
    connection.execute(delete(IdempotentAnswer).where(*_of_key(token_id, key)))
    connection.execute(insert(IdempotentAnswer).values(token_id=token_id, key=key, request=request, created_at=now))


def store_answer(connection: Connection, token_id: int, key: str, status: int, body: str) -> None:
    """Store what was answered to a key."""
    connection.execute(update(IdempotentAnswer).where(*_of_key(token_id, key)).values(status=status, body=body))


def forget_answer(connection: Connection, token_id: int, key: str) -> None:
    """Forget that a key was used."""
    connection.execute(delete(IdempotentAnswer).where(*_of_key(token_id, key)))


def forget_answers(connection: Connection, until: datetime) -> int:
    """Delete the answers to requests of an instant or before, and return how many."""
    return connection.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at <= until)).rowcount


def _of_key(token_id: int, key: str) -> tuple[Any, Any]:
    return IdempotentAnswer.token_id == token_id, IdempotentAnswer.key == key

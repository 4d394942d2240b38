"""The same answer to the same request: what a program sends again with its Idempotency-Key is not done again."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.errors import KeyReused, KeyUnderWay
from leaderboard.storage import tokens
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(minutes=10)  # then the process that began it is taken to be gone


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: str


def begin(session: Session, token_id: int, key: str, request: str, *, now: datetime) -> Answer | None:
    """Note that a request is under way, or return what was answered to it before.

    request: its SHA-256. Raises KeyReused if another request had the key, KeyUnderWay while that one is not answered.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = tokens.answer(connection, token_id, key)
        if found is None or found.created_at <= now - KEPT:
            tokens.begin_answer(connection, token_id, key, request, now)
            return None
        if found.request != request:
            raise KeyReused("This Idempotency-Key came with another request before; make a new key for each request.")
        if found.status is not None:
            return Answer(found.status, found.body or "")
        if found.created_at > now - GIVEN_UP:
            raise KeyUnderWay("The first request with this Idempotency-Key is still under way; ask again in a moment.")
        tokens.begin_answer(connection, token_id, key, request, now)
        return None


def finish(session: Session, token_id: int, key: str, answer: Answer) -> None:
    """Keep what was answered."""
    with all_or_nothing(session, DOOR_LOCK):
        tokens.store_answer(session.connection(), token_id, key, answer.status, answer.body)


def abandon(session: Session, token_id: int, key: str) -> None:
    """Forget a request that failed on our side, so that it may be tried again."""
    with all_or_nothing(session, DOOR_LOCK):
        tokens.forget_answer(session.connection(), token_id, key)


def forget_old_answers(connection: Connection, now: datetime) -> int:
    """Delete the answers that are kept no longer, within the caller's transaction, and return how many."""
    return tokens.forget_answers(connection, now - KEPT)

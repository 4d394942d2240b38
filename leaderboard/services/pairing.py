"""Pairing a screen: it shows a code, a manager enters it, and the screen fetches its token.

The screen holds a secret of its own in a cookie, by which it asks whether its code was entered. Neither is stored, only
their SHA-256. The code is good for ten minutes and once; the secret, after that, until the token has been used once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.displays import Settings, code_of, new_code, to_text
from leaderboard.domain.errors import DisplayRefused, Throttled
from leaderboard.services.accounts import TOKEN_BYTES, Limits, network_of, take_attempt, token_key
from leaderboard.services.displays import about, checked_name, end_display, live_or_gone
from leaderboard.storage import accounts, displays, pairings, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

CODE_LIFE = timedelta(minutes=10)
FETCH_WITHIN = timedelta(days=1)  # of a screen that loses its network just when its code is entered
MOST_OF_ADDRESS, MOST_IN_ALL = 20, 500


@dataclass(frozen=True)
class Pending:
    """A screen that waits. expires_at: of its code. is_claimed: a manager has entered it, and a token is there."""

    expires_at: datetime
    is_claimed: bool


def begin_pairing(session: Session, *, address: str, now: datetime) -> tuple[str, str]:
    """Return a new code for a screen to show, and the secret for its cookie.

    address: where the screen is. Raises Throttled while too many wait, there or in all; it waits for no long writer.
    """
    address, since = network_of(address), now - CODE_LIFE
    with all_or_nothing(session, DOOR_LOCK, is_patient=False):
        connection = session.connection()
        pairings.forget_old(connection, since, now - FETCH_WITHIN)
        for most, where in ((MOST_OF_ADDRESS, address), (MOST_IN_ALL, None)):
            begun = pairings.begun_since(connection, since, most, where)
            if len(begun) >= most:
                raise Throttled(max(1, -((now - begun[-1] - CODE_LIFE) // timedelta(seconds=1))))
        code, secret = _unused_code(connection), secrets.token_urlsafe(TOKEN_BYTES)
        pairings.add(connection, token_key(code), token_key(secret), address, now)
    return code, secret


def pairing_of(session: Session, code: str, secret: str, *, now: datetime) -> Pending | None:
    """Return how far the pairing of a screen with a code and a secret has come; None if it is over."""
    row = pairings.with_device(session.connection(), token_key(secret))
    if row is None or row.code_key != token_key(code) or not _is_good(row, now):
        return None
    return Pending(row.created_at + CODE_LIFE, row.display_id is not None)


def claim(
    session: Session,
    code: str,
    *,
    name: str,
    settings: Settings,
    now: datetime,
    by: Actor,
    address: str,
    limits: Limits,
) -> int:
    """Make the screen that shows a code a display, and return its id.

    Raises DisplayRefused: `name`, `taken`, or `code` for one that no screen shows. That counts as a failed attempt, as
    at the door, of whoever made it and from where; Throttled after too many.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        name = checked_name(connection, name)
        pairing_id = _take_code(session, code, now, by, address, limits)
        if pairing_id is not None:
            return _add_display(connection, pairing_id, (name, to_text(settings), "", None), now, by)
    raise _wrong_code()


def claim_in_place(
    session: Session, code: str, display_id: int, *, now: datetime, by: Actor, address: str, limits: Limits
) -> int:
    """Let the screen that shows a code take a display's place, which ends; return the new one's id.

    Name, settings and message are handed on. Raises as `claim` does, and DisplayRefused `gone`.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        old = live_or_gone(connection, display_id)
        pairing_id = _take_code(session, code, now, by, address, limits)
        if pairing_id is not None:
            end_display(connection, old, now, by)
            handed_on = (old.name, old.settings, old.message, old.message_until)
            return _add_display(connection, pairing_id, handed_on, now, by)
    raise _wrong_code()


def collect_token(session: Session, secret: str, *, now: datetime) -> str | None:
    """Return a token for the screen whose code was entered, None if it was not.

    The pairing goes with the token's first use: an answer that got lost can be asked for again.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        row = pairings.with_device(connection, token_key(secret))
        if row is None or row.display_id is None or not _is_good(row, now):
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        displays.give_key(connection, row.display_id, token_key(token), now)
    return token


def forget_old_pairings(connection: Connection, now: datetime) -> int:
    """Delete the pairings that are over, in the transaction that writes, and return how many."""
    return pairings.forget_old(connection, now - CODE_LIFE, now - FETCH_WITHIN)


def _is_good(row: Any, now: datetime) -> bool:
    return bool(row.created_at > now - (CODE_LIFE if row.display_id is None else FETCH_WITHIN))


def _unused_code(connection: Connection) -> str:
    while True:
        code = new_code(secrets.choice)
        if pairings.with_code(connection, token_key(code)) is None:
            return code


def _take_code(session: Session, typed: str, now: datetime, by: Actor, address: str, limits: Limits) -> int | None:
    """Return the pairing whose code was typed; None if no screen shows it, which is counted as a failed attempt.

    What cannot be a code is no attempt at one.
    """
    code, account_key = code_of(typed), token_key(f"pairing {by.name}")
    if code is None:
        return None
    take_attempt(session, account_key, address, now, limits)
    row = pairings.with_code(session.connection(), token_key(code))
    if row is None or row.display_id is not None or not _is_good(row, now):
        return None
    accounts.forget_attempts(session.connection(), account_key)
    return int(row.id)


def _add_display(
    connection: Connection,
    pairing_id: int,
    values: tuple[str, str, str, datetime | None],
    now: datetime,
    by: Actor,
) -> int:
    """Store a display for the screen of a pairing. values: name, settings, message and its end."""
    display_id = displays.add(connection, *values, now, by.name)
    pairings.claim(connection, pairing_id, display_id)
    trail.note(connection, by, "display.paired", about(display_id), at=now, after=values[0])
    displays.raise_screens_version(connection)
    return display_id


def _wrong_code() -> DisplayRefused:
    return DisplayRefused("code", "No screen shows this code now; read it off the screen again.")

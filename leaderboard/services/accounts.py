"""Accounts: adding them, signing in and out, passwords, languages."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AccountRefused, PasswordRefused, Refused, Throttled, WrongSignIn
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.domain.passwords import LONGEST, make_password, password_problem
from leaderboard.domain.people import is_email
from leaderboard.domain.shown import quoted
from leaderboard.services.people import ROLES
from leaderboard.services.scopes import Reach, reach_of
from leaderboard.storage import accounts, people, people_changes, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, begin_write, write_at_once

LONGEST_EMAIL = 254
LONGEST_ADDRESS = 45
TOKEN_BYTES = 32  # 256 bits: a plain SHA-256 of it may be stored
SEEN_EVERY = timedelta(minutes=1)


class HashCosts(NamedTuple):
    """What an argon2id hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


DEFAULT_COSTS = HashCosts()


@dataclass(frozen=True)
class Limits:
    """What the door allows, as the settings say.

    window, per_account, per_address: attempts that may fail within a window. idle, absolute: a session is over
    when it was not used, or when it has lasted, for so long. costs: of a new password hash.
    """

    window: timedelta
    per_account: int
    per_address: int
    idle: timedelta
    absolute: timedelta
    costs: HashCosts = DEFAULT_COSTS


@dataclass(frozen=True)
class Resumed:
    """Who a session belongs to, how far they see, when they signed in, and the versions of what a page shows.

    The versions are None while no organisation is loaded.
    """

    id: int
    email: str
    role: str
    member_id: int | None
    language: str | None
    signed_in_at: datetime
    scores_version: int | None
    rules_version: int | None
    reach: Reach


def add_user(
    session: Session,
    *,
    email: str,
    role: str,
    password: str | None = None,
    teams: Sequence[str] = (),
    sees_all: bool = False,
    now: datetime,
    by: Actor,
    costs: HashCosts = DEFAULT_COSTS,
) -> str:
    """Add an account, linked to the member with that e-mail, and return its password, made now if None is given.

    teams: the names of those that a manager answers for beside their own; sees_all: all of them.
    Raises Refused for an e-mail that is none or has an account, an unknown role or team; PasswordRefused.
    costs: where they are not those of the settings, the first sign-in hashes again with those.
    """
    email = checked_email(email)
    if role not in ROLES:
        raise Refused(f'"{role}" is not a role; expected rep, manager or admin.')
    if password is None:
        password = make_password()
    _check_password(password, email)
    password_hash = hash_password(password, costs)
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        check_free(connection, email)
        user_id = accounts.add_account(connection, email, role, password_hash, now)
        told = role
        if teams or sees_all:
            accounts.give_teams(connection, user_id, "all" if sees_all else "own", _team_ids(connection, teams))
            told += f"; {'all teams' if sees_all else ', '.join(teams)}"
        trail.note(connection, by, "user.added", f"user {email}", at=now, after=told)
    return password


def account_named(session: Session, email: str) -> Any:
    """Return id, e-mail and is_active of the account that signs in with an e-mail, in any case; None if none does."""
    return accounts.account_with(session.connection(), email.strip().lower())


def checked_email(text: str) -> str:
    """Return an e-mail address as accounts have it, in lower case; AccountRefused for what is none."""
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not is_email(email):
        raise AccountRefused("email", f'"{email}" is not an e-mail address; expected one such as ana@example.com.')
    return email


def check_free(connection: Connection, email: str) -> None:
    """Refuse an e-mail with which an account signs in, or somebody was known who was made anonymous."""
    if accounts.account_with(connection, email) is not None:
        raise AccountRefused("email", f"{email} has an account already; choose another e-mail.")
    if people_changes.was_anonymised(connection, email):
        raise AccountRefused("gone", f"{email} is somebody who was made anonymous; choose another e-mail.")


def hash_password(password: str, costs: HashCosts) -> str:
    """Return what is stored of a password."""
    return _hasher(costs).hash(password)


def _team_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    known = {name: team_id for team_id, name, _ in people.teams(connection)}
    for name in names:
        if name not in known:
            raise AccountRefused("teams", f"{quoted(name)} is not a team; the teams are {', '.join(known) or 'none'}.")
    return sorted({known[name] for name in names})


def sign_in(session: Session, *, email: str, password: str, address: str, now: datetime, limits: Limits) -> str:
    """Begin a session and return its token, for the cookie; only its hash is stored.

    address: where the attempt comes from. Raises WrongSignIn, in the same time whether there is such an account
    or not, and Throttled after too many attempts that failed.
    """
    email = email.strip().lower()[: LONGEST_EMAIL + 1]
    begin_write(session, DOOR_LOCK)
    connection = session.connection()
    take_attempt(session, token_key(email), address, now, limits)
    found = accounts.account_with(connection, email)
    session.commit()  # the attempt counts before the slow part, so that many at once are no way round the limit
    _check(found, password, limits.costs)
    return _begin_session(session, found.id, token_key(email), found.password_hash, password, now, limits)


def resume(session: Session, token: str, *, now: datetime, limits: Limits) -> Resumed | None:
    """Return the user of a session's token, None if it is no live session's; one SQL statement.

    At most once a minute it also notes that the session was used.
    """
    key = token_key(token)
    row = accounts.resumed(session.connection(), key, now - limits.idle, now - limits.absolute)
    if row is None:
        return None
    if now - row.last_seen_at >= SEEN_EVERY:
        with write_at_once(session) as connection:
            accounts.mark_seen(connection, key, now)
    return Resumed(
        row.id,
        row.email,
        row.role,
        row.member_id,
        row.language,
        row.created_at,
        row.scores_version,
        row.rules_version,
        reach_of(row.role, row.teams_seen, row.member_id),
    )


def sign_out(session: Session, token: str) -> None:
    """End the session of a token, if there is one."""
    begin_write(session, DOOR_LOCK)
    accounts.end_session(session.connection(), token_key(token))
    session.commit()


def sign_out_everywhere(session: Session, user_id: int, *, now: datetime, by: Actor) -> None:
    """End all sessions of a user."""
    begin_write(session, DOOR_LOCK)
    _note(session, "sessions.ended", user_id, now, by)
    accounts.end_sessions(session.connection(), user_id)
    session.commit()


def change_password(
    session: Session,
    user_id: int,
    *,
    old: str,
    new: str,
    address: str,
    now: datetime,
    by: Actor,
    limits: Limits,
) -> str:
    """Change a password, end all sessions of the user, and return the token of a new one.

    Raises WrongSignIn if the old password is not right, Throttled as sign_in does, and PasswordRefused.
    """
    found = accounts.account(session.connection(), user_id)
    _check_password(new, found.email)  # first, so that a choice too easy to guess is no failed attempt
    account_key = token_key(found.email)
    begin_write(session, DOOR_LOCK)
    take_attempt(session, account_key, address, now, limits)
    session.commit()
    _check(found, old, limits.costs)
    new_hash = hash_password(new, limits.costs)
    begin_write(session, DOOR_LOCK)
    _check_unchanged(session, user_id, found.password_hash)
    connection = session.connection()
    accounts.set_password(connection, user_id, new_hash, now)
    _note(session, "password.changed", user_id, now, by)
    accounts.end_sessions(connection, user_id)
    accounts.forget_attempts(connection, account_key)
    token = start_session(session, user_id, now, limits)
    session.commit()
    return token


def _note(session: Session, action: str, user_id: int, now: datetime, by: Actor) -> None:
    """Append to the audit trail what was done to an account."""
    connection = session.connection()
    trail.note(connection, by, action, f"user {accounts.account(connection, user_id).email}", at=now)


def set_language(session: Session, user_id: int, language: str) -> None:
    """Store the language that a user chose; Refused if the product does not speak it."""
    if language not in LANGUAGES:
        raise Refused(f'"{language}" is not a language of this program; expected {" or ".join(LANGUAGES)}.')
    begin_write(session, DOOR_LOCK)
    accounts.set_language(session.connection(), user_id, language)
    session.commit()


def token_key(token: str) -> str:
    """Return what is stored for a token: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def take_attempt(session: Session, account_key: str, address: str, now: datetime, limits: Limits) -> None:
    """Count an attempt in the transaction that writes, or end it and raise Throttled: whoever waits is let in again.

    account_key: the token_key of whose attempts count together. address: where it comes from; its network counts.
    """
    connection = session.connection()
    since = now - limits.window
    address = network_of(address)
    by_account = accounts.attempts_of_account(connection, account_key, since, limits.per_account)
    by_address = accounts.attempts_from(connection, address, since, limits.per_address)
    waits = [
        (times[-1] + limits.window - now)
        for times, most in ((by_account, limits.per_account), (by_address, limits.per_address))
        if len(times) >= most
    ]
    if waits:
        session.rollback()
        raise Throttled(max(1, -(-max(waits) // timedelta(seconds=1))))
    accounts.forget_old_attempts(connection, since)
    accounts.add_attempt(connection, account_key, address, now)


def network_of(address: str) -> str:
    """Return whose attempts count together: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:LONGEST_ADDRESS]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def _begin_session(
    session: Session,
    user_id: int,
    account_key: str,
    password_hash: str,
    password: str,
    now: datetime,
    limits: Limits,
) -> str:
    hasher = _hasher(limits.costs)
    better = hasher.hash(password) if hasher.check_needs_rehash(password_hash) else None
    begin_write(session, DOOR_LOCK)
    _check_unchanged(session, user_id, password_hash)
    connection = session.connection()
    accounts.forget_attempts(connection, account_key)
    if better is not None:
        accounts.set_hash(connection, user_id, better)
    token = start_session(session, user_id, now, limits)
    session.commit()
    return token


def start_session(session: Session, user_id: int, now: datetime, limits: Limits) -> str:
    """Begin a session in the transaction that writes, and return its token; ones that are over end."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    accounts.end_old_sessions(session.connection(), now - limits.idle, now - limits.absolute)
    accounts.add_session(session.connection(), token_key(token), user_id, now)
    return token


def _check_unchanged(session: Session, user_id: int, password_hash: str) -> None:
    """Refuse if the account was closed or its password changed while the hash was being computed."""
    current = accounts.account(session.connection(), user_id)
    if current is None or not current.is_active or current.password_hash != password_hash:
        session.rollback()
        raise WrongSignIn(user_id)


def _check(found: Any, password: str, costs: HashCosts) -> None:
    """Raise WrongSignIn unless the password is the account's; no account takes as long as a wrong password."""
    dummy = _dummy_hash(costs)
    is_right = _is_password(dummy if found is None else found.password_hash, password, costs)
    if found is None or not found.is_active or not is_right:
        raise WrongSignIn(None if found is None else found.id)


def _is_password(password_hash: str, password: str, costs: HashCosts) -> bool:
    try:
        return _hasher(costs).verify(password_hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def _check_password(password: str, email: str) -> None:
    problem = password_problem(password, email)
    if problem is not None:
        raise PasswordRefused(problem)


@lru_cache(maxsize=4)
def _hasher(costs: HashCosts) -> PasswordHasher:
    return PasswordHasher(time_cost=costs.passes, memory_cost=costs.memory_kib, parallelism=costs.lanes, type=Type.ID)


@lru_cache(maxsize=4)
def _dummy_hash(costs: HashCosts) -> str:
    return _hasher(costs).hash(secrets.token_urlsafe(TOKEN_BYTES))

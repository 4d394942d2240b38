"""API tokens: what they may, how they are issued and ended, and whose a request is that brings one."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AccountRefused, Refused, Throttled, TokenRefused
from leaderboard.domain.shown import has_controls, quoted
from leaderboard.services.account_admin import revoke_token
from leaderboard.services.accounts import TOKEN_BYTES, Limits, network_of, token_key
from leaderboard.services.scopes import EVERYTHING, NOTHING, Reach, Scope, reach_of, scope_of
from leaderboard.storage import accounts, tokens, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, write_at_once

READ = "read"
WRITING = ("events:write", "people:write", "agreements:write")
SCOPES = (READ, *WRITING)
TOKEN_START = "sla_"
PREFIX_LENGTH = 10
USUAL_DAYS, MOST_DAYS = 365, 730
LONGEST_NAME = 80
PAGE_SIZE = 50


@dataclass(frozen=True)
class Bearer:
    """Whose request it is: a token and its account. scopes: what it may, the account's role permitting.

    scores_version, rules_version: of what is stored, None while no organisation is loaded.
    """

    token_id: int
    prefix: str
    name: str
    scopes: frozenset[str]
    expires_at: datetime
    last_used_at: datetime | None
    user_id: int
    email: str
    role: str
    member_id: int | None
    reach: Reach
    scores_version: int | None
    rules_version: int | None

    @property
    def actor(self) -> Actor:
        """Who acts: the account, as the audit trail names it."""
        return Actor(self.email, self.user_id, self.member_id)


@dataclass(frozen=True)
class Sight:
    """What somebody may see of what members and teams came to: some teams' (None: all), and their own member's."""

    teams: frozenset[int] | None
    member_id: int | None


def scopes_of(role: str) -> tuple[str, ...]:
    """Return what a token of an account may at most: only administrators write, as in the browser."""
    return SCOPES if role == "admin" else (READ,)


def issue_token(
    session: Session,
    *,
    email: str,
    name: str,
    scopes: Collection[str] = (READ,),
    days: int = USUAL_DAYS,
    now: datetime,
    by: Actor,
) -> str:
    """Make an API token of an account and return it, to be shown this once; only its hash is stored.

    Raises Refused if there is no such account, and AccountRefused for a name, scopes or days that cannot be.
    """
    name, wanted = name.strip(), [scope for scope in SCOPES if scope in scopes]
    _check(name, scopes, days)
    token = TOKEN_START + secrets.token_urlsafe(TOKEN_BYTES)
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = accounts.account_with(connection, email.strip().lower())
        if found is None or not found.is_active:
            raise Refused(f"{email} has no account; add one with: leaderboard user add {email} --role rep.")
        if beyond := [scope for scope in wanted if scope not in scopes_of(found.role)]:
            raise AccountRefused("scopes", f"{beyond[0]} is for administrators, and {email} is none; give read alone.")
        until = now + timedelta(days=days)
        values: dict[str, Any] = {"key": token_key(token), "prefix": token[:PREFIX_LENGTH], "name": name}
        values |= {"user_id": found.id, "created_at": now, "expires_at": until, "scopes": " ".join(wanted)}
        accounts.add_token(connection, values)
        after = f"{name}; {' '.join(wanted)}; valid until {until.date().isoformat()}"
        trail.note(connection, by, "token.issued", f"user {found.email}", at=now, after=after)
    return token


def _check(name: str, scopes: Collection[str], days: int) -> None:
    if not name or len(name) > LONGEST_NAME or has_controls(name):
        raise AccountRefused("name", f"{quoted(name)} is no name; give one line of at most {LONGEST_NAME} characters.")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise AccountRefused("scopes", f"{quoted(unknown[0])} is not a scope; expected {', '.join(SCOPES)}.")
    if not scopes:
        raise AccountRefused("scopes", f"A token needs a scope; give one or more of {', '.join(SCOPES)}.")
    if not 1 <= days <= MOST_DAYS:
        raise AccountRefused("days", f"A token is valid for 1 to {MOST_DAYS} days, not {days}; give another number.")


def revoke_own_token(session: Session, token_id: int, *, now: datetime, by: Actor) -> None:
    """End a token of who asks; AccountRefused if they have no such token."""
    assert by.user_id is not None
    revoke_token(session, by.user_id, token_id, now=now, by=by)


def bearer_of(session: Session, token: str, *, now: datetime) -> Bearer:
    """Return whose request it is; one statement. Raises TokenRefused for a token that is none, or none any more."""
    row = tokens.holder(session.connection(), token_key(token))
    if row is None:
        raise TokenRefused("unknown")
    if row.expires_at <= now:
        raise TokenRefused("expired", at=row.expires_at)
    return Bearer(
        token_id=row.id,
        prefix=row.prefix,
        name=row.name,
        scopes=frozenset(row.scopes.split()) & frozenset(scopes_of(row.role)),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        user_id=row.user_id,
        email=row.email,
        role=row.role,
        member_id=row.member_id,
        reach=reach_of(row.role, row.teams_seen, row.member_id),
        scores_version=row.scores_version,
        rules_version=row.rules_version,
    )


def scope_of_bearer(session: Session, bearer: Bearer, *, now: datetime) -> Scope:
    """Return which teams a bearer may look into today; a statement only for a manager of some teams."""
    if bearer.reach is not Reach.OWN:
        return EVERYTHING if bearer.reach is Reach.ALL else NOTHING
    return scope_of(session, bearer.user_id, now=now, rules_version=bearer.rules_version)


def sight_of(session: Session, bearer: Bearer, *, now: datetime) -> Sight:
    """Return what a bearer may see of results and points: of the teams that they answer for, and their own."""
    return Sight(scope_of_bearer(session, bearer, now=now).teams, bearer.member_id)


def note_wrong_token(session: Session, *, address: str, now: datetime, limits: Limits) -> None:
    """Count a token that was none, by where it came from; Throttled after too many.

    Apart from attempts to sign in: a program that is set up wrongly keeps nobody of its office out. It waits for
    nobody: nobody guesses 256 bits, and who tries is not to keep the database busy either.
    """
    since, place = now - limits.window, f"api {network_of(address)}"
    times = accounts.attempts_from(session.connection(), place, since, limits.per_address)
    if len(times) >= limits.per_address:
        wait = times[-1] + limits.window - now
        raise Throttled(max(1, -(-wait // timedelta(seconds=1))))
    with write_at_once(session) as connection:
        accounts.add_attempt(connection, token_key(place), place, now)

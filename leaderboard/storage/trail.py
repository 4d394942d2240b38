"""The audit trail: who did what; entries go in, and nothing ever changes."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select

from leaderboard.domain.actors import Actor
from leaderboard.storage.database import holds, values_of
from leaderboard.storage.trail_tables import AuditEntry

_columns = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.action,
    AuditEntry.about,
    AuditEntry.before,
    AuditEntry.after,
    AuditEntry.why,
)
_texts = (AuditEntry.actor, AuditEntry.about, AuditEntry.before, AuditEntry.after, AuditEntry.why)


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    about: str,
    *,
    at: datetime,
    before: str | None = None,
    after: str | None = None,
    why: str | None = None,
) -> None:
    """Append to the audit trail what somebody did, in the transaction that does it.

    action: a dotted word such as award.approved; about: what it was done to, such as award 12.
    before, after: the values it went from and to; why: the reason that was given. No secret belongs here.
    """
    connection.execute(
        insert(AuditEntry).values(
            at=at,
            actor=actor.name,
            user_id=actor.user_id,
            action=action,
            about=about,
            before=before,
            after=after,
            why=why,
        )
    )


def note_each(
    connection: Connection,
    actor: Actor,
    action: str,
    abouts: Sequence[str],
    *,
    at: datetime,
    before: str | None = None,
    after: str | None = None,
    why: str | None = None,
) -> None:
    """Append to the audit trail that somebody did the same to several things, as `note` does for one."""
    same = {"at": at, "actor": actor.name, "user_id": actor.user_id, "action": action}
    rows = [{**same, "about": about, "before": before, "after": after, "why": why} for about in abouts]
    if rows:
        connection.execute(insert(AuditEntry), rows)


def digest_of(text: str) -> str:
    """Return the beginning of a file's SHA-256, by which the audit trail tells files apart."""
    return f"sha256 {whole_digest(text)[:12]}"


def whole_digest(text: str) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def entries(
    connection: Connection,
    limit: int,
    *,
    older_than: int | None = None,
    actor: str = "",
    action: str = "",
    about: str = "",
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[Any]:
    """Return entries, newest first; an empty text and None ask for nothing.

    older_than: an entry's id. action: whole or its first word; actor, about: whole; text: found anywhere in an
    entry's texts, in any case. since: at or after; until: before.
    """
    where: list[ColumnElement[bool]] = []
    if older_than is not None:
        where.append(AuditEntry.id < older_than)
    if actor:
        where.append(AuditEntry.actor == actor)
    if action:
        where.append(or_(AuditEntry.action == action, AuditEntry.action.startswith(f"{action}.", autoescape=True)))
    if about:
        where.append(AuditEntry.about == about)
    if text:
        where.append(or_(*(holds(connection, each, text) for each in _texts)))
    if since is not None:
        where.append(AuditEntry.at >= since)
    if until is not None:
        where.append(AuditEntry.at < until)
    return connection.execute(select(*_columns).where(*where).order_by(AuditEntry.id.desc()).limit(limit)).all()


def actions(connection: Connection) -> list[str]:
    """Return what has ever been done, in order."""
    return values_of(connection, AuditEntry.action)


def actors(connection: Connection) -> list[str]:
    """Return who has ever done anything, in order."""
    return values_of(connection, AuditEntry.actor)


def entries_of(connection: Connection, actions: Sequence[str]) -> Iterator[Any]:
    """Yield all entries of some actions, oldest first."""
    query = select(*_columns).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id)
    yield from connection.execute(query)

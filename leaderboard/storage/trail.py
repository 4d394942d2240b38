"""The audit trail: who did what; entries go in, and nothing ever changes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from leaderboard.domain.actors import Actor
from leaderboard.storage.trail_tables import AuditEntry


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

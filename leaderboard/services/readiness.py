"""Whether the database answers, and how far it is migrated."""

from sqlalchemy.orm import Session

from leaderboard.storage.database import database_version


def stored_version(session: Session) -> str | None:
    """Return the newest migration that the database has had, None if it has had none."""
    return database_version(session.connection())

"""Mappings that were made by hand, kept for the next file with the same columns."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import UploadRefused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.shown import has_controls
from leaderboard.storage import trail, uploads
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.uploads import KeptRow

LONGEST_NAME = 100
MOST_LISTED = 100


def keep_mapping(session: Session, name: str, digest: str, document: str, *, by: Actor, now: datetime) -> None:
    """Keep a mapping for files with these columns, in the place of one of that name.

    digest: see upload_looks.header_digest; document: TOML. Raises Refused for what is no name or no mapping.
    """
    name = _checked(name)
    parse_mapping(document)
    values = {"name": name, "columns": digest, "document": document, "created_by": by.name, "used_at": now}
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        uploads.keep_mapping(connection, values)
        trail.note(connection, by, "mapping.kept", f"mapping {name}", at=now, after=trail.digest_of(document))


def kept_mappings(session: Session) -> list[KeptRow]:
    """Return the mappings that are kept, those used last first."""
    return uploads.kept_mappings(session.connection(), MOST_LISTED)


def note_use(session: Session, mapping_id: int, *, now: datetime) -> None:
    """Note that a kept mapping was used, so that it is the first to be offered."""
    with all_or_nothing(session, DOOR_LOCK):
        uploads.change_kept(session.connection(), mapping_id, {"used_at": now})


def rename_mapping(session: Session, mapping_id: int, name: str, *, by: Actor, now: datetime) -> bool:
    """Give a kept mapping another name; tell whether it is there. UploadRefused for what is none, or is taken."""
    name = _checked(name)
    try:
        with all_or_nothing(session, DOOR_LOCK):
            connection = session.connection()
            kept = uploads.find_kept(connection, mapping_id)
            if kept is None:
                return False
            uploads.change_kept(connection, mapping_id, {"name": name})
            trail.note(connection, by, "mapping.renamed", f"mapping {name}", at=now, before=kept.name, after=name)
    except IntegrityError:
        raise UploadRefused("taken", f"Another mapping is called {name}; choose another name.") from None
    return True


def forget_mapping(session: Session, mapping_id: int, *, by: Actor, now: datetime) -> bool:
    """Forget a kept mapping; tell whether it was there. What was imported by it stays."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        kept = uploads.find_kept(connection, mapping_id)
        if kept is None:
            return False
        uploads.delete_kept(connection, mapping_id)
        trail.note(connection, by, "mapping.removed", f"mapping {kept.name}", at=now)
    return True


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or has_controls(name):
        raise UploadRefused("name", f"Give the mapping a name of at most {LONGEST_NAME} characters.")
    return name
